//! One compiled configuration. An exchange takes one and keeps it to its end.

use std::time::Duration;

use routing::{PromptCacheHints, Routes};

use crate::tools::Tools;

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
    /// What may be done for a translation beyond writing it.
    pub translation: Translation,
    /// What makes vectors of questions, to find similar ones.
    pub embedder: Embedder,
    /// The tools, and what they may do.
    pub tools: Tools,
}

/// What may be done for a translation beyond writing it. What costs something of its own is off.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Translation {
    /// How many times a provider that gives one answer to a request may be asked for several. Each
    /// is paid for; 0 and 1: never.
    pub fan_out: u32,
    /// Files that a request names by address.
    pub fetch: FetchRules,
    /// Whether providers' prompt caches are given hints, where an alias does not say it.
    pub prompt_cache: PromptCacheHints,
}

/// What makes vectors of questions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Embedder {
    /// Words, without a model.
    #[default]
    Lexical,
    /// A small model in the data folder.
    Model,
    /// An embeddings endpoint, by the name of its model here.
    Target(String),
}

/// Whether files are fetched for providers that take bytes only, and where from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FetchRules {
    /// They are.
    pub on: bool,
    /// Places that are reached besides the public internet, as `host:port`.
    pub allow: Vec<String>,
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
    /// How long what runs may take to finish where nothing new is taken.
    pub drain: Duration,
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
            drain: Duration::from_secs(60),
        }
    }
}
