//! What a task takes that a tool does, through HTTP; and what others notice while a tool is abused.
//!
//! Promises: one connection, one request at a time, every answer checked. The others' latency is that of a passed-on
//! request on a connection of its own, before and while bombs run.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::failed::{Failed, median};
use crate::payload::Answer;
use crate::peer::Peer;

/// Tasks of a kind, after a tenth as many that don't count.
const TIMES: usize = 2_000;
/// How long others are watched.
const WATCHED: Duration = Duration::from_secs(5);

/// A kind of task, and what it took.
pub(crate) struct Task {
    pub(crate) name: &'static str,
    pub(crate) median_us: f64,
    pub(crate) p99_us: f64,
}

/// What others notice: a passed-on request's time, alone and beside bombs.
pub(crate) struct Beside {
    pub(crate) name: &'static str,
    pub(crate) alone_us: [f64; 2],
    pub(crate) beside_us: [f64; 2],
    pub(crate) bombs: usize,
}

/// Tasks, and what is in the answer.
const TASKS: [(&str, &str, &str, &str); 5] = [
    (
        "calculator",
        "tool/calculator",
        "(1250 - 3 * 75) / 4",
        "256.25",
    ),
    (
        "regex",
        "tool/regex",
        "extract /[0-9]+/\nroom 12, floor 3",
        "12",
    ),
    ("hash", "tool/hash", "sha256\nhello", "2cf24dba"),
    (
        "Python",
        "tool/repl-python",
        "sum(i * i for i in range(10))",
        "285",
    ),
    (
        "JavaScript",
        "tool/repl-javascript",
        "[1, 2, 3].map(x => x * x).join()",
        "1,4,9",
    ),
];

/// What must not be noticed.
const BOMBS: [(&str, &str, &str); 5] = [
    ("endless loops", "tool/repl-python", "while True: pass"),
    (
        "memory bombs",
        "tool/repl-python",
        "a = 'x'\nwhile True: a = a + a",
    ),
    (
        "1 GiB of print",
        "tool/repl-javascript",
        "for (let i = 0; i < 1e6; i++) console.log('x'.repeat(1024))",
    ),
    ("catastrophic patterns", "tool/regex", "CATASTROPHIC"),
    ("towers of powers", "tool/calculator", "9^9^9^9"),
];

/// Measures every kind of task. The first of an interpreter is told apart: nothing waits for it yet.
pub(crate) fn tasks(peer: &Peer) -> Result<Vec<Task>, Failed> {
    let mut seen = Vec::new();
    for (name, model, text, expected) in TASKS {
        let mut line = Line::open(peer.address)?;
        let request = request(peer, model, text);
        let (cold, first) = line.ask(&request)?;
        if !first.contains(expected) {
            return Err(format!("{name} answered {first}").into());
        }
        if model.contains("repl") {
            let name = match name {
                "Python" => "Python, cold",
                _ => "JavaScript, cold",
            };
            seen.push(Task {
                name,
                median_us: cold,
                p99_us: cold,
            });
        }
        let mut took = Vec::with_capacity(TIMES);
        for time in 0..TIMES + TIMES / 10 {
            let (us, answer) = line.ask(&request)?;
            if !answer.contains(expected) {
                return Err(format!("{name} answered {answer}").into());
            }
            if time >= TIMES / 10 {
                took.push(us);
            }
        }
        seen.push(Task {
            name,
            median_us: median(took.clone()),
            p99_us: at(&mut took, 0.99),
        });
    }
    Ok(seen)
}

/// What others notice of each kind of bomb.
pub(crate) fn bombs(peer: &Peer) -> Result<Vec<Beside>, Failed> {
    let mut seen = Vec::new();
    for (name, model, text) in BOMBS {
        let text = match text {
            "CATASTROPHIC" => {
                json!({"action": "match", "pattern": "(?=a)(a+)+$", "engine": "backtracking",
                                     "text": "a".repeat(40) + "b"})
                .to_string()
            }
            text => text.to_owned(),
        };
        let alone = others(peer)?;
        let over = Arc::new(AtomicBool::new(false));
        let bomb = request(peer, model, &text);
        let throwers: Vec<_> = (0..2)
            .map(|_| {
                let (over, bomb, address) = (Arc::clone(&over), bomb.clone(), peer.address);
                std::thread::spawn(move || throw(address, &bomb, &over))
            })
            .collect();
        let beside = others(peer)?;
        over.store(true, Ordering::Relaxed);
        let mut bombs = 0;
        for thrower in throwers {
            bombs += thrower.join().map_err(|_| "a thrower died")??;
        }
        seen.push(Beside {
            name,
            alone_us: alone,
            beside_us: beside,
            bombs,
        });
    }
    Ok(seen)
}

/// Sends bombs until it is over: how many were answered.
fn throw(address: SocketAddr, bomb: &[u8], over: &AtomicBool) -> Result<usize, String> {
    let mut bombs = 0;
    let told = |failed: Failed| failed.to_string();
    let mut line = Line::open(address).map_err(told)?;
    while !over.load(Ordering::Relaxed) {
        line.ask(bomb).map_err(told)?;
        bombs += 1;
    }
    Ok(bombs)
}

/// Median and 99th percentile of passed-on requests, in microseconds.
fn others(peer: &Peer) -> Result<[f64; 2], Failed> {
    let mut line = Line::open(peer.address)?;
    let request = peer.request(Answer::Whole, 1024, false);
    let (began, mut took) = (Instant::now(), Vec::new());
    while began.elapsed() < WATCHED {
        took.push(line.ask(&request)?.0);
    }
    let middle = median(took.clone());
    Ok([middle, at(&mut took, 0.99)])
}

fn at(took: &mut [f64], share: f64) -> f64 {
    took.sort_by(f64::total_cmp);
    let place = ((took.len() as f64 * share) as usize).min(took.len().saturating_sub(1));
    took.get(place).copied().unwrap_or_default()
}

fn request(peer: &Peer, model: &str, text: &str) -> Vec<u8> {
    let body = json!({"model": model, "messages": [{"role": "user", "content": text}]}).to_string();
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n{body}",
        peer.address,
        peer.key,
        body.len()
    )
    .into_bytes()
}

/// A connection that is used again and again.
struct Line(BufReader<TcpStream>);

impl Line {
    fn open(address: SocketAddr) -> Result<Line, Failed> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(Line(BufReader::new(stream)))
    }

    /// Microseconds until the whole answer was here, and its body.
    fn ask(&mut self, request: &[u8]) -> Result<(f64, String), Failed> {
        let began = Instant::now();
        self.0.get_mut().write_all(request)?;
        let mut length = 0;
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line)? == 0 {
                return Err("Signalbox hung up".into());
            }
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        let took = began.elapsed().as_secs_f64() * 1e6;
        Ok((took, String::from_utf8_lossy(&body).into_owned()))
    }
}
