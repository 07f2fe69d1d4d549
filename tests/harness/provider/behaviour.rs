//! What the fake does, by the name of the model it is asked for.
//!
//! The same names mean the same in every dialect. How a connection is broken stands
//! here; what is said is in `said`, and how in each dialect's file.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::files::file;
use super::http::{REPLY_HEADERS, bytes, chunk, whole};
use super::route::{Route, Task, route};
use super::said::{Said, Usage, script};
use super::speech::Dialect;
use super::{anthropic_strict, cohere, gemini, lists, ollama, openai_more};
use crate::wire::Request;

/// Calls of the model that fails by halves.
static HALVES: AtomicUsize = AtomicUsize::new(0);

/// What becomes of the connection.
pub(super) enum Then {
    Next,
    Cut,
    WatchForHangUp,
    HungUp,
}

pub(super) async fn answer(socket: &mut TcpStream, request: &Request) -> Then {
    if request.line.starts_with("GET") && request.path().starts_with("/files/") {
        let _ = socket.write_all(&file(request.path())).await;
        return Then::Next;
    }
    let asked = request.json();
    let route = route(request, &asked);
    if route.task == Task::Models {
        let _ = socket.write_all(&lists::models(request, &route)).await;
        return Then::Next;
    }
    let reply = match route.model.as_str() {
        "stall" => return Then::WatchForHangUp,
        // Of two calls at once, one is never answered and the other refused.
        "half-fails" if HALVES.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) => {
            return Then::WatchForHangUp;
        }
        "half-fails" => route.refused(500, "The server had an error", ""),
        "cut-before" => return Then::Cut,
        "cut-in-body" => {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{\"id\":";
            let _ = socket.write_all(head.as_bytes()).await;
            return Then::Cut;
        }
        "cut-after-head" => {
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: {}\r\ntransfer-encoding: chunked\r\n\r\n",
                route.stream_type()
            );
            let _ = socket.write_all(head.as_bytes()).await;
            return Then::Cut;
        }
        name => match misbehaved(name, &route, request) {
            Some(reply) => reply,
            None => match served(socket, request, &route, &asked).await {
                Served::Reply(reply) => reply,
                Served::Streamed(then) => return then,
            },
        },
    };
    if socket.write_all(&reply).await.is_err() {
        return Then::HungUp;
    }
    Then::Next
}

/// Answers that are no answers, whole.
fn misbehaved(name: &str, route: &Route, request: &Request) -> Option<Vec<u8>> {
    let text = |status, body| whole(status, "text/html", body, "");
    let json = |body| whole(200, "application/json", body, "");
    Some(match name {
        "busy-then-error" if route.stream => {
            let mut events = match route.stream_type() {
                kind if kind.starts_with("text/event-stream") => b": PROCESSING\n\n".to_vec(),
                _ => Vec::new(),
            };
            events.extend(route.error_event("Overloaded"));
            bytes(200, route.stream_type(), &events, "")
        }
        "html" => text(200, "<!doctype html><title>Sign in</title>"),
        "html-502" => text(502, "<html><h1>502 Bad Gateway</h1></html>"),
        "empty" => json(""),
        "truncated" => json("{\"id\":\"x\",\"choices\":[{\"mess"),
        "redirect" => whole(
            307,
            "text/plain",
            "",
            "location: http://example.invalid/\r\n",
        ),
        "401" => route.refused(401, "Incorrect API key provided", ""),
        "tells-key" => route.refused(
            401,
            &format!(
                "Incorrect API key provided: {}",
                request.header("authorization").unwrap_or_default()
            ),
            "",
        ),
        "400" => route.refused(400, "messages: field required", ""),
        "state-lost" => route.refused(
            400,
            "messages.1.content.0: Invalid `signature` in `thinking` block",
            "",
        ),
        "404" => route.refused(404, "The model does not exist", ""),
        "429" => route.refused(429, "Rate limit reached", "retry-after: 2\r\n"),
        "500" => route.refused(500, "The server had an error", ""),
        "529" => route.refused(529, "Overloaded", ""),
        "error-in-200" if route.stream => bytes(
            200,
            route.stream_type(),
            &route.error_event("Overloaded"),
            "",
        ),
        "error-in-200" => json("{\"error\":{\"message\":\"upstream overloaded\",\"code\":503}}"),
        "echo-headers" if route.task == Task::Generate => {
            let shown = serde_json::to_string(&request.headers).unwrap();
            let usage = Usage {
                input: 5,
                output: 5,
                ..Usage::default()
            };
            let said = Said {
                usage,
                ..Said::only(name, &shown)
            };
            json(&route.dialect.whole(&said))
        }
        _ => return None,
    })
}

enum Served {
    Reply(Vec<u8>),
    Streamed(Then),
}

