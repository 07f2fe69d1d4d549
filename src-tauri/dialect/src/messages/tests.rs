//! Both halves of the codec, in tables and laws.

mod envelope;
mod laws;
mod replies;
mod requests;
mod schemas;
mod settings;
mod streams;
mod written;

use serde_json::Value;

use crate::hub::{Event, Hosting, Note, Notes, Quirks, Refused, Request, Target, Traits};
use crate::translate::Writing;
use crate::{Dialect, Endpoint, Malformed};

/// A target of which nothing is known.
fn target(quirks: &Quirks) -> Target<'_> {
    Target {
        dialect: Dialect::Anthropic,
        hosting: Hosting::Own,
        provider: "anthropic",
        model: "claude-sonnet-4-5",
        quirks,
        traits: Traits::default(),
        max_output: None,
    }
}

fn read(body: Value) -> Request {
    try_read(body).expect("the test input is valid")
}

fn try_read(body: Value) -> Result<Request, Malformed> {
    let Value::Object(body) = body else {
        panic!("the test input is an object");
    };
    super::read_request(Endpoint::Messages, body)
}

/// Written for a model with these traits, and what could not travel.
fn write(request: Request, traits: Traits) -> Result<(Value, Vec<Note>), Refused> {
    let quirks = Quirks::default();
    let target = Target {
        traits,
        ..target(&quirks)
    };
    let mut notes = Notes::new(false);
    let body = super::write_request(request, &target, &mut notes)?;
    Ok((Value::Object(body), notes.into_vec()))
}

fn written(request: Request, traits: Traits) -> (Value, Vec<String>) {
    let (body, notes) = write(request, traits).expect("it can be written");
    (body, notes.iter().map(Note::code).collect())
}

fn writing() -> Writing {
    Writing {
        endpoint: Endpoint::Messages,
        provider: "acme".to_owned(),
        id: "01abc".to_owned(),
        model: "claude".to_owned(),
        created_unix_s: 1_700_000_000,
        input_tokens: 12,
        usage_asked: true,
        echo: serde_json::Map::new(),
    }
}

/// The events as a caller would see them.
fn shown(events: &[Event]) -> String {
    let mut writer = super::Writer::new(writing());
    let mut out = Vec::new();
    for event in events {
        writer.event(event, &mut out);
    }
    String::from_utf8(out).expect("JSON is UTF-8")
}

/// Every request of the fixtures, by its feature.
fn fixtures() -> Vec<(String, Value)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/anthropic");
    let mut all: Vec<_> = std::fs::read_dir(folder)
        .expect("the fixtures are there")
        .map(|entry| {
            let path = entry.expect("a fixture can be read").path();
            let name = path.file_stem().expect("it has a name").to_string_lossy();
            let text = std::fs::read(&path).expect("a fixture can be read");
            let body = serde_json::from_slice(&text).expect("a fixture is JSON");
            (name.into_owned(), body)
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}
