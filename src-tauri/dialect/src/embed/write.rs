//! A request for vectors, written for a provider.

use serde_json::{Map, Value, json};

use super::{EmbedInput, EmbedRequest};
use crate::fields::returned;
use crate::hub::{Back, Extras, Notes, Refused, Target};
use crate::ollama::lacking;
use crate::{Dialect, Outgoing, Task};

/// The most texts that Gemini takes at once.
const MOST_OF_GEMINI: usize = 100;
/// The most texts that Cohere takes at once.
const MOST_OF_COHERE: usize = 96;

/// Writes a request for vectors for a target. `lossy` is the same as for requests to generate.
///
/// # Errors
/// When the target has no embeddings, or can't take these inputs.
pub fn write_embed(
    request: &EmbedRequest,
    target: &Target<'_>,
    lossy: bool,
) -> Result<Outgoing, Refused> {
    let mut notes = Notes::new(lossy);
    let Some(endpoint) = target.dialect.endpoint(Task::Embed) else {
        return Err(refused("model", "the provider's dialect has no embeddings"));
    };
    let mut body = match target.dialect {
        Dialect::OpenAi => openai(request, target, &mut notes),
        Dialect::Gemini => gemini(request, target, &mut notes)?,
        Dialect::Ollama => ollama(request, target, &mut notes)?,
        Dialect::Cohere => cohere(request, target, &mut notes)?,
        Dialect::Responses | Dialect::Anthropic | Dialect::Bedrock => {
            return Err(refused("model", "the provider's dialect has no embeddings"));
        }
    };
    for (ours, theirs) in &target.quirks.renames {
        if let Some(value) = body.shift_remove(ours.as_str()) {
            body.insert(theirs.clone(), value);
        }
    }
    lacking::refused_fields(&mut body, target, &mut notes);
    Ok(Outgoing {
        endpoint,
        body: crate::json::document(&body),
        notes: notes.into_vec(),
        back: Back::default(),
    })
}

fn openai(request: &EmbedRequest, target: &Target<'_>, notes: &mut Notes) -> Map<String, Value> {
    let values: Vec<Value> = request
        .inputs
        .iter()
        .map(|input| match input {
            EmbedInput::Text(text) => text.as_str().into(),
            EmbedInput::Tokens(ids) => json!(ids),
        })
        .collect();
    // One text goes without a list: every copy of the API takes that.
    let input = match <[Value; 1]>::try_from(values) {
        Ok([one]) => one,
        Err(many) => Value::Array(many),
    };
    let rest = rest(request, Dialect::OpenAi, notes);
    let told = rest.contains_key("input_type");
    if request.purpose.is_some() && !told {
        notes.dropped(
            "task_type",
            "OpenAI makes the same vectors for all purposes",
        );
    }
    titles(request, notes);
    if request.truncate == Some(true) {
        notes.dropped("truncate", "OpenAI does not cut inputs that are too long");
    }
    let mut body = Map::new();
    put(&mut body, "model", Some(target.model.into()));
    put(&mut body, "input", Some(input));
    put(
        &mut body,
        "encoding_format",
        request.base64.then(|| "base64".into()),
    );
    put(&mut body, "dimensions", request.dimensions.map(Value::from));
    put(&mut body, "user", request.user.as_deref().map(Value::from));
    merged(body, rest)
}

