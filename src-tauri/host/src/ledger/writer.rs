//! The writing side: one thread, which takes whatever has queued, writes it in
//! one transaction, and then answers everybody who waits (group commit). Alone,
//! a receipt waits for nobody; in a crowd, a commit is shared.
//!
//! Promises: whoever is answered `Ok` has a receipt in a committed transaction.
//! When the disk refuses, everybody concerned is told, receipts are held back
//! (as many as [`HELD_BACK`]) and written when it works again.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use engine::{LedgerDown, Receipt, ReceiptId};
use rusqlite::{Connection, ErrorCode};

use super::answers::{Answers, Waiter};
use super::{connection, row};

/// Receipts in one transaction at most; bounds how long the first one waits.
const BATCH: usize = 512;
/// Receipts that follow the last batch sooner than this are a load.
const BUSY: Duration = Duration::from_micros(500);
/// How long a batch gathers under load.
const GATHER: Duration = Duration::from_micros(500);
/// Receipts kept in memory while the disk refuses; the oldest go first.
const HELD_BACK: usize = 4_096;
/// How often held-back receipts are tried again when nothing new comes.
const RETRY: Duration = Duration::from_secs(2);
/// Tries for a batch while another process holds the file; each waits for
/// SQLite's own busy time-out.
const BUSY_TRIES: usize = 3;

/// What the writer is asked to do, in the order it was asked.
pub(super) enum Message {
    /// Make a receipt durable and answer.
    Record(Box<Receipt>, Waiter),
    /// Delete up to `limit` receipts older than `below`, and say how many.
    Delete {
        below: ReceiptId,
        limit: u32,
        done: mpsc::SyncSender<Result<u64, String>>,
    },
    /// Write what has queued and end.
    Close,
}

/// Whether the ledger can write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LedgerHealth {
    /// What prevents it; `None` while it writes.
    pub error: Option<String>,
    /// Receipts written since the start.
    pub written: u64,
    /// Receipts that wait in memory for a disk that refuses.
    pub held_back: u64,
    /// Receipts that were given up since the start.
    pub lost: u64,
}

/// The writer's state as others see it.
#[derive(Default)]
pub(super) struct Progress {
    error: Mutex<Option<String>>,
    written: AtomicU64,
    held_back: AtomicU64,
    lost: AtomicU64,
}

impl Progress {
    pub(super) fn health(&self) -> LedgerHealth {
        LedgerHealth {
            error: self
                .error
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
            written: self.written.load(Ordering::Relaxed),
            held_back: self.held_back.load(Ordering::Relaxed),
            lost: self.lost.load(Ordering::Relaxed),
        }
    }

    pub(super) fn lost(&self, count: u64) {
        self.lost.fetch_add(count, Ordering::Relaxed);
    }

    /// Somebody brought a receipt after the end: after a close, or a panic.
    pub(super) fn ended(&self) {
        self.set_error(Some("its writer has ended; restart Signalbox".into()));
    }

    fn set_error(&self, error: Option<String>) {
        *self.error.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }
}

/// Boxed as they came: half a kilobyte each is not worth moving.
type Batch = Vec<Box<Receipt>>;

/// One transaction. `BEGIN` and `COMMIT` are prepared once like the rest: parsing
/// them anew was a tenth of what a small batch costs.
fn transact(
    connection: &Connection,
    batch: &[Box<Receipt>],
    json: &mut Vec<u8>,
) -> rusqlite::Result<()> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute(())?;
    let mut statement = connection.prepare_cached(row::INSERT)?;
    for receipt in batch {
        row::insert(&mut statement, receipt, json)?;
    }
    drop(statement);
    connection.prepare_cached("COMMIT")?.execute(())?;
    Ok(())
}

pub(super) struct Writer {
    path: PathBuf,
    /// `None` after an error: it is opened anew, because a disk that was
    /// unmounted and came back needs that.
    connection: Option<Connection>,
    inbox: mpsc::Receiver<Message>,
    queued: Arc<AtomicUsize>,
    progress: Arc<Progress>,
    batch: Batch,
    waiters: Vec<Waiter>,
    held_back: VecDeque<Box<Receipt>>,
    failing_since: Option<Instant>,
    json: Vec<u8>,
    answers: Answers,
    /// When the last batch was written.
    last_batch: Instant,
}

impl Writer {
    pub(super) fn new(
        path: PathBuf,
        connection: Connection,
        inbox: mpsc::Receiver<Message>,
        queued: Arc<AtomicUsize>,
        progress: Arc<Progress>,
    ) -> Writer {
        Writer {
            path,
            connection: Some(connection),
            inbox,
            queued,
            progress,
            batch: Vec::with_capacity(BATCH),
            waiters: Vec::with_capacity(BATCH),
            held_back: VecDeque::new(),
            failing_since: None,
            json: Vec::with_capacity(1024),
            answers: Answers::new(),
            last_batch: Instant::now(),
        }
    }

