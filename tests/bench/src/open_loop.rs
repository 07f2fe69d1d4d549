//! The open loop: a request is sent when it is due, and its latency counts from
//! then, so that a proxy that falls behind can't hide it by being asked less.
//!
//! Threads that sleep, not tasks: the runtime's timer is a millisecond coarse,
//! and what is looked for is a tenth of that.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::failed::Failed;
use crate::load::{Seen, Spans};
use crate::payload::{self, Answer};

/// Threads that take turns, each with a connection. A reply may take as many
/// times the pace before it delays a request that is due.
const TURNS: u32 = 16;

/// Sends `a_second` requests a second and calls `edge` at both ends of the window.
pub(crate) fn run(
    address: SocketAddr,
    request: &[u8],
    a_second: u32,
    spans: Spans,
    edge: &mut dyn FnMut(),
) -> Result<Seen, Failed> {
    let start = Instant::now() + Duration::from_millis(20);
    let pace = Duration::from_secs(1) / a_second;
    let (from, until) = (start + spans.warm_up, start + spans.warm_up + spans.window);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..TURNS)
            .map(|turn| {
                scope.spawn(move || {
                    let mut seen = Seen::default();
                    let mut stream = TcpStream::connect(address)?;
                    stream.set_nodelay(true)?;
                    let mut due = start + pace * turn;
                    while due < until {
                        std::thread::sleep(due.saturating_duration_since(Instant::now()));
                        ask(&mut stream, request)?;
                        if due >= from {
                            seen.requests += 1;
                            seen.waits_us.push(due.elapsed().as_secs_f64() * 1e6);
                        }
                        due += pace * TURNS;
                    }
                    Ok::<Seen, Failed>(seen)
                })
            })
            .collect();
        std::thread::sleep(from.saturating_duration_since(Instant::now()));
        edge();
        std::thread::sleep(until.saturating_duration_since(Instant::now()));
        edge();
        let mut all = Seen::default();
        for thread in threads {
            let seen = thread.join().map_err(|_| "a thread panicked")??;
            all.requests += seen.requests;
            all.waits_us.extend(seen.waits_us);
        }
        Ok(all)
    })
}

/// One whole answer over a blocking socket; gives its head.
pub(crate) fn ask(stream: &mut TcpStream, request: &[u8]) -> Result<String, Failed> {
    ask_for(stream, request, Answer::Whole)
}

/// The same for any answer in one piece.
pub(crate) fn ask_for(
    stream: &mut TcpStream,
    request: &[u8],
    answer: Answer,
) -> Result<String, Failed> {
    stream.write_all(request)?;
    let length = payload::reply_length(answer);
    let mut read = vec![0; 8 * 1024 + length];
    let mut end = 0;
    loop {
        let more = stream.read(&mut read[end..])?;
        if more == 0 {
            return Err("the connection was closed".into());
        }
        end += more;
        let Some(at) = memchr::memmem::find(&read[..end], b"\r\n\r\n") else {
            continue;
        };
        if !read.starts_with(b"HTTP/1.1 200") {
            return Err(String::from_utf8_lossy(&read[..end]).into_owned().into());
        }
        // Its length is known; that it arrives whole is what is checked.
        if end - (at + 4) == length {
            return Ok(String::from_utf8_lossy(&read[..at]).into_owned());
        }
    }
}
