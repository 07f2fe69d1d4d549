//! What a process does once: it is started for one task, answers it, and is over. Killing it is the end of
//! whatever it does, also of what can't be interrupted.
//!
//! The program is given its [`Errand`] as its one argument, locks itself up, says [`Hello`](crate::Hello), reads
//! the task and says what came of it: a [`Question`] and [`Told`], or a [`Search`] and [`Seen`].

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The most bytes of a statement.
pub const MOST_SQL: usize = 100_000;
/// The most bytes of the values that are given beside a statement, all together.
pub const MOST_PARAMS: usize = 1024 * 1024;
/// The most bytes of an answer's values, about.
pub const MOST_TOLD: usize = 1024 * 1024;
/// The most bytes of a task's line: texts in which every byte is escaped, and what surrounds them.
pub const LONGEST_ERRAND: usize = 6 * (MOST_SQL + MOST_PARAMS) + 256 * 1024;
/// The most bytes of an answer's line.
pub const LONGEST_TOLD: usize = 8 * MOST_TOLD;

/// What a process is for that does one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Errand {
    /// One statement over a SQLite file.
    Lookup(Lookup),
    /// One search with the engine that backtracks.
    Search,
}

/// Where a statement is run, and how much it may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lookup {
    /// Its name in the config, for messages.
    pub name: String,
    /// Absolute: the file.
    pub path: PathBuf,
    /// The most rows.
    pub rows: usize,
    /// Thousandths of a second.
    pub time_ms: u64,
    /// It may ask what time it is.
    pub clock: bool,
    /// It may ask for chance.
    pub chance: bool,
}

/// A statement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// SQL.
    pub query: String,
    /// A value for each `?`.
    pub params: Vec<Cell>,
}

/// A value of SQLite, exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cell {
    /// None.
    #[serde(rename = "n")]
    Null,
    /// A whole number.
    #[serde(rename = "i")]
    Integer(i64),
    /// The bits of a number.
    #[serde(rename = "r")]
    Real(u64),
    /// Text.
    #[serde(rename = "t")]
    Text(String),
    /// Bytes, in base64.
    #[serde(rename = "b")]
    Blob(String),
}

/// What a statement came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// Rows.
    Table {
        /// The names of the columns.
        columns: Vec<String>,
        /// A list for each row.
        rows: Vec<Vec<Cell>>,
        /// There may be more of them.
        truncated: bool,
    },
    /// None, and why.
    Refused(Refused),
}

/// There is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Of which kind.
    pub why: Why,
    /// For people.
    pub message: String,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It is not what is taken.
    BadInput,
    /// It is not granted.
    NotGranted,
    /// Its time was over.
    TooLong,
    /// It wanted too much.
    TooMuch,
    /// It can't be had now.
    Unavailable,
}

/// A pattern, and what is searched with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// The pattern.
    pub pattern: String,
    /// Where.
    pub text: String,
    /// How many matches are wanted.
    pub wanted: usize,
    /// How many there may be.
    pub most: usize,
    /// How often it may step back in one match.
    pub steps: usize,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// Matches.
    Matches {
        /// The names of the pattern's groups, the whole first.
        names: Vec<Option<String>>,
        /// For each match the places of its groups in bytes, the whole first.
        groups: Vec<Vec<Option<(usize, usize)>>>,
    },
    /// None, and why.
    Refused(Refused),
}

impl Refused {
    /// For this reason.
    pub fn new(why: Why, message: impl Into<String>) -> Refused {
        Refused {
            why,
            message: message.into(),
        }
    }
}
