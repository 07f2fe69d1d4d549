//! Whether, and when, a second target is asked while the first still thinks.
//!
//! Past the point that 95 of 100 of a target's own requests have begun to answer
//! by, another target is likely to be sooner (Dean and Barroso, The Tail at Scale,
//! 2013). The first real content wins; the loser is cancelled, and what it cost is
//! paid for nothing.
//!
//! Promises: what hedges cost stays under a share of what is spent anyway; none on
//! battery, none to a target that is not healthy, none where it is not allowed.
//! Leaves out the race itself.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::breaker::{Gate, State};
use crate::choose::Forecast;
use crate::machine::Machine;
use crate::money::NanoUsd;

/// What may be hedged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HedgePolicy {
    /// Whether at all: a hedge that loses is paid for.
    pub allowed: bool,
    /// The most that hedges may cost, as a share of what is spent.
    pub share: f64,
}

impl Default for HedgePolicy {
    fn default() -> Self {
        HedgePolicy {
            allowed: false,
            share: 0.05,
        }
    }
}

/// What may be spent on hedges now.
#[derive(Debug, Clone, Default)]
pub struct HedgeBudget {
    saved: i64,
}

/// A tenth of a dollar is saved up at most, so that a quiet day pays for no storm.
const MOST_SAVED: i64 = 100_000_000;

/// Why there is no hedge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoHedge {
    /// The policy does not allow it.
    NotAllowed,
    /// The machine runs from its battery.
    OnBattery,
    /// No other target is open and healthy.
    NoneHealthy,
    /// The other would be no sooner.
    NoSooner,
    /// It would cost more than was saved up.
    TooDear,
    /// What the other charges is not known.
    NoPrice,
    /// How long this takes is not known yet.
    Unknown,
    /// Several answers are asked for: twice as many would be paid for.
    Several,
}

/// The target that a hedge would go to.
#[derive(Debug, Clone, Copy)]
pub struct Second {
    /// Whether it may be asked.
    pub gate: Gate,
    /// How it is doing.
    pub state: State,
    /// What is expected of it.
    pub forecast: Forecast,
    /// Its cost is among that; otherwise it would go out without a cap.
    pub priced: bool,
}

impl HedgeBudget {
    /// This much was spent on an answer.
    pub fn spent(&mut self, cost: NanoUsd, policy: &HedgePolicy) {
        let share = (cost.0.max(0) as f64 * policy.share.clamp(0.0, 1.0)) as i64;
        self.saved = self.saved.saturating_add(share).min(MOST_SAVED);
    }

    /// A hedge goes out at this expected cost.
    pub fn take(&mut self, cost: NanoUsd) {
        self.saved = self.saved.saturating_sub(cost.0.max(0));
    }

    /// What the loser did not cost in the end, because it was cancelled.
    pub fn give_back(&mut self, cost: NanoUsd) {
        self.saved = self.saved.saturating_add(cost.0.max(0)).min(MOST_SAVED);
    }
}

