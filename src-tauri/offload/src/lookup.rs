//! SQL over a granted SQLite file: one statement that reads.
//!
//! Promises: nothing is written, to that file or to another, whatever the statement says: the file is opened to
//! read, the statement is looked at while it is compiled, and what is no reading is refused by its name. Time,
//! rows, bytes of the answer and of each value have an end.
//! Leaves out: spilling. What a statement sorts beyond SQLite's page cache goes to temporary files of SQLite's
//! own, which nobody else sees and which end with it.

mod opening;
mod telling;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::grants::{Database, Grants};
use crate::places::Places;
use crate::{Done, Spec, Tool, Trouble, TroubleKind};

/// Statements that run at once, and that wait for it, for so long. One that can't be interrupted keeps its place.
const RUNNING: usize = 4;
const WAITING: usize = 32;
const WAIT: Duration = Duration::from_secs(5);
/// How much longer than its time a statement is waited for: between two looks at the clock SQLite may do one
/// long thing.
const GRACE: Duration = Duration::from_secs(1);
/// Bytes of a statement.
const MOST_SQL: usize = 100_000;
/// Bytes of an answer, about.
const MOST_ANSWER: usize = 1024 * 1024;
/// Values given beside a statement.
const MOST_PARAMS: usize = 1_000;

/// Those who look something up.
#[derive(Debug)]
pub(crate) struct Lookups {
    places: Places,
}

/// What the tool takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    database: Option<String>,
    query: String,
    #[serde(default)]
    params: Vec<Value>,
}

impl Lookups {
    pub(crate) fn new() -> Lookups {
        Lookups {
            places: Places::new(RUNNING, WAITING, WAIT),
        }
    }

    /// Asks a granted database.
    pub(crate) async fn run(&self, grants: &Grants, arguments: &Value) -> Result<Done, Trouble> {
        let asked = taken(arguments)?;
        let (name, database) = chosen(grants, asked.database.as_deref())?;
        let params = asked
            .params
            .iter()
            .map(param)
            .collect::<Result<Vec<_>, _>>()?;
        let place = self.places.place().await.ok_or_else(|| {
            let message = "Too many statements are being run already. Ask again in some seconds.";
            Trouble::new(TroubleKind::Unavailable, message)
        })?;
        let (name, database) = (name.to_owned(), database.clone());
        let limit = database.limit;
        let given_up = GivenUp::default();
        let watch = Watch {
            until: Instant::now() + limit,
            given_up: Arc::clone(&given_up.0),
        };
        let work = move || {
            // It is kept until the statement has ended, also where nobody waits for it any more.
            let _place = place;
            look_up(&name, &database, &asked.query, &params, &watch)
        };
        let work = tokio::task::spawn_blocking(work);
        match tokio::time::timeout(limit + GRACE, work).await {
            Ok(Ok(done)) => done,
            Ok(Err(_)) => Err(Trouble::new(
                TroubleKind::Unavailable,
                "The lookup broke off. Ask again.",
            )),
            Err(_) => Err(telling::too_long(limit)),
        }
    }
}

