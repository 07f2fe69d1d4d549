//! What we learnt from a reply while passing it on.
//!
//! Promises: one shape for streams and whole replies of both dialects, and the
//! two vendors' words for stop reasons. Leaves out: who is told, what it costs.

use crate::hub::{BlockKind, Event};
use crate::{Failure, StopReason, Usage};

/// What a reply said about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// Tokens as the provider counted them, so far. In an Anthropic stream that
    /// broke, the input classes are right and the output ones are not yet.
    pub usage: Option<Usage>,
    /// The model that answered, as the provider named it.
    pub model: Option<String>,
    /// What the provider says it runs the model on (`system_fingerprint`).
    pub fingerprint: Option<String>,
    /// The provider's id of the reply.
    pub upstream_id: Option<String>,
    /// Why the reply ended, once it said so. With several choices, the first to end.
    pub stop: Option<StopReason>,
    /// The reply is complete: the stream's terminal marker was seen, or the
    /// whole reply was read.
    pub finished: bool,
    /// An error that came inside a 200, the first one.
    pub failure: Option<Failure>,
    /// Bytes of generated text, reasoning and tool arguments as they are
    /// written in the reply's JSON (so `\n` counts two): for an estimate when
    /// `usage` is absent, and good for nothing finer.
    pub output_bytes: u64,
}

impl Reading {
    /// Learns from a reply's next event.
    pub(crate) fn learn(&mut self, event: &Event) {
        match event {
            Event::Start(start) => self.name(start.model.clone(), start.id.clone()),
            Event::Open {
                kind: BlockKind::ToolCall(call),
                ..
            } => self.output_bytes += call.name.len() as u64,
            Event::Open {
                kind: BlockKind::Opaque { .. },
                ..
            } => self.output_bytes += 1,
            Event::Delta { text, .. } => self.output_bytes += text.len() as u64,
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::Stop { stop, .. } => {
                self.stop.get_or_insert(*stop);
            }
            Event::Failed(failure) => {
                self.failure.get_or_insert_with(|| failure.clone());
            }
            Event::Extra { key, value, .. } if key == "system_fingerprint" => {
                self.runs_on(value.as_str().map(str::to_owned));
            }
            Event::End => self.finished = true,
            _ => {}
        }
    }

    /// Keeps the first names that are not empty; Azure opens with empty ones.
    pub(crate) fn name(&mut self, model: Option<String>, id: Option<String>) {
        self.model = self
            .model
            .take()
            .or(model.filter(|model| !model.is_empty()));
        self.upstream_id = self.upstream_id.take().or(id.filter(|id| !id.is_empty()));
    }

    /// Keeps the first fingerprint that is not empty.
    pub(crate) fn runs_on(&mut self, fingerprint: Option<String>) {
        let told = fingerprint.filter(|told| !told.is_empty());
        self.fingerprint = self.fingerprint.take().or(told);
    }
}

/// A `finish_reason` of Chat Completions. `called` and `refused` say whether
/// the reply held tool calls or a refusal: several copies of the API report
/// `stop` after a call, and OpenAI does after a refusal.
pub(crate) fn openai_stop(word: &str, called: bool, refused: bool) -> StopReason {
    match word {
        "stop" | "eos" | "end_turn" if called => StopReason::ToolCall,
        "stop" | "eos" | "end_turn" if refused => StopReason::Refusal,
        "stop" | "eos" | "end_turn" => StopReason::End,
        "length" | "max_tokens" => StopReason::MaxTokens,
        "model_length" => StopReason::ContextFull,
        "tool_calls" | "function_call" => StopReason::ToolCall,
        "content_filter" => StopReason::Filtered,
        _ => StopReason::Other,
    }
}

/// A `stop_reason` of Messages.
pub(crate) fn anthropic_stop(word: &str) -> StopReason {
    match word {
        "end_turn" => StopReason::End,
        "stop_sequence" => StopReason::StopSequence,
        "max_tokens" => StopReason::MaxTokens,
        "model_context_window_exceeded" => StopReason::ContextFull,
        "tool_use" => StopReason::ToolCall,
        "refusal" => StopReason::Refusal,
        "pause_turn" => StopReason::Pause,
        _ => StopReason::Other,
    }
}

/// Our stop reason as Chat Completions writes it, which has fewer words.
pub(crate) fn openai_stop_word(stop: StopReason) -> &'static str {
    match stop {
        StopReason::End | StopReason::StopSequence | StopReason::Refusal | StopReason::Other => {
            "stop"
        }
        // A turn that was only paused must not read as a finished one.
        StopReason::MaxTokens | StopReason::ContextFull | StopReason::Pause => "length",
        StopReason::ToolCall => "tool_calls",
        StopReason::Filtered => "content_filter",
    }
}

/// Our stop reason as Messages writes it.
pub(crate) fn anthropic_stop_word(stop: StopReason) -> &'static str {
    match stop {
        StopReason::End | StopReason::Other => "end_turn",
        StopReason::StopSequence => "stop_sequence",
        StopReason::MaxTokens => "max_tokens",
        StopReason::ContextFull => "model_context_window_exceeded",
        StopReason::ToolCall => "tool_use",
        StopReason::Filtered | StopReason::Refusal => "refusal",
        StopReason::Pause => "pause_turn",
    }
}
