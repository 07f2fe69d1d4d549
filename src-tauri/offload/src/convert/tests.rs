use proptest::prelude::*;

use super::*;
use crate::TroubleKind;

fn ask(plain: &str) -> Result<Done, Trouble> {
    run(&arguments_of(plain)?, Timestamp::UNIX_EPOCH)
}

#[test]
fn a_document_is_the_same_in_every_notation() {
    for (plain, answer) in [
        (
            "json to yaml\n{\"b\": [1, \"no\"], \"a\": null}",
            "b:\n- 1\n- \"no\"\na: null\n",
        ),
        (
            "yaml to json compact\na: 1.50\nb: yes\nc: 'yes'\n1: x",
            r#"{"a":1.5,"b":"yes","c":"yes","1":"x"}"#,
        ),
        (
            "yaml to json compact\non: push\ny: 1\nn:\n~: 2\n1.0: [true, y, off]",
            r#"{"on":"push","y":1,"n":null,"~":2,"1.0":[true,"y","off"]}"#,
        ),
        (
            "yaml to json compact\n[010, 08, -07, 1_000, 0, 0.5, 0x1f]",
            r#"["010","08","-07","1_000",0,0.5,31]"#,
        ),
        (
            "yaml to json compact\na: &a {x: 1}\nb:\n  <<: *a\n  y: 2",
            r#"{"a":{"x":1},"b":{"y":2,"x":1}}"#,
        ),
        (
            "toml to json compact\nd = 2024-05-01\n[t]\nx = [1, 2]\n",
            r#"{"d":"2024-05-01","t":{"x":[1,2]}}"#,
        ),
        (
            "json to toml\n{\"t\": {\"x\": 1}, \"a\": 2.5}",
            "a = 2.5\n\n[t]\nx = 1\n",
        ),
        (
            "json pretty sorted\n{\"b\":{\"d\":1,\"c\":[]},\"a\":{}}",
            "{\n  \"a\": {},\n  \"b\": {\n    \"c\": [],\n    \"d\": 1\n  }\n}",
        ),
        (
            "json compact\n[1.10, 1e5, 123456789012345678901234567890, -0]",
            "[1.10,1e5,123456789012345678901234567890,-0]",
        ),
        (
            "json to yaml\n[123456789012345678901234567890]",
            "- 123456789012345678901234567890\n",
        ),
        (
            "yaml to json compact\n[18446744073709551615, &a {b: 1}, *a]",
            r#"[18446744073709551615,{"b":1},{"b":1}]"#,
        ),
        ("validate json\n{}", "valid JSON"),
        ("validate toml\na = 1\n", "valid TOML"),
    ] {
        assert_eq!(
            ask(plain).map(|done| done.text),
            Ok(answer.to_owned()),
            "{plain}"
        );
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (plain, says) in [
        ("validate json\n{\"a\": 1,\n \"a\" 2}", "line 2 column 6"),
        ("validate json\n{\"a\": 1, \"a\": 2}", "`a` stands twice"),
        ("validate json\n{'a': 1}", "line 1 column 2"),
        ("validate yaml\na: 1\na: 2", "duplicate"),
        ("validate yaml\na: [1", "line"),
        ("validate toml\na = 1\na = 2\n", "duplicate key"),
        ("validate toml\na = \n", "line 1"),
        (
            "validate yaml\n? [a]\n: 1",
            "a key is a list or a map at line 1",
        ),
    ] {
        let done = ask(plain).unwrap();
        assert_eq!(done.result["valid"], json!(false));
        assert!(
            done.text.starts_with("no valid ") && done.text.contains(says),
            "{plain}: {}",
            done.text
        );
        let trouble = ask(&plain
            .replacen("validate json", "json to json", 1)
            .replacen("validate yaml", "yaml to json", 1)
            .replacen("validate toml", "toml to json", 1))
        .unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::BadInput);
    }
    for (plain, says) in [
        ("json to toml\n{\"a\": {\"b\": null}}", "/a/b"),
        ("json to toml\n[1]", "tables"),
        ("json to toml\n{\"a\": 9223372036854775808}", "exactly"),
        ("json to yaml\n[0.12345678901234567]", "exactly"),
    ] {
        let trouble = ask(plain).unwrap_err();
        assert!(
            trouble.kind == TroubleKind::NoAnswer && trouble.message.contains(says),
            "{plain}: {trouble}"
        );
    }
}

