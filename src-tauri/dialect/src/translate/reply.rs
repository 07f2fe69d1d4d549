//! A reply on its way from one dialect into another.
//!
//! Promises: the same bytes in any cuts give the same bytes out; a whole reply is the same
//! events, folded. Bounds: one frame (16 MiB), what `InOrder` and `Restore` hold back, and, for all
//! that readers and writers gather until a reply's end, [`MOST_FED`] bytes a stream.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::Writing;
use super::kept::Kept;
use super::seam::Seam;
use super::so_far::{Fixed, SoFar};
use super::withheld::{Withheld, WithheldCall};
use crate::frames::{Frame, Frames, Framing, Unframed};
use crate::hub::{Back, BlockKind, Event, InOrder, Reply, Restore, Sealed};
use crate::{Dialect, Endpoint, Failure, FailureCategory, Fault, NotAReply, Reading, Usage, json};
use crate::{bedrock, chat, cohere, gemini, messages, ollama, responses};

/// Translates the stream of one reply.
#[derive(Debug)]
pub struct Translator {
    frames: Frames,
    /// Bytes that came so far.
    fed: usize,
    reader: Reader,
    provider: String,
    order: InOrder,
    restore: Restore,
    writer: Writer,
    reading: Reading,
    /// Events on their way, kept to use their room again.
    read: Vec<Event>,
    ordered: Vec<Event>,
    restored: Vec<Event>,
    /// The whole answer, for those who will come back to it.
    kept: Kept,
    calls: SealedCalls,
    /// What the caller has, should another model have to go on from there.
    so_far: Option<Box<SoFar>>,
    /// Another model goes on since.
    seam: Option<Box<Seam>>,
    /// Events of an answer that is to be the rest of another: nothing is written.
    gathered: Option<Vec<Event>>,
    /// Calls that are not the caller's.
    withheld: Option<Box<Withheld>>,
}

/// The longest stream that is translated, in bytes: 256 MiB. Some dialects repeat the whole answer
/// at its end, so it is held here.
pub(super) const MOST_FED: usize = 256 << 20;

/// The most events that are gathered before an answer becomes the rest of another.
const MOST_GATHERED: usize = 4_096;

/// Room for what a feed usually brings, so that it does not grow piece by piece.
const ROOM: usize = 512;

/// The most calls of one reply whose seals are gathered.
const MOST_SEALS: usize = 128;
/// The longest arguments that are kept with a seal, in bytes: 64 KiB.
const LONGEST_SEALED: usize = 64 * 1024;

/// A seal on a tool call, for callers who can't carry it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedCall {
    /// The call's id, as the caller knows it.
    pub id: String,
    /// The tool, as the caller knows it.
    pub name: String,
    /// What it is called with, in JSON: all that tells it apart for a caller whose calls have no ids.
    /// `None` for others, and where it is too long to be kept.
    pub arguments: Option<String>,
    /// What the provider wants to see again.
    pub sealed: Option<Sealed>,
}

/// What one feed brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Translated {
    /// For the caller; whole events.
    pub bytes: Bytes,
    /// The caller's terminal event lies within them.
    pub terminal: bool,
}

/// The calls of a stream that may get a seal.
#[derive(Debug, Default)]
struct SealedCalls {
    /// The caller's calls have no ids.
    nameless: bool,
    /// Under way, by block.
    open: Vec<(u32, SealedCall)>,
    /// Ended with a seal.
    ended: Vec<SealedCall>,
}

#[derive(Debug)]
pub(crate) enum Reader {
    Chat(chat::Reader),
    Responses(responses::Reader),
    Messages(messages::Reader),
    Gemini(gemini::Reader),
    Ollama(ollama::Reader),
    Bedrock(bedrock::Reader),
    Cohere(cohere::Reader),
}

#[derive(Debug)]
enum Writer {
    Chat(chat::Writer),
    Responses(Box<responses::Writer>),
    Messages(messages::Writer),
    Gemini(gemini::Writer),
    Ollama(ollama::Writer),
}

