//! Taking fields out of a caller's JSON.
//!
//! Promises: what `crate::fields` promises, and a field of the wrong type is a fault that says
//! where it stands and never what it holds.

use std::fmt;

use serde_json::{Map, Value};

use crate::Malformed;
use crate::fields;
pub(super) use crate::fields::take;

/// A place in a body, for faults.
#[derive(Clone, Copy)]
pub(super) enum At<'a> {
    /// The body itself.
    Top,
    /// A field of a place.
    Field(&'a At<'a>, &'a str),
    /// A member of a list.
    Item(&'a At<'a>, usize),
}

impl At<'_> {
    /// A fault at this place: `why` goes on from its name.
    pub(super) fn fault(&self, why: &str) -> Malformed {
        Malformed::nowhere(&format!("{self} {why}"))
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            At::Top => f.write_str("The request body"),
            At::Field(At::Top, name) => f.write_str(name),
            At::Field(parent, name) => write!(f, "{parent}.{name}"),
            At::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

pub(super) fn string(
    map: &mut Map<String, Value>,
    key: &str,
    at: &At<'_>,
) -> Result<Option<String>, Malformed> {
    match take(map, key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(At::Field(at, key).fault("must be a string")),
    }
}

/// A string that must be there.
pub(super) fn needed(
    map: &mut Map<String, Value>,
    key: &str,
    at: &At<'_>,
) -> Result<String, Malformed> {
    string(map, key, at)?.ok_or_else(|| At::Field(at, key).fault("is missing"))
}

pub(super) fn boolean(
    map: &mut Map<String, Value>,
    key: &str,
    at: &At<'_>,
) -> Result<Option<bool>, Malformed> {
    match take(map, key) {
        None => Ok(None),
        Some(Value::Bool(on)) => Ok(Some(on)),
        Some(_) => Err(At::Field(at, key).fault("must be true or false")),
    }
}

pub(super) fn number(
    map: &mut Map<String, Value>,
    key: &str,
    at: &At<'_>,
) -> Result<Option<f64>, Malformed> {
    match take(map, key) {
        None => Ok(None),
        Some(value) => value
            .as_f64()
            .map(Some)
            .ok_or_else(|| At::Field(at, key).fault("must be a number")),
    }
}

/// A whole number that is not negative; `12.0` is one too.
pub(super) fn count(
    map: &mut Map<String, Value>,
    key: &str,
    at: &At<'_>,
) -> Result<Option<u64>, Malformed> {
    let Some(value) = take(map, key) else {
        return Ok(None);
    };
    fields::count(&value)
        .map(Some)
        .ok_or_else(|| At::Field(at, key).fault("must be a whole number, zero or more"))
}

pub(super) fn object(
    map: &mut Map<String, Value>,
    key: &str,
    at: &At<'_>,
) -> Result<Option<Map<String, Value>>, Malformed> {
    match take(map, key) {
        None => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(_) => Err(At::Field(at, key).fault("must be an object")),
    }
}

pub(super) fn list(
    map: &mut Map<String, Value>,
    key: &str,
    at: &At<'_>,
) -> Result<Option<Vec<Value>>, Malformed> {
    match take(map, key) {
        None => Ok(None),
        Some(Value::Array(list)) => Ok(Some(list)),
        Some(_) => Err(At::Field(at, key).fault("must be a list")),
    }
}

/// The object that a list's member must be.
pub(super) fn member(value: Value, at: &At<'_>) -> Result<Map<String, Value>, Malformed> {
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(at.fault("must be an object")),
    }
}

/// A string that is to be looked at, not taken.
pub(super) fn peek<'a>(map: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    map.get(key).and_then(Value::as_str)
}
