//! The ledger: every receipt, in one SQLite file that people may query.
//!
//! Promises: a receipt that was answered for survives `kill -9`, and no receipt
//! is counted twice, whatever is retried. One thread writes; everybody else
//! hands it receipts and never waits for the disk.
//!
//! What can be lost: the file is in WAL mode with `synchronous = NORMAL`. A
//! commit is in the system's page cache, which outlives this process but not
//! the power: a power cut or a crash of the system can take the last commits
//! (seconds, at most what came since the last checkpoint). It can't damage the
//! file. Waiting for the disk on each reply would cost milliseconds each time.
//!
//! Leaves out: what a receipt means (`engine`), and prices (`routing`).

mod answers;
mod connection;
mod keeper;
mod read;
mod row;
mod schema;
mod totals;
mod writer;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use engine::{BACKLOG_LIMIT, Ledger, LedgerDown, Receipt, Recorded};
use tokio::sync::oneshot;

pub use keeper::Retention;
pub use read::ReceiptFilter;
pub use schema::LedgerError;
pub use totals::{ProviderTotals, Totals};
pub use writer::LedgerHealth;

use read::Readers;
use writer::{Message, Progress, Writer};

/// The hard end of the queue. The engine refuses new exchanges at
/// [`BACKLOG_LIMIT`]; those under way may still add theirs.
const QUEUE_LIMIT: usize = 2 * BACKLOG_LIMIT;

/// The ledger in a SQLite file. A handle: clones share the file and the thread,
/// and the last one to go flushes what is queued.
#[derive(Clone)]
pub struct SqliteLedger {
    shared: Arc<Shared>,
}

struct Shared {
    queue: mpsc::Sender<Message>,
    queued: Arc<AtomicUsize>,
    progress: Arc<Progress>,
    readers: Readers,
    retention: Arc<Mutex<Retention>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    /// Hung up on to end the keeper.
    keeper: Mutex<Option<keeper::Keeper>>,
}

impl SqliteLedger {
    /// Opens the file, makes or migrates its tables, and starts the writer.
    /// A file of a newer Signalbox, or of something else, is refused untouched.
    pub fn open(path: &Path, retention: Retention) -> Result<SqliteLedger, LedgerError> {
        let connection = connection::open(path)?;
        let (queue, inbox) = mpsc::channel();
        let queued = Arc::new(AtomicUsize::new(0));
        let progress = Arc::new(Progress::default());
        let writer = Writer::new(
            path.to_owned(),
            connection,
            inbox,
            Arc::clone(&queued),
            Arc::clone(&progress),
        );
        let thread = std::thread::Builder::new()
            .name("ledger-writer".into())
            .spawn(move || writer.run())
            .map_err(|error| LedgerError::unusable(path, &error))?;
        let readers = Readers::new(path.to_owned());
        let retention = Arc::new(Mutex::new(retention));
        let keeper = keeper::Keeper::start(readers.clone(), queue.clone(), Arc::clone(&retention))
            .map_err(|error| LedgerError::unusable(path, &error))?;
        Ok(SqliteLedger {
            shared: Arc::new(Shared {
                queue,
                queued,
                progress,
                readers,
                retention,
                writer: Mutex::new(Some(thread)),
                keeper: Mutex::new(Some(keeper)),
            }),
        })
    }

    /// Whether it can write, for the panel. Doesn't wait.
    pub fn health(&self) -> LedgerHealth {
        self.shared.progress.health()
    }

    /// What the hourly clean-up keeps from now on.
    pub fn set_retention(&self, retention: Retention) {
        *self
            .shared
            .retention
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = retention;
    }

    /// Deletes receipts older than `keep`, and the oldest beyond `max_rows`, in
    /// small steps between which new receipts are written. Returns how many.
    /// Blocks. Also done every hour with the retention of the config.
    pub fn prune(&self, keep: Duration, max_rows: u64) -> Result<u64, LedgerError> {
        keeper::prune(
            &self.shared.readers,
            &self.shared.queue,
            Retention { keep, max_rows },
        )
    }

    /// Writes everything that is queued and ends the writer, though other
    /// handles remain; receipts they bring later are answered with an error.
    /// Blocks until the file is closed.
    pub fn close(self) {
        self.shared.finish();
    }
}

impl Ledger for SqliteLedger {
    fn record(&self, receipt: Box<Receipt>) -> Recorded {
        let (answer, recorded) = oneshot::channel();
        let shared = &self.shared;
        if shared.queued.fetch_add(1, Ordering::Relaxed) >= QUEUE_LIMIT {
            shared.queued.fetch_sub(1, Ordering::Relaxed);
            shared.progress.lost(1);
            let _ = answer.send(Err(LedgerDown(format!(
                "{QUEUE_LIMIT} receipts are waiting for the disk already"
            ))));
            return recorded;
        }
        let sent = shared.queue.send(Message::Record(receipt, answer));
        if let Err(mpsc::SendError(Message::Record(_, answer))) = sent {
            shared.queued.fetch_sub(1, Ordering::Relaxed);
            shared.progress.lost(1);
            shared.progress.ended();
            let _ = answer.send(Err(LedgerDown("it is closed".into())));
        }
        recorded
    }

    fn backlog(&self) -> usize {
        self.shared.queued.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn finish(&self) {
        let keeper = self
            .keeper
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(keeper) = keeper {
            keeper.stop();
        }
        // Behind everything queued so far. An error means that it has ended.
        let _ = self.queue.send(Message::Close);
        let thread = self
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the ledger's writer panicked; see the lines before this one");
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.finish();
    }
}

impl std::fmt::Debug for SqliteLedger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteLedger")
            .field("backlog", &self.backlog())
            .finish_non_exhaustive()
    }
}
