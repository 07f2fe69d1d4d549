//! The receipt: what one exchange cost and why it went where it did.

use dialect::hub::Note;
use dialect::{Dialect, Endpoint, FailureCategory, StopReason, Usage};
use routing::{Dropped, NanoUsd};
use serde::{Deserialize, Serialize};

use crate::choosing::Choice;
use crate::prompt_cache::PromptCache;
use crate::tools::ToolNote;

/// Names a receipt; later ones are greater. Milliseconds since 1970 in the upper
/// bits, a counter in the lower twelve, so that an index by id is one by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReceiptId(pub u64);

impl ReceiptId {
    /// The first id of a moment: every receipt of that moment or later is not less.
    pub fn at(unix_ms: u64) -> ReceiptId {
        ReceiptId(unix_ms << 12)
    }

    /// When it was given out.
    pub fn unix_ms(self) -> u64 {
        self.0 >> 12
    }
}

impl std::fmt::Display for ReceiptId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "rc-{:014x}", self.0)
    }
}

impl std::str::FromStr for ReceiptId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text.strip_prefix("rc-").ok_or(())?;
        u64::from_str_radix(digits, 16)
            .map(ReceiptId)
            .map_err(|_| ())
    }
}

/// How sure a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The provider reported it.
    Metered,
    /// We derived it from sizes.
    Estimated,
    /// Nothing is known.
    None,
}

/// How an exchange ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The client got a whole answer.
    Complete,
    /// We refused it before any provider was asked.
    Refused,
    /// Every attempt failed; the client got an error.
    Failed,
    /// The answer broke off after it had begun; the client was told so.
    Broken,
    /// The client went away.
    ClientGone,
}

/// One try at one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptRecord {
    /// The provider's id.
    pub provider: String,
    /// The model asked of it.
    pub model: String,
    /// The name of the key that was shown, where the provider has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Why this target stood at its place in the plan.
    pub why: String,
    /// Since the exchange began, in microseconds.
    pub started_us: u64,
    /// Until the reply was whole or the failure known, in microseconds.
    pub took_us: u64,
    /// The provider's HTTP status, when it answered.
    pub status: Option<u16>,
    /// `None` when it succeeded.
    pub failure: Option<AttemptFailure>,
    /// The dialect the request was translated into; `None` when it went as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spoken: Option<Dialect>,
    /// The provider's prompt cache was given hints that the caller had not set.
    #[serde(default, skip_serializing_if = "is_false")]
    pub hinted: bool,
    /// Requests that it took: more than one where several answers were asked of a provider that
    /// gives one to a request. Each is paid for.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub calls: u32,
    /// It was cancelled because another, asked at the same time, ended first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<Lost>,
}

/// What is lost with an attempt that was cancelled. It is part of the exchange's cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// What the provider may bill for it, in billionths of a dollar: the prompt, and where the answer was to
    /// come in one piece, an answer of the usual length.
    pub cost: NanoUsd,
    /// Estimated, or none where its price is not known.
    pub cost_basis: Basis,
}

fn one() -> u32 {
    1
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands the field by reference"
)]
fn is_one(calls: &u32) -> bool {
    *calls == 1
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands the field by reference"
)]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptFailure {
    /// The category that decided what came next.
    pub category: FailureCategory,
    /// The provider's own code.
    pub code: Option<String>,
    /// What it said, one line.
    pub message: String,
}

/// What kept answers had to do with an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CacheVerdict {
    /// Answered from memory.
    Memory,
    /// Answered from the disk.
    Disk,
    /// Answered by an answer to a similar question.
    Similar,
    /// Another was asking the same; this one came along.
    Joined,
    /// Answered by an expired answer, because nobody gave a new one.
    Stale,
    /// Looked for, and not found.
    Missed,
    /// Not looked for, because looks of its route missed too often.
    Bypassed,
    /// Not looked for, because a rule or a wish forbids it.
    Skipped,
}

