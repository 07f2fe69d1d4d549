//! Arguments as the tools read them.
//!
//! Promises: a field that is unknown, missing or of another type is refused by its name. Leaves out what the
//! fields mean.

use serde_json::{Map, Value};

use crate::{Trouble, TroubleKind};

/// The fields of one tool's arguments.
pub(crate) struct Fields<'a> {
    of: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// Of an object that has no other fields than these.
    pub(crate) fn of(arguments: &'a Value, names: &[&str]) -> Result<Fields<'a>, Trouble> {
        let Value::Object(of) = arguments else {
            return Err(bad_input("The arguments are no JSON object."));
        };
        match of.keys().find(|name| !names.contains(&name.as_str())) {
            Some(unknown) => Err(bad_input(format!(
                "There is no argument `{unknown}`. There are: {}.",
                names.join(", ")
            ))),
            None => Ok(Fields { of }),
        }
    }

    /// As it came; null counts as absent.
    pub(crate) fn any(&self, name: &str) -> Option<&'a Value> {
        self.of.get(name).filter(|value| !value.is_null())
    }

    /// A text that must be there.
    pub(crate) fn text(&self, name: &str) -> Result<&'a str, Trouble> {
        self.maybe_text(name)?
            .ok_or_else(|| bad_input(format!("The argument `{name}` is missing: it is a string.")))
    }

    /// A text that may be there.
    pub(crate) fn maybe_text(&self, name: &str) -> Result<Option<&'a str>, Trouble> {
        match self.any(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(bad_input(format!("The argument `{name}` is no string."))),
        }
    }

    /// One of these words; the first of them where none is given.
    pub(crate) fn choice(
        &self,
        name: &str,
        words: &[&'static str],
    ) -> Result<&'static str, Trouble> {
        let Some(said) = self.maybe_text(name)? else {
            return Ok(words[0]);
        };
        known(name, said, words)
    }

    /// One of these words, which must be given.
    pub(crate) fn chosen(
        &self,
        name: &str,
        words: &[&'static str],
    ) -> Result<&'static str, Trouble> {
        known(name, self.text(name)?, words)
    }

    /// Yes or no; no where nothing is said.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Trouble> {
        match self.any(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(bad_input(format!(
                "The argument `{name}` is neither true nor false."
            ))),
        }
    }

    /// A whole number from `least` to `most`.
    pub(crate) fn whole(&self, name: &str, least: u64, most: u64) -> Result<Option<u64>, Trouble> {
        let Some(value) = self.any(name) else {
            return Ok(None);
        };
        match value.as_u64() {
            Some(number) if (least..=most).contains(&number) => Ok(Some(number)),
            _ => Err(bad_input(format!(
                "The argument `{name}` is no whole number from {least} to {most}."
            ))),
        }
    }
}

fn known(name: &str, said: &str, words: &[&'static str]) -> Result<&'static str, Trouble> {
    let word = words.iter().find(|word| **word == said);
    word.copied().ok_or_else(|| {
        bad_input(format!(
            "The argument `{name}` is none of: {}.",
            words.join(", ")
        ))
    })
}

/// A text that is a JSON object is the arguments themselves.
pub(crate) fn as_object(text: &str) -> Option<Value> {
    let text = text.trim();
    if !text.starts_with('{') {
        return None;
    }
    serde_json::from_str(text).ok().filter(Value::is_object)
}

/// The first line, and what follows it.
pub(crate) fn first_line(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches(['\n', '\r']);
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    (first.trim(), rest)
}

/// The arguments are at fault.
pub(crate) fn bad_input(message: impl Into<String>) -> Trouble {
    Trouble::new(TroubleKind::BadInput, message)
}

/// There is no answer.
pub(crate) fn no_answer(message: impl Into<String>) -> Trouble {
    Trouble::new(TroubleKind::NoAnswer, message)
}

/// More than may be.
pub(crate) fn too_much(message: impl Into<String>) -> Trouble {
    Trouble::new(TroubleKind::TooMuch, message)
}

/// It took too long.
pub(crate) fn too_long(message: impl Into<String>) -> Trouble {
    Trouble::new(TroubleKind::TooLong, message)
}

/// Refuses a text that is longer than it may be.
pub(crate) fn bounded(name: &str, text: &str, most: usize) -> Result<(), Trouble> {
    if text.len() <= most {
        return Ok(());
    }
    Err(too_much(format!(
        "The argument `{name}` has {} bytes; it may have {most}.",
        text.len()
    )))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_that_is_not_as_it_should_be_is_named() {
        let arguments = json!({"text": 5, "count": 1.5, "all": "yes", "kind": "x"});
        let fields = Fields::of(&arguments, &["text", "count", "all", "kind"]).unwrap();
        for (trouble, name) in [
            (Fields::of(&arguments, &["text"]).err(), "`count`"),
            (fields.text("text").err(), "`text`"),
            (fields.text("absent").err(), "`absent`"),
            (fields.whole("count", 0, 9).err(), "`count`"),
            (fields.flag("all").err(), "`all`"),
            (fields.choice("kind", &["a", "b"]).err(), "`kind`"),
            (Fields::of(&json!([]), &[]).err(), "no JSON object"),
        ] {
            let trouble = trouble.unwrap();
            assert_eq!(trouble.kind, TroubleKind::BadInput);
            assert!(trouble.message.contains(name), "{trouble}");
        }
        assert_eq!(fields.choice("absent", &["a", "b"]), Ok("a"));
    }
}
