//! Noticing that a file was changed beside us.
//!
//! Promises: a change is told once it has been quiet for [`QUIET`], and at most
//! [`LONGEST`] after it began; no change is lost, though several may be told as
//! one. Watches folders, because editors put a new file in the old one's place.
//! It doesn't know who wrote: whoever is told compares the content.
//!
//! Leaves out: what a change means.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use crate::folder::DataFolder;

const QUIET: Duration = Duration::from_millis(150);
const LONGEST: Duration = Duration::from_secs(1);

/// What was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// The config file.
    Config,
    /// The provider keys in the keychain.
    Keys,
    /// The client keys.
    Clients,
}

impl Changed {
    const ALL: [Changed; 3] = [Changed::Config, Changed::Keys, Changed::Clients];

    fn bit(self) -> u8 {
        match self {
            Changed::Config => 1,
            Changed::Keys => 2,
            Changed::Clients => 4,
        }
    }
}

/// Files can't be watched; a restart takes changes in.
#[derive(Debug, thiserror::Error)]
#[error("changes in {folder} can't be noticed ({reason}); restart Signalbox after changing a file")]
pub struct WatchError {
    /// The folder.
    pub folder: PathBuf,
    /// What the system said.
    pub reason: String,
}

/// Watches until it is dropped, which waits for a call under way.
#[derive(Debug)]
pub struct Watch {
    watcher: Option<RecommendedWatcher>,
    teller: Option<JoinHandle<()>>,
}

/// Watches the config file, wherever it is, and the files of the data folder.
/// `tell` is called on a thread of its own, one call at a time.
pub fn watch(
    folder: &DataFolder,
    config: &Path,
    tell: impl Fn(Changed) + Send + 'static,
) -> Result<Watch, WatchError> {
    let files = Files::new(folder, config);
    // What has changed is in the bits; the channel of one place only wakes. A
    // full channel means that the teller is about to look anyway.
    let bits = Arc::new(AtomicU8::new(0));
    let (wake, woken) = mpsc::sync_channel::<()>(1);
    let noted = Arc::clone(&bits);
    let names = files.names.clone();
    let note = move |event: notify::Result<notify::Event>| {
        let changed = match event {
            Ok(event) if event.need_rescan() => {
                Changed::ALL.iter().fold(0, |all, one| all | one.bit())
            }
            Ok(event) if is_change(event.kind) => which(&names, &event.paths),
            Ok(_) => 0,
            Err(error) => {
                tracing::warn!(%error, "a change of a file may have gone unnoticed");
                0
            }
        };
        if changed != 0 {
            noted.fetch_or(changed, Ordering::AcqRel);
            let _ = wake.try_send(());
        }
    };
    let first = files.folders.first().cloned().unwrap_or_default();
    let failed = |folder: &Path, error: &dyn std::fmt::Display| WatchError {
        folder: folder.to_owned(),
        reason: error.to_string(),
    };
    let mut watcher = notify::recommended_watcher(note).map_err(|error| failed(&first, &error))?;
    for folder in &files.folders {
        watcher
            .watch(folder, RecursiveMode::NonRecursive)
            .map_err(|error| failed(folder, &error))?;
    }
    let teller = std::thread::Builder::new()
        .name("file-watch".into())
        .spawn(move || {
            while woken.recv().is_ok() {
                wait_for_quiet(&woken);
                let changed = bits.swap(0, Ordering::AcqRel);
                for one in Changed::ALL {
                    if changed & one.bit() != 0 {
                        tell(one);
                    }
                }
            }
        })
        .map_err(|error: io::Error| failed(&first, &error))?;
    Ok(Watch {
        watcher: Some(watcher),
        teller: Some(teller),
    })
}

impl Drop for Watch {
    fn drop(&mut self) {
        // With the watcher goes its sender, and with that the teller's loop.
        self.watcher = None;
        if let Some(teller) = self.teller.take()
            && teller.thread().id() != std::thread::current().id()
        {
            let _ = teller.join();
        }
    }
}

