//! What has to be known before the whole can be worked out.
//!
//! Promises: exponents, what `!` stands behind, and what `floor`, `ceil` and `round` are of are worked out first,
//! innermost first, each exactly, and take their places as plain numbers. So the size of the whole is known
//! beforehand (`size`), and `floor` is exact: the evaluator's own goes through floating point, and is wrong
//! for large numbers without saying so.

use num_bigint::{BigInt, Sign};

use super::engine::{ABOUT, Engine, leading};
use super::loss;
use super::rounding::{DIGITS, Quotient, Shape};
use super::size;
use super::tokens::{Kind, Token, closing, opening, sign, written};
use crate::Trouble;
use crate::arguments::{bad_input, no_answer, too_much};

/// The most values that are worked out first.
const STEPS: usize = 16;
/// Beyond it the sine of a double says little.
const ANGLE: f64 = 10_000.0;
/// Beyond it a power of e is larger than is of use.
const POWER: f64 = 200.0;

/// The answer to the whole, and whether it is written in base ten.
pub(super) fn answer(tokens: &[Token], engine: &Engine) -> Result<(String, bool), Trouble> {
    let comparison = tokens
        .iter()
        .position(|token| token.is("==") || token.is("!="));
    let tokens = simplified(tokens.to_vec(), engine, STEPS)?;
    size::refuse(&tokens)?;
    let (tokens, shape) = shaped(&tokens)?;
    let mut answer = engine.answer(&written(tokens), shape)?;
    let known = if answer.starts_with(ABOUT) {
        loss::known(tokens, engine)?
    } else {
        DIGITS
    };
    if known < DIGITS {
        answer = engine.known(&written(tokens), shape, known)?;
    }
    let is_decimal = !tokens.iter().any(is_of_a_base);
    if answer.ends_with('%') && !is_of_shares(tokens) {
        // `200 * 15%` is 30: what is asked for is not a share.
        answer = engine.known(&format!("({}) to unitless", written(tokens)), shape, known)?;
    }
    if answer.starts_with(ABOUT) && !is_decimal {
        return Err(no_answer(
            "It has no end in that base. Only decimals are approximated: end with `to decimal`.",
        ));
    }
    if comparison.is_some() {
        decided(tokens, engine)?;
    }
    Ok((answer, is_decimal))
}

/// The end that says how the answer is to be written: `to 3 dp`, `to 2 sf`.
fn shaped(tokens: &[Token]) -> Result<(&[Token], Shape), Trouble> {
    let [rest @ .., to, count, kind] = tokens else {
        return Ok((tokens, Shape::Auto));
    };
    if !(to.is("to") || to.is("as") || to.is("in")) || !(kind.is("dp") || kind.is("sf")) {
        return match tokens.iter().any(|token| token.is("dp") || token.is("sf")) {
            true => Err(bad_input(
                "How many places are wanted stands at the end: `… to 3 dp`, `… to 2 sf`.",
            )),
            false => Ok((tokens, Shape::Auto)),
        };
    }
    match (count.text.parse::<i64>(), kind.is("dp")) {
        (Ok(places), true) => Ok((rest, Shape::Places(places))),
        (Ok(digits), false) if digits > 0 => Ok((rest, Shape::Significant(digits))),
        _ => Err(bad_input(
            "Before `dp` and `sf` stands a whole number: `to 3 dp`.",
        )),
    }
}

/// Whether all numbers are percentages, or one is asked for.
fn is_of_shares(tokens: &[Token]) -> bool {
    let is_asked_for = matches!(tokens, [.., to, share] if to.kind == Kind::Word && share.is("%"));
    let is_share = |at: usize| tokens.get(at + 1).is_some_and(|next| next.is("%"));
    let mut numbers = (0..tokens.len()).filter(|at| tokens[*at].kind == Kind::Number);
    is_asked_for || numbers.all(is_share)
}

/// What makes an answer be written in another base than ten.
fn is_of_a_base(token: &Token) -> bool {
    let words = [
        "hex",
        "hexadecimal",
        "bin",
        "binary",
        "oct",
        "octal",
        "base",
        "ternary",
        "senary",
        "seximal",
    ];
    match token.kind {
        Kind::Number => {
            token.text.contains('#')
                || token.text.starts_with("0x")
                || token.text.starts_with("0b")
                || token.text.starts_with("0o")
        }
        _ => words.contains(&token.text.as_str()),
    }
}

/// Whether two approximations are equal can't be said.
fn decided(tokens: &[Token], engine: &Engine) -> Result<(), Trouble> {
    let sides = tokens.split(|token| token.is("==") || token.is("!="));
    for side in sides {
        let side = engine.evaluate(&format!("({}) to fraction", written(side)));
        if side.is_ok_and(|value| value.starts_with(ABOUT)) {
            return Err(no_answer(
                "One side is an approximation: whether it is equal to the other can't be decided.",
            ));
        }
    }
    Ok(())
}

