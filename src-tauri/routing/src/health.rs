//! How everybody is doing: what was seen of each key, target and route.
//!
//! One `Health` holds all of it, in bounded books. Whoever runs attempts tells it
//! when one begins and how it ends; whoever chooses reads the condition of each
//! contender from it. Nothing here waits, locks or looks at a clock: its owner
//! keeps it behind a lock that is held for the microsecond a call takes, and calls
//! [`Health::refresh`] every second or so, off the path of requests. Live and batch
//! traffic that must not feel each other's failures have one each.
//!
//! Promises: attempts that were under way when the machine slept or went offline
//! blame nobody for it; a failure of every provider at once to be reached is this
//! machine's own. Leaves out who is chosen (`choose`).

mod book;
mod headroom;
mod known;
mod local;
mod mean;
mod network;
mod outcome;
mod shown;
mod window;

use std::time::Duration;

use dialect::{Failure, Usage};

use crate::breaker::{Bar, Breaker, Gate, Heard};
use crate::chance::Chance;
use crate::latency::{Expected, Latency, Shape, Took};
use crate::machine::Machine;
use crate::moment::Moment;
use crate::pace::Pace;
use crate::uptime::Uptime;
use book::Book;
use known::{KeyHealth, Route, Shared, TargetHealth};
use local::Queues;
use mean::Mean;

pub use headroom::{Allowance, Headroom};
pub use known::Condition;
pub(crate) use known::Seen;
pub use local::{LocalServer, Queue};
pub use network::Network;
pub use outcome::{Class, Layer};
pub use shown::{Line, RouteShown, Shown, Shut, TargetShown};
pub(crate) use window::{Counts, WINDOW_S, Window};

/// The most that is kept, about 10 MB when all of it is full.
const TARGETS: usize = 1024;
const KEYS: usize = 256;
const POOLS: usize = 256;
/// No model writes more tokens a second.
const FASTEST: f64 = 20_000.0;

/// The way of one attempt: a model at a provider through a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Via<'a> {
    /// The provider's id.
    pub provider: &'a str,
    /// The model as the provider names it.
    pub model: &'a str,
    /// The key's name, never the key; empty where none is needed.
    pub key: &'a str,
    /// It runs on this machine: our network is not on the way.
    pub local: bool,
}

/// What is known of everybody.
#[derive(Debug)]
pub struct Health {
    targets: Book<TargetHealth>,
    keys: Book<KeyHealth>,
    pools: Book<Shared>,
    queues: Queues,
    machine: Machine,
    network: Network,
    /// Counts sleeps and losses of the network: what began before is not judged.
    epoch: u32,
    /// Attempts begun so far.
    begun: u64,
    chance: Chance,
}

/// An attempt under way. Give it back to [`Health::end`], whatever became of it.
#[derive(Debug, Clone)]
#[must_use = "without `end`, the attempt counts as under way for ever"]
pub struct Ticket {
    target: Option<u32>,
    key: Option<u32>,
    pool: Option<u32>,
    local: bool,
    shape: Shape,
    /// Tokens that have to be worked on: what no cache holds, and the answer.
    work: u64,
    /// Tokens that count against a rate limit: prompt and answer.
    tokens: u64,
    began: Moment,
    epoch: u32,
    /// What was expected of it.
    pub expected: Expected,
    /// That was more than a guess.
    pub known: bool,
    overdue: bool,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy)]
pub enum Ended<'a> {
    /// With a whole answer.
    Answered {
        /// How long it took.
        took: Took,
        /// What the provider says it used; nothing where it says nothing.
        usage: &'a Usage,
        /// It may teach what to expect: neither a model that had to be loaded
        /// first, nor the rest of an answer that had begun elsewhere.
        teaches: bool,
    },
    /// With an answer in one piece, whose time says nothing of a first token.
    Whole {
        /// From the asking to its end.
        took: Duration,
        /// What the provider says it used; nothing where it says nothing.
        usage: &'a Usage,
    },
    /// With a failure; also a stream that broke.
    Failed(&'a Failure),
    /// The caller went away, or another attempt was faster.
    Cancelled,
}

impl Health {
    /// Nothing is known yet. The seed spreads what waits.
    pub fn new(seed: u64) -> Health {
        Health {
            targets: Book::new(TARGETS),
            keys: Book::new(KEYS),
            pools: Book::new(POOLS),
            queues: Queues::default(),
            machine: Machine::default(),
            network: Network::Fine,
            epoch: 0,
            begun: 0,
            chance: Chance::seeded(seed),
        }
    }

