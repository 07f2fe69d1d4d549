//! Arithmetic: one expression, written out.
//!
//! ```text
//! task       = lead expression tail
//! expression = operand (operator operand)*
//! operand    = ["-"] (number ["!"] | "(" expression ")" ["!"] | "sqrt" "(" expression ")" | "√" (number | "(" expression ")"))
//! operator   = "+" | "-" | "−" | "*" | "×" | "·" | "/" | "÷" | "^" | "**" | " x "
//!            | "plus" | "minus" | "times" | "multiplied by" | "divided by"
//! ```
//!
//! Promises: every expression that is read has one value by the rules taught at school; where calculators
//! differ (`-2^2`, `2^3^2`, `6/2(1+2)`, `5!!`, `10 % 3`) it is left to the model. Whether an expression could
//! be something else is [`judge`]'s to say. Nothing recurses: parentheses are [`DEPTH`] deep at most.
//! Leaves out: constants, other functions, `1e5`, money, `:` as a division.

mod judge;

use serde_json::json;

use super::lead::{lead, tail};
use super::number::number;
use super::place::{Miss, Place};
use super::{EXPRESSION, Recognised};
use crate::Tool;
use judge::{Operator, Seen};

/// The most parentheses within each other.
const DEPTH: usize = 10;

/// Reads the whole message.
pub(super) fn read(mut place: Place<'_>) -> Result<Recognised, Miss> {
    let asked = lead(&mut place);
    place.spaces();
    let begins = place;
    let mut expression = Expression::default();
    expression.read(&mut place)?;
    let tail = tail(&mut place)?;
    judge::judge(&expression.seen, asked, tail, begins)?;
    Ok(Recognised {
        tool: Tool::Calculator,
        why: format!(
            "The whole message is the expression `{}`.",
            expression.written
        ),
        arguments: json!({ "expression": expression.written }),
    })
}

/// What is open at one depth.
#[derive(Debug, Clone, Copy, Default)]
struct Level {
    /// The last operand has a sign of its own.
    signed: bool,
    /// The last operator was a power.
    power: bool,
    /// The last operand was a lone number: `(5)` is a label, an area code, a footnote.
    lone: bool,
    /// Operators at this depth.
    operators: usize,
}

#[derive(Debug, Default)]
struct Expression {
    written: String,
    levels: [Level; DEPTH + 1],
    depth: usize,
    seen: Seen,
}

impl Expression {
    fn read(&mut self, place: &mut Place<'_>) -> Result<(), Miss> {
        loop {
            self.operand(place)?;
            if !self.between(place)? {
                return Ok(());
            }
            if self.written.len() > EXPRESSION {
                return Err(place.doubt("it is longer than the calculator takes"));
            }
        }
    }

    fn level(&mut self) -> &mut Level {
        // The depth is checked where it grows.
        &mut self.levels[self.depth]
    }

    /// Up to and with a number; whatever opens before it.
    fn operand(&mut self, place: &mut Place<'_>) -> Result<(), Miss> {
        loop {
            self.seen.is_spaced |= place.spaces() && !self.written.is_empty();
            let before = place.at();
            if place.eat("-") || place.eat("−") {
                self.sign(place, before)?;
            } else if place.eat("(") {
                self.open("(", place)?;
            } else if place.eat("sqrt(") || place.eat("√(") {
                self.seen.functions += 1;
                self.open("sqrt(", place)?;
            } else if place.eat("√") {
                self.written.push_str("sqrt(");
                let number = number(place)?;
                number.write(&mut self.written);
                self.seen.number(number);
                self.written.push(')');
                self.seen.functions += 1;
                self.level().signed = true; // as unclear with a power
                self.level().lone = false;
                return Ok(());
            } else {
                let number = number(place)?;
                number.write(&mut self.written);
                self.seen.number(number);
                self.level().lone = true;
                return Ok(());
            }
        }
    }

    /// A minus that is a sign: right before what it is of, and not behind another sign.
    fn sign(&mut self, place: &Place<'_>, before: usize) -> Result<(), Miss> {
        let is_behind = |signs: &[char]| place.before(before).ends_with(signs);
        let is_before = place
            .byte()
            .is_some_and(|b| b.is_ascii_digit() || matches!(b, b'(' | b'.'));
        if !is_before || is_behind(&['+', '-', '−']) {
            return Err(place.miss("a number"));
        }
        self.written.push('-');
        self.seen.signs += 1;
        self.level().signed = true;
        Ok(())
    }

