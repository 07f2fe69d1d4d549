//! Decimals of what is no decimal.
//!
//! Promises: rounded from the exact quotient, halves away from zero; marked as an approximation if anything was
//! left out. (The evaluator's own rounding loses zeros: it has 13601/14001 as 0.971430613.) An approximation
//! shows at most 14 significant digits, which is what it has.

use num_bigint::{BigInt, BigUint, Sign};

use super::engine::ABOUT;
use crate::Trouble;
use crate::arguments::no_answer;

/// Places of a decimal where nobody asks for any.
const PLACES: i64 = 10;
/// Significant digits of what is approximated.
pub(super) const DIGITS: i64 = 14;
/// Significant digits of what is so large that it is written with a power of ten.
const LARGE: i64 = 12;
/// Significant digits of what is so small.
const SMALL: i64 = 6;

/// A quotient of two whole numbers, and the unit behind it.
pub(super) struct Quotient {
    pub(super) above: BigInt,
    pub(super) below: BigInt,
    pub(super) is_about: bool,
    pub(super) unit: String,
}

/// How it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Auto,
    Places(i64),
    Significant(i64),
}

impl Quotient {
    /// As the evaluator says it: `approx. -7/2 m`.
    pub(super) fn read(said: &str) -> Option<Quotient> {
        let (is_about, said) = match said.strip_prefix(ABOUT) {
            Some(rest) => (true, rest),
            None => (false, said),
        };
        let end = said
            .char_indices()
            .find(|(at, c)| !(c.is_ascii_digit() || *c == '/' || *c == '-' && *at == 0))
            .map_or(said.len(), |(at, _)| at);
        let (number, unit) = said.split_at(end);
        let (above, below) = number.split_once('/').unwrap_or((number, "1"));
        Some(Quotient {
            above: above.parse().ok()?,
            below: below
                .parse()
                .ok()
                .filter(|below: &BigInt| below.sign() == Sign::Plus)?,
            is_about,
            unit: unit.to_owned(),
        })
    }

    /// In decimals.
    #[cfg(test)]
    fn decimal(&self, shape: Shape) -> Result<String, Trouble> {
        self.known(shape, DIGITS)
    }

    /// In decimals, of which an approximation has as many as are known.
    pub(super) fn known(&self, shape: Shape, known: i64) -> Result<String, Trouble> {
        let power = self.power();
        let most = if self.is_about { known } else { DIGITS };
        let places = match shape {
            Shape::Places(places) => places,
            Shape::Significant(digits) => digits - 1 - power,
            Shape::Auto if power >= 15 => LARGE.min(most) - 1 - power,
            Shape::Auto if power < -6 => SMALL.min(most) - 1 - power,
            Shape::Auto => PLACES.min(most - 1 - power),
        };
        if self.is_about && shape != Shape::Auto && places + power + 1 > most {
            return Err(no_answer(format!(
                "It is an approximation, of which {most} digits are known: that many can't be told."
            )));
        }
        let (digits, is_exact) = self.rounded(places);
        let is_written_with_power = shape == Shape::Auto && !(-6..15).contains(&power);
        let number = match is_written_with_power {
            true => scientific(&digits, places),
            false => plain(&digits, places),
        };
        let about = if is_exact && !self.is_about {
            ""
        } else {
            ABOUT
        };
        let is_none = number.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        let sign = if self.above.sign() == Sign::Minus && !is_none {
            "-"
        } else {
            ""
        };
        Ok(format!("{about}{sign}{number}{}", self.unit))
    }

    /// Of its first digit: 0 for 1 to 9.99.
    pub(super) fn power(&self) -> i64 {
        let (above, below) = (self.above.magnitude(), self.below.magnitude());
        if self.above.sign() == Sign::NoSign {
            return 0;
        }
        let guess = length(above) - length(below);
        // The quotient's first digit is at the guess, or one below it.
        let is_reached = match guess >= 0 {
            true => *above >= below * ten(guess),
            false => above * ten(-guess) >= *below,
        };
        if is_reached { guess } else { guess - 1 }
    }

    /// Its size, times ten to the places, as a whole number; and whether nothing was left out.
    fn rounded(&self, places: i64) -> (BigUint, bool) {
        let (mut above, mut below) = (
            self.above.magnitude().clone(),
            self.below.magnitude().clone(),
        );
        match places >= 0 {
            true => above *= ten(places),
            false => below *= ten(-places),
        }
        let (whole, rest) = (&above / &below, &above % &below);
        let is_exact = rest == BigUint::ZERO;
        let up = u8::from(rest * 2_u8 >= below);
        (whole + up, is_exact)
    }
}

fn length(number: &BigUint) -> i64 {
    number.to_string().len() as i64
}

fn ten(power: i64) -> BigUint {
    BigUint::from(10_u8).pow(u32::try_from(power).unwrap_or(0))
}

fn plain(digits: &BigUint, places: i64) -> String {
    if places <= 0 {
        return (digits * ten(-places)).to_string();
    }
    let places = usize::try_from(places).unwrap_or(0);
    let digits = format!("{:0>width$}", digits.to_string(), width = places + 1);
    let (whole, part) = digits.split_at(digits.len() - places);
    match part.trim_end_matches('0') {
        "" => whole.to_owned(),
        part => format!("{whole}.{part}"),
    }
}

fn scientific(digits: &BigUint, places: i64) -> String {
    let digits = digits.to_string();
    let power = digits.len() as i64 - 1 - places;
    let (first, part) = digits.split_at(1);
    match part.trim_end_matches('0') {
        "" => format!("{first}e{power}"),
        part => format!("{first}.{part}e{power}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quotient_is_rounded_from_its_exact_value() {
        for (said, shape, decimal) in [
            ("13601/14001", Shape::Auto, "approx. 0.9714306121"),
            ("-1/3 m", Shape::Auto, "approx. -0.3333333333 m"),
            ("2/3", Shape::Places(3), "approx. 0.667"),
            ("1/2", Shape::Places(3), "0.5"),
            ("5/2", Shape::Places(0), "approx. 3"),
            ("-1/300", Shape::Places(1), "approx. 0"),
            ("123456", Shape::Significant(2), "approx. 120000"),
            ("999999/10", Shape::Significant(3), "approx. 100000"),
            ("100/3", Shape::Significant(4), "approx. 33.33"),
            ("1/3000000000000000", Shape::Auto, "approx. 3.33333e-16"),
            (
                "100000000000000000000/3",
                Shape::Auto,
                "approx. 3.33333333333e19",
            ),
            (
                "999999999999999999/1000",
                Shape::Auto,
                "approx. 1000000000000000",
            ),
            (
                "approx. 884279719003555/281474976710656",
                Shape::Auto,
                "approx. 3.1415926536",
            ),
            ("approx. 14", Shape::Auto, "approx. 14"),
            ("0", Shape::Auto, "0"),
        ] {
            assert_eq!(
                Quotient::read(said).unwrap().decimal(shape).as_deref(),
                Ok(decimal),
                "{said}"
            );
        }
        let pi = Quotient::read("approx. 884279719003555/281474976710656").unwrap();
        assert!(pi.decimal(Shape::Places(30)).is_err());
    }
}
