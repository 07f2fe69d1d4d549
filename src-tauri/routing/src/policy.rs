//! What an alias allows beyond one attempt after the other.
//!
//! Promises: the default costs nothing that was not asked for: no second request beside the first, no answer
//! sewn together of two. Leaves out how each is done (`decide`, `hedge`, the engine).

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
    /// Whether providers' prompt caches are given hints where the caller gave none. `None`: as everywhere.
    pub prompt_cache: Option<PromptCacheHints>,
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
