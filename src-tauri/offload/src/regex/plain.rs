//! As a person writes it: `extract /[0-9]+/` on the first line, the text below.
//!
//! Promises: between the slashes `\/` is a slash and everything else is as it stands. A word `backtracking`
//! before the action asks for that engine.

use serde_json::{Value, json};

use super::ACTIONS;
use crate::Trouble;
use crate::arguments::{as_object, bad_input, first_line};

pub(super) fn arguments_of(text: &str) -> Result<Value, Trouble> {
    if let Some(object) = as_object(text) {
        return Ok(object);
    }
    let (first, rest) = first_line(text);
    let (engine, first) = match first.strip_prefix("backtracking ") {
        Some(behind) => (Some("backtracking"), behind.trim_start()),
        None => (None, first),
    };
    let (action, written) = first.split_once(' ').unwrap_or((first, ""));
    let written = written.trim_start();
    if !ACTIONS.contains(&action) || !written.starts_with('/') {
        return Err(unread());
    }
    let parts = slashed(&written[1..]);
    let mut arguments = json!({ "action": action, "text": rest });
    let flags = match (&parts[..], action) {
        ([pattern, by, flags], "replace") => {
            arguments["pattern"] = Value::from(pattern.as_str());
            arguments["replacement"] = Value::from(by.as_str());
            flags
        }
        ([pattern, flags], "match" | "extract" | "split") => {
            arguments["pattern"] = Value::from(pattern.as_str());
            flags
        }
        _ => return Err(unread()),
    };
    arguments["flags"] = Value::from(flags.trim());
    if let Some(engine) = engine {
        arguments["engine"] = Value::from(engine);
    }
    Ok(arguments)
}

/// What stands between slashes.
fn slashed(written: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut letters = written.chars().peekable();
    while let Some(letter) = letters.next() {
        let last = parts.len() - 1;
        match letter {
            '/' => parts.push(String::new()),
            '\\' if letters.peek() == Some(&'/') => {
                letters.next();
                parts[last].push('/');
            }
            '\\' => {
                parts[last].push('\\');
                parts[last].extend(letters.next());
            }
            letter => parts[last].push(letter),
        }
    }
    parts
}

fn unread() -> Trouble {
    bad_input(
        "The first line says what to do: `match /pattern/`, `extract /pattern/i`, `replace /pattern/replacement/` or \
         `split /pattern/`. The text stands below it.",
    )
}
