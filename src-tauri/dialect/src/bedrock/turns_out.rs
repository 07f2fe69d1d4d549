//! The conversation: system text, and turns of user and assistant by turns.
//!
//! Promises: neighbours of one role are one turn, the first turn is the user's, and in a turn
//! the results of tools come before everything else.

use serde_json::{Map, Value, json};

use super::cache_out::{self, Marks};
use super::family::Family;
use super::media_out::{self, Names};
use super::request_out::dropped_all;
use crate::Dialect;
use crate::fields;
use crate::hub::{Kind, Message, Notes, Part, Reasoning, Refused, Role, Target, ToolResult};
use crate::json::object;

/// Text of a turn that must be there and has nothing to say.
const NOTHING: &str = "...";

/// Splits the messages into leading system text and the rest.
pub(super) fn split(messages: Vec<Message>) -> (Vec<Message>, Vec<Message>) {
    let is_system = |message: &Message| matches!(message.role, Role::System | Role::Developer);
    let mut system = messages;
    let lead = system
        .iter()
        .position(|message| !is_system(message))
        .unwrap_or(system.len());
    let turns = system.split_off(lead);
    (system, turns)
}

/// `system`.
pub(super) fn system(
    messages: Vec<Message>,
    marks: &mut Marks,
    notes: &mut Notes,
) -> Result<Vec<Value>, Refused> {
    let mut blocks = Vec::new();
    for message in messages {
        of_message(&message, notes);
        for part in message.parts {
            let mark = marks.block(cache_out::of_part(&part));
            dropped_all("messages", &part.extras.fields, notes);
            match part.kind {
                Kind::Text(text) => blocks.push(object([("text", text.into())])),
                _ => notes.refuse(
                    "messages.system",
                    "Bedrock Converse takes system messages of text only.",
                )?,
            }
            blocks.extend(mark);
        }
    }
    Ok(blocks)
}

/// `messages`.
pub(super) fn messages(
    messages: Vec<Message>,
    marks: &mut Marks,
    target: &Target<'_>,
    family: Family,
    notes: &mut Notes,
) -> Result<Vec<Value>, Refused> {
    let mut writer = Writer {
        turns: Vec::new(),
        names: Names::default(),
        marks,
        target,
        family,
        notes,
    };
    for message in messages {
        writer.message(message)?;
    }
    writer.finished()
}

#[derive(Debug)]
struct Turn {
    role: &'static str,
    content: Vec<Value>,
    /// Where the results of tools end.
    results: usize,
}

struct Writer<'a> {
    turns: Vec<Turn>,
    names: Names,
    marks: &'a mut Marks,
    target: &'a Target<'a>,
    family: Family,
    notes: &'a mut Notes,
}

fn of_message(message: &Message, notes: &mut Notes) {
    if message.name.is_some() {
        notes.dropped(
            "messages.name",
            "Bedrock Converse has no names of speakers.",
        );
    }
    dropped_all("messages", &message.extras.fields, notes);
}

