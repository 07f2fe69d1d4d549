//! The world: events in the order of their time, and what is noted of them.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::time::Duration;

use dialect::{Failure, FailureCategory};

use super::driver::{Driver, Ended, Job, Move};
use super::report::{Notes, Row};
use super::scenario::{Method, Scenario, TroubleKind};
use super::server::{Arrived, Misfortune, Server, Service, Wanted};
use crate::chance::Chance;
use crate::health::{Headroom, Ticket};
use crate::latency::Took;
use crate::moment::Moment;

/// A driver that waits makes some progress each time.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);
/// Ends of troubles that are looked at, of each target.
const MOST_ENDS: usize = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrive,
    Retry(usize),
    First(usize),
    Done(usize),
    Failed(usize),
    Deadline(usize),
}

#[derive(Debug)]
struct Attempt {
    job: usize,
    place: usize,
    began: Moment,
    ticket: Option<Ticket>,
    first: Option<Moment>,
    service: Option<Service>,
    misfortune: Option<Misfortune>,
}

struct World<'s> {
    scenario: &'s Scenario,
    driver: &'s mut dyn Driver,
    servers: Vec<Server<'s>>,
    /// When troubles end, for each target, soonest first.
    ends: Vec<VecDeque<Moment>>,
    chance: Chance,
    heap: BinaryHeap<Reverse<(Moment, usize, Event)>>,
    /// Numbers events, jobs and attempts.
    count: usize,
    jobs: HashMap<usize, Job>,
    attempts: HashMap<usize, Attempt>,
    notes: Notes,
    now: Moment,
}

/// Plays a scenario to its end with one driver.
pub(super) fn play(scenario: &Scenario, method: Method, driver: &mut dyn Driver) -> Row {
    let servers = scenario.targets.iter().enumerate();
    let mut world = World {
        scenario,
        driver,
        servers: servers
            .map(|(place, target)| Server::new(target, scenario.seed ^ (place as u64 + 1) << 32))
            .collect(),
        ends: (0..scenario.targets.len())
            .map(|place| ends(scenario, place))
            .collect(),
        // The same arrivals for every method.
        chance: Chance::seeded(scenario.seed),
        heap: BinaryHeap::new(),
        count: 0,
        jobs: HashMap::new(),
        attempts: HashMap::new(),
        notes: Notes::default(),
        now: Moment::default(),
    };
    world.schedule(Moment::from_ms(1), Event::Arrive);
    while let Some(Reverse((at, _, event))) = world.heap.pop() {
        world.now = at;
        world.happen(event);
    }
    world.notes.row(scenario, method)
}

