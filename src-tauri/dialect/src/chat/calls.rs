//! Tool calls in history, both ways.
//!
//! Promises: a signature on a call travels where Google's own compatibility layer puts it,
//! under `extra_content.google.thought_signature`; a foreign one is tagged there.
//! Leaves out: calls in replies (`events_in`, `events_out`).

use serde_json::{Map, Value, json};

use super::fields::{Wrong, any, as_object, merge, needed, nest};
use crate::Dialect;
use crate::hub::{Extras, Kind, Part, Sealed, ToolCall};
use crate::json::object;

/// Reads an entry of `tool_calls`. Types we don't know are kept whole.
pub(super) fn read(value: Value) -> Result<Part, Wrong> {
    let mut fields = as_object(value)?;
    let kind = fields.get("type").and_then(Value::as_str);
    let custom = match kind {
        None | Some("function") => false,
        Some("custom") => true,
        Some(_) => {
            return Ok(Part {
                extras: Extras::by(Dialect::OpenAi),
                ..Part::new(Kind::Opaque(Value::Object(fields)))
            });
        }
    };
    fields.shift_remove("type");
    let (key, words) = if custom {
        ("custom", "input")
    } else {
        ("function", "arguments")
    };
    let mut inner =
        super::fields::object(&mut fields, key)?.ok_or_else(|| Wrong::at(key, "is missing"))?;
    let call = ToolCall {
        id: super::fields::text(&mut fields, "id")?.unwrap_or_default(),
        name: needed(&mut inner, "name").map_err(|wrong| wrong.under(key))?,
        namespace: None,
        arguments: arguments(any(&mut inner, words)),
        custom,
    };
    let sealed = take_seal(&mut fields);
    // Servers number the calls in streams, and clients repeat that.
    fields.shift_remove("index");
    nest(&mut fields, key, inner);
    Ok(Part {
        kind: Kind::ToolCall(call),
        cache: None,
        sealed,
        extras: Extras::of(Dialect::OpenAi, fields),
    })
}

/// Arguments are text; some clients write the object itself.
pub(super) fn arguments(value: Option<Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
    }
}

/// Takes the signature out of `extra_content`, and what is empty then.
pub(super) fn take_seal(fields: &mut Map<String, Value>) -> Option<Sealed> {
    let extra = fields.get_mut("extra_content")?.as_object_mut()?;
    let google = extra.get_mut("google")?.as_object_mut()?;
    let Value::String(text) = google.get("thought_signature")? else {
        return None;
    };
    let sealed = Sealed::from_wire(Dialect::Gemini, text);
    google.shift_remove("thought_signature");
    if google.is_empty() {
        extra.shift_remove("google");
    }
    if extra.is_empty() {
        fields.shift_remove("extra_content");
    }
    Some(sealed)
}

/// A signature as `extra_content` holds it.
pub(super) fn seal(sealed: &Sealed) -> Value {
    json!({"google": {"thought_signature": sealed.to_wire(Dialect::Gemini)}})
}

/// Writes an entry of `tool_calls`, whose arguments are as the target takes them.
pub(super) fn write(call: ToolCall, sealed: Option<&Sealed>, extras: Extras) -> Value {
    let mut fields = Map::new();
    fields.insert("id".to_owned(), Value::String(call.id));
    if call.custom {
        fields.insert("type".to_owned(), "custom".into());
        let custom = [("name", call.name.into()), ("input", call.arguments.into())];
        fields.insert("custom".to_owned(), object(custom));
    } else {
        fields.insert("type".to_owned(), "function".into());
        let function = [
            ("name", call.name.into()),
            ("arguments", call.arguments.into()),
        ];
        fields.insert("function".to_owned(), object(function));
    }
    if let Some(sealed) = sealed {
        fields.insert("extra_content".to_owned(), seal(sealed));
    }
    if extras.owner == Some(Dialect::OpenAi) {
        merge(&mut fields, extras.fields);
    }
    Value::Object(fields)
}