/// A good answer, or a refusal in the vendor's words.
async fn served(socket: &mut TcpStream, request: &Request, route: &Route, asked: &Value) -> Served {
    let refused = |message: &str| Served::Reply(route.refused(400, message, ""));
    let good = |body: String| Served::Reply(whole(200, "application/json", &body, REPLY_HEADERS));
    let model = route.model.as_str();
    match route.task {
        Task::Generate => {}
        Task::Complete => return completed(socket, request, route, asked).await,
        Task::Count => return good(count(route.dialect)),
        Task::EmbedOne => return good(gemini::embeddings(asked, true)),
        Task::Embed => match route.dialect {
            Dialect::Gemini => return good(gemini::embeddings(asked, false)),
            Dialect::Ollama => return good(ollama::embeddings(model, asked)),
            Dialect::Cohere => {
                return cohere::embeddings(asked).map_or_else(|told| refused(&told), good);
            }
            _ => return good(openai_more::embeddings(model, asked)),
        },
        Task::Rerank => return good(cohere::rerank(asked)),
        Task::Images => return good(openai_more::images()),
        Task::Speech => {
            let sound = openai_more::sound();
            return Served::Reply(bytes(200, "audio/mpeg", &sound, REPLY_HEADERS));
        }
        Task::Transcript => return good(openai_more::transcript()),
        Task::Models | Task::Nothing => {
            let message = format!("Invalid URL ({})", request.line);
            return Served::Reply(route.refused(404, &message, ""));
        }
    }
    if route.dialect == Dialect::Anthropic
        && let Err(told) = anthropic_strict::needs_max_tokens(asked)
    {
        return refused(&told);
    }
    let read = match route.dialect.read(route, request, asked) {
        Ok(read) => read,
        Err(told) => return refused(&told),
    };
    let said = script(model, route.stream, &read);
    if !route.stream {
        return good(route.dialect.whole(&said));
    }
    Served::Streamed(streamed(socket, route, request, route.events(&said)).await)
}

/// Text to go on from, in the two dialects that have it.
async fn completed(
    socket: &mut TcpStream,
    request: &Request,
    route: &Route,
    asked: &Value,
) -> Served {
    let read = match route.dialect {
        Dialect::Ollama => match ollama::read(asked) {
            Ok(read) => read,
            Err(told) => return Served::Reply(route.refused(400, &told, "")),
        },
        _ => super::asked::Asked::default(),
    };
    let said = script(&route.model, route.stream, &read);
    let ollama = route.dialect == Dialect::Ollama;
    if route.stream {
        let events = if ollama {
            ollama::generate_events(&said)
        } else {
            openai_more::completion_events(&said)
        };
        let events = events.into_iter().map(String::into_bytes).collect();
        return Served::Streamed(streamed(socket, route, request, events).await);
    }
    let body = if ollama {
        ollama::whole_generate(&said)
    } else {
        openai_more::whole_completion(&said)
    };
    Served::Reply(whole(200, "application/json", &body, REPLY_HEADERS))
}

fn count(dialect: Dialect) -> String {
    match dialect {
        Dialect::Responses => {
            json!({"object":"response.input_tokens","input_tokens":17}).to_string()
        }
        Dialect::Gemini => gemini::count(),
        Dialect::Bedrock => json!({"inputTokens":17}).to_string(),
        _ => "{\"input_tokens\":  17}".to_owned(),
    }
}

/// Sends a stream, or as much of it as the model's name allows.
async fn streamed(
    socket: &mut TcpStream,
    route: &Route,
    request: &Request,
    mut events: Vec<Vec<u8>>,
) -> Then {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {}\r\n{REPLY_HEADERS}transfer-encoding: chunked\r\n\r\n",
        route.stream_type()
    );
    if socket.write_all(head.as_bytes()).await.is_err() {
        return Then::HungUp;
    }
    let model = route.model.as_str();
    let half = events.len() / 2;
    if let Some(message) = match model {
        "error-mid" => Some("Overloaded".to_owned()),
        "tells-key-mid" => Some(format!("bad key {}", shown_key(request))),
        _ => None,
    } {
        events.truncate(half);
        events.push(route.error_event(&message));
        if route.dialect == Dialect::OpenAi {
            events.push(b"data: [DONE]\n\n".to_vec());
        }
    }
    let pace = match model {
        "slow" | "endless" => Duration::from_millis(100),
        _ => Duration::ZERO,
    };
    let last = match model {
        "cut-mid" | "stall-mid" | "close-mid" => half,
        "no-done" => events.len() - 1,
        _ => events.len(),
    };
    for event in &events[..last] {
        if !pace.is_zero() {
            // Not a wait for an event: this is the speed of a slow provider.
            tokio::time::sleep(pace).await;
        }
        // Cut in two in the middle of an event, as networks do.
        let (head, tail) = event.split_at(event.len() / 2);
        for part in [head, tail] {
            if !part.is_empty() && socket.write_all(&chunk(part)).await.is_err() {
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

/// The key that came with a request, wherever its dialect puts it.
fn shown_key(request: &Request) -> &str {
    let named = ["authorization", "x-api-key", "x-goog-api-key"];
    let shown = named.iter().find_map(|name| request.header(name));
    shown.unwrap_or_default().trim_start_matches("Bearer ")
}
