//! Writes a reply's stream to a caller.
//!
//! Promises: the order the vendor's own SDKs hold a stream to: `message_start` first, blocks one
//! after the other with consecutive numbers, one signature at the end of its thought, the counts
//! with the stop reason, `message_stop` last. A block without content is not written at all, since
//! the vendor refuses it in the next request.
//! Leaves out: errors (`fault`), second candidates, signatures on texts and calls, which have no
//! place in this dialect, and blocks and citations of other dialects.

use serde_json::{Map, Value, json};

use super::frames_out::{begin, end, field, typed};
use super::usage_out;
use crate::hub::{Annotation, BlockKind, Event, Sealed};
use crate::translate::Writing;
use crate::{Dialect, StopReason, Usage};

/// Writes a reply's stream.
#[derive(Debug)]
pub(crate) struct Writer {
    writing: Writing,
    begun: bool,
    over: bool,
    /// The number of the block that is open or comes next.
    index: u32,
    open: Option<Open>,
    usage: Option<Usage>,
    stop: Option<(StopReason, Option<String>)>,
    extras: Vec<(String, Value)>,
    called: bool,
    refused: bool,
    /// Bytes of text and arguments, for an estimate when nobody counts.
    bytes: u64,
}

/// The block that is open.
#[derive(Debug)]
struct Open {
    /// Its number in the row of events.
    block: u32,
    kind: OpenKind,
    /// Its start is written.
    begun: bool,
    /// Something of its text is written.
    spoke: bool,
    seal: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OpenKind {
    Text,
    Thinking,
    Hidden,
    Call,
    /// Has no place in this dialect, or is written already.
    Silent,
}

impl Writer {
    pub(crate) fn new(writing: Writing) -> Writer {
        Writer {
            writing,
            begun: false,
            over: false,
            index: 0,
            open: None,
            usage: None,
            stop: None,
            extras: Vec::new(),
            called: false,
            refused: false,
            bytes: 0,
        }
    }

    /// The frames of the next event, appended to `out`.
    pub(crate) fn event(&mut self, event: &Event, out: &mut Vec<u8>) {
        if self.over {
            return;
        }
        match event {
            Event::Start(start) => self.start(start.model.as_deref(), out),
            Event::Open {
                block,
                candidate,
                kind,
            } => self.open(*block, *candidate, kind, out),
            Event::Delta { block, text } => self.delta(*block, text, out),
            Event::Seal { block, sealed } => self.seal(*block, sealed),
            Event::Annotate { block, annotation } => self.annotate(*block, annotation, out),
            Event::Close { block } => {
                if self.is_open(*block) {
                    self.close(out);
                }
            }
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::Stop {
                candidate: 0,
                stop,
                sequence,
            } => self.stop = Some((*stop, sequence.clone())),
            Event::Extra {
                owner: Dialect::Anthropic,
                key,
                value,
            } => self.extras.push((key.clone(), value.clone())),
            Event::Ping => {
                begin(out, "ping");
                end(out);
            }
            Event::End => self.end(out),
            Event::Stop { .. } | Event::Extra { .. } | Event::Failed(_) => {}
        }
    }

    fn start(&mut self, model: Option<&str>, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        // Clients show these before the exact figures come, and take none for none.
        let usage = Usage {
            input: self.writing.input_tokens.max(1),
            output: 1,
            ..Usage::default()
        };
        let message = json!({
            "id": format!("msg_{}", self.writing.id),
            "type": "message",
            "role": "assistant",
            "model": model.unwrap_or(&self.writing.model),
            "content": [],
            "stop_reason": null,
            "stop_sequence": null,
            "usage": usage_out::usage(&usage),
        });
        begin(out, "message_start");
        field(out, "message", &message);
        end(out);
    }

    fn open(&mut self, block: u32, candidate: u32, kind: &BlockKind, out: &mut Vec<u8>) {
        self.start(None, out);
        self.close(out);
        let is_first = candidate == 0;
        let open = match kind {
            _ if !is_first => OpenKind::Silent,
            BlockKind::Text => OpenKind::Text,
            BlockKind::Refusal => {
                self.refused = true;
                OpenKind::Text
            }
            BlockKind::Reasoning { hidden: true, .. } => OpenKind::Hidden,
            BlockKind::Reasoning { hidden: false, .. } => OpenKind::Thinking,
            BlockKind::ToolCall(_) => OpenKind::Call,
            BlockKind::Opaque { .. } => OpenKind::Silent,
        };
        match kind {
            BlockKind::ToolCall(call) if is_first => {
                self.called = true;
                let block =
                    json!({"type": "tool_use", "id": call.id, "name": call.name, "input": {}});
                self.begin_block(&block, out);
            }
            BlockKind::Opaque {
                owner: Dialect::Anthropic,
                value,
            } if is_first => self.opaque(value, out),
            _ => {}
        }
        self.open = Some(Open {
            block,
            kind: open,
            begun: open == OpenKind::Call,
            spoke: false,
            seal: None,
        });
    }

