//! Requests, read and written.

use super::*;

#[test]
fn every_fixture_comes_back_as_it_was() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/ollama");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be listed").path();
        let text = std::fs::read_to_string(&path).expect("it can be read");
        let mut body: Value = serde_json::from_str(&text).expect("it is JSON");
        let request = read(body.clone());
        let (written, notes) = write(request.clone(), false).expect("its own dialect takes it");
        body["model"] = "qwen3:8b".into();
        assert_eq!(written, body, "{}", path.display());
        assert_eq!(notes, Vec::<String>::new(), "{}", path.display());
        let mut again = read(written);
        again.model = request.model.clone();
        assert_eq!(again, request, "{}", path.display());
        seen += 1;
    }
    assert_eq!(seen, 21);
}

#[test]
fn every_field_has_its_place() {
    let request = read(json!({
        "model": "m", "messages": [{"role": "User", "content": "hi"}], "think": "low",
        "format": "json", "keep_alive": "5m", "logprobs": true, "top_logprobs": 2,
        "options": {"num_predict": 64, "num_ctx": 8192, "temperature": 0, "top_p": null, "top_k": 40.0,
            "seed": -1, "stop": "END", "repeat_penalty": 1.1, "presence_penalty": 0.5},
    }));
    assert!(request.stream && request.usage_asked);
    assert_eq!(request.max_output, Some(64));
    assert_eq!(request.sampling.temperature, Some(0.0));
    assert_eq!(request.sampling.top_k, Some(40));
    assert_eq!(request.sampling.seed, Some(-1));
    assert_eq!(request.stop, ["END"]);
    assert_eq!(request.logprobs, Some(2));
    assert_eq!(request.format, Format::Json);
    assert_eq!(request.thinking.effort, Some(Effort::Low));
    assert_eq!(request.messages[0].role, Role::User);
    assert_eq!(request.extras.owner, Some(Dialect::Ollama));
    assert_eq!(
        Value::Object(request.extras.fields.clone()),
        json!({"keep_alive": "5m", "options": {"num_ctx": 8192, "repeat_penalty": 1.1}})
    );
    let (written, _) = write(request, false).expect("its own dialect takes it");
    assert_eq!(written["keep_alive"], "5m");
    assert_eq!(written["options"]["num_ctx"], 8192);
    assert_eq!(written["options"]["num_predict"], 64);
    assert_eq!(written["stream"], true);
}

#[test]
fn a_limit_of_ollamas_own_stays_ollamas() {
    let request = read(json!({"model": "m", "messages": [], "options": {"num_predict": -1}}));
    assert_eq!(request.max_output, None);
    let (written, _) = write(request, false).expect("its own dialect takes it");
    assert_eq!(written["options"], json!({"num_predict": -1}));
}

#[test]
fn generate_is_a_conversation_of_one_turn() {
    let body = json!({"model": "m", "system": "Be brief.", "prompt": "Hi", "suffix": "", "raw": false,
        "template": "", "context": [], "images": ["/9j/AAAA"], "stream": false});
    let request =
        super::super::read_request(Endpoint::OllamaGenerate, object(body)).expect("a request");
    assert!(!request.stream);
    assert_eq!(request.messages.len(), 2);
    assert_eq!(request.messages[0].parts, [Part::text("Be brief.")]);
    let Kind::Media(image) = &request.messages[1].parts[0].kind else {
        panic!("images come first");
    };
    assert_eq!(image.mime.as_deref(), Some("image/jpeg"));
    assert_eq!(request.messages[1].parts[1], Part::text("Hi"));
    assert!(request.extras.fields.is_empty());
}

#[test]
fn what_only_generate_can_do_is_not_translated() {
    let gap = object(json!({"model": "m", "prompt": "a", "suffix": "b"}));
    let fault = super::super::read_request(Endpoint::OllamaGenerate, gap).expect_err("a gap");
    assert!(fault.reason.contains("`suffix`"));
    for field in [
        json!({"raw": true}),
        json!({"template": "x"}),
        json!({"context": [1]}),
    ] {
        let mut body = object(json!({"model": "m", "prompt": "a"}));
        body.extend(object(field));
        let request = super::super::read_request(Endpoint::OllamaGenerate, body).expect("read");
        assert!(write(request.clone(), false).is_err());
        assert!(write(request, true).is_ok());
    }
}

