//! Our own routing in the simulator: what the engine does around its calls, and
//! nothing else.

use std::time::Duration;

use dialect::{Failure, Usage};

use super::driver::{Driver, Ended, Job, Move};
use super::scenario::{Scenario, Target};
use crate::affinity::{Link, Prefixes, chain};
use crate::breaker::{Gate, State};
use crate::chance::Chance;
use crate::choose::{Ask, Choosing, Contender, Strategy, decide};
use crate::fallback::{Patience, RetryBudget, Situation, Step, first_token_deadline, follow};
use crate::health::{self, Health, Ticket, Via};
use crate::latency::{Shape, Took};
use crate::moment::Moment;
use crate::price::{Price, Rate, Rates};

/// Between two refreshes of health.
const REFRESH: Duration = Duration::from_secs(1);
/// How long a beginning is taken to stay in a cache.
const CACHE_LIFE: Duration = Duration::from_secs(300);
/// The most attempts for one job.
const MOST_ATTEMPTS: usize = 8;

pub(super) struct Ours<'s> {
    scenario: &'s Scenario,
    choosing: Choosing,
    prices: Vec<Price>,
    health: Health,
    prefixes: Prefixes,
    budget: RetryBudget,
    chance: Chance,
    refreshed: Moment,
    patience: Duration,
}

impl<'s> Ours<'s> {
    pub(super) fn new(scenario: &'s Scenario, strategy: Strategy) -> Ours<'s> {
        Ours {
            scenario,
            choosing: Choosing {
                strategy,
                ..Choosing::default()
            },
            prices: scenario.targets.iter().map(price).collect(),
            health: Health::new(scenario.seed),
            prefixes: Prefixes::default(),
            budget: RetryBudget::default(),
            chance: Chance::seeded(scenario.seed ^ 0x0a5),
            refreshed: Moment::default(),
            patience: Duration::from_secs_f64(scenario.traffic.patience_s),
        }
    }

    fn via(&self, place: usize) -> Via<'s> {
        via(&self.scenario.targets[place])
    }

    fn ask(&self, job: &Job) -> Ask {
        Ask {
            service: self.scenario.traffic.service,
            prompt_tokens: job.wanted.prompt,
            // What an answer has is not known before; what answers usually have is.
            answer_tokens: self.scenario.usual_answer(),
            images: 0,
            effort: 0,
            tool_turn: false,
            pin: None,
            unix_s: 1_800_000_000,
        }
    }

    fn decide(&mut self, job: &mut Job, now: Moment) -> Move {
        let ask = self.ask(job);
        let links = links(job);
        let contenders: Vec<Contender<'_>> = self
            .scenario
            .targets
            .iter()
            .zip(&self.prices)
            .map(|(target, price)| Contender {
                via: via(target),
                price: Some(price),
                window: None,
                priority: 1.0,
                weight: 1.0,
                warm_tokens: self.prefixes.warm(&links, &via(target), CACHE_LIFE, now),
            })
            .collect();
        let seed = self.chance.number();
        let decision = decide(&contenders, &ask, &self.choosing, &self.health, seed, now);
        job.order = decision.order;
        match (job.order.first(), decision.again_at) {
            (Some(place), _) => self.at(job, *place, now),
            (None, Some(until)) if until.since(job.arrived) < self.patience && until > now => {
                Move::Wait { until }
            }
            (None, _) => Move::Fail,
        }
    }

    fn at(&self, job: &Job, place: usize, now: Moment) -> Move {
        let shape = self.ask(job).shape(0);
        let condition = self.health.condition(&self.via(place), &shape, 0, now);
        let deadline = first_token_deadline(&condition.expected, condition.known, self.patience);
        Move::Ask { place, deadline }
    }

    /// The next target that was not tried, those that may be asked before those
    /// that only may be defied, and what it is likely to waste.
    fn next(&self, job: &Job, now: Moment) -> Option<(usize, f64)> {
        let tokens = self.ask(job).tokens();
        let gate = |place: usize| self.health.gate(&self.via(place), tokens, now);
        let untried = || {
            job.order
                .iter()
                .copied()
                .filter(|place| !job.tried.contains(place))
        };
        let open = untried().find(|place| !matches!(gate(*place), Gate::Shut { .. }));
        let defied = || {
            untried().find(|place| match gate(*place) {
                Gate::Shut { bar, .. } => bar.may_be_defied(),
                Gate::Open | Gate::Trial => true,
            })
        };
        let place = open.or_else(defied)?;
        Some((place, self.errors(place, now).1))
    }

