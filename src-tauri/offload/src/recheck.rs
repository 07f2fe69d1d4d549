//! Sums in a text, done over.
//!
//! Promises: a sum is judged only where a whole clause is one equation of plain numbers (`So 17 * 23 = 401.`),
//! on a line that holds nothing else which could give it another meaning, and only what is wrong beyond every
//! rounding is told. A right sum that is called wrong is worse than a wrong one that is missed. Bounds: 256 KiB of
//! text, [`MOST`] wrong sums of [`LOOKED_AT`] that are judged, of [`judge`]'s terms and digits. English only.
//! Leaves out what is done about it (the engine).

mod judge;
mod line;
mod meaning;

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use regex::Regex;

/// The longest text that is read, in bytes.
const LONGEST: usize = 256 * 1024;
/// The most wrong sums that are told.
const MOST: usize = 16;
/// The most that are judged for it.
const LOOKED_AT: usize = 256;

/// A sum that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongSum {
    /// As it stands in the text, without marks of emphasis.
    pub written: String,
    /// What its left side is.
    pub exact: String,
}

static CODE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?s)(?P<block>```.*?(?:```|\z)|~~~.*?(?:~~~|\z))|`[^`\n]*`").ok()
});

/// The sums that are wrong, in their order.
pub fn wrong_sums(text: &str) -> Vec<WrongSum> {
    let Some(code) = &*CODE else {
        return Vec::new();
    };
    if text.len() > LONGEST || !text.contains('=') || meaning::is_another(text) {
        return Vec::new();
    }
    // Code within a line may be a part of its sum: what is put there spoils the line.
    let text = code.replace_all(text, |found: &regex::Captures<'_>| {
        if found.name("block").is_some() {
            "\n\n"
        } else {
            "\0"
        }
    });
    let lines: Vec<&str> = text.lines().collect();
    let equations = (0..lines.len()).flat_map(|at| line::equations(&lines, at));
    let wrong = equations
        .take(LOOKED_AT)
        .filter_map(|equation| judge::wrong(&equation));
    wrong.take(MOST).collect()
}
