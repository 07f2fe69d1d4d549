//! Money as an integer, so that sums are exact and never drift.
//!
//! Promises: no floating point anywhere, no overflow that wraps, and no amount
//! above nothing that is shown as nothing.
//!
//! Leaves out: currencies. Every price we ship is stated in US dollars.

use std::fmt;
use std::iter::Sum;

use serde::{Deserialize, Serialize};

/// How many of our units make a dollar.
const NANOS_IN_DOLLAR: u32 = 1_000_000_000;

/// Digits after the point that a unit reaches.
const DIGITS: usize = 9;

/// US dollars in billionths. One token at $0.05 a million is 50 of these.
///
/// The largest amount is a little over nine billion dollars; sums stop there
/// instead of wrapping round to a debt.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct NanoUsd(pub i64);

impl NanoUsd {
    /// Nothing.
    pub const ZERO: NanoUsd = NanoUsd(0);

    /// The largest amount we can write.
    pub const MAX: NanoUsd = NanoUsd(i64::MAX);

    /// From whole dollars and billionths of one. Both parts are small enough
    /// that no pair of them overflows.
    pub fn from_parts(dollars: u32, nanos: u32) -> NanoUsd {
        NanoUsd(i64::from(dollars) * i64::from(NANOS_IN_DOLLAR) + i64::from(nanos))
    }

    /// The sum, or `None` when it cannot be written.
    pub fn checked_add(self, other: NanoUsd) -> Option<NanoUsd> {
        self.0.checked_add(other.0).map(NanoUsd)
    }

    /// The sum, stopping at the largest amount.
    pub fn saturating_add(self, other: NanoUsd) -> NanoUsd {
        NanoUsd(self.0.saturating_add(other.0))
    }

    /// The difference, stopping at the smallest amount.
    pub fn saturating_sub(self, other: NanoUsd) -> NanoUsd {
        NanoUsd(self.0.saturating_sub(other.0))
    }

    /// An amount counted in more room than it will be kept in.
    pub(crate) fn saturating_from(nanos: u128) -> NanoUsd {
        NanoUsd(i64::try_from(nanos).unwrap_or(i64::MAX))
    }
}

/// Stops at the largest amount, like [`NanoUsd::saturating_add`].
impl Sum for NanoUsd {
    fn sum<I: Iterator<Item = NanoUsd>>(amounts: I) -> NanoUsd {
        amounts.fold(NanoUsd::ZERO, NanoUsd::saturating_add)
    }
}

impl<'a> Sum<&'a NanoUsd> for NanoUsd {
    fn sum<I: Iterator<Item = &'a NanoUsd>>(amounts: I) -> NanoUsd {
        amounts.copied().sum()
    }
}

/// Dollars. `{}` is exact: two digits after the point and as many more as the
/// amount has (`$1.50`, `$0.000123`). `{:.2}` rounds half up to the digits asked
/// for, but goes on to the first digit that is not nought, because "$0.00" for a
/// request that did cost something is a lie.
impl fmt::Display for NanoUsd {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.unsigned_abs();
        let (nanos, digits) = match out.precision() {
            Some(asked) => rounded(nanos, asked.min(DIGITS)),
            None => (nanos, exact_digits(nanos)),
        };
        let sign = if self.0 < 0 { "-" } else { "" };
        let dollars = nanos / u64::from(NANOS_IN_DOLLAR);
        if digits == 0 {
            return write!(out, "{sign}${dollars}");
        }
        let fraction = nanos % u64::from(NANOS_IN_DOLLAR) / ten_to(DIGITS - digits);
        write!(out, "{sign}${dollars}.{fraction:0digits$}")
    }
}

/// The fewest digits after the point, at least two, that lose nothing.
fn exact_digits(nanos: u64) -> usize {
    (2..DIGITS)
        .find(|digits| nanos.is_multiple_of(ten_to(DIGITS - digits)))
        .unwrap_or(DIGITS)
}

/// The amount rounded to `asked` digits, or to the first that shows something.
fn rounded(nanos: u64, asked: usize) -> (u64, usize) {
    (asked..DIGITS)
        .map(|digits| (round_half_up(nanos, ten_to(DIGITS - digits)), digits))
        .find(|(shown, _)| *shown > 0 || nanos == 0)
        .unwrap_or((nanos, DIGITS))
}

/// A step is a billion at most and an amount below 2^63, so nothing overflows.
fn round_half_up(nanos: u64, step: u64) -> u64 {
    (nanos + step / 2) / step * step
}

fn ten_to(power: usize) -> u64 {
    (0..power).fold(1, |product, _| product * 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_shown_exactly_with_two_digits_or_more() {
        for (nanos, shown) in [
            (0, "$0.00"),
            (1, "$0.000000001"),
            (50, "$0.00000005"),
            (123_000, "$0.000123"),
            (10_000_000, "$0.01"),
            (1_500_000_000, "$1.50"),
            (1_234_567_891, "$1.234567891"),
            (-20_000_000, "-$0.02"),
            (i64::MAX, "$9223372036.854775807"),
            (i64::MIN, "-$9223372036.854775808"),
        ] {
            assert_eq!(NanoUsd(nanos).to_string(), shown);
        }
    }

    #[test]
    fn rounding_never_shows_something_as_nothing() {
        for (nanos, digits, shown) in [
            (0, 2, "$0.00"),
            (1_234_567_891, 2, "$1.23"),
            (1_235_000_000, 2, "$1.24"),
            (1_234_567_891, 0, "$1"),
            (999_999_999, 2, "$1.00"),
            (4_000_000, 2, "$0.004"),
            (123_000, 2, "$0.0001"),
            (1, 2, "$0.000000001"),
            (1, 20, "$0.000000001"),
            (i64::MIN, 2, "-$9223372036.85"),
        ] {
            assert_eq!(format!("{:.digits$}", NanoUsd(nanos)), shown, "{nanos}");
        }
    }

    #[test]
    fn sums_stop_at_the_largest_amount() {
        assert_eq!(NanoUsd::MAX.checked_add(NanoUsd(1)), None);
        assert_eq!(NanoUsd(1).checked_add(NanoUsd(2)), Some(NanoUsd(3)));
        assert_eq!(NanoUsd::MAX.saturating_add(NanoUsd(1)), NanoUsd::MAX);
        assert_eq!(NanoUsd(5).saturating_sub(NanoUsd(7)), NanoUsd(-2));
        assert_eq!(
            [NanoUsd::MAX, NanoUsd(1)].iter().sum::<NanoUsd>(),
            NanoUsd::MAX
        );
        assert_eq!(
            std::iter::empty::<NanoUsd>().sum::<NanoUsd>(),
            NanoUsd::ZERO
        );
    }

    #[test]
    fn parts_make_the_amount_they_say() {
        assert_eq!(NanoUsd::from_parts(1, 500_000_000), NanoUsd(1_500_000_000));
        assert_eq!(NanoUsd::from_parts(0, 1), NanoUsd(1));
        assert_eq!(
            NanoUsd::from_parts(u32::MAX, u32::MAX).to_string(),
            "$4294967299.294967295",
        );
    }
}
