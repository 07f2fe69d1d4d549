//! `usage` of Converse, in classes that do not overlap.
//!
//! Promises: `inputTokens` holds no cached tokens, reads and writes stand beside it; thoughts
//! are part of `outputTokens` and not told apart.

use serde_json::{Map, Value};

use crate::Usage;

/// The disjoint classes, or `None` when nothing was counted.
pub(super) fn usage(counts: &Map<String, Value>) -> Option<Usage> {
    let (input, output) = (count(counts, "inputTokens"), count(counts, "outputTokens"));
    if input.is_none() && output.is_none() {
        return None;
    }
    let long = counts
        .get("cacheDetails")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .filter(|detail| detail.get("ttl").and_then(Value::as_str) == Some("1h"))
        .filter_map(|detail| count(detail, "inputTokens"))
        .fold(0, u64::saturating_add);
    let written = count(counts, "cacheWriteInputTokens").unwrap_or(long);
    let cache_write_long = long.min(written);
    Some(Usage {
        input: input.unwrap_or(0),
        cache_read: count(counts, "cacheReadInputTokens").unwrap_or(0),
        cache_write: written - cache_write_long,
        cache_write_long,
        output: output.unwrap_or(0),
        reasoning: 0,
    })
}

fn count(of: &Map<String, Value>, name: &str) -> Option<u64> {
    of.get(name)?.as_u64()
}
