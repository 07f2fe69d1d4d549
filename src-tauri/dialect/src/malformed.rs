//! What is wrong with a request body, told so that its author can mend it.
//!
//! Promises: one sentence, with line and column when there is a place to point
//! at, and never a piece of the body itself: a prompt must not reach a log by
//! way of an error. Leaves out: which status it becomes (`fault`).

use std::fmt;

/// A request body we cannot read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Line of the fault, from 1; 0 when it has no place (a field is missing).
    pub line: usize,
    /// Column of the fault in bytes, from 1; 0 at the very start of a line or without a place.
    pub column: usize,
    /// The sentence without its place and full stop.
    pub reason: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            write!(f, "{}.", self.reason)
        } else {
            write!(
                f,
                "{} at line {}, column {}.",
                self.reason, self.line, self.column
            )
        }
    }
}

impl std::error::Error for Malformed {}

impl Malformed {
    /// A fault that was found outside this crate.
    pub fn of(reason: &str) -> Self {
        Malformed::nowhere(reason.trim_end_matches('.'))
    }

    /// A fault of the whole body, or of something that is not there.
    pub(crate) fn nowhere(reason: &str) -> Self {
        Malformed {
            line: 0,
            column: 0,
            reason: reason.to_owned(),
        }
    }

    /// A fault at a byte offset of `body`.
    pub(crate) fn at(body: &[u8], offset: usize, reason: &str) -> Self {
        let before = &body[..offset.min(body.len())];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        Malformed {
            line: memchr::memchr_iter(b'\n', before).count() + 1,
            column: before.len() - line_start + 1,
            reason: reason.to_owned(),
        }
    }

    /// What the JSON reader stumbled over.
    pub(crate) fn json(error: &serde_json::Error) -> Self {
        let told = error.to_string();
        // The reader appends its own " at line 3 column 7"; we say it our way.
        let reason = told.split(" at line ").next().unwrap_or(&told);
        Malformed {
            line: error.line(),
            column: error.column(),
            reason: format!("The request body is not valid JSON: {reason}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_with_a_place_names_it() {
        let fault = Malformed::at(b"{\n\n  x", 5, "The request body is odd");
        assert_eq!(
            fault.to_string(),
            "The request body is odd at line 3, column 3."
        );
    }

    #[test]
    fn a_fault_without_a_place_is_a_plain_sentence() {
        assert_eq!(
            Malformed::nowhere("It is empty").to_string(),
            "It is empty."
        );
    }
}
