//! The turns of a conversation in the order this dialect wants them.
//!
//! Promises: results of tools follow the turn that called, before anything else of their turn;
//! neighbours of one role are one turn; system text stands in the middle only where the model
//! takes it there (behind a user's turn, before the model's or at the end), and is a user's block
//! in a tag elsewhere; the last turn ends without blanks.

use serde_json::{Map, Value};

use super::content_out::{block, own, short, text};
use crate::hub::{Kind, Message, Notes, Refused, Role, Target};

/// The conversation, as it is written.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// The blocks of the field `system`.
    pub(super) system: Vec<Value>,
    turns: Vec<Turn>,
}

#[derive(Debug)]
struct Turn {
    role: Role,
    /// Results of tools, which come first.
    results: Vec<Value>,
    blocks: Vec<Value>,
    /// The message's own fields.
    fields: Map<String, Value>,
}

impl Turns {
    pub(super) fn of(
        messages: Vec<Message>,
        target: &Target<'_>,
        notes: &mut Notes,
    ) -> Result<Turns, Refused> {
        let mut out = Turns::default();
        let mut at_front = true;
        for message in messages {
            at_front &= matches!(message.role, Role::System | Role::Developer)
                && message.extras.fields.is_empty();
            out.take(message, at_front, target, notes)?;
        }
        out.begin(notes);
        merge(&mut out.turns);
        out.place_system(target.traits.mid_system == Some(true), notes);
        merge(&mut out.turns);
        out.end(target.traits.prefill == Some(false), notes)?;
        Ok(out)
    }

    /// Whether the conversation ends with the model's words, to be gone on from.
    pub(super) fn is_prefilled(&self) -> bool {
        self.turns.last().is_some_and(|turn| {
            let is_plain = |block: &Value| {
                matches!(
                    block["type"].as_str(),
                    Some("text" | "thinking" | "redacted_thinking")
                )
            };
            turn.role == Role::Assistant
                && turn.blocks.iter().all(is_plain)
                && turn
                    .blocks
                    .last()
                    .is_some_and(|last| last["type"] == "text")
        })
    }

    /// Whether the model is amid a row of calls that began without a thought of its own. It can't
    /// be made to think then.
    pub(super) fn calls_without_thought(&self) -> bool {
        let turns = &self.turns;
        let goes_on = turns.last().is_some_and(|turn| !turn.results.is_empty());
        let caller = turns.iter().rev().find(|turn| turn.role == Role::Assistant);
        goes_on
            && caller.is_some_and(|turn| {
                let first = turn.blocks.first().map(|block| &block["type"]);
                !first.is_some_and(|name| name == "thinking" || name == "redacted_thinking")
            })
    }

    /// The value of `messages`.
    pub(super) fn into_messages(self) -> Vec<Value> {
        let turns = self.turns.into_iter();
        turns
            .map(|mut turn| {
                let mut message = Map::new();
                let role = match turn.role {
                    Role::Assistant => "assistant",
                    Role::System | Role::Developer => "system",
                    Role::User | Role::Tool => "user",
                };
                message.insert("role".to_owned(), role.into());
                turn.results.append(&mut turn.blocks);
                let content = short(turn.results).unwrap_or_else(|| Value::Array(Vec::new()));
                message.insert("content".to_owned(), content);
                message.extend(turn.fields);
                Value::Object(message)
            })
            .collect()
    }

    fn take(
        &mut self,
        message: Message,
        at_front: bool,
        target: &Target<'_>,
        notes: &mut Notes,
    ) -> Result<(), Refused> {
        if message.name.is_some() {
            notes.dropped("messages.name", "Anthropic has no names of speakers");
        }
        let role = message.role;
        let mut blocks = Vec::with_capacity(message.parts.len());
        let mut results = Vec::new();
        for part in message.parts {
            let is_result = matches!(part.kind, Kind::ToolResult(_));
            let written = block(part, role, target, notes)?;
            if is_result {
                results.extend(written);
            } else {
                blocks.extend(written);
            }
        }
        let mut fields = Map::new();
        own(&mut fields, message.extras, "messages", notes);
        if at_front && fields.is_empty() {
            self.system.append(&mut blocks);
            return Ok(());
        }
        if blocks.is_empty() && results.is_empty() {
            return Ok(());
        }
        let role = match role {
            Role::Tool => Role::User,
            Role::Developer => Role::System,
            role => role,
        };
        let turn = Turn {
            role,
            results,
            blocks,
            fields,
        };
        if turn.results.is_empty() {
            self.turns.push(turn);
        } else {
            self.answer(turn);
        }
        Ok(())
    }

