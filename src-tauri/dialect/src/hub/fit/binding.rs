//! Fields without a name in the hub that ask for another kind of answer than other vendors give:
//! sound, an answer made in the background, a conversation that the vendor keeps.
//!
//! Promises: elsewhere they are refused, not left out; where they say nothing they are not noted.

use serde_json::{Map, Value};

use crate::hub::{Notes, Refused, Request, Target};

const BINDING: &[&str] = &[
    "audio",
    "background",
    "cachedContent",
    "container",
    "conversation",
    "mcp_servers",
    "modalities",
    "prompt",
    "responseModalities",
    "web_search_options",
];

pub(super) fn fit(
    request: &mut Request,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<(), Refused> {
    let is_foreign = |owner| owner != target.dialect;
    if !request.extras.owner.is_some_and(is_foreign) {
        return Ok(());
    }
    let fields = &mut request.extras.fields;
    fields.retain(|key, value| !BINDING.contains(&key.as_str()) || !says_nothing(value));
    refuse(fields, notes)?;
    match fields.get("generationConfig") {
        Some(Value::Object(inner)) => refuse(inner, notes),
        _ => Ok(()),
    }
}

fn refuse(fields: &Map<String, Value>, notes: &mut Notes) -> Result<(), Refused> {
    for (key, value) in fields {
        if BINDING.contains(&key.as_str()) && !says_nothing(value) {
            notes.refuse(key.as_str(), "Only its own vendor can give such an answer.")?;
        }
    }
    Ok(())
}

/// `null`, `false`, an empty list, or text as the only modality.
pub(crate) fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(list) => list.iter().all(|item| {
            item.as_str()
                .is_some_and(|word| word.eq_ignore_ascii_case("text"))
        }),
        _ => false,
    }
}