fn wait_for_quiet(woken: &mpsc::Receiver<()>) {
    let end = Instant::now() + LONGEST;
    loop {
        let patience = QUIET.min(end.saturating_duration_since(Instant::now()));
        match woken.recv_timeout(patience) {
            Ok(()) if Instant::now() < end => {}
            Ok(()) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Reading a file is an event too, and would be told for ever.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => true,
    }
}

#[derive(Debug)]
struct Files {
    folders: Vec<PathBuf>,
    names: Vec<(OsString, Changed)>,
}

impl Files {
    fn new(folder: &DataFolder, config: &Path) -> Files {
        let mut files = Files {
            folders: vec![folder.path().to_owned()],
            names: Vec::new(),
        };
        files.add(&folder.keys_stamp_path(), Changed::Keys);
        files.add(&folder.clients_path(), Changed::Clients);
        files.add(config, Changed::Config);
        // Behind a link, the file that really changes lies somewhere else.
        if let Ok(real) = config.canonicalize() {
            files.add(&real, Changed::Config);
        }
        files
    }

    fn add(&mut self, file: &Path, meaning: Changed) {
        let parent = match file.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let parent = parent.canonicalize().unwrap_or(parent);
        if !self.folders.contains(&parent) {
            self.folders.push(parent);
        }
        if let Some(name) = file.file_name()
            && !self.names.iter().any(|(known, _)| known == name)
        {
            self.names.push((name.to_owned(), meaning));
        }
    }
}

/// By name only: the same name in another watched folder is told for nothing,
/// and does no harm.
fn which(names: &[(OsString, Changed)], paths: &[PathBuf]) -> u8 {
    let mut bits = 0;
    for path in paths {
        for (name, changed) in names {
            if path.file_name() == Some(name) {
                bits |= changed.bit();
            }
        }
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    struct Scene {
        dir: tempfile::TempDir,
        folder: DataFolder,
        told: mpsc::Receiver<Changed>,
        watch: Option<Watch>,
    }

    fn scene() -> Scene {
        let dir = tempfile::tempdir().unwrap();
        let folder = DataFolder::unlocked(Some(dir.path().to_owned())).unwrap();
        let (tell, told) = mpsc::channel();
        let watch = watch(&folder, &folder.config_path(), move |changed| {
            tell.send(changed).unwrap();
        })
        .unwrap();
        Scene {
            dir,
            folder,
            told,
            watch: Some(watch),
        }
    }

    impl Scene {
        fn told(&self) -> Option<Changed> {
            self.told.recv_timeout(Duration::from_secs(5)).ok()
        }

        fn quiet(&self) -> bool {
            self.told.recv_timeout(Duration::from_millis(500)).is_err()
        }
    }

    #[test]
    fn a_write_a_replacement_and_a_removal_are_told_once_each() {
        let scene = scene();
        let config = scene.folder.config_path();
        std::fs::write(&config, "a").unwrap();
        assert_eq!(scene.told(), Some(Changed::Config));
        assert!(scene.quiet());
        crate::whole_file::replace(&config, b"b").unwrap();
        assert_eq!(scene.told(), Some(Changed::Config));
        std::fs::read(&config).unwrap();
        assert!(scene.quiet(), "reading is no change");
        std::fs::remove_file(&config).unwrap();
        assert_eq!(scene.told(), Some(Changed::Config));
    }

    #[test]
    fn a_burst_is_told_as_one() {
        let scene = scene();
        for number in 0..20 {
            std::fs::write(scene.folder.config_path(), number.to_string()).unwrap();
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(scene.told(), Some(Changed::Config));
        assert!(scene.quiet());
    }

    #[test]
    fn keys_and_clients_are_told_apart_and_strangers_are_not_told() {
        let scene = scene();
        std::fs::write(scene.dir.path().join("ledger.sqlite3-wal"), "x").unwrap();
        assert!(scene.quiet());
        std::fs::write(scene.folder.keys_stamp_path(), "1").unwrap();
        assert_eq!(scene.told(), Some(Changed::Keys));
        std::fs::write(scene.folder.clients_path(), "1").unwrap();
        assert_eq!(scene.told(), Some(Changed::Clients));
    }

    #[test]
    fn nothing_is_told_after_it_was_dropped() {
        let mut scene = scene();
        scene.watch = None;
        std::fs::write(scene.folder.config_path(), "a").unwrap();
        assert_eq!(
            scene.told.recv_timeout(Duration::from_secs(5)),
            Err(RecvTimeoutError::Disconnected)
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_file_behind_a_link_is_watched_where_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let real = elsewhere.path().join("dotfile.toml");
        std::fs::write(&real, "a").unwrap();
        let folder = DataFolder::unlocked(Some(dir.path().to_owned())).unwrap();
        std::os::unix::fs::symlink(&real, folder.config_path()).unwrap();
        let (tell, told) = mpsc::channel();
        let _watch = watch(&folder, &folder.config_path(), move |changed| {
            tell.send(changed).unwrap();
        })
        .unwrap();
        std::fs::write(&real, "b").unwrap();
        assert_eq!(
            told.recv_timeout(Duration::from_secs(5)),
            Ok(Changed::Config)
        );
    }
}
