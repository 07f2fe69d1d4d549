//! The blocks of a reply's stream.
//!
//! Promises: blocks are numbered in the order they open; a call's arguments are never empty when its
//! block is whole; an unknown block travels whole, with what its deltas added. Bounds: 256 open
//! blocks, 16 MiB of a block that is gathered.
//! Leaves out: who issued a signature (the caller of this knows the provider).

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Reader;
use crate::Dialect;
use crate::frames::MAX_FRAME_BYTES;
use crate::hub::{Annotation, BlockKind, Event, Sealed, ToolCall};

/// The most blocks that may be open at a time.
const MOST_OPEN: usize = 256;

/// A block that has begun and not ended.
#[derive(Debug)]
pub(super) struct Open {
    /// Its number on the wire.
    pub(super) index: u64,
    /// Ours.
    pub(super) block: u32,
    pub(super) kind: OpenKind,
}

#[derive(Debug)]
pub(super) enum OpenKind {
    Plain,
    /// A call that has had no arguments yet, with those of its start; `None` once it had some.
    Call(Option<Map<String, Value>>),
    /// A block without a name in the hub, and the arguments of it that came as text.
    Opaque(Map<String, Value>, String),
}

#[derive(Deserialize)]
struct DeltaEvent<'a> {
    index: u64,
    #[serde(borrow)]
    delta: Piece<'a>,
}

#[derive(Deserialize)]
struct Piece<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    thinking: Option<String>,
    #[serde(default)]
    partial_json: Option<String>,
    #[serde(default)]
    signature: Option<String>,
    #[serde(default)]
    citation: Option<Value>,
}

impl Reader {
    /// A block begins, maybe with all there is of it.
    pub(super) fn open(&mut self, index: u64, mut block: Map<String, Value>, out: &mut Vec<Event>) {
        self.began(out);
        // Two blocks can't have one number at a time.
        self.close(index, out);
        let mut taken = |key: &str| match block.get_mut(key).map(Value::take) {
            Some(Value::String(text)) => text,
            _ => String::new(),
        };
        match taken("type").as_str() {
            "text" => {
                let text = taken("text");
                let number = self.plain(index, BlockKind::Text, out);
                push_delta(number, text, out);
                if let Some(Value::Array(citations)) = block.shift_remove("citations") {
                    out.extend(citations.into_iter().map(|value| annotation(number, value)));
                }
            }
            "thinking" => {
                let (text, signature) = (taken("thinking"), taken("signature"));
                let number = self.plain(index, THOUGHT, out);
                push_delta(number, text, out);
                push_seal(number, signature, out);
            }
            "redacted_thinking" => {
                let data = taken("data");
                let kind = BlockKind::Reasoning {
                    hidden: true,
                    summary: false,
                };
                let number = self.plain(index, kind, out);
                push_seal(number, data, out);
            }
            "tool_use" => {
                self.called = true;
                let call = ToolCall {
                    id: taken("id"),
                    name: taken("name"),
                    namespace: None,
                    arguments: String::new(),
                    custom: false,
                };
                let input = match block.shift_remove("input") {
                    Some(Value::Object(input)) => input,
                    _ => Map::new(),
                };
                let kind = BlockKind::ToolCall(call);
                self.begin(index, kind, OpenKind::Call(Some(input)), out);
            }
            name => {
                block.insert("type".to_owned(), name.into());
                if self.has_room(out) {
                    self.open.push(Open {
                        index,
                        block: 0,
                        kind: OpenKind::Opaque(block, String::new()),
                    });
                }
            }
        }
    }

    fn plain(&mut self, index: u64, kind: BlockKind, out: &mut Vec<Event>) -> u32 {
        self.begin(index, kind, OpenKind::Plain, out)
    }

    fn begin(&mut self, index: u64, kind: BlockKind, open: OpenKind, out: &mut Vec<Event>) -> u32 {
        let block = self.next;
        if !self.has_room(out) {
            return block;
        }
        self.next = self.next.saturating_add(1);
        self.open.push(Open {
            index,
            block,
            kind: open,
        });
        out.push(Event::Open {
            block,
            candidate: 0,
            kind,
        });
        block
    }

    fn has_room(&mut self, out: &mut Vec<Event>) -> bool {
        if self.over {
            return false;
        }
        if self.open.len() >= MOST_OPEN {
            self.broken("It began too many blocks without ending one.", out);
        }
        !self.over
    }

