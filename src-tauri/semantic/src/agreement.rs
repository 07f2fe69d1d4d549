//! Whether two answers say the same.
//!
//! Promises: "yes" only where they are the same but for how they are written, or where nothing that
//! can be checked here differs (numbers, negations, code, names) and nearly all words are the same.
//! Leaves out: meaning. Two answers that say the same in other words are unclear, which counts
//! against the cache.

use serde::{Deserialize, Serialize};

use crate::embed::{Embed as _, similarity};
use crate::lexical::Lexical;
use crate::marks::Marks;
use crate::reading::read;

/// Longer answers are compared letter by letter only. In bytes.
const LONGEST: usize = 64 << 10;
/// How alike the words must be.
const NEAR: f32 = 0.85;
/// Below this they speak of different things.
const FAR: f32 = 0.5;

/// How two answers compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// The same but for case, white space, punctuation and marks of emphasis.
    Same,
    /// Numbers, negations, code and names agree, and nearly all words are the same.
    Alike,
    /// It can't be told here.
    Unclear,
    /// Something that can be checked differs, or they speak of different things.
    Different,
}

impl Agreement {
    /// Whether it counts for the cache.
    pub fn agrees(self) -> bool {
        matches!(self, Agreement::Same | Agreement::Alike)
    }
}

/// Compares the answer that was kept with the real one.
pub fn verify(kept: &str, real: &str) -> Agreement {
    if kept == real || bare(kept) == bare(real) {
        return Agreement::Same;
    }
    if kept.len().max(real.len()) > LONGEST {
        return Agreement::Unclear;
    }
    let (one, other) = (Marks::of(&read(kept)), Marks::of(&read(real)));
    let agree = one.language == other.language
        && one.numbers == other.numbers
        && one.negations == other.negations
        && one.code == other.code
        && one.quotes == other.quotes
        && one.poles == other.poles;
    let has_names =
        |one: &Marks, other: &Marks| one.names.iter().all(|name| other.words.contains(name));
    if !agree || !has_names(&one, &other) || !has_names(&other, &one) {
        return Agreement::Different;
    }
    match Lexical.embed(&[kept, real]).as_deref() {
        Ok([kept, real]) => match similarity(kept, real) {
            near if near >= NEAR => Agreement::Alike,
            near if near < FAR => Agreement::Different,
            _ => Agreement::Unclear,
        },
        _ => Agreement::Unclear,
    }
}

/// Letters and digits, signs that count, and single spaces between them.
fn bare(text: &str) -> String {
    let kept = |c: char| c.is_alphanumeric() || "+-*/<>=%$€£&@#_.,".contains(c);
    let words = text.split_whitespace().map(|word| {
        // Emphasis and the end of a sentence stand around words, a decimal point inside.
        let word = word.trim_matches(|c: char| "*_`#.,!?:;\"'()".contains(c));
        word.chars()
            .filter(|c| kept(*c))
            .flat_map(char::to_lowercase)
            .collect::<String>()
    });
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_agree_only_where_nothing_that_can_be_checked_differs() {
        use Agreement::*;
        for (kept, real, agreement) in [
            (
                "Returns are free for 30 days.",
                "returns are **free** for 30 days",
                Same,
            ),
            ("", "", Same),
            ("It is 3.5 kg.", "It is 35 kg.", Different),
            ("It costs -5 euro", "It costs 5 euro", Different),
            ("You can return it.", "You can't return it.", Different),
            (
                "You may return it within 30 days.",
                "You may return it within 14 days.",
                Different,
            ),
            (
                "Call Anna about the return of it.",
                "Call Peter about the return of it.",
                Different,
            ),
            ("Run `rm -r x` there.", "Run `rm -rf x` there.", Different),
            ("Yes.", "No.", Different),
            (
                "Open the settings, choose your account and click on reset password to get a mail with a link.",
                "To get a mail with a link, open the settings, choose your account and click on reset password.",
                Alike,
            ),
            (
                "Returns are free.",
                "Sending things back costs nothing at all.",
                Different,
            ),
            (
                "Go to settings and choose reset, then follow the link.",
                "Go to settings and choose reset, then confirm the mail that arrives.",
                Unclear,
            ),
        ] {
            assert_eq!(verify(kept, real), agreement, "{kept} | {real}");
            assert_eq!(verify(real, kept), agreement, "{real} | {kept}");
        }
    }

    #[test]
    fn what_is_too_long_to_be_read_agrees_only_if_it_is_the_same() {
        let long = "word ".repeat(20_000);
        assert_eq!(verify(&long, &format!("{long}!")), Agreement::Same);
        assert_eq!(verify(&long, &format!("{long} more")), Agreement::Unclear);
    }
}
