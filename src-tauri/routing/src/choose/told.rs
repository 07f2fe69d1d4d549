//! What a choice tells: the order, and of each contender what became of it. It goes
//! on the receipt.

use serde::{Deserialize, Serialize};

use super::{Forecast, Kept};
use crate::breaker::{Bar, State};
use crate::moment::Moment;
use crate::score::Terms;

/// The order and how it came about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Places among the contenders, first to be tried first. Empty when nobody can
    /// be asked now.
    pub order: Vec<usize>,
    /// One line a contender, in their order.
    pub considered: Vec<Considered>,
    /// Why the first is the first.
    pub reason: Reason,
    /// What keeping the conversation together came to.
    pub kept: Option<Kept>,
    /// Replays the choice.
    pub seed: u64,
    /// When somebody may be asked again, when nobody can be now.
    pub again_at: Option<Moment>,
}

/// What one contender looked like.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Considered {
    /// What became of it.
    pub fate: Fate,
    /// Its score, where it was scored.
    pub terms: Option<Terms>,
    /// What was expected of it, where it was scored.
    pub forecast: Option<Forecast>,
    /// How it was doing, where it was looked at.
    pub state: State,
    /// Attempts under way there.
    pub in_flight: u32,
    /// Errors of the last two minutes, 0 to 1.
    pub error_share: f64,
    /// Its own figures are more than a guess.
    pub known: bool,
}

/// What became of a contender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is tried first.
    First,
    /// Its score was as good as the best; the draw fell on another.
    Equal,
    /// Its score was worse.
    Worse,
    /// It stands further down in the order of the config.
    Later,
    /// It was not drawn.
    NotDrawn,
    /// It gets its trial another time.
    OnTrial,
    /// It may not be asked now.
    Barred {
        /// What shuts it.
        bar: Bar,
        /// Until when.
        until: Moment,
        /// It is tried all the same when all others have failed.
        last_resort: bool,
    },
    /// The prompt does not fit.
    TooSmall {
        /// The most it takes.
        window: u64,
    },
    /// The conversation is bound to another.
    Unbound,
}

/// Why the first is the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It is the only one that may be asked.
    OnlyOne,
    /// Its score is the best.
    Best,
    /// A draw among equals.
    DrawnAmongEquals,
    /// Among equals, the one whose cache holds most of the prompt.
    Warm,
    /// The order of the config.
    Order,
    /// A draw by weight.
    DrawnByWeight,
    /// A look at somebody else than the best.
    Explored,
    /// It had failed, and gets its one real request.
    Trial,
    /// The conversation stays where it is.
    Stayed,
    /// The conversation can be continued nowhere else.
    Bound,
    /// All are failing, and this one is tried all the same.
    LastResort,
    /// Nobody may be asked.
    NobodyLeft,
}
