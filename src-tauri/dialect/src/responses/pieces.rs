//! An item of a reply that is being read, and the blocks it became.
//!
//! Promises: each text of an item is said once: by its deltas, or by the finished item where no
//! delta came. A block of an item is closed before the next one of it opens. Parts of one thought
//! or summary are set apart by an empty line, and are one block.

use serde_json::{Map, Value};

use super::events_in::citation;
use crate::Dialect;
use crate::hub::{Annotation, BlockKind, Event, Logprob, Sealed, ToolCall};

/// The most texts an item has.
const MOST_PIECES: usize = 1024;

/// What kind of text an item says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    Text,
    Refusal,
    Thought,
    Summary,
    Arguments,
}

/// An item that is not whole yet.
#[derive(Debug)]
pub(super) struct Item {
    /// Its place in the output, where the server says it.
    pub(super) index: Option<u64>,
    pub(super) id: String,
    /// What it calls, if it is a call.
    pub(super) call: Option<ToolCall>,
    pieces: Vec<Piece>,
}

/// A text of an item: one block.
#[derive(Debug)]
struct Piece {
    said: Said,
    /// The part that spoke last.
    part: u64,
    block: u32,
    open: bool,
    spoke: bool,
    cited: bool,
    weighed: bool,
}

/// Opens a block.
pub(super) fn open(kind: BlockKind, blocks: &mut u32, out: &mut Vec<Event>) -> u32 {
    let block = *blocks;
    *blocks = blocks.saturating_add(1);
    out.push(Event::Open {
        block,
        candidate: 0,
        kind,
    });
    block
}

impl Item {
    /// `head`: the item as it was announced.
    pub(super) fn new(index: Option<u64>, head: &Map<String, Value>) -> Item {
        let text = |key: &str| head.get(key).and_then(Value::as_str).unwrap_or_default();
        let id = text("id").to_owned();
        let custom = text("type") == "custom_tool_call";
        let is_call = custom || text("type") == "function_call";
        let call = is_call.then(|| ToolCall {
            // Some servers have no ids but the item's.
            id: match text("call_id") {
                "" => id.clone(),
                call_id => call_id.to_owned(),
            },
            name: text("name").to_owned(),
            namespace: Some(text("namespace"))
                .filter(|space| !space.is_empty())
                .map(str::to_owned),
            arguments: String::new(),
            custom,
        });
        Item {
            index,
            id,
            call,
            pieces: Vec::new(),
        }
    }

    /// Opens the block of a call, unless it has no name yet: then the finished item has it.
    pub(super) fn open_call(&mut self, blocks: &mut u32, out: &mut Vec<Event>) {
        if self.call.as_ref().is_some_and(|call| !call.name.is_empty()) {
            self.piece(Said::Arguments, 0, blocks, out);
        }
    }

    /// Says more of a text.
    pub(super) fn say(
        &mut self,
        said: Said,
        part: u64,
        text: String,
        blocks: &mut u32,
        out: &mut Vec<Event>,
    ) {
        if text.is_empty() {
            return;
        }
        if said == Said::Arguments && self.call.as_ref().is_none_or(|call| call.name.is_empty()) {
            return;
        }
        let Some(piece) = self.piece(said, part, blocks, out) else {
            return;
        };
        let block = piece.block;
        if piece.part != part {
            piece.part = part;
            if piece.spoke {
                let text = "\n\n".to_owned();
                out.push(Event::Delta { block, text });
            }
        }
        piece.spoke = true;
        out.push(Event::Delta { block, text });
    }

    /// Whether a text has been said already, in part at least.
    pub(super) fn has_said(&self, said: Said, part: u64) -> bool {
        self.pieces
            .iter()
            .any(|piece| piece.is(said, part) && piece.spoke)
    }

    pub(super) fn logprobs(&mut self, part: u64, list: &Value, out: &mut Vec<Event>) {
        let Some(piece) = self.speaking(Said::Text, part) else {
            return;
        };
        for one in list.as_array().into_iter().flatten() {
            if let Some(logprob) = logprob(one) {
                piece.weighed = true;
                out.push(Event::Annotate {
                    block: piece.block,
                    // One by one, however they are cut: a whole reply has them in one list.
                    annotation: Annotation::Logprobs(vec![logprob]),
                });
            }
        }
    }

    pub(super) fn cite(&mut self, part: u64, value: Value, out: &mut Vec<Event>) {
        if let Some(piece) = self.speaking(Said::Text, part) {
            piece.cited = true;
            out.push(Event::Annotate {
                block: piece.block,
                annotation: citation(value),
            });
        }
    }

