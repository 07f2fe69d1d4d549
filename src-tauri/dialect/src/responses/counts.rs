//! `usage` of this API, taken apart into classes that do not overlap, and put together again.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::counts::WriteDetails;
use crate::{Usage, loose};

/// As a provider writes it. Copies of Chat Completions' names are read too.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Counts {
    #[serde(deserialize_with = "loose::count")]
    input_tokens: Option<u64>,
    #[serde(deserialize_with = "loose::count")]
    output_tokens: Option<u64>,
    #[serde(deserialize_with = "loose::count")]
    total_tokens: Option<u64>,
    #[serde(deserialize_with = "loose::value")]
    input_tokens_details: Option<InputDetails>,
    #[serde(deserialize_with = "loose::value")]
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InputDetails {
    #[serde(deserialize_with = "loose::count")]
    cached_tokens: Option<u64>,
    #[serde(deserialize_with = "loose::count")]
    cache_write_tokens: Option<u64>,
    #[serde(deserialize_with = "loose::value")]
    cache_write_tokens_details: Option<WriteDetails>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OutputDetails {
    #[serde(deserialize_with = "loose::count")]
    reasoning_tokens: Option<u64>,
}

impl Counts {
    /// The disjoint classes, or `None` when nothing was counted.
    pub(super) fn usage(self) -> Option<Usage> {
        if self.input_tokens.is_none() && self.output_tokens.is_none() {
            return None;
        }
        let prompt = self.input_tokens.unwrap_or(0);
        let details = self.input_tokens_details.unwrap_or_default();
        let cache_read = details.cached_tokens.unwrap_or(0);
        let by_lifetime = details.cache_write_tokens_details.unwrap_or_default();
        let (short, long) = by_lifetime.by_lifetime(details.cache_write_tokens);
        // xAI: more cached than prompt means the prompt does not hold them.
        let cached_inside = if cache_read > prompt { 0 } else { cache_read };

        let generated = self.output_tokens.unwrap_or(0);
        let thought = self
            .output_tokens_details
            .and_then(|details| details.reasoning_tokens)
            .unwrap_or(0);
        let sum = prompt.saturating_add(generated);
        // Some count thoughts beside the output: the total tells, or the thoughts exceed it.
        let beside = match self.total_tokens {
            Some(total) if total == sum => false,
            Some(total) if total == sum.saturating_add(thought) => true,
            _ => thought > generated,
        };
        let (output, reasoning) = if beside {
            (generated, thought)
        } else {
            let inside = thought.min(generated);
            (generated - inside, inside)
        };
        Some(Usage {
            input: prompt
                .saturating_sub(cached_inside)
                .saturating_sub(short)
                .saturating_sub(long),
            cache_read,
            cache_write: short,
            cache_write_long: long,
            output,
            reasoning,
        })
    }
}

/// Reads a `usage`, of whatever shape.
pub(super) fn read(usage: &Value) -> Option<Usage> {
    // The loose fields borrow raw JSON, so they are read from text.
    let text = usage.is_object().then(|| usage.to_string())?;
    serde_json::from_str::<Counts>(&text).ok()?.usage()
}

/// As this API writes it.
pub(super) fn write(usage: &Usage) -> Value {
    let (input, output) = (usage.input_total(), usage.output_total());
    let written = usage.cache_write.saturating_add(usage.cache_write_long);
    let mut details = json!({
        "cached_tokens": usage.cache_read,
        "cache_write_tokens": written,
    });
    if usage.cache_write_long > 0 {
        details["cache_write_tokens_details"] = json!({
            "ttl_30m_tokens": usage.cache_write,
            "ttl_12h_tokens": usage.cache_write_long,
        });
    }
    json!({
        "input_tokens": input,
        "input_tokens_details": details,
        "output_tokens": output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": input.saturating_add(output),
    })
}
