//! A provider that can stall, cut, refuse and lie, in every dialect.
//!
//! What it does is chosen by the model it is asked for, so that an SDK in another
//! language can choose too. Every request is kept as it came. What a vendor would
//! refuse is refused in that vendor's words.
//!
//! Good answers: any other name says hello; `tool` and `tools-parallel` call the tools
//! that were offered, with the arguments that the prompt tells as `<<name {…}>>`, and
//! quote the results they are given; `tools-talk` says a word first, and `tools-again` calls without end; `checker`, `doubter` and
//! `rambler` are shown a tool's result, and agree, disagree, and say nothing of use; `think` reasons first, seals it, and wants it back;
//! `schema` fills the schema it is given; `image` tells the sizes of the images it saw;
//! `count` tells how many turns, system texts and tools there were; `edit` gives back a file it was
//! shown, changed; `echo` says what it was told, and `brisk` the same a few letters at a time; `mib-7` says
//! seven mebibytes; `big-last` ends with an event of three megabytes; `able` does all that the doctor
//! asks for, and its kin each lack one thing: `able-no-tools` calls none, `able-no-schema` refuses
//! schemas, `able-no-usage` reports no tokens, `able-disordered` sends its last two events in the
//! wrong order; `every-other` fails every other time, `late` takes its time to begin. A request that claims to be signed for AWS is held to it, and `/token` gives
//! Google's access tokens.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::BytesMut;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::eventually;
use crate::wire::{Request, read_request};

// What is asked, and what is done about it.
mod asked;
mod behaviour;
mod route;
mod said;
mod speech;

// The dialects.
mod anthropic;
mod anthropic_strict;
mod bedrock;
mod bedrock_strict;
mod cohere;
mod gemini;
mod gemini_strict;
mod lists;
mod ollama;
mod openai;
mod openai_media;
mod openai_more;
mod responses;
mod responses_strict;

// Bytes.
mod eventstream;
mod files;
mod http;
mod signed;

pub use behaviour::ACCESS_TOKEN;
use behaviour::{Then, answer};
use http::whole;
pub use signed::AWS_KEY;

/// What the fake has seen.
#[derive(Debug, Default)]
pub struct Seen {
    requests: Mutex<Vec<Request>>,
    /// Looks at how it is, which nobody's request asks for.
    looks: Mutex<Vec<Request>>,
    /// Connections on which the peer hung up while an answer was owed.
    hang_ups: AtomicUsize,
    /// Answers that wait for a word of the test, first come first held.
    held: Mutex<VecDeque<oneshot::Receiver<Release>>>,
    /// How long each answer takes to begin, in milliseconds.
    pace_ms: AtomicU64,
    open: AtomicUsize,
}

/// What becomes of an answer that was held.
#[derive(Debug)]
enum Release {
    Answer,
    Refuse,
}

/// The next request is not answered before its test says so. Dropped, it never is.
pub struct Held(Option<oneshot::Sender<Release>>);

impl Held {
    pub fn answer(mut self) {
        self.release(Release::Answer);
    }

    /// With a server's error.
    pub fn refuse(mut self) {
        self.release(Release::Refuse);
    }

    fn release(&mut self, what: Release) {
        if let Some(sender) = self.0.take() {
            let _ = sender.send(what);
        }
    }
}

pub struct FakeUpstream {
    pub address: SocketAddr,
    seen: Arc<Seen>,
    server: JoinSet<()>,
    /// Never listens: holds the address for the time after.
    reserved: TcpSocket,
}

/// The address of a provider that is gone: connections to it are refused, and nobody else on this machine
/// gets it meanwhile, or a test would speak to a stranger.
pub struct Gone {
    reserved: TcpSocket,
}

impl Gone {
    /// The provider is back.
    pub async fn back(self) -> FakeUpstream {
        FakeUpstream::listening(self.reserved)
    }
}

impl FakeUpstream {
    pub async fn start() -> FakeUpstream {
        FakeUpstream::start_on(0).await
    }

    pub async fn start_on(port: u16) -> FakeUpstream {
        FakeUpstream::listening(socket_at(SocketAddr::from(([127, 0, 0, 1], port))))
    }

