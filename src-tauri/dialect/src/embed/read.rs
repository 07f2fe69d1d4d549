//! A caller's request for vectors, read.

use serde_json::{Map, Value};

use super::{EmbedInput, EmbedRequest, Purpose};
use crate::fields::{count, fitting, list, object, take, text, wrong};
use crate::hub::Extras;
use crate::{Dialect, Endpoint, Malformed};

/// Reads a caller's request for vectors. `model_in_path`: the model where it stands in the path.
///
/// # Errors
/// When the body is no request of this endpoint, or has inputs other than text and token ids.
pub fn read_embed(
    endpoint: Endpoint,
    body: &[u8],
    model_in_path: Option<&str>,
) -> Result<EmbedRequest, Malformed> {
    read(endpoint, fields(body)?, model_in_path)
}

/// The fields of a body.
pub(super) fn fields(body: &[u8]) -> Result<Map<String, Value>, Malformed> {
    let utf8 = std::str::from_utf8(body)
        .map_err(|e| Malformed::at(body, e.valid_up_to(), "The request body is not UTF-8"))?;
    match serde_json::from_str(utf8).map_err(|e| Malformed::json(&e))? {
        Value::Object(fields) => Ok(fields),
        _ => Err(Malformed::nowhere("The request body is not a JSON object")),
    }
}

pub(super) fn read(
    endpoint: Endpoint,
    mut body: Map<String, Value>,
    model_in_path: Option<&str>,
) -> Result<EmbedRequest, Malformed> {
    let mut request = match endpoint {
        Endpoint::Embeddings => openai(&mut body)?,
        Endpoint::OllamaEmbed => ollama(&mut body)?,
        Endpoint::EmbedContent => {
            let one = gemini(&mut body, "")?;
            batch(vec![one], body)?
        }
        Endpoint::BatchEmbedContents => {
            let mut all = Vec::new();
            for (at, one) in list(&mut body, "requests", "")?.into_iter().enumerate() {
                let place = format!("requests[{at}]");
                let Value::Object(mut one) = one else {
                    return Err(wrong("", &place, "an object"));
                };
                all.push(gemini(&mut one, &format!("{place}."))?);
            }
            batch(all, body)?
        }
        _ => {
            return Err(Malformed::nowhere(
                "Requests to this endpoint are not translated",
            ));
        }
    };
    if let Some(model) = model_in_path {
        request.model = bare(model);
    }
    if request.inputs.is_empty() {
        return Err(Malformed::nowhere("The request has nothing to embed"));
    }
    Ok(request)
}

fn openai(body: &mut Map<String, Value>) -> Result<EmbedRequest, Malformed> {
    let model = text(body, "model", "")?.unwrap_or_default();
    let inputs = inputs(take(body, "input"), true)?;
    let base64 = match text(body, "encoding_format", "")?.as_deref() {
        None | Some("float") => false,
        Some("base64") => true,
        Some(_) => return Err(wrong("", "encoding_format", "float or base64")),
    };
    Ok(EmbedRequest {
        model,
        inputs,
        base64,
        dimensions: fitting(body, "dimensions", count),
        user: text(body, "user", "")?,
        // Not OpenAI's, but many copies': it stays among the extras as well.
        purpose: body
            .get("input_type")
            .and_then(Value::as_str)
            .and_then(Purpose::from_word),
        extras: Extras::of(Dialect::OpenAi, std::mem::take(body)),
        ..EmbedRequest::default()
    })
}

fn ollama(body: &mut Map<String, Value>) -> Result<EmbedRequest, Malformed> {
    Ok(EmbedRequest {
        model: text(body, "model", "")?.unwrap_or_default(),
        inputs: inputs(take(body, "input"), false)?,
        dimensions: fitting(body, "dimensions", |value| count(value).filter(|n| *n > 0)),
        truncate: fitting(body, "truncate", Value::as_bool),
        extras: Extras::of(Dialect::Ollama, std::mem::take(body)),
        ..EmbedRequest::default()
    })
}

