//! The data plane: one exchange from its first byte to its last.
//!
//! Promises: an exchange leaves exactly one receipt however it ends, and no task
//! or connection behind. Leaves out: the web framework, the disk, the keychain
//! and the panel; their needs are stated here as small traits that `host`
//! fulfils.

mod admission;
mod answer;
mod attempt;
mod choosing;
mod conditions;
mod conversations;
mod counting;
mod credentials;
mod doctor;
mod drain;
mod errand;
mod exchange;
mod faults;
mod fetch;
mod google_token;
mod headers;
mod ids;
mod kept;
mod key;
mod key_form;
mod ledger;
mod live;
mod machine;
mod media;
mod memory;
mod opening;
mod passage;
mod place;
mod practice;
mod probe;
mod prompt_cache;
mod queues;
mod race;
mod receipt;
mod relay;
mod resume;
mod sending;
mod settle;
mod signing;
mod snapshot;
mod stash;
mod stop;
mod tools;
mod upstream;
mod versions;
mod walk;
mod warmth;

pub use choosing::{Choice, Weighed};
pub use conditions::Signals;
pub use credentials::Credentials;
pub use doctor::{CALLERS, Check, Examination, Examining, Finding, NotExamined, Verdict};
pub use drain::{Drain, DrainOf, TooManyDrains, Why};
pub use exchange::{Call, InPath, Refusal};
pub use kept::{FetchingAlready, Forget, ModelState, NotFetched, RouteTally, SimilarAnswers};
pub use key_form::check_key;
pub use ledger::{BACKLOG_LIMIT, Ledger, LedgerDown, Recorded};
pub use live::{Lately, Live, Minute, ProviderLive};
pub use machine::Engine;
pub use practice::{PRACTICE, PRACTICE_MODELS, provider as practice_provider};
pub use probe::{Probe, probe};
pub use prompt_cache::{PromptCache, PromptCacheTotals};
pub use receipt::{
    AttemptFailure, AttemptRecord, Basis, CacheNote, CacheVerdict, Ending, Lost, Receipt, ReceiptId,
};
pub use relay::ReplyBody;
pub use settle::Arrived;
pub use snapshot::{Embedder, FetchRules, Limits, Snapshot, Translation};
pub use tools::{
    Checked, OnFailure, Recheck, Recognition, ToolNote, ToolRule, ToolRun, ToolTally, ToolTrouble,
    ToolWay, Tools,
};
pub use upstream::NoClient;
pub use versions::{Seen, Version, VersionChange, Versions, WatchedModel};