fn simplified(
    mut tokens: Vec<Token>,
    engine: &Engine,
    mut left: usize,
) -> Result<Vec<Token>, Trouble> {
    // From behind, so that the innermost comes first.
    let mut at = tokens.len();
    while at > 0 {
        at -= 1;
        let Some((open, of)) = wanted(&tokens, at) else {
            continue;
        };
        let close = closing(&tokens, open);
        let inside = simplified(tokens[open + 1..close].to_vec(), engine, left)?;
        // What stands before a `!` was looked through just now.
        at = at.min(open);
        if is_plain(&inside) && of == Of::Value {
            tokens.splice(open + 1..close, inside);
            continue;
        }
        left = left.checked_sub(1).ok_or_else(|| {
            too_much(format!(
                "More than {STEPS} parts have to be worked out before the whole. Split the expression."
            ))
        })?;
        size::refuse(&inside)?;
        match of {
            Of::Angle | Of::Power => {
                in_range(&inside, of, engine)?;
                tokens.splice(open + 1..close, inside);
            }
            Of::Value => {
                let value = exact(&inside, "An exponent, or what `!` stands behind,", engine)?;
                tokens.splice(open + 1..close, value.into_tokens());
            }
            Of::Whole(how) => {
                let value = exact(&inside, "What is rounded", engine)?;
                loss::is_beside(&value, how == How::Round)?;
                if value.is_about {
                    loss::known(&inside, engine)?;
                }
                tokens.splice(at..=close, parenthesised(value.whole(how)));
            }
        }
    }
    Ok(tokens)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    /// An exponent, or what `!` stands behind.
    Value,
    Whole(How),
    Angle,
    Power,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Floor,
    Ceil,
    Round,
}

/// Whether what stands here wants the value of a parenthesis, which, and what of it.
fn wanted(tokens: &[Token], at: usize) -> Option<(usize, Of)> {
    let open = at + 1;
    let opens = tokens.get(open).is_some_and(|next| next.is("("));
    let of = match tokens[at].text.as_str() {
        "floor" => Of::Whole(How::Floor),
        "ceil" => Of::Whole(How::Ceil),
        "round" => Of::Whole(How::Round),
        "sin" | "cos" | "tan" => Of::Angle,
        "exp" => Of::Power,
        "fib" | "fibonacci" => Of::Value,
        "!" => {
            let close = at.checked_sub(1).filter(|before| tokens[*before].is(")"))?;
            return Some((opening(tokens, close), Of::Value));
        }
        "^" => {
            let mut open = open;
            while tokens
                .get(open)
                .is_some_and(|next| next.is("-") || next.is("+"))
            {
                open += 1;
            }
            return tokens.get(open)?.is("(").then_some((open, Of::Value));
        }
        _ => return None,
    };
    opens.then_some((open, of))
}

fn is_plain(tokens: &[Token]) -> bool {
    match tokens {
        [number] => number.kind == Kind::Number,
        [sign, number] => sign.is("-") && number.kind == Kind::Number,
        _ => false,
    }
}

fn in_range(tokens: &[Token], of: Of, engine: &Engine) -> Result<(), Trouble> {
    let answer = engine.answer(&written(tokens), Shape::Auto)?;
    let (number, _) = leading(answer.strip_prefix(ABOUT).unwrap_or(&answer));
    let most = if of == Of::Angle { ANGLE } else { POWER };
    // Units have letters of their own; a power of ten makes it too large.
    if number.parse::<f64>().is_ok_and(|value| value.abs() <= most) && !has_power(&answer) {
        return Ok(());
    }
    Err(no_answer(format!(
        "What a sine, cosine, tangent or `exp` is of lies between -{most} and {most} here: beyond it their digits would be wrong."
    )))
}

fn has_power(answer: &str) -> bool {
    let (_, behind) = leading(answer.strip_prefix(ABOUT).unwrap_or(answer));
    behind
        .strip_prefix('e')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn exact(tokens: &[Token], what: &str, engine: &Engine) -> Result<Quotient, Trouble> {
    let value = engine.quotient(&written(tokens))?;
    match value.unit.as_str() {
        "" => Ok(value),
        unit => Err(no_answer(format!(
            "{what} is a number without a unit, and not one of `{}`.",
            unit.trim()
        ))),
    }
}

impl Quotient {
    /// Halves go away from zero.
    fn whole(mut self, how: How) -> Quotient {
        let one = BigInt::from(1);
        let is_negative = self.above.sign() == Sign::Minus;
        let size = BigInt::from(self.above.magnitude().clone());
        let down = &size / &self.below;
        let rest = &size % &self.below;
        let up = match how {
            _ if rest.sign() == Sign::NoSign => false,
            How::Floor => is_negative,
            How::Ceil => !is_negative,
            How::Round => rest * 2 >= self.below,
        };
        let size = if up { down + &one } else { down };
        self.above = if is_negative { -size } else { size };
        self.below = one;
        self
    }

    fn into_tokens(self) -> Vec<Token> {
        let mut tokens = Vec::new();
        let number = |of: &BigInt| Token {
            kind: Kind::Number,
            text: of.magnitude().to_string(),
            is_apart: true,
        };
        if self.is_about {
            tokens.push(Token {
                kind: Kind::Word,
                text: ABOUT.trim().to_owned(),
                is_apart: false,
            });
            tokens.push(sign("(", true));
        }
        if self.above.sign() == Sign::Minus {
            tokens.push(sign("-", true));
        }
        tokens.push(number(&self.above));
        if self.below != BigInt::from(1) {
            tokens.push(sign("/", true));
            tokens.push(number(&self.below));
        }
        if self.is_about {
            tokens.push(sign(")", false));
        }
        tokens
    }
}

fn parenthesised(value: Quotient) -> Vec<Token> {
    let mut tokens = vec![sign("(", true)];
    tokens.extend(value.into_tokens());
    tokens.push(sign(")", false));
    tokens
}
