//! Chat Completions: chunks and the whole completion.
//!
//! Promises: the role comes with the first chunk, calls whole in one fragment,
//! a usage chunk without choices only for those who asked, `[DONE]` last.
//! Every chunk's choice has a `finish_reason`, null or not: some SDKs insist.

use bytes::Bytes;
use serde::Serialize;

use super::{Part, ReplyEvent, Whole};
use crate::reading::openai_stop_word;
use crate::{Usage, json};

/// The state of one stream.
#[derive(Debug)]
pub(super) struct ChunkWriter {
    include_usage: bool,
    id: String,
    model: String,
    created: u64,
    calls: u32,
}

impl ChunkWriter {
    pub(super) fn new(include_usage: bool) -> Self {
        ChunkWriter {
            include_usage,
            id: String::new(),
            model: String::new(),
            created: 0,
            calls: 0,
        }
    }

    pub(super) fn frames(&mut self, event: &ReplyEvent) -> Bytes {
        let mut frames = Vec::with_capacity(512);
        match event {
            ReplyEvent::Start {
                id,
                model,
                created_unix_s,
                input_tokens: _,
            } => {
                (self.id, self.model) = (id.clone(), model.clone());
                self.created = *created_unix_s;
                let role = Delta {
                    role: Some("assistant"),
                    content: Some(""),
                    ..Delta::default()
                };
                self.choice(&mut frames, role, None);
            }
            ReplyEvent::Text(text) => {
                let delta = Delta {
                    content: Some(text),
                    ..Delta::default()
                };
                self.choice(&mut frames, delta, None);
            }
            ReplyEvent::ToolCall {
                id,
                name,
                arguments,
            } => {
                let call = Call {
                    index: Some(self.calls),
                    id,
                    r#type: "function",
                    function: Function::new(name, arguments),
                };
                self.calls += 1;
                let delta = Delta {
                    tool_calls: Some([call]),
                    ..Delta::default()
                };
                self.choice(&mut frames, delta, None);
            }
            ReplyEvent::End { stop, usage } => {
                self.choice(&mut frames, Delta::default(), Some(openai_stop_word(*stop)));
                if self.include_usage {
                    self.chunk(&mut frames, &[], Some(Some(Counts::from(*usage))));
                }
                frames.extend_from_slice(b"data: [DONE]\n\n");
            }
        }
        frames.into()
    }

    fn choice(&self, frames: &mut Vec<u8>, delta: Delta<'_>, finish_reason: Option<&str>) {
        let choice = ChunkChoice {
            index: 0,
            delta,
            logprobs: None,
            finish_reason,
        };
        // Asked for, usage stands in every chunk, null until the last.
        self.chunk(frames, &[choice], self.include_usage.then_some(None));
    }

    fn chunk(
        &self,
        frames: &mut Vec<u8>,
        choices: &[ChunkChoice<'_>],
        usage: Option<Option<Counts>>,
    ) {
        let chunk = Chunk {
            id: &self.id,
            object: "chat.completion.chunk",
            created: self.created,
            model: &self.model,
            choices,
            usage,
        };
        json::event(frames, None, &chunk);
    }
}

/// The whole completion.
pub(super) fn document(reply: &Whole<'_>) -> Bytes {
    let mut text = String::new();
    let mut calls = Vec::new();
    for part in &reply.parts {
        match part {
            Part::Text(piece) => text.push_str(piece),
            Part::Call {
                id,
                name,
                arguments,
            } => calls.push(Call {
                index: None,
                id,
                r#type: "function",
                function: Function::new(name, arguments),
            }),
        }
    }
    let content = (!text.is_empty() || calls.is_empty()).then_some(&*text);
    json::document(&Completion {
        id: reply.id,
        object: "chat.completion",
        created: reply.created_unix_s,
        model: reply.model,
        choices: [Choice {
            index: 0,
            message: Message {
                role: "assistant",
                content,
                refusal: None,
                tool_calls: calls,
            },
            logprobs: None,
            finish_reason: openai_stop_word(reply.stop),
        }],
        usage: Counts::from(reply.usage),
    })
}

#[derive(Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: &'a [ChunkChoice<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Option<Counts>>,
}

#[derive(Serialize)]
struct ChunkChoice<'a> {
    index: u32,
    delta: Delta<'a>,
    logprobs: Option<()>,
    finish_reason: Option<&'a str>,
}

#[derive(Default, Serialize)]
struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<[Call<'a>; 1]>,
}

#[derive(Serialize)]
struct Call<'a> {
    /// In streams only.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u32>,
    id: &'a str,
    r#type: &'static str,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    arguments: &'a str,
}

impl<'a> Function<'a> {
    /// A call without arguments has an empty object: clients parse them.
    fn new(name: &'a str, arguments: &'a str) -> Self {
        let none = arguments.trim().is_empty();
        Function {
            name,
            arguments: if none { "{}" } else { arguments },
        }
    }
}

#[derive(Serialize)]
struct Completion<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: [Choice<'a>; 1],
    usage: Counts,
}

#[derive(Serialize)]
struct Choice<'a> {
    index: u32,
    message: Message<'a>,
    logprobs: Option<()>,
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Option<&'a str>,
    refusal: Option<()>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
}

/// Usage put together again the way OpenAI counts: cached inside the prompt,
/// reasoning inside the completion.
#[derive(Serialize)]
struct Counts {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: PromptDetails,
    completion_tokens_details: CompletionDetails,
}

#[derive(Serialize)]
struct PromptDetails {
    cached_tokens: u64,
    cache_write_tokens: u64,
}

#[derive(Serialize)]
struct CompletionDetails {
    reasoning_tokens: u64,
}

impl From<Usage> for Counts {
    fn from(usage: Usage) -> Self {
        Counts {
            prompt_tokens: usage.input_total(),
            completion_tokens: usage.output_total(),
            total_tokens: usage.input_total() + usage.output_total(),
            prompt_tokens_details: PromptDetails {
                cached_tokens: usage.cache_read,
                cache_write_tokens: usage.cache_write + usage.cache_write_long,
            },
            completion_tokens_details: CompletionDetails {
                reasoning_tokens: usage.reasoning,
            },
        }
    }
}