    /// Results go right behind the turn that called, in front of system text that came between.
    fn answer(&mut self, turn: Turn) {
        let behind = self
            .turns
            .iter()
            .rposition(|before| before.role != Role::System)
            .map_or(0, |at| at + 1);
        self.turns.insert(behind, turn);
    }

    /// A conversation of system text alone: its last text is what is asked.
    fn begin(&mut self, notes: &mut Notes) {
        if self.turns.is_empty()
            && let Some(last) = self.system.pop()
        {
            let why = "Anthropic wants a user's turn: the last system text is written as one";
            notes.degraded("messages.system", why);
            self.turns.push(user(vec![last]));
        }
    }

    /// System text that can't stand where it is becomes a user's, in a tag.
    fn place_system(&mut self, is_taken: bool, notes: &mut Notes) {
        let roles: Vec<Role> = self.turns.iter().map(|turn| turn.role).collect();
        for (at, turn) in self.turns.iter_mut().enumerate() {
            if turn.role != Role::System {
                continue;
            }
            let before = at.checked_sub(1).and_then(|before| roles.get(before));
            let fits = before == Some(&Role::User)
                && matches!(roles.get(at + 1), None | Some(Role::Assistant));
            if is_taken && fits {
                continue;
            }
            let why =
                "system text in the middle of a conversation is written as a user's, in a tag";
            notes.degraded("messages.system", why);
            turn.role = Role::User;
            turn.fields = Map::new();
            for block in &mut turn.blocks {
                if let Some(Value::String(text)) = block.get_mut("text") {
                    *text = format!("<system>\n{text}\n</system>");
                }
            }
        }
    }

    /// The model's unfinished words can't end in blanks, and not every model goes on from them.
    fn end(&mut self, refuses: bool, notes: &mut Notes) -> Result<(), Refused> {
        if refuses && self.is_prefilled() {
            let why = "this model can't go on from an unfinished answer";
            notes.refuse("prefill", why)?;
            self.turns.pop();
            return Ok(());
        }
        let Some(last) = self.turns.last_mut() else {
            return Ok(());
        };
        if last.role != Role::Assistant {
            return Ok(());
        }
        if let Some(Value::String(text)) = last.blocks.last_mut().and_then(|b| b.get_mut("text")) {
            text.truncate(text.trim_end().len());
            if text.is_empty() {
                last.blocks.pop();
            }
        }
        if last.blocks.is_empty() && last.results.is_empty() {
            self.turns.pop();
        }
        Ok(())
    }
}

/// A system text of ours, at the end of those at the front.
pub(super) fn instruction(turns: &mut Turns, words: String) {
    turns.system.push(Value::Object(text(words)));
}

fn user(blocks: Vec<Value>) -> Turn {
    Turn {
        role: Role::User,
        results: Vec::new(),
        blocks,
        fields: Map::new(),
    }
}

/// Makes neighbours of one role one, unless both have fields of their own.
fn merge(turns: &mut Vec<Turn>) {
    let mut merged: Vec<Turn> = Vec::with_capacity(turns.len());
    for mut turn in turns.drain(..) {
        match merged.last_mut() {
            Some(last)
                if last.role == turn.role && (last.fields.is_empty() || turn.fields.is_empty()) =>
            {
                last.results.append(&mut turn.results);
                last.blocks.append(&mut turn.blocks);
                last.fields.append(&mut turn.fields);
            }
            _ => merged.push(turn),
        }
    }
    *turns = merged;
}
