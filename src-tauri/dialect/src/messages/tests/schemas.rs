//! Schemas, compiled.

use serde_json::json;

use super::super::schema::compile;

#[test]
fn constraints_move_into_descriptions_and_objects_are_closed() {
    let compiled = compile(&json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "n": {"type": "integer", "minimum": 1, "description": "A count."},
            "mail": {"type": "string", "format": "email", "maxLength": 9},
            "code": {"type": "string", "format": "regex"},
            "list": {"type": "array", "items": {"oneOf": [{"type": "string"}, {"type": "null"}]}, "minItems": 2},
        },
        "required": ["n"],
    }))
    .expect("it compiles");
    assert!(compiled.is_relaxed);
    assert_eq!(
        compiled.schema,
        json!({
            "type": "object",
            "properties": {
                "n": {"type": "integer", "description": "A count.\n\nMust hold: minimum: 1"},
                "mail": {"type": "string", "format": "email", "description": "Must hold: maxLength: 9"},
                "code": {"type": "string", "description": "Must hold: format: \"regex\""},
                "list": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "null"}]}, "description": "Must hold: minItems: 2"},
            },
            "required": ["n"],
            "additionalProperties": false,
        })
    );
    let again = compile(&compiled.schema).expect("it compiles again");
    assert_eq!((again.schema, again.is_relaxed), (compiled.schema, false));
}

#[test]
fn references_are_kept_and_recursion_is_not() {
    let kept = json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/x"}, "b": {"$ref": "#/$defs/x"}},
        "required": ["a", "b"], "additionalProperties": false, "$defs": {"x": {"type": "string"}}});
    assert_eq!(compile(&kept).expect("it compiles").schema, kept);
    let tree = json!({"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}},
        "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}}});
    assert_eq!(compile(&tree), Err("the schema refers to itself"));
}

#[test]
fn what_would_lose_data_is_not_compiled() {
    let many: serde_json::Map<_, _> = (0..25)
        .map(|n| (format!("p{n}"), json!({"type": "string"})))
        .collect();
    let cases = [
        json!({"type": "object", "additionalProperties": {"type": "string"}}),
        json!({"type": "object"}),
        json!({"type": "object", "properties": {"a": {}}}),
        json!({"type": "object", "properties": {"a": true}}),
        json!({"type": "object", "properties": {"a": {"$ref": "#"}}}),
        json!({"allOf": [{"type": "object", "properties": {}}, {"type": "object", "properties": {}}]}),
        json!({"type": "object", "properties": many}),
        json!({"enum": [{"a": 1}]}),
        json!({"const": [1]}),
        json!(true),
    ];
    for schema in cases {
        assert!(compile(&schema).is_err(), "{schema}");
    }
}

#[test]
fn a_long_chain_of_shared_parts_is_read_once_each() {
    let mut definitions = serde_json::Map::new();
    for n in 0..60 {
        let next = json!({"$ref": format!("#/$defs/d{}", n + 1)});
        definitions.insert(format!("d{n}"), json!({"anyOf": [next, next]}));
    }
    definitions.insert("d60".to_owned(), json!({"type": "string"}));
    let schema = json!({"anyOf": [{"$ref": "#/$defs/d0"}], "$defs": definitions});
    assert!(compile(&schema).is_ok());
}
