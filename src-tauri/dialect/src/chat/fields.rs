//! Taking fields out of a JSON object, and saying which one was wrong.
//!
//! Promises: what `crate::fields` promises, and a wrong field is told by its place, never by its
//! value. Leaves out: what the fields mean.

use serde_json::{Map, Number, Value};

use crate::Malformed;
use crate::fields::{self, MOST_EXACT};
pub(super) use crate::fields::{merge, take as any};

/// A field of the wrong shape. Its place is put together on the way out, so that it costs
/// nothing where all is well.
#[derive(Debug)]
pub(super) struct Wrong {
    place: String,
    why: &'static str,
}

impl Wrong {
    pub(super) fn at(place: &str, why: &'static str) -> Wrong {
        Wrong {
            place: place.to_owned(),
            why,
        }
    }

    /// The same, seen from further out.
    pub(super) fn under(mut self, outer: &str) -> Wrong {
        let dot = if self.place.starts_with('[') || self.place.is_empty() {
            ""
        } else {
            "."
        };
        self.place = format!("{outer}{dot}{}", self.place);
        self
    }

    /// The same, as an item of a list.
    pub(super) fn item(self, list: &str, at: usize) -> Wrong {
        self.under(&format!("{list}[{at}]"))
    }

    pub(super) fn malformed(self) -> Malformed {
        Malformed::nowhere(&format!("`{}` {}", self.place, self.why))
    }
}

pub(super) fn text(map: &mut Map<String, Value>, key: &str) -> Result<Option<String>, Wrong> {
    match any(map, key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Wrong::at(key, "must be a string")),
    }
}

/// A text that must be there.
pub(super) fn needed(map: &mut Map<String, Value>, key: &str) -> Result<String, Wrong> {
    text(map, key)?.ok_or_else(|| Wrong::at(key, "is missing"))
}

pub(super) fn flag(map: &mut Map<String, Value>, key: &str) -> Result<Option<bool>, Wrong> {
    match any(map, key) {
        None => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(flag)),
        Some(_) => Err(Wrong::at(key, "must be true or false")),
    }
}

pub(super) fn number(map: &mut Map<String, Value>, key: &str) -> Result<Option<f64>, Wrong> {
    match any(map, key) {
        None => Ok(None),
        Some(value) => match value.as_f64() {
            Some(number) => Ok(Some(number)),
            None => Err(Wrong::at(key, "must be a number")),
        },
    }
}

/// A count.
pub(super) fn count(map: &mut Map<String, Value>, key: &str) -> Result<Option<u64>, Wrong> {
    match any(map, key) {
        None => Ok(None),
        Some(value) => match fields::count(&value) {
            Some(count) => Ok(Some(count)),
            None => Err(Wrong::at(key, "must be a whole number of 0 or more")),
        },
    }
}

pub(super) fn list(map: &mut Map<String, Value>, key: &str) -> Result<Option<Vec<Value>>, Wrong> {
    match any(map, key) {
        None => Ok(None),
        Some(Value::Array(list)) => Ok(Some(list)),
        Some(_) => Err(Wrong::at(key, "must be a list")),
    }
}

pub(super) fn object(
    map: &mut Map<String, Value>,
    key: &str,
) -> Result<Option<Map<String, Value>>, Wrong> {
    match any(map, key) {
        None => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(_) => Err(Wrong::at(key, "must be an object")),
    }
}

/// An item of a list, which must be an object.
pub(super) fn as_object(value: Value) -> Result<Map<String, Value>, Wrong> {
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(Wrong::at("", "must be an object")),
    }
}

/// Puts what an inner object had left over beside what the outer one has.
pub(super) fn nest(outer: &mut Map<String, Value>, key: &str, inner: Map<String, Value>) {
    if !inner.is_empty() {
        outer.insert(key.to_owned(), Value::Object(inner));
    }
}

/// A number as people write it: `1`, not `1.0`. Whether a server tells them apart is its own affair.
pub(super) fn plain_number(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() <= MOST_EXACT {
        return Value::from(number as i64);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}
