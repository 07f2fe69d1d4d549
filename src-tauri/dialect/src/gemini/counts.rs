//! `usageMetadata`, taken apart and put together.
//!
//! Promises: cached tokens lie inside the prompt's, thoughts beside the answer's, and what tools
//! put into the prompt counts as prompt.

use serde_json::Value;

use super::fields::{Object, count, take_as};
use crate::Usage;

/// The disjoint classes; figures without a class of ours stay.
pub(super) fn read(metadata: &mut Object) -> Option<Usage> {
    let mut figure = |name: &str| take_as(metadata, name, count);
    let prompt = figure("promptTokenCount");
    let tools = figure("toolUsePromptTokenCount").unwrap_or(0);
    let cached = figure("cachedContentTokenCount").unwrap_or(0);
    let answer = figure("candidatesTokenCount");
    let thoughts = figure("thoughtsTokenCount");
    let total = figure("totalTokenCount");
    if prompt.is_none() && answer.is_none() && thoughts.is_none() {
        return None;
    }
    let prompt = prompt.unwrap_or(0).saturating_add(tools);
    let cache_read = cached.min(prompt);
    let reasoning = thoughts.unwrap_or(0);
    // Where the answer's figure is missing, the total tells it.
    let rest = total
        .unwrap_or(0)
        .saturating_sub(prompt)
        .saturating_sub(reasoning);
    Some(Usage {
        input: prompt - cache_read,
        cache_read,
        output: answer.unwrap_or(rest),
        reasoning,
        ..Usage::default()
    })
}

/// The classes in Google's figures.
pub(super) fn write(usage: &Usage) -> Object {
    let mut metadata = Object::new();
    let mut figure = |name: &str, count: u64| {
        metadata.insert(name.to_owned(), Value::from(count));
    };
    figure("promptTokenCount", usage.input_total());
    if usage.cache_read > 0 {
        figure("cachedContentTokenCount", usage.cache_read);
    }
    figure("candidatesTokenCount", usage.output);
    if usage.reasoning > 0 {
        figure("thoughtsTokenCount", usage.reasoning);
    }
    let total = usage.input_total().saturating_add(usage.output_total());
    figure("totalTokenCount", total);
    metadata
}
