//! The events of a Chat Completions stream.
//!
//! Promises: a chunk is parsed only if one of a few marks says that it holds
//! more than text; of text, only the length is taken. Leaves out: framing.

use std::sync::LazyLock;

use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Seen;
use crate::counts::OpenAiCounts;
use crate::reading::openai_stop;
use crate::text::said;
use crate::{Dialect, Reading, loose, refuse};

/// How many chunks are searched for the model's name before giving up.
const HEAD_CHUNKS: u32 = 8;

/// What is remembered from chunk to chunk.
#[derive(Debug, Default)]
pub(super) struct ChunkReader {
    chunks: u32,
    called: bool,
    refused: bool,
    choices: Choices,
}

/// Which choices have begun and which have said why they ended, a bit each. OpenAI gives 128 at most.
#[derive(Debug, Default)]
struct Choices {
    begun: u128,
    stopped: u128,
}

impl Choices {
    fn bit(index: u32) -> u128 {
        1_u128.checked_shl(index).unwrap_or_default()
    }
}

impl ChunkReader {
    /// Every choice that has begun has said why it ended.
    pub(super) fn all_stopped(&self) -> bool {
        let Choices { begun, stopped } = self.choices;
        stopped != 0 && begun & !stopped == 0
    }

    /// Reads the data of one event, which is not empty.
    pub(super) fn read(&mut self, name: &[u8], data: &[u8], reading: &mut Reading) -> Seen {
        if data == b"[DONE]" {
            reading.finished = true;
            return Seen::Terminal;
        }
        // LM Studio names its error events; OpenAI's stream has no names.
        if name == b"error" {
            return Seen::failure(reading, refuse::in_stream(Dialect::OpenAi, data));
        }
        // The old completions have no delta, but a text.
        let from = MARKS.delta.find(data).or_else(|| MARKS.text.find(data));
        if let Some(from) = from {
            let said = said(&data[from..]);
            reading.output_bytes += said.bytes;
            self.called |= said.called;
            self.refused |= said.refused;
        }
        self.chunks = self.chunks.saturating_add(1);
        let head_is_wanted = reading.model.is_none() && self.chunks <= HEAD_CHUNKS;
        if !head_is_wanted && !MARKS.in_chunk(data) {
            if from.is_some() {
                self.choices.begun |= Choices::bit(0);
            }
            return Seen::Nothing;
        }
        match serde_json::from_slice(data) {
            Ok(chunk) => self.learn(chunk, data, reading),
            Err(_) => Seen::Nothing,
        }
    }

    fn learn(&mut self, chunk: Chunk<'_>, data: &[u8], reading: &mut Reading) -> Seen {
        let mut seen = Seen::Nothing;
        reading.name(chunk.model, chunk.id);
        reading.runs_on(chunk.system_fingerprint);
        let counts = chunk.usage.or(chunk.x_groq.and_then(|groq| groq.usage));
        if let Some(usage) = counts.and_then(|counts| counts.usage()) {
            reading.usage = Some(usage);
        }
        if chunk.error.is_some() || chunk.object.as_deref() == Some("error") {
            seen = Seen::failure(reading, refuse::in_stream(Dialect::OpenAi, data));
        }
        for choice in chunk.choices.unwrap_or_default() {
            let bit = Choices::bit(choice.index.unwrap_or_default());
            self.choices.begun |= bit;
            let Some(word) = choice.finish_reason else {
                continue;
            };
            self.choices.stopped |= bit;
            if reading.stop.is_none() {
                reading.stop = Some(openai_stop(&word, self.called, self.refused));
            }
            if let Some(failure) = refuse::finish_reason(&word) {
                seen = Seen::failure(reading, failure);
            }
        }
        seen
    }
}

static MARKS: LazyLock<Marks> = LazyLock::new(Marks::new);

/// The marks of a chunk that is worth parsing. Prepared once for all streams:
/// they are large, and a reader travels with its stream.
///
/// Quotes make them exact: in text, the quotes would be escaped.
#[derive(Debug)]
struct Marks {
    delta: memmem::Finder<'static>,
    text: memmem::Finder<'static>,
    usage: memmem::Finder<'static>,
    finish: memmem::Finder<'static>,
    error: memmem::Finder<'static>,
    index: memmem::Finder<'static>,
}

impl Marks {
    fn new() -> Self {
        Marks {
            delta: memmem::Finder::new("\"delta\""),
            text: memmem::Finder::new("\"text\""),
            usage: memmem::Finder::new("\"usage\""),
            finish: memmem::Finder::new("\"finish_reason\""),
            error: memmem::Finder::new("\"error\""),
            index: memmem::Finder::new("\"index\""),
        }
    }

    /// Whether one of the marks stands there with a value that is not `null`, or something has
    /// another index than the first.
    fn in_chunk(&self, data: &[u8]) -> bool {
        let is_told = |mark| has_other(data, mark, b"null");
        [&self.finish, &self.usage, &self.error]
            .into_iter()
            .any(is_told)
            || has_other(data, &self.index, b"0")
    }
}

/// Whether `mark` stands there with a value that does not begin with `usual`.
fn has_other(data: &[u8], mark: &memmem::Finder<'_>, usual: &[u8]) -> bool {
    mark.find_iter(data).any(|at| {
        let after = data[at + mark.needle().len()..].trim_ascii_start();
        let value = after.strip_prefix(b":").map(<[u8]>::trim_ascii_start);
        value.is_some_and(|value| !value.starts_with(usual))
    })
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(default, deserialize_with = "loose::value")]
    id: Option<String>,
    #[serde(default, deserialize_with = "loose::value")]
    model: Option<String>,
    #[serde(default, deserialize_with = "loose::value")]
    object: Option<String>,
    #[serde(default, deserialize_with = "loose::value")]
    system_fingerprint: Option<String>,
    #[serde(default, deserialize_with = "loose::value")]
    usage: Option<OpenAiCounts>,
    /// Groq's own place for usage that was not asked for.
    #[serde(default, deserialize_with = "loose::value")]
    x_groq: Option<XGroq>,
    #[serde(borrow, default, deserialize_with = "loose::raw")]
    error: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "loose::value")]
    choices: Option<Vec<ChunkChoice>>,
}

#[derive(Deserialize)]
struct XGroq {
    #[serde(default, deserialize_with = "loose::value")]
    usage: Option<OpenAiCounts>,
}

#[derive(Deserialize)]
struct ChunkChoice {
    #[serde(default, deserialize_with = "loose::value")]
    index: Option<u32>,
    #[serde(default, deserialize_with = "loose::value")]
    finish_reason: Option<String>,
}
