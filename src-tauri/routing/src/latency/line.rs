//! A straight line through what was seen, kept up to date one sample at a time.
//!
//! Recursive least squares (Plackett, 1950) with forgetting along the direction of
//! each sample alone (Kulhavý, 1987): what traffic does not excite is neither
//! learnt nor forgotten, where plain forgetting would wind its doubt up without
//! end. Promises: a fixed size and time, and finite figures whatever comes in.

use super::{FEATURES, Features};

/// What each sample leaves of the weight of those before it, along its direction.
const FORGETTING: f64 = 0.995;
/// How little is known at the start: the variance of a coefficient, in units of
/// the noise's.
const IGNORANCE: f64 = 100.0;

/// The line: `y = coefficients · x`.
#[derive(Debug, Clone)]
pub(super) struct Line {
    coefficients: Features,
    /// Covariance of the coefficients, in units of the noise's variance.
    doubt: [Features; FEATURES],
    samples: u32,
}

impl Default for Line {
    fn default() -> Self {
        let mut doubt = [[0.0; FEATURES]; FEATURES];
        for (n, row) in doubt.iter_mut().enumerate() {
            row[n] = IGNORANCE;
        }
        Line {
            coefficients: [0.0; FEATURES],
            doubt,
            samples: 0,
        }
    }
}

impl Line {
    /// The expected value at `x`.
    pub(super) fn at(&self, x: &Features) -> f64 {
        dot(&self.coefficients, x)
    }

    /// How unsure that is, as a variance in units of the noise's: large where
    /// nothing like `x` has been seen.
    pub(super) fn doubt_at(&self, x: &Features) -> f64 {
        dot(&self.times_doubt(x), x).max(0.0)
    }

    /// How many samples it has seen.
    pub(super) fn samples(&self) -> u32 {
        self.samples
    }

    /// Learns from one sample. `scale` is the noise; a surprise of more than 2.5
    /// times what noise and doubt allow teaches no more than that (Huber).
    pub(super) fn learn(&mut self, x: &Features, y: f64, scale: f64) {
        if !y.is_finite() || x.iter().any(|feature| !feature.is_finite()) {
            return;
        }
        if self.samples == 0 {
            // Starts level with the first sample instead of climbing there.
            self.coefficients[0] = y;
        }
        let pull = self.times_doubt(x);
        let doubt = dot(&pull, x).max(0.0);
        let most = 2.5 * scale * (1.0 + doubt).sqrt();
        let surprise = (y - self.at(x)).clamp(-most, most);
        for (coefficient, pull) in self.coefficients.iter_mut().zip(&pull) {
            *coefficient += pull * surprise / (1.0 + doubt);
        }
        let forgotten = match self.may_forget() && doubt > 1e-9 {
            true => (1.0 / FORGETTING - 1.0) / doubt,
            false => 0.0,
        };
        let share = (forgotten - 1.0) / (1.0 + doubt);
        for (row, left) in self.doubt.iter_mut().zip(&pull) {
            for (cell, right) in row.iter_mut().zip(&pull) {
                *cell += left * right * share;
            }
        }
        self.samples = self.samples.saturating_add(1);
        // Rounding may in the long run leave a doubt below nought, which is none.
        let sound = |n: usize| self.coefficients[n].is_finite() && self.doubt[n][n] >= 0.0;
        if !(0..FEATURES).all(sound) {
            *self = Line::default();
        }
    }

    /// No direction may come to be in more doubt than at the start.
    fn may_forget(&self) -> bool {
        (0..FEATURES).all(|n| self.doubt[n][n] <= IGNORANCE)
    }

    fn times_doubt(&self, x: &Features) -> Features {
        std::array::from_fn(|n| dot(&self.doubt[n], x))
    }
}

fn dot(a: &Features, b: &Features) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    fn sample(chance: &mut Chance) -> Features {
        let mut x = [1.0; FEATURES];
        for feature in &mut x[1..] {
            *feature = chance.unit() * 3.0;
        }
        x
    }

    #[test]
    fn a_line_is_found_under_noise() {
        let mut chance = Chance::seeded(1);
        let truth = [6.0, 0.5, 0.05, 0.0, 0.3, 0.2, -0.1];
        let mut line = Line::default();
        for _ in 0..400 {
            let x = sample(&mut chance);
            line.learn(&x, dot(&truth, &x) + 0.1 * chance.normal(), 0.15);
        }
        for _ in 0..20 {
            let x = sample(&mut chance);
            let off = line.at(&x) - dot(&truth, &x);
            assert!(off.abs() < 0.1, "{off}");
        }
    }

    #[test]
    fn an_outlier_teaches_no_more_than_a_surprise() {
        let mut chance = Chance::seeded(2);
        let mut line = Line::default();
        let x = [1.0, 0.2, 0.0, 0.0, 0.0, 0.0, 0.0];
        for _ in 0..100 {
            line.learn(&x, 6.0 + 0.1 * chance.normal(), 0.15);
        }
        let before = line.at(&x);
        line.learn(&x, 60.0, 0.15);
        assert!((line.at(&x) - before).abs() < 0.05);
    }

    #[test]
    fn what_was_never_seen_stays_in_doubt_however_long_it_is_not() {
        let mut line = Line::default();
        let seen = [1.0, 0.2, 0.0, 0.0, 0.0, 0.0, 0.0];
        for n in 0..20_000 {
            line.learn(&seen, 6.0 + f64::from(n % 3) * 0.01, 0.15);
        }
        assert!(line.doubt_at(&seen) < 0.2, "{}", line.doubt_at(&seen));
        let unseen = [1.0, 2.2, 0.0, 1.0, 0.0, 0.0, 0.0];
        assert!(line.doubt_at(&unseen) > 50.0);
        assert!(line.doubt_at(&unseen) < 1_000.0, "it must not wind up");
    }

    #[test]
    fn what_is_no_number_is_not_learnt() {
        let mut line = Line::default();
        line.learn(&[1.0; FEATURES], f64::NAN, 0.15);
        line.learn(&[f64::INFINITY; FEATURES], 6.0, 0.15);
        assert_eq!(line.samples(), 0);
        line.learn(&[1e200; FEATURES], 6.0, 0.15);
        line.learn(&[1.0; FEATURES], 6.0, 0.15);
        assert!(line.at(&[1.0; FEATURES]).is_finite());
    }
}
