//! The practice provider: built in, needs no key, costs nothing, and says so.
//!
//! Promises: the same request gets the same answer; every answer names itself as
//! practice; the models that misbehave do it on purpose and always the same way.
//! It is what is served before any key exists, and what the tour and the tests use.
//!
//! Leaves out: anything that could be taken for a real model's work.

mod able;
mod asked;
mod body;
mod instance;
mod script;
mod seen;

use std::time::Duration;

use bytes::Bytes;
use dialect::hub::Event;
use dialect::{
    Dialect, Endpoint, Failure, FailureCategory, Fault, FaultKind, Malformed, Task, Writing,
    count_reply, document_of, embeddings_reply, estimate_tokens, frames_of, read_embed,
    translate_embed,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use routing::{AuthScheme, KeySource, Provider, Surface};

use asked::Asked;
pub(crate) use body::PracticeBody;
use body::{End, Pace};
use script::Behaviour;

use crate::attempt::Asking;
use crate::conversations;
use crate::exchange::Call;
use crate::sending::Unsent;
use crate::upstream::{UpstreamBody, UpstreamReply};

/// The provider's id.
pub const PRACTICE: &str = "practice";

/// The practice models and what each is for.
pub const PRACTICE_MODELS: &[(&str, &str)] = script::MODELS;

/// The practice model that the doctor examines.
pub(crate) const PRACTICE_DOCTORED: &str = "tools";

/// Every dialect that a client can speak.
const SPOKEN: [Dialect; 5] = [
    Dialect::OpenAi,
    Dialect::Responses,
    Dialect::Anthropic,
    Dialect::Gemini,
    Dialect::Ollama,
];

/// The practice provider as a route sees it.
pub fn provider() -> Provider {
    let surface = |dialect| Surface {
        dialect,
        base_url: "practice:".to_owned(),
        auth: AuthScheme::None,
        hosting: Default::default(),
        quirks: Default::default(),
        query: None,
        region: None,
    };
    Provider {
        id: PRACTICE.to_owned(),
        name: "Practice".to_owned(),
        surfaces: SPOKEN.into_iter().map(surface).collect(),
        key: KeySource::None,
        more_keys: Vec::new(),
        local: true,
        practice: true,
        enabled: true,
        models: Vec::new(),
    }
}

/// Answers a request the way the model's script says, in the caller's own dialect.
pub(crate) async fn serve(
    call: &Call,
    model: &str,
    asking: &Asking<'_>,
) -> Result<UpstreamReply, Failure> {
    let dialect = call.endpoint.dialect();
    let Some(behaviour) = script::behaviour(model) else {
        let known: Vec<&str> = PRACTICE_MODELS.iter().map(|(name, _)| *name).collect();
        let known = known.join(", ");
        let message = format!("There is no practice model `{model}`. There are: {known}.");
        return Ok(error(dialect, FaultKind::NotFound, 404, message, None));
    };
    if let Behaviour::RateLimited = behaviour {
        let message = "[practice] This model is always rate-limited, on purpose.".to_owned();
        return Ok(error(dialect, FaultKind::RateLimit, 429, message, Some(1)));
    }
    if behaviour.fails_now() {
        let message = "[practice] This model fails every other time, on purpose.".to_owned();
        return Ok(error(dialect, FaultKind::Overloaded, 503, message, None));
    }
    let input_tokens = estimate_tokens(call.body.len() as u64);
    let malformed = |malformed: Malformed| {
        error(
            dialect,
            FaultKind::InvalidRequest,
            400,
            malformed.to_string(),
            None,
        )
    };
    Ok(match call.endpoint.task() {
        Task::Generate => match asking.hub.get(asking) {
            Ok(request) => {
                if let (Behaviour::Tools, Some(forged)) = (behaviour, able::forged(request)) {
                    return Ok(malformed(Malformed::of(forged)));
                }
                let events = match behaviour {
                    Behaviour::Tools => able::answer(model, dialect, request, &call.body),
                    _ => script::answer(
                        model,
                        &Asked::of(request),
                        asking.course.broken().map(|broken| broken.so_far.as_str()),
                        input_tokens,
                        &call.body,
                    ),
                };
                tell(
                    writing(call, asking, model, input_tokens),
                    behaviour,
                    asking.facts.stream,
                    events,
                )
            }
            Err(Unsent::Malformed(why)) => malformed(why),
            Err(Unsent::Unfit(refused)) => malformed(Malformed::of(&refused.why)),
        },
        Task::Embed => match embed(call, model, input_tokens) {
            Ok(body) => whole(body, behaviour.first_byte()),
            Err(why) => malformed(why),
        },
        Task::Count => {
            let counted = match (behaviour, asking.hub.get(asking)) {
                (Behaviour::Tools, Ok(request)) => able::prompt_tokens(request),
                _ => input_tokens,
            };
            whole(count_reply(call.endpoint, counted), Duration::ZERO)
        }
        Task::Rerank | Task::Pass => {
            let message = format!(
                "[practice] There is nothing here for {}.",
                call.endpoint.name()
            );
            error(dialect, FaultKind::InvalidRequest, 400, message, None)
        }
    })
}

fn writing(call: &Call, asking: &Asking<'_>, model: &str, input_tokens: u64) -> Writing {
    Writing {
        endpoint: call.endpoint,
        provider: PRACTICE.to_owned(),
        // The same request gets the same bytes, but where a reply can be gone on from by its name.
        id: match call.endpoint {
            Endpoint::Responses => format!("{:x}", asking.receipt.0),
            _ => format!("practice{:016x}", script::fingerprint(&call.body)),
        },
        model: model.to_owned(),
        // A date, for the same reason.
        created_unix_s: 1_767_225_600,
        input_tokens,
        usage_asked: asking.facts.usage_asked,
        echo: match call.endpoint {
            Endpoint::Responses => conversations::echo(asking.call),
            _ => Default::default(),
        },
    }
}

/// The same text gives the same vector, in every dialect.
fn embed(call: &Call, model: &str, input_tokens: u64) -> Result<Bytes, Malformed> {
    let in_path = call.path.as_ref().map(|path| path.model.as_str());
    let asked = read_embed(call.endpoint, &call.body, in_path)?;
    let vectors = script::vectors(&asked);
    let body = embeddings_reply(model, &vectors, false, input_tokens);
    translate_embed(
        Endpoint::Embeddings,
        call.endpoint,
        &body,
        model,
        asked.base64,
        input_tokens,
    )
    .map(|(body, _)| body)
    .map_err(|none| Malformed::of(&none.reason))
}

fn tell(
    writing: Writing,
    behaviour: Behaviour,
    streams: bool,
    events: Vec<Event>,
) -> UpstreamReply {
    if !streams {
        let body = document_of(events, &writing);
        let (sent, end) = match behaviour.breaks() {
            true => (body.slice(..body.len() / 2), End::Break),
            false => (body, End::Close),
        };
        return reply(
            "application/json",
            PracticeBody::new(vec![sent], behaviour.first_byte(), Pace::AtOnce, end),
        );
    }
    let kind = match writing.endpoint.dialect() {
        Dialect::Ollama => "application/x-ndjson",
        _ => "text/event-stream",
    };
    let mut frames = frames_of(&events, writing);
    let mut end = End::Close;
    if behaviour.breaks() {
        frames.truncate(frames.len() / 2);
        end = End::Break;
    }
    reply(
        kind,
        PracticeBody::new(frames, behaviour.first_byte(), behaviour.pace(), end),
    )
}

fn whole(body: Bytes, after: Duration) -> UpstreamReply {
    reply(
        "application/json",
        PracticeBody::new(vec![body], after, Pace::AtOnce, End::Close),
    )
}

fn reply(content_type: &'static str, body: PracticeBody) -> UpstreamReply {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    UpstreamReply {
        status: StatusCode::OK,
        headers,
        body: UpstreamBody::Practice(body),
    }
}

fn error(
    dialect: Dialect,
    kind: FaultKind,
    status: u16,
    message: String,
    retry_after_s: Option<u64>,
) -> UpstreamReply {
    let fault = Fault {
        kind,
        status,
        code: "practice",
        message,
        param: None,
    };
    let mut answer = whole(fault.body(dialect, "practice"), Duration::ZERO);
    answer.status =
        StatusCode::from_u16(fault.status_in(dialect)).unwrap_or(StatusCode::BAD_GATEWAY);
    if let Some(seconds) = retry_after_s {
        answer
            .headers
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    answer
}

/// How a body that breaks on purpose says so.
fn broken_on_purpose() -> Failure {
    Failure {
        category: FailureCategory::BrokenStream,
        status: None,
        code: None,
        message: "it broke off in the middle, on purpose".to_owned(),
        retry_after_ms: None,
    }
}
