//! What callers send, read; and what they sent, written again.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{object, read, write, write_for};
use crate::hub::{Choice, Effort, Format, Kind, MediaKind, Role, Source, ToolKind};
use crate::{Dialect, Endpoint};

fn fixtures() -> Vec<(String, Value)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/gemini");
    let mut found: Vec<(String, Value)> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let text = std::fs::read_to_string(&path).expect("a text");
            let name = path.file_stem().expect("a name").to_string_lossy();
            (
                name.into_owned(),
                serde_json::from_str(&text).expect("JSON"),
            )
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(found.len() > 25);
    found
}

#[test]
fn a_request_comes_back_as_it_was() {
    for (name, body) in fixtures() {
        assert_eq!(write(read(body.clone())), body, "{name}");
    }
}

#[test]
fn what_is_written_reads_the_same() {
    for (name, body) in fixtures().into_iter().chain(odd_bodies()) {
        let once = read(body);
        let again = read(write(once.clone()));
        assert_eq!(again, once, "{name}");
    }
}

/// Bodies that are written in another way than they came, but mean the same.
fn odd_bodies() -> Vec<(String, Value)> {
    let bodies = json!({
        "a text": {"contents": "Hello"},
        "one content": {"contents": {"parts": {"text": "Hello"}}},
        "turns in a row": {"contents": [
            {"role": "user", "parts": [{"text": "a"}]}, {"role": "user", "parts": [{"text": "b"}]},
            {"role": "model", "parts": [{"text": "c"}]}, {"role": "model", "parts": []},
            {"role": "model", "parts": [{"functionCall": {"name": "f"}}]},
            {"role": "function", "parts": [{"functionResponse": {"name": "f", "response": {"output": "x"}}}, {"text": "d"}]}
        ]},
        "a content with fields": {"contents": [
            {"role": "user", "parts": [{"text": "a"}]},
            {"role": "user", "parts": [{"text": "b"}], "odd": 1},
            {"role": "user", "parts": [{"text": "c"}]}
        ]},
        "ids that are not there": {"contents": [
            {"role": "model", "parts": [{"functionCall": {"name": "a"}}, {"functionCall": {"name": "b"}}, {"functionCall": {"name": "a"}}]},
            {"role": "user", "parts": [
                {"functionResponse": {"name": "b", "response": {}}},
                {"functionResponse": {"name": "a", "response": {"result": "{\"a\":1}"}}},
                {"functionResponse": {"name": "z", "response": {"result": "{ \"a\": 1 }"}}},
                {"functionResponse": {"name": "a", "response": {"error": {"code": 1}}}}
            ]}
        ]},
        "own words": {
            "contents": [{"role": "user", "parts": [
                {"inlineData": {"mimeType": "image/png", "data": "AA==", "displayName": "a.png"}, "mediaResolution": {"level": "MEDIA_RESOLUTION_LOW"}},
                {"fileData": {"fileUri": "https://youtu.be/abc"}, "videoMetadata": {"fps": 2}},
                {"fileData": {"fileUri": "gs://bucket/a.pdf"}}
            ]}, {"role": "model", "parts": [
                {"executableCode": {"language": "PYTHON", "code": "1"}, "thoughtSignature": "c2ln"},
                {"codeExecutionResult": {"outcome": "OUTCOME_OK"}},
                {"text": "", "thoughtSignature": "c2ln"},
                {"inlineData": {"mimeType": "image/png", "data": "AA=="}, "thought": true}
            ]}],
            "safetySettings": [{"category": "HARM_CATEGORY_HATE_SPEECH", "threshold": "BLOCK_NONE"}],
            "cachedContent": "cachedContents/a", "labels": {"team": "a"}, "store": false,
            "tools": [{"functionDeclarations": [{"name": "f", "behavior": "NON_BLOCKING", "parameters": {"type": "OBJECT", "properties": {"a": {"type": "STRING", "nullable": true}}}}], "google_search": {}}, {"codeExecution": {}}],
            "toolConfig": {"functionCallingConfig": {"mode": "VALIDATED"}, "retrievalConfig": {"languageCode": "de"}},
            "generationConfig": {"responseModalities": ["TEXT"], "speechConfig": {}, "thinkingConfig": {"thinkingBudget": -1, "odd": 1}, "topK": 64.0}
        },
        "a form of one word": {"contents": "a", "generationConfig": {"responseMimeType": "text/x.enum", "responseSchema": {"type": "STRING", "enum": ["a"]}}},
        "thoughts in pieces": {"contents": [
            {"role": "model", "parts": [{"text": "a", "thought": true}]},
            {"role": "model", "parts": [{"text": "b", "thought": true}]},
            {"role": "model", "parts": [{"text": "", "thoughtSignature": "c2ln"}]},
            {"role": "model", "parts": [{"text": "c"}]}, {"role": "model", "parts": [{"text": "", "thoughtSignature": "c2lo"}]}
        ]}
    });
    object(bodies).into_iter().collect()
}

