//! Regular expressions over a text.
//!
//! Promises: what is found is what the pattern says, with places in bytes and in characters. The usual engine
//! is linear; one that backtracks looks around and back where it is asked for by name, in a process of its own
//! that is killed after a second. Bounds: a pattern of 4 KiB, a text of 1 MiB (16 KiB with the engine that backtracks), 10,000
//! matches, 1 MiB of answer, half a second between matches. Leaves out other flavours' syntax: it is Rust's
//! `regex`, with Unicode on; alternatives are tried from the left, as in Perl and Python.

mod pattern;
mod plain;
mod replacement;

#[cfg(test)]
mod tests;

use std::path::Path;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::arguments::{Fields, bad_input, bounded, too_much};
use crate::{Done, Output, Spec, Tool, Trouble, TroubleKind};
use pattern::{Found, Pattern};

/// The longest pattern, in bytes.
const PATTERN: usize = 4 * 1024;
/// The longest text, in bytes.
const TEXT: usize = 1024 * 1024;
/// The most matches.
const MATCHES: usize = 10_000;
/// The longest answer, in bytes.
const ANSWER: usize = 1024 * 1024;

const FIELDS: [&str; 7] = [
    "action",
    "pattern",
    "text",
    "flags",
    "replacement",
    "count",
    "engine",
];
const ACTIONS: [&str; 4] = ["match", "extract", "replace", "split"];
const ENGINES: [&str; 2] = ["linear", "backtracking"];

/// What is said of it.
pub(crate) fn spec() -> Spec {
    Spec {
        tool: Tool::Regex,
        what: "Applies a regular expression (Rust syntax) to a text: `match` tells whether and where it matches first, \
               `extract` gives all matches with their groups, `replace` replaces them, `split` splits at them."
            .to_owned(),
        arguments: json!({
            "type": "object",
            "properties": {
                "action": {"type": "string", "enum": ACTIONS, "description": "What to do; `match` where it is not said."},
                "pattern": {"type": "string", "description": "The regular expression, without delimiters."},
                "text": {"type": "string", "description": "The text it is applied to."},
                "flags": {"type": "string", "description": "Any of i (case does not matter), m (^ and $ at lines), s (. matches line ends), x (white space is left out), u (Unicode, which is on anyway)."},
                "replacement": {"type": "string", "description": "For `replace`: `$1` and `${name}` stand for groups, `$0` for the match, `$$` for a dollar."},
                "count": {"type": "integer", "minimum": 1, "description": "The most matches that are replaced, extracted or split at; all where it is not said."},
                "engine": {"type": "string", "enum": ENGINES, "description": "`backtracking` for look-around and backreferences; otherwise `linear`."}
            },
            "required": ["pattern", "text"],
            "additionalProperties": false
        }),
    }
}

/// The first line says what to do (`match /p/i`, `extract /p/`, `replace /p/by/`, `split /p/`), the rest is the text.
pub(crate) fn arguments_of(text: &str) -> Result<Value, Trouble> {
    plain::arguments_of(text)
}

/// Applies it with the linear engine.
pub(crate) fn run(arguments: &Value, _now: Timestamp) -> Result<Done, Trouble> {
    let given = Given::of(arguments)?;
    let pattern = Pattern::new(given.pattern, given.flags, given.text.len())?;
    given.applied(&pattern)
}

/// Whether the other engine is asked for.
pub(crate) fn backtracks(arguments: &Value) -> bool {
    arguments["engine"] == "backtracking"
}

/// Applies it with the engine that backtracks.
pub(crate) async fn backtrack(program: Option<&Path>, arguments: &Value) -> Result<Done, Trouble> {
    let given = Given::of(arguments)?;
    let program = program.ok_or_else(|| {
        let message = "The engine that backtracks can't be used: the program `signalbox-sandbox` is not there. Put it beside `signalbox`.";
        Trouble::new(TroubleKind::Unavailable, message)
    })?;
    let Given {
        pattern,
        flags,
        text,
        ..
    } = given;
    let wanted = given.wanted();
    let pattern = Pattern::backtracked(program, pattern, flags, text, wanted, MATCHES).await?;
    given.applied(&pattern)
}

/// What is to be done.
struct Given<'a> {
    action: &'static str,
    pattern: &'a str,
    text: &'a str,
    flags: &'a str,
    replacement: Option<&'a str>,
    count: Option<usize>,
}