    /// At the address that was reserved.
    fn listening(reserved: TcpSocket) -> FakeUpstream {
        let address = reserved.local_addr().unwrap();
        let listener = socket_at(address).listen(1_024).unwrap();
        let seen = Arc::new(Seen::default());
        let mut server = JoinSet::new();
        let state = Arc::clone(&seen);
        server.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                let state = Arc::clone(&state);
                connections.spawn(async move {
                    state.open.fetch_add(1, Ordering::SeqCst);
                    connection(socket, &state).await;
                    state.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        FakeUpstream {
            address,
            seen,
            server,
            reserved,
        }
    }

    /// Ends it, its connections too.
    pub async fn end(mut self) -> Gone {
        self.server.shutdown().await;
        Gone {
            reserved: self.reserved,
        }
    }

    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.seen.requests.lock().unwrap().clone()
    }

    /// What was asked of it when Signalbox wanted to know how it is.
    pub fn looks(&self) -> Vec<Request> {
        self.seen.looks.lock().unwrap().clone()
    }

    pub fn last(&self) -> Request {
        self.requests().pop().expect("the upstream was asked")
    }

    pub fn open_connections(&self) -> usize {
        self.seen.open.load(Ordering::SeqCst)
    }

    /// Holds the next answer back.
    pub fn hold_next(&self) -> Held {
        let (sender, receiver) = oneshot::channel();
        self.seen.held.lock().unwrap().push_back(receiver);
        Held(Some(sender))
    }

    /// Lets each answer take this long to begin.
    pub fn paced(&self, pace: Duration) {
        let ms = u64::try_from(pace.as_millis()).unwrap();
        self.seen.pace_ms.store(ms, Ordering::SeqCst);
    }

    /// Resolves when it has been asked so often.
    pub async fn asked(&self, times: usize) {
        eventually("the upstream to be asked", || async {
            (self.seen.requests.lock().unwrap().len() >= times).then_some(())
        })
        .await;
    }

    /// Resolves when a peer has hung up on an unfinished answer.
    pub async fn hung_up_on(&self) {
        eventually("the upstream connection to be dropped", || async {
            (self.seen.hang_ups.load(Ordering::SeqCst) > 0).then_some(())
        })
        .await;
    }
}

/// A socket at an address that several of ours may have: one listens there, and one keeps it from strangers.
fn socket_at(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.set_reuseport(true).unwrap();
    socket.bind(address).unwrap();
    socket
}

/// Serves requests until the peer leaves or the script says to cut.
async fn connection(mut socket: TcpStream, seen: &Seen) {
    let _ = socket.set_nodelay(true);
    let mut held = BytesMut::new();
    let mut first = [0u8; 1];
    if matches!(socket.peek(&mut first).await, Ok(1)) && first[0] == TLS_HANDSHAKE {
        // What a web server says to TLS on its plain port.
        let _ = socket
            .write_all(&whole(400, "text/plain", "plain HTTP here", ""))
            .await;
        return;
    }
    while let Some(request) = read_request(&mut socket, &mut held).await {
        if let Some(query) = request.path().strip_prefix("/__seen") {
            let last = query.strip_prefix("?last=").and_then(|n| n.parse().ok());
            let body = seen_json(seen, last.unwrap_or(usize::MAX));
            let _ = socket
                .write_all(&whole(200, "application/json", &body, ""))
                .await;
            continue;
        }
        let kept = match request.asks_how_it_is() {
            true => &seen.looks,
            false => &seen.requests,
        };
        kept.lock().unwrap().push(request.clone());
        let then = match held_back(&mut socket, seen).await {
            None => answer(&mut socket, &request).await,
            Some(then) => then,
        };
        match then {
            Then::Next => {}
            Then::Cut => {
                // A reset, not a polite close: that is how real ones break.
                let _ = socket.set_zero_linger();
                return;
            }
            Then::WatchForHangUp => {
                let mut byte = [0u8; 1];
                let _ = socket.read(&mut byte).await;
                seen.hang_ups.fetch_add(1, Ordering::SeqCst);
                return;
            }
            Then::HungUp => {
                seen.hang_ups.fetch_add(1, Ordering::SeqCst);
                return;
            }
        }
    }
}

/// Waits as the test wants it; says what becomes of the connection where that is not an answer.
async fn held_back(socket: &mut TcpStream, seen: &Seen) -> Option<Then> {
    let pace = Duration::from_millis(seen.pace_ms.load(Ordering::SeqCst));
    if !pace.is_zero() {
        // Not a wait for an event: this is how long such a provider takes.
        tokio::time::sleep(pace).await;
    }
    let held = seen.held.lock().unwrap().pop_front()?;
    let mut byte = [0u8; 1];
    let released = tokio::select! {
        released = held => released,
        _ = socket.peek(&mut byte) => return Some(Then::HungUp),
    };
    match released {
        Ok(Release::Answer) => None,
        Ok(Release::Refuse) => {
            let told = r#"{"error":{"message":"The server had an error","type":"server_error"}}"#;
            let refusal = whole(500, "application/json", told, "");
            let sent = socket.write_all(&refusal).await;
            Some(sent.map_or(Then::HungUp, |()| Then::Next))
        }
        Err(_) => Some(Then::WatchForHangUp),
    }
}

/// The first byte of a TLS client's hello.
const TLS_HANDSHAKE: u8 = 0x16;

/// The last few requests, as they came.
fn seen_json(seen: &Seen, last: usize) -> String {
    let requests = seen.requests.lock().unwrap();
    let shown: Vec<Value> = requests
        .iter()
        .skip(requests.len().saturating_sub(last))
        .map(|request| {
            json!({
                "line": request.line,
                "headers": request.headers,
                "body": String::from_utf8_lossy(&request.body),
            })
        })
        .collect();
    json!({ "requests": shown, "hang_ups": seen.hang_ups.load(Ordering::SeqCst) }).to_string()
}
