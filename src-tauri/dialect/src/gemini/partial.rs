//! Arguments that come piece by piece (`partialArgs`), each with the path of its place.
//!
//! Promises: texts are appended while their piece said that more will come; everything else is
//! set. Bounds: [`MOST_PIECES`] pieces, paths of [`DEEPEST`] steps, lists of [`LONGEST`] places.

use serde_json::Value;

use super::fields::{Object, take_as, take_list, take_text};

const MOST_PIECES: usize = 100_000;
const DEEPEST: usize = 32;
const LONGEST: usize = 1_024;

/// A call whose arguments are not whole yet.
#[derive(Debug, Default)]
pub(super) struct Partial {
    args: Object,
    pieces: usize,
    /// The path of a text that goes on.
    going_on: Option<String>,
}

/// One step of a path.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Name(String),
    Place(usize),
}

impl Partial {
    /// Takes the pieces of one part. Whole arguments beside them count as well.
    pub(super) fn take(&mut self, call: &mut Object) {
        if let Some(whole) = super::fields::take_object(call, "args") {
            super::fields::merge(&mut self.args, whole);
        }
        for piece in take_list(call, "partialArgs").unwrap_or_default() {
            self.pieces += 1;
            if let Value::Object(piece) = piece
                && self.pieces <= MOST_PIECES
            {
                self.piece(piece);
            }
        }
    }

    /// The arguments so far.
    pub(super) fn args(self) -> Value {
        Value::Object(self.args)
    }

    fn piece(&mut self, mut piece: Object) {
        let Some(path) = take_text(&mut piece, "jsonPath") else {
            return;
        };
        let Some(steps) = steps(&path) else { return };
        let value = ["stringValue", "numberValue", "boolValue"]
            .into_iter()
            .find_map(|name| super::fields::take(&mut piece, name))
            .unwrap_or(Value::Null);
        let appends = self.going_on.as_deref() == Some(path.as_str());
        let goes_on = take_as(&mut piece, "willContinue", Value::as_bool) == Some(true);
        self.going_on = goes_on.then_some(path);
        let mut args = Value::Object(std::mem::take(&mut self.args));
        if let Some(place) = place(&mut args, &steps) {
            match (place, value) {
                (Value::String(there), Value::String(more)) if appends => there.push_str(&more),
                (place, value) => *place = value,
            }
        }
        if let Value::Object(args) = args {
            self.args = args;
        }
    }
}

/// The place a path points at, made where it is not there yet.
fn place<'a>(root: &'a mut Value, steps: &[Step]) -> Option<&'a mut Value> {
    let mut at = root;
    for step in steps {
        at = match step {
            Step::Name(name) => {
                if !at.is_object() {
                    *at = Value::Object(Object::new());
                }
                at.as_object_mut()?
                    .entry(name.as_str())
                    .or_insert(Value::Null)
            }
            Step::Place(place) => {
                if !at.is_array() {
                    *at = Value::Array(Vec::new());
                }
                let list = at.as_array_mut()?;
                if list.len() <= *place {
                    list.resize(place + 1, Value::Null);
                }
                list.get_mut(*place)?
            }
        };
    }
    Some(at)
}

/// `$.a.b[0]['c']` in steps; `None` for what we can't follow, and for the root.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(named) = rest.strip_prefix('.') {
            let end = named.find(['.', '[']).unwrap_or(named.len());
            let (name, after) = named.split_at(end);
            steps.push(Step::Name(name.to_owned()));
            rest = after;
        } else {
            let inner = rest.strip_prefix('[')?;
            let quote = inner
                .chars()
                .next()
                .filter(|mark| matches!(mark, '\'' | '"'));
            let step = if let Some(quote) = quote {
                let (name, after) = inner.get(1..)?.split_once(quote)?;
                rest = after.strip_prefix(']')?;
                Step::Name(name.to_owned())
            } else {
                let (place, after) = inner.split_once(']')?;
                rest = after;
                Step::Place(place.parse().ok().filter(|place| *place < LONGEST)?)
            };
            steps.push(step);
        }
        if steps.len() > DEEPEST {
            return None;
        }
    }
    // Arguments are an object.
    matches!(steps.first(), Some(Step::Name(_))).then_some(steps)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pieces_make_whole_arguments() {
        let mut partial = Partial::default();
        let Value::Object(mut call) = json!({"partialArgs": [
            {"jsonPath": "$.city", "stringValue": "New ", "willContinue": true},
            {"jsonPath": "$.city", "stringValue": "York"},
            {"jsonPath": "$.days[1].hot", "boolValue": true},
            {"jsonPath": "$['a.b']", "numberValue": 2.5},
            {"jsonPath": "$.none", "nullValue": "NULL_VALUE"},
            {"jsonPath": "$.none.such[99999]", "numberValue": 1},
            {"jsonPath": "$", "stringValue": "x"},
            {"jsonPath": "city", "stringValue": "x"},
        ]}) else {
            unreachable!()
        };
        partial.take(&mut call);
        assert_eq!(
            partial.args(),
            json!({"city": "New York", "days": [null, {"hot": true}], "a.b": 2.5, "none": null})
        );
    }
}
