//! How fast one key may be used, learnt before and after a provider says "too fast".
//!
//! Many agents on one key storm it: all are refused at once, all wait the same
//! time, all come back together. Instead each request takes its turn here. Two
//! meters run, requests and tokens a minute. What headers announce is the limit;
//! where they announce none there is none until the first 429. That sets the rate
//! to 0.8 of what was being sent; from there it grows along a cubic that is flat
//! around the rate that failed (one minute on) and steep beyond it, the curve of
//! TCP's CUBIC and of C3's rate control.
//!
//! Promises: never above an announced limit, never so slow that nothing passes,
//! fixed size. Leaves out the wait itself, which is the caller's.

use std::time::Duration;

use crate::health::{Allowance, Headroom};
use crate::moment::Moment;

/// What a 429 leaves of the rate.
const CUT: f64 = 0.8;
/// Seconds until a rate that was cut is back where it failed.
const REGROWN_S: f64 = 60.0;
/// Seconds' worth of a rate that may go at once after a pause.
const BURST_S: f64 = 3.0;
/// While a provider says that this share of a limit is left, nobody waits.
const PLENTY: f64 = 0.2;
/// The slowest pace, a minute.
const LEAST_REQUESTS: f64 = 1.0;
const LEAST_TOKENS: f64 = 1_000.0;
/// An announced limit that was not repeated for so long is forgotten.
const ANNOUNCED_S: f64 = 600.0;
/// Nothing waits longer for its turn.
const LONGEST: Duration = Duration::from_secs(60);

/// One kind of limit.
#[derive(Debug, Clone)]
struct Meter {
    least: f64,
    /// A minute, from headers, and when they last said so.
    announced: Option<(f64, Moment)>,
    /// The rate that failed and when, a minute.
    failed: Option<(f64, Moment)>,
    /// What is left is 0 until then.
    empty_until: Moment,
    /// What was left by the latest header, less what has gone since.
    left: f64,
    /// When the units taken so far would have gone at the pace.
    due: Moment,
    /// Decayed units of the last minute, and as of when.
    sent: f64,
    at: Moment,
    /// When sending began, after a time with next to none.
    began: Moment,
}

/// The pace of one key.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    requests: Meter,
    tokens: Meter,
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            requests: Meter::new(LEAST_REQUESTS),
            tokens: Meter::new(LEAST_TOKENS),
        }
    }
}

impl Pace {
    /// How long a request of so many tokens (prompt and expected answer) should
    /// wait for its turn; nothing when it may go.
    pub(crate) fn wait(&self, tokens: u64, now: Moment) -> Duration {
        let wait = self
            .requests
            .wait(1.0, now)
            .max(self.tokens.wait(tokens as f64, now));
        wait.min(LONGEST)
    }

    /// A request goes.
    pub(crate) fn took(&mut self, tokens: u64, now: Moment) {
        self.requests.took(1.0, now);
        self.tokens.took(tokens as f64, now);
    }

    /// It used so many tokens in truth.
    pub(crate) fn settled(&mut self, expected: u64, used: u64, now: Moment) {
        self.tokens.correct(used as f64 - expected as f64, now);
    }

    /// The provider said "too fast".
    pub(crate) fn limited(&mut self, headroom: &Headroom, now: Moment) {
        // Where the headers tell which limit it was, the other one is kept.
        let spent = |allowance: &Allowance| allowance.remaining == Some(0);
        let (requests, tokens) = (spent(&headroom.requests), spent(&headroom.tokens));
        if requests || !tokens {
            self.requests.cut(now);
        }
        if tokens || !requests {
            self.tokens.cut(now);
        }
        self.announced(headroom, now);
    }

    /// What a reply's headers say.
    pub(crate) fn announced(&mut self, headroom: &Headroom, now: Moment) {
        self.requests.hear(&headroom.requests, now);
        self.tokens.hear(&headroom.tokens, now);
    }

    /// Requests and tokens a minute that are kept to; `None` where none is known.
    pub(crate) fn rates(&self, now: Moment) -> (Option<f64>, Option<f64>) {
        (self.requests.rate(now), self.tokens.rate(now))
    }
}

impl Meter {
    fn new(least: f64) -> Meter {
        Meter {
            least,
            announced: None,
            failed: None,
            empty_until: Moment::default(),
            left: 0.0,
            due: Moment::default(),
            sent: 0.0,
            at: Moment::default(),
            began: Moment::default(),
        }
    }

