//! Servers of this machine and network, which can be asked how they are for nothing.
//!
//! Promises: what a server says of its queue holds for every model there and for ten seconds; figures
//! that are none weigh nothing; a server that can be reached again gets its trial now, and nobody is
//! flooded for it. Leaves out how they are asked (the engine's `queues`).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Health, Via};
use crate::breaker::State;
use crate::moment::Moment;

/// What a server said of its queue is forgotten after so long.
const FRESH: Duration = Duration::from_secs(10);
/// Servers whose queue is known at once.
const SERVERS: usize = 64;
/// More requests than this are in nobody's queue.
const LARGEST: u32 = 1_000_000;

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

/// A server of this machine or network that was asked before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalServer {
    /// The provider's id.
    pub provider: String,
    /// Since it was last asked; nothing while it is.
    pub idle: Duration,
    /// A key or a model of it has failed and waits for its trial.
    pub failed: bool,
    /// What failed is the connection: it was not there.
    pub unreached: bool,
}

/// The queues that were told, by provider.
#[derive(Debug, Default)]
pub(super) struct Queues(Vec<(String, Queue, Moment)>);

impl Queues {
    fn put(&mut self, provider: &str, queue: Queue, now: Moment) {
        if let Some(known) = self.0.iter_mut().find(|(id, ..)| id == provider) {
            (known.1, known.2) = (queue, now);
            return;
        }
        if self.0.len() == SERVERS {
            let oldest = (0..SERVERS).min_by_key(|place| self.0[*place].2);
            self.0.swap_remove(oldest.unwrap_or(0));
        }
        self.0.push((provider.to_owned(), queue, now));
    }

    /// What it said, while that is fresh.
    pub(super) fn of(&self, provider: &str, now: Moment) -> Option<Queue> {
        let known = self.0.iter().find(|(id, ..)| id == provider)?;
        (now.since(known.2) < FRESH).then_some(known.1)
    }
}

impl Health {
    /// What a local server says of its queue.
    pub fn queue(&mut self, provider: &str, queue: Queue, now: Moment) {
        let queue = Queue {
            running: queue.running.min(LARGEST),
            waiting: queue.waiting.min(LARGEST),
            cache_used: match queue.cache_used.is_nan() {
                true => 0.0,
                false => queue.cache_used.clamp(0.0, 1.0),
            },
        };
        self.queues.put(provider, queue, now);
    }

    /// Requests that wait at a contender, where it says so.
    pub(super) fn waiting_at(&self, via: &Via<'_>, now: Moment) -> u32 {
        let queue = match via.local {
            true => self.queues.of(via.provider, now),
            false => None,
        };
        queue.map_or(0, |queue| queue.waiting)
    }

    /// The local servers that were asked so far, each once.
    pub fn local_servers(&self, now: Moment) -> Vec<LocalServer> {
        let mut servers: Vec<LocalServer> = Vec::new();
        for (provider, _, _, target) in self.targets.iter().filter(|(.., t)| t.local) {
            let idle = match (target.in_flight, target.asked) {
                (1.., _) => Duration::ZERO,
                (0, Some(at)) => now.since(at),
                (0, None) => continue,
            };
            let failed = target.breaker.state() == State::Failed;
            match servers.iter_mut().find(|known| known.provider == provider) {
                Some(known) => {
                    known.idle = known.idle.min(idle);
                    known.failed |= failed;
                }
                None => servers.push(LocalServer {
                    provider: provider.to_owned(),
                    idle,
                    failed,
                    unreached: false,
                }),
            }
        }
        for (provider, _, _, key) in self.keys.iter() {
            if key.breaker.state() == State::Failed
                && let Some(known) = servers.iter_mut().find(|known| known.provider == provider)
            {
                (known.failed, known.unreached) = (true, true);
            }
        }
        servers
    }

