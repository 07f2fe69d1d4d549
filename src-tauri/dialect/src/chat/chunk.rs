//! The shapes of a chunk and of a whole completion, which differ in little.
//!
//! Promises: a field of the wrong shape reads as absent and spoils nothing around it: fields
//! stay raw until they are wanted. Leaves out: what they mean (`events_in`).

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

pub(super) type Raw<'a> = Option<&'a RawValue>;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Chunk<'a> {
    #[serde(borrow)]
    pub(super) id: Raw<'a>,
    #[serde(borrow)]
    pub(super) model: Raw<'a>,
    #[serde(borrow)]
    pub(super) object: Raw<'a>,
    #[serde(borrow)]
    pub(super) r#type: Raw<'a>,
    #[serde(borrow)]
    pub(super) error: Raw<'a>,
    #[serde(borrow)]
    pub(super) choices: Raw<'a>,
    #[serde(borrow)]
    pub(super) usage: Raw<'a>,
    /// Groq's own place for usage that was not asked for.
    #[serde(borrow)]
    pub(super) x_groq: Raw<'a>,
    #[serde(borrow)]
    pub(super) service_tier: Raw<'a>,
    #[serde(borrow)]
    pub(super) system_fingerprint: Raw<'a>,
    #[serde(borrow)]
    pub(super) moderation: Raw<'a>,
    /// Addresses that the answer rests on, at Perplexity and xAI.
    #[serde(borrow)]
    pub(super) citations: Raw<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Choice<'a> {
    #[serde(borrow)]
    pub(super) index: Raw<'a>,
    #[serde(borrow)]
    pub(super) delta: Raw<'a>,
    /// In a whole completion; some servers write it in chunks, beside or instead of `delta`.
    #[serde(borrow)]
    pub(super) message: Raw<'a>,
    /// The older completions', whole or in pieces.
    #[serde(borrow)]
    pub(super) text: Raw<'a>,
    #[serde(borrow)]
    pub(super) finish_reason: Raw<'a>,
    #[serde(borrow)]
    pub(super) logprobs: Raw<'a>,
    /// Moonshot's place for usage.
    #[serde(borrow)]
    pub(super) usage: Raw<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Delta<'a> {
    #[serde(borrow)]
    pub(super) content: Raw<'a>,
    #[serde(borrow)]
    pub(super) reasoning_content: Raw<'a>,
    #[serde(borrow)]
    pub(super) reasoning: Raw<'a>,
    #[serde(borrow)]
    pub(super) reasoning_details: Raw<'a>,
    #[serde(borrow)]
    pub(super) refusal: Raw<'a>,
    #[serde(borrow)]
    pub(super) tool_calls: Raw<'a>,
    #[serde(borrow)]
    pub(super) function_call: Raw<'a>,
    #[serde(borrow)]
    pub(super) annotations: Raw<'a>,
    #[serde(borrow)]
    pub(super) audio: Raw<'a>,
    /// OpenRouter's pictures.
    #[serde(borrow)]
    pub(super) images: Raw<'a>,
    #[serde(borrow)]
    pub(super) extra_content: Raw<'a>,
}

/// A piece of a call.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Fragment<'a> {
    #[serde(borrow)]
    pub(super) index: Raw<'a>,
    #[serde(borrow)]
    pub(super) id: Raw<'a>,
    #[serde(borrow)]
    pub(super) function: Raw<'a>,
    #[serde(borrow)]
    pub(super) custom: Raw<'a>,
    #[serde(borrow)]
    pub(super) extra_content: Raw<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Function<'a> {
    #[serde(borrow)]
    pub(super) name: Raw<'a>,
    #[serde(borrow)]
    pub(super) arguments: Raw<'a>,
    #[serde(borrow)]
    pub(super) input: Raw<'a>,
}

/// A string that is not empty.
pub(super) fn text(raw: Raw<'_>) -> Option<String> {
    let raw = raw?.get();
    if !raw.starts_with('"') || raw == "\"\"" {
        return None;
    }
    serde_json::from_str(raw).ok()
}

/// Arguments: a string, or the object itself.
pub(super) fn arguments(raw: Raw<'_>) -> Option<String> {
    match raw?.get() {
        written if written.starts_with('"') => text(raw),
        written => Some(written.to_owned()),
    }
}

pub(super) fn number(raw: Raw<'_>) -> Option<u64> {
    serde_json::from_str(raw?.get()).ok()
}

/// A value that owns what it holds.
pub(super) fn value<T: DeserializeOwned>(raw: Raw<'_>) -> Option<T> {
    serde_json::from_str(raw?.get()).ok()
}

/// A struct of raw fields.
pub(super) fn fields<'a, T: Deserialize<'a>>(raw: Raw<'a>) -> Option<T> {
    let raw = raw?.get();
    raw.starts_with('{')
        .then(|| serde_json::from_str(raw).ok())?
}

/// The objects of a list.
pub(super) fn list<'a, T: Deserialize<'a>>(raw: Raw<'a>) -> Option<Vec<T>> {
    let raw = raw?.get();
    if !raw.starts_with('[') {
        return None;
    }
    if let Ok(list) = serde_json::from_str(raw) {
        return Some(list);
    }
    let items: Vec<&'a RawValue> = serde_json::from_str(raw).ok()?;
    Some(
        items
            .into_iter()
            .filter_map(|item| fields(Some(item)))
            .collect(),
    )
}
