//! A reply in our own words: a row of events, whole replies included.
//!
//! Law of a well-formed row, which readers keep and writers rely on: `Start` first; each
//! block is opened once, under the next free number, before its deltas, and closed once;
//! `Usage` and `Extra` anywhere after `Start`; `Stop` once a candidate, after its blocks;
//! then `End`. Instead of `Stop` and `End`, `Failed` may end the row at any place.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Sealed, ToolCall};
use crate::{Dialect, Failure, StopReason, Usage};

/// One step of a reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The reply begins.
    Start(Start),
    /// A block begins.
    Open {
        /// Its number: 0, 1, 2, … in the order of opening, over all candidates.
        block: u32,
        /// The answer it belongs to; 0 unless several were asked for.
        candidate: u32,
        /// What it is. A call's `arguments` and a reasoning's text come as deltas and are empty here.
        kind: BlockKind,
    },
    /// More of a block: text, a thought, a refusal's words, or a call's arguments.
    Delta {
        /// The block.
        block: u32,
        /// The next piece.
        text: String,
    },
    /// A signature on a block, or the encrypted thought of a reasoning block.
    Seal {
        /// The block.
        block: u32,
        /// As issued.
        sealed: Sealed,
    },
    /// A remark on a block's text.
    Annotate {
        /// The block.
        block: u32,
        /// The remark.
        annotation: Annotation,
    },
    /// A block is whole.
    Close {
        /// The block.
        block: u32,
    },
    /// What was counted so far; the last one stands.
    Usage(Usage),
    /// A candidate is whole.
    Stop {
        /// The candidate.
        candidate: u32,
        /// Why it ended.
        stop: StopReason,
        /// The stop sequence that was met, where it is known.
        sequence: Option<String>,
    },
    /// A field of the reply without a name in the hub (`service_tier`, `system_fingerprint`, …).
    Extra {
        /// Whose field.
        owner: Dialect,
        /// Its name.
        key: String,
        /// As written.
        value: Value,
    },
    /// A sign of life.
    Ping,
    /// The provider says its answer failed.
    Failed(Failure),
    /// The reply is whole.
    End,
}

/// How a reply begins.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Start {
    /// The provider's id of the reply.
    pub id: Option<String>,
    /// The model that answers, as the provider names it.
    pub model: Option<String>,
}

/// What a block of a reply is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum BlockKind {
    /// Text.
    Text,
    /// A thought. `hidden`: only its seal will come. `summary`: the text is a summary of it.
    Reasoning {
        /// Only an encrypted form exists.
        hidden: bool,
        /// The text is a summary.
        summary: bool,
    },
    /// A call; its arguments come as deltas.
    ToolCall(ToolCall),
    /// The model declines in these words.
    Refusal,
    /// Something else (a hosted tool's call, an image, …), whole, as written in `owner`'s dialect.
    Opaque {
        /// Whose.
        owner: Dialect,
        /// As written.
        value: Value,
    },
}

/// A remark on a block's text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Annotation {
    /// A source, as written in `owner`'s dialect. `url` and `title` are named because most dialects have them.
    Citation {
        /// Whose.
        owner: Dialect,
        /// Where it points.
        url: Option<String>,
        /// The source's title.
        title: Option<String>,
        /// As written.
        value: Value,
    },
    /// Log probabilities of the tokens so far.
    Logprobs(Vec<Logprob>),
}

/// A token and how likely it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Logprob {
    /// The token.
    pub token: String,
    /// Its natural logarithm of probability.
    pub logprob: f64,
    /// Alternatives at its place, likeliest first.
    pub top: Vec<(String, f64)>,
}
