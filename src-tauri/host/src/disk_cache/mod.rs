//! Answers on disk: the store of the cache's second tier.
//!
//! Promises: nobody waits for it longer than [`DiskLimits::patience`]. sled does the keeping and is
//! trusted with nothing: it has a thread of its own, gets its writes at a measured pace, and lives in
//! folders that are dropped as a whole. A store that is stuck is left with its thread, and another
//! begins in a new folder; a damaged one is set aside; on a full disk there is none for a while. The
//! proxy serves on, and [`DiskCache::health`] says what happened. One process at a time has the
//! folder: another is refused by the name of the first.
//!
//! Leaves out: what the values are (`cache`: sealed entries, so that a wrong one is found out), and
//! any promise that something is there: everything here can be lost at any time.
//!
//! Bounds: 64 reads and 256 writes or 32 MiB wait; 200 writes and 8 MiB a second; 16 MiB a value; two
//! folders within [`DiskLimits::bytes`]; three threads that are stuck.

mod desk;
mod generations;
mod health;
mod pace;
mod shelf;
#[cfg(test)]
mod tests;
mod worker;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use cache::{Fingerprint, Store};

pub use health::{DiskCacheError, DiskHealth, DiskState};

use desk::Desk;
use generations::Generations;
use shelf::{Shelves, Sled};
use worker::Worker;

use crate::folder::make_private;
use crate::lock::{Claim, NotClaimed};

/// The longest value that is kept, in bytes.
const LARGEST: usize = 16 << 20;
/// Threads that are stuck at most; then the disk is done without.
const MOST_ABANDONED: u32 = 3;
/// How long closing waits for what is still to be written.
const CLOSING: Duration = Duration::from_secs(2);

/// How much is kept, how long, and how long it is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskLimits {
    /// Bytes on disk, measured there every second: both folders together.
    pub bytes: u64,
    /// A folder is left for a new one when it is so old. Values are of use for so long, and are gone
    /// after twice as long.
    pub lifetime: Duration,
    /// How long a read waits.
    pub patience: Duration,
    /// A call that takes so long will not come back.
    pub stuck: Duration,
}

impl Default for DiskLimits {
    /// 256 MiB; five minutes; a tenth of a second; five seconds.
    fn default() -> Self {
        DiskLimits {
            bytes: 256 << 20,
            lifetime: Duration::from_secs(300),
            patience: Duration::from_millis(100),
            stuck: Duration::from_secs(5),
        }
    }
}

/// The store. Share it in an `Arc`; the last one to go waits up to two seconds for what is still to
/// be written.
pub struct DiskCache {
    shared: Arc<Shared>,
    shelves: Arc<dyn Shelves>,
    limits: DiskLimits,
    folder: PathBuf,
    key_name: String,
    staff: Mutex<Staff>,
    _claim: Claim,
}

/// What the handle and its workers share.
struct Shared {
    desk: Desk,
    state: ArcSwap<DiskState>,
    bytes: AtomicU64,
    dropped: AtomicU64,
    late: AtomicU64,
    damaged: AtomicU64,
    abandoned: AtomicU32,
    /// What an earlier run left has been opened, or tried to.
    opened: AtomicBool,
}

/// Who works now.
struct Staff {
    number: u64,
    busy: Arc<Busy>,
    /// Hung up by the worker when it goes.
    gone: Receiver<()>,
}

/// Since when a worker has been in one call.
struct Busy {
    epoch: Instant,
    /// Milliseconds since the epoch, and one; zero when it is in none.
    since: AtomicU64,
}

impl DiskCache {
    /// Takes the folder, and begins to open what is in it on a thread of its own: until that is done
    /// there is nothing. `key_name` is the name of the key that values are sealed with
    /// (`cache::SealKey::name`); what was kept under another is deleted.
    ///
    /// # Errors
    /// When another process has the folder, or it can't be made.
    pub fn open(
        folder: &Path,
        key_name: &str,
        limits: DiskLimits,
    ) -> Result<DiskCache, DiskCacheError> {
        DiskCache::open_with(folder, key_name, limits, Arc::new(Sled))
    }

    fn open_with(
        folder: &Path,
        key_name: &str,
        limits: DiskLimits,
        shelves: Arc<dyn Shelves>,
    ) -> Result<DiskCache, DiskCacheError> {
        let unusable = |error| DiskCacheError::Unusable {
            folder: folder.to_owned(),
            error,
        };
        make_private(folder).map_err(unusable)?;
        let claim = Claim::take(&folder.join("cache.lock")).map_err(|refused| match refused {
            NotClaimed::Held(pid) => DiskCacheError::InUse {
                folder: folder.to_owned(),
                pid,
            },
            NotClaimed::Unusable(error) => unusable(error),
        })?;
        let shared = Arc::new(Shared {
            desk: Desk::default(),
            state: ArcSwap::from_pointee(DiskState::Opening),
            bytes: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            late: AtomicU64::new(0),
            damaged: AtomicU64::new(0),
            abandoned: AtomicU32::new(0),
            opened: AtomicBool::new(false),
        });
        let new = DiskCache {
            shared,
            shelves,
            limits,
            folder: folder.to_owned(),
            key_name: key_name.to_owned(),
            staff: Mutex::new(Staff::none()),
            _claim: claim,
        };
        new.employ(&mut new.staff()).map_err(unusable)?;
        Ok(new)
    }

