//! Errors we answer with, in the dialect of the caller.
//!
//! Promises: the vendor's `type` strings and statuses, so that the caller's SDK
//! raises the very exception it would raise against the vendor, and a `code`
//! from a closed list to act upon. Leaves out: headers (`retry-after`, request
//! ids), which are the listener's.

use bytes::Bytes;
use serde::Serialize;

use crate::{Dialect, Failure, FailureCategory, json};

/// The kinds of error a caller can be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The request itself is at fault.
    InvalidRequest,
    /// A key is missing or wrong: ours, or the provider's.
    Authentication,
    /// The key is good but may not do this.
    Permission,
    /// No such model or path.
    NotFound,
    /// The request is too large.
    TooLarge,
    /// Too fast; waiting will help.
    RateLimit,
    /// Money or quota has run out.
    Quota,
    /// The provider is overloaded.
    Overloaded,
    /// No answer in time.
    Timeout,
    /// The provider failed, or could not be reached.
    Upstream,
    /// We are not taking requests: paused, or draining.
    Unavailable,
    /// The request has come to us before: a provider points back at us.
    LoopDetected,
}

/// One error to answer with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind it is.
    pub kind: FaultKind,
    /// The HTTP status, unless the dialect has its own: see [`Fault::status_in`].
    pub status: u16,
    /// What to act upon: a word from a closed list, such as `unknown_model`.
    pub code: &'static str,
    /// What happened and what to do next, in sentences for people.
    pub message: String,
    /// The field of the request at fault.
    pub param: Option<&'static str>,
}

impl FaultKind {
    /// The status this kind mostly has.
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidRequest => 400,
            Self::Authentication => 401,
            Self::Permission => 403,
            Self::NotFound => 404,
            Self::TooLarge => 413,
            Self::RateLimit | Self::Quota => 429,
            Self::Upstream => 502,
            Self::Overloaded | Self::Unavailable => 503,
            Self::Timeout => 504,
            Self::LoopDetected => 508,
        }
    }

    /// The `type` of the error object.
    fn name_in(self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::OpenAi | Dialect::Responses => match self {
                Self::InvalidRequest | Self::NotFound | Self::TooLarge => "invalid_request_error",
                Self::Authentication => "authentication_error",
                Self::Permission => "permission_error",
                Self::RateLimit => "rate_limit_exceeded",
                Self::Quota => "insufficient_quota",
                Self::Overloaded
                | Self::Timeout
                | Self::Upstream
                | Self::Unavailable
                | Self::LoopDetected => "server_error",
            },
            Dialect::Anthropic => match self {
                Self::InvalidRequest => "invalid_request_error",
                Self::Authentication => "authentication_error",
                Self::Permission => "permission_error",
                Self::NotFound => "not_found_error",
                Self::TooLarge => "request_too_large",
                Self::RateLimit => "rate_limit_error",
                Self::Quota => "billing_error",
                Self::Overloaded => "overloaded_error",
                Self::Timeout => "timeout_error",
                Self::Upstream | Self::Unavailable | Self::LoopDetected => "api_error",
            },
            // Google's status words.
            Dialect::Gemini => match self {
                Self::InvalidRequest | Self::TooLarge => "INVALID_ARGUMENT",
                Self::Authentication => "UNAUTHENTICATED",
                Self::Permission => "PERMISSION_DENIED",
                Self::NotFound => "NOT_FOUND",
                Self::RateLimit | Self::Quota => "RESOURCE_EXHAUSTED",
                Self::Overloaded | Self::Unavailable => "UNAVAILABLE",
                Self::Timeout => "DEADLINE_EXCEEDED",
                Self::Upstream | Self::LoopDetected => "INTERNAL",
            },
            // These say no more than a sentence.
            Dialect::Ollama | Dialect::Bedrock | Dialect::Cohere => "",
        }
    }
}

impl Fault {
    /// A fault with the status its kind mostly has.
    pub fn new(kind: FaultKind, code: &'static str, message: impl Into<String>) -> Self {
        Fault {
            kind,
            status: kind.status(),
            code,
            message: message.into(),
            param: None,
        }
    }

