//! Google's schemas, read as JSON Schema.
//!
//! Promises: a JSON Schema comes through untouched. Google's own subset of OpenAPI becomes JSON
//! Schema: types in lower case (some callers write them in upper case even where JSON Schema is
//! asked for), `nullable` as a union with null, counts as numbers, keywords in camel case.

use serde_json::{Value, json};

use super::fields::{Object, camel, count};

/// Google's type names.
const TYPES: [&str; 7] = [
    "STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL",
];

/// A schema of either kind as JSON Schema.
pub(super) fn json_schema(schema: Value) -> Value {
    match schema {
        Value::Object(object) => Value::Object(keywords(object)),
        Value::Array(list) => list.into_iter().map(json_schema).collect(),
        other => other,
    }
}

fn keywords(schema: Object) -> Object {
    let mut read = Object::new();
    let mut nullable = false;
    for (key, value) in schema {
        let key = keyword(key);
        match key.as_str() {
            "type" => match type_name(value) {
                Value::Null => {}
                value => {
                    read.insert(key, value);
                }
            },
            "nullable" if value.is_boolean() => nullable = value == json!(true),
            "properties" | "$defs" | "definitions" | "patternProperties" | "dependentSchemas" => {
                read.insert(key, each(value));
            }
            "items"
            | "prefixItems"
            | "anyOf"
            | "oneOf"
            | "allOf"
            | "not"
            | "additionalProperties"
            | "contains"
            | "propertyNames"
            | "if"
            | "then"
            | "else" => {
                read.insert(key, json_schema(value));
            }
            "minItems" | "maxItems" | "minLength" | "maxLength" | "minProperties"
            | "maxProperties" => {
                let number = count(&value).filter(|_| value.is_string());
                read.insert(key, number.map_or(value, Value::from));
            }
            _ => {
                read.insert(key, value);
            }
        }
    }
    if nullable {
        or_null(&mut read);
    }
    read
}

/// The schemas of an object of named ones.
fn each(named: Value) -> Value {
    match named {
        Value::Object(named) => named
            .into_iter()
            .map(|(name, schema)| (name, json_schema(schema)))
            .collect(),
        other => other,
    }
}

/// Google's keywords in snake case, and its names for references.
fn keyword(key: String) -> String {
    match key.as_str() {
        "defs" => "$defs".to_owned(),
        "ref" => "$ref".to_owned(),
        _ if key.contains('_') => camel(&key),
        _ => key,
    }
}

fn type_name(value: Value) -> Value {
    match value {
        Value::String(name) if name == "TYPE_UNSPECIFIED" => Value::Null,
        Value::String(name) if TYPES.contains(&name.as_str()) => {
            Value::String(name.to_ascii_lowercase())
        }
        Value::Array(names) => names.into_iter().map(type_name).collect(),
        other => other,
    }
}

fn or_null(schema: &mut Object) {
    match schema.get_mut("type") {
        Some(Value::Array(names)) => {
            if !names.contains(&json!("null")) {
                names.push(json!("null"));
            }
        }
        Some(name) => *name = json!([name.take(), "null"]),
        None => match schema.get_mut("anyOf") {
            Some(Value::Array(variants)) => variants.push(json!({ "type": "null" })),
            _ => {
                schema.insert("nullable".to_owned(), Value::Bool(true));
            }
        },
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
}
