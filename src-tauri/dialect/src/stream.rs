//! Reads a reply's stream while its bytes pass by.
//!
//! Promises: fed with any cuts of the same bytes it reports the same event ends
//! and the same reading. It keeps at most [`MAX_EVENT_BYTES`] of an event that
//! has not ended; a longer one is let through in pieces, and no more of it is
//! read than its name: a terminal event ends the stream however long it is.
//! Leaves out: the bytes themselves, which the caller holds and forwards, and
//! what to do about a stream that breaks.

mod chunks;
mod media;
mod messages;

use bytes::Bytes;

use self::chunks::ChunkReader;
use self::media::MediaReader;
use self::messages::MessageReader;
use crate::frames::{Frame, MAX_FRAME_BYTES};
use crate::hub::Event;
use crate::sse::{self, Framer};
use crate::translate::{self, Reader};
use crate::{Dialect, Endpoint, Failure, Fault, Reading, Task};

/// The most that is kept of an event that has not ended: 16 MiB, as of a frame that is translated.
/// The last event of a Responses stream repeats the whole answer, pictures and all.
pub const MAX_EVENT_BYTES: usize = MAX_FRAME_BYTES;

/// Terminal events that can be that long.
const LAST_EVENTS: [&[u8]; 4] = [
    b"response.completed",
    b"response.incomplete",
    b"image_generation.completed",
    b"image_edit.completed",
];

/// As much of a longer event as holds its name.
const HEAD_BYTES: usize = 256;

/// A reader of one reply's stream.
#[derive(Debug)]
pub struct StreamReader {
    ends: Ends,
    /// The event that has begun and not ended; the caller holds the same bytes.
    tail: Vec<u8>,
    /// The beginning of the current event, which outgrew its bound and passes by unread.
    oversized: Option<Vec<u8>>,
    events: Events,
    reading: Reading,
}

/// What ends an event.
#[derive(Debug)]
enum Ends {
    /// A blank line.
    Sse(Framer),
    /// A line's end.
    Lines,
}

/// The two dialects with the most traffic have lean readers that borrow, pictures and sound one of
/// their own; the others are read by the readers that translation uses.
#[derive(Debug)]
enum Events {
    OpenAi(ChunkReader),
    Anthropic(MessageReader),
    Media(MediaReader),
    Hub(Box<Reader>, Vec<Event>),
}

/// What one feed brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fed {
    /// How many of the bytes held so far (the tail of earlier feeds and this
    /// feed) form whole events, counted from the end of the last feed's whole part.
    pub whole: usize,
    /// A terminal event lies within them: `data: [DONE]` or `message_stop`.
    pub terminal: bool,
    /// An error event inside the stream lies within them.
    pub error: bool,
}

impl StreamReader {
    /// A reader for the stream of a reply to `endpoint`.
    pub fn new(endpoint: Endpoint) -> Self {
        let events = match endpoint.dialect() {
            _ if endpoint.task() == Task::Pass => Events::Media(MediaReader::default()),
            Dialect::OpenAi => Events::OpenAi(ChunkReader::default()),
            Dialect::Anthropic => Events::Anthropic(MessageReader::default()),
            _ => Events::Hub(Box::new(Reader::new(endpoint)), Vec::new()),
        };
        StreamReader {
            ends: match endpoint.dialect() {
                Dialect::Ollama => Ends::Lines,
                _ => Ends::Sse(Framer::new()),
            },
            tail: Vec::new(),
            oversized: None,
            events,
            reading: Reading::default(),
        }
    }

    /// Takes the next bytes, cut anywhere.
    pub fn feed(&mut self, bytes: &[u8]) -> Fed {
        let mut fed = Fed::default();
        let tail_before = self.tail.len();
        let mut at = 0;
        while let Some(end) = self.ends.next_end(&bytes[at..]) {
            let end = at + end;
            self.event_ended(&bytes[at..end], &mut fed);
            at = end;
            fed.whole = tail_before + end;
        }
        let rest = &bytes[at..];
        if self.oversized.is_none() && self.tail.len() + rest.len() <= MAX_EVENT_BYTES {
            self.tail.extend_from_slice(rest);
        } else if !rest.is_empty() {
            self.outgrown(rest);
            fed.whole = tail_before + bytes.len();
        }
        fed
    }

    /// What has been learnt so far.
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// Whether the answer is whole, once the stream is at its end: its terminal marker was seen, or
    /// every choice that began has said why it ended.
    pub fn is_whole(&self) -> bool {
        let ended = match &self.events {
            Events::OpenAi(chunks) => chunks.all_stopped(),
            Events::Anthropic(_) | Events::Media(_) => self.reading.stop.is_some(),
            // These say so themselves.
            Events::Hub(..) => false,
        };
        self.reading.finished || ended
    }