    /// An attempt begins, whose answer should have so many tokens.
    pub fn begin(&mut self, via: &Via<'_>, shape: &Shape, answer: u64, now: Moment) -> Ticket {
        self.begun += 1;
        let begun = self.begun;
        let work = shape.uncached_in.saturating_add(answer);
        let tokens = work.saturating_add(shape.cached_in);
        let key = self.open_key(via, now);
        let target = self.open_target(via, now);
        let pool = self.pools.open(bare(via.model), "", now, Shared::default);
        let pool = pool.map(|(place, _)| place);
        let shape = Shape {
            tokens_in_flight: target
                .and_then(|place| self.targets.at(place))
                .map_or(0, |target| target.tokens),
            ..*shape
        };
        let expected = self.look(via).expected(self, bare(via.model), &shape);
        let known = target
            .and_then(|place| self.targets.at(place))
            .is_some_and(TargetHealth::known);
        if let Some(key) = key.and_then(|place| self.keys.at_mut(place)) {
            key.in_flight += 1;
            key.breaker.claim(begun, now);
        }
        if let Some(pool) = pool.and_then(|place| self.pools.at_mut(place)) {
            pool.in_flight += 1;
        }
        if let Some(target) = target.and_then(|place| self.targets.at_mut(place)) {
            target.in_flight += 1;
            target.asked = target.asked.max(Some(now));
            target.tokens = target.tokens.saturating_add(work);
            target.breaker.claim(begun, now);
            if let Some(route) = key.and_then(|key| target.route_mut(key)) {
                route.breaker.claim(begun, now);
                route.pace.took(tokens, now);
            }
        }
        Ticket {
            target,
            key,
            pool,
            local: via.local,
            shape,
            work,
            tokens,
            began: now,
            epoch: self.epoch,
            expected,
            known,
            overdue: false,
        }
    }

    /// The attempt is still without a first token: once it is overdue, that counts
    /// now. Returns whether it is.
    pub fn waiting(&mut self, ticket: &mut Ticket, now: Moment) -> bool {
        let waited_ms = now.seconds_since(ticket.began) * 1000.0;
        let overdue = waited_ms > ticket.expected.overdue_ms;
        if overdue && !ticket.overdue && ticket.epoch == self.epoch && self.machine.online {
            ticket.overdue = true;
            if let (Some(target), Some(pool)) = (
                ticket.target.and_then(|place| self.targets.at_mut(place)),
                ticket.pool.and_then(|place| self.pools.at(place)),
            ) {
                target.latency.overdue(&pool.pool, now);
                target.weigh_oddness(now);
            }
        }
        overdue
    }

    /// What the headers of a reply, good or bad, say of the limits.
    pub fn announced(&mut self, ticket: &Ticket, headroom: &Headroom, now: Moment) {
        let Some(route) = self.route_mut(ticket) else {
            return;
        };
        route.pace.announced(headroom, now);
        (route.headroom, route.announced) = (*headroom, now);
        let spent = [headroom.requests, headroom.tokens]
            .iter()
            .filter(|allowance| allowance.remaining == Some(0))
            .filter_map(|allowance| allowance.reset)
            .max();
        if let Some(reset) = spent.filter(|reset| !reset.is_zero()) {
            let reset = reset.min(Duration::from_secs(300));
            route.breaker.hold_until(Class::RateLimit, now.after(reset));
        }
    }

    /// The attempt has ended.
    pub fn end(&mut self, ticket: &Ticket, ended: Ended<'_>, now: Moment) {
        self.release(ticket);
        match ended {
            Ended::Cancelled => {}
            Ended::Answered {
                took,
                usage,
                teaches,
            } => {
                self.reached(ticket, now);
                self.hear(ticket, Class::Answered, None, now);
                self.learn(ticket, took, usage, teaches, now);
            }
            Ended::Whole { took, usage } => {
                self.reached(ticket, now);
                self.hear(ticket, Class::Answered, None, now);
                let (ttft, out) = (took, usage.output_total());
                let all = Took {
                    ttft,
                    rest: Duration::ZERO,
                    out,
                };
                self.learn(ticket, all, usage, false, now);
                self.learn_whole(ticket, took, usage, now);
            }
            Ended::Failed(failure) => {
                let class = Class::of(failure);
                match class {
                    Class::Connection => self.unreached(ticket, now),
                    Class::Timeout if failure.status.is_none() => {}
                    _ => self.reached(ticket, now),
                }
                if !self.is_ours(ticket, class) {
                    let wait = failure.retry_after_ms.map(Duration::from_millis);
                    self.hear(ticket, class, wait, now);
                }
            }
        }
    }

