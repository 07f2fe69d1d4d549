//! Sums in a text, done over.
//!
//! Promises: only a whole equation of plain numbers is judged (`17 * 23 = 401`, `1,200 / 7 = 171.43`), and only what
//! is wrong beyond its own rounding is told. What may be meant otherwise (in code, in another base, modulo, a part
//! of something longer, a share in per cent) is left alone: a right sum that is called wrong is worse than a wrong
//! one that is missed. Bounds: 256 KiB of text, [`MOST`] equations of [`TERMS`] terms, 15 digits a number.
//! Leaves out what is done about it (the engine).

use std::sync::LazyLock;

use jiff::Timestamp;
use regex::Regex;
use serde_json::json;

use crate::calculator;

/// The longest text that is read, in bytes.
const LONGEST: usize = 256 * 1024;
/// The most equations that are done over.
const MOST: usize = 16;
/// The most that are looked at for it.
const LOOKED_AT: usize = 256;
/// The most terms of one.
const TERMS: usize = 12;
/// The most digits of a number: as many as a double holds exactly.
const DIGITS: usize = 15;

/// A sum that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongSum {
    /// As it stands in the text.
    pub written: String,
    /// What its left side is.
    pub exact: String,
}

const NUMBER: &str = r"[$€£]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?";

static EQUATION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let sides =
        format!(r"(-?{NUMBER}(?:\s*(?:[-+*/×÷·−]|\sx\s)\s*{NUMBER})+)\s*[=≈]\s*(-?{NUMBER})");
    Regex::new(&sides).ok()
});

/// Words that change what numbers mean.
static OTHERWISE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\bmod\b|modulo|modular|binary|hexadecimal|\bhex\b|octal|\bbase\b").ok()
});

