//! The doctor's findings as people are shown them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Examines a provider: which model, if not the doctor's own choice.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(optional_fields)]
pub struct Examine {
    /// The provider's id.
    pub provider: String,
    /// A model as the provider names it; the cheapest known one when absent.
    pub model: Option<String>,
}

/// Which examinations are wanted.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(optional_fields)]
pub struct WhichExaminations {
    /// Only this provider's.
    pub provider: Option<String>,
}

/// What an examination found, whole: checks down, callers' dialects across.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ExaminationShown {
    /// The provider's id.
    pub provider: String,
    /// The model, as the provider names it.
    pub model: String,
    /// Why this model was taken.
    pub chosen: String,
    /// When it began, in milliseconds since 1970.
    pub at_unix_ms: u64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// Too old for routing to go by it.
    pub stale: bool,
    /// Why it ended before all was tried; absent when it ran through.
    pub stopped: Option<String>,
    /// Requests sent; each has its receipt, of the client `doctor`.
    pub requests: u32,
    /// What they cost, in billionths of a dollar.
    pub cost_nano_usd: i64,
    /// `metered`, `estimated` or `none`.
    pub cost_basis: String,
    /// How many findings have which verdict.
    pub tally: TallyShown,
    /// The callers' dialects, in the order of the findings.
    pub dialects: Vec<String>,
    /// The checks, in the order they should be shown.
    pub checks: Vec<CheckShown>,
}

/// An examination in a line.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ExaminationRow {
    /// The model, as the provider names it.
    pub model: String,
    /// When it began, in milliseconds since 1970.
    pub at_unix_ms: u64,
    /// Too old for routing to go by it.
    pub stale: bool,
    /// Why it ended before all was tried.
    pub stopped: Option<String>,
    /// How many findings have which verdict.
    pub tally: TallyShown,
}

/// Findings by their verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, TS)]
pub struct TallyShown {
    /// As it should.
    pub works: u32,
    /// With something to know about it.
    pub noted: u32,
    /// There is no such thing.
    pub not_offered: u32,
    /// Not as it should.
    pub failed: u32,
    /// Nothing is known.
    pub not_tried: u32,
}

/// One row of the matrix.
#[derive(Debug, Clone, Serialize, TS)]
pub struct CheckShown {
    /// `answer`, `stream`, `usage`, `tools`, `parallel_tools`, `tool_results`, `thinking`, `schema`, `cache` or `count`.
    pub check: String,
    /// In two or three words.
    pub title: String,
    /// What is asked and what must be seen, in a sentence.
    pub about: String,
    /// One a dialect, in the order of the dialects.
    pub findings: Vec<FindingShown>,
}

/// One cell of the matrix.
#[derive(Debug, Clone, Serialize, TS)]
pub struct FindingShown {
    /// The caller's dialect.
    pub dialect: String,
    /// In one word.
    pub verdict: VerdictShown,
    /// What was seen, in a sentence; empty where there is nothing to say.
    pub said: String,
    /// The receipt of the request that showed it.
    pub receipt: Option<String>,
}

/// What is to be thought of one check in one dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum VerdictShown {
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
