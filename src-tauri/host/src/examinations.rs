//! What the doctor found, kept over restarts.
//!
//! Promises: the latest examination of each provider and model, at most 256 of them, the oldest go
//! first; the file is replaced as a whole. A damaged file is set aside under another name and said:
//! examinations can be made anew, and a start must not fail for them.
//! Leaves out: what routing makes of them.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{fs, io};

use engine::Examination;
use serde::{Deserialize, Serialize};

use crate::folder::DataFolder;
use crate::whole_file;

/// The most examinations that are kept.
const MOST: usize = 256;
/// The version of the file that this build writes and reads.
const VERSION: u32 = 1;

/// The examinations of a data folder.
#[derive(Debug)]
pub struct Examinations {
    path: PathBuf,
    kept: Mutex<Vec<Examination>>,
    set_aside: Option<String>,
}

/// An examination could not be kept.
#[derive(Debug, thiserror::Error)]
#[error("the examination can't be kept in {path}: {error}")]
pub struct ExaminationsError {
    path: PathBuf,
    error: io::Error,
}

#[derive(Serialize, Deserialize)]
struct Written<T> {
    version: u32,
    examinations: Vec<T>,
}

impl Examinations {
    /// Reads what is kept in the folder. Blocks on the disk.
    pub fn open(folder: &DataFolder) -> Examinations {
        let path = folder.examinations_path();
        let (kept, set_aside) = match read(&path) {
            Ok(kept) => (kept, None),
            Err(reason) => (Vec::new(), Some(set_aside(&path, &reason))),
        };
        Examinations {
            path,
            kept: Mutex::new(kept),
            set_aside,
        }
    }

    /// What became of a file that could not be read at the start.
    pub fn set_aside(&self) -> Option<&str> {
        self.set_aside.as_deref()
    }

    /// Everything that is kept, the latest first.
    pub fn all(&self) -> Vec<Examination> {
        self.lock().clone()
    }

    /// Keeps an examination, in place of an earlier one of the same model. Blocks on the disk.
    ///
    /// # Errors
    /// When it can't be written; it is known until the end of this run all the same.
    pub fn keep(&self, examination: Examination) -> Result<(), ExaminationsError> {
        let mut kept = self.lock();
        kept.retain(|old| {
            (&old.provider, &old.model) != (&examination.provider, &examination.model)
        });
        kept.insert(0, examination);
        kept.truncate(MOST);
        self.write(&kept)
    }

    /// Forgets what was found of a provider. Blocks on the disk.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn forget(&self, provider: &str) -> Result<(), ExaminationsError> {
        let mut kept = self.lock();
        let before = kept.len();
        kept.retain(|old| old.provider != provider);
        if kept.len() == before {
            return Ok(());
        }
        self.write(&kept)
    }

    fn write(&self, kept: &[Examination]) -> Result<(), ExaminationsError> {
        let written = Written {
            version: VERSION,
            examinations: kept.iter().collect(),
        };
        serde_json::to_vec(&written)
            .map_err(io::Error::other)
            .and_then(|text| whole_file::replace(&self.path, &text))
            .map_err(|error| ExaminationsError {
                path: self.path.clone(),
                error,
            })
    }

    /// Held while the file is written: two writers would each lose the other's.
    fn lock(&self) -> MutexGuard<'_, Vec<Examination>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(path: &Path) -> Result<Vec<Examination>, String> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.to_string()),
    };
    let written: Written<Examination> =
        serde_json::from_slice(&text).map_err(|error| error.to_string())?;
    match written.version {
        VERSION => Ok(written.examinations.into_iter().take(MOST).collect()),
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
            "{file} could not be read ({reason}) and was set aside as {}. What the doctor found \
             before is gone; run `signalbox doctor PROVIDER` again.",
            aside.display()
        ),
        Err(error) => format!(
            "{file} could not be read ({reason}) nor set aside ({error}). The next examination \
             replaces it."
        ),
    }
}

#[cfg(test)]
mod tests {
    use engine::Basis;
    use routing::NanoUsd;

    use super::*;

    fn folder() -> (tempfile::TempDir, DataFolder) {
        let dir = tempfile::tempdir().unwrap();
        let folder = DataFolder::unlocked(Some(dir.path().to_owned())).unwrap();
        (dir, folder)
    }

    fn examination(provider: &str, model: &str, at_unix_ms: u64) -> Examination {
        Examination {
            provider: provider.to_owned(),
            place: String::new(),
            model: model.to_owned(),
            chosen: "named by you".to_owned(),
            at_unix_ms,
            took_ms: 1,
            stopped: None,
            requests: 0,
            cost: NanoUsd(0),
            cost_basis: Basis::None,
            findings: Vec::new(),
        }
    }

    #[test]
    fn the_latest_of_each_model_is_there_after_a_restart() {
        let (_dir, folder) = folder();
        let kept = Examinations::open(&folder);
        kept.keep(examination("acme", "anvil", 1)).unwrap();
        kept.keep(examination("acme", "hammer", 2)).unwrap();
        kept.keep(examination("acme", "anvil", 3)).unwrap();
        let again = Examinations::open(&folder).all();
        let seen: Vec<_> = again
            .iter()
            .map(|e| (e.model.as_str(), e.at_unix_ms))
            .collect();
        assert_eq!(seen, [("anvil", 3), ("hammer", 2)]);
    }

    #[test]
    fn a_removed_providers_go_and_the_others_stay() {
        let (_dir, folder) = folder();
        let kept = Examinations::open(&folder);
        kept.keep(examination("acme", "anvil", 1)).unwrap();
        kept.keep(examination("zenith", "star", 2)).unwrap();
        kept.forget("acme").unwrap();
        kept.forget("nobody").unwrap();
        let again = Examinations::open(&folder).all();
        assert_eq!(again.len(), 1);
        assert_eq!(again[0].provider, "zenith");
    }

    #[test]
    fn there_are_never_more_than_256_and_the_oldest_goes() {
        let (_dir, folder) = folder();
        let kept = Examinations::open(&folder);
        for number in 0..=MOST as u64 {
            kept.keep(examination("acme", &format!("m{number}"), number))
                .unwrap();
        }
        let all = Examinations::open(&folder).all();
        assert_eq!(all.len(), MOST);
        assert!(all.iter().all(|one| one.model != "m0"));
    }

    #[test]
    fn a_damaged_file_is_set_aside_and_said_and_a_new_one_begun() {
        for damage in ["{", "", r#"{"version":2,"examinations":[]}"#] {
            let (dir, folder) = folder();
            let path = dir.path().join("examinations.json");
            fs::write(&path, damage).unwrap();
            let kept = Examinations::open(&folder);
            assert!(kept.all().is_empty());
            let told = kept.set_aside().unwrap();
            assert!(told.contains("set aside as"), "{told}");
            let aside = dir.path().join("examinations.json.damaged");
            assert_eq!(fs::read_to_string(aside).unwrap(), damage);
            kept.keep(examination("acme", "anvil", 1)).unwrap();
            let again = Examinations::open(&folder);
            assert_eq!((again.all().len(), again.set_aside()), (1, None));
        }
    }
}
