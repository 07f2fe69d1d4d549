//! Health as it is shown: each key, target and route with its state and its cause.
//!
//! Promises: an answer of bounded size whatever was asked for: all keys, and the [`MOST`] targets that
//! are doing worst or were used last, each with the ways to it. What is no longer true is not shown (a
//! queue of long ago). Leaves out what a person calls things (`control`).

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::known::TargetHealth;
use super::{Headroom, Health, Layer, Queue};
use crate::breaker::{Bar, Breaker, Cause, Gate, State};
use crate::moment::Moment;

/// Targets that are shown at once.
const MOST: usize = 200;

/// All that is shown.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// Keys first, then targets, then routes; each by provider, model and key.
    pub lines: Vec<Line>,
    /// Targets that are known and not among them.
    pub left_out: usize,
}

/// One key, target or route.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// What it is about.
    pub layer: Layer,
    /// The provider's id.
    pub provider: String,
    /// The model; `None` for a key.
    pub model: Option<String>,
    /// The key's name; `None` for a target.
    pub key: Option<String>,
    /// Its state and the figures behind it.
    pub cause: Cause,
    /// When the state last changed.
    pub since: Moment,
    /// What keeps it from being asked, and until when.
    pub shut: Option<Shut>,
    /// Attempts under way; of a route, those at its target.
    pub in_flight: u32,
    /// Figures of a target.
    pub target: Option<TargetShown>,
    /// Figures of a route.
    pub route: Option<RouteShown>,
}

/// What keeps something from being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shut {
    /// What it is.
    pub bar: Bar,
    /// When it may be asked again.
    pub until: Moment,
}

/// Figures of a target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetShown {
    /// Of the last hour, in percent.
    pub uptime: f64,
    /// What that costs in the score.
    pub uptime_penalty: f64,
    /// Recent mean time to the first token, in milliseconds.
    pub ttft_ms: Option<f64>,
    /// Recent mean speed after it.
    pub tokens_per_s: Option<f64>,
    /// Tokens under way.
    pub tokens_in_flight: u64,
    /// How much slower than its requests' sizes explain: 0 not at all, from 3 odd.
    pub oddness: f64,
    /// The same of its peers, in the median.
    pub peers_oddness: f64,
    /// What its server says of its queue, while that is fresh.
    pub queue: Option<Queue>,
    /// Requests that wait there for each that is worked on.
    pub queue_to_compute: Option<f64>,
}

/// Figures of a route.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RouteShown {
    /// What the latest reply said of the limits.
    pub headroom: Headroom,
    /// When it said so.
    pub announced: Moment,
    /// Requests a minute that are kept to.
    pub requests_per_minute: Option<f64>,
    /// Tokens a minute that are kept to.
    pub tokens_per_minute: Option<f64>,
}

impl Health {
    /// What is known, as far as it is shown.
    pub fn shown(&self, now: Moment) -> Shown {
        let mut keys: Vec<Line> = self
            .keys
            .iter()
            .map(|(provider, key, _, health)| Line {
                key: Some(key.to_owned()),
                in_flight: health.in_flight,
                ..self.line(Layer::Key, provider, &health.breaker, health.in_flight, now)
            })
            .collect();
        keys.sort_unstable_by(|one, other| names(one).cmp(&names(other)));
        let mut targets: Vec<_> = self.targets.iter().collect();
        let left_out = targets.len().saturating_sub(MOST);
        targets.sort_unstable_by_key(|(.., used, health)| Reverse((health.worst(), *used)));
        targets.truncate(MOST);
        targets.sort_unstable_by_key(|(provider, model, ..)| (*provider, *model));
        let targets = targets
            .iter()
            .map(|(provider, model, _, health)| (*provider, *model, *health));
        let ways = targets.clone().flat_map(|(provider, model, health)| {
            let routes = health.routes.iter();
            routes.map(move |route| self.route_line(provider, model, health, route, now))
        });
        let lines = targets
            .clone()
            .map(|(provider, model, health)| self.target_line(provider, model, health, now));
        let mut shown = keys;
        shown.extend(lines);
        shown.extend(ways);
        Shown {
            lines: shown,
            left_out,
        }
    }

    fn target_line(&self, provider: &str, model: &str, health: &TargetHealth, now: Moment) -> Line {
        let queue = match health.local {
            true => self.queues.of(provider, now),
            false => None,
        };
        Line {
            model: Some(model.to_owned()),
            target: Some(TargetShown {
                uptime: health.uptime.percent(),
                uptime_penalty: health.uptime.penalty(now),
                ttft_ms: health.ttft_ms.get(),
                tokens_per_s: health.tokens_per_s.get(),
                tokens_in_flight: health.tokens,
                oddness: health.latency.oddness(now),
                peers_oddness: health.peers,
                queue,
                queue_to_compute: queue
                    .map(|queue| f64::from(queue.waiting) / f64::from(queue.running.max(1))),
            }),
            ..self.line(
                Layer::Target,
                provider,
                &health.breaker,
                health.in_flight,
                now,
            )
        }
    }

    fn route_line(
        &self,
        provider: &str,
        model: &str,
        health: &TargetHealth,
        route: &super::Route,
        now: Moment,
    ) -> Line {
        let (requests_per_minute, tokens_per_minute) = route.pace.rates(now);
        let line = self.line(
            Layer::Route,
            provider,
            &route.breaker,
            health.in_flight,
            now,
        );
        let turn = route.pace.wait(0, now);
        let paced = (!turn.is_zero()).then(|| Shut {
            bar: Bar::Paced,
            until: now.after(turn),
        });
        Line {
            model: Some(model.to_owned()),
            key: self.keys.names(route.key).map(|(_, key)| key.to_owned()),
            shut: line.shut.or(paced),
            route: Some(RouteShown {
                headroom: route.headroom,
                announced: route.announced,
                requests_per_minute,
                tokens_per_minute,
            }),
            ..line
        }
    }

    fn line(
        &self,
        layer: Layer,
        provider: &str,
        breaker: &Breaker,
        in_flight: u32,
        now: Moment,
    ) -> Line {
        let cause = breaker.cause(now);
        let shut = match breaker.gate(in_flight, self.begun, now) {
            Gate::Shut { until, bar } => Some(Shut { bar, until }),
            Gate::Open | Gate::Trial => None,
        };
        Line {
            layer,
            provider: provider.to_owned(),
            model: None,
            key: None,
            cause,
            since: breaker.since(),
            shut,
            in_flight,
            target: None,
            route: None,
        }
    }
}

impl Line {
    /// Its state and the figures behind it: "Degraded: 3.1 % errors over 2 min, 5 × 503".
    pub fn text(&self) -> String {
        self.cause.to_string()
    }
}

impl TargetHealth {
    /// The worst of its own state and those of the ways to it.
    fn worst(&self) -> State {
        let ways = self.routes.iter().map(|route| route.breaker.state());
        ways.fold(self.breaker.state(), State::max)
    }
}

fn names(line: &Line) -> (&str, Option<&str>) {
    (&line.provider, line.key.as_deref())
}

#[cfg(test)]
mod tests;
