//! A point on a clock that is passed in.
//!
//! Promises: spans never wrap. A clock that jumps back makes a span of nothing,
//! and whoever keeps a latest moment keeps the later of two. Leaves out dates:
//! the zero of this clock means nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Microseconds since a zero that the caller chose: the start of the process, or
/// of a simulation.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Moment(pub u64);

impl Moment {
    /// So many milliseconds after the zero.
    pub const fn from_ms(ms: u64) -> Moment {
        Moment(ms.saturating_mul(1000))
    }

    /// So many seconds after the zero; nothing below it and nothing for NaN.
    pub fn from_s(seconds: f64) -> Moment {
        // A cast from a float stops at the ends of the range, and NaN is nought.
        Moment((seconds * 1e6) as u64)
    }

    /// Seconds since the zero.
    pub fn as_s(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// The span since an earlier moment; nothing when that one is later.
    pub const fn since(self, earlier: Moment) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// [`Moment::since`] in seconds.
    pub fn seconds_since(self, earlier: Moment) -> f64 {
        self.0.saturating_sub(earlier.0) as f64 / 1e6
    }

    /// This much later; stops at the end of time.
    pub fn after(self, span: Duration) -> Moment {
        let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        Moment(self.0.saturating_add(micros))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_stop_at_nothing_and_moments_at_the_end_of_time() {
        let (early, late) = (Moment::from_ms(5), Moment::from_ms(9));
        assert_eq!(late.since(early), Duration::from_millis(4));
        assert_eq!(early.since(late), Duration::ZERO);
        assert_eq!(early.after(Duration::MAX), Moment(u64::MAX));
        assert_eq!(Moment::from_s(f64::NAN), Moment(0));
        assert_eq!(Moment::from_s(-3.0), Moment(0));
        assert_eq!(Moment::from_s(1.5).as_s(), 1.5);
    }
}
