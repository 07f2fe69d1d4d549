//! The shapes of traffic, and one window of one of them at one peer.

use std::time::{Duration, Instant};

use crate::failed::Failed;
use crate::load::{self, Seen};
use crate::open_loop;
use crate::payload::Answer;
use crate::peer::Peer;
use crate::process;

/// A shape of traffic.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) says: &'static str,
    pub(crate) answer: Answer,
    pub(crate) request_bytes: usize,
    pub(crate) source: Source,
    pub(crate) drive: Drive,
    pub(crate) warm_up: Duration,
}

/// Where Signalbox has its answers from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// The mock, for each request.
    Upstream,
    /// The memory of kept answers.
    Memory,
    /// The disk of kept answers, because there is no memory.
    Disk,
}

/// When the next request is sent.
pub(crate) enum Drive {
    /// When the last one on its connection was answered.
    Closed { connections: usize },
    /// When it is due, whatever became of those before.
    Open { a_second: u32 },
}

/// How long a window is measured.
const WINDOW: Duration = Duration::from_millis(2_000);
/// Above this share of a core for anybody else, a window does not count.
pub(crate) const OTHERS_MOST: f64 = 0.10;

const SHORT: Duration = Duration::from_millis(300);

pub(crate) const SHAPES: [Shape; 10] = [
    Shape {
        name: "c16",
        says: "16 connections, 1 KiB requests",
        answer: Answer::Whole,
        request_bytes: 1024,
        source: Source::Upstream,
        drive: Drive::Closed { connections: 16 },
        warm_up: SHORT,
    },
    Shape {
        name: "c16-128k",
        says: "16 connections, 128 KiB requests",
        answer: Answer::Whole,
        request_bytes: 128 * 1024,
        source: Source::Upstream,
        drive: Drive::Closed { connections: 16 },
        warm_up: SHORT,
    },
    Shape {
        name: "paced",
        says: "64 streams, an event each 10 ms",
        answer: Answer::Paced,
        request_bytes: 1024,
        source: Source::Upstream,
        drive: Drive::Closed { connections: 64 },
        // Until every connection is in the middle of a stream.
        warm_up: Duration::from_millis(700),
    },
    Shape {
        name: "burst",
        says: "16 connections, 64 events without a pause",
        answer: Answer::Burst,
        request_bytes: 1024,
        source: Source::Upstream,
        drive: Drive::Closed { connections: 16 },
        warm_up: SHORT,
    },
    Shape {
        name: "open-1000",
        says: "1,000 requests a second, as they are due",
        answer: Answer::Whole,
        request_bytes: 1024,
        source: Source::Upstream,
        drive: Drive::Open { a_second: 1_000 },
        warm_up: SHORT,
    },
    Shape {
        name: "hit",
        says: "16 connections, 1 KiB requests that are answered from memory",
        answer: Answer::Whole,
        request_bytes: 1024,
        source: Source::Memory,
        drive: Drive::Closed { connections: 16 },
        warm_up: SHORT,
    },
    Shape {
        name: "hit-128k",
        says: "the same with 128 KiB requests",
        answer: Answer::Whole,
        request_bytes: 128 * 1024,
        source: Source::Memory,
        drive: Drive::Closed { connections: 16 },
        warm_up: SHORT,
    },
    Shape {
        name: "hit-disk",
        says: "16 connections, 1 KiB requests that are answered from the disk",
        answer: Answer::Whole,
        request_bytes: 1024,
        source: Source::Disk,
        drive: Drive::Closed { connections: 16 },
        warm_up: SHORT,
    },
    Shape {
        name: "hit-disk-128k",
        says: "the same with 128 KiB requests",
        answer: Answer::Whole,
        request_bytes: 128 * 1024,
        source: Source::Disk,
        drive: Drive::Closed { connections: 16 },
        warm_up: SHORT,
    },
    Shape {
        name: "hit-5ms",
        says: "one connection, answered from memory where the mock takes 5 ms",
        answer: Answer::Slow,
        request_bytes: 1024,
        source: Source::Memory,
        drive: Drive::Closed { connections: 1 },
        warm_up: SHORT,
    },
];

impl Shape {
    /// What is sent to this peer.
    pub(crate) fn request(&self, peer: &Peer) -> Vec<u8> {
        let repeatable = self.source != Source::Upstream;
        peer.request(self.answer, self.request_bytes, repeatable)
    }
}

/// What a window showed.
pub(crate) struct Window {
    pub(crate) seen: Seen,
    pub(crate) span_s: f64,
    /// Processor time of the peer.
    pub(crate) cpu_s: f64,
    /// Cores that anybody else used.
    pub(crate) others: f64,
}

impl Window {
    /// Processor microseconds for each request, or for each event of a stream.
    pub(crate) fn cost_us(&self, shape: &Shape) -> f64 {
        let count = match shape.answer.is_stream() {
            false => self.seen.requests,
            true => self.seen.events,
        };
        self.cpu_s * 1e6 / count as f64
    }

    /// Requests a second, or events.
    pub(crate) fn rate(&self, shape: &Shape) -> f64 {
        let count = match shape.answer.is_stream() {
            false => self.seen.requests,
            true => self.seen.events,
        };
        count as f64 / self.span_s
    }

    /// Median microseconds: to the end of a whole answer, to a stream's first byte.
    pub(crate) fn p50_us(&self) -> f64 {
        crate::failed::median(self.seen.waits_us.clone())
    }
}

/// Processor time of everybody who is part of the measurement.
struct Counters {
    at: Instant,
    peer_s: f64,
    ours_s: f64,
    machine_s: f64,
}

impl Counters {
    fn read(peer: &Peer, all: &[u32]) -> Counters {
        Counters {
            at: Instant::now(),
            peer_s: process::cpu_s(&peer.family()),
            ours_s: process::cpu_s(all),
            machine_s: process::machine_s(),
        }
    }
}

/// Drives one shape at one peer. `all` are the processes that belong to the
/// measurement: whoever else works disturbs it.
pub(crate) fn window(shape: &Shape, peer: &Peer, all: &[u32]) -> Result<Window, Failed> {
    let request = shape.request(peer);
    let mut counters: Vec<Counters> = Vec::with_capacity(2);
    let mut edge = || counters.push(Counters::read(peer, all));
    let spans = load::Spans {
        warm_up: shape.warm_up,
        window: WINDOW,
    };
    let seen = match shape.drive {
        Drive::Closed { connections } => load::closed(
            peer.address,
            &request,
            shape.answer,
            connections,
            spans,
            &mut edge,
        ),
        Drive::Open { a_second } => {
            open_loop::run(peer.address, &request, a_second, spans, &mut edge)
        }
    }
    .map_err(|error| format!("{} at {}: {error}", shape.name, peer.name))?;
    let [before, after] = counters.as_slice() else {
        return Err("a window without edges".into());
    };
    let span_s = after.at.duration_since(before.at).as_secs_f64();
    let others_s = (after.machine_s - before.machine_s) - (after.ours_s - before.ours_s);
    Ok(Window {
        seen,
        span_s,
        cpu_s: after.peer_s - before.peer_s,
        others: others_s / span_s,
    })
}
