//! This machine: the data folder, the keychain, the ledger, the config file and
//! the keys of our clients.
//!
//! Promises: it fulfils the needs that `engine` states ([`engine::Ledger`],
//! [`engine::Credentials`]) and the one that `cache` does (`Store`), and compiles the config into an
//! [`engine::Snapshot`]. A bad input is refused with what happened, where and
//! what to do, and whatever it would have replaced stays as it was.
//!
//! Leaves out: HTTP, routing decisions, and every choice of what to do with an
//! error. Nearly everything here blocks (files, SQLite, the keychain): call it
//! from `spawn_blocking`, except what says that it does not wait.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        reason = "a test that can't go on stops with a backtrace"
    )
)]

mod answers;
mod clients;
mod config;
mod disk_cache;
mod examinations;
mod folder;
mod ledger;
mod lock;
mod sensors;
mod vault;
mod versions;
mod watch;
mod whole_file;

pub use answers::AnswersOnDisk;
pub use clients::{ClientInfo, ClientKeys, ClientsError};
pub use config::{
    CacheConfig, Compiled, ConfigError, ConfigFile, Grant, GrantKind, LedgerConfig, ListenConfig,
    ProviderEdit, RuleEdit, ServerEdit, ToolsEdit,
};
pub use disk_cache::{DiskCache, DiskCacheError, DiskHealth, DiskLimits, DiskState};
pub use examinations::{Examinations, ExaminationsError};
pub use folder::{DataFolder, FolderError};
pub use ledger::{
    LedgerError, LedgerHealth, ProviderTotals, ReceiptFilter, Retention, SqliteLedger, Totals,
};
pub use sensors::{Sensors, sense};
pub use vault::{EnvironmentKey, StoreState, Vault, VaultError, environment_keys};
pub use versions::VersionsFile;
pub use watch::{Changed, Watch, WatchError, watch};
