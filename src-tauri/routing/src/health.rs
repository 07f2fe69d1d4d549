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
mod mean;
mod outcome;
mod shown;
mod window;

use std::time::Duration;

use dialect::{Failure, Usage};
use serde::{Deserialize, Serialize};

use crate::breaker::{Bar, Breaker, Gate, Heard, State};
use crate::chance::Chance;
use crate::latency::{self, Expected, Latency, Pool, Shape, Took};
use crate::machine::Machine;
use crate::moment::Moment;
use crate::pace::Pace;
use crate::uptime::Uptime;
use book::{Book, Entry};
use mean::Mean;

pub use headroom::{Allowance, Headroom};
pub use outcome::{Class, Layer};
pub use shown::Shown;
pub(crate) use window::{Counts, WINDOW_S, Window};

/// The most that is kept, about 8 MB when all of it is full.
const TARGETS: usize = 1024;
const KEYS: usize = 256;
const POOLS: usize = 256;
/// Keys of one target.
const ROUTES: usize = 16;
/// Answers from which a target's own figures are more than a guess.
const KNOWN_FROM: u32 = 30;
/// What was not used for so long is nobody's peer.
const IN_USE: Duration = Duration::from_secs(300);
/// The oddness from which a provider counts as slow.
const SLOW: f64 = 2.0;
/// Providers that were not heard of for so long say nothing of the network.
const HEARD: Duration = Duration::from_secs(30);
/// Failures to connect, all providers together, that may mean the network.
const UNREACHED: u32 = 3;

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
    machine: Machine,
    network: Network,
    /// Counts sleeps and losses of the network: what began before is not judged.
    epoch: u32,
    /// Attempts begun so far.
    begun: u64,
    chance: Chance,
}

/// Whether this machine's own network is the trouble.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// Nothing points to it.
    #[default]
    Fine,
    /// Every provider has become slow together: nobody is penalised for it.
    Slow,
    /// No provider can be reached: nobody is blamed for it.
    Unreachable,
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
    /// With a failure; also a stream that broke.
    Failed(&'a Failure),
    /// The caller went away, or another attempt was faster.
    Cancelled,
}

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
}

/// What a local server says of its own queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    /// Requests it works on.
    pub running: u32,
    /// Requests it has put off.
    pub waiting: u32,
    /// Share of its cache of keys and values in use, 0 to 1.
    pub cache_used: f64,
}

#[derive(Debug)]
struct TargetHealth {
    breaker: Breaker,
    routes: Vec<Route>,
    uptime: Uptime,
    latency: Latency,
    in_flight: u32,
    tokens: u64,
    ttft_ms: Mean,
    tokens_per_s: Mean,
    queue: Option<(Queue, Moment)>,
    /// The median oddness of the others in use, as of the last refresh.
    peers: f64,
    /// What being odd costs, as of the last answer or refresh.
    odd_penalty: f64,
    local: bool,
    proved: bool,
}

/// A target through one key.
#[derive(Debug)]
struct Route {
    key: u32,
    breaker: Breaker,
    pace: Pace,
    headroom: Headroom,
}

#[derive(Debug)]
struct KeyHealth {
    breaker: Breaker,
    in_flight: u32,
    local: bool,
    /// When anything was last heard through it.
    answered: Option<Moment>,
    /// When it was last in vain, and how often since it was not.
    unreached: Option<(Moment, u32)>,
}