    /// Units a minute: the cubic, under what is announced.
    fn rate(&self, now: Moment) -> Option<f64> {
        let announced = self
            .announced
            .filter(|(_, at)| now.seconds_since(*at) < ANNOUNCED_S)
            .map(|(limit, _)| limit);
        let grown = self.failed.map(|(rate, at)| {
            let along = now.seconds_since(at) / REGROWN_S - 1.0;
            rate * (1.0 + (1.0 - CUT) * along.powi(3))
        });
        // Ten times what failed, unchallenged: the limit was lifted or never there.
        let grown = grown.filter(|grown| self.failed.is_none_or(|(rate, _)| *grown < 10.0 * rate));
        match (announced, grown) {
            (Some(limit), Some(grown)) => Some(limit.min(grown).max(self.least)),
            (one, other) => one.or(other).map(|rate| rate.max(self.least)),
        }
    }

    fn wait(&self, units: f64, now: Moment) -> Duration {
        let empty = self.empty_until.since(now);
        let limit = self.announced.map_or(f64::INFINITY, |(limit, _)| limit);
        if self.left - units >= PLENTY * limit {
            return Duration::ZERO;
        }
        let Some(rate) = self.rate(now) else {
            return empty;
        };
        // A request larger than the burst passes alone, and those after it pay.
        let ahead = self.due.seconds_since(now);
        let room = (BURST_S - (units * 60.0 / rate)).max(0.0);
        empty.max(Duration::from_secs_f64((ahead - room).max(0.0)))
    }

    fn took(&mut self, units: f64, now: Moment) {
        self.decay(now);
        if self.sent < 0.5 {
            self.began = now;
        }
        self.sent += units;
        self.left -= units;
        if let Some(rate) = self.rate(now) {
            let cost = Duration::from_secs_f64((units * 60.0 / rate).clamp(0.0, 3_600.0));
            self.due = self.due.max(now).after(cost);
        }
    }

    fn correct(&mut self, units: f64, now: Moment) {
        self.sent = (self.sent + units).max(0.0);
        if let Some(rate) = self.rate(now) {
            let seconds = (units * 60.0 / rate).clamp(-3_600.0, 3_600.0);
            self.due = Moment::from_s((self.due.as_s() + seconds).max(0.0));
        }
    }

    fn cut(&mut self, now: Moment) {
        self.decay(now);
        // Many are refused at once: the rate is cut once for all of them.
        let just_cut = |at: Moment| now.seconds_since(at) < 5.0;
        if self.failed.is_some_and(|(_, at)| just_cut(at)) {
            return;
        }
        self.left = 0.0;
        let kept = self.rate(now).unwrap_or(f64::INFINITY);
        // The last minute's units, or as many as it would have been at this rate.
        let seen_s = now.seconds_since(self.began).max(10.0);
        let sent = self.sent / (1.0 - (-seen_s / 60.0).exp());
        let rate = sent.min(kept).max(self.least);
        self.failed = Some((rate, now));
    }

    fn hear(&mut self, allowance: &Allowance, now: Moment) {
        let Allowance {
            limit,
            remaining,
            reset,
        } = *allowance;
        // A window of an hour or a day is no pace: what is left of it is heard below.
        let by_the_minute = reset.is_none_or(|reset| reset <= Duration::from_secs(120));
        if let Some(limit) = limit
            && by_the_minute
        {
            self.announced = Some((limit as f64, now));
        }
        self.left = remaining.map_or(0.0, |left| left as f64);
        match (remaining, reset) {
            (Some(0), Some(reset)) => self.empty_until = now.after(reset),
            (Some(_), _) => self.empty_until = now,
            (None, _) => {}
        }
    }

