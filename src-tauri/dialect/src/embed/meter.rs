//! What a reply of vectors cost, and whether it is one.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::counts::OpenAiCounts;
use crate::{Endpoint, NotAReply, Usage, cohere, loose};

/// The tokens that a reply of vectors tells of; `None` where it does not (Gemini, mostly).
///
/// # Errors
/// When it has no vectors.
pub(crate) fn meter(endpoint: Endpoint, body: &[u8]) -> Result<Option<Usage>, NotAReply> {
    let not = |reason: &str| {
        Err(NotAReply {
            reason: reason.to_owned(),
        })
    };
    // The vectors themselves are skipped, not built.
    let Ok(reply) = serde_json::from_slice::<Reply<'_>>(body) else {
        return not("The reply is not a JSON object.");
    };
    let starts =
        |raw: Option<&RawValue>, with: &[char]| raw.is_some_and(|raw| raw.get().starts_with(with));
    let (is_reply, wanted) = match endpoint {
        Endpoint::Embeddings => (starts(reply.data, &['[']), "list of `data`"),
        Endpoint::EmbedContent => (starts(reply.embedding, &['{']), "`embedding`"),
        Endpoint::CohereEmbed => (starts(reply.embeddings, &['[', '{']), "`embeddings`"),
        _ => (starts(reply.embeddings, &['[']), "list of `embeddings`"),
    };
    if !is_reply {
        return not(&format!("The reply is JSON, but has no {wanted}."));
    }
    let of_input = |input| Usage {
        input,
        ..Usage::default()
    };
    Ok(match endpoint {
        Endpoint::Embeddings => reply
            .usage
            .and_then(|raw| serde_json::from_str::<OpenAiCounts>(raw.get()).ok())
            .and_then(|counts| counts.usage()),
        Endpoint::OllamaEmbed => reply.prompt_eval_count.map(of_input),
        Endpoint::CohereEmbed => cohere::usage(&reply.meta.unwrap_or_default()),
        _ => reply
            .usage_metadata
            .and_then(|counts| counts.prompt_token_count)
            .map(of_input),
    })
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reply<'a> {
    #[serde(borrow, deserialize_with = "loose::raw")]
    data: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "loose::raw")]
    embedding: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "loose::raw")]
    embeddings: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "loose::raw")]
    usage: Option<&'a RawValue>,
    #[serde(deserialize_with = "loose::count")]
    prompt_eval_count: Option<u64>,
    #[serde(deserialize_with = "loose::value")]
    meta: Option<Value>,
    #[serde(rename = "usageMetadata", deserialize_with = "loose::value")]
    usage_metadata: Option<GeminiCounts>,
}

#[derive(Deserialize)]
struct GeminiCounts {
    #[serde(
        default,
        rename = "promptTokenCount",
        deserialize_with = "loose::count"
    )]
    prompt_token_count: Option<u64>,
}
