//! The data folder: where everything lives that Signalbox keeps on disk.
//!
//! Promises: one running Signalbox per folder, and a folder that other users of
//! this machine can't read. Leaves out: what the files in it mean.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::lock::{Claim, NotClaimed};

/// The folder, locked for the life of this value when it was opened by
/// [`DataFolder::open`].
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    _claim: Option<Claim>,
}

/// The data folder can't be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The system names no home for application data.
    #[error("no data folder: this user has no home directory; name a folder with --data-dir")]
    NoHome,
    /// It could not be made or opened.
    #[error("the data folder {path} can't be used: {error}; name another with --data-dir")]
    Unusable {
        /// The folder or the file in it.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Another Signalbox runs on it.
    #[error(
        "another Signalbox{} is running on the data folder {path}; \
         stop it, or start this one on a folder of its own with --data-dir",
        .pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
    )]
    InUse {
        /// The folder.
        path: PathBuf,
        /// The process, where it said so.
        pid: Option<u32>,
    },
}

impl DataFolder {
    /// Opens the folder for the one process that serves from it, and makes it
    /// first when it is not there. Without `dir` it is the place the system has
    /// for application data.
    pub fn open(dir: Option<PathBuf>) -> Result<DataFolder, FolderError> {
        let mut folder = DataFolder::unlocked(dir)?;
        let path = folder.path.join("signalbox.lock");
        let claim = Claim::take(&path).map_err(|refused| match refused {
            NotClaimed::Held(pid) => FolderError::InUse {
                path: folder.path.clone(),
                pid,
            },
            NotClaimed::Unusable(error) => FolderError::Unusable { path, error },
        })?;
        folder._claim = Some(claim);
        Ok(folder)
    }

    /// The folder for a command that runs beside the server, such as
    /// `signalbox keys set`. Takes no lock; each file has its own.
    pub fn unlocked(dir: Option<PathBuf>) -> Result<DataFolder, FolderError> {
        let path = match dir {
            Some(dir) => dir,
            None => default_path()?,
        };
        let unusable = |error| FolderError::Unusable {
            path: path.clone(),
            error,
        };
        make_private(&path).map_err(unusable)?;
        // Absolute, so that a later change of the working directory moves nothing.
        let path = path.canonicalize().map_err(unusable)?;
        Ok(DataFolder { path, _claim: None })
    }

    /// The folder itself, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the config file is unless another is named.
    pub fn config_path(&self) -> PathBuf {
        self.path.join("signalbox.toml")
    }

    /// The SQLite file of the receipts. In a folder of its own: its write-ahead log
    /// changes with every batch, and whoever watches the data folder for an edit
    /// would be woken each time.
    pub fn ledger_path(&self) -> PathBuf {
        self.path.join("ledger").join("ledger.sqlite3")
    }

    /// Where answers are kept (`DiskCache`). In a folder of its own for the same reason.
    pub fn cache_path(&self) -> PathBuf {
        self.path.join("cache")
    }

    /// Where a small model may lie that tells which questions mean the same.
    pub fn model_path(&self) -> PathBuf {
        self.path.join("models").join("all-MiniLM-L6-v2")
    }

    /// The hashes of the client keys.
    pub(crate) fn clients_path(&self) -> PathBuf {
        self.path.join("clients.json")
    }

    /// What the doctor found.
    pub(crate) fn examinations_path(&self) -> PathBuf {
        self.path.join("examinations.json")
    }

    /// What answers to each name of a model.
    pub(crate) fn versions_path(&self) -> PathBuf {
        self.path.join("versions.json")
    }

    /// Rewritten whenever the provider keys in the keychain change.
    pub(crate) fn keys_stamp_path(&self) -> PathBuf {
        self.path.join("keys.stamp")
    }
}

fn default_path() -> Result<PathBuf, FolderError> {
    directories::ProjectDirs::from("dev", "signalbox", "Signalbox")
        .map(|dirs| dirs.data_dir().to_owned())
        .ok_or(FolderError::NoHome)
}

/// Makes the folder readable by its owner only. One that exists keeps its mode:
/// it was named by the user, and may be shared on purpose.
pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        // Two commands may start at once on a fresh machine.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        other => other,
    }
}

/// Opens a file for reading and writing, made with mode 0600 when it is new and
/// left as it is when it exists.
pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_instance_is_refused_with_the_folder_and_the_flag() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("data");
        let first = DataFolder::open(Some(dir.clone())).unwrap();
        let refusal = DataFolder::open(Some(dir.clone())).unwrap_err().to_string();
        assert!(
            refusal.contains(&first.path().display().to_string()),
            "{refusal}"
        );
        assert!(refusal.contains("--data-dir"), "{refusal}");
        let process = format!("process {}", std::process::id());
        assert!(refusal.contains(&process), "{refusal}");
        assert!(
            DataFolder::unlocked(Some(dir.clone())).is_ok(),
            "commands run beside it"
        );
        drop(first);
        assert!(
            DataFolder::open(Some(dir)).is_ok(),
            "the lock ends with its holder"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_new_folder_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("deep").join("data");
        let folder = DataFolder::open(Some(dir)).unwrap();
        let mode = std::fs::metadata(folder.path())
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn a_folder_that_is_a_file_is_refused_by_name() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("data");
        std::fs::write(&file, "not a folder").unwrap();
        let refusal = DataFolder::open(Some(file.clone()))
            .unwrap_err()
            .to_string();
        assert!(refusal.contains("can't be used"), "{refusal}");
        assert_eq!(std::fs::read_to_string(file).unwrap(), "not a folder");
    }
}
