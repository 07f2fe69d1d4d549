//! Our own replies, in the dialect of the caller.
//!
//! Promises: frames and documents as the vendors' SDKs expect them, from one
//! row of events. A stream is what the whole reply would be, cut up. Leaves
//! out: who makes the events up (today the practice provider alone).

mod anthropic;
mod embeddings;
mod openai;

use bytes::Bytes;

use crate::{Dialect, Endpoint, StopReason, Usage};

pub use embeddings::embeddings_reply;

/// One step of a reply: `Start`, then text and calls in any order, then `End`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyEvent {
    /// The reply begins.
    Start {
        /// The reply's id, in the form the dialect's clients know.
        id: String,
        /// The model that answers.
        model: String,
        /// Now, in Unix seconds.
        created_unix_s: u64,
        /// Prompt tokens, as far as known; `End` has the last word.
        input_tokens: u64,
    },
    /// A piece of text.
    Text(String),
    /// A whole tool call.
    ToolCall {
        /// The id that the result will refer to.
        id: String,
        /// The tool's name.
        name: String,
        /// The arguments: the text of a JSON object.
        arguments: String,
    },
    /// The reply is complete.
    End {
        /// Why it ends.
        stop: StopReason,
        /// What it cost.
        usage: Usage,
    },
}

/// Writes one reply, event by event.
#[derive(Debug)]
pub struct ReplyWriter {
    dialect: Writer,
}

#[derive(Debug)]
enum Writer {
    OpenAi(openai::ChunkWriter),
    Anthropic(anthropic::MessageWriter),
}

impl ReplyWriter {
    /// A writer for the stream of a reply. `include_usage` is the caller's
    /// `stream_options.include_usage`; Messages always tells its usage.
    ///
    /// Embeddings and token counts do not stream and have writers of their
    /// own; asked for them, this one writes a conversation of their dialect.
    pub fn new(endpoint: Endpoint, include_usage: bool) -> Self {
        let dialect = match endpoint.dialect() {
            Dialect::OpenAi => Writer::OpenAi(openai::ChunkWriter::new(include_usage)),
            Dialect::Anthropic => Writer::Anthropic(anthropic::MessageWriter::new()),
        };
        ReplyWriter { dialect }
    }

    /// The frames of the next event, ready to send.
    pub fn stream(&mut self, event: &ReplyEvent) -> Bytes {
        match &mut self.dialect {
            Writer::OpenAi(writer) => writer.frames(event),
            Writer::Anthropic(writer) => writer.frames(event),
        }
    }

    /// The same events as one document, for a caller that does not stream.
    pub fn whole(endpoint: Endpoint, events: &[ReplyEvent]) -> Bytes {
        let reply = Whole::of(events);
        match endpoint.dialect() {
            Dialect::OpenAi => openai::document(&reply),
            Dialect::Anthropic => anthropic::document(&reply),
        }
    }
}

/// The answer to `POST /v1/messages/count_tokens`.
pub fn count_tokens_reply(tokens: u64) -> Bytes {
    #[derive(serde::Serialize)]
    struct Count {
        input_tokens: u64,
    }
    crate::json::document(&Count {
        input_tokens: tokens,
    })
}

/// A reply's events, gathered.
struct Whole<'a> {
    id: &'a str,
    model: &'a str,
    created_unix_s: u64,
    parts: Vec<Part<'a>>,
    stop: StopReason,
    usage: Usage,
}

enum Part<'a> {
    Text(String),
    Call {
        id: &'a str,
        name: &'a str,
        arguments: &'a str,
    },
}

impl<'a> Whole<'a> {
    fn of(events: &'a [ReplyEvent]) -> Self {
        let mut whole = Whole {
            id: "",
            model: "",
            created_unix_s: 0,
            parts: Vec::new(),
            stop: StopReason::End,
            usage: Usage::default(),
        };
        for event in events {
            match event {
                ReplyEvent::Start {
                    id,
                    model,
                    created_unix_s,
                    input_tokens,
                } => {
                    (whole.id, whole.model) = (id, model);
                    whole.created_unix_s = *created_unix_s;
                    whole.usage.input = *input_tokens;
                }
                // Neighbouring pieces of text are one text.
                ReplyEvent::Text(piece) => match whole.parts.last_mut() {
                    Some(Part::Text(text)) => text.push_str(piece),
                    _ => whole.parts.push(Part::Text(piece.clone())),
                },
                ReplyEvent::ToolCall {
                    id,
                    name,
                    arguments,
                } => {
                    whole.parts.push(Part::Call {
                        id,
                        name,
                        arguments,
                    });
                }
                ReplyEvent::End { stop, usage } => (whole.stop, whole.usage) = (*stop, *usage),
            }
        }
        whole
    }
}
