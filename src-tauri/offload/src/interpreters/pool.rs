//! Processes that have run something and wait for the next.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use speech::Setup;

use super::{Bounds, worker::Worker};

/// Those that wait: no more than may run at once, whoever they ran something for and whatever they were set up
/// for. None is given to another client than that of its first task.
#[derive(Debug)]
pub(super) struct Pool {
    bounds: Bounds,
    idle: Mutex<Vec<Idle>>,
}

#[derive(Debug)]
struct Idle {
    client: String,
    setup: Setup,
    worker: Worker,
}

impl Pool {
    pub(super) fn new(bounds: Bounds) -> Pool {
        Pool {
            bounds,
            idle: Mutex::default(),
        }
    }

    /// One of this client that was set up so, and still lives; the one that ran last, so that the others can end.
    pub(super) fn take(&self, client: &str, setup: &Setup) -> Option<Worker> {
        let mut idle = self.idle();
        let fits = |its: &Idle| its.client == client && its.setup == *setup;
        while let Some(at) = idle.iter().rposition(fits) {
            let mut worker = idle.remove(at).worker;
            if worker.is_alive() {
                return Some(worker);
            }
        }
        None
    }

    /// Before another is started: those that wait and those that run are no more than may run at once.
    pub(super) fn make_room(&self, most: usize) {
        let mut idle = self.idle();
        let many = idle.len().saturating_sub(most);
        idle.drain(..many);
    }

    pub(super) fn put(&self, mut worker: Worker, client: &str, setup: &Setup) {
        if worker.is_worn(self.bounds.tasks) {
            return;
        }
        worker.since = Instant::now();
        let mut idle = self.idle();
        idle.push(Idle {
            client: client.to_owned(),
            setup: setup.clone(),
            worker,
        });
        let many = idle.len().saturating_sub(self.bounds.running);
        idle.drain(..many);
    }

    /// Ends those that have waited too long. Whether others are left.
    pub(super) fn sweep(&self) -> bool {
        let mut idle = self.idle();
        idle.retain(|its| its.worker.since.elapsed() < self.bounds.idle);
        !idle.is_empty()
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