    /// More of a block.
    pub(super) fn delta(&mut self, data: &[u8], out: &mut Vec<Event>) {
        let Ok(DeltaEvent { index, delta }) = serde_json::from_slice(data) else {
            return match serde_json::from_slice::<Map<String, Value>>(data) {
                Ok(event) => self.added(event, out),
                Err(_) => self.broken("An event of its stream is not valid JSON.", out),
            };
        };
        self.began(out);
        let open = self.open.iter_mut().find(|open| open.index == index);
        match (&*delta.r#type, open) {
            (
                _,
                Some(Open {
                    kind: OpenKind::Opaque(..),
                    ..
                }),
            ) => {
                if let Ok(event) = serde_json::from_slice(data) {
                    self.added(event, out);
                }
            }
            ("text_delta", Some(open)) => {
                push_delta(open.block, delta.text.unwrap_or_default(), out);
            }
            ("thinking_delta", Some(open)) => {
                push_delta(open.block, delta.thinking.unwrap_or_default(), out);
            }
            ("input_json_delta", Some(open)) => {
                let text = delta.partial_json.unwrap_or_default();
                if let (false, OpenKind::Call(input)) = (text.is_empty(), &mut open.kind) {
                    *input = None;
                }
                push_delta(open.block, text, out);
            }
            ("signature_delta", Some(open)) => {
                push_seal(open.block, delta.signature.unwrap_or_default(), out);
            }
            ("citations_delta", Some(open)) => {
                out.extend(delta.citation.map(|value| annotation(open.block, value)));
            }
            // Some copies don't say that a text begins.
            ("text_delta", None) => {
                let block = self.plain(index, BlockKind::Text, out);
                push_delta(block, delta.text.unwrap_or_default(), out);
            }
            ("thinking_delta", None) => {
                let block = self.plain(index, THOUGHT, out);
                push_delta(block, delta.thinking.unwrap_or_default(), out);
            }
            _ => {}
        }
    }

    /// More of a block without a name: its texts grow, its arguments are gathered.
    fn added(&mut self, mut event: Map<String, Value>, out: &mut Vec<Event>) {
        let index = event.get("index").and_then(Value::as_u64).unwrap_or(0);
        let Some(Open {
            kind: OpenKind::Opaque(block, arguments),
            ..
        }) = self.open.iter_mut().find(|open| open.index == index)
        else {
            return;
        };
        let Some(Value::Object(delta)) = event.get_mut("delta").map(Value::take) else {
            return;
        };
        let mut held = arguments.len();
        for (key, value) in delta {
            match (key.as_str(), value) {
                ("type", _) => {}
                ("partial_json", Value::String(more)) => arguments.push_str(&more),
                ("citation", citation) => match block.get_mut("citations") {
                    Some(Value::Array(citations)) if citations.len() < 4_096 => {
                        citations.push(citation);
                    }
                    Some(Value::Array(_)) => {}
                    _ => {
                        block.insert("citations".to_owned(), vec![citation].into());
                    }
                },
                (_, Value::String(more)) => match block.get_mut(&key) {
                    Some(Value::String(text)) => {
                        text.push_str(&more);
                        held = held.max(text.len());
                    }
                    _ => {
                        block.insert(key, more.into());
                    }
                },
                _ => {}
            }
        }
        if held.max(arguments.len()) > MAX_FRAME_BYTES {
            self.broken("A block of its stream is larger than 16 MiB.", out);
        }
    }

    /// A block is whole.
    pub(super) fn close(&mut self, index: u64, out: &mut Vec<Event>) {
        let Some(at) = self.open.iter().position(|open| open.index == index) else {
            return;
        };
        let Open { block, kind, .. } = self.open.remove(at);
        match kind {
            OpenKind::Plain | OpenKind::Call(None) => out.push(Event::Close { block }),
            OpenKind::Call(Some(input)) => {
                push_delta(block, Value::Object(input).to_string(), out);
                out.push(Event::Close { block });
            }
            OpenKind::Opaque(mut value, arguments) => {
                if let Ok(input @ Value::Object(_)) = serde_json::from_str(&arguments) {
                    value.insert("input".to_owned(), input);
                }
                let block = self.next;
                self.next = self.next.saturating_add(1);
                out.push(Event::Open {
                    block,
                    candidate: 0,
                    kind: BlockKind::Opaque {
                        owner: Dialect::Anthropic,
                        value: Value::Object(value),
                    },
                });
                out.push(Event::Close { block });
            }
        }
    }
}

/// What is shown of a thought is a summary of it, since Claude 4.
const THOUGHT: BlockKind = BlockKind::Reasoning {
    hidden: false,
    summary: true,
};

fn push_delta(block: u32, text: String, out: &mut Vec<Event>) {
    if !text.is_empty() {
        out.push(Event::Delta { block, text });
    }
}

fn push_seal(block: u32, data: String, out: &mut Vec<Event>) {
    if !data.is_empty() {
        let sealed = Sealed {
            dialect: Dialect::Anthropic,
            issuer: None,
            data,
        };
        out.push(Event::Seal { block, sealed });
    }
}

fn annotation(block: u32, value: Value) -> Event {
    let word = |keys: [&str; 2]| {
        let found = keys.iter().find_map(|key| value.get(key)?.as_str());
        found.map(str::to_owned)
    };
    Event::Annotate {
        block,
        annotation: Annotation::Citation {
            owner: Dialect::Anthropic,
            url: word(["url", "source"]),
            title: word(["title", "document_title"]),
            value,
        },
    }
}
