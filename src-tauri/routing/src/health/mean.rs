//! A mean in which the fresh counts more.

use crate::moment::Moment;

/// Seconds in which the weight of a sample halves.
const HALF_LIFE_S: f64 = 60.0;

/// The mean.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mean {
    sum: f64,
    weight: f64,
    at: Moment,
}

impl Mean {
    pub(super) fn push(&mut self, value: f64, now: Moment) {
        if !value.is_finite() {
            return;
        }
        let left = 0.5_f64.powf(now.seconds_since(self.at) / HALF_LIFE_S);
        self.sum = self.sum * left + value;
        self.weight = self.weight * left + 1.0;
        self.at = self.at.max(now);
    }

    /// `None` before the first sample.
    pub(super) fn get(&self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.sum / self.weight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_minute_the_old_weighs_half() {
        let mut mean = Mean::default();
        assert_eq!(mean.get(), None);
        mean.push(10.0, Moment::from_ms(0));
        mean.push(f64::NAN, Moment::from_ms(0));
        mean.push(40.0, Moment::from_ms(60_000));
        assert_eq!(mean.get(), Some(30.0));
    }
}