#[test]
fn both_spellings_are_one() {
    let camel = json!({
        "contents": [{"role": "user", "parts": [{"inlineData": {"mimeType": "image/png", "data": "ab+/"}}]}],
        "systemInstruction": {"parts": [{"text": "s"}]},
        "generationConfig": {"maxOutputTokens": 5, "topP": 0.5, "stopSequences": ["x"], "responseMimeType": "application/json",
            "responseSchema": {"type": "OBJECT", "anyOf": [], "minItems": "2"}, "thinkingConfig": {"thinkingBudget": 7, "includeThoughts": true}},
        "tools": [{"functionDeclarations": [{"name": "f", "parametersJsonSchema": {}}]}, {"googleSearch": {}}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
        "serviceTier": "flex"
    });
    let snake = json!({
        "contents": [{"role": "user", "parts": [{"inline_data": {"mime_type": "image/png", "data": "ab-_"}}]}],
        "system_instruction": "s",
        "generation_config": {"max_output_tokens": 5, "top_p": 0.5, "stop_sequences": ["x"], "response_mime_type": "application/json",
            "response_schema": {"type": "OBJECT", "any_of": [], "min_items": 2}, "thinking_config": {"thinking_budget": 7, "include_thoughts": true}},
        "tools": [{"function_declarations": [{"name": "f", "parameters_json_schema": {}}]}, {"google_search": {}}],
        "tool_config": {"function_calling_config": {"mode": "ANY", "allowed_function_names": ["f"]}},
        "service_tier": "flex"
    });
    assert_eq!(read(camel), read(snake));
}

#[test]
fn what_gemini_cli_sends_is_read() {
    let request = read(json!({
        "contents": [{"role": "user", "parts": [{"text": "a"}]}, {"role": "user", "parts": [{"text": "b"}]}],
        "generationConfig": {"topK": 64, "topP": 0.95, "temperature": 1, "thinkingConfig": {"includeThoughts": true, "thinkingLevel": "HIGH"},
            "responseMimeType": "application/json",
            "responseJsonSchema": {"type": "OBJECT", "properties": {"type": {"type": "STRING"}, "n": {"type": "INTEGER"}}, "required": ["n"]}}
    }));
    assert_eq!(request.messages.len(), 1);
    assert_eq!(request.sampling.top_k, Some(64));
    assert_eq!(request.thinking.effort, Some(Effort::High));
    assert_eq!(request.thinking.shown, Some(true));
    let Format::Schema { schema, .. } = request.format else {
        panic!("a schema")
    };
    assert_eq!(
        schema,
        json!({"type": "object", "properties": {"type": {"type": "string"}, "n": {"type": "integer"}}, "required": ["n"]})
    );
    assert_eq!(request.extras.owner, None);
}

#[test]
fn results_are_split_from_words_and_find_their_calls() {
    let request = read(json!({"contents": [
        {"role": "user", "parts": [{"text": "go"}]},
        {"role": "model", "parts": [{"functionCall": {"name": "a", "args": {"x": 1}}}, {"functionCall": {"name": "b"}}]},
        {"role": "user", "parts": [
            {"functionResponse": {"name": "b", "response": {"result": "two"}}},
            {"functionResponse": {"name": "a", "response": {"error": "no"}}},
            {"text": "and?"}]}
    ]}));
    let roles: Vec<Role> = request
        .messages
        .iter()
        .map(|message| message.role)
        .collect();
    assert_eq!(roles, [Role::User, Role::Assistant, Role::Tool, Role::User]);
    let Kind::ToolCall(call) = &request.messages[1].parts[0].kind else {
        panic!("a call")
    };
    assert_eq!(
        (call.id.as_str(), call.arguments.as_str()),
        ("call_2_0", r#"{"x":1}"#)
    );
    let results: Vec<_> = request.messages[2]
        .parts
        .iter()
        .map(|part| match &part.kind {
            Kind::ToolResult(result) => (result.call_id.as_str(), result.is_error),
            other => panic!("a result, not {other:?}"),
        })
        .collect();
    assert_eq!(results, [("call_2_1", false), ("call_2_0", true)]);
}

#[test]
fn media_are_known_by_type_and_place() {
    let request = read(json!({"contents": [{"parts": [
        {"inlineData": {"mimeType": "audio/wav", "data": "AA"}},
        {"fileData": {"fileUri": "https://example.com/a.PNG?x=1"}},
        {"fileData": {"fileUri": "https://www.youtube.com/watch?v=a"}},
        {"fileData": {"fileUri": "gs://b/c", "mimeType": "application/pdf"}},
        {"inlineData": {"mimeType": "image/png"}}
    ]}]}));
    let kinds: Vec<_> = request.messages[0]
        .parts
        .iter()
        .map(|part| match &part.kind {
            Kind::Media(media) => Some((media.kind, media.source.clone())),
            _ => None,
        })
        .collect();
    assert_eq!(
        kinds,
        [
            Some((MediaKind::Audio, Source::Base64("AA==".to_owned()))),
            Some((
                MediaKind::Image,
                Source::Url("https://example.com/a.PNG?x=1".to_owned())
            )),
            Some((
                MediaKind::Video,
                Source::Url("https://www.youtube.com/watch?v=a".to_owned())
            )),
            Some((
                MediaKind::Document,
                Source::FileId("gs://b/c".to_owned(), Dialect::Gemini)
            )),
            None
        ]
    );
}

#[test]
fn choices_are_read() {
    let choice = |config: Value| {
        read(json!({"contents": "a", "toolConfig": {"functionCallingConfig": config}})).choice
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(choice(json!({"mode": "AUTO"})), Some(Choice::Auto));
    assert_eq!(choice(json!({"mode": "none"})), Some(Choice::None));
    assert_eq!(choice(json!({"mode": "ANY"})), Some(Choice::Any));
    assert_eq!(
        choice(json!({"mode": "ANY", "allowedFunctionNames": ["a"]})),
        Some(Choice::Tool("a".to_owned()))
    );
    assert_eq!(
        choice(json!({"mode": "VALIDATED", "allowedFunctionNames": ["a", "b"]})),
        Some(Choice::Among {
            names: names(&["a", "b"]),
            required: false
        })
    );
    assert_eq!(choice(json!({"mode": "VALIDATED"})), None);
}

#[test]
fn hosted_tools_stand_alone() {
    let request = read(
        json!({"contents": "a", "tools": [{"google_search": {"x": 1}, "functionDeclarations": [{"name": "f"}]}]}),
    );
    let names: Vec<_> = request.tools.iter().map(crate::hub::Tool::name).collect();
    assert_eq!(names, ["f", "googleSearch"]);
    let ToolKind::Hosted { value, .. } = &request.tools[1].kind else {
        panic!("a hosted tool")
    };
    assert_eq!(value, &json!({"googleSearch": {"x": 1}}));
}

#[test]
fn a_count_may_hold_a_whole_request() {
    let inner =
        json!({"model": "models/gemini-3-flash", "contents": "a", "systemInstruction": "s"});
    let body = json!({ "generateContentRequest": inner });
    let counted = super::super::read_request(Endpoint::GeminiCountTokens, object(body));
    let counted = counted.expect("a request");
    assert_eq!(counted.model, "gemini-3-flash");
    assert_eq!(counted.messages.len(), 2);
}

#[test]
fn foreign_thoughts_come_back_whole() {
    let foreign = crate::hub::Sealed {
        dialect: Dialect::Anthropic,
        issuer: Some("claude".to_owned()),
        data: "a+/b==".to_owned(),
    };
    let text = super::super::seals::to_caller(&foreign);
    assert!(crate::carries_foreign_seal(
        json!({"thoughtSignature": text}).to_string().as_bytes()
    ));
    // The Python SDK writes bytes in the other alphabet.
    for text in [text.clone(), text.replace('+', "-").replace('/', "_")] {
        let request = read(json!({"contents": [{"role": "model", "parts": [
            {"text": "so", "thought": true},
            {"text": "", "thought": true, "thoughtSignature": text},
            {"thought": true, "thoughtSignature": text},
            {"text": "Hi"}
        ]}]}));
        let thoughts: Vec<_> = request.messages[0]
            .parts
            .iter()
            .filter_map(|part| match &part.kind {
                Kind::Reasoning(thought) => Some(thought),
                _ => None,
            })
            .collect();
        assert_eq!(thoughts.len(), 2);
        assert_eq!(
            (thoughts[0].text.as_str(), thoughts[0].hidden),
            ("so", false)
        );
        assert!(thoughts[1].hidden);
        assert!(
            thoughts
                .iter()
                .all(|thought| thought.sealed.as_ref() == Some(&foreign))
        );
    }
}

#[test]
fn what_is_wrong_is_named() {
    let cases = [
        (json!({}), "`contents` is missing."),
        (json!({"contents": 1}), "`contents` is not a list."),
        (json!({"contents": [1]}), "`contents[0]` is not an object."),
        (
            json!({"contents": [{"role": "robot", "parts": [{"text": "a"}]}]}),
            "`contents[0].role` is not user or model.",
        ),
        (
            json!({"contents": [{"parts": 3}]}),
            "`contents[0].parts` is not a list.",
        ),
        (
            json!({"contents": [{"parts": [{"text": 3}]}]}),
            "`contents[0].parts[0].text` is not a text.",
        ),
        (
            json!({"contents": [{"parts": [{"functionCall": {}}]}]}),
            "`contents[0].parts[0].functionCall.name` is missing or not a text.",
        ),
        (
            json!({"contents": "a", "tools": {}}),
            "`tools` is not a list.",
        ),
        (
            json!({"contents": "a", "tools": [{"functionDeclarations": [{}]}]}),
            "`tools[0].functionDeclarations[0].name` is missing or not a text.",
        ),
        (
            json!({"contents": "a", "generationConfig": []}),
            "`generationConfig` is not an object.",
        ),
        (
            json!({"contents": "a", "generationConfig": {"stopSequences": "x"}}),
            "`generationConfig.stopSequences` is not a list of texts.",
        ),
    ];
    for (body, told) in cases {
        let wrong = super::super::read_request(Endpoint::GenerateContent, object(body));
        assert_eq!(wrong.expect_err("it is wrong").to_string(), told);
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let words = prop_oneof![
        Just("text"),
        Just("parts"),
        Just("role"),
        Just("functionCall"),
        Just("functionResponse"),
        Just("name"),
        Just("args"),
        Just("id"),
        Just("response"),
        Just("thoughtSignature"),
        Just("thought"),
        Just("inlineData"),
        Just("data"),
        Just("contents"),
        Just("tools"),
        Just("functionDeclarations"),
        Just("generationConfig"),
        Just("toolConfig"),
        Just("parameters"),
        Just("type"),
        Just("anyOf"),
        Just("nullable"),
        Just("model"),
        Just("candidates"),
        Just("content"),
        Just("index"),
        Just("finishReason"),
        Just("usageMetadata"),
        Just("error"),
        Just("promptTokenCount"),
        Just("partialArgs"),
        Just("jsonPath"),
        Just("willContinue"),
        Just("$.a[0].b"),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        words.clone().prop_map(Value::from),
        ".{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((words.clone(), inner), 0..5).prop_map(|fields| {
                Value::Object(fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_body_is_read_or_refused(contents in any_json(), config in any_json(), tools in any_json()) {
        let body = json!({"contents": [{"parts": [contents]}, contents], "generationConfig": config, "tools": [tools]});
        if let Ok(request) = super::super::read_request(Endpoint::GenerateContent, object(body)) {
            for model in ["gemini-3-pro", "gemini-2.5-flash", "gemini-1.5-pro", "other"] {
                let _ = write_for(model, request.clone());
            }
        }
    }

    #[test]
    fn any_reply_is_read(chunk in any_json()) {
        let mut events = Vec::new();
        let mut reader = super::super::Reader::default();
        let text = json!({"candidates": [{"content": {"parts": [chunk]}}, chunk], "usageMetadata": chunk}).to_string();
        for data in [text.as_bytes(), chunk.to_string().as_bytes()] {
            reader.frame(crate::frames::Frame { name: b"", data }, &mut events);
        }
        reader.finish(&mut events);
    }
}
