//! JSON Schema as Google's subset of OpenAPI, for models that take nothing better.
//!
//! Promises: local references are put in their place, unions with null become `nullable`,
//! `const` becomes `enum`; what the subset has no word for is named in [`Subset::lost`].
//! Bounds: [`MOST_NODES`] schemas; a schema that goes round in a circle is cut where it does so.

use serde_json::{Value, json};

use super::fields::Object;

/// The most schemas in one that are written: references may multiply them.
const MOST_NODES: usize = 5_000;

/// A schema in Google's subset.
#[derive(Debug, Default)]
pub(super) struct Subset {
    /// The schema.
    pub(super) schema: Value,
    /// Keywords that could not be written.
    pub(super) lost: Vec<String>,
    /// It refers to itself, or is too large, and was cut.
    pub(super) cut: bool,
}

/// Writes `schema` in Google's subset.
pub(super) fn subset(schema: &Value) -> Subset {
    let mut writer = Writer {
        root: schema,
        open: Vec::new(),
        nodes: 0,
        told: Subset::default(),
    };
    let written = writer.schema(schema);
    Subset {
        schema: Value::Object(written),
        ..writer.told
    }
}

struct Writer<'a> {
    root: &'a Value,
    /// References that are being followed.
    open: Vec<&'a str>,
    nodes: usize,
    told: Subset,
}

