//! The score of a contender, lower being better, with every term kept.
//!
//! The shape is LLM Gateway's: factors are ratios to the best contender, so that
//! dollars and milliseconds can be added, and penalties come on top. A ratio stops
//! at four times the best, so that nothing makes everything else look alike.
//!
//! Promises: terms are finite and sum to the total. Leaves out who is scored and
//! what the score leads to (`choose`).

use dialect::Task;
use serde::{Deserialize, Serialize};

use crate::health::Condition;
use crate::money::NanoUsd;

/// Amounts below this are alike: without a floor, a free local target would make
/// every paid one infinitely dear.
const CHEAP: f64 = 500_000.0;
/// What is spent to be sooner by less than this is not worth it, in milliseconds.
const SOON_MS: f64 = 50.0;
/// No ratio weighs more.
const MOST: f64 = 4.0;
/// Turns a share of errors into penalty: 2 % weigh 0.1, 5 % weigh 0.25.
const ERRORS: f64 = 5.0;

/// What kind of work is asked for: it decides what matters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// Text from a model. How long it takes is mostly the request's doing, so
    /// reliability and load lead.
    #[default]
    Generation,
    /// Vectors and rankings: alike from request to request, so latency leads.
    Embedding,
}

impl Service {
    /// The service of a task.
    pub fn of(task: Task) -> Service {
        match task {
            Task::Embed | Task::Rerank => Service::Embedding,
            Task::Generate | Task::Count | Task::Pass => Service::Generation,
        }
    }
}

/// What a ratio weighs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Weights {
    /// Of the cost of this request.
    pub price: f64,
    /// Of the time it takes to its end.
    pub latency: f64,
    /// Of the tokens under way.
    pub load: f64,
}

impl Weights {
    /// The usual ones.
    pub fn of(service: Service) -> Weights {
        match service {
            Service::Generation => Weights {
                price: 0.6,
                latency: 0.3,
                load: 0.3,
            },
            Service::Embedding => Weights {
                price: 0.3,
                latency: 0.6,
                load: 0.1,
            },
        }
    }

    /// One factor decides, and the penalties beside it.
    pub const CHEAPEST: Weights = Weights {
        price: 9.0,
        latency: 0.0,
        load: 0.01,
    };
    /// One factor decides, and the penalties beside it.
    pub const FASTEST: Weights = Weights {
        price: 0.0,
        latency: 9.0,
        load: 0.01,
    };
}

/// What is expected of a contender for this request, before ratios are taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Measure {
    /// `None` where no price is known.
    pub(crate) cost: Option<NanoUsd>,
    pub(crate) total_ms: f64,
    /// Tokens to be worked on there, this request's among them.
    pub(crate) tokens: f64,
    /// Requests put off there.
    pub(crate) waiting: u32,
}

/// The best of all contenders, factor by factor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Best {
    cost: f64,
    dearest: f64,
    total_ms: f64,
    tokens: f64,
}

/// The score and what it is made of. The terms sum to the total.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// How much dearer than the cheapest, weighed.
    pub price: f64,
    /// How much slower than the fastest, weighed.
    pub latency: f64,
    /// How much fuller than the emptiest, weighed.
    pub load: f64,
    /// Errors of the last two minutes.
    pub errors: f64,
    /// Too little uptime over the last hour.
    pub uptime: f64,
    /// Slower than sizes and peers explain.
    pub odd: f64,
    /// The machine it runs on is busy, where that is ours.
    pub machine: f64,
    /// What the config prefers.
    pub priority: f64,
    /// All of it.
    pub total: f64,
}

impl Best {
    pub(crate) fn of(measures: &[Measure]) -> Best {
        let mut best = Best {
            cost: f64::INFINITY,
            dearest: 0.0,
            total_ms: f64::INFINITY,
            tokens: f64::INFINITY,
        };
        for measure in measures {
            if let Some(cost) = measure.cost {
                best.cost = best.cost.min(cost.0 as f64);
                best.dearest = best.dearest.max(cost.0 as f64);
            }
            best.total_ms = best.total_ms.min(measure.total_ms);
            best.tokens = best.tokens.min(measure.tokens);
        }
        best
    }
}

