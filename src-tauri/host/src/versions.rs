//! What answers to each name, kept over restarts.
//!
//! Promises: the file is replaced as a whole. A damaged one is set aside under another name and said: what it
//! held is learnt anew, and a start must not fail for it. Leaves out what is worth being written (the engine).

use std::path::{Path, PathBuf};
use std::{fs, io};

use engine::WatchedModel;
use serde::{Deserialize, Serialize};

use crate::folder::DataFolder;
use crate::whole_file;

/// The version of the file that this build writes and reads.
const VERSION: u32 = 1;
/// A file beyond this many bytes is something else by mistake: 1,024 models with 16 long names each are less.
const LARGEST: u64 = 64 << 20;

/// The file of a data folder.
#[derive(Debug, Clone)]
pub struct VersionsFile {
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Written<T> {
    version: u32,
    models: T,
}

impl VersionsFile {
    /// The one in this folder.
    pub fn of(folder: &DataFolder) -> VersionsFile {
        VersionsFile {
            path: folder.versions_path(),
        }
    }

    /// What is in it, and what became of it where it could not be read. Blocks on the disk.
    pub fn read(&self) -> (Vec<WatchedModel>, Option<String>) {
        match read(&self.path) {
            Ok(models) => (models, None),
            Err(reason) => (Vec::new(), Some(set_aside(&self.path, &reason))),
        }
    }

    /// Writes it anew. Blocks on the disk.
    ///
    /// # Errors
    /// When it can't be written; what was in it stays.
    pub fn write(&self, models: &[WatchedModel]) -> io::Result<()> {
        let version = VERSION;
        let text = serde_json::to_vec(&Written { version, models }).map_err(io::Error::other)?;
        whole_file::replace(&self.path, &text)
    }
}

fn read(path: &Path) -> Result<Vec<WatchedModel>, String> {
    let length = match fs::metadata(path) {
        Ok(file) => file.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.to_string()),
    };
    if length > LARGEST {
        return Err(format!("it has {length} bytes"));
    }
    let text = fs::read(path).map_err(|error| error.to_string())?;
    let written: Written<Vec<WatchedModel>> =
        serde_json::from_slice(&text).map_err(|error| error.to_string())?;
    match written.version {
        VERSION => Ok(written.models),
        other => Err(format!(
            "its version is {other} and this build knows {VERSION}"
        )),
    }
}

/// Moves the file out of the way, and says where to.
fn set_aside(path: &Path, reason: &str) -> String {
    let aside = path.with_extension("json.damaged");
    let file = path.display();
    match fs::rename(path, &aside) {
        Ok(()) => format!(
            "{file} could not be read ({reason}) and was set aside as {}. Which versions of models answered \
             before is forgotten, and learnt anew.",
            aside.display()
        ),
        Err(error) => format!(
            "{file} could not be read ({reason}) nor set aside ({error}). It is written anew."
        ),
    }
}

#[cfg(test)]
mod tests {
    use engine::{Seen, Version};

    use super::*;

    fn anvil() -> WatchedModel {
        let version = Version {
            model: Some("anvil-1".to_owned()),
            fingerprint: None,
        };
        WatchedModel {
            provider: "acme".to_owned(),
            model: "anvil".to_owned(),
            seen: vec![Seen {
                version,
                first_unix_ms: 1,
                last_unix_ms: 2,
            }],
            changed: None,
            changes: 0,
        }
    }

    #[test]
    fn what_was_written_is_there_after_a_restart_and_a_damaged_file_is_set_aside() {
        let dir = tempfile::tempdir().unwrap();
        let folder = DataFolder::unlocked(Some(dir.path().to_owned())).unwrap();
        let file = VersionsFile::of(&folder);
        assert_eq!(file.read(), (Vec::new(), None));
        file.write(&[anvil()]).unwrap();
        assert_eq!(VersionsFile::of(&folder).read(), (vec![anvil()], None));
        for damage in ["{", "", r#"{"version":2,"models":[]}"#] {
            fs::write(dir.path().join("versions.json"), damage).unwrap();
            let (models, told) = file.read();
            assert!(models.is_empty());
            assert!(told.unwrap().contains("set aside as"));
            let aside = dir.path().join("versions.json.damaged");
            assert_eq!(fs::read_to_string(aside).unwrap(), damage);
        }
        file.write(&[anvil()]).unwrap();
        assert_eq!(file.read(), (vec![anvil()], None));
    }
}
