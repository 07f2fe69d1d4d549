//! Kept answers on this machine's disk: opened beside the start, and how that went.
//!
//! Promises: whatever is wrong with the disk or the keychain, answers are kept in memory, and a person is told
//! why there is no disk. Leaves out the store itself (`disk_cache`).

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use cache::{Cache, Store};

use crate::config::CacheConfig;
use crate::disk_cache::{DiskCache, DiskHealth, DiskLimits, DiskState};
use crate::vault::Vault;

/// The disk below a cache, once it is known. Share it in an `Arc`.
#[derive(Debug, Default)]
pub struct AnswersOnDisk {
    opened: OnceLock<Result<Arc<DiskCache>, String>>,
    bytes: u64,
}

impl AnswersOnDisk {
    /// Not opened yet.
    pub fn new(config: &CacheConfig) -> AnswersOnDisk {
        AnswersOnDisk {
            opened: OnceLock::new(),
            bytes: config.disk_bytes,
        }
    }

    /// Opens it below `cache`, where the config wants one. Blocks, as long as somebody needs to answer the
    /// keychain's prompt.
    pub fn open(&self, cache: &Cache, folder: &Path, vault: &Vault, longest: Duration) {
        if self.bytes == 0 {
            return;
        }
        let opened = self.opened.get_or_init(|| {
            let key = vault.seal_key().map_err(|error| error.to_string())?;
            let limits = DiskLimits {
                bytes: self.bytes,
                lifetime: longest.max(DiskLimits::default().lifetime),
                ..DiskLimits::default()
            };
            let store =
                DiskCache::open(folder, &key.name(), limits).map_err(|error| error.to_string())?;
            let store = Arc::new(store);
            cache.attach(Arc::clone(&store) as Arc<dyn Store>, key);
            Ok(store)
        });
        if let Err(error) = opened {
            tracing::error!(%error, "answers are kept in memory alone");
        }
    }

    /// The most that it takes, in bytes; 0 where there is none by the config.
    pub fn limit(&self) -> u64 {
        self.bytes
    }

    /// How it is.
    pub fn health(&self) -> DiskHealth {
        match self.opened.get() {
            Some(Ok(store)) => store.health(),
            Some(Err(reason)) => DiskHealth::off(reason),
            None if self.bytes == 0 => {
                DiskHealth::off("the config keeps nothing on disk (cache.disk_mib = 0)")
            }
            None => DiskHealth::of(DiskState::Opening),
        }
    }
}
