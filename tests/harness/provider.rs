//! A provider that can stall, cut, refuse and lie.
//!
//! What it does is chosen by the model it is asked for, so that an SDK in another
//! language can choose too. Every request is kept as it came.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::BytesMut;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::eventually;
use crate::wire::{Request, read_request};

/// What the fake has seen.
#[derive(Debug, Default)]
pub struct Seen {
    requests: Mutex<Vec<Request>>,
    /// Connections on which the peer hung up while an answer was owed.
    hang_ups: AtomicUsize,
    open: AtomicUsize,
}

pub struct FakeUpstream {
    pub address: SocketAddr,
    seen: Arc<Seen>,
    _server: JoinSet<()>,
}

impl FakeUpstream {
    pub async fn start() -> FakeUpstream {
        FakeUpstream::start_on(0).await
    }

    pub async fn start_on(port: u16) -> FakeUpstream {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let address = listener.local_addr().unwrap();
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
            _server: server,
        }
    }

    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.seen.requests.lock().unwrap().clone()
    }

    pub fn last(&self) -> Request {
        self.requests().pop().expect("the upstream was asked")
    }

    pub fn open_connections(&self) -> usize {
        self.seen.open.load(Ordering::SeqCst)
    }

    /// Resolves when a peer has hung up on an unfinished answer.
    pub async fn hung_up_on(&self) {
        eventually("the upstream connection to be dropped", || async {
            (self.seen.hang_ups.load(Ordering::SeqCst) > 0).then_some(())
        })
        .await;
    }
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
        if request.path() == "/__seen" {
            let body = seen_json(seen);
            let _ = socket
                .write_all(&whole(200, "application/json", &body, ""))
                .await;
            continue;
        }
        seen.requests.lock().unwrap().push(request.clone());
        match answer(&mut socket, &request).await {
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

/// The first byte of a TLS client's hello.
const TLS_HANDSHAKE: u8 = 0x16;

enum Then {
    Next,
    Cut,
    WatchForHangUp,
    HungUp,
}

fn seen_json(seen: &Seen) -> String {
    let requests = seen.requests.lock().unwrap();
    let shown: Vec<Value> = requests
        .iter()
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

async fn answer(socket: &mut TcpStream, request: &Request) -> Then {
    let asked = request.json();
    let model = asked["model"].as_str().unwrap_or_default().to_owned();
    let stream = asked["stream"].as_bool().unwrap_or(false);
    let anthropic = request.path().starts_with("/v1/messages");
    if request.line.starts_with("GET") {
        let reply = models(request);
        let _ = socket.write_all(&reply).await;
        return Then::Next;
    }
    let error = |status: u16, kind: &str, code: Value, message: &str, extra: &str| {
        let body = if anthropic {
            json!({"type":"error","error":{"type":kind,"message":message},"request_id":"req_fake"})
        } else {
            json!({"error":{"message":message,"type":kind,"param":null,"code":code}})
        };
        whole(status, "application/json", &body.to_string(), extra)
    };
    let reply = match model.as_str() {
        "stall" => return Then::WatchForHangUp,
        "cut-before" => return Then::Cut,
        "cut-in-body" => {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{\"id\":";
            let _ = socket.write_all(head.as_bytes()).await;
            return Then::Cut;
        }
        "cut-after-head" => {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
            let _ = socket.write_all(head.as_bytes()).await;
            return Then::Cut;
        }
        "busy-then-error" if stream => sse_whole(
            ": PROCESSING\n\ndata: {\"error\":{\"message\":\"Overloaded\",\"type\":\"server_error\",\"code\":null}}\n\n",
        ),
        "html" => whole(
            200,
            "text/html",
            "<!doctype html><title>Sign in</title>",
            "",
        ),
        "html-502" => whole(
            502,
            "text/html",
            "<html><h1>502 Bad Gateway</h1></html>",
            "",
        ),
        "empty" => whole(200, "application/json", "", ""),
        "truncated" => whole(
            200,
            "application/json",
            "{\"id\":\"x\",\"choices\":[{\"mess",
            "",
        ),
        "redirect" => whole(
            307,
            "text/plain",
            "",
            "location: http://example.invalid/\r\n",
        ),
        "401" => error(
            401,
            if anthropic {
                "authentication_error"
            } else {
                "invalid_request_error"
            },
            json!("invalid_api_key"),
            "Incorrect API key provided",
            "",
        ),
        "tells-key" => error(
            401,
            "invalid_request_error",
            json!("invalid_api_key"),
            &format!(
                "Incorrect API key provided: {}",
                request.header("authorization").unwrap_or_default()
            ),
            "",
        ),
        "400" => error(
            400,
            "invalid_request_error",
            json!(null),
            "messages: field required",
            "",
        ),
        "404" => error(
            404,
            if anthropic {
                "not_found_error"
            } else {
                "invalid_request_error"
            },
            json!("model_not_found"),
            "The model does not exist",
            "",
        ),
        "429" => error(
            429,
            if anthropic {
                "rate_limit_error"
            } else {
                "requests"
            },
            json!("rate_limit_exceeded"),
            "Rate limit reached",
            "retry-after: 2\r\n",
        ),
        "500" => error(
            500,
            if anthropic {
                "api_error"
            } else {
                "server_error"
            },
            json!(null),
            "The server had an error",
            "",
        ),
        "529" => error(529, "overloaded_error", json!(null), "Overloaded", ""),
        "error-in-200" if stream => sse_whole(if anthropic {
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n"
        } else {
            "data: {\"error\":{\"message\":\"Overloaded\",\"type\":\"server_error\",\"code\":null}}\n\n"
        }),
        "error-in-200" => whole(
            200,
            "application/json",
            "{\"error\":{\"message\":\"upstream overloaded\",\"code\":503}}",
            "",
        ),
        "echo-headers" => {
            let shown = serde_json::to_string(&request.headers).unwrap();
            whole(
                200,
                "application/json",
                &chat_json(&model, &shown).to_string(),
                "",
            )
        }
        _ if stream => {
            let shown = request
                .header("authorization")
                .or(request.header("x-api-key"));
            let shown = shown.unwrap_or_default().trim_start_matches("Bearer ");
            return streamed(socket, &model, &asked, anthropic, shown).await;
        }
        _ => whole(
            200,
            "application/json",
            &whole_body(request, &model, &asked),
            REPLY_HEADERS,
        ),
    };
    if socket.write_all(&reply).await.is_err() {
        return Then::HungUp;
    }
    Then::Next
}

/// Headers a provider sends that clients read.
const REPLY_HEADERS: &str = "x-request-id: req_fake\r\nx-ratelimit-remaining-requests: 41\r\n\
     x-new-vendor-header: kept\r\nset-cookie: tracked=1\r\n";

/// A whole reply with odd spacing, key order and unknown fields: verbatim means
/// these very bytes.
fn whole_body(request: &Request, model: &str, asked: &Value) -> String {
    if request.path().ends_with("/count_tokens") {
        return "{\"input_tokens\":  17}".to_owned();
    }
    if request.path().ends_with("/embeddings") {
        return format!(
            "{{\"object\":\"list\",\"data\":[{{\"object\":\"embedding\",\"index\":0,\"embedding\":[0.25,-0.5]}}],\
             \"model\":\"{model}\",\"usage\":{{\"prompt_tokens\":8,\"total_tokens\":8}}}}"
        );
    }
    if request.path().starts_with("/v1/messages") {
        if wants_tool(asked) {
            let tool = tool_name(asked);
            return json!({"id":"msg_fake","type":"message","role":"assistant","model":model,
                "content":[{"type":"tool_use","id":"toolu_1","name":tool,"input":tool_input(asked)}],
                "stop_reason":"tool_use","stop_sequence":null,
                "usage":{"input_tokens":20,"output_tokens":10}}).to_string();
        }
        return format!(
            "{{ \"type\":\"message\", \"id\":\"msg_fake\",  \"role\":\"assistant\",\"model\":\"{model}\",\
             \"content\":[{{\"type\":\"text\",\"text\":\"{HELLO}\"}}],\"stop_reason\":\"end_turn\",\
             \"stop_sequence\":null,\"usage\":{{\"input_tokens\":12,\"cache_read_input_tokens\":100,\
             \"cache_creation_input_tokens\":50,\"output_tokens\":7}},\"future_field\":{{\"a\":[1,2]}} }}"
        );
    }
    format!(
        "{{ \"object\":\"chat.completion\", \"id\":\"chatcmpl-fake\",  \"created\":1700000000,\"model\":\"{model}\",\
         \"choices\":[{{\"index\":0,\"message\":{{\"role\":\"assistant\",\"content\":\"{HELLO}\",\"refusal\":null}},\
         \"logprobs\":null,\"finish_reason\":\"stop\"}}],\"usage\":{{\"prompt_tokens\":120,\"completion_tokens\":9,\
         \"total_tokens\":129,\"prompt_tokens_details\":{{\"cached_tokens\":100}},\
         \"completion_tokens_details\":{{\"reasoning_tokens\":2}}}},\"future_field\":{{\"a\":[1,2]}} }}"
    )
}

/// What the fake says.
const HELLO: &str = "Hello from the fake upstream.";

fn chat_json(model: &str, text: &str) -> Value {
    json!({"id":"chatcmpl-fake","object":"chat.completion","created":1_700_000_000,"model":model,
        "choices":[{"index":0,"message":{"role":"assistant","content":text},"finish_reason":"stop"}],
        "usage":{"prompt_tokens":5,"completion_tokens":5,"total_tokens":10}})
}

/// A tool round trip: the model `tool` calls the first tool that fits until it has
/// been given a result.
fn wants_tool(asked: &Value) -> bool {
    let tools = asked["tools"]
        .as_array()
        .is_some_and(|tools| !tools.is_empty());
    asked["model"]
        .as_str()
        .unwrap_or_default()
        .starts_with("tool")
        && tools
        && !has_result(asked)
}

fn has_result(asked: &Value) -> bool {
    asked["messages"].to_string().contains("\"tool_result\"")
}

/// Claude Code's `Read` when it is offered, else the first.
fn tool_name(asked: &Value) -> String {
    let tools = asked["tools"].as_array().cloned().unwrap_or_default();
    let names: Vec<&str> = tools
        .iter()
        .filter_map(|tool| tool["name"].as_str())
        .collect();
    let read = names.iter().find(|name| **name == "Read");
    read.or(names.first()).copied().unwrap_or("none").to_owned()
}

/// `Read` gets the path that stands between angle brackets in the prompt.
fn tool_input(asked: &Value) -> Value {
    let prompt = asked["messages"].to_string();
    match prompt
        .split("<<")
        .nth(1)
        .and_then(|rest| rest.split(">>").next())
    {
        Some(path) => json!({ "file_path": path }),
        None => json!({}),
    }
}

async fn streamed(
    socket: &mut TcpStream,
    model: &str,
    asked: &Value,
    anthropic: bool,
    shown_key: &str,
) -> Then {
    let events = if anthropic {
        anthropic_events(model, asked)
    } else {
        openai_events(model, asked)
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n{REPLY_HEADERS}\
         transfer-encoding: chunked\r\n\r\n"
    );
    if socket.write_all(head.as_bytes()).await.is_err() {
        return Then::HungUp;
    }
    let pace = match model {
        "slow" | "endless" => Duration::from_millis(100),
        _ => Duration::ZERO,
    };
    let mut events = events;
    if let Some(message) = match model {
        "error-mid" => Some("Overloaded".to_owned()),
        "tells-key-mid" => Some(format!("bad key {shown_key}")),
        _ => None,
    } {
        let error = if anthropic {
            let body =
                json!({"type":"error","error":{"type":"overloaded_error","message":message}});
            format!("event: error\ndata: {body}\n\n")
        } else {
            let body = json!({"error":{"message":message,"type":"server_error","code":null}});
            format!("data: {body}\n\n")
        };
        let half = events.len() / 2;
        events.truncate(half);
        events.push(error);
        if !anthropic {
            events.push("data: [DONE]\n\n".to_owned());
        }
    }
    let last = match model {
        "cut-mid" | "stall-mid" | "close-mid" => events.len() / 2,
        "no-done" => events.len() - 1,
        _ => events.len(),
    };
    for event in &events[..last] {
        if !pace.is_zero() {
            // Not a wait for an event: this is the speed of a slow provider.
            tokio::time::sleep(pace).await;
        }
        // Cut in two in the middle of an event, as networks do.
        let (head, tail) = event.as_bytes().split_at(event.len() / 2);
        for part in [head, tail] {
            if socket.write_all(&chunk(part)).await.is_err() {
                return Then::HungUp;
            }
        }
    }
    match model {
        "cut-mid" => return Then::Cut,
        "stall-mid" => return Then::WatchForHangUp,
        _ => {}
    }
    if socket.write_all(b"0\r\n\r\n").await.is_err() {
        return Then::HungUp;
    }
    Then::Next
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut framed = format!("{:x}\r\n", bytes.len()).into_bytes();
    framed.extend_from_slice(bytes);
    framed.extend_from_slice(b"\r\n");
    framed
}

fn openai_events(model: &str, asked: &Value) -> Vec<String> {
    let chunk = |delta: Value, finish: Value| {
        let body = json!({"id":"chatcmpl-fake","object":"chat.completion.chunk","created":1_700_000_000,
            "model":model,"vendor_extra":true,"choices":[{"index":0,"delta":delta,"finish_reason":finish}]});
        format!("data: {body}\n\n")
    };
    let mut events = vec![chunk(json!({"role":"assistant","content":""}), Value::Null)];
    let words = match model {
        "slow" => 40,
        "endless" => 1_000,
        _ => 8,
    };
    for n in 0..words {
        events.push(chunk(json!({"content": format!("word{n} ")}), Value::Null));
    }
    events.push(": a comment, as some providers send to keep alive\n\n".to_owned());
    events.push(chunk(json!({}), json!("stop")));
    if asked["stream_options"]["include_usage"]
        .as_bool()
        .unwrap_or(false)
    {
        let usage = json!({"id":"chatcmpl-fake","object":"chat.completion.chunk","created":1_700_000_000,
            "model":model,"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":8,"total_tokens":19}});
        events.push(format!("data: {usage}\n\n"));
    }
    events.push("data: [DONE]\n\n".to_owned());
    events
}

fn anthropic_events(model: &str, asked: &Value) -> Vec<String> {
    let event = |name: &str, body: Value| format!("event: {name}\ndata: {body}\n\n");
    let mut events = vec![event(
        "message_start",
        json!({"type":"message_start","message":{
        "id":"msg_fake","type":"message","role":"assistant","model":model,"content":[],
        "stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":25,"output_tokens":1}}}),
    )];
    let stop = if wants_tool(asked) {
        let input = tool_input(asked).to_string();
        events.push(event(
            "content_block_start",
            json!({"type":"content_block_start","index":0,
            "content_block":{"type":"tool_use","id":"toolu_1","name":tool_name(asked),"input":{}}}),
        ));
        events.push(event(
            "content_block_delta",
            json!({"type":"content_block_delta","index":0,
            "delta":{"type":"input_json_delta","partial_json":input}}),
        ));
        "tool_use"
    } else {
        events.push(event(
            "content_block_start",
            json!({"type":"content_block_start","index":0,
            "content_block":{"type":"text","text":""}}),
        ));
        events.push(event("ping", json!({"type":"ping"})));
        let words = if model == "slow" { 40 } else { 8 };
        // After a tool's result the fake repeats what it was given, as proof of the round trip.
        let mut texts: Vec<String> = (0..words).map(|n| format!("word{n} ")).collect();
        if has_result(asked) {
            texts.push(format!("result: {}", last_result(asked)));
        }
        for text in texts {
            events.push(event(
                "content_block_delta",
                json!({"type":"content_block_delta","index":0,
                "delta":{"type":"text_delta","text":text}}),
            ));
        }
        "end_turn"
    };
    events.push(event(
        "content_block_stop",
        json!({"type":"content_block_stop","index":0}),
    ));
    events.push(event(
        "message_delta",
        json!({"type":"message_delta",
        "delta":{"stop_reason":stop,"stop_sequence":null},"usage":{"output_tokens":15}}),
    ));
    events.push(event("message_stop", json!({"type":"message_stop"})));
    events
}

fn last_result(asked: &Value) -> String {
    let messages = asked["messages"].as_array().cloned().unwrap_or_default();
    let blocks = messages
        .iter()
        .rev()
        .filter_map(|message| message["content"].as_array());
    let result = blocks
        .flatten()
        .find(|block| block["type"] == "tool_result")
        .map(|block| block["content"].to_string());
    result.unwrap_or_default().chars().take(300).collect()
}

/// The list that a key test asks for: a key that begins with `bad` is refused.
fn models(request: &Request) -> Vec<u8> {
    let key = request
        .header("authorization")
        .map(|value| value.trim_start_matches("Bearer ").to_owned())
        .or_else(|| request.header("x-api-key").map(str::to_owned))
        .unwrap_or_default();
    if key.starts_with("bad") {
        let body = json!({"error":{"message":"Incorrect API key provided","type":"invalid_request_error","code":"invalid_api_key"}});
        return whole(401, "application/json", &body.to_string(), "");
    }
    let body = json!({"object":"list","data":[{"id":"ok","object":"model"},{"id":"slow","object":"model"}]});
    whole(200, "application/json", &body.to_string(), "")
}

fn whole(status: u16, kind: &str, body: &str, extra: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status} Fake\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n{extra}\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn sse_whole(body: &str) -> Vec<u8> {
    whole(200, "text/event-stream", body, "")
}
