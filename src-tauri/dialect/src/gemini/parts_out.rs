//! What a caller's stream and its whole reply have in common: parts, and a candidate's end.

use serde_json::Value;

use super::fields::{Object, merge};
use super::{calls, counts, remarks, seals, stops};
use crate::hub::{Annotation, BlockKind, Sealed};
use crate::{Dialect, StopReason, Usage};

/// A block as a part; `None` where Google has nothing like it, or nothing was said.
pub(super) fn part(kind: &BlockKind, text: &str, sealed: Option<&Sealed>) -> Option<Value> {
    let mut part = Object::new();
    match kind {
        BlockKind::Text | BlockKind::Refusal | BlockKind::Reasoning { .. } => {
            if text.is_empty() && sealed.is_none() {
                return None;
            }
            said(kind, text, sealed, &mut part);
        }
        BlockKind::ToolCall(call) => {
            let mut written = Object::new();
            if !call.id.is_empty() {
                written.insert("id".to_owned(), call.id.as_str().into());
            }
            written.insert("name".to_owned(), call.name.as_str().into());
            written.insert("args".to_owned(), calls::args(text).into());
            part.insert("functionCall".to_owned(), written.into());
        }
        BlockKind::Opaque {
            owner: Dialect::Gemini,
            value: Value::Object(value),
        } => part.clone_from(value),
        BlockKind::Opaque { .. } => return None,
    }
    if let Some(sealed) = sealed {
        let seal = seals::to_caller(sealed);
        part.insert("thoughtSignature".to_owned(), seal.into());
    }
    Some(Value::Object(part))
}

/// A thought that is hidden has no text at all, so that it is known when it comes back.
fn said(kind: &BlockKind, text: &str, sealed: Option<&Sealed>, part: &mut Object) {
    let googles = sealed.is_some_and(|sealed| sealed.dialect == Dialect::Gemini);
    let (thought, hidden) = match kind {
        BlockKind::Reasoning { hidden, .. } => (true, *hidden && text.is_empty()),
        _ => (false, false),
    };
    if !hidden || googles {
        part.insert("text".to_owned(), text.into());
    }
    if thought && !(hidden && googles) {
        part.insert("thought".to_owned(), Value::Bool(true));
    }
}

/// A candidate of a chunk or a reply.
pub(super) fn candidate(number: u32, parts: Vec<Value>) -> Object {
    let mut candidate = Object::new();
    let mut content = Object::new();
    content.insert("parts".to_owned(), Value::Array(parts));
    content.insert("role".to_owned(), "model".into());
    candidate.insert("content".to_owned(), Value::Object(content));
    candidate.insert("index".to_owned(), number.into());
    candidate
}

/// How a candidate ended, and the remarks on it.
pub(super) fn end(
    candidate: &mut Object,
    number: u32,
    stop: Option<StopReason>,
    annotations: &[&Annotation],
    extras: &[(Dialect, String, Value)],
) {
    if let Some(stop) = stop {
        candidate.insert("finishReason".to_owned(), stops::write(stop).into());
    }
    let own = extra(extras, "candidates")
        .and_then(|list| list.get(number as usize)?.as_object())
        .cloned();
    remarks::write(annotations, candidate);
    merge(candidate, own.unwrap_or_default());
}

/// A reply around its candidates.
pub(super) fn reply(candidates: Vec<Value>, model: &str, id: &str) -> Object {
    let mut reply = Object::new();
    reply.insert("candidates".to_owned(), Value::Array(candidates));
    reply.insert("modelVersion".to_owned(), model.into());
    reply.insert("responseId".to_owned(), id.into());
    reply
}

/// What is told once: counts, and Google's own fields.
pub(super) fn close(
    reply: &mut Object,
    usage: Option<&Usage>,
    extras: &[(Dialect, String, Value)],
) {
    if let Some(usage) = usage {
        let mut metadata = counts::write(usage);
        if let Some(Value::Object(rest)) = extra(extras, "usageMetadata") {
            merge(&mut metadata, rest.clone());
        }
        reply.insert("usageMetadata".to_owned(), Value::Object(metadata));
    }
    for (owner, key, value) in extras {
        let is_placed = matches!(key.as_str(), "candidates" | "usageMetadata");
        if *owner == Dialect::Gemini && !is_placed && !reply.contains_key(key) {
            reply.insert(key.clone(), value.clone());
        }
    }
}

/// The prompt itself was blocked: then there are no candidates.
pub(super) fn is_blocked(extras: &[(Dialect, String, Value)]) -> bool {
    extra(extras, "promptFeedback").is_some_and(|feedback| feedback.get("blockReason").is_some())
}

fn extra<'a>(extras: &'a [(Dialect, String, Value)], name: &str) -> Option<&'a Value> {
    extras
        .iter()
        .find(|(owner, key, _)| *owner == Dialect::Gemini && key == name)
        .map(|(_, _, value)| value)
}