fn gemini(
    request: &EmbedRequest,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Map<String, Value>, Refused> {
    let texts = texts(request, "Gemini", Some(MOST_OF_GEMINI))?;
    user(request, notes);
    let rest = rest(request, Dialect::Gemini, notes);
    let model = target.model.strip_prefix("models/").unwrap_or(target.model);
    let requests = texts.into_iter().enumerate().map(|(at, text)| {
        let title = request.titles.get(at).and_then(Option::as_deref);
        let mut one = Map::new();
        put(&mut one, "model", Some(format!("models/{model}").into()));
        put(
            &mut one,
            "content",
            Some(json!({"parts": [{"text": text}]})),
        );
        put(
            &mut one,
            "taskType",
            request.purpose.map(|purpose| purpose.task_type().into()),
        );
        put(&mut one, "title", title.map(Value::from));
        put(
            &mut one,
            "outputDimensionality",
            request.dimensions.map(Value::from),
        );
        put(&mut one, "autoTruncate", request.truncate.map(Value::from));
        Value::Object(merged(one, rest.clone()))
    });
    let mut body = Map::new();
    body.insert("requests".to_owned(), requests.collect());
    Ok(body)
}

fn ollama(
    request: &EmbedRequest,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Map<String, Value>, Refused> {
    let texts = texts(request, "Ollama", None)?;
    user(request, notes);
    titles(request, notes);
    if request.purpose.is_some() {
        notes.dropped(
            "task_type",
            "Ollama makes the same vectors for all purposes",
        );
    }
    let mut body = Map::new();
    put(&mut body, "model", Some(target.model.into()));
    put(&mut body, "input", Some(json!(texts)));
    put(&mut body, "truncate", request.truncate.map(Value::from));
    put(&mut body, "dimensions", request.dimensions.map(Value::from));
    Ok(merged(body, rest(request, Dialect::Ollama, notes)))
}

fn cohere(
    request: &EmbedRequest,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Map<String, Value>, Refused> {
    let texts = texts(request, "Cohere", Some(MOST_OF_COHERE))?;
    user(request, notes);
    titles(request, notes);
    let input_type = match request.purpose.map(super::Purpose::input_type) {
        Some((word, same)) => {
            if !same {
                notes.degraded(
                    "task_type",
                    format!("the nearest that Cohere has is {word}"),
                );
            }
            word
        }
        None => {
            notes.degraded(
                "input_type",
                "Cohere must be told what vectors are for: search_document is assumed",
            );
            "search_document"
        }
    };
    let truncate = request.truncate.map(|cut| if cut { "END" } else { "NONE" });
    let mut body = Map::new();
    put(&mut body, "model", Some(target.model.into()));
    put(&mut body, "texts", Some(json!(texts)));
    put(&mut body, "input_type", Some(input_type.into()));
    put(&mut body, "embedding_types", Some(json!(["float"])));
    put(
        &mut body,
        "output_dimension",
        request.dimensions.map(Value::from),
    );
    put(&mut body, "truncate", truncate.map(Value::from));
    Ok(merged(body, rest(request, Dialect::Cohere, notes)))
}

/// The inputs of a target that takes texts alone.
fn texts<'a>(
    request: &'a EmbedRequest,
    who: &str,
    most: Option<usize>,
) -> Result<Vec<&'a str>, Refused> {
    if most.is_some_and(|most| request.inputs.len() > most) {
        return Err(refused(
            "input",
            &format!("{who} takes at most {} texts at once", most.unwrap_or(0)),
        ));
    }
    let texts = request.inputs.iter().map(|input| match input {
        EmbedInput::Text(text) => Ok(text.as_str()),
        EmbedInput::Tokens(_) => Err(refused(
            "input",
            &format!("token ids are of no use to {who}, which has other tokens"),
        )),
    });
    texts.collect()
}

fn user(request: &EmbedRequest, notes: &mut Notes) {
    if request.user.is_some() {
        notes.dropped("user", "it has no place in the provider's dialect");
    }
}

fn titles(request: &EmbedRequest, notes: &mut Notes) {
    if !request.titles.is_empty() {
        notes.dropped("title", "it has no place in the provider's dialect");
    }
}

fn rest(request: &EmbedRequest, dialect: Dialect, notes: &mut Notes) -> Map<String, Value> {
    let mut extras: Extras = request.extras.clone();
    if extras.owner != Some(dialect) && request.purpose.is_some() {
        // Understood, so it is not lost.
        extras.fields.shift_remove("input_type");
    }
    returned(extras, dialect, "", notes)
}

fn put(body: &mut Map<String, Value>, key: &str, value: Option<Value>) {
    if let Some(value) = value {
        body.insert(key.to_owned(), value);
    }
}

fn merged(mut body: Map<String, Value>, rest: Map<String, Value>) -> Map<String, Value> {
    for (key, value) in rest {
        body.entry(key).or_insert(value);
    }
    body
}

fn refused(what: &str, why: &str) -> Refused {
    Refused {
        what: what.to_owned(),
        why: why.to_owned(),
    }
}