#[test]
fn calls_and_results_without_ids_find_each_other() {
    let request = read(json!({"model": "m", "messages": [
        {"role": "assistant", "tool_calls": [
            {"function": {"name": "a", "arguments": {}}}, {"function": {"name": "b", "arguments": {"x": 1}}}]},
        {"role": "tool", "tool_name": "b", "content": "B"},
        {"role": "tool", "content": "A"},
        {"role": "assistant", "tool_calls": [{"id": "call_2", "function": {"name": "a"}}, {"function": {"name": "a"}}]},
        {"role": "tool", "tool_name": "nobody", "content": "?"},
    ]}));
    let ids: Vec<_> = request
        .messages
        .iter()
        .flat_map(|message| &message.parts)
        .map(|part| match &part.kind {
            Kind::ToolCall(call) => format!("{}={}", call.name, call.id),
            Kind::ToolResult(result) => {
                format!(
                    "{:?}<-{}",
                    result.name.as_deref().unwrap_or(""),
                    result.call_id
                )
            }
            _ => "?".to_owned(),
        })
        .collect();
    assert_eq!(
        ids,
        [
            "a=call_0",
            "b=call_1",
            "\"b\"<-call_1",
            "\"a\"<-call_0",
            "a=call_2",
            "a=call_3",
            "\"nobody\"<-"
        ]
    );
}

#[test]
fn what_is_no_request_says_where() {
    let cases = [
        (json!({"messages": {}}), "`messages` is not a list"),
        (json!({"messages": [1]}), "`messages[0]`"),
        (
            json!({"messages": [{"content": "x"}]}),
            "`messages[0].role`",
        ),
        (
            json!({"messages": [{"role": "robot"}]}),
            "`messages[0].role`",
        ),
        (
            json!({"messages": [{"role": "user", "content": ["x"]}]}),
            "`messages[0].content` is not a string",
        ),
        (
            json!({"messages": [{"role": "user", "images": [1]}]}),
            "`messages[0].images`",
        ),
        (
            json!({"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": 1}}]}]}),
            "`messages[0].tool_calls[0].function.arguments`",
        ),
        (
            json!({"tools": [{"type": "function"}]}),
            "`tools[0].function`",
        ),
        (
            json!({"tools": [{"function": {}}]}),
            "`tools[0].function.name`",
        ),
        (json!({"stream": 1}), "`stream`"),
        (json!({"format": 1}), "`format`"),
        (json!({"options": []}), "`options`"),
        (json!({"options": {"stop": [1]}}), "`options.stop`"),
        (json!({"model": 1}), "`model`"),
    ];
    for (body, told) in cases {
        let fault = super::super::read_request(Endpoint::OllamaChat, object(body.clone()))
            .expect_err("it is no request");
        assert!(fault.reason.contains(told), "{body}: {fault}");
    }
}

fn asked(change: impl FnOnce(&mut Request)) -> Request {
    let mut request = read(json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]}));
    request.tools = ["a", "b"].map(tool).into();
    change(&mut request);
    request
}

fn tool(name: &str) -> Tool {
    Tool {
        kind: ToolKind::Function {
            name: name.to_owned(),
            namespace: None,
            description: None,
            schema: None,
            strict: None,
        },
        cache: None,
        extras: Default::default(),
    }
}

#[test]
fn a_choice_is_made_by_leaving_tools_out() {
    let none = asked(|request| request.choice = Some(Choice::None));
    let (body, notes) = write(none, false).expect("it can be had");
    assert_eq!(body.get("tools"), None);
    assert_eq!(notes, ["rewrite:tool_choice"]);

    let among = asked(|request| {
        request.choice = Some(Choice::Among {
            names: vec!["b".to_owned()],
            required: false,
        });
    });
    let (body, _) = write(among, false).expect("it can be had");
    assert_eq!(
        body["tools"],
        json!([{"type": "function", "function": {"name": "b", "parameters": {"type": "object", "properties": {}}}}])
    );

    for choice in [Choice::Any, Choice::Tool("a".to_owned())] {
        let must = asked(|request| request.choice = Some(choice.clone()));
        assert_eq!(
            write(must.clone(), false).expect_err("it can't").what,
            "tool_choice"
        );
        let (body, notes) = write(must, true).expect("losses are accepted");
        assert!(body["tools"][0]["function"]["name"] == "a");
        assert!(notes.contains(&"drop:tool_choice".to_owned()), "{notes:?}");
    }
}

#[test]
fn thinking_is_a_word_or_a_switch() {
    let effort = |effort| Thinking {
        effort: Some(effort),
        ..Thinking::default()
    };
    let on = |on| Thinking {
        on: Some(on),
        ..Thinking::default()
    };
    let budget = |tokens| Thinking {
        budget: Some(tokens),
        ..Thinking::default()
    };
    let cases = [
        (Thinking::default(), Value::Null, 0),
        (effort(Effort::None), json!(false), 0),
        (effort(Effort::Minimal), json!("low"), 1),
        (effort(Effort::Medium), json!("medium"), 0),
        (effort(Effort::XHigh), json!("high"), 1),
        (effort(Effort::Max), json!("max"), 0),
        (on(true), json!(true), 0),
        (on(false), json!(false), 0),
        (budget(2048), json!(true), 1),
        (budget(0), json!(false), 0),
    ];
    for (thinking, expected, noted) in cases {
        let request = asked(|request| request.thinking = thinking.clone());
        let (body, notes) = write(request, false).expect("it can be had");
        assert_eq!(
            body.get("think").unwrap_or(&Value::Null),
            &expected,
            "{thinking:?}"
        );
        assert_eq!(notes.len(), noted, "{thinking:?} {notes:?}");
    }
}

