//! Requests of callers: what is read, and that nothing is lost on the way back.

use serde_json::json;

use super::*;
use crate::hub::{
    Choice, Effort, Format, Kind, Lifetime, MediaKind, Part, Role, Sealed, Source, ToolKind,
};

/// The features this dialect can express, one small request each.
pub(super) fn fixtures() -> Vec<(String, Value)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/openai");
    let mut found: Vec<(String, Value)> = std::fs::read_dir(folder)
        .expect("the fixtures are there")
        .map(|entry| {
            let path = entry.expect("the folder can be listed").path();
            let text = std::fs::read_to_string(&path).expect("a fixture can be read");
            let value = serde_json::from_str(&text).expect("a fixture is JSON");
            (path.display().to_string(), value)
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

#[test]
fn a_request_comes_back_as_it_was() {
    assert!(fixtures().len() >= 40);
    for (name, body) in fixtures() {
        let request = read(body.clone());
        assert_eq!(write(request.clone()), body, "{name}");
        assert_eq!(read(write(request.clone())), request, "{name}");
    }
}

#[test]
fn what_has_no_name_in_the_hub_returns_to_its_owner() {
    let bodies = [
        json!({"model": "m", "messages": [{"role": "user", "content": "hi"}],
               "prediction": {"type": "content", "content": "x"}, "min_p": 0.1, "top_k": 5, "user": "u",
               "moderation": {"model": "omni"}, "prompt_cache_options": {"mode": "explicit", "ttl": "30m"},
               "reasoning": {"effort": "high", "exclude": true},
               "provider": {"order": ["a"]}}),
        json!({"model": "m", "messages": [{"role": "user", "content": "hi"}],
               "safety_identifier": "s", "user": "u", "reasoning_effort": "default",
               "response_format": {"type": "grammar", "grammar": "root ::= x"},
               "tools": [{"type": "function", "function": {"name": "f", "parameters": {}, "extra": 1}, "defer": true},
                         {"type": "custom", "custom": {"name": "c", "extra": 1}},
                         {"type": "mcp", "server_url": "https://example.com"}],
               "tool_choice": {"type": "custom", "custom": {"name": "c"}}}),
        json!({"model": "m", "messages": [
            {"role": "user", "mood": "sad", "content": [
                {"type": "text", "text": "a", "prompt_cache_breakpoint": {"mode": "explicit"}, "k": 1},
                {"type": "image_url", "image_url": {"url": "https://x/y", "k": 1}},
                {"type": "video_url", "video_url": {"url": "https://x/y.mp4"}},
                {"type": "file", "file": {"file_data": "https://x/y.pdf", "k": 1}},
                {"type": "document_url", "document_url": "https://x/y.pdf"}]},
            {"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}], "closed": true},
                {"type": "text", "text": "b"}]},
            {"role": "assistant", "content": null, "audio": {"id": "audio_1"}},
            {"role": "assistant", "content": null, "refusal": "No."},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "c1", "type": "custom", "custom": {"name": "c", "input": "1+1"}},
                {"id": "c2", "type": "function", "function": {"name": "f", "arguments": "{}"},
                 "extra_content": {"google": {"thought_signature": "c2ln", "k": 1}}},
                {"id": "c3", "type": "later", "later": {"x": 1}}]},
            {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "2"}, {"type": "text", "text": "3"}]},
            {"role": "tool", "tool_call_id": "c2", "name": "f", "content": ""},
            {"role": "assistant", "content": "done", "annotations": [{"type": "url_citation"}],
             "extra_content": {"google": {"thought_signature": "c2ln"}}}]}),
        json!({"model": "m", "messages": [
            {"role": "assistant", "reasoning_content": "hm", "content": "a"},
            {"role": "assistant", "content": "a", "reasoning_details": [
                {"type": "reasoning.summary", "summary": "s", "id": "rs_1", "format": "openai-responses-v1", "index": 0},
                {"type": "reasoning.encrypted", "data": "d", "id": "rs_1", "format": "openai-responses-v1", "index": 1},
                {"type": "reasoning.text", "text": "t", "signature": "s", "format": "anthropic-claude-v1", "index": 2}]}]}),
    ];
    for body in bodies {
        let request = read(body.clone());
        assert_eq!(write(request.clone()), body);
        assert_eq!(read(write(request.clone())), request);
    }
}

