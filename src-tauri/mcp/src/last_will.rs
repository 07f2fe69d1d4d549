//! What ends a process group when Signalbox itself is killed, and can't do it any more.
//!
//! A small process beside the group waits on a pipe that nobody but Signalbox holds. When that closes, however
//! Signalbox ended, it asks the group to end, and kills it a second later. While Signalbox lives, dropping this
//! value ends the small process and leaves the group alone.
//! Bounds: one process a group, for as long as the group. Leaves out Windows, and who leaves the group.

use std::process::Stdio;

use tokio::process::{Child, ChildStdin, Command};

/// Waits, then ends the group whose number is its argument. No word ever comes: `read` ends with the pipe.
const WILL: &str = r#"
read -r _
kill -s TERM -- "-$1" 2>/dev/null || exit 0
sleep 1
kill -s KILL -- "-$1" 2>/dev/null
"#;

/// Whoever sees to the end of a process group after us. The order is that of its end: it is gone before its pipe
/// closes.
#[derive(Debug)]
pub struct LastWill {
    _process: Child,
    _pipe: Option<ChildStdin>,
}

impl LastWill {
    /// For the group of this number. Where there is no shell to do it, nobody does.
    pub fn of_group(group: u32) -> Option<LastWill> {
        if cfg!(not(unix)) {
            return None;
        }
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", WILL, "signalbox-last-will"])
            .arg(group.to_string())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        // What is sent to ours, such as an interrupt from a terminal, is not meant for it.
        #[cfg(unix)]
        command.process_group(0);
        let started = command.spawn();
        if let Err(error) = &started {
            tracing::debug!(%error, "nobody ends this group of processes if Signalbox is killed");
        }
        let mut process = started.ok()?;
        let pipe = process.stdin.take();
        Some(LastWill {
            _process: process,
            _pipe: pipe,
        })
    }
}
