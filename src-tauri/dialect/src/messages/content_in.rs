//! The conversation of a request: system text, turns and their blocks.
//!
//! Promises: order is kept, but for results of tools, which become a turn of their own before the
//! rest of the user's. A block of an unknown type, or in a place where it is not known, is opaque.

use serde_json::{Map, Value};

use super::media_in::media;
use super::place::{Place, rest};
use crate::hub::{
    CacheMark, Extras, Kind, Lifetime, Message, Part, Reasoning, Role, Sealed, ToolCall, ToolResult,
};
use crate::{Dialect, Malformed};

/// Whose turn a block stands in: it decides which types are known there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    System,
    User,
    Assistant,
    Result,
}

/// The system text at the front; each block is a message of its own, so that none are joined.
pub(super) fn system(value: Value, out: &mut Vec<Message>) -> Result<(), Malformed> {
    match value {
        Value::Null => {}
        Value::String(text) if text.is_empty() => {}
        Value::String(text) => out.push(Message::new(Role::System, vec![Part::text(text)])),
        Value::Array(blocks) => {
            for (at, value) in blocks.into_iter().enumerate() {
                let part = block(value, Within::System, Place::System(at))?;
                out.push(Message::new(Role::System, vec![part]));
            }
        }
        _ => return Err(Place::Top.wrong("system", "a string or a list of blocks")),
    }
    Ok(())
}

/// The turns.
pub(super) fn messages(list: Vec<Value>, out: &mut Vec<Message>) -> Result<(), Malformed> {
    out.reserve(list.len());
    let mut at_front = true;
    for (at, message) in list.into_iter().enumerate() {
        let Value::Object(mut message) = message else {
            return Err(Malformed::nowhere(&format!(
                "messages[{at}] is not a JSON object"
            )));
        };
        let place = Place::Message(at);
        let role = place.text(&mut message, "role")?;
        let content = content(&mut message, place)?;
        let extras = rest(message);
        at_front &= role == "system" && extras.owner.is_none();
        match role.as_str() {
            "user" => user(content, at, extras, out)?,
            "assistant" => out.push(Message {
                extras,
                ..Message::new(Role::Assistant, parts(content, Within::Assistant, at)?)
            }),
            // At the front it is the same as the field `system`.
            "system" if at_front => {
                for part in parts(content, Within::System, at)? {
                    out.push(Message::new(Role::System, vec![part]));
                }
            }
            "system" => out.push(Message {
                extras,
                ..Message::new(Role::System, parts(content, Within::System, at)?)
            }),
            _ => return Err(place.wrong("role", "`user`, `assistant` or `system`")),
        }
    }
    Ok(())
}

/// A turn's blocks; a string is one of text.
fn content(message: &mut Map<String, Value>, place: Place) -> Result<Vec<Value>, Malformed> {
    match message.shift_remove("content") {
        Some(Value::String(text)) if text.is_empty() => Ok(Vec::new()),
        Some(Value::String(text)) => {
            let mut block = Map::new();
            block.insert("type".to_owned(), "text".into());
            block.insert("text".to_owned(), text.into());
            Ok(vec![Value::Object(block)])
        }
        Some(Value::Array(blocks)) => Ok(blocks),
        _ => Err(place.wrong("content", "a string or a list of blocks")),
    }
}

fn parts(blocks: Vec<Value>, within: Within, message: usize) -> Result<Vec<Part>, Malformed> {
    let blocks = blocks.into_iter().enumerate();
    blocks
        .map(|(at, value)| block(value, within, Place::Block(message, at)))
        .collect()
}

/// A user's turn holds results of tools, the user's words, and (rarely) system text between them.
fn user(
    blocks: Vec<Value>,
    message: usize,
    mut extras: Extras,
    out: &mut Vec<Message>,
) -> Result<(), Malformed> {
    let mut results = Vec::new();
    let mut spoken: Vec<Message> = Vec::new();
    for (at, value) in blocks.into_iter().enumerate() {
        let place = Place::Block(message, at);
        if let Some(system) = inline_system(&value) {
            let part = system
                .into_iter()
                .enumerate()
                .map(|(inner, text)| block(text, Within::System, Place::Inner(message, at, inner)));
            spoken.push(Message::new(Role::System, part.collect::<Result<_, _>>()?));
            continue;
        }
        let part = block(value, Within::User, place)?;
        if let Kind::ToolResult(_) = part.kind {
            results.push(part);
            continue;
        }
        match spoken.last_mut() {
            Some(last) if last.role == Role::User => last.parts.push(part),
            _ => spoken.push(Message::new(Role::User, vec![part])),
        }
    }
    if spoken.is_empty() && results.is_empty() {
        spoken.push(Message::new(Role::User, Vec::new()));
    }
    if let Some(first) = spoken.iter_mut().find(|spoken| spoken.role == Role::User) {
        first.extras = std::mem::take(&mut extras);
    }
    if !results.is_empty() {
        out.push(Message {
            extras,
            ..Message::new(Role::Tool, results)
        });
    }
    out.append(&mut spoken);
    Ok(())
}

