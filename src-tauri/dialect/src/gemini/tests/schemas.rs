//! Schemas, both ways.

use serde_json::{Value, json};

use super::super::schema_in::json_schema;
use super::super::schema_out::subset;

#[test]
fn googles_schemas_become_json_schema() {
    let google = json!({
        "type": "OBJECT", "propertyOrdering": ["type"],
        "properties": {
            "type": {"type": "STRING", "nullable": true, "enum": ["A", "STRING"]},
            "any_of": {"any_of": [{"type": "INTEGER"}], "nullable": true},
            "list": {"type": "ARRAY", "items": {"type": "NUMBER"}, "minItems": "1"},
            "ref": {"ref": "#/defs/x"},
        },
        "defs": {"x": {"type": "TYPE_UNSPECIFIED"}},
    });
    assert_eq!(
        json_schema(google),
        json!({
            "type": "object", "propertyOrdering": ["type"],
            "properties": {
                "type": {"type": ["string", "null"], "enum": ["A", "STRING", null]},
                "any_of": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                "list": {"type": "array", "items": {"type": "number"}, "minItems": 1},
                "ref": {"$ref": "#/defs/x"},
            },
            "$defs": {"x": {}},
        })
    );
}

#[test]
fn json_schema_is_untouched() {
    let schema = json!({
        "$schema": "x", "type": ["object", "null"], "additionalProperties": false,
        "properties": {"a": {"$ref": "#/$defs/A"}, "b": {"const": 1}}, "$defs": {"A": {"oneOf": [{"type": "string"}, true]}},
        "patternProperties": {"^x": {"type": "string"}}, "default": {"type": "STRING"},
    });
    assert_eq!(json_schema(schema.clone()).to_string(), schema.to_string());
}

/// The subset, what was lost, and whether it was cut.
fn old(schema: Value) -> (Value, Vec<String>, bool) {
    let written = subset(&schema);
    (written.schema, written.lost, written.cut)
}

#[test]
fn old_models_get_the_subset() {
    let cases = [
        // A union with null (edge case 26).
        (
            json!({"type": ["string", "null"], "format": "email"}),
            json!({"type": "STRING", "nullable": true, "format": "email"}),
        ),
        (
            json!({"type": ["string", "integer"]}),
            json!({"anyOf": [{"type": "STRING"}, {"type": "INTEGER"}]}),
        ),
        (
            json!({"anyOf": [{"type": "string"}, {"type": "null"}], "description": "d"}),
            json!({"description": "d", "type": "STRING", "nullable": true}),
        ),
        (
            json!({"oneOf": [{"type": "string"}, {"type": "number"}], "minLength": 1}),
            json!({"anyOf": [{"type": "STRING"}, {"type": "NUMBER"}]}),
        ),
        (
            json!({"const": "a"}),
            json!({"type": "STRING", "enum": ["a"]}),
        ),
        (
            json!({"type": "string", "enum": ["a", null]}),
            json!({"type": "STRING", "nullable": true, "enum": ["a"]}),
        ),
        (
            json!({"properties": {"a": {"$ref": "#/$defs/A"}}, "additionalProperties": false, "$defs": {"A": {"type": "boolean"}}}),
            json!({"type": "OBJECT", "properties": {"a": {"type": "BOOLEAN"}}}),
        ),
        (
            json!({"allOf": [{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}, {"properties": {"b": {"type": "string"}}, "required": ["b"]}]}),
            json!({"type": "OBJECT", "properties": {"a": {"type": "STRING"}, "b": {"type": "STRING"}}, "required": ["a", "b"]}),
        ),
        (json!(true), json!({})),
    ];
    for (schema, expected) in cases {
        assert_eq!(old(schema.clone()), (expected, vec![], false), "{schema}");
    }
}

#[test]
fn what_the_subset_lacks_is_named() {
    let (schema, lost, _) =
        old(json!({"type": "integer", "enum": [1, 2], "multipleOf": 2, "not": {}}));
    assert_eq!(
        schema,
        json!({"type": "INTEGER", "description": "One of: 1, 2."})
    );
    assert_eq!(lost, ["enum", "multipleOf", "not"]);
}

/// Edge case 27.
#[test]
fn a_circle_is_cut() {
    let tree = json!({"type": "object", "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#/$defs/n"}}, "$defs": {"n": {"$ref": "#/$defs/n"}}});
    let (schema, _, cut) = old(tree);
    assert!(cut);
    assert_eq!(schema["properties"]["right"], json!({"type": "OBJECT"}));
    // References that multiply end as well.
    let mut defs = serde_json::Map::new();
    for n in 0..40 {
        let next = json!({"$ref": format!("#/$defs/d{}", n + 1)});
        defs.insert(
            format!("d{n}"),
            json!({"properties": {"a": next, "b": next}}),
        );
    }
    defs.insert("d40".to_owned(), json!({"type": "string"}));
    assert!(old(json!({"$ref": "#/$defs/d0", "$defs": defs})).2);
}