impl<'a> Writer<'a> {
    fn schema(&mut self, schema: &'a Value) -> Object {
        self.nodes += 1;
        let Value::Object(object) = schema else {
            // `true` allows anything, and nothing allows nothing.
            return Object::new();
        };
        if self.nodes > MOST_NODES {
            self.told.cut = true;
            return Object::new();
        }
        if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
            return self.referred(object, reference);
        }
        let mut out = Object::new();
        for key in ["title", "description"] {
            copy(object, key, &mut out);
        }
        if let Some(variants) = variants(object) {
            self.variants(variants, &mut out);
            return out;
        }
        self.types(object, &mut out);
        self.values(object, &mut out);
        self.rest(object, &mut out);
        out
    }

    fn referred(&mut self, object: &'a Object, reference: &'a str) -> Object {
        let pointed = reference.strip_prefix('#');
        let target = pointed.and_then(|pointer| self.root.pointer(pointer));
        let (Some(target), false) = (target, self.open.contains(&reference)) else {
            self.told.cut = true;
            let mut out = Object::new();
            out.insert("type".to_owned(), json!("OBJECT"));
            return out;
        };
        self.open.push(reference);
        let mut out = self.schema(target);
        self.open.pop();
        if let Some(description) = object.get("description") {
            out.insert("description".to_owned(), description.clone());
        }
        out
    }

    /// One of several schemas: null among them makes the others nullable, and beside `anyOf`
    /// nothing else may stand.
    fn variants(&mut self, variants: &'a [Value], out: &mut Object) {
        let is_null = |variant: &&Value| variant.get("type") == Some(&json!("null"));
        let nullable = variants.iter().any(|variant| is_null(&variant));
        let mut written: Vec<Object> = variants
            .iter()
            .filter(|variant| !is_null(variant))
            .map(|variant| self.schema(variant))
            .collect();
        if written.len() == 1 {
            for (key, value) in written.remove(0) {
                out.entry(key).or_insert(value);
            }
        } else {
            let written = written.into_iter().map(Value::Object).collect();
            out.insert("anyOf".to_owned(), Value::Array(written));
        }
        if nullable {
            out.insert("nullable".to_owned(), Value::Bool(true));
        }
    }

    fn types(&mut self, object: &'a Object, out: &mut Object) {
        let upper = |name: &str| Value::String(name.to_ascii_uppercase());
        match object.get("type") {
            Some(Value::String(name)) => {
                out.insert("type".to_owned(), upper(name));
            }
            Some(Value::Array(names)) => {
                let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
                let others: Vec<&str> = names.iter().copied().filter(|n| *n != "null").collect();
                match others.as_slice() {
                    [] => {}
                    [one] => {
                        out.insert("type".to_owned(), upper(one));
                    }
                    several => {
                        let several = several.iter().map(|name| json!({ "type": upper(name) }));
                        out.insert("anyOf".to_owned(), several.collect());
                    }
                }
                if others.len() < names.len() {
                    out.insert("nullable".to_owned(), Value::Bool(true));
                }
            }
            _ if object.contains_key("properties") => {
                out.insert("type".to_owned(), json!("OBJECT"));
            }
            _ if object.contains_key("items") => {
                out.insert("type".to_owned(), json!("ARRAY"));
            }
            _ => {}
        }
        if object.get("nullable") == Some(&json!(true)) {
            out.insert("nullable".to_owned(), Value::Bool(true));
        }
    }

    /// The values that are allowed. The subset lists texts only; others are told in words.
    fn values(&mut self, object: &'a Object, out: &mut Object) {
        let one = object.get("const").map(std::slice::from_ref);
        let Some(values) = one.or(object
            .get("enum")
            .and_then(Value::as_array)
            .map(Vec::as_slice))
        else {
            return;
        };
        if values.contains(&Value::Null) {
            out.insert("nullable".to_owned(), Value::Bool(true));
        }
        let values: Vec<&Value> = values.iter().filter(|value| !value.is_null()).collect();
        if values.iter().all(|value| value.is_string()) {
            out.entry("type").or_insert_with(|| json!("STRING"));
            out.insert("enum".to_owned(), json!(values));
            return;
        }
        let list: Vec<String> = values.iter().map(|value| value.to_string()).collect();
        let words = format!("One of: {}.", list.join(", "));
        let told = match out.get("description").and_then(Value::as_str) {
            Some(description) => format!("{description} {words}"),
            None => words,
        };
        out.insert("description".to_owned(), Value::String(told));
        self.lost("enum");
    }

    fn rest(&mut self, object: &'a Object, out: &mut Object) {
        for (key, value) in object {
            match (key.as_str(), value) {
                ("properties", Value::Object(named)) => {
                    let written = named
                        .iter()
                        .map(|(name, schema)| (name.clone(), Value::Object(self.schema(schema))))
                        .collect();
                    out.insert("properties".to_owned(), Value::Object(written));
                }
                ("required", Value::Array(_))
                | ("propertyOrdering", Value::Array(_))
                | ("pattern" | "format", Value::String(_))
                | (
                    "minItems" | "maxItems" | "minLength" | "maxLength" | "minimum" | "maximum"
                    | "minProperties" | "maxProperties",
                    Value::Number(_),
                ) => {
                    out.insert(key.clone(), value.clone());
                }
                ("items", schema) => {
                    out.insert("items".to_owned(), Value::Object(self.schema(schema)));
                }
                ("prefixItems", Value::Array(places)) if !object.contains_key("items") => {
                    let mut items = Object::new();
                    self.variants(places, &mut items);
                    out.insert("items".to_owned(), Value::Object(items));
                    self.lost("prefixItems");
                }
                ("allOf", Value::Array(parts)) => {
                    for part in parts {
                        let part = self.schema(part);
                        all_of(out, part);
                    }
                }
                // Remarks, closed objects (as Google's are) and what has been dealt with.
                (
                    "type" | "title" | "description" | "enum" | "const" | "nullable" | "$schema"
                    | "$id" | "$comment" | "$defs" | "definitions" | "default" | "examples"
                    | "example" | "deprecated" | "readOnly" | "writeOnly",
                    _,
                )
                | ("additionalProperties", Value::Bool(_)) => {}
                (other, _) => self.lost(other),
            }
        }
    }

    fn lost(&mut self, keyword: &str) {
        let lost = &mut self.told.lost;
        if lost.len() < 16 && !lost.iter().any(|known| known == keyword) {
            lost.push(keyword.to_owned());
        }
    }
}

fn variants(object: &Object) -> Option<&[Value]> {
    ["anyOf", "oneOf"]
        .iter()
        .find_map(|key| object.get(*key)?.as_array())
        .filter(|variants| !variants.is_empty())
        .map(Vec::as_slice)
}

fn copy(from: &Object, key: &str, out: &mut Object) {
    if let Some(text) = from.get(key).filter(|value| value.is_string()) {
        out.insert(key.to_owned(), text.clone());
    }
}

/// Puts one more part of an `allOf` into what is there.
fn all_of(out: &mut Object, part: Object) {
    for (key, value) in part {
        match (out.get_mut(&key), value) {
            (Some(Value::Object(there)), Value::Object(value)) => there.extend(value),
            (Some(Value::Array(there)), Value::Array(value)) => there.extend(value),
            (Some(_), _) => {}
            (None, value) => {
                out.insert(key, value);
            }
        }
    }
}
