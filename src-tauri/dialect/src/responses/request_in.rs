//! A caller's request, read.
//!
//! Promises: what the hub has no name for stays in extras and comes back when the request is
//! written in this dialect again. What does not come back as it was, and means the same: `null`
//! at the top is absent; `input` as a string is one user message; one plain text part is a
//! string; `user` comes back as `safety_identifier`; the image detail `auto` is the default.
//! Leaves out: the items and tools (their own files), background answers and conversations kept
//! by the provider (extras).

use serde_json::{Map, Value};

use super::fields::{self, At, boolean, count, number, object, string, take};
use super::{items_in, tools_in};
use crate::hub::{Effort, Extras, Format, Message, Part, Request, Role, Sampling, Thinking};
use crate::{Dialect, Endpoint, Malformed};

/// Marks the message that came as `instructions`.
pub(super) const INSTRUCTIONS: &str = "instructions";
/// What `include` says when log probabilities are wanted.
pub(super) const LOGPROBS: &str = "message.output_text.logprobs";

pub(super) fn read(endpoint: Endpoint, mut body: Map<String, Value>) -> Result<Request, Malformed> {
    let top = At::Top;
    body.retain(|_, value| !value.is_null());
    let model = match string(&mut body, "model", &top)? {
        Some(model) => model,
        // Counting needs no model.
        None if endpoint == Endpoint::InputTokens => String::new(),
        None => return Err(At::Field(&top, "model").fault("is missing")),
    };
    let mut messages = Vec::new();
    if let Some(text) = string(&mut body, "instructions", &top)? {
        messages.push(instructions(text));
    }
    if let Some(input) = take(&mut body, "input") {
        items_in::read(input, &mut messages)?;
    }
    let tools = tools_in::tools(&mut body)?;
    let choice = tools_in::choice(&mut body)?;
    let format = text(&mut body)?;
    Ok(Request {
        model,
        stream: boolean(&mut body, "stream", &top)?.unwrap_or(false),
        usage_asked: true,
        messages,
        tools,
        choice,
        parallel: boolean(&mut body, "parallel_tool_calls", &top)?,
        max_output: count(&mut body, "max_output_tokens", &top)?,
        sampling: Sampling {
            temperature: number(&mut body, "temperature", &top)?,
            top_p: number(&mut body, "top_p", &top)?,
            ..Sampling::default()
        },
        stop: Vec::new(),
        candidates: None,
        logprobs: logprobs(&mut body)?,
        thinking: thinking(&mut body)?,
        format: format.0,
        verbosity: format.1,
        tier: string(&mut body, "service_tier", &top)?,
        end_user: end_user(&mut body)?,
        metadata: object(&mut body, "metadata", &top)?.unwrap_or_default(),
        cache_key: string(&mut body, "prompt_cache_key", &top)?,
        previous: string(&mut body, "previous_response_id", &top)?,
        store: boolean(&mut body, "store", &top)?,
        begun: false,
        // The owner is said even when nothing is left: a writer asks whose request it is.
        extras: Extras {
            owner: Some(Dialect::Responses),
            fields: body,
        },
    })
}

fn instructions(text: String) -> Message {
    let mark = Map::from_iter([(INSTRUCTIONS.to_owned(), Value::Bool(true))]);
    let parts = if text.is_empty() {
        Vec::new()
    } else {
        vec![Part::text(text)]
    };
    Message {
        extras: Extras::of(Dialect::Responses, mark),
        ..Message::new(Role::System, parts)
    }
}

/// `text`: the form of the answer, and how wordy it is.
fn text(body: &mut Map<String, Value>) -> Result<(Format, Option<String>), Malformed> {
    let at = At::Field(&At::Top, "text");
    let Some(mut text) = object(body, "text", &At::Top)? else {
        return Ok((Format::Text, None));
    };
    let verbosity = string(&mut text, "verbosity", &at)?;
    let format = match object(&mut text, "format", &at)? {
        Some(format) => read_format(format, &At::Field(&at, "format"), &mut text)?,
        None => Format::Text,
    };
    text.retain(|_, value| !value.is_null());
    if !text.is_empty() {
        body.insert("text".to_owned(), Value::Object(text));
    }
    Ok((format, verbosity))
}

/// `text.format`. A form without a name in the hub is put back into `text`.
fn read_format(
    mut format: Map<String, Value>,
    at: &At<'_>,
    text: &mut Map<String, Value>,
) -> Result<Format, Malformed> {
    match fields::peek(&format, "type") {
        Some("text") => Ok(Format::Text),
        Some("json_object") => Ok(Format::Json),
        Some("json_schema") => Ok(Format::Schema {
            name: string(&mut format, "name", at)?,
            description: string(&mut format, "description", at)?,
            schema: take(&mut format, "schema")
                .ok_or_else(|| At::Field(at, "schema").fault("is missing"))?,
            strict: boolean(&mut format, "strict", at)?,
        }),
        _ => {
            text.insert("format".to_owned(), Value::Object(format));
            Ok(Format::Text)
        }
    }
}

/// Log probabilities come only to those who include them; then `top_logprobs` says how many.
fn logprobs(body: &mut Map<String, Value>) -> Result<Option<u32>, Malformed> {
    let included = body
        .get("include")
        .and_then(Value::as_array)
        .is_some_and(|include| include.iter().any(|one| one == LOGPROBS));
    if !included {
        return Ok(None);
    }
    let top = count(body, "top_logprobs", &At::Top)?.unwrap_or(0);
    Ok(Some(u32::try_from(top).unwrap_or(u32::MAX)))
}

/// `reasoning`. The effort is named; the rest (`summary` in its own word, `mode`, …) is kept.
fn thinking(body: &mut Map<String, Value>) -> Result<Thinking, Malformed> {
    let at = At::Field(&At::Top, "reasoning");
    let Some(mut reasoning) = object(body, "reasoning", &At::Top)? else {
        return Ok(Thinking::default());
    };
    reasoning.retain(|_, value| !value.is_null());
    let mut effort = None;
    if let Some(word) = string(&mut reasoning, "effort", &at)? {
        effort = Effort::from_word(&word);
        if effort.is_none() {
            reasoning.insert("effort".to_owned(), Value::String(word));
        }
    }
    let shown = ["summary", "generate_summary"]
        .into_iter()
        .any(|key| reasoning.contains_key(key))
        .then_some(true);
    if !reasoning.is_empty() {
        body.insert("reasoning".to_owned(), Value::Object(reasoning));
    }
    Ok(Thinking {
        effort,
        shown,
        ..Thinking::default()
    })
}

/// The end user goes by two names; the older one is kept apart only where both are given.
fn end_user(body: &mut Map<String, Value>) -> Result<Option<String>, Malformed> {
    let user = string(body, "user", &At::Top)?;
    let Some(identifier) = string(body, "safety_identifier", &At::Top)? else {
        return Ok(user);
    };
    if let Some(user) = user {
        body.insert("user".to_owned(), Value::String(user));
    }
    Ok(Some(identifier))
}
