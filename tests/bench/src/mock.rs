//! The provider that is called: answers at once, in fixed bytes, and costs next
//! to nothing. A process of its own, so that its time is not the load's.

use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::failed::Failed;
use crate::payload::{self, Answer, PACE, THOUGHT};
use crate::say;
use crate::wire::{Framing, Wire};

/// Serves until it is killed; says its port on standard output first.
pub(crate) fn serve() -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        say(listener.local_addr()?);
        let answers: &'static Answers = Box::leak(Box::new(Answers::new()));
        loop {
            let (stream, _) = listener.accept().await?;
            // Ends with its connection. A broken one is the proxy's to report.
            tokio::spawn(async move { drop(converse(stream, answers).await) });
        }
    })
}

/// The bytes of every answer, heads and framing included.
struct Answers {
    whole: Vec<u8>,
    large: Vec<u8>,
    /// The first one begins with the head, the last one ends the body.
    events: Vec<Vec<u8>>,
}

impl Answers {
    fn new() -> Answers {
        let in_one_piece = |body: String| {
            format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nx-request-id: req_bench\r\n\r\n{body}",
                body.len()
            )
        };
        let mut events: Vec<Vec<u8>> = payload::events()
            .iter()
            .map(|event| format!("{:x}\r\n{event}\r\n", event.len()).into_bytes())
            .collect();
        if let Some(first) = events.first_mut() {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\nx-request-id: req_bench\r\n\r\n";
            first.splice(0..0, head.bytes());
        }
        if let Some(last) = events.last_mut() {
            last.extend_from_slice(b"0\r\n\r\n");
        }
        Answers {
            whole: in_one_piece(payload::whole()).into_bytes(),
            large: in_one_piece(payload::large()).into_bytes(),
            events,
        }
    }
}

async fn converse(stream: TcpStream, answers: &Answers) -> std::io::Result<()> {
    let mut wire = Wire::new(stream)?;
    while let Some((_, framing)) = wire.head().await? {
        let Framing::Length(length) = framing else {
            return Err(std::io::Error::other("a request without a length"));
        };
        let mut start = [0; 32];
        wire.body(length, &mut start).await?;
        match Answer::asked(&start) {
            Some(Answer::Whole) => wire.write(&answers.whole).await?,
            Some(Answer::Large) => wire.write(&answers.large).await?,
            Some(Answer::Slow) => {
                tokio::time::sleep(THOUGHT).await;
                wire.write(&answers.whole).await?;
            }
            Some(Answer::Burst) => stream_out(&mut wire, answers, Duration::ZERO).await?,
            Some(Answer::Paced) => stream_out(&mut wire, answers, PACE).await?,
            None => return Err(std::io::Error::other("a request for no known model")),
        }
    }
    Ok(())
}

async fn stream_out(wire: &mut Wire, answers: &Answers, pace: Duration) -> std::io::Result<()> {
    let mut due = Instant::now();
    for event in &answers.events {
        if !pace.is_zero() {
            tokio::time::sleep_until(due).await;
            due += pace;
        }
        wire.write(event).await?;
    }
    Ok(())
}
