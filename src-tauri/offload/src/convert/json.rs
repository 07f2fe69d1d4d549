//! JSON with its numbers as they are written.
//!
//! Promises: a number of any length stays digit by digit (serde_json's own tree would make a double of it), and
//! a key that stands twice is told. The syntax is serde_json's.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::tree::{DEPTH, Tree, Unread};

/// Reads a document.
pub(super) fn read(text: &str) -> Result<Tree, Unread> {
    // Once for the syntax, which knows lines and columns of the whole.
    serde_json::from_str::<IgnoredAny>(text).map_err(Unread::new)?;
    let whole: &RawValue = serde_json::from_str(text).map_err(Unread::new)?;
    value(whole, 0)
}

/// Each level is read anew: at most 64 times.
fn value(raw: &RawValue, depth: usize) -> Result<Tree, Unread> {
    if depth > DEPTH {
        return Err(Unread::new(format!(
            "values stand more than {DEPTH} deep, which is the limit"
        )));
    }
    let text = raw.get();
    Ok(match text.as_bytes().first() {
        Some(b'{') => {
            let Entries(entries) = serde_json::from_str(text).map_err(Unread::new)?;
            let mut seen = HashSet::new();
            let mut map = Vec::with_capacity(entries.len());
            for (key, raw) in entries {
                if !seen.insert(key.clone()) {
                    return Err(Unread::new(format!(
                        "the key `{key}` stands twice in an object"
                    )));
                }
                map.push((key, value(raw, depth + 1)?));
            }
            Tree::Map(map)
        }
        Some(b'[') => {
            let values: Vec<&RawValue> = serde_json::from_str(text).map_err(Unread::new)?;
            let values = values.into_iter().map(|raw| value(raw, depth + 1));
            Tree::List(values.collect::<Result<_, _>>()?)
        }
        Some(b'"') => Tree::Text(serde_json::from_str(text).map_err(Unread::new)?),
        Some(b't') => Tree::Bool(true),
        Some(b'f') => Tree::Bool(false),
        Some(b'n') => Tree::Null,
        _ => Tree::Number(text.to_owned()),
    })
}

/// An object's entries, those with the same key too.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Entries<'de>, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Entries<'de>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = from.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        from.deserialize_map(All)
    }
}

/// Writes a value, over several lines where it is told how far it is indented.
pub(super) fn write(tree: &Tree, indent: Option<usize>, into: &mut String) {
    let inner = indent.map(|indent| indent + 1);
    let line = |indent: Option<usize>, into: &mut String| {
        if let Some(indent) = indent {
            into.push('\n');
            into.extend(std::iter::repeat_n("  ", indent));
        }
    };
    match tree {
        Tree::Null => into.push_str("null"),
        Tree::Bool(value) => into.push_str(if *value { "true" } else { "false" }),
        Tree::Number(number) => into.push_str(number),
        Tree::Text(text) => quote(text, into),
        Tree::List(values) => {
            into.push('[');
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    into.push(',');
                }
                line(inner, into);
                write(value, inner, into);
            }
            if !values.is_empty() {
                line(indent, into);
            }
            into.push(']');
        }
        Tree::Map(entries) => {
            into.push('{');
            for (at, (key, value)) in entries.iter().enumerate() {
                if at > 0 {
                    into.push(',');
                }
                line(inner, into);
                quote(key, into);
                into.push_str(if indent.is_some() { ": " } else { ":" });
                write(value, inner, into);
            }
            if !entries.is_empty() {
                line(indent, into);
            }
            into.push('}');
        }
    }
}

fn quote(text: &str, into: &mut String) {
    into.push_str(&serde_json::Value::from(text).to_string());
}