#[test]
fn forms_that_mean_the_same_are_written_in_one_way() {
    let with = |field: &str, value: Value| {
        let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
        body[field] = value;
        body
    };
    let cases = [
        (
            with("max_tokens", json!(5)),
            with("max_completion_tokens", json!(5)),
        ),
        (with("stop", json!("x")), with("stop", json!(["x"]))),
        (with("seed", json!(null)), with("n", json!(null))),
        (
            with("response_format", json!({"type": "text"})),
            with("n", json!(null)),
        ),
        (
            with("temperature", json!(1.0)),
            with("temperature", json!(1)),
        ),
        (with("logprobs", json!(false)), with("n", json!(null))),
        (
            with("max_completion_tokens", json!(16.0)),
            with("max_completion_tokens", json!(16)),
        ),
        // Nothing to choose from.
        (with("tool_choice", json!("auto")), with("n", json!(null))),
        (
            with(
                "messages",
                json!([{"role": "user", "content": [{"type": "text", "text": "hi"}]}]),
            ),
            with("n", json!(null)),
        ),
        (
            with(
                "messages",
                json!([{"role": "user", "content": [{"type": "image_url", "image_url": "https://x/y"}]}]),
            ),
            with(
                "messages",
                json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x/y"}}]}]),
            ),
        ),
    ];
    for (body, mut canonical) in cases {
        canonical
            .as_object_mut()
            .expect("an object")
            .retain(|_, value| !value.is_null());
        assert_eq!(write(read(body)), canonical);
    }
}

#[test]
fn the_younger_output_limit_wins() {
    let body = json!({"model": "m", "messages": [], "max_tokens": 5, "max_completion_tokens": 9});
    assert_eq!(read(body).max_output, Some(9));
}

#[test]
fn usage_is_asked_for_in_streams() {
    let body = |options: Value| json!({"model": "m", "messages": [], "stream": true, "stream_options": options});
    assert!(read(body(json!({"include_usage": true}))).usage_asked);
    assert!(!read(body(json!({"include_usage": false}))).usage_asked);
    assert!(!read(json!({"model": "m", "messages": [], "stream": true})).usage_asked);
    // Towards the provider it always is; what else was said stays.
    assert_eq!(
        write(read(body(json!({"include_obfuscation": false}))))["stream_options"],
        json!({"include_usage": true, "include_obfuscation": false})
    );
}

#[test]
fn an_end_user_returns_under_the_name_it_came_by() {
    for (sent, user) in [
        (json!({"user": "a"}), "a"),
        (json!({"safety_identifier": "b"}), "b"),
        (json!({"user": "a", "safety_identifier": "b"}), "b"),
    ] {
        let mut body = json!({"model": "m", "messages": []});
        merge(&mut body, &sent);
        let request = read(body.clone());
        assert_eq!(request.end_user.as_deref(), Some(user));
        assert_eq!(write(request), body);
    }
}

fn merge(into: &mut Value, from: &Value) {
    for (key, value) in from.as_object().expect("an object") {
        into[key] = value.clone();
    }
}

#[test]
fn legacy_functions_are_tools() {
    let request = read(json!({
        "model": "m",
        "functions": [{"name": "f", "description": "d", "parameters": {"type": "object"}}],
        "function_call": {"name": "f"},
        "messages": [
            {"role": "assistant", "content": null, "function_call": {"name": "f", "arguments": "{\"a\":1}"}},
            {"role": "assistant", "content": null, "function_call": {"name": "f", "arguments": "{}"}},
            {"role": "function", "name": "f", "content": "one"},
            {"role": "function", "name": "f", "content": "two"}],
    }));
    assert_eq!(request.choice, Some(Choice::Tool("f".to_owned())));
    let written = write(request);
    let ids = |at: usize| written["messages"][at]["tool_call_id"].clone();
    assert_eq!(written["tools"][0]["function"]["name"], "f");
    assert_eq!(written["messages"][0]["tool_calls"][0]["id"], ids(2));
    assert_eq!(written["messages"][1]["tool_calls"][0]["id"], ids(3));
    assert_ne!(ids(2), ids(3));
}

