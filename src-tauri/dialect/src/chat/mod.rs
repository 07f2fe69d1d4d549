//! Chat Completions, and the older completions for callers that still ask for them.
//!
//! Promises: a caller's request and a provider's reply are read into the hub, and written out of
//! it, with nothing lost that the other side has a word for. Copies of the API differ by data
//! (`Quirks`), and in replies by habits that are all understood at once.
//! Leaves out: the older completions towards providers; a conversation says the same.

mod answer_in;
mod assistant_out;
mod calls;
mod calls_in;
mod chunk;
mod chunk_out;
mod completions;
mod envelope;
mod events_in;
mod events_out;
mod fields;
mod messages_in;
mod messages_out;
mod parts_in;
mod parts_out;
mod remarks;
mod reply_out;
mod request_in;
mod request_out;
mod thinking_out;
mod thoughts;
mod tools_in;
mod tools_out;

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use crate::hub::{Event, Notes, Refused, Reply, Request, Target};
use crate::translate::Writing;
use crate::{Endpoint, Malformed, NotAReply};

pub(crate) use events_in::Reader;

/// A caller's request, in our words.
pub(crate) fn read_request(
    endpoint: Endpoint,
    body: Map<String, Value>,
) -> Result<Request, Malformed> {
    let read = match endpoint {
        Endpoint::Completions => completions::read(body),
        _ => request_in::read(body),
    };
    read.map_err(fields::Wrong::malformed)
}

/// The request as this dialect writes it.
pub(crate) fn write_request(
    request: Request,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Map<String, Value>, Refused> {
    request_out::write(request, target, notes)
}

/// Reads a whole reply as the events it would have streamed.
pub(crate) fn read_reply(body: Map<String, Value>, out: &mut Vec<Event>) -> Result<(), NotAReply> {
    events_in::read_reply(body, out)
}

/// Writes a reply's stream to a caller.
#[derive(Debug)]
pub(crate) struct Writer(Box<Kind>);

#[derive(Debug)]
enum Kind {
    Chunks(events_out::ChunkWriter),
    Texts(completions::TextWriter),
}

impl Writer {
    pub(crate) fn new(writing: Writing) -> Writer {
        Writer(Box::new(match writing.endpoint {
            Endpoint::Completions => Kind::Texts(completions::TextWriter::new(writing)),
            _ => Kind::Chunks(events_out::ChunkWriter::new(writing)),
        }))
    }

    /// The frames of the next event, appended to `out`.
    pub(crate) fn event(&mut self, event: &Event, out: &mut Vec<u8>) {
        match &mut *self.0 {
            Kind::Chunks(writer) => writer.event(event, out),
            Kind::Texts(writer) => writer.event(event, out),
        }
    }
}

/// A whole reply, as one document.
pub(crate) fn write_reply(reply: &Reply, writing: &Writing) -> Value {
    match writing.endpoint {
        Endpoint::Completions => completions::write_reply(reply, writing),
        _ => reply_out::write(reply, writing),
    }
}
