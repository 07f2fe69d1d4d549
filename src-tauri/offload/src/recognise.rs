//! What is a task for a tool, told from the message alone.
//!
//! Promises: the whole message is a task, or nothing is: each grammar begins at the first letter and ends at
//! the last, and no model, guess or fragment has a say. What could be meant otherwise is left to the model:
//! a wrong interception is worse than none. English only. Pure; bounded by [`MESSAGE`], without recursion;
//! most messages are turned down at their first word.
//!
//! The grammars, each written out at the top of its file: [`arithmetic`], [`named`] (percent, roots, powers),
//! [`bases`], [`units`], [`dates`], [`quoted`] (digests, encodings), [`json`]. `docs/recognition.md`
//! tells them for people.
//!
//! Leaves out whether a conversation has earlier turns, which may give a message another meaning, and who may
//! use which tool (`engine`).

mod arithmetic;
mod bases;
mod dates;
mod json;
mod lead;
mod named;
mod number;
mod place;
mod quoted;
#[cfg(test)]
mod tests;
mod units;

use serde_json::Value;

use crate::Tool;
use place::{Miss, Place, Reason};

/// The longest message that is read, in bytes.
pub const MESSAGE: usize = 16 * 1_024;

/// The longest expression, in bytes.
const EXPRESSION: usize = 800;

/// The longest word that a refusal repeats.
const WORD: usize = 24;

/// A message that is a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Recognised {
    /// Whose.
    pub tool: Tool,
    /// What it takes.
    pub arguments: Value,
    /// By what it is one, for people.
    pub why: String,
}

/// A message that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct NotRecognised {
    /// The grammar that came furthest, where one got beyond the first word.
    pub nearest: Option<&'static str>,
    /// Where it ended, in bytes of the message.
    pub at: usize,
    /// Why, for people.
    pub why: String,
}

type Grammar = for<'a> fn(Place<'a>) -> Result<Recognised, Miss>;

const GRAMMARS: [(&str, Grammar); 7] = [
    ("arithmetic", arithmetic::read),
    ("named computations", named::read),
    ("bases", bases::read),
    ("units", units::read),
    ("dates", dates::read),
    ("quoted text", quoted::read),
    ("JSON", json::read),
];

/// Tells whether a message is a task for a tool, and which.
///
/// # Errors
/// It is none, or could be something else; with the grammar that came nearest, and where it ended.
pub fn recognise(message: &str) -> Result<Recognised, NotRecognised> {
    if message.len() > MESSAGE {
        return Err(NotRecognised {
            nearest: None,
            at: 0,
            why: "The message is longer than 16 KiB.".to_owned(),
        });
    }
    let text = message.trim();
    if text.is_empty() {
        return Err(NotRecognised {
            nearest: None,
            at: 0,
            why: "The message is empty.".to_owned(),
        });
    }
    let place = Place::new(text);
    let mut nearest = ("", place.miss("a task"));
    for (name, read) in GRAMMARS {
        match read(place) {
            Ok(recognised) => return Ok(recognised),
            Err(miss) if miss.is_nearer_than(&nearest.1) => nearest = (name, miss),
            Err(_) => {}
        }
    }
    let begins = message.len() - message.trim_start().len();
    Err(told(text, begins, nearest))
}

impl Miss {
    /// A doubt is over something that fits as a whole.
    fn is_nearer_than(&self, other: &Miss) -> bool {
        let doubts = |miss: &Miss| matches!(miss.why, Reason::Doubtful(_));
        (doubts(self), self.at) > (doubts(other), other.at)
    }
}

/// Puts a miss into words.
fn told(text: &str, begins: usize, (name, miss): (&'static str, Miss)) -> NotRecognised {
    let rest = text.get(miss.at..).unwrap_or_default();
    let is_begun = miss.at > 0 || matches!(miss.why, Reason::Doubtful(_));
    let why = match miss.why {
        Reason::Doubtful(why) => {
            format!("It fits the grammar of {name}, but is left to the model: {why}.")
        }
        Reason::Wanted(_) if rest.starts_with(['\n', '\r']) => {
            "The message has more than one line.".to_owned()
        }
        Reason::Wanted(wanted) if rest.is_empty() => {
            format!("The message ends where the grammar of {name} wants {wanted}.")
        }
        Reason::Wanted(_) if !is_begun => {
            format!("No grammar begins with `{}`.", word(rest))
        }
        Reason::Wanted(wanted) => {
            format!(
                "`{}` is no part of the grammar of {name}, which wants {wanted} there.",
                word(rest)
            )
        }
    };
    NotRecognised {
        nearest: is_begun.then_some(name),
        at: begins + miss.at,
        why,
    }
}

/// The word that begins here, or as much of it as is worth telling.
fn word(rest: &str) -> &str {
    let is_over =
        |(at, c): &(usize, char)| c.is_whitespace() && *at > 0 || at + c.len_utf8() > WORD;
    let end = rest.char_indices().find(is_over);
    end.map_or(rest, |(at, _)| &rest[..at])
}
