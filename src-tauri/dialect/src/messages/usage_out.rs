//! Counts and endings, as this dialect writes them, in streams and in documents.

use serde_json::{Map, Value, json};

use super::events_in::IN_USAGE;
use crate::reading::anthropic_stop_word;
use crate::translate::Writing;
use crate::{StopReason, Usage, estimate_tokens};

/// Usage put together again the way the vendor counts: cache classes beside the input, thinking
/// inside the output.
pub(super) fn usage(usage: &Usage) -> Map<String, Value> {
    let mut counts = Map::new();
    let written = usage.cache_write.saturating_add(usage.cache_write_long);
    for (key, count) in [
        ("input_tokens", usage.input),
        ("cache_creation_input_tokens", written),
        ("cache_read_input_tokens", usage.cache_read),
    ] {
        counts.insert(key.to_owned(), count.into());
    }
    let by_lifetime = json!({
        "ephemeral_5m_input_tokens": usage.cache_write,
        "ephemeral_1h_input_tokens": usage.cache_write_long,
    });
    counts.insert("cache_creation".to_owned(), by_lifetime);
    counts.insert("output_tokens".to_owned(), usage.output_total().into());
    if usage.reasoning > 0 {
        let details = json!({"thinking_tokens": usage.reasoning});
        counts.insert("output_tokens_details".to_owned(), details);
    }
    counts
}

/// The final counts; estimated where the provider told none.
pub(super) fn final_usage(
    told: Option<&Usage>,
    writing: &Writing,
    bytes: u64,
) -> Map<String, Value> {
    usage(&told.copied().unwrap_or_else(|| Usage {
        input: writing.input_tokens.max(1),
        output: estimate_tokens(bytes).max(1),
        ..Usage::default()
    }))
}

/// The stop reason's word. Some dialects say that the turn has ended although it calls or declines.
pub(super) fn stop_word(stop: Option<StopReason>, called: bool, refused: bool) -> &'static str {
    let stop = match stop.unwrap_or(StopReason::End) {
        StopReason::End if called => StopReason::ToolCall,
        StopReason::End if refused => StopReason::Refusal,
        stop => stop,
    };
    anthropic_stop_word(stop)
}

/// Puts the vendor's own fields where they belong: among the counts, or beside the stop reason.
pub(super) fn own<'a>(
    extras: impl IntoIterator<Item = (&'a String, &'a Value)>,
    fields: &mut Map<String, Value>,
    counts: &mut Map<String, Value>,
) {
    for (key, value) in extras {
        let level = if IN_USAGE.contains(&key.as_str()) {
            &mut *counts
        } else {
            &mut *fields
        };
        level.entry(key).or_insert_with(|| value.clone());
    }
}
