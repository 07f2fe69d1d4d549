//! The conversation: its turns, and what they are made of.
//!
//! Promises: neighbours of one role are one turn, as a writer may make of them, whatever way a
//! dialect cuts them up. Attachments count by their content; one that is only an address or an id
//! counts by that, and [`super::super::Cacheability`] says so. What says nothing is passed over.

use serde_json::Value;

use super::calls::Calls;
use super::ink::Ink;
use super::{extras, owner};
use crate::Dialect;
use crate::hub::{
    Kind, Media, MediaKind, Message, Part, Reasoning, Role, Sealed, Source, ToolCall, ToolResult,
};

/// Before a turn, and before each of its parts.
const TURN: u8 = 1;
const PART: u8 = 2;
const END: u8 = 0;

pub(super) fn messages<'a>(ink: &mut Ink, messages: &'a [Message], calls: &mut Calls<'a>) {
    for (_, begins, message) in speaking(messages) {
        let Message {
            role,
            parts,
            name,
            extras: rest,
        } = message;
        if begins {
            ink.mark(TURN);
            ink.mark(self::role(*role));
            ink.maybe(name.as_ref(), |ink, name| ink.text(name));
            extras(ink, rest, |owner, key| is_silent(Some(owner), key));
        }
        self::parts(ink, parts, calls);
    }
    ink.mark(END);
}

/// The messages that say something: their places, and whether each begins a turn.
fn speaking(messages: &[Message]) -> impl Iterator<Item = (usize, bool, &Message)> {
    let mut before = None;
    messages
        .iter()
        .enumerate()
        .filter_map(move |(at, message)| {
            let Message {
                role,
                parts,
                name,
                extras,
            } = message;
            let silent = |key: &String| is_silent(extras.owner, key);
            let is_plain = name.is_none() && extras.fields.keys().all(silent);
            if is_plain && !parts.iter().any(says) {
                return None;
            }
            let begins = !is_plain || before != Some(*role);
            // One with words of its own is not gone on with.
            before = is_plain.then_some(*role);
            Some((at, begins, message))
        })
}

/// A conversation cut between turns.
pub(super) struct Sections<'a> {
    /// The operator's words at the front.
    pub(super) system: &'a [Message],
    pub(super) between: &'a [Message],
    /// The last turn, unless it is the operator's at the front.
    pub(super) last: &'a [Message],
}

pub(super) fn sections(messages: &[Message]) -> Sections<'_> {
    let is_operator = |role| matches!(role, Role::System | Role::Developer);
    let (mut front, mut last) = (None, 0);
    for (at, begins, message) in speaking(messages) {
        if begins {
            last = at;
        }
        if front.is_none() && !is_operator(message.role) {
            front = Some(at);
        }
    }
    let (system, rest) = messages.split_at(front.unwrap_or(messages.len()));
    let (between, last) = rest.split_at(last.saturating_sub(system.len()).min(rest.len()));
    Sections {
        system,
        between,
        last,
    }
}

/// Fields that tell a dialect where a message stood, or under which id it is kept there.
fn is_silent(owner: Option<Dialect>, key: &str) -> bool {
    owner == Some(Dialect::Responses) && matches!(key, "id" | "instructions" | "status")
}

/// The same of a part, and marks of cached prefixes. A result's name is its call's.
fn is_silent_in_part(owner: Dialect, key: &str) -> bool {
    match key {
        "cache_control" | "prompt_cache_breakpoint" => true,
        "id" | "name" | "status" => owner == Dialect::Responses,
        _ => false,
    }
}

fn says(part: &Part) -> bool {
    !matches!(&part.kind, Kind::Text(text) if text.is_empty() && part.sealed.is_none())
}

fn role(role: Role) -> u8 {
    match role {
        Role::System => 1,
        Role::Developer => 2,
        Role::User => 3,
        Role::Assistant => 4,
        Role::Tool => 5,
    }
}

