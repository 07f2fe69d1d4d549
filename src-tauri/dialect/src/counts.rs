//! The vendors' token counts, taken apart into classes that do not overlap.
//!
//! Promises: this is the only place that knows which vendor figure holds which
//! other. Leaves out: prices, and estimates for replies without figures.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::{Usage, loose};

/// `usage` of Chat Completions and Embeddings, with what the copies call it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct OpenAiCounts {
    #[serde(deserialize_with = "loose::count")]
    prompt_tokens: Option<u64>,
    #[serde(deserialize_with = "loose::count")]
    completion_tokens: Option<u64>,
    #[serde(deserialize_with = "loose::count")]
    total_tokens: Option<u64>,
    #[serde(deserialize_with = "loose::value")]
    prompt_tokens_details: Option<PromptDetails>,
    /// Mistral has written both spellings.
    #[serde(deserialize_with = "loose::value")]
    prompt_token_details: Option<PromptDetails>,
    #[serde(deserialize_with = "loose::value")]
    completion_tokens_details: Option<CompletionDetails>,
    /// DeepSeek.
    #[serde(deserialize_with = "loose::count")]
    prompt_cache_hit_tokens: Option<u64>,
    /// Mistral.
    #[serde(deserialize_with = "loose::count")]
    num_cached_tokens: Option<u64>,
    /// Moonshot.
    #[serde(deserialize_with = "loose::count")]
    cached_tokens: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PromptDetails {
    #[serde(deserialize_with = "loose::count")]
    cached_tokens: Option<u64>,
    #[serde(deserialize_with = "loose::count")]
    cache_write_tokens: Option<u64>,
    #[serde(deserialize_with = "loose::value")]
    cache_write_tokens_details: Option<WriteDetails>,
}

/// What was written to the cache, by lifetime.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(crate) struct WriteDetails {
    #[serde(deserialize_with = "loose::count")]
    ttl_30m_tokens: Option<u64>,
    #[serde(deserialize_with = "loose::count")]
    ttl_12h_tokens: Option<u64>,
}

