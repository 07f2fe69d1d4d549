//! The run's own file: where this Signalbox listens and the token that lets the
//! command line of the same user speak to it. Gone when it ends.
//!
//! The token opens the control API until this process ends and nothing else; it
//! is no provider's key and no client's. The file is readable by its owner only.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use host::DataFolder;
use serde::{Deserialize, Serialize};

/// Written at boot, removed on drop.
pub(crate) struct RuntimeFile {
    path: PathBuf,
}

/// How to reach a running Signalbox.
#[derive(Serialize, Deserialize)]
pub(crate) struct Reach {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
}

impl RuntimeFile {
    pub(crate) fn write(
        folder: &DataFolder,
        address: SocketAddr,
        token: &str,
    ) -> io::Result<RuntimeFile> {
        let path = path(folder.path());
        let reach = Reach {
            address,
            token: token.to_owned(),
        };
        // A file left by a killed run may have any mode: begin anew.
        let _ = std::fs::remove_file(&path);
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        serde_json::to_writer(options.open(&path)?, &reach)?;
        Ok(RuntimeFile { path })
    }

    /// How to reach the Signalbox that runs on this folder; `None` when none does.
    pub(crate) fn read(folder: &Path) -> Option<Reach> {
        let text = std::fs::read(path(folder)).ok()?;
        serde_json::from_slice(&text).ok()
    }
}

impl Drop for RuntimeFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("running.json")
}
