//! Who may work now, who waits for that, and who is turned away.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// So many places to work at, and so many to wait at, for so long.
#[derive(Debug)]
pub(crate) struct Places {
    free: Arc<Semaphore>,
    waiting: AtomicUsize,
    most: usize,
    pub(crate) wait: Duration,
}

/// Leave to work, until it is dropped.
pub(crate) type Place = OwnedSemaphorePermit;

impl Places {
    pub(crate) fn new(working: usize, waiting: usize, wait: Duration) -> Places {
        Places {
            free: Arc::new(Semaphore::new(working)),
            waiting: AtomicUsize::new(0),
            most: waiting,
            wait,
        }
    }

    /// A place, as soon as one is free. None: too many wait, or it took too long.
    pub(crate) async fn place(&self) -> Option<Place> {
        if let Ok(place) = Arc::clone(&self.free).try_acquire_owned() {
            return Some(place);
        }
        let _waits = self.waits()?;
        timeout(self.wait, Arc::clone(&self.free).acquire_owned())
            .await
            .ok()?
            .ok()
    }

    /// One of those who wait, if there is room.
    pub(crate) fn waits(&self) -> Option<Waits<'_>> {
        let others = self.waiting.fetch_add(1, Ordering::Relaxed);
        let waits = Waits(&self.waiting);
        (others < self.most).then_some(waits)
    }

    /// Places that nobody has.
    pub(crate) fn free(&self) -> usize {
        self.free.available_permits()
    }
}

/// Counts one who waits.
#[derive(Debug)]
pub(crate) struct Waits<'a>(&'a AtomicUsize);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
