//! The one thread that touches the store.
//!
//! Promises: says since when it is busy with one call, so that others find out that it is stuck; one
//! that was dismissed meanwhile closes its folders and goes when it comes back. A failure of the store
//! is a word in the health and a new beginning, at once or a minute later; a panic is a failure.
//! Leaves out: who dismisses it (`super`).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::desk::Work;
use super::generations::Generations;
use super::pace::Pace;
use super::shelf::ShelfError;
use super::{DiskState, Shared};

/// Between two looks at the folders while something is written, and while nothing is.
const TICK: Duration = Duration::from_secs(1);
const IDLE: Duration = Duration::from_secs(60);
/// How long the store is left alone after a failure.
const PAUSE: Duration = Duration::from_secs(60);

pub(super) struct Worker {
    pub(super) shared: Arc<Shared>,
    /// Our number; the desk knows whose it is.
    pub(super) number: u64,
    pub(super) busy: Arc<super::Busy>,
    pub(super) generations: Generations,
}

/// How a worker's shift ended.
enum End {
    /// It was told to leave.
    Left,
    /// The store failed, and is to be left alone for a while.
    Failed(ShelfError),
}

impl Worker {
    /// Works until it is told to leave.
    pub(super) fn run(mut self) {
        loop {
            let shift = catch_unwind(AssertUnwindSafe(|| self.shift()));
            let error = match shift {
                Ok(End::Left) => break,
                Ok(End::Failed(error)) => error,
                Err(_) => ShelfError::Failed("the store broke off in the middle".to_owned()),
            };
            if !self.shared.desk.is_of(self.number) {
                break;
            }
            self.fail(&error);
            if !self.sit_out() {
                break;
            }
        }
        self.leave();
    }

    fn shift(&mut self) -> End {
        if let Err(error) = self.open() {
            return End::Failed(error);
        }
        let mut pace = Pace::new(Instant::now());
        let mut tick = Instant::now() + IDLE;
        loop {
            let work = self
                .shared
                .desk
                .next(self.number, pace.wait(Instant::now()), tick);
            let done = match work {
                Work::Leave => return End::Left,
                Work::Read(key, answer) => self.busy(|generations| {
                    let _ = answer.try_send(generations.get(&key)?);
                    Ok(())
                }),
                Work::Write(key, value) => {
                    pace.wrote(value.len());
                    tick = tick.min(Instant::now() + TICK);
                    self.busy(|generations| generations.put(&key, value))
                }
                Work::Purge => self.busy(Generations::purge),
                Work::Nothing => Ok(()),
            };
            let done = done.and_then(|()| {
                if Instant::now() < tick {
                    return Ok(());
                }
                tick = Instant::now() + IDLE;
                let bytes = self.busy(|generations| generations.look_after(Instant::now()))?;
                self.shared.bytes.store(bytes, Ordering::Relaxed);
                Ok(())
            });
            match done {
                Ok(()) => {}
                Err(ShelfError::Damaged(reason)) => {
                    self.say_damaged(&reason);
                    if let Err(error) = self.busy(Generations::set_current_aside) {
                        return End::Failed(error);
                    }
                }
                Err(error) => return End::Failed(error),
            }
        }
    }

    /// The first worker opens what is there; later ones begin anew.
    fn open(&mut self) -> Result<(), ShelfError> {
        let first = self.number == 1 && !self.shared.opened.swap(true, Ordering::Relaxed);
        let aside = self.busy(|generations| match first {
            true => generations.open(),
            false => generations.open_anew().map(|()| None),
        })?;
        if let Some(reason) = aside {
            self.say_damaged(&reason);
        }
        if self.shared.desk.is_of(self.number) {
            self.shared.set_state(DiskState::Serving);
        }
        Ok(())
    }

    /// A call of the store, with the time it began for whoever waits.
    fn busy<T>(&mut self, call: impl FnOnce(&mut Generations) -> T) -> T {
        self.busy.begin();
        let done = call(&mut self.generations);
        self.busy.end();
        done
    }

    fn say_damaged(&self, reason: &str) {
        tracing::warn!(
            reason,
            "the cache on disk was damaged: it was set aside, and is begun anew"
        );
        self.shared.damaged.fetch_add(1, Ordering::Relaxed);
    }

    /// Lets go of the room, which may be what is missing, and says what happened.
    fn fail(&mut self, error: &ShelfError) {
        let reason = match error {
            ShelfError::Full => "the disk is full".to_owned(),
            ShelfError::Held => "its folder is locked by somebody else".to_owned(),
            ShelfError::Damaged(reason) | ShelfError::Failed(reason) => reason.clone(),
        };
        tracing::warn!(reason, "no cache on disk for now; memory serves on");
        self.shared.set_state(DiskState::Off {
            reason: format!(
                "{reason}; answers are kept in memory alone, and the disk is tried again within a minute"
            ),
        });
        self.discard();
        self.shared.bytes.store(0, Ordering::Relaxed);
    }

    /// Has nothing and keeps nothing for a while. False when it is told to leave.
    fn sit_out(&self) -> bool {
        let until = Instant::now() + PAUSE;
        while Instant::now() < until {
            match self.shared.desk.next(self.number, Duration::ZERO, until) {
                Work::Leave => return false,
                Work::Read(_, answer) => drop(answer.try_send(None)),
                Work::Write(..) => drop(self.shared.dropped.fetch_add(1, Ordering::Relaxed)),
                Work::Purge | Work::Nothing => {}
            }
        }
        true
    }

    fn leave(mut self) {
        if self.shared.desk.is_of(self.number) {
            if let Err(error) = self.busy(Generations::flush) {
                tracing::debug!(?error, "the cache was not flushed at the end");
            }
            return;
        }
        // Dismissed, and back after all: what it has is not read any more.
        self.discard();
        self.shared.abandoned.fetch_sub(1, Ordering::Relaxed);
    }

    fn discard(&mut self) {
        let discarded = catch_unwind(AssertUnwindSafe(|| self.busy(Generations::discard)));
        if discarded.is_err() {
            self.busy.end();
        }
    }
}