    /// A block in the vendor's own words. Arguments come as a delta, as the vendor sends them.
    fn opaque(&mut self, value: &Value, out: &mut Vec<u8>) {
        let input = value.get("input").filter(|input| {
            let is_empty = input.as_object().is_none_or(Map::is_empty);
            !is_empty
                && value["type"]
                    .as_str()
                    .is_some_and(|name| name.ends_with("tool_use"))
        });
        match input {
            Some(input) => {
                let mut bare = value.clone();
                bare["input"] = json!({});
                self.begin_block(&bare, out);
                self.piece("input_json_delta", "partial_json", &input.to_string(), out);
            }
            None => self.begin_block(value, out),
        }
        self.end_block(out);
    }

    fn delta(&mut self, block: u32, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() || !self.is_open(block) {
            return;
        }
        self.bytes = self.bytes.saturating_add(text.len() as u64);
        self.begin_lazily(out);
        let Some(open) = &mut self.open else {
            return;
        };
        open.spoke = true;
        match open.kind {
            OpenKind::Text => self.piece("text_delta", "text", text, out),
            OpenKind::Thinking => self.piece("thinking_delta", "thinking", text, out),
            OpenKind::Call => self.piece("input_json_delta", "partial_json", text, out),
            OpenKind::Hidden | OpenKind::Silent => {}
        }
    }

    /// The last seal of a block stands, at its end.
    fn seal(&mut self, block: u32, sealed: &Sealed) {
        if let Some(open) = self.open.as_mut().filter(|open| open.block == block)
            && matches!(open.kind, OpenKind::Thinking | OpenKind::Hidden)
        {
            open.seal = Some(sealed.to_wire(Dialect::Anthropic));
        }
    }

    fn annotate(&mut self, block: u32, annotation: &Annotation, out: &mut Vec<u8>) {
        let Annotation::Citation {
            owner: Dialect::Anthropic,
            value,
            ..
        } = annotation
        else {
            return;
        };
        let is_text = self
            .open
            .as_ref()
            .is_some_and(|open| open.kind == OpenKind::Text);
        if is_text && self.is_open(block) {
            self.begin_lazily(out);
            begin(out, "content_block_delta");
            field(out, "index", &self.index);
            field(
                out,
                "delta",
                &json!({"type": "citations_delta", "citation": value}),
            );
            end(out);
        }
    }

    /// Writes the start of a text or a thought, once there is something of it.
    fn begin_lazily(&mut self, out: &mut Vec<u8>) {
        let Some(open) = self.open.as_mut().filter(|open| !open.begun) else {
            return;
        };
        let block = match open.kind {
            OpenKind::Text => json!({"type": "text", "text": ""}),
            OpenKind::Thinking => json!({"type": "thinking", "thinking": "", "signature": ""}),
            OpenKind::Hidden | OpenKind::Call | OpenKind::Silent => return,
        };
        open.begun = true;
        self.begin_block(&block, out);
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        let seal = self.open.as_mut().and_then(|open| open.seal.take());
        let kind = self.open.as_ref().map(|open| open.kind);
        match (kind, seal) {
            (Some(OpenKind::Hidden), Some(data)) => {
                self.begin_block(&json!({"type": "redacted_thinking", "data": data}), out);
                self.end_block(out);
            }
            (Some(OpenKind::Thinking), Some(seal)) => {
                self.begin_lazily(out);
                self.piece("signature_delta", "signature", &seal, out);
            }
            _ => {}
        }
        let Some(open) = self.open.take() else {
            return;
        };
        if open.kind == OpenKind::Call && !open.spoke {
            self.piece("input_json_delta", "partial_json", "{}", out);
        }
        if open.begun {
            self.end_block(out);
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.start(None, out);
        self.close(out);
        self.over = true;
        let (stop, sequence) = match self.stop.take() {
            Some((stop, sequence)) => (Some(stop), sequence),
            None => (None, None),
        };
        let mut delta = Map::new();
        let word = usage_out::stop_word(stop, self.called, self.refused);
        delta.insert("stop_reason".to_owned(), word.into());
        delta.insert("stop_sequence".to_owned(), sequence.into());
        let mut usage = usage_out::final_usage(self.usage.as_ref(), &self.writing, self.bytes);
        let extras = self.extras.iter().map(|(key, value)| (key, value));
        usage_out::own(extras, &mut delta, &mut usage);
        let managed = delta.shift_remove("context_management");
        begin(out, "message_delta");
        field(out, "delta", &delta);
        field(out, "usage", &usage);
        if let Some(managed) = managed {
            field(out, "context_management", &managed);
        }
        end(out);
        begin(out, "message_stop");
        end(out);
    }

    fn is_open(&self, block: u32) -> bool {
        self.open.as_ref().is_some_and(|open| open.block == block)
    }

    fn begin_block(&self, block: &Value, out: &mut Vec<u8>) {
        begin(out, "content_block_start");
        field(out, "index", &self.index);
        field(out, "content_block", block);
        end(out);
    }

    fn piece(&self, name: &str, key: &str, text: &str, out: &mut Vec<u8>) {
        begin(out, "content_block_delta");
        field(out, "index", &self.index);
        typed(out, "delta", name, key, text);
        end(out);
    }

    fn end_block(&mut self, out: &mut Vec<u8>) {
        begin(out, "content_block_stop");
        field(out, "index", &self.index);
        end(out);
        self.index = self.index.saturating_add(1);
    }
}
