//! Wire formats, in and out.
//!
//! Promises: pure and synchronous. Bytes go in, facts or bytes come out; no I/O,
//! no clock, no chance. Readers are small state machines fed with whatever the
//! socket gave, so a test can cut the input at every byte.
//!
//! Leaves out: who serves a request (`routing`), how bytes travel (`engine`).

// The words.
mod endpoint;
mod failure;
mod usage;

// Requests: what a route is picked by, and what our own answers need.
mod ask;
mod facts;
mod malformed;

// Replies: read while they pass.
mod reading;
mod stream;
mod whole;

// Refusals: theirs classified, ours written.
mod fault;
mod refuse;
mod wait;

// Answers of our own.
mod models;
mod write;

// Mechanisms below these.
mod clock;
mod complaint;
mod counts;
mod json;
mod loose;
mod sse;
mod text;

pub use ask::{Ask, ask, estimate_tokens};
pub use endpoint::{Dialect, Endpoint};
pub use facts::{Facts, facts};
pub use failure::{Failure, FailureCategory};
pub use fault::{Fault, FaultKind};
pub use malformed::Malformed;
pub use models::{ModelEntry, model_entry, models_list};
pub use reading::Reading;
pub use refuse::classify;
pub use stream::{Fed, MAX_EVENT_BYTES, StreamReader};
pub use usage::{StopReason, Usage};
pub use wait::retry_after_ms;
pub use whole::{NotAReply, read_whole};
pub use write::{ReplyEvent, ReplyWriter, count_tokens_reply, embeddings_reply};
