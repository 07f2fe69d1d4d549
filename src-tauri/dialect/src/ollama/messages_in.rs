//! A caller's messages, read.
//!
//! Promises: every call has an id and every result names its call's. Ollama lets both be left
//! out: a call without an id gets its number in the conversation, the same on every turn, and a
//! result without one answers the first call of its tool that is still open.
//! Images stand before the text, where Ollama puts them into the prompt.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::fields::{list, object, take, text, wrong};
use crate::hub::{
    Extras, Kind, Media, MediaKind, Message, Part, Reasoning, Role, Source, ToolCall, ToolResult,
};
use crate::{Dialect, Malformed};

/// Reads messages one after the other.
#[derive(Debug, Default)]
pub(super) struct MessagesIn {
    messages: Vec<Message>,
    /// Calls without a result yet: id and tool name.
    open: Vec<(String, String)>,
    /// All ids so far, so that one we make up is not somebody else's.
    ids: BTreeSet<String>,
    calls: usize,
}

impl MessagesIn {
    /// Reads the message at `at` of the list.
    pub(super) fn read(&mut self, at: usize, message: Value) -> Result<(), Malformed> {
        let place = format!("messages[{at}]");
        let Value::Object(mut message) = message else {
            return Err(wrong("", &place, "an object"));
        };
        let place = format!("{place}.");
        let role = text(&mut message, "role", &place)?
            .ok_or_else(|| wrong(&place, "role", "there"))?
            .to_ascii_lowercase();
        let role = match &*role {
            // Only some models' templates know the second word; it is written as the first.
            "system" | "developer" => Role::System,
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "tool" => Role::Tool,
            _ => {
                return Err(wrong(
                    &place,
                    "role",
                    "one of system, user, assistant and tool",
                ));
            }
        };
        let mut parts = images(&mut message, &place)?;
        let content = text(&mut message, "content", &place)?.filter(|text| !text.is_empty());
        parts.extend(content.map(Part::text));
        match role {
            Role::Tool => {
                let result = self.result(&mut message, &place, parts)?;
                parts = vec![Part::new(Kind::ToolResult(result))];
            }
            Role::Assistant => {
                let thought = text(&mut message, "thinking", &place)?;
                if let Some(text) = thought.filter(|text| !text.is_empty()) {
                    let thought = Reasoning {
                        text,
                        ..Reasoning::default()
                    };
                    parts.insert(0, Part::new(Kind::Reasoning(thought)));
                }
                let calls = list(&mut message, "tool_calls", &place)?;
                for (nth, call) in calls.into_iter().enumerate() {
                    parts.push(self.call(nth, call, &format!("{place}tool_calls[{nth}]"))?);
                }
            }
            _ => {}
        }
        message.retain(|_, value| !value.is_null());
        self.messages.push(Message {
            role,
            parts,
            name: None,
            extras: Extras::of(Dialect::Ollama, message),
        });
        Ok(())
    }

    /// All that were read.
    pub(super) fn done(self) -> Vec<Message> {
        self.messages
    }

    fn call(&mut self, nth: usize, call: Value, place: &str) -> Result<Part, Malformed> {
        let Value::Object(mut call) = call else {
            return Err(wrong("", place, "an object"));
        };
        let place = format!("{place}.");
        let Some(mut function) = object(&mut call, "function", &place)? else {
            return Err(wrong(&place, "function", "there"));
        };
        let id = text(&mut call, "id", &place)?.filter(|id| !id.is_empty());
        let place = format!("{place}function.");
        let name =
            text(&mut function, "name", &place)?.ok_or_else(|| wrong(&place, "name", "there"))?;
        let arguments = match take(&mut function, "arguments") {
            None => "{}".to_owned(),
            Some(Value::String(text)) => text,
            Some(arguments @ Value::Object(_)) => arguments.to_string(),
            Some(_) => return Err(wrong(&place, "arguments", "an object")),
        };
        // Its place says the same.
        if function.get("index").and_then(Value::as_u64) == Some(nth as u64) {
            function.shift_remove("index");
        }
        call.shift_remove("type");
        if !function.is_empty() {
            call.insert("function".to_owned(), Value::Object(function));
        }
        let id = id.unwrap_or_else(|| self.new_id());
        self.calls += 1;
        self.ids.insert(id.clone());
        self.open.push((id.clone(), name.clone()));
        let mut part = Part::new(Kind::ToolCall(ToolCall {
            id,
            name,
            namespace: None,
            arguments,
            custom: false,
        }));
        part.extras = Extras::of(Dialect::Ollama, call);
        Ok(part)
    }

    fn result(
        &mut self,
        message: &mut Map<String, Value>,
        place: &str,
        parts: Vec<Part>,
    ) -> Result<ToolResult, Malformed> {
        let id = text(message, "tool_call_id", place)?.filter(|id| !id.is_empty());
        let name = text(message, "tool_name", place)?.filter(|name| !name.is_empty());
        let answered = self.open.iter().position(|(open_id, tool)| match &id {
            Some(id) => open_id == id,
            None => name.as_ref().is_none_or(|name| name == tool),
        });
        let call = answered.map(|at| self.open.remove(at));
        Ok(ToolResult {
            call_id: id
                .or_else(|| call.as_ref().map(|(id, _)| id.clone()))
                .unwrap_or_default(),
            name: name.or(call.map(|(_, tool)| tool)),
            parts,
            is_error: false,
            custom: false,
        })
    }

    fn new_id(&self) -> String {
        let mut id = format!("call_{}", self.calls);
        while self.ids.contains(&id) {
            id.push('x');
        }
        id
    }
}

/// The `images` of a message or a prompt.
pub(super) fn images(map: &mut Map<String, Value>, place: &str) -> Result<Vec<Part>, Malformed> {
    let images = list(map, "images", place)?;
    let parts = images.into_iter().map(|image| match image {
        Value::String(image) => Ok(Part::new(Kind::Media(picture(image)))),
        _ => Err(wrong(place, "images", "a list of base64 strings")),
    });
    parts.collect()
}

fn picture(image: String) -> Media {
    // Ollama takes bare base64; the prefix is a common slip that costs nothing to understand.
    let told = image.strip_prefix("data:").and_then(|rest| {
        let (mime, data) = rest.split_once(";base64,")?;
        Some((mime.to_owned(), data.to_owned()))
    });
    let (mime, data) = match told {
        Some((mime, data)) => (Some(mime), data),
        None => (kind_of(&image).map(str::to_owned), image),
    };
    Media {
        kind: MediaKind::Image,
        source: Source::Base64(data),
        mime,
        name: None,
        detail: None,
    }
}

/// The media type that the first bytes tell, in base64.
fn kind_of(base64: &str) -> Option<&'static str> {
    const FIRST: [(&str, &str); 4] = [
        ("iVBORw0KGg", "image/png"),
        ("/9j/", "image/jpeg"),
        ("R0lGOD", "image/gif"),
        ("UklGR", "image/webp"),
    ];
    let known = FIRST.iter().find(|(start, _)| base64.starts_with(start));
    known.map(|(_, mime)| *mime)
}
