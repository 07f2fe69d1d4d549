//! How a reply is brought back to its caller: as it is, or out of one dialect into another.
//!
//! Promises: one shape for both, so that `relay` and `attempt` need not know which it is. Only whole
//! events come out.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use dialect::hub::Reply;
use dialect::{
    Endpoint, Fault, Fixed, Framing, Reading, SealedCall, StreamReader, Translator, Usage,
    WithheldCall, Writing,
};
use http::HeaderMap;

/// What the way back needs, decided with the request.
pub(crate) enum Back {
    /// The caller's own dialect.
    Verbatim,
    /// The caller's own dialect, written anew, so that another target can go on in the midst of it.
    Followed {
        /// The reply may be gone on from by its name.
        keep: bool,
        writing: Box<Writing>,
    },
    /// The caller's own dialect in another envelope: its events may come in other frames.
    Enveloped { writing: Box<Writing> },
    /// Another dialect.
    Translated {
        /// The reply may be gone on from by its name.
        keep: bool,
        writing: Box<Writing>,
        back: Box<dialect::hub::Back>,
    },
    /// Vectors, as another dialect writes them.
    Vectors {
        model: String,
        base64: bool,
        input_tokens: u64,
    },
}

/// What the way back of a stream is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Use<'a> {
    /// The caller's as it comes.
    Told,
    /// What the caller gets is remembered: another target may have to go on from there.
    Followed,
    /// It is the rest of another one, which it is joined to once it speaks.
    Gathered,
    /// Calls of tools that are run here are taken out of it.
    Parted(&'a Parting),
}

/// What is taken out of answers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parting {
    /// Calls of tools with these names.
    pub(crate) names: Arc<BTreeSet<String>>,
    /// Also the end of each turn, which somebody looks at first.
    pub(crate) holds_end: bool,
}

/// The way back of one stream.
#[expect(
    clippy::large_enum_variant,
    reason = "the verbatim way is the common one, and its relay is boxed as a whole"
)]
pub(crate) enum Passage {
    Verbatim {
        reader: StreamReader,
        /// Bytes of an event that is not whole yet.
        tail: BytesMut,
    },
    Translated(Box<Translator>),
}

impl Passage {
    pub(crate) fn verbatim(endpoint: Endpoint) -> Passage {
        Passage::Verbatim {
            reader: StreamReader::new(endpoint),
            tail: BytesMut::new(),
        }
    }

    pub(crate) fn translated(
        from: Endpoint,
        headers: &HeaderMap,
        writing: Writing,
        back: dialect::hub::Back,
        keep: bool,
    ) -> Passage {
        let mut translator = Translator::new(from, framing(from, headers), writing, back);
        if keep {
            translator.keep();
        }
        Passage::Translated(Box::new(translator))
    }

    /// Makes it serve for this.
    pub(crate) fn serving(mut self, purpose: Use<'_>) -> Passage {
        if let Passage::Translated(translator) = &mut self {
            match purpose {
                Use::Told => {}
                Use::Followed => translator.follow(),
                Use::Gathered => translator.gather(),
                Use::Parted(parting) => {
                    translator.withhold(Arc::clone(&parting.names), parting.holds_end);
                }
            }
        }
        self
    }

    /// Whether nothing of it is written yet, because it is to be joined to another.
    pub(crate) fn gathers(&self) -> bool {
        matches!(self, Passage::Translated(translator) if translator.gathers())
    }

    /// The caller's text so far, or why nobody can go on from there; `None` when it was not followed.
    pub(crate) fn so_far(&self) -> Option<Result<&str, Fixed>> {
        match self {
            Passage::Verbatim { .. } => None,
            Passage::Translated(translator) => translator.so_far(),
        }
    }

    /// Goes on with `rest` as one answer: what the caller gets now, and whether that is all. `spent`: what
    /// this one has cost.
    pub(crate) fn join(&mut self, rest: Passage, spent: Usage) -> (Bytes, bool) {
        match (self, rest) {
            (Passage::Translated(first), Passage::Translated(rest)) => {
                let translated = first.join(*rest, spent);
                (translated.bytes, translated.terminal)
            }
            // One that is passed on as it comes was not followed, and none gathers.
            _ => (Bytes::new(), false),
        }
    }

    /// A turn is over, and the answer may go on: see [`Passage::turn`].
    pub(crate) fn is_turn_over(&self) -> bool {
        matches!(self, Passage::Translated(translator) if translator.is_turn_over())
    }

    /// The turn as its model said it, once; and the calls that were taken out of it.
    pub(crate) fn turn(&mut self) -> (Reply, Vec<WithheldCall>) {
        match self {
            Passage::Verbatim { .. } => Default::default(),
            Passage::Translated(translator) => {
                let calls = translator.withheld().to_vec();
                (translator.turn(), calls)
            }
        }
    }

    /// Ends the answer with the turn that is over.
    pub(crate) fn release(&mut self) -> Bytes {
        match self {
            Passage::Verbatim { .. } => Bytes::new(),
            Passage::Translated(translator) => translator.release().bytes,
        }
    }

