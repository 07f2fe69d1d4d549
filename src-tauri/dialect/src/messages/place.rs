//! Where in a request something stands, and how its fields are taken out.
//!
//! Promises: a fault names its field (`messages[3].content[0].text`) and never holds a piece of the
//! conversation; null reads as absent, as the vendor reads it.

use std::fmt;

use serde_json::{Map, Value};

use crate::hub::Extras;
use crate::{Dialect, Malformed};

/// A place in a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    Top,
    System(usize),
    Message(usize),
    Block(usize, usize),
    Inner(usize, usize, usize),
    Tool(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Place::Top => Ok(()),
            Place::System(block) => write!(f, "system[{block}]."),
            Place::Message(message) => write!(f, "messages[{message}]."),
            Place::Block(message, block) => write!(f, "messages[{message}].content[{block}]."),
            Place::Inner(message, block, inner) => {
                write!(f, "messages[{message}].content[{block}].content[{inner}].")
            }
            Place::Tool(tool) => write!(f, "tools[{tool}]."),
        }
    }
}

impl Place {
    /// A field here is not what it must be.
    pub(super) fn wrong(self, field: &str, what: &str) -> Malformed {
        Malformed::nowhere(&format!("{self}{field} is not {what}"))
    }

    /// Takes a string that must be there.
    pub(super) fn text(
        self,
        map: &mut Map<String, Value>,
        field: &str,
    ) -> Result<String, Malformed> {
        self.some_text(map, field)?
            .ok_or_else(|| self.wrong(field, "a string"))
    }

    /// Takes a string that may be there.
    pub(super) fn some_text(
        self,
        map: &mut Map<String, Value>,
        field: &str,
    ) -> Result<Option<String>, Malformed> {
        match map.shift_remove(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(field, "a string")),
        }
    }

    /// Takes yes or no.
    pub(super) fn some_flag(
        self,
        map: &mut Map<String, Value>,
        field: &str,
    ) -> Result<Option<bool>, Malformed> {
        match map.shift_remove(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(self.wrong(field, "true or false")),
        }
    }

    /// Takes a count.
    pub(super) fn some_count(
        self,
        map: &mut Map<String, Value>,
        field: &str,
    ) -> Result<Option<u64>, Malformed> {
        match map.shift_remove(field) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value
                .as_u64()
                .map(Some)
                .ok_or_else(|| self.wrong(field, "a whole number")),
        }
    }

    /// Takes a number.
    pub(super) fn some_number(
        self,
        map: &mut Map<String, Value>,
        field: &str,
    ) -> Result<Option<f64>, Malformed> {
        match map.shift_remove(field) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value
                .as_f64()
                .map(Some)
                .ok_or_else(|| self.wrong(field, "a number")),
        }
    }

    /// Takes a list.
    pub(super) fn some_list(
        self,
        map: &mut Map<String, Value>,
        field: &str,
    ) -> Result<Option<Vec<Value>>, Malformed> {
        match map.shift_remove(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Array(list)) => Ok(Some(list)),
            Some(_) => Err(self.wrong(field, "a list")),
        }
    }
}

/// What is left over at a level.
pub(super) fn rest(mut fields: Map<String, Value>) -> Extras {
    fields.retain(|_, value| !value.is_null());
    Extras::of(Dialect::Anthropic, fields)
}
