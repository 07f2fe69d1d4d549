//! Cohere v2: chat, vectors, and the order of documents.

use serde_json::{Value, json};

use super::asked::{Asked, Refusal, list, stranger, text_of, well_named};
use super::openai_more::VECTOR;
use super::said::{Call, Said, THOUGHT};

const FIELDS: &[&str] = &[
    "model",
    "messages",
    "stream",
    "tools",
    "strict_tools",
    "documents",
    "citation_options",
    "response_format",
    "safety_mode",
    "max_tokens",
    "stop_sequences",
    "temperature",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "k",
    "p",
    "logprobs",
    "tool_choice",
    "thinking",
    "priority",
    "raw_prompting",
];

pub(super) fn read(body: &Value) -> Result<Asked, Refusal> {
    if let Some(field) = stranger(body, FIELDS) {
        return Err(format!(
            "invalid request: unknown field: parameter '{field}' is not a valid field"
        ));
    }
    let messages = list(&body["messages"]);
    if messages.is_empty() {
        return Err("invalid request: message must be at least 1 token long or tool results must be specified.".to_owned());
    }
    let mut asked = Asked {
        turns: messages.len(),
        ..Asked::default()
    };
    for tool in list(&body["tools"]) {
        if tool["type"] != "function"
            || !well_named(
                tool["function"]["name"].as_str().unwrap_or_default(),
                "_-",
                64,
            )
        {
            return Err("invalid request: tools must be of type 'function' and their names may only hold letters, digits, underscores and dashes".to_owned());
        }
        asked.offer(&tool["function"]["name"]);
    }
    match body["tool_choice"].as_str() {
        None if body["tool_choice"].is_null() => {}
        Some("REQUIRED") if !asked.tools.is_empty() => {}
        Some("NONE") => asked.choose(true, None),
        _ => {
            return Err(
                "invalid request: tool_choice must be one of 'REQUIRED', 'NONE' and needs tools"
                    .to_owned(),
            );
        }
    }
    let mut owed: Vec<&str> = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        self::message(message, at, &mut owed, &mut asked)?;
    }
    if !owed.is_empty() {
        return Err(format!(
            "invalid request: missing tool results for tool call ids {}",
            owed.join(", ")
        ));
    }
    let format = &body["response_format"];
    match format["type"].as_str() {
        None | Some("text") => {}
        Some("json_object") => {
            asked.json = true;
            asked.schema = [&format["json_schema"], &format["schema"]]
                .into_iter()
                .find(|one| one.is_object())
                .cloned();
        }
        Some(_) => {
            return Err(
                "invalid request: response_format.type must be one of 'text', 'json_object'"
                    .to_owned(),
            );
        }
    }
    Ok(asked)
}

fn message<'a>(
    message: &'a Value,
    at: usize,
    owed: &mut Vec<&'a str>,
    asked: &mut Asked,
) -> Result<(), Refusal> {
    let role = message["role"].as_str().unwrap_or_default();
    let known: &[&str] = match role {
        "user" => &["text", "image_url"],
        "assistant" => &["text", "thinking"],
        "system" => &["text"],
        "tool" => &["text", "document", "image_url"],
        _ => {
            return Err(format!(
                "invalid request: invalid role at messages[{at}]: must be one of 'user', 'assistant', 'system', 'tool'"
            ));
        }
    };
    let content = &message["content"];
    for part in list(content) {
        let kind = part["type"].as_str().unwrap_or_default();
        if !known.contains(&kind) {
            return Err(format!(
                "invalid request: invalid content type '{kind}' at messages[{at}] for role '{role}'"
            ));
        }
        if kind == "image_url" {
            asked.image_at(part["image_url"]["url"].as_str().unwrap_or_default())?;
        }
    }
    let calls = list(&message["tool_calls"]);
    if content.is_null() && calls.is_empty()
        || role == "user" && text_of(content).is_empty() && list(content).is_empty()
    {
        return Err(format!(
            "invalid request: message at messages[{at}] must have non-empty content or tool calls"
        ));
    }
    if role == "tool" {
        let id = message["tool_call_id"].as_str().unwrap_or_default();
        let found = owed.iter().position(|one| *one == id).ok_or_else(|| {
            format!("invalid request: tool call id {id} not found in previous tool calls")
        })?;
        owed.remove(found);
        let documents = list(content)
            .iter()
            .find_map(|part| part["document"]["data"].as_object());
        asked.results.push(match documents {
            Some(data) => data.values().next().map_or_else(String::new, |one| {
                one.as_str().map_or_else(|| one.to_string(), str::to_owned)
            }),
            None => text_of(content),
        });
    } else if !owed.is_empty() {
        return Err(format!(
            "invalid request: missing tool results for tool call ids {}",
            owed.join(", ")
        ));
    }
    for call in calls {
        if !call["function"]["arguments"].is_string() {
            return Err(format!(
                "invalid request: tool call arguments at messages[{at}] must be a string"
            ));
        }
        owed.push(
            call["id"]
                .as_str()
                .ok_or("invalid request: a tool call needs an id")?,
        );
    }
    match role {
        "user" => asked.says(&text_of(content)),
        "system" => asked.system += 1,
        _ => {}
    }
    Ok(())
}

