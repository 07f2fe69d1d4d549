//! What changes the number, and what does not: on every fixture of every dialect.

use std::path::Path;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::hub::Request;
use crate::{Dialect, Endpoint, read_request};

const CALLERS: [(Dialect, Endpoint); 5] = [
    (Dialect::OpenAi, Endpoint::ChatCompletions),
    (Dialect::Responses, Endpoint::Responses),
    (Dialect::Anthropic, Endpoint::Messages),
    (Dialect::Gemini, Endpoint::GenerateContent),
    (Dialect::Ollama, Endpoint::OllamaChat),
];

pub(super) fn read(endpoint: Endpoint, body: &Value) -> Option<Request> {
    let body = serde_json::to_vec(body).expect("JSON");
    read_request(endpoint, &body, Some(("m", false))).ok()
}

fn digest(endpoint: Endpoint, body: &Value) -> Option<[u8; 32]> {
    read(endpoint, body).map(|request| request.asked().digest)
}

/// Every fixture: its endpoint, its name, its body.
pub(super) fn fixtures() -> Vec<(Endpoint, String, Value)> {
    let mut all = Vec::new();
    for (dialect, endpoint) in CALLERS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures")
            .join(dialect.name());
        for entry in std::fs::read_dir(folder).expect("fixtures") {
            let path = entry.expect("an entry").path();
            let text = std::fs::read_to_string(&path).expect("a fixture");
            let stem = path.file_stem().expect("a name").display();
            let name = format!("{}/{stem}", dialect.name());
            all.push((endpoint, name, serde_json::from_str(&text).expect("JSON")));
        }
    }
    assert!(all.len() > 100, "{}", all.len());
    all
}

/// Sees every value below, with the keys that lead to it.
fn walk(value: &Value, path: &mut Vec<String>, see: &mut impl FnMut(&[String], &Value)) {
    see(path, value);
    let inner: Vec<(String, &Value)> = match value {
        Value::Array(each) => (0..).map(|at: usize| at.to_string()).zip(each).collect(),
        Value::Object(fields) => fields.iter().map(|(k, v)| (k.clone(), v)).collect(),
        _ => return,
    };
    for (key, value) in inner {
        path.push(key);
        walk(value, path, see);
        path.pop();
    }
}

/// The value at the end of the keys.
fn at<'a>(mut value: &'a mut Value, path: &[String]) -> &'a mut Value {
    for key in path {
        value = match value {
            Value::Array(each) => &mut each[key.parse::<usize>().expect("a place")],
            value => &mut value[key],
        };
    }
    value
}

/// Whether what stands there says nothing of the answer (docs/cache.md).
fn is_silent(path: &[String]) -> bool {
    const SILENT: &[&str] = &[
        "cache_control",
        "include_usage",
        "metadata",
        "model",
        "prompt_cache_breakpoint",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "serviceTier",
        "service_tier",
        "stream",
        "user",
    ];
    path.iter().any(|key| SILENT.contains(&key.as_str()))
}

/// Whether it ties a result to a call, where a change may make no difference or all of it.
fn is_a_tie(path: &[String]) -> bool {
    const TIES: &[&str] = &["call_id", "id", "tool_call_id", "tool_name", "tool_use_id"];
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    path.last().is_some_and(|key| TIES.contains(key))
        || path.ends_with(&["functionResponse", "name"])
}

/// Whether a reader does not look there, and tells no target: it takes any word for the same.
fn is_not_read(path: &[String]) -> bool {
    const UNREAD: &[&str] = &[
        "messages.1.reasoning_details.0.index",
        "messages.1.reasoning_details.1.index",
        "messages.1.reasoning_details.1.type",
        "tool_choice.allowed_tools.mode",
        "tool_choice.tools.0.type",
    ];
    path.last().is_some_and(|key| key == "status") || UNREAD.contains(&&*path.join("."))
}

fn changed(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => Some(format!("{text}x").into()),
        Value::Bool(on) => Some((!on).into()),
        Value::Number(number) => Some((number.as_f64()? + 0.5).into()),
        _ => None,
    }
}

/// The same with one value changed, for each value, and where it stands.
pub(super) fn alterations(body: &Value) -> impl Iterator<Item = (Vec<String>, Value)> {
    let mut places = Vec::new();
    walk(body, &mut Vec::new(), &mut |path, value| {
        // A number that must be whole is given one.
        for other in [changed(value), value.as_u64().map(|n| (n + 1).into())] {
            places.extend(other.map(|other| (path.to_vec(), other)));
        }
    });
    places.into_iter().map(|(path, other)| {
        let mut altered = body.clone();
        *at(&mut altered, &path) = other;
        (path, altered)
    })
}

