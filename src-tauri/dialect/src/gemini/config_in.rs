//! `generationConfig`, read.
//!
//! Promises: what has no name in the hub stays in the config, to return to Google alone.

use serde_json::Value;

use super::fields::{
    Object, count, integer, merge, object_if_there, take, take_as, take_object, take_text,
};
use super::schema_in::json_schema;
use crate::Malformed;
use crate::hub::{Effort, Format, Request, Thinking};

/// Reads `generationConfig` into `request`; what is left over is handed back.
pub(super) fn config(mut config: Object, request: &mut Request) -> Result<Object, Malformed> {
    let c = &mut config;
    request.max_output = take_as(c, "maxOutputTokens", count);
    request.candidates =
        take_as(c, "candidateCount", count).map(|n| u32::try_from(n).unwrap_or(u32::MAX));
    let sampling = &mut request.sampling;
    sampling.temperature = take_as(c, "temperature", Value::as_f64);
    sampling.top_p = take_as(c, "topP", Value::as_f64);
    sampling.top_k = take_as(c, "topK", count);
    sampling.seed = take_as(c, "seed", integer);
    sampling.presence_penalty = take_as(c, "presencePenalty", Value::as_f64);
    sampling.frequency_penalty = take_as(c, "frequencyPenalty", Value::as_f64);
    request.stop = stops(take(c, "stopSequences"))?;
    if take_as(c, "responseLogprobs", Value::as_bool) == Some(true) {
        let top = take_as(c, "logprobs", count).unwrap_or(0);
        request.logprobs = Some(u32::try_from(top).unwrap_or(u32::MAX));
    }
    if let Some(mut thinking) = object_if_there(c, "thinkingConfig")? {
        request.thinking = self::thinking(&mut thinking);
        if !thinking.is_empty() {
            c.insert("thinkingConfig".to_owned(), Value::Object(thinking));
        }
    }
    request.format = format(c);
    Ok(config)
}

fn stops(value: Option<Value>) -> Result<Vec<String>, Malformed> {
    let wrong = || Malformed::nowhere("`generationConfig.stopSequences` is not a list of texts");
    match value {
        None => Ok(Vec::new()),
        Some(Value::Array(list)) => list
            .into_iter()
            .map(|stop| match stop {
                Value::String(stop) => Ok(stop),
                _ => Err(wrong()),
            })
            .collect(),
        Some(_) => Err(wrong()),
    }
}

fn thinking(config: &mut Object) -> Thinking {
    let mut thinking = Thinking {
        shown: take_as(config, "includeThoughts", Value::as_bool),
        effort: take_as(config, "thinkingLevel", |level| {
            Effort::from_word(level.as_str()?)
        }),
        ..Thinking::default()
    };
    match take_as(config, "thinkingBudget", integer_of) {
        Some(0) => thinking.on = Some(false),
        Some(budget) => match u64::try_from(budget) {
            Ok(budget) => thinking.budget = Some(budget),
            Err(_) => thinking.on = Some(true),
        },
        None => {}
    }
    thinking
}

fn integer_of(value: &Value) -> Option<i64> {
    integer(value).or_else(|| value.as_str()?.parse().ok())
}

/// The answer's form. A media type other than JSON's (`text/x.enum`) stays, and its schema with it.
fn format(config: &mut Object) -> Format {
    let mime = take_text(config, "responseMimeType");
    match mime.as_deref() {
        None | Some("application/json") => {}
        Some("text/plain") => return Format::Text,
        Some(other) => {
            config.insert("responseMimeType".to_owned(), other.into());
            return Format::Text;
        }
    }
    let schema = [
        "responseJsonSchema",
        "_responseJsonSchema",
        "responseSchema",
    ]
    .into_iter()
    .filter_map(|name| take_object(config, name))
    .reduce(|first, _| first);
    match (schema, mime) {
        (Some(schema), _) => Format::Schema {
            name: None,
            description: None,
            schema: json_schema(Value::Object(schema)),
            strict: None,
        },
        (None, Some(_)) => Format::Json,
        (None, None) => Format::Text,
    }
}

/// Keeps what is left over of a nested config, so that it returns to its place.
pub(super) fn keep(extras: &mut Object, name: &str, rest: Object) {
    if !rest.is_empty() {
        let mut nested = Object::new();
        nested.insert(name.to_owned(), Value::Object(rest));
        merge(extras, nested);
    }
}
