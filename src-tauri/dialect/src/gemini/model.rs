//! What a model's name says about its generation.
//!
//! Promises: names are read loosely (`models/gemini-2.5-pro-preview`, `google/gemini-3-pro`); one
//! that ends in `-latest` without a number is of the newest generation; any other name says nothing.

/// A generation of Gemini models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Generation {
    major: u32,
    minor: u32,
}

impl Generation {
    /// The generation that a model's name tells.
    pub(super) fn of(model: &str) -> Option<Generation> {
        let model = model.to_ascii_lowercase();
        let (_, version) = model.split_once("gemini-")?;
        let number = |text: &str| -> Option<u32> {
            let digits = text.bytes().take_while(u8::is_ascii_digit).count();
            text.get(..digits)?.parse().ok()
        };
        let Some(major) = number(version) else {
            return model
                .ends_with("-latest")
                .then_some(Generation { major: 3, minor: 0 });
        };
        let minor = version
            .trim_start_matches(|letter: char| letter.is_ascii_digit())
            .strip_prefix('.')
            .and_then(number)
            .unwrap_or(0);
        Some(Generation { major, minor })
    }
}

/// Whether `model` is of the third generation or newer: it thinks by levels, wants its signatures
/// back, and takes media in a tool's result.
pub(super) fn is_third(model: &str) -> bool {
    Generation::of(model).is_some_and(|one| one.major >= 3)
}

/// Whether `model` is of the fourth generation or newer.
pub(super) fn is_fourth(model: &str) -> bool {
    Generation::of(model).is_some_and(|one| one.major >= 4)
}

/// Whether `model` takes real JSON Schema. A name that says nothing is taken for a new one.
pub(super) fn takes_json_schema(model: &str) -> bool {
    Generation::of(model).is_none_or(|one| one >= Generation { major: 2, minor: 5 })
}
