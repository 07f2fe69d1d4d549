//! What the fake does, by the name of the model it is asked for.
//!
//! The same names mean the same in every dialect. How a connection is broken stands
//! here; what is said is in `said`, and how in each dialect's file.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::asked::begun;
use super::files::file;
use super::http::{REPLY_HEADERS, bytes, chunk, whole};
use super::route::{Route, Task, route};
use super::said::{Said, Usage, script};
use super::speech::Dialect;
use super::{anthropic_strict, cohere, gemini, lists, ollama, openai_media, openai_more, signed};
use crate::wire::Request;

/// What Google's token address gives for a service account's word.
pub const ACCESS_TOKEN: &str = "ya29.fake-token";
/// Calls of the model that fails by halves.
static HALVES: AtomicUsize = AtomicUsize::new(0);
/// Calls of the model that fails every other time.
static OTHERS: AtomicUsize = AtomicUsize::new(0);
/// What the model that is late takes longer than others.
const LATE: Duration = Duration::from_millis(300);

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
    let asked = request.form().unwrap_or_else(|| request.json());
    let route = route(request, &asked);
    if let Some(told) = signed::refused(request) {
        let _ = socket.write_all(&route.refused(403, told, "")).await;
        return Then::Next;
    }
    if request.path() == "/token" {
        let granted = json!({"access_token":ACCESS_TOKEN,"expires_in":3599,"token_type":"Bearer"});
        let reply = whole(200, "application/json", &granted.to_string(), "");
        let _ = socket.write_all(&reply).await;
        return Then::Next;
    }
    if route.task == Task::Models {
        let _ = socket.write_all(&lists::models(request, &route)).await;
        return Then::Next;
    }
    if route.model == "late" {
        tokio::time::sleep(LATE).await;
    }
    let reply = match route.model.as_str() {
        "stall" => return Then::WatchForHangUp,
        // Of two calls at once, one is never answered and the other refused.
        "half-fails" if HALVES.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) => {
            return Then::WatchForHangUp;
        }
        "half-fails" => route.refused(500, "The server had an error", ""),
        "every-other" if OTHERS.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) => {
            route.refused(500, "The server had an error", "")
        }
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
            &format!("Incorrect API key provided: {}", all_shown(request)),
            "",
        ),
        "limited-key" if shown_key(request).ends_with("-full") => {
            route.refused(429, "Rate limit reached", "retry-after: 60\r\n")
        }
        "400" => route.refused(400, "messages: field required", ""),
        "state-lost" => route.refused(
            400,
            "messages.1.content.0: Invalid `signature` in `thinking` block",
            "",
        ),
        "404" => route.refused(404, "The model does not exist", ""),
        "429" => route.refused(429, "Rate limit reached", "retry-after: 2\r\n"),
        "429-long" => route.refused(429, "Rate limit reached", "retry-after: 60\r\n"),
        "500" => route.refused(500, "The server had an error", ""),
        "529" => route.refused(529, "Overloaded", ""),
        // Two answers, of which the second alone comes to its end.
        "half-of-two" if route.stream => {
            let chunk = |index: u8, text: &str, stop: Option<&str>| {
                let choice = json!({"index":index,"delta":{"content":text},"finish_reason":stop});
                let chunk = json!({"id":"c","object":"chat.completion.chunk","model":name,"choices":[choice]});
                format!("data: {chunk}\n\n")
            };
            let events = [
                chunk(0, "one", None),
                chunk(1, "two", None),
                chunk(1, "", Some("stop")),
            ];
            bytes(200, route.stream_type(), events.concat().as_bytes(), "")
        }
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
        Task::Images | Task::Speech | Task::Transcript => {
            if let Some(events) = openai_media::events(route.task, asked) {
                return Served::Streamed(streamed(socket, route, request, events).await);
            }
            return match route.task {
                Task::Images => good(openai_media::images()),
                Task::Speech => {
                    let sound = openai_media::sound();
                    Served::Reply(bytes(200, "audio/mpeg", &sound, REPLY_HEADERS))
                }
                _ => good(openai_media::transcript()),
            };
        }
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
    let mut read = match route.dialect.read(route, request, asked) {
        Ok(read) => read,
        Err(told) => return refused(&told),
    };
    read.begun = begun(asked);
    if model == "able-no-schema" && read.schema.is_some() {
        return refused("This model does not support structured output.");
    }
    let said = script(model, route.stream, &read);
    let silent = model == "able-no-usage";
    if !route.stream || model == "whole-only" {
        let whole = route.dialect.whole(&said);
        return good(if silent { without_usage(&whole) } else { whole });
    }
    let mut events = route.events(&said);
    if silent {
        events = events
            .iter()
            .map(|event| event_without_usage(event))
            .collect();
    }
    if let ("able-disordered", [.., one, last]) = (model, events.as_mut_slice()) {
        std::mem::swap(one, last);
    }
    Served::Streamed(streamed(socket, route, request, events).await)
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