    /// The terminal event of a stream that broke, in a dialect whose clients wait for one; `None` in
    /// the others, which have an event for errors alone.
    pub fn fail(&self, fault: &Fault) -> Option<Bytes> {
        match &self.events {
            Events::Media(_) => Some(media::failed(fault)),
            Events::Hub(reader, _) if matches!(**reader, Reader::Responses(_)) => Some(
                translate::failed_response(&self.reading, fault.code, &fault.message),
            ),
            _ => None,
        }
    }

    /// What must come first when the stream breaks in the middle of an event that was passed on in
    /// pieces: it ends there, and what is said next is an event of its own.
    pub fn torn(&self) -> &'static [u8] {
        match (&self.oversized, &self.ends) {
            (None, _) => b"",
            (Some(_), Ends::Sse(_)) => b"\n\n",
            (Some(_), Ends::Lines) => b"\n",
        }
    }

    /// The stream is at its end. An event without its blank line is read too:
    /// some servers leave the last one out behind `[DONE]`. Such bytes were
    /// never counted as whole.
    pub fn finish(&mut self) {
        self.event_ended(b"", &mut Fed::default());
        if let Events::Hub(reader, events) = &mut self.events {
            reader.finish(events);
            learn(events, &mut self.reading);
        }
    }

    /// The current event is the tail and `last`.
    fn event_ended(&mut self, last: &[u8], fed: &mut Fed) {
        if self.oversized.is_none() && self.tail.len() + last.len() > MAX_EVENT_BYTES {
            self.outgrown(last);
        }
        if let Some(head) = self.oversized.take() {
            self.name(&head, fed);
            return;
        }
        if self.tail.is_empty() {
            self.read(last, fed);
            return;
        }
        let mut event = std::mem::take(&mut self.tail);
        event.extend_from_slice(last);
        self.read(&event, fed);
        event.clear();
        // One buffer serves the stream, unless it has grown out of proportion.
        if event.capacity() <= 64 * 1024 {
            self.tail = event;
        }
    }

    /// The current event, whose bytes so far end with `rest`, is too long to be kept.
    fn outgrown(&mut self, rest: &[u8]) {
        let tail = std::mem::take(&mut self.tail);
        self.oversized.get_or_insert_with(|| {
            let beginning = tail.iter().chain(rest);
            beginning.take(HEAD_BYTES).copied().collect()
        });
    }

    /// What the name alone tells of an event that was too long: that it was the last.
    fn name(&mut self, head: &[u8], fed: &mut Fed) {
        if matches!(self.ends, Ends::Sse(_)) && LAST_EVENTS.contains(&sse::event(head).name) {
            self.reading.finished = true;
            fed.terminal = true;
        }
    }

    fn read(&mut self, bytes: &[u8], fed: &mut Fed) {
        let event = match self.ends {
            Ends::Sse(_) => sse::event(bytes),
            Ends::Lines => sse::Event {
                name: b"",
                data: bytes.into(),
            },
        };
        let data = event.data.trim_ascii();
        if data.is_empty() {
            return;
        }
        let seen = match &mut self.events {
            Events::OpenAi(chunks) => chunks.read(event.name, data, &mut self.reading),
            Events::Anthropic(messages) => messages.read(event.name, data, &mut self.reading),
            Events::Media(media) => media.read(event.name, data, &mut self.reading),
            Events::Hub(reader, events) => {
                let name = event.name;
                reader.frame(Frame { name, data }, events);
                learn(events, &mut self.reading)
            }
        };
        match seen {
            Seen::Nothing => {}
            Seen::Terminal => fed.terminal = true,
            Seen::Error => fed.error = true,
        }
    }
}

impl Ends {
    fn next_end(&mut self, bytes: &[u8]) -> Option<usize> {
        match self {
            Ends::Sse(framer) => framer.next_end(bytes),
            Ends::Lines => memchr::memchr(b'\n', bytes).map(|at| at + 1),
        }
    }
}

fn learn(events: &mut Vec<Event>, reading: &mut Reading) -> Seen {
    let mut seen = Seen::Nothing;
    for event in events.drain(..) {
        reading.learn(&event);
        match event {
            Event::End => seen = Seen::Terminal,
            Event::Failed(_) => return Seen::Error,
            _ => {}
        }
    }
    seen
}

/// What an event means for the stream as a whole.
enum Seen {
    Nothing,
    Terminal,
    Error,
}

impl Seen {
    /// An error was seen. The first one is kept: later ones follow from it.
    fn failure(reading: &mut Reading, failure: Failure) -> Self {
        reading.failure.get_or_insert(failure);
        Seen::Error
    }
}
