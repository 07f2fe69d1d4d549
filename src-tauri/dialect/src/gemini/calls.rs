//! Calls and results between Google's objects and our texts.
//!
//! Promises: arguments are an object on the wire and its text here. A result is text here and an
//! object there: `{"result": …}`, `{"output": …}` or `{"error": …}` with nothing beside it hold a
//! text, and so does the `content` of `{"name": …, "content": …}`; any other object is the text of its
//! JSON. Ids that we made up are known again.

use serde_json::{Value, json};

use super::fields::Object;
use crate::fields;

/// A call's arguments as our text.
pub(super) fn arguments(args: Option<Value>) -> String {
    args.map_or_else(|| "{}".to_owned(), |args| args.to_string())
}

/// A call's arguments as Google's object. What is not an object is kept under `_raw`.
pub(super) fn args(arguments: &str) -> Object {
    fields::arguments(arguments).0
}

/// What a tool answered, as text, and whether it failed.
pub(super) fn answer(response: Value) -> (String, bool) {
    match response {
        Value::String(text) => (text, false),
        Value::Object(object) => match wrapped(&object) {
            Some(wrapped) => wrapped,
            None => (Value::Object(object).to_string(), false),
        },
        other => (other.to_string(), false),
    }
}

/// What a tool answered, as Google's object.
pub(super) fn response(text: &str, is_error: bool) -> Value {
    if is_error {
        return json!({ "error": text });
    }
    match serde_json::from_str::<Object>(text) {
        // An object that would be read back as another text is a text among others.
        Ok(object) if wrapped(&object).is_none() => {
            let object = Value::Object(object);
            let written = object.to_string();
            if written == text {
                object
            } else {
                json!({ "result": text })
            }
        }
        _ => json!({ "result": text }),
    }
}

fn wrapped(object: &Object) -> Option<(String, bool)> {
    if let Some(text) = named(object) {
        return Some((text, false));
    }
    let mut fields = object.iter();
    let (Some((key, value)), None) = (fields.next(), fields.next()) else {
        return None;
    };
    match (key.as_str(), value) {
        ("result" | "output", Value::String(text)) => Some((text.clone(), false)),
        ("error", Value::String(text)) => Some((text.clone(), true)),
        ("error", other) => Some((other.to_string(), true)),
        _ => None,
    }
}

/// A widely used SDK repeats the tool's name beside the text.
fn named(object: &Object) -> Option<String> {
    match (object.len(), object.get("name"), object.get("content")) {
        (2, Some(Value::String(_)), Some(Value::String(text))) => Some(text.clone()),
        _ => None,
    }
}

/// The id of the `n`th call of a turn that has none.
pub(super) fn made_up(turn: usize, n: usize) -> String {
    format!("call_{turn}_{n}")
}

/// The id of the `n`th result of a turn that answers no call we know.
pub(super) fn made_up_result(turn: usize, n: usize) -> String {
    format!("call_{turn}_x{n}")
}

/// Whether an id is one of ours: Google never saw it, so it is not told to it.
pub(super) fn is_made_up(id: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    id.strip_prefix("call_")
        .and_then(|rest| rest.split_once('_'))
        .is_some_and(|(turn, n)| {
            is_number(turn) && is_number(n.strip_prefix('x').unwrap_or(n)) && id.len() < 24
        })
}
