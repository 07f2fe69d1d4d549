//! Wire formats, in and out.
//!
//! Promises: pure and synchronous. Bytes go in, facts or bytes come out; no I/O,
//! no clock, no chance. Readers are small state machines fed with whatever the
//! socket gave, so a test can cut the input at every byte.
//!
//! Leaves out: who serves a request (`routing`), how bytes travel (`engine`).

// The words.
mod address;
mod endpoint;
mod failure;
mod usage;

// Requests: what a route is picked by, and what our own answers need.
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

// Between dialects: the hub, and one folder for each dialect.
mod bedrock;
mod blocks;
mod chat;
mod cohere;
mod gemini;
pub mod hub;
mod messages;
mod ollama;
mod responses;
mod translate;

// Beside conversations: vectors, orders, counts.
mod count;
mod embed;
mod rerank;

// Answers of our own.
mod models;
mod vectors;

// Mechanisms below these.
mod clock;
mod complaint;
mod counts;
mod fields;
mod frames;
mod json;
mod loose;
mod sse;
mod text;

pub use address::address;
pub use blocks::{Blocks, blocks};
pub use clock::rfc3339_ms;
pub use count::{Countable, count_reply, countable};
pub use embed::{
    EmbedInput, EmbedRequest, Purpose, asked_embed, read_embed, translate_embed, write_embed,
};
pub use endpoint::{Dialect, Endpoint, Task};
pub use facts::{Facts, Needs, facts, facts_in_form, facts_in_path};
pub use failure::{Failure, FailureCategory};
pub use fault::{Fault, FaultKind};
pub use frames::Framing;
pub use malformed::Malformed;
pub use messages::enveloped_verbatim;
pub use models::{ModelEntry, model_entry, models_list};
pub use reading::Reading;
pub use refuse::classify;
pub use stream::{Fed, MAX_EVENT_BYTES, StreamReader};
pub use translate::{
    Fixed, Outgoing, SealedCall, Translated, Translator, WithheldCall, Writing,
    carries_foreign_seal, document_of, frames_of, hint, hinted_verbatim, meets_a_quirk,
    messages_of, read_answer, read_request, read_stream, seals_of, translate_whole,
    translate_whole_to_stream, usage_of, write_request, write_several,
};
pub use usage::{StopReason, Usage, estimate_prompt, estimate_tokens};
pub use vectors::embeddings_reply;
pub use wait::{duration_ms, retry_after_ms};
pub use whole::{NotAReply, read_whole};
