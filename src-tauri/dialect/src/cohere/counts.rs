//! Cohere's token counts, in classes that do not overlap.

use serde_json::Value;

use crate::Usage;
use crate::fields::count;

/// `usage` of a chat reply, or `meta` of any other. What is billed comes first: it is what is paid;
/// `tokens` also counts what the provider's own template adds.
pub(crate) fn usage(counts: &Value) -> Option<Usage> {
    let of = |class: &str| {
        ["billed_units", "tokens"]
            .iter()
            .find_map(|place| count(&counts[*place][class]))
    };
    let (input, output) = (of("input_tokens"), of("output_tokens"));
    // A picture's tokens are billed apart from a text's.
    let images = count(&counts["billed_units"]["image_tokens"]);
    if input.is_none() && output.is_none() && images.is_none() {
        return None;
    }
    let input = input.unwrap_or(0).saturating_add(images.unwrap_or(0));
    let cached = count(&counts["cached_tokens"]).unwrap_or(0);
    // More cached than billed means that the bill does not hold them.
    let inside = if cached > input { 0 } else { cached };
    Some(Usage {
        input: input - inside,
        cache_read: cached,
        output: output.unwrap_or(0),
        ..Usage::default()
    })
}