fn call_json(call: &Call, arguments: &str) -> Value {
    json!({"id":format!("{}_{}", call.tool.name, call.number),"type":"function",
        "function":{"name":call.tool.name,"arguments":arguments}})
}

fn finish(said: &Said) -> &'static str {
    if said.calls.is_empty() {
        "COMPLETE"
    } else {
        "TOOL_CALL"
    }
}

fn usage(said: &Said) -> Value {
    json!({"billed_units":{"input_tokens":said.usage.input,"output_tokens":said.usage.output},
        "tokens":{"input_tokens":said.usage.input,"output_tokens":said.usage.output}})
}

pub(super) fn whole_chat(said: &Said) -> String {
    let mut content = Vec::new();
    if said.thinking {
        content.push(json!({"type":"thinking","thinking":THOUGHT.concat()}));
    }
    let mut message = json!({"role":"assistant"});
    if said.calls.is_empty() {
        content.push(json!({"type":"text","text":said.text()}));
    } else {
        let calls = said
            .calls
            .iter()
            .map(|call| call_json(call, &call.arguments.to_string()));
        message["tool_calls"] = calls.collect();
    }
    if !content.is_empty() {
        message["content"] = json!(content);
    }
    json!({"id":"chat-fake","finish_reason":finish(said),"message":message,"usage":usage(said)})
        .to_string()
}

pub(super) fn events(said: &Said) -> Vec<String> {
    let mut events = vec![event(
        &json!({"id":"chat-fake","type":"message-start","delta":{"message":{
        "role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}}),
    )];
    let mut index = 0;
    let mut text = |kind: &str, pieces: Vec<&str>| {
        events.push(event(&json!({"type":"content-start","index":index,"delta":{"message":{"content":{"type":kind,kind:""}}}})));
        for piece in pieces {
            events.push(event(&json!({"type":"content-delta","index":index,"delta":{"message":{"content":{kind:piece}}}})));
        }
        events.push(event(&json!({"type":"content-end","index":index})));
        index += 1;
    };
    if said.thinking {
        text("thinking", THOUGHT.to_vec());
    }
    if said.calls.is_empty() {
        text("text", said.pieces.iter().map(String::as_str).collect());
    }
    for (index, call) in said.calls.iter().enumerate() {
        events.push(event(&json!({"type":"tool-call-start","index":index,"delta":{"message":{"tool_calls":call_json(call, "")}}})));
        for part in call.fragments() {
            events.push(event(&json!({"type":"tool-call-delta","index":index,"delta":{"message":{"tool_calls":{"function":{"arguments":part}}}}})));
        }
        events.push(event(&json!({"type":"tool-call-end","index":index})));
    }
    events.push(event(
        &json!({"type":"message-end","delta":{"finish_reason":finish(said),"usage":usage(said)}}),
    ));
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
    event(&json!({"type":"message-end","delta":{"error":message,"finish_reason":"ERROR"}}))
}

pub(super) fn error(message: &str) -> Value {
    json!({ "id": "err-fake", "message": message })
}

pub(super) fn embeddings(asked: &Value) -> Result<String, Refusal> {
    if !asked["input_type"].is_string() {
        return Err(
            "invalid request: valid input_type must be provided with the provided model".to_owned(),
        );
    }
    let count =
        list(&asked["texts"]).len() + list(&asked["inputs"]).len() + list(&asked["images"]).len();
    Ok(
        json!({"id":"embed-fake","embeddings":{"float":vec![VECTOR; count]},"texts":asked["texts"],
        "response_type":"embeddings_by_type",
        "meta":{"api_version":{"version":"2"},"billed_units":{"input_tokens":8}}})
        .to_string(),
    )
}

/// The last document fits best.
pub(super) fn rerank(asked: &Value) -> String {
    let count = list(&asked["documents"]).len();
    let most = asked["top_n"]
        .as_u64()
        .and_then(|n| usize::try_from(n).ok())
        .unwrap_or(count);
    let scores = [0.9, 0.6, 0.3];
    let results: Vec<Value> = (0..count)
        .rev()
        .take(most)
        .enumerate()
        .map(|(rank, index)| json!({"index":index,"relevance_score":scores.get(rank).copied().unwrap_or(0.1)}))
        .collect();
    json!({"id":"rerank-fake","results":results,
        "meta":{"api_version":{"version":"2"},"billed_units":{"search_units":1}}})
    .to_string()
}
