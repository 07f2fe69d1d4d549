//! The practice provider: built in, needs no key, costs nothing, and says so.
//!
//! Promises: the same request gets the same answer; every answer names itself as
//! practice; the models that misbehave do it on purpose and always the same way.
//! It is what is served before any key exists, and what the tour and the tests use.
//!
//! Leaves out: anything that could be taken for a real model's work.

mod body;
mod script;

use std::time::Duration;

use bytes::Bytes;
use dialect::{
    Dialect, Endpoint, Facts, Failure, FailureCategory, Fault, FaultKind, ReplyEvent, ReplyWriter,
    StopReason, Usage, ask, count_tokens_reply, embeddings_reply, estimate_tokens,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use routing::{AuthScheme, KeySource, Provider, Surface};

pub(crate) use body::PracticeBody;
use body::{End, Pace};
use script::Behaviour;

use crate::upstream::{UpstreamBody, UpstreamReply};

/// The provider's id.
pub const PRACTICE: &str = "practice";

/// The practice models and what each is for.
pub const PRACTICE_MODELS: &[(&str, &str)] = script::MODELS;

/// The practice provider as a route sees it.
pub fn provider() -> Provider {
    let surface = |dialect| Surface {
        dialect,
        base_url: "practice:".to_owned(),
        auth: AuthScheme::None,
    };
    Provider {
        id: PRACTICE.to_owned(),
        name: "Practice".to_owned(),
        surfaces: Dialect::ALL.into_iter().map(surface).collect(),
        key: KeySource::None,
        local: true,
        practice: true,
        enabled: true,
        models: Vec::new(),
    }
}

/// Answers a request the way the model's script says.
pub(crate) async fn serve(
    endpoint: Endpoint,
    model: &str,
    facts: &Facts,
    request: &Bytes,
) -> Result<UpstreamReply, Failure> {
    let Some(behaviour) = script::behaviour(model) else {
        let known: Vec<&str> = PRACTICE_MODELS.iter().map(|(name, _)| *name).collect();
        return Ok(error(
            endpoint.dialect(),
            FaultKind::NotFound,
            404,
            format!(
                "There is no practice model `{model}`. There are: {}.",
                known.join(", ")
            ),
            None,
        ));
    };
    if let Behaviour::RateLimited = behaviour {
        let message = "[practice] This model is always rate-limited, on purpose.".to_owned();
        return Ok(error(
            endpoint.dialect(),
            FaultKind::RateLimit,
            429,
            message,
            Some(1),
        ));
    }
    if behaviour.fails_now() {
        let message = "[practice] This model fails every other time, on purpose.".to_owned();
        return Ok(error(
            endpoint.dialect(),
            FaultKind::Overloaded,
            503,
            message,
            None,
        ));
    }
    let asked = match ask(endpoint, request) {
        Ok(asked) => asked,
        Err(malformed) => {
            let message = malformed.to_string();
            return Ok(error(
                endpoint.dialect(),
                FaultKind::InvalidRequest,
                400,
                message,
                None,
            ));
        }
    };
    let input_tokens = estimate_tokens(request.len() as u64);
    match endpoint {
        Endpoint::Embeddings => {
            let vectors = script::vectors(&asked);
            let body = embeddings_reply(model, &vectors, asked.base64, input_tokens);
            Ok(whole(body, behaviour.first_byte()))
        }
        Endpoint::CountTokens => Ok(whole(count_tokens_reply(input_tokens), Duration::ZERO)),
        Endpoint::ChatCompletions | Endpoint::Messages => {
            let events = script::answer(&behaviour, model, &asked, input_tokens, request);
            Ok(tell(endpoint, facts, behaviour, &events))
        }
    }
}

fn tell(
    endpoint: Endpoint,
    facts: &Facts,
    behaviour: Behaviour,
    events: &[ReplyEvent],
) -> UpstreamReply {
    if !facts.stream {
        let body = ReplyWriter::whole(endpoint, events);
        let end = if behaviour.breaks() {
            End::Break
        } else {
            End::Close
        };
        let sent = if behaviour.breaks() {
            body.slice(..body.len() / 2)
        } else {
            body
        };
        return reply(
            "application/json",
            PracticeBody::new(vec![sent], behaviour.first_byte(), Pace::AtOnce, end),
        );
    }
    let mut writer = ReplyWriter::new(endpoint, facts.usage_asked);
    let mut frames: Vec<Bytes> = events.iter().map(|event| writer.stream(event)).collect();
    let mut end = End::Close;
    if behaviour.breaks() {
        frames.truncate(frames.len() / 2);
        end = End::Break;
    }
    reply(
        "text/event-stream",
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

fn ended(stop: StopReason, input: u64, output: u64) -> ReplyEvent {
    ReplyEvent::End {
        stop,
        usage: Usage {
            input,
            output,
            ..Usage::default()
        },
    }
}
