//! Uptime, and what too little of it costs in the score.
//!
//! Promises: one failure among few requests is no outage (the share is shrunk
//! towards full uptime), and a target that flaps pays for an hour. The shape is
//! LLM Gateway's: nothing from 95 % up, then the square of the way down, which is
//! 5.61 at half and 25 at none. Leaves out refused keys and unknown models: those
//! disable a key or a model and say nothing of whether the provider is up.

use crate::moment::Moment;

/// Percent of uptime from which nothing is due.
const FULL: f64 = 95.0;
/// Minutes that are remembered.
const MINUTES: usize = 60;
const MINUTE_US: u64 = 60_000_000;
/// Requests that are imagined beside the real ones, and those of them that
/// succeeded.
const IMAGINED: f64 = 20.0;
const IMAGINED_OK: f64 = 19.0;
/// Seconds without a failure that take nine tenths of a penalty away.
const MOMENTUM_S: f64 = 30.0;

/// The penalty for this uptime in percent.
pub(crate) fn penalty(uptime: f64) -> f64 {
    if uptime.is_nan() || uptime >= FULL {
        return 0.0;
    }
    ((FULL - uptime.max(0.0)) / FULL * 5.0).powi(2)
}

/// Uptime in percent of so many successes among so many requests, shrunk so that
/// few requests prove little.
pub(crate) fn shrunk(ok: f64, all: f64) -> f64 {
    100.0 * (ok + IMAGINED_OK) / (all + IMAGINED)
}

/// The last hour of one target, by the minute.
#[derive(Debug, Clone)]
pub(crate) struct Uptime {
    /// Up and down, by minute.
    minutes: [(u16, u16); MINUTES],
    /// The minute that is filled now, counted from an hour before the clock's zero.
    current: u64,
    last_down: Option<Moment>,
    /// The first success after the last failure.
    back_up: Option<Moment>,
    percent: f64,
}

impl Default for Uptime {
    fn default() -> Self {
        Uptime {
            minutes: [(0, 0); MINUTES],
            current: MINUTES as u64,
            last_down: None,
            back_up: None,
            percent: 100.0,
        }
    }
}

impl Uptime {
    /// One more answer, or one more failure.
    pub(crate) fn record(&mut self, up: bool, now: Moment) {
        self.roll(now);
        let slot = &mut self.minutes[self.current as usize % MINUTES];
        match up {
            true => slot.0 = slot.0.saturating_add(1),
            false => slot.1 = slot.1.saturating_add(1),
        }
        if !up {
            (self.last_down, self.back_up) = (Some(now), None);
        } else if self.last_down.is_some() && self.back_up.is_none() {
            self.back_up = Some(now);
        }
        self.weigh();
    }

    /// Lets old minutes go. Call it now and then while nothing is recorded.
    pub(crate) fn roll(&mut self, now: Moment) {
        let minute = now.0 / MINUTE_US + MINUTES as u64;
        let passed = minute.saturating_sub(self.current);
        if passed == 0 {
            return;
        }
        for ahead in 1..=passed.min(MINUTES as u64) {
            self.minutes[(self.current + ahead) as usize % MINUTES] = (0, 0);
        }
        self.current = minute;
        if passed >= MINUTES as u64 {
            self.minutes = [(0, 0); MINUTES];
        }
        self.weigh();
    }

    /// Percent over the last hour: the latest minute counts ten times, the four
    /// before it three times as much as the rest.
    pub(crate) fn percent(&self) -> f64 {
        self.percent
    }

    /// What it costs now. Once the target answers again and does not fail, nine
    /// tenths are forgiven every half minute.
    pub(crate) fn penalty(&self, now: Moment) -> f64 {
        let due = penalty(self.percent);
        match self.back_up {
            Some(since) if due > 0.0 => due * 0.1_f64.powf(now.seconds_since(since) / MOMENTUM_S),
            _ => due,
        }
    }

    fn weigh(&mut self) {
        let (mut ok, mut all) = (0.0, 0.0);
        for back in 0..MINUTES as u64 {
            let weight = match back {
                0 => 1.0,
                1..5 => 0.3,
                _ => 0.1,
            };
            let place = (self.current - back) as usize % MINUTES;
            let (up, down) = self.minutes[place];
            ok += weight * f64::from(up);
            all += weight * (f64::from(up) + f64::from(down));
        }
        self.percent = match ok < all {
            true => shrunk(ok, all),
            false => 100.0,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_penalty_has_the_published_values() {
        for (uptime, expected) in [
            (100.0, 0.0),
            (95.0, 0.0),
            (94.0, 0.00),
            (90.0, 0.07),
            (80.0, 0.62),
            (70.0, 1.73),
            (60.0, 3.39),
            (50.0, 5.61),
            (25.0, 13.57),
            (0.0, 25.0),
            (-5.0, 25.0),
            (f64::NAN, 0.0),
        ] {
            let due = penalty(uptime);
            assert!((due - expected).abs() < 0.005, "{uptime}: {due}");
        }
    }

    #[test]
    fn one_failure_in_two_requests_is_no_outage() {
        let mut uptime = Uptime::default();
        uptime.record(true, Moment::from_ms(0));
        uptime.record(false, Moment::from_ms(10));
        assert!((uptime.percent() - 100.0 * 20.0 / 22.0).abs() < 1e-9);
        assert!(uptime.penalty(Moment::from_ms(10)) < 0.06);
    }

    #[test]
    fn half_up_for_long_costs_what_the_curve_says() {
        let mut uptime = Uptime::default();
        for n in 0..100_000 {
            uptime.record(n % 2 == 0, Moment::from_ms(n));
        }
        let due = uptime.penalty(Moment::from_ms(100_000));
        assert!((due - 5.61).abs() < 0.05, "{due}");
    }

    #[test]
    fn nobody_is_down_before_the_first_request() {
        assert_eq!(Uptime::default().percent(), 100.0);
        assert_eq!(Uptime::default().penalty(Moment(u64::MAX)), 0.0);
    }

    #[test]
    fn what_answers_again_is_forgiven_nine_tenths_in_half_a_minute() {
        let mut uptime = Uptime::default();
        for n in 0..100 {
            uptime.record(false, Moment::from_ms(n));
        }
        uptime.record(true, Moment::from_ms(1_000));
        let before = uptime.penalty(Moment::from_ms(1_000));
        let after = uptime.penalty(Moment::from_ms(31_000));
        assert!(before > 10.0 && (after / before - 0.1).abs() < 1e-9);
        uptime.record(false, Moment::from_ms(31_000));
        assert!(uptime.penalty(Moment::from_ms(31_000)) > 10.0);
    }

    #[test]
    fn an_outage_is_forgotten_after_an_hour() {
        let mut uptime = Uptime::default();
        uptime.record(false, Moment::from_ms(0));
        uptime.roll(Moment::from_ms(59 * 60_000));
        assert!(uptime.percent() < 100.0);
        uptime.roll(Moment::from_ms(60 * 60_000));
        assert_eq!(uptime.percent(), 100.0);
        uptime.roll(Moment::from_ms(0));
        uptime.roll(Moment(u64::MAX));
        assert_eq!(uptime.percent(), 100.0);
    }
}
