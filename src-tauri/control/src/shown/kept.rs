//! Kept answers as they are shown.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Kept answers: how much there is, and of what use it was since the start.
#[derive(Debug, Clone, Serialize, TS)]
pub struct CachePage {
    /// Somebody keeps answers: `[cache]`, or an alias of its own.
    pub on: bool,
    /// What is held in memory.
    pub memory: CacheRoom,
    /// What is held on disk.
    pub disk: CacheDisk,
    /// All routes together.
    pub all: CacheTally,
    /// By the name that was asked for, in its order.
    pub routes: Vec<CacheRoute>,
    /// Requests that are being asked now in a way that others may join, and those that have joined.
    pub under_way: u64,
    /// Answers that should have been kept and were not: too many at once, or not to be read back.
    pub not_kept: u64,
    /// Similar questions.
    pub similar: SimilarShown,
}

/// Similar questions, and how often an answer to one would have been wrong.
#[derive(Debug, Clone, Serialize, TS)]
pub struct SimilarShown {
    /// What makes vectors: `lexical`, `model`, or the name of an embeddings endpoint's model.
    pub embedder: String,
    /// The model in the data folder.
    pub model: ModelShown,
    /// Questions that are remembered.
    pub questions: u64,
    /// What they take, in bytes.
    pub bytes: u64,
    /// By the name that was asked for.
    pub routes: Vec<SimilarRoute>,
}

/// The small model that tells which questions mean the same.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ModelShown {
    /// Where its files lie.
    pub folder: String,
    /// They are there.
    pub is_there: bool,
    /// Why it can't be used, once that is known.
    pub trouble: Option<String>,
    /// Its download.
    pub fetching: Option<FetchShown>,
    /// Why the last download ended without a model.
    pub failed: Option<String>,
}

/// A download that is under way.
#[derive(Debug, Clone, Serialize, TS)]
pub struct FetchShown {
    /// The file; `None` before the first byte.
    pub file: Option<String>,
    /// Bytes of it that are here.
    pub bytes: u64,
    /// Bytes of it in all, where that is known.
    pub total: Option<u64>,
}

/// Where the model is fetched from.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[serde(deny_unknown_fields, default)]
#[ts(optional_fields)]
pub struct FetchModel {
    /// The address that the files' names are put behind; where everybody gets it when absent.
    pub base: Option<String>,
}

/// What was counted of similar questions on one route, since the start.
#[derive(Debug, Clone, Serialize, TS)]
pub struct SimilarRoute {
    /// The alias, or the model, that was asked for.
    pub route: String,
    /// Looks.
    pub looked: u64,
    /// Looks that a guard refused: near, but something else was asked.
    pub refused: u64,
    /// Looks that found an answer; in the shadow none of them is told.
    pub found: u64,
    /// Of these, those that were compared with a new answer.
    pub verified: u64,
    /// Of these, those that did not clearly say the same.
    pub wrong: u64,
    /// The share of wrong ones among those compared, in percent; `None` before the first.
    pub wrong_percent: Option<f64>,
    /// The highest share that the counts allow for (95 %), in percent.
    pub wrong_at_most_percent: f64,
}

/// Kept answers in memory.
#[derive(Debug, Clone, Serialize, TS)]
pub struct CacheRoom {
    /// How many.
    pub entries: u64,
    /// What they take, in bytes.
    pub bytes: u64,
    /// What they may take.
    pub limit_bytes: u64,
}

/// Kept answers on disk.
#[derive(Debug, Clone, Serialize, TS)]
pub struct CacheDisk {
    /// `opening`, `serving` or `off`.
    pub state: String,
    /// Why it is off, and what follows.
    pub reason: Option<String>,
    /// What it takes, in bytes.
    pub bytes: u64,
    /// What it may take; 0 where there is none.
    pub limit_bytes: u64,
    /// Answers that were not written: too many at once, or too large.
    pub dropped: u64,
    /// Looks that were not waited for any longer.
    pub late: u64,
    /// Folders that were found damaged and set aside.
    pub damaged: u64,
}

/// What became of requests whose answers may be kept, since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, TS)]
pub struct CacheTally {
    /// Answered from memory.
    pub memory: u64,
    /// Answered from the disk.
    pub disk: u64,
    /// Answered by an answer to a similar question.
    pub similar: u64,
    /// Came along with another's call.
    pub joined: u64,
    /// Answered by an expired answer, because nobody gave a new one.
    pub stale: u64,
    /// Looked for and not found.
    pub missed: u64,
    /// Not looked for, because looks missed too often.
    pub bypassed: u64,
    /// Not looked for, because a rule or a wish forbids it.
    pub skipped: u64,
    /// What the answers had cost that were told again, in billionths of a dollar.
    pub saved_nano_usd: i64,
    /// Their tokens.
    pub saved_tokens: u64,
    /// How many of them had a cost that nobody knows: it is not in what was saved.
    pub unpriced: u64,
}

/// Kept answers of one route.
#[derive(Debug, Clone, Serialize, TS)]
pub struct CacheRoute {
    /// The alias, or the model, that was asked for.
    pub route: String,
    /// In memory now.
    pub entries: u64,
    /// What they take, in bytes.
    pub bytes: u64,
    /// Looks miss so often that most are left out.
    pub aside: bool,
    /// Since the start.
    pub tally: CacheTally,
}

/// Which answers are to be forgotten: those that meet all that is said; all of them where nothing is.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[serde(deny_unknown_fields, default)]
#[ts(optional_fields)]
pub struct PurgeCache {
    /// Asked for under this name.
    pub route: Option<String>,
    /// Given by this model, as its provider names it.
    pub model: Option<String>,
    /// Given at least so long ago, in seconds.
    pub older_than_s: Option<u32>,
}

/// What was forgotten.
#[derive(Debug, Clone, Serialize, TS)]
pub struct PurgedCache {
    /// Answers in memory.
    pub entries: u64,
    /// The disk was emptied as a whole: which answers there meet a condition can't be told.
    pub disk: bool,
}

/// What kept answers had to do with a request.
#[derive(Debug, Clone, Serialize, TS)]
pub struct CacheNoteShown {
    /// `memory`, `disk`, `similar`, `joined`, `stale`, `missed`, `bypassed` or `skipped`.
    pub verdict: String,
    /// Why it was not looked for, or what differed from the nearest question that was kept.
    pub why: Option<String>,
    /// How old the answer was, in milliseconds.
    pub age_ms: Option<u64>,
    /// The receipt of whoever paid for it.
    pub from: Option<String>,
    /// What it had cost, in billionths of a dollar: not spent again.
    pub saved_nano_usd: i64,
    /// `metered`, `estimated` or `none`.
    pub saved_basis: String,
    /// Its tokens, in and out.
    pub saved_tokens: u64,
}
