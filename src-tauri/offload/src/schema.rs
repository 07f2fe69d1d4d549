//! Does a document fit a JSON Schema?
//!
//! Promises: all that does not fit is told, each with the place as a JSON pointer, as the schema's draft has it
//! (2020-12 where `$schema` names none). Nothing is fetched: a `$ref` leads within the schema. What checking
//! could cost is bounded before it begins (`cost`). Bounds: a schema of 64 KiB, a document of 256 KiB, 100 of what does not
//! fit. Leaves out `format` (an annotation, as the standard has it), patterns that look around, and decimals
//! beyond a double.

mod cost;

#[cfg(test)]
mod tests;

use std::thread;

use jiff::Timestamp;
use jsonschema::PatternOptions;
use serde_json::{Value, json};

use crate::arguments::{Fields, as_object, bad_input, no_answer, too_much};
use crate::convert::{Notation, Tree};
use crate::{Done, Output, Spec, Tool, Trouble, TroubleKind};

/// The largest schema, in bytes.
const SCHEMA: usize = 64 * 1024;
/// The largest document, in bytes.
const DOCUMENT: usize = 256 * 1024;
/// The most faults that are told.
const FAULTS: usize = 100;
/// The longest message of one, in letters.
const MESSAGE: usize = 300;
/// Compiled patterns may take so much.
const PROGRAM: usize = 256 * 1024;
/// Checking is recursive, as deep as schema and document together. Only what is used is taken.
const STACK: usize = 64 * 1024 * 1024;
/// The line between a schema and a document.
const BETWEEN: &str = "=======";

const FIELDS: [&str; 4] = ["schema", "document", "text", "format"];
const FORMATS: [&str; 3] = ["json", "yaml", "toml"];

/// What is said of it.
pub(crate) fn spec() -> Spec {
    Spec {
        tool: Tool::Schema,
        what: "Checks a document against a JSON Schema and tells everything that does not fit, with its place.".to_owned(),
        arguments: json!({
            "type": "object",
            "properties": {
                "schema": {"type": ["object", "boolean"], "description": "The JSON Schema. A `$ref` in it leads within it: `#/$defs/…`."},
                "document": {"description": "The document, as JSON. Either this or `text`."},
                "text": {"type": "string", "description": "The document, as it is written."},
                "format": {"type": "string", "enum": FORMATS, "description": "What `text` is written in; JSON where it is not said."}
            },
            "required": ["schema"],
            "additionalProperties": false
        }),
    }
}

/// The schema, a line of seven `=`, the document.
pub(crate) fn arguments_of(text: &str) -> Result<Value, Trouble> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_end() == BETWEEN {
            let schema: Value = serde_json::from_str(&text[..at])
                .map_err(|error| bad_input(format!("The schema is no valid JSON: {error}.")))?;
            return Ok(json!({ "schema": schema, "text": &text[at + line.len()..] }));
        }
        at += line.len();
    }
    as_object(text).ok_or_else(|| {
        bad_input("The schema comes first, then a line `=======`, then the document, both in JSON.")
    })
}

/// Checks.
pub(crate) fn run(arguments: &Value, _now: Timestamp) -> Result<Done, Trouble> {
    let fields = Fields::of(arguments, &FIELDS)?;
    let schema = match fields.any("schema") {
        Some(schema @ (Value::Object(_) | Value::Bool(_))) => schema,
        Some(_) => {
            return Err(bad_input(
                "The argument `schema` is neither an object nor true or false.",
            ));
        }
        None => {
            return Err(bad_input(
                "The argument `schema` is missing: it is an object.",
            ));
        }
    };
    // Null is a document too.
    let given = arguments.get("document");
    let document = match (given, fields.maybe_text("text")?) {
        (Some(document), None) => document.clone(),
        (None, Some(text)) => read(text, Notation::of(fields.choice("format", &FORMATS)?))?,
        _ => {
            return Err(bad_input(
                "One of the arguments `document` and `text` is needed, and not both.",
            ));
        }
    };
    for (name, value, most) in [
        ("schema", schema, SCHEMA),
        ("document", &document, DOCUMENT),
    ] {
        let size = value.to_string().len();
        if size > most {
            return Err(too_much(format!(
                "The {name} has {size} bytes; it may have {most}."
            )));
        }
    }
    let schema = schema.clone();
    let checking = thread::Builder::new()
        .name("schema".to_owned())
        .stack_size(STACK)
        .spawn(move || checked(&schema, &document));
    let checking = checking.map_err(|error| {
        Trouble::new(
            TroubleKind::Unavailable,
            format!("No thread could be started for checking: {error}. Try again later."),
        )
    })?;
    checking.join().unwrap_or_else(|_| {
        Err(no_answer(
            "Checking failed at this schema. Write it another way.",
        ))
    })
}