    /// Runs until told to close, or until nobody is left to ask.
    pub(super) fn run(mut self) {
        loop {
            let mut next = match self.wait() {
                Ok(message) => {
                    self.gather();
                    Some(message)
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    self.write_held_back();
                    continue;
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            };
            // Receipts gather in a batch; anything else comes after it, in order.
            let mut other = None;
            while let Some(message) = next.take() {
                match message {
                    Message::Record(receipt, waiter) => {
                        self.batch.push(receipt);
                        self.waiters.push(waiter);
                        if self.batch.len() < BATCH {
                            next = self.inbox.try_recv().ok();
                        }
                    }
                    message => other = Some(message),
                }
            }
            self.write_batch();
            match other {
                Some(Message::Delete { below, limit, done }) => {
                    let _ = done.send(self.delete(below, limit));
                }
                Some(Message::Close) => break,
                Some(Message::Record(..)) | None => {}
            }
        }
        self.write_held_back();
        let left = self.held_back.len() as u64;
        if left > 0 {
            self.progress.lost(left);
            tracing::error!(
                receipts = left,
                "the ledger was closed while its disk refused"
            );
        }
    }

    /// Under load, lets more receipts arrive before a transaction is paid for: what
    /// one costs hardly depends on how many it holds. Whoever waits for a receipt
    /// has their whole answer by then but for its last bytes.
    fn gather(&self) {
        if self.last_batch.elapsed() < BUSY {
            std::thread::sleep(GATHER);
        }
    }

    fn wait(&self) -> Result<Message, mpsc::RecvTimeoutError> {
        if self.held_back.is_empty() {
            self.inbox
                .recv()
                .map_err(|_| mpsc::RecvTimeoutError::Disconnected)
        } else {
            self.inbox.recv_timeout(RETRY)
        }
    }

    fn write_batch(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let count = self.batch.len();
        let batch = std::mem::take(&mut self.batch);
        let outcome = self.write(&batch);
        match &outcome {
            Ok(()) => {
                self.progress
                    .written
                    .fetch_add(count as u64, Ordering::Relaxed);
                self.batch = batch;
                self.batch.clear();
            }
            Err(down) => {
                self.failed(down);
                self.hold_back(batch);
            }
        }
        self.last_batch = Instant::now();
        self.queued.fetch_sub(count, Ordering::Relaxed);
        self.answers.give(&mut self.waiters, &outcome);
        if outcome.is_ok() {
            self.recovered();
            self.write_held_back();
        }
    }

    fn write(&mut self, batch: &[Box<Receipt>]) -> Result<(), LedgerDown> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.try_write(batch) {
                Ok(()) => return Ok(()),
                Err(error) if is_busy(&error) && tries < BUSY_TRIES => {}
                Err(error) => {
                    // Whatever state it is in, the next try begins afresh.
                    self.connection = None;
                    return Err(LedgerDown(self.explain(&error)));
                }
            }
        }
    }

    fn try_write(&mut self, batch: &[Box<Receipt>]) -> rusqlite::Result<()> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            empty => empty.insert(connection::reopen(&self.path)?),
        };
        let written = transact(connection, batch, &mut self.json);
        if written.is_err() && !connection.is_autocommit() {
            // An error here leaves the connection to be opened anew by `write`.
            let _ = connection.execute_batch("ROLLBACK");
        }
        written
    }

    fn hold_back(&mut self, batch: Batch) {
        self.held_back.extend(batch);
        let excess = self.held_back.len().saturating_sub(HELD_BACK);
        self.held_back.drain(..excess);
        self.progress.lost(excess as u64);
        self.count_held_back();
    }

    fn write_held_back(&mut self) {
        while !self.held_back.is_empty() {
            let count = self.held_back.len().min(BATCH);
            let batch: Batch = self.held_back.drain(..count).collect();
            match self.write(&batch) {
                Ok(()) => {
                    self.progress
                        .written
                        .fetch_add(count as u64, Ordering::Relaxed);
                    self.recovered();
                    self.count_held_back();
                }
                Err(down) => {
                    self.failed(&down);
                    for receipt in batch.into_iter().rev() {
                        self.held_back.push_front(receipt);
                    }
                    return;
                }
            }
        }
    }

    fn count_held_back(&self) {
        self.progress
            .held_back
            .store(self.held_back.len() as u64, Ordering::Relaxed);
    }

    fn delete(&mut self, below: ReceiptId, limit: u32) -> Result<u64, String> {
        let Some(connection) = &self.connection else {
            return Err("it can't write now".into());
        };
        connection
            .prepare_cached(
                "DELETE FROM receipts WHERE id IN
                 (SELECT id FROM receipts WHERE id < ?1 ORDER BY id LIMIT ?2)",
            )
            .and_then(|mut statement| statement.execute((row::integer(below.0), limit)))
            .map(|count| count as u64)
            .map_err(|error| self.explain(&error))
    }

    /// Logged once when trouble begins and once when it ends, not per batch.
    fn failed(&mut self, down: &LedgerDown) {
        if self.failing_since.is_none() {
            self.failing_since = Some(Instant::now());
            tracing::error!(reason = %down.0, "the ledger can't write; receipts wait in memory");
        }
        self.progress.set_error(Some(down.0.clone()));
    }

    fn recovered(&mut self) {
        if let Some(since) = self.failing_since.take() {
            tracing::info!(
                after_ms = since.elapsed().as_millis() as u64,
                "the ledger writes again"
            );
            self.progress.set_error(None);
        }
    }

    fn explain(&self, error: &rusqlite::Error) -> String {
        let path = self.path.display();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => format!("the disk is full; make room for {path}"),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                format!("another program keeps {path} locked; end its transaction")
            }
            Some(ErrorCode::ReadOnly) => format!("{path} is read-only; make it writable"),
            _ => format!("{path}: {error}"),
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}
