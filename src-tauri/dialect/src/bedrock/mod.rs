//! Bedrock Converse: the shape Amazon puts before every model it hosts. Outwards only.
//!
//! Promises: a request says what Converse has words for, what one family of models alone
//! understands goes into `additionalModelRequestFields`, and the rest is noted or refused.
//! A reply's frames and its whole form give the same events.
//! Leaves out: the binary framing (`frames`), the path, which names the model, and signing.

mod blocks_in;
mod cache_out;
mod counts;
mod events_in;
mod family;
mod media_out;
mod request_out;
mod thinking_out;
mod tools_out;
mod turns_out;
mod whole_in;

#[cfg(test)]
pub(crate) mod tests;

use family::Family;

/// Whether a model takes marks of cached prefixes; and if it does, whether behind a tool too.
pub(crate) fn takes_marks(model: &str) -> Option<bool> {
    let family = Family::of(model);
    let takes = family.takes_cache_points();
    takes.then(|| family.takes_tool_cache_points())
}

pub(crate) use events_in::Reader;
pub(crate) use request_out::write_request;
pub(crate) use whole_in::read_reply;
