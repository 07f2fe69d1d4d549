//! Fields of a JSON object: taken out by readers, put back by writers.
//!
//! Promises: what is taken is gone from the object, so that the rest of it is what nobody took;
//! the order of the rest is kept. `null` reads as absent. What is written already stays when
//! leftovers return. No fault ever quotes the body.
//! Leaves out: the words in which one dialect alone tells a fault (`fields` in its folder).

use serde_json::{Map, Value};

use crate::hub::{Extras, Notes};
use crate::{Dialect, Malformed};

/// A field of any type, unless it is `null`.
pub(crate) fn take(map: &mut Map<String, Value>, key: &str) -> Option<Value> {
    map.shift_remove(key).filter(|value| !value.is_null())
}

/// A text that must be one if it is there. `at` is the place of `map`, with its dot.
pub(crate) fn text(
    map: &mut Map<String, Value>,
    key: &str,
    at: &str,
) -> Result<Option<String>, Malformed> {
    match take(map, key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(wrong(at, key, "a string")),
    }
}

/// A list that must be one if it is there.
pub(crate) fn list(
    map: &mut Map<String, Value>,
    key: &str,
    at: &str,
) -> Result<Vec<Value>, Malformed> {
    match take(map, key) {
        None => Ok(Vec::new()),
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(wrong(at, key, "a list")),
    }
}

/// An object that must be one if it is there.
pub(crate) fn object(
    map: &mut Map<String, Value>,
    key: &str,
    at: &str,
) -> Result<Option<Map<String, Value>>, Malformed> {
    match take(map, key) {
        None => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(_) => Err(wrong(at, key, "an object")),
    }
}

/// `Malformed` for a field of the wrong type.
pub(crate) fn wrong(at: &str, key: &str, wanted: &str) -> Malformed {
    Malformed::nowhere(&format!("The request's `{at}{key}` is not {wanted}"))
}

/// A field that `read` can use. One that it cannot stays where it is: the provider judges it.
pub(crate) fn fitting<T>(
    map: &mut Map<String, Value>,
    key: &str,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Option<T> {
    let value = map.get(key)?;
    if value.is_null() {
        map.shift_remove(key);
        return None;
    }
    let read = read(value)?;
    map.shift_remove(key);
    Some(read)
}

/// 2^53: beyond it a float is no exact count any more.
pub(crate) const MOST_EXACT: f64 = 9_007_199_254_740_992.0;

/// A count; whole floats count too, for some clients write `16.0`.
pub(crate) fn count(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let float = value.as_f64()?;
        let whole = (0.0..=MOST_EXACT).contains(&float) && float.fract() == 0.0;
        whole.then_some(float as u64)
    })
}

/// Puts leftovers back, level by level: what is written already stays, objects are merged.
pub(crate) fn merge(into: &mut Map<String, Value>, rest: Map<String, Value>) {
    for (key, value) in rest {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(inner)), Value::Object(rest)) => merge(inner, rest),
            (Some(_), _) => {}
            (None, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// The fields of `extras` if they are `dialect`'s own; otherwise each is noted as left out.
/// `at` is what their names begin with in the note.
pub(crate) fn returned(
    extras: Extras,
    dialect: Dialect,
    at: &str,
    notes: &mut Notes,
) -> Map<String, Value> {
    if extras.owner == Some(dialect) {
        return extras.fields;
    }
    for key in extras.fields.keys() {
        notes.dropped(
            format!("{at}{key}"),
            "it has no place in the provider's dialect",
        );
    }
    Map::new()
}

/// The arguments of a call as the object that a dialect wants, and whether they were one.
/// An empty text is an object without fields; anything else is kept as text under `_raw`.
pub(crate) fn arguments(text: &str) -> (Map<String, Value>, bool) {
    if text.trim().is_empty() {
        return (Map::new(), true);
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => (object, true),
        _ => {
            let mut raw = Map::new();
            raw.insert("_raw".to_owned(), text.into());
            (raw, false)
        }
    }
}

/// What a schema-less tool is declared with where a schema must stand.
pub(crate) fn no_arguments() -> Value {
    serde_json::json!({"type": "object", "properties": {}})
}