static CODE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?s)```.*?(?:```|\z)|`[^`\n]*`").ok());

/// What follows a number that is a part of a larger one.
const SCALES: [&str; 9] = [
    "percent",
    "per cent",
    "million",
    "billion",
    "trillion",
    "thousand",
    "remainder",
    "rest ",
    "r ",
];

/// Who says that a sum is wrong knows it.
const DENIALS: [&str; 9] = [
    "false",
    "wrong",
    "incorrect",
    "not ",
    "n't",
    "mistake",
    "error",
    "why ",
    "claim",
];

/// The sums that are wrong, in their order.
pub fn wrong_sums(text: &str) -> Vec<WrongSum> {
    let (Some(equation), Some(otherwise), Some(code)) = (&*EQUATION, &*OTHERWISE, &*CODE) else {
        return Vec::new();
    };
    if text.len() > LONGEST || !text.contains(['=', '≈']) || otherwise.is_match(text) {
        return Vec::new();
    }
    let text = code.replace_all(text, "\n");
    let found = equation
        .captures_iter(&text)
        .take(LOOKED_AT)
        .filter(|found| stands_alone(&text, found));
    found
        .take(MOST)
        .filter_map(|found| wrong(&found[0], &found[1], &found[2]))
        .collect()
}

/// Neither side is a part of something longer.
fn stands_alone(text: &str, found: &regex::Captures<'_>) -> bool {
    let Some(whole) = found.get(0) else {
        return false;
    };
    let (before, after) = (&text[..whole.start()], &text[whole.end()..]);
    // Marks of emphasis are no signs.
    let before = before.strip_suffix("**").unwrap_or(before);
    let after = after.strip_prefix("**").unwrap_or(after);
    let touches = |c: char| {
        c.is_alphanumeric() || matches!(c, '.' | ',' | '_' | '^' | '\'' | '/' | '-' | '#')
    };
    let adjoins = before.chars().next_back().is_some_and(touches);
    let last = before.trim_end_matches([' ', '\t']).chars().next_back();
    let goes_before = last.is_some_and(|c| "+-*/×÷·−^(<>%\\".contains(c));
    let next = after.chars().next();
    let touched = next.is_some_and(|c| {
        c.is_alphanumeric() || matches!(c, '%' | '^' | '!' | '_' | '/' | '°' | '\\')
    });
    let digits =
        matches!(next, Some('.' | ',')) && after[1..].starts_with(|c: char| c.is_ascii_digit());
    let rest = after.trim_start_matches([' ', '\t']);
    let goes_on = rest.starts_with(|c| "+*/×÷·−^=≈%(".contains(c))
        || rest
            .strip_prefix('-')
            .is_some_and(|rest| rest.trim_start().starts_with(|c: char| c.is_ascii_digit()));
    let (around, words) = (ending(before), beginning(rest));
    // LaTeX has signs that are words.
    let latex = around.contains('\\') || words.starts_with('\\');
    let scaled = latex || SCALES.iter().any(|word| words.starts_with(word));
    let denied = DENIALS
        .iter()
        .any(|word| around.contains(word) || words.contains(word));
    !(adjoins || goes_before || touched || digits || goes_on || scaled || denied)
}

/// How far words about a sum are looked for, in bytes.
const NEAR: usize = 64;

fn beginning(text: &str) -> String {
    let mut end = text.len().min(NEAR);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_lowercase()
}

fn ending(text: &str) -> String {
    let mut start = text.len().saturating_sub(NEAR);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    text[start..].to_lowercase()
}

fn wrong(written: &str, left: &str, right: &str) -> Option<WrongSum> {
    let plain = |side: &str| -> String {
        side.chars()
            .filter(|c| !matches!(c, ',' | '$' | '€' | '£'))
            .map(|c| match c {
                '×' | '·' | 'x' => '*',
                '÷' => '/',
                '−' => '-',
                c => c,
            })
            .collect()
    };
    let (sum, claimed) = (plain(left), plain(right));
    let numbers = sum
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .chain([claimed.trim_start_matches('-')]);
    let numbers: Vec<&str> = numbers.filter(|number| !number.is_empty()).collect();
    // 1.000 is a thousand to half of the world.
    let ambiguous = |number: &&str| {
        let parts = number.split_once('.');
        parts.is_some_and(|(whole, part)| part.len() == 3 && whole.len() <= 3)
    };
    if numbers.len() > TERMS + 1
        || numbers.iter().any(ambiguous)
        || numbers.iter().any(|number| number.len() > DIGITS)
    {
        return None;
    }
    let exact = worked_out(&sum)?;
    let off: f64 = number(&worked_out(&format!("({sum}) - ({claimed})"))?)?;
    let decimals = claimed
        .split_once('.')
        .map_or(0, |(_, decimals)| decimals.len());
    let rounding = 0.5 * 10f64.powi(-(decimals as i32));
    (off.abs() > rounding * (1.0 + 1e-9)).then(|| WrongSum {
        written: written.trim().to_owned(),
        exact,
    })
}

fn worked_out(expression: &str) -> Option<String> {
    let done = calculator::run(&json!({ "expression": expression }), Timestamp::UNIX_EPOCH);
    Some(done.ok()?.text)
}

fn number(text: &str) -> Option<f64> {
    text.trim_start_matches("approx.").trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Vec<String> {
        wrong_sums(text)
            .into_iter()
            .map(|sum| sum.written)
            .collect()
    }

    #[test]
    fn a_wrong_sum_is_told_with_what_it_is() {
        let found = wrong_sums("So 17 * 23 = 401, and 2 + 2 = 4. Then $1,200 ÷ 8 = $151.");
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(
            (found[0].written.as_str(), found[0].exact.as_str()),
            ("17 * 23 = 401", "391")
        );
        assert_eq!(found[1].exact, "150");
        assert_eq!(written("**3 x 4 = 13**"), ["3 x 4 = 13"]);
        assert_eq!(written("0.1 + 0.2 = 0.31"), ["0.1 + 0.2 = 0.31"]);
        assert_eq!(written("10 - 3 = 8."), ["10 - 3 = 8"]);
    }

    #[test]
    fn what_is_right_or_rounded_is_let_be() {
        for right in [
            "17 * 23 = 391",
            "10 / 3 = 3.33",
            "10 / 3 ≈ 3",
            "1,200 / 7 = 171.43",
            "0.1 + 0.2 = 0.3",
            "2 - 5 = -3",
            "999999999999 + 1 = 1,000,000,000,000",
        ] {
            assert!(written(right).is_empty(), "{right}");
        }
    }

    #[test]
    fn what_may_be_meant_otherwise_is_let_be() {
        for other in [
            "In base 3, 2 + 2 = 11",
            "10 + 10 = 100 in binary",
            "7 + 8 = 3 mod 12",
            "`2 + 2 = 5` is false",
            "```\nx = 1 + 1 = 3\n```",
            "x + 2 + 2 = 5",
            "(1 + 2) * 3 = 9",
            "2 * 3 + 1 = 6 + 1 = 7",
            "3 / 4 = 75%",
            "3 / 4 = 75 percent",
            "2 ^ 3 + 1 = 9",
            "17 / 5 = 3 remainder 2",
            "5 + 3 = 8.5.1",
            "1 + 1 = 10^1",
            "sqrt(2 + 2) = 2",
            "version 1.2 - 3 = 4x",
            "a-1 + 2 = 5",
            "3 - 2 = 1 - 0",
            "2 + 3 = 5 million",
            "1.000 + 1 = 1.001",
            "1,5 + 2,5 = 4",
            "It is wrong to say that 2 + 2 = 5.",
            "2 + 2 = 5 is false.",
            "Why is 2 + 2 = 5?",
            "2e3 + 1 = 2001",
            r"$2 \times 3 + 1 = 8$",
        ] {
            assert!(written(other).is_empty(), "{other}: {:?}", written(other));
        }
    }

    #[test]
    fn a_long_text_of_sums_is_bounded() {
        assert_eq!(wrong_sums(&"1 + 1 = 3; ".repeat(10_000)).len(), MOST);
        assert!(wrong_sums(&"1 + ".repeat(60_000)).is_empty());
        assert!(wrong_sums(&"=".repeat(LONGEST + 1)).is_empty());
    }
}
