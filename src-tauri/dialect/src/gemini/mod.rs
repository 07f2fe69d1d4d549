//! Google's generateContent.
//!
//! Promises: requests and replies both ways, streamed or whole. Leaves out: the path, which names
//! model and stream, and errors, which are written for all dialects in one place.

mod answer;
mod calls;
mod config_in;
mod config_out;
mod contents_in;
mod contents_out;
mod counts;
mod events_in;
mod events_out;
mod fields;
mod media_in;
mod mime;
mod model;
mod partial;
mod parts_out;
mod remarks;
mod request_in;
mod request_out;
mod schema_in;
mod schema_out;
mod seals;
mod stops;
#[cfg(test)]
mod tests;
mod tools_in;
mod tools_out;

use serde_json::{Map, Value};

use crate::frames::Frame;
use crate::hub::{Event, Notes, Refused, Reply, Request, Target};
use crate::translate::Writing;
use crate::{Endpoint, Fault, Malformed, NotAReply};

/// A caller's request, in our words. `model` and `stream` of `hub::Request` are set by the caller
/// of this when they stand in the path.
pub(crate) fn read_request(
    endpoint: Endpoint,
    body: Map<String, Value>,
) -> Result<Request, Malformed> {
    request_in::request(endpoint, body)
}

/// The request as this dialect writes it.
pub(crate) fn write_request(
    request: Request,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Map<String, Value>, Refused> {
    request_out::request(request, target, notes)
}

/// Reads a reply's stream, frame by frame.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    chunks: Box<events_in::Chunks>,
}

impl Reader {
    pub(crate) fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<Event>) {
        self.chunks.frame(frame, out);
    }

    /// The stream is at its end. What is open is closed; if the reply is whole (a stop reason was
    /// seen), `End` is handed on, else nothing: the caller sees that it broke.
    pub(crate) fn finish(&mut self, out: &mut Vec<Event>) {
        self.chunks.finish(false, out);
    }
}

/// Reads a whole reply as the events it would have streamed.
pub(crate) fn read_reply(body: Map<String, Value>, out: &mut Vec<Event>) -> Result<(), NotAReply> {
    let marks = ["candidates", "promptFeedback", "usageMetadata", "error"];
    if !marks.iter().any(|mark| fields::has(&body, mark)) {
        return Err(NotAReply {
            reason: "The reply is JSON, but has no `candidates`.".to_owned(),
        });
    }
    let mut chunks = events_in::Chunks::default();
    chunks.chunk(body, out);
    chunks.finish(true, out);
    Ok(())
}

/// Writes a reply's stream to a caller.
#[derive(Debug)]
pub(crate) struct Writer {
    chunks: Box<events_out::Chunks>,
}

impl Writer {
    pub(crate) fn new(writing: Writing) -> Writer {
        Writer {
            chunks: Box::new(events_out::Chunks::new(writing)),
        }
    }

    /// The frames of the next event, appended to `out`.
    pub(crate) fn event(&mut self, event: &Event, out: &mut Vec<u8>) {
        self.chunks.event(event, out);
    }

    /// Chunks are places of one list, which must be closed whatever happens.
    pub(crate) fn writes_a_list(&self) -> bool {
        self.chunks.writes_a_list()
    }

    /// The list ends with what went wrong.
    pub(crate) fn failed(&mut self, fault: &Fault, out: &mut Vec<u8>) {
        self.chunks.failed(fault, out);
    }
}

/// A whole reply, as one document.
pub(crate) fn write_reply(reply: &Reply, writing: &Writing) -> Value {
    events_out::whole(reply, writing)
}