impl WriteDetails {
    /// The tokens written at the default lifetime and at the long one, where `all` is both.
    pub(crate) fn by_lifetime(self, all: Option<u64>) -> (u64, u64) {
        let long = self.ttl_12h_tokens.unwrap_or(0);
        let short = self.ttl_30m_tokens.unwrap_or(0);
        let all = all.unwrap_or(long.saturating_add(short));
        let long = long.min(all);
        (all - long, long)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CompletionDetails {
    #[serde(deserialize_with = "loose::count")]
    reasoning_tokens: Option<u64>,
}

impl OpenAiCounts {
    /// The disjoint classes, or `None` when nothing was counted.
    pub(crate) fn usage(&self) -> Option<Usage> {
        if self.prompt_tokens.is_none() && self.completion_tokens.is_none() {
            // Some embedders give the total alone; there it is all input.
            return self.total_tokens.map(|input| Usage {
                input,
                ..Usage::default()
            });
        }
        let prompt = self.prompt_tokens.unwrap_or(0);
        let completion = self.completion_tokens.unwrap_or(0);

        let details = [&self.prompt_tokens_details, &self.prompt_token_details];
        let details = details.into_iter().flatten();
        let cache_read = details
            .clone()
            .map(|d| d.cached_tokens)
            .chain([
                self.prompt_cache_hit_tokens,
                self.num_cached_tokens,
                self.cached_tokens,
            ])
            .flatten()
            .max()
            .unwrap_or(0);
        let (cache_write, cache_write_long) = details
            .map(|d| {
                let by_lifetime = d.cache_write_tokens_details.unwrap_or_default();
                by_lifetime.by_lifetime(d.cache_write_tokens)
            })
            .max_by_key(|(short, long)| short.saturating_add(*long))
            .unwrap_or_default();
        // xAI: more cached than prompt means the prompt does not hold them.
        let cached_inside = if cache_read > prompt { 0 } else { cache_read };
        let input = prompt
            .saturating_sub(cached_inside)
            .saturating_sub(cache_write)
            .saturating_sub(cache_write_long);

        let reasoning = self
            .completion_tokens_details
            .as_ref()
            .and_then(|d| d.reasoning_tokens)
            .unwrap_or(0);
        let sum = prompt.saturating_add(completion);
        // xAI again: completion without reasoning. The total tells; without a
        // helpful total, reasoning cannot be a part of what it exceeds.
        let reasoning_extra = match self.total_tokens {
            Some(total) if total == sum => false,
            Some(total) if total == sum.saturating_add(reasoning) => true,
            _ => reasoning > completion,
        };
        let (output, reasoning) = if reasoning_extra {
            (completion, reasoning)
        } else {
            let inside = reasoning.min(completion);
            (completion - inside, inside)
        };
        Some(Usage {
            input,
            cache_read,
            cache_write,
            cache_write_long,
            output,
            reasoning,
        })
    }
}

/// `usage` of Messages. In a stream the figures come twice, cumulative.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AnthropicCounts {
    #[serde(deserialize_with = "loose::count")]
    input_tokens: Option<u64>,
    #[serde(deserialize_with = "loose::count")]
    cache_read_input_tokens: Option<u64>,
    #[serde(deserialize_with = "loose::count")]
    cache_creation_input_tokens: Option<u64>,
    #[serde(deserialize_with = "loose::value")]
    cache_creation: Option<CacheCreation>,
    #[serde(deserialize_with = "loose::count")]
    output_tokens: Option<u64>,
    #[serde(deserialize_with = "loose::value")]
    output_tokens_details: Option<OutputDetails>,
    #[serde(deserialize_with = "loose::value")]
    iterations: Option<Compaction>,
}

/// What it took to sum up a long conversation before it was answered: it is billed, and the other figures do not
/// hold it. Read from the list of all that was sampled.
#[derive(Debug, Clone, Copy)]
struct Compaction(Usage);

impl<'de> Deserialize<'de> for Compaction {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Sampled {
            r#type: String,
        }
        let iterations = Vec::<Box<RawValue>>::deserialize(from)?;
        let usage = |raw: &RawValue| {
            let sampled: Sampled = serde_json::from_str(raw.get()).ok()?;
            let counts: AnthropicCounts = serde_json::from_str(raw.get()).ok()?;
            counts.usage().filter(|_| sampled.r#type == "compaction")
        };
        let each = iterations.iter().filter_map(|raw| usage(raw));
        Ok(Compaction(
            each.fold(Usage::default(), |sum, one| sum.plus(&one)),
        ))
    }
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct CacheCreation {
    #[serde(deserialize_with = "loose::count")]
    ephemeral_5m_input_tokens: Option<u64>,
    #[serde(deserialize_with = "loose::count")]
    ephemeral_1h_input_tokens: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct OutputDetails {
    #[serde(deserialize_with = "loose::count")]
    thinking_tokens: Option<u64>,
}

impl AnthropicCounts {
    /// Takes over every figure that `later` has; it counts from the start again.
    pub(crate) fn replace_with(&mut self, later: AnthropicCounts) {
        self.input_tokens = later.input_tokens.or(self.input_tokens);
        self.cache_read_input_tokens = later
            .cache_read_input_tokens
            .or(self.cache_read_input_tokens);
        self.cache_creation_input_tokens = later
            .cache_creation_input_tokens
            .or(self.cache_creation_input_tokens);
        self.cache_creation = later.cache_creation.or(self.cache_creation);
        self.output_tokens = later.output_tokens.or(self.output_tokens);
        self.output_tokens_details = later.output_tokens_details.or(self.output_tokens_details);
        self.iterations = later.iterations.or(self.iterations);
    }

    /// The disjoint classes, or `None` when nothing was counted.
    pub(crate) fn usage(&self) -> Option<Usage> {
        if self.input_tokens.is_none() && self.output_tokens.is_none() {
            return None;
        }
        let by_lifetime = self.cache_creation.unwrap_or_default();
        let long = by_lifetime.ephemeral_1h_input_tokens.unwrap_or(0);
        let written = self
            .cache_creation_input_tokens
            .unwrap_or(long.saturating_add(by_lifetime.ephemeral_5m_input_tokens.unwrap_or(0)));
        let cache_write_long = long.min(written);
        let generated = self.output_tokens.unwrap_or(0);
        let thought = self
            .output_tokens_details
            .and_then(|d| d.thinking_tokens)
            .unwrap_or(0);
        let reasoning = thought.min(generated);
        let answer = Usage {
            input: self.input_tokens.unwrap_or(0),
            cache_read: self.cache_read_input_tokens.unwrap_or(0),
            cache_write: written - cache_write_long,
            cache_write_long,
            output: generated - reasoning,
            reasoning,
        };
        let compaction = self.iterations.map(|all| all.0);
        Some(answer.plus(&compaction.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(usage: Usage) -> [u64; 6] {
        [
            usage.input,
            usage.cache_read,
            usage.cache_write,
            usage.cache_write_long,
            usage.output,
            usage.reasoning,
        ]
    }

    #[test]
    fn openai_figures_are_taken_apart() {
        // (what the vendor wrote, [input, read, write, long, output, reasoning])
        let cases = [
            (
                r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}"#,
                [10, 0, 0, 0, 5, 0],
            ),
            // OpenAI: cached and written inside the prompt, reasoning inside the completion.
            (
                r#"{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,
                    "prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":30},
                    "completion_tokens_details":{"reasoning_tokens":40}}"#,
                [10, 60, 30, 0, 10, 40],
            ),
            // Written for two lifetimes.
            (
                r#"{"prompt_tokens":100,"completion_tokens":5,"prompt_tokens_details":
                    {"cached_tokens":60,"cache_write_tokens":30,
                     "cache_write_tokens_details":{"ttl_30m_tokens":10,"ttl_12h_tokens":20}}}"#,
                [10, 60, 10, 20, 5, 0],
            ),
            (
                r#"{"prompt_tokens":100,"completion_tokens":5,"prompt_tokens_details":
                    {"cache_write_tokens_details":{"ttl_30m_tokens":10,"ttl_12h_tokens":20}}}"#,
                [70, 0, 10, 20, 5, 0],
            ),
            // Moonshot.
            (
                r#"{"prompt_tokens":30,"completion_tokens":5,"total_tokens":35,"cached_tokens":16}"#,
                [14, 16, 0, 0, 5, 0],
            ),
            // xAI: reasoning beside the completion, told by the total.
            (
                r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":45,
                    "completion_tokens_details":{"reasoning_tokens":30}}"#,
                [10, 0, 0, 0, 5, 30],
            ),
            // xAI: more cached than prompt.
            (
                r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,
                    "prompt_tokens_details":{"cached_tokens":64}}"#,
                [10, 64, 0, 0, 5, 0],
            ),
            // DeepSeek.
            (
                r#"{"prompt_tokens":30,"completion_tokens":5,"prompt_cache_hit_tokens":20,"prompt_cache_miss_tokens":10}"#,
                [10, 20, 0, 0, 5, 0],
            ),
            // Mistral.
            (
                r#"{"prompt_tokens":30,"completion_tokens":5,"num_cached_tokens":16}"#,
                [14, 16, 0, 0, 5, 0],
            ),
            (
                r#"{"prompt_tokens":30,"completion_tokens":5,"prompt_token_details":{"cached_tokens":16}}"#,
                [14, 16, 0, 0, 5, 0],
            ),
            // No total: reasoning beyond the completion cannot be a part of it.
            (
                r#"{"prompt_tokens":1,"completion_tokens":5,"completion_tokens_details":{"reasoning_tokens":9}}"#,
                [1, 0, 0, 0, 5, 9],
            ),
            // A total that rules this out wins.
            (
                r#"{"prompt_tokens":1,"completion_tokens":5,"total_tokens":6,"completion_tokens_details":{"reasoning_tokens":9}}"#,
                [1, 0, 0, 0, 0, 5],
            ),
            // Details of odd shapes spoil nothing; whole floats count.
            (
                r#"{"prompt_tokens":10.0,"completion_tokens":5,"prompt_tokens_details":null,"completion_tokens_details":"none"}"#,
                [10, 0, 0, 0, 5, 0],
            ),
            // Embeddings.
            (
                r#"{"prompt_tokens":8,"total_tokens":8}"#,
                [8, 0, 0, 0, 0, 0],
            ),
            (r#"{"total_tokens":8}"#, [8, 0, 0, 0, 0, 0]),
        ];
        for (written, expected) in cases {
            let counts: OpenAiCounts =
                serde_json::from_str(written).expect("the test input is valid");
            assert_eq!(
                classes(counts.usage().expect("the test input is valid")),
                expected,
                "{written}"
            );
        }
    }

