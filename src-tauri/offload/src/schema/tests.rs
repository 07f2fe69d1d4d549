use super::*;

fn ask(schema: &Value, document: &Value) -> Result<Done, Trouble> {
    run(
        &json!({"schema": schema, "document": document}),
        Timestamp::UNIX_EPOCH,
    )
}

#[test]
fn everything_that_does_not_fit_is_told_with_its_place() {
    let schema = json!({
        "type": "object",
        "properties": {
            "name": {"type": "string", "pattern": "^[a-z]+$"},
            "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}, "uniqueItems": true}
        },
        "required": ["id"],
        "$defs": {"tag": {"type": "string"}}
    });
    let done = ask(&schema, &json!({"name": "A", "tags": ["x", 1]})).unwrap();
    let places: Vec<&str> = done.result["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["at"].as_str().unwrap())
        .collect();
    assert_eq!(done.result["valid"], json!(false));
    for place in ["", "/name", "/tags/1"] {
        assert!(places.contains(&place), "{places:?}");
    }
    assert_eq!(
        ask(&schema, &json!({"name": "a", "id": 1, "tags": []}))
            .unwrap()
            .text,
        "valid"
    );
    let plain = arguments_of("{\"type\": \"integer\"}\n=======\n5").unwrap();
    assert_eq!(run(&plain, Timestamp::UNIX_EPOCH).unwrap().text, "valid");
    let yaml = json!({"schema": {"required": ["a"]}, "text": "a: 1", "format": "yaml"});
    assert_eq!(run(&yaml, Timestamp::UNIX_EPOCH).unwrap().text, "valid");
    assert_eq!(ask(&json!(true), &Value::Null).unwrap().text, "valid");
    let many = ask(&json!({"items": {"type": "string"}}), &json!(vec![0; 500])).unwrap();
    assert_eq!(
        (
            many.result["errors"].as_array().unwrap().len(),
            &many.result["has_more"]
        ),
        (FAULTS, &json!(true))
    );
}

#[test]
fn a_schema_may_be_recursive_where_the_document_ends_it() {
    let tree = json!({"type": "object", "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}, "additionalProperties": false});
    let mut document = json!({});
    for _ in 0..40 {
        document = json!({"left": document, "right": {}});
    }
    assert_eq!(ask(&tree, &document).unwrap().text, "valid");
    document = json!({"left": document, "middle": {}});
    assert_eq!(ask(&tree, &document).unwrap().result["valid"], json!(false));
}

#[test]
fn what_has_no_bound_is_refused() {
    let mut doubling = json!({"$ref": "#/$defs/d0", "$defs": {"d40": {"type": "string"}}});
    for n in 0..40 {
        let next = json!({"$ref": format!("#/$defs/d{}", n + 1)});
        doubling["$defs"][format!("d{n}")] = json!({"allOf": [next, next]});
    }
    let mut chain = json!({"$ref": "#/$defs/d0", "$defs": {"d500": {}}});
    for n in 0..500 {
        chain["$defs"][format!("d{n}")] = json!({"$ref": format!("#/$defs/d{}", n + 1)});
    }
    let mut below = json!({"$ref": "#/$defs/d0", "$defs": {"d800": {}}});
    for n in 0..800 {
        below["$defs"][format!("d{n}")] =
            json!({"properties": {"a": {"$ref": format!("#/$defs/d{}", n + 1)}}});
    }
    assert!(ask(&below, &json!({"a": {"a": 1}})).is_ok());
    let twice_below = json!({"properties": {"a": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}}});
    let mut deep = json!({});
    for _ in 0..60 {
        deep = json!({ "a": deep });
    }
    for (schema, document) in [
        (doubling, json!(1)),
        (chain, json!(1)),
        (twice_below, deep),
        (json!({"$ref": "#"}), json!(1)),
        (
            json!({"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "#"}),
            json!(1),
        ),
        (
            json!({"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}]}}}),
            json!(1),
        ),
        (json!({"$ref": "https://example.com/schema.json"}), json!(1)),
        (json!({"$ref": "file:///etc/passwd"}), json!(1)),
        (json!({"$dynamicRef": "#a"}), json!(1)),
        (json!({"$ref": "#/$defs/none"}), json!(1)),
        (json!({"pattern": "(?=a)"}), json!("a")),
        (json!({"pattern": "a{1000}{1000}"}), json!("a")),
        (json!({"type": "strin"}), json!("a")),
        (json!({"$schema": "https://example.com/draft"}), json!("a")),
        (json!({"minLength": 1}), json!("a".repeat(DOCUMENT))),
    ] {
        let answer = ask(&schema, &document);
        let trouble = answer.expect_err(&schema.to_string().chars().take(100).collect::<String>());
        assert!(
            matches!(trouble.kind, TroubleKind::BadInput | TroubleKind::TooMuch),
            "{trouble:?}"
        );
    }
    let big = json!({"schema": {}, "text": "[123456789012345678901]"});
    assert_eq!(
        run(&big, Timestamp::UNIX_EPOCH).unwrap_err().kind,
        TroubleKind::NoAnswer
    );
}
