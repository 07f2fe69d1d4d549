//! The balancers people would use instead. What fails goes to the next target at
//! once, until each was tried: the kindest reading of "with failover".

use std::time::Duration;

use dialect::Failure;

use super::driver::{Driver, Ended, Job, Move};
use super::scenario::Scenario;
use crate::chance::Chance;
use crate::health::Ticket;
use crate::latency::Took;
use crate::moment::Moment;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    RoundRobin,
    LeastConnections,
    Random,
}

#[derive(Debug)]
pub(super) struct Baseline {
    rule: Rule,
    turn: usize,
    in_flight: Vec<u32>,
    chance: Chance,
    deadline: Duration,
}

impl Baseline {
    pub(super) fn new(scenario: &Scenario, rule: Rule) -> Baseline {
        Baseline {
            rule,
            turn: 0,
            in_flight: vec![0; scenario.targets.len()],
            chance: Chance::seeded(scenario.seed ^ 0xba5e),
            deadline: Duration::from_secs_f64(scenario.traffic.patience_s),
        }
    }

    fn pick(&mut self, job: &Job) -> Move {
        let count = self.in_flight.len();
        let first = match self.rule {
            Rule::RoundRobin | Rule::LeastConnections => {
                self.turn = (self.turn + 1) % count;
                self.turn
            }
            Rule::Random => (self.chance.unit() * count as f64) as usize,
        };
        let left = (0..count)
            .map(|n| (first + n) % count)
            .filter(|place| !job.tried.contains(place));
        let place = match self.rule {
            Rule::LeastConnections => left.min_by_key(|place| self.in_flight[*place]),
            Rule::RoundRobin | Rule::Random => left.into_iter().next(),
        };
        place.map_or(Move::Fail, |place| Move::Ask {
            place,
            deadline: self.deadline,
        })
    }
}

impl Driver for Baseline {
    fn job(&mut self, job: &mut Job, _: Moment) -> Move {
        self.pick(job)
    }

    fn began(&mut self, _: &Job, place: usize, _: Moment) -> Option<Ticket> {
        self.in_flight[place] += 1;
        None
    }

    fn answered(&mut self, _: &Job, ended: &Ended<'_>, _: Took, _: Moment) {
        self.in_flight[ended.place] -= 1;
    }

    fn failed(&mut self, job: &mut Job, ended: &Ended<'_>, _: &Failure, _: Moment) -> Move {
        self.in_flight[ended.place] -= 1;
        self.pick(job)
    }
}
