//! What matches are replaced by.
//!
//! Promises: `$1` is group one whatever follows it (`$1a` is group one and an `a`), and a group that the
//! pattern does not have is an error, not an empty text.

use super::pattern::{Found, Pattern};
use crate::Trouble;
use crate::arguments::bad_input;

/// In parts: texts and groups.
pub(super) struct Replacement(Vec<Part>);

enum Part {
    Text(String),
    Group(usize),
}

impl Replacement {
    pub(super) fn new(written: &str, pattern: &Pattern) -> Result<Replacement, Trouble> {
        let names = pattern.names();
        let mut parts = Vec::new();
        let mut rest = written;
        while let Some((text, behind)) = rest.split_once('$') {
            parts.push(Part::Text(text.to_owned()));
            let (name, behind) = match behind.chars().next() {
                Some('$') => {
                    parts.push(Part::Text("$".to_owned()));
                    rest = &behind[1..];
                    continue;
                }
                Some('{') => behind[1..]
                    .split_once('}')
                    .ok_or_else(|| bad_input("A `${` of the replacement is not closed."))?,
                Some(digit) if digit.is_ascii_digit() => {
                    let end = behind.find(|c: char| !c.is_ascii_digit());
                    behind.split_at(end.unwrap_or(behind.len()))
                }
                _ => {
                    return Err(bad_input(
                        "Behind a `$` of the replacement stands a group's number, its name in braces, or another `$`.",
                    ));
                }
            };
            let group = match name.parse::<usize>() {
                Ok(number) => (number < names.len()).then_some(number),
                Err(_) => names.iter().position(|known| *known == Some(name)),
            };
            let group =
                group.ok_or_else(|| bad_input(format!("The pattern has no group `{name}`.")))?;
            parts.push(Part::Group(group));
            rest = behind;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Replacement(parts))
    }

    pub(super) fn write(&self, text: &str, found: &Found, into: &mut String) {
        for part in &self.0 {
            match part {
                Part::Text(part) => into.push_str(part),
                Part::Group(group) => {
                    if let Some(Some(group)) = found.groups.get(*group) {
                        into.push_str(&text[group.clone()]);
                    }
                }
            }
        }
    }
}
