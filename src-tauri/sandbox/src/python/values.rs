//! How a value of Python is told: as Python shows it, and as JSON. No more of it is made than there is room for.

use std::fmt::{self, Write};

use monty_types::{MontyObject, StringRepr};
use serde_json::Value;

use crate::said::Said;

/// Values in values that are told as JSON; JSON readers end at 128.
const DEEPEST_JSON: usize = 64;
/// The largest integer that every reader of JSON reads exactly.
const EXACT: i64 = (1 << 53) - 1;

/// A text with an end: writing beyond it fails, so that nobody goes on to make what nobody reads.
struct Bounded {
    text: String,
    most: usize,
}

impl Write for Bounded {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        let fits = crate::said::beginning(more, self.most - self.text.len());
        self.text.push_str(fits);
        if fits.len() < more.len() {
            Err(fmt::Error)
        } else {
            Ok(())
        }
    }
}

/// Its `repr`, as far as there is room.
pub(super) fn shown(value: &MontyObject, said: &Said) -> String {
    let mut text = Bounded {
        text: String::new(),
        most: said.most(),
    };
    if show(value, &mut text).is_err() {
        said.is_cut();
    }
    text.text
}

/// Containers are written here: the interpreter's own way leaves the comma out of `(1,)`.
fn show(value: &MontyObject, text: &mut Bounded) -> fmt::Result {
    let list = |open: &str, items: &[MontyObject], close: &str, text: &mut Bounded| {
        text.write_str(open)?;
        for (at, item) in items.iter().enumerate() {
            text.write_str(if at > 0 { ", " } else { "" })?;
            show(item, text)?;
        }
        text.write_str(close)
    };
    match value {
        MontyObject::String(string) => write!(text, "{}", StringRepr(string)),
        MontyObject::List(items) => list("[", items, "]", text),
        MontyObject::Tuple(items) if items.len() == 1 => list("(", items, ",)", text),
        MontyObject::Tuple(items) => list("(", items, ")", text),
        MontyObject::Set(items) if !items.is_empty() => list("{", items, "}", text),
        MontyObject::FrozenSet(items) if !items.is_empty() => {
            list("frozenset({", items, "})", text)
        }
        MontyObject::Dict(pairs) => {
            text.write_str("{")?;
            for (at, (key, value)) in pairs.iter().enumerate() {
                text.write_str(if at > 0 { ", " } else { "" })?;
                show(key, text)?;
                text.write_str(": ")?;
                show(value, text)?;
            }
            text.write_str("}")
        }
        MontyObject::NamedTuple {
            type_name,
            field_names,
            values,
        } => {
            write!(text, "{type_name}(")?;
            for (at, (name, value)) in field_names.iter().zip(values).enumerate() {
                write!(text, "{}{name}=", if at > 0 { ", " } else { "" })?;
                show(value, text)?;
            }
            text.write_str(")")
        }
        MontyObject::Repr(repr) => text.write_str(repr),
        other => write!(text, "{other}"),
    }
}

/// As JSON, where that says the same; its `repr` where it does not, or where there is no room for it.
pub(super) fn json_of(value: &MontyObject, said: &Said) -> Value {
    let mut room = said.most();
    json(value, &mut room, 0).unwrap_or_else(|| Value::String(shown(value, said)))
}

/// Nothing: there is no room for it.
fn json(value: &MontyObject, room: &mut usize, depth: usize) -> Option<Value> {
    let takes = match value {
        MontyObject::String(text) => text.len() + 2,
        _ => 8,
    };
    *room = room.checked_sub(takes)?;
    if depth > DEEPEST_JSON {
        return None;
    }
    let mut list = |items: &[MontyObject]| {
        let items = items.iter().map(|item| json(item, room, depth + 1));
        items.collect::<Option<Vec<_>>>().map(Value::Array)
    };
    Some(match value {
        MontyObject::None => Value::Null,
        MontyObject::Bool(is) => Value::Bool(*is),
        MontyObject::Int(number) if number.abs_diff(0) <= EXACT.unsigned_abs() => {
            Value::from(*number)
        }
        MontyObject::Float(number) if number.is_finite() => Value::from(*number),
        MontyObject::String(text) => Value::String(text.clone()),
        MontyObject::List(items) | MontyObject::Tuple(items) => list(items)?,
        MontyObject::Set(items) | MontyObject::FrozenSet(items) => list(items)?,
        MontyObject::NamedTuple { values, .. } => list(values)?,
        MontyObject::Dict(pairs) => {
            let named = pairs
                .iter()
                .all(|(key, _)| matches!(key, MontyObject::String(_)));
            let mut object = serde_json::Map::new();
            let mut array = Vec::new();
            for (key, value) in pairs.iter() {
                let value = json(value, room, depth + 1)?;
                let key = json(key, room, depth + 1)?;
                match key {
                    Value::String(key) if named => drop(object.insert(key, value)),
                    key => array.push(Value::Array(vec![key, value])),
                }
            }
            if named {
                Value::Object(object)
            } else {
                Value::Array(array)
            }
        }
        other => {
            let mut text = Bounded {
                text: String::new(),
                most: *room,
            };
            show(other, &mut text).ok()?;
            *room -= text.text.len();
            Value::String(text.text)
        }
    })
}
