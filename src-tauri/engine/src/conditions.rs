//! How everybody is doing, behind one lock, and the choices that follow from it.
//!
//! Promises: the lock is held for the microseconds that a call into `routing` takes; an attempt that
//! is dropped before it ended is taken back and blames nobody. Leaves out every rule (`routing`).

mod hedging;

use std::cmp::Reverse;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use dialect::{Failure, Reading};
use http::HeaderMap;
use routing::{
    Ask, Bar, Candidate, Choosing, Condition, Contender, Decision, Ended, Expected, Gate, Headroom,
    Health, HedgeBudget, Issued, KeySource, LocalServer, Machine, Moment, Network, Patience, Pin,
    Prefixes, Queue, RetryBudget, Shown, Situation, Step, Ticket, Took, Via, decide, follow,
};

use crate::settle::unix_ms;
use crate::warmth::Beginnings;

pub(crate) use hedging::Pair;

/// With fewer errors than this share, a target is well.
const WELL: f64 = 0.05;
/// So long a provider's cache is reckoned with: the shortest that vendors name.
const CACHE_LIFE: Duration = Duration::from_secs(300);
/// Shorter beginnings are not cached, in tokens.
const LEAST_CACHED: u64 = 1_024;
/// With a larger share of its prompt in a cache, a conversation is that one's.
const OURS: f64 = 0.3;
/// As many turns are expected to follow as there were, up to this many.
const MOST_TURNS: usize = 20;

/// What is known of everybody, and what may be retried.
pub(crate) struct Conditions {
    zero: Instant,
    judged: Mutex<Judged>,
    /// Each choice has a seed of its own, which its receipt tells.
    seeds: AtomicU64,
}

struct Judged {
    health: Health,
    budget: RetryBudget,
    prefixes: Prefixes,
    issued: Issued,
    hedges: HedgeBudget,
}

