//! Reads a reply's stream into events.
//!
//! Promises: an event that is no JSON, and a second reply inside the stream, end the row as failures;
//! unknown events are passed over; what copies leave out (a start, a stop reason, names) is made up
//! for. Bound: 64 fields without a name.
//! Leaves out: framing, and what blocks are made of (`blocks_in`).

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::blocks_in::{Open, OpenKind};
use crate::counts::AnthropicCounts;
use crate::frames::{Frame, torn};
use crate::hub::{Event, Start};
use crate::reading::anthropic_stop;
use crate::{Dialect, Failure, FailureCategory, StopReason, refuse};

/// The most fields without a name that are kept of a reply.
const MOST_EXTRAS: usize = 64;
/// Fields without a name that stand among the counts.
pub(super) const IN_USAGE: [&str; 4] =
    ["service_tier", "server_tool_use", "inference_geo", "speed"];

/// Reads a reply's stream, frame by frame.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// The id the reply began with, once it has begun.
    begun: Option<Option<String>>,
    /// Nothing more is said.
    pub(super) over: bool,
    pub(super) next: u32,
    pub(super) open: Vec<Open>,
    counts: AnthropicCounts,
    stop: Option<StopReason>,
    sequence: Option<String>,
    pub(super) called: bool,
    extras: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Typed<'a> {
    #[serde(borrow, default)]
    r#type: Option<Cow<'a, str>>,
    #[serde(default)]
    error: Option<Value>,
}

