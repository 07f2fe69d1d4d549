//! The least that a JSON Schema allows.
//!
//! Promises: an instance of the shapes that tools and answers are described with: objects with what
//! they require, lists, enums, references, one of several. Leaves out patterns and formats.
//! Bound: sixteen levels deep, eight of a list.

use serde_json::{Map, Value, json};

const DEEPEST: usize = 16;
const LONGEST_LIST: u64 = 8;
/// What a string says, cut or repeated to the length asked for.
const WORD: &str = "practice";

pub(super) fn of(schema: &Value) -> Value {
    instance(schema, schema, 0)
}

fn instance(schema: &Value, root: &Value, depth: usize) -> Value {
    if depth > DEEPEST {
        return Value::Null;
    }
    let inner = |one: &Value| instance(one, root, depth + 1);
    if let Some(pointer) = schema["$ref"].as_str() {
        let target = root.pointer(pointer.trim_start_matches('#'));
        return target.map_or(Value::Null, inner);
    }
    for (key, value) in [("const", &schema["const"]), ("default", &schema["default"])] {
        if schema.get(key).is_some() {
            return value.clone();
        }
    }
    if let Some(first) = schema["enum"].as_array().and_then(|all| all.first()) {
        return first.clone();
    }
    for several in ["anyOf", "oneOf", "allOf"] {
        if let Some(first) = schema[several].as_array().and_then(|all| all.first()) {
            return inner(first);
        }
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.first().and_then(Value::as_str),
        kind => kind.as_str(),
    };
    // Gemini writes its types in capitals.
    match kind.unwrap_or("object").to_ascii_lowercase().as_str() {
        "string" => text(schema).into(),
        "integer" | "number" => number(schema),
        "boolean" => json!(true),
        "null" => Value::Null,
        "array" => {
            let least = schema["minItems"].as_u64().unwrap_or(0).min(LONGEST_LIST);
            (0..least).map(|_| inner(&schema["items"])).collect()
        }
        _ => object(schema, inner),
    }
}

fn object(schema: &Value, inner: impl Fn(&Value) -> Value) -> Value {
    let required = schema["required"].as_array().into_iter().flatten();
    let fields = required.filter_map(Value::as_str);
    let fields: Map<String, Value> = fields
        .map(|name| (name.to_owned(), inner(&schema["properties"][name])))
        .collect();
    fields.into()
}

fn text(schema: &Value) -> String {
    let length = |field: &str| usize::try_from(schema[field].as_u64()?).ok();
    let least = length("minLength").unwrap_or(0).min(1024);
    let most = length("maxLength").unwrap_or(usize::MAX);
    let mut text = WORD.repeat(least.div_ceil(WORD.len()).max(1));
    text.truncate(most.min(least.max(WORD.len())));
    text
}

fn number(schema: &Value) -> Value {
    match &schema["minimum"] {
        Value::Number(least) => least.clone().into(),
        _ => match schema["maximum"].as_f64() {
            Some(most) if most < 1.0 => schema["maximum"].clone(),
            _ => json!(1),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_schema_requires_is_there_and_nothing_else() {
        for (schema, least) in [
            (json!({"type": "object", "properties": {}}), json!({})),
            (json!({}), json!({})),
            (
                json!({"type": "object", "required": ["a", "b"], "properties": {
                    "a": {"type": "string"}, "b": {"type": ["integer", "null"]}, "c": {"type": "string"}}}),
                json!({"a": "practice", "b": 1}),
            ),
            (
                json!({"$ref": "#/$defs/one", "$defs": {"one": {"enum": ["x", "y"]}}}),
                json!("x"),
            ),
            (
                json!({"type": "ARRAY", "minItems": 2, "items": {"type": "BOOLEAN"}}),
                json!([true, true]),
            ),
            (json!({"type": "array"}), json!([])),
            (
                json!({"type": "string", "minLength": 10}),
                json!("practicepr"),
            ),
            (json!({"type": "string", "maxLength": 3}), json!("pra")),
            (json!({"type": "number", "minimum": 7.5}), json!(7.5)),
            (
                json!({"anyOf": [{"const": 3}, {"type": "string"}]}),
                json!(3),
            ),
        ] {
            assert_eq!(of(&schema), least, "{schema}");
        }
    }

    #[test]
    fn a_schema_that_holds_itself_ends() {
        let schema = json!({"type": "object", "required": ["next"],
            "properties": {"next": {"$ref": "#"}}});
        let mut at = &of(&schema);
        let mut depth = 0;
        while let Some(next) = at.get("next") {
            (at, depth) = (next, depth + 1);
        }
        assert!((1..=DEEPEST).contains(&depth), "{depth}");
    }
}
