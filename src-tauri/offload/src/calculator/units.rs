//! Units, bases and temperatures that would be misread.
//!
//! Promises: letters are no digits of another base, nothing is colder than absolute zero, temperatures are not
//! added, and what has several lengths (years, decades) is not told in days.

use super::ambiguity::BETWEEN;
use super::tokens::{FUNCTIONS, Kind, Token};
use crate::Trouble;
use crate::arguments::{bad_input, no_answer};

const BASES: [&str; 9] = [
    "decimal",
    "hex",
    "hexadecimal",
    "binary",
    "bin",
    "octal",
    "oct",
    "base",
    "dec",
];
/// Each with its absolute zero. The letters are temperatures beside another one only.
const TEMPERATURES: [(&str, f64); 13] = [
    ("°C", -273.15),
    ("℃", -273.15),
    ("celsius", -273.15),
    ("Celsius", -273.15),
    ("C", -273.15),
    ("°F", -459.67),
    ("℉", -459.67),
    ("fahrenheit", -459.67),
    ("Fahrenheit", -459.67),
    ("F", -459.67),
    ("K", 0.0),
    ("kelvin", 0.0),
    ("kelvins", 0.0),
];
const CALENDAR: [&str; 10] = [
    "year",
    "years",
    "month",
    "months",
    "decade",
    "decades",
    "century",
    "centuries",
    "millennium",
    "millennia",
];
const DAYS: [&str; 12] = [
    "day", "days", "week", "weeks", "hour", "hours", "minute", "minutes", "second", "seconds", "h",
    "s",
];

/// Refuses what would be misread.
pub(super) fn refuse(tokens: &[Token]) -> Result<(), Trouble> {
    let has = |words: &[&str]| {
        tokens
            .iter()
            .any(|token| token.kind == Kind::Word && words.contains(&token.text.as_str()))
    };
    if has(&["a", "an"]) {
        return Err(bad_input(
            "`a` is read in several ways. Write `1` for one of something, `0xa` for the digit.",
        ));
    }
    if has(&["Cal", "Cals", "Calorie", "Calories", "calorie", "calories"]) {
        return Err(bad_input(
            "Calories are of two sizes. Write `cal` for 4.184 J, `kcal` for a thousand of them.",
        ));
    }
    if has(&CALENDAR) && has(&DAYS) {
        return Err(no_answer(
            "Months, years and decades differ in length. Add them to a date: `2024-05-01 + 1 year`.",
        ));
    }
    bases(tokens)?;
    temperatures(tokens)
}

fn bases(tokens: &[Token]) -> Result<(), Trouble> {
    let is_base = |token: &Token| token.kind == Kind::Word && BASES.contains(&token.text.as_str());
    let is_to = |token: &Token| token.is("to") || token.is("as") || token.is("in");
    let Some(to) = tokens
        .windows(2)
        .position(|pair| is_to(&pair[0]) && is_base(&pair[1]))
    else {
        return Ok(());
    };
    let is_known = |token: &&Token| {
        token.kind != Kind::Word
            || FUNCTIONS.contains(&token.text.as_str())
            || BETWEEN.contains(&token.text.as_str())
            || ["pi", "π", "e", "tau", "τ", "phi"].contains(&token.text.as_str())
    };
    match tokens[..to].iter().find(|token| !is_known(token)) {
        None => Ok(()),
        Some(word) => Err(bad_input(format!(
            "`{}` is no number. Digits of another base have a prefix: `0xff`, `0b101`, `0o17`.",
            word.text
        ))),
    }
}

fn temperatures(tokens: &[Token]) -> Result<(), Trouble> {
    let zero = |token: &Token| {
        let named = TEMPERATURES
            .iter()
            .find(|(name, _)| token.kind == Kind::Word && token.text == *name);
        named.map(|(_, zero)| *zero)
    };
    let is_plain = |token: &&Token| {
        zero(token).is_some()
            && !matches!(token.text.as_str(), "C" | "F" | "K" | "kelvin" | "kelvins")
    };
    let many = tokens.iter().filter(|token| zero(token).is_some()).count();
    if many < 2 && !tokens.iter().any(|token| is_plain(&token)) {
        return Ok(());
    }
    let is_added = |(at, token): (usize, &Token)| {
        at > 0
            && (token.is("+") || token.is("-"))
            && (tokens[at - 1].kind != Kind::Sign || tokens[at - 1].is(")"))
    };
    if tokens.iter().enumerate().any(is_added) {
        return Err(no_answer(
            "Temperatures are not added here: a difference and a temperature are not the same. Convert one at a time.",
        ));
    }
    for (at, token) in tokens.iter().enumerate() {
        let Some(zero) = zero(token) else { continue };
        let Some(number) = at
            .checked_sub(1)
            .filter(|before| tokens[*before].kind == Kind::Number)
        else {
            continue;
        };
        let value: f64 = tokens[number]
            .text
            .replace([',', '_'], "")
            .parse()
            .unwrap_or(0.0);
        let is_below = number
            .checked_sub(1)
            .is_some_and(|sign| tokens[sign].is("-"));
        if is_below && -value < zero {
            return Err(no_answer(
                "Nothing is colder than absolute zero: -273.15 °C, -459.67 °F, 0 K.",
            ));
        }
    }
    Ok(())
}