#[test]
fn every_value_of_every_fixture_counts_but_for_those_that_say_nothing() {
    let (mut counted, mut silent) = (0, 0);
    let mut wrong = Vec::new();
    for (endpoint, name, body) in fixtures() {
        let before = digest(endpoint, &body).expect("a request");
        for (path, altered) in alterations(&body) {
            // What is no request any more has no number.
            let Some(after) = digest(endpoint, &altered) else {
                continue;
            };
            if is_a_tie(&path) || is_not_read(&path) {
                continue;
            }
            match is_silent(&path) {
                true => silent += 1,
                false => counted += 1,
            }
            if (before == after) != is_silent(&path) {
                wrong.push(format!("{name}: {}", path.join(".")));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(counted > 1_000 && silent > 100, "{counted} {silent}");
}

/// The same JSON with the keys of its objects in another order: all but the properties of a schema.
fn reordered(value: &Value, order: &mut impl FnMut(usize) -> usize) -> Value {
    match value {
        Value::Array(each) => each.iter().map(|one| reordered(one, order)).collect(),
        Value::Object(fields) => {
            let mut left: Vec<(&String, &Value)> = fields.iter().collect();
            let mut mixed = Map::new();
            while !left.is_empty() {
                let (key, value) = left.remove(order(left.len()) % left.len());
                let value = match (key.as_str(), value) {
                    ("properties", Value::Object(properties)) => properties
                        .iter()
                        .map(|(name, schema)| (name.clone(), reordered(schema, order)))
                        .collect::<Map<_, _>>()
                        .into(),
                    _ => reordered(value, order),
                };
                mixed.insert(key.clone(), value);
            }
            Value::Object(mixed)
        }
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn the_order_of_fields_makes_no_difference(seed in any::<u64>()) {
        let mut state = seed | 1;
        let mut order = |_: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 33) as usize
        };
        for (endpoint, name, body) in fixtures() {
            let mixed = reordered(&body, &mut order);
            prop_assert_eq!(digest(endpoint, &body), digest(endpoint, &mixed), "{}", name);
        }
    }

    #[test]
    fn two_texts_are_never_one(a in ".{0,6}", b in ".{0,6}", c in ".{0,6}", d in ".{0,6}") {
        let said = |first: &str, second: &str| {
            let parts = json!([{"type": "text", "text": first}, {"type": "text", "text": second}]);
            digest(Endpoint::ChatCompletions, &chat(&json!({"messages": [{"role": "user", "content": parts}]})))
        };
        // What is empty is no part.
        let parts = |a: &str, b: &str| {
            [a, b].into_iter().filter(|text| !text.is_empty()).map(str::to_owned).collect::<Vec<_>>()
        };
        prop_assert_eq!(said(&a, &b) == said(&c, &d), parts(&a, &b) == parts(&c, &d));
    }
}

fn chat(fields: &Value) -> Value {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}]});
    for (key, value) in fields.as_object().expect("fields") {
        body[key] = value.clone();
    }
    body
}

/// One conversation in each dialect that can say it.
#[track_caller]
fn are_one(written: &[(Endpoint, Value)]) {
    let digests: Vec<_> = written
        .iter()
        .map(|(endpoint, body)| digest(*endpoint, body).expect("a request"))
        .collect();
    for (at, one) in digests.iter().enumerate() {
        assert_eq!(*one, digests[0], "{:?}", written[at].0);
    }
}

#[test]
fn a_conversation_is_the_same_in_every_dialect() {
    let turn = |role: &str, text: &str| json!({"role": role, "content": text});
    let turns = json!([
        turn("user", "Hi"),
        turn("assistant", "Hello!"),
        turn("user", "Name a river."),
    ]);
    let mut with_system = turns.clone();
    with_system
        .as_array_mut()
        .expect("turns")
        .insert(0, turn("system", "Be brief."));
    let content = |role: &str, text: &str| json!({"role": role, "parts": [{"text": text}]});
    are_one(&[
        (
            Endpoint::ChatCompletions,
            json!({"model": "a", "messages": with_system, "max_tokens": 64, "temperature": 0, "top_p": 0.9}),
        ),
        (
            Endpoint::Responses,
            json!({"model": "b", "instructions": "Be brief.", "input": turns, "max_output_tokens": 64,
                "temperature": 0.0, "top_p": 0.9, "stream": true}),
        ),
        (
            Endpoint::Messages,
            json!({"model": "c", "system": "Be brief.", "messages": turns, "max_tokens": 64,
                "temperature": 0, "top_p": 0.9, "metadata": {"user_id": "u"}}),
        ),
        (
            Endpoint::GenerateContent,
            json!({
                "systemInstruction": {"parts": [{"text": "Be brief."}]},
                "contents": [content("user", "Hi"), content("model", "Hello!"), content("user", "Name a river.")],
                "generationConfig": {"maxOutputTokens": 64, "temperature": 0, "topP": 0.9},
            }),
        ),
        (
            Endpoint::OllamaChat,
            json!({"model": "e", "messages": with_system,
                "options": {"num_predict": 64, "temperature": 0, "top_p": 0.9}}),
        ),
    ]);
}

