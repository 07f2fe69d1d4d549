//! OpenAI Chat Completions: what is taken, and what is answered.

use serde_json::{Value, json};

use super::asked::{Asked, Refusal, list, open_object, stranger, text_of, well_named};
use super::said::{Call, Said, THOUGHT, Usage};

/// What `create` takes. What other dialects have in these places is refused.
const FIELDS: &[&str] = &[
    "model",
    "messages",
    "stream",
    "stream_options",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "stop",
    "n",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "reasoning_effort",
    "verbosity",
    "response_format",
    "user",
    "safety_identifier",
    "metadata",
    "store",
    "service_tier",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "prediction",
    "modalities",
    "audio",
    "web_search_options",
    "functions",
    "function_call",
    "moderation",
];

pub(super) fn read(body: &Value, short_ids: bool) -> Result<Asked, Refusal> {
    if let Some(field) = stranger(body, FIELDS) {
        return Err(format!("Unrecognized request argument supplied: {field}"));
    }
    let messages = body["messages"]
        .as_array()
        .ok_or("Missing required parameter: 'messages'.")?;
    let mut asked = Asked {
        turns: messages.len(),
        wants_usage: body["stream_options"]["include_usage"] == true,
        ..Asked::default()
    };
    limits(body)?;
    tools(body, &mut asked)?;
    let mut owed: Vec<&str> = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        let role = message["role"].as_str().unwrap_or_default();
        if role == "tool" {
            let id = message["tool_call_id"].as_str().unwrap_or_default();
            let found = owed.iter().position(|one| *one == id).ok_or(
                "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
            )?;
            owed.remove(found);
        } else {
            answered(&owed)?;
            owed = calls(message, at, short_ids)?;
        }
        content(message, role, at, &mut asked)?;
    }
    answered(&owed)?;
    format(body, &mut asked)?;
    Ok(asked)
}

fn limits(body: &Value) -> Result<(), Refusal> {
    if !body["stream_options"].is_null() && body["stream"] != true {
        return Err(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.".to_owned(),
        );
    }
    if !body["max_tokens"].is_null() && !body["max_completion_tokens"].is_null() {
        return Err(
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."
                .to_owned(),
        );
    }
    if body["temperature"]
        .as_f64()
        .is_some_and(|heat| !(0.0..=2.0).contains(&heat))
    {
        return Err(
            "Invalid 'temperature': decimal above maximum value. Expected a value <= 2.".to_owned(),
        );
    }
    if list(&body["stop"]).len() > 4 {
        return Err(
            "Invalid 'stop': array too long. Expected an array with maximum length 4.".to_owned(),
        );
    }
    Ok(())
}

fn tools(body: &Value, asked: &mut Asked) -> Result<(), Refusal> {
    let offered = list(&body["tools"]);
    for field in ["tool_choice", "parallel_tool_calls"] {
        if offered.is_empty() && !body[field].is_null() && list(&body["functions"]).is_empty() {
            return Err(format!(
                "Invalid value for '{field}': '{field}' is only allowed when 'tools' are specified."
            ));
        }
    }
    for (at, tool) in offered.iter().enumerate() {
        let kind = tool["type"].as_str().unwrap_or_default();
        if !["function", "custom"].contains(&kind) {
            return Err(format!(
                "Invalid value: '{kind}'. Supported values are: 'function' and 'custom'."
            ));
        }
        let name = &tool[kind]["name"];
        if !well_named(name.as_str().unwrap_or_default(), "_-", 64) {
            return Err(format!(
                "Invalid 'tools[{at}].{kind}.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."
            ));
        }
        let parameters = &tool["function"]["parameters"];
        if !parameters.is_null() && parameters["type"] != "object" {
            return Err(format!(
                "Invalid schema for function {name}: schema must be a JSON Schema of 'type: \"object\"', got 'type: {}'.",
                parameters["type"]
            ));
        }
        if tool["function"]["strict"] == true && open_object(parameters, true).is_some() {
            return Err(format!(
                "Invalid schema for function {name}: In context=(), 'additionalProperties' is required to be supplied and to be false."
            ));
        }
        asked.offer(name);
        if let Some(last) = asked.tools.last_mut() {
            last.free = kind == "custom";
        }
    }
    let choice = &body["tool_choice"];
    let named = choice["function"]["name"]
        .as_str()
        .or(choice["custom"]["name"].as_str());
    if choice.is_string()
        && !["auto", "none", "required"]
            .iter()
            .any(|known| choice == known)
    {
        return Err(format!(
            "Invalid value: {choice}. Supported values are: 'none', 'auto', and 'required'."
        ));
    }
    asked.choose(choice == "none", named);
    Ok(())
}

