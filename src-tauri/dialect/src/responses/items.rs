//! Blocks of a reply as items of this API's output.
//!
//! Promises: one item for each block, in the block's order; a stream's finished items and those
//! of a whole reply are written here alone. Another vendor's thought is shown as a summary, and
//! its seal travels as encrypted content; a seal on a call or a text has no room in those, and
//! follows as a thought of its own.
//! Leaves out: opaque blocks and citations of other dialects, which no reader here knows.

use serde_json::{Map, Value, json};

use super::ids::Named;
use crate::Dialect;
use crate::hub::{
    Annotation, Block, BlockKind, Extras, Kind, Logprob, Message, Part, Reasoning, Reply, Role,
    Sealed,
};

/// Whether a block is written at all: one that never said anything is not.
pub(super) fn is_written(block: &Block) -> bool {
    match &block.kind {
        BlockKind::Text => !block.text.is_empty() || !block.annotations.is_empty(),
        BlockKind::Refusal => !block.text.is_empty(),
        BlockKind::Reasoning { .. } => !block.text.is_empty() || block.sealed.is_some(),
        BlockKind::ToolCall(_) => true,
        BlockKind::Opaque { owner, .. } => *owner == Dialect::Responses,
    }
}

/// What a block's item is called.
pub(super) fn named(kind: &BlockKind) -> Named {
    match kind {
        BlockKind::Text | BlockKind::Refusal | BlockKind::Opaque { .. } => Named::Message,
        BlockKind::Reasoning { hidden: true, .. } => Named::HiddenThought,
        BlockKind::Reasoning { .. } => Named::Thought,
        BlockKind::ToolCall(call) if call.custom => Named::CustomCall,
        BlockKind::ToolCall(_) => Named::Call,
    }
}

/// The item of a block. `status`: `in_progress`, `completed` or `incomplete`.
pub(super) fn item(block: &Block, id: &str, status: &str) -> Value {
    match &block.kind {
        BlockKind::Text | BlockKind::Refusal => json!({
            "id": id,
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": content(block, status),
        }),
        BlockKind::Reasoning { .. } => {
            let mut item = json!({"id": id, "type": "reasoning", "summary": []});
            if !block.text.is_empty() {
                item["summary"] = json!([summary_part(&block.text)]);
            }
            if let Some(sealed) = &block.sealed {
                item["encrypted_content"] = sealed.to_wire(Dialect::Responses).into();
            }
            item
        }
        BlockKind::ToolCall(call) => {
            let mut item = Map::new();
            let mut put = |key: &str, value: &str| {
                item.insert(key.to_owned(), value.into());
            };
            put("id", id);
            if call.custom {
                put("type", "custom_tool_call");
                put("status", status);
                put("input", &block.text);
            } else {
                put("type", "function_call");
                put("status", status);
                put("arguments", &block.text);
            }
            // Some dialects tie results to calls by their order alone.
            put("call_id", if call.id.is_empty() { id } else { &call.id });
            put("name", &call.name);
            if let Some(namespace) = &call.namespace {
                put("namespace", namespace);
            }
            Value::Object(item)
        }
        BlockKind::Opaque { value, .. } => value.clone(),
    }
}

/// The item that carries the seal of the one before, if that has one and can't.
pub(super) fn signature(block: &Block, reply: &str, index: u32) -> Option<(String, Value)> {
    let sealed = block.sealed.as_ref()?;
    if matches!(
        block.kind,
        BlockKind::Reasoning { .. } | BlockKind::Opaque { .. }
    ) {
        return None;
    }
    let id = Named::Signature.id(reply, index);
    let item = json!({
        "id": id,
        "type": "reasoning",
        "summary": [],
        "encrypted_content": sealed.to_wire(Dialect::Responses),
    });
    Some((id, item))
}

/// A message's content; empty while it is announced.
fn content(block: &Block, status: &str) -> Value {
    if status == "in_progress" {
        json!([])
    } else {
        json!([content_part(block)])
    }
}

