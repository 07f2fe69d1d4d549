//! One compiled configuration. An exchange takes one and keeps it to its end.

use std::time::Duration;

use routing::Routes;

/// What the config file means, checked and compiled. Immutable.
#[derive(Debug)]
pub struct Snapshot {
    /// Rises by one with every accepted config.
    pub number: u64,
    /// Providers and aliases.
    pub routes: Routes,
    /// The catalogue version prices come from.
    pub price_version: String,
    /// Bounds on time and size.
    pub limits: Limits,
}

/// Bounds on time and size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest request body, in bytes.
    pub body_bytes: usize,
    /// Time to make a connection to a provider.
    pub connect: Duration,
    /// Time until a provider's first byte of answer.
    pub first_byte: Duration,
    /// Longest silence in the middle of an answer.
    pub idle: Duration,
    /// How long a stream that has opened is held back while it says nothing: until then what goes
    /// wrong can be absorbed, and a model may think for longer.
    pub hold: Duration,
    /// The silence in the middle of a translated stream after which a sign of life is sent.
    pub ping: Duration,
    /// Exchanges at once; more are refused.
    pub exchanges: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            body_bytes: 64 * 1024 * 1024,
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(120),
            idle: Duration::from_secs(300),
            hold: Duration::from_secs(10),
            ping: Duration::from_secs(15),
            exchanges: 1024,
        }
    }
}
