//! JSON, YAML and TOML: is it valid, and what is it in another of them?
//!
//! Promises: whole numbers stay exact however long (YAML's up to 64 bits, longer ones are refused); JSON's
//! decimals stay as they are written. Of YAML's words, only `true` and `false` are truths (1.2); `010` and `1_000`
//! stay texts, and keys stay as they are spelled. What the other
//! notation can't hold (null in TOML, a decimal of more than 15 digits outside of JSON) is an error that names
//! the place. A key that stands twice is an error in all three. Bounds: 1 MiB in, 2 MiB out, 64 levels, YAML's
//! aliases as `tree` says. Leaves out comments, which do not survive, several YAML documents in one text, and the
//! spelling of YAML's and TOML's decimals, which are read as doubles; TOML's dates become strings.

mod json;
mod tree;

#[cfg(test)]
mod tests;

pub(crate) use tree::{Notation, Tree, Unread};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::arguments::{Fields, as_object, bad_input, bounded, first_line, no_answer, too_much};
use crate::{Done, Output, Spec, Tool, Trouble};

/// The longest document, in bytes.
pub(crate) const DOCUMENT: usize = 1024 * 1024;
/// The longest answer, in bytes: aliases and indentation add.
const ANSWER: usize = 2 * 1024 * 1024;

const FIELDS: [&str; 5] = ["text", "from", "to", "style", "sorted"];
const NOTATIONS: [&str; 3] = ["json", "yaml", "toml"];
const STYLES: [&str; 2] = ["pretty", "compact"];

/// What is said of it.
pub(crate) fn spec() -> Spec {
    Spec {
        tool: Tool::Convert,
        what: "Tells whether a JSON, YAML or TOML document is valid (and where it is not), and writes it in another of \
               them, or pretty, compact or with sorted keys."
            .to_owned(),
        arguments: json!({
            "type": "object",
            "properties": {
                "text": {"type": "string", "description": "The document."},
                "from": {"type": "string", "enum": NOTATIONS, "description": "What it is written in."},
                "to": {"type": "string", "enum": NOTATIONS, "description": "What it is to be written in. Without it, only whether it is valid is told."},
                "style": {"type": "string", "enum": STYLES, "description": "Of JSON; `pretty` where it is not said."},
                "sorted": {"type": "boolean", "description": "Keys in the order of their letters."}
            },
            "required": ["text", "from"],
            "additionalProperties": false
        }),
    }
}

/// The first line says what to do (`validate json`, `json to yaml`, `json compact sorted`), the rest is the document.
pub(crate) fn arguments_of(text: &str) -> Result<Value, Trouble> {
    let (first, rest) = first_line(text);
    let words: Vec<String> = first
        .split_whitespace()
        .map(str::to_ascii_lowercase)
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (from, to, rest_of_words) = match &words[..] {
        ["validate", from, words @ ..] => (*from, None, words),
        [from, "to", to, words @ ..] => (*from, Some(*to), words),
        [from, words @ ..] if !words.is_empty() => (*from, Some(*from), words),
        _ => return as_object(text).ok_or_else(unread),
    };
    if !NOTATIONS.contains(&from) {
        return as_object(text).ok_or_else(unread);
    }
    let mut arguments = json!({ "text": rest, "from": from });
    if let Some(to) = to {
        arguments["to"] = Value::from(to);
    }
    for word in rest_of_words {
        match *word {
            "sorted" => arguments["sorted"] = Value::from(true),
            style if STYLES.contains(&style) => arguments["style"] = Value::from(style),
            _ => return Err(unread()),
        }
    }
    Ok(arguments)
}

fn unread() -> Trouble {
    bad_input(
        "The first line says what to do: `validate json`, `yaml to json`, `json pretty sorted`. The document stands below it.",
    )
}

/// Converts it.
pub(crate) fn run(arguments: &Value, _now: Timestamp) -> Result<Done, Trouble> {
    let fields = Fields::of(arguments, &FIELDS)?;
    let text = fields.text("text")?;
    bounded("text", text, DOCUMENT)?;
    let from = Notation::of(fields.chosen("from", &NOTATIONS)?);
    let to = fields
        .any("to")
        .map(|_| fields.chosen("to", &NOTATIONS))
        .transpose()?;
    let is_pretty = fields.choice("style", &STYLES)? == "pretty";
    let is_sorted = fields.flag("sorted")?;
    let read = Tree::read(text, from);
    let Some(to) = to else {
        return validity(read, from);
    };
    let mut tree = read.map_err(|unread| unread.trouble(from))?;
    if is_sorted {
        tree.sort();
    }
    let written = tree.write(Notation::of(to), is_pretty).map_err(no_answer)?;
    if written.len() > ANSWER {
        return Err(too_much("The document would have more than 2 MiB."));
    }
    Ok(Done::text(written))
}

fn validity(read: Result<Tree, Unread>, notation: Notation) -> Result<Done, Trouble> {
    let (text, result) = match read {
        Ok(_) => (
            format!("valid {}", notation.name()),
            json!({ "valid": true }),
        ),
        Err(unread) if unread.is_too_much => return Err(unread.trouble(notation)),
        Err(unread) => (
            format!("no valid {}: {}", notation.name(), unread.what),
            json!({ "valid": false, "error": unread.what }),
        ),
    };
    Ok(Done {
        text,
        result,
        working: None,
        output: Output::default(),
    })
}