    /// How it is. Doesn't wait.
    pub fn health(&self) -> DiskHealth {
        let Shared {
            desk: _,
            state,
            bytes,
            dropped,
            late,
            damaged,
            abandoned,
            opened: _,
        } = &*self.shared;
        DiskHealth {
            state: state.load().as_ref().clone(),
            bytes: bytes.load(Ordering::Relaxed),
            dropped: dropped.load(Ordering::Relaxed),
            late: late.load(Ordering::Relaxed),
            damaged: damaged.load(Ordering::Relaxed),
            abandoned: abandoned.load(Ordering::Relaxed),
        }
    }

    /// Not while it opens, or is known to be of no use.
    fn serves(&self) -> bool {
        matches!(**self.shared.state.load(), DiskState::Serving)
    }

    /// Puts another worker in the place of one that is stuck, as often as is allowed.
    fn look_after(&self) {
        let mut staff = self.staff();
        if staff.busy.lasts() < self.limits.stuck {
            return;
        }
        let abandoned = self.shared.abandoned.load(Ordering::Relaxed);
        if abandoned >= MOST_ABANDONED {
            self.shared.set_state(DiskState::Off {
                reason: format!(
                    "the store has hung {abandoned} times and is left alone; answers are kept in memory alone \
                     until Signalbox is started again"
                ),
            });
            return;
        }
        tracing::warn!(
            seconds = staff.busy.lasts().as_secs(),
            "the cache on disk hangs: it is left, and another is begun"
        );
        self.shared.abandoned.fetch_add(1, Ordering::Relaxed);
        self.shared.set_state(DiskState::Opening);
        if let Err(error) = self.employ(&mut staff) {
            tracing::warn!(%error, "no thread for another cache on disk");
        }
    }

    fn employ(&self, staff: &mut Staff) -> io::Result<()> {
        let number = staff.number + 1;
        let busy = Arc::new(Busy::new());
        let (hang_up, gone) = mpsc::sync_channel(0);
        let worker = Worker {
            shared: Arc::clone(&self.shared),
            number,
            busy: Arc::clone(&busy),
            generations: Generations::new(
                &self.folder,
                &self.key_name,
                Arc::clone(&self.shelves),
                self.limits.bytes,
                self.limits.lifetime,
            ),
        };
        self.shared.desk.hand_over(number);
        std::thread::Builder::new()
            .name("cache-disk".into())
            .spawn(move || {
                worker.run();
                drop::<mpsc::SyncSender<()>>(hang_up);
            })?;
        *staff = Staff { number, busy, gone };
        Ok(())
    }

    fn staff(&self) -> std::sync::MutexGuard<'_, Staff> {
        self.staff.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for DiskCache {
    fn read(&self, key: &Fingerprint) -> Option<Vec<u8>> {
        if !self.serves() {
            self.look_after();
            return None;
        }
        if let Some(value) = self.shared.desk.waiting(key.bytes()) {
            return Some(value);
        }
        let (answer, told) = mpsc::sync_channel(1);
        if !self.shared.desk.read(*key.bytes(), answer) {
            self.shared.late.fetch_add(1, Ordering::Relaxed);
            self.look_after();
            return None;
        }
        match told.recv_timeout(self.limits.patience) {
            Ok(value) => value,
            Err(RecvTimeoutError::Timeout) => {
                self.shared.late.fetch_add(1, Ordering::Relaxed);
                self.look_after();
                None
            }
            // Its worker failed or was dismissed.
            Err(RecvTimeoutError::Disconnected) => None,
        }
    }

    fn write(&self, key: &Fingerprint, value: Vec<u8>) -> bool {
        let is_taken =
            self.serves() && value.len() <= LARGEST && self.shared.desk.write(*key.bytes(), value);
        if !is_taken {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
            self.look_after();
        }
        is_taken
    }

    fn purge(&self) {
        self.shared.desk.purge();
    }
}

impl Drop for DiskCache {
    fn drop(&mut self) {
        self.shared.desk.close();
        let _ = self.staff().gone.recv_timeout(CLOSING);
    }
}

impl Shared {
    fn set_state(&self, state: DiskState) {
        self.state.store(Arc::new(state));
    }
}

impl Staff {
    fn none() -> Staff {
        Staff {
            number: 0,
            busy: Arc::new(Busy::new()),
            gone: mpsc::sync_channel(0).1,
        }
    }
}

impl Busy {
    fn new() -> Busy {
        Busy {
            epoch: Instant::now(),
            since: AtomicU64::new(0),
        }
    }

    fn begin(&self) {
        self.since.store(self.now() + 1, Ordering::Relaxed);
    }

    fn end(&self) {
        self.since.store(0, Ordering::Relaxed);
    }

    /// How long the call under way has taken.
    fn lasts(&self) -> Duration {
        match self.since.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            since => Duration::from_millis((self.now() + 1).saturating_sub(since)),
        }
    }

    fn now(&self) -> u64 {
        self.epoch.elapsed().as_millis() as u64
    }
}

impl std::fmt::Debug for DiskCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DiskCache")
            .field("folder", &self.folder)
            .field("health", &self.health())
            .finish_non_exhaustive()
    }
}
