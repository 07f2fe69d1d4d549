//! A caller's `input`, read.
//!
//! Promises: each item is a message of its own, in order. An item of a type without a name in
//! the hub is an opaque part, whole. Ids of items that we wrote ourselves are taken away again.
//! Leaves out: what `item_reference` and its kin point at; the provider knows.

use serde_json::{Map, Value};

use super::fields::{At, member, needed, peek, string, take};
use super::{ids, parts_in};
use crate::hub::{Extras, Kind, Message, Part, Reasoning, Role, Sealed, ToolCall, ToolResult};
use crate::{Dialect, Malformed};

/// Reads `input` onto the end of `messages`.
pub(super) fn read(input: Value, messages: &mut Vec<Message>) -> Result<(), Malformed> {
    let at = At::Field(&At::Top, "input");
    match input {
        Value::String(text) => {
            messages.push(Message::new(Role::User, parts_in::text(text)));
            Ok(())
        }
        Value::Array(items) => {
            for (index, item) in items.into_iter().enumerate() {
                let at = At::Item(&at, index);
                read_item(member(item, &at)?, &at, messages)?;
            }
            Ok(())
        }
        _ => Err(at.fault("must be a string or a list of items")),
    }
}

fn read_item(
    mut item: Map<String, Value>,
    at: &At<'_>,
    messages: &mut Vec<Message>,
) -> Result<(), Malformed> {
    let kind = match item.get("type") {
        Some(Value::String(kind)) => kind.clone(),
        Some(Value::Null) | None if item.contains_key("role") => "message".to_owned(),
        // A bare reference needs no type.
        Some(Value::Null) | None if item.contains_key("id") => "item_reference".to_owned(),
        Some(Value::Null) | None => return Err(at.fault("has neither a type nor a role")),
        Some(_) => return Err(At::Field(at, "type").fault("must be a string")),
    };
    let message = match kind.as_str() {
        "message" => message(item, at)?,
        "function_call" | "custom_tool_call" => {
            item.shift_remove("type");
            call(item, kind == "custom_tool_call", at)?
        }
        "function_call_output" | "custom_tool_call_output" => {
            item.shift_remove("type");
            result(item, kind == "custom_tool_call_output", at)?
        }
        "reasoning" => {
            item.shift_remove("type");
            let Some(part) = reasoning(item, at, messages)? else {
                return Ok(());
            };
            Message::new(Role::Assistant, vec![part])
        }
        other => opaque(role_of(other), item),
    };
    messages.push(message);
    Ok(())
}

fn message(mut item: Map<String, Value>, at: &At<'_>) -> Result<Message, Malformed> {
    item.shift_remove("type");
    let role = match needed(&mut item, "role", at)?.as_str() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        "developer" => Role::Developer,
        _ => {
            return Err(At::Field(at, "role")
                .fault("must be \"user\", \"assistant\", \"system\" or \"developer\""));
        }
    };
    let place = At::Field(at, "content");
    let parts = match item.shift_remove("content") {
        Some(content) => parts_in::content(content, &place)?,
        None => return Err(place.fault("is missing")),
    };
    forget_our_id(&mut item);
    Ok(Message {
        extras: Extras::of(Dialect::Responses, item),
        ..Message::new(role, parts)
    })
}

fn call(mut item: Map<String, Value>, custom: bool, at: &At<'_>) -> Result<Message, Malformed> {
    let field = if custom { "input" } else { "arguments" };
    let arguments = match take(&mut item, field) {
        None => String::new(),
        Some(Value::String(text)) => text,
        // Some clients send the object itself.
        Some(object @ Value::Object(_)) => object.to_string(),
        Some(_) => return Err(At::Field(at, field).fault("must be a string")),
    };
    let call = ToolCall {
        id: needed(&mut item, "call_id", at)?,
        name: needed(&mut item, "name", at)?,
        namespace: string(&mut item, "namespace", at)?,
        arguments,
        custom,
    };
    Ok(alone(Role::Assistant, Kind::ToolCall(call), item))
}

fn result(mut item: Map<String, Value>, custom: bool, at: &At<'_>) -> Result<Message, Malformed> {
    let place = At::Field(at, "output");
    let parts = match item.shift_remove("output") {
        Some(output @ (Value::String(_) | Value::Array(_))) => parts_in::content(output, &place)?,
        Some(_) => return Err(place.fault("must be a string or a list of parts")),
        None => return Err(place.fault("is missing")),
    };
    let result = ToolResult {
        call_id: needed(&mut item, "call_id", at)?,
        // It stays among the rest too: a name that we look up ourselves is not written.
        name: peek(&item, "name").map(str::to_owned),
        parts,
        is_error: false,
        custom,
    };
    Ok(alone(Role::Tool, Kind::ToolResult(result), item))
}

