//! Thoughts in messages: `reasoning_content` and its other names, and `reasoning_details`.
//!
//! OpenAI has no field for thoughts. The text travels in `reasoning_content`, which most servers
//! and clients know; what is sealed travels in `reasoning_details`, OpenRouter's list, one entry a
//! thought: its text with its signature, or its encrypted form. An entry with both is whole, so
//! that several thoughts of one message come back apart, each under its own signature.
//!
//! Promises: an entry comes back as it was written, but for its number. What an issuer wrote into
//! an entry beside the signature (`id`, `format`) is kept within the seal.

use serde_json::{Map, Value, json};

use super::fields::{any, merge};
use crate::Dialect;
use crate::hub::{Extras, Kind, Part, Reasoning, Sealed};

const DETAILS: &str = "reasoning_details";

/// Takes an assistant message's thoughts out of it.
pub(super) fn of_message(fields: &mut Map<String, Value>) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    if let Some(Value::Array(entries)) = fields.get_mut(DETAILS) {
        for entry in std::mem::take(entries) {
            if let Value::Object(entry) = entry {
                parts.push(of_entry(entry));
            }
        }
        fields.shift_remove(DETAILS);
    }
    // The same thought under two names is one thought.
    let mut plain = String::new();
    for key in ["reasoning_content", "reasoning"] {
        if fields.get(key).is_some_and(Value::is_string)
            && let Some(Value::String(text)) = any(fields, key)
            && plain.is_empty()
        {
            plain = text;
        }
    }
    if plain.is_empty() || parts.iter().any(has_words) {
        return parts;
    }
    // The text belongs to the first signature that came without one.
    let unworded = parts.iter_mut().find_map(|part| match &mut part.kind {
        Kind::Reasoning(thought) if !thought.hidden => Some(thought),
        _ => None,
    });
    match unworded {
        Some(thought) => thought.text = plain,
        None => parts.insert(
            0,
            Part::new(Kind::Reasoning(Reasoning {
                text: plain,
                ..Reasoning::default()
            })),
        ),
    }
    parts
}

fn has_words(part: &Part) -> bool {
    matches!(&part.kind, Kind::Reasoning(thought)
        if !thought.text.is_empty() || !thought.summary.is_empty())
}

/// One entry of `reasoning_details`.
fn of_entry(entry: Map<String, Value>) -> Part {
    let Entry {
        text,
        summary,
        sealed,
        hidden,
        rest,
    } = Entry::read(entry);
    Part {
        extras: match rest {
            Some(rest) => Extras::of(
                Dialect::OpenAi,
                Map::from_iter([(DETAILS.to_owned(), Value::Object(rest))]),
            ),
            None => Extras::default(),
        },
        ..Part::new(Kind::Reasoning(Reasoning {
            text: text.unwrap_or_default(),
            summary: summary.into_iter().collect(),
            sealed,
            hidden,
            id: None,
        }))
    }
}

/// An entry taken apart.
pub(super) struct Entry {
    pub(super) text: Option<String>,
    pub(super) summary: Option<String>,
    pub(super) sealed: Option<Sealed>,
    pub(super) hidden: bool,
    /// What it says beside these, when there is no seal to keep it in.
    rest: Option<Map<String, Value>>,
}

impl Entry {
    pub(super) fn read(mut entry: Map<String, Value>) -> Entry {
        let mut words = |key: &str| match entry.shift_remove(key) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let (text, summary) = (words("text"), words("summary"));
        entry.shift_remove("index");
        entry.retain(|_, value| !value.is_null());
        let kind = entry.get("type").and_then(Value::as_str).unwrap_or("");
        let hidden = !matches!(kind, "reasoning.text" | "reasoning.summary" | "");
        let secret = ["signature", "data"]
            .into_iter()
            .find_map(|key| entry.get(key)?.as_str());
        let sealed = match secret {
            // Only a type and a secret: a seal that we wrote, or that needs no more.
            Some(secret) if entry.len() <= 2 && !is_packed(secret) => {
                Some(Sealed::from_wire(Dialect::OpenAi, secret))
            }
            None if !hidden => None,
            _ => Some(Sealed {
                dialect: Dialect::OpenAi,
                issuer: None,
                data: Value::Object(entry.clone()).to_string(),
            }),
        };
        let bare = entry.keys().all(|key| key == "type");
        Entry {
            text,
            summary,
            rest: (sealed.is_none() && !bare).then_some(entry),
            sealed,
            hidden,
        }
    }
}

fn is_packed(data: &str) -> bool {
    data.starts_with('{')
}

/// The entry for a thought, the `index`th of its message.
pub(super) fn entry(
    text: Option<&str>,
    summary: Option<&str>,
    sealed: Option<&Sealed>,
    hidden: bool,
    index: usize,
) -> Map<String, Value> {
    let mut entry = Map::new();
    let kind = match (hidden, summary) {
        (true, _) => "reasoning.encrypted",
        (false, Some(_)) => "reasoning.summary",
        (false, None) => "reasoning.text",
    };
    entry.insert("type".to_owned(), kind.into());
    let mut insert = |key: &str, text: Option<&str>| {
        if let Some(text) = text {
            entry.insert(key.to_owned(), text.into());
        }
    };
    insert("text", text);
    insert("summary", summary);
    if let Some(sealed) = sealed {
        let data = sealed.to_wire(Dialect::OpenAi);
        let packed = is_packed(&data)
            .then(|| serde_json::from_str::<Map<String, Value>>(&data).ok())
            .flatten();
        match packed {
            Some(packed) => {
                for (key, value) in packed {
                    entry.insert(key, value);
                }
            }
            None => {
                let key = if hidden { "data" } else { "signature" };
                entry.insert(key.to_owned(), data.into());
            }
        }
    }
    entry.insert("index".to_owned(), json!(index));
    entry
}

/// The entries for a thought of history that goes to a provider.
pub(super) fn entries(thought: &Reasoning, extras: &Extras, before: usize) -> Vec<Value> {
    let text = (!thought.text.is_empty()).then_some(thought.text.as_str());
    let mut entries = Vec::new();
    let mut push = |text, summary, sealed| {
        let at = before + entries.len();
        entries.push(entry(text, summary, sealed, thought.hidden, at));
    };
    let sealed = thought.sealed.as_ref();
    if thought.summary.is_empty() {
        push(text, None, sealed);
    } else {
        for (at, summary) in thought.summary.iter().enumerate() {
            // The seal is said once.
            push(None, Some(summary), sealed.filter(|_| at == 0));
        }
    }
    let rest = extras.fields.get(DETAILS).and_then(Value::as_object);
    if let (Some(rest), Some(first)) = (rest, entries.first_mut())
        && extras.owner == Some(Dialect::OpenAi)
    {
        merge(first, rest.clone());
    }
    entries.into_iter().map(Value::Object).collect()
}

/// Whether a thought is to be told in `reasoning_details`: it is sealed, or came from there.
pub(super) fn wants_entry(thought: &Reasoning, extras: &Extras) -> bool {
    let from_there = extras.owner == Some(Dialect::OpenAi) && extras.fields.contains_key(DETAILS);
    thought.sealed.is_some() || from_there
}
