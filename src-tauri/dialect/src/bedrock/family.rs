//! Whose model answers: Converse is one shape, but not every model takes all of it.
//!
//! Promises: told from the model's id, which Amazon begins with its maker. An ARN of a
//! profile of the user's own names no maker and is `Unknown`.

/// Makers whose models differ in what they take beside Converse's own fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// Anthropic.
    Claude,
    /// Amazon.
    Nova,
    /// Mistral AI.
    Mistral,
    /// OpenAI.
    OpenAi,
    /// Another maker.
    Other,
    /// The id does not say.
    Unknown,
}

impl Family {
    pub(super) fn of(model: &str) -> Family {
        let model = model.to_ascii_lowercase();
        let has = |word: &str| model.contains(word);
        if has("anthropic.") || has("claude") {
            Family::Claude
        } else if has("amazon.nova") {
            Family::Nova
        } else if has("mistral.") {
            Family::Mistral
        } else if has("openai.") {
            Family::OpenAi
        } else if has("arn:") || !has(".") {
            Family::Unknown
        } else {
            Family::Other
        }
    }

    /// Whether a prompt cache may be marked; the others refuse the mark.
    pub(super) fn takes_cache_points(self) -> bool {
        matches!(self, Family::Claude | Family::Nova)
    }

    /// Whether a mark may stand behind a tool; Nova caches system text and turns only.
    pub(super) fn takes_tool_cache_points(self) -> bool {
        self == Family::Claude
    }

    /// Whether a tool's result may say that the tool failed.
    pub(super) fn takes_result_status(self) -> bool {
        matches!(self, Family::Claude | Family::Nova | Family::Unknown)
    }
}
