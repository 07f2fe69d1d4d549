//! Fetching a model on somebody's word.
//!
//! Promises: a folder has a whole model or none: files gather in a folder beside it, and take its place
//! together. What was broken off goes on where it stopped, if the other side still has the same file.
//! Bounded: each file has a largest size. Whoever watches is told of every piece, and may end it.
//! Leaves out: the network. Whoever calls brings a [`Source`], with its own rules about whom it may
//! reach and how long it waits.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// Where a model is fetched from unless somebody says otherwise: 90 MB, Apache-2.0.
pub const DEFAULT_BASE: &str =
    "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2/resolve/main";
/// What a model is made of, with the most bytes of each. The largest comes last.
pub const FILES: [(&str, u64); 3] = [
    ("config.json", 1 << 20),
    ("tokenizer.json", 64 << 20),
    ("model.safetensors", 512 << 20),
];

/// Gives files by their address.
pub trait Source {
    /// Begins to give the file at `url`, from byte `from` on where it can, from its beginning
    /// otherwise. The words of a refusal are shown to the user.
    fn open(&mut self, url: &str, from: u64) -> Result<Opening<'_>, String>;
}

/// A file that is being given.
pub struct Opening<'a> {
    /// The byte that the body begins with: what was asked for, or 0.
    pub begins_at: u64,
    /// Bytes of the whole file, where that is known.
    pub total: Option<u64>,
    /// Tells one version of the file from another (an ETag); without one nothing is gone on with.
    pub version: Option<String>,
    /// Its pieces, in order.
    pub body: Box<dyn Iterator<Item = Result<Vec<u8>, String>> + 'a>,
}

/// What is to be fetched.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The address that the files' names are put behind.
    pub base: String,
    /// What the SHA-256 of each of [`FILES`] must be; `None` is not checked.
    pub sha256: [Option<[u8; 32]>; 3],
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The file that is under way.
    pub file: &'static str,
    /// Bytes of it that are here.
    pub bytes: u64,
    /// Bytes of it in all, where that is known.
    pub total: Option<u64>,
}

/// Why there is no model.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Whoever watched ended it. What is here is kept for the next time.
    #[error("the download was cancelled; it goes on where it stopped when you start it again")]
    Cancelled,
    /// The other side did not give the file, or broke off.
    #[error(
        "{url} could not be fetched ({why}); start the download again and it goes on where it stopped"
    )]
    Source {
        /// The file's address.
        url: String,
        /// What happened.
        why: String,
    },
    /// It is larger than any such model.
    #[error("{url} has more than {} MiB, which no such model has: check the address", most >> 20)]
    TooLarge {
        /// The file's address.
        url: String,
        /// The most bytes it may have.
        most: u64,
    },
    /// It is another file than was wanted.
    #[error("{url} is not the file that was expected (SHA-256 {found}); it was deleted")]
    OtherFile {
        /// The file's address.
        url: String,
        /// What its SHA-256 is.
        found: String,
    },
    /// The disk said no.
    #[error("{} can't be written ({error}): check that the disk has room and the folder is yours", file.display())]
    Disk {
        /// The file or folder.
        file: PathBuf,
        /// What happened.
        error: io::Error,
    },
}

impl Default for Wanted {
    fn default() -> Wanted {
        Wanted {
            base: DEFAULT_BASE.to_owned(),
            sha256: [None; 3],
        }
    }
}

/// Fetches a model into `folder`, in place of one that is there. `watch` is told of every piece. Takes
/// as long as the source does: call it where that is allowed.
pub fn fetch_model(
    source: &mut dyn Source,
    wanted: &Wanted,
    folder: &Path,
    watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<(), FetchError> {
    let gathering = beside(folder, "part");
    fs::create_dir_all(&gathering).map_err(|error| disk(&gathering, error))?;
    for ((name, most), sha256) in FILES.into_iter().zip(wanted.sha256) {
        let url = format!("{}/{name}", wanted.base.trim_end_matches('/'));
        let file = gathering.join(name);
        let fetching = Fetching {
            name,
            url: &url,
            most,
            sha256,
            part: gathering.join(format!("{name}.part")),
            version: gathering.join(format!("{name}.version")),
        };
        if !file.exists() {
            fetching.fetch(source, watch)?;
            fs::rename(&fetching.part, &file).map_err(|error| disk(&file, error))?;
        }
    }
    put_in_place(&gathering, folder)
}

/// A folder beside `folder`: `models/minilm.part`.
fn beside(folder: &Path, what: &str) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(what);
    folder.with_file_name(name)
}

fn disk(file: &Path, error: io::Error) -> FetchError {
    FetchError::Disk {
        file: file.to_owned(),
        error,
    }
}

