//! One process of the sandbox: started, spoken to, ended.
//!
//! Promises: its environment is empty, it runs in `/` and in a process group of its own, and it is killed when
//! this value is dropped. An answer that comes late, is too long or can't be read is the end of it.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use speech::{Answer, Hello, LONGEST_ANSWER, Lock, OUT_OF_MEMORY, Setup, Task};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::life::Life;
use super::locks;

/// A process.
#[derive(Debug)]
pub(super) struct Worker {
    life: Life,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    time: Duration,
    /// What the system holds against it; none before it has said so.
    held: Option<Vec<Lock>>,
    tasks: u64,
    pub(super) since: Instant,
}

/// Why there is no answer, and no process any more.
#[derive(Debug)]
pub(super) enum Lost {
    /// It could not be started.
    Start(std::io::Error),
    /// It said nothing in time.
    Late,
    /// It was refused memory.
    Memory,
    /// It ended.
    Ended(Option<ExitStatus>),
    /// It said what can't be understood.
    Garbled,
    /// The system does not hold all against it that it must: it was told nothing.
    Unlocked(Vec<Lock>),
}

impl Worker {
    /// Starts one. What it says first is heard before its first task.
    pub(super) fn start(program: &Path, setup: &Setup) -> Result<Worker, Lost> {
        let setup_line = serde_json::to_string(setup).map_err(|_| Lost::Garbled)?;
        let mut command = Command::new(program);
        command
            .arg(setup_line)
            .env_clear()
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        #[cfg(unix)]
        command.current_dir("/").process_group(0);
        let mut child = command.spawn().map_err(Lost::Start)?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Lost::Garbled);
        };
        Ok(Worker {
            life: Life::of(child),
            input,
            output: BufReader::new(output),
            time: Duration::from_millis(setup.limits.time_ms),
            held: None,
            tasks: 0,
            since: Instant::now(),
        })
    }

    /// Runs code; where `all_locks` are required, only if all are held. After an error there is no use in it any
    /// more.
    pub(super) async fn ask(
        &mut self,
        code: &str,
        keep: bool,
        grace: Duration,
        all_locks: bool,
    ) -> Result<Answer, Lost> {
        self.tasks += 1;
        let task = Task {
            id: self.tasks,
            code: code.to_owned(),
            keep,
        };
        let mut line = serde_json::to_vec(&task).map_err(|_| Lost::Garbled)?;
        line.push(b'\n');
        // A process that begins may take as long again as one that has run over its time.
        let patience = self.time
            + grace
            + if self.held.is_some() {
                Duration::ZERO
            } else {
                grace
            };
        let spoken = timeout(patience, self.speak(&line, all_locks)).await;
        let answer = match spoken {
            Err(_) => Err(Lost::Late),
            Ok(Ok(answer)) if answer.id == task.id => Ok(answer),
            Ok(Ok(_)) => Err(Lost::Garbled),
            Ok(Err(lost)) => Err(lost),
        };
        match answer {
            Err(Lost::Ended(None)) => Err(self.ending(grace).await),
            other => other,
        }
    }

    async fn speak(&mut self, line: &[u8], all_locks: bool) -> Result<Answer, Lost> {
        if self.held.is_none() {
            self.held = Some(self.hear::<Hello>().await?.locks);
        }
        if all_locks {
            let missing = locks::missing(&Lock::ALL, self.locks().unwrap_or_default());
            if !missing.is_empty() {
                return Err(Lost::Unlocked(missing));
            }
        }
        // What it can't take it will not answer either: why is seen from its end.
        let _ = self.input.write_all(line).await;
        self.hear().await
    }

    async fn hear<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, Lost> {
        let mut line = Vec::new();
        let most = LONGEST_ANSWER as u64;
        let read = (&mut self.output)
            .take(most)
            .read_until(b'\n', &mut line)
            .await;
        match read {
            Ok(_) if line.ends_with(b"\n") => {
                serde_json::from_slice(&line).map_err(|_| Lost::Garbled)
            }
            Ok(read) if read as u64 == most => Err(Lost::Garbled),
            _ => Err(Lost::Ended(None)),
        }
    }

    /// Its streams have ended: so has it, or it never will by itself.
    async fn ending(&mut self, grace: Duration) -> Lost {
        let status: Option<ExitStatus> = timeout(grace, self.life.ended()).await.ok().flatten();
        match status {
            Some(status) if status.code() == Some(OUT_OF_MEMORY) => Lost::Memory,
            status => Lost::Ended(status),
        }
    }

    /// What the system holds against it, as far as it has said.
    pub(super) fn locks(&self) -> Option<&[Lock]> {
        self.held.as_deref()
    }

    /// It has done as much as one should.
    pub(super) fn is_worn(&self, tasks: u64) -> bool {
        self.tasks >= tasks
    }

    /// It is still there.
    pub(super) fn is_alive(&mut self) -> bool {
        self.life.goes_on()
    }

    /// Kills it, and waits until nothing is left of it.
    pub(super) async fn end(self) {
        self.life.end().await;
    }
}