/// Nobody waits for it any more, once this is dropped.
#[derive(Debug, Default)]
struct GivenUp(Arc<AtomicBool>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// When a statement is to end.
#[derive(Debug, Clone)]
struct Watch {
    until: Instant,
    given_up: Arc<AtomicBool>,
}

impl Watch {
    fn is_over(&self) -> bool {
        self.given_up.load(Ordering::Relaxed) || Instant::now() >= self.until
    }
}

fn look_up(
    name: &str,
    database: &Database,
    query: &str,
    params: &[Sql],
    watch: &Watch,
) -> Result<Done, Trouble> {
    let (connection, refused) = opening::open(name, database, watch.clone())?;
    let told = read(&connection, database.rows, query, params, watch);
    told.map_err(|error| match error {
        Failed::Count { wants, has } => telling::bad(format!(
            "The statement has {wants} places for `params`, and {has} are given. Give one for each `?`."
        )),
        Failed::NoQuery => telling::bad("There is no statement. Give one SELECT."),
        Failed::Writes => telling::not_granted("it would change the database"),
        Failed::Sql(error) => {
            let refused = refused.lock().ok().and_then(|mut refused| refused.take());
            telling::failed(name, &error, refused, &connection, database.limit)
        }
    })
}

/// Why there is no answer.
#[derive(Debug)]
enum Failed {
    Sql(rusqlite::Error),
    Count { wants: usize, has: usize },
    NoQuery,
    Writes,
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Failed {
        Failed::Sql(error)
    }
}

fn read(
    connection: &Connection,
    most: usize,
    query: &str,
    params: &[Sql],
    watch: &Watch,
) -> Result<Done, Failed> {
    let mut statement = connection.prepare(query)?;
    if !statement.readonly() {
        return Err(Failed::Writes);
    }
    if statement.column_count() == 0 {
        return Err(Failed::NoQuery);
    }
    let (wants, has) = (statement.parameter_count(), params.len());
    if wants != has {
        return Err(Failed::Count { wants, has });
    }
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut table = telling::Table::new(columns, most, MOST_ANSWER);
    let mut rows = statement.query(rusqlite::params_from_iter(params))?;
    while let Some(row) = rows.next()? {
        if !table.add(row)? {
            break;
        }
        if watch.is_over() {
            return Err(Failed::Sql(telling::interrupted()));
        }
    }
    Ok(table.done())
}

fn taken(arguments: &Value) -> Result<Asked, Trouble> {
    let asked = Asked::deserialize(arguments).map_err(|why| {
        telling::bad(format!(
            "These are not the arguments of `sql`: {why}. Give `query`, `database` where several are granted, and \
             `params`."
        ))
    })?;
    if asked.query.len() > MOST_SQL {
        let has = asked.query.len();
        return Err(telling::bad(format!(
            "The statement has {has} bytes, and may have {MOST_SQL}."
        )));
    }
    if asked.query.contains('\0') {
        return Err(telling::bad("There is a NUL character in the statement."));
    }
    if asked.params.len() > MOST_PARAMS {
        return Err(telling::bad(format!(
            "There may be {MOST_PARAMS} `params` at most."
        )));
    }
    Ok(asked)
}

/// That of this name; where only one is granted, it needs none.
fn chosen<'a>(grants: &'a Grants, name: Option<&str>) -> Result<(&'a str, &'a Database), Trouble> {
    let names = || {
        grants
            .databases
            .keys()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let found = match name {
        Some(name) => grants.databases.get_key_value(name),
        None if grants.databases.len() == 1 => grants.databases.first_key_value(),
        None => None,
    };
    let trouble = match (found, name) {
        (Some((name, database)), _) => return Ok((name, database)),
        _ if grants.databases.is_empty() => Trouble::new(
            TroubleKind::NotGranted,
            "No database is granted. Add one to the config.",
        ),
        (None, Some(name)) => {
            let message = format!("There is no database `{name}`. Granted are: {}.", names());
            Trouble::new(TroubleKind::NotGranted, message)
        }
        (None, None) => telling::bad(format!(
            "Which database? Give `database`. Granted are: {}.",
            names()
        )),
    };
    Err(trouble)
}

fn param(value: &Value) -> Result<Sql, Trouble> {
    match value {
        Value::Null => Ok(Sql::Null),
        Value::Bool(is) => Ok(Sql::Integer(i64::from(*is))),
        Value::String(text) => Ok(Sql::Text(text.clone())),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Ok(Sql::Integer(integer)),
            // A whole number that SQLite has no room for is none that is near it.
            (None, Some(real)) if number.is_f64() => Ok(Sql::Real(real)),
            _ => Err(telling::bad(format!(
                "The number {number} is too large for a value of SQLite. Give it as a string."
            ))),
        },
        Value::Object(object) => match object.get("base64") {
            Some(Value::String(text)) if object.len() == 1 => {
                use base64::Engine;
                let bytes = base64::engine::general_purpose::STANDARD.decode(text);
                bytes
                    .map(Sql::Blob)
                    .map_err(|_| telling::bad("What stands as `base64` in `params` is none."))
            }
            _ => Err(telling::bad(
                "An object in `params` can only be `{\"base64\": \"...\"}`.",
            )),
        },
        Value::Array(_) => Err(telling::bad(
            "A list can't be one of the `params`. Give each of its values.",
        )),
    }
}

/// What is said of it, where anything is granted.
pub(crate) fn spec(grants: &Grants) -> Option<Spec> {
    let names: Vec<&String> = grants.databases.keys().collect();
    let rows = grants
        .databases
        .values()
        .map(|database| database.rows)
        .max()?;
    let listed = names
        .iter()
        .map(|name| name.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    let needed = if names.len() == 1 {
        json!(["query"])
    } else {
        json!(["database", "query"])
    };
    Some(Spec {
        tool: Tool::Sql,
        what: format!(
            "Reads a SQLite database with one SELECT: {listed}. At most {rows} rows. `PRAGMA table_list` names the \
             tables, `PRAGMA table_info(x)` the columns of one."
        ),
        arguments: json!({
            "type": "object",
            "properties": {
                "database": { "type": "string", "enum": names, "description": "Which one." },
                "query": { "type": "string", "description": "One statement that reads." },
                "params": {
                    "type": "array",
                    "maxItems": MOST_PARAMS,
                    "description": "A value for each `?` of the statement; bytes as {\"base64\": \"...\"}.",
                },
            },
            "required": needed,
            "additionalProperties": false,
        }),
    })
}

#[cfg(test)]
mod tests;