    /// What a caller is told when `provider` (its name for people) failed and
    /// no other target is left.
    pub fn from_failure(failure: &Failure, provider: &str) -> Fault {
        let said = &failure.message;
        // Statuses in the 400s pass: an SDK tells 409 and 422 apart from 400.
        let status = failure.status.filter(|status| (400..500).contains(status));
        let fault = |kind, code, message| Fault::new(kind, code, message);
        match failure.category {
            FailureCategory::BadRequest => Fault {
                status: status.unwrap_or(400),
                ..fault(
                    FaultKind::InvalidRequest,
                    "invalid_request",
                    format!("{provider} refused the request: {said}"),
                )
            },
            FailureCategory::Auth => fault(
                FaultKind::Authentication,
                "invalid_api_key",
                format!(
                    "{provider} did not accept the key stored for it, which needs replacing: {said}"
                ),
            ),
            FailureCategory::Permission => fault(
                FaultKind::Permission,
                "permission_denied",
                format!("{provider} does not allow this with its key: {said}"),
            ),
            FailureCategory::NotFound => fault(
                FaultKind::NotFound,
                "model_not_found",
                format!("{provider} does not know the model; check its name there: {said}"),
            ),
            FailureCategory::Quota => fault(
                FaultKind::Quota,
                "insufficient_quota",
                format!(
                    "The quota or credit at {provider} is used up; raise it or route elsewhere: {said}"
                ),
            ),
            FailureCategory::RateLimit => fault(
                FaultKind::RateLimit,
                "rate_limit_exceeded",
                format!("{provider} asks to slow down; wait and try again: {said}"),
            ),
            FailureCategory::Overloaded => fault(
                FaultKind::Overloaded,
                "upstream_overloaded",
                format!("{provider} is overloaded; try again shortly: {said}"),
            ),
            FailureCategory::ContextOverflow => {
                let (kind, code) = if status == Some(413) {
                    (FaultKind::TooLarge, "request_too_large")
                } else {
                    (FaultKind::InvalidRequest, "context_length_exceeded")
                };
                fault(kind, code, overflow_message(provider, said))
            }
            FailureCategory::ContentFilter => Fault {
                status: status.unwrap_or(400),
                ..fault(
                    FaultKind::InvalidRequest,
                    "content_filter",
                    format!("{provider} declined the content: {said}"),
                )
            },
            FailureCategory::StateLost => Fault {
                status: status.unwrap_or(400),
                ..fault(
                    FaultKind::InvalidRequest,
                    "state_lost",
                    format!(
                        "{provider} does not accept the thoughts of earlier turns; take them out, or begin anew: {said}"
                    ),
                )
            },
            FailureCategory::Timeout => fault(
                FaultKind::Timeout,
                "upstream_timeout",
                format!(
                    "{provider} did not answer in time; try again, or raise its time in [timeouts] of the config: {said}"
                ),
            ),
            FailureCategory::Server => fault(
                FaultKind::Upstream,
                "upstream_error",
                format!("{provider} failed; try again shortly: {said}"),
            ),
            FailureCategory::Connection => fault(
                FaultKind::Upstream,
                "upstream_unreachable",
                format!(
                    "{provider} could not be reached; check its base URL and the network: {said}"
                ),
            ),
            FailureCategory::Tls => fault(
                FaultKind::Upstream,
                "upstream_tls",
                format!(
                    "No secure connection to {provider}; check that its base URL is right and speaks TLS: {said}"
                ),
            ),
            FailureCategory::BadReply => fault(
                FaultKind::Upstream,
                "upstream_bad_reply",
                format!("{provider} sent no usable reply; check its base URL: {said}"),
            ),
            FailureCategory::BrokenStream => fault(
                FaultKind::Upstream,
                "upstream_stream_broken",
                format!("The stream from {provider} broke off; ask again: {said}"),
            ),
            FailureCategory::Drained => fault(
                FaultKind::Unavailable,
                "draining",
                format!("{provider} was given no more time to answer; ask again: {said}"),
            ),
        }
    }

