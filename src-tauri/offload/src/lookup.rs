//! SQL over a granted SQLite file: one statement that reads.
//!
//! Promises: what is asked is read and judged by a process of its own (`sandbox`), which may have little, and which
//! is killed when it is late or nobody waits for it: also where SQLite can't be interrupted nothing goes on. Time,
//! rows, bytes of the answer, of each value and of memory have an end.

mod telling;

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use speech::errand::{Cell, Errand, Lookup, MOST_PARAMS as MOST_BYTES, MOST_SQL, Question};

use crate::errand::{self, Lost};
use crate::grants::{Database, Grants};
use crate::places::Places;
use crate::{Done, Spec, Tool, Trouble, TroubleKind};

/// Statements that run at once, and that wait for it, for so long.
const RUNNING: usize = 4;
const WAITING: usize = 32;
const WAIT: Duration = Duration::from_secs(5);
/// How much longer than its time a statement is waited for: between two looks at the clock SQLite may do one
/// long thing.
const GRACE: Duration = Duration::from_secs(1);
/// Values given beside a statement.
const MOST_PARAMS: usize = 1_000;

/// Those who look something up.
#[derive(Debug)]
pub(crate) struct Lookups {
    program: Option<PathBuf>,
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
    /// Nothing is started before it is asked for.
    pub(crate) fn new(program: Option<PathBuf>) -> Lookups {
        Lookups {
            program: errand::program(program),
            places: Places::new(RUNNING, WAITING, WAIT),
        }
    }

    /// Asks a granted database.
    pub(crate) async fn run(
        &self,
        grants: &Grants,
        arguments: &Value,
        client: &str,
    ) -> Result<Done, Trouble> {
        let asked = taken(arguments)?;
        let (name, database) = chosen(grants, asked.database.as_deref())?;
        let params = asked.params.iter().map(param).collect::<Result<_, _>>()?;
        let unavailable = |message: String| Trouble::new(TroubleKind::Unavailable, message);
        let program = self.program.as_deref().ok_or_else(|| {
            let message = "No statement can be run: the program `signalbox-sandbox` is not there. Put it beside `signalbox`.";
            unavailable(message.to_owned())
        })?;
        let lookup = Errand::Lookup(Lookup {
            name: name.to_owned(),
            path: database.path.clone(),
            rows: database.rows,
            time_ms: u64::try_from(database.limit.as_millis()).unwrap_or(u64::MAX),
            clock: grants.interpreters.clock,
            chance: grants.interpreters.chance,
        });
        let question = Question {
            query: asked.query,
            params,
        };
        let _place = self.places.place(client).await.ok_or_else(|| {
            let message = "Too many statements are being run already. Ask again in some seconds.";
            unavailable(message.to_owned())
        })?;
        let limit = database.limit;
        let told = errand::run(program, &lookup, &question, limit + GRACE).await;
        telling::done(told.map_err(|lost| match lost {
            Lost::Late => telling::too_long(limit),
            Lost::Memory => Trouble::new(
                TroubleKind::TooMuch,
                "The statement wanted more memory than it may have. Ask for less at a time.",
            ),
            Lost::Start(why) => unavailable(format!(
                "No statement can be run: `signalbox-sandbox` could not be started ({why})."
            )),
            Lost::Died => unavailable("The lookup broke off. Ask again.".to_owned()),
        })?)
    }
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
    let texts = asked.params.iter().map(|param| match param {
        Value::String(text) => text.len(),
        Value::Object(object) => object
            .get("base64")
            .and_then(Value::as_str)
            .map_or(0, str::len),
        _ => 0,
    });
    if texts.sum::<usize>() > MOST_BYTES {
        return Err(telling::bad(format!(
            "The `params` may have {MOST_BYTES} bytes together. Give less."
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

fn param(value: &Value) -> Result<Cell, Trouble> {
    match value {
        Value::Null => Ok(Cell::Null),
        Value::Bool(is) => Ok(Cell::Integer(i64::from(*is))),
        Value::String(text) => Ok(Cell::Text(text.clone())),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Ok(Cell::Integer(integer)),
            // A whole number that SQLite has no room for is none that is near it.
            (None, Some(real)) if number.is_f64() => Ok(Cell::Real(real.to_bits())),
            _ => Err(telling::bad(format!(
                "The number {number} is too large for a value of SQLite. Give it as a string."
            ))),
        },
        Value::Object(object) => match object.get("base64") {
            Some(Value::String(text)) if object.len() == 1 => Ok(Cell::Blob(text.clone())),
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