#[test]
fn tools_and_their_turns_are_the_same_in_every_dialect() {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let (name, what) = ("weather", "The weather in a city.");
    let function = json!({"type": "function",
        "function": {"name": name, "description": what, "parameters": schema}});
    are_one(&[
        (
            Endpoint::ChatCompletions,
            json!({"model": "m", "tools": [function], "messages": [
                {"role": "user", "content": "Oslo?"},
                {"role": "assistant", "content": null, "tool_calls": [
                    {"id": "call_1", "type": "function",
                        "function": {"name": name, "arguments": "{ \"city\": \"Oslo\" }"}},
                    {"id": "call_2", "type": "function",
                        "function": {"name": name, "arguments": "{\"city\":\"Bergen\"}"}},
                ]},
                {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
                {"role": "tool", "tool_call_id": "call_2", "content": "more rain"},
            ]}),
        ),
        (
            Endpoint::Responses,
            json!({"model": "m",
            "tools": [{"type": "function", "name": name, "description": what, "parameters": schema}],
            "input": [
                {"role": "user", "content": "Oslo?"},
                {"type": "function_call", "id": "fc_9", "status": "completed", "call_id": "x",
                    "name": name, "arguments": "{\"city\":\"Oslo\"}"},
                {"type": "function_call", "call_id": "y", "name": name, "arguments": "{\"city\":\"Bergen\"}"},
                {"type": "function_call_output", "call_id": "x", "output": "rain"},
                {"type": "function_call_output", "call_id": "y", "output": "more rain"},
            ]}),
        ),
        (
            Endpoint::GenerateContent,
            json!({
                "tools": [{"functionDeclarations": [
                    {"name": name, "description": what, "parametersJsonSchema": schema}]}],
                "contents": [
                    {"role": "user", "parts": [{"text": "Oslo?"}]},
                    {"role": "model", "parts": [
                        {"functionCall": {"name": name, "args": {"city": "Oslo"}}},
                        {"functionCall": {"name": name, "args": {"city": "Bergen"}}},
                    ]},
                    {"role": "user", "parts": [
                        {"functionResponse": {"name": name, "response": {"result": "rain"}}},
                        {"functionResponse": {"name": name, "response": {"result": "more rain"}}},
                    ]},
                ],
            }),
        ),
        (
            Endpoint::OllamaChat,
            json!({"model": "m", "tools": [function], "messages": [
                {"role": "user", "content": "Oslo?"},
                {"role": "assistant", "content": "", "tool_calls": [
                    {"function": {"name": name, "arguments": {"city": "Oslo"}}},
                    {"function": {"name": name, "arguments": {"city": "Bergen"}}},
                ]},
                {"role": "tool", "tool_name": name, "content": "rain"},
                {"role": "tool", "tool_name": name, "content": "more rain"},
            ]}),
        ),
    ]);
}

#[test]
fn claude_is_asked_the_same_as_others_with_an_output_limit() {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    are_one(&[
        (
            Endpoint::Messages,
            json!({"model": "m", "max_tokens": 9,
            "tools": [{"name": "weather", "input_schema": schema, "cache_control": {"type": "ephemeral"}}],
            "tool_choice": {"type": "any"},
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "Oslo?", "cache_control": {"type": "ephemeral"}}]},
                {"role": "assistant", "content": [
                    {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Oslo"}}]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_1", "content": "rain"}]},
            ]}),
        ),
        (
            Endpoint::ChatCompletions,
            json!({"model": "m", "max_completion_tokens": 9,
            "tools": [{"type": "function", "function": {"name": "weather", "parameters": schema}}],
            "tool_choice": "required",
            "messages": [
                {"role": "user", "content": "Oslo?"},
                {"role": "assistant", "tool_calls": [{"id": "call_1", "type": "function",
                    "function": {"name": "weather", "arguments": "{\"city\":\"Oslo\"}"}}]},
                {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
            ]}),
        ),
    ]);
}

