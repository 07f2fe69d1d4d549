//! The tables, by version. What the columns mean is told in docs/ledger.md.
//!
//! Promises: a file is migrated in one transaction or not at all, and one that
//! this build doesn't know is refused before anything in it was changed.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

/// Each entry takes the file from the version of its index to the next. Entries
/// are never edited once released: somebody's file has been through them.
const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE receipts (
        id               INTEGER PRIMARY KEY,
        started_ms       INTEGER NOT NULL,
        client           TEXT,
        endpoint         TEXT,
        requested_model  TEXT,
        alias            TEXT,
        provider         TEXT,
        model            TEXT,
        model_version    TEXT,
        status           INTEGER NOT NULL,
        ending           TEXT NOT NULL,
        input            INTEGER NOT NULL,
        cache_read       INTEGER NOT NULL,
        cache_write      INTEGER NOT NULL,
        cache_write_long INTEGER NOT NULL,
        output           INTEGER NOT NULL,
        reasoning        INTEGER NOT NULL,
        usage_basis      TEXT NOT NULL,
        cost_nano_usd    INTEGER NOT NULL,
        cost_basis       TEXT NOT NULL,
        price_version    TEXT,
        ttft_us          INTEGER,
        total_us         INTEGER NOT NULL,
        detail           TEXT NOT NULL
    ) STRICT;
",
    // What providers' prompt caches saved, so that a day's sum reads no JSON.
    "
    ALTER TABLE receipts ADD COLUMN cache_saved_nano_usd INTEGER NOT NULL DEFAULT 0;
",
    // What tools saved, for the same reason.
    "
    ALTER TABLE receipts ADD COLUMN tool_saved_nano_usd INTEGER NOT NULL DEFAULT 0;
",
];

/// `SBOX`: `file` and other tools can tell what the file is.
const APPLICATION_ID: i64 = 0x5342_4f58;

/// The ledger can't be opened or asked.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Written by a newer Signalbox.
    #[error(
        "the ledger {path} was written by a newer Signalbox (its version is {found}, this build \
         knows {known}); nothing was changed. Update Signalbox, or move the file away to begin a \
         new ledger"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// A SQLite file of somebody else.
    #[error(
        "{path} is not a ledger of Signalbox; nothing was changed. Move it away to begin a new \
         ledger"
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// It could not be opened, read or written.
    #[error("the ledger {path} can't be used: {reason}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What SQLite or the system said.
        reason: String,
    },
}

impl LedgerError {
    pub(super) fn unusable(path: &Path, error: &dyn Display) -> LedgerError {
        LedgerError::Unusable {
            path: path.to_owned(),
            reason: error.to_string(),
        }
    }
}

/// Looks at a file before anything is written to it.
pub(super) fn inspect(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let unusable = |error: rusqlite::Error| LedgerError::unusable(path, &error);
    let found = version(connection).map_err(unusable)?;
    let known = MIGRATIONS.len() as i64;
    let id: i64 = connection
        .query_row("PRAGMA application_id", [], |row| row.get(0))
        .map_err(unusable)?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(unusable)?;
    let new = tables == 0 && found == 0;
    if !new && id != APPLICATION_ID {
        return Err(LedgerError::Foreign {
            path: path.to_owned(),
        });
    }
    if found > known {
        return Err(LedgerError::Newer {
            path: path.to_owned(),
            found,
            known,
        });
    }
    Ok(())
}

/// Brings the tables to this build's version.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let from = version(connection)?;
    for (index, step) in MIGRATIONS.iter().enumerate().skip(from as usize) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", index as i64 + 1)?;
        transaction.commit()?;
    }
    Ok(())
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}
