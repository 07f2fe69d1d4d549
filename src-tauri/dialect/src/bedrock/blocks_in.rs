//! The blocks of a reply: which are open, and what of them is held back.
//!
//! Promises: each block is opened once, closed once, and has one kind, also where a model does
//! not count its blocks. Bound: 32 MiB of what waits for its block's end (signatures, images, and
//! the calls of tools that run at the provider).

use serde_json::{Map, Value};

use super::events_in::text_of;
use crate::Dialect;
use crate::hub::{Annotation, BlockKind, Event, Sealed, ToolCall};

/// The most that is held back, in bytes of JSON text.
const MOST_HELD: usize = 32 << 20;
/// The most blocks that are open at a time; no provider opens more than a few.
const MOST_OPEN: usize = 64;

/// The blocks of one reply.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    /// A tool of the caller's was called.
    pub(super) called: bool,
    /// What the provider did that can't be read; nothing it says counts any more.
    pub(super) broken: Option<&'static str>,
    next: u32,
    open: Vec<Open>,
    held: usize,
}

/// A block that is open: Amazon's number for it, and what it is.
#[derive(Debug)]
struct Open {
    index: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    Text {
        block: u32,
    },
    Call {
        block: u32,
        is_empty: bool,
    },
    Thought {
        block: u32,
        hidden: bool,
        seal: String,
    },
    /// Not in the hub: handed on whole when it closes, under the key it had.
    Held {
        key: &'static str,
        value: Map<String, Value>,
        text: String,
    },
}

/// What a delta or a whole block wants to be added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Text,
    Shown,
    Hidden,
}

impl Blocks {
    pub(super) fn block_start(&mut self, mut event: Map<String, Value>, out: &mut Vec<Event>) {
        let index = index(&event);
        self.close(index, out);
        let Some(Value::Object(mut start)) = event.remove("start") else {
            return;
        };
        if let Some(Value::Object(call)) = start.remove("toolUse") {
            self.open_call(index, call, out);
        } else if let Some(Value::Object(result)) = start.remove("toolResult") {
            self.hold(index, "toolResult", result);
        } else if let Some(Value::Object(image)) = start.remove("image") {
            self.hold(index, "image", image);
        }
        // Anything else is opened by its first delta.
    }

    pub(super) fn block_stop(&mut self, event: &Map<String, Value>, out: &mut Vec<Event>) {
        self.close(index(event), out);
    }

    pub(super) fn block_delta(&mut self, mut event: Map<String, Value>, out: &mut Vec<Event>) {
        let index = index(&event);
        let Some(Value::Object(mut delta)) = event.remove("delta") else {
            return;
        };
        if let Some(Value::String(text)) = delta.remove("text") {
            self.text(index, text, out);
        }
        if let Some(Value::Object(mut call)) = delta.remove("toolUse")
            && let Some(Value::String(input)) = call.remove("input")
        {
            self.arguments(index, input, out);
        }
        if let Some(Value::Object(thought)) = delta.remove("reasoningContent") {
            self.thought(index, thought, out);
        }
        if let Some(citation @ Value::Object(_)) = delta.remove("citation") {
            self.cite(index, citation, out);
        }
        if let Some(Value::Array(parts)) = delta.remove("toolResult") {
            self.held_parts(index, parts);
        }
        if let Some(Value::Object(image)) = delta.remove("image") {
            self.held_image(index, image);
        }
    }

    /// A whole call, as a reply in one piece has it.
    pub(super) fn whole_call(
        &mut self,
        index: u64,
        mut call: Map<String, Value>,
        out: &mut Vec<Event>,
    ) {
        let input = call.remove("input");
        self.open_call(index, call, out);
        match (self.at(index), input) {
            (Some(State::Held { value, .. }), Some(input)) => {
                value.insert("input".to_owned(), input);
            }
            (_, Some(input)) if !input.is_null() => self.arguments(index, input.to_string(), out),
            _ => {}
        }
    }

