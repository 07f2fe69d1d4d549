//! A reply of vectors, out of one dialect and into another.

use base64::Engine;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::meter::meter;
use crate::{Endpoint, NotAReply, Reading, json, loose, refuse};

/// Translates a reply of vectors from the endpoint that gave it to the one that was called.
/// `model` is named in the reply; `base64` says that the caller asked for it; `input_estimate` is
/// our count of the inputs' tokens, for providers that do not tell theirs.
///
/// # Errors
/// When the body is no reply of `from`, or holds something else than numbers.
pub fn translate_embed(
    from: Endpoint,
    to: Endpoint,
    body: &[u8],
    model: &str,
    base64: bool,
    input_estimate: u64,
) -> Result<(Bytes, Reading), NotAReply> {
    let text = body.trim_ascii();
    let reply: Reply<'_> = match serde_json::from_slice(text) {
        Ok(reply) if text.first() == Some(&b'{') => reply,
        _ => {
            // Says what came instead.
            crate::whole::object(text)?;
            return Err(no("The reply has vectors that are not lists of numbers."));
        }
    };
    let mut reading = Reading {
        model: reply.model.clone().filter(|model| !model.is_empty()),
        upstream_id: reply.id.clone().filter(|id| !id.is_empty()),
        finished: true,
        ..Reading::default()
    };
    if reply.error.is_some() {
        reading.failure = Some(refuse::in_stream(from.dialect(), text));
        return Ok((Bytes::new(), reading));
    }
    reading.usage = meter(from, text)?;
    let vectors = vectors(&reply, from)?;
    let tokens = reading
        .usage
        .map_or(input_estimate, |usage| usage.input_total());
    let bytes = match to {
        Endpoint::EmbedContent => json::document(&GeminiOne {
            embedding: Values {
                values: vectors.first().map(Vec::as_slice).unwrap_or_default(),
            },
        }),
        Endpoint::BatchEmbedContents => json::document(&GeminiMany {
            embeddings: vectors.iter().map(|values| Values { values }).collect(),
        }),
        Endpoint::OllamaEmbed => json::document(&Ollama {
            model,
            embeddings: &vectors,
            total_duration: 0,
            load_duration: 0,
            prompt_eval_count: tokens,
        }),
        _ => crate::embeddings_reply(model, &vectors, base64, tokens),
    };
    Ok((bytes, reading))
}

fn vectors(reply: &Reply<'_>, from: Endpoint) -> Result<Vec<Vec<f32>>, NotAReply> {
    let missing = || no("The reply is JSON, but has no vectors.");
    let vectors = match from {
        Endpoint::Embeddings => {
            let mut data: Vec<Entry> = read(reply.data.ok_or_else(missing)?)?;
            // In the order of the inputs, whatever order they came in.
            data.sort_by_key(|entry| entry.index.unwrap_or(0));
            let vectors = data.into_iter().map(|entry| match entry.embedding {
                Coded::Floats(floats) => Ok(floats),
                Coded::Base64(text) => decoded(&text),
            });
            vectors.collect::<Result<Vec<_>, _>>()?
        }
        Endpoint::EmbedContent => {
            let one: OneValues = read(reply.embedding.ok_or_else(missing)?)?;
            vec![one.values]
        }
        Endpoint::BatchEmbedContents => {
            let many: Vec<OneValues> = read(reply.embeddings.ok_or_else(missing)?)?;
            many.into_iter().map(|one| one.values).collect()
        }
        Endpoint::CohereEmbed => {
            let raw = reply.embeddings.ok_or_else(missing)?;
            if raw.get().starts_with('[') {
                // The older reply.
                read(raw)?
            } else {
                let by_type: ByType = read(raw)?;
                by_type.float.ok_or_else(missing)?
            }
        }
        _ => read(reply.embeddings.ok_or_else(missing)?)?,
    };
    // A number beyond a 32-bit float, or a NaN in base64: it could not be written as JSON.
    if vectors.iter().flatten().any(|float| !float.is_finite()) {
        return Err(no("The reply has vectors with infinite numbers."));
    }
    Ok(vectors)
}

fn decoded(text: &str) -> Result<Vec<f32>, NotAReply> {
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(text)
        .ok()
        .filter(|bytes| bytes.len().is_multiple_of(4))
        .ok_or_else(|| no("The reply has vectors whose base64 is broken."))?;
    let floats = bytes.as_chunks::<4>().0.iter();
    Ok(floats.map(|four| f32::from_le_bytes(*four)).collect())
}

fn read<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Result<T, NotAReply> {
    serde_json::from_str(raw.get())
        .map_err(|_| no("The reply has vectors that are not lists of numbers."))
}

fn no(reason: &str) -> NotAReply {
    NotAReply {
        reason: reason.to_owned(),
    }
}

/// The fields of all replies; each has its own few.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Reply<'a> {
    #[serde(deserialize_with = "loose::value")]
    id: Option<String>,
    #[serde(deserialize_with = "loose::value")]
    model: Option<String>,
    #[serde(borrow, deserialize_with = "loose::raw")]
    error: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "loose::raw")]
    data: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "loose::raw")]
    embedding: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "loose::raw")]
    embeddings: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default, deserialize_with = "loose::count")]
    index: Option<u64>,
    embedding: Coded,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Coded {
    Base64(String),
    Floats(Vec<f32>),
}

#[derive(Deserialize)]
struct OneValues {
    values: Vec<f32>,
}

#[derive(Deserialize)]
struct ByType {
    float: Option<Vec<Vec<f32>>>,
}

#[derive(Serialize)]
struct GeminiOne<'a> {
    embedding: Values<'a>,
}

#[derive(Serialize)]
struct GeminiMany<'a> {
    embeddings: Vec<Values<'a>>,
}

#[derive(Serialize)]
struct Values<'a> {
    values: &'a [f32],
}

#[derive(Serialize)]
struct Ollama<'a> {
    model: &'a str,
    embeddings: &'a [Vec<f32>],
    total_duration: u64,
    load_duration: u64,
    prompt_eval_count: u64,
}
