//! How the store is, in words for the panel and for whoever is refused.

use std::io;
use std::path::PathBuf;

/// What the store is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiskState {
    /// It reads what an earlier run left.
    Opening,
    /// It serves.
    Serving,
    /// It has nothing and keeps nothing.
    Off {
        /// Why, and what follows.
        reason: String,
    },
}

/// How the store is, for the panel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskHealth {
    /// What it is doing.
    pub state: DiskState,
    /// Bytes on disk when it looked last.
    pub bytes: u64,
    /// Values that were not kept: too many at once, or too large.
    pub dropped: u64,
    /// Reads that were not waited for any longer.
    pub late: u64,
    /// Folders that were found damaged and set aside.
    pub damaged: u64,
    /// Threads that are stuck in the store now.
    pub abandoned: u32,
}

impl DiskHealth {
    /// That of a store that holds nothing.
    pub(crate) fn of(state: DiskState) -> DiskHealth {
        DiskHealth {
            state,
            bytes: 0,
            dropped: 0,
            late: 0,
            damaged: 0,
            abandoned: 0,
        }
    }

    /// There is none, for this reason.
    pub(crate) fn off(reason: &str) -> DiskHealth {
        DiskHealth::of(DiskState::Off {
            reason: reason.to_owned(),
        })
    }
}

/// The store can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum DiskCacheError {
    /// Another process has the folder.
    #[error("another Signalbox ({}) keeps its cache in {}; stop it, or name another data folder with --data-dir",
        .pid.map_or("process unknown".to_owned(), |pid| format!("process {pid}")), .folder.display())]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// The process, where it said so.
        pid: Option<u32>,
    },
    /// The folder can't be made or opened.
    #[error("the cache's folder {} can't be used: {error}", .folder.display())]
    Unusable {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}