/// The texts of a block that holds system text. Its mark is its last text's.
fn inline_system(value: &Value) -> Option<Vec<Value>> {
    let block = value.as_object()?;
    let texts = block.get("content")?.as_array()?;
    let is_plain = block.get("type")?.as_str()? == "mid_conv_system"
        && !texts.is_empty()
        && texts.iter().all(|text| text["type"] == "text")
        && block
            .keys()
            .all(|key| matches!(key.as_str(), "type" | "content" | "cache_control"));
    if !is_plain {
        return None;
    }
    let mut texts = texts.clone();
    if let (Some(mark), Some(Value::Object(last))) = (block.get("cache_control"), texts.last_mut())
    {
        last.insert("cache_control".to_owned(), mark.clone());
    }
    Some(texts)
}

fn block(value: Value, within: Within, place: Place) -> Result<Part, Malformed> {
    let Value::Object(mut block) = value else {
        let place = place.to_string();
        return Err(Malformed::nowhere(&format!(
            "{} is not a JSON object",
            place.trim_end_matches('.')
        )));
    };
    let Some(name) = block.get("type").and_then(Value::as_str) else {
        return Err(place.wrong("type", "a string"));
    };
    let kind = match (name, within) {
        ("text", _) => Kind::Text(place.text(&mut block, "text")?),
        ("image" | "document", Within::User | Within::Result) => match media(&mut block) {
            Some(media) => Kind::Media(media),
            None => return Ok(opaque(block)),
        },
        ("thinking", Within::Assistant) => Kind::Reasoning(Reasoning {
            text: place.text(&mut block, "thinking")?,
            sealed: place
                .some_text(&mut block, "signature")?
                .filter(|signature| !signature.is_empty())
                .map(|signature| Sealed::from_wire(Dialect::Anthropic, &signature)),
            ..Reasoning::default()
        }),
        ("redacted_thinking", Within::Assistant) => Kind::Reasoning(Reasoning {
            sealed: Some(Sealed::from_wire(
                Dialect::Anthropic,
                &place.text(&mut block, "data")?,
            )),
            hidden: true,
            ..Reasoning::default()
        }),
        ("tool_use", Within::Assistant) => Kind::ToolCall(ToolCall {
            id: place.text(&mut block, "id")?,
            name: place.text(&mut block, "name")?,
            namespace: None,
            arguments: match block.shift_remove("input") {
                None | Some(Value::Null) => "{}".to_owned(),
                Some(input) => input.to_string(),
            },
            custom: false,
        }),
        ("tool_result", Within::User) => result(&mut block, place)?,
        _ => return Ok(opaque(block)),
    };
    block.shift_remove("type");
    Ok(Part {
        kind,
        cache: cache(&mut block),
        sealed: None,
        extras: rest(block),
    })
}

fn result(block: &mut Map<String, Value>, place: Place) -> Result<Kind, Malformed> {
    let parts = match block.shift_remove("content") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) if text.is_empty() => Vec::new(),
        Some(Value::String(text)) => vec![Part::text(text)],
        Some(Value::Array(inner)) => {
            let inner = inner.into_iter().enumerate().map(|(at, value)| {
                let inner = match place {
                    Place::Block(message, block) => Place::Inner(message, block, at),
                    other => other,
                };
                self::block(value, Within::Result, inner)
            });
            inner.collect::<Result<_, _>>()?
        }
        Some(_) => return Err(place.wrong("content", "a string or a list of blocks")),
    };
    Ok(Kind::ToolResult(ToolResult {
        call_id: place.text(block, "tool_use_id")?,
        name: None,
        parts,
        is_error: place.some_flag(block, "is_error")?.unwrap_or_default(),
        custom: false,
    }))
}

fn opaque(block: Map<String, Value>) -> Part {
    Part {
        extras: Extras::by(Dialect::Anthropic),
        ..Part::new(Kind::Opaque(Value::Object(block)))
    }
}

/// Takes the mark of a cached prefix. One with more to it stays, to return as it was.
pub(super) fn cache(block: &mut Map<String, Value>) -> Option<CacheMark> {
    let mark = block.get("cache_control")?.as_object()?;
    if mark.get("type").and_then(Value::as_str) != Some("ephemeral") {
        return None;
    }
    let lifetime = match mark.get("ttl") {
        None | Some(Value::Null) => Lifetime::Short,
        Some(ttl) if ttl == "5m" => Lifetime::Short,
        Some(ttl) if ttl == "1h" => Lifetime::Long,
        Some(_) => return None,
    };
    let is_plain = mark
        .keys()
        .all(|key| matches!(key.as_str(), "type" | "ttl"));
    if is_plain {
        block.shift_remove("cache_control");
    }
    Some(CacheMark { lifetime })
}
