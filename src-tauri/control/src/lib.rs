//! The one control API: a table of operations with their inputs, outputs,
//! errors and cache tags.
//!
//! Promises: every carrier (the window's bridge, HTTP, the command line) enters
//! through [`Control::call`] and knows no operation by name; no answer can hold a
//! provider's key.
//!
//! Leaves out: HTTP, the window, and who is allowed to call.

mod clients;
mod configuration;
mod convert;
mod doctor;
mod drain;
mod failure;
mod health;
mod kept;
mod overview;
mod providers;
mod requests;
mod shown;
mod table;
mod tools;
mod typescript;
mod versions;
mod watch;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use engine::Engine;
use host::{AnswersOnDisk, ClientKeys, Examinations, SqliteLedger, Vault};
use routing::Catalogue;
use tokio::sync::broadcast;

pub use configuration::Configuration;
pub use doctor::heed;
pub use failure::{Code, Failure};
pub use shown::*;
pub use table::OPERATIONS;
pub use typescript::typescript;
pub use watch::Watch;

/// What an operation does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Reads.
    Query,
    /// Changes something.
    Mutation,
}

/// A line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// As it is called.
    pub name: &'static str,
    /// Reads or changes.
    pub kind: Kind,
    /// For a query: read again when one of these changed. For a mutation: what it changes.
    pub tags: &'static [Tag],
}

/// The parts the operations work on, brought together by `server::boot`.
pub struct Parts {
    /// The data plane.
    pub engine: Engine,
    /// Receipts.
    pub ledger: Arc<SqliteLedger>,
    /// Provider keys.
    pub vault: Arc<Vault>,
    /// The disk below the kept answers.
    pub answers: Arc<AnswersOnDisk>,
    /// Client keys.
    pub clients: Arc<ClientKeys>,
    /// The config file and what runs of it.
    pub configuration: Arc<Configuration>,
    /// What the doctor found.
    pub examinations: Arc<Examinations>,
    /// What is known of providers.
    pub catalogue: Arc<Catalogue>,
    /// Where we listen.
    pub addresses: Vec<SocketAddr>,
    /// The key made at the very first start.
    pub first_key: Option<FreshClientKey>,
}

/// The control API. Cheap to clone.
#[derive(Clone)]
pub struct Control {
    parts: Arc<Parts>,
    first_key: Arc<Mutex<Option<FreshClientKey>>>,
    tags: broadcast::Sender<Tag>,
}

impl Control {
    /// The API over these parts.
    pub fn new(mut parts: Parts) -> Control {
        let first_key = Arc::new(Mutex::new(parts.first_key.take()));
        Control {
            parts: Arc::new(parts),
            first_key,
            tags: broadcast::channel(64).0,
        }
    }

    /// Events for one panel.
    pub fn watch(&self) -> Watch {
        Watch::new(&self.parts.engine, self.tags.subscribe())
    }

    /// Tells every panel to read these again; called when something changed
    /// behind the API, such as a file on disk.
    pub fn changed(&self, tags: &[Tag]) {
        for tag in tags {
            // Fails only when no panel is open.
            let _ = self.tags.send(*tag);
        }
    }
}

/// Runs what blocks (files, SQLite, the keychain) off the async threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Failure::unavailable)
}
