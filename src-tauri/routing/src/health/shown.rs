//! Health as it is shown: each key, target and route with its state and its cause.

use serde::{Deserialize, Serialize};

use super::{Headroom, Health, Layer, Queue};
use crate::breaker::{Breaker, Cause};
use crate::moment::Moment;

/// One line of the panel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shown {
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
    /// The same as a line: "Degraded: 3.1 % errors over 2 min, 5 × 503".
    pub text: String,
    /// When the state last changed.
    pub since: Moment,
    /// Attempts under way.
    pub in_flight: u32,
    /// Figures of a target.
    pub target: Option<TargetShown>,
    /// Figures of a route.
    pub route: Option<RouteShown>,
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
    /// What it says of its queue.
    pub queue: Option<Queue>,
    /// Requests that wait there for each that is worked on.
    pub queue_to_compute: Option<f64>,
}

/// Figures of a route.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RouteShown {
    /// What the latest reply said of the limits.
    pub headroom: Headroom,
    /// Requests a minute that are kept to.
    pub requests_per_minute: Option<f64>,
    /// Tokens a minute that are kept to.
    pub tokens_per_minute: Option<f64>,
}

impl Health {
    /// Everything that is known, keys first, by name.
    pub fn shown(&self, now: Moment) -> Vec<Shown> {
        let mut shown = Vec::new();
        for (provider, key, _, health) in self.keys.iter() {
            let mut line = line(Layer::Key, provider, &health.breaker, now);
            line.key = Some(key.to_owned());
            line.in_flight = health.in_flight;
            shown.push(line);
        }
        for (provider, model, _, health) in self.targets.iter() {
            let queue = health.queue.map(|(queue, _)| queue);
            let mut target = line(Layer::Target, provider, &health.breaker, now);
            target.model = Some(model.to_owned());
            target.in_flight = health.in_flight;
            target.target = Some(TargetShown {
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
            });
            shown.push(target);
            for route in &health.routes {
                let (requests_per_minute, tokens_per_minute) = route.pace.rates(now);
                let mut line = line(Layer::Route, provider, &route.breaker, now);
                line.model = Some(model.to_owned());
                line.key = self.key_name(route.key).map(str::to_owned);
                line.route = Some(RouteShown {
                    headroom: route.headroom,
                    requests_per_minute,
                    tokens_per_minute,
                });
                shown.push(line);
            }
        }
        let order = |one: &Shown, other: &Shown| {
            let key = |line: &Shown| (line.layer as u8, line.provider.clone(), line.model.clone());
            key(one).cmp(&key(other))
        };
        shown.sort_by(order);
        shown
    }

    fn key_name(&self, place: u32) -> Option<&str> {
        self.keys.iter().nth(place as usize).map(|(_, key, ..)| key)
    }
}

fn line(layer: Layer, provider: &str, breaker: &Breaker, now: Moment) -> Shown {
    let cause = breaker.cause(now);
    Shown {
        layer,
        provider: provider.to_owned(),
        model: None,
        key: None,
        text: cause.to_string(),
        cause,
        since: breaker.since(),
        in_flight: 0,
        target: None,
        route: None,
    }
}
