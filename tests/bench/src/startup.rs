//! From a start to the first answers, and what the process holds.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::failed::{Failed, median};
use crate::open_loop;
use crate::payload::Answer;
use crate::peer::{Peer, SignalboxFolder};
use crate::process;

/// What was seen over some starts; times in milliseconds.
pub(crate) struct Startup {
    /// Until it said where it listens.
    pub(crate) listening_ms: f64,
    /// Until `/healthz` answered 200.
    pub(crate) healthy_ms: f64,
    /// Until a chat request was answered 200.
    pub(crate) chat_ms: f64,
    /// The first start of all, when the ledger is made.
    pub(crate) first_chat_ms: f64,
    /// Memory when nothing is asked of it.
    pub(crate) idle_mib: f64,
}

const STARTS: usize = 5;

/// Starts a Signalbox several times on the same folder.
pub(crate) fn measure(folder: &SignalboxFolder) -> Result<Startup, Failed> {
    let first = once(folder)?;
    let mut starts = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        starts.push(once(folder)?);
    }
    let of = |figure: fn(&Once) -> f64| median(starts.iter().map(figure).collect());
    Ok(Startup {
        listening_ms: of(|start| start.listening_ms),
        healthy_ms: of(|start| start.healthy_ms),
        chat_ms: of(|start| start.chat_ms),
        first_chat_ms: first.chat_ms,
        idle_mib: of(|start| start.idle_mib),
    })
}

/// What was seen of starts after a kill -9 that left a full disk of kept answers.
pub(crate) struct AfterKill {
    /// What lay on the disk.
    pub(crate) kept_mib: f64,
    /// Until it said where it listens.
    pub(crate) listening_ms: f64,
    /// Until a chat request was answered 200.
    pub(crate) chat_ms: f64,
}

/// Answers that are kept before the kill, and how many a second: the disk takes 8 MiB of them.
const KEPT: u32 = 2_600;
const KEPT_PACE: Duration = Duration::from_millis(16);

/// Fills the disk with kept answers, and starts again and again after a kill -9.
pub(crate) fn after_kill(folder: &SignalboxFolder) -> Result<AfterKill, Failed> {
    let peer = folder.start()?;
    let mut stream = TcpStream::connect(peer.address)?;
    let mut ask = |number: u32| -> Result<(), Failed> {
        let request = String::from_utf8(peer.request(Answer::Large, 1024, true))?;
        // As long as the words it stands for, and a question of its own.
        let request = request.replacen("careful reviewer", &format!("reviewer {number:07}"), 1);
        open_loop::ask_for(&mut stream, request.as_bytes(), Answer::Large).map(drop)
    };
    for number in 0..KEPT {
        ask(number)?;
        // Where nothing is ever asked again, little is kept.
        ask(number.saturating_sub(1))?;
        std::thread::sleep(KEPT_PACE);
    }
    std::thread::sleep(Duration::from_secs(2));
    let kept_mib = process::bytes_in(&folder.kept()) as f64 / (1 << 20) as f64;
    peer.killed()?;
    let mut starts = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let peer = folder.start()?;
        let since = || peer.spawned().elapsed().as_secs_f64() * 1e3;
        let listening_ms = since();
        let mut stream = TcpStream::connect(peer.address)?;
        open_loop::ask(&mut stream, &peer.request(Answer::Whole, 1024, false))?;
        starts.push((listening_ms, since()));
        peer.killed()?;
    }
    Ok(AfterKill {
        kept_mib,
        listening_ms: median(starts.iter().map(|start| start.0).collect()),
        chat_ms: median(starts.iter().map(|start| start.1).collect()),
    })
}

struct Once {
    listening_ms: f64,
    healthy_ms: f64,
    chat_ms: f64,
    idle_mib: f64,
}

fn once(folder: &SignalboxFolder) -> Result<Once, Failed> {
    let peer = folder.start()?;
    let since = || peer.spawned().elapsed().as_secs_f64() * 1e3;
    let listening_ms = since();
    health(&peer)?;
    let healthy_ms = since();
    let mut stream = TcpStream::connect(peer.address)?;
    open_loop::ask(&mut stream, &peer.request(Answer::Whole, 1024, false))?;
    let chat_ms = since();
    drop(stream);
    std::thread::sleep(Duration::from_millis(500));
    Ok(Once {
        listening_ms,
        healthy_ms,
        chat_ms,
        idle_mib: process::rss_mib(peer.pid()),
    })
}

fn health(peer: &Peer) -> Result<(), Failed> {
    let mut stream = TcpStream::connect(peer.address)?;
    write!(
        stream,
        "GET /healthz HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
        peer.address
    )?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply)?;
    if !reply.starts_with("HTTP/1.1 200") {
        return Err(format!("/healthz answered `{reply}`").into());
    }
    Ok(())
}