impl Judged {
    /// Tells each contender what its cache should hold, and which of them the conversation belongs to.
    fn pin(
        &self,
        contenders: &mut [Contender<'_>],
        ask: &Ask,
        beginnings: &Beginnings,
        now: Moment,
    ) -> Option<Pin> {
        let turns_to_come = (beginnings.messages / 2).min(MOST_TURNS) as u32;
        let pin = |place, bound| Pin {
            place,
            turns_to_come,
            bound,
        };
        if let Some(previous) = &beginnings.previous {
            let gave = |one: &&Contender<'_>| self.issued.is_by(previous, &one.via) == Some(true);
            let able = contenders.iter().filter(gave).count();
            // Where all of them are of the account that gave it, any of them can go on.
            if able < contenders.len()
                && let Some(place) = contenders.iter().position(|one| gave(&one))
            {
                return Some(pin(place, true));
            }
        }
        if beginnings.chain.is_empty() {
            return None;
        }
        for one in contenders.iter_mut() {
            let warm = self
                .prefixes
                .warm(&beginnings.chain, &one.via, CACHE_LIFE, now);
            one.warm_tokens = if warm < LEAST_CACHED { 0 } else { warm };
        }
        let (place, warmest) = contenders
            .iter()
            .enumerate()
            .max_by_key(|(place, one)| (one.warm_tokens, Reverse(*place)))?;
        let worth = warmest.warm_tokens as f64 > OURS * ask.prompt_tokens as f64;
        worth.then(|| pin(place, false))
    }
}

/// One attempt that is being watched, until it is told how it ended.
pub(crate) struct Watched {
    conditions: Arc<Conditions>,
    ticket: Option<Ticket>,
    started: Moment,
}

/// How everybody is doing, as of one moment.
#[derive(Debug, Clone)]
pub struct Signals {
    /// Each key, target and route.
    pub shown: Shown,
    /// The moment; those within are told from it.
    pub now: Moment,
    /// Whether this machine's own network is the trouble.
    pub network: Network,
    /// What this machine is like.
    pub machine: Machine,
}

impl Default for Conditions {
    fn default() -> Self {
        let seed = unix_ms();
        Conditions {
            zero: Instant::now(),
            judged: Mutex::new(Judged {
                health: Health::new(seed),
                budget: RetryBudget::default(),
                prefixes: Prefixes::default(),
                issued: Issued::default(),
                hedges: HedgeBudget::default(),
            }),
            seeds: AtomicU64::new(seed),
        }
    }
}

impl Conditions {
    /// Decides in which order these candidates are asked.
    pub(crate) fn decide(
        &self,
        contenders: &mut [Contender<'_>],
        ask: &Ask,
        beginnings: &Beginnings,
        choosing: &Choosing,
    ) -> Decision {
        let seed = self.seeds.fetch_add(1, Ordering::Relaxed);
        let now = self.now();
        let mut judged = self.judged();
        judged.budget.arrived();
        let ask = Ask {
            pin: judged.pin(contenders, ask, beginnings, now),
            ..*ask
        };
        decide(contenders, &ask, choosing, &judged.health, seed, now)
    }

    /// A candidate answers: its cache holds this prompt now, and what its response's name stands for.
    pub(crate) fn served(
        &self,
        candidate: &Candidate,
        beginnings: &Beginnings,
        response: Option<&str>,
    ) {
        if beginnings.chain.is_empty() && response.is_none() {
            return;
        }
        let (via, now) = (via(candidate), self.now());
        let mut judged = self.judged();
        judged.prefixes.served(&beginnings.chain, &via, now);
        if let Some(response) = response {
            judged.issued.by(response, &via);
        }
    }

    /// An attempt begins.
    pub(crate) fn watch(self: &Arc<Self>, candidate: &Candidate, ask: &Ask) -> Watched {
        let now = self.now();
        let via = via(candidate);
        let ticket = self
            .judged()
            .health
            .begin(&via, &ask.shape(0), ask.answer_tokens, now);
        Watched {
            conditions: Arc::clone(self),
            ticket: Some(ticket),
            started: now,
        }
    }

    /// How long a target's key should be left alone before this request, so that it does not meet its
    /// rate limit.
    pub(crate) fn turn(&self, candidate: &Candidate, ask: &Ask) -> Duration {
        let now = self.now();
        match self
            .judged()
            .health
            .gate(&via(candidate), ask.tokens(), now)
        {
            Gate::Shut {
                until,
                bar: Bar::Paced,
            } => until.since(now),
            _ => Duration::ZERO,
        }
    }

    /// Which of those that are left is asked next: in their order the first that is well, else the first
    /// that may be asked, else the first for which it is not hopeless. Things have moved on since they
    /// were put in order.
    pub(crate) fn next(&self, left: &[&Candidate], ask: &Ask) -> Option<usize> {
        let now = self.now();
        let judged = self.judged();
        let of = |candidate: &&Candidate| {
            let seen = judged
                .health
                .condition(&via(candidate), &ask.shape(0), ask.tokens(), now);
            match seen.gate {
                Gate::Open if seen.error_share < WELL => 0,
                Gate::Open | Gate::Trial => 1,
                Gate::Shut {
                    bar: Bar::Paced, ..
                } => 1,
                Gate::Shut { bar, .. } if bar.may_be_defied() => 2,
                Gate::Shut { .. } => 3,
            }
        };
        let ranks = left.iter().map(of).enumerate();
        let (place, rank) = ranks.min_by_key(|(place, rank)| (*rank, *place))?;
        (rank < 3).then_some(place)
    }

    /// What follows a failed attempt at `here`, when `next` could be asked after it.
    pub(crate) fn follow(
        &self,
        failure: &Failure,
        tries: u32,
        here: &Candidate,
        next: Option<&Candidate>,
        ask: &Ask,
        patience: Patience,
    ) -> Step {
        let now = self.now();
        let chance = (self.seeds.fetch_add(1, Ordering::Relaxed) % 1_000) as f64 / 1_000.0;
        let mut judged = self.judged();
        let Judged { health, budget, .. } = &mut *judged;
        let condition = |candidate: &Candidate| -> Condition {
            health.condition(&via(candidate), &ask.shape(0), ask.tokens(), now)
        };
        let (here, next) = (condition(here), next.map(condition));
        let situation = Situation {
            failure,
            tries,
            here: here.state,
            here_errors: here.error_share,
            next_errors: next.map(|next| next.error_share),
            patience,
        };
        follow(&situation, budget, chance)
    }

    /// Whether one more target may be asked for what another has begun.
    pub(crate) fn spare(&self, candidate: &Candidate, ask: &Ask) -> bool {
        let now = self.now();
        let mut judged = self.judged();
        let Judged { health, budget, .. } = &mut *judged;
        let seen = health.condition(&via(candidate), &ask.shape(0), ask.tokens(), now);
        budget.take(seen.error_share)
    }

    /// Lets time tell; called every second.
    pub(crate) fn refresh(&self) {
        let now = self.now();
        self.judged().health.refresh(now);
    }

    /// What the machine is like now; `woken`: it has slept.
    pub(crate) fn machine(&self, machine: Machine, woken: bool) {
        let now = self.now();
        let mut judged = self.judged();
        judged.health.machine(machine, now);
        if woken {
            judged.health.wake(now);
        }
    }

    /// A key is new.
    pub(crate) fn key_changed(&self, provider: &str, key: &KeySource) {
        self.judged().health.key_changed(provider, key.name());
    }

    /// What is known, for people.
    pub(crate) fn signals(&self) -> Signals {
        let now = self.now();
        let judged = self.judged();
        Signals {
            shown: judged.health.shown(now),
            now,
            network: judged.health.network(),
            machine: *judged.health.this_machine(),
        }
    }

    /// The local servers that were asked so far.
    pub(crate) fn local_servers(&self) -> Vec<LocalServer> {
        let now = self.now();
        self.judged().health.local_servers(now)
    }

    /// A local server tells its queue.
    pub(crate) fn queue(&self, provider: &str, queue: Queue) {
        let now = self.now();
        self.judged().health.queue(provider, queue, now);
    }

    /// A local server that had failed can be reached; `back`: it could not, before.
    pub(crate) fn reachable(&self, provider: &str, back: bool) {
        let now = self.now();
        self.judged().health.reachable(provider, back, now);
    }

    /// How long until a moment.
    pub(crate) fn until(&self, moment: Moment) -> Duration {
        moment.since(self.now())
    }

    fn now(&self) -> Moment {
        Moment::default().after(self.zero.elapsed())
    }

    /// A panic elsewhere must not take these figures down with it.
    fn judged(&self) -> MutexGuard<'_, Judged> {
        self.judged.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched {
    /// How long its first word should take, and whether that is more than a guess.
    pub(crate) fn expected(&self) -> (Expected, bool) {
        let guess = Expected {
            ttft_ms: f64::INFINITY,
            token_ms: f64::INFINITY,
            tail_ms: f64::INFINITY,
            overdue_ms: f64::INFINITY,
        };
        let ticket = self.ticket.as_ref();
        ticket.map_or((guess, false), |ticket| (ticket.expected, ticket.known))
    }

    /// The first word has not come by the time that it was overdue. To be told once: it counts now, and not
    /// only when the attempt ends.
    pub(crate) fn overdue(&self) {
        if let Some(ticket) = &self.ticket {
            let now = self.conditions.now();
            let mut ticket = ticket.clone();
            self.conditions.judged().health.waiting(&mut ticket, now);
        }
    }

    /// What the provider's headers say of its limits.
    pub(crate) fn announced(&self, headers: &HeaderMap) {
        let header = |name: &str| {
            let value = headers.get(name)?;
            value.to_str().ok().map(str::to_owned)
        };
        let headroom = Headroom::read(header, unix_ms());
        if headroom != Headroom::default()
            && let Some(ticket) = &self.ticket
        {
            let now = self.conditions.now();
            self.conditions
                .judged()
                .health
                .announced(ticket, &headroom, now);
        }
    }

    /// It has answered, whole. `first` is how long it took to begin.
    /// `teaches`: it tells how long such a request takes.
    pub(crate) fn answered(mut self, first: Duration, reading: &Reading, teaches: bool) {
        let now = self.conditions.now();
        let usage = reading.usage.unwrap_or_default();
        let took = Took {
            ttft: first,
            rest: now.since(self.started).saturating_sub(first),
            out: usage
                .output_total()
                .max(dialect::estimate_tokens(reading.output_bytes)),
        };
        let ended = Ended::Answered {
            took,
            usage: &usage,
            teaches,
        };
        self.end(ended, now);
    }

    /// It has answered, whole and in one piece.
    pub(crate) fn answered_whole(mut self, took: Duration, reading: &Reading) {
        let now = self.conditions.now();
        let usage = reading.usage.unwrap_or_default();
        let usage = &usage;
        self.end(Ended::Whole { took, usage }, now);
    }

    /// It has failed, or its stream broke.
    pub(crate) fn failed(mut self, failure: &Failure) {
        let now = self.conditions.now();
        self.end(Ended::Failed(failure), now);
    }

    fn end(&mut self, ended: Ended<'_>, now: Moment) {
        if let Some(ticket) = self.ticket.take() {
            self.conditions.judged().health.end(&ticket, ended, now);
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let now = self.conditions.now();
        self.end(Ended::Cancelled, now);
    }
}

/// The way of an attempt.
fn via(candidate: &Candidate) -> Via<'_> {
    Via {
        provider: &candidate.provider.id,
        model: &candidate.model,
        key: candidate.key.name(),
        local: candidate.provider.local || candidate.provider.practice,
    }
}