impl Translator {
    /// Translates what a provider answers at `from`, cut as `framing` says, for the caller of
    /// `writing.endpoint`.
    pub fn new(from: Endpoint, framing: Framing, writing: Writing, back: Back) -> Translator {
        let calls = SealedCalls {
            nameless: writing.endpoint.dialect() == Dialect::Ollama,
            ..SealedCalls::default()
        };
        Translator {
            frames: Frames::new(framing),
            fed: 0,
            reader: Reader::new(from),
            provider: writing.provider.clone(),
            order: InOrder::default(),
            restore: Restore::new(back),
            writer: Writer::new(writing),
            reading: Reading::default(),
            read: Vec::new(),
            ordered: Vec::new(),
            restored: Vec::new(),
            kept: Kept::default(),
            calls,
            so_far: None,
            seam: None,
            gathered: None,
            withheld: None,
        }
    }

    /// Remembers what the caller gets, so that another model can go on from there.
    pub fn follow(&mut self) {
        self.so_far = Some(Box::default());
    }

    /// The caller's text so far, if it was followed; empty before the first word.
    ///
    /// # Errors
    /// When no other model can go on from there.
    pub fn so_far(&self) -> Option<Result<&str, Fixed>> {
        self.so_far.as_ref().map(|so_far| so_far.text())
    }

    /// Makes this the rest of another answer: what comes is gathered for [`Translator::join`].
    pub fn gather(&mut self) {
        self.gathered = Some(Vec::new());
    }

    /// Whether nothing is written here.
    pub fn gathers(&self) -> bool {
        self.gathered.is_some()
    }

    /// Takes the calls of these tools out of the answer: somebody else than the caller answers them.
    /// `holds_end`: the end of every turn waits for [`Translator::release`].
    pub fn withhold(&mut self, names: Arc<BTreeSet<String>>, holds_end: bool) {
        self.withheld = Some(Box::new(Withheld::new(names, holds_end)));
        self.follow();
    }

    /// The turn is over, and the answer goes on when the calls that were taken out are answered.
    pub fn is_turn_over(&self) -> bool {
        self.withheld
            .as_ref()
            .is_some_and(|withheld| withheld.is_over())
    }

    /// Ends the answer with the turn that is over.
    pub fn release(&mut self) -> Translated {
        let held = self.withheld.as_mut().map(|withheld| withheld.release());
        let mut out = Vec::new();
        for event in held.unwrap_or_default() {
            self.sew(event, &mut out);
        }
        Translated {
            bytes: out.into(),
            terminal: self.reading.finished,
        }
    }

    /// The calls that were taken out of this turn.
    pub fn withheld(&self) -> &[WithheldCall] {
        self.withheld
            .as_ref()
            .map_or(&[], |withheld| withheld.calls())
    }

    /// The turn that is over, as its model said it.
    pub fn turn(&mut self) -> Reply {
        self.withheld
            .as_mut()
            .map_or_else(Reply::default, |withheld| withheld.turn())
    }

    /// Goes on with `rest`, which has gathered, as the next turn of one answer. `is_last`: what it calls is not
    /// answered any more.
    pub fn join_turn(&mut self, rest: Translator, spent: Usage, is_last: bool) -> Translated {
        let so_far = self.so_far.get_or_insert_default();
        self.seam = Some(Box::new(Seam::next_turn(so_far, spent)));
        if let Some(withheld) = &mut self.withheld {
            withheld.next_turn(is_last);
        }
        self.go_on(rest)
    }

    /// Goes on with `rest`, which has gathered, as one answer. `spent`: what this one has cost so far.
    pub fn join(&mut self, rest: Translator, spent: Usage) -> Translated {
        let so_far = self.so_far.get_or_insert_default();
        self.seam = Some(Box::new(Seam::after(so_far, spent)));
        self.go_on(rest)
    }

    fn go_on(&mut self, mut rest: Translator) -> Translated {
        self.frames = rest.frames;
        self.fed = rest.fed;
        self.reader = rest.reader;
        self.provider = rest.provider;
        self.order = rest.order;
        self.restore = rest.restore;
        self.reading = rest.reading;
        let mut out = Vec::new();
        for event in rest.gathered.take().unwrap_or_default() {
            self.part(event, &mut out);
        }
        Translated {
            bytes: out.into(),
            terminal: self.reading.finished && !self.is_turn_over(),
        }
    }

