//! Values in folders that are dropped as a whole.
//!
//! Promises: two folders at most, the one that is written and the one before; each is left when it has
//! half of the room on disk, or when the values in it have had their time, and the older one is then
//! deleted. So nothing is ever swept value by value, and a folder that grows without measure (sled's
//! did, to 500 times of what was in it) is gone a second later. Folders of another key or format are
//! deleted unread; a damaged one is set aside, in place of the last one that was.
//! Leaves out: threads and time limits (`worker`).
//!
//! A folder is called after the key and the format, and numbered: `1a2b3c-7`.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::shelf::{Shelf, ShelfError, Shelves};
use crate::folder::make_private;

/// How long a lock is waited for that somebody has just let go.
const LINGERING: Duration = Duration::from_secs(2);
/// Where a damaged folder goes.
const ASIDE: &str = "damaged";
const UNREADABLE: &str = "the store broke off while it read its folder";

/// What is kept on disk.
pub(super) struct Generations {
    folder: PathBuf,
    key_name: String,
    shelves: Arc<dyn Shelves>,
    /// Bytes on disk, and how long values are of use.
    room: u64,
    lifetime: Duration,
    current: Option<Generation>,
    previous: Option<Generation>,
    last_number: u64,
}

struct Generation {
    path: PathBuf,
    shelf: Box<dyn Shelf>,
    began: Instant,
    is_empty: bool,
    is_flushed: bool,
}

/// A folder that was set aside, and why.
pub(super) type Aside = Option<String>;

impl Generations {
    pub(super) fn new(
        folder: &Path,
        key_name: &str,
        shelves: Arc<dyn Shelves>,
        room: u64,
        lifetime: Duration,
    ) -> Generations {
        Generations {
            folder: folder.to_owned(),
            key_name: key_name.to_owned(),
            shelves,
            room,
            lifetime,
            current: None,
            previous: None,
            last_number: 0,
        }
    }

    /// Opens what an earlier run left, and deletes what can't be of use.
    pub(super) fn open(&mut self) -> Result<Aside, ShelfError> {
        let mut numbers = self.sweep();
        self.last_number = numbers.last().copied().unwrap_or(0);
        let mut aside = None;
        let newest = numbers.pop();
        let before = numbers.pop();
        for number in numbers {
            delete(&self.path(number));
        }
        for number in [before, newest].into_iter().flatten() {
            match self.open_shelf(number) {
                Ok(generation) => self.put_first(generation),
                Err(ShelfError::Damaged(reason)) => {
                    self.set_aside(number);
                    aside = Some(reason);
                }
                // Its holder will not let go; it is deleted by the next run.
                Err(ShelfError::Held) => {}
                Err(other) => return Err(other),
            }
        }
        if self.current.is_none() {
            self.begin()?;
        }
        Ok(aside)
    }

    /// Begins a folder, whatever others hold. What an earlier worker may still be stuck in is deleted
    /// as far as the system lets it be.
    pub(super) fn open_anew(&mut self) -> Result<(), ShelfError> {
        let numbers = self.sweep();
        self.last_number = numbers.last().copied().unwrap_or(0);
        for number in numbers {
            delete(&self.path(number));
        }
        self.begin()
    }

