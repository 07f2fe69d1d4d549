//! Requests of other dialects' callers, and providers with quirks.

use serde_json::json;

use super::*;
use crate::hub::{
    CacheMark, Choice, Effort, Extras, Format, Kind, Lifetime, Media, MediaKind, Message, Part,
    Reasoning, Role, Sampling, Sealed, Source, Thinking, Tool, ToolCall, ToolKind, ToolResult,
};

/// A request whose caller speaks another dialect.
fn foreign(messages: Vec<Message>) -> Request {
    Request {
        model: "m".to_owned(),
        messages,
        ..Request::default()
    }
}

fn says(role: Role, text: &str) -> Message {
    Message::new(role, vec![Part::text(text)])
}

fn call(id: &str) -> Part {
    Part::new(Kind::ToolCall(ToolCall {
        id: id.to_owned(),
        name: "f".to_owned(),
        namespace: None,
        arguments: r#"{"a":1}"#.to_owned(),
        custom: false,
    }))
}

fn result(id: &str, parts: Vec<Part>, is_error: bool) -> Message {
    let result = ToolResult {
        call_id: id.to_owned(),
        name: Some("f".to_owned()),
        parts,
        is_error,
        custom: false,
    };
    Message::new(Role::Tool, vec![Part::new(Kind::ToolResult(result))])
}

fn media(kind: MediaKind, source: Source, mime: &str) -> Part {
    Part::new(Kind::Media(Media {
        kind,
        source,
        mime: Some(mime.to_owned()),
        name: None,
        detail: None,
    }))
}

fn picture() -> Part {
    media(
        MediaKind::Image,
        Source::Base64("QUJD".to_owned()),
        "image/png",
    )
}

fn plain(request: Request) -> (Value, Vec<String>) {
    write_for(request, &Quirks::default(), Traits::default())
}

fn refused(request: Request) -> String {
    try_write(request, &Quirks::default(), Traits::default())
        .expect_err("it is refused")
        .what
}

#[test]
fn a_picture_in_a_result_follows_behind_all_results() {
    let (body, notes) = plain(foreign(vec![
        Message::new(Role::Assistant, vec![call("a"), call("b")]),
        result("a", vec![Part::text("seen"), picture()], false),
        result("b", vec![Part::text("two")], false),
        says(Role::User, "and?"),
    ]));
    assert_eq!(
        body["messages"],
        json!([
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}},
                {"id": "b", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}}]},
            {"role": "tool", "tool_call_id": "a", "content": [
                {"type": "text", "text": "seen"}, {"type": "text", "text": "[image: see next message]"}]},
            {"role": "tool", "tool_call_id": "b", "content": "two"},
            {"role": "user", "content": [
                {"type": "text", "text": "Result of tool call a:"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}}]},
            {"role": "user", "content": "and?"}])
    );
    assert_eq!(notes, ["rewrite:tool_result.image"]);
}

#[test]
fn a_failed_result_says_so_in_words() {
    let (body, notes) = plain(foreign(vec![
        result("a", vec![Part::text("no such file")], true),
        result("b", vec![], true),
        result("c", vec![Part::text("Error: known")], true),
    ]));
    let contents: Vec<&Value> = (0..3).map(|at| &body["messages"][at]["content"]).collect();
    assert_eq!(contents, ["Error: no such file", "Error:", "Error: known"]);
    assert_eq!(notes, ["degrade:tool_result.is_error"]);
}

#[test]
fn pieces_of_one_turn_become_one_message() {
    let thought = Part::new(Kind::Reasoning(Reasoning {
        text: "hm".to_owned(),
        ..Reasoning::default()
    }));
    let (body, _) = plain(foreign(vec![
        Message::new(Role::Assistant, vec![thought]),
        Message::new(
            Role::Assistant,
            vec![Part::text("I look "), Part::text("it up.")],
        ),
        Message::new(Role::Assistant, vec![call("a")]),
        Message::new(Role::Assistant, vec![call("b")]),
        Message::new(Role::Assistant, vec![Part::text("So.")]),
        result("b", vec![Part::text("2")], false),
        result("a", vec![Part::text("1")], false),
    ]));
    let messages = body["messages"].as_array().expect("a list");
    assert_eq!(messages.len(), 3);
    assert_eq!(messages[0]["content"], "I look it up.\n\nSo.");
    assert_eq!(messages[0]["reasoning_content"], "hm");
    assert_eq!(messages[0]["tool_calls"].as_array().map(Vec::len), Some(2));
    // Answered in the client's order.
    assert_eq!(messages[1]["tool_call_id"], "b");
}

