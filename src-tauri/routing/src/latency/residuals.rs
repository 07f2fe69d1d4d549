//! How far actual spans fell from what was expected, over the last two hundred.
//!
//! Promises: a fixed size; the spread is the median absolute deviation, which half
//! of the samples would have to leave before it moves; a time without samples
//! lets oddness fade. Order statistics are taken every eighth sample, because they
//! cost more than the rest together and barely move in between.

use crate::moment::Moment;

/// Residuals that are kept.
const KEPT: usize = 200;
/// Samples between two looks at the spread.
const EVERY: u32 = 8;
/// Samples before the spread is believed.
const ENOUGH: usize = 16;
/// The spread is never taken to be less: 15 % is the jitter of any network.
const LEAST_SCALE: f64 = 0.15;
/// Before anything is known: a factor of e either way.
const UNKNOWN_SCALE: f64 = 1.0;
/// Turns a median absolute deviation into a standard one, for a bell curve.
const OF_A_BELL: f64 = 1.4826;
/// Seconds in which the weight of a verdict halves, and what the next one leaves
/// of it: busy targets are judged by their last ten requests, quiet ones by their
/// last minute.
const HALF_LIFE_S: f64 = 60.0;
const NEXT: f64 = 0.9;
/// Samples of no oddness that are imagined beside the real ones, so that one odd
/// request condemns nobody.
const IMAGINED: f64 = 2.0;

/// The residuals of one kind of span, in units of the natural logarithm.
#[derive(Debug, Clone)]
pub(super) struct Residuals {
    kept: Vec<f32>,
    next: usize,
    seen: u32,
    scale: f64,
    /// The factor that 95 % stay under, and that of the scale three times over.
    tail: f64,
    thrice: f64,
    /// Decayed sum of z, and of the weights.
    odd: f64,
    weight: f64,
    at: Moment,
}

impl Default for Residuals {
    fn default() -> Self {
        Residuals {
            kept: Vec::new(),
            next: 0,
            seen: 0,
            scale: UNKNOWN_SCALE,
            tail: (2.0 * UNKNOWN_SCALE).exp(),
            thrice: (3.0 * UNKNOWN_SCALE).exp(),
            odd: 0.0,
            weight: 0.0,
            at: Moment::default(),
        }
    }
}

impl Residuals {
    /// The spread of the residuals.
    pub(super) fn scale(&self) -> f64 {
        self.scale
    }

    /// Times the expectation that 95 % stay under.
    pub(super) fn tail(&self) -> f64 {
        self.tail
    }

    /// Times the expectation from which a span is odd; 4.5 at the least.
    pub(super) fn thrice(&self) -> f64 {
        self.thrice
    }

    /// One more residual.
    pub(super) fn push(&mut self, residual: f64) {
        match self.kept.len() < KEPT {
            true => self.kept.push(residual as f32),
            false => self.kept[self.next] = residual as f32,
        }
        self.next = (self.next + 1) % KEPT;
        self.seen = self.seen.wrapping_add(1);
        if self.kept.len() >= ENOUGH && self.seen.is_multiple_of(EVERY) {
            self.look();
        }
    }

    /// One more verdict on a request.
    pub(super) fn judge(&mut self, z: f64, now: Moment) {
        let left = NEXT * 0.5_f64.powf(now.seconds_since(self.at) / HALF_LIFE_S);
        self.odd = self.odd * left + z;
        self.weight = self.weight * left + 1.0;
        self.at = self.at.max(now);
    }

    /// The mean of the verdicts, the fresh ones weighing more.
    pub(super) fn oddness(&self, now: Moment) -> f64 {
        let left = 0.5_f64.powf(now.seconds_since(self.at) / HALF_LIFE_S);
        self.odd * left / (self.weight * left + IMAGINED)
    }

    fn look(&mut self) {
        let mut sorted = self.kept.clone();
        sorted.sort_unstable_by(f32::total_cmp);
        let median = sorted[sorted.len() / 2];
        let tail = f64::from(sorted[sorted.len() * 95 / 100]);
        self.tail = tail.max(LEAST_SCALE).exp();
        for residual in &mut sorted {
            *residual = (*residual - median).abs();
        }
        sorted.sort_unstable_by(f32::total_cmp);
        let deviation = f64::from(sorted[sorted.len() / 2]);
        self.scale = (OF_A_BELL * deviation).max(LEAST_SCALE);
        self.thrice = (3.0 * self.scale.max(0.5)).exp();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    #[test]
    fn the_spread_is_that_of_the_middle_and_not_of_the_outliers() {
        let mut chance = Chance::seeded(3);
        let mut residuals = Residuals::default();
        assert_eq!(residuals.scale(), UNKNOWN_SCALE);
        for n in 0..200 {
            let outlier = if n % 10 == 0 { 50.0 } else { 0.0 };
            residuals.push(0.3 * chance.normal() + outlier);
        }
        assert!(
            (residuals.scale() - 0.3).abs() < 0.12,
            "{}",
            residuals.scale()
        );
        assert!(residuals.tail() > 40_f64.exp());
        assert_eq!(residuals.kept.len(), KEPT);
    }

    #[test]
    fn one_odd_request_condemns_nobody_and_many_do() {
        let mut residuals = Residuals::default();
        let now = Moment::from_ms(1_000);
        residuals.judge(6.0, now);
        assert!(residuals.oddness(now) <= 2.0);
        for _ in 0..10 {
            residuals.judge(6.0, now);
        }
        assert!(residuals.oddness(now) > 4.0);
        let later = now.after(std::time::Duration::from_secs(600));
        assert!(residuals.oddness(later) < 0.1, "it fades in silence");
        assert!(
            residuals.oddness(Moment(0)) > 4.0,
            "a clock that jumps back is survived"
        );
    }
}