    /// Goes on with `rest` as the next turn of one answer. `is_last`: no more calls are run after it.
    pub(crate) fn join_turn(
        &mut self,
        rest: Passage,
        spent: Usage,
        is_last: bool,
    ) -> (Bytes, bool) {
        match (self, rest) {
            (Passage::Translated(first), Passage::Translated(rest)) => {
                let translated = first.join_turn(*rest, spent, is_last);
                (translated.bytes, translated.terminal)
            }
            _ => (Bytes::new(), false),
        }
    }

    /// Takes the provider's next bytes: what the caller gets now, and whether its terminal event is
    /// among it.
    pub(crate) fn feed(&mut self, bytes: Bytes) -> (Bytes, bool) {
        match self {
            Passage::Verbatim { reader, tail } => take_whole(reader, tail, bytes),
            Passage::Translated(translator) => {
                let translated = translator.feed(&bytes);
                (translated.bytes, translated.terminal)
            }
        }
    }

    /// The provider's stream is at its end: what is left for the caller.
    pub(crate) fn finish(&mut self) -> Bytes {
        match self {
            Passage::Verbatim { reader, tail } => {
                reader.finish();
                tail.split().freeze()
            }
            Passage::Translated(translator) => translator.finish().bytes,
        }
    }

    /// What follows the end as it came, with the beginning of it that was held.
    pub(crate) fn rest(&mut self, bytes: Bytes) -> Bytes {
        match self {
            Passage::Verbatim { tail, .. } if !tail.is_empty() => {
                tail.extend_from_slice(&bytes);
                tail.split().freeze()
            }
            Passage::Verbatim { .. } | Passage::Translated(_) => bytes,
        }
    }

    pub(crate) fn is_translated(&self) -> bool {
        matches!(self, Passage::Translated(_))
    }

    /// What is not whole will not be. What must be written before something else is said.
    pub(crate) fn give_up(&mut self) -> &'static [u8] {
        match self {
            Passage::Verbatim { reader, tail } => {
                tail.clear();
                reader.torn()
            }
            Passage::Translated(_) => b"",
        }
    }

    pub(crate) fn reading(&self) -> &Reading {
        match self {
            Passage::Verbatim { reader, .. } => reader.reading(),
            Passage::Translated(translator) => translator.reading(),
        }
    }

    /// Whether the answer is whole, once the stream is at its end. Some servers never write a
    /// terminal marker.
    pub(crate) fn is_whole(&self) -> bool {
        match self {
            Passage::Verbatim { reader, .. } => reader.is_whole(),
            Passage::Translated(translator) => translator.reading().finished,
        }
    }

    /// A sign of life for a silence; empty where none can be given: a verbatim stream is not ours
    /// to write in.
    pub(crate) fn ping(&mut self) -> Bytes {
        match self {
            Passage::Verbatim { .. } => Bytes::new(),
            Passage::Translated(translator) => translator.ping(),
        }
    }

    /// The caller's terminal event for a failure, where only its writer knows how to say it.
    pub(crate) fn fail(&mut self, fault: &Fault) -> Option<Bytes> {
        match self {
            Passage::Verbatim { reader, .. } => reader.fail(fault),
            Passage::Translated(translator) => translator.fail(fault),
        }
    }

    /// The answer was cut here at a stop text that the provider does not know.
    pub(crate) fn is_cut(&self) -> bool {
        matches!(self, Passage::Translated(translator) if translator.is_cut())
    }

    /// Seals on tool calls that came by since last asked, for dialects that can't carry them.
    pub(crate) fn seals(&mut self) -> Vec<SealedCall> {
        match self {
            Passage::Verbatim { .. } => Vec::new(),
            Passage::Translated(translator) => translator.seals(),
        }
    }

    /// The whole reply, if it was to be kept.
    pub(crate) fn kept(&mut self) -> Option<Reply> {
        match self {
            Passage::Verbatim { .. } => None,
            Passage::Translated(translator) => translator.kept(),
        }
    }
}

/// How a provider's stream is cut: it says so, and where it does not, its dialect does.
fn framing(from: Endpoint, headers: &HeaderMap) -> Framing {
    let kind = headers
        .get(http::header::CONTENT_TYPE)
        .map_or(&b""[..], |value| value.as_bytes());
    if kind.starts_with(b"application/vnd.amazon.eventstream") {
        Framing::AwsEvents
    } else if kind.starts_with(b"text/event-stream") {
        Framing::Sse
    } else if kind.starts_with(b"application/x-ndjson") {
        Framing::Lines
    } else {
        match from.dialect() {
            dialect::Dialect::Ollama => Framing::Lines,
            dialect::Dialect::Bedrock => Framing::AwsEvents,
            _ => Framing::Sse,
        }
    }
}

/// Splits what has arrived into whole events and the beginning of the next one,
/// without a copy when a read ends on a boundary, as most do.
fn take_whole(reader: &mut StreamReader, tail: &mut BytesMut, bytes: Bytes) -> (Bytes, bool) {
    let fed = reader.feed(&bytes);
    if tail.is_empty() {
        let mut bytes = bytes;
        let rest = bytes.split_off(fed.whole.min(bytes.len()));
        tail.extend_from_slice(&rest);
        return (bytes, fed.terminal);
    }
    tail.extend_from_slice(&bytes);
    let whole = tail.split_to(fed.whole.min(tail.len())).freeze();
    (whole, fed.terminal)
}
