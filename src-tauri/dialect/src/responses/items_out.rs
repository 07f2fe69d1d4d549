//! A conversation, written as items.
//!
//! Promises: calls, results and thoughts are items of their own, in the order of the parts;
//! what stands between them is a message. The caller's own fields and opaque items come back.
//! Leaves out: putting results in the order of the calls; this API does not mind.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::parts_out::{self, Pen};
use super::request_in::INSTRUCTIONS;
use crate::Dialect;
use crate::hub::{
    Extras, Kind, Message, Notes, Part, Reasoning, Refused, Role, Target, ToolCall, ToolResult,
};
use crate::json::object;

/// A conversation as this API takes it.
#[derive(Default)]
pub(super) struct Written {
    /// What came as `instructions`.
    pub(super) instructions: Option<String>,
    /// All else.
    pub(super) items: Vec<Value>,
}

pub(super) fn write(
    messages: Vec<Message>,
    own: bool,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Written, Refused> {
    let custom = custom_calls(&messages);
    let goes_on = messages.last().is_some_and(is_begun_answer);
    if goes_on && !own && target.traits.prefill != Some(true) {
        notes.degraded(
            "messages",
            "This API does not go on from an assistant's last message; it answers anew.",
        );
    }
    let mut out = Items {
        written: Written::default(),
        custom,
        target,
        own,
    };
    for message in messages {
        out.message(message, notes)?;
    }
    Ok(out.written)
}

struct Items<'a> {
    written: Written,
    /// The ids of calls of custom tools: their results have a type of their own.
    custom: BTreeSet<String>,
    target: &'a Target<'a>,
    own: bool,
}

impl Items<'_> {
    fn message(&mut self, message: Message, notes: &mut Notes) -> Result<(), Refused> {
        let Message {
            role,
            parts,
            name,
            extras,
        } = message;
        if name.is_some() {
            notes.dropped("messages.name", "Speakers have no names in this API.");
        }
        let mut fields = own_fields(extras, "messages", notes);
        if self.written.instructions.is_none()
            && fields.get(INSTRUCTIONS) == Some(&Value::Bool(true))
            && let Some(text) = only_text(&parts)
        {
            self.written.instructions = Some(text);
            return Ok(());
        }
        fields.shift_remove(INSTRUCTIONS);

        let mut content = Vec::new();
        let was_empty = parts.is_empty();
        for part in parts {
            if part.cache.is_some() && !part.extras.fields.contains_key("prompt_cache_breakpoint") {
                notes.dropped("cache_control", "This API caches prompts by itself.");
            }
            if is_item(&part) {
                if let Some(item) = self.item(part, notes)? {
                    self.flush(role, &mut content, &mut fields);
                    self.written.items.push(item);
                }
                continue;
            }
            let mut pen = Pen {
                role: Some(role),
                text_only: self.target.quirks.text_only_content,
                notes,
            };
            content.extend(parts_out::content(part, &mut pen)?);
        }
        if was_empty {
            self.push_message(role, Value::String(String::new()), &mut fields);
        } else {
            self.flush(role, &mut content, &mut fields);
        }
        Ok(())
    }

    /// The part as an item; nothing when it is a thought that can't travel.
    fn item(&self, part: Part, notes: &mut Notes) -> Result<Option<Value>, Refused> {
        let extras = part.extras;
        let mut item = match part.kind {
            Kind::ToolCall(call) => self.call(call),
            Kind::ToolResult(result) => self.result(result, notes)?,
            Kind::Reasoning(reasoning) => match self.reasoning(reasoning, &extras, notes) {
                Some(item) => item,
                None => return Ok(None),
            },
            Kind::Opaque(value) => return Ok(Some(value)),
            Kind::Text(_) | Kind::Media(_) | Kind::Refusal(_) => return Ok(None),
        };
        for (key, value) in own_fields(extras, "messages", notes) {
            item.insert(key, value);
        }
        Ok(Some(Value::Object(item)))
    }

    fn call(&self, call: ToolCall) -> Map<String, Value> {
        let (kind, field) = if call.custom {
            ("custom_tool_call", "input")
        } else {
            ("function_call", "arguments")
        };
        let mut item = Map::new();
        item.insert("type".to_owned(), kind.into());
        item.insert("call_id".to_owned(), call.id.into());
        if let Some(namespace) = call.namespace {
            item.insert("namespace".to_owned(), namespace.into());
        }
        item.insert("name".to_owned(), call.name.into());
        let arguments = if call.arguments.is_empty() && !call.custom && !self.own {
            "{}".to_owned()
        } else {
            call.arguments
        };
        item.insert(field.to_owned(), arguments.into());
        item
    }

    fn result(&self, result: ToolResult, notes: &mut Notes) -> Result<Map<String, Value>, Refused> {
        let custom = result.custom || self.custom.contains(&result.call_id);
        let kind = if custom {
            "custom_tool_call_output"
        } else {
            "function_call_output"
        };
        let mut content = Vec::with_capacity(result.parts.len());
        if result.is_error {
            notes.degraded(
                "tool_result.is_error",
                "This API has no mark for failed tools; the output says so in words.",
            );
        }
        for part in result.parts {
            let mut pen = Pen {
                role: None,
                text_only: self.target.quirks.text_only_content,
                notes,
            };
            content.extend(parts_out::content(part, &mut pen)?);
        }
        if result.is_error {
            say_error(&mut content);
        }
        let mut item = Map::new();
        item.insert("type".to_owned(), kind.into());
        item.insert("call_id".to_owned(), result.call_id.into());
        item.insert("output".to_owned(), parts_out::joined(content));
        Ok(item)
    }

    /// A thought that its issuer may see again, or that the provider knows by its id.
    fn reasoning(
        &self,
        reasoning: Reasoning,
        extras: &Extras,
        notes: &mut Notes,
    ) -> Option<Map<String, Value>> {
        let sealed = reasoning
            .sealed
            .as_ref()
            .filter(|sealed| sealed.is_of(Dialect::Responses, self.target.provider));
        let known = self.own && reasoning.id.is_some();
        let told = self.target.quirks.replays_reasoning && !reasoning.text.is_empty();
        if sealed.is_none() && !known && !told {
            notes.dropped(
                "reasoning",
                "A thought without its issuer's seal is not shown to another provider.",
            );
            return None;
        }
        let part =
            |kind: &str, text: String| object([("type", kind.into()), ("text", text.into())]);
        let mut item = Map::new();
        item.insert("type".to_owned(), "reasoning".into());
        if let Some(id) = reasoning.id {
            item.insert("id".to_owned(), id.into());
        }
        let summary = reasoning.summary.into_iter();
        let summary: Vec<Value> = summary.map(|text| part("summary_text", text)).collect();
        item.insert("summary".to_owned(), summary.into());
        if !reasoning.text.is_empty() && !extras.fields.contains_key("content") {
            let content = vec![part("reasoning_text", reasoning.text)];
            item.insert("content".to_owned(), content.into());
        }
        if let Some(sealed) = sealed {
            item.insert("encrypted_content".to_owned(), sealed.data.as_str().into());
        }
        Some(item)
    }

    fn flush(&mut self, role: Role, content: &mut Vec<Value>, fields: &mut Map<String, Value>) {
        if content.is_empty() {
            return;
        }
        let content = std::mem::take(content);
        // An answer the provider knows by its id is given back as it was: a list.
        let content = if fields.contains_key("id") && role == Role::Assistant {
            Value::Array(content)
        } else {
            parts_out::joined(content)
        };
        self.push_message(role, content, fields);
    }

    fn push_message(&mut self, role: Role, content: Value, fields: &mut Map<String, Value>) {
        let mut item = Map::new();
        item.insert("type".to_owned(), "message".into());
        item.insert("role".to_owned(), self.word(role).into());
        item.insert("content".to_owned(), content);
        for (key, value) in std::mem::take(fields) {
            item.insert(key, value);
        }
        self.written.items.push(Value::Object(item));
    }

    fn word(&self, role: Role) -> &'static str {
        match role {
            Role::Developer if !self.target.quirks.no_developer => "developer",
            Role::System | Role::Developer => "system",
            Role::User | Role::Tool => "user",
            Role::Assistant => "assistant",
        }
    }
}