/// What is known of a model wherever it runs.
#[derive(Debug, Default)]
struct Shared {
    pool: Pool,
    in_flight: u32,
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

impl Health {
    /// Nothing is known yet. The seed spreads what waits.
    pub fn new(seed: u64) -> Health {
        Health {
            targets: Book::new(TARGETS),
            keys: Book::new(KEYS),
            pools: Book::new(POOLS),
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
        if let Some(key) = key.and_then(|place| self.keys.at_mut(place)) {
            key.in_flight += 1;
            key.breaker.claim(begun, now);
        }
        if let Some(pool) = pool.and_then(|place| self.pools.at_mut(place)) {
            pool.in_flight += 1;
        }
        if let Some(target) = target.and_then(|place| self.targets.at_mut(place)) {
            target.in_flight += 1;
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
        route.headroom = *headroom;
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

    /// What a local server says of its queue. Forgotten after ten seconds.
    pub fn queue(&mut self, via: &Via<'_>, queue: Queue, now: Moment) {
        let place = self.open_target(via, now);
        if let Some(target) = place.and_then(|place| self.targets.at_mut(place)) {
            target.queue = Some((queue, now));
        }
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
                queue: None,
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
        let rest_s = took.rest.as_secs_f64();
        if out > 1 && rest_s > 0.0 {
            target.tokens_per_s.push((out - 1) as f64 / rest_s, now);
        }
        if !teaches {
            return;
        }
        let shape = match usage.input_total() {
            0 => ticket.shape,
            total => Shape {
                uncached_in: total.saturating_sub(usage.cache_read),
                cached_in: usage.cache_read,
                ..ticket.shape
            },
        };
        target
            .latency
            .learn(&mut pool.pool, &shape, Took { out, ..took }, now);
        target.weigh_oddness(now);
    }

    /// Whether a failure is this machine's own.
    fn is_ours(&self, ticket: &Ticket, class: Class) -> bool {
        !ticket.local
            && class.may_be_ours()
            && (!self.machine.online
                || ticket.epoch != self.epoch
                || self.network == Network::Unreachable)
    }

    fn reached(&mut self, ticket: &Ticket, now: Moment) {
        if let Some(key) = ticket.key.and_then(|place| self.keys.at_mut(place)) {
            key.answered = key.answered.max(Some(now));
            key.unreached = None;
        }
        if self.network == Network::Unreachable && !ticket.local {
            self.wake(now);
        }
    }

    fn unreached(&mut self, ticket: &Ticket, now: Moment) {
        if let Some(key) = ticket.key.and_then(|place| self.keys.at_mut(place)) {
            let before = key.unreached.map_or(0, |(_, times)| times);
            key.unreached = Some((now, before.saturating_add(1)));
        }
        if self.network != Network::Unreachable && self.nobody_is_reached(now) {
            // Those that were blamed on the way to this insight are cleared.
            self.wake(now);
            self.network = Network::Unreachable;
        }
    }

    /// Two providers or more were asked of late, and none could be reached.
    fn nobody_is_reached(&self, now: Moment) -> bool {
        let recent = |at: Moment| now.since(at) < HEARD;
        let mut failures = 0;
        let mut provider = None;
        let mut several = false;
        for (id, _, _, key) in self.keys.iter().filter(|(.., key)| !key.local) {
            match key.unreached {
                Some((at, times)) if recent(at) => {
                    failures += times;
                    several |= provider.is_some_and(|other| other != id);
                    provider = Some(id);
                }
                _ if key.answered.is_some_and(recent) => return false,
                _ => {}
            }
        }
        several && failures >= UNREACHED
    }

    /// Tells each target in use how odd the others are, in the median.
    fn compare(&mut self, now: Moment) {
        let in_use = |used: Moment| now.since(used) < IN_USE;
        let mut odd: Vec<f64> = self
            .targets
            .iter()
            .filter(|(_, _, used, target)| in_use(*used) && target.proved)
            .map(|(.., target)| target.latency.oddness(now))
            .collect();
        odd.sort_unstable_by(f64::total_cmp);
        for (_, target) in self.targets.iter_mut() {
            let own = target.latency.oddness(now);
            target.peers = median_without(&odd, own);
            target.odd_penalty = latency::penalty(own, target.peers);
        }
    }

    /// Every provider has become odd, even by its best target.
    fn all_are_slow(&self, now: Moment) -> bool {
        let in_use = |used: Moment| now.since(used) < IN_USE;
        let mut best: Vec<(&str, f64)> = Vec::new();
        for (provider, _, used, target) in self.targets.iter() {
            if !in_use(used) || !target.proved || target.local {
                continue;
            }
            let odd = target.latency.oddness(now);
            match best.iter_mut().find(|(id, _)| *id == provider) {
                Some((_, least)) => *least = least.min(odd),
                None => best.push((provider, odd)),
            }
        }
        best.len() >= 2 && best.iter().all(|(_, odd)| *odd >= SLOW)
    }
}

/// What is known of one way.
pub(crate) struct Seen<'h> {
    target: Option<&'h TargetHealth>,
    key: Option<&'h KeyHealth>,
    route: Option<&'h Route>,
}

impl Seen<'_> {
    fn gate(&self, tokens: u64, begun: u64, now: Moment) -> Gate {
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
                waiting: 0,
                expected: self.expected(health, bare(via.model), shape),
                known: false,
            };
        };
        let shape = Shape {
            tokens_in_flight: target.tokens,
            ..*shape
        };
        let queue = target
            .queue
            .filter(|(_, at)| now.since(*at) < Duration::from_secs(10));
        Condition {
            gate,
            state: target.breaker.state().max(key_state),
            error_share: target.breaker.error_share().max(key_share),
            uptime: target.uptime.percent(),
            uptime_penalty: target.uptime.penalty(now),
            odd_penalty: target.odd_penalty,
            in_flight: target.in_flight,
            tokens_in_flight: target.tokens,
            waiting: queue.map_or(0, |(queue, _)| queue.waiting),
            expected: self.expected(health, bare(via.model), &shape),
            known: target.latency.samples() >= KNOWN_FROM,
        }
    }

    fn expected(&self, health: &Health, model: &str, shape: &Shape) -> Expected {
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
    fn weigh_oddness(&mut self, now: Moment) {
        self.odd_penalty = latency::penalty(self.latency.oddness(now), self.peers);
    }

    fn route(&self, key: u32) -> Option<&Route> {
        self.routes.iter().find(|route| route.key == key)
    }

    fn route_mut(&mut self, key: u32) -> Option<&mut Route> {
        self.routes.iter_mut().find(|route| route.key == key)
    }

    fn add_route(&mut self, key: u32) {
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

/// The model's name without the vendor's before it: the same model has the same
/// pool wherever it runs.
fn bare(model: &str) -> &str {
    model.rsplit('/').next().unwrap_or(model)
}

/// The median of a sorted list without one of its values.
fn median_without(sorted: &[f64], value: f64) -> f64 {
    let place = sorted.partition_point(|other| *other < value);
    let listed = sorted.get(place) == Some(&value);
    let others = sorted.len() - usize::from(listed);
    if others == 0 {
        return 0.0;
    }
    let at = |n: usize| sorted[n + usize::from(listed && n >= place)];
    // Of an even number the lower one: a doubt is no excuse.
    at((others - 1) / 2)
}

#[cfg(test)]
mod tests;
