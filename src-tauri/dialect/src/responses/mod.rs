//! OpenAI Responses.

mod counts;
mod document;
mod events_in;
mod events_out;
mod fields;
mod frame_in;
mod ids;
mod items;
mod items_in;
mod items_out;
mod parts_in;
mod parts_out;
mod pieces;
mod reply_out;
mod request_in;
mod request_out;
mod saying;
mod step_out;
mod tools_in;
mod tools_out;

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use crate::hub::{Notes, Refused, Request, Target};
use crate::{Endpoint, Malformed};

pub(crate) use events_in::{Reader, read_reply};
pub(crate) use events_out::Writer;
pub(crate) use items::items_of;
pub(crate) use reply_out::write_reply;

/// A caller's request, in our words. `model` and `stream` of `hub::Request` are set by the caller
/// of this when they stand in the path.
pub(crate) fn read_request(
    endpoint: Endpoint,
    body: Map<String, Value>,
) -> Result<Request, Malformed> {
    request_in::read(endpoint, body)
}

/// The request as this dialect writes it.
pub(crate) fn write_request(
    request: Request,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Map<String, Value>, Refused> {
    request_out::write(request, target, notes)
}