/// What was there before is deleted once the new one stands in its place.
fn put_in_place(gathering: &Path, folder: &Path) -> Result<(), FetchError> {
    for (name, _) in FILES {
        let _ = fs::remove_file(gathering.join(format!("{name}.version")));
    }
    let old = beside(folder, "old");
    let _ = fs::remove_dir_all(&old);
    if folder.exists() {
        fs::rename(folder, &old).map_err(|error| disk(folder, error))?;
    }
    fs::rename(gathering, folder).map_err(|error| {
        // The one that was there is better than none.
        let _ = fs::rename(&old, folder);
        disk(folder, error)
    })?;
    let _ = fs::remove_dir_all(&old);
    Ok(())
}

/// One file under way.
struct Fetching<'a> {
    name: &'static str,
    url: &'a str,
    most: u64,
    sha256: Option<[u8; 32]>,
    part: PathBuf,
    version: PathBuf,
}

impl Fetching<'_> {
    fn fetch(
        &self,
        source: &mut dyn Source,
        watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(), FetchError> {
        let here = self.here();
        let stopped = |why| FetchError::Source {
            url: self.url.to_owned(),
            why,
        };
        let known = fs::read_to_string(&self.version).ok();
        let opening = source.open(self.url, here).map_err(stopped)?;
        let goes_on =
            opening.begins_at == here && opening.version.is_some() && opening.version == known;
        if here > 0 && opening.begins_at > 0 && !goes_on {
            // Another file by now: from its beginning.
            drop(opening);
            let _ = fs::remove_file(&self.version);
            let opening = source.open(self.url, 0).map_err(stopped)?;
            return self.write(opening, 0, watch);
        }
        let begin = if goes_on { here } else { 0 };
        self.write(opening, begin, watch)
    }

    /// Bytes that are here of a version that is known.
    fn here(&self) -> u64 {
        match self.version.exists() {
            true => fs::metadata(&self.part).map_or(0, |part| part.len()),
            false => 0,
        }
    }

    fn write(
        &self,
        opening: Opening<'_>,
        begin: u64,
        watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(), FetchError> {
        let Opening {
            begins_at,
            total,
            version,
            body,
        } = opening;
        let stopped = |why: String| FetchError::Source {
            url: self.url.to_owned(),
            why,
        };
        if begins_at != begin {
            return Err(stopped(format!(
                "it began at byte {begins_at} instead of {begin}"
            )));
        }
        if total.is_some_and(|total| total > self.most) {
            return Err(self.too_large());
        }
        let (mut file, mut hasher) = self.begun(begin).map_err(|error| disk(&self.part, error))?;
        match version {
            Some(version) => {
                fs::write(&self.version, version).map_err(|error| disk(&self.version, error))?;
            }
            None => drop(fs::remove_file(&self.version)),
        }
        let mut bytes = begin;
        let mut tell = |bytes| {
            let progress = Progress {
                file: self.name,
                bytes,
                total,
            };
            match watch(progress) {
                ControlFlow::Continue(()) => Ok(()),
                ControlFlow::Break(()) => Err(FetchError::Cancelled),
            }
        };
        tell(bytes)?;
        for piece in body {
            let piece = piece.map_err(stopped)?;
            bytes += piece.len() as u64;
            if bytes > self.most {
                drop(file);
                let _ = fs::remove_file(&self.part);
                return Err(self.too_large());
            }
            file.write_all(&piece)
                .map_err(|error| disk(&self.part, error))?;
            hasher.update(&piece);
            tell(bytes)?;
        }
        if let Some(total) = total.filter(|total| *total != bytes) {
            return Err(stopped(format!("it ended after {bytes} of {total} bytes")));
        }
        file.sync_all().map_err(|error| disk(&self.part, error))?;
        self.check(hasher.finalize().into())
    }

    /// The file as it is so far, and the hash of that.
    fn begun(&self, begin: u64) -> io::Result<(File, Sha256)> {
        let mut hasher = Sha256::new();
        let options = || {
            fs::OpenOptions::new()
                .create(true)
                .truncate(false)
                .read(true)
                .write(true)
                .to_owned()
        };
        let mut file = options().open(&self.part)?;
        file.set_len(begin)?;
        let mut piece = vec![0; 64 << 10];
        loop {
            let read = file.read(&mut piece)?;
            if read == 0 {
                break;
            }
            hasher.update(&piece[..read]);
        }
        file.seek(SeekFrom::Start(begin))?;
        Ok((file, hasher))
    }

    fn check(&self, found: [u8; 32]) -> Result<(), FetchError> {
        if self.sha256.is_none_or(|wanted| wanted == found) {
            return Ok(());
        }
        let _ = fs::remove_file(&self.part);
        let _ = fs::remove_file(&self.version);
        Err(FetchError::OtherFile {
            url: self.url.to_owned(),
            found: found.iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    }

    fn too_large(&self) -> FetchError {
        FetchError::TooLarge {
            url: self.url.to_owned(),
            most: self.most,
        }
    }
}

#[cfg(test)]
mod tests;
