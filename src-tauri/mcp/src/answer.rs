//! What a server's tool says: an answer, or what went wrong.

use serde_json::Value;

/// A tool's answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Its words. What is no text is named in brackets, as left out.
    pub text: String,
    /// Its structured content, if it has any.
    pub structured: Option<Value>,
}

/// A call that came to nothing. The message says what happened and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Trouble {
    /// Of which kind.
    pub kind: TroubleKind,
    /// For people.
    pub message: String,
}

impl Trouble {
    pub(crate) fn new(kind: TroubleKind, message: impl Into<String>) -> Trouble {
        let message = message.into();
        Trouble { kind, message }
    }

    pub(crate) fn unavailable(message: impl Into<String>) -> Trouble {
        Trouble::new(TroubleKind::Unavailable, message)
    }
}

/// Why a call came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TroubleKind {
    /// The arguments are not what the tool takes.
    BadInput,
    /// The tool says that it failed.
    NoAnswer,
    /// It took too long.
    TooLong,
    /// It said more than it may.
    TooMuch,
    /// The config does not allow this tool.
    NotGranted,
    /// The server died, is not there, speaks something else, or is busy.
    Unavailable,
}

/// What strangers say, as a part of a sentence of ours: one line, without control characters, not too long.
pub(crate) fn quoted(said: &str, most: usize) -> String {
    let mut line = String::new();
    for word in said.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > most {
            cut(&mut line, most);
            line.push('…');
            break;
        }
    }
    line
}

/// Cuts a text to `most` bytes, between characters.
pub(crate) fn cut(text: &mut String, most: usize) {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
}
