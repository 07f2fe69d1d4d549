//! What is read from a request, and what a rename leaves alone.

use bytes::Bytes;
use dialect::{Endpoint, Malformed, Needs, facts, facts_in_form, facts_in_path};
use proptest::prelude::*;

fn refused(body: &[u8]) -> String {
    match facts(Endpoint::ChatCompletions, body) {
        Ok(facts) => panic!("read as {facts:?}"),
        Err(malformed) => malformed.to_string(),
    }
}

#[test]
fn the_facts_are_found_among_everything_else() {
    let body = br#"{"messages":[{"role":"user","content":"\"model\":\"no\" \ud83d\ude00"}],
        "stream_options":{"include_obfuscation":false,"include_usage":true},
        "max_tokens":100,"max_completion_tokens":200,
        "metadata":{"model":"nested","stream":false},
        "stream":true,"model":"openai/gpt-5"}"#;
    let facts = facts(Endpoint::ChatCompletions, body).expect("it is well-formed");
    assert_eq!(facts.model, "openai/gpt-5");
    assert!(facts.stream && facts.usage_asked);
    assert_eq!(facts.max_output, Some(200));
}

#[test]
fn what_is_not_said_is_not_so() {
    for body in [
        r#"{"model":"m"}"#,
        r#"{"model":"m","stream":null,"max_tokens":null,"stream_options":null}"#,
    ] {
        for endpoint in Endpoint::ALL {
            let facts = facts(endpoint, body.as_bytes()).expect("it is well-formed");
            // Ollama streams unless told not to.
            let by_default = matches!(endpoint, Endpoint::OllamaChat | Endpoint::OllamaGenerate);
            assert_eq!(facts.stream, by_default, "{body}");
            assert!(!facts.usage_asked, "{body}");
            assert_eq!(facts.max_output, None, "{body}");
        }
    }
}

#[test]
fn messages_has_one_limit_and_no_stream_options() {
    let body = br#"{"model":"m","max_tokens":5,"max_completion_tokens":9,"stream_options":{"include_usage":true}}"#;
    let facts = facts(Endpoint::Messages, body).expect("it is well-formed");
    assert_eq!((facts.max_output, facts.usage_asked), (Some(5), false));
}

#[test]
fn fields_that_are_the_providers_to_judge_are_left_to_it() {
    let body = br#"{"model":"m","max_tokens":"many","stream_options":[1],"temperature":{}}"#;
    let facts = facts(Endpoint::ChatCompletions, body).expect("it is well-formed");
    assert_eq!((facts.max_output, facts.usage_asked), (None, false));
}

