//! What an operation says when it can't be done.

use host::ConfigError;
use serde::Serialize;
use ts_rs::TS;

/// A refusal, for the panel to show as it is.
#[derive(Debug, Clone, Serialize, TS, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// From a closed list.
    pub code: Code,
    /// What happened, to what, and what to do.
    pub message: String,
    /// The field of the input that is at fault, when it is one.
    pub field: Option<String>,
}

/// The kinds of refusal. HTTP statuses are chosen from these in `server`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The input is not what the operation takes.
    BadInput,
    /// There is nothing of that name.
    NotFound,
    /// The state it found does not allow it.
    Conflict,
    /// The machine did not do its part: disk, keychain.
    Unavailable,
}

impl Failure {
    pub(crate) fn bad_input(error: impl std::fmt::Display) -> Failure {
        Failure::new(Code::BadInput, error)
    }

    pub(crate) fn not_found(what: impl std::fmt::Display) -> Failure {
        Failure::new(Code::NotFound, what)
    }

    pub(crate) fn conflict(why: impl std::fmt::Display) -> Failure {
        Failure::new(Code::Conflict, why)
    }

    /// An edit of the config that was refused. Where a setting is at fault it is told without its
    /// place: the text that had it was not written.
    pub(crate) fn refused_edit(error: ConfigError) -> Failure {
        match error.setting {
            Some(setting) => Failure::conflict(error.reason).of(setting),
            None => Failure::conflict(error),
        }
    }

    pub(crate) fn unavailable(why: impl std::fmt::Display) -> Failure {
        Failure::new(Code::Unavailable, why)
    }

    /// The same, said of one field of the input.
    pub(crate) fn of(mut self, field: impl Into<String>) -> Failure {
        self.field = Some(field.into());
        self
    }

    fn new(code: Code, message: impl std::fmt::Display) -> Failure {
        Failure {
            code,
            message: message.to_string(),
            field: None,
        }
    }
}