impl CacheVerdict {
    /// The word on the answer.
    pub(crate) fn word(self) -> &'static str {
        match self {
            CacheVerdict::Memory | CacheVerdict::Disk => "hit",
            CacheVerdict::Similar => "similar",
            CacheVerdict::Joined => "joined",
            CacheVerdict::Stale => "stale",
            CacheVerdict::Missed => "miss",
            CacheVerdict::Bypassed | CacheVerdict::Skipped => "none",
        }
    }

    /// No provider was asked for this exchange alone.
    pub fn is_hit(self) -> bool {
        use CacheVerdict as V;
        matches!(
            self,
            V::Memory | V::Disk | V::Similar | V::Joined | V::Stale
        )
    }
}

/// What kept answers had to do with an exchange, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheNote {
    /// What.
    pub verdict: CacheVerdict,
    /// Why it was not looked for, or what differed from the nearest question that was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// How old the answer was, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<u64>,
    /// Who paid for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<ReceiptId>,
    /// What it had cost, in billionths of a dollar: not spent again.
    #[serde(default)]
    pub saved: NanoUsd,
    /// How sure that is.
    pub saved_basis: Basis,
    /// Its tokens, in and out.
    #[serde(default)]
    pub saved_tokens: u64,
}

impl CacheNote {
    /// Nobody looked for one, for this reason.
    pub(crate) fn skipped(why: String) -> CacheNote {
        CacheNote {
            why: Some(why),
            ..CacheNote::of(CacheVerdict::Skipped)
        }
    }

    /// Without figures.
    pub(crate) fn of(verdict: CacheVerdict) -> CacheNote {
        CacheNote {
            verdict,
            why: None,
            age_ms: None,
            from: None,
            saved: NanoUsd::ZERO,
            saved_basis: Basis::None,
            saved_tokens: 0,
        }
    }
}

/// What one exchange cost and why it went where it did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Its name, also sent to the client as `x-signalbox-receipt`.
    pub id: ReceiptId,
    /// When the request's head had arrived, milliseconds since 1970.
    pub started_unix_ms: u64,
    /// The client key's name; `None` when the caller was not let in.
    pub client: Option<String>,
    /// `None` when the path was not one of ours.
    pub endpoint: Option<Endpoint>,
    /// The model as the client wrote it.
    pub requested_model: Option<String>,
    /// Whether a stream was asked for.
    pub streamed: bool,
    /// The alias it went through; `None` when a target was named directly.
    pub alias: Option<String>,
    /// Tries in the order in which they ended; the last one answered, if any did.
    pub attempts: Vec<AttemptRecord>,
    /// Targets left out, with reasons.
    pub dropped: Vec<Dropped>,
    /// Why the first target was the first; `None` where there was but one.
    pub choice: Option<Choice>,
    /// What a translation could not carry.
    pub notes: Vec<Note>,
    /// Who answered in the end.
    pub provider: Option<String>,
    /// The model that was asked of it.
    pub model: Option<String>,
    /// The exact version it says answered.
    pub model_version: Option<String>,
    /// What it says it runs on (`system_fingerprint`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The provider's own name for the reply.
    pub upstream_id: Option<String>,
    /// Tokens by class.
    pub usage: Usage,
    /// How sure the tokens are.
    pub usage_basis: Basis,
    /// Cost in billionths of a dollar.
    pub cost: NanoUsd,
    /// How sure the cost is.
    pub cost_basis: Basis,
    /// What the provider's own prompt cache came to; `None` where it had no part in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_cache: Option<PromptCache>,
    /// The catalogue version the price came from.
    pub price_version: Option<String>,
    /// Until the first byte of the answer went to the client, in microseconds.
    pub ttft_us: Option<u64>,
    /// Until the end, in microseconds.
    pub total_us: u64,
    /// The HTTP status the client got.
    pub status: u16,
    /// How it ended.
    pub ending: Ending,
    /// Why the model stopped.
    pub stop: Option<StopReason>,
    /// Our error code when it was refused, failed or broke.
    pub fault: Option<String>,
    /// What the client was told then.
    pub message: Option<String>,
    /// What kept answers had to do with it; `None` where nobody looked for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheNote>,
    /// What tools had to do with it; `None` where none had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<ToolNote>,
    /// Size of the request's body.
    pub request_bytes: u64,
    /// Size of the answer's body.
    pub reply_bytes: u64,
}
