//! When a second target is asked beside the first, and what may be spent on that.
//!
//! Promises: a second request goes out only if what others cost has saved up enough for it; what it cost for
//! nothing is booked, the rest is given back. Leaves out the rule (`routing::hedge`) and the race (`race`).

use std::time::Duration;

use routing::{
    Ask, Candidate, Condition, Contender, Forecast, HedgePolicy, NanoUsd, NoHedge, Second, hedge,
};

use super::{Conditions, Judged, via};
use crate::attempt::Words;

/// One target, and the one that could be asked beside it.
#[derive(Clone, Copy)]
pub(crate) struct Pair<'a> {
    pub(crate) first: &'a Candidate,
    pub(crate) second: Option<&'a Candidate>,
    pub(crate) ask: &'a Ask,
    pub(crate) words: Words,
    pub(crate) policy: &'a HedgePolicy,
}

impl Conditions {
    /// After how long without an answer the second is asked, or why it is not.
    pub(crate) fn hedge(&self, pair: &Pair<'_>) -> Result<Duration, NoHedge> {
        Ok(self.judged().hedge(pair, self.now())?.0)
    }

    /// The second is asked now, if that is still right. What it is expected to cost is taken from what was
    /// saved up.
    pub(crate) fn take_hedge(&self, pair: &Pair<'_>) -> Result<NanoUsd, NoHedge> {
        let now = self.now();
        let mut judged = self.judged();
        let (_, cost) = judged.hedge(pair, now)?;
        judged.hedges.take(cost);
        Ok(cost)
    }

    /// Of what was taken, this much was spent for nothing.
    pub(crate) fn hedge_ended(&self, taken: NanoUsd, lost: NanoUsd) {
        let mut judged = self.judged();
        judged.hedges.give_back(taken);
        judged.hedges.take(lost);
    }

    /// An answer has cost this much.
    pub(crate) fn spent(&self, cost: NanoUsd, policy: &HedgePolicy) {
        self.judged().hedges.spent(cost, policy);
    }
}

impl Judged {
    fn hedge(&self, pair: &Pair<'_>, now: routing::Moment) -> Result<(Duration, NanoUsd), NoHedge> {
        let seen = |candidate: &Candidate| {
            let (shape, tokens) = (pair.ask.shape(0), pair.ask.tokens());
            self.health.condition(&via(candidate), &shape, tokens, now)
        };
        let first = seen(pair.first);
        let second = pair.second.map(|candidate| {
            let condition = seen(candidate);
            let cost = pair.ask.cost(&Contender::of(candidate), 0);
            Second {
                gate: condition.gate,
                state: condition.state,
                forecast: Forecast {
                    cost: cost.unwrap_or_default(),
                    ..forecast(&condition, pair).0
                },
                priced: cost.is_some(),
            }
        });
        let (expected, known) = forecast(&first, pair);
        let machine = self.health.this_machine();
        let second = second.as_ref();
        let delay = hedge(&expected, known, second, pair.policy, &self.hedges, machine)?;
        Ok((
            delay,
            second.map_or(NanoUsd::ZERO, |second| second.forecast.cost),
        ))
    }
}

/// How long the first that is seen of an answer takes, and whether that is more than a guess.
fn forecast(condition: &Condition, pair: &Pair<'_>) -> (Forecast, bool) {
    let expected = &condition.expected;
    let total_ms = expected.total_ms(pair.ask.answer_tokens);
    let (ttft_ms, tail_ms, known) = match (pair.words, condition.whole) {
        (Words::First, _) => (expected.ttft_ms, expected.tail_ms, condition.known),
        (_, Some(whole)) => (whole.expected_ms, whole.tail_ms, true),
        (_, None) => (total_ms, f64::INFINITY, false),
    };
    let forecast = Forecast {
        ttft_ms,
        tail_ms,
        total_ms,
        cost: NanoUsd::ZERO,
    };
    (forecast, known)
}
