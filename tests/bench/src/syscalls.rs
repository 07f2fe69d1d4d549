//! System calls a request, counted by strace where there is one. The count hardly
//! depends on the machine, but tracing slows the proxy down, so that more
//! replies wait for the same commit of the ledger than would otherwise.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::failed::Failed;
use crate::load;
use crate::payload::Answer;
use crate::peer::Peer;

/// Enough for the first connections not to count.
const REQUESTS: usize = 5_000;

/// What a request needs of the kernel.
pub(crate) struct Calls {
    /// All of them.
    pub(crate) a_request: f64,
    /// The most frequent ones by name.
    pub(crate) by_name: Vec<(String, f64)>,
}

/// Counts the calls at c16; `None` without strace.
pub(crate) fn count(peer: &Peer, folder: &Path) -> Result<Option<Calls>, Failed> {
    let here = Command::new("strace")
        .arg("-V")
        .stdout(Stdio::null())
        .status();
    if here.is_err() {
        return Ok(None);
    }
    let request = peer.request(Answer::Whole, 1024, false);
    load::exactly(peer.address, &request, 16, 500)?;
    let table = folder.join("strace");
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-c", "-S", "calls", "-U", "calls,name", "-o"])
        .arg(&table);
    for pid in peer.family() {
        strace.arg("-p").arg(pid.to_string());
    }
    let mut strace = strace.stderr(Stdio::null()).spawn()?;
    std::thread::sleep(Duration::from_millis(700));
    let sent = load::exactly(peer.address, &request, 16, REQUESTS);
    let _ = Command::new("kill")
        .arg("-INT")
        .arg(strace.id().to_string())
        .status();
    let _ = strace.wait();
    sent?;
    let table = std::fs::read_to_string(table)?;
    let mut calls = Calls {
        a_request: f64::NAN,
        by_name: Vec::new(),
    };
    for line in table.lines() {
        let mut words = line.split_whitespace();
        let (Some(count), Some(name)) = (words.next(), words.next()) else {
            continue;
        };
        let Ok(count) = count.parse::<f64>() else {
            continue;
        };
        let a_request = count / REQUESTS as f64;
        if name == "total" {
            calls.a_request = a_request;
        } else if a_request >= 0.01 {
            calls.by_name.push((name.to_owned(), a_request));
        }
    }
    Ok(Some(calls))
}