    /// Keeps the reply, to be had from [`Translator::kept`] when it is whole.
    pub fn keep(&mut self) {
        self.kept.wants_reply = true;
    }

    /// Keeps the events as the caller gets them, to be had from [`Translator::events_kept`] when the
    /// reply is whole. Goes together with [`Translator::keep`].
    pub fn keep_events(&mut self) {
        self.kept.wants_row = true;
    }

    /// The whole reply, once, if it was to be kept, has ended, and has no more than 16 MiB of text.
    pub fn kept(&mut self) -> Option<Reply> {
        // Not before its end: what is had is gone.
        if !self.reading.finished {
            return None;
        }
        self.kept.reply()
    }

    /// The same as a row of events without signs of life: once, whether the reply is had or not.
    pub fn events_kept(&mut self) -> Option<Vec<Event>> {
        if !self.reading.finished {
            return None;
        }
        self.kept.row()
    }

    /// Tool calls with seals on them that came by since last asked.
    pub fn seals(&mut self) -> Vec<SealedCall> {
        std::mem::take(&mut self.calls.ended)
    }

    /// The caller's terminal event for a failure, in a dialect whose writer alone knows how to say
    /// it (it repeats what was said so far, or has a list to close); `None` in the others.
    pub fn fail(&mut self, fault: &Fault) -> Option<Bytes> {
        let mut out = Vec::new();
        match &mut self.writer {
            Writer::Responses(writer) => writer.failed(fault.code, &fault.message, &mut out),
            Writer::Gemini(writer) if writer.writes_a_list() => writer.failed(fault, &mut out),
            _ => return None,
        }
        Some(out.into())
    }

    /// Takes the provider's next bytes, cut anywhere.
    pub fn feed(&mut self, bytes: &[u8]) -> Translated {
        let room = MOST_FED.saturating_sub(self.fed);
        let (bytes, beyond) = bytes.split_at(bytes.len().min(room));
        self.fed += bytes.len();
        let (reader, read) = (&mut self.reader, &mut self.read);
        let fed = self.frames.feed(bytes, |frame| reader.frame(frame, read));
        if let Err(unframed) = fed {
            read.push(Event::Failed(unreadable(unframed)));
        } else if !beyond.is_empty() {
            read.push(Event::Failed(broken("its answer is longer than 256 MiB")));
        }
        self.pass_on()
    }

    /// The provider's stream is at its end. What is missing for a whole reply stays missing: look at
    /// [`Reading::finished`].
    pub fn finish(&mut self) -> Translated {
        let (reader, read) = (&mut self.reader, &mut self.read);
        let last = self.frames.finish(|frame| reader.frame(frame, read));
        if let Err(unframed) = last {
            read.push(Event::Failed(unreadable(unframed)));
        }
        let before = read.len();
        reader.finish(read);
        let mut last = read.split_off(before);
        if !last.contains(&Event::End) {
            // It broke off: half a call must not look like a whole one.
            last.retain(|event| !matches!(event, Event::Close { .. }));
        }
        read.append(&mut last);
        self.pass_on()
    }

    /// A sign of life in the caller's dialect, for a silence; empty where the dialect has none.
    pub fn ping(&mut self) -> Bytes {
        let mut out = Vec::new();
        self.writer.event(&Event::Ping, &mut out);
        out.into()
    }

    /// What has been learnt so far.
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// The answer was cut here because it met a stop text that the provider does not know: the
    /// upstream may be closed.
    pub fn is_cut(&self) -> bool {
        self.restore.is_cut()
    }

