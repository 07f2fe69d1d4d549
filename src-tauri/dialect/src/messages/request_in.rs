//! A caller's request, read into the hub.
//!
//! Promises: both API versions are read alike (the later one only lacks fields), and so is
//! `count_tokens`, whose body is the same without `max_tokens`. What the hub can't name stays in
//! the extras of its level.
//! Leaves out: what the vendor checks beyond shapes (limits, which model takes what).

use serde_json::{Map, Value};

use super::place::{Place, rest};
use super::{content_in, tools_in};
use crate::hub::{Effort, Format, Request, Sampling, Thinking};
use crate::{Endpoint, Malformed};

/// A caller's request, in our words.
pub(crate) fn read_request(
    _endpoint: Endpoint,
    mut body: Map<String, Value>,
) -> Result<Request, Malformed> {
    let top = Place::Top;
    let body = &mut body;
    let mut request = Request {
        model: top.some_text(body, "model")?.unwrap_or_default(),
        stream: top.some_flag(body, "stream")?.unwrap_or_default(),
        usage_asked: true,
        max_output: top.some_count(body, "max_tokens")?,
        sampling: Sampling {
            temperature: top.some_number(body, "temperature")?,
            top_p: top.some_number(body, "top_p")?,
            top_k: top.some_count(body, "top_k")?,
            ..Sampling::default()
        },
        stop: stops(body)?,
        tier: top.some_text(body, "service_tier")?,
        thinking: thinking(body),
        ..Request::default()
    };
    output(body, &mut request);
    request.end_user = end_user(body);
    if let Some(system) = body.shift_remove("system") {
        content_in::system(system, &mut request.messages)?;
    }
    let messages = top
        .some_list(body, "messages")?
        .ok_or_else(|| top.wrong("messages", "a list"))?;
    content_in::messages(messages, &mut request.messages)?;
    if let Some(tools) = top.some_list(body, "tools")? {
        request.tools = tools_in::tools(tools)?;
    }
    (request.choice, request.parallel) = tools_in::choice(body);
    request.extras = rest(std::mem::take(body));
    Ok(request)
}

fn stops(body: &mut Map<String, Value>) -> Result<Vec<String>, Malformed> {
    let list = Place::Top.some_list(body, "stop_sequences")?;
    list.unwrap_or_default()
        .into_iter()
        .map(|stop| match stop {
            Value::String(stop) => Ok(stop),
            _ => Err(Place::Top.wrong("stop_sequences", "a list of strings")),
        })
        .collect()
}

/// A way of thinking that the hub can't say stays where it is; it returns as it was.
fn thinking(body: &mut Map<String, Value>) -> Thinking {
    let mut thinking = Thinking::default();
    let Some(Value::Object(given)) = body.get("thinking") else {
        return thinking;
    };
    let known: &[&str] = match given.get("type").and_then(Value::as_str) {
        Some("enabled") => {
            thinking.budget = given.get("budget_tokens").and_then(Value::as_u64);
            &["type", "budget_tokens", "display"]
        }
        Some("adaptive") => {
            thinking.on = Some(true);
            &["type", "display"]
        }
        Some("disabled") => {
            thinking.on = Some(false);
            &["type"]
        }
        _ => return thinking,
    };
    thinking.shown = match given.get("display").and_then(Value::as_str) {
        Some("summarized") => Some(true),
        Some("omitted") => Some(false),
        _ => None,
    };
    let is_whole = given.iter().all(|(key, value)| {
        value.is_null()
            || known.contains(&key.as_str())
                && match key.as_str() {
                    "budget_tokens" => thinking.budget.is_some(),
                    "display" => thinking.shown.is_some(),
                    _ => true,
                }
    });
    if is_whole {
        body.shift_remove("thinking");
    }
    thinking
}

/// `output_config`, and the form of the answer where its beta had it.
fn output(body: &mut Map<String, Value>, request: &mut Request) {
    if let Some(Value::Object(config)) = body.get_mut("output_config") {
        let effort = config.get("effort").and_then(Value::as_str);
        if let Some(effort) = effort.and_then(Effort::from_word) {
            request.thinking.effort = Some(effort);
            config.shift_remove("effort");
        }
        if let Some(format) = schema(config, "format") {
            request.format = format;
        }
        config.retain(|_, value| !value.is_null());
        if config.is_empty() {
            body.shift_remove("output_config");
        }
    }
    if request.format == Format::Text
        && let Some(format) = schema(body, "output_format")
    {
        request.format = format;
    }
}

/// Takes a JSON schema; another kind of form stays.
fn schema(config: &mut Map<String, Value>, field: &str) -> Option<Format> {
    let format = config.get(field)?.as_object()?;
    let is_ours = format.get("type").and_then(Value::as_str) == Some("json_schema")
        && format.get("schema").is_some_and(Value::is_object)
        && format.len() == 2;
    if !is_ours {
        return None;
    }
    let schema = config.shift_remove(field)?.get_mut("schema")?.take();
    Some(Format::Schema {
        name: None,
        description: None,
        schema,
        // The vendor enforces it.
        strict: Some(true),
    })
}

fn end_user(body: &mut Map<String, Value>) -> Option<String> {
    let metadata = body.get_mut("metadata")?.as_object_mut()?;
    let user = match metadata.get_mut("user_id").map(Value::take) {
        Some(Value::String(user)) => {
            metadata.shift_remove("user_id");
            Some(user)
        }
        Some(other) => {
            metadata.insert("user_id".to_owned(), other);
            None
        }
        None => None,
    };
    metadata.retain(|_, value| !value.is_null());
    if metadata.is_empty() {
        body.shift_remove("metadata");
    }
    user
}
