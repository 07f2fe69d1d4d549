//! The provider that is asked: it takes its time, tells what it counted, and says the same to the same.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use serde_json::{Value, json};
use stories::read_request;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Until an answer begins, and for each of its tokens: 2 to 7 seconds in the time of those who ask.
const BEGIN: Duration = Duration::from_millis(60);
const TOKEN: Duration = Duration::from_micros(600);
/// Characters of a token, as everybody guesses them.
const CHARACTERS: usize = 4;

/// Speaks Chat Completions until it is dropped.
pub(crate) struct Provider {
    pub(crate) address: SocketAddr,
    calls: Arc<AtomicU64>,
    _server: JoinSet<()>,
}

impl Provider {
    pub(crate) async fn start() -> Provider {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let calls = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&calls);
        let mut server = JoinSet::new();
        server.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                connections.spawn(converse(socket, Arc::clone(&counted)));
            }
        });
        Provider {
            address,
            calls,
            _server: server,
        }
    }

    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }
}

async fn converse(mut socket: TcpStream, calls: Arc<AtomicU64>) {
    let mut held = BytesMut::new();
    while let Some(request) = read_request(&mut socket, &mut held).await {
        calls.fetch_add(1, Ordering::Relaxed);
        let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let mut hasher = DefaultHasher::new();
        asked["messages"].to_string().hash(&mut hasher);
        let tokens = 30 + hasher.finish() % 270;
        tokio::time::sleep(BEGIN + TOKEN * tokens as u32).await;
        if socket.write_all(&answer(&asked, tokens)).await.is_err() {
            return;
        }
    }
}

fn answer(asked: &Value, tokens: u64) -> Vec<u8> {
    let prompt = asked["messages"].to_string().len() / CHARACTERS;
    let usage = json!({"prompt_tokens": prompt, "completion_tokens": tokens,
        "total_tokens": prompt as u64 + tokens});
    let said = "word ".repeat(tokens as usize);
    let (id, model) = ("chatcmpl-1", &asked["model"]);
    let (kind, body) = match asked["stream"] == true {
        false => {
            let message = json!({"role": "assistant", "content": said});
            let body = json!({"id": id, "object": "chat.completion", "created": 1, "model": model,
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage});
            ("application/json", body.to_string())
        }
        true => {
            let chunk = |delta: Value, stop: Value| {
                json!({"id": id, "object": "chat.completion.chunk", "created": 1, "model": model,
                    "choices": [{"index": 0, "delta": delta, "finish_reason": stop}]})
            };
            let mut chunks = vec![chunk(
                json!({"role": "assistant", "content": ""}),
                Value::Null,
            )];
            for _ in 0..tokens {
                chunks.push(chunk(json!({"content": "word "}), Value::Null));
            }
            let mut last = chunk(json!({}), json!("stop"));
            last["usage"] = usage;
            chunks.push(last);
            let events = chunks.iter().map(|chunk| format!("data: {chunk}\n\n"));
            let events: String = events.chain(["data: [DONE]\n\n".to_owned()]).collect();
            ("text/event-stream", events)
        }
    };
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}
