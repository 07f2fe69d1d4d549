//! Whether a conversation stays where it was.
//!
//! What its cache saves is money and time, and both are in the score already. What
//! the score does not know is the future: a switch reads the whole prompt once,
//! and is worth it only if the turns to come pay that back.

use serde::{Deserialize, Serialize};

use super::Draft;
use crate::health::Condition;
use crate::money::NanoUsd;

/// Below this uptime nobody is worth staying with, in percent.
const LEFT_BELOW: f64 = 85.0;
/// Requests more than at the emptiest from which a target is crowded, if they are
/// half as many again as well.
const CROWDED: u32 = 64;
/// Staying may cost this share of what leaving does.
const WORTH: f64 = 0.85;
/// Staying may take twice as long to the first token, and not more than this much
/// longer, in milliseconds.
const SLOWER: f64 = 2.0;
const SLOWER_MS: f64 = 2_000.0;

/// Where a conversation has been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// The place among the contenders that served it last.
    pub place: usize,
    /// Turns that are expected to follow this one.
    pub turns_to_come: u32,
    /// It can go on nowhere else: sealed thoughts, or a state that is kept there.
    pub bound: bool,
}

/// What keeping a conversation together came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Whether it stayed, and why.
    pub stay: Stay,
    /// How much more this one request would cost elsewhere, at the best of the others.
    pub switch_costs: NanoUsd,
}

/// Why a conversation stays or goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stay {
    /// Its cache is there and nothing speaks against it.
    Warm,
    /// It goes: too little uptime.
    Unreliable,
    /// It goes: too many wait there while others are free.
    Crowded,
    /// It goes: the first token would be far off in spite of the cache.
    Slow,
    /// It goes: the turns to come are so much cheaper elsewhere that they repay
    /// reading the prompt anew.
    Cheaper,
}

impl Stay {
    /// Whether it stays.
    pub fn stays(self) -> bool {
        self == Stay::Warm
    }
}

/// Weighs staying at the pinned place against the best of the others in this order.
pub(super) fn weigh(draft: &Draft<'_, '_>, pin: &Pin, order: &[usize]) -> Kept {
    let other = order.iter().copied().find(|place| *place != pin.place);
    let here = draft.looks[pin.place].forecast.cost;
    let there = other.map(|place| draft.looks[place].forecast.cost);
    Kept {
        stay: why(draft, pin, other),
        switch_costs: there.map_or(NanoUsd::ZERO, |there| there.saturating_sub(here)),
    }
}

fn why(draft: &Draft<'_, '_>, pin: &Pin, other: Option<usize>) -> Stay {
    let condition = |place: usize| draft.looks[place].condition.as_ref();
    let Some(other) = other else {
        return Stay::Warm;
    };
    let (Some(here), Some(there)) = (condition(pin.place), condition(other)) else {
        return Stay::Warm;
    };
    if here.uptime < LEFT_BELOW && there.uptime > here.uptime {
        return Stay::Unreliable;
    }
    if crowded(here, there) {
        return Stay::Crowded;
    }
    let (soon, late) = (
        draft.looks[other].forecast.ttft_ms,
        draft.looks[pin.place].forecast.ttft_ms,
    );
    if here.known && late > SLOWER * soon && late > soon + SLOWER_MS {
        return Stay::Slow;
    }
    match cheaper(draft, pin, other) {
        true => Stay::Cheaper,
        false => Stay::Warm,
    }
}

fn crowded(here: &Condition, there: &Condition) -> bool {
    let queued = here.waiting > 0 && there.waiting == 0;
    let (many, few) = (here.in_flight, there.in_flight);
    queued || (many > few + CROWDED && u64::from(many) * 2 > u64::from(few) * 3)
}

/// This turn and those to come, here and there. From its second turn on, the other
/// is as warm as this one is now.
fn cheaper(draft: &Draft<'_, '_>, pin: &Pin, other: usize) -> bool {
    let warm = draft.contenders[pin.place].warm_tokens;
    let cost = |place: usize, warm: u64| {
        let cost = draft.ask.cost(&draft.contenders[place], warm);
        cost.map(|cost| cost.0 as f64)
    };
    let turns = f64::from(pin.turns_to_come);
    let (Some(here), Some(now), Some(later)) = (
        cost(pin.place, warm),
        cost(other, draft.contenders[other].warm_tokens),
        cost(other, warm),
    ) else {
        return false;
    };
    now + turns * later < WORTH * (1.0 + turns) * here
}
