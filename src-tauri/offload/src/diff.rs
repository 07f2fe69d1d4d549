//! What two texts differ in.
//!
//! Promises: a unified diff that turns the one into the other, line by line. Bounds: 512 KiB each, 300 ms for
//! the shortest one; beyond them it is right, but may be longer than it has to be. Leaves out words within a line.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};

use crate::arguments::{Fields, as_object, bad_input, bounded, too_much};
use crate::{Done, Output, Spec, Tool, Trouble};

/// The longest text, in bytes.
const TEXT: usize = 512 * 1024;
/// The longest answer, in bytes.
const ANSWER: usize = 2 * 1024 * 1024;
/// The most time for the search of the shortest.
const LIMIT: Duration = Duration::from_millis(300);
/// Lines around a change, where nobody says.
const CONTEXT: u64 = 3;
/// The most of them.
const MOST_CONTEXT: u64 = 100;
/// The line between two texts.
const BETWEEN: &str = "=======";

/// What is said of it.
pub(crate) fn spec() -> Spec {
    Spec {
        tool: Tool::Diff,
        what: "The unified diff of two texts, line by line.".to_owned(),
        arguments: json!({
            "type": "object",
            "properties": {
                "old": {"type": "string", "description": "The text before."},
                "new": {"type": "string", "description": "The text after."},
                "context": {"type": "integer", "minimum": 0, "maximum": MOST_CONTEXT, "description": "Lines around a change; 3 where it is not said."}
            },
            "required": ["old", "new"],
            "additionalProperties": false
        }),
    }
}

/// The old text, a line of seven `=`, the new text.
pub(crate) fn arguments_of(text: &str) -> Result<Value, Trouble> {
    if let Some(object) = as_object(text) {
        return Ok(object);
    }
    let mut at = 0;
    let mut found = None;
    for line in text.split_inclusive('\n') {
        if line.trim_end() == BETWEEN {
            if found.is_some() {
                return Err(bad_input(
                    "The line `=======` stands more than once: give `old` and `new` as JSON.",
                ));
            }
            found = Some((at, at + line.len()));
        }
        at += line.len();
    }
    let (end, begin) = found
        .ok_or_else(|| bad_input("Between the old and the new text stands a line `=======`."))?;
    let mut new = text[begin..].to_owned();
    // The old one ends with a line end, before the line between them.
    if !new.is_empty() && !new.ends_with('\n') {
        new.push('\n');
    }
    Ok(json!({ "old": &text[..end], "new": new }))
}

/// Compares.
pub(crate) fn run(arguments: &Value, _now: Timestamp) -> Result<Done, Trouble> {
    let fields = Fields::of(arguments, &["old", "new", "context"])?;
    let (old, new) = (fields.text("old")?, fields.text("new")?);
    bounded("old", old, TEXT)?;
    bounded("new", new, TEXT)?;
    let context = fields.whole("context", 0, MOST_CONTEXT)?.unwrap_or(CONTEXT);
    let diff = TextDiff::configure().timeout(LIMIT).diff_lines(old, new);
    let (mut added, mut removed) = (0_usize, 0_usize);
    for change in diff.iter_all_changes() {
        match change.tag() {
            ChangeTag::Insert => added += 1,
            ChangeTag::Delete => removed += 1,
            ChangeTag::Equal => {}
        }
    }
    let written = diff
        .unified_diff()
        .context_radius(usize::try_from(context).unwrap_or(0))
        .header("old", "new")
        .to_string();
    if written.len() > ANSWER {
        return Err(too_much("The diff would have more than 2 MiB."));
    }
    let is_same = added + removed == 0;
    Ok(Done {
        result: json!({ "same": is_same, "added": added, "removed": removed, "diff": written }),
        text: if is_same {
            "no difference".to_owned()
        } else {
            written
        },
        working: None,
        output: Output::default(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_change_is_told_with_what_surrounds_it() {
        let done = run(
            &arguments_of("a\nb\nc\n=======\na\nB\nc").unwrap(),
            Timestamp::UNIX_EPOCH,
        )
        .unwrap();
        assert_eq!(
            done.text,
            "--- old\n+++ new\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"
        );
        assert_eq!(
            (&done.result["added"], &done.result["removed"]),
            (&json!(1), &json!(1))
        );
        let same = run(&json!({"old": "x", "new": "x"}), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(same.text, "no difference");
        assert!(arguments_of("a\nb").is_err());
    }

    #[test]
    fn texts_that_have_nothing_in_common_end() {
        let text = |salt: u64| -> String {
            (0..60_000_u64)
                .map(|n| format!("{:x}\n", (n * 2_654_435_761 + salt) % 977))
                .collect()
        };
        let done = run(
            &json!({"old": text(1), "new": text(500)}),
            Timestamp::UNIX_EPOCH,
        );
        assert!(done.is_ok_and(|done| done.result["same"] == json!(false)));
    }

    /// As `patch` does it.
    fn applied(old: &str, diff: &str) -> String {
        let old: Vec<&str> = old.split_inclusive('\n').collect();
        let (mut new, mut at) = (String::new(), 0);
        let mut lines = diff.split_inclusive('\n').skip(2).peekable();
        while let Some(line) = lines.next() {
            if let Some(header) = line.strip_prefix("@@ -") {
                let span = header.split(' ').next().unwrap();
                let (first, count) = span.split_once(',').unwrap_or((span, "1"));
                let first: usize = first.parse().unwrap();
                let from = if count == "0" { first } else { first - 1 };
                while at < from {
                    new.push_str(old[at]);
                    at += 1;
                }
                continue;
            }
            if line.starts_with('\\') {
                continue;
            }
            let mut body = line[1..].to_owned();
            if lines.peek().is_some_and(|next| next.starts_with('\\')) {
                body.pop();
            }
            match &line[..1] {
                "+" => new.push_str(&body),
                "-" => {
                    assert_eq!(old[at], body);
                    at += 1;
                }
                _ => {
                    assert_eq!(old[at], body);
                    new.push_str(&body);
                    at += 1;
                }
            }
        }
        new.extend(old[at..].iter().copied());
        new
    }

    proptest! {
        #[test]
        fn the_diff_turns_the_one_text_into_the_other(
            old in "([abc]{0,1}\n){0,12}[abc]{0,2}", new in "([abc]{0,1}\n){0,12}[abc]{0,2}", context in 0..4_u64
        ) {
            let done = run(&json!({"old": old, "new": new, "context": context}), Timestamp::UNIX_EPOCH).unwrap();
            let diff = done.result["diff"].as_str().unwrap();
            prop_assert_eq!(applied(&old, diff), new, "{}", diff);
        }
    }
}
