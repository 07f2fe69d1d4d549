//! Opening the ledger's file, for the one writer and for readers.
//!
//! Promises: a file that isn't ours is found out before SQLite may write to it.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::schema::{self, LedgerError};
use crate::folder::{make_private, private_file};

/// How long SQLite itself waits for another process, such as a person's query
/// tool, that has the file locked.
const BUSY: Duration = Duration::from_secs(2);

/// The writer's connection, with tables of this build's version.
pub(super) fn open(path: &Path) -> Result<Connection, LedgerError> {
    if let Some(folder) = path.parent() {
        make_private(folder).map_err(|error| LedgerError::unusable(path, &error))?;
    }
    // SQLite would make it readable to everybody; its WAL takes the same mode.
    private_file(path).map_err(|error| LedgerError::unusable(path, &error))?;
    schema::inspect(&open_to_read(path)?, path)?;
    prepare(path).map_err(|error| LedgerError::unusable(path, &error))
}

fn prepare(path: &Path) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "normal")?;
    // The WAL is copied into the file by the writer's own commits, every 4 MiB. A
    // thread of its own for that was tried: both wait for the same disk, and the
    // longest wait became no shorter (examples/ledger_cost.rs).
    //
    // After a burst the WAL shrinks back to this at the next checkpoint.
    connection.pragma_update(None, "journal_size_limit", 16 * 1024 * 1024)?;
    schema::migrate(&mut connection)?;
    Ok(connection)
}

/// The writer's connection again, after an error. The file was looked at when it
/// was opened first; one that has vanished is an error here, not a new ledger.
pub(super) fn reopen(path: &Path) -> rusqlite::Result<Connection> {
    prepare(path)
}

/// A connection that can't change anything.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, LedgerError> {
    let open = || {
        let connection = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        connection.busy_timeout(BUSY)?;
        Ok::<_, rusqlite::Error>(connection)
    };
    open().map_err(|error| LedgerError::unusable(path, &error))
}
