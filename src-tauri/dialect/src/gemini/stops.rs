//! `finishReason`, read and written.

use crate::StopReason;

/// Google's word in ours. `called`: the answer held calls, which Google does not say.
pub(super) fn read(word: &str, called: bool) -> StopReason {
    match word {
        "STOP" if called => StopReason::ToolCall,
        "STOP" => StopReason::End,
        "MAX_TOKENS" | "CONTINUATION" => StopReason::MaxTokens,
        "SAFETY"
        | "RECITATION"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "MODEL_ARMOR"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION" => StopReason::Filtered,
        _ => StopReason::Other,
    }
}

/// Our word in Google's, which are fewer.
pub(super) fn write(stop: StopReason) -> &'static str {
    match stop {
        StopReason::End | StopReason::StopSequence | StopReason::ToolCall => "STOP",
        StopReason::MaxTokens | StopReason::ContextFull => "MAX_TOKENS",
        StopReason::Filtered | StopReason::Refusal => "SAFETY",
        StopReason::Pause | StopReason::Other => "OTHER",
    }
}