/// A thought; `None` when the item is the seal of the one before, where it has been put.
fn reasoning(
    mut item: Map<String, Value>,
    at: &At<'_>,
    messages: &mut [Message],
) -> Result<Option<Part>, Malformed> {
    let id = string(&mut item, "id", at)?;
    let summary = texts(&mut item, "summary", "summary_text");
    let thought = texts(&mut item, "content", "reasoning_text");
    let sealed = string(&mut item, "encrypted_content", at)?
        .filter(|data| !data.is_empty())
        .map(|data| Sealed::from_wire(Dialect::Responses, &data));
    let ours = id.as_deref().is_some_and(ids::is_ours);
    let foreign = sealed
        .as_ref()
        .is_some_and(|sealed| sealed.dialect != Dialect::Responses);

    let mut reasoning = Reasoning {
        text: thought.join("\n\n"),
        summary,
        sealed,
        hidden: false,
        id: id.clone().filter(|_| !ours),
    };
    if foreign || (ours && reasoning.sealed.is_none()) {
        // We showed another vendor's thought as a summary: it is the thought.
        if reasoning.text.is_empty() {
            reasoning.text = std::mem::take(&mut reasoning.summary).join("\n\n");
        }
    }
    let silent = reasoning.text.is_empty() && reasoning.summary.is_empty();
    reasoning.hidden = id
        .as_deref()
        .and_then(ids::is_hidden)
        .filter(|_| foreign)
        .unwrap_or(silent && reasoning.sealed.is_some());
    if silent && foreign && signs_the_item_before(&reasoning, id.as_deref()) {
        reasoning.sealed = sign_last(messages, reasoning.sealed.take());
        if reasoning.sealed.is_none() {
            return Ok(None);
        }
    }
    if ours {
        item.shift_remove("status");
    }
    Ok(Some(Part {
        extras: Extras::of(Dialect::Responses, item),
        ..Part::new(Kind::Reasoning(reasoning))
    }))
}

/// Our id says so; without an id, Gemini is the one who signs calls and texts.
fn signs_the_item_before(reasoning: &Reasoning, id: Option<&str>) -> bool {
    match id {
        Some(id) if ids::is_ours(id) => ids::is_signature(id),
        _ => reasoning
            .sealed
            .as_ref()
            .is_some_and(|sealed| sealed.dialect == Dialect::Gemini),
    }
}

/// Puts a seal on the last thing the model said, and gives it back where there is none.
fn sign_last(messages: &mut [Message], sealed: Option<Sealed>) -> Option<Sealed> {
    let last = messages
        .last_mut()
        .filter(|message| message.role == Role::Assistant)
        .and_then(|message| message.parts.last_mut());
    match last {
        Some(part)
            if part.sealed.is_none() && matches!(part.kind, Kind::ToolCall(_) | Kind::Text(_)) =>
        {
            part.sealed = sealed;
            None
        }
        _ => sealed,
    }
}

/// The texts of a list of plain parts. A list with anything else in it stays where it is.
fn texts(item: &mut Map<String, Value>, key: &str, kind: &str) -> Vec<String> {
    let Some(list) = item.get(key).and_then(Value::as_array) else {
        if item.get(key).is_some_and(Value::is_null) {
            item.shift_remove(key);
        }
        return Vec::new();
    };
    let plain = |part: &Value| {
        let part = part.as_object().filter(|part| part.len() == 2)?;
        let text = peek(part, "text")?;
        (peek(part, "type") == Some(kind)).then(|| text.to_owned())
    };
    let Some(texts) = list.iter().map(plain).collect::<Option<Vec<_>>>() else {
        return Vec::new();
    };
    // Of a thought only the whole text is kept: its seams stay here.
    if kind != "reasoning_text" || texts.len() < 2 {
        item.shift_remove(key);
    }
    texts
}

fn opaque(role: Role, item: Map<String, Value>) -> Message {
    let part = Part {
        extras: Extras::by(Dialect::Responses),
        ..Part::new(Kind::Opaque(Value::Object(item)))
    };
    Message::new(role, vec![part])
}

/// Who an item of an unknown type speaks for.
fn role_of(kind: &str) -> Role {
    match kind {
        "configuration_update" | "additional_tools" | "compaction_trigger" => Role::Developer,
        "mcp_approval_response" => Role::User,
        // A tool's message holds results that the hub knows, and nothing else.
        _ if kind.ends_with("_output") => Role::User,
        _ => Role::Assistant,
    }
}

fn alone(role: Role, kind: Kind, mut rest: Map<String, Value>) -> Message {
    forget_our_id(&mut rest);
    let part = Part {
        extras: Extras::of(Dialect::Responses, rest),
        ..Part::new(kind)
    };
    Message::new(role, vec![part])
}

/// Takes away an id that we gave, and the status that came with it.
fn forget_our_id(item: &mut Map<String, Value>) {
    if peek(item, "id").is_some_and(ids::is_ours) {
        item.shift_remove("id");
        item.shift_remove("status");
    }
    if item.get("id").is_some_and(Value::is_null) {
        item.shift_remove("id");
    }
}
