//! What changes the number, and what does not.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn asked(endpoint: Endpoint, body: &Value) -> Option<[u8; 32]> {
    asked_embed(endpoint, body.to_string().as_bytes(), None)
}

/// A request of each endpoint with all that its readers know, and a field that nobody knows.
fn requests() -> [(Endpoint, Value); 4] {
    let one = |text: &str| {
        json!({"model": "models/m", "content": {"parts": [{"text": text}]}, "taskType": "RETRIEVAL_DOCUMENT",
            "title": text, "outputDimensionality": 8, "x_new": {"a": 1, "b": [true]}})
    };
    [
        (
            Endpoint::Embeddings,
            json!({"model": "m", "input": ["a", "b"], "dimensions": 256, "encoding_format": "base64",
                "input_type": "query", "user": "u", "x_new": {"a": 1, "b": [true]}}),
        ),
        (
            Endpoint::OllamaEmbed,
            json!({"model": "m", "input": ["a", "b"], "truncate": false, "dimensions": 8,
                "keep_alive": "5m", "options": {"num_ctx": 1}}),
        ),
        (Endpoint::EmbedContent, one("a")),
        (
            Endpoint::BatchEmbedContents,
            json!({"requests": [one("a"), one("b")]}),
        ),
    ]
}

/// Every place in it, as a JSON pointer.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Array(each) => (0..).map(|n: usize| n.to_string()).zip(each).collect(),
        Value::Object(fields) => fields.iter().map(|(key, one)| (key.clone(), one)).collect(),
        _ => return all.push(at.to_owned()),
    };
    for (key, one) in inner {
        places(one, &format!("{at}/{key}"), all);
    }
}

fn changed(value: &Value, by: u64) -> Value {
    match value {
        Value::String(text) if text == "base64" => "float".into(),
        Value::String(text) if text == "RETRIEVAL_DOCUMENT" => "CLUSTERING".into(),
        Value::String(text) => format!("{text}{by}").into(),
        Value::Bool(on) => (!on).into(),
        Value::Number(number) => (number.as_u64().unwrap_or(0) + by).into(),
        other => panic!("{other} is no leaf"),
    }
}

fn is_silent(place: &str) -> bool {
    place == "/user" || place == "/keep_alive"
}

#[test]
fn every_value_counts_but_for_those_that_say_nothing_of_the_vectors() {
    for (endpoint, body) in requests() {
        let before = asked(endpoint, &body).expect("a request");
        let mut all = Vec::new();
        places(&body, "", &mut all);
        assert!(all.len() > 5, "{all:?}");
        for place in all {
            let mut altered = body.clone();
            let value = altered.pointer_mut(&place).expect("it is there");
            *value = changed(value, 1);
            let after = asked(endpoint, &altered);
            if place.ends_with("/model") {
                // The whole request's is the targets' to say; one in a batch must agree with the others.
                let is_alone = endpoint != Endpoint::BatchEmbedContents;
                assert_eq!(after, is_alone.then_some(before), "{place}");
            } else if endpoint == Endpoint::BatchEmbedContents && place.ends_with("/taskType") {
                assert_eq!(after, None, "one of a batch asks for another kind");
            } else if is_silent(&place) {
                assert_eq!(after, Some(before), "{place}");
            } else if let Some(after) = after {
                assert_ne!(after, before, "{endpoint:?} {place}");
            }
        }
    }
}

#[test]
fn a_field_more_or_less_is_another_question() {
    for (endpoint, body) in requests() {
        let before = asked(endpoint, &body).expect("a request");
        let mut more = body.clone();
        more["unheard_of"] = json!(null);
        assert_ne!(asked(endpoint, &more), Some(before));
        for key in body.as_object().expect("an object").keys() {
            let mut less = body.clone();
            less.as_object_mut().expect("an object").remove(key);
            let says_nothing = key == "model" || is_silent(&format!("/{key}"));
            let is_same = asked(endpoint, &less) == Some(before);
            assert_eq!(is_same, says_nothing, "{key}");
        }
    }
}

#[test]
fn the_order_and_the_cut_of_inputs_are_asked_for() {
    let with = |input: Value| {
        let body = json!({"model": "m", "input": input});
        asked(Endpoint::Embeddings, &body).expect("a request")
    };
    let all = [
        with(json!(["a", "b"])),
        with(json!(["b", "a"])),
        with(json!(["ab"])),
        with(json!(["a", "b", ""])),
        with(json!([1, 2])),
        with(json!([[1], [2]])),
        with(json!([12])),
    ];
    for (at, one) in all.iter().enumerate() {
        assert!(!all[..at].contains(one), "{at}");
    }
    assert_eq!(with(json!([1.0, 2])), with(json!([1, 2])));
}

