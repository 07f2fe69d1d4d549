//! Laws and tables of the dialect, request and reply, both halves.
#![allow(
    clippy::needless_pass_by_value,
    reason = "a `json!` is handed over where it is written"
)]

mod callers;
mod replies;
mod requests;
mod schemas;
mod written;

use serde_json::{Map, Value};

use crate::hub::{Hosting, Notes, Quirks, Refused, Request, Target, Traits};
use crate::{Dialect, Endpoint};

/// The object that a `json!` makes.
fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("not an object: {other}"),
    }
}

fn read(body: Value) -> Request {
    super::read_request(Endpoint::GenerateContent, object(body)).expect("a request")
}

/// Writes for a model of the provider `google`; notes as their short forms.
fn write_for(model: &str, request: Request) -> (Result<Value, Refused>, Vec<String>) {
    let quirks = Quirks::default();
    let target = Target {
        dialect: Dialect::Gemini,
        hosting: Hosting::Own,
        provider: "google",
        model,
        quirks: &quirks,
        traits: Traits::default(),
        max_output: None,
    };
    let mut notes = Notes::new(false);
    let body = super::write_request(request, &target, &mut notes).map(Value::Object);
    let notes = notes
        .into_vec()
        .iter()
        .map(crate::hub::Note::code)
        .collect();
    (body, notes)
}

fn write(request: Request) -> Value {
    write_for("gemini-3-flash", request)
        .0
        .expect("it is written")
}
