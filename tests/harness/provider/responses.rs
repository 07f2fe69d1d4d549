//! OpenAI Responses: what is answered.

use serde_json::{Value, json};

use super::said::{Call, Said, THOUGHT, seal};

pub(super) use super::responses_strict::read;

/// Who seals the reasoning.
pub(super) const VENDOR: &str = "responses";

pub(super) fn whole_response(said: &Said) -> String {
    response(said, "completed", &items(said)).to_string()
}

fn response(said: &Said, status: &str, output: &[Value]) -> Value {
    let usage = &said.usage;
    let told = match status {
        "completed" => {
            json!({"input_tokens":usage.input,"input_tokens_details":{"cached_tokens":usage.cached},
            "output_tokens":usage.output,"output_tokens_details":{"reasoning_tokens":usage.reasoning},
            "total_tokens":usage.input+usage.output})
        }
        _ => Value::Null,
    };
    json!({"id":"resp_fake","object":"response","created_at":1_700_000_000,"status":status,
        "error":null,"incomplete_details":null,"instructions":null,"max_output_tokens":null,
        "model":said.model,"output":output,"parallel_tool_calls":true,"previous_response_id":null,
        "reasoning":{"effort":null,"summary":null},"store":false,"temperature":1.0,
        "text":{"format":{"type":"text"}},"tool_choice":"auto","tools":[],"top_p":1.0,
        "truncation":"disabled","usage":told,"user":null,"metadata":{}})
}

/// The output items as they are when all is said.
fn items(said: &Said) -> Vec<Value> {
    let mut items = Vec::new();
    if said.thinking {
        items.push(reasoning(said));
    }
    if said.speaks() {
        let part = json!({"type":"output_text","text":said.text(),"annotations":[],"logprobs":[]});
        items.push(message("completed", &json!([part])));
    }
    items.extend(
        said.calls
            .iter()
            .map(|call| item(call, "completed", &call.arguments.to_string())),
    );
    items
}

fn reasoning(said: &Said) -> Value {
    let thought = THOUGHT.concat();
    let mut item =
        json!({"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":thought}]});
    if said.sealed {
        item["encrypted_content"] = json!(seal(VENDOR, ""));
    }
    item
}

fn message(status: &str, content: &Value) -> Value {
    json!({"id":"msg_1","type":"message","role":"assistant","status":status,"content":content})
}

fn item(call: &Call, status: &str, arguments: &str) -> Value {
    let id = format!("call_{}", call.number);
    if call.tool.free {
        let input = if arguments.is_empty() {
            String::new()
        } else {
            call.free_text()
        };
        return json!({"id":format!("ctc_{}", call.number),"type":"custom_tool_call","status":status,
            "call_id":id,"name":call.tool.name,"input":input});
    }
    let mut item = json!({"id":format!("fc_{}", call.number),"type":"function_call","status":status,
        "call_id":id,"name":call.tool.name,"arguments":arguments});
    if let Some(namespace) = &call.tool.namespace {
        item["namespace"] = json!(namespace);
    }
    item
}

/// Events, each with the next number.
struct Events(Vec<String>);

impl Events {
    fn push(&mut self, kind: &str, mut body: Value) {
        body["type"] = json!(kind);
        body["sequence_number"] = json!(self.0.len());
        self.0.push(format!("event: {kind}\ndata: {body}\n\n"));
    }
}

pub(super) fn events(said: &Said) -> Vec<String> {
    let mut events = Events(Vec::new());
    for kind in ["created", "in_progress"] {
        events.push(
            &format!("response.{kind}"),
            json!({"response":response(said, "in_progress", &[])}),
        );
    }
    let mut at = 0;
    if said.thinking {
        think(&mut events, said);
        at = 1;
    }
    if said.speaks() {
        speak(&mut events, said, at);
        at += 1;
    }
    call_all(&mut events, said, at);
    events.push(
        "response.completed",
        json!({"response":response(said, "completed", &items(said))}),
    );
    events.0
}

