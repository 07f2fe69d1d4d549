//! Replacing a file as a whole.
//!
//! Promises: a reader sees the old text or the new, never a part, whatever is
//! killed at whatever moment. Leaves out: two writers at once, who need a lock.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::folder::private_file;

/// Replaces the file at `path`. A file that exists keeps its permissions, and
/// one behind a symbolic link is replaced where it really is: people keep their
/// config in a repository and link to it. A new file is 0600 on Unix.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let draft = draft_path(&target)?;
    let written = write_draft(&draft, &target, content);
    if written.is_err() {
        // The draft is ours and useless; a failure to remove it changes nothing.
        let _ = std::fs::remove_file(&draft);
    }
    written
}

fn write_draft(draft: &Path, target: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = private_file(draft)?;
    file.set_len(0)?;
    file.write_all(content)?;
    if let Ok(existing) = std::fs::metadata(target) {
        file.set_permissions(existing.permissions())?;
    }
    file.sync_all()?;
    drop(file);
    std::fs::rename(draft, target)?;
    // The rename itself is in the directory. Not every system lets a directory
    // be synced, and the file is whole either way.
    if let Some(parent) = target.parent()
        && let Ok(directory) = File::open(parent)
    {
        let _ = directory.sync_all();
    }
    Ok(())
}

/// Beside its target, because a rename can't cross file systems; named after
/// the process, so that two writers never share a draft.
fn draft_path(target: &Path) -> io::Result<PathBuf> {
    let name = target
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not a file's path"))?;
    let mut draft = std::ffi::OsString::from(".");
    draft.push(name);
    draft.push(format!(".{}.draft", std::process::id()));
    Ok(target.with_file_name(draft))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_linked_file_is_replaced_where_it_is_and_keeps_its_mode() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().join("dotfiles.toml");
        let link = dir.path().join("signalbox.toml");
        std::fs::write(&real, "old").unwrap();
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();

        replace(&link, b"new").unwrap();

        assert_eq!(std::fs::read_to_string(&real).unwrap(), "new");
        assert!(link.is_symlink());
        let mode = std::fs::metadata(&real).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        assert_eq!(
            std::fs::read_dir(dir.path()).unwrap().count(),
            2,
            "no draft is left"
        );
    }
}
