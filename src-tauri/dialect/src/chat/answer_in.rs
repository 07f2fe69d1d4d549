//! One answer of a provider's reply, its pieces put into blocks.
//!
//! Promises: thoughts, text and refusals follow one another, each in a block of its own; calls
//! stay open until the answer ends, for nobody can tell before that a call is whole.
//! Bounds: what is gathered (sound, pictures) is at most 16 MiB.

use serde_json::{Map, Value};

use super::calls_in::Calls;
use super::chunk::{self, Delta, Fragment, Raw};
use super::{calls, thoughts};
use crate::Dialect;
use crate::StopReason;
use crate::frames::MAX_FRAME_BYTES;
use crate::hub::{Annotation, BlockKind, Event, Logprob, Sealed};

/// Where blocks are numbered and events go.
pub(super) struct Blocks<'a> {
    pub(super) next: &'a mut u32,
    pub(super) out: &'a mut Vec<Event>,
    /// The reply's id.
    pub(super) reply: &'a str,
}

impl Blocks<'_> {
    pub(super) fn open(&mut self, candidate: u32, kind: BlockKind) -> u32 {
        let block = *self.next;
        *self.next = block.saturating_add(1);
        self.out.push(Event::Open {
            block,
            candidate,
            kind,
        });
        block
    }

    pub(super) fn delta(&mut self, block: u32, text: String) {
        if !text.is_empty() {
            self.out.push(Event::Delta { block, text });
        }
    }

    pub(super) fn seal(&mut self, block: u32, sealed: Sealed) {
        self.out.push(Event::Seal { block, sealed });
    }

    pub(super) fn close(&mut self, block: u32) {
        self.out.push(Event::Close { block });
    }
}

/// The state of one answer.
#[derive(Debug)]
pub(super) struct Answer {
    candidate: u32,
    open: Option<(u32, Said)>,
    calls: Calls,
    refused: bool,
    pub(super) stopped: bool,
    /// Sound and pictures, gathered: `{"audio": …, "images": […]}`.
    gathered: Map<String, Value>,
    gathered_bytes: usize,
}

/// What the open block says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Text,
    Refusal,
    /// `plain`: the words come under a plain name, and the details repeat them.
    Thought {
        plain: bool,
    },
}

impl Answer {
    pub(super) fn new(candidate: u32) -> Answer {
        Answer {
            candidate,
            open: None,
            calls: Calls::default(),
            refused: false,
            stopped: false,
            gathered: Map::new(),
            gathered_bytes: 0,
        }
    }