    fn pass_on(&mut self) -> Translated {
        for mut event in self.read.drain(..) {
            stamp(&mut event, &self.provider);
            self.order.event(event, &mut self.ordered);
        }
        for event in self.ordered.drain(..) {
            self.restore.event(event, &mut self.restored);
        }
        let mut out = Vec::with_capacity(if self.restored.is_empty() { 0 } else { ROOM });
        let was_finished = self.reading.finished;
        let mut restored = std::mem::take(&mut self.restored);
        for event in restored.drain(..) {
            if self.reading.finished || self.reading.failure.is_some() {
                // After the end nothing more is said, whatever comes.
                break;
            }
            self.reading.learn(&event);
            match &mut self.gathered {
                Some(gathered) => {
                    if let Some(failure) = gather(event, gathered) {
                        self.reading.failure = Some(failure);
                    }
                }
                None => self.part(event, &mut out),
            }
        }
        self.restored = restored;
        Translated {
            bytes: out.into(),
            terminal: self.reading.finished && !was_finished && !self.is_turn_over(),
        }
    }

    /// Takes out what is not the caller's.
    fn part(&mut self, event: Event, out: &mut Vec<u8>) {
        let Some(withheld) = &mut self.withheld else {
            return self.sew(event, out);
        };
        let mut left = Vec::new();
        withheld.event(event, &mut left);
        for event in left {
            self.sew(event, out);
        }
    }

    /// Tells an event; that of a second model as the first one's.
    fn sew(&mut self, event: Event, out: &mut Vec<u8>) {
        let Some(seam) = &mut self.seam else {
            return self.tell(event, out);
        };
        let mut sewn = Vec::new();
        seam.event(event, &mut sewn);
        for event in sewn {
            self.tell(event, out);
        }
    }

    /// Writes an event for the caller, and remembers of it what is to be remembered.
    fn tell(&mut self, event: Event, out: &mut Vec<u8>) {
        self.calls.event(&event);
        // An error is told by the engine, which knows the provider's name for people.
        if !matches!(event, Event::Failed(_)) {
            self.writer.event(&event, out);
        }
        if let Some(so_far) = &mut self.so_far {
            so_far.event(&event);
        }
        self.kept.event(event);
    }
}

/// Keeps an event that will be told later; the failure of keeping too many.
fn gather(event: Event, gathered: &mut Vec<Event>) -> Option<Failure> {
    if matches!(event, Event::Start(_) | Event::Ping | Event::Failed(_)) {
        return None;
    }
    if gathered.len() >= MOST_GATHERED {
        return Some(broken("its answer does not begin to speak"));
    }
    gathered.push(event);
    None
}

impl SealedCalls {
    /// Follows the calls of a reply, and keeps those that end with a seal.
    fn event(&mut self, event: &Event) {
        match event {
            Event::Open {
                block,
                kind: BlockKind::ToolCall(call),
                ..
            } if self.open.len() + self.ended.len() < MOST_SEALS => {
                let call = SealedCall {
                    id: call.id.clone(),
                    name: call.name.clone(),
                    arguments: self.nameless.then(String::new),
                    sealed: None,
                };
                self.open.push((*block, call));
            }
            Event::Delta { block, text } => {
                if let Some(call) = self.at(*block)
                    && let Some(arguments) = &mut call.arguments
                {
                    arguments.push_str(text);
                    if arguments.len() > LONGEST_SEALED {
                        call.arguments = None;
                    }
                }
            }
            Event::Seal { block, sealed } => {
                if let Some(call) = self.at(*block) {
                    call.sealed = Some(sealed.clone());
                }
            }
            Event::Close { block } => {
                let closed = self.open.iter().position(|(open, _)| open == block);
                let call = closed.map(|at| self.open.remove(at).1);
                self.ended.extend(call.filter(|call| call.sealed.is_some()));
            }
            _ => {}
        }
    }

    fn at(&mut self, block: u32) -> Option<&mut SealedCall> {
        let found = self.open.iter_mut().find(|(open, _)| *open == block);
        found.map(|(_, call)| call)
    }
}

/// Translates a reply that came in one piece. The reading, and the events folded, come with it.
///
/// # Errors
/// When the body is no reply of the dialect of `from`.
pub fn translate_whole(
    from: Endpoint,
    body: &[u8],
    writing: &Writing,
    back: Back,
) -> Result<(Bytes, Reading, Reply), NotAReply> {
    let events = read_answer(from, body, &writing.provider, back)?;
    Ok(told(events, writing, false))
}

