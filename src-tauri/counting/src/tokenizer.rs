//! Vendors' own tokenizers, where they are public.

use bpe_openai::{cl100k_base, o200k_base};

/// A public tokenizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tokenizer {
    /// OpenAI's since GPT-4o.
    O200k,
    /// OpenAI's of GPT-4, GPT-3.5 and the embeddings.
    Cl100k,
}

/// Which model is cut by which, the first match decides. A name may stand behind a vendor's
/// (`openai/gpt-4.1`).
const MODELS: &[(&str, Tokenizer)] = &[
    ("gpt-4o", Tokenizer::O200k),
    ("gpt-4.1", Tokenizer::O200k),
    ("gpt-4.5", Tokenizer::O200k),
    ("gpt-4", Tokenizer::Cl100k),
    ("gpt-3.5", Tokenizer::Cl100k),
    ("gpt-oss", Tokenizer::O200k),
    ("gpt-", Tokenizer::O200k),
    ("chatgpt-", Tokenizer::O200k),
    ("o1", Tokenizer::O200k),
    ("o3", Tokenizer::O200k),
    ("o4", Tokenizer::O200k),
    ("text-embedding-3", Tokenizer::Cl100k),
    ("text-embedding-ada", Tokenizer::Cl100k),
];

impl Tokenizer {
    /// The tokenizer of a model, if it is public.
    pub fn of(model: &str) -> Option<Tokenizer> {
        let name = model.rsplit('/').next().unwrap_or(model);
        let found = MODELS.iter().find(|(prefix, _)| name.starts_with(prefix));
        found.map(|(_, tokenizer)| *tokenizer)
    }

    /// The tokens of a text, exactly.
    pub fn count(self, text: &str) -> u64 {
        let tokens = match self {
            Tokenizer::O200k => o200k_base().count(text),
            Tokenizer::Cl100k => cl100k_base().count(text),
        };
        tokens as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_models_name_tells_its_tokenizer() {
        for (model, tokenizer) in [
            ("gpt-4o-mini", Some(Tokenizer::O200k)),
            ("gpt-4.1-2025-04-14", Some(Tokenizer::O200k)),
            ("gpt-4-turbo", Some(Tokenizer::Cl100k)),
            ("gpt-5.2", Some(Tokenizer::O200k)),
            ("openai/gpt-oss-120b", Some(Tokenizer::O200k)),
            ("o3-mini", Some(Tokenizer::O200k)),
            ("text-embedding-3-large", Some(Tokenizer::Cl100k)),
            ("claude-sonnet-5", None),
            ("gemini-2.5-flash", None),
            ("", None),
        ] {
            assert_eq!(Tokenizer::of(model), tokenizer, "{model}");
        }
    }

    #[test]
    fn counts_are_the_vendors_own() {
        // By the vendor's own library, tiktoken.
        for (text, o200k, cl100k) in [
            ("", 0, 0),
            ("tiktoken is great!", 6, 6),
            ("hello world", 2, 2),
            ("お誕生日おめでとう", 8, 9),
        ] {
            assert_eq!(Tokenizer::O200k.count(text), o200k, "{text}");
            assert_eq!(Tokenizer::Cl100k.count(text), cl100k, "{text}");
        }
    }

    #[test]
    fn a_million_times_one_letter_takes_no_longer_than_prose() {
        let began = std::time::Instant::now();
        assert!(Tokenizer::O200k.count(&"a".repeat(1_000_000)) > 0);
        // Quadratic ones take minutes; a slow machine's second is not the point.
        assert!(began.elapsed().as_secs() < 30);
    }
}
