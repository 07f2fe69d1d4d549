//! Granted commands, run by their names.
//!
//! Promises: what is run is what the config says, to the letter: no shell reads it, and nobody who asks adds a
//! word. It sees the granted folder, few variables and no input; what it begins ends with it, as far as it stays
//! in its process group; what it says is kept from its beginning and its end. Two run at once.
//! Leaves out keeping it from files and network: a command that is granted may do what its user may.

mod group;
mod heard;

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::timeout;

use self::group::Group;
use self::heard::{Heard, Hearing};
use crate::grants::{Check, Grants};
use crate::places::Places;
use crate::{Done, Output, Spec, Tool, Trouble, TroubleKind};

/// Commands that run at once, and that wait for it, for so long.
const RUNNING: usize = 2;
const WAITING: usize = 8;
const WAIT: Duration = Duration::from_secs(5);
/// From the request to end until the end.
const POLITE: Duration = Duration::from_secs(2);
/// How long what was said is still read once nothing is left that should say it.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// What every command sees, where there is such a variable.
const SEEN: [&str; 5] = ["PATH", "HOME", "LANG", "TMPDIR", "SystemRoot"];

/// Those who run a command.
#[derive(Debug)]
pub(crate) struct Checks {
    places: Places,
}

/// What the tool takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    name: String,
}

/// How a command ended.
struct Ended {
    status: ExitStatus,
    late: bool,
    stdout: Heard,
    stderr: Heard,
}

impl Checks {
    pub(crate) fn new() -> Checks {
        Checks {
            places: Places::new(RUNNING, WAITING, WAIT),
        }
    }

    /// Runs a granted command.
    pub(crate) async fn run(
        &self,
        grants: &Grants,
        arguments: &Value,
        client: &str,
    ) -> Result<Done, Trouble> {
        let Asked { name } = Asked::deserialize(arguments).map_err(|why| {
            let message = format!(
                "These are not the arguments of `check`: {why}. Give `name`, and nothing else."
            );
            Trouble::new(TroubleKind::BadInput, message)
        })?;
        let check = chosen(grants, &name)?;
        let folder = folder(&name, &check.folder)?;
        let _place = self.places.place(client).await.ok_or_else(|| {
            let message =
                format!("{RUNNING} checks are running already. Ask again when one has ended.");
            Trouble::new(TroubleKind::Unavailable, message)
        })?;
        let begun = Instant::now();
        let ended = run(check, &folder).await.map_err(|why| {
            let message = format!(
                "The check `{name}` can't be run: {why} (`{}`).",
                check.command.join(" ")
            );
            Trouble::new(TroubleKind::Unavailable, message)
        })?;
        told(&name, check, ended, begun.elapsed())
    }
}

async fn run(check: &Check, folder: &Path) -> std::io::Result<Ended> {
    let (program, words) = check
        .command
        .split_first()
        .ok_or(std::io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(found(program, folder));
    let seen = SEEN
        .into_iter()
        .chain(check.environment.iter().map(String::as_str));
    command
        .args(words)
        .current_dir(folder)
        .env_clear()
        .envs(seen.filter_map(|name| Some((name, std::env::var_os(name)?))))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut group = Group::begin(command)?;
    let (out, err) = group.streams();
    let (stdout, stderr) = (Hearing::of(out), Hearing::of(err));
    let late = timeout(check.limit, group.ended()).await.is_err();
    if late {
        group.ask_to_end();
        // Who ends in time may still say why.
        let _ = timeout(POLITE, group.ended()).await;
    }
    let status = group.end().await?;
    let (stdout, stderr) = tokio::join!(stdout.last_words(), stderr.last_words());
    Ok(Ended {
        status,
        late,
        stdout,
        stderr,
    })
}

/// A path that is not absolute is one in the folder, and a name is looked for as `PATH` says.
fn found(program: &str, folder: &Path) -> PathBuf {
    let path = Path::new(program);
    match path.components().count() {
        1 => path.to_owned(),
        _ => folder.join(path),
    }
}

fn told(name: &str, check: &Check, ended: Ended, took: Duration) -> Result<Done, Trouble> {
    let passed = ended.status.success() && !ended.late;
    let output = Output {
        is_cut: ended.stdout.is_cut() || ended.stderr.is_cut(),
        stdout: ended.stdout.text(),
        stderr: ended.stderr.text(),
    };
    if ended.late {
        let limit = check.limit.as_secs_f64();
        let message = format!(
            "The check `{name}` ran for {limit} s and was ended. Let it do less, or give it more time in the config."
        );
        let kind = TroubleKind::TooLong;
        return Err(Trouble {
            kind,
            message,
            output,
        });
    }
    let verdict = match (passed, ended.status.code()) {
        (true, _) => format!("`{name}` passed."),
        (false, Some(code)) => format!("`{name}` failed with exit code {code}."),
        (false, None) => format!("`{name}` was ended by a signal."),
    };
    let parts = [
        verdict.as_str(),
        output.stdout.trim_end(),
        output.stderr.trim_end(),
    ];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    Ok(Done {
        result: json!({
            "name": name,
            "exit_code": ended.status.code(),
            "passed": passed,
            "stdout": output.stdout,
            "stderr": output.stderr,
            "took_ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "cut": output.is_cut,
        }),
        text: parts.join("\n"),
        working: None,
        output,
    })
}

fn chosen<'a>(grants: &'a Grants, name: &str) -> Result<&'a Check, Trouble> {
    grants.checks.get(name).ok_or_else(|| {
        let names: Vec<&str> = grants.checks.keys().map(String::as_str).collect();
        let message = match names.is_empty() {
            true => "No check is granted. Add one to the config.".to_owned(),
            false => format!(
                "There is no check `{name}`. Granted are: {}.",
                names.join(", ")
            ),
        };
        Trouble::new(TroubleKind::NotGranted, message)
    })
}

fn folder(name: &str, folder: &Path) -> Result<PathBuf, Trouble> {
    let refuse = |why: String| {
        let message = format!(
            "The check `{name}` can't be run: its folder `{}` {why}.",
            folder.display()
        );
        Trouble::new(TroubleKind::Unavailable, message)
    };
    let path = folder
        .canonicalize()
        .map_err(|why| refuse(format!("can't be entered ({why})")))?;
    if path.is_dir() {
        Ok(path)
    } else {
        Err(refuse("is none".to_owned()))
    }
}

/// What is said of it, where anything is granted.
pub(crate) fn spec(grants: &Grants) -> Option<Spec> {
    let names: Vec<&String> = grants.checks.keys().collect();
    if names.is_empty() {
        return None;
    }
    let listed: Vec<String> = grants
        .checks
        .iter()
        .map(|(name, check)| format!("{name} (`{}`)", check.command.join(" ")))
        .collect();
    Some(Spec {
        tool: Tool::Check,
        what: format!(
            "Runs a fixed command and tells how it ended and what it said: {}.",
            listed.join(", ")
        ),
        arguments: json!({
            "type": "object",
            "properties": { "name": { "type": "string", "enum": names, "description": "Which one." } },
            "required": ["name"],
            "additionalProperties": false,
        }),
    })
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