#[test]
fn a_malformed_request_is_told_what_is_wrong() {
    let cases: &[(&[u8], &str)] = &[
        (b"", "The request body is empty."),
        (b" \n", "The request body is empty."),
        (b"[\"m\",true]", "The request body is not a JSON object."),
        (b"model=m", "The request body is not a JSON object."),
        (
            b"{}",
            "The request has no `model`. Name a model or one of your aliases.",
        ),
        (
            b"{\"model\":null}",
            "The request has no `model`. Name a model or one of your aliases.",
        ),
        (
            b"{\"model\":7}",
            "The request's `model` is not a string at line 1, column 10.",
        ),
        (
            b"{\n \"model\": \"\"}",
            "The request's `model` is empty at line 2, column 11.",
        ),
        (
            b"{\"model\":\"m\",\"stream\":\"yes\"}",
            "The request's `stream` is not true or false at line 1, column 23.",
        ),
        (
            b"{\"model\":\"m\"\n,}",
            "The request body is not valid JSON: trailing comma at line 2, column 2.",
        ),
        (
            b"{\"model\":\"m\" \"x\":1}",
            "The request body is not valid JSON: expected `,` or `}` at line 1, column 14.",
        ),
        (
            b"{\"model\":\"m\"} {}",
            "The request body is not valid JSON: trailing characters at line 1, column 15.",
        ),
        (
            b"{\"model\":\"m\"",
            "The request body is not valid JSON: EOF while parsing an object at line 1, column 12.",
        ),
        (
            b"{\"model\":\"a\",\"model\":\"b\"}",
            "The request body is not valid JSON: duplicate field `model` at line 1, column 20.",
        ),
        (
            b"{\"model\":\"a\",\"\\u006dodel\":\"b\"}",
            "The request body is not valid JSON: duplicate field `model` at line 1, column 25.",
        ),
        (
            b"{\"model\":\"m\",\"x\":\"\xFF\"}",
            "The request body is not UTF-8 at line 1, column 19.",
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(
            refused(body),
            *expected,
            "{}",
            String::from_utf8_lossy(body)
        );
    }
}

#[test]
fn only_a_doubled_model_or_stream_is_refused_and_of_others_the_last_stands() {
    for field in [
        "stream_options",
        "max_tokens",
        "max_completion_tokens",
        "tools",
        "response_format",
        "text",
        "output_config",
        "output_format",
        "format",
        "reasoning_effort",
        "reasoning",
        "thinking",
        "think",
        "temperature",
    ] {
        let body = format!(r#"{{"{field}":7,"model":"m","{field}":null}}"#);
        let read = facts(Endpoint::ChatCompletions, body.as_bytes()).expect(field);
        assert_eq!((read.max_output, read.needs), (None, Needs::default()));
    }
    let body = br#"{"max_tokens":7,"model":"m","tools":[],"max_tokens":9,"tools":[{}]}"#;
    let read = facts(Endpoint::ChatCompletions, body).expect("facts");
    assert_eq!((read.max_output, read.needs.tools), (Some(9), true));
    assert_eq!(
        refused(br#"{"model":"m","stream":true,"stream":true}"#),
        "The request body is not valid JSON: duplicate field `stream` at line 1, column 35."
    );
}

#[test]
fn a_complaint_never_repeats_the_prompt() {
    for body in [
        r#"{"model":["SECRET"]}"#,
        r#"{"model":"m","stream":"SECRET"}"#,
        r#"{"messages":"SECRET"#,
    ] {
        assert!(!refused(body.as_bytes()).contains("SECRET"), "{body}");
    }
}

#[test]
fn depth_is_no_danger() {
    let deep = "[".repeat(500_000);
    let body = format!(
        r#"{{"model":"m","stream_options":{deep}{},"max_tokens":{deep}"#,
        "]".repeat(500_000)
    );
    let told: Result<_, Malformed> = facts(Endpoint::ChatCompletions, body.as_bytes());
    assert!(told.is_err());
}

#[test]
fn a_right_name_is_not_copied() {
    let body = Bytes::from_static(br#"{"model":"m\u0061"}"#);
    let facts = facts(Endpoint::Messages, &body).expect("it is well-formed");
    assert_eq!(facts.rename(&body, "ma").as_ptr(), body.as_ptr());
}

proptest! {
    #[test]
    fn a_rename_changes_the_name_and_nothing_else(
        before in "[ \n\t]{0,3}", old in ".{1,20}", new in ".{1,20}", text in ".{0,40}", spaces in " {0,2}",
    ) {
        let quote = |text: &str| serde_json::Value::from(text).to_string();
        let write = |model: &str| format!(
            "{before}{{\"messages\":[{}],\"model\"{spaces}:{spaces}{}{spaces},\"x\":{{\"model\":1}}}}{before}",
            quote(&text), quote(model),
        );
        let body = Bytes::from(write(&old));
        let read = facts(Endpoint::ChatCompletions, &body).expect("it is well-formed");
        prop_assert_eq!(&read.model, &old);
        let renamed = read.rename(&body, &new);
        let expected = write(&new);
        prop_assert_eq!(&renamed, expected.as_bytes());
        let again = facts(Endpoint::ChatCompletions, &renamed).expect("it is well-formed");
        prop_assert_eq!(again.model, new);
    }

    #[test]
    fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
        for endpoint in Endpoint::ALL {
            let _ = facts(endpoint, &body);
            let _ = dialect::read_whole(endpoint, &body);
            let _ = dialect::classify(endpoint.dialect(), 400, None, &body);
        }
    }

    #[test]
    fn anything_like_json_is_read_or_refused(
        parts in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", ":", ",", "\"model\"", "\"stream\"", "\"m\"", "\"\"", "null", "true",
            "1", " ", "\n", "\\", "\"", "\"stream_options\"", "\"max_tokens\"", "é",
        ]), 0..24),
    ) {
        let body = parts.concat();
        for endpoint in Endpoint::ALL {
            if let Ok(read) = facts(endpoint, body.as_bytes()) {
                prop_assert!(!read.model.is_empty());
            }
        }
    }
}