    /// Says what is left of a message; whether it is a refusal.
    pub(super) fn finish_message(
        &mut self,
        whole: &Map<String, Value>,
        blocks: &mut u32,
        out: &mut Vec<Event>,
    ) -> bool {
        let mut refused = false;
        let content = whole.get("content").and_then(Value::as_array);
        for (part, value) in (0u64..).zip(content.into_iter().flatten()) {
            let (said, field) = match value.get("type").and_then(Value::as_str) {
                Some("refusal") => (Said::Refusal, "refusal"),
                Some("output_text" | "text") => (Said::Text, "text"),
                _ => continue,
            };
            let text = value.get(field).and_then(Value::as_str).unwrap_or_default();
            refused |= said == Said::Refusal && !text.is_empty();
            if !self.has_said(said, part) {
                self.say(said, part, text.to_owned(), blocks, out);
            }
            let Some(piece) = self.speaking(said, part) else {
                continue;
            };
            let (cited, weighed) = (piece.cited, piece.weighed);
            if !weighed && let Some(list) = value.get("logprobs") {
                self.logprobs(part, list, out);
            }
            let annotations = value.get("annotations").and_then(Value::as_array);
            for annotation in annotations.into_iter().flatten().filter(|_| !cited) {
                self.cite(part, annotation.clone(), out);
            }
        }
        refused
    }

    pub(super) fn finish_call(
        &mut self,
        whole: &Map<String, Value>,
        blocks: &mut u32,
        out: &mut Vec<Event>,
    ) {
        if self.pieces.is_empty() {
            // Only now is it known what is called.
            self.call = Item::new(None, whole).call;
            self.piece(Said::Arguments, 0, blocks, out);
        }
        if !self.has_said(Said::Arguments, 0) {
            let text = match whole.get("arguments").or_else(|| whole.get("input")) {
                Some(Value::String(text)) => text.clone(),
                Some(object @ Value::Object(_)) => object.to_string(),
                _ => String::new(),
            };
            self.say(Said::Arguments, 0, text, blocks, out);
        }
    }

    pub(super) fn finish_reasoning(
        &mut self,
        whole: &Map<String, Value>,
        blocks: &mut u32,
        out: &mut Vec<Event>,
    ) {
        for (said, key) in [(Said::Thought, "content"), (Said::Summary, "summary")] {
            if self.has_said(said, 0) {
                continue;
            }
            let parts = whole.get(key).and_then(Value::as_array);
            for (part, value) in (0u64..).zip(parts.into_iter().flatten()) {
                let text = value.get("text").and_then(Value::as_str);
                let text = text.unwrap_or_default().to_owned();
                self.say(said, part, text, blocks, out);
            }
        }
        let sealed = whole.get("encrypted_content").and_then(Value::as_str);
        let Some(sealed) = sealed.filter(|sealed| !sealed.is_empty()) else {
            return;
        };
        let block = match self.pieces.iter().rfind(|piece| piece.open) {
            Some(piece) => piece.block,
            None => {
                let kind = BlockKind::Reasoning {
                    hidden: true,
                    summary: false,
                };
                let block = open(kind, blocks, out);
                self.pieces.push(Piece::new(Said::Thought, 0, block));
                block
            }
        };
        out.push(Event::Seal {
            block,
            sealed: Sealed {
                dialect: Dialect::Responses,
                issuer: None,
                data: sealed.to_owned(),
            },
        });
    }

    /// Closes what is open.
    pub(super) fn close(&mut self, out: &mut Vec<Event>) {
        for piece in self.pieces.iter_mut().filter(|piece| piece.open) {
            piece.open = false;
            out.push(Event::Close { block: piece.block });
        }
    }

    /// The open block of a text.
    fn speaking(&mut self, said: Said, part: u64) -> Option<&mut Piece> {
        self.pieces
            .iter_mut()
            .find(|piece| piece.open && piece.is(said, part))
    }

    /// The block of a text, opened if it is new; nothing for one that was closed before.
    fn piece(
        &mut self,
        said: Said,
        part: u64,
        blocks: &mut u32,
        out: &mut Vec<Event>,
    ) -> Option<&mut Piece> {
        let known = self.pieces.iter().position(|piece| piece.is(said, part));
        let at = match known {
            Some(at) => at,
            None if self.pieces.len() >= MOST_PIECES => return None,
            None => {
                self.close(out);
                let kind = match said {
                    Said::Text => BlockKind::Text,
                    Said::Refusal => BlockKind::Refusal,
                    Said::Thought | Said::Summary => BlockKind::Reasoning {
                        hidden: false,
                        summary: said == Said::Summary,
                    },
                    Said::Arguments => BlockKind::ToolCall(self.call.clone()?),
                };
                let block = open(kind, blocks, out);
                self.pieces.push(Piece::new(said, part, block));
                self.pieces.len() - 1
            }
        };
        self.pieces.get_mut(at).filter(|piece| piece.open)
    }
}

impl Piece {
    fn new(said: Said, part: u64, block: u32) -> Piece {
        Piece {
            said,
            part,
            block,
            open: true,
            spoke: false,
            cited: false,
            weighed: false,
        }
    }

    /// Texts and refusals have a block for each part; of the others an item has one.
    fn is(&self, said: Said, part: u64) -> bool {
        self.said == said && (self.part == part || !matches!(said, Said::Text | Said::Refusal))
    }
}

fn logprob(value: &Value) -> Option<Logprob> {
    let one = |value: &Value| {
        let token = value.get("token")?.as_str()?.to_owned();
        Some((token, value.get("logprob")?.as_f64()?))
    };
    let (token, logprob) = one(value)?;
    let top = value.get("top_logprobs").and_then(Value::as_array);
    Some(Logprob {
        token,
        logprob,
        top: top.into_iter().flatten().filter_map(one).collect(),
    })
}
