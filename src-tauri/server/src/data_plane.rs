//! HTTP in, for tools: a table from paths to endpoints, and the guard before it.
//!
//! Leaves out everything after the guard: `engine` serves the exchange and
//! renders its errors.

use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use dialect::{Dialect, Endpoint, Fault, FaultKind};
use engine::{Arrived, Call, InPath, Refusal};
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Ask(Endpoint, Option<InPath>),
    Models,
    Model(String),
    /// Ollama's way to ask for one model, by a body.
    Show,
    /// Ollama's version, which its clients ask for first.
    Version,
}

/// The table. A version may be missing, doubled or another vendor's: half of all tools expect it in
/// the base URL and half add it themselves, and a wrong guess is shown to their users as a missing
/// model.
pub(crate) fn place(path: &str) -> Option<Place> {
    if let Some(place) = gemini(path) {
        return Some(place);
    }
    let mut rest = path.trim_end_matches('/');
    while let Some(inner) = VERSIONS
        .iter()
        .find_map(|version| rest.strip_prefix(version))
        && inner.starts_with('/')
    {
        rest = inner;
    }
    let ask = |endpoint| Some(Place::Ask(endpoint, None));
    match rest {
        "/chat/completions" => ask(Endpoint::ChatCompletions),
        "/completions" => ask(Endpoint::Completions),
        "/embeddings" => ask(Endpoint::Embeddings),
        "/images/generations" => ask(Endpoint::ImagesGenerations),
        "/images/edits" => ask(Endpoint::ImagesEdits),
        "/images/variations" => ask(Endpoint::ImagesVariations),
        "/audio/speech" => ask(Endpoint::AudioSpeech),
        "/audio/transcriptions" => ask(Endpoint::AudioTranscriptions),
        "/audio/translations" => ask(Endpoint::AudioTranslations),
        "/responses" => ask(Endpoint::Responses),
        "/responses/input_tokens" => ask(Endpoint::InputTokens),
        "/messages" => ask(Endpoint::Messages),
        "/messages/count_tokens" => ask(Endpoint::CountTokens),
        "/rerank" => ask(Endpoint::Rerank),
        "/api/chat" => ask(Endpoint::OllamaChat),
        "/api/generate" => ask(Endpoint::OllamaGenerate),
        "/api/embed" => ask(Endpoint::OllamaEmbed),
        "/api/show" => Some(Place::Show),
        "/api/version" => Some(Place::Version),
        "/models" | "/api/tags" => Some(Place::Models),
        other => Some(Place::Model(unescaped(other.strip_prefix("/models/")?))),
    }
}

/// What vendors write in front of their paths.
const VERSIONS: [&str; 3] = ["/v1beta", "/v1", "/v2"];

/// Google's `…/models/{model}:{verb}`, whatever stands before it. Some leave `models/` out when the
/// model's name has a slash in it, taking it for a resource's.
fn gemini(path: &str) -> Option<Place> {
    let bare = || {
        path.strip_prefix("/v1beta/")
            .or_else(|| path.strip_prefix("/v1/"))
    };
    let named = path.split_once("/models/").map(|(_, rest)| rest);
    let (model, verb) = named.or_else(bare)?.rsplit_once(':')?;
    let (endpoint, stream) = match verb {
        "generateContent" => (Endpoint::GenerateContent, false),
        "streamGenerateContent" => (Endpoint::GenerateContent, true),
        "countTokens" => (Endpoint::GeminiCountTokens, false),
        "embedContent" => (Endpoint::EmbedContent, false),
        "batchEmbedContents" => (Endpoint::BatchEmbedContents, false),
        _ => return None,
    };
    let model = unescaped(model);
    Some(Place::Ask(endpoint, Some(InPath { model, stream })))
}