#[test]
fn two_system_messages_stay_two() {
    let (body, _) = plain(foreign(vec![
        says(Role::System, "one"),
        Message::new(Role::System, vec![Part::text("two"), Part::text("three")]),
    ]));
    assert_eq!(body["messages"][0]["content"], "one");
    assert_eq!(body["messages"][1]["content"][1]["text"], "three");
}

#[test]
fn settings_without_a_word_here_are_noted() {
    let mut request = foreign(vec![says(Role::User, "hi")]);
    request.sampling = Sampling {
        temperature: Some(1.5),
        top_p: Some(0.5),
        top_k: Some(40),
        ..Sampling::default()
    };
    request.messages[0].parts[0].cache = Some(CacheMark {
        lifetime: Lifetime::Long,
    });
    request.metadata.insert("k".to_owned(), "v".into());
    request.store = Some(true);
    request.thinking.shown = Some(true);
    request.tier = Some("priority".to_owned());
    request.extras = Extras::of(Dialect::Anthropic, object(json!({"container": "c"})));
    let (body, notes) = plain(request);
    assert_eq!(
        body,
        json!({"model": "m", "messages": [{"role": "user", "content": "hi"}],
               "temperature": 1.5, "top_p": 0.5, "service_tier": "priority"})
    );
    assert_eq!(
        notes,
        [
            "drop:cache_control",
            "drop:top_k",
            "drop:reasoning.summary",
            "drop:metadata",
            "drop:store",
            "drop:container"
        ]
    );
}

#[test]
fn what_would_change_the_answer_is_refused() {
    let with = |part: Part| foreign(vec![Message::new(Role::User, vec![part])]);
    let file = |source| with(media(MediaKind::Document, source, "application/pdf"));
    assert_eq!(
        refused(file(Source::Url("https://x/y.pdf".to_owned()))),
        "messages.document"
    );
    assert_eq!(
        refused(file(Source::FileId("f".to_owned(), Dialect::Anthropic))),
        "messages.document"
    );
    let sound = media(
        MediaKind::Audio,
        Source::Url("https://x".to_owned()),
        "audio/wav",
    );
    assert_eq!(refused(with(sound)), "messages.audio");
    let film = media(
        MediaKind::Video,
        Source::Url("https://x".to_owned()),
        "video/mp4",
    );
    assert_eq!(refused(with(film)), "messages.video");
    let opaque = Part {
        extras: Extras::by(Dialect::Anthropic),
        ..Part::new(Kind::Opaque(json!({"type": "search_result"})))
    };
    assert_eq!(refused(with(opaque)), "messages.search_result");
    let mut request = foreign(vec![]);
    request.tools = vec![Tool {
        kind: ToolKind::Hosted {
            name: "web_search_20250305".to_owned(),
            value: json!({}),
        },
        cache: None,
        extras: Extras::by(Dialect::Anthropic),
    }];
    assert_eq!(refused(request), "tools.web_search_20250305");
    let mut request = foreign(vec![]);
    request.previous = Some("resp_1".to_owned());
    assert_eq!(refused(request), "previous_response_id");
    let drawn = foreign(vec![Message::new(Role::Assistant, vec![picture()])]);
    assert_eq!(refused(drawn), "messages.assistant.media");
}

#[test]
fn documents_travel_as_files_or_as_text() {
    let (body, notes) = plain(foreign(vec![Message::new(
        Role::User,
        vec![
            media(
                MediaKind::Document,
                Source::Base64("QUJD".to_owned()),
                "application/pdf",
            ),
            media(
                MediaKind::Document,
                Source::Base64("QUJD".to_owned()),
                "text/plain",
            ),
            media(
                MediaKind::Document,
                Source::Text("plain".to_owned()),
                "text/plain",
            ),
            media(
                MediaKind::Audio,
                Source::Base64("QUJD".to_owned()),
                "audio/x-wav",
            ),
        ],
    )]));
    assert_eq!(
        body["messages"][0]["content"],
        json!([
            {"type": "file", "file": {"filename": "document.pdf", "file_data": "data:application/pdf;base64,QUJD"}},
            {"type": "text", "text": "ABC"},
            {"type": "text", "text": "plain"},
            {"type": "input_audio", "input_audio": {"data": "QUJD", "format": "wav"}}])
    );
    assert_eq!(notes, ["rewrite:messages.document"]);
}

