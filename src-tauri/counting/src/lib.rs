//! How many tokens a text has, counted here.
//!
//! Promises: exact for text where the vendor's tokenizer is public, and a guess that says how far off
//! it may be elsewhere. A guess is corrected by what providers report ([`Calibration`]). Linear in the
//! text, whatever the text: nothing here can be made to hang.
//! Leaves out: what a request is (its pieces come as strings), and where figures are kept.
//!
//! The exact tokenizers are those of `bpe-openai`: maintained by GitHub, MIT, linear in the worst case
//! where the common implementations are quadratic. Their tables are 6 MB of the binary and are taken
//! into memory when the first count needs them, not before.

mod calibration;
mod guess;
mod tokenizer;

pub use calibration::{Calibration, Corrected};
pub use guess::guess;
pub use tokenizer::Tokenizer;

/// What a request holds besides its text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Around {
    /// Messages, which are each wrapped in a few tokens.
    pub messages: u64,
    /// Tools on offer.
    pub tools: u64,
    /// Pictures.
    pub images: u64,
    /// Documents, sounds and films.
    pub files: u64,
}

/// Tokens around each message: its role and its borders (OpenAI's own guide counts three or four).
const PER_MESSAGE: u64 = 4;
/// Tokens around each tool's declaration.
const PER_TOOL: u64 = 8;
/// A picture of common size at full detail (OpenAI: 765 for 1024×1024; Anthropic: about 1,600 at most).
const PER_IMAGE: u64 = 1_000;
/// A document of a few pages. Whoever knows more corrects it by calibration.
const PER_FILE: u64 = 3_000;

/// The tokens of a request: its texts as `model` would cut them, and what stands around them.
/// Also whether the text was counted exactly.
pub fn count<'a>(
    model: &str,
    texts: impl IntoIterator<Item = &'a str>,
    around: Around,
) -> (u64, bool) {
    let tokenizer = Tokenizer::of(model);
    let one = |text: &str| match tokenizer {
        Some(tokenizer) => tokenizer.count(text),
        None => guess(text),
    };
    let text: u64 = texts.into_iter().map(one).sum();
    let around = around.messages * PER_MESSAGE
        + around.tools * PER_TOOL
        + around.images * PER_IMAGE
        + around.files * PER_FILE;
    (text.saturating_add(around), tokenizer.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_its_texts_and_what_stands_around_them() {
        let around = Around {
            messages: 2,
            tools: 1,
            ..Around::default()
        };
        let (tokens, exact) = count("gpt-4o", ["hello world", "hello world"], around);
        assert_eq!((tokens, exact), (2 + 2 + 8 + 8, true));
        let (_, exact) = count("claude-opus-5", ["hello world"], around);
        assert!(!exact);
    }
}
