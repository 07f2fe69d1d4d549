//! What is wrong with a config, and where.
//!
//! Promises: a position a person can go to, a reason, and what to do; and never
//! a value that could be a key somebody pasted into the wrong place.

use std::ops::Range;
use std::path::PathBuf;

use toml_edit::{Key, TableLike};

/// The config can't be used. What was in force stays in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The file, whole path.
    pub file: PathBuf,
    /// From 1; 0 when the trouble is with the file as a whole. After an edit
    /// that was refused, the line is one of the text that was not written.
    pub line: u32,
    /// From 1, in characters; 0 when the trouble is with the file as a whole.
    pub column: u32,
    /// The setting, or the name of a table, that is at fault.
    pub setting: Option<String>,
    /// What is wrong and what to do.
    pub reason: String,
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.file.file_name() {
            Some(name) => write!(f, "{}", name.to_string_lossy())?,
            None => write!(f, "{}", self.file.display())?,
        }
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl std::error::Error for ConfigError {}

/// An error inside a text, before it is known which file it came from.
#[derive(Debug)]
pub(super) struct Wrong {
    /// Bytes of the text; `None` when no place in it is at fault.
    pub(super) at: Option<Range<usize>>,
    pub(super) reason: String,
}

impl Wrong {
    pub(super) fn at(at: Range<usize>, reason: impl Into<String>) -> Wrong {
        Wrong {
            at: Some(at),
            reason: reason.into(),
        }
    }

    pub(super) fn whole(reason: impl Into<String>) -> Wrong {
        Wrong {
            at: None,
            reason: reason.into(),
        }
    }

    pub(super) fn locate(self, file: PathBuf, text: &str) -> ConfigError {
        let at = self.at.map(|at| at.start);
        let (line, column) = at.map_or((0, 0), |at| position(text, at));
        ConfigError {
            file,
            line,
            column,
            setting: at.and_then(|at| setting(text, at)),
            reason: self.reason,
        }
    }
}

impl From<toml::de::Error> for Wrong {
    fn from(error: toml::de::Error) -> Wrong {
        Wrong {
            at: Some(error.span().unwrap_or(0..0)),
            reason: explain(error.message()),
        }
    }
}

/// Line and column, both from 1, of a byte in a text.
fn position(text: &str, byte: usize) -> (u32, u32) {
    let before = text.get(..byte.min(text.len())).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    (line as u32, before[start..].chars().count() as u32 + 1)
}

/// The innermost name in a text whose line, or whose table, a byte belongs to.
fn setting(text: &str, byte: usize) -> Option<String> {
    let doc = toml_edit::Document::parse(text).ok()?;
    innermost(doc.as_table(), byte)
}

fn innermost(table: &dyn TableLike, byte: usize) -> Option<String> {
    table.iter().find_map(|(name, item)| {
        let inside = item
            .as_table_like()
            .and_then(|child| innermost(child, byte));
        let within = |span: Option<Range<usize>>| span.is_some_and(|span| span.contains(&byte));
        inside.or_else(|| {
            let key = table.key(name).and_then(Key::span);
            (within(key) || within(item.span())).then(|| name.to_owned())
        })
    })
}

/// The parser's message in our words.
fn explain(message: &str) -> String {
    for (opening, what) in [("unknown field `", "key"), ("unknown variant `", "value")] {
        let Some(rest) = message.strip_prefix(opening) else {
            continue;
        };
        let Some((unknown, expected)) = rest.split_once('`') else {
            continue;
        };
        let known: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
        let advice = match nearest(unknown, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => "nothing belongs here".to_owned(),
            None => format!("known are {}", known.join(", ")),
        };
        return format!("unknown {what} `{}`; {advice}", short(unknown));
    }
    hide_values(message)
}

/// A word in a message, unless it is long enough to be a key.
pub(super) fn short(word: &str) -> &str {
    if word.chars().count() <= 32 {
        word
    } else {
        "…"
    }
}

/// `invalid type: string "sk-…", expected u16` tells the value, which is a key
/// when somebody pasted one on the wrong line.
fn hide_values(message: &str) -> String {
    match (message.find("string \""), message.rfind("\", expected ")) {
        (Some(start), Some(end)) if start < end => {
            format!("{}a text{}", &message[..start], &message[end + 1..])
        }
        _ => message.to_owned(),
    }
}

/// The known word that a typing slip most likely meant.
pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (word.chars().count() / 3).max(1);
    known
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Letters to insert, delete, replace or swap with their neighbour, which is the
/// slip fingers make most (optimal string alignment).
fn distance(one: &str, other: &str) -> usize {
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for row in 1..=one.len() {
        let mut current = vec![row];
        for column in 1..=other.len() {
            let differs = usize::from(one[row - 1] != other[column - 1]);
            let mut least = (above[column - 1] + differs)
                .min(above[column] + 1)
                .min(current[column - 1] + 1);
            let swapped = row > 1
                && column > 1
                && one[row - 1] == other[column - 2]
                && one[row - 2] == other[column - 1];
            if swapped {
                least = least.min(before[column - 2] + 1);
            }
            current.push(least);
        }
        before = std::mem::replace(&mut above, current);
    }
    above[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let known = ["port", "listen", "body_limit_mib"];
        for (word, meant) in [
            ("prot", Some("port")),
            ("porrt", Some("port")),
            ("body_limit", None),
            ("body_limit_mb", Some("body_limit_mib")),
            ("lisen", Some("listen")),
            ("colour", None),
            ("tropical", None),
        ] {
            assert_eq!(nearest(word, known.into_iter()), meant, "{word}");
        }
    }

    #[test]
    fn positions_count_characters() {
        assert_eq!(position("ä = 1\nöö = 2", 0), (1, 1));
        assert_eq!(position("ä = 1\nöö = 2", 12), (2, 4));
        assert_eq!(position("a", 99), (1, 2));
    }

    #[test]
    fn the_setting_at_fault_is_named() {
        let text = "a = 1\n[provider.x]\nkey = \"k\"\n[provider.y]\nz = { in = [1, 2] }\n";
        for (place, named) in [
            ("a", Some("a")),
            ("x]", Some("x")),
            ("\"k\"", Some("key")),
            ("y]", Some("y")),
            ("2]", Some("in")),
        ] {
            let at = text.find(place).unwrap();
            assert_eq!(setting(text, at).as_deref(), named, "{place}");
        }
        assert_eq!(setting("a = ", 2), None, "what is no config names nothing");
    }

    #[test]
    fn a_value_in_a_message_is_hidden() {
        assert_eq!(
            explain("invalid type: string \"sk-\\\"secret\", expected u16"),
            "invalid type: a text, expected u16"
        );
    }
}
