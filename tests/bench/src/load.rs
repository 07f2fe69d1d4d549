//! The closed loop: a connection sends its next request when the last one has
//! been answered. For costs and rates; it says little about latency.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use crate::failed::Failed;
use crate::payload::{self, Answer};
use crate::wire::{Reply, Wire};

/// How long a window takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spans {
    pub(crate) warm_up: Duration,
    pub(crate) window: Duration,
}

/// What was seen while measuring.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Requests that were answered, each checked.
    pub(crate) requests: u64,
    /// Events of streams that came.
    pub(crate) events: u64,
    /// Microseconds from each request to its first byte of body.
    pub(crate) waits_us: Vec<f64>,
}

const WARMING: u8 = 0;
const MEASURING: u8 = 1;
const DONE: u8 = 2;

/// Drives a closed loop and calls `edge` at both ends of the window.
pub(crate) fn closed(
    address: SocketAddr,
    request: &[u8],
    answer: Answer,
    connections: usize,
    spans: Spans,
    edge: &mut dyn FnMut(),
) -> Result<Seen, Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let phase = Arc::new(AtomicU8::new(WARMING));
        let mut tasks = tokio::task::JoinSet::new();
        let line: Arc<Line> = Arc::new(Line {
            address,
            request: request.to_vec(),
            answer,
            length: payload::reply_length(answer),
            ends: ends(answer),
            phase: Arc::clone(&phase),
        });
        for index in 0..connections {
            let line = Arc::clone(&line);
            // Spread, so that streams tick one after the other and not in a crowd.
            let delay = match answer {
                Answer::Paced => spans.warm_up.mul_f64(index as f64 / connections as f64),
                _ => Duration::ZERO,
            };
            tasks.spawn(async move { line.run(delay).await });
        }
        tokio::time::sleep(spans.warm_up).await;
        edge();
        phase.store(MEASURING, Ordering::Relaxed);
        tokio::time::sleep(spans.window).await;
        phase.store(DONE, Ordering::Relaxed);
        edge();
        let mut all = Seen::default();
        while let Some(seen) = tasks.join_next().await {
            let seen = seen??;
            all.requests += seen.requests;
            all.events += seen.events;
            all.waits_us.extend(seen.waits_us);
        }
        Ok(all)
    })
}

/// Sends exactly this many requests over these connections.
pub(crate) fn exactly(
    address: SocketAddr,
    request: &[u8],
    connections: usize,
    count: usize,
) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for index in 0..connections {
            let request = request.to_vec();
            let share = count / connections + usize::from(index < count % connections);
            tasks.spawn(async move {
                let mut wire = Wire::new(TcpStream::connect(address).await?)?;
                for _ in 0..share {
                    let reply = wire.ask(&request, |_| {}).await?;
                    check(reply, payload::reply_length(Answer::Whole))?;
                }
                Ok::<(), Failed>(())
            });
        }
        while let Some(done) = tasks.join_next().await {
            done??;
        }
        Ok(())
    })
}

/// What every connection does.
struct Line {
    address: SocketAddr,
    request: Vec<u8>,
    answer: Answer,
    length: usize,
    /// Where in a body each event ends.
    ends: Vec<usize>,
    phase: Arc<AtomicU8>,
}

impl Line {
    async fn run(&self, delay: Duration) -> Result<Seen, Failed> {
        let mut seen = Seen::default();
        let mut wire = Wire::new(TcpStream::connect(self.address).await?)?;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        loop {
            let phase = self.phase.load(Ordering::Relaxed);
            if phase == DONE {
                return Ok(seen);
            }
            let started = Instant::now();
            let mut whole = 0;
            let events = &mut seen.events;
            let on_data = |length: usize| {
                if self.answer.is_stream() {
                    let now = self.ends.partition_point(|end| *end <= length);
                    if self.phase.load(Ordering::Relaxed) == MEASURING {
                        *events += (now - whole) as u64;
                    }
                    whole = now;
                }
            };
            let reply = wire.ask(&self.request, on_data).await?;
            check(reply, self.length)?;
            if self.phase.load(Ordering::Relaxed) == MEASURING {
                seen.requests += 1;
                if phase == MEASURING {
                    let wait = reply.first_byte.duration_since(started);
                    seen.waits_us.push(wait.as_secs_f64() * 1e6);
                }
            }
        }
    }
}

fn ends(answer: Answer) -> Vec<usize> {
    if !answer.is_stream() {
        return Vec::new();
    }
    payload::events()
        .iter()
        .scan(0, |end, event| {
            *end += event.len();
            Some(*end)
        })
        .collect()
}

fn check(reply: Reply, length: usize) -> Result<(), Failed> {
    if (reply.status, reply.length) != (200, length) {
        return Err(format!(
            "a reply with status {} and {} bytes instead of 200 and {length}",
            reply.status, reply.length
        )
        .into());
    }
    Ok(())
}
