//! What is kept of each key and target, and what is read from it for a choice.

use super::book::Entry;
use super::headroom::Headroom;
use super::mean::Mean;
use super::outcome::Layer;
use super::{Health, Via, bare};
use crate::breaker::{Bar, Breaker, Gate, State};
use crate::latency::{self, Expected, Latency, Pool, Shape, Whole};
use crate::moment::Moment;
use crate::pace::Pace;
use crate::uptime::Uptime;

/// Answers from which a target's own figures are more than a guess.
const KNOWN_FROM: u32 = 30;
/// Keys of one target.
const ROUTES: usize = 16;

/// How one contender is doing, for a score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Condition {
    /// Whether it may be asked.
    pub gate: Gate,
    /// The worst of its breakers.
    pub state: State,
    /// Errors of the last two minutes, 0 to 1.
    pub error_share: f64,
    /// Of the last hour, in percent.
    pub uptime: f64,
    /// What that costs in the score.
    pub uptime_penalty: f64,
    /// What being oddly slow costs, 0 to 1.
    pub odd_penalty: f64,
    /// Attempts under way at the target.
    pub in_flight: u32,
    /// Their tokens that have to be worked on: what no cache holds, and the answers
    /// expected.
    pub tokens_in_flight: u64,
    /// Requests that wait there before they are worked on, where it says so.
    pub waiting: u32,
    /// How long this request should take.
    pub expected: Expected,
    /// That is more than a guess: the model has answered often enough.
    pub known: bool,
    /// How long an answer in one piece should take; `None` until enough of them were seen.
    pub whole: Option<Whole>,
}

#[derive(Debug)]
pub(super) struct TargetHealth {
    pub(super) breaker: Breaker,
    pub(super) routes: Vec<Route>,
    pub(super) uptime: Uptime,
    pub(super) latency: Latency,
    pub(super) in_flight: u32,
    pub(super) tokens: u64,
    pub(super) ttft_ms: Mean,
    pub(super) tokens_per_s: Mean,
    /// When an attempt at it last began.
    pub(super) asked: Option<Moment>,
    /// The median oddness of the others in use, as of the last refresh.
    pub(super) peers: f64,
    /// What being odd costs, as of the last answer or refresh.
    pub(super) odd_penalty: f64,
    pub(super) local: bool,
    pub(super) proved: bool,
}

/// A target through one key.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) key: u32,
    pub(super) breaker: Breaker,
    pub(super) pace: Pace,
    pub(super) headroom: Headroom,
    /// When the headers said so.
    pub(super) announced: Moment,
}

#[derive(Debug)]
pub(super) struct KeyHealth {
    pub(super) breaker: Breaker,
    pub(super) in_flight: u32,
    pub(super) local: bool,
    /// When anything was last heard through it.
    pub(super) answered: Option<Moment>,
    /// When it was last in vain, and how often since it was not.
    pub(super) unreached: Option<(Moment, u32)>,
}

/// What is known of a model wherever it runs.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) pool: Pool,
    pub(super) in_flight: u32,
}

impl Entry for TargetHealth {
    fn busy(&self) -> bool {
        self.in_flight > 0
    }
    fn proved(&self) -> bool {
        self.proved
    }
}

impl Entry for KeyHealth {
    fn busy(&self) -> bool {
        self.in_flight > 0
    }
    fn proved(&self) -> bool {
        self.answered.is_some()
    }
}

impl Entry for Shared {
    fn busy(&self) -> bool {
        self.in_flight > 0
    }
    fn proved(&self) -> bool {
        true
    }
}

/// What is known of one way.
pub(crate) struct Seen<'h> {
    pub(super) target: Option<&'h TargetHealth>,
    pub(super) key: Option<&'h KeyHealth>,
    pub(super) route: Option<&'h Route>,
}

impl Seen<'_> {
    pub(super) fn gate(&self, tokens: u64, begun: u64, now: Moment) -> Gate {
        let in_flight = self.target.map_or(0, |target| target.in_flight);
        let gates = [
            self.key
                .map(|key| key.breaker.gate(key.in_flight, begun, now)),
            self.target
                .map(|target| target.breaker.gate(in_flight, begun, now)),
            self.route
                .map(|route| route.breaker.gate(in_flight, begun, now)),
            self.route.and_then(|route| paced(&route.pace, tokens, now)),
        ];
        gates.into_iter().flatten().fold(Gate::Open, Gate::and)
    }

    pub(crate) fn condition(
        &self,
        health: &Health,
        via: &Via<'_>,
        shape: &Shape,
        gate: Gate,
        now: Moment,
    ) -> Condition {
        let key = self
            .key
            .map(|key| (key.breaker.state(), key.breaker.error_share()));
        let (key_state, key_share) = key.unwrap_or_default();
        let Some(target) = self.target else {
            return Condition {
                gate,
                state: key_state,
                error_share: key_share,
                uptime: 100.0,
                uptime_penalty: 0.0,
                odd_penalty: 0.0,
                in_flight: 0,
                tokens_in_flight: 0,
                waiting: health.waiting_at(via, now),
                expected: self.expected(health, bare(via.model), shape),
                known: false,
                whole: None,
            };
        };
        let shape = Shape {
            tokens_in_flight: target.tokens,
            ..*shape
        };
        Condition {
            gate,
            state: target.breaker.state().max(key_state),
            error_share: target.breaker.error_share().max(key_share),
            uptime: target.uptime.percent(),
            uptime_penalty: target.uptime.penalty(now),
            odd_penalty: target.odd_penalty,
            in_flight: target.in_flight,
            tokens_in_flight: target.tokens,
            waiting: health.waiting_at(via, now),
            expected: self.expected(health, bare(via.model), &shape),
            known: target.known(),
            whole: target.latency.whole(&shape, KNOWN_FROM),
        }
    }

    pub(super) fn expected(&self, health: &Health, model: &str, shape: &Shape) -> Expected {
        let shared = health.pools.find(model, "");
        match (self.target, shared) {
            (Some(target), Some(shared)) => target.latency.expected(&shared.pool, shape),
            (None, Some(shared)) => Latency::default().expected(&shared.pool, shape),
            (Some(target), None) => target.latency.expected(&Pool::default(), shape),
            (None, None) => Latency::default().expected(&Pool::default(), shape),
        }
    }
}

impl TargetHealth {
    /// Its own figures are more than a guess.
    pub(super) fn known(&self) -> bool {
        self.latency.samples() >= KNOWN_FROM
    }

    pub(super) fn weigh_oddness(&mut self, now: Moment) {
        self.odd_penalty = latency::penalty(self.latency.oddness(now), self.peers);
    }

    pub(super) fn route(&self, key: u32) -> Option<&Route> {
        self.routes.iter().find(|route| route.key == key)
    }

    pub(super) fn route_mut(&mut self, key: u32) -> Option<&mut Route> {
        self.routes.iter_mut().find(|route| route.key == key)
    }

    pub(super) fn add_route(&mut self, key: u32) {
        if self.route(key).is_some() {
            return;
        }
        if self.routes.len() == ROUTES {
            self.routes.remove(0);
        }
        self.routes.push(Route {
            key,
            breaker: Breaker::new(Layer::Route),
            pace: Pace::default(),
            headroom: Headroom::default(),
            announced: Moment::default(),
        });
    }
}

fn paced(pace: &Pace, tokens: u64, now: Moment) -> Option<Gate> {
    let wait = pace.wait(tokens, now);
    (!wait.is_zero()).then(|| Gate::Shut {
        until: now.after(wait),
        bar: Bar::Paced,
    })
}