/// Percent-encoding taken out (RFC 3986); what is not UTF-8 then is left as it was.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let escaped = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        match escaped.filter(|_| byte == b'%') {
            Some(plain) => {
                bytes.push(plain);
                rest = &after[2..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// What a request that was let in leads to.
enum Entry {
    /// Its body is read and an exchange begins.
    Ask(Endpoint, Option<InPath>),
    /// It is answered from what is known here.
    Answer(Response<Body>),
    /// The same, when its body has been read.
    Show,
}

/// Why a request was not let in, and whose it was when that is known.
type Refused = (Option<Arc<str>>, Fault);

/// Serves one request to the data plane.
pub(crate) async fn serve(shared: Arc<Shared>, request: Request<Body>) -> Response<Body> {
    let arrived = Arrived::now();
    let (parts, mut body) = request.into_parts();
    let place = place(parts.uri.path());
    let (client, entry) = match enter(&shared, &parts, place.as_ref()) {
        Ok(entered) => entered,
        Err(refused) => {
            return refuse(&shared, &parts, place.as_ref(), refused, arrived, &mut body).await;
        }
    };
    let (endpoint, path) = match entry {
        Entry::Ask(endpoint, path) => (endpoint, path),
        Entry::Answer(answer) => return answer,
        Entry::Show => {
            let limit = shared.engine.snapshot().limits.body_bytes;
            let shown = read(&parts, &mut body, limit).await;
            return match shown.and_then(|body| models::show(&shared.engine, &body)) {
                Ok(answer) => answer,
                Err(fault) => {
                    let refused = (Some(client), fault);
                    refuse(&shared, &parts, place.as_ref(), refused, arrived, &mut body).await
                }
            };
        }
    };
    let limit = shared.engine.snapshot().limits.body_bytes;
    let body = match read(&parts, &mut body, limit).await {
        Ok(body) => body,
        Err(fault) => {
            let refused = (Some(client), fault);
            return refuse(&shared, &parts, place.as_ref(), refused, arrived, &mut body).await;
        }
    };
    let call = Call {
        endpoint,
        client,
        path,
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
    place: Option<&Place>,
) -> Result<(Arc<str>, Entry), Refused> {
    shared.doors().check(parts).map_err(|fault| (None, fault))?;
    let known = |key: &str| shared.clients.check(key);
    let (client, shown) =
        guard::client(guard::credential(parts), known).map_err(|fault| (None, fault))?;
    let entry = match place {
        Some(Place::Ask(endpoint, path)) if parts.method == Method::POST => {
            guard::content_type(&parts.headers, shown).map(|()| Entry::Ask(*endpoint, path.clone()))
        }
        Some(Place::Show) if parts.method == Method::POST => {
            guard::content_type(&parts.headers, shown).map(|()| Entry::Show)
        }
        Some(Place::Version) if parts.method == Method::GET => Ok(Entry::Answer(models::version())),
        Some(Place::Models) if parts.method == Method::GET => Ok(Entry::Answer(models::list(
            &shared.engine,
            dialect(parts, place),
        ))),
        Some(Place::Model(id)) if parts.method == Method::GET => {
            models::one(&shared.engine, dialect(parts, place), id)
                .map(Entry::Answer)
                .ok_or_else(|| models::unknown(id))
        }
        Some(_) if parts.headers.contains_key(http::header::UPGRADE) => Err(no_upgrade()),
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
    place: Option<&Place>,
    (client, fault): Refused,
    arrived: Arrived,
    body: &mut Body,
) -> Response<Body> {
    let refusal = Refusal {
        endpoint: match place {
            Some(Place::Ask(endpoint, _)) => Some(*endpoint),
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
fn dialect(parts: &Parts, place: Option<&Place>) -> Dialect {
    match place {
        Some(Place::Ask(endpoint, _)) => endpoint.dialect(),
        Some(Place::Show | Place::Version) => Dialect::Ollama,
        Some(Place::Models) if parts.uri.path().starts_with("/api/") => Dialect::Ollama,
        _ if parts.uri.path().starts_with("/v1beta/") || asks_as_google(parts) => Dialect::Gemini,
        _ if parts.headers.contains_key("anthropic-version") => Dialect::Anthropic,
        _ => Dialect::OpenAi,
    }
}

/// Google's clients show their key in a way of their own.
fn asks_as_google(parts: &Parts) -> bool {
    let by_query = parts
        .uri
        .query()
        .is_some_and(|query| query.split('&').any(|pair| pair.starts_with("key=")));
    by_query || parts.headers.contains_key("x-goog-api-key")
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

/// Codex tries a WebSocket first and goes on over HTTP when it is told this (RFC 9110, 15.5.22).
fn no_upgrade() -> Fault {
    Fault {
        kind: FaultKind::InvalidRequest,
        status: 426,
        code: "no_upgrade",
        message: "Signalbox speaks no WebSocket here; send the request by POST.".to_owned(),
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
            "Signalbox does not serve {path}. It serves OpenAI's /v1/chat/completions, /v1/responses and \
             /v1/embeddings, Anthropic's /v1/messages, Google's /v1beta/models/…:generateContent, \
             Ollama's /api/chat and their neighbours, and /v1/models; check the tool's base URL."
        ),
        param: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_with_and_without_the_version() {
        let ask = |endpoint| Some(Place::Ask(endpoint, None));
        let google = |endpoint, model: &str, stream| {
            let model = model.to_owned();
            Some(Place::Ask(endpoint, Some(InPath { model, stream })))
        };
        let cases = [
            ("/v1/chat/completions", ask(Endpoint::ChatCompletions)),
            ("/chat/completions", ask(Endpoint::ChatCompletions)),
            ("/v1/v1/messages", ask(Endpoint::Messages)),
            ("/v1/messages/count_tokens", ask(Endpoint::CountTokens)),
            ("/v1/embeddings/", ask(Endpoint::Embeddings)),
            ("/v1/responses", ask(Endpoint::Responses)),
            ("/v2/rerank", ask(Endpoint::Rerank)),
            (
                "/v1/audio/transcriptions",
                ask(Endpoint::AudioTranscriptions),
            ),
            ("/api/chat", ask(Endpoint::OllamaChat)),
            ("/api/tags", Some(Place::Models)),
            ("/v1/models", Some(Place::Models)),
            ("/v1beta/models", Some(Place::Models)),
            (
                "/v1/models/openai/gpt-4.1",
                Some(Place::Model("openai/gpt-4.1".to_owned())),
            ),
            (
                "/v1/models/openai%2Fgpt-4.1",
                Some(Place::Model("openai/gpt-4.1".to_owned())),
            ),
            (
                "/v1beta/models/gemini-2.5-flash:generateContent",
                google(Endpoint::GenerateContent, "gemini-2.5-flash", false),
            ),
            (
                "/v1/models/google%2Fgemini:streamGenerateContent",
                google(Endpoint::GenerateContent, "google/gemini", true),
            ),
            (
                "/v1beta/google/gemini-2.5-flash:generateContent",
                google(Endpoint::GenerateContent, "google/gemini-2.5-flash", false),
            ),
            (
                "/models/llama3.2:3b:countTokens",
                google(Endpoint::GeminiCountTokens, "llama3.2:3b", false),
            ),
            ("/v1", None),
            ("/v1x/messages", None),
            ("/v3/messages", None),
        ];
        for (path, expected) in cases {
            assert_eq!(place(path), expected, "{path}");
        }
    }

    #[test]
    fn what_is_no_escape_is_left_alone() {
        for (written, plain) in [
            ("a%2Fb", "a/b"),
            ("100%", "100%"),
            ("%zz", "%zz"),
            ("%ff", "%ff"),
            ("é", "é"),
        ] {
            assert_eq!(unescaped(written), plain);
        }
    }
}
