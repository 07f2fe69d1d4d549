//! Blocks of a request, as this dialect writes them.
//!
//! Promises: no empty text, no thought of somebody else's, nothing left out without a note.

use serde_json::{Map, Value, json};

use super::media_out;
use crate::Dialect;
use crate::fields;
use crate::hub::{
    CacheMark, Extras, Kind, Lifetime, Notes, Part, Reasoning, Refused, Role, Target, ToolCall,
    ToolResult,
};

/// One part of a turn; `None` where nothing is to be written.
pub(super) fn block(
    part: Part,
    role: Role,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Option<Value>, Refused> {
    let Part {
        kind,
        cache,
        extras,
        ..
    } = part;
    let written = match kind {
        Kind::Text(text) if text.is_empty() => None,
        Kind::Text(text) => Some(self::text(text)),
        // The vendor has no field for it: it is what was said.
        Kind::Refusal(text) if text.is_empty() => None,
        Kind::Refusal(text) => Some(self::text(text)),
        Kind::Media(media) if role == Role::Assistant => {
            let what = media_out::what(media.kind);
            notes.refuse(what, "Anthropic's own turns hold no images or files")?;
            None
        }
        Kind::Media(media) => media_out::media(media, target, notes)?,
        Kind::ToolCall(call) => Some(self::call(call, notes)),
        Kind::ToolResult(result) => Some(self::result(result, target, notes)?),
        Kind::Reasoning(reasoning) => self::reasoning(reasoning, target, notes),
        Kind::Opaque(Value::Object(block)) if extras.owner == Some(Dialect::Anthropic) => {
            Some(block)
        }
        Kind::Opaque(value) => {
            let name = value["type"].as_str().unwrap_or("part");
            let why = "only the vendor who knows this type of content can be given it";
            notes.refuse(format!("messages.{name}"), why)?;
            None
        }
    };
    Ok(written.map(|block| finished(block, cache, extras, "messages", notes)))
}

/// The block with its mark and its own fields.
pub(super) fn finished(
    mut block: Map<String, Value>,
    cache: Option<CacheMark>,
    extras: Extras,
    scope: &str,
    notes: &mut Notes,
) -> Value {
    // A thought can't be marked.
    let can_be_marked = !matches!(
        block.get("type").and_then(Value::as_str),
        Some("thinking" | "redacted_thinking")
    );
    if let Some(mark) = cache.filter(|_| can_be_marked) {
        block.insert("cache_control".to_owned(), self::mark(mark));
    }
    own(&mut block, extras, scope, notes);
    Value::Object(block)
}

/// Puts fields back if they are Anthropic's, and notes them otherwise.
pub(super) fn own(block: &mut Map<String, Value>, extras: Extras, scope: &str, notes: &mut Notes) {
    if extras.owner == Some(Dialect::Anthropic) {
        block.extend(extras.fields);
        return;
    }
    for (field, _) in extras.fields {
        let what = if scope.is_empty() {
            field
        } else {
            format!("{scope}.{field}")
        };
        notes.dropped(what, "Anthropic has no such field");
    }
}

pub(super) fn mark(mark: CacheMark) -> Value {
    match mark.lifetime {
        Lifetime::Short => json!({"type": "ephemeral"}),
        Lifetime::Long => json!({"type": "ephemeral", "ttl": "1h"}),
    }
}

pub(super) fn text(text: String) -> Map<String, Value> {
    typed("text", "text", text)
}

/// A block with one field.
pub(super) fn typed(name: &str, field: &str, value: impl Into<Value>) -> Map<String, Value> {
    let mut block = Map::new();
    block.insert("type".to_owned(), name.into());
    block.insert(field.to_owned(), value.into());
    block
}

fn call(call: ToolCall, notes: &mut Notes) -> Map<String, Value> {
    let input = input(&call.arguments);
    if input.contains_key("_raw") && !call.arguments.contains("\"_raw\"") {
        let why =
            "the arguments of an earlier call are no JSON object: they travel as text inside one";
        notes.degraded("tool_calls.arguments", why);
    }
    let mut block = typed("tool_use", "id", call.id);
    block.insert("name".to_owned(), call.name.into());
    block.insert("input".to_owned(), Value::Object(input));
    block
}

/// Arguments as the object that is wanted. What is no object is kept as text inside one.
pub(super) fn input(arguments: &str) -> Map<String, Value> {
    fields::arguments(arguments).0
}

fn result(
    result: ToolResult,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Map<String, Value>, Refused> {
    let mut content = Vec::with_capacity(result.parts.len());
    for part in result.parts {
        content.extend(block(part, Role::Tool, target, notes)?);
    }
    let mut written = typed("tool_result", "tool_use_id", result.call_id);
    if let Some(content) = short(content) {
        written.insert("content".to_owned(), content);
    }
    if result.is_error {
        written.insert("is_error".to_owned(), true.into());
    }
    Ok(written)
}

/// Blocks as a field's value: text alone is a string, nothing is no value.
pub(super) fn short(mut blocks: Vec<Value>) -> Option<Value> {
    if blocks.is_empty() {
        return None;
    }
    if let [Value::Object(only)] = blocks.as_mut_slice()
        && only.len() == 2
        && only.get("type").and_then(Value::as_str) == Some("text")
        && let Some(text @ Value::String(_)) = only.get_mut("text")
    {
        return Some(text.take());
    }
    Some(Value::Array(blocks))
}

/// A thought goes back to its issuer alone, just as it came.
fn reasoning(
    reasoning: Reasoning,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Option<Map<String, Value>> {
    let Reasoning {
        text,
        summary,
        sealed,
        hidden,
        ..
    } = reasoning;
    let is_ours = sealed
        .as_ref()
        .is_none_or(|sealed| sealed.is_of(Dialect::Anthropic, target.provider));
    if !is_ours {
        let why = "thoughts that another provider has signed are valid there alone";
        notes.dropped("messages.reasoning", why);
        return None;
    }
    if hidden {
        return sealed.map(|sealed| typed("redacted_thinking", "data", sealed.data));
    }
    let text = if text.is_empty() {
        summary.join("\n\n")
    } else {
        text
    };
    if text.is_empty() && sealed.is_none() {
        return None;
    }
    let mut block = typed("thinking", "thinking", text);
    let signature = sealed.map(|sealed| sealed.data).unwrap_or_default();
    block.insert("signature".to_owned(), signature.into());
    Some(block)
}
