//! What can be read in two ways.
//!
//! Promises: an expression that people read in two ways, with two values, is refused with both ways of writing
//! it clearly. A wrong answer would be worse than none.

use super::tokens::{FUNCTIONS, Kind, Token, closing};
use crate::Trouble;
use crate::arguments::bad_input;

const CONSTANTS: [&str; 6] = ["pi", "π", "e", "tau", "τ", "phi"];
/// Words that stand between two values, or behind one without changing what it is divided by.
pub(super) const BETWEEN: [&str; 19] = [
    "to", "as", "in", "of", "mod", "per", "and", "or", "xor", "AND", "OR", "XOR", "nCr", "choose",
    "nPr", "permute", "%", "‰", "‱",
];

/// Refuses what can be read in two ways.
pub(super) fn refuse(tokens: &[Token]) -> Result<(), Trouble> {
    for at in 0..tokens.len() {
        signs(tokens, at)?;
        division(tokens, at)?;
        percent(tokens, at)?;
        number(tokens, at)?;
        if tokens[at].is("!") && tokens.get(at + 1).is_some_and(|next| next.is("!")) {
            return Err(two_ways(
                "!!",
                "Write `(5!)!` for a factorial of a factorial.",
            ));
        }
    }
    Ok(())
}

/// `5 // 2` is two elsewhere; the evaluator takes the second sign for a reciprocal.
fn signs(tokens: &[Token], at: usize) -> Result<(), Trouble> {
    let is_factor = |token: &Token| token.is("/") || token.is("*");
    if is_factor(&tokens[at]) && tokens.get(at + 1).is_some_and(is_factor) {
        return Err(bad_input(format!(
            "`{}{}` is no operator here. Write `floor(a / b)` for what divides without a rest, `^` for a power.",
            tokens[at].text,
            tokens[at + 1].text
        )));
    }
    Ok(())
}

/// `6/2(1+2)`, `100 km / 2 hours`: is what follows the divisor divided by, too?
fn division(tokens: &[Token], at: usize) -> Result<(), Trouble> {
    if !tokens[at].is("/") && !tokens[at].is("per") {
        return Ok(());
    }
    // A divisor that is `2`, `2^3`, `-2`, `(…)`: what stands behind it?
    let first = unsigned(tokens, at + 1);
    let is_number = tokens
        .get(first)
        .is_some_and(|next| next.kind == Kind::Number);
    let Some(mut behind) = value(tokens, first) else {
        return Ok(());
    };
    loop {
        behind = match tokens.get(behind) {
            Some(next) if next.is("!") => behind + 1,
            Some(next) if next.is("^") => match value(tokens, unsigned(tokens, behind + 1)) {
                Some(behind) => behind,
                None => return Ok(()),
            },
            _ => break,
        };
    }
    let Some(next) = tokens.get(behind) else {
        return Ok(());
    };
    let follows = match next.kind {
        Kind::Number => true,
        Kind::Word => !BETWEEN.contains(&next.text.as_str()),
        Kind::Sign => next.is("("),
    };
    // `3/4 cup` is three quarters of one.
    let is_fraction = is_number
        && at > 0
        && tokens[at - 1].kind == Kind::Number
        && !tokens[at].is_apart
        && !tokens[at + 1].is_apart
        && next.is_apart
        && next.kind == Kind::Word
        && !CONSTANTS.contains(&next.text.as_str())
        && !FUNCTIONS.contains(&next.text.as_str())
        && !(at > 1
            && (tokens[at - 2].is("/") || tokens[at - 2].is("*") || tokens[at - 2].is("^")));
    if follows && !is_fraction {
        return Err(two_ways(
            "/",
            "Put what is divided by in parentheses: `a / (2 b)`, or write `(a / 2) * b`.",
        ));
    }
    Ok(())
}

/// Behind the signs that stand here.
fn unsigned(tokens: &[Token], mut at: usize) -> usize {
    while tokens
        .get(at)
        .is_some_and(|next| next.is("-") || next.is("+"))
    {
        at += 1;
    }
    at
}

/// Behind the number, or the parenthesis, that stands here.
fn value(tokens: &[Token], at: usize) -> Option<usize> {
    match tokens.get(at) {
        Some(next) if next.kind == Kind::Number => Some(at + 1),
        Some(next) if next.is("(") => Some(closing(tokens, at) + 1),
        _ => None,
    }
}

/// `3(4)5`, `2 m 3`: the evaluator adds what stands side by side.
fn number(tokens: &[Token], at: usize) -> Result<(), Trouble> {
    let Some(before) = at.checked_sub(1).map(|before| &tokens[before]) else {
        return Ok(());
    };
    if tokens[at].kind != Kind::Number {
        return Ok(());
    }
    let is_behind_a_unit = before.kind == Kind::Word
        && !BETWEEN.contains(&before.text.as_str())
        && !["base", "approx."].contains(&before.text.as_str());
    let has_no_unit = tokens
        .get(at + 1)
        .is_none_or(|next| next.kind != Kind::Word);
    if before.is(")") || is_behind_a_unit && has_no_unit {
        return Err(two_ways(
            &tokens[at].text,
            "Write `*` or `+` before it, or its unit behind it.",
        ));
    }
    Ok(())
}

/// `100 + 10%`: of what? `17% 5`: a share, or what is left?
fn percent(tokens: &[Token], at: usize) -> Result<(), Trouble> {
    if !tokens[at].is("%") {
        return Ok(());
    }
    let next = tokens.get(at + 1);
    let is_value = next.is_some_and(|next| {
        next.kind == Kind::Number
            || next.is("(")
            || next.kind == Kind::Word && !BETWEEN.contains(&next.text.as_str())
    });
    if is_value {
        if tokens[at].is_apart == next.is_some_and(|next| next.is_apart) && tokens[at].is_apart {
            return Ok(());
        }
        return Err(two_ways(
            "%",
            "Write `17 mod 5` for what is left, `17% of 5` for a share.",
        ));
    }
    let is_share = next.is_some_and(|next| next.is("of"));
    let before = at.checked_sub(2).map(|sign| &tokens[sign]);
    let adds = before.is_some_and(|sign| sign.is("+") || sign.is("-"));
    let to_a_share = at >= 3 && tokens[at - 3].is("%");
    let to_nothing =
        at == 2 || at >= 3 && tokens[at - 3].kind == Kind::Sign && !tokens[at - 3].is(")");
    if adds && !is_share && !to_a_share && !to_nothing {
        return Err(two_ways(
            "+ %",
            "Write `100 + 10% of 100` for a share of it, `100 + 0.1` for a tenth.",
        ));
    }
    Ok(())
}

fn two_ways(what: &str, instead: &str) -> Trouble {
    bad_input(format!(
        "What stands at `{what}` can be read in two ways. {instead}"
    ))
}
