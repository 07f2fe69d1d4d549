//! What an examination found: a matrix of checks and callers' dialects, with its date.

use dialect::Dialect;
use routing::NanoUsd;
use serde::{Deserialize, Serialize};

use crate::receipt::{Basis, ReceiptId};

/// The dialects that a caller can speak, in the order of the matrix.
pub const CALLERS: [Dialect; 5] = [
    Dialect::OpenAi,
    Dialect::Responses,
    Dialect::Anthropic,
    Dialect::Gemini,
    Dialect::Ollama,
];

macro_rules! checks {
    ($($name:ident: $word:literal, $title:literal, $about:literal;)*) => {
        /// One thing that is checked in each dialect.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Check { $(#[doc = $about] $name,)* }

        impl Check {
            /// Every check, in the order of the matrix.
            pub const ALL: [Check; [$(Check::$name,)*].len()] = [$(Check::$name,)*];

            /// The word it is stored and called by.
            pub fn name(self) -> &'static str {
                match self { $(Check::$name => $word,)* }
            }

            /// In two or three words.
            pub fn title(self) -> &'static str {
                match self { $(Check::$name => $title,)* }
            }

            /// What is asked and what must be seen.
            pub fn about(self) -> &'static str {
                match self { $(Check::$name => $about,)* }
            }
        }
    };
}

checks! {
    Answer: "answer", "Answer",
        "A short question: a whole answer with words in it, and why it ended.";
    Stream: "stream", "Stream",
        "The same question as a stream: the dialect's events in their order, one end, and nothing behind it.";
    Usage: "usage", "Usage",
        "Tokens are reported in the whole answer and in the stream.";
    Tools: "tools", "Tool call",
        "A tool is offered in a stream: it is called, and the pieces of its arguments join to what its schema asks for.";
    ParallelTools: "parallel_tools", "Parallel calls",
        "Two tools are offered and both asked for at once: two calls come in one turn.";
    ToolResults: "tool_results", "Tool results",
        "The results of the calls go back: an answer in words follows.";
    Thinking: "thinking", "Thinking replay",
        "Thinking is asked for, and what came of it is handed back in the next turn: it is taken.";
    Schema: "schema", "JSON Schema",
        "An answer after a JSON Schema is asked for: it validates.";
    Cache: "cache", "Prompt cache",
        "The same long beginning is sent twice: the second answer reports cached tokens.";
    Count: "count", "Token count",
        "The question's tokens are counted without an answer, and compared with what the answer reported.";
}

/// What is to be thought of one check in one dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should.
    Works,
    /// It works, with something to know about it.
    Noted,
    /// The provider, the model or the dialect has no such thing.
    NotOffered,
    /// Not as it should.
    Failed,
    /// Nothing is known: time ran out, or something before it failed.
    NotTried,
}

/// One cell of the matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was checked.
    pub check: Check,
    /// As whose client.
    pub dialect: Dialect,
    /// In one word.
    pub verdict: Verdict,
    /// What was seen, in a sentence; empty where there is nothing to say.
    pub said: String,
    /// The very request was refused: sending such a one here again is no use.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refused: bool,
    /// The receipt of the request that showed it.
    pub receipt: Option<ReceiptId>,
}

/// What an examination of one model of a provider found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Examination {
    /// The provider's id.
    pub provider: String,
    /// Names the addresses it has, and what is spoken there: at others this examination says nothing.
    #[serde(default)]
    pub place: String,
    /// The model, as the provider names it.
    pub model: String,
    /// Why this model was taken.
    pub chosen: String,
    /// When it began, milliseconds since 1970.
    pub at_unix_ms: u64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// Why it ended before all was tried.
    pub stopped: Option<String>,
    /// Requests sent, each with its receipt.
    pub requests: u32,
    /// What they cost.
    pub cost: NanoUsd,
    /// How sure the cost is.
    pub cost_basis: Basis,
    /// One for each check and dialect.
    pub findings: Vec<Finding>,
}

impl Examination {
    /// The cell of a check and a dialect.
    pub fn finding(&self, check: Check, dialect: Dialect) -> Option<&Finding> {
        self.findings
            .iter()
            .find(|finding| finding.check == check && finding.dialect == dialect)
    }

    /// How many findings have this verdict.
    pub fn count(&self, verdict: Verdict) -> u32 {
        let those = self.findings.iter().filter(|f| f.verdict == verdict);
        those.count() as u32
    }
}
