//! A server that is a program: started without a shell and with few variables, ended with all it started.
//!
//! Promises: whatever it has started in its own group ends with it, also when this is dropped, and on Unix also
//! when Signalbox is killed; it is reaped.
//! Its standard error is read to its end, the last 4 KiB of it are kept.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::LastWill;
use crate::answer::quoted;

/// What every program sees: where programs are, whose home this is, and the language.
#[cfg(not(windows))]
const ALWAYS: [&str; 3] = ["PATH", "HOME", "LANG"];
#[cfg(windows)]
const ALWAYS: [&str; 8] = [
    "PATH",
    "HOME",
    "LANG",
    "SYSTEMROOT",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "TEMP",
];
/// Of its standard error.
const KEPT: usize = 4 << 10;
/// Of the line that is shown.
const SHOWN: usize = 300;
/// What a program that is gone has still to say is read for so long: a child of its child may hold the pipe.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A running program.
#[derive(Debug)]
pub(crate) struct Program {
    child: Box<dyn ChildWrapper>,
    last_words: JoinHandle<()>,
    _will: Option<LastWill>,
}

/// How it is spoken to.
pub(crate) type Streams = (ChildStdout, ChildStdin);

impl Program {
    /// Starts it.
    pub(crate) fn start(
        command: &[String],
        folder: Option<&Path>,
        environment: &[String],
        tail: &Tail,
    ) -> io::Result<(Program, Streams)> {
        let missing = || io::Error::other("its command is empty");
        let (program, arguments) = command.split_first().ok_or_else(missing)?;
        let folder = folder.map_or_else(std::env::temp_dir, Path::to_path_buf);
        let mut started = CommandWrap::with_new(program, |started| {
            started.args(arguments).env_clear().current_dir(folder);
            started
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            for name in ALWAYS
                .into_iter()
                .chain(environment.iter().map(String::as_str))
            {
                if let Some(value) = std::env::var_os(name) {
                    started.env(name, value);
                }
            }
        });
        started.wrap(KillOnDrop);
        #[cfg(unix)]
        started.wrap(process_wrap::tokio::ProcessGroup::leader());
        #[cfg(windows)]
        started.wrap(process_wrap::tokio::JobObject);
        let mut child = started.spawn()?;
        let will = child.id().and_then(LastWill::of_group);
        let piped = || io::Error::other("its streams can't be had");
        let stdin = child.stdin().take().ok_or_else(piped)?;
        let stdout = child.stdout().take().ok_or_else(piped)?;
        let stderr = child.stderr().take().ok_or_else(piped)?;
        let last_words = tokio::spawn(tail.clone().read(stderr));
        let program = Program {
            child,
            last_words,
            _will: will,
        };
        Ok((program, (stdout, stdin)))
    }

    /// Waits for its end; may be called again after it was dropped.
    pub(crate) async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Ends it: its standard input is closed already, which is the polite way.
    pub(crate) async fn end(mut self, farewell: Duration) -> Option<ExitStatus> {
        let mut status = timeout(farewell, self.ended()).await;
        #[cfg(unix)]
        if status.is_err() {
            const SIGTERM: i32 = 15;
            let _ = self.child.signal(SIGTERM);
            status = timeout(farewell, self.ended()).await;
        }
        // What it started may be left, whether it has ended by itself or not.
        let _ = self.child.start_kill();
        if status.is_err() {
            status = timeout(farewell, self.ended()).await;
        }
        let _ = timeout(LAST_WORDS, &mut self.last_words).await;
        status.ok()?.ok()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The group; whoever is left alone by it is this process's child, which tokio kills and reaps.
        let _ = self.child.start_kill();
        self.last_words.abort();
    }
}

/// The end of what a program says on its standard error.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tail(Arc<Mutex<VecDeque<u8>>>);

impl Tail {
    async fn read(self, mut from: impl AsyncRead + Unpin) {
        let mut piece = [0; 1024];
        while let Ok(read @ 1..) = from.read(&mut piece).await {
            let mut kept = self.0.lock().expect("nobody panics with the words in hand");
            kept.extend(&piece[..read]);
            let over = kept.len().saturating_sub(KEPT);
            kept.drain(..over);
        }
    }

    /// The last line that says something.
    pub(crate) fn last_line(&self) -> Option<String> {
        let kept: Vec<u8> = self
            .0
            .lock()
            .expect("nobody panics with the words in hand")
            .iter()
            .copied()
            .collect();
        let text = String::from_utf8_lossy(&kept);
        let mut lines = text.lines().map(|line| quoted(line, SHOWN));
        lines.rfind(|line| !line.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_of_its_words_is_kept_whatever_it_says() {
        let tail = Tail::default();
        assert_eq!(tail.last_line(), None);
        let mut said = b"x\n".repeat(KEPT);
        said.extend_from_slice(b"no such \x1b[1mtable\x1b[0m\n\n");
        tail.clone().read(said.as_slice()).await;
        assert_eq!(tail.0.lock().expect("free").len(), KEPT);
        assert_eq!(tail.last_line().as_deref(), Some("no such [1mtable [0m"));
    }
}
