//! How many digits of an approximation are left.
//!
//! Promises: where approximations nearly cancel each other, or a sine, tangent or logarithm nearly is nothing, as
//! many digits fewer are told as were lost, and none where too few would be left. Coarse: by powers of ten.

use num_bigint::Sign;

use super::engine::Engine;
use super::rounding::{DIGITS, Quotient};
use super::tokens::{Kind, Token, closing, written};
use crate::Trouble;
use crate::arguments::no_answer;

/// With more digits lost, nothing is told.
const MOST: i64 = 6;

/// The digits that are known of an approximation.
pub(super) fn known(tokens: &[Token], engine: &Engine) -> Result<i64, Trouble> {
    // Quotients are exact, and looking at each costs time.
    if !may_be_about(tokens) {
        return Ok(DIGITS);
    }
    let mut known = sum(tokens, engine)?;
    for at in 0..tokens.len() {
        if !tokens[at].is("(") {
            continue;
        }
        let close = closing(tokens, at);
        let inside = tokens.get(at + 1..close).unwrap_or_default();
        known = known.min(sum(inside, engine)?);
        let name = at
            .checked_sub(1)
            .map_or("", |before| tokens[before].text.as_str());
        let is_wave = matches!(name, "sin" | "cos" | "tan");
        if is_wave || matches!(name, "ln" | "log" | "log2" | "log10") {
            let Ok(value) = engine.quotient(&written(&tokens[at - 1..=close])) else {
                continue;
            };
            if value.is_about {
                if name == "tan" && value.power() >= MOST {
                    return Err(too_few());
                }
                let large = engine
                    .quotient(&written(inside))
                    .map_or(0, |of| of.power().max(0));
                let lost = if is_wave { large } else { 0 };
                known = known.min(left(lost, &value)?);
            }
        }
    }
    Ok(known)
}

/// Whether anything in it can be an approximation: a function, a constant, a power that is no whole one.
fn may_be_about(tokens: &[Token]) -> bool {
    let is_whole = |token: &Token| token.kind == Kind::Number && !token.text.contains(['.', 'e']);
    let has_root = |at: usize| {
        let mut behind = tokens[at + 1..]
            .iter()
            .skip_while(|next| next.is("-") || next.is("+"));
        !behind.next().is_some_and(is_whole)
    };
    tokens
        .iter()
        .enumerate()
        .any(|(at, token)| token.kind == Kind::Word || token.is("^") && has_root(at))
}

/// What a sum of approximations has left.
fn sum(tokens: &[Token], engine: &Engine) -> Result<i64, Trouble> {
    let mut terms = vec![];
    let (mut begins, mut depth) = (0, 0_usize);
    for (at, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            "to" | "as" | "in" if depth == 0 && token.kind == Kind::Word => break,
            "+" | "-" if depth == 0 && token.kind == Kind::Sign && is_between(tokens, at) => {
                terms.push(&tokens[begins..at]);
                begins = at + 1;
            }
            _ => {}
        }
    }
    if terms.is_empty() {
        return Ok(DIGITS);
    }
    let end = tokens[begins..]
        .iter()
        .position(|token| {
            token.kind == Kind::Word && matches!(token.text.as_str(), "to" | "as" | "in")
        })
        .map_or(tokens.len(), |at| begins + at);
    terms.push(&tokens[begins..end]);
    let whole = engine.quotient(&written(&tokens[..end]))?;
    if !whole.is_about {
        return Ok(DIGITS);
    }
    let mut largest = i64::MIN;
    for term in terms {
        // Of another unit it may be: then its own size says nothing, and nothing is known of the sum.
        let term = engine.quotient(&written(term))?;
        if term.above.sign() != Sign::NoSign {
            largest = largest.max(term.power());
        }
    }
    left(largest, &whole)
}

/// A sign between two values, and not before one.
fn is_between(tokens: &[Token], at: usize) -> bool {
    at.checked_sub(1)
        .map(|before| &tokens[before])
        .is_some_and(|before| {
            before.kind == Kind::Number
                || before.is(")")
                || before.is("!")
                || before.kind == Kind::Word
        })
}

fn left(largest: i64, value: &Quotient) -> Result<i64, Trouble> {
    let lost = largest.saturating_sub(value.power()).max(0);
    if value.above.sign() == Sign::NoSign || lost > MOST {
        return Err(too_few());
    }
    Ok(DIGITS - lost)
}

/// Whether an approximation is so near to where rounding turns that it may lie on the other side.
pub(super) fn is_beside(value: &Quotient, is_half: bool) -> Result<(), Trouble> {
    if !value.is_about {
        return Ok(());
    }
    let doubled = if is_half { 2 } else { 1 };
    // How far it is from the next whole number, or half of one.
    let rest: num_bigint::BigInt = (&value.above * doubled) % &value.below;
    let rest = num_bigint::BigInt::from(rest.magnitude().clone());
    let far = rest.clone().min(&value.below - rest);
    let size = num_bigint::BigInt::from(value.above.magnitude().clone()).max(value.below.clone());
    if far * 10_u64.pow(12) < size {
        return Err(no_answer(
            "What is rounded is an approximation, so near to where rounding turns that the side can't be known.",
        ));
    }
    Ok(())
}

fn too_few() -> Trouble {
    no_answer("Its approximations nearly cancel each other: it can't be known to enough digits.")
}
