//! Gemini's generateContent: what is answered.

use serde_json::{Value, json};

use super::openai_more::VECTOR;
use super::said::{Said, THOUGHT, seal};

pub(super) use super::gemini_strict::read;

/// What calls and texts are signed with after thinking.
pub(super) fn signature() -> String {
    seal("gemini", "")
}

pub(super) fn whole_content(said: &Said) -> String {
    let mut parts = Vec::new();
    if said.thinking {
        parts.push(json!({"text":THOUGHT.concat(),"thought":true}));
    }
    if said.speaks() {
        parts.push(json!({"text":said.text()}));
    }
    parts.extend(calls(said));
    content(said, &parts, true).to_string()
}

/// Calls without ids, as the vendor sends them; only the first of a step is signed.
fn calls(said: &Said) -> Vec<Value> {
    let mut parts: Vec<Value> = said
        .calls
        .iter()
        .map(|call| json!({"functionCall":{"name":call.tool.name,"args":call.arguments}}))
        .collect();
    if said.thinking
        && let Some(first) = parts.first_mut()
    {
        first["thoughtSignature"] = json!(signature());
    }
    parts
}

fn content(said: &Said, parts: &[Value], last: bool) -> Value {
    let usage = &said.usage;
    let mut candidate = json!({"content":{"parts":parts,"role":"model"},"index":0});
    let mut told = json!({"promptTokenCount":usage.input,"totalTokenCount":usage.input+usage.output,
        "candidatesTokenCount":usage.output-usage.reasoning,
        "promptTokensDetails":[{"modality":"TEXT","tokenCount":usage.input}]});
    if usage.cached > 0 {
        told["cachedContentTokenCount"] = json!(usage.cached);
    }
    if usage.reasoning > 0 {
        told["thoughtsTokenCount"] = json!(usage.reasoning);
    }
    if last {
        candidate["finishReason"] = json!("STOP");
    }
    json!({"candidates":[candidate],"usageMetadata":told,"modelVersion":said.model,"responseId":"resp-fake"})
}

pub(super) fn events(said: &Said) -> Vec<String> {
    let event =
        |parts: &[Value], last: bool| format!("data: {}\r\n\r\n", content(said, parts, last));
    let mut events = Vec::new();
    if said.thinking {
        events.extend(THOUGHT.map(|part| event(&[json!({"text":part,"thought":true})], false)));
    }
    for piece in &said.pieces {
        events.push(event(&[json!({"text":piece})], false));
    }
    if !said.calls.is_empty() {
        events.push(event(&calls(said), false));
    }
    // The end has an empty text, and after thinking the signature.
    let mut end = json!({"text":""});
    if said.thinking && said.calls.is_empty() {
        end["thoughtSignature"] = json!(signature());
    }
    events.push(event(&[end], true));
    events
}

pub(super) fn error_event(message: &str) -> String {
    format!("data: {}\r\n\r\n", error(503, message))
}

pub(super) fn error(status: u16, message: &str) -> Value {
    let word = match status {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        500 => "INTERNAL",
        501.. => "UNAVAILABLE",
        _ => "INVALID_ARGUMENT",
    };
    let mut error = json!({"error":{"code":status,"message":message,"status":word}});
    if status == 429 {
        error["error"]["details"] =
            json!([{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"2s"}]);
    }
    error
}

pub(super) fn count() -> String {
    json!({"totalTokens":17,"promptTokensDetails":[{"modality":"TEXT","tokenCount":17}]})
        .to_string()
}

pub(super) fn embeddings(asked: &Value, one: bool) -> String {
    if one {
        return json!({"embedding":{"values":VECTOR}}).to_string();
    }
    let count = asked["requests"].as_array().map_or(0, Vec::len);
    json!({"embeddings":vec![json!({"values":VECTOR}); count]}).to_string()
}