    /// A local server answers a free question: what failed for want of a connection gets its trial at
    /// once. `back`: it was away before, so that what its models did then is over as well.
    pub fn reachable(&mut self, provider: &str, back: bool, now: Moment) {
        for key in self.keys.of_mut(provider).filter(|key| key.local) {
            key.breaker.wake(now);
        }
        if !back {
            return;
        }
        for target in self.targets.of_mut(provider).filter(|target| target.local) {
            target.breaker.wake(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use dialect::{Failure, FailureCategory};

    use super::*;
    use crate::breaker::Gate;
    use crate::health::Ended;
    use crate::latency::Shape;

    const NEAR: Via<'static> = Via {
        provider: "near",
        model: "pebble",
        key: "",
        local: true,
    };
    const FAR: Via<'static> = Via {
        provider: "far",
        local: false,
        ..NEAR
    };

    fn s(seconds: f64) -> Moment {
        Moment::from_s(seconds)
    }

    fn fail(health: &mut Health, via: &Via<'_>, category: FailureCategory, now: Moment) {
        let failure = Failure {
            category,
            status: None,
            code: None,
            message: String::new(),
            retry_after_ms: None,
        };
        let ticket = health.begin(via, &Shape::default(), 10, now);
        health.end(&ticket, Ended::Failed(&failure), now);
    }

    #[test]
    fn a_queue_counts_for_every_model_of_its_server_and_for_ten_seconds() {
        let mut health = Health::new(1);
        let queue = Queue {
            running: 2,
            waiting: 7,
            cache_used: 0.5,
        };
        health.queue("near", queue, s(5.0));
        let waiting = |health: &Health, via: &Via<'_>, at: f64| {
            let condition = health.condition(via, &Shape::default(), 0, s(at));
            condition.waiting
        };
        let other = Via {
            model: "boulder",
            ..NEAR
        };
        assert_eq!(waiting(&health, &NEAR, 6.0), 7, "never asked before");
        assert_eq!(waiting(&health, &other, 14.9), 7);
        assert_eq!(waiting(&health, &NEAR, 15.0), 0);
        // A namesake that is not here has no such queue.
        let far = Via {
            provider: "near",
            ..FAR
        };
        assert_eq!(waiting(&health, &far, 6.0), 0);
    }

    #[test]
    fn figures_that_are_none_weigh_nothing_and_servers_are_bounded() {
        let mut health = Health::new(1);
        for (told, kept) in [(f64::NAN, 0.0), (-3.0, 0.0), (f64::INFINITY, 1.0)] {
            let queue = Queue {
                running: u32::MAX,
                waiting: u32::MAX,
                cache_used: told,
            };
            health.queue("near", queue, s(1.0));
            let queue = health.queues.of("near", s(1.0)).expect("a queue");
            assert_eq!((queue.waiting, queue.cache_used), (LARGEST, kept));
        }
        for n in 0..10_000 {
            health.queue(&format!("made-up-{n}"), Queue::default(), s(2.0));
        }
        assert_eq!(health.queues.0.len(), SERVERS);
        assert!(health.queues.of("made-up-9999", s(2.0)).is_some());
    }

    #[test]
    fn a_server_is_in_use_while_it_is_asked_and_for_what_failed_there() {
        let mut health = Health::new(1);
        let ticket = health.begin(&NEAR, &Shape::default(), 10, s(1.0));
        let _far = health.begin(&FAR, &Shape::default(), 10, s(1.0));
        let servers = |health: &Health, at: f64| health.local_servers(s(at));
        let near = |idle: u64, failed: bool| LocalServer {
            provider: "near".to_owned(),
            idle: Duration::from_secs(idle),
            failed,
            unreached: failed,
        };
        assert_eq!(servers(&health, 90.0), [near(0, false)], "under way");
        health.end(&ticket, Ended::Cancelled, s(90.0));
        assert_eq!(servers(&health, 91.0), [near(90, false)]);
        for _ in 0..6 {
            fail(&mut health, &NEAR, FailureCategory::Connection, s(100.0));
        }
        assert_eq!(servers(&health, 101.0), [near(1, true)]);
    }

    #[test]
    fn a_server_that_is_back_gets_its_trial_without_waiting_for_the_others() {
        for (category, back, expected) in [
            (FailureCategory::Connection, false, true),
            (FailureCategory::Connection, true, true),
            // It answered all the time: what fails there is the model.
            (FailureCategory::Server, false, false),
            (FailureCategory::Server, true, true),
        ] {
            let mut health = Health::new(1);
            for _ in 0..9 {
                fail(&mut health, &NEAR, category, s(100.0));
            }
            let shut = |health: &Health| health.gate(&NEAR, 10, s(101.0));
            assert!(matches!(shut(&health), Gate::Shut { .. }), "{category:?}");
            health.reachable("far", back, s(101.0));
            assert!(matches!(shut(&health), Gate::Shut { .. }), "another's");
            health.reachable("near", back, s(101.0));
            let trial = shut(&health) == Gate::Trial;
            assert_eq!(trial, expected, "{category:?}, back: {back}");
        }
    }

    #[test]
    fn a_hosted_provider_is_never_woken_by_a_question() {
        let mut health = Health::new(1);
        for _ in 0..9 {
            fail(&mut health, &FAR, FailureCategory::Connection, s(100.0));
        }
        health.reachable("far", true, s(101.0));
        assert!(matches!(health.gate(&FAR, 10, s(101.0)), Gate::Shut { .. }));
        assert_eq!(health.local_servers(s(101.0)), []);
    }
}