    pub(super) fn delta(
        &mut self,
        delta: &Delta<'_>,
        logprobs: Raw<'_>,
        whole: bool,
        blocks: &mut Blocks<'_>,
    ) {
        let logprobs: Map<String, Value> = chunk::value(logprobs).unwrap_or_default();
        self.thoughts(delta, whole, blocks);
        self.content(delta, blocks);
        self.logprobs(logprobs.get("content"), Said::Text, blocks);
        if let Some(text) = chunk::text(delta.refusal) {
            self.refused = true;
            self.say(Said::Refusal, text, blocks);
        }
        self.logprobs(logprobs.get("refusal"), Said::Refusal, blocks);
        self.citations(delta.annotations, blocks);
        if let Some(fragments) = chunk::list::<Fragment<'_>>(delta.tool_calls) {
            for (at, fragment) in fragments.iter().enumerate() {
                self.end_words(blocks);
                let place = whole.then_some(at as u64);
                self.calls.fragment(self.candidate, fragment, place, blocks);
            }
        }
        if delta.function_call.is_some() {
            self.end_words(blocks);
            let legacy = Fragment {
                function: delta.function_call,
                ..Fragment::default()
            };
            self.calls
                .fragment(self.candidate, &legacy, Some(0), blocks);
        }
        self.gather(delta);
    }

    /// Mistral writes content as a list of chunks when it thinks; Google marks thoughts beside it.
    fn content(&mut self, delta: &Delta<'_>, blocks: &mut Blocks<'_>) {
        if delta.content.is_some_and(|raw| raw.get().starts_with('[')) {
            let pieces: Vec<Value> = chunk::value(delta.content).unwrap_or_default();
            for piece in pieces {
                self.piece(&piece, blocks);
            }
            return;
        }
        let text = chunk::text(delta.content);
        let extra: Option<Value> = chunk::value(delta.extra_content);
        let Some(extra) = extra else {
            if let Some(text) = text {
                self.say(Said::Text, text, blocks);
            }
            return;
        };
        let is_thought = extra.pointer("/google/thought") == Some(&Value::Bool(true));
        let said = if is_thought {
            Said::Thought { plain: true }
        } else {
            Said::Text
        };
        if let Some(text) = text {
            self.say(said, text, blocks);
        }
        let mut fields = Map::from_iter([("extra_content".to_owned(), extra)]);
        if let Some(sealed) = calls::take_seal(&mut fields) {
            let block = self.turn_to(said, blocks);
            blocks.seal(block, sealed);
        }
    }

    fn piece(&mut self, piece: &Value, blocks: &mut Blocks<'_>) {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        if let Some(words) = piece.as_str().or(piece.get("text").and_then(Value::as_str)) {
            return self.say(Said::Text, words.to_owned(), blocks);
        }
        if let Some(words) = piece.get("refusal").and_then(text) {
            self.refused |= !words.is_empty();
            return self.say(Said::Refusal, words, blocks);
        }
        let said = Said::Thought { plain: true };
        match piece.get("thinking") {
            Some(Value::String(words)) => self.say(said, words.clone(), blocks),
            Some(Value::Array(pieces)) => {
                for words in pieces.iter().filter_map(|piece| piece.get("text")) {
                    self.say(said, text(words).unwrap_or_default(), blocks);
                }
            }
            _ => {}
        }
    }

    fn thoughts(&mut self, delta: &Delta<'_>, whole: bool, blocks: &mut Blocks<'_>) {
        let plain = chunk::text(delta.reasoning_content).or(chunk::text(delta.reasoning));
        let details: Vec<Map<String, Value>> =
            chunk::value(delta.reasoning_details).unwrap_or_default();
        let entries: Vec<_> = details.into_iter().map(thoughts::Entry::read).collect();
        let is_summary = entries.iter().any(|entry| entry.summary.is_some());
        // A whole message's details hold the words in their own pieces.
        let worded = |entry: &thoughts::Entry| entry.text.is_some() || entry.summary.is_some();
        let repeats = whole && entries.iter().any(worded);
        if let Some(text) = plain.filter(|_| !repeats) {
            let said = Said::Thought { plain: true };
            self.begin_thought(said, is_summary, blocks);
            self.say(said, text, blocks);
        }
        for entry in entries {
            self.thought(entry, blocks);
        }
    }

    fn thought(&mut self, entry: thoughts::Entry, blocks: &mut Blocks<'_>) {
        if entry.hidden {
            self.end_words(blocks);
            let kind = BlockKind::Reasoning {
                hidden: true,
                summary: false,
            };
            let block = blocks.open(self.candidate, kind);
            if let Some(sealed) = entry.sealed {
                blocks.seal(block, sealed);
            }
            return blocks.close(block);
        }
        let is_summary = entry.summary.is_some();
        if let Some(words) = entry.text.or(entry.summary)
            && !words.is_empty()
            && self
                .open
                .is_none_or(|(_, said)| said != Said::Thought { plain: true })
        {
            let said = Said::Thought { plain: false };
            self.begin_thought(said, is_summary, blocks);
            self.say(said, words, blocks);
        }
        if let Some(sealed) = entry.sealed {
            let said = match self.open {
                Some((_, said @ Said::Thought { .. })) => said,
                _ => Said::Thought { plain: false },
            };
            let block = self.turn_to(said, blocks);
            blocks.seal(block, sealed);
            // What comes behind a signature is another thought.
            self.end_words(blocks);
        }
    }

    fn begin_thought(&mut self, said: Said, summary: bool, blocks: &mut Blocks<'_>) {
        if self.open.is_none_or(|(_, open)| open != said) {
            self.end_words(blocks);
            let kind = BlockKind::Reasoning {
                hidden: false,
                summary,
            };
            self.open = Some((blocks.open(self.candidate, kind), said));
        }
    }

    fn say(&mut self, said: Said, text: String, blocks: &mut Blocks<'_>) {
        if !text.is_empty() {
            let block = self.turn_to(said, blocks);
            blocks.delta(block, text);
        }
    }

    /// The block that says this: the open one, or a new one.
    fn turn_to(&mut self, said: Said, blocks: &mut Blocks<'_>) -> u32 {
        if let Some((block, open)) = self.open
            && open == said
        {
            return block;
        }
        self.end_words(blocks);
        let kind = match said {
            Said::Text => BlockKind::Text,
            Said::Refusal => BlockKind::Refusal,
            Said::Thought { .. } => BlockKind::Reasoning {
                hidden: false,
                summary: false,
            },
        };
        let block = blocks.open(self.candidate, kind);
        self.open = Some((block, said));
        block
    }

    fn end_words(&mut self, blocks: &mut Blocks<'_>) {
        if let Some((block, _)) = self.open.take() {
            blocks.close(block);
        }
    }

    fn citations(&mut self, raw: Raw<'_>, blocks: &mut Blocks<'_>) {
        let list: Vec<Value> = chunk::value(raw).unwrap_or_default();
        for value in list {
            let text = |key: &str| {
                let inner = value.get("url_citation").unwrap_or(&value);
                inner.get(key)?.as_str().map(str::to_owned)
            };
            let annotation = Annotation::Citation {
                owner: Dialect::OpenAi,
                url: text("url"),
                title: text("title"),
                value: value.clone(),
            };
            let block = self.turn_to(Said::Text, blocks);
            blocks.out.push(Event::Annotate { block, annotation });
        }
    }

    /// One remark a token, so that it does not matter how a stream groups them.
    fn logprobs(&mut self, tokens: Option<&Value>, said: Said, blocks: &mut Blocks<'_>) {
        let tokens = tokens.and_then(Value::as_array);
        for token in tokens.into_iter().flatten().filter_map(logprob) {
            // Some servers tell those of thoughts as well: these stay with the thought.
            let block = match self.open {
                Some((block, Said::Thought { .. })) if said == Said::Text => block,
                _ => self.turn_to(said, blocks),
            };
            blocks.out.push(Event::Annotate {
                block,
                annotation: Annotation::Logprobs(vec![token]),
            });
        }
    }

    /// Sound and pictures come in pieces that mean nothing alone.
    fn gather(&mut self, delta: &Delta<'_>) {
        for (key, raw) in [("audio", delta.audio), ("images", delta.images)] {
            let Some(raw) = raw else { continue };
            self.gathered_bytes = self.gathered_bytes.saturating_add(raw.get().len());
            if self.gathered_bytes > MAX_FRAME_BYTES {
                continue;
            }
            let Some(value) = chunk::value::<Value>(Some(raw)) else {
                continue;
            };
            let is_empty = match &value {
                Value::Array(list) => list.is_empty(),
                Value::Object(fields) => fields.is_empty(),
                _ => true,
            };
            if !is_empty {
                match self.gathered.get_mut(key) {
                    Some(known) => join(known, value),
                    None => {
                        self.gathered.insert(key.to_owned(), value);
                    }
                }
            }
        }
    }

    /// Closes what is open.
    pub(super) fn close(&mut self, blocks: &mut Blocks<'_>) {
        self.end_words(blocks);
        self.calls.close(self.candidate, blocks);
        for (key, value) in std::mem::take(&mut self.gathered) {
            let kind = BlockKind::Opaque {
                owner: Dialect::OpenAi,
                value: Value::Object(Map::from_iter([(key, value)])),
            };
            let block = blocks.open(self.candidate, kind);
            blocks.close(block);
        }
    }

    /// The answer is whole; `reason` is told whether it called and whether it refused.
    pub(super) fn stop(
        &mut self,
        reason: impl FnOnce(bool, bool) -> StopReason,
        blocks: &mut Blocks<'_>,
    ) {
        self.close(blocks);
        self.stopped = true;
        blocks.out.push(Event::Stop {
            candidate: self.candidate,
            stop: reason(self.calls.any(), self.refused),
            sequence: None,
        });
    }
}

fn logprob(token: &Value) -> Option<Logprob> {
    let pair = |token: &Value| {
        let word = token.get("token")?.as_str()?.to_owned();
        Some((word, token.get("logprob")?.as_f64()?))
    };
    let (word, logprob) = pair(token)?;
    let top = token.get("top_logprobs").and_then(Value::as_array);
    Some(Logprob {
        token: word,
        logprob,
        top: top.into_iter().flatten().filter_map(pair).collect(),
    })
}

/// Joins the next piece to what is known: lists and long texts grow, the rest is replaced.
fn join(known: &mut Value, next: Value) {
    match (known, next) {
        (Value::Array(known), Value::Array(mut next)) => known.append(&mut next),
        (Value::Object(known), Value::Object(next)) => {
            for (key, value) in next {
                match (known.get_mut(&key), value) {
                    (Some(Value::String(text)), Value::String(more))
                        if matches!(key.as_str(), "data" | "transcript") =>
                    {
                        text.push_str(&more);
                    }
                    (_, value) => {
                        known.insert(key, value);
                    }
                }
            }
        }
        _ => {}
    }
}
