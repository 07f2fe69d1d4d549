//! Taking fields out of an object, and putting left-over ones back.
//!
//! Promises: a field is found in Google's own spelling (`maxOutputTokens`) and in the one its
//! protocol buffers have (`max_output_tokens`), which Google takes too; `null` is absent; a
//! field of an unexpected type stays where it is, so that it can return to Google as it was.

use serde_json::{Map, Value};

use crate::Malformed;
use crate::fields;
pub(super) use crate::fields::merge;
use crate::hub::{Extras, Notes};

pub(super) type Object = Map<String, Value>;

/// The most fields without a name that are kept of one level of a reply.
pub(super) const MOST_REST: usize = 64;

/// Takes a field out, whatever it holds.
pub(super) fn take(from: &mut Object, name: &str) -> Option<Value> {
    take_owned(from, name, |_| true)
}

/// Takes a field out if `read` makes something of it.
pub(super) fn take_as<T>(
    from: &mut Object,
    name: &str,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Option<T> {
    let key = spelling(from, name)?;
    let read = read(from.get(&key)?)?;
    from.shift_remove(&key);
    Some(read)
}

/// Takes a text out.
pub(super) fn take_text(from: &mut Object, name: &str) -> Option<String> {
    take_owned(from, name, Value::is_string).and_then(|value| match value {
        Value::String(text) => Some(text),
        _ => None,
    })
}

/// Takes an object out.
pub(super) fn take_object(from: &mut Object, name: &str) -> Option<Object> {
    take_owned(from, name, Value::is_object).and_then(|value| match value {
        Value::Object(object) => Some(object),
        _ => None,
    })
}

/// Takes a list out.
pub(super) fn take_list(from: &mut Object, name: &str) -> Option<Vec<Value>> {
    take_owned(from, name, Value::is_array).and_then(|value| match value {
        Value::Array(list) => Some(list),
        _ => None,
    })
}

/// Takes an object out that must be one if it is there.
pub(super) fn object_if_there(from: &mut Object, name: &str) -> Result<Option<Object>, Malformed> {
    match (take_object(from, name), spelling(from, name)) {
        (None, Some(_)) => Err(Malformed::nowhere(&format!("`{name}` is not an object"))),
        (object, _) => Ok(object),
    }
}

/// Takes a list out that must be one if it is there.
pub(super) fn list_if_there(
    from: &mut Object,
    name: &str,
) -> Result<Option<Vec<Value>>, Malformed> {
    match (take_list(from, name), spelling(from, name)) {
        (None, Some(_)) => Err(Malformed::nowhere(&format!("`{name}` is not a list"))),
        (list, _) => Ok(list),
    }
}

fn take_owned(from: &mut Object, name: &str, fits: fn(&Value) -> bool) -> Option<Value> {
    let key = spelling(from, name)?;
    if !fits(from.get(&key)?) {
        return None;
    }
    from.shift_remove(&key)
}

/// A field's text, read without taking it out.
pub(super) fn text_of<'a>(of: &'a Value, name: &str) -> Option<&'a str> {
    of.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// Whether a field is there.
pub(super) fn has(from: &Object, name: &str) -> bool {
    [name.to_owned(), snake(name)]
        .iter()
        .any(|key| from.get(key).is_some_and(|value| !value.is_null()))
}

/// A whole number that is not negative; Google's JSON writes large ones as text, and callers write `40.0`.
pub(super) fn count(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.parse().ok(),
        other => fields::count(other),
    }
}

/// A whole number.
pub(super) fn integer(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| count(value).and_then(|count| i64::try_from(count).ok()))
}

/// The spelling that `from` has of `name`, if it is there; a `null` is taken out.
fn spelling(from: &mut Object, name: &str) -> Option<String> {
    [name.to_owned(), snake(name)].into_iter().find(|key| {
        let is_null = from.get(key).map(Value::is_null);
        if is_null == Some(true) {
            from.shift_remove(key);
        }
        is_null == Some(false)
    })
}

/// `maxOutputTokens` as `max_output_tokens`.
pub(super) fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// `max_output_tokens` as `maxOutputTokens`.
pub(super) fn camel(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    let mut upper = false;
    for letter in name.chars() {
        match letter {
            '_' if !camel.is_empty() => upper = true,
            letter if upper => {
                camel.push(letter.to_ascii_uppercase());
                upper = false;
            }
            letter => camel.push(letter),
        }
    }
    camel
}

/// Returns extras to Google; those of another dialect are noted, under `level`.
pub(super) fn give_back(into: &mut Object, extras: Extras, level: &str, notes: &mut Notes) {
    if extras.owner == Some(crate::Dialect::Gemini) {
        merge(into, extras.fields);
        return;
    }
    for (key, _) in extras.fields {
        notes.dropped(format!("{level}{key}"), "Gemini has no such field.");
    }
}