fn read(text: &str, notation: Notation) -> Result<Value, Trouble> {
    if text.len() > DOCUMENT {
        return Err(too_much(format!(
            "The argument `text` has {} bytes; it may have {DOCUMENT}.",
            text.len()
        )));
    }
    let tree = Tree::read(text, notation).map_err(|unread| unread.trouble(notation))?;
    value(tree)
}

fn value(tree: Tree) -> Result<Value, Trouble> {
    Ok(match tree {
        Tree::Null => Value::Null,
        Tree::Bool(value) => Value::Bool(value),
        Tree::Text(text) => Value::String(text),
        Tree::List(values) => {
            Value::Array(values.into_iter().map(value).collect::<Result<_, _>>()?)
        }
        Tree::Map(entries) => {
            let entries = entries
                .into_iter()
                .map(|(key, inner)| value(inner).map(|inner| (key, inner)));
            Value::Object(entries.collect::<Result<_, _>>()?)
        }
        Tree::Number(number) => match serde_json::from_str::<Value>(&number) {
            Ok(read) if read.is_i64() || read.is_u64() || number.contains(['.', 'e', 'E']) => read,
            _ => {
                return Err(no_answer(format!(
                    "The number {number} is too large to be checked exactly."
                )));
            }
        },
    })
}

/// What of a document does not fit, if anything.
pub(crate) fn misfit(schema: &Value, document: &Value) -> Result<Option<String>, Trouble> {
    let validator = validator(schema, document)?;
    let fault = validator.iter_errors(document).next();
    Ok(fault.map(|fault| shortened(&fault.to_string())))
}

fn validator(schema: &Value, document: &Value) -> Result<jsonschema::Validator, Trouble> {
    cost::refuse(schema, document)?;
    jsonschema::options()
        .with_pattern_options(PatternOptions::regex().size_limit(PROGRAM))
        .build(schema)
        .map_err(|error| {
            let at = error.instance_path().to_string();
            bad_input(format!(
                "The schema is not one (at `{at}`): {}.",
                shortened(&error.to_string())
            ))
        })
}

fn checked(schema: &Value, document: &Value) -> Result<Done, Trouble> {
    let validator = validator(schema, document)?;
    let mut faults = validator.iter_errors(document);
    let told: Vec<(String, String)> = faults
        .by_ref()
        .take(FAULTS)
        .map(|fault| {
            (
                fault.instance_path().to_string(),
                shortened(&fault.to_string()),
            )
        })
        .collect();
    let has_more = faults.next().is_some();
    let line = |(at, what): &(String, String)| match at.as_str() {
        "" => format!("at the root: {what}"),
        at => format!("{at}: {what}"),
    };
    let mut lines: Vec<String> = told.iter().map(line).collect();
    if has_more {
        lines.push(format!("and more than these {FAULTS}"));
    }
    let listed: Vec<Value> = told
        .iter()
        .map(|(at, what)| json!({ "at": at, "what": what }))
        .collect();
    Ok(Done {
        text: if told.is_empty() {
            "valid".to_owned()
        } else {
            lines.join("\n")
        },
        result: json!({ "valid": told.is_empty(), "errors": listed, "has_more": has_more }),
        working: None,
        output: Output::default(),
    })
}

fn shortened(message: &str) -> String {
    match message.char_indices().nth(MESSAGE) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message.to_owned(),
    }
}