    fn decay(&mut self, now: Moment) {
        self.sent *= (-now.seconds_since(self.at) / 60.0).exp();
        self.at = self.at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn s(seconds: f64) -> Moment {
        Moment::from_s(seconds)
    }

    fn requests(limit: u64, left: u64, reset_s: u64) -> Headroom {
        Headroom {
            requests: Allowance {
                limit: Some(limit),
                remaining: Some(left),
                reset: Some(Duration::from_secs(reset_s)),
            },
            ..Headroom::default()
        }
    }

    /// How many of a flood pass until then.
    fn passed(pace: &mut Pace, from_s: f64, to_s: f64, tokens: u64) -> u32 {
        let mut passed = 0;
        let mut now = s(from_s);
        while now < s(to_s) {
            match pace.wait(tokens, now) {
                Duration::ZERO => {
                    pace.took(tokens, now);
                    passed += 1;
                    now = now.after(Duration::from_millis(5));
                }
                wait => now = now.after(wait.max(Duration::from_millis(1))),
            }
        }
        passed
    }

    #[test]
    fn without_a_limit_nobody_waits() {
        let mut pace = Pace::default();
        assert_eq!(passed(&mut pace, 10.0, 20.0, 1_000_000), 2_000);
        assert_eq!(pace.rates(s(20.0)), (None, None));
    }

    #[test]
    fn an_announced_limit_is_kept_before_anything_is_refused() {
        let mut pace = Pace::default();
        pace.announced(&requests(60, 59, 1), s(0.0));
        let first = passed(&mut pace, 0.0, 60.0, 10);
        assert!((59..=63).contains(&first), "{first}");
        let second = passed(&mut pace, 60.0, 120.0, 10);
        assert!((59..=61).contains(&second), "{second}");
    }

    #[test]
    fn tokens_are_paced_like_requests_and_corrected_by_what_was_used() {
        let mut pace = Pace::default();
        let tokens = Allowance {
            limit: Some(60_000),
            ..Allowance::default()
        };
        pace.announced(
            &Headroom {
                tokens,
                ..Headroom::default()
            },
            s(0.0),
        );
        let first = passed(&mut pace, 0.0, 60.0, 5_000);
        assert!((12..=14).contains(&first), "{first}");
        let wait = pace.wait(5_000, s(60.0));
        pace.settled(5_000, 1_000, s(60.0));
        let shorter = pace.wait(5_000, s(60.0));
        assert!(shorter < wait || wait.is_zero());
        // One that is larger than any burst passes all the same.
        let alone = passed(&mut pace, 300.0, 301.0, 500_000);
        assert_eq!(alone, 1);
    }

    #[test]
    fn a_429_cuts_to_four_fifths_and_regrows_as_a_cubic() {
        let mut pace = Pace::default();
        for n in 0..600 {
            pace.took(100, s(f64::from(n) * 0.5));
        }
        pace.limited(&Headroom::default(), s(300.0));
        let at = |seconds: f64| pace.rates(s(300.0 + seconds)).0.expect("a rate");
        let failed = at(60.0);
        assert!(
            (110.0..125.0).contains(&failed),
            "about what was sent: {failed}"
        );
        for (seconds, share) in [
            (0.0, 0.8),
            (30.0, 0.975),
            (60.0, 1.0),
            (90.0, 1.025),
            (120.0, 1.2),
        ] {
            assert!((at(seconds) / failed - share).abs() < 1e-9, "{seconds}");
        }
        assert_eq!(
            pace.rates(s(900.0)).0,
            None,
            "in the end the limit is forgotten"
        );
    }

    #[test]
    fn a_hundred_refusals_at_once_are_one_cut() {
        let mut pace = Pace::default();
        for n in 0..200 {
            pace.took(100, s(f64::from(n) * 0.3));
        }
        for _ in 0..100 {
            pace.limited(&Headroom::default(), s(60.0));
        }
        assert!(pace.rates(s(60.0)).0.expect("a rate") > 80.0);
    }

    #[test]
    fn growth_stops_at_what_is_announced() {
        let mut pace = Pace::default();
        pace.announced(&requests(100, 50, 30), s(0.0));
        passed(&mut pace, 0.0, 60.0, 10);
        pace.limited(&requests(100, 0, 20), s(60.0));
        assert!(pace.wait(10, s(60.0)) >= Duration::from_secs(20));
        for at_s in [61.0, 120.0, 200.0, 500.0] {
            assert!(pace.rates(s(at_s)).0.expect("a rate") <= 100.0);
        }
        assert_eq!(pace.rates(s(60.0)).1, None, "it was not the tokens");
    }

    #[test]
    fn a_storm_of_agents_is_spread_out() {
        // A provider that allows 60 a minute and says nothing but 429.
        let mut pace = Pace::default();
        let mut allowed = 10.0_f64;
        let (mut refused, mut served) = (0, 0);
        let mut now_s = 0.0;
        while now_s < 600.0 {
            let wait = pace.wait(10, s(now_s));
            if wait.is_zero() {
                pace.took(10, s(now_s));
                match allowed >= 1.0 {
                    true => {
                        allowed -= 1.0;
                        served += 1;
                    }
                    false => {
                        refused += 1;
                        pace.limited(&Headroom::default(), s(now_s));
                    }
                }
            }
            now_s += 0.05;
            allowed = (allowed + 0.05).min(10.0);
        }
        assert!(served > 480, "{served} of 600 used");
        assert!(refused < 60, "{refused} refused");
    }

    proptest! {
        #[test]
        fn whatever_is_announced_somebody_passes_within_a_minute(
            limits in prop::collection::vec((0u64..1 << 50, 0u64..1 << 50, 0u64..100_000), 0..8),
            tokens in 0u64..1 << 50,
        ) {
            let mut pace = Pace::default();
            for (limit, left, reset_s) in limits {
                pace.announced(&requests(limit, left, reset_s), s(1.0));
                pace.limited(&requests(limit, left, reset_s), s(1.0));
                pace.took(tokens, s(1.0));
            }
            prop_assert!(pace.wait(tokens, s(1.0)) <= LONGEST);
        }
    }
}
