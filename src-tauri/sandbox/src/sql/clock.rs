//! SQLite's functions of time, without the present: `datetime('2024-01-01')` is computed, `datetime('now')` is
//! refused. SQLite gives no switch for that, so that each of them stands here under its own name, looks at what it
//! is asked, and has it computed by another connection.

use rusqlite::functions::FunctionFlags;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, Error, params_from_iter};

use super::opening::Refusals;

/// Their names, and how many arguments come before the time.
const FUNCTIONS: [(&str, usize); 6] = [
    ("date", 0),
    ("time", 0),
    ("datetime", 0),
    ("julianday", 0),
    ("unixepoch", 0),
    ("strftime", 1),
];
/// Words that are the present where a time is expected.
const PRESENT: [&str; 3] = ["now", "subsec", "subsecond"];
/// What is said of it.
const ASKS: &str = "it asks what time it is, and the clock is not granted";

/// From now on the present is not told.
pub(super) fn take_away(connection: &Connection, refused: &Refusals) -> rusqlite::Result<()> {
    for (name, before) in FUNCTIONS {
        put(connection, refused, name, before..before + 1)?;
    }
    put(connection, refused, "timediff", 0..2)
}

fn put(
    connection: &Connection,
    refused: &Refusals,
    name: &'static str,
    times: std::ops::Range<usize>,
) -> rusqlite::Result<()> {
    let computes = Connection::open_in_memory()?;
    let refused = std::sync::Arc::clone(refused);
    // As SQLite has its own: they may stand in indexes and views.
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function(name, -1, flags, move |asked| {
        let given: Vec<Sql> = (0..asked.len())
            .map(|at| asked.get(at))
            .collect::<Result<_, _>>()?;
        let is_present = |at: usize| match given.get(at) {
            None => name != "timediff",
            Some(Sql::Text(text)) => is_present(text.as_bytes()),
            Some(Sql::Blob(bytes)) => is_present(bytes),
            Some(_) => false,
        };
        // `strftime()` is an error of its own.
        if (name != "strftime" || !given.is_empty()) && times.clone().any(is_present) {
            if let Ok(mut refused) = refused.lock() {
                refused.get_or_insert_with(|| ASKS.to_owned());
            }
            return Err(Error::UserFunctionError(ASKS.into()));
        }
        let places = vec!["?"; given.len()].join(", ");
        let mut statement = computes.prepare_cached(&format!("SELECT {name}({places})"))?;
        statement.query_row(params_from_iter(given), |row| row.get::<_, Sql>(0))
    })
}

/// SQLite reads it up to a NUL.
fn is_present(text: &[u8]) -> bool {
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    PRESENT
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word.as_bytes()))
}