    /// How a contender is doing, for a request of this shape and so many tokens.
    pub fn condition(&self, via: &Via<'_>, shape: &Shape, tokens: u64, now: Moment) -> Condition {
        let seen = self.look(via);
        let gate = self.gate_of(&seen, via, tokens, now);
        seen.condition(self, via, shape, gate, now)
    }

    /// Whether a contender may be asked for so many tokens.
    pub fn gate(&self, via: &Via<'_>, tokens: u64, now: Moment) -> Gate {
        self.gate_of(&self.look(via), via, tokens, now)
    }

    /// What the machine is like now. Coming online is a waking up.
    pub fn machine(&mut self, machine: Machine, now: Moment) {
        let was = std::mem::replace(&mut self.machine, machine);
        match (was.online, machine.online) {
            (true, false) => self.epoch = self.epoch.wrapping_add(1),
            (false, true) => self.wake(now),
            _ => {}
        }
    }

    /// The machine has slept, or has its network back: attempts from before are not
    /// judged, and what had failed gets one trial at once.
    pub fn wake(&mut self, now: Moment) {
        self.epoch = self.epoch.wrapping_add(1);
        for (_, key) in self.keys.iter_mut() {
            key.breaker.wake(now);
            key.unreached = None;
        }
        for (_, target) in self.targets.iter_mut() {
            target.breaker.wake(now);
            for route in &mut target.routes {
                route.breaker.wake(now);
            }
        }
        if self.network == Network::Unreachable {
            self.network = Network::Fine;
        }
    }

    /// Somebody acted: the key is new, or its account was topped up.
    pub fn key_changed(&mut self, provider: &str, key: &str) {
        let Some(place) = self.keys.place(provider, key) else {
            return;
        };
        if let Some(key) = self.keys.at_mut(place) {
            key.breaker.reset();
        }
        for (_, target) in self.targets.iter_mut() {
            if let Some(route) = target.route_mut(place) {
                route.breaker.reset();
                route.pace = Pace::default();
            }
        }
    }

    /// Lets time tell: windows roll, peers are compared, the network is judged. Off
    /// the path of requests, every second or so.
    pub fn refresh(&mut self, now: Moment) {
        for (_, key) in self.keys.iter_mut() {
            key.breaker.refresh(now);
        }
        for (_, target) in self.targets.iter_mut() {
            target.breaker.refresh(now);
            target.uptime.roll(now);
            for route in &mut target.routes {
                route.breaker.refresh(now);
            }
        }
        self.compare(now);
        if self.network != Network::Unreachable {
            self.network = match self.all_are_slow(now) {
                true => Network::Slow,
                false => Network::Fine,
            };
        }
    }

    /// Whether this machine's own network is the trouble, as of the last refresh
    /// or failure.
    pub fn network(&self) -> Network {
        self.network
    }

    /// What the machine was last said to be like.
    pub fn this_machine(&self) -> &Machine {
        &self.machine
    }

    pub(crate) fn look<'h>(&'h self, via: &Via<'_>) -> Seen<'h> {
        let key = self.keys.place(via.provider, via.key);
        let target = self.targets.find(via.provider, via.model);
        Seen {
            target,
            key: key.and_then(|place| self.keys.at(place)),
            route: target.and_then(|target| target.route(key?)),
        }
    }

    pub(crate) fn gate_of(&self, seen: &Seen<'_>, via: &Via<'_>, tokens: u64, now: Moment) -> Gate {
        let gate = seen.gate(tokens, self.begun, now);
        if via.local || self.machine.online || matches!(gate, Gate::Shut { .. }) {
            return gate;
        }
        Gate::Shut {
            until: now.after(Duration::from_secs(1)),
            bar: Bar::Offline,
        }
    }

    fn open_key(&mut self, via: &Via<'_>, now: Moment) -> Option<u32> {
        let (place, evicted) = self.keys.open(via.provider, via.key, now, || KeyHealth {
            breaker: Breaker::new(Layer::Key),
            in_flight: 0,
            local: via.local,
            answered: None,
            unreached: None,
        })?;
        if evicted {
            // Routes know their key by its place, which is another's now.
            for (_, target) in self.targets.iter_mut() {
                target.routes.retain(|route| route.key != place);
            }
        }
        let target = self.open_target(via, now)?;
        self.targets.at_mut(target)?.add_route(place);
        Some(place)
    }

