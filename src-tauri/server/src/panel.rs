//! The panel over HTTP: its files, the control API's second carrier, and the live
//! events. Thin: it knows no operation by name.
//!
//! Promises: files are public code and carry no data; everything under `/control`
//! needs a session, a `Host` and `Origin` of ours, and for calls a header that no
//! foreign page can send.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use control::Code;
use futures_util::stream;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use serde_json::json;

use crate::state::Shared;

#[derive(rust_embed::RustEmbed)]
#[folder = "../../ui/dist"]
#[allow_missing = true]
struct Files;

/// The largest input of a control operation, in bytes.
const INPUT_LIMIT: usize = 1024 * 1024;
/// How often a comment is sent when nothing happens, so that a dead connection is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What the panel's page may load: itself, and nothing from anywhere else.
const CONTENT_SECURITY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self'; \
     script-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; \
     frame-ancestors 'none'; form-action 'none'";

/// Serves the panel and its control API.
pub(crate) async fn serve(shared: Arc<Shared>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    if let Err(fault) = shared.doors().check(&parts) {
        return failure(StatusCode::FORBIDDEN, "forbidden", &fault.message);
    }
    let path = parts.uri.path();
    if path == "/open" {
        return open(&shared, parts.uri.query().unwrap_or_default());
    }
    let Some(operation) = path.strip_prefix("/control/") else {
        return file(path);
    };
    if !shared.sessions.admits(&parts.headers) {
        return failure(
            StatusCode::UNAUTHORIZED,
            "no_session",
            "This panel has no session. Run `signalbox link` and open the link it prints.",
        );
    }
    match (&parts.method, operation) {
        (&Method::GET, "events") => events(&shared),
        (&Method::POST, _) if !parts.headers.contains_key("x-signalbox-panel") => failure(
            StatusCode::FORBIDDEN,
            "forbidden",
            "Calls need the header x-signalbox-panel.",
        ),
        (&Method::POST, "link") => link(&shared),
        (&Method::POST, operation) => call(&shared, operation, body).await,
        _ => failure(
            StatusCode::METHOD_NOT_ALLOWED,
            "wrong_method",
            "Operations are called with POST.",
        ),
    }
}

async fn call(shared: &Shared, operation: &str, body: Body) -> Response<Body> {
    let Ok(input) = Limited::new(body, INPUT_LIMIT).collect().await else {
        return failure(
            StatusCode::PAYLOAD_TOO_LARGE,
            "bad_input",
            "The input is too large.",
        );
    };
    let input = input.to_bytes();
    let input = if input.is_empty() {
        serde_json::Value::Null
    } else {
        match serde_json::from_slice(&input) {
            Ok(input) => input,
            Err(error) => {
                return failure(StatusCode::BAD_REQUEST, "bad_input", &error.to_string());
            }
        }
    };
    match shared.control.call(operation, input).await {
        Ok(output) => answer(StatusCode::OK, &output),
        Err(refused) => {
            let status = match refused.code {
                Code::BadInput => StatusCode::BAD_REQUEST,
                Code::NotFound => StatusCode::NOT_FOUND,
                Code::Conflict => StatusCode::CONFLICT,
                Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            };
            answer(status, &json!(refused))
        }
    }
}

/// Takes the ticket of a one-time link and leads to the panel.
fn open(shared: &Shared, query: &str) -> Response<Body> {
    let ticket = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("ticket="))
        .unwrap_or_default();
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, HeaderValue::from_static("/"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    // A used ticket leads to the panel too: it says what to do without a session.
    if let Some(cookie) = shared.sessions.open(ticket)
        && let Ok(cookie) = HeaderValue::try_from(cookie)
    {
        headers.insert(header::SET_COOKIE, cookie);
    }
    response
}

fn link(shared: &Shared) -> Response<Body> {
    match shared.panel_link() {
        Ok(link) => answer(StatusCode::OK, &json!({ "link": link })),
        Err(error) => failure(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            &error.to_string(),
        ),
    }
}

/// Events as they happen, until the browser leaves or the app ends.
fn events(shared: &Arc<Shared>) -> Response<Body> {
    let watch = shared.control.watch();
    let ending = shared.ending.subscribe();
    let frames = stream::unfold((watch, ending), |(mut watch, mut ending)| async move {
        let frame = tokio::select! {
            event = watch.next() => {
                let event = serde_json::to_string(&event?).ok()?;
                Bytes::from(format!("data: {event}\n\n"))
            }
            () = tokio::time::sleep(KEEP_ALIVE) => Bytes::from_static(b": still here\n\n"),
            _ = ending.changed() => return None,
        };
        Some((Ok::<_, Infallible>(frame), (watch, ending)))
    });
    let hello = stream::once(async { Ok(Bytes::from_static(b": hello\n\n")) });
    let body = Body::from_stream(futures_util::StreamExt::chain(hello, frames));
    let mut response = Response::new(body);
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream"),
    );
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn file(path: &str) -> Response<Body> {
    let name = match path.trim_start_matches('/') {
        "" => "index.html",
        name => name,
    };
    let Some(found) = Files::get(name) else {
        if name == "index.html" {
            return failure(
                StatusCode::SERVICE_UNAVAILABLE,
                "no_panel",
                "This build holds no panel. Build it with `make run`, or `npm run build` in ui.",
            );
        }
        return failure(StatusCode::NOT_FOUND, "not_found", "There is no such page.");
    };
    let mut response = Response::new(Body::from(found.data));
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::try_from(found.metadata.mimetype()) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    // File names of the build carry a hash of their content; the page itself doesn't.
    let caching = if name.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn failure(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    answer(status, &json!({ "code": code, "message": message }))
}

fn answer(status: StatusCode, body: &serde_json::Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