#[test]
fn what_has_no_words_is_noted_or_refused() {
    let noted = asked(|request| {
        request.sampling.logit_bias.insert("5".to_owned(), 1.into());
        request.parallel = Some(false);
        request.verbosity = Some("low".to_owned());
        request.tier = Some("flex".to_owned());
        request.end_user = Some("u".to_owned());
        request.metadata.insert("a".to_owned(), "b".into());
        request.store = Some(true);
        request.messages[0].name = Some("Ada".to_owned());
        request.extras.owner = Some(Dialect::OpenAi);
        request
            .extras
            .fields
            .insert("prediction".to_owned(), 1.into());
    });
    let (body, notes) = write(noted, false).expect("none of it matters much");
    for what in [
        "logit_bias",
        "parallel_tool_calls",
        "verbosity",
        "service_tier",
        "user",
        "metadata",
        "store",
        "messages.name",
        "prediction",
    ] {
        assert!(notes.contains(&format!("drop:{what}")), "{what}: {notes:?}");
    }
    assert_eq!(body["messages"], json!([{"role": "user", "content": "hi"}]));
    let several = asked(|request| request.candidates = Some(3));
    assert_eq!(write(several, false).expect_err("one answer").what, "n");
    let stored = asked(|request| request.previous = Some("resp_1".to_owned()));
    assert_eq!(
        write(stored, false).expect_err("no store").what,
        "previous_response_id"
    );
}

fn media(kind: MediaKind, source: Source) -> Part {
    Part::new(Kind::Media(Media {
        kind,
        source,
        mime: None,
        name: None,
        detail: None,
    }))
}

/// Case 30 and 31: only the bytes of images.
#[test]
fn only_the_bytes_of_images_are_taken() {
    let cases = [
        (
            MediaKind::Image,
            Source::Url("https://example.org/a.png".to_owned()),
            "image_url",
        ),
        (
            MediaKind::Image,
            Source::FileId("f".to_owned(), Dialect::OpenAi),
            "image_url",
        ),
        (MediaKind::Audio, Source::Base64("AAAA".to_owned()), "audio"),
        (
            MediaKind::Document,
            Source::Base64("AAAA".to_owned()),
            "document",
        ),
        (MediaKind::Video, Source::Base64("AAAA".to_owned()), "video"),
    ];
    for (kind, source, what) in cases {
        let request = asked(|request| request.messages[0].parts.push(media(kind, source.clone())));
        assert_eq!(
            write(request.clone(), false).expect_err("not taken").what,
            what
        );
        let (body, _) = write(request, true).expect("losses are accepted");
        assert_eq!(body["messages"], json!([{"role": "user", "content": "hi"}]));
    }
    let text = Source::Text("words".to_owned());
    let request = asked(|request| {
        request.messages[0]
            .parts
            .push(media(MediaKind::Document, text));
    });
    let (body, notes) = write(request, false).expect("it is text");
    assert_eq!(body["messages"][0]["content"], "hi\n\nwords");
    assert_eq!(notes, ["degrade:document"]);
}

/// Cases 1, 2 and 43.
#[test]
fn results_and_calls_keep_what_they_can() {
    let request = asked(|request| {
        request.messages = vec![
            Message::new(
                Role::Assistant,
                vec![Part::new(Kind::ToolCall(crate::hub::ToolCall {
                    id: "c1".to_owned(),
                    name: "a".to_owned(),
                    namespace: None,
                    arguments: "{\"x\":".to_owned(),
                    custom: false,
                }))],
            ),
            Message::new(
                Role::Tool,
                vec![Part::new(Kind::ToolResult(ToolResult {
                    call_id: "c1".to_owned(),
                    name: Some("a".to_owned()),
                    parts: vec![
                        Part::text("broken"),
                        media(MediaKind::Image, Source::Base64("AAAA".to_owned())),
                    ],
                    is_error: true,
                    custom: false,
                }))],
            ),
        ];
    });
    let (body, notes) = write(request, false).expect("it can be had");
    assert_eq!(
        body["messages"],
        json!([
            {"role": "assistant", "content": "", "tool_calls": [
                {"id": "c1", "function": {"name": "a", "arguments": {"_raw": "{\"x\":"}}}]},
            {"role": "tool", "content": "Error: broken", "images": ["AAAA"], "tool_name": "a", "tool_call_id": "c1"},
        ])
    );
    assert_eq!(
        notes,
        [
            "degrade:tool_calls.arguments",
            "rewrite:image",
            "degrade:tool_result.is_error"
        ]
    );
}