#[test]
fn how_much_to_think_becomes_one_word() {
    let thinking = |thinking: Thinking, traits: Traits, efforts: &[&str]| {
        let mut request = foreign(vec![]);
        request.thinking = thinking;
        let quirks = Quirks {
            efforts: efforts.iter().map(|&word| word.to_owned()).collect(),
            ..Quirks::default()
        };
        let (body, notes) = write_for(request, &quirks, traits);
        (
            body["reasoning_effort"].as_str().map(str::to_owned),
            notes.join(" "),
        )
    };
    let effort = |effort| Thinking {
        effort: Some(effort),
        ..Thinking::default()
    };
    let budget = |tokens| Thinking {
        budget: Some(tokens),
        on: Some(true),
        ..Thinking::default()
    };
    let on = |on| Thinking {
        on: Some(on),
        ..Thinking::default()
    };
    let unknown = Traits::default();
    let thinks = Traits {
        reasoning: Some(true),
        ..unknown
    };
    let dull = Traits {
        reasoning: Some(false),
        ..unknown
    };
    let some = |word: &str, note: &str| (Some(word.to_owned()), note.to_owned());
    let none = |note: &str| (None, note.to_owned());
    assert_eq!(thinking(effort(Effort::Max), unknown, &[]), some("max", ""));
    assert_eq!(
        thinking(effort(Effort::Minimal), unknown, &["low", "high"]),
        some("low", "degrade:reasoning_effort")
    );
    assert_eq!(
        thinking(budget(2_000), unknown, &[]),
        some("low", "degrade:thinking.budget")
    );
    assert_eq!(
        thinking(budget(10_000), unknown, &[]),
        some("medium", "degrade:thinking.budget")
    );
    assert_eq!(
        thinking(budget(31_999), unknown, &[]),
        some("high", "degrade:thinking.budget")
    );
    assert_eq!(thinking(on(false), unknown, &[]), some("none", ""));
    assert_eq!(thinking(on(true), thinks, &[]), some("medium", ""));
    assert_eq!(thinking(on(true), unknown, &[]), none(""));
    assert_eq!(thinking(on(false), dull, &[]), none(""));
    assert_eq!(
        thinking(effort(Effort::High), dull, &[]),
        none("drop:reasoning_effort")
    );
}

#[test]
fn a_model_without_sampling_settings_gets_none() {
    let body = json!({"model": "m", "messages": [], "temperature": 1.7, "top_p": 0.1});
    let traits = Traits {
        sampling: Some(false),
        ..Traits::default()
    };
    let (body, notes) = write_for(read(body), &Quirks::default(), traits);
    assert_eq!(body, json!({"model": "m", "messages": []}));
    assert_eq!(notes, ["drop:temperature", "drop:top_p"]);
}

#[test]
fn quirks_are_met() {
    let body = json!({
        "model": "m", "stream": true, "stream_options": {"include_obfuscation": false},
        "messages": [
            {"role": "developer", "content": "d", "name": "n"},
            {"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
             "reasoning_content": "hm"},
            {"role": "tool", "tool_call_id": "c", "name": "f", "content": "r"}],
        "max_completion_tokens": 5, "temperature": 1.5, "seed": 3, "logit_bias": {"1": 2}, "n": 1,
    });
    let quirks = Quirks {
        refuses: ["logit_bias", "messages.name", "n"]
            .map(str::to_owned)
            .to_vec(),
        renames: [("seed".to_owned(), "random_seed".to_owned())].into(),
        old_max_tokens: true,
        no_developer: true,
        names_tool_results: true,
        reasoning_field: Some("reasoning".to_owned()),
        replays_reasoning: true,
        max_temperature: Some(1.0),
        no_stream_options: true,
        text_only_content: true,
        ..Quirks::default()
    };
    let (body, notes) = write_for(read(body), &quirks, Traits::default());
    assert_eq!(
        body,
        json!({
            "model": "m", "stream": true,
            "messages": [
                {"role": "system", "content": "d"},
                {"role": "assistant", "content": "ab", "reasoning": "hm"},
                {"role": "tool", "tool_call_id": "c", "name": "f", "content": "r"}],
            "max_tokens": 5, "temperature": 1, "random_seed": 3,
        })
    );
    assert_eq!(
        notes,
        [
            "drop:messages.name",
            "degrade:temperature",
            "drop:logit_bias"
        ]
    );
}

#[test]
fn refused_fields_that_matter_refuse_the_target() {
    for (field, value) in [
        ("n", json!(2)),
        ("logprobs", json!(true)),
        ("stop", json!(["x"])),
    ] {
        let mut body = json!({"model": "m", "messages": []});
        body[field] = value;
        let quirks = Quirks {
            refuses: vec![field.to_owned()],
            ..Quirks::default()
        };
        let refused = try_write(read(body), &quirks, Traits::default()).expect_err("refused");
        assert_eq!(refused.what, field);
    }
}

#[test]
fn a_provider_of_text_gets_no_pictures() {
    let quirks = Quirks {
        text_only_content: true,
        ..Quirks::default()
    };
    let request = foreign(vec![Message::new(
        Role::User,
        vec![Part::text("x"), picture()],
    )]);
    let refused = try_write(request, &quirks, Traits::default()).expect_err("refused");
    assert_eq!(refused.what, "messages.image");
}

