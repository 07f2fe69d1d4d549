//! Whether a request may go through, and what shuts the way.

use serde::{Deserialize, Serialize};

use crate::health::Class;
use crate::moment::Moment;

/// Whether a request may go through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// It may.
    Open,
    /// One may, to see whether things are better.
    Trial,
    /// None may before this moment.
    Shut {
        /// When the next may be tried.
        until: Moment,
        /// What shuts it.
        bar: Bar,
    },
}

/// What shuts a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bar {
    /// A wait that was announced, or that a person has to end.
    Held(Class),
    /// Too many errors of late.
    Failed,
    /// It answers again and is not flooded yet.
    Ramping,
    /// Sent now, it would meet the rate limit of its key.
    Paced,
    /// This machine has no network.
    Offline,
}

impl Gate {
    /// Both gates have to be passed: the one that shuts longest decides.
    pub(crate) fn and(self, other: Gate) -> Gate {
        match (self, other) {
            (Gate::Shut { until: one, .. }, Gate::Shut { until: two, .. }) => match one < two {
                true => other,
                false => self,
            },
            (Gate::Shut { .. }, _) => self,
            (_, Gate::Shut { .. }) => other,
            (Gate::Trial, _) | (_, Gate::Trial) => Gate::Trial,
            (Gate::Open, Gate::Open) => Gate::Open,
        }
    }
}

impl Bar {
    /// Whether trying all the same could succeed, when nobody else is left.
    pub fn may_be_defied(self) -> bool {
        match self {
            Bar::Failed | Bar::Ramping | Bar::Offline => true,
            // What only a person can mend may have been mended; its own words say best what is wrong.
            Bar::Held(class) => class != Class::RateLimit,
            // Its turn comes, and is waited for.
            Bar::Paced => true,
        }
    }
}