#[test]
fn a_model_in_the_path_leaves_the_body_as_it_is() {
    let body = Bytes::from_static(br#"{"contents":[]}"#);
    let facts = facts_in_path(&body, "gemini-2.5-flash", true).expect("it is well-formed");
    assert_eq!(
        (facts.model.as_str(), facts.stream),
        ("gemini-2.5-flash", true)
    );
    assert_eq!(facts.rename(&body, "other"), body);
    for bad in [&b""[..], b"[]", b"{", b"\xff{}"] {
        assert!(facts_in_path(bad, "m", false).is_err());
    }
}

#[test]
fn an_alias_is_renamed_wherever_googles_body_repeats_it() {
    for (body, expected) in [
        (
            r#"{ "requests":[ {"model":"models/fast","content":{"parts":[{"text":"models/fast"}]}}, { "content":{}, "model" : "models\/fast" } ] }"#,
            r#"{ "requests":[ {"model":"models/new","content":{"parts":[{"text":"models/fast"}]}}, { "content":{}, "model" : "models/new" } ] }"#,
        ),
        (
            r#"{"model":"fast","content":{}}"#,
            r#"{"model":"new","content":{}}"#,
        ),
        (
            r#"{"generateContentRequest":{"contents":[],"model":"models/fast"}}"#,
            r#"{"generateContentRequest":{"contents":[],"model":"models/new"}}"#,
        ),
        // Another model is Google's to refuse, and what has another shape too.
        (r#"{"model":"models/slow"}"#, r#"{"model":"models/slow"}"#),
        (
            r#"{"model":3,"requests":[{"model":null}]}"#,
            r#"{"model":3,"requests":[{"model":null}]}"#,
        ),
        (
            r#"{"requests":{"model":"models/fast"}}"#,
            r#"{"requests":{"model":"models/fast"}}"#,
        ),
    ] {
        let body = Bytes::from(body);
        let facts = facts_in_path(&body, "fast", false).expect("it is well-formed");
        assert_eq!(facts.rename(&body, "new"), expected);
        assert_eq!(facts.rename(&body, "fast").as_ptr(), body.as_ptr());
    }
}

#[test]
fn a_forms_model_is_found_and_renamed_and_its_file_is_not_touched() {
    const KIND: &str = "multipart/form-data; boundary=cut";
    let form = |model: &str| {
        let mut body = b"--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"name=\\\"model\\\".wav\"\r\n\r\n\xff\x00--cut\r\n".to_vec();
        body.extend_from_slice(b"--cut\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\n");
        body.extend_from_slice(model.as_bytes());
        body.extend_from_slice(b"\r\n--cut--\r\n");
        Bytes::from(body)
    };
    let facts = facts_in_form(&form("whisper-1"), KIND).expect("it has a model");
    assert_eq!(facts.model, "whisper-1");
    assert_eq!(
        facts.rename(&form("whisper-1"), "local/tiny"),
        form("local/tiny")
    );
    assert!(facts_in_form(&form(""), KIND).is_err());
    assert!(facts_in_form(&form("m"), "multipart/form-data").is_err());
}

#[test]
fn what_a_request_needs_is_seen_in_every_dialect() {
    let none = Needs::default();
    let tools = Needs {
        tools: true,
        ..none
    };
    let schema = Needs {
        schema: true,
        ..none
    };
    let thinking = Needs {
        thinking: true,
        ..none
    };
    for (endpoint, fields, expected) in [
        (Endpoint::ChatCompletions, r#""messages":[]"#, none),
        (
            Endpoint::ChatCompletions,
            r#""tools":[{"type":"function"}]"#,
            tools,
        ),
        (Endpoint::ChatCompletions, r#""tools":[ ]"#, none),
        (Endpoint::ChatCompletions, r#""tools":null"#, none),
        (
            Endpoint::ChatCompletions,
            r#""response_format":{"type":"json_schema"}"#,
            schema,
        ),
        (
            Endpoint::ChatCompletions,
            r#""response_format":{"type":"json_object"}"#,
            none,
        ),
        (
            Endpoint::ChatCompletions,
            r#""reasoning_effort":"low""#,
            thinking,
        ),
        (
            Endpoint::ChatCompletions,
            r#""reasoning_effort":"none""#,
            none,
        ),
        (
            Endpoint::Responses,
            r#""text":{"format":{"type":"json_schema"}}"#,
            schema,
        ),
        (
            Endpoint::Responses,
            r#""reasoning":{"effort":"high"}"#,
            thinking,
        ),
        (Endpoint::Responses, r#""reasoning":null"#, none),
        (
            Endpoint::Messages,
            r#""output_config":{"format":{"type":"json_schema"}}"#,
            schema,
        ),
        (
            Endpoint::Messages,
            r#""output_format":{"type":"json_schema"}"#,
            schema,
        ),
        (
            Endpoint::Messages,
            r#""thinking":{"type":"adaptive"}"#,
            thinking,
        ),
        (
            Endpoint::Messages,
            r#""thinking":{"type":"disabled"}"#,
            none,
        ),
        (
            Endpoint::OllamaChat,
            r#""format":{"type":"object"}"#,
            schema,
        ),
        (Endpoint::OllamaChat, r#""format":"json""#, none),
        (Endpoint::OllamaChat, r#""think":true"#, thinking),
        (Endpoint::OllamaChat, r#""think":false"#, none),
    ] {
        let body = format!(r#"{{"model":"m",{fields}}}"#);
        let found = facts(endpoint, body.as_bytes()).expect(&body).needs;
        assert_eq!(found, expected, "{body}");
    }
    for (fields, expected) in [
        ("", none),
        (r#""tools":[{"functionDeclarations":[]}]"#, tools),
        (r#""generationConfig":{"responseJsonSchema":{}}"#, schema),
        (r#""generation_config":{"response_schema":{}}"#, schema),
        (
            r#""generationConfig":{"thinkingConfig":{"includeThoughts":true}}"#,
            thinking,
        ),
        (r#""generationConfig":{"temperature":1}"#, none),
    ] {
        let body = format!("{{{fields}}}");
        let found = facts_in_path(body.as_bytes(), "m", false)
            .expect(&body)
            .needs;
        assert_eq!(found, expected, "{body}");
    }
}
