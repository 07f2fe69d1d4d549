//! Locks between processes: for a file that the server and a command may change
//! at the same moment ([`Lock`]), and for what belongs to one process as long as
//! it lives ([`Claim`]).
//!
//! Promises: both end with their holder, even when that is killed. Leaves out:
//! fairness; the first is held for milliseconds.

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

/// Held for the life of a process. Whoever is refused is told who has it.
#[derive(Debug)]
pub(crate) struct Claim(#[expect(dead_code, reason = "the open file is the lock")] File);

/// Why a claim was refused.
#[derive(Debug)]
pub(crate) enum NotClaimed {
    /// This process has it, where it could say so.
    Held(Option<u32>),
    /// The file can't be made or locked.
    Unusable(io::Error),
}

impl Claim {
    /// Takes the lock on the file at `path`, which holds nothing and stays, or
    /// tells who has it. The number of the process is in a file beside it: not
    /// every system lets a locked file be read.
    pub(crate) fn take(path: &Path) -> Result<Claim, NotClaimed> {
        let file = private_file(path).map_err(NotClaimed::Unusable)?;
        let pid_path = path.with_extension("pid");
        match file.try_lock() {
            Ok(()) => {
                // Only for the words of a refusal.
                let _ = std::fs::write(pid_path, std::process::id().to_string());
                Ok(Claim(file))
            }
            Err(TryLockError::WouldBlock) => {
                let pid = std::fs::read_to_string(pid_path).ok();
                Err(NotClaimed::Held(
                    pid.and_then(|pid| pid.trim().parse().ok()),
                ))
            }
            Err(TryLockError::Error(error)) => Err(NotClaimed::Unusable(error)),
        }
    }
}
