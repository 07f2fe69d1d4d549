//! Where the worker finds its work.
//!
//! Promises: bounded queues; reads come before writes, and forgetting before both. A worker that was
//! dismissed is told so and gets nothing more. Nobody holds the lock while the store works.

use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Reads that wait at most.
const MOST_READS: usize = 64;
/// Writes that wait at most, and their bytes.
const MOST_WRITES: usize = 256;
const MOST_BYTES: usize = 32 << 20;

type Key = [u8; 32];

/// What a worker is to do next.
pub(super) enum Work {
    /// Find a value, and send it there.
    Read(Key, SyncSender<Option<Vec<u8>>>),
    /// Keep a value.
    Write(Key, Vec<u8>),
    /// Forget everything.
    Purge,
    /// Nothing: look after the folders.
    Nothing,
    /// Close: either all is over, or another worker has taken one's place.
    Leave,
}

/// Work that waits, for whoever is the worker now.
#[derive(Default)]
pub(super) struct Desk {
    papers: Mutex<Papers>,
    changed: Condvar,
}

#[derive(Default)]
struct Papers {
    reads: VecDeque<(Key, SyncSender<Option<Vec<u8>>>)>,
    writes: VecDeque<(Key, Vec<u8>)>,
    write_bytes: usize,
    purge: bool,
    closing: bool,
    /// The number of the worker whose desk it is.
    worker: u64,
}

impl Desk {
    /// Asks for a value. False when too many ask already.
    pub(super) fn read(&self, key: Key, answer: SyncSender<Option<Vec<u8>>>) -> bool {
        let mut papers = self.papers();
        if papers.reads.len() >= MOST_READS {
            return false;
        }
        papers.reads.push_back((key, answer));
        self.changed.notify_one();
        true
    }

    /// A value that waits to be written: the newest under this key.
    pub(super) fn waiting(&self, key: &Key) -> Option<Vec<u8>> {
        let papers = self.papers();
        let mut newest_first = papers.writes.iter().rev();
        newest_first
            .find(|(waiting, _)| waiting == key)
            .map(|(_, value)| value.clone())
    }

    /// Hands in a value. False when too much waits already.
    pub(super) fn write(&self, key: Key, value: Vec<u8>) -> bool {
        let mut papers = self.papers();
        if papers.writes.len() >= MOST_WRITES || papers.write_bytes + value.len() > MOST_BYTES {
            return false;
        }
        papers.write_bytes += value.len();
        papers.writes.push_back((key, value));
        self.changed.notify_one();
        true
    }

    /// Asks to forget everything, what waits to be written included.
    pub(super) fn purge(&self) {
        let mut papers = self.papers();
        papers.writes.clear();
        papers.write_bytes = 0;
        papers.purge = true;
        self.changed.notify_one();
    }

    pub(super) fn close(&self) {
        self.papers().closing = true;
        self.changed.notify_all();
    }

    /// The desk is this worker's from now on; the one before is dismissed.
    pub(super) fn hand_over(&self, worker: u64) {
        let mut papers = self.papers();
        papers.worker = worker;
        // Whoever asked the last one has stopped waiting.
        papers.reads.clear();
        self.changed.notify_all();
    }

    pub(super) fn is_of(&self, worker: u64) -> bool {
        self.papers().worker == worker
    }

    /// The next work for `worker`, waited for until `until` at most. Writes wait `pace` first; on closing
    /// they are still done, without waiting.
    pub(super) fn next(&self, worker: u64, pace: Duration, until: Instant) -> Work {
        let may_write = Instant::now() + pace;
        let mut papers = self.papers();
        loop {
            if papers.worker != worker {
                return Work::Leave;
            }
            if std::mem::take(&mut papers.purge) {
                return Work::Purge;
            }
            if let Some((key, answer)) = papers.reads.pop_front() {
                return Work::Read(key, answer);
            }
            let now = Instant::now();
            if (papers.closing || now >= may_write)
                && let Some((key, value)) = papers.writes.pop_front()
            {
                papers.write_bytes -= value.len();
                return Work::Write(key, value);
            }
            if papers.closing {
                return Work::Leave;
            }
            if now >= until {
                return Work::Nothing;
            }
            let wake = match papers.writes.is_empty() {
                true => until,
                false => until.min(may_write),
            };
            papers = self
                .changed
                .wait_timeout(papers, wake.saturating_duration_since(now))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    fn papers(&self) -> MutexGuard<'_, Papers> {
        self.papers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn next(desk: &Desk) -> Work {
        desk.next(0, Duration::ZERO, Instant::now())
    }

    #[test]
    fn what_waits_is_bounded_by_number_and_by_bytes() {
        let desk = Desk::default();
        let taken = (0..1_000).filter(|_| desk.write([0; 32], vec![0; 10]));
        assert_eq!(taken.count(), MOST_WRITES);
        desk.purge();
        let taken = (0..10).filter(|_| desk.write([0; 32], vec![0; 10 << 20]));
        assert_eq!(taken.count(), 3);
        let (answer, _) = mpsc::sync_channel(1);
        let taken = (0..1_000).filter(|_| desk.read([0; 32], answer.clone()));
        assert_eq!(taken.count(), MOST_READS);
    }

    #[test]
    fn forgetting_comes_first_then_reads_then_writes() {
        let desk = Desk::default();
        assert!(desk.write([1; 32], vec![1]));
        let (answer, _told) = mpsc::sync_channel(1);
        assert!(desk.read([2; 32], answer));
        assert!(matches!(next(&desk), Work::Read(..)));
        assert_eq!(desk.waiting(&[1; 32]), Some(vec![1]));
        desk.purge();
        assert_eq!(desk.waiting(&[1; 32]), None);
        assert!(desk.write([3; 32], vec![3]));
        assert!(matches!(next(&desk), Work::Purge));
        assert!(
            matches!(next(&desk), Work::Write(key, _) if key == [3; 32]),
            "what waited is forgotten too"
        );
        assert!(matches!(next(&desk), Work::Nothing));
    }

    #[test]
    fn a_dismissed_worker_leaves_and_one_that_closes_writes_what_waits() {
        let desk = Desk::default();
        assert!(desk.write([1; 32], vec![1]));
        desk.hand_over(1);
        assert!(matches!(next(&desk), Work::Leave));
        desk.close();
        let hour = Duration::from_secs(3_600);
        let next = || desk.next(1, hour, Instant::now() + hour);
        assert!(matches!(next(), Work::Write(..)));
        assert!(matches!(next(), Work::Leave));
    }
}