/// The same reply of a server that counts no tokens.
fn without_usage(reply: &str) -> String {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for field in ["usage", "usageMetadata", "prompt_eval_count", "eval_count"] {
                    fields.remove(field);
                }
                fields.values_mut().for_each(strip);
            }
            Value::Array(all) => all.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut reply: Value = serde_json::from_str(reply).unwrap();
    strip(&mut reply);
    reply.to_string()
}

fn event_without_usage(event: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(event);
    let line = |line: &str| match line.split_once('{') {
        Some((before, rest)) => format!("{before}{}", without_usage(&format!("{{{rest}"))),
        None => line.to_owned(),
    };
    let lines: Vec<String> = text.split('\n').map(line).collect();
    lines.join("\n").into_bytes()
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
    if model == "big-last" {
        pad_last(&mut events);
    }
    let pace = match model {
        "slow" | "endless" => Duration::from_millis(100),
        "brisk" => Duration::from_millis(5),
        _ => Duration::ZERO,
    };
    let last = match model {
        "cut-mid" | "tool-cut-mid" | "stall-mid" | "close-mid" => half,
        "no-done" => events.len() - 1,
        "open-then-stall" => 1,
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
        "cut-mid" | "tool-cut-mid" => return Then::Cut,
        "stall-mid" | "open-then-stall" => return Then::WatchForHangUp,
        _ => {}
    }
    if socket.write_all(b"0\r\n\r\n").await.is_err() {
        return Then::HungUp;
    }
    Then::Next
}

/// Makes the last event with an object in it three megabytes longer, as one that repeats a picture.
fn pad_last(events: &mut [Vec<u8>]) {
    const BEGIN: &str = "data: {";
    let texts = events.iter_mut().rev();
    for event in texts {
        let text = String::from_utf8_lossy(event).into_owned();
        if text.contains(BEGIN) {
            let padding = "A".repeat(3 << 20);
            let longer = format!("{BEGIN}\"future_padding\":\"{padding}\",");
            *event = text.replacen(BEGIN, &longer, 1).into_bytes();
            return;
        }
    }
}

/// What a provider of this request knows of its caller, a signer's secret too.
fn all_shown(request: &Request) -> String {
    let shown = request.header("authorization").unwrap_or_default();
    let session = request.header("x-amz-security-token").unwrap_or_default();
    let secret = match shown.starts_with("AWS4") {
        true => signed::AWS_KEY.split_once(':').unwrap().1,
        false => "",
    };
    [shown, session, secret].join(" ")
}

/// The key that came with a request, wherever its dialect puts it.
fn shown_key(request: &Request) -> &str {
    let named = ["authorization", "x-api-key", "x-goog-api-key"];
    let shown = named.iter().find_map(|name| request.header(name));
    shown.unwrap_or_default().trim_start_matches("Bearer ")
}
