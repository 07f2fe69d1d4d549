//! Messages, written for a provider.
//!
//! Promises: one tool message a result; a picture in a result follows in a user message behind
//! all results of its turn, as tool messages hold text only. Neighbouring pieces of one assistant
//! turn become one message, as its calls must stand together; a caller of this dialect gets its
//! own messages, uncounted. Leaves out: the order of results, ids and names (`fit`).

use serde_json::{Map, Value};

use super::assistant_out::Turn;
use super::fields::merge;
use super::parts_out::{Parts, said, word};
use crate::Dialect;
use crate::hub::{Extras, Kind, Media, Message, Notes, Part, Refused, Role, Target, ToolResult};
use crate::json::object;

pub(super) fn messages(
    messages: Vec<Message>,
    own: bool,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Vec<Value>, Refused> {
    let mut writer = Writer {
        parts: Parts { own, target },
        notes,
        written: Vec::with_capacity(messages.len()),
        turn: None,
        media: Vec::new(),
    };
    for message in messages {
        writer.message(message)?;
    }
    writer.end_turn();
    writer.show_media()?;
    Ok(writer.written)
}

struct Writer<'a, 't, 'n> {
    parts: Parts<'a, 't>,
    notes: &'n mut Notes,
    written: Vec<Value>,
    /// An assistant's turn, until something else follows.
    turn: Option<Turn>,
    /// Media of the results so far, each with the call it answers.
    media: Vec<(String, Media)>,
}

impl Writer<'_, '_, '_> {
    fn message(&mut self, message: Message) -> Result<(), Refused> {
        if message.role != Role::Assistant {
            self.end_turn();
        }
        if message.role != Role::Tool {
            self.show_media()?;
        }
        let role = match message.role {
            Role::Assistant => return self.assistant(message),
            Role::Tool => return self.results(message),
            Role::User => "user",
            Role::Developer if !self.parts.target.quirks.no_developer => "developer",
            Role::System | Role::Developer => "system",
        };
        let mut fields = Map::new();
        fields.insert("role".to_owned(), role.into());
        let content = self.parts.content(message.parts, self.notes)?;
        fields.insert("content".to_owned(), content);
        self.name(&mut fields, message.name);
        self.extras(&mut fields, message.extras);
        self.written.push(Value::Object(fields));
        Ok(())
    }

    fn assistant(&mut self, mut message: Message) -> Result<(), Refused> {
        if self.parts.own {
            self.end_turn();
        }
        let parts = std::mem::take(&mut message.parts);
        let turn = self.turn.get_or_insert_default();
        turn.begin();
        for part in parts {
            turn.take(part, &self.parts, self.notes)?;
        }
        let mut fields = Map::new();
        self.name(&mut fields, message.name);
        self.extras(&mut fields, message.extras);
        if let Some(turn) = &mut self.turn {
            merge(&mut turn.fields, fields);
        }
        Ok(())
    }

    fn end_turn(&mut self) {
        if let Some(turn) = self.turn.take() {
            self.written.push(turn.written(&self.parts));
        }
    }

    fn results(&mut self, message: Message) -> Result<(), Refused> {
        let mut extras = Some(message.extras);
        for part in message.parts {
            match part.kind {
                Kind::ToolResult(result) => {
                    let extras = [extras.take().unwrap_or_default(), part.extras];
                    self.result(result, extras)?;
                }
                _ => self
                    .notes
                    .refuse("messages.tool", "it holds more than results")?,
            }
        }
        Ok(())
    }

    fn result(&mut self, mut result: ToolResult, extras: [Extras; 2]) -> Result<(), Refused> {
        let mut parts = Vec::with_capacity(result.parts.len());
        for part in std::mem::take(&mut result.parts) {
            match part.kind {
                // A caller of this dialect that writes media here knows its provider.
                Kind::Media(media) if !self.parts.own => {
                    let kind = word(media.kind);
                    self.notes.equivalent(
                        format!("tool_result.{kind}"),
                        "tool messages hold text only: a user message behind them shows it",
                    );
                    parts.push(Part::text(format!("[{kind}: see next message]")));
                    self.media.push((result.call_id.clone(), media));
                }
                kind => parts.push(Part { kind, ..part }),
            }
        }
        if result.is_error {
            mark_error(&mut parts);
            let why = "there is no such mark: the text says so";
            self.notes.degraded("tool_result.is_error", why);
        }
        let content = self.parts.content(parts, self.notes)?;
        let mut fields = Map::new();
        fields.insert("role".to_owned(), "tool".into());
        fields.insert("tool_call_id".to_owned(), result.call_id.into());
        let names = self.parts.own || self.parts.target.quirks.names_tool_results;
        if let Some(name) = result.name.filter(|_| names) {
            fields.insert("name".to_owned(), name.into());
        }
        fields.insert("content".to_owned(), content);
        for extras in extras {
            self.extras(&mut fields, extras);
        }
        self.written.push(Value::Object(fields));
        Ok(())
    }

    /// Shows what tool messages can't hold.
    fn show_media(&mut self) -> Result<(), Refused> {
        let mut content = Vec::new();
        for (call_id, media) in std::mem::take(&mut self.media) {
            let shown = self.parts.part(Part::new(Kind::Media(media)), self.notes)?;
            if let Some(shown) = shown {
                let text = format!("Result of tool call {call_id}:");
                content.push(said(text));
                content.push(shown);
            }
        }
        if !content.is_empty() {
            let message = object([("role", "user".into()), ("content", content.into())]);
            self.written.push(message);
        }
        Ok(())
    }

    fn name(&mut self, fields: &mut Map<String, Value>, name: Option<String>) {
        const NAME: &str = "messages.name";
        let Some(name) = name else { return };
        if self
            .parts
            .target
            .quirks
            .refuses
            .iter()
            .any(|field| field == NAME)
        {
            return self.notes.dropped(NAME, "the provider refuses this field");
        }
        fields.insert("name".to_owned(), name.into());
    }

    fn extras(&mut self, fields: &mut Map<String, Value>, extras: Extras) {
        if extras.owner == Some(Dialect::OpenAi) {
            return merge(fields, extras.fields);
        }
        for key in extras.fields.keys() {
            let what = format!("messages.{key}");
            self.notes
                .dropped(what, "Chat Completions has no such field");
        }
    }
}

/// Says in words that a tool failed.
fn mark_error(parts: &mut Vec<Part>) {
    const MARK: &str = "Error: ";
    for part in parts.iter_mut() {
        if let Kind::Text(text) = &mut part.kind {
            if !text.starts_with(MARK) {
                text.insert_str(0, MARK);
            }
            return;
        }
    }
    parts.insert(0, Part::text(MARK.trim_end()));
}
