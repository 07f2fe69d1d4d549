//! Messages: the event stream and the whole message.
//!
//! Promises: blocks open and close in order and one at a time, a ping after the
//! start as the vendor sends it, cumulative usage with the stop reason.

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{Part, ReplyEvent, Whole};
use crate::reading::anthropic_stop_word;
use crate::{Usage, json};

/// The state of one stream.
#[derive(Debug)]
pub(super) struct MessageWriter {
    /// The index of the block that is open or comes next.
    index: u32,
    /// A text block is open. Calls open and close within one event.
    text_is_open: bool,
}

impl MessageWriter {
    pub(super) fn new() -> Self {
        MessageWriter {
            index: 0,
            text_is_open: false,
        }
    }

    pub(super) fn frames(&mut self, event: &ReplyEvent) -> Bytes {
        let mut frames = Vec::with_capacity(512);
        match event {
            ReplyEvent::Start {
                id,
                model,
                created_unix_s: _,
                input_tokens,
            } => {
                let usage = Usage {
                    input: *input_tokens,
                    ..Usage::default()
                };
                send(
                    &mut frames,
                    &Event::MessageStart {
                        message: Message::new(id, model, usage),
                    },
                );
                send(&mut frames, &Event::Ping);
            }
            ReplyEvent::Text(text) => {
                if !std::mem::replace(&mut self.text_is_open, true) {
                    self.open(&mut frames, Block::Text { text: "" });
                }
                self.delta(&mut frames, BlockDelta::TextDelta { text });
            }
            ReplyEvent::ToolCall {
                id,
                name,
                arguments,
            } => {
                self.close_text(&mut frames);
                self.open(
                    &mut frames,
                    Block::ToolUse {
                        id,
                        name,
                        input: object("{}"),
                    },
                );
                let input = object(arguments);
                self.delta(
                    &mut frames,
                    BlockDelta::InputJsonDelta {
                        partial_json: input.get(),
                    },
                );
                self.close(&mut frames);
            }
            ReplyEvent::End { stop, usage } => {
                self.close_text(&mut frames);
                let delta = MessageDelta {
                    stop_reason: anthropic_stop_word(*stop),
                    stop_sequence: None,
                };
                send(
                    &mut frames,
                    &Event::MessageDelta {
                        delta,
                        usage: Counts::from(*usage),
                    },
                );
                send(&mut frames, &Event::MessageStop);
            }
        }
        frames.into()
    }

    fn open(&self, frames: &mut Vec<u8>, content_block: Block<'_>) {
        send(
            frames,
            &Event::ContentBlockStart {
                index: self.index,
                content_block,
            },
        );
    }

    fn delta(&self, frames: &mut Vec<u8>, delta: BlockDelta<'_>) {
        send(
            frames,
            &Event::ContentBlockDelta {
                index: self.index,
                delta,
            },
        );
    }

    fn close(&mut self, frames: &mut Vec<u8>) {
        send(frames, &Event::ContentBlockStop { index: self.index });
        self.index += 1;
    }

    fn close_text(&mut self, frames: &mut Vec<u8>) {
        if std::mem::take(&mut self.text_is_open) {
            self.close(frames);
        }
    }
}

/// The whole message.
pub(super) fn document(reply: &Whole<'_>) -> Bytes {
    let content = reply.parts.iter().map(|part| match part {
        Part::Text(text) => Block::Text { text },
        Part::Call {
            id,
            name,
            arguments,
        } => Block::ToolUse {
            id,
            name,
            input: object(arguments),
        },
    });
    json::document(&Message {
        content: content.collect(),
        stop_reason: Some(anthropic_stop_word(reply.stop)),
        ..Message::new(reply.id, reply.model, reply.usage)
    })
}

/// Arguments as the object that Messages wants. What is no object is kept as
/// text inside one, so that nothing is lost and no client trips over it.
fn object(arguments: &str) -> Box<RawValue> {
    let arguments = arguments.trim();
    let text = if arguments.is_empty() {
        "{}"
    } else {
        arguments
    };
    let read = RawValue::from_string(text.to_owned())
        .ok()
        .filter(|raw| raw.get().starts_with('{'));
    read.unwrap_or_else(|| {
        let quoted = serde_json::Value::from(arguments).to_string();
        RawValue::from_string(format!("{{\"_raw\":{quoted}}}"))
            .unwrap_or_else(|_| RawValue::NULL.to_owned())
    })
}

/// Every event is named twice, in front and in the data.
fn send(frames: &mut Vec<u8>, event: &Event<'_>) {
    let name = match event {
        Event::MessageStart { .. } => "message_start",
        Event::Ping => "ping",
        Event::ContentBlockStart { .. } => "content_block_start",
        Event::ContentBlockDelta { .. } => "content_block_delta",
        Event::ContentBlockStop { .. } => "content_block_stop",
        Event::MessageDelta { .. } => "message_delta",
        Event::MessageStop => "message_stop",
    };
    json::event(frames, Some(name), event);
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event<'a> {
    MessageStart {
        message: Message<'a>,
    },
    Ping,
    ContentBlockStart {
        index: u32,
        content_block: Block<'a>,
    },
    ContentBlockDelta {
        index: u32,
        delta: BlockDelta<'a>,
    },
    ContentBlockStop {
        index: u32,
    },
    MessageDelta {
        delta: MessageDelta,
        usage: Counts,
    },
    MessageStop,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block<'a> {
    Text {
        text: &'a str,
    },
    ToolUse {
        id: &'a str,
        name: &'a str,
        input: Box<RawValue>,
    },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum BlockDelta<'a> {
    TextDelta { text: &'a str },
    InputJsonDelta { partial_json: &'a str },
}

#[derive(Serialize)]
struct MessageDelta {
    stop_reason: &'static str,
    stop_sequence: Option<()>,
}

#[derive(Serialize)]
struct Message<'a> {
    id: &'a str,
    r#type: &'static str,
    role: &'static str,
    model: &'a str,
    content: Vec<Block<'a>>,
    stop_reason: Option<&'static str>,
    stop_sequence: Option<()>,
    usage: Counts,
}

impl<'a> Message<'a> {
    fn new(id: &'a str, model: &'a str, usage: Usage) -> Self {
        Message {
            id,
            r#type: "message",
            role: "assistant",
            model,
            content: Vec::new(),
            stop_reason: None,
            stop_sequence: None,
            usage: Counts::from(usage),
        }
    }
}

/// Usage put together again the way Anthropic counts: cache classes beside the
/// input, thinking inside the output.
#[derive(Serialize)]
struct Counts {
    input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    cache_creation: CacheCreation,
    output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Serialize)]
struct CacheCreation {
    ephemeral_5m_input_tokens: u64,
    ephemeral_1h_input_tokens: u64,
}

#[derive(Serialize)]
struct OutputDetails {
    thinking_tokens: u64,
}

impl From<Usage> for Counts {
    fn from(usage: Usage) -> Self {
        let thinking_tokens = usage.reasoning;
        Counts {
            input_tokens: usage.input,
            cache_creation_input_tokens: usage.cache_write + usage.cache_write_long,
            cache_read_input_tokens: usage.cache_read,
            cache_creation: CacheCreation {
                ephemeral_5m_input_tokens: usage.cache_write,
                ephemeral_1h_input_tokens: usage.cache_write_long,
            },
            output_tokens: usage.output_total(),
            output_tokens_details: (thinking_tokens > 0)
                .then_some(OutputDetails { thinking_tokens }),
        }
    }
}
