//! Who a request is written for: the wire, and what is known of provider and model.
//!
//! Promises: provider differences are data. No codec asks for a provider by name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Effort;
use crate::Dialect;

/// Whose front door a dialect is spoken at: it changes paths and envelopes, not the dialect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hosting {
    /// The vendor's own paths, or a compatible server's.
    #[default]
    Own,
    /// Azure's older paths: `/deployments/{model}/…?api-version=…`. (Its `/openai/v1` is `Own`.)
    Azure,
    /// Google Vertex: Claude by `:rawPredict`, the version in the body.
    Vertex,
    /// Amazon Bedrock: Claude by `/invoke`, the version in the body, binary event frames.
    Bedrock,
}

/// How a server is made to go on from the assistant's last message instead of answering it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Prefill {
    /// It can't be: it begins anew.
    None,
    /// It does so where the conversation ends with the assistant.
    Assistant,
    /// The message is marked: `"prefix": true`.
    Prefix,
    /// The request says so: `"continue_final_message": true` and `"add_generation_prompt": false`.
    Continue,
}

/// A provider's deviations from the dialect it speaks. The default has none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quirks {
    /// Top-level fields it answers with a 400: left out, and noted.
    pub refuses: Vec<String>,
    /// Fields it knows by another name: ours (OpenAI's) to its own.
    pub renames: BTreeMap<String, String>,
    /// The output limit is `max_tokens` here, `max_completion_tokens` is not known.
    pub old_max_tokens: bool,
    /// No `developer` role: it becomes `system`.
    pub no_developer: bool,
    /// Tool call ids must be nine letters and digits.
    pub nine_character_ids: bool,
    /// A tool message must name its tool.
    pub names_tool_results: bool,
    /// JSON mode only: the schema goes into the prompt and is not enforced.
    pub json_object_only: bool,
    /// The field a thought travels in, in replies and, with `replays_reasoning`, in history.
    pub reasoning_field: Option<String>,
    /// Thoughts of earlier turns are to be sent back in `reasoning_field`.
    pub replays_reasoning: bool,
    /// The only efforts it takes; others move to the nearest. Empty: all of the ladder.
    pub efforts: Vec<String>,
    /// The highest temperature it takes.
    pub max_temperature: Option<f64>,
    /// The most stop sequences it takes.
    pub max_stops: Option<usize>,
    /// It refuses `stream_options`.
    pub no_stream_options: bool,
    /// Content must be a string, parts are not known.
    pub text_only_content: bool,
    /// How it is made to go on from an unfinished answer. Unsaid: by what is known of the model where the
    /// dialect has such a thing (Messages, Converse), and not at all elsewhere.
    pub prefill: Option<Prefill>,
    /// It takes hints for its prompt cache at the request's top level (`prompt_cache_key`; on Messages a
    /// `cache_control` that moves with the conversation): they are given where the caller set none.
    pub cache_hints: bool,
    /// Paths that differ from the dialect's, by endpoint name (`rerank`: `/rerank`).
    pub paths: BTreeMap<String, String>,
}

impl Quirks {
    /// Whether the provider deviates in nothing that a request could meet.
    pub fn is_plain(&self) -> bool {
        // All are named, so that a new one can't be forgotten.
        let Quirks {
            refuses,
            renames,
            old_max_tokens,
            no_developer,
            nine_character_ids,
            names_tool_results,
            json_object_only,
            reasoning_field,
            replays_reasoning,
            efforts,
            max_temperature,
            max_stops,
            no_stream_options,
            text_only_content,
            // Of answers that are gone on with, which no caller asks for.
            prefill: _,
            // Of hints that are added, which change nothing of what a caller wrote.
            cache_hints: _,
            paths: _,
        } = self;
        let flags = [
            old_max_tokens,
            no_developer,
            nine_character_ids,
            names_tool_results,
            json_object_only,
            replays_reasoning,
            no_stream_options,
            text_only_content,
        ];
        refuses.is_empty()
            && renames.is_empty()
            && reasoning_field.is_none()
            && efforts.is_empty()
            && max_temperature.is_none()
            && max_stops.is_none()
            && !flags.contains(&&true)
    }
}

/// What is known of a model. `None`: nobody says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Traits {
    /// Takes temperature, top_p, top_k.
    pub sampling: Option<bool>,
    /// Can be forced to call a tool.
    pub forced_tools: Option<bool>,
    /// Takes JSON Schema for its answer.
    pub json_schema: Option<bool>,
    /// Sees images.
    pub vision: Option<bool>,
    /// Reads PDF.
    pub pdf: Option<bool>,
    /// Hears.
    pub audio: Option<bool>,
    /// Thinks.
    pub reasoning: Option<bool>,
    /// Calls tools.
    pub tools: Option<bool>,
    /// Thinks as much as it likes (`thinking: adaptive`), takes no budget.
    pub adaptive_thinking: Option<bool>,
    /// Cannot stop thinking.
    pub thinking_always_on: Option<bool>,
    /// Continues an assistant's unfinished message.
    pub prefill: Option<bool>,
    /// Takes system messages in the middle of a conversation.
    pub mid_system: Option<bool>,
    /// Takes marks of cached prefixes on parts of content, where its dialect is one of OpenAI's.
    pub cache_marks: Option<bool>,
    /// The shortest prompt that its provider's cache keeps, in tokens.
    pub cache_from: Option<u32>,
}

/// Who a request is written for.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The wire.
    pub dialect: Dialect,
    /// Whose door.
    pub hosting: Hosting,
    /// The provider's id: seals are bound to it.
    pub provider: &'a str,
    /// The model as the provider names it.
    pub model: &'a str,
    /// Its deviations.
    pub quirks: &'a Quirks,
    /// What is known of the model.
    pub traits: Traits,
    /// The most tokens the model writes.
    pub max_output: Option<u64>,
}

impl Target<'_> {
    /// Whether several answers to one request can be asked for at once.
    pub fn gives_several(&self) -> bool {
        matches!(self.dialect, Dialect::OpenAi | Dialect::Gemini)
            && !self.quirks.refuses.iter().any(|field| field == "n")
    }

    /// Whether it can be made to go on from the beginning of an answer. A model of which it is known that it
    /// can't is not asked to, whatever its provider does.
    pub fn goes_on(&self) -> bool {
        let has_turns = !matches!(self.dialect, Dialect::Responses | Dialect::Cohere);
        let by_default = matches!(self.dialect, Dialect::Anthropic | Dialect::Bedrock)
            && self.traits.prefill == Some(true);
        has_turns
            && self.traits.prefill != Some(false)
            && match self.quirks.prefill {
                Some(how) => how != Prefill::None,
                None => by_default,
            }
    }

    /// The step of the ladder that this provider has and that lies nearest, and whether it moved.
    pub fn effort(&self, asked: Effort) -> (Effort, bool) {
        let mut known: Vec<Effort> = self
            .quirks
            .efforts
            .iter()
            .filter_map(|word| Effort::from_word(word))
            .collect();
        known.sort_unstable();
        if known.is_empty() || known.contains(&asked) {
            return (asked, false);
        }
        let rank = |effort: Effort| effort as i32;
        let nearest = known
            .into_iter()
            .min_by_key(|&one| (rank(one) - rank(asked)).abs())
            .unwrap_or(asked);
        (nearest, true)
    }
}
