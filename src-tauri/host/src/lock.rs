//! A lock between processes, for a file that the server and a command may
//! change at the same moment.
//!
//! Promises: it ends with its holder, even when that is killed. Leaves out:
//! fairness; it is held for milliseconds.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::folder::private_file;

/// How long a change waits for another process to finish its own.
const PATIENCE: Duration = Duration::from_secs(10);

/// Held until dropped.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "the open file is the lock")] File);

impl Lock {
    /// Takes the lock on the file at `path`, which holds nothing and stays.
    /// Blocks up to [`PATIENCE`].
    pub(crate) fn take(path: &Path) -> io::Result<Lock> {
        let file = private_file(path)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock(file)),
                Err(TryLockError::Error(error)) => return Err(error),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(io::Error::new(
                        io::ErrorKind::TimedOut,
                        format!(
                            "another Signalbox process has held {} for {} s",
                            path.display(),
                            PATIENCE.as_secs()
                        ),
                    ));
                }
            }
        }
    }
}