#[test]
fn what_could_be_taken_for_another_has_no_number() {
    let none = |endpoint, body: &str, model| {
        assert_eq!(
            asked_embed(endpoint, body.as_bytes(), model),
            None,
            "{body}"
        );
    };
    let openai = Endpoint::Embeddings;
    none(
        openai,
        r#"{"model":"m","input":"a","x":18446744073709551617}"#,
        None,
    );
    none(
        openai,
        r#"{"model":"m","input":[18446744073709551617]}"#,
        None,
    );
    none(openai, r#"{"model":"m","input":[]}"#, None);
    none(openai, r#"{"model":"m","input":"a""#, None);
    none(openai, r#"["a"]"#, None);
    none(
        Endpoint::ChatCompletions,
        r#"{"model":"m","input":"a"}"#,
        None,
    );
    none(Endpoint::Rerank, r#"{"model":"m","input":"a"}"#, None);
    let picture = r#"{"content":{"parts":[{"inlineData":{}}]}}"#;
    none(Endpoint::EmbedContent, picture, Some("m"));
    let other = r#"{"model":"models/n","content":{"parts":[{"text":"a"}]}}"#;
    none(Endpoint::EmbedContent, other, Some("m"));
    let in_path = asked_embed(Endpoint::EmbedContent, other.as_bytes(), Some("n"));
    assert!(in_path.is_some());
    assert_eq!(
        in_path,
        asked_embed(Endpoint::EmbedContent, other.as_bytes(), None)
    );
}

#[test]
fn the_form_of_the_reply_is_asked_for() {
    let body = json!({"model": "m", "input": ["a"]});
    assert_ne!(
        asked(Endpoint::Embeddings, &body),
        asked(Endpoint::OllamaEmbed, &body)
    );
    let alone = json!({"content": {"parts": [{"text": "a"}]}});
    assert_ne!(
        asked(Endpoint::EmbedContent, &alone),
        asked(Endpoint::BatchEmbedContents, &json!({"requests": [alone]}))
    );
}

#[test]
fn the_number_is_the_same_in_every_run() {
    let (endpoint, body) = &requests()[0];
    let digest = asked(*endpoint, body).expect("a request");
    let hex: String = digest.iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(
        hex,
        "85ef0985722b90a7c3537fbcc2e325429f03f1db00c3f5d31c04ef7c1f591cdc"
    );
}

/// The same JSON with the keys of its objects in another order.
fn reordered(value: &Value, order: &mut impl FnMut(usize) -> usize) -> Value {
    match value {
        Value::Array(each) => each.iter().map(|one| reordered(one, order)).collect(),
        Value::Object(fields) => {
            let mut left: Vec<_> = fields.iter().collect();
            let mut mixed = Map::new();
            while !left.is_empty() {
                let (key, value) = left.remove(order(left.len()) % left.len());
                mixed.insert(key.clone(), reordered(value, order));
            }
            mixed.into()
        }
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn the_order_of_fields_and_white_space_make_no_difference(orders in proptest::collection::vec(0..9_usize, 64)) {
        let mut orders = orders.into_iter().cycle();
        let mut order = |_: usize| orders.next().unwrap_or(0);
        for (endpoint, body) in requests() {
            let mixed = reordered(&body, &mut order);
            let wide = serde_json::to_vec_pretty(&mixed).expect("JSON");
            prop_assert_eq!(asked_embed(endpoint, &wide, None), asked(endpoint, &body));
        }
    }

    #[test]
    fn two_lists_of_texts_are_never_one(
        a in proptest::collection::vec(".{0,3}", 1..4),
        b in proptest::collection::vec(".{0,3}", 1..4),
    ) {
        for endpoint in [Endpoint::Embeddings, Endpoint::OllamaEmbed] {
            let of = |texts: &[String]| asked(endpoint, &json!({"model": "m", "input": texts}));
            prop_assert!(of(&a).is_some());
            prop_assert_eq!(of(&a) == of(&b), a == b);
        }
        let of = |texts: &[String]| {
            let one = |text: &String| json!({"content": {"parts": [{"text": text}]}});
            let each: Vec<Value> = texts.iter().map(one).collect();
            asked(Endpoint::BatchEmbedContents, &json!({"requests": each}))
        };
        prop_assert_eq!(of(&a) == of(&b), a == b);
    }

    #[test]
    fn any_change_of_any_value_counts(which in any::<prop::sample::Index>(), by in 1..1_000_u64) {
        for (endpoint, body) in requests() {
            let before = asked(endpoint, &body);
            let mut all = Vec::new();
            places(&body, "", &mut all);
            let place = which.get(&all);
            let mut altered = body.clone();
            let value = altered.pointer_mut(place).expect("it is there");
            *value = changed(value, by);
            if !place.ends_with("/model") && !is_silent(place) {
                prop_assert_ne!(asked(endpoint, &altered), before, "{}", place);
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for endpoint in Endpoint::ALL {
            let _ = asked_embed(endpoint, &bytes, None);
        }
    }
}
