//! A caller's request, read.
//!
//! Promises: `/api/generate` becomes a conversation of one turn; `stream` is on unless it is
//! switched off, as Ollama has it. Options without a name in the hub stay under `options` among
//! the extras, and so do values that only Ollama can make sense of (`num_predict: -1`).
//! Canonical after reading: no nulls, no fields that hold Go's zero value, ids on every call.

use serde_json::{Map, Value};

use super::messages_in::{MessagesIn, images};
use crate::fields::{count, fitting, list, no_arguments, object, take, text, wrong};
use crate::hub::{
    Effort, Extras, Format, Message, Part, Request, Role, Sampling, Thinking, Tool, ToolKind,
};
use crate::{Dialect, Endpoint, Malformed};

/// A caller's request, in our words.
pub(crate) fn read_request(
    endpoint: Endpoint,
    mut body: Map<String, Value>,
) -> Result<Request, Malformed> {
    let mut request = Request {
        model: text(&mut body, "model", "")?.unwrap_or_default(),
        stream: match take(&mut body, "stream") {
            None => true,
            Some(Value::Bool(stream)) => stream,
            Some(_) => return Err(wrong("", "stream", "true or false")),
        },
        usage_asked: true,
        ..Request::default()
    };
    request.messages = if endpoint == Endpoint::OllamaGenerate {
        one_turn(&mut body)?
    } else {
        let mut messages = MessagesIn::default();
        for (at, message) in list(&mut body, "messages", "")?.into_iter().enumerate() {
            messages.read(at, message)?;
        }
        messages.done()
    };
    for (at, tool) in list(&mut body, "tools", "")?.into_iter().enumerate() {
        request.tools.push(read_tool(at, tool)?);
    }
    request.thinking = thinking(&mut body);
    request.format = match take(&mut body, "format") {
        None => Format::Text,
        Some(Value::String(word)) if word.is_empty() => Format::Text,
        Some(Value::String(word)) if word == "json" => Format::Json,
        Some(schema @ Value::Object(_)) => Format::Schema {
            name: None,
            description: None,
            schema,
            strict: None,
        },
        Some(_) => return Err(wrong("", "format", "\"json\" or a JSON schema")),
    };
    let logprobs = fitting(&mut body, "logprobs", Value::as_bool).unwrap_or(false);
    let top = fitting(&mut body, "top_logprobs", |value| {
        u32::try_from(count(value)?).ok()
    });
    request.logprobs = logprobs.then_some(top.unwrap_or(0));
    options(&mut body, &mut request)?;
    request.extras = Extras::of(Dialect::Ollama, body);
    Ok(request)
}

/// `/api/generate`: a system text, a prompt and its images.
fn one_turn(body: &mut Map<String, Value>) -> Result<Vec<Message>, Malformed> {
    if text(body, "suffix", "")?.is_some_and(|suffix| !suffix.is_empty()) {
        return Err(Malformed::nowhere(
            "The request's `suffix` asks to fill a gap in a text, which can't be translated into a conversation",
        ));
    }
    let mut messages = Vec::new();
    if let Some(system) = text(body, "system", "")?.filter(|system| !system.is_empty()) {
        messages.push(Message::new(Role::System, vec![Part::text(system)]));
    }
    let prompt = text(body, "prompt", "")?.filter(|prompt| !prompt.is_empty());
    let mut parts = images(body, "")?;
    parts.extend(prompt.map(Part::text));
    if !parts.is_empty() {
        messages.push(Message::new(Role::User, parts));
    }
    // Zero values that ask for nothing.
    for (key, nothing) in [
        ("raw", Value::Bool(false)),
        ("template", "".into()),
        ("context", Value::Array(Vec::new())),
    ] {
        if body
            .get(key)
            .is_some_and(|value| value.is_null() || *value == nothing)
        {
            body.shift_remove(key);
        }
    }
    Ok(messages)
}

fn read_tool(at: usize, tool: Value) -> Result<Tool, Malformed> {
    let place = format!("tools[{at}]");
    let Value::Object(mut tool) = tool else {
        return Err(wrong("", &place, "an object"));
    };
    let place = format!("{place}.");
    let kind = tool.get("type").and_then(Value::as_str);
    if let Some(kind) = kind.filter(|kind| *kind != "function") {
        return Ok(Tool {
            kind: ToolKind::Hosted {
                name: kind.to_owned(),
                value: Value::Object(tool),
            },
            cache: None,
            extras: Extras::by(Dialect::Ollama),
        });
    }
    tool.shift_remove("type");
    let Some(mut function) = object(&mut tool, "function", &place)? else {
        return Err(wrong(&place, "function", "there"));
    };
    let place = format!("{place}function.");
    let name =
        text(&mut function, "name", &place)?.ok_or_else(|| wrong(&place, "name", "there"))?;
    let description = text(&mut function, "description", &place)?;
    let schema = take(&mut function, "parameters").filter(|schema| *schema != no_arguments());
    if !function.is_empty() {
        tool.insert("function".to_owned(), Value::Object(function));
    }
    Ok(Tool {
        kind: ToolKind::Function {
            name,
            namespace: None,
            description,
            schema,
            strict: None,
        },
        cache: None,
        extras: Extras::of(Dialect::Ollama, tool),
    })
}

fn thinking(body: &mut Map<String, Value>) -> Thinking {
    let mut thinking = Thinking::default();
    fitting(body, "think", |value| {
        match value {
            Value::Bool(on) => thinking.on = Some(*on),
            Value::String(word) => thinking.effort = Some(Effort::from_word(word)?),
            _ => return None,
        }
        Some(())
    });
    thinking
}

fn options(body: &mut Map<String, Value>, request: &mut Request) -> Result<(), Malformed> {
    let Some(mut options) = object(body, "options", "")? else {
        return Ok(());
    };
    let from = &mut options;
    // Zero and below mean "no limit" and more, in Ollama's own way.
    request.max_output = fitting(from, "num_predict", |value| {
        count(value).filter(|limit| *limit > 0)
    });
    request.sampling = Sampling {
        temperature: fitting(from, "temperature", Value::as_f64),
        top_p: fitting(from, "top_p", Value::as_f64),
        top_k: fitting(from, "top_k", count),
        seed: fitting(from, "seed", Value::as_i64),
        frequency_penalty: fitting(from, "frequency_penalty", Value::as_f64),
        presence_penalty: fitting(from, "presence_penalty", Value::as_f64),
        logit_bias: Map::new(),
    };
    request.stop = match take(from, "stop") {
        None => Vec::new(),
        Some(Value::String(stop)) => vec![stop],
        Some(Value::Array(stops)) => stops
            .into_iter()
            .map(|stop| match stop {
                Value::String(stop) => Ok(stop),
                _ => Err(wrong("options.", "stop", "a list of strings")),
            })
            .collect::<Result<_, _>>()?,
        Some(_) => return Err(wrong("options.", "stop", "a list of strings")),
    };
    options.retain(|_, value| !value.is_null());
    if !options.is_empty() {
        body.insert("options".to_owned(), Value::Object(options));
    }
    Ok(())
}