    /// The status to answer a caller of `dialect` with. Only two kinds differ:
    /// Anthropic has a status for overload, and one for money that its SDK does
    /// not retry.
    pub fn status_in(&self, dialect: Dialect) -> u16 {
        match (dialect, self.kind) {
            (Dialect::Anthropic, FaultKind::Overloaded) => 529,
            (Dialect::Anthropic, FaultKind::Quota) => 402,
            _ => self.status,
        }
    }

    /// The body of the answer. `request_id` is ours; OpenAI's shape has no
    /// place for it but a header.
    pub fn body(&self, dialect: Dialect, request_id: &str) -> Bytes {
        match dialect {
            Dialect::OpenAi | Dialect::Responses => json::document(&self.openai()),
            Dialect::Anthropic => json::document(&self.anthropic(Some(request_id))),
            Dialect::Gemini => json::document(&self.gemini()),
            Dialect::Ollama => json::document(&serde_json::json!({ "error": self.message })),
            Dialect::Bedrock | Dialect::Cohere => {
                json::document(&serde_json::json!({ "message": self.message }))
            }
        }
    }

    /// The end of a stream that has already begun with a 200. It never looks
    /// like a normal end: no finish reason, no `message_stop`.
    pub fn stream_event(&self, dialect: Dialect) -> Bytes {
        let mut frames = Vec::with_capacity(512);
        match dialect {
            Dialect::OpenAi => {
                json::event(&mut frames, None, &self.openai());
                frames.extend_from_slice(b"data: [DONE]\n\n");
            }
            // The terminal event repeats the whole response, which only its writer knows.
            Dialect::Responses => {
                json::event(&mut frames, Some("error"), &self.responses_error());
                frames.extend_from_slice(b"data: [DONE]\n\n");
            }
            Dialect::Anthropic => json::event(&mut frames, Some("error"), &self.anthropic(None)),
            Dialect::Gemini => json::event(&mut frames, None, &self.gemini()),
            Dialect::Ollama | Dialect::Bedrock | Dialect::Cohere => {
                frames.extend_from_slice(&self.body(dialect, ""));
                frames.push(b'\n');
            }
        }
        frames.into()
    }

    /// Google's shape: the status twice, as a number and as a word.
    fn gemini(&self) -> serde_json::Value {
        serde_json::json!({"error": {
            "code": self.status_in(Dialect::Gemini),
            "message": self.message,
            "status": self.kind.name_in(Dialect::Gemini),
            "details": [{
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": self.code,
                "domain": "signalbox",
            }],
        }})
    }

    fn responses_error(&self) -> serde_json::Value {
        serde_json::json!({
            "type": "error",
            "code": self.code,
            "message": self.message,
            "param": self.param,
        })
    }

    fn openai(&self) -> OpenAi<'_> {
        OpenAi {
            error: OpenAiError {
                message: &self.message,
                r#type: self.kind.name_in(Dialect::OpenAi),
                param: self.param,
                code: self.code,
            },
        }
    }

    fn anthropic<'a>(&'a self, request_id: Option<&'a str>) -> Anthropic<'a> {
        Anthropic {
            r#type: "error",
            error: AnthropicError {
                r#type: self.kind.name_in(Dialect::Anthropic),
                message: &self.message,
                details: Details {
                    error_code: self.code,
                },
            },
            request_id,
        }
    }
}

/// Clients that compact a long conversation look for Anthropic's wording.
fn overflow_message(provider: &str, said: &str) -> String {
    const WORDING: &str = "prompt is too long";
    if said.to_ascii_lowercase().contains(WORDING) {
        format!("{provider} refused the request: {said}")
    } else {
        format!("{WORDING}: {provider} refused the request: {said}")
    }
}

#[derive(Serialize)]
struct OpenAi<'a> {
    error: OpenAiError<'a>,
}

#[derive(Serialize)]
struct OpenAiError<'a> {
    message: &'a str,
    r#type: &'static str,
    param: Option<&'static str>,
    code: &'static str,
}

#[derive(Serialize)]
struct Anthropic<'a> {
    r#type: &'static str,
    error: AnthropicError<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

#[derive(Serialize)]
struct AnthropicError<'a> {
    r#type: &'static str,
    message: &'a str,
    details: Details,
}

#[derive(Serialize)]
struct Details {
    error_code: &'static str,
}
