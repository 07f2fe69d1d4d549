//! A process for one task: started, asked once, and gone.
//!
//! Promises: its environment is empty, it runs in `/` and in a process group of its own, and nothing is left of it
//! once its answer is here or its time is over, or soon after its caller has gone away.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use speech::errand::{Errand, LONGEST_TOLD, Refused, Why};
use speech::{Hello, OUT_OF_MEMORY};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::{Trouble, TroubleKind};

/// How long a process may take to begin, and to end.
const GRACE: Duration = Duration::from_secs(5);
/// The most bytes of its first line.
const GREETING: u64 = 4 * 1024;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Lost {
    /// It could not be started, or did not come to its first word.
    Start(String),
    /// It said nothing in time.
    Late,
    /// It wanted more memory than it may have.
    Memory,
    /// It died, or said what can't be understood.
    Died,
}

impl From<Refused> for Trouble {
    fn from(refused: Refused) -> Trouble {
        let kind = match refused.why {
            Why::BadInput => TroubleKind::BadInput,
            Why::NotGranted => TroubleKind::NotGranted,
            Why::TooLong => TroubleKind::TooLong,
            Why::TooMuch => TroubleKind::TooMuch,
            Why::Unavailable => TroubleKind::Unavailable,
        };
        Trouble::new(kind, refused.message)
    }
}

/// The program that does it. It is started in another folder than this.
pub(crate) fn program(program: Option<PathBuf>) -> Option<PathBuf> {
    program.and_then(|program| std::path::absolute(program).ok())
}

/// Asks, for so long after the process has begun.
pub(crate) async fn run<A: DeserializeOwned>(
    program: &Path,
    errand: &Errand,
    task: &impl Serialize,
    time: Duration,
) -> Result<A, Lost> {
    let errand = serde_json::to_string(errand).map_err(|_| Lost::Died)?;
    let mut task = serde_json::to_vec(task).map_err(|_| Lost::Died)?;
    task.push(b'\n');
    let mut command = Command::new(program);
    command
        .arg(errand)
        .env_clear()
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    #[cfg(unix)]
    command.current_dir("/").process_group(0);
    let mut child = command
        .spawn()
        .map_err(|why| Lost::Start(why.to_string()))?;
    let answer = speak(&mut child, &task, time).await;
    match answer {
        Err(Lost::Died) => Err(died(&mut child).await),
        Err(lost) => {
            let _ = child.kill().await;
            Err(lost)
        }
        Ok(answer) => {
            let _ = child.kill().await;
            Ok(answer)
        }
    }
}

async fn speak<A: DeserializeOwned>(
    child: &mut Child,
    task: &[u8],
    time: Duration,
) -> Result<A, Lost> {
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(Lost::Died);
    };
    let mut output = BufReader::new(output);
    let silent = || Lost::Start("it said nothing".to_owned());
    let hello = timeout(GRACE, line(&mut output, GREETING)).await;
    hello
        .map_err(|_| silent())?
        .and_then(|hello| serde_json::from_slice::<Hello>(&hello).ok())
        .ok_or(Lost::Died)?;
    let told = timeout(time, async {
        // What it can't take it will not answer either: why is seen from its end.
        let _ = input.write_all(task).await;
        line(&mut output, LONGEST_TOLD as u64).await
    });
    let told = told.await.map_err(|_| Lost::Late)?.ok_or(Lost::Died)?;
    serde_json::from_slice(&told).map_err(|_| Lost::Died)
}

async fn line(from: &mut (impl AsyncBufReadExt + Unpin), most: u64) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    let read = from.take(most).read_until(b'\n', &mut line).await;
    (read.is_ok() && line.ends_with(b"\n")).then_some(line)
}

/// Its streams have ended: so has it, or it is ended here.
async fn died(child: &mut Child) -> Lost {
    let status = match timeout(GRACE, child.wait()).await {
        Ok(status) => status.ok(),
        Err(_) => {
            let _ = child.kill().await;
            None
        }
    };
    let Some(status) = status else {
        return Lost::Died;
    };
    tracing::debug!(%status, "a process died in its errand");
    match status.code() {
        Some(OUT_OF_MEMORY) => Lost::Memory,
        _ if was_refused_memory(status) => Lost::Memory,
        _ => Lost::Died,
    }
}

/// What Rust does where there is no memory: it aborts. Nothing else in there does.
#[cfg(unix)]
fn was_refused_memory(status: std::process::ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt;
    status.signal() == Some(rustix::process::Signal::ABORT.as_raw())
}

#[cfg(not(unix))]
fn was_refused_memory(_: std::process::ExitStatus) -> bool {
    false
}
