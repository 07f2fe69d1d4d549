//! What a statement came to: a table, or why there is none.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error, ErrorCode, Row, ffi};
use serde_json::{Value, json};

use crate::{Done, Output, Trouble, TroubleKind};

/// The largest integer that every reader of JSON reads exactly.
const EXACT: u64 = (1 << 53) - 1;
/// Names of tables that are told where one is not there.
const NAMED: usize = 20;

/// An answer that grows row by row.
pub(super) struct Table {
    columns: Vec<String>,
    rows: Vec<Value>,
    lines: String,
    most_rows: usize,
    room: usize,
    truncated: bool,
}

impl Table {
    pub(super) fn new(columns: Vec<String>, most_rows: usize, room: usize) -> Table {
        let heads: Vec<String> = columns.iter().map(|name| cell(name)).collect();
        Table {
            lines: heads.join("\t"),
            columns,
            rows: Vec::new(),
            most_rows,
            room,
            truncated: false,
        }
    }

    /// Whether there may be more of them.
    pub(super) fn add(&mut self, row: &Row<'_>) -> rusqlite::Result<bool> {
        let mut values = Vec::with_capacity(self.columns.len());
        let mut line = String::from("\n");
        // What it takes up is known before it is copied: a value can be as large as four answers.
        let mut takes = 0;
        for at in 0..self.columns.len() {
            takes += match row.get_ref(at)? {
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len() + bytes.len() / 3 + 4,
                _ => 8,
            };
        }
        if self.rows.len() >= self.most_rows || takes > self.room {
            self.truncated = true;
            return Ok(false);
        }
        self.room -= takes;
        for at in 0..self.columns.len() {
            let (value, shown) = told(row.get_ref(at)?);
            if at > 0 {
                line.push('\t');
            }
            line += &shown;
            values.push(value);
        }
        self.rows.push(Value::Array(values));
        self.lines += &line;
        Ok(true)
    }

    pub(super) fn done(self) -> Done {
        let mut text = self.lines;
        if self.rows.is_empty() {
            text += if self.truncated { "" } else { "\n(no rows)" };
        }
        if self.truncated {
            text += &format!(
                "\n(there are more: these are the first {})",
                self.rows.len()
            );
        }
        Done {
            result: json!({ "columns": self.columns, "rows": self.rows, "truncated": self.truncated }),
            text,
            working: None,
            output: Output::default(),
        }
    }
}

/// As JSON, and as it stands in a line.
fn told(value: ValueRef<'_>) -> (Value, String) {
    match value {
        ValueRef::Null => (Value::Null, "NULL".to_owned()),
        ValueRef::Integer(number) if number.unsigned_abs() <= EXACT => {
            (number.into(), number.to_string())
        }
        ValueRef::Integer(number) => (number.to_string().into(), number.to_string()),
        ValueRef::Real(number) if number.is_finite() => {
            let value = Value::from(number);
            let shown = value.to_string();
            (value, shown)
        }
        ValueRef::Real(number) => {
            let shown = if number > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            };
            (shown.into(), shown.to_owned())
        }
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => (text.into(), cell(text)),
            Err(_) => blob(bytes),
        },
        ValueRef::Blob(bytes) => blob(bytes),
    }
}

fn blob(bytes: &[u8]) -> (Value, String) {
    let text = STANDARD.encode(bytes);
    (json!({ "base64": text }), format!("base64:{text}"))
}

/// Without what would end a cell or a line.
fn cell(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('\t', "\\t")
        .replace('\n', "\\n")
        .replace('\r', "\\r")
}

pub(super) fn bad(message: impl Into<String>) -> Trouble {
    Trouble::new(TroubleKind::BadInput, message)
}

pub(super) fn not_granted(why: &str) -> Trouble {
    let message =
        format!("This statement is refused: {why}. Only reading is granted: ask with a SELECT.");
    Trouble::new(TroubleKind::NotGranted, message)
}

pub(super) fn too_long(limit: Duration) -> Trouble {
    let limit = limit.as_secs_f64();
    let message = format!(
        "The statement ran for {limit} s and was stopped. Let it look at less, or use an index."
    );
    Trouble::new(TroubleKind::TooLong, message)
}

pub(super) fn interrupted() -> Error {
    Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_INTERRUPT), None)
}

/// Why SQLite gave no answer.
pub(super) fn failed(
    name: &str,
    error: &Error,
    refused: Option<String>,
    connection: &Connection,
    limit: Duration,
) -> Trouble {
    if let Some(what) = refused {
        return not_granted(&what);
    }
    if matches!(error, Error::MultipleStatement) {
        return bad("There are several statements. Give one at a time.");
    }
    let said = match error {
        Error::SqlInputError { msg, .. } => msg.clone(),
        Error::SqliteFailure(_, Some(said)) => said.clone(),
        other => other.to_string(),
    };
    match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => too_long(limit),
        Some(ErrorCode::TooBig | ErrorCode::OutOfMemory) => {
            let message = format!(
                "The statement makes too much of something: {said}. Ask for less at a time."
            );
            Trouble::new(TroubleKind::TooMuch, message)
        }
        Some(ErrorCode::ReadOnly) => not_granted("it would change the database"),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            let message = format!(
                "Another program is writing to the database `{name}`. Ask again in some seconds."
            );
            Trouble::new(TroubleKind::Unavailable, message)
        }
        Some(
            ErrorCode::NotADatabase
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::CannotOpen
            | ErrorCode::SystemIoFailure,
        ) => {
            let message = format!("The database `{name}` can't be read: {said}.");
            Trouble::new(TroubleKind::Unavailable, message)
        }
        _ => bad(with_names(&said, connection)),
    }
}

/// SQLite's own words; where a table is not there, those that are, the nearest first.
fn with_names(said: &str, connection: &Connection) -> String {
    let Some(wanted) = said.strip_prefix("no such table: ") else {
        return format!("SQLite can't do that: {said}.");
    };
    let Ok(mut names) = tables(connection) else {
        return format!("There is no table `{wanted}`.");
    };
    if names.is_empty() {
        return format!("There is no table `{wanted}`: the database has none.");
    }
    let wanted_low = wanted.to_lowercase();
    names.sort_by_cached_key(|name| strsim::damerau_levenshtein(&wanted_low, &name.to_lowercase()));
    let more = if names.len() > NAMED { ", ..." } else { "" };
    names.truncate(NAMED);
    format!(
        "There is no table `{wanted}`. There are: {}{more}.",
        names.join(", ")
    )
}

fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let all = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' LIMIT 500";
    let mut statement = connection.prepare(all)?;
    let names = statement.query_map([], |row| row.get(0))?;
    names.collect()
}