    /// How a target is doing, and what an attempt there is likely to waste.
    fn errors(&self, place: usize, now: Moment) -> (State, f64) {
        let shape = Shape::default();
        let condition = self.health.condition(&self.via(place), &shape, 0, now);
        let failing = condition.state >= State::Failed;
        let least = if failing { 0.5 } else { 0.0 };
        (condition.state, condition.error_share.max(least))
    }
}

impl Driver for Ours<'_> {
    fn job(&mut self, job: &mut Job, now: Moment) -> Move {
        if now.since(self.refreshed) >= REFRESH {
            self.refreshed = now;
            self.health.refresh(now);
        }
        if let Some(place) = job.again.take() {
            return self.at(job, place, now);
        }
        if job.tried.is_empty() && now == job.arrived {
            self.budget.arrived();
        }
        self.decide(job, now)
    }

    fn began(&mut self, job: &Job, place: usize, now: Moment) -> Option<Ticket> {
        let via = self.via(place);
        let links = links(job);
        let ask = self.ask(job);
        let shape = ask.shape(self.prefixes.warm(&links, &via, CACHE_LIFE, now));
        self.prefixes.served(&links, &via, now);
        Some(self.health.begin(&via, &shape, ask.answer_tokens, now))
    }

    fn answered(&mut self, job: &Job, ended: &Ended<'_>, took: Took, now: Moment) {
        let Some(ticket) = ended.ticket else { return };
        let usage = Usage {
            input: job.wanted.prompt - ended.cached,
            cache_read: ended.cached,
            output: job.wanted.answer,
            ..Usage::default()
        };
        self.health.announced(ticket, &ended.headroom, now);
        let answer = health::Ended::Answered {
            took,
            usage: &usage,
            teaches: true,
        };
        self.health.end(ticket, answer, now);
    }

    fn failed(&mut self, job: &mut Job, ended: &Ended<'_>, failure: &Failure, now: Moment) -> Move {
        if let Some(ticket) = ended.ticket {
            self.health.announced(ticket, &ended.headroom, now);
            self.health.end(ticket, health::Ended::Failed(failure), now);
        }
        let (here, here_errors) = self.errors(ended.place, now);
        let next = self.next(job, now);
        let situation = Situation {
            failure,
            tries: job
                .tried
                .iter()
                .filter(|place| **place == ended.place)
                .count() as u32,
            here,
            here_errors,
            next_errors: next.map(|(_, errors)| errors),
            patience: Patience::of(self.patience.saturating_sub(now.since(job.arrived))),
        };
        let step = match job.tried.len() < MOST_ATTEMPTS {
            true => follow(&situation, &mut self.budget, self.chance.unit()),
            false => return Move::Fail,
        };
        match (step, next) {
            (Step::Again { wait }, _) => {
                job.again = Some(ended.place);
                Move::Wait {
                    until: now.after(wait),
                }
            }
            (Step::Next | Step::NextLarger, Some((place, _))) => self.at(job, place, now),
            (Step::Next | Step::NextLarger | Step::Stop(_), _) => Move::Fail,
        }
    }
}

fn via(target: &Target) -> Via<'_> {
    Via {
        provider: &target.provider,
        model: &target.model,
        key: "",
        local: false,
    }
}

fn links(job: &Job) -> Vec<Link> {
    let prefix = job
        .wanted
        .prefix
        .map(|(prefix, tokens)| (prefix.to_le_bytes(), tokens));
    chain(prefix.iter().map(|(bytes, tokens)| (&bytes[..], *tokens)))
}

fn price(target: &Target) -> Price {
    // Three digits after the point are what vendors print.
    let rate = |usd: f64| Rate::from_dollars(&format!("{usd:.3}")).unwrap_or_default();
    Price::flat(Rates {
        input: rate(target.usd_in),
        cache_read: Some(rate(target.usd_in / 10.0)),
        output: Some(rate(target.usd_out)),
        ..Rates::default()
    })
}