#[test]
fn a_schema_goes_into_the_prompt_where_only_json_is_known() {
    let body = json!({"model": "m", "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}});
    let quirks = Quirks {
        json_object_only: true,
        ..Quirks::default()
    };
    let (body, notes) = write_for(read(body), &quirks, Traits::default());
    assert_eq!(body["response_format"], json!({"type": "json_object"}));
    assert_eq!(body["messages"][0]["content"], "s");
    let told = body["messages"][1]["content"].as_str().expect("a text");
    assert!(told.ends_with("{\"type\":\"object\"}"), "{told}");
    assert_eq!(body["messages"][2]["content"], "u");
    assert_eq!(notes, ["degrade:response_format"]);
}

#[test]
fn json_from_another_dialect_is_spoken_of() {
    let mut request = foreign(vec![says(Role::User, "a person")]);
    request.format = Format::Json;
    let (body, notes) = plain(request.clone());
    assert_eq!(body["messages"].as_array().map(Vec::len), Some(2));
    assert_eq!(notes, ["rewrite:response_format"]);
    request.messages = vec![says(Role::User, "a person as Json")];
    assert_eq!(
        plain(request).0["messages"].as_array().map(Vec::len),
        Some(1)
    );
}

#[test]
fn a_schema_has_a_legal_name() {
    let mut request = foreign(vec![]);
    let named = |name: Option<&str>| Format::Schema {
        name: name.map(str::to_owned),
        description: None,
        schema: json!({}),
        strict: Some(true),
    };
    request.format = named(None);
    let name = |body: &Value| body["response_format"]["json_schema"]["name"].clone();
    assert_eq!(name(&plain(request.clone()).0), "answer");
    request.format = named(Some("a b/ü"));
    assert_eq!(name(&plain(request).0), "a_b__");
}

#[test]
fn a_long_end_user_is_hashed() {
    let mut request = foreign(vec![]);
    request.end_user = Some("u".repeat(65));
    let (body, notes) = plain(request);
    assert_eq!(body["user"].as_str().map(str::len), Some(64));
    assert_eq!(notes, ["rewrite:user"]);
}

#[test]
fn arguments_are_an_object_for_servers_that_read_them() {
    let with = |arguments: &str| {
        let mut call = call("a");
        if let Kind::ToolCall(call) = &mut call.kind {
            call.arguments = arguments.to_owned();
        }
        let (body, _) = plain(foreign(vec![Message::new(Role::Assistant, vec![call])]));
        body["messages"][0]["tool_calls"][0]["function"]["arguments"].clone()
    };
    assert_eq!(with(""), "{}");
    assert_eq!(with("{\"a\": 1}"), "{\"a\": 1}");
    assert_eq!(with("{\"a\": "), json!({"_raw": "{\"a\": "}).to_string());
    assert_eq!(with("[1]"), json!({"_raw": "[1]"}).to_string());
}

#[test]
fn choices_speak_of_tools_by_their_kind() {
    let custom = Tool {
        kind: ToolKind::Custom {
            name: "c".to_owned(),
            description: None,
            format: None,
        },
        cache: None,
        extras: Extras::default(),
    };
    let choice = |choice: Choice| {
        let mut request = foreign(vec![]);
        request.tools = vec![custom.clone()];
        request.choice = Some(choice);
        plain(request).0["tool_choice"].clone()
    };
    assert_eq!(choice(Choice::Any), "required");
    assert_eq!(
        choice(Choice::Tool("c".to_owned())),
        json!({"type": "custom", "custom": {"name": "c"}})
    );
    assert_eq!(
        choice(Choice::Tool("f".to_owned())),
        json!({"type": "function", "function": {"name": "f"}})
    );
}

#[test]
fn seals_that_may_travel_do() {
    let thought = Part::new(Kind::Reasoning(Reasoning {
        text: "hm".to_owned(),
        sealed: Some(Sealed {
            dialect: Dialect::OpenAi,
            issuer: Some("somebody".to_owned()),
            data: "sig".to_owned(),
        }),
        ..Reasoning::default()
    }));
    let mut signed = call("a");
    signed.sealed = Some(Sealed {
        dialect: Dialect::Gemini,
        issuer: None,
        data: "sig".to_owned(),
    });
    let (body, _) = plain(foreign(vec![Message::new(
        Role::Assistant,
        vec![thought, signed],
    )]));
    let message = &body["messages"][0];
    assert_eq!(
        message["reasoning_details"],
        json!([{"type": "reasoning.text", "text": "hm", "signature": "sig", "index": 0}])
    );
    assert_eq!(
        message["tool_calls"][0]["extra_content"],
        json!({"google": {"thought_signature": "sig"}})
    );
}