fn calls(message: &Value, at: usize, short_ids: bool) -> Result<Vec<&str>, Refusal> {
    let mut ids = Vec::new();
    for (n, call) in list(&message["tool_calls"]).iter().enumerate() {
        let place = format!("messages[{at}].tool_calls[{n}]");
        let id = call["id"]
            .as_str()
            .ok_or_else(|| format!("Missing required parameter: '{place}.id'."))?;
        if short_ids && (id.len() != 9 || !id.chars().all(|c| c.is_ascii_alphanumeric())) {
            return Err(format!(
                "Tool call id was {id} but must be a-z, A-Z, 0-9, with a length of 9."
            ));
        }
        if id.len() > 40 {
            return Err(format!(
                "Invalid '{place}.id': string too long. Expected a string with maximum length 40, but got a string with length {} instead.",
                id.len()
            ));
        }
        let given = match call["type"].as_str() {
            Some("function") => &call["function"]["arguments"],
            Some("custom") => &call["custom"]["input"],
            _ => return Err(format!("Missing required parameter: '{place}.type'.")),
        };
        if !given.is_string() {
            return Err(format!(
                "Invalid type for '{place}.function.arguments': expected a string, but got an object instead."
            ));
        }
        ids.push(id);
    }
    Ok(ids)
}

fn answered(owed: &[&str]) -> Result<(), Refusal> {
    if owed.is_empty() {
        return Ok(());
    }
    Err(format!(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: {}",
        owed.join(", ")
    ))
}

fn content(message: &Value, role: &str, at: usize, asked: &mut Asked) -> Result<(), Refusal> {
    let known: &[&str] = match role {
        "user" => &["text", "image_url", "input_audio", "file"],
        "assistant" => &["text", "refusal"],
        "system" | "developer" | "tool" | "function" => &["text"],
        _ => {
            return Err(format!(
                "Invalid value: '{role}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'."
            ));
        }
    };
    let content = &message["content"];
    if content.is_null()
        && (role != "assistant"
            || list(&message["tool_calls"]).is_empty() && message["refusal"].is_null())
    {
        return Err("Invalid value for 'content': expected a string, got null.".to_owned());
    }
    for (n, part) in list(content).iter().enumerate() {
        let kind = part["type"].as_str().unwrap_or_default();
        if !known.contains(&kind) {
            return Err(format!(
                "Invalid value: '{kind}'. Supported values are: '{}'. (messages[{at}].content[{n}].type)",
                known.join("', '")
            ));
        }
        if kind == "text" && !part["text"].is_string() {
            return Err(format!(
                "Missing required parameter: 'messages[{at}].content[{n}].text'."
            ));
        }
        if kind == "image_url" {
            asked.image_at(part["image_url"]["url"].as_str().unwrap_or_default())?;
        }
    }
    match role {
        "user" => asked.says(&text_of(content)),
        "tool" => asked.results.push(text_of(content)),
        "system" | "developer" => asked.system += 1,
        _ => {}
    }
    Ok(())
}

fn format(body: &Value, asked: &mut Asked) -> Result<(), Refusal> {
    let format = &body["response_format"];
    match format["type"].as_str() {
        None | Some("text") => {}
        Some("json_object") => asked.json = true,
        Some("json_schema") => {
            let wanted = &format["json_schema"];
            if !well_named(wanted["name"].as_str().unwrap_or_default(), "_-", 64) {
                return Err(
                    "Missing required parameter: 'response_format.json_schema.name'.".to_owned(),
                );
            }
            if wanted["strict"] == true
                && let Some(lack) = open_object(&wanted["schema"], true)
            {
                return Err(format!(
                    "Invalid schema for response_format {}: In context=(), '{lack}' is required to be supplied and to be false.",
                    wanted["name"]
                ));
            }
            asked.schema = Some(wanted["schema"].clone());
        }
        Some(other) => {
            return Err(format!(
                "Invalid value: '{other}'. Supported values are: 'json_object', 'json_schema', and 'text'."
            ));
        }
    }
    Ok(())
}