    pub(super) fn text(&mut self, index: u64, text: String, out: &mut Vec<Event>) {
        // Nothing opens nothing, and ends no other block.
        if !text.is_empty()
            && let Some(block) = self.wanted(index, Wanted::Text, out)
        {
            out.push(Event::Delta { block, text });
        }
    }

    pub(super) fn thought(
        &mut self,
        index: u64,
        mut thought: Map<String, Value>,
        out: &mut Vec<Event>,
    ) {
        if let Some(Value::String(text)) = thought.remove("text")
            && let Some(block) = self.wanted(index, Wanted::Shown, out)
            && !text.is_empty()
        {
            out.push(Event::Delta { block, text });
        }
        for (key, wanted) in [
            ("signature", Wanted::Shown),
            ("redactedContent", Wanted::Hidden),
        ] {
            if let Some(Value::String(piece)) = thought.remove(key)
                && !piece.is_empty()
            {
                self.wanted(index, wanted, out);
                if let Some(State::Thought { seal, .. }) = self.at(index) {
                    seal.push_str(&piece);
                }
                self.weigh(piece.len());
            }
        }
    }

    pub(super) fn cite(&mut self, index: u64, citation: Value, out: &mut Vec<Event>) {
        let Some(block) = self.wanted(index, Wanted::Text, out) else {
            return;
        };
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let url = text(citation.pointer("/location/web/url"));
        let title = text(citation.get("title"));
        out.push(Event::Annotate {
            block,
            annotation: Annotation::Citation {
                owner: Dialect::Bedrock,
                url,
                title,
                value: citation,
            },
        });
    }

    pub(super) fn opaque(&mut self, key: &str, value: Value, out: &mut Vec<Event>) {
        let value = Value::Object(Map::from_iter([(key.to_owned(), value)]));
        let owner = Dialect::Bedrock;
        let block = self.open_block(BlockKind::Opaque { owner, value }, out);
        out.push(Event::Close { block });
    }

    /// Closes the block that Amazon counts as `index`, if it is open.
    pub(super) fn close(&mut self, index: u64, out: &mut Vec<Event>) {
        let Some(at) = self.open.iter().position(|open| open.index == index) else {
            return;
        };
        let block = match self.open.remove(at).state {
            State::Text { block } => block,
            State::Call { block, is_empty } => {
                if is_empty {
                    // A call without arguments may come without a delta.
                    let text = "{}".to_owned();
                    out.push(Event::Delta { block, text });
                }
                block
            }
            State::Thought { block, seal, .. } => {
                if !seal.is_empty() {
                    let sealed = Sealed {
                        dialect: Dialect::Bedrock,
                        issuer: None,
                        data: seal,
                    };
                    out.push(Event::Seal { block, sealed });
                }
                block
            }
            State::Held {
                key,
                mut value,
                text,
            } => {
                if key == "toolUse" && !value.contains_key("input") {
                    let input = serde_json::from_str(&text).unwrap_or(Value::String(text));
                    value.insert("input".to_owned(), input);
                }
                return self.opaque(key, Value::Object(value), out);
            }
        };
        out.push(Event::Close { block });
    }

    pub(super) fn close_all(&mut self, out: &mut Vec<Event>) {
        while let Some(open) = self.open.first() {
            self.close(open.index, out);
        }
    }

    fn open_call(&mut self, index: u64, mut call: Map<String, Value>, out: &mut Vec<Event>) {
        if call.get("type").is_some_and(Value::is_string) {
            // Run by the provider: it asks nobody for a result.
            return self.hold(index, "toolUse", call);
        }
        self.called = true;
        let call = ToolCall {
            id: text_of(&mut call, "toolUseId"),
            name: text_of(&mut call, "name"),
            namespace: None,
            arguments: String::new(),
            custom: false,
        };
        let block = self.open_block(BlockKind::ToolCall(call), out);
        let is_empty = true;
        self.remember(index, State::Call { block, is_empty });
    }

