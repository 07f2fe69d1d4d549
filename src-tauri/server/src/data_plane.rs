//! HTTP in, for tools: a table from paths to endpoints, and the guard before it.
//!
//! Leaves out everything after the guard: `engine` serves the exchange and
//! renders its errors.

use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use dialect::{Dialect, Endpoint, Fault, FaultKind};
use engine::{Arrived, Call, Refusal};
use http::{Method, Request, Response, request::Parts};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use crate::guard;
use crate::models;
use crate::state::Shared;

/// The longest a client may take to send its body.
const BODY_PATIENCE: std::time::Duration = std::time::Duration::from_secs(300);

/// How much of a refused request's body is read and thrown away, in bytes, and how
/// long that may take. A client that is still sending when the connection closes
/// gets a reset instead of the refusal, and tells its user "connection error".
const DISCARD_LIMIT: usize = 64 * 1024 * 1024;
const DISCARD_PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// What a path of the data plane is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place<'a> {
    Ask(Endpoint),
    Models,
    Model(&'a str),
}

/// The table. `/v1` may be missing or doubled: half of all tools expect it in the
/// base URL and half add it themselves, and a wrong guess is shown to their users
/// as a missing model.
pub(crate) fn place(path: &str) -> Option<Place<'_>> {
    let mut rest = path;
    while let Some(inner) = rest.strip_prefix("/v1")
        && inner.starts_with('/')
    {
        rest = inner;
    }
    Some(match rest.trim_end_matches('/') {
        "/chat/completions" => Place::Ask(Endpoint::ChatCompletions),
        "/embeddings" => Place::Ask(Endpoint::Embeddings),
        "/messages" => Place::Ask(Endpoint::Messages),
        "/messages/count_tokens" => Place::Ask(Endpoint::CountTokens),
        "/models" => Place::Models,
        other => Place::Model(other.strip_prefix("/models/")?),
    })
}

/// What a request that was let in leads to.
enum Entry {
    /// Its body is read and an exchange begins.
    Ask(Endpoint),
    /// It is answered from what is known here.
    Answer(Response<Body>),
}

/// Why a request was not let in, and whose it was when that is known.
type Refused = (Option<Arc<str>>, Fault);

/// Serves one request to the data plane.
pub(crate) async fn serve(shared: Arc<Shared>, request: Request<Body>) -> Response<Body> {
    let arrived = Arrived::now();
    let (parts, mut body) = request.into_parts();
    let place = place(parts.uri.path());
    let (client, entry) = match enter(&shared, &parts, place) {
        Ok(entered) => entered,
        Err(refused) => {
            return refuse(&shared, &parts, place, refused, arrived, &mut body).await;
        }
    };
    let endpoint = match entry {
        Entry::Ask(endpoint) => endpoint,
        Entry::Answer(answer) => return answer,
    };
    let limit = shared.engine.snapshot().limits.body_bytes;
    let body = match read(&parts, &mut body, limit).await {
        Ok(body) => body,
        Err(fault) => {
            let refused = (Some(client), fault);
            return refuse(&shared, &parts, place, refused, arrived, &mut body).await;
        }
    };
    let call = Call {
        endpoint,
        client,
        query: guard::query_without_key(parts.uri.query()),
        headers: parts.headers,
        body,
        arrived,
    };
    shared.engine.exchange(call).await.map(Body::new)
}

/// The guard's rules in order, as far as the head of a request decides them.
fn enter(
    shared: &Shared,
    parts: &Parts,
    place: Option<Place<'_>>,
) -> Result<(Arc<str>, Entry), Refused> {
    shared.doors().check(parts).map_err(|fault| (None, fault))?;
    let known = |key: &str| shared.clients.check(key);
    let (client, shown) =
        guard::client(guard::credential(parts), known).map_err(|fault| (None, fault))?;
    let entry = match place {
        Some(Place::Ask(endpoint)) if parts.method == Method::POST => {
            guard::content_type(&parts.headers, shown).map(|()| Entry::Ask(endpoint))
        }
        Some(Place::Models) if parts.method == Method::GET => Ok(Entry::Answer(models::list(
            &shared.engine,
            dialect(parts, place),
        ))),
        Some(Place::Model(id)) if parts.method == Method::GET => {
            models::one(&shared.engine, dialect(parts, place), id)
                .map(Entry::Answer)
                .ok_or_else(|| models::unknown(id))
        }
        Some(_) => Err(wrong_method(parts)),
        None => Err(unknown_path(parts.uri.path())),
    };
    match entry {
        Ok(entry) => Ok((client, entry)),
        Err(fault) => Err((Some(client), fault)),
    }
}

