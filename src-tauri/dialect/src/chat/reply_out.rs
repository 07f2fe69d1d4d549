//! A whole reply, as one document.
//!
//! Promises: what a stream of the same reply adds up to. `content` is null when there are only
//! calls, and `refusal` is null when there is none, as OpenAI writes them.

use serde_json::{Map, Value, json};

use super::envelope;
use super::fields::merge;
use super::remarks::{self, Logprobs};
use super::{calls, thoughts};
use crate::hub::{Annotation, Block, BlockKind, Candidate, Extras, Reply, ToolCall};
use crate::reading::openai_stop_word;
use crate::translate::Writing;
use crate::{Dialect, StopReason};

pub(super) fn write(reply: &Reply, writing: &Writing) -> Value {
    let choices = reply.candidates.iter().enumerate();
    let choices = choices.map(|(at, candidate)| choice(at, candidate));
    envelope::document(reply, writing, choices.collect())
}

fn choice(at: usize, candidate: &Candidate) -> Value {
    let sealed =
        |block: &Block| matches!(block.kind, BlockKind::Reasoning { .. }) && block.sealed.is_some();
    let mut message = Message {
        tells_details: candidate.blocks.iter().any(sealed),
        ..Message::default()
    };
    for block in &candidate.blocks {
        message.add(block);
    }
    let stop = candidate.stop.unwrap_or(StopReason::Other);
    let logprobs = logprobs(candidate);
    json!({
        "index": at,
        "message": message.written(),
        "logprobs": logprobs,
        "finish_reason": openai_stop_word(stop),
    })
}

#[derive(Default)]
struct Message {
    content: String,
    thought: String,
    details: Vec<Value>,
    /// A thought is sealed: then all are told one by one.
    tells_details: bool,
    refusal: Option<String>,
    calls: Vec<Value>,
    annotations: Vec<Value>,
    seal: Option<Value>,
    others: Map<String, Value>,
}

impl Message {
    fn add(&mut self, block: &Block) {
        let sealed = block.sealed.as_ref();
        match &block.kind {
            BlockKind::Text => {
                let start = self.content.chars().count();
                self.content.push_str(&block.text);
                let end = start.saturating_add(block.text.chars().count());
                let citations = block.annotations.iter();
                let citations = citations.filter_map(|a| remarks::citation(a, start, end));
                self.annotations.extend(citations);
                self.seal = sealed.map(calls::seal).or(self.seal.take());
            }
            BlockKind::Refusal => self.refusal.get_or_insert_default().push_str(&block.text),
            BlockKind::Reasoning { hidden, summary } => {
                self.thought.push_str(&block.text);
                if self.tells_details {
                    let words = Some(block.text.as_str()).filter(|text| !text.is_empty());
                    let (text, gist) = if *summary {
                        (None, words)
                    } else {
                        (words, None)
                    };
                    let at = self.details.len();
                    let entry = thoughts::entry(text, gist, sealed, *hidden, at);
                    self.details.push(Value::Object(entry));
                }
            }
            BlockKind::ToolCall(call) => {
                let arguments = match block.text.trim_ascii_start() {
                    _ if call.custom => block.text.clone(),
                    "" => "{}".to_owned(),
                    text => text.to_owned(),
                };
                let call = ToolCall {
                    arguments,
                    ..call.clone()
                };
                let call = calls::write(call, sealed, Extras::default());
                self.calls.push(call);
            }
            BlockKind::Opaque {
                owner: Dialect::OpenAi,
                value: Value::Object(fields),
            } => merge(&mut self.others, fields.clone()),
            BlockKind::Opaque { .. } => {}
        }
    }

    fn written(self) -> Value {
        let silent = self.content.is_empty() && (!self.calls.is_empty() || self.refusal.is_some());
        let content = if silent {
            Value::Null
        } else {
            self.content.into()
        };
        let mut message = Map::new();
        let mut put = |key: &str, value: Value| {
            message.insert(key.to_owned(), value);
        };
        put("role", "assistant".into());
        put("content", content);
        put("refusal", self.refusal.map_or(Value::Null, Value::from));
        if !self.thought.is_empty() {
            put("reasoning_content", self.thought.into());
        }
        for (key, list) in [
            ("reasoning_details", self.details),
            ("tool_calls", self.calls),
            ("annotations", self.annotations),
        ] {
            if !list.is_empty() {
                put(key, list.into());
            }
        }
        if let Some(seal) = self.seal {
            put("extra_content", seal);
        }
        merge(&mut message, self.others);
        Value::Object(message)
    }
}

fn logprobs(candidate: &Candidate) -> Option<Logprobs<'_>> {
    let mut all: Option<Logprobs<'_>> = None;
    for block in &candidate.blocks {
        let refusal = block.kind == BlockKind::Refusal;
        for annotation in &block.annotations {
            if let Annotation::Logprobs(tokens) = annotation {
                match &mut all {
                    Some(all) => all.add(tokens, refusal),
                    None if refusal => all = Some(Logprobs::of_refusal(tokens)),
                    None => all = Some(Logprobs::of_content(tokens)),
                }
            }
        }
    }
    all
}
