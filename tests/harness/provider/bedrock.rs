//! Bedrock's Converse: what is answered, in JSON or in binary frames.

use serde_json::{Value, json};

use super::eventstream::{event, exception};
use super::said::{Call, Said, THOUGHT, seal};

pub(super) use super::bedrock_strict::read;

/// Who seals the reasoning.
pub(super) const VENDOR: &str = "bedrock";

pub(super) fn whole_converse(said: &Said) -> String {
    let mut content = Vec::new();
    if said.thinking {
        let text = THOUGHT.concat();
        content.push(json!({"reasoningContent":{"reasoningText":{"signature":seal(VENDOR, &text),"text":text}}}));
    }
    if said.calls.is_empty() {
        content.push(json!({"text":said.text()}));
    }
    for call in &said.calls {
        content.push(json!({"toolUse":{"toolUseId":call_id(call),"name":call.tool.name,"input":call.arguments}}));
    }
    json!({"output":{"message":{"role":"assistant","content":content}},"stopReason":stop(said),
        "usage":usage(said),"metrics":{"latencyMs":5}})
    .to_string()
}

fn call_id(call: &Call) -> String {
    format!("tooluse_{}", call.number)
}

fn stop(said: &Said) -> &'static str {
    if said.calls.is_empty() {
        "end_turn"
    } else {
        "tool_use"
    }
}

/// What was read from the cache is not in the input here.
fn usage(said: &Said) -> Value {
    let usage = &said.usage;
    json!({"inputTokens":usage.input-usage.cached,"outputTokens":usage.output,
        "totalTokens":usage.input+usage.output,"cacheReadInputTokens":usage.cached,"cacheWriteInputTokens":0})
}

pub(super) fn events(said: &Said) -> Vec<Vec<u8>> {
    let mut events = vec![event("messageStart", &json!({"role":"assistant"}))];
    let mut index = 0;
    // Texts and reasoning begin without a word; only tools say so.
    let mut block = |start: Option<Value>, deltas: Vec<Value>| {
        if let Some(start) = start {
            events.push(event(
                "contentBlockStart",
                &json!({"contentBlockIndex":index,"start":start}),
            ));
        }
        for delta in deltas {
            events.push(event(
                "contentBlockDelta",
                &json!({"contentBlockIndex":index,"delta":delta}),
            ));
        }
        events.push(event(
            "contentBlockStop",
            &json!({"contentBlockIndex":index}),
        ));
        index += 1;
    };
    if said.thinking {
        let mut deltas: Vec<Value> = THOUGHT
            .iter()
            .map(|part| json!({"reasoningContent":{"text":part}}))
            .collect();
        deltas.push(json!({"reasoningContent":{"signature":seal(VENDOR, &THOUGHT.concat())}}));
        block(None, deltas);
    }
    if said.calls.is_empty() {
        block(
            None,
            said.pieces
                .iter()
                .map(|piece| json!({"text":piece}))
                .collect(),
        );
    }
    for call in &said.calls {
        let fragments = call.fragments().into_iter();
        block(
            Some(json!({"toolUse":{"toolUseId":call_id(call),"name":call.tool.name}})),
            fragments
                .map(|part| json!({"toolUse":{"input":part}}))
                .collect(),
        );
    }
    events.push(event("messageStop", &json!({"stopReason":stop(said)})));
    events.push(event(
        "metadata",
        &json!({"usage":usage(said),"metrics":{"latencyMs":5}}),
    ));
    events
}

pub(super) fn error_event(message: &str) -> Vec<u8> {
    exception(
        "serviceUnavailableException",
        &json!({ "message": message }),
    )
}

pub(super) fn error(message: &str) -> Value {
    json!({ "message": message })
}

/// The kind of a refusal stands in a header.
pub(super) fn error_header(status: u16) -> String {
    let kind = match status {
        401 => "UnrecognizedClientException",
        403 => "AccessDeniedException",
        404 => "ResourceNotFoundException",
        429 => "ThrottlingException",
        500 => "InternalServerException",
        501.. => "ServiceUnavailableException",
        _ => "ValidationException",
    };
    format!("x-amzn-errortype: {kind}:http://internal.amazon.com/coral/com.amazon.bedrock/\r\n")
}