/// The same for a caller who asked for a stream, where the provider knows none.
///
/// # Errors
/// When the body is no reply of the dialect of `from`.
pub fn translate_whole_to_stream(
    from: Endpoint,
    body: &[u8],
    writing: &Writing,
    back: Back,
) -> Result<(Bytes, Reading, Reply), NotAReply> {
    let events = read_answer(from, body, &writing.provider, back)?;
    Ok(told(events, writing, true))
}

/// A whole reply as its caller gets it, as a stream or in one piece.
pub(super) fn told(events: Vec<Event>, writing: &Writing, stream: bool) -> (Bytes, Reading, Reply) {
    let mut reading = Reading::default();
    for event in &events {
        reading.learn(event);
    }
    reading.finished = true;
    if stream {
        let bytes = frames_of(&events, writing.clone()).concat().into();
        return (bytes, reading, Reply::of(events));
    }
    let reply = Reply::of(events);
    (json::document(&write(&reply, writing)), reading, reply)
}

/// What `provider` answered in one piece, as the events its caller gets.
///
/// # Errors
/// When the body is no reply of the dialect of `from`.
pub fn read_answer(
    from: Endpoint,
    body: &[u8],
    provider: &str,
    back: Back,
) -> Result<Vec<Event>, NotAReply> {
    let mut events = Vec::new();
    read_whole(from, body, &mut events)?;
    let (mut order, mut restore) = (InOrder::default(), Restore::new(back));
    let (mut ordered, mut restored) = (
        Vec::with_capacity(events.len()),
        Vec::with_capacity(events.len()),
    );
    for mut event in events {
        stamp(&mut event, provider);
        order.event(event, &mut ordered);
    }
    // What was counted stands, also when the answer is cut here.
    let counted = ordered
        .iter()
        .rposition(|event| matches!(event, Event::Usage(_)));
    let counted = counted.map(|at| ordered[at].clone());
    for event in ordered {
        restore.event(event, &mut restored);
    }
    let is_told = restored
        .iter()
        .any(|event| matches!(event, Event::Usage(_)));
    if let (Some(usage), false) = (counted, is_told) {
        let end = restored.len() - usize::from(restored.last() == Some(&Event::End));
        restored.insert(end, usage);
    }
    Ok(restored)
}

/// `response.failed` for a stream that was passed on as it came: its numbers are the provider's, so
/// this one's are not in their row, which clients bear better than an end without an end.
pub(crate) fn failed_response(reading: &Reading, code: &str, message: &str) -> Bytes {
    let id = reading.upstream_id.as_deref().unwrap_or_default();
    let mut writer = responses::Writer::new(Writing {
        endpoint: Endpoint::Responses,
        provider: String::new(),
        id: id.trim_start_matches("resp_").to_owned(),
        model: reading.model.clone().unwrap_or_default(),
        created_unix_s: 0,
        input_tokens: 0,
        usage_asked: true,
        echo: serde_json::Map::new(),
    });
    let mut out = Vec::new();
    writer.failed_midway(code, message, &mut out);
    out.into()
}

/// A seal is its issuer's: it says so from here on.
pub(super) fn stamp(event: &mut Event, provider: &str) {
    if let Event::Seal { sealed, .. } = event {
        sealed.issuer.get_or_insert_with(|| provider.to_owned());
    }
}

/// The frames of a reply of our own, one for each event that has any.
pub fn frames_of(events: &[Event], writing: Writing) -> Vec<Bytes> {
    let mut writer = Writer::new(writing);
    let frame = |event: &Event| {
        let mut out = Vec::new();
        writer.event(event, &mut out);
        Bytes::from(out)
    };
    events
        .iter()
        .map(frame)
        .filter(|frame| !frame.is_empty())
        .collect()
}

/// The same events as one document.
pub fn document_of(events: Vec<Event>, writing: &Writing) -> Bytes {
    json::document(&write(&Reply::of(events), writing))
}

fn write(reply: &Reply, writing: &Writing) -> Value {
    match writing.endpoint.dialect() {
        Dialect::OpenAi => chat::write_reply(reply, writing),
        Dialect::Responses => responses::write_reply(reply, writing),
        Dialect::Anthropic => messages::write_reply(reply, writing),
        Dialect::Gemini => gemini::write_reply(reply, writing),
        Dialect::Ollama => ollama::write_reply(reply, writing),
        // Nobody calls us in these.
        Dialect::Bedrock | Dialect::Cohere => Value::Null,
    }
}