#[test]
fn content_is_understood() {
    let request = read(
        json!({"model": "m", "messages": [{"role": "user", "content": [
        "bare",
        {"type": "image_url", "image_url": {"url": "data:image/webp;base64,QUJD", "detail": "high"}},
        {"type": "image_url", "image_url": "https://x/y.png"},
        {"type": "input_audio", "input_audio": {"data": "QUJD", "format": "mp3"}},
        {"type": "file", "file": {"file_data": "QUJD", "filename": "a.PDF"}},
        {"type": "file", "file": {"file_id": "file-1"}},
        {"type": "text", "text": "t", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]}]}),
    );
    let [bare, inline, remote, sound, pdf, stored, marked] = request.messages[0].parts.as_slice()
    else {
        panic!("seven parts were written");
    };
    let media = |part: &Part| match &part.kind {
        Kind::Media(media) => media.clone(),
        other => panic!("{other:?} is not media"),
    };
    assert_eq!(bare.kind, Kind::Text("bare".to_owned()));
    let image = media(inline);
    assert_eq!(image.source, Source::Base64("QUJD".to_owned()));
    assert_eq!(
        (image.mime.as_deref(), image.detail.as_deref()),
        (Some("image/webp"), Some("high"))
    );
    assert_eq!(
        media(remote).source,
        Source::Url("https://x/y.png".to_owned())
    );
    assert_eq!(
        (media(sound).kind, media(sound).mime.as_deref()),
        (MediaKind::Audio, Some("audio/mpeg"))
    );
    assert_eq!(
        (media(pdf).kind, media(pdf).mime.as_deref()),
        (MediaKind::Document, Some("application/pdf"))
    );
    assert_eq!(
        media(stored).source,
        Source::FileId("file-1".to_owned(), Dialect::OpenAi)
    );
    assert_eq!(marked.cache.map(|mark| mark.lifetime), Some(Lifetime::Long));
}

#[test]
fn settings_are_understood() {
    let request = read(json!({
        "model": "m", "messages": [], "reasoning": {"effort": "LOW", "max_tokens": 9, "exclude": true},
        "thinking": {"type": "enabled", "budget_tokens": 2048},
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}},
        "logprobs": true, "n": 2, "parallel_tool_calls": false,
        "tools": [{"type": "web_search"}],
        "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [
            {"type": "function", "function": {"name": "f"}}, {"type": "custom", "custom": {"name": "c"}},
            {"type": "web_search"}]}},
    }));
    assert_eq!(request.thinking.effort, Some(Effort::Low));
    assert_eq!(
        (request.thinking.budget, request.thinking.on),
        (Some(2048), Some(true))
    );
    assert_eq!(request.thinking.shown, Some(false));
    assert!(matches!(
        request.format,
        Format::Schema { strict: None, .. }
    ));
    assert_eq!((request.logprobs, request.candidates), (Some(0), Some(2)));
    let names = ["f", "c", "web_search"].map(str::to_owned).to_vec();
    assert_eq!(
        request.choice,
        Some(Choice::Among {
            names,
            required: true
        })
    );
    assert!(
        matches!(&request.tools[0].kind, ToolKind::Hosted { name, .. } if name == "web_search")
    );
    assert_eq!(request.tools[0].extras.owner, Some(Dialect::OpenAi));
}

#[test]
fn thoughts_come_back_apart_and_under_their_issuer() {
    let request = read(json!({"model": "m", "messages": [{
        "role": "assistant", "content": "c", "reasoning_content": "onetwo", "reasoning_details": [
            {"type": "reasoning.text", "text": "one", "signature": "sbx1.anthropic.claude.AAA", "index": 0},
            {"type": "reasoning.encrypted", "data": "sbx1.anthropic.claude.BBB", "index": 1},
            {"type": "reasoning.text", "text": "two", "signature": "own", "index": 2}]}]}));
    let thoughts: Vec<_> = request.messages[0]
        .parts
        .iter()
        .filter_map(|part| match &part.kind {
            Kind::Reasoning(thought) => Some(thought),
            _ => None,
        })
        .collect();
    let sealed = |dialect, issuer: Option<&str>, data: &str| {
        Some(Sealed {
            dialect,
            issuer: issuer.map(str::to_owned),
            data: data.to_owned(),
        })
    };
    assert_eq!(thoughts.len(), 3);
    assert_eq!(thoughts[0].text, "one");
    assert_eq!(
        thoughts[0].sealed,
        sealed(Dialect::Anthropic, Some("claude"), "AAA")
    );
    assert!(thoughts[1].hidden);
    assert_eq!(
        thoughts[1].sealed,
        sealed(Dialect::Anthropic, Some("claude"), "BBB")
    );
    assert_eq!(thoughts[2].sealed, sealed(Dialect::OpenAi, None, "own"));
}

#[test]
fn a_plain_thought_takes_the_signature_that_came_without_words() {
    let request = read(json!({"model": "m", "messages": [{
        "role": "assistant", "content": "c", "reasoning": "hm",
        "reasoning_details": [{"type": "reasoning.text", "signature": "s"}]}]}));
    let Kind::Reasoning(thought) = &request.messages[0].parts[0].kind else {
        panic!("a thought comes first");
    };
    assert_eq!(thought.text, "hm");
    assert!(thought.sealed.is_some());
    assert_eq!(request.messages[0].parts.len(), 2);
}