impl Reader {
    pub(crate) fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<Event>) {
        if self.over {
            return;
        }
        let name = frame.name;
        if name == b"chunk" {
            // Bedrock puts each event into one of its own, in base64.
            return match chunk(frame.data) {
                Some(data) => self.unnamed(&data, out),
                None => self.broken("An event of its stream can't be read.", out),
            };
        }
        if name.is_empty() {
            return self.unnamed(frame.data, out);
        }
        self.event(name, frame.data, out);
    }

    /// The stream is at its end. What is open is closed; if the reply is whole (a stop reason was
    /// seen), `End` is handed on, else nothing: the caller sees that it broke.
    pub(crate) fn finish(&mut self, out: &mut Vec<Event>) {
        if self.over {
            return;
        }
        if self.stop.is_some() {
            self.end(out);
        } else {
            self.over = true;
            // A block that was gathered was never told of.
            let open = std::mem::take(&mut self.open).into_iter();
            let told = open.filter(|open| !matches!(open.kind, OpenKind::Opaque(..)));
            out.extend(told.map(|open| Event::Close { block: open.block }));
        }
    }

    /// An event whose name stands in its data alone.
    fn unnamed(&mut self, data: &[u8], out: &mut Vec<Event>) {
        let Ok(typed) = serde_json::from_slice::<Typed<'_>>(data) else {
            let frame = Frame { name: b"", data };
            if frame.is_torn() {
                self.fail(torn(), out);
            }
            return;
        };
        match typed.r#type {
            Some(name) => self.event(name.as_bytes(), data, out),
            None if typed.error.is_some_and(|error| !error.is_null()) => {
                self.event(b"error", data, out);
            }
            None => {}
        }
    }

    fn event(&mut self, name: &[u8], data: &[u8], out: &mut Vec<Event>) {
        match name {
            b"content_block_delta" => self.delta(data, out),
            b"content_block_start"
            | b"content_block_stop"
            | b"message_start"
            | b"message_delta" => {
                let Ok(event) = serde_json::from_slice::<Map<String, Value>>(data) else {
                    return self.broken("An event of its stream is not valid JSON.", out);
                };
                self.step(name, event, out);
            }
            b"message_stop" => self.end(out),
            b"ping" => out.push(Event::Ping),
            b"error" => self.fail(refuse::in_stream(Dialect::Anthropic, data), out),
            name if name.ends_with(b"xception") => self.fail(exception(name, data), out),
            _ => {}
        }
    }

    fn step(&mut self, name: &[u8], mut event: Map<String, Value>, out: &mut Vec<Event>) {
        let index = event.get("index").and_then(Value::as_u64).unwrap_or(0);
        match name {
            b"message_start" => {
                if let Some(Value::Object(message)) = event.get_mut("message").map(Value::take) {
                    self.start(message, out);
                }
            }
            b"content_block_start" => {
                let block = event.get_mut("content_block").map(Value::take);
                if let Some(Value::Object(block)) = block {
                    self.open(index, block, out);
                }
            }
            b"content_block_stop" => self.close(index, out),
            _ => {
                if let Some(usage) = event.get("usage") {
                    self.count(usage, out);
                }
                if let Some(Value::Object(delta)) = event.get_mut("delta").map(Value::take) {
                    self.told(delta);
                }
                if let Some(managed) = event.shift_remove("context_management") {
                    self.keep("context_management", managed);
                }
            }
        }
    }

    /// The reply begins.
    pub(super) fn start(&mut self, mut message: Map<String, Value>, out: &mut Vec<Event>) {
        let mut word = |key: &str| match message.shift_remove(key) {
            Some(Value::String(word)) if !word.is_empty() => Some(word),
            _ => None,
        };
        let (id, model) = (word("id"), word("model"));
        match &self.begun {
            None => {
                self.begun = Some(id.clone());
                out.push(Event::Start(Start { id, model }));
            }
            // Gateways that retry in mid-stream splice two replies together.
            Some(before) if id.is_some() && before.is_some() && *before != id => {
                return self.broken("A second reply began inside the stream.", out);
            }
            Some(_) => {}
        }
        if let Some(usage) = message.shift_remove("usage") {
            self.count(&usage, out);
        }
        self.told(message);
    }

    /// What the reply's own fields say, at its start or at its end.
    pub(super) fn told(&mut self, mut fields: Map<String, Value>) {
        if let Some(Value::String(word)) = fields.shift_remove("stop_reason") {
            self.stop = Some(anthropic_stop(&word));
        }
        if let Some(Value::String(sequence)) = fields.shift_remove("stop_sequence") {
            self.sequence = Some(sequence);
        }
        for (key, value) in fields {
            if !matches!(
                key.as_str(),
                "id" | "type" | "role" | "model" | "content" | "usage"
            ) {
                self.keep(&key, value);
            }
        }
    }

    fn keep(&mut self, key: &str, value: Value) {
        let has_room = self.extras.len() < MOST_EXTRAS || self.extras.contains_key(key);
        if !value.is_null() && has_room {
            self.extras.insert(key.to_owned(), value);
        }
    }

    /// Figures come in two parts, and count from the start again.
    pub(super) fn count(&mut self, usage: &Value, out: &mut Vec<Event>) {
        self.began(out);
        if let Ok(counts) = serde_json::from_str::<AnthropicCounts>(&usage.to_string()) {
            self.counts.replace_with(counts);
            out.extend(self.counts.usage().map(Event::Usage));
        }
        for key in IN_USAGE {
            if let Some(value) = usage.get(key) {
                self.keep(key, value.clone());
            }
        }
    }

    /// The reply is whole.
    pub(super) fn end(&mut self, out: &mut Vec<Event>) {
        self.began(out);
        while let Some(index) = self.open.first().map(|open| open.index) {
            self.close(index, out);
        }
        for (key, value) in std::mem::take(&mut self.extras) {
            out.push(Event::Extra {
                owner: Dialect::Anthropic,
                key,
                value,
            });
        }
        // Some copies say that the turn has ended although they call.
        let stop = match self.stop {
            None | Some(StopReason::End) if self.called => StopReason::ToolCall,
            None => StopReason::End,
            Some(stop) => stop,
        };
        out.push(Event::Stop {
            candidate: 0,
            stop,
            sequence: self.sequence.take(),
        });
        out.push(Event::End);
        self.over = true;
    }

    /// Some copies leave the start out.
    pub(super) fn began(&mut self, out: &mut Vec<Event>) {
        if self.begun.is_none() {
            self.begun = Some(None);
            out.push(Event::Start(Start::default()));
        }
    }

    pub(super) fn broken(&mut self, message: &str, out: &mut Vec<Event>) {
        let failure = Failure {
            category: FailureCategory::BrokenStream,
            status: Some(200),
            code: None,
            message: message.to_owned(),
            retry_after_ms: None,
        };
        self.fail(failure, out);
    }

    fn fail(&mut self, failure: Failure, out: &mut Vec<Event>) {
        self.over = true;
        self.open = Vec::new();
        out.push(Event::Failed(failure));
    }
}

/// The event inside one of Bedrock's.
fn chunk(data: &[u8]) -> Option<Vec<u8>> {
    #[derive(Deserialize)]
    struct Chunk<'a> {
        #[serde(borrow)]
        bytes: Cow<'a, str>,
    }
    let chunk: Chunk<'_> = serde_json::from_slice(data).ok()?;
    STANDARD.decode(chunk.bytes.as_bytes()).ok()
}

/// A failure of Bedrock's stream, which has only its name and a message.
fn exception(name: &[u8], data: &[u8]) -> Failure {
    let mut failure = refuse::in_stream(Dialect::Anthropic, data);
    failure.category = match name {
        b"throttlingException" => FailureCategory::RateLimit,
        b"serviceUnavailableException" => FailureCategory::Overloaded,
        b"modelTimeoutException" => FailureCategory::Timeout,
        b"validationException" if failure.category == FailureCategory::Server => {
            FailureCategory::BadRequest
        }
        _ => failure.category,
    };
    failure.code = Some(String::from_utf8_lossy(name).into_owned());
    failure
}
