//! One folder of values: sled behind four calls.
//!
//! Promises: says whether a failure is damage, a full disk, or a lock that will be let go. Nothing of
//! sled is known elsewhere. Leaves out: everything that sled can't be trusted with: it may hang in
//! any of these calls, for good (`worker`), and its folder may grow without measure (`generations`).
//!
//! sled keeps nothing back by itself here: it is flushed by whoever owns the shelf, on their thread.

use std::io;
use std::path::Path;

/// Values by key in one folder. Any call may hang.
pub(super) trait Shelf: Send {
    fn get(&self, key: &[u8; 32]) -> Result<Option<Vec<u8>>, ShelfError>;
    fn put(&self, key: &[u8; 32], value: Vec<u8>) -> Result<(), ShelfError>;
    /// Brings to the disk what was put.
    fn flush(&self) -> Result<(), ShelfError>;
}

/// Opens shelves. A trait so that tests can have one that hangs.
pub(super) trait Shelves: Send + Sync + 'static {
    /// The shelf in a folder, which is made when it is not there.
    fn open(&self, folder: &Path) -> Result<Box<dyn Shelf>, ShelfError>;
}

/// Why a shelf did not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ShelfError {
    /// Somebody holds its lock; one that was closed a moment ago may still do.
    Held,
    /// What lies in the folder is not what was put there.
    Damaged(String),
    /// The disk is full.
    Full,
    /// Anything else.
    Failed(String),
}

/// The pages that sled keeps in memory for each folder, in bytes.
const PAGES: u64 = 8 << 20;

/// Shelves of sled.
pub(super) struct Sled;

impl Shelves for Sled {
    fn open(&self, folder: &Path) -> Result<Box<dyn Shelf>, ShelfError> {
        let db = sled::Config::new()
            .path(folder)
            .cache_capacity(PAGES)
            .mode(sled::Mode::LowSpace)
            // Not on a thread that nobody watches.
            .flush_every_ms(None)
            .open()
            .map_err(explain)?;
        Ok(Box::new(db))
    }
}

impl Shelf for sled::Db {
    fn get(&self, key: &[u8; 32]) -> Result<Option<Vec<u8>>, ShelfError> {
        let value = sled::Tree::get(self, key).map_err(explain)?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn put(&self, key: &[u8; 32], value: Vec<u8>) -> Result<(), ShelfError> {
        self.insert(key, value).map(drop).map_err(explain)
    }

    fn flush(&self) -> Result<(), ShelfError> {
        sled::Tree::flush(self).map(drop).map_err(explain)
    }
}

fn explain(error: sled::Error) -> ShelfError {
    match error {
        sled::Error::Corruption { .. } => ShelfError::Damaged(error.to_string()),
        sled::Error::Unsupported(what) => ShelfError::Damaged(what),
        sled::Error::Io(error) => explain_io(&error),
        other => ShelfError::Failed(other.to_string()),
    }
}

fn explain_io(error: &io::Error) -> ShelfError {
    let text = error.to_string();
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ShelfError::Full,
        // sled wraps the system's word in a text.
        _ if text.contains("could not acquire lock") => ShelfError::Held,
        _ if text.contains("No space left") => ShelfError::Full,
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => ShelfError::Damaged(text),
        _ => ShelfError::Failed(text),
    }
}