#[test]
fn bombs_are_refused() {
    let mut laughs = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for n in 1..12 {
        let alias = format!("*a{}", n - 1);
        laughs += &format!("a{n}: &a{n} [{}]\n", [alias.as_str(); 10].join(", "));
    }
    let deep = |open: &str, close: &str| open.repeat(5_000) + &close.repeat(5_000);
    for plain in [
        format!("validate yaml\n{laughs}"),
        format!("validate json\n{}", deep("[", "]")),
        format!(
            "validate json\n{}1{}",
            "{\"a\":".repeat(5_000),
            "}".repeat(5_000)
        ),
        format!("validate yaml\n{}", deep("[", "]")),
        format!("validate yaml\n{}", "- ".repeat(5_000)),
        format!("validate toml\na = {}", deep("[", "]")),
        format!("validate toml\n{} = 1", ["a"; 5_000].join(".")),
        format!("validate json\n\"{}\"", "a".repeat(DOCUMENT)),
        "validate yaml\n[123456789012345678901234567890]".to_owned(),
    ] {
        let answer = ask(&plain);
        let is_refused = match &answer {
            Ok(done) => done.result["valid"] == json!(false),
            Err(trouble) => trouble.kind == TroubleKind::TooMuch,
        };
        assert!(is_refused, "{:.60}: {answer:?}", plain);
    }
}

fn trees(is_toml: bool) -> impl Strategy<Value = Tree> {
    let texts = prop_oneof![
        any::<String>(),
        "[a-z0-9~#:\\-\\[\\]{}&*!|>'\"%@` \n\t.]{0,12}",
        prop::sample::select(vec![
            "no",
            "yes",
            "null",
            "~",
            "1e3",
            "0x1f",
            "1_000",
            "2024-01-01",
            "",
            " x",
            "on",
            ".inf",
            "0o7",
            "---",
            "<<",
            "="
        ])
        .prop_map(str::to_owned),
    ]
    .boxed();
    let numbers = prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        (any::<i32>(), 0..10_000_u32).prop_map(|(a, b)| serde_json::Number::from_f64(
            f64::from(a) + f64::from(b) / 1e4
        )
        .unwrap()
        .to_string()),
    ];
    let leaf = prop_oneof![
        any::<bool>().prop_map(Tree::Bool),
        numbers.prop_map(Tree::Number),
        texts.clone().prop_map(Tree::Text),
        Just(if is_toml {
            Tree::Bool(true)
        } else {
            Tree::Null
        }),
    ];
    leaf.prop_recursive(4, 32, 5, move |inner| {
        let map = prop::collection::btree_map(texts.clone(), inner.clone(), 0..5);
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(Tree::List),
            map.prop_map(|map| Tree::Map(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_as_yaml_is_read_as_it_was(tree in trees(false)) {
        let yaml = tree.write(Notation::Yaml, true).unwrap();
        let read = Tree::read(&yaml, Notation::Yaml);
        prop_assert!(read.as_ref().is_ok_and(|read| *read == tree), "{yaml}\n{tree:?}\n{read:?}");
    }

    #[test]
    fn what_is_written_as_json_is_read_as_it_was(tree in trees(false), is_pretty: bool) {
        let json = tree.write(Notation::Json, is_pretty).unwrap();
        prop_assert_eq!(Tree::read(&json, Notation::Json).unwrap(), tree);
        prop_assert!(serde_json::from_str::<Value>(&json).is_ok());
    }

    #[test]
    fn what_is_written_as_toml_is_read_as_it_was(mut tree in trees(true).prop_map(|tree| Tree::Map(vec![("k".to_owned(), tree)]))) {
        let toml = tree.write(Notation::Toml, true).unwrap();
        let mut read = Tree::read(&toml, Notation::Toml).unwrap();
        // Values come before tables there.
        read.sort();
        tree.sort();
        prop_assert_eq!(read, tree);
    }
}