#[test]
fn signatures_on_calls_belong_to_google_or_to_whom_they_name() {
    let call = |signature: &str| {
        let request = read(
            json!({"model": "m", "messages": [{"role": "assistant", "tool_calls": [
            {"id": "c", "type": "function", "function": {"name": "f", "arguments": {"a": 1}},
             "extra_content": {"google": {"thought_signature": signature}}}]}]}),
        );
        request.messages[0].parts[0].clone()
    };
    let sealed = call("AAA").sealed.expect("a seal");
    assert_eq!(
        (sealed.dialect, sealed.data.as_str()),
        (Dialect::Gemini, "AAA")
    );
    let sealed = call("sbx1.responses.azure.AAA").sealed.expect("a seal");
    assert_eq!(
        (sealed.dialect, sealed.issuer.as_deref()),
        (Dialect::Responses, Some("azure"))
    );
    let Kind::ToolCall(call) = call("AAA").kind else {
        panic!("a call was written");
    };
    assert_eq!(call.arguments, r#"{"a":1}"#);
}

#[test]
fn empty_assistant_content_is_none() {
    for content in [json!(""), json!(null), json!([])] {
        let request = read(
            json!({"model": "m", "messages": [{"role": "assistant", "content": content,
            "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}]}),
        );
        assert_eq!(request.messages[0].parts.len(), 1);
        assert_eq!(write(request)["messages"][0]["content"], Value::Null);
    }
}

#[test]
fn what_is_wrong_is_told_by_its_place() {
    let cases = [
        (json!({"model": "m"}), "`messages` is missing."),
        (json!({"messages": []}), "`model` is missing."),
        (
            json!({"model": "m", "messages": "secret"}),
            "`messages` must be a list.",
        ),
        (
            json!({"model": "m", "messages": [1]}),
            "`messages[0]` must be an object.",
        ),
        (
            json!({"model": "m", "messages": [{"role": "secret"}]}),
            "`messages[0].role` is not a role of Chat Completions.",
        ),
        (
            json!({"model": "m", "messages": [{"role": "user", "content": 1}]}),
            "`messages[0].content` must be a string or a list of parts.",
        ),
        (
            json!({"model": "m", "messages": [{"role": "user", "content": [{"text": "x"}]}]}),
            "`messages[0].content[0].type` is missing.",
        ),
        (
            json!({"model": "m", "messages": [{"role": "user", "content": [{"type": "image_url"}]}]}),
            "`messages[0].content[0].image_url` must be an object with a url.",
        ),
        (
            json!({"model": "m", "messages": [{"role": "user", "content": [{"type": "file", "file": {}}]}]}),
            "`messages[0].content[0].file` must have a file_id or file_data.",
        ),
        (
            json!({"model": "m", "messages": [{"role": "tool", "content": "x"}]}),
            "`messages[0].tool_call_id` is missing.",
        ),
        (
            json!({"model": "m", "messages": [{"role": "assistant", "tool_calls": [{"function": {}}]}]}),
            "`messages[0].tool_calls[0].function.name` is missing.",
        ),
        (
            json!({"model": "m", "messages": [], "temperature": "hot"}),
            "`temperature` must be a number.",
        ),
        (
            json!({"model": "m", "messages": [], "n": -1}),
            "`n` must be a whole number of 0 or more.",
        ),
        (
            json!({"model": "m", "messages": [], "stop": [1]}),
            "`stop` must be a string or a list of strings.",
        ),
        (
            json!({"model": "m", "messages": [], "stream": "yes"}),
            "`stream` must be true or false.",
        ),
        (
            json!({"model": "m", "messages": [], "tools": [{"type": "function"}]}),
            "`tools[0].function` is missing.",
        ),
        (
            json!({"model": "m", "messages": [], "response_format": {"type": "json_schema", "json_schema": {"strict": 1}}}),
            "`response_format.json_schema.strict` must be true or false.",
        ),
    ];
    for (body, sentence) in cases {
        assert_eq!(try_read(body), Err(sentence.to_owned()));
    }
}

#[test]
fn roles_are_kept_where_they_stand() {
    let roles = ["system", "user", "developer", "assistant", "system"];
    let messages: Vec<Value> = roles
        .iter()
        .map(|role| json!({"role": role, "content": "x"}))
        .collect();
    let request = read(json!({"model": "m", "messages": messages}));
    let found: Vec<Role> = request
        .messages
        .iter()
        .map(|message| message.role)
        .collect();
    assert_eq!(
        found,
        [
            Role::System,
            Role::User,
            Role::Developer,
            Role::Assistant,
            Role::System
        ]
    );
}
