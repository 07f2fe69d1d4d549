//! A caller's request, read into the hub.
//!
//! Promises: every field is named, kept among the extras, or refused with its place. Legacy
//! functions are read as tools. The extras' owner is set even when there are none: it says that
//! the caller speaks this dialect, and what it wrote may be written again word for word.
//! Canonical forms: `max_tokens` is `max_completion_tokens`, `stop` is a list, a `null` is absent,
//! `response_format: text` is none, a thought told in `reasoning_details` is told there alone.

use serde_json::{Map, Value};

use super::fields::{Wrong, any, count, flag, list, needed, number, object, text};
use super::{messages_in, tools_in};
use crate::Dialect;
use crate::hub::{Effort, Extras, Format, Request, Thinking};

pub(super) fn read(mut body: Map<String, Value>) -> Result<Request, Wrong> {
    body.retain(|_, value| !value.is_null());
    let messages = list(&mut body, "messages")?.ok_or_else(|| Wrong::at("messages", MISSING))?;
    let mut request = Request {
        messages: messages_in::messages(messages)?,
        tools: tools_in::tools(&mut body)?,
        choice: tools_in::choice(&mut body)?,
        parallel: flag(&mut body, "parallel_tool_calls")?,
        thinking: thinking(&mut body)?,
        format: format(&mut body)?,
        verbosity: text(&mut body, "verbosity")?,
        ..Request::default()
    };
    // Without `logprobs`, `top_logprobs` is a mistake that the provider will name.
    if flag(&mut body, "logprobs")? == Some(true) {
        request.logprobs = Some(small(count(&mut body, "top_logprobs")?.unwrap_or(0)));
    }
    settings(&mut body, &mut request)?;
    rest(body, &mut request);
    Ok(request)
}

const MISSING: &str = "is missing";

/// What the older completions know as well.
pub(super) fn settings(body: &mut Map<String, Value>, request: &mut Request) -> Result<(), Wrong> {
    request.model = needed(body, "model")?;
    request.stream = flag(body, "stream")?.unwrap_or(false);
    if let Some(mut options) = object(body, "stream_options")? {
        let asked = flag(&mut options, "include_usage").map_err(|w| w.under("stream_options"))?;
        request.usage_asked = request.stream && asked.unwrap_or(false);
        if !options.is_empty() {
            body.insert("stream_options".to_owned(), Value::Object(options));
        }
    }
    let old = count(body, "max_tokens")?;
    request.max_output = count(body, "max_completion_tokens")?.or(old);

    let sampling = &mut request.sampling;
    sampling.temperature = number(body, "temperature")?;
    sampling.top_p = number(body, "top_p")?;
    // Not OpenAI's, but many copies know it.
    sampling.top_k = count_or_leave(body, "top_k");
    sampling.seed = whole_or_leave(body, "seed");
    sampling.frequency_penalty = number(body, "frequency_penalty")?;
    sampling.presence_penalty = number(body, "presence_penalty")?;
    sampling.logit_bias = object(body, "logit_bias")?.unwrap_or_default();

    request.stop = stop(body)?;
    request.candidates = count(body, "n")?.map(small);
    request.tier = text(body, "service_tier")?;
    request.end_user = end_user(body)?;
    request.metadata = object(body, "metadata")?.unwrap_or_default();
    request.cache_key = text(body, "prompt_cache_key")?;
    request.store = flag(body, "store")?;
    Ok(())
}

/// What is left over is the caller's own.
pub(super) fn rest(body: Map<String, Value>, request: &mut Request) {
    request.extras = Extras {
        owner: Some(Dialect::OpenAi),
        fields: body,
    };
}

fn small(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// -1 stands for "off" in some copies: left as it is.
fn count_or_leave(body: &mut Map<String, Value>, key: &str) -> Option<u64> {
    let count = body.get(key)?.as_u64()?;
    body.shift_remove(key);
    Some(count)
}

fn whole_or_leave(body: &mut Map<String, Value>, key: &str) -> Option<i64> {
    let whole = body.get(key)?.as_i64()?;
    body.shift_remove(key);
    Some(whole)
}

fn stop(body: &mut Map<String, Value>) -> Result<Vec<String>, Wrong> {
    let wrong = || Wrong::at("stop", "must be a string or a list of strings");
    match any(body, "stop") {
        None => Ok(Vec::new()),
        Some(Value::String(stop)) => Ok(vec![stop]),
        Some(Value::Array(stops)) => stops
            .into_iter()
            .map(|stop| match stop {
                Value::String(stop) => Ok(stop),
                _ => Err(wrong()),
            })
            .collect(),
        Some(_) => Err(wrong()),
    }
}

/// `safety_identifier` is the younger name of `user`. It stays among the extras, so that each
/// of the two returns under its own name.
fn end_user(body: &mut Map<String, Value>) -> Result<Option<String>, Wrong> {
    match body.get("safety_identifier") {
        None => text(body, "user"),
        Some(Value::String(user)) => Ok(Some(user.clone())),
        Some(_) => Err(Wrong::at("safety_identifier", "must be a string")),
    }
}

/// Effort words we don't know (`default`) stay as they are. So do the objects that other servers
/// take instead of the word; what they ask for is understood all the same.
fn thinking(body: &mut Map<String, Value>) -> Result<Thinking, Wrong> {
    let mut thinking = Thinking::default();
    if let Some(word) = text(body, "reasoning_effort")? {
        thinking.effort = Effort::from_word(&word);
        if thinking.effort.is_none() {
            body.insert("reasoning_effort".to_owned(), Value::String(word));
        }
    }
    if let Some(Value::Object(asked)) = body.get("reasoning") {
        let word = asked.get("effort").and_then(Value::as_str);
        thinking.effort = thinking.effort.or(word.and_then(Effort::from_word));
        thinking.budget = asked.get("max_tokens").and_then(Value::as_u64);
        thinking.on = asked.get("enabled").and_then(Value::as_bool);
        let hidden = asked.get("exclude").and_then(Value::as_bool);
        thinking.shown = hidden.map(|hidden| !hidden);
    }
    if let Some(Value::Object(asked)) = body.get("thinking") {
        let kind = asked.get("type").and_then(Value::as_str);
        thinking.on = kind.map(|kind| kind != "disabled").or(thinking.on);
        let budget = asked.get("budget_tokens").and_then(Value::as_u64);
        thinking.budget = budget.or(thinking.budget);
    }
    Ok(thinking)
}

/// Forms we don't know (a grammar) stay among the extras.
fn format(body: &mut Map<String, Value>) -> Result<Format, Wrong> {
    let Some(mut asked) = object(body, "response_format")? else {
        return Ok(Format::Text);
    };
    match asked.get("type").and_then(Value::as_str) {
        Some("text") => Ok(Format::Text),
        Some("json_object") => Ok(Format::Json),
        Some("json_schema") => object(&mut asked, "json_schema")
            .and_then(|inner| schema(inner.unwrap_or_default()))
            .map_err(|wrong| wrong.under("response_format")),
        _ => {
            body.insert("response_format".to_owned(), Value::Object(asked));
            Ok(Format::Text)
        }
    }
}

fn schema(mut inner: Map<String, Value>) -> Result<Format, Wrong> {
    let mut read = || {
        Ok(Format::Schema {
            name: text(&mut inner, "name")?,
            description: text(&mut inner, "description")?,
            schema: any(&mut inner, "schema").unwrap_or_else(|| Value::Object(Map::new())),
            strict: flag(&mut inner, "strict")?,
        })
    };
    read().map_err(|wrong: Wrong| wrong.under("json_schema"))
}