fn parts<'a>(ink: &mut Ink, parts: &'a [Part], calls: &mut Calls<'a>) {
    for part in parts.iter().filter(|part| says(part)) {
        let Part {
            kind,
            cache: _,
            sealed,
            extras: rest,
        } = part;
        ink.mark(PART);
        self::kind(ink, kind, rest.owner, calls);
        ink.maybe(sealed.as_ref(), self::sealed);
        extras(ink, rest, is_silent_in_part);
    }
}

fn kind<'a>(ink: &mut Ink, kind: &'a Kind, of: Option<Dialect>, calls: &mut Calls<'a>) {
    match kind {
        Kind::Text(text) => {
            ink.mark(1);
            ink.text(text);
        }
        Kind::Media(media) => {
            ink.mark(2);
            self::media(ink, media);
        }
        Kind::ToolCall(call) => {
            ink.mark(3);
            self::call(ink, call);
            calls.made(&call.id);
        }
        Kind::ToolResult(result) => {
            ink.mark(4);
            self::result(ink, result, calls);
        }
        Kind::Reasoning(thought) => {
            ink.mark(5);
            self::thought(ink, thought);
        }
        Kind::Refusal(text) => {
            ink.mark(6);
            ink.text(text);
        }
        Kind::Opaque(value) => {
            ink.mark(7);
            owner(ink, of);
            ink.json(value);
        }
    }
}

fn media(ink: &mut Ink, media: &Media) {
    let Media {
        kind,
        source,
        mime,
        name,
        detail,
    } = media;
    ink.mark(match kind {
        MediaKind::Image => 1,
        MediaKind::Audio => 2,
        MediaKind::Video => 3,
        MediaKind::Document => 4,
    });
    match source {
        Source::Base64(bytes) => {
            ink.mark(1);
            ink.text(bytes);
        }
        Source::Url(url) => {
            ink.mark(2);
            ink.text(url);
        }
        Source::Text(text) => {
            ink.mark(3);
            ink.text(text);
        }
        Source::FileId(id, of) => {
            ink.mark(4);
            ink.text(of.name());
            ink.text(id);
        }
    }
    for word in [mime, name, detail] {
        ink.maybe(word.as_ref(), |ink, word| ink.text(word));
    }
}

fn call(ink: &mut Ink, call: &ToolCall) {
    let ToolCall {
        // Its number says the same.
        id: _,
        name,
        namespace,
        arguments,
        custom,
    } = call;
    ink.text(name);
    ink.maybe(namespace.as_ref(), |ink, word| ink.text(word));
    ink.flag(*custom);
    match serde_json::from_str(arguments) {
        Ok(value @ Value::Object(_)) if !custom => {
            ink.mark(1);
            ink.json(&value);
        }
        _ => {
            ink.mark(2);
            ink.text(arguments);
        }
    }
}

fn result<'a>(ink: &mut Ink, result: &'a ToolResult, calls: &mut Calls<'a>) {
    let ToolResult {
        call_id,
        name,
        parts,
        is_error,
        custom,
    } = result;
    let call = calls.answered(call_id);
    ink.maybe(call.as_ref(), |ink, call| ink.count(*call));
    if call.is_none() {
        ink.text(call_id);
        // Otherwise the call has it.
        ink.maybe(name.as_ref(), |ink, name| ink.text(name));
    }
    ink.flag(*is_error);
    ink.flag(*custom);
    self::parts(ink, parts, calls);
    ink.mark(END);
}

fn thought(ink: &mut Ink, thought: &Reasoning) {
    let Reasoning {
        text,
        summary,
        sealed,
        hidden,
        // The vendor finds the thought by it.
        id,
    } = thought;
    ink.text(text);
    ink.list(summary, |ink, text| ink.text(text));
    ink.maybe(sealed.as_ref(), self::sealed);
    ink.flag(*hidden);
    ink.maybe(id.as_ref(), |ink, id| ink.text(id));
}

fn sealed(ink: &mut Ink, sealed: &Sealed) {
    let Sealed {
        dialect,
        issuer,
        data,
    } = sealed;
    ink.text(dialect.name());
    ink.maybe(issuer.as_ref(), |ink, issuer| ink.text(issuer));
    ink.text(data);
}