    fn arguments(&mut self, index: u64, input: String, out: &mut Vec<Event>) {
        match self.at(index) {
            Some(State::Call { block, is_empty }) => {
                if !input.is_empty() {
                    *is_empty = false;
                    let block = *block;
                    out.push(Event::Delta { block, text: input });
                }
            }
            Some(State::Held { text, .. }) => {
                text.push_str(&input);
                self.weigh(input.len());
            }
            _ => self.break_off("it sent arguments of a call that it had not begun"),
        }
    }

    /// The open block that takes this, opened if need be. One of another kind is closed first:
    /// not every model counts its blocks.
    fn wanted(&mut self, index: u64, wanted: Wanted, out: &mut Vec<Event>) -> Option<u32> {
        let fitting = match (self.at(index), wanted) {
            (Some(State::Text { block }), Wanted::Text) => Some(*block),
            (Some(State::Thought { block, hidden, .. }), Wanted::Shown | Wanted::Hidden)
                if *hidden == (wanted == Wanted::Hidden) =>
            {
                Some(*block)
            }
            _ => None,
        };
        if fitting.is_some() {
            return fitting;
        }
        self.close(index, out);
        if self.broken.is_some() {
            return None;
        }
        let hidden = wanted == Wanted::Hidden;
        let block = if wanted == Wanted::Text {
            let block = self.open_block(BlockKind::Text, out);
            self.remember(index, State::Text { block });
            block
        } else {
            let summary = false;
            let block = self.open_block(BlockKind::Reasoning { hidden, summary }, out);
            let seal = String::new();
            let state = State::Thought {
                block,
                hidden,
                seal,
            };
            self.remember(index, state);
            block
        };
        self.broken.is_none().then_some(block)
    }

    fn hold(&mut self, index: u64, key: &'static str, value: Map<String, Value>) {
        let text = String::new();
        self.remember(index, State::Held { key, value, text });
    }

    /// More of the result of a tool that ran at the provider.
    fn held_parts(&mut self, index: u64, parts: Vec<Value>) {
        let weight = parts.iter().map(weight).sum();
        if let Some(State::Held { value, .. }) = self.at(index) {
            let content = value
                .entry("content")
                .or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(content) = content {
                content.extend(parts);
            }
        }
        self.weigh(weight);
    }

    /// More of an image that the model made.
    fn held_image(&mut self, index: u64, image: Map<String, Value>) {
        let weight = image.values().map(weight).sum();
        if self.at(index).is_none() {
            self.hold(index, "image", Map::new());
        }
        if let Some(State::Held { value, .. }) = self.at(index) {
            let more = image.get("source").and_then(|source| source.get("bytes"));
            let bytes = value
                .get_mut("source")
                .and_then(|source| source.get_mut("bytes"));
            match (bytes, more) {
                (Some(Value::String(bytes)), Some(Value::String(more))) => bytes.push_str(more),
                _ => value.extend(image),
            }
        }
        self.weigh(weight);
    }

    fn at(&mut self, index: u64) -> Option<&mut State> {
        self.open
            .iter_mut()
            .find(|open| open.index == index)
            .map(|open| &mut open.state)
    }

    fn open_block(&mut self, kind: BlockKind, out: &mut Vec<Event>) -> u32 {
        let block = self.next;
        self.next = block.saturating_add(1);
        out.push(Event::Open {
            block,
            candidate: 0,
            kind,
        });
        block
    }

    fn remember(&mut self, index: u64, state: State) {
        self.open.push(Open { index, state });
        if self.open.len() > MOST_OPEN {
            self.break_off("it began too many blocks without ending one");
        }
    }

    fn weigh(&mut self, more: usize) {
        self.held = self.held.saturating_add(more);
        if self.held > MOST_HELD {
            self.break_off("it sent a signature or an image larger than 32 MiB");
        }
    }

    fn break_off(&mut self, why: &'static str) {
        self.broken.get_or_insert(why);
    }
}

fn index(event: &Map<String, Value>) -> u64 {
    event
        .get("contentBlockIndex")
        .and_then(Value::as_u64)
        .unwrap_or(0)
}

fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(fields) => fields.values().map(weight).sum(),
        _ => 8,
    }
}