fn think(events: &mut Events, said: &Said) {
    let thought = THOUGHT.concat();
    let place = json!({"item_id":"rs_1","output_index":0,"summary_index":0});
    let with = |more: Value| merged(&place, more);
    events.push(
        "response.output_item.added",
        json!({"output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]}}),
    );
    events.push(
        "response.reasoning_summary_part.added",
        with(json!({"part":{"type":"summary_text","text":""}})),
    );
    for part in THOUGHT {
        events.push(
            "response.reasoning_summary_text.delta",
            with(json!({"delta":part})),
        );
    }
    events.push(
        "response.reasoning_summary_text.done",
        with(json!({"text":thought})),
    );
    events.push(
        "response.reasoning_summary_part.done",
        with(json!({"part":{"type":"summary_text","text":thought}})),
    );
    events.push(
        "response.output_item.done",
        json!({"output_index":0,"item":reasoning(said)}),
    );
}

fn speak(events: &mut Events, said: &Said, at: usize) {
    let place = json!({"item_id":"msg_1","output_index":at,"content_index":0});
    let with = |more: Value| merged(&place, more);
    let part =
        |text: &str| json!({"type":"output_text","text":text,"annotations":[],"logprobs":[]});
    let text = said.text();
    events.push(
        "response.output_item.added",
        json!({"output_index":at,"item":message("in_progress", &json!([]))}),
    );
    events.push(
        "response.content_part.added",
        with(json!({"part":part("")})),
    );
    for piece in &said.pieces {
        events.push(
            "response.output_text.delta",
            with(json!({"delta":piece,"logprobs":[]})),
        );
    }
    events.push(
        "response.output_text.done",
        with(json!({"text":text,"logprobs":[]})),
    );
    events.push(
        "response.content_part.done",
        with(json!({"part":part(&text)})),
    );
    events.push(
        "response.output_item.done",
        json!({"output_index":at,"item":message("completed", &json!([part(&text)]))}),
    );
}

/// All calls begin, then their fragments come in turns, then all end.
fn call_all(events: &mut Events, said: &Said, first: usize) {
    for (n, call) in said.calls.iter().enumerate() {
        events.push(
            "response.output_item.added",
            json!({"output_index":first+n,"item":item(call, "in_progress", "")}),
        );
    }
    let longest = said
        .calls
        .iter()
        .map(|call| call.fragments().len())
        .max()
        .unwrap_or(0);
    for at in 0..longest {
        for (n, call) in said.calls.iter().enumerate() {
            if let Some(part) = call.fragments().get(at).filter(|_| !call.tool.free) {
                let body = json!({"item_id":format!("fc_{}", call.number),"output_index":first+n,"delta":part});
                events.push("response.function_call_arguments.delta", body);
            }
        }
    }
    for (n, call) in said.calls.iter().enumerate() {
        let arguments = call.arguments.to_string();
        if call.tool.free {
            let place = json!({"item_id":format!("ctc_{}", call.number),"output_index":first+n});
            events.push(
                "response.custom_tool_call_input.delta",
                merged(&place, json!({"delta":call.free_text()})),
            );
            events.push(
                "response.custom_tool_call_input.done",
                merged(&place, json!({"input":call.free_text()})),
            );
        } else {
            let body = json!({"item_id":format!("fc_{}", call.number),"output_index":first+n,"name":call.tool.name,"arguments":arguments});
            events.push("response.function_call_arguments.done", body);
        }
        events.push(
            "response.output_item.done",
            json!({"output_index":first+n,"item":item(call, "completed", &arguments)}),
        );
    }
}

fn merged(place: &Value, more: Value) -> Value {
    let mut whole = place.clone();
    if let (Some(whole), Value::Object(more)) = (whole.as_object_mut(), more) {
        whole.extend(more);
    }
    whole
}

/// Said twice, as the vendor does: as an error, and as a failed response.
pub(super) fn error_event(message: &str) -> String {
    let error = json!({"type":"error","code":"server_error","message":message,"param":null,"sequence_number":90});
    let mut failed = response(&Said::default(), "failed", &[]);
    failed["error"] = json!({"code":"server_error","message":message});
    let failed = json!({"type":"response.failed","response":failed,"sequence_number":91});
    format!("event: error\ndata: {error}\n\nevent: response.failed\ndata: {failed}\n\n")
}
