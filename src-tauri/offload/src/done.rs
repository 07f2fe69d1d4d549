//! What a tool says: a result, or what went wrong.

use serde::Serialize;
use serde_json::Value;

/// A task that was done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Done {
    /// For programs: what structured output is made of.
    pub result: Value,
    /// For people and models: the answer in words, nothing else.
    pub text: String,
    /// How it was come to, where that is of use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working: Option<String>,
    /// What was printed on the way, apart from the result.
    #[serde(skip_serializing_if = "Output::is_empty")]
    pub output: Output,
}

impl Done {
    /// A result that is told as it is.
    pub fn text(text: impl Into<String>) -> Done {
        let text = text.into();
        Done {
            result: Value::String(text.clone()),
            text,
            working: None,
            output: Output::default(),
        }
    }
}

/// What was printed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Output {
    /// To standard output.
    pub stdout: String,
    /// To standard error.
    pub stderr: String,
    /// Some of it was left out, for its length.
    pub is_cut: bool,
}

impl Output {
    /// Nothing was printed.
    pub fn is_empty(&self) -> bool {
        self.stdout.is_empty() && self.stderr.is_empty() && !self.is_cut
    }
}

/// A task that was not done. The message says what happened and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("{message}")]
pub struct Trouble {
    /// Of which kind.
    pub kind: TroubleKind,
    /// For people.
    pub message: String,
    /// What was printed before it.
    #[serde(skip_serializing_if = "Output::is_empty")]
    pub output: Output,
}

impl Trouble {
    /// One of this kind.
    pub fn new(kind: TroubleKind, message: impl Into<String>) -> Trouble {
        Trouble {
            kind,
            message: message.into(),
            output: Output::default(),
        }
    }
}

/// Why a task was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TroubleKind {
    /// The arguments are not what the tool takes: a syntax error, an invalid pattern, a missing field.
    BadInput,
    /// It has no answer: a division by zero, units that don't fit, an error raised by the code.
    NoAnswer,
    /// It took too long.
    TooLong,
    /// It wanted more memory or said more than it may.
    TooMuch,
    /// It asked for what was not granted: a path, a statement that writes, a command, a server's tool.
    NotGranted,
    /// The tool can't work now: its process or server died, is not there, or everything is busy.
    Unavailable,
}

impl TroubleKind {
    /// As the API writes it.
    pub fn word(self) -> &'static str {
        match self {
            TroubleKind::BadInput => "bad_input",
            TroubleKind::NoAnswer => "no_answer",
            TroubleKind::TooLong => "too_long",
            TroubleKind::TooMuch => "too_much",
            TroubleKind::NotGranted => "not_granted",
            TroubleKind::Unavailable => "unavailable",
        }
    }
}
