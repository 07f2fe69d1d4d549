//! What a statement came to: a table, or why there is none.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error, ErrorCode, Row, ffi};
use speech::errand::{Cell, Refused, Told, Why};

/// Names of tables that are told where one is not there.
const NAMED: usize = 20;

/// An answer that grows row by row.
pub(super) struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
    most_rows: usize,
    room: usize,
    truncated: bool,
}

impl Table {
    pub(super) fn new(columns: Vec<String>, most: usize, room: usize) -> rusqlite::Result<Table> {
        let heads: usize = columns.iter().map(String::len).sum();
        let room = room.checked_sub(heads).ok_or_else(|| {
            let what = "the names of the columns are too long".to_owned();
            Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_TOOBIG), Some(what))
        })?;
        Ok(Table {
            columns,
            rows: Vec::new(),
            most_rows: most,
            room,
            truncated: false,
        })
    }

    /// Whether there may be more of them.
    pub(super) fn add(&mut self, row: &Row<'_>) -> rusqlite::Result<bool> {
        // What it takes up is known before it is copied: a value can be as large as two answers.
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
        let mut cells = Vec::with_capacity(self.columns.len());
        for at in 0..self.columns.len() {
            cells.push(cell(row.get_ref(at)?));
        }
        self.rows.push(cells);
        Ok(true)
    }

    pub(super) fn told(self) -> Told {
        Told::Table {
            columns: self.columns,
            rows: self.rows,
            truncated: self.truncated,
        }
    }
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Real(number) => Cell::Real(number.to_bits()),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Cell::Text(text.to_owned()),
            Err(_) => Cell::Blob(STANDARD.encode(bytes)),
        },
        ValueRef::Blob(bytes) => Cell::Blob(STANDARD.encode(bytes)),
    }
}

pub(super) fn bad(message: impl Into<String>) -> Refused {
    Refused::new(Why::BadInput, message)
}

pub(super) fn not_granted(why: &str) -> Refused {
    let message =
        format!("This statement is refused: {why}. Only reading is granted: ask with a SELECT.");
    Refused::new(Why::NotGranted, message)
}

pub(super) fn too_long(limit: Duration) -> Refused {
    let limit = limit.as_secs_f64();
    let message = format!(
        "The statement ran for {limit} s and was stopped. Let it look at less, or use an index."
    );
    Refused::new(Why::TooLong, message)
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
) -> Refused {
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
            Refused::new(Why::TooMuch, message)
        }
        Some(ErrorCode::ReadOnly) => not_granted("it would change the database"),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            let message = format!(
                "Another program is writing to the database `{name}`. Ask again in some seconds."
            );
            Refused::new(Why::Unavailable, message)
        }
        Some(
            ErrorCode::NotADatabase
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::CannotOpen
            | ErrorCode::SystemIoFailure,
        ) => {
            let message = format!("The database `{name}` can't be read: {said}.");
            Refused::new(Why::Unavailable, message)
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