/// After how long a second target is asked, counted from the start of the first
/// attempt. `known`: the first target has answered often enough for its quantile
/// to mean something.
pub fn hedge(
    first: &Forecast,
    known: bool,
    second: Option<&Second>,
    policy: &HedgePolicy,
    budget: &HedgeBudget,
    machine: &Machine,
) -> Result<Duration, NoHedge> {
    if !policy.allowed {
        return Err(NoHedge::NotAllowed);
    }
    if machine.on_battery {
        return Err(NoHedge::OnBattery);
    }
    if !known || !first.tail_ms.is_finite() {
        return Err(NoHedge::Unknown);
    }
    let healthy = |second: &&Second| second.gate == Gate::Open && second.state == State::Healthy;
    let second = second.filter(healthy).ok_or(NoHedge::NoneHealthy)?;
    // By then the first is past its tail: the second must be worth its own start.
    if second.forecast.ttft_ms > 2.0 * first.tail_ms {
        return Err(NoHedge::NoSooner);
    }
    if !second.priced {
        return Err(NoHedge::NoPrice);
    }
    if second.forecast.cost.0 > budget.saved {
        return Err(NoHedge::TooDear);
    }
    Ok(Duration::from_secs_f64(
        first.tail_ms.clamp(0.0, 3_600_000.0) / 1000.0,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: HedgePolicy = HedgePolicy {
        allowed: true,
        share: 0.05,
    };

    fn forecast(ttft_ms: f64, cost: i64) -> Forecast {
        Forecast {
            ttft_ms,
            tail_ms: 2.0 * ttft_ms,
            total_ms: 10.0 * ttft_ms,
            cost: NanoUsd(cost),
        }
    }

    fn second(ttft_ms: f64, cost: i64) -> Second {
        Second {
            gate: Gate::Open,
            state: State::Healthy,
            forecast: forecast(ttft_ms, cost),
            priced: true,
        }
    }

    #[test]
    fn a_hedge_goes_out_past_the_tail_and_only_where_it_may() {
        let (first, other) = (forecast(400.0, 1_000), second(500.0, 1_000));
        let mut budget = HedgeBudget::default();
        budget.spent(NanoUsd(20_000), &ALLOWED);
        let machine = Machine::default();
        let battery = Machine {
            on_battery: true,
            ..machine
        };
        let degraded = Second {
            state: State::Degraded,
            ..other
        };
        let trial = Second {
            gate: Gate::Trial,
            ..other
        };
        let ask = |known, second, policy: &HedgePolicy, machine: &Machine| {
            hedge(&first, known, second, policy, &budget, machine)
        };
        let off = HedgePolicy::default();
        assert_eq!(
            ask(true, Some(&other), &ALLOWED, &machine),
            Ok(Duration::from_millis(800))
        );
        assert_eq!(
            ask(true, Some(&other), &off, &machine),
            Err(NoHedge::NotAllowed)
        );
        assert_eq!(
            ask(true, Some(&other), &ALLOWED, &battery),
            Err(NoHedge::OnBattery)
        );
        assert_eq!(
            ask(false, Some(&other), &ALLOWED, &machine),
            Err(NoHedge::Unknown)
        );
        assert_eq!(
            ask(true, None, &ALLOWED, &machine),
            Err(NoHedge::NoneHealthy)
        );
        assert_eq!(
            ask(true, Some(&degraded), &ALLOWED, &machine),
            Err(NoHedge::NoneHealthy)
        );
        assert_eq!(
            ask(true, Some(&trial), &ALLOWED, &machine),
            Err(NoHedge::NoneHealthy)
        );
        let slow = second(5_000.0, 0);
        assert_eq!(
            ask(true, Some(&slow), &ALLOWED, &machine),
            Err(NoHedge::NoSooner)
        );
        let unpriced = Second {
            priced: false,
            ..other
        };
        assert_eq!(
            ask(true, Some(&unpriced), &ALLOWED, &machine),
            Err(NoHedge::NoPrice)
        );
        let dear = second(500.0, 1_001);
        assert_eq!(
            ask(true, Some(&dear), &ALLOWED, &machine),
            Err(NoHedge::TooDear)
        );
    }

    #[test]
    fn hedges_cost_no_more_than_their_share() {
        let mut budget = HedgeBudget::default();
        let (first, other) = (forecast(400.0, 1_000), second(400.0, 1_000));
        let mut hedged = 0;
        for _ in 0..1_000 {
            budget.spent(NanoUsd(1_000), &ALLOWED);
            if hedge(
                &first,
                true,
                Some(&other),
                &ALLOWED,
                &budget,
                &Machine::default(),
            )
            .is_ok()
            {
                budget.take(other.forecast.cost);
                hedged += 1;
            }
        }
        assert_eq!(hedged, 50);
    }
}
