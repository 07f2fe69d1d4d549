//! What went wrong upstream, classified once.

use serde::{Deserialize, Serialize};

/// The kinds of failure that lead to different next steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCategory {
    /// The request itself is at fault: no other target would take it either.
    BadRequest,
    /// The provider did not accept the key.
    Auth,
    /// The key is good but may not do this.
    Permission,
    /// The provider does not know the model.
    NotFound,
    /// Money or quota has run out: waiting a minute will not help.
    Quota,
    /// Too fast: waiting will help.
    RateLimit,
    /// The provider is overloaded.
    Overloaded,
    /// The prompt does not fit this model.
    ContextOverflow,
    /// The provider's policy declined the content.
    ContentFilter,
    /// A thought of an earlier turn (its signature, its encrypted form) is not valid there.
    StateLost,
    /// No answer in time.
    Timeout,
    /// The provider failed in a way of its own (5xx, or it broke off its answer).
    Server,
    /// No connection could be made, or it was lost before an answer.
    Connection,
    /// The secure connection could not be made.
    Tls,
    /// An answer came that is not one: HTML, broken JSON, nothing.
    BadReply,
    /// The stream broke after the answer had begun.
    BrokenStream,
    /// Not the provider's doing: it was asked before it began to drain, and the time to finish is over.
    Drained,
}

impl FailureCategory {
    /// The word used in receipts and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::Auth => "auth",
            Self::Permission => "permission",
            Self::NotFound => "not_found",
            Self::Quota => "quota",
            Self::RateLimit => "rate_limit",
            Self::Overloaded => "overloaded",
            Self::ContextOverflow => "context_overflow",
            Self::ContentFilter => "content_filter",
            Self::StateLost => "state_lost",
            Self::Timeout => "timeout",
            Self::Server => "server",
            Self::Connection => "connection",
            Self::Tls => "tls",
            Self::BadReply => "bad_reply",
            Self::BrokenStream => "broken_stream",
            Self::Drained => "drained",
        }
    }
}

/// One failure, with the raw facts kept beside its category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What kind it is.
    pub category: FailureCategory,
    /// The provider's HTTP status; `None` when there was no answer at all.
    pub status: Option<u16>,
    /// The provider's own error code or type, as it wrote it.
    pub code: Option<String>,
    /// What the provider said, or what happened to the connection. One line, bounded.
    pub message: String,
    /// How long the provider asked us to wait, in milliseconds.
    pub retry_after_ms: Option<u64>,
}
