//! Anthropic Messages, from both sides.
//!
//! Promises: a request read here and written here says the same: blocks, marks, signatures and
//! fields without a name in the hub come back as they were. What is written in another way: fields
//! at their default are left out (`stream: false`, `is_error: false`, nulls, a lifetime of `5m`),
//! text alone in a message is a string, `system` is a list of blocks, neighbouring turns of one role
//! are one, results of tools stand first in their turn, and system messages at the front stand in
//! `system`.
//! Leaves out: which API version is asked for (a header), and what every codec does alike (`hub::fit`).

mod blocks_in;
mod cache;
mod content_in;
mod content_out;
mod envelope;
mod events_in;
mod events_out;
mod frames_out;
mod media_in;
mod media_out;
mod place;
mod reply_out;
mod request_in;
mod request_out;
mod sampling_out;
mod schema;
mod thinking_out;
mod tools_in;
mod tools_out;
mod turns;
mod usage_out;
mod whole_in;

pub(crate) use envelope::enveloped;
pub use envelope::enveloped_verbatim;
pub(crate) use events_in::Reader;
pub(crate) use events_out::Writer;
pub(crate) use reply_out::write_reply;
pub(crate) use request_in::read_request;
pub(crate) use request_out::write_request;
pub(crate) use whole_in::read_reply;

#[cfg(test)]
mod tests;