/// A whole reply with odd spacing, key order and unknown fields: verbatim means
/// these very bytes.
pub(super) fn whole_chat(said: &Said) -> String {
    let model = &said.model;
    let (message, finish) = if said.calls.is_empty() {
        let mut more = String::new();
        if said.thinking {
            more = format!(",\"reasoning_content\":\"{}\"", THOUGHT.concat());
        }
        let text = Value::from(said.text());
        (
            format!("{{\"role\":\"assistant\",\"content\":{text},\"refusal\":null{more}}}"),
            "stop",
        )
    } else {
        let calls: Vec<Value> = said
            .calls
            .iter()
            .map(|call| call_json(call, &call.arguments.to_string()))
            .collect();
        let mut message = json!({"role":"assistant","content":said.speaks().then(|| said.text()),"refusal":null,"tool_calls":calls});
        if said.thinking {
            message["reasoning_content"] = json!(THOUGHT.concat());
        }
        (message.to_string(), "tool_calls")
    };
    format!(
        "{{ \"object\":\"chat.completion\", \"id\":\"chatcmpl-fake\",  \"created\":1700000000,\"model\":\"{model}\",\
         \"choices\":[{{\"index\":0,\"message\":{message},\
         \"logprobs\":null,\"finish_reason\":\"{finish}\"}}],\"usage\":{{\"prompt_tokens\":120,\"completion_tokens\":9,\
         \"total_tokens\":129,\"prompt_tokens_details\":{{\"cached_tokens\":100}},\
         \"completion_tokens_details\":{{\"reasoning_tokens\":2}}}},\"future_field\":{{\"a\":[1,2]}} }}"
    )
}

/// Nine letters and digits, as the pickiest of those who copied this dialect want.
fn call_id(call: &Call) -> String {
    format!("callAAAA{}", call.number)
}

fn call_json(call: &Call, arguments: &str) -> Value {
    if call.tool.free {
        return json!({"id":call_id(call),"type":"custom",
            "custom":{"name":call.tool.name,"input":if arguments.is_empty() {""} else {&arguments}}});
    }
    json!({"id":call_id(call),"type":"function",
        "function":{"name":call.tool.name,"arguments":arguments}})
}

pub(super) fn events(said: &Said) -> Vec<String> {
    let chunk = |delta: Value, finish: Value| {
        let body = json!({"id":"chatcmpl-fake","object":"chat.completion.chunk","created":1_700_000_000,
            "model":said.model,"vendor_extra":true,"choices":[{"index":0,"delta":delta,"finish_reason":finish}]});
        format!("data: {body}\n\n")
    };
    let mut events = vec![chunk(json!({"role":"assistant","content":""}), Value::Null)];
    if said.thinking {
        events.extend(THOUGHT.map(|part| chunk(json!({"reasoning_content":part}), Value::Null)));
    }
    for piece in &said.pieces {
        events.push(chunk(json!({"content": piece}), Value::Null));
    }
    for delta in call_deltas(said) {
        events.push(chunk(json!({"tool_calls":[delta]}), Value::Null));
    }
    events.push(": a comment, as some providers send to keep alive\n\n".to_owned());
    let finish = if said.calls.is_empty() {
        "stop"
    } else {
        "tool_calls"
    };
    events.push(chunk(json!({}), json!(finish)));
    if said.tells_usage {
        let Usage { input, output, .. } = said.usage;
        let usage = json!({"id":"chatcmpl-fake","object":"chat.completion.chunk","created":1_700_000_000,
            "model":said.model,"choices":[],"usage":{"prompt_tokens":input,"completion_tokens":output,"total_tokens":input+output}});
        events.push(format!("data: {usage}\n\n"));
    }
    events.push("data: [DONE]\n\n".to_owned());
    events
}

/// The calls' beginnings, then their fragments in turns: a client must tell them
/// apart by their index.
fn call_deltas(said: &Said) -> Vec<Value> {
    let mut deltas = Vec::new();
    let mut fragments: Vec<_> = said
        .calls
        .iter()
        .map(|call| call.fragments().into_iter())
        .collect();
    for (index, call) in said.calls.iter().enumerate() {
        let mut start = call_json(call, "");
        start["index"] = json!(index);
        deltas.push(start);
    }
    loop {
        let before = deltas.len();
        for (index, one) in fragments.iter_mut().enumerate() {
            if let Some(part) = one.next() {
                let (kind, field) = if said.calls[index].tool.free {
                    ("custom", "input")
                } else {
                    ("function", "arguments")
                };
                deltas.push(json!({"index":index, kind:{field:part}}));
            }
        }
        if deltas.len() == before {
            return deltas;
        }
    }
}

pub(super) fn error_event(message: &str) -> String {
    let body = json!({"error":{"message":message,"type":"server_error","code":null}});
    format!("data: {body}\n\n")
}

pub(super) fn error(status: u16, message: &str) -> Value {
    let (kind, code) = match status {
        401 => ("invalid_request_error", json!("invalid_api_key")),
        404 => ("invalid_request_error", json!("model_not_found")),
        429 => ("requests", json!("rate_limit_exceeded")),
        529 => ("overloaded_error", Value::Null),
        500.. => ("server_error", Value::Null),
        _ if message.contains("could not be verified") => {
            ("invalid_request_error", json!("invalid_encrypted_content"))
        }
        _ => ("invalid_request_error", Value::Null),
    };
    json!({"error":{"message":message,"type":kind,"param":null,"code":code}})
}
