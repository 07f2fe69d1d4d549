//! What a text is made of.
//!
//! Promises: bytes, characters (code points), graphemes (what people take for one letter), words and sentences
//! as Unicode's rules (UAX 29) have them, and lines. Bounds: 1 MiB, 20 words of the most frequent. Leaves out
//! languages: Chinese and Japanese words are not found, since that takes dictionaries, and the end of a
//! sentence is found by its marks.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use unicode_segmentation::UnicodeSegmentation;

use crate::arguments::{Fields, as_object, bounded};
use crate::{Done, Output, Spec, Tool, Trouble};

/// The longest text, in bytes.
const TEXT: usize = 1024 * 1024;
/// How many of the most frequent words are told.
const FREQUENT: usize = 20;

/// What is said of it.
pub(crate) fn spec() -> Spec {
    Spec {
        tool: Tool::Text,
        what: "Counts a text's bytes, characters, graphemes, words, different words, sentences and lines, and tells its \
               most frequent words."
            .to_owned(),
        arguments: json!({
            "type": "object",
            "properties": {"text": {"type": "string", "description": "The text."}},
            "required": ["text"],
            "additionalProperties": false
        }),
    }
}

/// The text is the text.
pub(crate) fn arguments_of(text: &str) -> Result<Value, Trouble> {
    Ok(as_object(text).unwrap_or_else(|| json!({ "text": text })))
}

/// Counts.
pub(crate) fn run(arguments: &Value, _now: Timestamp) -> Result<Done, Trouble> {
    let text = Fields::of(arguments, &["text"])?.text("text")?;
    bounded("text", text, TEXT)?;
    let mut times: HashMap<String, usize> = HashMap::new();
    let mut words = 0_usize;
    for word in text.unicode_words() {
        words += 1;
        *times.entry(word.to_lowercase()).or_default() += 1;
    }
    let different = times.len();
    let mut frequent: Vec<(String, usize)> = times.into_iter().collect();
    frequent.sort_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
    frequent.truncate(FREQUENT);
    let counts = [
        ("bytes", text.len()),
        ("characters", text.chars().count()),
        ("graphemes", text.graphemes(true).count()),
        ("words", words),
        ("different_words", different),
        ("sentences", text.unicode_sentences().count()),
        ("lines", text.lines().count()),
    ];
    let told: Vec<String> = counts
        .iter()
        .map(|(name, count)| format!("{}: {count}", name.replace('_', " ")))
        .collect();
    let mut result = json!({});
    for (name, count) in counts {
        result[name] = Value::from(count);
    }
    let frequent = frequent
        .into_iter()
        .map(|(word, times)| json!({ "word": word, "times": times }));
    result["most_frequent"] = frequent.collect();
    Ok(Done {
        text: told.join("\n"),
        result,
        working: None,
        output: Output::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_counted_as_people_and_machines_count() {
        let done = run(
            &arguments_of("Héllo 👨‍👩‍👧. Don't!\nHÉLLO again.").unwrap(),
            Timestamp::UNIX_EPOCH,
        )
        .unwrap();
        assert_eq!(
            done.text,
            "bytes: 47\ncharacters: 32\ngraphemes: 28\nwords: 4\ndifferent words: 3\nsentences: 3\nlines: 2"
        );
        assert_eq!(
            done.result["most_frequent"][0],
            json!({"word": "héllo", "times": 2})
        );
        let empty = run(&json!({"text": ""}), Timestamp::UNIX_EPOCH).unwrap();
        assert!(empty.text.ends_with("lines: 0"));
    }
}