/// Reads a whole reply of any dialect as events.
pub(crate) fn read_whole(
    from: Endpoint,
    body: &[u8],
    events: &mut Vec<Event>,
) -> Result<(), NotAReply> {
    let body = crate::whole::object(body)?;
    match from.dialect() {
        Dialect::OpenAi => chat::read_reply(body, events),
        Dialect::Responses => responses::read_reply(body, events),
        Dialect::Anthropic => messages::read_reply(body, events),
        Dialect::Gemini => gemini::read_reply(body, events),
        Dialect::Ollama => ollama::read_reply(body, events),
        Dialect::Bedrock => bedrock::read_reply(body, events),
        Dialect::Cohere => cohere::read_reply(body, events),
    }
}

fn unreadable(unframed: Unframed) -> Failure {
    broken(match unframed {
        Unframed::TooLong => "it sent an event larger than 16 MiB",
        Unframed::Broken => "its stream is not framed as it should be",
    })
}

fn broken(what: &str) -> Failure {
    Failure {
        category: FailureCategory::BrokenStream,
        status: None,
        code: None,
        message: what.to_owned(),
        retry_after_ms: None,
    }
}

impl Reader {
    pub(crate) fn new(from: Endpoint) -> Reader {
        match from.dialect() {
            Dialect::OpenAi => Reader::Chat(chat::Reader::default()),
            Dialect::Responses => Reader::Responses(responses::Reader::default()),
            Dialect::Anthropic => Reader::Messages(messages::Reader::default()),
            Dialect::Gemini => Reader::Gemini(gemini::Reader::default()),
            Dialect::Ollama => Reader::Ollama(ollama::Reader::default()),
            Dialect::Bedrock => Reader::Bedrock(bedrock::Reader::default()),
            Dialect::Cohere => Reader::Cohere(cohere::Reader::default()),
        }
    }

    pub(crate) fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<Event>) {
        match self {
            Reader::Chat(reader) => reader.frame(frame, out),
            Reader::Responses(reader) => reader.frame(frame, out),
            Reader::Messages(reader) => reader.frame(frame, out),
            Reader::Gemini(reader) => reader.frame(frame, out),
            Reader::Ollama(reader) => reader.frame(frame, out),
            Reader::Bedrock(reader) => reader.frame(frame, out),
            Reader::Cohere(reader) => reader.frame(frame, out),
        }
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Event>) {
        match self {
            Reader::Chat(reader) => reader.finish(out),
            Reader::Responses(reader) => reader.finish(out),
            Reader::Messages(reader) => reader.finish(out),
            Reader::Gemini(reader) => reader.finish(out),
            Reader::Ollama(reader) => reader.finish(out),
            Reader::Bedrock(reader) => reader.finish(out),
            Reader::Cohere(reader) => reader.finish(out),
        }
    }
}

impl Writer {
    fn new(writing: Writing) -> Writer {
        match writing.endpoint.dialect() {
            Dialect::Responses => Writer::Responses(Box::new(responses::Writer::new(writing))),
            Dialect::Anthropic => Writer::Messages(messages::Writer::new(writing)),
            Dialect::Gemini => Writer::Gemini(gemini::Writer::new(writing)),
            Dialect::Ollama => Writer::Ollama(ollama::Writer::new(writing)),
            // Nobody calls us in the last two.
            Dialect::OpenAi | Dialect::Bedrock | Dialect::Cohere => {
                Writer::Chat(chat::Writer::new(writing))
            }
        }
    }

    fn event(&mut self, event: &Event, out: &mut Vec<u8>) {
        match self {
            Writer::Chat(writer) => writer.event(event, out),
            Writer::Responses(writer) => writer.event(event, out),
            Writer::Messages(writer) => writer.event(event, out),
            Writer::Gemini(writer) => writer.event(event, out),
            Writer::Ollama(writer) => writer.event(event, out),
        }
    }
}
