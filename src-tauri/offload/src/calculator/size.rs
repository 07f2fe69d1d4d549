//! How large the numbers of an expression can become.
//!
//! Promises: an upper bound of the bits of every number on the way, from the written parts alone, before
//! anything is computed; beyond the limit nothing is. The evaluator can be interrupted between its steps only,
//! and one step over huge numbers would be long. Expects exponents and what `!` stands behind to be plain
//! numbers, which `steps` sees to.

use super::tokens::{Kind, Token, closing};
use crate::Trouble;
use crate::arguments::{bad_input, too_much};

/// About 9,600 digits.
const BITS: f64 = 32_000.0;
/// What a unit or a constant can bring along.
const WORD: f64 = 128.0;
/// The most places behind a point, or significant digits, that may be asked for.
const PLACES: f64 = 1_000.0;

/// Refuses what would become too large.
pub(super) fn refuse(tokens: &[Token]) -> Result<(), Trouble> {
    match bits(tokens)? {
        bits if bits <= BITS => Ok(()),
        _ => Err(too_much(
            "The numbers on the way could have more than 9,600 digits. The calculator takes smaller ones.",
        )),
    }
}

/// The sum over all parts: no operation has more bits than its operands together.
fn bits(tokens: &[Token]) -> Result<f64, Trouble> {
    let mut sum = 1.0;
    let mut at = 0;
    while at < tokens.len() {
        let token = &tokens[at];
        let (mut own, mut next) = match token.kind {
            Kind::Number => (number(&token.text), at + 1),
            Kind::Word => (WORD, at + 1),
            Kind::Sign if token.is("(") => {
                let close = closing(tokens, at);
                (bits(&tokens[at + 1..close])?, close + 1)
            }
            Kind::Sign => (1.0, at + 1),
        };
        special(tokens, at, &mut own)?;
        if tokens.get(next).is_some_and(|next| next.is("!")) {
            own = factorial(token, own)?;
            next += 1;
        }
        if tokens.get(next).is_some_and(|next| next.is("^")) {
            let (exponent, behind) = exponent(tokens, next)?;
            own *= exponent.abs().max(1.0) + 1.0;
            next = behind;
        }
        sum += own;
        at = next;
    }
    Ok(sum)
}

fn special(tokens: &[Token], at: usize, own: &mut f64) -> Result<(), Trouble> {
    let value = |at: usize| {
        tokens
            .get(at)
            .and_then(|token| token.text.replace([',', '_'], "").parse::<f64>().ok())
    };
    match tokens[at].text.as_str() {
        "<<" | ">>" => {
            let ends = match tokens.get(at + 2) {
                None => true,
                Some(next) => {
                    next.kind == Kind::Sign
                        && matches!(next.text.as_str(), ")" | "&" | "|" | "<<" | ">>")
                }
            };
            match value(at + 1).filter(|_| ends) {
                Some(by) => *own += by,
                None => {
                    return Err(bad_input(
                        "Behind `<<` and `>>` stands a plain number: `1 << 20`. Put the rest in parentheses.",
                    ));
                }
            }
        }
        "choose" | "nCr" | "nPr" | "permute" => {
            let is_alone = at == 1 && tokens.len() == 3 && tokens[0].kind == Kind::Number;
            match value(0).filter(|_| is_alone) {
                Some(of) => *own += of * (of + 2.0).log2(),
                None => {
                    return Err(bad_input(
                        "On both sides of `choose` and `nPr` stand plain numbers, alone or in parentheses: `(10 choose 3)`.",
                    ));
                }
            }
        }
        "fib" | "fibonacci" => match value(at + 2).filter(|_| closing(tokens, at + 1) == at + 3) {
            Some(of) => *own += of,
            None => return Err(bad_input("What `fib` is of is a plain number: `fib(100)`.")),
        },
        "dp" | "sf" => match at.checked_sub(1).and_then(value) {
            Some(places) if places <= PLACES => {}
            Some(_) => return Err(too_much("At most 1,000 places can be asked for.")),
            None => {
                return Err(bad_input(
                    "Before `dp` and `sf` stands a plain number: `to 3 dp`.",
                ));
            }
        },
        "exp" => *own += WORD * 300.0_f64.min(value(at + 2).unwrap_or(300.0)),
        _ => {}
    }
    Ok(())
}

