//! Messages, written: one text, a list of pictures, a thought and calls each.
//!
//! Promises: every result is a message of its own, with its tool's name and its call's id (older
//! servers read the name, newer ones both). Text parts are joined by an empty line.
//! What Ollama can't be shown (addresses, sound, PDF) is refused.

use serde_json::{Map, Value};

use crate::Dialect;
use crate::fields::{arguments, returned};
use crate::hub::{
    Extras, Kind, Media, MediaKind, Message, Notes, Part, Reasoning, Refused, Role, Source, Target,
    ToolCall, ToolResult,
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
        let mut results = 0;
        for part in message.parts {
            if let Kind::ToolResult(result) = part.kind {
                results += 1;
                let mut answer = Turn::default();
                answer.result(result, target, notes)?;
                answer.rest = returned(part.extras, Dialect::Ollama, "messages.", notes);
                written.push(answer.written("tool"));
            } else {
                turn.part(part, target, notes)?;
            }
        }
        let rest = returned(message.extras, Dialect::Ollama, "messages.", notes);
        if message.role == Role::Tool {
            // The message's own fields belong to its only result.
            if let (1, Some(Value::Object(answer))) = (results, written.last_mut()) {
                merge(answer, rest);
            }
            if turn.is_empty() {
                continue;
            }
        } else {
            turn.rest = rest;
        }
        written.push(turn.written(message.role.word()));
    }
    Ok(written)
}

/// One message on its way.
#[derive(Default)]
struct Turn {
    text: String,
    thinking: String,
    images: Vec<Value>,
    calls: Vec<Value>,
    tool: Option<String>,
    call_id: Option<String>,
    rest: Map<String, Value>,
}

impl Turn {
    fn is_empty(&self) -> bool {
        self.text.is_empty() && self.images.is_empty() && self.calls.is_empty()
    }

    fn part(&mut self, part: Part, target: &Target<'_>, notes: &mut Notes) -> Result<(), Refused> {
        match part.kind {
            Kind::Text(text) | Kind::Refusal(text) => {
                self.say(&text);
                returned(part.extras, Dialect::Ollama, "messages.content.", notes);
            }
            Kind::Media(media) => {
                self.media(media, target, notes)?;
                returned(part.extras, Dialect::Ollama, "messages.content.", notes);
            }
            Kind::Reasoning(thought) => self.think(thought),
            Kind::ToolCall(call) => self.call(call, part.extras, notes),
            Kind::ToolResult(result) => self.result(result, target, notes)?,
            Kind::Opaque(_) => {
                notes.refuse(
                    "messages.content",
                    "a part of it is of a type unknown to Ollama",
                )?;
            }
        }
        Ok(())
    }

    fn say(&mut self, text: &str) {
        if !self.text.is_empty() && !text.is_empty() {
            self.text.push_str("\n\n");
        }
        self.text.push_str(text);
    }

    fn think(&mut self, thought: Reasoning) {
        let text = thought.words();
        if !self.thinking.is_empty() && !text.is_empty() {
            self.thinking.push_str("\n\n");
        }
        self.thinking.push_str(&text);
    }

    fn media(
        &mut self,
        media: Media,
        target: &Target<'_>,
        notes: &mut Notes,
    ) -> Result<(), Refused> {
        match (media.kind, media.source) {
            (MediaKind::Image, _) if target.traits.vision == Some(false) => {
                notes.refuse("image", "the model does not see images")
            }
            (MediaKind::Image, Source::Base64(data)) => {
                if !self.text.is_empty() {
                    notes.equivalent("image", "Ollama puts images before the text of a message");
                }
                if media.detail.is_some() {
                    notes.dropped("image.detail", "Ollama looks at all images alike");
                }
                self.images.push(data.into());
                Ok(())
            }
            (MediaKind::Image, _) => notes.refuse(
                "image_url",
                "Ollama takes the bytes of an image, not its address or id",
            ),
            (MediaKind::Document, Source::Text(text)) => {
                notes.degraded("document", "Ollama has no documents: it is sent as text");
                if let Some(name) = media.name {
                    self.say(&name);
                }
                self.say(&text);
                Ok(())
            }
            (MediaKind::Document, _) => notes.refuse("document", "Ollama takes no files"),
            (MediaKind::Audio, _) => notes.refuse("audio", "Ollama takes no sound"),
            (MediaKind::Video, _) => notes.refuse("video", "Ollama takes no films"),
        }
    }

    fn call(&mut self, call: ToolCall, extras: Extras, notes: &mut Notes) {
        let (arguments, good) = arguments(&call.arguments);
        if !good {
            notes.degraded(
                "tool_calls.arguments",
                "arguments that are no JSON object are sent as the field _raw of one",
            );
        }
        let mut rest = returned(extras, Dialect::Ollama, "messages.tool_calls.", notes);
        let mut function = object([("name", call.name.into()), ("arguments", arguments.into())]);
        if let (Some(Value::Object(more)), Value::Object(function)) =
            (rest.shift_remove("function"), &mut function)
        {
            merge(function, more);
        }
        let mut written = Map::new();
        if !call.id.is_empty() {
            written.insert("id".to_owned(), call.id.into());
        }
        written.insert("function".to_owned(), function);
        merge(&mut written, rest);
        self.calls.push(Value::Object(written));
    }

    fn result(
        &mut self,
        result: ToolResult,
        target: &Target<'_>,
        notes: &mut Notes,
    ) -> Result<(), Refused> {
        for part in result.parts {
            // A result within a result can't be: its parts are text, media or opaque.
            if !matches!(part.kind, Kind::ToolResult(_)) {
                self.part(part, target, notes)?;
            }
        }
        if result.is_error {
            self.text.insert_str(0, "Error: ");
            notes.degraded(
                "tool_result.is_error",
                "Ollama has no mark for a tool that failed: its answer begins with `Error: `",
            );
        }
        self.tool = result.name;
        self.call_id = Some(result.call_id).filter(|id| !id.is_empty());
        Ok(())
    }

    fn written(self, role: &str) -> Value {
        let mut message = Map::new();
        message.insert("role".to_owned(), role.into());
        message.insert("content".to_owned(), self.text.into());
        if !self.thinking.is_empty() {
            message.insert("thinking".to_owned(), self.thinking.into());
        }
        if !self.images.is_empty() {
            message.insert("images".to_owned(), Value::Array(self.images));
        }
        if !self.calls.is_empty() {
            message.insert("tool_calls".to_owned(), Value::Array(self.calls));
        }
        if let Some(tool) = self.tool {
            message.insert("tool_name".to_owned(), tool.into());
        }
        if let Some(id) = self.call_id {
            message.insert("tool_call_id".to_owned(), id.into());
        }
        merge(&mut message, self.rest);
        Value::Object(message)
    }
}

fn merge(into: &mut Map<String, Value>, rest: Map<String, Value>) {
    for (key, value) in rest {
        into.entry(key).or_insert(value);
    }
}