impl Writer<'_> {
    fn message(&mut self, message: Message) -> Result<(), Refused> {
        of_message(&message, self.notes);
        let role = match message.role {
            Role::User | Role::Tool => "user",
            Role::Assistant => "assistant",
            Role::System | Role::Developer => self.late_system(),
        };
        let wrapped = role == "user" && matches!(message.role, Role::System | Role::Developer);
        for part in message.parts {
            let mark = self.marks.block(cache_out::of_part(&part));
            let is_result = matches!(part.kind, Kind::ToolResult(_));
            let block = match part.kind {
                Kind::Text(text) if wrapped => {
                    dropped_all("messages", &part.extras.fields, self.notes);
                    Some(object([(
                        "text",
                        format!("<system>\n{text}\n</system>").into(),
                    )]))
                }
                kind => self.block(Part { kind, ..part }, role)?,
            };
            if let Some(block) = block {
                self.push(role, block, mark, is_result);
            }
        }
        Ok(())
    }

    /// The role of a system message in the middle. It may stand behind a user's turn alone.
    fn late_system(&mut self) -> &'static str {
        let behind_user = self
            .turns
            .last()
            .is_some_and(|turn| turn.role != "assistant");
        if self.target.traits.mid_system == Some(true) && behind_user {
            return "system";
        }
        self.notes.degraded(
            "messages.system",
            "The model takes system text at the start only: later text is a marked part of the user's turn.",
        );
        "user"
    }

    fn push(&mut self, role: &'static str, block: Value, mark: Option<Value>, is_result: bool) {
        if self.turns.last().is_none_or(|turn| turn.role != role) {
            self.turns.push(Turn {
                role,
                content: Vec::new(),
                results: 0,
            });
        }
        let Some(turn) = self.turns.last_mut() else {
            return;
        };
        let blocks = std::iter::once(block).chain(mark);
        if is_result {
            let at = turn.results;
            let before = turn.content.len();
            turn.content.splice(at..at, blocks);
            turn.results += turn.content.len() - before;
        } else {
            turn.content.extend(blocks);
        }
    }

    fn block(&mut self, part: Part, role: &str) -> Result<Option<Value>, Refused> {
        if let Kind::Media(media) = part.kind {
            if role != "user" {
                self.notes.refuse(
                    "messages.content",
                    "Bedrock Converse takes media in the user's turns only.",
                )?;
                return Ok(None);
            }
            return self.media(media, part.extras);
        }
        if !matches!(part.kind, Kind::Opaque(_)) {
            dropped_all("messages", &part.extras.fields, self.notes);
        }
        Ok(match part.kind {
            Kind::Text(text) | Kind::Refusal(text) => {
                (!text.is_empty()).then(|| object([("text", text.into())]))
            }
            Kind::ToolCall(call) => {
                let input = self.arguments(&call.arguments);
                let call = [
                    ("toolUseId", call.id.into()),
                    ("name", call.name.into()),
                    ("input", input),
                ];
                Some(object([("toolUse", object(call))]))
            }
            Kind::ToolResult(result) => Some(self.result(result)?),
            Kind::Reasoning(thought) => self.thought(thought),
            Kind::Opaque(value) => {
                self.notes.refuse(
                    format!("messages.{}", kind_word(&value)),
                    "Bedrock Converse has no such part.",
                )?;
                None
            }
            Kind::Media(_) => None,
        })
    }

    fn media(
        &mut self,
        media: crate::hub::Media,
        extras: crate::hub::Extras,
    ) -> Result<Option<Value>, Refused> {
        let hears = self.target.traits.audio == Some(true);
        media_out::block(media, extras, &mut self.names, hears, self.notes)
    }

    /// Arguments as the object Converse wants.
    fn arguments(&mut self, text: &str) -> Value {
        let (arguments, good) = fields::arguments(text);
        if !good {
            self.notes.degraded(
                "tool_calls.arguments",
                "A call's arguments are not a JSON object: they travel as the text `_raw` of one.",
            );
        }
        Value::Object(arguments)
    }

    fn result(&mut self, result: ToolResult) -> Result<Value, Refused> {
        let mut content = Vec::with_capacity(result.parts.len());
        for part in result.parts {
            match part.kind {
                Kind::Text(text) | Kind::Refusal(text) => {
                    content.push(object([("text", text.into())]));
                }
                Kind::Media(media) if media.kind == crate::hub::MediaKind::Audio => {
                    self.notes.refuse(
                        "tool_result.audio",
                        "A tool's result can't hold sound in Bedrock Converse.",
                    )?;
                }
                Kind::Media(media) => content.extend(self.media(media, part.extras)?),
                _ => self.notes.refuse(
                    "tool_result.content",
                    "A tool's result holds text and media only in Bedrock Converse.",
                )?,
            }
        }
        let mut block = Map::new();
        block.insert("toolUseId".to_owned(), result.call_id.into());
        if result.is_error && !self.family.takes_result_status() {
            self.notes.degraded(
                "tool_result.is_error",
                "The model takes no mark of failure: the text says it.",
            );
            content.insert(0, json!({"text": "Error:"}));
        }
        block.insert("content".to_owned(), content.into());
        if result.is_error && self.family.takes_result_status() {
            block.insert("status".to_owned(), "error".into());
        }
        Ok(object([("toolResult", Value::Object(block))]))
    }

    /// A thought with its signature; one without is taken by models that sign nothing.
    fn thought(&mut self, thought: Reasoning) -> Option<Value> {
        let Reasoning {
            text,
            sealed,
            hidden,
            ..
        } = thought;
        let sealed = sealed.filter(|sealed| sealed.is_of(Dialect::Bedrock, self.target.provider));
        let content = match sealed {
            Some(sealed) if hidden => object([("redactedContent", sealed.data.into())]),
            Some(sealed) => {
                let thought = [("text", text.into()), ("signature", sealed.data.into())];
                object([("reasoningText", object(thought))])
            }
            None if self.target.quirks.replays_reasoning && !hidden => {
                object([("reasoningText", object([("text", text.into())]))])
            }
            None => {
                self.notes.dropped(
                    "messages.reasoning",
                    "A thought without the model's own signature is not taken back.",
                );
                return None;
            }
        };
        Some(object([("reasoningContent", content)]))
    }

    fn finished(mut self) -> Result<Vec<Value>, Refused> {
        self.end_of_prefill()?;
        let opening = self.turns.first().map(|turn| turn.role);
        if opening != Some("user") {
            self.notes.degraded(
                "messages",
                "Bedrock Converse begins with the user: a turn without words was put first.",
            );
            self.turns.insert(
                0,
                Turn {
                    role: "user",
                    content: vec![json!({"text": NOTHING})],
                    results: 0,
                },
            );
        }
        let written = self.turns.into_iter().map(|mut turn| {
            add_needed_text(&mut turn, self.notes);
            object([("role", turn.role.into()), ("content", turn.content.into())])
        });
        Ok(written.collect())
    }

    /// An unfinished answer at the end is for the model to go on with.
    fn end_of_prefill(&mut self) -> Result<(), Refused> {
        let Some(last) = self.turns.last_mut() else {
            return Ok(());
        };
        if last.role != "assistant" {
            return Ok(());
        }
        if self.target.traits.prefill == Some(false) {
            self.notes.refuse(
                "messages",
                "The model does not go on with an unfinished answer: the last message must be the user's.",
            )?;
        }
        let text = last
            .content
            .last_mut()
            .and_then(|block| block.get_mut("text"));
        if let Some(Value::String(text)) = text {
            text.truncate(text.trim_end().len());
            if text.is_empty() {
                last.content.pop();
            }
        }
        if last.content.is_empty() {
            self.turns.pop();
        }
        Ok(())
    }
}

/// A document is only taken beside a text.
fn add_needed_text(turn: &mut Turn, notes: &mut Notes) {
    let has = |key: &str| turn.content.iter().any(|block| block.get(key).is_some());
    if has("document") && !has("text") {
        notes.equivalent(
            "messages.document",
            "Bedrock Converse wants a text beside a document: one without words was added.",
        );
        turn.content.push(json!({"text": NOTHING}));
    }
}

/// The type of a part we do not know, for a note.
fn kind_word(value: &Value) -> &str {
    value.get("type").and_then(Value::as_str).unwrap_or("part")
}
