//! An assistant's turn, written for a provider as one message.
//!
//! Promises: thoughts under the name the provider knows, content, refusal, calls. Content is a
//! string unless the caller wrote a list, as few servers take lists here; it is `null` beside
//! calls, where an empty string is refused. Leaves out: which thoughts may travel (`fit`).

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::fields::merge;
use super::parts_out::{Parts, plain_text};
use super::{calls, thoughts};
use crate::Dialect;
use crate::hub::{Extras, Kind, Notes, Part, Reasoning, Refused};

/// One turn in the making.
#[derive(Default)]
pub(super) struct Turn {
    content: Vec<Value>,
    refusal: String,
    calls: Vec<Value>,
    thought: String,
    details: Vec<Value>,
    /// A signature on the text.
    seal: Option<Value>,
    /// The name and the caller's leftovers.
    pub(super) fields: Map<String, Value>,
    /// Another message of the same turn begins: its first text starts a paragraph.
    fresh: bool,
}

impl Turn {
    /// Another message joins the turn.
    pub(super) fn begin(&mut self) {
        self.fresh = !self.content.is_empty();
    }

    pub(super) fn take(
        &mut self,
        part: Part,
        writer: &Parts<'_, '_>,
        notes: &mut Notes,
    ) -> Result<(), Refused> {
        let mut part = part;
        match part.kind {
            Kind::ToolCall(call) => {
                let mut call = call;
                if !call.custom && !writer.own {
                    call.arguments = object_text(call.arguments, notes);
                }
                let sealed = part.sealed.as_ref();
                self.calls.push(calls::write(call, sealed, part.extras));
            }
            Kind::Reasoning(thought) => {
                self.think(&thought, part.extras, writer);
            }
            Kind::Refusal(text) if writer.target.quirks.text_only_content => {
                part.kind = Kind::Text(text);
                self.say(part, writer, notes)?;
            }
            Kind::Refusal(text) if part.extras.fields.is_empty() => self.refusal.push_str(&text),
            // A call of a type we don't know: parts of the content have no ids.
            Kind::Opaque(value)
                if part.extras.owner == Some(Dialect::OpenAi)
                    && value.get("id").is_some_and(Value::is_string) =>
            {
                self.calls.push(value);
            }
            Kind::Media(_) if !writer.own => {
                notes.refuse(
                    "messages.assistant.media",
                    "an assistant's message holds text only",
                )?;
            }
            kind => {
                part.kind = kind;
                self.say(part, writer, notes)?;
            }
        }
        Ok(())
    }

    fn say(
        &mut self,
        mut part: Part,
        writer: &Parts<'_, '_>,
        notes: &mut Notes,
    ) -> Result<(), Refused> {
        if let Kind::Text(text) = &mut part.kind
            && std::mem::take(&mut self.fresh)
        {
            text.insert_str(0, "\n\n");
        }
        if let Some(sealed) = part.sealed.take() {
            self.seal = Some(calls::seal(&sealed));
        }
        self.content.extend(writer.part(part, notes)?);
        Ok(())
    }

    fn think(&mut self, thought: &Reasoning, extras: Extras, writer: &Parts<'_, '_>) {
        if thoughts::wants_entry(thought, &extras) {
            let entries = thoughts::entries(thought, &extras, self.details.len());
            self.details.extend(entries);
            // The entries hold the words; some servers want them under their own name too.
            if !writer.target.quirks.replays_reasoning {
                return;
            }
        } else if extras.owner == Some(Dialect::OpenAi) {
            // It came as a part of the content, and goes so.
            let pieces = [json!({"type": "text", "text": thought.text})];
            let mut written = Map::new();
            written.insert("type".to_owned(), "thinking".into());
            written.insert("thinking".to_owned(), json!(pieces));
            merge(&mut written, extras.fields);
            return self.content.push(Value::Object(written));
        }
        for text in thought.summary.iter().chain([&thought.text]) {
            if !text.is_empty() && !self.thought.is_empty() {
                self.thought.push_str("\n\n");
            }
            self.thought.push_str(text);
        }
    }

    pub(super) fn written(mut self, writer: &Parts<'_, '_>) -> Value {
        let content = self.content(writer);
        let mut message = Map::new();
        let mut put = |key: &str, value: Value| {
            message.insert(key.to_owned(), value);
        };
        put("role", "assistant".into());
        if !self.thought.is_empty() {
            let field = writer.target.quirks.reasoning_field.as_deref();
            put(field.unwrap_or("reasoning_content"), self.thought.into());
        }
        if !self.details.is_empty() {
            put("reasoning_details", self.details.into());
        }
        put("content", content);
        if !self.refusal.is_empty() {
            put("refusal", self.refusal.into());
        }
        if !self.calls.is_empty() {
            put("tool_calls", self.calls.into());
        }
        if let Some(seal) = self.seal {
            put("extra_content", seal);
        }
        merge(&mut message, self.fields);
        Value::Object(message)
    }

    fn content(&mut self, writer: &Parts<'_, '_>) -> Value {
        let written = std::mem::take(&mut self.content);
        if written.is_empty() {
            let stands_alone = self.calls.is_empty()
                && self.refusal.is_empty()
                && !self.fields.contains_key("audio");
            return if stands_alone { "".into() } else { Value::Null };
        }
        let keeps_list = writer.own && !writer.target.quirks.text_only_content;
        let texts: Option<Vec<&str>> = written.iter().map(plain_text).collect();
        match texts {
            Some(texts) if !keeps_list => texts.concat().into(),
            _ => writer.joined(written),
        }
    }
}

/// Arguments as servers with templates can read them: the text of an object.
fn object_text(arguments: String, notes: &mut Notes) -> String {
    let text = arguments.trim();
    if text.is_empty() {
        return "{}".to_owned();
    }
    let is_object = text.starts_with('{') && serde_json::from_str::<&RawValue>(text).is_ok();
    if is_object {
        return arguments;
    }
    notes.degraded(
        "tool_calls.arguments",
        "they are not a JSON object: sent within one",
    );
    json!({"_raw": arguments}).to_string()
}