fn factorial(of: &Token, bits: f64) -> Result<f64, Trouble> {
    if of.kind != Kind::Number && !of.is("(") {
        return Err(bad_input(
            "Before `!` stands a number, or something in parentheses.",
        ));
    }
    // In parentheses stands a number by now; its bits say how large it is.
    let most = match of.kind {
        Kind::Number => of
            .text
            .replace([',', '_'], "")
            .parse::<f64>()
            .unwrap_or(f64::INFINITY),
        _ => bits.min(64.0).exp2(),
    };
    Ok(most * (most + 2.0).log2())
}

/// `^3`, `^-3`, `^(3)`, `^(1/3)`, `^e`, and `^3^2`, which is `^(3^2)`. Its size, and where it ends.
fn exponent(tokens: &[Token], caret: usize) -> Result<(f64, usize), Trouble> {
    let mut at = caret + 1;
    while tokens
        .get(at)
        .is_some_and(|next| next.is("-") || next.is("+"))
    {
        at += 1;
    }
    let Some(token) = tokens.get(at) else {
        return Err(bad_input("An exponent is missing behind `^`."));
    };
    let (size, next) = match token.kind {
        Kind::Number => {
            let size = token.text.replace([',', '_'], "").parse::<f64>();
            (size.unwrap_or(f64::INFINITY), at + 1)
        }
        Kind::Word if matches!(token.text.as_str(), "e" | "pi" | "π" | "tau" | "τ" | "phi") => {
            (8.0, at + 1)
        }
        Kind::Sign if token.is("(") => {
            let close = closing(tokens, at);
            (group(&tokens[at + 1..close]), close + 1)
        }
        _ => {
            return Err(bad_input("Put the exponent behind `^` in parentheses."));
        }
    };
    if tokens.get(next).is_some_and(|next| next.is("!")) {
        return Err(bad_input("Put the exponent behind `^` in parentheses."));
    }
    if tokens.get(next).is_some_and(|next| next.is("^")) {
        let (above, behind) = exponent(tokens, next)?;
        return Ok((size.max(2.0).powf(above.abs()), behind));
    }
    Ok((size, next))
}

/// What `steps` has put into parentheses: `3`, `-3`, `approx. 7/2`. A quotient needs as many powers as the
/// larger of its two parts has bits, and its value.
fn group(tokens: &[Token]) -> f64 {
    let numbers: Vec<f64> = tokens
        .iter()
        .filter(|token| token.kind == Kind::Number)
        .map(|token| token.text.parse().unwrap_or(f64::INFINITY))
        .collect();
    match numbers[..] {
        [whole] => whole,
        // Through floating point where both are large, else a power and a root.
        [above, below] if below < 1_000.0 => above.max(below),
        [above, below] => (above / below).max(1_000.0_f64.min(below)),
        _ => f64::INFINITY,
    }
}

/// `0x…` and `1e400` too.
fn number(text: &str) -> f64 {
    let lower = text.to_ascii_lowercase();
    let is_based = lower.contains('#')
        || ["0x", "0o", "0b"]
            .iter()
            .any(|base| lower.starts_with(base));
    let (digits, exponent) = match lower.split_once('e').filter(|_| !is_based) {
        Some((digits, exponent)) => (
            digits,
            exponent
                .replace('_', "")
                .parse::<f64>()
                .unwrap_or(f64::INFINITY),
        ),
        None => (lower.as_str(), 0.0),
    };
    // A number with decimals is two: what is above and what is below the line.
    let parts = if digits.contains('.') { 2.0 } else { 1.0 };
    (digits.len() as f64 * parts + exponent.abs()) * if is_based { 5.2 } else { 3.4 } + 2.0
}
