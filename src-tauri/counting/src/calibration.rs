//! What providers report, learnt from: for each model the ratio of their count to ours.
//!
//! A decayed mean of ratios, so that the last dozens of replies decide; a single wild figure (a tool's
//! hidden prompt, a provider's mistake) is cut to a fifth or five times before it counts.
//! Bounds: 1,024 models; the one not heard of for longest makes room.

use std::collections::HashMap;

/// The most models that are remembered.
const MOST: usize = 1_024;
/// How much a new figure counts: 1/16, a memory of some dozens of replies.
const WEIGHT: f64 = 1.0 / 16.0;
/// The error that is stated for a guess nobody has corrected yet, in percent.
const UNKNOWN_ERROR: f64 = 25.0;
/// The same where the text was counted exactly and only what stands around it is guessed.
const EXACT_ERROR: f64 = 5.0;

/// Ratios by model.
#[derive(Debug, Default)]
pub struct Calibration {
    models: HashMap<String, Learnt>,
    clock: u64,
}

#[derive(Debug, Clone, Copy)]
struct Learnt {
    ratio: f64,
    /// Mean absolute error of corrected counts, as a share.
    error: f64,
    samples: u64,
    last_used: u64,
}

/// A count, corrected by what was learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Corrected {
    /// The tokens.
    pub tokens: u64,
    /// How far off it may be, in percent: the mean error of the last counts.
    pub error_percent: u32,
    /// How many replies it was learnt from.
    pub samples: u64,
}

impl Calibration {
    /// A provider counted `actual` where we counted `counted`.
    pub fn learn(&mut self, model: &str, counted: u64, actual: u64) {
        if counted == 0 || actual == 0 {
            return;
        }
        self.clock += 1;
        let ratio = (actual as f64 / counted as f64).clamp(0.2, 5.0);
        let now = self.clock;
        match self.models.get_mut(model) {
            Some(learnt) => {
                let off = (learnt.ratio / ratio - 1.0).abs();
                // The first replies count more: a mean until there are enough of them to forget.
                let weight = WEIGHT.max(1.0 / (learnt.samples + 1) as f64);
                learnt.error += weight * (off - learnt.error);
                learnt.ratio += weight * (ratio - learnt.ratio);
                learnt.samples += 1;
                learnt.last_used = now;
            }
            None => {
                self.make_room();
                let learnt = Learnt {
                    ratio,
                    error: (ratio - 1.0).abs().min(UNKNOWN_ERROR / 100.0),
                    samples: 1,
                    last_used: now,
                };
                self.models.insert(model.to_owned(), learnt);
            }
        }
    }

    /// A count as this model's provider would have it. `exact`: the text was counted exactly.
    pub fn correct(&self, model: &str, counted: u64, exact: bool) -> Corrected {
        let Some(learnt) = self.models.get(model) else {
            let error = if exact { EXACT_ERROR } else { UNKNOWN_ERROR };
            return Corrected {
                tokens: counted,
                error_percent: error as u32,
                samples: 0,
            };
        };
        Corrected {
            tokens: ((counted as f64 * learnt.ratio).round() as u64).max(u64::from(counted > 0)),
            error_percent: (learnt.error * 100.0).ceil().clamp(1.0, 100.0) as u32,
            samples: learnt.samples,
        }
    }

    fn make_room(&mut self) {
        if self.models.len() < MOST {
            return;
        }
        let oldest = self
            .models
            .iter()
            .min_by_key(|(_, learnt)| learnt.last_used);
        if let Some(oldest) = oldest.map(|(model, _)| model.clone()) {
            self.models.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_constant_ratio_is_learnt_in_ten_replies() {
        let mut calibration = Calibration::default();
        for counted in [100, 900, 4_000, 50, 1_000, 70_000, 300, 20, 800, 1_200] {
            calibration.learn("m", counted, counted * 13 / 10);
        }
        let corrected = calibration.correct("m", 10_000, false);
        assert!(
            (12_740..=13_260).contains(&corrected.tokens),
            "{corrected:?}"
        );
        assert!(corrected.error_percent <= 6, "{corrected:?}");
    }

    #[test]
    fn one_wild_figure_does_not_spoil_what_was_learnt() {
        let mut calibration = Calibration::default();
        for _ in 0..40 {
            calibration.learn("m", 1_000, 1_100);
        }
        calibration.learn("m", 10, 1_000_000);
        let corrected = calibration.correct("m", 1_000, false);
        assert!((1_000..=1_400).contains(&corrected.tokens), "{corrected:?}");
    }

    #[test]
    fn what_nobody_corrected_says_how_far_off_it_may_be() {
        let calibration = Calibration::default();
        let percent = |exact| calibration.correct("m", 100, exact).error_percent;
        assert_eq!((percent(true), percent(false)), (5, 25));
    }

    #[test]
    fn the_model_not_heard_of_for_longest_makes_room() {
        let mut calibration = Calibration::default();
        for n in 0..=MOST {
            calibration.learn(&format!("m{n}"), 10, 20);
        }
        assert_eq!(calibration.models.len(), MOST);
        assert_eq!(calibration.correct("m0", 10, false).samples, 0);
        assert_eq!(calibration.correct("m1", 10, false).samples, 1);
    }

    proptest! {
        #[test]
        fn no_figures_make_a_count_of_nothing(figures in proptest::collection::vec((any::<u64>(), any::<u64>()), 0..50), counted in 1..u64::MAX / 8) {
            let mut calibration = Calibration::default();
            for (ours, theirs) in figures {
                calibration.learn("m", ours, theirs);
            }
            let corrected = calibration.correct("m", counted, false);
            prop_assert!(corrected.tokens > 0);
            prop_assert!((1..=100).contains(&corrected.error_percent));
        }
    }
}
