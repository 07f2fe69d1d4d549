//! What an alias allows beyond one attempt after the other.
//!
//! Promises: the default costs nothing that was not asked for: no second request beside the first, no answer
//! sewn together of two, no answer told twice that was meant to differ. Leaves out how each is done (`decide`, `hedge`, the engine).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::choose::Strategy;
use crate::hedge::HedgePolicy;

/// How an alias's requests are served.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Policy {
    /// The rule by which one of its targets is chosen. `None`: they are a list, in the order in which they
    /// are wanted.
    pub strategy: Option<Strategy>,
    /// Whether a second target may be asked while the first still thinks.
    pub hedge: HedgePolicy,
    /// What becomes of a stream that breaks in the middle.
    pub broken_stream: BrokenStream,
    /// Its requests stay on this machine and network, whatever fails.
    pub local_only: bool,
    /// Only dated snapshots serve: a rolling name is left out.
    pub pinned: bool,
    /// Which answers are kept and told again.
    pub keeping: Keeping,
    /// Whether providers' prompt caches are given hints where the caller gave none. `None`: as everywhere.
    pub prompt_cache: Option<PromptCacheHints>,
}

/// Which answers are kept, and how they are told again.
///
/// Promises: by default nothing that was meant to differ is told twice: only what asks to be repeatable (a
/// seed, or a low temperature; one that is not set is the vendor's, which is high) and no turn of tools.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Keeping {
    /// Answers are kept at all.
    pub on: bool,
    /// How long an answer is told.
    pub fresh: Duration,
    /// How much longer it may be told while nobody gives a new one.
    pub stale: Duration,
    /// The highest temperature whose answers are kept. One that is not set counts as 1.
    pub temperature: f64,
    /// Answers in the midst of tools are kept too.
    pub tools: bool,
    /// All clients share answers; else each has its own.
    pub shared: bool,
    /// How a stream is told again.
    pub replay: Replay,
    /// Whether an answer to a similar question will do.
    pub similar: Similar,
}

impl Default for Keeping {
    fn default() -> Self {
        Keeping {
            on: true,
            fresh: Duration::from_secs(300),
            stale: Duration::ZERO,
            temperature: 0.3,
            tools: false,
            shared: false,
            replay: Replay::AtOnce,
            similar: Similar::Off,
        }
    }
}

/// How a stream is told again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Replay {
    /// All of it at once.
    #[default]
    AtOnce,
    /// About as fast as it came the first time, ten seconds at most.
    Paced,
}

/// Which requests get hints for a provider's prompt cache, where the caller set none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PromptCacheHints {
    /// Those that are translated: they are ours to write. What goes as it came stays as it is.
    #[default]
    Translated,
    /// Those that go as they came too, where the vendor takes one field that has it mark the prompt itself.
    Auto,
    /// None.
    Off,
}

/// Whether an answer to a similar question will do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Similar {
    /// It will not.
    #[default]
    Off,
    /// It is looked for and never told: how often it would have been wrong is counted.
    Shadow,
    /// It is told; one of fifty is asked for all the same, and compared.
    On,
}

/// What becomes of a stream that breaks in the middle.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BrokenStream {
    /// The caller is told in its dialect that the answer is not whole.
    #[default]
    Tell,
    /// Another target goes on from the text so far, where it can; else the caller is told.
    Continue,
}