/// The one part of a text's or refusal's message.
pub(super) fn content_part(block: &Block) -> Value {
    if block.kind == BlockKind::Refusal {
        return json!({"type": "refusal", "refusal": block.text});
    }
    let mut annotations = Vec::new();
    let mut logprobs = Vec::new();
    for annotation in &block.annotations {
        match annotation {
            Annotation::Logprobs(list) => logprobs.extend(list.iter().map(whole_logprob)),
            Annotation::Citation { .. } => annotations.extend(citation(annotation, &block.text)),
        }
    }
    json!({
        "type": "output_text",
        "text": block.text,
        "annotations": annotations,
        "logprobs": logprobs,
    })
}

pub(super) fn summary_part(text: &str) -> Value {
    json!({"type": "summary_text", "text": text})
}

/// A citation that a reader of this dialect knows. `text`: what it is a remark on, so far.
pub(super) fn citation(annotation: &Annotation, text: &str) -> Option<Value> {
    let Annotation::Citation {
        owner,
        url,
        title,
        value,
    } = annotation
    else {
        return None;
    };
    if *owner == Dialect::Responses {
        return Some(value.clone());
    }
    let url = url.as_deref()?;
    // Chat Completions says where; the others' places are not counted in characters.
    let place = |key: &str| {
        let nested = value.get("url_citation").and_then(|c| c.get(key));
        nested.and_then(Value::as_u64)
    };
    let here = || u64::try_from(text.chars().count()).unwrap_or(0);
    let (start, end) = match (place("start_index"), place("end_index")) {
        (Some(start), Some(end)) => (start, end),
        _ => (0, here()),
    };
    Some(json!({
        "type": "url_citation",
        "start_index": start,
        "end_index": end,
        "url": url,
        "title": title.as_deref().unwrap_or(url),
    }))
}

/// As a delta has it.
pub(super) fn logprob(one: &Logprob) -> Value {
    let top = one.top.iter();
    let top: Vec<Value> = top
        .map(|(token, logprob)| json!({"token": token, "logprob": logprob}))
        .collect();
    json!({"token": one.token, "logprob": one.logprob, "top_logprobs": top})
}

/// As a finished part has it.
fn whole_logprob(one: &Logprob) -> Value {
    let token = |token: &str, logprob: f64| json!({"token": token, "bytes": token.as_bytes(), "logprob": logprob});
    let mut whole = token(&one.token, one.logprob);
    let top = one.top.iter();
    whole["top_logprobs"] = top.map(|(text, logprob)| token(text, *logprob)).collect();
    whole
}

/// The assistant's message that a stored reply adds to a conversation, for a request that goes on
/// from it; none if it said nothing.
pub(crate) fn items_of(reply: &Reply) -> Vec<Message> {
    let Some(answer) = reply.candidates.first() else {
        return Vec::new();
    };
    let parts: Vec<Part> = answer
        .blocks
        .iter()
        .filter(|block| is_written(block) || matches!(block.kind, BlockKind::Opaque { .. }))
        .map(part_of)
        .collect();
    if parts.is_empty() {
        return Vec::new();
    }
    vec![Message::new(Role::Assistant, parts)]
}

fn part_of(block: &Block) -> Part {
    let mut extras = Extras::default();
    let mut sealed: Option<Sealed> = block.sealed.clone();
    let kind = match &block.kind {
        BlockKind::Text => Kind::Text(block.text.clone()),
        BlockKind::Refusal => Kind::Refusal(block.text.clone()),
        BlockKind::Reasoning { hidden, summary } => {
            let (text, summary) = if *summary && !block.text.is_empty() {
                (String::new(), vec![block.text.clone()])
            } else {
                (block.text.clone(), Vec::new())
            };
            Kind::Reasoning(Reasoning {
                text,
                summary,
                sealed: sealed.take(),
                hidden: *hidden,
                id: None,
            })
        }
        BlockKind::ToolCall(call) => {
            let mut call = call.clone();
            call.arguments.clone_from(&block.text);
            Kind::ToolCall(call)
        }
        BlockKind::Opaque { owner, value } => {
            extras = Extras::by(*owner);
            Kind::Opaque(value.clone())
        }
    };
    Part {
        kind,
        cache: None,
        sealed,
        extras,
    }
}
