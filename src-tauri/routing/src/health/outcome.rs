//! How an attempt ended, as far as health cares: the one table of whom a failure
//! is blamed on and what it counts against.

use dialect::{Failure, FailureCategory};
use serde::{Deserialize, Serialize};

/// What an attempt says of whoever served it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// A whole answer.
    Answered,
    /// The request was at fault (400, content declined, prompt too long).
    Request,
    /// The key was not accepted (401).
    Auth,
    /// The key may not do this (403).
    Permission,
    /// The model is not known there (404).
    NotFound,
    /// Money or quota has run out (402, and 429 of that kind).
    Quota,
    /// Too fast (429).
    RateLimit,
    /// No answer in time (408 and our own deadlines).
    Timeout,
    /// 500 and its kin.
    Server,
    /// 503.
    Unavailable,
    /// 529, or another word for overload.
    Overloaded,
    /// No connection, or it was lost before an answer.
    Connection,
    /// The stream broke after it had begun.
    BrokenStream,
    /// An error, garbage or nothing inside a 200.
    InsideOk,
}

/// Whose breaker a failure moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// A provider through one key: connections, credentials, quotas.
    Key,
    /// A model at a provider, whatever the key.
    Target,
    /// A model at a provider through one key: rate limits, permissions.
    Route,
}

impl Class {
    /// Every class, in the order of the windows.
    pub const ALL: [Class; 14] = [
        Class::Answered,
        Class::Request,
        Class::Auth,
        Class::Permission,
        Class::NotFound,
        Class::Quota,
        Class::RateLimit,
        Class::Timeout,
        Class::Server,
        Class::Unavailable,
        Class::Overloaded,
        Class::Connection,
        Class::BrokenStream,
        Class::InsideOk,
    ];

    /// The class of a failed attempt.
    pub fn of(failure: &Failure) -> Class {
        use FailureCategory as F;
        match failure.category {
            F::BadRequest | F::ContentFilter | F::ContextOverflow | F::StateLost => Class::Request,
            // Ours: an attempt that is cut tells health nothing, and would be blamed on nobody.
            F::Drained => Class::Request,
            F::Auth => Class::Auth,
            F::Permission => Class::Permission,
            F::NotFound => Class::NotFound,
            F::Quota => Class::Quota,
            F::RateLimit => Class::RateLimit,
            F::Timeout => Class::Timeout,
            F::Connection | F::Tls => Class::Connection,
            F::BrokenStream => Class::BrokenStream,
            F::Overloaded | F::Server | F::BadReply => match failure.status {
                Some(200..=299) => Class::InsideOk,
                Some(503) => Class::Unavailable,
                Some(529) => Class::Overloaded,
                Some(504) => Class::Timeout,
                _ if failure.category == F::Overloaded => Class::Overloaded,
                _ if failure.category == F::BadReply => Class::InsideOk,
                _ => Class::Server,
            },
        }
    }

    /// Whose breaker it moves; `None` when nobody but the caller is to blame.
    pub fn blamed_on(self) -> Option<Layer> {
        match self {
            Class::Answered | Class::Request => None,
            Class::Auth | Class::Quota | Class::Connection => Some(Layer::Key),
            Class::RateLimit | Class::Permission | Class::NotFound => Some(Layer::Route),
            Class::Timeout
            | Class::Server
            | Class::Unavailable
            | Class::Overloaded
            | Class::BrokenStream
            | Class::InsideOk => Some(Layer::Target),
        }
    }

    /// Counts towards the error rate that trips a breaker. Rate limits do not: they
    /// are a matter of pace, and take a route out until they end. Keys and models
    /// that are refused do not: they take it out until somebody acts.
    pub fn is_error(self) -> bool {
        matches!(
            self,
            Class::Timeout
                | Class::Server
                | Class::Unavailable
                | Class::Overloaded
                | Class::Connection
                | Class::BrokenStream
                | Class::InsideOk
        )
    }

    /// Counts as downtime: whoever asked got no answer, and could not have known.
    pub fn is_down(self) -> bool {
        self.is_error() || self == Class::RateLimit
    }

    /// May just as well be this machine's own network.
    pub fn may_be_ours(self) -> bool {
        matches!(
            self,
            Class::Connection | Class::Timeout | Class::BrokenStream
        )
    }

    /// The words for it in "5 × 503".
    pub fn label(self) -> &'static str {
        match self {
            Class::Answered => "answered",
            Class::Request => "bad request",
            Class::Auth => "key refused",
            Class::Permission => "not allowed",
            Class::NotFound => "unknown model",
            Class::Quota => "quota used up",
            Class::RateLimit => "429",
            Class::Timeout => "timeout",
            Class::Server => "500",
            Class::Unavailable => "503",
            Class::Overloaded => "529",
            Class::Connection => "no connection",
            Class::BrokenStream => "broken stream",
            Class::InsideOk => "error inside a 200",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(category: FailureCategory, status: Option<u16>) -> Failure {
        Failure {
            category,
            status,
            code: None,
            message: String::new(),
            retry_after_ms: None,
        }
    }

    #[test]
    fn failures_fall_into_classes() {
        use FailureCategory as F;
        for (category, status, class, layer) in [
            (F::BadRequest, Some(400), Class::Request, None),
            (F::ContextOverflow, Some(400), Class::Request, None),
            (F::Auth, Some(401), Class::Auth, Some(Layer::Key)),
            (F::Quota, Some(429), Class::Quota, Some(Layer::Key)),
            (
                F::RateLimit,
                Some(429),
                Class::RateLimit,
                Some(Layer::Route),
            ),
            // Rate-limited inside a 200 is rate-limited all the same.
            (
                F::RateLimit,
                Some(200),
                Class::RateLimit,
                Some(Layer::Route),
            ),
            (F::NotFound, Some(404), Class::NotFound, Some(Layer::Route)),
            (F::Server, Some(500), Class::Server, Some(Layer::Target)),
            (F::Server, Some(502), Class::Server, Some(Layer::Target)),
            (F::Server, Some(504), Class::Timeout, Some(Layer::Target)),
            (F::Server, Some(200), Class::InsideOk, Some(Layer::Target)),
            (
                F::Overloaded,
                Some(503),
                Class::Unavailable,
                Some(Layer::Target),
            ),
            (
                F::Overloaded,
                Some(529),
                Class::Overloaded,
                Some(Layer::Target),
            ),
            // An overload that came as a 400 is one all the same.
            (
                F::Overloaded,
                Some(400),
                Class::Overloaded,
                Some(Layer::Target),
            ),
            (F::BadReply, None, Class::InsideOk, Some(Layer::Target)),
            (F::Timeout, None, Class::Timeout, Some(Layer::Target)),
            (F::Connection, None, Class::Connection, Some(Layer::Key)),
            (F::Tls, None, Class::Connection, Some(Layer::Key)),
            (
                F::BrokenStream,
                Some(200),
                Class::BrokenStream,
                Some(Layer::Target),
            ),
        ] {
            let read = Class::of(&failure(category, status));
            assert_eq!(
                (read, read.blamed_on()),
                (class, layer),
                "{category:?} {status:?}"
            );
        }
    }

    #[test]
    fn every_error_is_blamed_on_somebody() {
        for (place, class) in Class::ALL.into_iter().enumerate() {
            assert_eq!(class as usize, place);
            assert!(
                !class.is_error() || class.blamed_on().is_some(),
                "{class:?}"
            );
        }
    }
}
