//! Cohere v2, spoken to providers only: `/v2/chat`.
//!
//! Promises: requests are written, streams and whole replies are read.
//! Leaves out: callers who speak it; embeddings and reranking (`embed`, `rerank`).

mod counts;
mod events_in;
mod messages_out;
mod reply_in;
mod request_out;

pub(crate) use events_in::Reader;
pub(crate) use reply_in::read_reply;
pub(crate) use request_out::write_request;

pub(crate) use counts::usage;

#[cfg(test)]
pub(crate) mod tests;