    fn open_target(&mut self, via: &Via<'_>, now: Moment) -> Option<u32> {
        let opened = self
            .targets
            .open(via.provider, via.model, now, || TargetHealth {
                breaker: Breaker::new(Layer::Target),
                routes: Vec::new(),
                uptime: Uptime::default(),
                latency: Latency::default(),
                in_flight: 0,
                tokens: 0,
                ttft_ms: Mean::default(),
                tokens_per_s: Mean::default(),
                asked: None,
                peers: 0.0,
                odd_penalty: 0.0,
                local: via.local,
                proved: false,
            });
        opened.map(|(place, _)| place)
    }

    fn route_mut(&mut self, ticket: &Ticket) -> Option<&mut Route> {
        self.targets.at_mut(ticket.target?)?.route_mut(ticket.key?)
    }

    fn release(&mut self, ticket: &Ticket) {
        if let Some(key) = ticket.key.and_then(|place| self.keys.at_mut(place)) {
            key.in_flight = key.in_flight.saturating_sub(1);
        }
        if let Some(pool) = ticket.pool.and_then(|place| self.pools.at_mut(place)) {
            pool.in_flight = pool.in_flight.saturating_sub(1);
        }
        if let Some(target) = ticket.target.and_then(|place| self.targets.at_mut(place)) {
            target.in_flight = target.in_flight.saturating_sub(1);
            target.tokens = target.tokens.saturating_sub(ticket.work);
        }
    }

    /// Tells the three breakers, the uptime and the pace.
    fn hear(&mut self, ticket: &Ticket, class: Class, wait: Option<Duration>, now: Moment) {
        let chance = self.chance.unit();
        let heard = Heard {
            class,
            began: ticket.began,
            wait,
            begun: self.begun,
        };
        if let Some(key) = ticket.key.and_then(|place| self.keys.at_mut(place)) {
            key.breaker.record(heard, chance, now);
        }
        let Some(target) = ticket.target.and_then(|place| self.targets.at_mut(place)) else {
            return;
        };
        target.breaker.record(heard, chance, now);
        if class == Class::Answered || class.is_down() {
            target.uptime.record(class == Class::Answered, now);
        }
        target.proved |= class == Class::Answered;
        if let Some(route) = ticket.key.and_then(|key| target.route_mut(key)) {
            route.breaker.record(heard, chance, now);
            if class == Class::RateLimit {
                let headroom = route.headroom;
                route.pace.limited(&headroom, now);
            }
        }
    }

    fn learn(&mut self, ticket: &Ticket, took: Took, usage: &Usage, teaches: bool, now: Moment) {
        let used = usage.input_total().saturating_add(usage.output_total());
        if used > 0
            && let Some(route) = self.route_mut(ticket)
        {
            route.pace.settled(ticket.tokens, used, now);
        }
        let (Some(target), Some(pool)) = (
            ticket.target.and_then(|place| self.targets.at_mut(place)),
            ticket.pool.and_then(|place| self.pools.at_mut(place)),
        ) else {
            return;
        };
        let out = match usage.output_total() {
            0 => took.out,
            out => out,
        };
        target.ttft_ms.push(took.ttft.as_secs_f64() * 1000.0, now);
        if let Some(speed) = speed(out, took.rest) {
            target.tokens_per_s.push(speed, now);
        }
        if !teaches {
            return;
        }
        let shape = as_told(&ticket.shape, usage);
        target
            .latency
            .learn(&mut pool.pool, &shape, Took { out, ..took }, now);
        target.weigh_oddness(now);
    }

    fn learn_whole(&mut self, ticket: &Ticket, took: Duration, usage: &Usage, now: Moment) {
        if let Some(target) = ticket.target.and_then(|place| self.targets.at_mut(place)) {
            let shape = as_told(&ticket.shape, usage);
            target.latency.learn_whole(&shape, took, now);
        }
    }
}

/// The request as its answer's usage tells it, where that says anything.
fn as_told(guessed: &Shape, usage: &Usage) -> Shape {
    match usage.input_total() {
        0 => *guessed,
        total => Shape {
            uncached_in: total.saturating_sub(usage.cache_read),
            cached_in: usage.cache_read,
            ..*guessed
        },
    }
}

/// Tokens a second after the first; none of an answer that came in one piece, which
/// is anything that came faster than a model writes.
fn speed(out: u64, rest: Duration) -> Option<f64> {
    let speed = out.saturating_sub(1) as f64 / rest.as_secs_f64();
    (speed > 0.0 && speed <= FASTEST).then_some(speed)
}

/// The model's name without the vendor's before it: the same model has the same
/// pool wherever it runs.
fn bare(model: &str) -> &str {
    model.rsplit('/').next().unwrap_or(model)
}

#[cfg(test)]
mod tests;