impl<'a> Given<'a> {
    fn of(arguments: &'a Value) -> Result<Given<'a>, Trouble> {
        let fields = Fields::of(arguments, &FIELDS)?;
        let action = fields.choice("action", &ACTIONS)?;
        let (pattern, text) = (fields.text("pattern")?, fields.text("text")?);
        bounded("pattern", pattern, PATTERN)?;
        bounded("text", text, TEXT)?;
        let flags = fields.maybe_text("flags")?.unwrap_or("");
        let replacement = fields.maybe_text("replacement")?;
        if replacement.is_some() != (action == "replace") {
            return Err(bad_input(
                "The argument `replacement` belongs to the action `replace`, and that needs it.",
            ));
        }
        let count = fields.whole("count", 1, MATCHES as u64)?;
        let count = count.map(|count| usize::try_from(count).unwrap_or(MATCHES));
        fields.choice("engine", &ENGINES)?;
        Ok(Given {
            action,
            pattern,
            text,
            flags,
            replacement,
            count,
        })
    }

    fn wanted(&self) -> usize {
        match self.action {
            "match" => 1,
            _ => self.count.unwrap_or(usize::MAX),
        }
    }

    fn applied(&self, pattern: &Pattern) -> Result<Done, Trouble> {
        let text = self.text;
        let all = pattern.find(text, self.wanted(), MATCHES)?;
        match self.action {
            "match" => Ok(matched(pattern, text, all.first())),
            "extract" => extracted(pattern, text, &all),
            "split" => split(text, &all),
            _ => {
                let written = self.replacement.unwrap_or("");
                let by = replacement::Replacement::new(written, pattern)?;
                replaced(text, &all, &by)
            }
        }
    }
}

fn matched(pattern: &Pattern, text: &str, found: Option<&Found>) -> Done {
    let told = found.map(|found| Told::new(pattern, text).tell(found));
    Done {
        text: found.map_or("no match".to_owned(), |found| {
            format!("match: {}", &text[found.whole()])
        }),
        result: json!({ "matched": found.is_some(), "match": told }),
        working: None,
        output: Output::default(),
    }
}

fn extracted(pattern: &Pattern, text: &str, all: &[Found]) -> Result<Done, Trouble> {
    let mut told = Told::new(pattern, text);
    let (mut matches, mut size) = (Vec::new(), 0);
    for found in all {
        let groups = found.groups.iter().flatten();
        size += groups.map(|group| group.len() * 2).sum::<usize>();
        if size > ANSWER {
            return Err(answer_too_long());
        }
        matches.push(told.tell(found));
    }
    let lines: Vec<&str> = all.iter().map(|found| &text[found.whole()]).collect();
    Ok(Done {
        text: if lines.is_empty() {
            "no match".to_owned()
        } else {
            lines.join("\n")
        },
        result: json!({ "count": all.len(), "matches": matches }),
        working: None,
        output: Output::default(),
    })
}

fn split(text: &str, all: &[Found]) -> Result<Done, Trouble> {
    let mut parts = Vec::new();
    let mut from = 0;
    for found in all {
        let at = found.whole();
        parts.push(&text[from..at.start]);
        from = at.end;
    }
    parts.push(&text[from..]);
    if text.len() > ANSWER {
        return Err(answer_too_long());
    }
    Ok(Done {
        text: parts.join("\n"),
        result: json!({ "count": parts.len(), "parts": parts }),
        working: None,
        output: Output::default(),
    })
}

fn replaced(text: &str, all: &[Found], by: &replacement::Replacement) -> Result<Done, Trouble> {
    let mut new = String::new();
    let mut from = 0;
    for found in all {
        let at = found.whole();
        new.push_str(&text[from..at.start]);
        by.write(text, found, &mut new);
        from = at.end;
        if new.len() > ANSWER {
            return Err(answer_too_long());
        }
    }
    new.push_str(&text[from..]);
    if new.len() > ANSWER {
        return Err(answer_too_long());
    }
    Ok(Done {
        result: json!({ "text": new, "count": all.len() }),
        text: new,
        working: None,
        output: Output::default(),
    })
}

fn answer_too_long() -> Trouble {
    too_much("The answer would have more than 1 MiB. Take a shorter text, or a `count`.")
}

/// Tells matches, in order, with their places in characters counted on the way.
struct Told<'a> {
    text: &'a str,
    names: Vec<Option<&'a str>>,
    bytes: usize,
    characters: usize,
}

impl<'a> Told<'a> {
    fn new(pattern: &'a Pattern, text: &'a str) -> Told<'a> {
        Told {
            text,
            names: pattern.names(),
            bytes: 0,
            characters: 0,
        }
    }

    fn tell(&mut self, found: &Found) -> Value {
        let whole = found.whole();
        self.characters += self.text[self.bytes..whole.start].chars().count();
        self.bytes = whole.start;
        let length = self.text[whole.clone()].chars().count();
        let of = |group: &Option<std::ops::Range<usize>>| match group {
            Some(group) => Value::from(&self.text[group.clone()]),
            None => Value::Null,
        };
        let groups: Vec<Value> = found.groups.iter().skip(1).map(of).collect();
        let named = self.names.iter().zip(&found.groups);
        let named: Map<String, Value> = named
            .filter_map(|(name, group)| name.map(|name| (name.to_owned(), of(group))))
            .collect();
        json!({
            "text": &self.text[whole.clone()],
            "start": whole.start,
            "end": whole.end,
            "char_start": self.characters,
            "char_end": self.characters + length,
            "groups": groups,
            "named": named,
        })
    }
}