/// Refuses in the caller's dialect; the engine leaves the receipt.
async fn refuse(
    shared: &Shared,
    parts: &Parts,
    place: Option<Place<'_>>,
    (client, fault): Refused,
    arrived: Arrived,
    body: &mut Body,
) -> Response<Body> {
    let refusal = Refusal {
        endpoint: match place {
            Some(Place::Ask(endpoint)) => Some(endpoint),
            _ => None,
        },
        dialect: dialect(parts, place),
        client,
        fault,
        arrived,
    };
    // A client that waits for our leave to send is told at once and sends nothing.
    let waits = parts.headers.contains_key(http::header::EXPECT);
    let rest = async {
        if !waits {
            discard(body).await;
        }
    };
    shared.engine.refuse(refusal, rest).await.map(Body::new)
}

/// The dialect to answer in: the endpoint's, or the one whose marks the caller bears.
fn dialect(parts: &Parts, place: Option<Place<'_>>) -> Dialect {
    match place {
        Some(Place::Ask(endpoint)) => endpoint.dialect(),
        _ if parts.headers.contains_key("anthropic-version") => Dialect::Anthropic,
        _ => Dialect::OpenAi,
    }
}

async fn read(parts: &Parts, body: &mut Body, limit: usize) -> Result<Bytes, Fault> {
    let declared = parts
        .headers
        .get(http::header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit) {
        return Err(guard::too_large(limit));
    }
    let collected = tokio::time::timeout(BODY_PATIENCE, Limited::new(body, limit).collect()).await;
    match collected {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(guard::too_large(limit)),
        Ok(Err(_)) | Err(_) => Err(Fault {
            kind: FaultKind::InvalidRequest,
            status: 400,
            code: "body_cut",
            message: "The request body did not arrive whole.".to_owned(),
            param: None,
        }),
    }
}

/// Reads what is left of a refused request and throws it away.
async fn discard(body: &mut Body) {
    let mut left = DISCARD_LIMIT;
    let rest = async {
        while let Some(Ok(frame)) = body.frame().await {
            let size = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(size) {
                Some(less) => left = less,
                None => return,
            }
        }
    };
    // Whoever sends longer than this gets the refusal all the same, or a reset.
    let _ = tokio::time::timeout(DISCARD_PATIENCE, rest).await;
}

fn wrong_method(parts: &Parts) -> Fault {
    Fault {
        kind: FaultKind::InvalidRequest,
        status: 405,
        code: "wrong_method",
        message: format!("{} does not take {}.", parts.uri.path(), parts.method),
        param: None,
    }
}

fn unknown_path(path: &str) -> Fault {
    Fault {
        kind: FaultKind::InvalidRequest,
        // Not 404: tools show that as a missing model and send their users astray.
        status: 400,
        code: "unknown_path",
        message: format!(
            "Signalbox does not serve {path}. It serves /v1/chat/completions, /v1/embeddings, \
             /v1/messages, /v1/messages/count_tokens and /v1/models; check the tool's base URL."
        ),
        param: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_with_and_without_the_version() {
        let cases = [
            (
                "/v1/chat/completions",
                Some(Place::Ask(Endpoint::ChatCompletions)),
            ),
            (
                "/chat/completions",
                Some(Place::Ask(Endpoint::ChatCompletions)),
            ),
            ("/v1/v1/messages", Some(Place::Ask(Endpoint::Messages))),
            (
                "/v1/messages/count_tokens",
                Some(Place::Ask(Endpoint::CountTokens)),
            ),
            ("/v1/embeddings/", Some(Place::Ask(Endpoint::Embeddings))),
            ("/v1/models", Some(Place::Models)),
            (
                "/v1/models/openai/gpt-4.1",
                Some(Place::Model("openai/gpt-4.1")),
            ),
            ("/v1", None),
            ("/v1x/messages", None),
            ("/v2/messages", None),
        ];
        for (path, expected) in cases {
            assert_eq!(place(path), expected, "{path}");
        }
    }
}
