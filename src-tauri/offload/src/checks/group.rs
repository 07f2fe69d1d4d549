//! A command and what it began: its process group, from its beginning to its end.
//!
//! Promises: it is killed as a whole when this value is dropped or ended, and nobody else is: its number stays
//! its own until its first process, which is looked at and not yet fetched, has been. It ends also where Signalbox
//! is killed. Who leaves the group
//! (`setsid`) leaves us. Where there are no process groups (Windows), only the command itself is ended.

use std::process::ExitStatus;

use tokio::process::{Child, ChildStderr, ChildStdout, Command};

/// A process group.
#[derive(Debug)]
pub(super) struct Group {
    child: Child,
    #[cfg(unix)]
    id: Option<rustix::process::Pid>,
    #[cfg(unix)]
    changed: tokio::signal::unix::Signal,
    #[cfg(unix)]
    _will: Option<mcp::LastWill>,
}

impl Group {
    #[cfg(unix)]
    pub(super) fn begin(mut command: Command) -> std::io::Result<Group> {
        // Before it can end: what is told while nobody listens is not told again.
        let changed = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::child())?;
        let child = command.process_group(0).spawn()?;
        let id = child
            .id()
            .and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()));
        let will = child.id().and_then(mcp::LastWill::of_group);
        Ok(Group {
            child,
            id,
            changed,
            _will: will,
        })
    }

    #[cfg(not(unix))]
    pub(super) fn begin(mut command: Command) -> std::io::Result<Group> {
        let child = command.spawn()?;
        Ok(Group { child })
    }

    pub(super) fn streams(&mut self) -> (Option<ChildStdout>, Option<ChildStderr>) {
        (self.child.stdout.take(), self.child.stderr.take())
    }

    /// Waits until the command has ended, and leaves it there, so that its number is nobody else's.
    #[cfg(unix)]
    pub(super) async fn ended(&mut self) {
        use rustix::process::{WaitId, WaitIdOptions, waitid};
        let Some(id) = self.id else { return };
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        while let Ok(None) = waitid(WaitId::Pid(id), look) {
            if self.changed.recv().await.is_none() {
                return;
            }
        }
    }

    #[cfg(not(unix))]
    pub(super) async fn ended(&mut self) {
        let _ = self.child.wait().await;
    }

    /// Asks all of it to end.
    pub(super) fn ask_to_end(&self) {
        #[cfg(unix)]
        if let Some(id) = self.id {
            let _ = rustix::process::kill_process_group(id, rustix::process::Signal::TERM);
        }
    }

    /// Ends what is left of it. How the command itself ended.
    pub(super) async fn end(mut self) -> std::io::Result<ExitStatus> {
        self.kill();
        let status = self.child.wait().await;
        #[cfg(unix)]
        {
            self.id = None;
        }
        status
    }

    fn kill(&mut self) {
        #[cfg(unix)]
        if let Some(id) = self.id {
            let _ = rustix::process::kill_process_group(id, rustix::process::Signal::KILL);
        }
        #[cfg(not(unix))]
        let _ = self.child.start_kill();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
