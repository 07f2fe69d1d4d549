//! The price of a million tokens, exactly as a vendor prints it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error};

use crate::money::NanoUsd;

/// Vendors state prices for this many tokens.
const MILLION: u128 = 1_000_000;

/// Digits after the point that a rate keeps: a billionth of a dollar.
const DIGITS: usize = 9;

/// Billionths of a dollar for a million tokens. Never negative.
///
/// A millionth of this is the price of one token, so a rate of $0.05 a million
/// is 50,000,000 here and 50 billionths of a dollar a token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(pub u64);

impl Rate {
    /// Reads dollars for a million tokens, written in decimal: `15`, `0.0375`.
    /// `None` for anything else: a sign, an exponent, a tenth digit after the
    /// point. Nothing is rounded here, so nothing is lost.
    pub fn from_dollars(text: &str) -> Option<Rate> {
        let (dollars, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let only_digits =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !only_digits(dollars) || !only_digits(fraction) || fraction.len() > DIGITS {
            return None;
        }
        let dollars: u32 = dollars.parse().ok()?;
        let nanos: u32 = format!("{fraction:0<DIGITS$}").parse().ok()?;
        Some(Rate(NanoUsd::from_parts(dollars, nanos).0.unsigned_abs()))
    }

    /// What so many tokens cost, rounded half up to a billionth of a dollar.
    pub fn times(self, tokens: u64) -> NanoUsd {
        // Nearly every amount fits 64 bits, and dividing 128 takes ten times as long.
        let half = MILLION as u64 / 2;
        let fits = self
            .0
            .checked_mul(tokens)
            .and_then(|exact| exact.checked_add(half));
        if let Some(exact) = fits {
            return NanoUsd::saturating_from(u128::from(exact / MILLION as u64));
        }
        let exact = u128::from(self.0) * u128::from(tokens);
        NanoUsd::saturating_from((exact + MILLION / 2) / MILLION)
    }
}

/// Dollars for a million tokens: `$0.0375`.
impl fmt::Display for Rate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        NanoUsd::saturating_from(u128::from(self.0)).fmt(out)
    }
}

/// From a string, because a JSON number would pass through floating point.
impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Rate, D::Error> {
        let text = <std::borrow::Cow<'_, str>>::deserialize(input)?;
        Rate::from_dollars(&text).ok_or_else(|| {
            D::Error::custom(format!(
                "`{text}` is not a price: write dollars for a million tokens as a decimal of at \
                 most nine digits after the point, like \"0.15\""
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_price_is_read_exactly() {
        for (text, nanos) in [
            ("0", 0),
            ("15", 15_000_000_000),
            ("2.50", 2_500_000_000),
            ("0.0375", 37_500_000),
            ("0.000000001", 1),
        ] {
            assert_eq!(Rate::from_dollars(text), Some(Rate(nanos)), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_plain_decimal_is_refused() {
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1e-3",
            "1,5",
            "0.0000000001",
            "NaN",
            " 1",
            "1 ",
            "99999999999",
            "$1",
            "١",
        ] {
            assert_eq!(Rate::from_dollars(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_cost_is_rounded_half_up_once() {
        // Dollars a million, tokens, billionths of a dollar.
        for (rate, tokens, nanos) in [
            ("0.05", 1, 50),
            ("0.0005", 1, 1),   // 0.5
            ("0.0004", 1, 0),   // 0.4
            ("0.0005", 3, 2),   // 1.5
            ("0.0375", 3, 113), // 112.5
            ("0.000000001", 499_999, 0),
            ("0.000000001", 500_000, 1),
            ("10", u64::MAX, i64::MAX),
        ] {
            let rate = Rate::from_dollars(rate).expect("a price");
            assert_eq!(rate.times(tokens), NanoUsd(nanos), "{tokens} at {rate}");
        }
    }

    #[test]
    fn a_rate_is_shown_as_dollars() {
        assert_eq!(Rate(37_500_000).to_string(), "$0.0375");
        assert_eq!(Rate(15_000_000_000).to_string(), "$15.00");
    }
}
