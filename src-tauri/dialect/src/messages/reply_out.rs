//! Writes a whole reply as one document.
//!
//! Promises: what the stream would have said. Leaves out the same.

use serde_json::{Map, Value, json};

use super::content_out::{input, typed};
use super::usage_out;
use crate::Dialect;
use crate::hub::{Annotation, Block, BlockKind, Reply};
use crate::translate::Writing;

/// A whole reply, as one document.
pub(crate) fn write_reply(reply: &Reply, writing: &Writing) -> Value {
    let answer = reply.candidates.first();
    let blocks = answer
        .map(|answer| answer.blocks.as_slice())
        .unwrap_or_default();
    let has = |is: fn(&BlockKind) -> bool| blocks.iter().any(|block| is(&block.kind));
    let called = has(|kind| matches!(kind, BlockKind::ToolCall(_)));
    let refused = has(|kind| matches!(kind, BlockKind::Refusal));
    let stop = answer.and_then(|answer| answer.stop);
    let bytes = blocks.iter().map(|block| block.text.len() as u64).sum();
    let mut usage = usage_out::final_usage(reply.usage.as_ref(), writing, bytes);
    let mut message = Map::new();
    for (key, value) in [
        ("id", format!("msg_{}", writing.id).into()),
        ("type", "message".into()),
        ("role", "assistant".into()),
        (
            "model",
            reply
                .start
                .model
                .as_deref()
                .unwrap_or(&writing.model)
                .into(),
        ),
        ("content", blocks.iter().filter_map(block).collect()),
        (
            "stop_reason",
            usage_out::stop_word(stop, called, refused).into(),
        ),
        (
            "stop_sequence",
            answer.and_then(|answer| answer.sequence.clone()).into(),
        ),
    ] {
        message.insert(key.to_owned(), value);
    }
    let ours = reply
        .extras
        .iter()
        .filter(|extra| extra.0 == Dialect::Anthropic);
    let ours = ours.map(|(_, key, value)| (key, value));
    usage_out::own(ours, &mut message, &mut usage);
    message.insert("usage".to_owned(), Value::Object(usage));
    Value::Object(message)
}

fn block(block: &Block) -> Option<Value> {
    let sealed = block
        .sealed
        .as_ref()
        .map(|sealed| sealed.to_wire(Dialect::Anthropic));
    let text = block.text.as_str();
    let written = match &block.kind {
        BlockKind::Text | BlockKind::Refusal => {
            let citations = citations(block);
            if text.is_empty() && citations.is_empty() {
                return None;
            }
            let mut written = typed("text", "text", text);
            if !citations.is_empty() {
                written.insert("citations".to_owned(), citations.into());
            }
            written
        }
        BlockKind::Reasoning { hidden: true, .. } => typed("redacted_thinking", "data", sealed?),
        BlockKind::Reasoning { hidden: false, .. } => {
            if text.is_empty() && sealed.is_none() {
                return None;
            }
            let mut written = typed("thinking", "thinking", text);
            written.insert("signature".to_owned(), sealed.unwrap_or_default().into());
            written
        }
        BlockKind::ToolCall(call) => {
            return Some(json!({
                "type": "tool_use",
                "id": call.id,
                "name": call.name,
                "input": input(text),
            }));
        }
        BlockKind::Opaque { owner, value } => {
            return (*owner == Dialect::Anthropic).then(|| value.clone());
        }
    };
    Some(Value::Object(written))
}

fn citations(block: &Block) -> Vec<Value> {
    let ours = block
        .annotations
        .iter()
        .filter_map(|annotation| match annotation {
            Annotation::Citation {
                owner: Dialect::Anthropic,
                value,
                ..
            } => Some(value.clone()),
            _ => None,
        });
    ours.collect()
}
