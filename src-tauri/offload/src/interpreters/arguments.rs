//! What the two tools take, and what is said of them.

use serde::Deserialize;
use serde_json::{Value, json};
use speech::{Language, Limits, MOST_CODE};

use super::telling;
use crate::grants::Interpreters;
use crate::{Spec, Tool, Trouble, TroubleKind};

/// Bytes of a session's name.
const LONGEST_NAME: usize = 64;
/// What the tool takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Code {
    pub(super) code: String,
    pub(super) session: Option<String>,
}

/// Reads it, or says what is wrong with it.
pub(super) fn taken(language: Language, arguments: &Value) -> Result<Code, Trouble> {
    let taken = Code::deserialize(arguments);
    let bad = |message: String| Err(Trouble::new(TroubleKind::BadInput, message));
    match taken {
        Err(why) => bad(format!(
            "These are not the arguments of `{}`: {why}. Give `code`, and `session` where it is to go on.",
            telling::tool(language)
        )),
        Ok(taken) if taken.code.len() > MOST_CODE => bad(format!(
            "The code has {} bytes, and may have {MOST_CODE}. Make it shorter.",
            taken.code.len()
        )),
        Ok(Code {
            session: Some(name),
            ..
        }) if name.is_empty() || name.len() > LONGEST_NAME => bad(format!(
            "A session's name has 1 to {LONGEST_NAME} bytes, this one has {}.",
            name.len()
        )),
        Ok(taken) => Ok(taken),
    }
}

/// What is said of it.
pub(crate) fn spec(language: Language, granted: &Interpreters) -> Spec {
    let (tool, what) = match language {
        Language::Python => (
            Tool::Python,
            "Runs Python and gives what it prints and the value of its last expression. A part of the language: \
             classes, comprehensions, f-strings, json, re, math, datetime, collections, itertools, functools; no \
             `yield`, no `%` on strings, no packages",
        ),
        Language::JavaScript => (
            Tool::JavaScript,
            "Runs JavaScript and gives what it prints and the value of its last expression. The language alone: \
             no modules, no timers",
        ),
    };
    let reads = match language {
        Language::Python if !granted.folders.is_empty() => {
            let folders: Vec<_> = granted
                .folders
                .iter()
                .map(|folder| folder.display().to_string())
                .collect();
            format!("it may read files in {}", folders.join(", "))
        }
        _ => "no files".to_owned(),
    };
    let clock = if granted.clock { "" } else { ", no clock" };
    let Limits {
        time_ms, memory, ..
    } = Limits::default();
    Spec {
        tool,
        what: format!(
            "{what}; {reads}, no network{clock}. At most {} s and {} MiB.",
            telling::seconds(time_ms),
            memory >> 20
        ),
        arguments: json!({
            "type": "object",
            "properties": {
                "code": { "type": "string", "description": "The code. Its last expression is the result." },
                "session": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": LONGEST_NAME,
                    "description": "Names in it are there for the next call with the same session.",
                },
            },
            "required": ["code"],
            "additionalProperties": false,
        }),
    }
}
