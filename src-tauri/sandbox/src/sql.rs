//! One statement over a SQLite file, which reads.
//!
//! Promises: nothing is written, to that file or to another, whatever the statement says: the file is opened to
//! read, the statement is looked at while it is compiled, and what is no reading is refused by its name. Rows,
//! bytes and memory have an end; time has one where SQLite looks at the clock. Where it does not, whoever started
//! this process ends it.
//! Leaves out sorting what does not fit into memory: no file is made for it.

mod clock;
pub(crate) mod opening;
mod telling;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use speech::errand::{Cell, Lookup, MOST_TOLD, Question, Refused, Told, Why};

/// What it came to.
pub(crate) fn look_up(
    lookup: &Lookup,
    found: Result<PathBuf, Refused>,
    question: &Question,
) -> Told {
    found
        .and_then(|path| asked(lookup, &path, question))
        .unwrap_or_else(Told::Refused)
}

fn asked(lookup: &Lookup, path: &std::path::Path, question: &Question) -> Result<Told, Refused> {
    let limit = Duration::from_millis(lookup.time_ms);
    let until = Instant::now() + limit;
    let (connection, refused) = opening::open(lookup, path, until)?;
    let told = read(&connection, lookup.rows, question, until);
    told.map_err(|error| match error {
        Failed::Count { wants, has } => telling::bad(format!(
            "The statement has {wants} places for `params`, and {has} are given. Give one for each `?`."
        )),
        Failed::NoQuery => telling::bad("There is no statement. Give one SELECT."),
        Failed::NoRows => telling::not_granted("it is none that gives rows"),
        Failed::Writes => telling::not_granted("it would change the database"),
        Failed::NoBytes => telling::bad("What stands as `base64` in `params` is none."),
        Failed::Sql(error) => {
            let refused = refused.lock().ok().and_then(|mut refused| refused.take());
            telling::failed(&lookup.name, &error, refused, &connection, limit)
        }
    })
}

/// Why there is no answer.
#[derive(Debug)]
enum Failed {
    Sql(rusqlite::Error),
    Count { wants: usize, has: usize },
    NoQuery,
    NoRows,
    Writes,
    NoBytes,
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Failed {
        Failed::Sql(error)
    }
}

fn read(
    connection: &Connection,
    most: usize,
    question: &Question,
    until: Instant,
) -> Result<Told, Failed> {
    let mut statement = connection.prepare(&question.query)?;
    if !statement.readonly() {
        return Err(Failed::Writes);
    }
    if statement.column_count() == 0 {
        // Where nothing was compiled there is nothing to show of it.
        return Err(match statement.expanded_sql() {
            None => Failed::NoQuery,
            Some(_) => Failed::NoRows,
        });
    }
    let (wants, has) = (statement.parameter_count(), question.params.len());
    if wants != has {
        return Err(Failed::Count { wants, has });
    }
    let params = question.params.iter().map(param);
    let params = params.collect::<Result<Vec<_>, _>>()?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut table = telling::Table::new(columns, most, MOST_TOLD)?;
    let mut rows = statement.query(rusqlite::params_from_iter(params))?;
    while let Some(row) = rows.next()? {
        if !table.add(row)? {
            break;
        }
        if Instant::now() >= until {
            return Err(Failed::Sql(telling::interrupted()));
        }
    }
    Ok(table.told())
}

fn param(cell: &Cell) -> Result<Sql, Failed> {
    Ok(match cell {
        Cell::Null => Sql::Null,
        Cell::Integer(number) => Sql::Integer(*number),
        Cell::Real(bits) => Sql::Real(f64::from_bits(*bits)),
        Cell::Text(text) => Sql::Text(text.clone()),
        Cell::Blob(text) => {
            let bytes = STANDARD.decode(text);
            Sql::Blob(bytes.map_err(|_| Failed::NoBytes)?)
        }
    })
}

fn unavailable(message: String) -> Refused {
    Refused::new(Why::Unavailable, message)
}
