//! A modelled provider: a line of requests, a law of latency, limits, a cache and
//! its misfortunes.

use std::collections::VecDeque;
use std::time::Duration;

use super::scenario::{Target, TroubleKind};
use crate::chance::Chance;
use crate::health::{Allowance, Headroom};
use crate::moment::Moment;

/// How long a refusal takes.
const REFUSAL: Duration = Duration::from_millis(40);
/// How long it takes to find out that nobody listens.
const NO_CONNECTION: Duration = Duration::from_millis(10);

/// What one attempt asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) prompt: u64,
    pub(super) answer: u64,
    /// The beginning it shares with others, and its tokens.
    pub(super) prefix: Option<(u32, u64)>,
}

/// What becomes of an attempt when it arrives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Arrived {
    /// It is worked on at once.
    Served(Service),
    /// It waits in line.
    InLine,
    /// Nothing ever comes back.
    Silence,
    /// It fails.
    Failed(Misfortune, Duration),
}

/// How an attempt fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Misfortune {
    NoConnection,
    Unavailable,
    RateLimit { again: Duration },
}

/// How long an attempt is worked on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Service {
    pub(super) first: Duration,
    pub(super) rest: Duration,
    pub(super) cached: u64,
}

/// One provider, running.
#[derive(Debug)]
pub(super) struct Server<'s> {
    spec: &'s Target,
    chance: Chance,
    busy: u32,
    line: VecDeque<usize>,
    requests: Bucket,
    tokens: Bucket,
    /// Beginnings in the cache, the freshest last.
    cache: VecDeque<u32>,
}

impl<'s> Server<'s> {
    pub(super) fn new(spec: &'s Target, seed: u64) -> Server<'s> {
        Server {
            spec,
            chance: Chance::seeded(seed),
            busy: 0,
            line: VecDeque::new(),
            requests: Bucket::new(spec.requests_per_minute),
            tokens: Bucket::new(spec.tokens_per_minute),
            cache: VecDeque::new(),
        }
    }

    pub(super) fn arrive(&mut self, attempt: usize, wanted: &Wanted, now: Moment) -> Arrived {
        let has = |kind| self.trouble(kind, now).is_some();
        if has(TroubleKind::Down) {
            return Arrived::Failed(Misfortune::NoConnection, NO_CONNECTION);
        }
        if has(TroubleKind::Stall) {
            return Arrived::Silence;
        }
        let tokens = (wanted.prompt + wanted.answer) as f64;
        if let Some(again) = self
            .requests
            .wait(1.0, now)
            .max(self.tokens.wait(tokens, now))
        {
            return Arrived::Failed(Misfortune::RateLimit { again }, REFUSAL);
        }
        if let Some(share) = self.trouble(TroubleKind::Errors, now)
            && self.chance.unit() < share
        {
            return Arrived::Failed(Misfortune::Unavailable, REFUSAL);
        }
        self.requests.take(1.0);
        self.tokens.take(tokens);
        if self.spec.slots > 0 && self.busy >= self.spec.slots {
            self.line.push_back(attempt);
            return Arrived::InLine;
        }
        Arrived::Served(self.serve(wanted, now))
    }

    /// Begins to work on an attempt.
    pub(super) fn serve(&mut self, wanted: &Wanted, now: Moment) -> Service {
        self.busy += 1;
        let cached = self.cached(wanted);
        let slow = self.trouble(TroubleKind::Slow, now).unwrap_or(1.0);
        let factor = slow * (self.spec.noise * self.chance.normal()).exp();
        let read = (wanted.prompt - cached) as f64 / 1000.0 * self.spec.read_ms;
        let ms = |ms: f64| Duration::from_secs_f64((ms * factor / 1000.0).min(1e6));
        Service {
            first: ms(self.spec.ttft_ms + read),
            rest: ms(self.spec.token_ms * wanted.answer as f64),
            cached,
        }
    }

    /// An attempt is done with; the next in line, if there is one.
    pub(super) fn next(&mut self) -> Option<usize> {
        self.busy = self.busy.saturating_sub(1);
        self.line.pop_front()
    }

    /// An attempt has left the line.
    pub(super) fn leave(&mut self, attempt: usize) {
        self.line.retain(|other| *other != attempt);
    }

    /// What its replies say of its limits.
    pub(super) fn headroom(&mut self, now: Moment) -> Headroom {
        if !self.spec.announces {
            return Headroom::default();
        }
        Headroom {
            requests: self.requests.allowance(now),
            tokens: self.tokens.allowance(now),
        }
    }

    /// How much of a trouble there is; `None` when there is none.
    fn trouble(&self, kind: TroubleKind, now: Moment) -> Option<f64> {
        let at_s = now.as_s();
        let mut troubles = self.spec.troubles.iter();
        let found = troubles.find(|trouble| trouble.kind == kind && trouble.holds(at_s));
        found.map(|trouble| trouble.much)
    }

    fn cached(&mut self, wanted: &Wanted) -> u64 {
        let Some((prefix, tokens)) = wanted.prefix.filter(|_| self.spec.cached_prefixes > 0) else {
            return 0;
        };
        let known = self.cache.iter().position(|other| *other == prefix);
        if let Some(place) = known {
            self.cache.remove(place);
        } else if self.cache.len() == self.spec.cached_prefixes as usize {
            self.cache.pop_front();
        }
        self.cache.push_back(prefix);
        known.map_or(0, |_| tokens.min(wanted.prompt))
    }
}

/// A limit by the minute that refills steadily; a burst of ten seconds passes.
#[derive(Debug)]
struct Bucket {
    /// A minute; 0: no limit.
    rate: f64,
    level: f64,
    at: Moment,
}

impl Bucket {
    fn new(rate: f64) -> Bucket {
        Bucket {
            rate,
            level: rate / 6.0,
            at: Moment::default(),
        }
    }

    /// How long until there is room for this much; `None` when there is room.
    fn wait(&mut self, units: f64, now: Moment) -> Option<Duration> {
        if self.rate <= 0.0 {
            return None;
        }
        let most = self.rate / 6.0;
        self.level = (self.level + now.seconds_since(self.at) * self.rate / 60.0).min(most);
        self.at = now;
        let missing = units.min(most) - self.level;
        (missing > 0.0).then(|| Duration::from_secs_f64(missing * 60.0 / self.rate))
    }

    fn take(&mut self, units: f64) {
        if self.rate > 0.0 {
            self.level -= units;
        }
    }

    fn allowance(&mut self, now: Moment) -> Allowance {
        if self.rate <= 0.0 {
            return Allowance::default();
        }
        let reset = self.wait(f64::INFINITY, now).unwrap_or_default();
        Allowance {
            limit: Some(self.rate as u64),
            remaining: Some((self.level.max(0.0) * 6.0) as u64),
            reset: Some(reset),
        }
    }
}