    fn open(&mut self, written: &str, place: &Place<'_>) -> Result<(), Miss> {
        if self.depth == DEPTH {
            return Err(place.doubt("its parentheses are more than 10 deep"));
        }
        self.written.push_str(written);
        self.depth += 1;
        let is_function = written.len() > 1;
        // What a function is of may be a lone number.
        self.levels[self.depth] = Level {
            operators: usize::from(is_function),
            ..Level::default()
        };
        self.seen.parentheses += 1;
        Ok(())
    }

    /// What stands behind an operand: closing parentheses, factorials, then an operator; false at the end.
    fn between(&mut self, place: &mut Place<'_>) -> Result<bool, Miss> {
        self.seen.ends_with_factorial = false;
        loop {
            let before = *place;
            let is_spaced = place.spaces();
            if self.depth > 0 && place.eat(")") {
                let closed = *self.level();
                if closed.lone && closed.operators == 0 && !closed.signed {
                    return Err(before.doubt("a number alone in parentheses"));
                }
                self.written.push(')');
                self.depth -= 1;
                self.level().lone = false;
            } else if place.byte() == Some(b'!') {
                if is_spaced
                    || self.seen.ends_with_factorial
                    || self.level().signed
                    || self.level().power
                {
                    return Err(place.doubt("what the `!` is of"));
                }
                place.step(1);
                if place.byte() == Some(b'=') {
                    return Err(place.doubt("`!=` says that two things differ"));
                }
                self.written.push('!');
                self.level().lone = false;
                self.seen.factorials += 1;
                self.seen.ends_with_factorial = true;
            } else if let Some(operator) = operator(place, is_spaced) {
                self.seen.is_spaced |= is_spaced;
                let is_minus = operator == Operator::Minus;
                if operator == Operator::Slash {
                    self.seen.spaced_slashes |= is_spaced;
                    self.seen.close_slashes |= !is_spaced;
                }
                self.seen.leans |= is_minus && is_spaced && place.byte() != Some(b' ');
                self.operator(operator, place)?;
                return Ok(true);
            } else if self.depth > 0 {
                return Err(place.miss("an operator or `)`"));
            } else {
                *place = before;
                return Ok(false);
            }
        }
    }

    fn operator(&mut self, operator: Operator, place: &Place<'_>) -> Result<(), Miss> {
        let is_power = operator == Operator::Power;
        let level = self.level();
        if is_power && level.power {
            return Err(place.doubt("a power of a power without parentheses"));
        }
        if is_power && level.signed {
            return Err(place.doubt("whether the sign belongs into the power"));
        }
        *level = Level {
            power: is_power,
            operators: level.operators + 1,
            ..Level::default()
        };
        self.seen.operator(operator);
        self.seen.outermost += usize::from(self.depth == 0);
        let written = match operator {
            Operator::Plus | Operator::WordPlus => " + ",
            Operator::Minus | Operator::WordMinus => " - ",
            Operator::Star | Operator::Cross | Operator::Letter | Operator::WordTimes => " * ",
            Operator::Slash | Operator::Obelus | Operator::WordDivided => " / ",
            Operator::Power => "^",
        };
        self.written.push_str(written);
        Ok(())
    }
}

/// An operator, if one is here.
fn operator(place: &mut Place<'_>, is_spaced: bool) -> Option<Operator> {
    let signs = [
        ("+", Operator::Plus),
        ("-", Operator::Minus),
        ("−", Operator::Minus),
        ("**", Operator::Power),
        ("*", Operator::Star),
        ("^", Operator::Power),
        ("/", Operator::Slash),
        ("×", Operator::Cross),
        ("·", Operator::Cross),
        ("÷", Operator::Obelus),
    ];
    if let Some((_, is)) = signs.iter().find(|(sign, _)| place.eat(sign)) {
        return Some(*is);
    }
    if !is_spaced {
        return None;
    }
    if place.eat("x ") || place.eat("X ") {
        return Some(Operator::Letter);
    }
    place.one_of(&[
        ("plus", Operator::WordPlus),
        ("minus", Operator::WordMinus),
        ("times", Operator::WordTimes),
        ("multiplied by", Operator::WordTimes),
        ("divided by", Operator::WordDivided),
    ])
}
