//! Anthropic Messages: what is answered, also on the other clouds that carry it.

use serde_json::{Value, json};

use super::said::{Call, Said, THOUGHT, seal};

pub(super) use super::anthropic_strict::read;

/// A whole message, as odd as the whole chat.
pub(super) fn whole_message(said: &Said) -> String {
    let model = &said.model;
    if said.calls.is_empty() && !said.thinking {
        let (text, stop) = (Value::from(said.text()), stop(said));
        return format!(
            "{{ \"type\":\"message\", \"id\":\"msg_fake\",  \"role\":\"assistant\",\"model\":\"{model}\",\
             \"content\":[{{\"type\":\"text\",\"text\":{text}}}],\"stop_reason\":\"{stop}\",\
             \"stop_sequence\":null,\"usage\":{{\"input_tokens\":12,\"cache_read_input_tokens\":100,\
             \"cache_creation_input_tokens\":50,\"output_tokens\":7}},\"future_field\":{{\"a\":[1,2]}} }}"
        );
    }
    let mut content = Vec::new();
    if said.thinking {
        let thought = THOUGHT.concat();
        content
            .push(json!({"type":"thinking","signature":seal(VENDOR, &thought),"thinking":thought}));
    }
    if !said.pieces.is_empty() {
        content.push(json!({"type":"text","text":said.text()}));
    }
    for call in &said.calls {
        content.push(json!({"type":"tool_use","id":call_id(call),"name":call.tool.name,"input":call.arguments}));
    }
    json!({"id":"msg_fake","type":"message","role":"assistant","model":model,"content":content,
        "stop_reason":stop(said),"stop_sequence":null,
        "usage":{"input_tokens":20,"output_tokens":10}})
    .to_string()
}

/// Who seals the reasoning.
pub(super) const VENDOR: &str = "anthropic";

fn call_id(call: &Call) -> String {
    format!("toolu_{}", call.number)
}

fn stop(said: &Said) -> &'static str {
    if said.model == "pause" {
        "pause_turn"
    } else if said.calls.is_empty() {
        "end_turn"
    } else {
        "tool_use"
    }
}

pub(super) fn events(said: &Said) -> Vec<String> {
    let mut events = vec![event(&json!({"type":"message_start","message":{
        "id":"msg_fake","type":"message","role":"assistant","model":said.model,"content":[],
        "stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":25,"output_tokens":1}}}))];
    let mut index = 0;
    let mut block = |start: Value, deltas: Vec<Value>| {
        events.push(event(
            &json!({"type":"content_block_start","index":index,"content_block":start}),
        ));
        if index == 0 {
            events.push(event(&json!({"type":"ping"})));
        }
        for delta in deltas {
            events.push(event(
                &json!({"type":"content_block_delta","index":index,"delta":delta}),
            ));
        }
        events.push(event(&json!({"type":"content_block_stop","index":index})));
        index += 1;
    };
    if said.thinking {
        let mut deltas: Vec<Value> = THOUGHT
            .iter()
            .map(|part| json!({"type":"thinking_delta","thinking":part}))
            .collect();
        deltas.push(json!({"type":"signature_delta","signature":seal(VENDOR, &THOUGHT.concat())}));
        block(
            json!({"type":"thinking","thinking":"","signature":""}),
            deltas,
        );
    }
    if said.speaks() {
        let deltas = said
            .pieces
            .iter()
            .map(|text| json!({"type":"text_delta","text":text}));
        block(json!({"type":"text","text":""}), deltas.collect());
    }
    for call in &said.calls {
        let fragments = call.fragments().into_iter();
        let deltas = fragments.map(|part| json!({"type":"input_json_delta","partial_json":part}));
        block(
            json!({"type":"tool_use","id":call_id(call),"name":call.tool.name,"input":{}}),
            deltas.collect(),
        );
    }
    events.push(event(&json!({"type":"message_delta",
        "delta":{"stop_reason":stop(said),"stop_sequence":null},"usage":{"output_tokens":15}})));
    events.push(event(&json!({"type":"message_stop"})));
    events
}

/// The event's name is its type.
fn event(body: &Value) -> String {
    format!(
        "event: {}\ndata: {body}\n\n",
        body["type"].as_str().unwrap_or_default()
    )
}

pub(super) fn error_event(message: &str) -> String {
    event(&json!({"type":"error","error":{"type":"overloaded_error","message":message}}))
}

pub(super) fn error(status: u16, message: &str) -> Value {
    let kind = match status {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    };
    json!({"type":"error","error":{"type":kind,"message":message},"request_id":"req_fake"})
}