impl World<'_> {
    fn happen(&mut self, event: Event) {
        match event {
            Event::Arrive => self.arrive(),
            Event::Retry(job) => self.ask_driver(job),
            Event::First(attempt) => {
                if let Some(attempt) = self.attempts.get_mut(&attempt) {
                    attempt.first = Some(self.now);
                }
            }
            Event::Done(attempt) => self.done(attempt),
            Event::Failed(attempt) => self.failed(attempt),
            Event::Deadline(attempt) => self.deadline(attempt),
        }
    }

    fn arrive(&mut self) {
        let traffic = &self.scenario.traffic;
        let next = self.chance.exponential(1.0 / traffic.per_second);
        let next = self.now.after(Duration::from_secs_f64(next));
        let shares = traffic.sizes.iter().map(|size| size.share);
        let size = traffic.sizes[self.chance.weighted(shares).unwrap_or(0)];
        let prefix = traffic.prefixes.map(|prefixes| {
            let prefix = (self.chance.unit() * f64::from(prefixes.count)) as u32;
            (prefix, prefixes.tokens)
        });
        let job = Job {
            wanted: Wanted {
                prompt: size.prompt + prefix.map_or(0, |(_, tokens)| tokens),
                answer: size.answer,
                prefix,
            },
            arrived: self.now,
            order: Vec::new(),
            tried: Vec::new(),
            again: None,
        };
        if next.as_s() < self.scenario.seconds {
            self.schedule(next, Event::Arrive);
        }
        let id = self.count;
        self.count += 1;
        self.jobs.insert(id, job);
        self.ask_driver(id);
    }

    fn ask_driver(&mut self, id: usize) {
        if let Some(mut job) = self.jobs.remove(&id) {
            let step = self.driver.job(&mut job, self.now);
            self.follow(id, job, step);
        }
    }

    fn follow(&mut self, id: usize, mut job: Job, step: Move) {
        match step {
            Move::Ask { place, deadline } => {
                job.tried.push(place);
                self.start(id, &job, place, deadline);
                self.jobs.insert(id, job);
            }
            Move::Wait { until } => {
                self.jobs.insert(id, job);
                let until = until.max(self.now.after(SHORTEST_WAIT));
                self.schedule(until, Event::Retry(id));
            }
            Move::Fail => {
                if self.counts(&job) {
                    self.notes.gave_up();
                }
            }
        }
    }

    fn start(&mut self, job_id: usize, job: &Job, place: usize, deadline: Duration) {
        let now = self.now;
        self.notice_return(place);
        if self.counts(job) {
            self.notes.attempted();
        }
        let id = self.count;
        self.count += 1;
        let mut attempt = Attempt {
            job: job_id,
            place,
            began: now,
            ticket: self.driver.began(job, place, now),
            first: None,
            service: None,
            misfortune: None,
        };
        match self.servers[place].arrive(id, &job.wanted, now) {
            Arrived::Served(service) => {
                attempt.service = Some(service);
                self.schedule_service(id, service);
            }
            Arrived::InLine | Arrived::Silence => {}
            Arrived::Failed(misfortune, after) => {
                attempt.misfortune = Some(misfortune);
                self.schedule(now.after(after), Event::Failed(id));
            }
        }
        self.attempts.insert(id, attempt);
        self.schedule(now.after(deadline), Event::Deadline(id));
    }

    fn schedule_service(&mut self, attempt: usize, service: Service) {
        let first = self.now.after(service.first);
        self.schedule(first, Event::First(attempt));
        self.schedule(first.after(service.rest), Event::Done(attempt));
    }

    fn done(&mut self, id: usize) {
        let Some(attempt) = self.attempts.remove(&id) else {
            return;
        };
        self.free(attempt.place);
        let Some(job) = self.jobs.remove(&attempt.job) else {
            return;
        };
        let first = attempt.first.unwrap_or(self.now);
        let took = Took {
            ttft: first.since(attempt.began),
            rest: self.now.since(first),
            out: job.wanted.answer,
        };
        let cached = attempt.service.map_or(0, |service| service.cached);
        let ended = Ended {
            place: attempt.place,
            ticket: attempt.ticket.as_ref(),
            cached,
            headroom: self.servers[attempt.place].headroom(self.now),
        };
        self.driver.answered(&job, &ended, took, self.now);
        if self.counts(&job) {
            let target = &self.scenario.targets[attempt.place];
            let uncached = (job.wanted.prompt - cached) as f64 + cached as f64 / 10.0;
            let usd = uncached * target.usd_in + job.wanted.answer as f64 * target.usd_out;
            self.notes.answered(
                self.now.as_s(),
                first.since(job.arrived),
                self.now.since(job.arrived),
                usd / 1e6,
                (cached, job.wanted.prompt),
            );
        }
    }

    fn failed(&mut self, id: usize) {
        if let Some(attempt) = self.attempts.remove(&id) {
            let failure = match attempt.misfortune {
                Some(Misfortune::NoConnection) => failure(FailureCategory::Connection, None),
                Some(Misfortune::RateLimit { again }) => {
                    self.notes.refused();
                    let again = self.scenario.targets[attempt.place]
                        .announces
                        .then_some(again);
                    Failure {
                        retry_after_ms: again.map(|again| again.as_millis() as u64),
                        ..failure(FailureCategory::RateLimit, Some(429))
                    }
                }
                Some(Misfortune::Unavailable) | None => {
                    failure(FailureCategory::Overloaded, Some(503))
                }
            };
            self.fail(&attempt, &failure);
        }
    }

    fn deadline(&mut self, id: usize) {
        let waits = |attempt: &Attempt| attempt.first.is_none() && attempt.misfortune.is_none();
        if !self.attempts.get(&id).is_some_and(waits) {
            return;
        }
        if let Some(attempt) = self.attempts.remove(&id) {
            match attempt.service {
                Some(_) => self.free(attempt.place),
                None => self.servers[attempt.place].leave(id),
            }
            self.fail(&attempt, &failure(FailureCategory::Timeout, None));
        }
    }

    fn fail(&mut self, attempt: &Attempt, failure: &Failure) {
        let Some(mut job) = self.jobs.remove(&attempt.job) else {
            return;
        };
        if self.counts(&job) {
            self.notes.unhealthy(self.now.as_s());
        }
        let ended = Ended {
            place: attempt.place,
            ticket: attempt.ticket.as_ref(),
            cached: 0,
            headroom: match failure.category {
                FailureCategory::RateLimit => self.servers[attempt.place].headroom(self.now),
                _ => Headroom::default(),
            },
        };
        let step = self.driver.failed(&mut job, &ended, failure, self.now);
        self.follow(attempt.job, job, step);
    }

    /// A slot is free: the next in line is served.
    fn free(&mut self, place: usize) {
        let Some(id) = self.servers[place].next() else {
            return;
        };
        let wanted = self
            .attempts
            .get(&id)
            .and_then(|attempt| self.jobs.get(&attempt.job))
            .map(|job| job.wanted);
        if let Some(wanted) = wanted {
            let service = self.servers[place].serve(&wanted, self.now);
            if let Some(attempt) = self.attempts.get_mut(&id) {
                attempt.service = Some(service);
            }
            self.schedule_service(id, service);
        }
    }

    /// How long after the end of its trouble a target is asked again.
    fn notice_return(&mut self, place: usize) {
        while let Some(end) = self.ends[place]
            .front()
            .copied()
            .filter(|end| *end <= self.now)
        {
            self.ends[place].pop_front();
            let troubles = self.scenario.targets[place].troubles.iter();
            if !troubles
                .filter(|t| t.kind != TroubleKind::Slow)
                .any(|t| t.holds(self.now.as_s()))
            {
                self.notes.returned(self.now.since(end));
            }
        }
    }

    fn counts(&self, job: &Job) -> bool {
        job.arrived.as_s() >= self.scenario.warm_up_s
    }

    fn schedule(&mut self, at: Moment, event: Event) {
        // The number keeps events of one moment in the order they were made.
        self.heap.push(Reverse((at, self.count, event)));
        self.count += 1;
    }
}

fn ends(scenario: &Scenario, place: usize) -> VecDeque<Moment> {
    let mut ends = Vec::new();
    for trouble in &scenario.targets[place].troubles {
        if trouble.kind == TroubleKind::Slow {
            continue;
        }
        let mut end = trouble.to_s;
        while end < scenario.seconds && ends.len() < MOST_ENDS {
            ends.push(Moment::from_s(end));
            if trouble.every_s <= 0.0 {
                break;
            }
            end += trouble.every_s;
        }
    }
    ends.sort_unstable();
    ends.into()
}

fn failure(category: FailureCategory, status: Option<u16>) -> Failure {
    Failure {
        category,
        status,
        code: None,
        message: "simulated".to_owned(),
        retry_after_ms: None,
    }
}
