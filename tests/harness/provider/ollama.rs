//! Ollama's own dialect: lines of JSON, results without ids, a stream by default.

use serde_json::{Value, json};

use super::asked::{Asked, Refusal, list, stranger};
use super::openai_more::VECTOR;
use super::said::{Said, THOUGHT};

const FIELDS: &[&str] = &[
    "model",
    "messages",
    "stream",
    "format",
    "options",
    "keep_alive",
    "tools",
    "think",
    "truncate",
    "shift",
    "logprobs",
    "top_logprobs",
    "prompt",
    "suffix",
    "images",
    "system",
    "template",
    "raw",
    "context",
    "width",
    "height",
    "steps",
    "input",
    "dimensions",
    "debug_render_only",
    "_debug_render_only",
];

pub(super) fn read(body: &Value) -> Result<Asked, Refusal> {
    if let Some(field) = stranger(body, FIELDS) {
        return Err(format!("json: unknown field \"{field}\""));
    }
    if body["model"].as_str().is_none_or(str::is_empty) {
        return Err("model is required".to_owned());
    }
    match &body["think"] {
        Value::Null | Value::Bool(_) => {}
        Value::String(level) if ["low", "medium", "high", "max"].contains(&level.as_str()) => {}
        other => {
            return Err(format!(
                "invalid think value: {other} (must be \"high\", \"medium\", \"low\", true, or false)"
            ));
        }
    }
    let messages = list(&body["messages"]);
    let mut asked = Asked {
        turns: messages.len(),
        json: body["format"] == "json",
        schema: body["format"].is_object().then(|| body["format"].clone()),
        ..Asked::default()
    };
    for tool in list(&body["tools"]) {
        if tool["type"] != "function" || !tool["function"]["name"].is_string() {
            return Err("json: cannot unmarshal object into Go struct field ChatRequest.tools of type api.Tool".to_owned());
        }
        asked.offer(&tool["function"]["name"]);
    }
    for message in messages {
        self::message(message, &mut asked)?;
    }
    if let Some(prompt) = body["prompt"].as_str() {
        asked.says(prompt);
    }
    images(&body["images"], &mut asked)?;
    Ok(asked)
}

fn message(message: &Value, asked: &mut Asked) -> Result<(), Refusal> {
    let role = message["role"].as_str().unwrap_or_default();
    let content = match &message["content"] {
        Value::String(text) => text.as_str(),
        Value::Null => "",
        Value::Array(_) => return Err("json: cannot unmarshal array into Go struct field ChatRequest.messages.content of type string".to_owned()),
        _ => return Err("json: cannot unmarshal object into Go struct field ChatRequest.messages.content of type string".to_owned()),
    };
    for call in list(&message["tool_calls"]) {
        if !call["function"]["arguments"].is_object() {
            return Err("json: cannot unmarshal string into Go struct field ToolCallFunction.messages.tool_calls.function.arguments of type api.ToolCallFunctionArguments".to_owned());
        }
    }
    images(&message["images"], asked)?;
    match role {
        "user" => asked.says(content),
        "system" => asked.system += 1,
        "tool" => asked.results.push(content.to_owned()),
        "assistant" => {}
        _ => return Err(format!("invalid role: {role}")),
    }
    Ok(())
}

fn images(given: &Value, asked: &mut Asked) -> Result<(), Refusal> {
    for one in list(given) {
        let data = one.as_str().unwrap_or_default();
        if asked.image(data).is_err() {
            return Err("illegal base64 data at input byte 0".to_owned());
        }
    }
    Ok(())
}

pub(super) fn whole_chat(said: &Said) -> String {
    let mut message = json!({"role":"assistant","content":said.text()});
    if said.thinking {
        message["thinking"] = json!(THOUGHT.concat());
    }
    if !said.calls.is_empty() {
        message["tool_calls"] = calls(said);
    }
    last(said, "message", &message).to_string()
}

pub(super) fn events(said: &Said) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = |message: Value| {
        let body = json!({"model":said.model,"created_at":CREATED,"message":message,"done":false});
        lines.push(format!("{body}\n"));
    };
    if said.thinking {
        for part in THOUGHT {
            line(json!({"role":"assistant","content":"","thinking":part}));
        }
    }
    for piece in &said.pieces {
        line(json!({"role":"assistant","content":piece}));
    }
    if !said.calls.is_empty() {
        line(json!({"role":"assistant","content":"","tool_calls":calls(said)}));
    }
    lines.push(format!(
        "{}\n",
        last(said, "message", &json!({"role":"assistant","content":""}))
    ));
    lines
}

fn calls(said: &Said) -> Value {
    said.calls
        .iter()
        .enumerate()
        .map(|(index, call)| json!({"function":{"index":index,"name":call.tool.name,"arguments":call.arguments}}))
        .collect()
}

fn last(said: &Said, field: &str, content: &Value) -> Value {
    json!({"model":said.model,"created_at":CREATED,field:content,"done":true,"done_reason":"stop",
        "total_duration":5_000_000,"load_duration":1_000_000,
        "prompt_eval_count":said.usage.input,"prompt_eval_duration":2_000_000,
        "eval_count":said.usage.output,"eval_duration":2_000_000})
}

const CREATED: &str = "2026-01-02T03:04:05.678901Z";

/// `/api/generate`: the same, with the text at the top.
pub(super) fn whole_generate(said: &Said) -> String {
    last(said, "response", &json!(said.text())).to_string()
}

pub(super) fn generate_events(said: &Said) -> Vec<String> {
    let mut lines: Vec<String> = said
        .pieces
        .iter()
        .map(|piece| {
            format!(
                "{}\n",
                json!({"model":said.model,"created_at":CREATED,"response":piece,"done":false})
            )
        })
        .collect();
    lines.push(format!("{}\n", last(said, "response", &json!(""))));
    lines
}

pub(super) fn error_event(message: &str) -> String {
    format!("{}\n", error(message))
}

pub(super) fn error(message: &str) -> Value {
    json!({ "error": message })
}

pub(super) fn embeddings(model: &str, asked: &Value) -> String {
    let count = asked["input"].as_array().map_or(1, Vec::len);
    json!({"model":model,"embeddings":vec![VECTOR; count],"total_duration":1_000_000,
        "load_duration":1_000_000,"prompt_eval_count":8})
    .to_string()
}
