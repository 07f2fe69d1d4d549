//! Messages, written for Cohere.
//!
//! Promises: text alone is written as a string, the one form that all models take; images go by
//! data URL or address. A thought before calls is the `tool_plan`, any other a `thinking` item.
//! What Cohere can't be shown (sound, PDF, pictures from tools) is refused.

use serde_json::{Map, Value};

use crate::Dialect;
use crate::fields::{arguments, returned};
use crate::hub::{
    Kind, Media, MediaKind, Message, Notes, Part, Refused, Role, Source, Target, ToolCall,
    ToolResult,
};
use crate::json::object;

/// All messages.
pub(super) fn messages(
    messages: Vec<Message>,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Vec<Value>, Refused> {
    let mut written = Vec::with_capacity(messages.len());
    for message in messages {
        let mut turn = Turn::default();
        for part in message.parts {
            if let Kind::ToolResult(result) = part.kind {
                returned(part.extras, Dialect::Cohere, "messages.", notes);
                written.push(result_message(result, notes)?);
            } else {
                turn.part(part, target, notes)?;
            }
        }
        let rest = returned(message.extras, Dialect::Cohere, "messages.", notes);
        // A tool message without a result says nothing that Cohere could place.
        if message.role != Role::Tool {
            written.push(turn.written(message.role.word(), rest));
        }
    }
    Ok(written)
}

#[derive(Default)]
struct Turn {
    items: Vec<Value>,
    thoughts: Vec<String>,
    calls: Vec<Value>,
}

impl Turn {
    fn part(&mut self, part: Part, target: &Target<'_>, notes: &mut Notes) -> Result<(), Refused> {
        match part.kind {
            Kind::Text(text) | Kind::Refusal(text) => self.items.push(item(text)),
            Kind::Media(media) => self.media(media, target, notes)?,
            Kind::Reasoning(thought) => self.thoughts.push(thought.words()),
            Kind::ToolCall(call) => self.calls.push(written_call(call, notes)),
            Kind::Opaque(item) if part.extras.owner == Some(Dialect::Cohere) => {
                self.items.push(item);
            }
            Kind::Opaque(_) | Kind::ToolResult(_) => {
                notes.refuse(
                    "messages.content",
                    "a part of it is of a type unknown to Cohere",
                )?;
            }
        }
        returned(part.extras, Dialect::Cohere, "messages.content.", notes);
        Ok(())
    }

    fn media(
        &mut self,
        media: Media,
        target: &Target<'_>,
        notes: &mut Notes,
    ) -> Result<(), Refused> {
        let url = match (media.kind, media.source) {
            (MediaKind::Image, _) if target.traits.vision == Some(false) => {
                return notes.refuse("image", "the model does not see images");
            }
            (MediaKind::Image, Source::Url(url)) => url,
            (MediaKind::Image, Source::Base64(data)) => {
                let mime = media.mime.as_deref().unwrap_or("image/png");
                format!("data:{mime};base64,{data}")
            }
            (MediaKind::Image, _) => {
                return notes.refuse("image", "Cohere keeps no files of this account");
            }
            (MediaKind::Document, Source::Text(text)) => {
                notes.degraded("document", "it is sent as text");
                if let Some(name) = media.name {
                    self.items.push(item(name));
                }
                self.items.push(item(text));
                return Ok(());
            }
            (MediaKind::Document, _) => return notes.refuse("document", "Cohere takes no files"),
            (MediaKind::Audio, _) => return notes.refuse("audio", "Cohere takes no sound"),
            (MediaKind::Video, _) => return notes.refuse("video", "Cohere takes no films"),
        };
        let mut image = object([("url", url.into())]);
        match media.detail.as_deref() {
            Some(detail @ ("auto" | "low" | "high")) => image["detail"] = detail.into(),
            Some(_) => notes.dropped("image.detail", "Cohere knows auto, low and high"),
            None => {}
        }
        self.items
            .push(object([("type", "image_url".into()), ("image_url", image)]));
        Ok(())
    }

    fn written(mut self, role: &str, rest: Map<String, Value>) -> Value {
        let mut message = Map::new();
        message.insert("role".to_owned(), role.into());
        self.thoughts.retain(|thought| !thought.is_empty());
        let thought = self.thoughts.join("\n\n");
        if !thought.is_empty() && self.calls.is_empty() {
            let item = object([("type", "thinking".into()), ("thinking", thought.into())]);
            self.items.insert(0, item);
        } else if !thought.is_empty() {
            message.insert("tool_plan".to_owned(), thought.into());
        }
        let content = match &mut self.items[..] {
            [] => None,
            [only] if only["type"] == "text" => Some(only["text"].take()),
            _ => Some(Value::Array(self.items)),
        };
        match content {
            Some(content) => {
                message.insert("content".to_owned(), content);
            }
            None if self.calls.is_empty() => {
                message.insert("content".to_owned(), "".into());
            }
            None => {}
        }
        if !self.calls.is_empty() {
            message.insert("tool_calls".to_owned(), Value::Array(self.calls));
        }
        for (key, value) in rest {
            message.entry(key).or_insert(value);
        }
        Value::Object(message)
    }
}

fn item(text: String) -> Value {
    object([("type", "text".into()), ("text", text.into())])
}

fn written_call(call: ToolCall, notes: &mut Notes) -> Value {
    // A string here, but of an object all the same.
    let (fields, good) = arguments(&call.arguments);
    let arguments = if good && !call.arguments.trim().is_empty() {
        call.arguments
    } else {
        Value::Object(fields).to_string()
    };
    if !good {
        notes.degraded(
            "tool_calls.arguments",
            "arguments that are no JSON object are sent as the field _raw of one",
        );
    }
    let function = [("name", call.name.into()), ("arguments", arguments.into())];
    object([
        ("id", call.id.into()),
        ("type", "function".into()),
        ("function", object(function)),
    ])
}

fn result_message(result: ToolResult, notes: &mut Notes) -> Result<Value, Refused> {
    let mut texts = Vec::new();
    for part in result.parts {
        match part.kind {
            Kind::Text(text) | Kind::Refusal(text) => texts.push(text),
            Kind::Media(Media {
                kind: MediaKind::Document,
                source: Source::Text(text),
                ..
            }) => texts.push(text),
            Kind::Media(_) => {
                notes.refuse("tool_result.image", "Cohere takes text from tools")?;
            }
            _ => notes.refuse("tool_result", "a part of it is of a type unknown to Cohere")?,
        }
    }
    let mut text = texts.join("\n\n");
    if result.is_error {
        text.insert_str(0, "Error: ");
        notes.degraded(
            "tool_result.is_error",
            "Cohere has no mark for a tool that failed: its answer begins with `Error: `",
        );
    }
    Ok(object([
        ("role", "tool".into()),
        ("tool_call_id", result.call_id.into()),
        ("content", text.into()),
    ]))
}