/// Whether a part is an item of its own here, not a piece of a message.
fn is_item(part: &Part) -> bool {
    match &part.kind {
        Kind::ToolCall(_) | Kind::ToolResult(_) | Kind::Reasoning(_) => true,
        Kind::Opaque(_) => {
            part.extras.owner == Some(Dialect::Responses)
                && !part.extras.fields.contains_key(super::parts_in::INSIDE)
        }
        Kind::Text(_) | Kind::Media(_) | Kind::Refusal(_) => false,
    }
}

/// The fields that are this dialect's; of others it is noted that they are left out.
pub(super) fn own_fields(extras: Extras, place: &str, notes: &mut Notes) -> Map<String, Value> {
    if extras.owner == Some(Dialect::Responses) {
        return extras.fields;
    }
    for key in extras.fields.keys() {
        notes.dropped(format!("{place}.{key}"), "This API has no such field.");
    }
    Map::new()
}

fn custom_calls(messages: &[Message]) -> BTreeSet<String> {
    let parts = messages.iter().flat_map(|message| &message.parts);
    parts
        .filter_map(|part| match &part.kind {
            Kind::ToolCall(call) if call.custom => Some(call.id.clone()),
            _ => None,
        })
        .collect()
}

/// The assistant has begun to answer, and is to go on.
fn is_begun_answer(message: &Message) -> bool {
    message.role == Role::Assistant
        && matches!(message.parts.last(), Some(part) if matches!(part.kind, Kind::Text(_)))
}

fn only_text(parts: &[Part]) -> Option<String> {
    let texts = parts.iter().map(|part| match &part.kind {
        Kind::Text(text) => Some(text.as_str()),
        _ => None,
    });
    Some(texts.collect::<Option<Vec<_>>>()?.join("\n\n"))
}

fn say_error(content: &mut Vec<Value>) {
    let text = content
        .first_mut()
        .and_then(|part| part.get_mut("text"))
        .filter(|text| text.is_string());
    match text {
        Some(text) => *text = format!("Error: {}", text.as_str().unwrap_or_default()).into(),
        None => content.insert(
            0,
            json!({"type": "input_text", "text": "Error: the tool failed."}),
        ),
    }
}