/// A text, a list of texts, or (for OpenAI) the token ids of one or several.
fn inputs(input: Option<Value>, tokens_too: bool) -> Result<Vec<EmbedInput>, Malformed> {
    let odd = || {
        wrong(
            "",
            "input",
            if tokens_too {
                "a text, token ids, or a list of one of them"
            } else {
                "a text or a list of texts"
            },
        )
    };
    match input {
        Some(Value::String(text)) => Ok(vec![EmbedInput::Text(text)]),
        Some(Value::Array(list)) if tokens_too && list.first().is_some_and(Value::is_number) => {
            Ok(vec![tokens(&list).ok_or_else(odd)?])
        }
        Some(Value::Array(list)) => list
            .into_iter()
            .map(|one| match one {
                Value::String(text) => Ok(EmbedInput::Text(text)),
                Value::Array(ids) if tokens_too => tokens(&ids).ok_or_else(odd),
                _ => Err(odd()),
            })
            .collect(),
        _ => Err(odd()),
    }
}

fn tokens(ids: &[Value]) -> Option<EmbedInput> {
    let ids = ids.iter().map(count).collect::<Option<Vec<_>>>()?;
    Some(EmbedInput::Tokens(ids))
}

/// One `embedContent`, as it stands alone or in a batch.
struct One {
    model: String,
    text: String,
    purpose: Option<Purpose>,
    title: Option<String>,
    dimensions: Option<u64>,
    truncate: Option<bool>,
    rest: Map<String, Value>,
}

fn gemini(one: &mut Map<String, Value>, at: &str) -> Result<One, Malformed> {
    let model = bare(&text(one, "model", at)?.unwrap_or_default());
    // A text alone is an old shorthand that SDKs still know.
    let words = match one.get("content") {
        Some(Value::String(_)) => text(one, "content", at)?.unwrap_or_default(),
        _ => content(one, at)?,
    };
    // Some clients nest the settings.
    for nested in ["embedContentConfig", "embed_content_config"] {
        if let Some(settings) = object(one, nested, at)? {
            for (key, value) in settings {
                one.entry(key).or_insert(value);
            }
        }
    }
    let mut task = None;
    for key in ["taskType", "task_type"] {
        let word = fitting(one, key, |word| Some(word.as_str()?.to_owned()));
        task = task.or(word);
    }
    let mut either = |keys: [&str; 2]| keys.into_iter().find_map(|key| fitting(one, key, count));
    let dimensions = either(["outputDimensionality", "output_dimensionality"]);
    let truncate = ["autoTruncate", "auto_truncate"]
        .into_iter()
        .find_map(|key| fitting(one, key, Value::as_bool));
    Ok(One {
        model,
        text: words,
        purpose: task.as_deref().and_then(Purpose::from_word),
        title: text(one, "title", at)?.filter(|title| !title.is_empty()),
        dimensions,
        truncate,
        rest: std::mem::take(one),
    })
}

fn content(one: &mut Map<String, Value>, at: &str) -> Result<String, Malformed> {
    let Some(mut content) = object(one, "content", at)? else {
        return Err(wrong(at, "content", "there"));
    };
    let place = format!("{at}content.");
    let mut words = String::new();
    for (nth, part) in list(&mut content, "parts", &place)?.into_iter().enumerate() {
        let Some(more) = part["text"].as_str() else {
            return Err(wrong(&place, &format!("parts[{nth}]"), "text"));
        };
        if nth > 0 {
            words.push('\n');
        }
        words.push_str(more);
    }
    Ok(words)
}

/// Many as one: what is asked for each must be the same for all.
fn batch(all: Vec<One>, rest: Map<String, Value>) -> Result<EmbedRequest, Malformed> {
    let mut request = EmbedRequest::default();
    let mut extras = rest;
    let mut titles = Vec::with_capacity(all.len());
    for (at, one) in all.into_iter().enumerate() {
        if at == 0 {
            request.model = one.model;
            request.purpose = one.purpose;
            request.dimensions = one.dimensions;
            request.truncate = one.truncate;
            for (key, value) in one.rest {
                extras.entry(key).or_insert(value);
            }
        } else if (one.purpose, one.dimensions) != (request.purpose, request.dimensions) {
            return Err(Malformed::nowhere(
                "The requests of the batch differ in `taskType` or `outputDimensionality`, which can't be translated",
            ));
        }
        titles.push(one.title);
        request.inputs.push(EmbedInput::Text(one.text));
    }
    if titles.iter().any(Option::is_some) {
        request.titles = titles;
    }
    request.extras = Extras::of(Dialect::Gemini, extras);
    Ok(request)
}

/// A model without Gemini's folder.
pub(super) fn bare(model: &str) -> String {
    model.strip_prefix("models/").unwrap_or(model).to_owned()
}