#[test]
fn an_attachment_is_the_same_by_its_content() {
    let png = "iVBORw0KGgoAAAANSUhEUg==";
    let url = format!("data:image/png;base64,{png}");
    are_one(&[
        (
            Endpoint::ChatCompletions,
            json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": "What is it?"}]}]}),
        ),
        (
            Endpoint::Messages,
            json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": [
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": png}},
                {"type": "text", "text": "What is it?"}]}]}),
        ),
        (
            Endpoint::Responses,
            json!({"model": "m", "max_output_tokens": 9, "input": [{"role": "user", "content": [
                {"type": "input_image", "image_url": url}, {"type": "input_text", "text": "What is it?"}]}]}),
        ),
        (
            Endpoint::GenerateContent,
            json!({"generationConfig": {"maxOutputTokens": 9}, "contents": [{"role": "user", "parts": [
                {"inlineData": {"mimeType": "image/png", "data": png}}, {"text": "What is it?"}]}]}),
        ),
        (
            Endpoint::OllamaChat,
            json!({"model": "m", "options": {"num_predict": 9},
                "messages": [{"role": "user", "content": "What is it?", "images": [png]}]}),
        ),
    ]);
}

#[test]
fn results_that_change_places_are_another_question() {
    let with = |first: &str, second: &str| {
        let call = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
        let result =
            |id: &str, text: &str| json!({"role": "tool", "tool_call_id": id, "content": text});
        let body = chat(&json!({"messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "tool_calls": [call("a"), call("b")]},
            result(first, "one"), result(second, "two"),
        ]}));
        digest(Endpoint::ChatCompletions, &body)
    };
    assert_ne!(with("a", "b"), with("b", "a"));
    assert_ne!(with("a", "b"), with("a", "unknown"));
}

#[test]
fn the_order_of_a_schemas_properties_is_asked_for() {
    let with = |schema: &str| {
        let schema: Value = serde_json::from_str(schema).expect("JSON");
        let format = json!({"type": "json_schema", "json_schema": {"name": "n", "schema": schema}});
        digest(
            Endpoint::ChatCompletions,
            &chat(&json!({"response_format": format})),
        )
    };
    let reason_first = r#"{"type":"object","properties":{"reason":{"type":"string"},"answer":{}}}"#;
    let answer_first = r#"{"type":"object","properties":{"answer":{},"reason":{"type":"string"}}}"#;
    let keys_moved = r#"{"properties":{"reason":{"type":"string"},"answer":{}},"type":"object"}"#;
    assert_ne!(with(reason_first), with(answer_first));
    assert_eq!(with(reason_first), with(keys_moved));
}

#[test]
fn large_numbers_are_exact_or_said_not_to_be() {
    let with = |number: &str| {
        let body = format!(
            r#"{{"model":"m","messages":[{{"role":"user","content":"Hi"}}],"logit_bias":{{"1":{number}}}}}"#
        );
        let request = read_request(Endpoint::ChatCompletions, body.as_bytes(), None);
        request.expect("a request").asked()
    };
    assert_eq!(with("1").digest, with("1.0").digest);
    assert_ne!(
        with("9007199254740992").digest,
        with("9007199254740993").digest
    );
    assert_ne!(
        with("18446744073709551614").digest,
        with("18446744073709551615").digest
    );
    assert!(!with("18446744073709551615").is_inexact);
    assert!(with("18446744073709551617").is_inexact);
    assert!(!with("1.7976931348623157e308").is_inexact);
}

#[test]
fn a_default_that_is_not_said_is_not_guessed() {
    let unsaid = digest(Endpoint::ChatCompletions, &chat(&json!({})));
    for said in [
        json!({"temperature": 1}),
        json!({"store": false}),
        json!({"tool_choice": "auto"}),
    ] {
        let asked = digest(Endpoint::ChatCompletions, &chat(&said));
        assert_ne!(asked, unsaid, "{said}");
    }
    let one = digest(Endpoint::ChatCompletions, &chat(&json!({"n": 1})));
    assert_eq!(one, unsaid, "one answer is what the hub means by none said");
}

#[test]
fn the_number_is_the_same_in_every_run() {
    let asked = read(Endpoint::ChatCompletions, &chat(&json!({})))
        .expect("a request")
        .asked();
    let hex: String = asked.digest.iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(
        hex,
        "a52ca5b9b46e926943e57a2aff05bc1013d05ecc6df7c722ccc97c89a02a521f"
    );
}