/// The score of one contender. `burden` is that of the machine it runs on,
/// `priority` from 0 to 1.
pub(crate) fn score(
    measure: &Measure,
    best: &Best,
    condition: &Condition,
    weights: &Weights,
    burden: f64,
    priority: f64,
) -> Terms {
    // What has no price is taken to be as dear as the dearest.
    let cost = measure.cost.map_or(best.dearest, |cost| cost.0 as f64);
    let load = match measure.waiting {
        0 => above(measure.tokens, best.tokens, 1.0),
        _ => MOST,
    };
    let mut terms = Terms {
        price: weights.price * above(cost, best.cost, CHEAP),
        latency: weights.latency * above(measure.total_ms, best.total_ms, SOON_MS),
        load: weights.load * load,
        errors: ERRORS * condition.error_share,
        uptime: condition.uptime_penalty,
        odd: condition.odd_penalty,
        machine: burden,
        priority: match priority.is_nan() {
            true => 0.0,
            false => 1.0 - priority.clamp(0.0, 1.0),
        },
        total: 0.0,
    };
    terms.total = terms.list().iter().sum();
    terms
}

impl Terms {
    /// The terms that make the total, in the order of the fields.
    pub fn list(&self) -> [f64; 8] {
        [
            self.price,
            self.latency,
            self.load,
            self.errors,
            self.uptime,
            self.odd,
            self.machine,
            self.priority,
        ]
    }
}

/// How much more than the best, as a share of it, within bounds. Differences
/// below the floor are none.
fn above(value: f64, best: f64, floor: f64) -> f64 {
    let ratio = value.max(floor) / best.max(floor) - 1.0;
    match ratio.is_nan() {
        true => 0.0,
        false => ratio.clamp(0.0, MOST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::breaker::{Gate, State};
    use crate::latency::Expected;

    fn fine() -> Condition {
        Condition {
            gate: Gate::Open,
            state: State::Healthy,
            error_share: 0.0,
            uptime: 100.0,
            uptime_penalty: 0.0,
            odd_penalty: 0.0,
            in_flight: 0,
            tokens_in_flight: 0,
            waiting: 0,
            expected: Expected {
                ttft_ms: 500.0,
                token_ms: 20.0,
                tail_ms: 1_000.0,
                overdue_ms: 1_500.0,
            },
            known: true,
            whole: None,
        }
    }

    fn measure(cost: Option<i64>, total_ms: f64, tokens: f64) -> Measure {
        Measure {
            cost: cost.map(NanoUsd),
            total_ms,
            tokens,
            waiting: 0,
        }
    }

    #[test]
    fn factors_are_ratios_to_the_best_and_terms_sum() {
        let all = [
            measure(Some(1_000_000), 2_000.0, 1_000.0),
            measure(Some(2_000_000), 1_000.0, 2_000.0),
            measure(Some(0), 50_000.0, 1_000.0),
            measure(None, f64::NAN, f64::INFINITY),
        ];
        let best = Best::of(&all);
        let weights = Weights {
            price: 0.6,
            latency: 0.3,
            load: 0.1,
        };
        let terms = all.map(|measure| score(&measure, &best, &fine(), &weights, 0.0, 1.0));
        // The free one is taken for 0.05 cents: 1 and 3 times dearer are the others.
        assert!((terms[0].price - 0.6).abs() < 1e-9 && (terms[1].price - 1.8).abs() < 1e-9);
        assert_eq!(terms[2].price, 0.0);
        assert_eq!(
            terms[3].price, terms[1].price,
            "no price is as dear as the dearest"
        );
        assert!((terms[0].latency - 0.3).abs() < 1e-9);
        assert!(
            (terms[2].latency - 1.2).abs() < 1e-9,
            "four times is the most"
        );
        assert!((terms[1].load - 0.1).abs() < 1e-9);
        for terms in terms {
            assert!(terms.total.is_finite());
            assert_eq!(terms.total, terms.list().iter().sum::<f64>());
        }
    }

    #[test]
    fn penalties_come_on_top() {
        let one = measure(Some(1_000_000), 1_000.0, 1_000.0);
        let best = Best::of(&[one]);
        let bad = Condition {
            error_share: 0.04,
            uptime_penalty: 5.61,
            odd_penalty: 0.5,
            waiting: 3,
            ..fine()
        };
        let weights = Weights::of(Service::Generation);
        let busy = Measure { waiting: 3, ..one };
        let terms = score(&busy, &best, &bad, &weights, 1.0, 0.25);
        let expected = [0.0, 0.0, 1.2, 0.2, 5.61, 0.5, 1.0, 0.75];
        for (term, expected) in terms.list().iter().zip(expected) {
            assert!((term - expected).abs() < 1e-9, "{terms:?}");
        }
    }

    #[test]
    fn latency_leads_for_vectors_and_load_for_text() {
        let (vectors, text) = (
            Weights::of(Service::Embedding),
            Weights::of(Service::Generation),
        );
        assert!(vectors.latency > vectors.price && vectors.latency > text.latency);
        assert!(text.load > vectors.load);
        assert_eq!(Service::of(Task::Rerank), Service::Embedding);
        assert_eq!(Service::of(Task::Generate), Service::Generation);
    }
}
