//! How things are written down to be hashed.
//!
//! Promises: nothing that differs is written alike: every text carries its length, every list its
//! count, every choice its mark. JSON that means the same is written alike: no white space, keys in
//! their order by letter, `1.0` as `1`. Within a schema the properties stay in the order they were
//! written in: models answer in it.
//! Leaves out: what is written (`super`, and `embed::asked`).

use serde_json::{Map, Number, Value};
use sha2::{Digest as _, Sha256};

use super::Asked;

/// A hash under way.
pub(crate) struct Ink {
    hasher: Sha256,
    is_inexact: bool,
}

/// Whole numbers below this are exact as floats.
const EXACT: f64 = 9_007_199_254_740_992.0;
/// From here on a whole number was read as a float, and lost digits; far above it nobody writes one.
const LONGEST_WHOLE: std::ops::Range<f64> = 9_223_372_036_854_775_807.0..1e40;

impl Ink {
    pub(crate) fn begin(scheme: &str) -> Ink {
        let mut ink = Ink {
            hasher: Sha256::new(),
            is_inexact: false,
        };
        ink.text(scheme);
        ink
    }

    /// The number of all that was written.
    pub(crate) fn dry(self) -> Asked {
        Asked {
            digest: self.hasher.finalize().into(),
            is_inexact: self.is_inexact,
        }
    }

    /// Tells cases apart.
    pub(crate) fn mark(&mut self, mark: u8) {
        self.hasher.update([mark]);
    }

    pub(crate) fn flag(&mut self, on: bool) {
        self.mark(on.into());
    }

    pub(crate) fn count(&mut self, count: u64) {
        self.hasher.update(count.to_le_bytes());
    }

    pub(crate) fn whole(&mut self, number: i64) {
        self.hasher.update(number.to_le_bytes());
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.count(text.len() as u64);
        self.hasher.update(text);
    }

    pub(crate) fn maybe<T>(&mut self, some: Option<&T>, write: impl FnOnce(&mut Ink, &T)) {
        self.flag(some.is_some());
        if let Some(some) = some {
            write(self, some);
        }
    }

    pub(crate) fn list<T>(&mut self, each: &[T], write: impl Fn(&mut Ink, &T)) {
        self.count(each.len() as u64);
        for one in each {
            write(self, one);
        }
    }

    /// A number, however it was written.
    pub(crate) fn number(&mut self, number: f64) {
        if number.fract() == 0.0 && number.abs() < EXACT {
            self.mark(1);
            self.whole(number as i64);
        } else {
            self.is_inexact |= LONGEST_WHOLE.contains(&number.abs());
            self.mark(2);
            self.hasher.update(number.to_bits().to_le_bytes());
        }
    }

    pub(crate) fn json(&mut self, value: &Value) {
        self.value(value, false);
    }

    /// JSON Schema.
    pub(crate) fn schema(&mut self, value: &Value) {
        self.value(value, true);
    }

    /// The fields of an object, but for those to `leave`.
    pub(crate) fn fields(&mut self, fields: &Map<String, Value>, leave: impl Fn(&str) -> bool) {
        let kept = fields.iter().filter(|(key, _)| !leave(key)).collect();
        self.sorted(kept, false);
    }

    fn value(&mut self, value: &Value, in_schema: bool) {
        match value {
            Value::Null => self.mark(0),
            Value::Bool(on) => {
                self.mark(1);
                self.flag(*on);
            }
            Value::Number(number) => {
                self.mark(2);
                self.json_number(number);
            }
            Value::String(text) => {
                self.mark(3);
                self.text(text);
            }
            Value::Array(each) => {
                self.mark(4);
                self.list(each, |ink, one| ink.value(one, in_schema));
            }
            Value::Object(fields) => {
                self.mark(5);
                self.sorted(fields.iter().collect(), in_schema);
            }
        }
    }

    fn json_number(&mut self, number: &Number) {
        if let Some(whole) = number.as_i64() {
            self.mark(1);
            self.whole(whole);
        } else if let Some(large) = number.as_u64() {
            self.mark(3);
            self.count(large);
        } else {
            self.number(number.as_f64().unwrap_or(f64::NAN));
        }
    }

    fn sorted(&mut self, mut fields: Vec<(&String, &Value)>, in_schema: bool) {
        fields.sort_unstable_by_key(|(key, _)| *key);
        self.count(fields.len() as u64);
        for (key, value) in fields {
            self.text(key);
            match value {
                Value::Object(properties) if in_schema && key == "properties" => {
                    self.mark(6);
                    self.count(properties.len() as u64);
                    for (name, schema) in properties {
                        self.text(name);
                        self.value(schema, true);
                    }
                }
                value => self.value(value, in_schema),
            }
        }
    }
}