    #[test]
    fn anthropic_figures_are_taken_apart() {
        let cases = [
            (
                r#"{"input_tokens":10,"output_tokens":5}"#,
                [10, 0, 0, 0, 5, 0],
            ),
            (
                r#"{"input_tokens":10,"cache_read_input_tokens":20,"cache_creation_input_tokens":30,
                    "cache_creation":{"ephemeral_5m_input_tokens":18,"ephemeral_1h_input_tokens":12},
                    "output_tokens":50,"output_tokens_details":{"thinking_tokens":40}}"#,
                [10, 20, 18, 12, 10, 40],
            ),
            (
                r#"{"input_tokens":1,"output_tokens":1,"cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":4}}"#,
                [1, 0, 3, 4, 1, 0],
            ),
            (
                // Summed up first; what another model advised has another price, and stands apart.
                r#"{"input_tokens":23,"output_tokens":10,"iterations":[
                    {"type":"compaction","input_tokens":180,"output_tokens":35,"cache_read_input_tokens":7,
                     "cache_creation_input_tokens":4},
                    {"type":"advisor_message","input_tokens":9,"output_tokens":9},
                    {"type":"message","input_tokens":23,"output_tokens":10}, 3]}"#,
                [203, 7, 4, 0, 45, 0],
            ),
            (
                r#"{"input_tokens":1,"output_tokens":1,"cache_read_input_tokens":null,"cache_creation_input_tokens":null,"cache_creation":null}"#,
                [1, 0, 0, 0, 1, 0],
            ),
        ];
        for (written, expected) in cases {
            let counts: AnthropicCounts =
                serde_json::from_str(written).expect("the test input is valid");
            assert_eq!(
                classes(counts.usage().expect("the test input is valid")),
                expected,
                "{written}"
            );
        }
    }

    #[test]
    fn figures_that_are_not_there_are_no_usage() {
        assert_eq!(OpenAiCounts::default().usage(), None);
        assert_eq!(AnthropicCounts::default().usage(), None);
    }
}
