//! Retention: what is deleted, when, and in which steps.
//!
//! Promises: new receipts never wait for more than one small step. The keeper
//! finds out on a reader's connection what is too old, because counting a
//! million rows takes a while, and asks the writer to delete a few at a time.

use std::io;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use engine::ReceiptId;

use super::read::Readers;
use super::schema::LedgerError;
use super::writer::Message;

/// Rows deleted at once, about a millisecond of the writer's time.
const STEP: u32 = 256;
/// After the start, so that a start is not slowed by it.
const FIRST: Duration = Duration::from_secs(60);
const EVERY: Duration = Duration::from_secs(3_600);

/// What the ledger keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Receipts older than this go.
    pub keep: Duration,
    /// Beyond this many, the oldest go.
    pub max_rows: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Retention {
            keep: Duration::from_secs(90 * 24 * 3_600),
            max_rows: 1_000_000,
        }
    }
}

/// The thread that prunes every hour.
pub(super) struct Keeper {
    hang_up: mpsc::SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Keeper {
    pub(super) fn start(
        readers: Readers,
        queue: mpsc::Sender<Message>,
        retention: Arc<Mutex<Retention>>,
    ) -> io::Result<Keeper> {
        let (hang_up, inbox) = mpsc::sync_channel::<()>(0);
        let thread = std::thread::Builder::new()
            .name("ledger-keeper".into())
            .spawn(move || {
                let mut pause = FIRST;
                while inbox.recv_timeout(pause) == Err(mpsc::RecvTimeoutError::Timeout) {
                    pause = EVERY;
                    let retention = *retention.lock().unwrap_or_else(PoisonError::into_inner);
                    match prune(&readers, &queue, retention) {
                        Ok(0) => {}
                        Ok(count) => tracing::info!(receipts = count, "old receipts deleted"),
                        Err(error) => tracing::warn!(%error, "old receipts could not be deleted"),
                    }
                }
            })?;
        Ok(Keeper { hang_up, thread })
    }

    /// Ends the thread. One that is pruning ends with the writer, and is not
    /// waited for.
    pub(super) fn stop(self) {
        drop(self.hang_up);
        if self.thread.is_finished() {
            let _ = self.thread.join();
        }
    }
}

/// Deletes what the retention doesn't keep. Returns how many.
pub(super) fn prune(
    readers: &Readers,
    queue: &mpsc::Sender<Message>,
    retention: Retention,
) -> Result<u64, LedgerError> {
    let below = cutoff(readers, retention)?;
    let mut total = 0;
    loop {
        let (done, answer) = mpsc::sync_channel(1);
        let closed = || readers.unusable(&"it is closed");
        queue
            .send(Message::Delete {
                below,
                limit: STEP,
                done,
            })
            .map_err(|_| closed())?;
        let count = answer
            .recv()
            .map_err(|_| closed())?
            .map_err(|reason| readers.unusable(&reason))?;
        total += count;
        if count < u64::from(STEP) {
            return Ok(total);
        }
    }
}

/// The first receipt to keep.
fn cutoff(readers: &Readers, retention: Retention) -> Result<ReceiptId, LedgerError> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let by_age = ReceiptId::at(now.saturating_sub(retention.keep).as_millis() as u64);
    let by_count = match retention.max_rows.checked_sub(1) {
        Some(skip) => readers.newest(skip)?,
        None => Some(ReceiptId(i64::MAX as u64)),
    };
    Ok(by_count.map_or(by_age, |by_count| by_age.max(by_count)))
}
