//! What a reply cost in tokens, in classes that never overlap.

use serde::{Deserialize, Serialize};

/// Tokens of one reply by price class. The classes are disjoint, so they sum.
///
/// Vendors report overlapping figures (OpenAI's `prompt_tokens` holds its cached
/// ones, its `completion_tokens` the reasoning); readers take them apart here
/// and nowhere else, because counting a class twice is how every peer got its
/// costs wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Prompt tokens billed at the full input price.
    pub input: u64,
    /// Prompt tokens read from the provider's prompt cache.
    pub cache_read: u64,
    /// Prompt tokens written to the provider's cache at its default lifetime.
    pub cache_write: u64,
    /// Prompt tokens written at a long lifetime (one hour and more).
    pub cache_write_long: u64,
    /// Visible output tokens.
    pub output: u64,
    /// Reasoning tokens, billed as output unless the model prices them apart.
    pub reasoning: u64,
}

impl Usage {
    /// All prompt tokens, whatever their class.
    pub fn input_total(&self) -> u64 {
        // Saturating: the figures are a provider's word, and it may lie.
        self.input
            .saturating_add(self.cache_read)
            .saturating_add(self.cache_write)
            .saturating_add(self.cache_write_long)
    }

    /// What two replies cost together.
    pub fn plus(&self, other: &Usage) -> Usage {
        Usage {
            input: self.input.saturating_add(other.input),
            cache_read: self.cache_read.saturating_add(other.cache_read),
            cache_write: self.cache_write.saturating_add(other.cache_write),
            cache_write_long: self.cache_write_long.saturating_add(other.cache_write_long),
            output: self.output.saturating_add(other.output),
            reasoning: self.reasoning.saturating_add(other.reasoning),
        }
    }

    /// All generated tokens.
    pub fn output_total(&self) -> u64 {
        self.output.saturating_add(self.reasoning)
    }
}

/// Why a reply ended, in our words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The model had said what it had to say.
    End,
    /// A stop sequence of the request was met.
    StopSequence,
    /// The output limit was reached.
    MaxTokens,
    /// The context window was full.
    ContextFull,
    /// The model asks for a tool's result.
    ToolCall,
    /// The provider's filter cut the answer.
    Filtered,
    /// The model declined.
    Refusal,
    /// The provider paused a long turn.
    Pause,
    /// A reason we have no word for.
    Other,
}

/// Bodies below this hold no file worth looking for, in bytes.
const LARGE: usize = 16 * 1024;
/// A string without a space that is at least so long is a file, in bytes.
const FILE: usize = 2 * 1024;
/// What a file counts for: a picture of usual size at most vendors.
const FILE_TOKENS: u64 = 1_500;

/// A rule of thumb for the tokens in so many bytes of text: four bytes each,
/// rounded up. English prose and code come within a third of it; other scripts
/// take more bytes a token, which evens out against their more tokens a word.
pub fn estimate_tokens(bytes: u64) -> u64 {
    bytes.div_ceil(4)
}

/// The prompt in a request's body, as far as its bytes tell: tokens, and files in it.
///
/// Pictures and documents travel as text in base64, and would count as a hundred times of what they are: a
/// long string without a space is taken for one of them. Costs a search for quotes in bodies above 16 KiB, and
/// nothing below.
pub fn estimate_prompt(body: &[u8]) -> (u64, u32) {
    if body.len() < LARGE {
        return (estimate_tokens(body.len() as u64), 0);
    }
    let (mut text, mut files, mut since) = (body.len(), 0, 0);
    for quote in memchr::memchr_iter(b'"', body) {
        let string = &body[since..quote];
        since = quote + 1;
        if string.len() >= FILE && !string[..FILE].contains(&b' ') {
            text -= string.len();
            files += 1;
        }
    }
    let tokens = estimate_tokens(text as u64) + u64::from(files) * FILE_TOKENS;
    (tokens, files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_counts_as_a_picture_and_not_as_a_book() {
        let picture = "iVBORw0KGgo".repeat(100_000);
        let words = "word ".repeat(2_000);
        let body = format!("{{\"text\":\"what is this? {words}\",\"data\":\"{picture}\"}}");
        let (tokens, files) = estimate_prompt(body.as_bytes());
        assert_eq!(files, 1);
        assert!((3_500..6_000).contains(&tokens), "{tokens}");
        let book = format!("{{\"text\":\"{}\"}}", "word ".repeat(100_000));
        let expected = (estimate_tokens(book.len() as u64), 0);
        assert_eq!(estimate_prompt(book.as_bytes()), expected);
    }
}