    pub(super) fn get(&mut self, key: &[u8; 32]) -> Result<Option<Vec<u8>>, ShelfError> {
        for generation in [&self.current, &self.previous].into_iter().flatten() {
            if let Some(value) = generation.shelf.get(key)? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    pub(super) fn put(&mut self, key: &[u8; 32], value: Vec<u8>) -> Result<(), ShelfError> {
        let Some(current) = &mut self.current else {
            return Ok(());
        };
        (current.is_empty, current.is_flushed) = (false, false);
        current.shelf.put(key, value)
    }

    /// Flushes, measures, and leaves a folder that is full or old. Returns the bytes on disk.
    pub(super) fn look_after(&mut self, now: Instant) -> Result<u64, ShelfError> {
        self.flush()?;
        let Some(current) = &self.current else {
            return Ok(0);
        };
        let age = now.saturating_duration_since(current.began);
        let is_old = age > self.lifetime;
        if is_old && current.is_empty {
            // A new folder would be as empty.
            self.drop_previous();
        } else if is_old || bytes_in(&current.path) > self.room / 2 {
            self.begin()?;
        }
        let mut total = self.bytes();
        if total > self.room {
            self.drop_previous();
            total = self.bytes();
        }
        Ok(total)
    }

    /// Forgets everything, and begins anew.
    pub(super) fn purge(&mut self) -> Result<(), ShelfError> {
        // Whoever forgets does not want to find a part of it later.
        let _ = std::fs::remove_dir_all(self.folder.join(ASIDE));
        self.discard();
        self.begin()
    }

    /// Closes and deletes both folders.
    pub(super) fn discard(&mut self) {
        self.drop_previous();
        self.previous = self.current.take();
        self.drop_previous();
    }

    /// Sets aside what is damaged, and begins anew.
    pub(super) fn set_current_aside(&mut self) -> Result<(), ShelfError> {
        let number = self.last_number;
        // Closed first: not every system moves what is open.
        self.current = None;
        self.set_aside(number);
        self.discard();
        self.begin()
    }

    /// Brings to the disk what was put.
    pub(super) fn flush(&mut self) -> Result<(), ShelfError> {
        if let Some(current) = &mut self.current
            && !current.is_flushed
        {
            current.shelf.flush()?;
            current.is_flushed = true;
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<(), ShelfError> {
        self.last_number += 1;
        let next = self.open_shelf(self.last_number)?;
        self.drop_previous();
        self.put_first(next);
        Ok(())
    }

    fn put_first(&mut self, generation: Generation) {
        self.previous = self.current.replace(generation);
    }

    fn drop_previous(&mut self) {
        if let Some(previous) = self.previous.take() {
            let path = previous.path.clone();
            drop(previous);
            delete(&path);
        }
    }

    fn open_shelf(&self, number: u64) -> Result<Generation, ShelfError> {
        let path = self.path(number);
        let is_new = !path.exists();
        make_private(&path).map_err(|error| failed(&path, &error))?;
        let patience = Instant::now() + LINGERING;
        loop {
            // What it finds may be anything.
            let opened = catch_unwind(AssertUnwindSafe(|| self.shelves.open(&path)));
            match opened.unwrap_or_else(|_| Err(ShelfError::Damaged(UNREADABLE.to_owned()))) {
                Err(ShelfError::Held) if Instant::now() < patience => {
                    std::thread::sleep(Duration::from_millis(50));
                }
                Err(error) => return Err(error),
                Ok(shelf) => {
                    return Ok(Generation {
                        path,
                        shelf,
                        began: Instant::now(),
                        is_empty: is_new,
                        is_flushed: true,
                    });
                }
            }
        }
    }

    fn set_aside(&self, number: u64) {
        let aside = self.folder.join(ASIDE);
        delete(&aside);
        if std::fs::rename(self.path(number), aside).is_err() {
            delete(&self.path(number));
        }
    }

    /// The numbers of our folders, lowest first; others are deleted.
    fn sweep(&self) -> Vec<u64> {
        let mut numbers = Vec::new();
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten() {
            let Ok(entry) = entry else { continue };
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if !entry.path().is_dir() || name == ASIDE {
                continue;
            }
            let number = name
                .strip_prefix(&*self.key_name)
                .and_then(|rest| rest.strip_prefix('-')?.parse().ok());
            match number {
                Some(number) => numbers.push(number),
                None => delete(&entry.path()),
            }
        }
        numbers.sort_unstable();
        numbers
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{}-{number}", self.key_name))
    }

    fn bytes(&self) -> u64 {
        let both = [&self.current, &self.previous];
        let paths = both.into_iter().flatten().map(|one| &one.path);
        paths.map(|path| bytes_in(path)).sum()
    }
}

fn failed(path: &Path, error: &io::Error) -> ShelfError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ShelfError::Full,
        _ => ShelfError::Failed(format!("{}: {error}", path.display())),
    }
}

/// Deletes a folder. What can't be deleted now is by the next run.
fn delete(folder: &Path) {
    if let Err(error) = std::fs::remove_dir_all(folder)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::debug!(%error, folder = %folder.display(), "an old folder of the cache stays for now");
    }
}

/// The bytes of all files below a folder. Files come and go meanwhile.
pub(super) fn bytes_in(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(about) if about.is_dir() => bytes_in(&entry.path()),
        Ok(about) => about.len(),
        Err(_) => 0,
    });
    sizes.sum()
}
