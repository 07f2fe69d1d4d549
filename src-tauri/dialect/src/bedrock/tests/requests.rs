//! Requests: each field in its place, and every loss told.

use serde_json::{Map, Value, json};

use crate::Dialect;
use crate::bedrock::write_request;
use crate::hub::{
    CacheMark, Choice, Effort, Extras, Format, Hosting, Kind, Lifetime, Media, MediaKind, Message,
    Note, Notes, Part, Quirks, Reasoning, Refused, Request, Role, Sealed, Source, Target, Tool,
    ToolCall, ToolKind, ToolResult, Traits,
};

const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const ADAPTIVE: Traits = Traits {
    sampling: Some(false),
    forced_tools: Some(false),
    adaptive_thinking: Some(true),
    json_schema: Some(true),
    vision: None,
    pdf: None,
    audio: None,
    reasoning: Some(true),
    tools: None,
    thinking_always_on: Some(true),
    prefill: Some(false),
    mid_system: Some(true),
    cache_marks: None,
    cache_from: None,
};

fn user(text: &str) -> Message {
    Message::new(Role::User, vec![Part::text(text)])
}

fn assistant(parts: Vec<Part>) -> Message {
    Message::new(Role::Assistant, parts)
}

fn call(id: &str, name: &str, arguments: &str) -> Part {
    Part::new(Kind::ToolCall(ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        namespace: None,
        arguments: arguments.to_owned(),
        custom: false,
    }))
}

fn result(id: &str, text: &str, is_error: bool) -> Part {
    Part::new(Kind::ToolResult(ToolResult {
        call_id: id.to_owned(),
        name: None,
        parts: vec![Part::text(text)],
        is_error,
        custom: false,
    }))
}

fn tool(name: &str) -> Tool {
    Tool {
        kind: ToolKind::Function {
            name: name.to_owned(),
            namespace: None,
            description: Some("A tool.".to_owned()),
            schema: Some(json!({"type": "object", "properties": {"a": {"type": "string"}}})),
            strict: None,
        },
        cache: None,
        extras: Extras::default(),
    }
}

fn media(kind: MediaKind, source: Source, mime: Option<&str>, name: Option<&str>) -> Part {
    Part::new(Kind::Media(Media {
        kind,
        source,
        mime: mime.map(str::to_owned),
        name: name.map(str::to_owned),
        detail: None,
    }))
}

fn says(messages: Vec<Message>) -> Request {
    Request {
        messages,
        ..Request::default()
    }
}

type Written = Result<(Value, Vec<Note>), Refused>;

fn write_to(request: Request, model: &str, traits: Traits, lossy: bool) -> Written {
    let quirks = Quirks::default();
    let target = Target {
        dialect: Dialect::Bedrock,
        hosting: Hosting::Own,
        provider: "bedrock",
        model,
        quirks: &quirks,
        traits,
        max_output: Some(64_000),
    };
    let mut notes = Notes::new(lossy);
    let body = write_request(request, &target, &mut notes)?;
    Ok((Value::Object(body), notes.into_vec()))
}

/// Written for an ordinary Claude.
fn written(request: Request) -> Value {
    write_to(request, CLAUDE, Traits::default(), false)
        .expect("it can be written")
        .0
}

fn codes(written: Written) -> Vec<String> {
    let (_, notes) = written.expect("it can be written");
    notes.iter().map(Note::code).collect()
}

fn refused(request: Request) -> String {
    write_to(request, CLAUDE, Traits::default(), false)
        .expect_err("it is refused")
        .what
}

#[test]
fn a_conversation_has_its_golden_form() {
    let request = Request {
        model: "claude".to_owned(),
        stream: true,
        messages: vec![
            Message::new(Role::System, vec![Part::text("Be brief.")]),
            Message::new(Role::Developer, vec![Part::text("Be kind.")]),
            user("What is the weather?"),
            assistant(vec![
                Part::new(Kind::Reasoning(Reasoning {
                    text: "I look.".to_owned(),
                    sealed: Some(Sealed {
                        dialect: Dialect::Bedrock,
                        issuer: None,
                        data: "sig".to_owned(),
                    }),
                    ..Reasoning::default()
                })),
                call("a", "weather", r#"{"a":"x"}"#),
                call("b", "weather", ""),
            ]),
            Message::new(
                Role::Tool,
                vec![result("a", "sun", false), result("b", "no", true)],
            ),
            user("And?"),
        ],
        tools: vec![tool("weather")],
        choice: Some(Choice::Any),
        max_output: Some(500),
        stop: vec!["END".to_owned()],
        tier: Some("flex".to_owned()),
        end_user: Some("u-1".to_owned()),
        ..Request::default()
    };
    assert_eq!(
        written(request),
        json!({
            "system": [{"text": "Be brief."}, {"text": "Be kind."}],
            "messages": [
                {"role": "user", "content": [{"text": "What is the weather?"}]},
                {"role": "assistant", "content": [
                    {"reasoningContent": {"reasoningText": {"text": "I look.", "signature": "sig"}}},
                    {"toolUse": {"toolUseId": "a", "name": "weather", "input": {"a": "x"}}},
                    {"toolUse": {"toolUseId": "b", "name": "weather", "input": {}}},
                ]},
                {"role": "user", "content": [
                    {"toolResult": {"toolUseId": "a", "content": [{"text": "sun"}]}},
                    {"toolResult": {"toolUseId": "b", "content": [{"text": "no"}], "status": "error"}},
                    {"text": "And?"},
                ]},
            ],
            "inferenceConfig": {"maxTokens": 500, "stopSequences": ["END"]},
            "toolConfig": {
                "tools": [{"toolSpec": {
                    "name": "weather",
                    "description": "A tool.",
                    "inputSchema": {"json": {"type": "object", "properties": {"a": {"type": "string"}}}},
                }}],
                "toolChoice": {"any": {}},
            },
            "additionalModelResponseFieldPaths": ["/stop_sequence"],
            "requestMetadata": {"user_id": "u-1"},
            "serviceTier": {"type": "flex"},
        })
    );
}

#[test]
fn turns_begin_with_the_user_and_results_come_first() {
    // (messages, (role, kinds of blocks) of each turn)
    let late = Message::new(Role::System, vec![Part::text("Now.")]);
    type Turns<'a> = Vec<(&'a str, Vec<&'a str>)>;
    let cases: Vec<(Vec<Message>, Turns<'_>)> = vec![
        (vec![], vec![("user", vec!["text"])]),
        (
            vec![assistant(vec![Part::text("Hello")]), user("Hi")],
            vec![
                ("user", vec!["text"]),
                ("assistant", vec!["text"]),
                ("user", vec!["text"]),
            ],
        ),
        (
            vec![
                user("a"),
                user("b"),
                assistant(vec![Part::text("c")]),
                user("d"),
            ],
            vec![
                ("user", vec!["text", "text"]),
                ("assistant", vec!["text"]),
                ("user", vec!["text"]),
            ],
        ),
        (
            vec![
                user("a"),
                assistant(vec![call("1", "f", "{}")]),
                late,
                Message::new(Role::Tool, vec![result("1", "r", false)]),
            ],
            vec![
                ("user", vec!["text"]),
                ("assistant", vec!["toolUse"]),
                ("user", vec!["toolResult", "text"]),
            ],
        ),
    ];
    for (messages, expected) in cases {
        let body = written(says(messages));
        let turns = body["messages"].as_array().expect("turns");
        let found: Turns<'_> = turns
            .iter()
            .map(|turn| {
                let blocks = turn["content"].as_array().expect("blocks");
                let kinds = blocks
                    .iter()
                    .filter_map(|block| block.as_object()?.keys().next())
                    .map(String::as_str);
                (turn["role"].as_str().expect("a role"), kinds.collect())
            })
            .collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn a_late_system_message_is_one_where_the_model_takes_it() {
    let messages = || {
        says(vec![
            user("a"),
            Message::new(Role::System, vec![Part::text("Now in French.")]),
        ])
    };
    let (body, notes) = write_to(messages(), CLAUDE, ADAPTIVE, false).expect("it can be written");
    assert_eq!(
        body["messages"][1],
        json!({"role": "system", "content": [{"text": "Now in French."}]})
    );
    assert_eq!(notes, []);
    let (body, notes) =
        write_to(messages(), CLAUDE, Traits::default(), false).expect("it can be written");
    assert_eq!(
        body["messages"][0]["content"][1]["text"],
        "<system>\nNow in French.\n</system>"
    );
    assert_eq!(notes[0].code(), "degrade:messages.system");
}

#[test]
fn an_unfinished_answer_loses_its_last_spaces() {
    let request = || {
        says(vec![
            user("a"),
            assistant(vec![Part::text("The answer is: \n")]),
        ])
    };
    assert_eq!(
        written(request())["messages"][1]["content"],
        json!([{"text": "The answer is:"}])
    );
    let traits = Traits {
        prefill: Some(false),
        ..Traits::default()
    };
    let refused = write_to(request(), CLAUDE, traits, false).expect_err("it is refused");
    assert_eq!(refused.what, "messages");
}

#[test]
fn media_are_bytes_with_a_format() {
    let bytes = || Source::Base64("AAAA".to_owned());
    let png = Source::Base64("iVBORw0KGgoAAA".to_owned());
    let s3 = Source::Url("s3://bucket/film.mp4".to_owned());
    let cases = [
        (
            media(MediaKind::Image, bytes(), Some("image/jpeg"), None),
            json!({"image": {"format": "jpeg", "source": {"bytes": "AAAA"}}}),
        ),
        (
            media(MediaKind::Image, png, None, None),
            json!({"image": {"format": "png", "source": {"bytes": "iVBORw0KGgoAAA"}}}),
        ),
        (
            media(MediaKind::Video, s3, None, None),
            json!({"video": {"format": "mp4", "source": {"s3Location": {"uri": "s3://bucket/film.mp4"}}}}),
        ),
        (
            media(
                MediaKind::Document,
                Source::Text("Hi".to_owned()),
                None,
                Some("A  b_c.txt"),
            ),
            json!({"document": {"format": "txt", "name": "A b-c", "source": {"bytes": "SGk="}}}),
        ),
        (
            media(
                MediaKind::Document,
                bytes(),
                Some("application/octet-stream"),
                Some("table.xlsx"),
            ),
            json!({"document": {"format": "xlsx", "name": "table", "source": {"bytes": "AAAA"}}}),
        ),
    ];
    for (part, expected) in cases {
        let body = written(says(vec![Message::new(
            Role::User,
            vec![Part::text("See."), part],
        )]));
        assert_eq!(body["messages"][0]["content"][1], expected);
    }
}

#[test]
fn media_that_cannot_travel_are_refused_by_name() {
    let bytes = || Source::Base64("AAAA".to_owned());
    let url = Source::Url("https://a.test/b.png".to_owned());
    let file = Source::FileId("f".to_owned(), Dialect::OpenAi);
    for (part, what) in [
        (media(MediaKind::Image, url, None, None), "messages.image"),
        (
            media(MediaKind::Image, bytes(), Some("image/tiff"), None),
            "messages.image",
        ),
        (
            media(MediaKind::Document, file, Some("application/pdf"), None),
            "messages.document",
        ),
        (
            media(MediaKind::Audio, bytes(), Some("audio/wav"), None),
            "messages.audio",
        ),
    ] {
        assert_eq!(
            refused(says(vec![Message::new(Role::User, vec![part])])),
            what
        );
    }
    let hears = Traits {
        audio: Some(true),
        ..Traits::default()
    };
    let sound = media(MediaKind::Audio, bytes(), Some("audio/wav"), None);
    let request = says(vec![Message::new(Role::User, vec![sound])]);
    let (body, _) = write_to(request, "amazon.nova-2", hears, false).expect("it can be written");
    assert_eq!(body["messages"][0]["content"][0]["audio"]["format"], "wav");
}

#[test]
fn documents_have_legal_and_unique_names_and_a_text_beside_them() {
    let pdf = |name| {
        let source = Source::Base64("AAAA".to_owned());
        media(MediaKind::Document, source, Some("application/pdf"), name)
    };
    let long = "x".repeat(500);
    let parts = vec![
        pdf(Some("r.pdf")),
        pdf(Some("r.pdf")),
        pdf(Some("r")),
        pdf(None),
        pdf(Some("Ünï/../é?")),
        pdf(Some(&long)),
    ];
    let request = says(vec![Message::new(Role::User, parts)]);
    let (body, notes) = write_to(request, CLAUDE, Traits::default(), false).expect("written");
    let content = body["messages"][0]["content"].as_array().expect("blocks");
    let names: Vec<&str> = content
        .iter()
        .filter_map(|block| block.pointer("/document/name")?.as_str())
        .collect();
    assert_eq!(names[..5], ["r", "r-2", "r-3", "document", "-n-------"]);
    assert!(names[5].len() <= 200);
    assert!(
        content
            .last()
            .is_some_and(|block| block.get("text").is_some())
    );
    assert_eq!(notes[0].code(), "rewrite:messages.document");
}

#[test]
fn a_documents_context_and_citations_come_from_anthropic() {
    let mut part = media(
        MediaKind::Document,
        Source::Text("Hi".to_owned()),
        None,
        Some("a"),
    );
    part.extras = Extras::of(
        Dialect::Anthropic,
        Map::from_iter([
            ("context".to_owned(), json!("A letter.")),
            ("citations".to_owned(), json!({"enabled": true})),
        ]),
    );
    let body = written(says(vec![Message::new(
        Role::User,
        vec![Part::text("See."), part],
    )]));
    let document = &body["messages"][0]["content"][1]["document"];
    assert_eq!(document["context"], "A letter.");
    assert_eq!(document["citations"], json!({"enabled": true}));
}

#[test]
fn an_image_in_a_tools_result_stays_in_it() {
    let image = media(
        MediaKind::Image,
        Source::Base64("AAAA".to_owned()),
        Some("image/png"),
        None,
    );
    let answer = Part::new(Kind::ToolResult(ToolResult {
        call_id: "1".to_owned(),
        name: None,
        parts: vec![Part::text("seen"), image],
        is_error: false,
        custom: false,
    }));
    let body = written(says(vec![
        user("a"),
        assistant(vec![call("1", "f", "{}")]),
        Message::new(Role::Tool, vec![answer]),
    ]));
    assert_eq!(
        body["messages"][2]["content"][0]["toolResult"]["content"],
        json!([{"text": "seen"}, {"image": {"format": "png", "source": {"bytes": "AAAA"}}}])
    );
}

#[test]
fn a_failed_tool_is_told_in_text_where_there_is_no_mark() {
    let request = says(vec![
        user("a"),
        assistant(vec![call("1", "f", "{}")]),
        Message::new(Role::Tool, vec![result("1", "broken", true)]),
    ]);
    let (body, notes) =
        write_to(request, "meta.llama4", Traits::default(), false).expect("it can be written");
    assert_eq!(
        body["messages"][2]["content"][0]["toolResult"],
        json!({"toolUseId": "1", "content": [{"text": "Error:"}, {"text": "broken"}]})
    );
    assert!(notes.iter().any(|note| note.what == "tool_result.is_error"));
}

#[test]
fn arguments_that_are_no_object_are_wrapped() {
    for (written_as, expected) in [
        ("", json!({})),
        ("  ", json!({})),
        (r#"{"a":1}"#, json!({"a": 1})),
        ("[1]", json!({"_raw": "[1]"})),
        ("{\"a\":", json!({"_raw": "{\"a\":"})),
    ] {
        let body = written(says(vec![
            user("a"),
            assistant(vec![call("1", "f", written_as)]),
            Message::new(Role::Tool, vec![result("1", "r", false)]),
        ]));
        assert_eq!(
            body["messages"][1]["content"][0]["toolUse"]["input"],
            expected
        );
    }
}

#[test]
fn choices_become_converses() {
    let among = |required| Choice::Among {
        names: vec!["b".to_owned()],
        required,
    };
    let cases = [
        (None, Traits::default(), Value::Null, 2),
        (Some(Choice::Auto), Traits::default(), Value::Null, 2),
        (Some(Choice::Any), Traits::default(), json!({"any": {}}), 2),
        (Some(Choice::Any), ADAPTIVE, Value::Null, 2),
        (
            Some(Choice::Tool("a".to_owned())),
            Traits::default(),
            json!({"tool": {"name": "a"}}),
            2,
        ),
        (
            Some(among(true)),
            Traits::default(),
            json!({"tool": {"name": "b"}}),
            1,
        ),
        (Some(among(false)), Traits::default(), Value::Null, 1),
    ];
    for (choice, traits, expected, count) in cases {
        let request = Request {
            tools: vec![tool("a"), tool("b")],
            choice: choice.clone(),
            ..says(vec![user("x")])
        };
        let (body, _) = write_to(request, CLAUDE, traits, false).expect("it can be written");
        let config = &body["toolConfig"];
        assert_eq!(
            config.get("toolChoice").cloned().unwrap_or_default(),
            expected
        );
        assert_eq!(
            config["tools"].as_array().map(Vec::len),
            Some(count),
            "{choice:?}"
        );
    }
}

#[test]
fn no_tool_may_be_called_unless_the_history_needs_them() {
    let plain = Request {
        tools: vec![tool("f")],
        choice: Some(Choice::None),
        ..says(vec![user("x")])
    };
    assert_eq!(written(plain).get("toolConfig"), None);

    let history = vec![
        user("a"),
        assistant(vec![call("1", "f", "{}")]),
        Message::new(Role::Tool, vec![result("1", "r", false)]),
    ];
    let request = Request {
        tools: vec![tool("f")],
        choice: Some(Choice::None),
        ..says(history.clone())
    };
    let (body, notes) = write_to(request, CLAUDE, Traits::default(), false).expect("written");
    assert_eq!(body["toolConfig"]["tools"][0]["toolSpec"]["name"], "f");
    assert_eq!(body["toolConfig"].get("toolChoice"), None);
    assert_eq!(notes[0].code(), "degrade:tool_choice");

    // Without a declaration, one is made of the calls.
    let (body, notes) = write_to(says(history), CLAUDE, Traits::default(), false).expect("written");
    assert_eq!(body["toolConfig"]["tools"][0]["toolSpec"]["name"], "f");
    assert_eq!(notes[0].code(), "degrade:tools");
}

#[test]
fn cache_marks_are_four_at_most_and_long_before_short() {
    let marked = |text: &str, lifetime| Part {
        cache: Some(CacheMark { lifetime }),
        ..Part::text(text)
    };
    let request = || Request {
        tools: vec![Tool {
            cache: Some(CacheMark {
                lifetime: Lifetime::Long,
            }),
            ..tool("f")
        }],
        ..says(vec![
            Message::new(Role::System, vec![marked("s", Lifetime::Long)]),
            Message::new(
                Role::User,
                vec![
                    marked("a", Lifetime::Short),
                    marked("b", Lifetime::Long),
                    marked("c", Lifetime::Short),
                ],
            ),
        ])
    };
    let point = json!({"cachePoint": {"type": "default"}});
    let long = json!({"cachePoint": {"type": "default", "ttl": "1h"}});
    let (body, notes) = write_to(request(), CLAUDE, Traits::default(), false).expect("written");
    // The tool's mark is the earliest that is not on system text.
    assert_eq!(
        body["toolConfig"]["tools"].as_array().map(Vec::len),
        Some(1)
    );
    assert_eq!(body["system"][1], long);
    assert_eq!(
        body["messages"][0]["content"],
        json!([{"text": "a"}, point, {"text": "b"}, point, {"text": "c"}, point])
    );
    let codes: Vec<String> = notes.iter().map(Note::code).collect();
    assert_eq!(codes, ["drop:cache_control", "degrade:cache_control.ttl"]);

    // Nova caches system text and turns, for a short time; others do not cache at all.
    let (body, _) =
        write_to(request(), "amazon.nova-pro-v1:0", Traits::default(), false).expect("written");
    assert_eq!(
        body["toolConfig"]["tools"].as_array().map(Vec::len),
        Some(1)
    );
    assert_eq!(body["system"][1], point);
    let (body, _) = write_to(request(), "meta.llama4", Traits::default(), false).expect("written");
    assert!(!body.to_string().contains("cachePoint"));
}

#[test]
fn a_mark_inside_a_result_moves_behind_it() {
    let mut answer = result("1", "r", false);
    if let Kind::ToolResult(result) = &mut answer.kind {
        result.parts[0].cache = Some(CacheMark {
            lifetime: Lifetime::Short,
        });
    }
    let body = written(says(vec![
        user("a"),
        assistant(vec![call("1", "f", "{}")]),
        Message::new(Role::Tool, vec![answer, result("2", "s", false)]),
    ]));
    let content = body["messages"][2]["content"].as_array().expect("blocks");
    assert!(content[1].get("cachePoint").is_some());
    assert!(content[2].get("toolResult").is_some());
}

#[test]
fn sampling_fits_or_is_noted() {
    let request = |temperature, top_p, top_k| {
        let mut request = says(vec![user("x")]);
        request.sampling.temperature = temperature;
        request.sampling.top_p = top_p;
        request.sampling.top_k = top_k;
        request
    };
    type Case<'a> = (Request, &'a str, Traits, Value, Value, Vec<&'a str>);
    let cases: [Case<'_>; 7] = [
        (
            request(Some(1.7), None, None),
            CLAUDE,
            Traits::default(),
            json!({"temperature": 1.0}),
            Value::Null,
            vec!["degrade:temperature"],
        ),
        (
            request(Some(0.5), Some(0.9), Some(5)),
            CLAUDE,
            Traits::default(),
            json!({"temperature": 0.5}),
            json!({"top_k": 5}),
            vec!["drop:top_p"],
        ),
        (
            request(None, Some(0.9), Some(5)),
            "amazon.nova-pro-v1:0",
            Traits::default(),
            json!({"topP": 0.9}),
            json!({"inferenceConfig": {"topK": 5}}),
            vec![],
        ),
        (
            request(Some(0.5), Some(0.9), Some(5)),
            "mistral.large",
            Traits::default(),
            json!({"temperature": 0.5, "topP": 0.9}),
            json!({"top_k": 5}),
            vec![],
        ),
        (
            request(None, None, Some(5)),
            "meta.llama4",
            Traits::default(),
            Value::Null,
            Value::Null,
            vec!["drop:top_k"],
        ),
        (
            request(Some(0.5), Some(0.9), Some(5)),
            CLAUDE,
            ADAPTIVE,
            Value::Null,
            Value::Null,
            vec!["drop:temperature", "drop:top_p", "drop:top_k"],
        ),
        (
            request(Some(-1.0), None, None),
            "meta.llama4",
            Traits::default(),
            json!({"temperature": 0.0}),
            Value::Null,
            vec!["degrade:temperature"],
        ),
    ];
    for (request, model, traits, inference, additional, expected) in cases {
        let (body, notes) = write_to(request, model, traits, false).expect("it can be written");
        let found = |key: &str| body.get(key).cloned().unwrap_or_default();
        assert_eq!(found("inferenceConfig"), inference);
        assert_eq!(found("additionalModelRequestFields"), additional);
        let codes: Vec<String> = notes.iter().map(Note::code).collect();
        assert_eq!(codes, expected);
    }
}

#[test]
fn thinking_speaks_each_makers_words() {
    let request = |effort, budget, on, max_output| {
        let mut request = says(vec![user("x")]);
        request.thinking.effort = effort;
        request.thinking.budget = budget;
        request.thinking.on = on;
        request.max_output = max_output;
        request
    };
    let enabled = |tokens: u64| json!({"thinking": {"type": "enabled", "budget_tokens": tokens}});
    let cases: Vec<(Request, &str, Traits, Value, Value)> = vec![
        // (request, model, traits, additional fields, output config)
        (
            request(Some(Effort::High), None, None, Some(10_000)),
            CLAUDE,
            Traits::default(),
            enabled(8000),
            Value::Null,
        ),
        (
            request(None, Some(50_000), None, Some(10_000)),
            CLAUDE,
            Traits::default(),
            enabled(9999),
            Value::Null,
        ),
        (
            request(None, Some(2000), None, None),
            CLAUDE,
            Traits::default(),
            enabled(2000),
            Value::Null,
        ),
        (
            request(Some(Effort::High), None, None, Some(1000)),
            CLAUDE,
            Traits::default(),
            Value::Null,
            Value::Null,
        ),
        (
            request(None, None, Some(false), None),
            CLAUDE,
            Traits::default(),
            json!({"thinking": {"type": "disabled"}}),
            Value::Null,
        ),
        (
            request(None, None, Some(false), None),
            CLAUDE,
            ADAPTIVE,
            Value::Null,
            json!({"effort": "low"}),
        ),
        (
            request(Some(Effort::Minimal), Some(5000), None, None),
            CLAUDE,
            ADAPTIVE,
            json!({"thinking": {"type": "adaptive"}}),
            json!({"effort": "low"}),
        ),
        (
            request(Some(Effort::Max), None, None, None),
            "openai.gpt-oss-120b-1:0",
            Traits::default(),
            json!({"reasoning_effort": "high"}),
            Value::Null,
        ),
        (
            request(Some(Effort::XHigh), None, None, None),
            "global.openai.gpt-6-sol",
            Traits::default(),
            json!({"reasoning_effort": "xhigh"}),
            Value::Null,
        ),
        (
            request(Some(Effort::High), None, None, Some(100)),
            "amazon.nova-2-lite-v1:0",
            Traits::default(),
            json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "medium"}}),
            Value::Null,
        ),
        (
            request(Some(Effort::High), None, None, None),
            "deepseek.r1-v1:0",
            Traits::default(),
            Value::Null,
            Value::Null,
        ),
    ];
    for (request, model, traits, additional, output) in cases {
        let max_output = request.max_output;
        let (body, _) = write_to(request, model, traits, false).expect("it can be written");
        let found = |key: &str| body.get(key).cloned().unwrap_or_default();
        assert_eq!(found("additionalModelRequestFields"), additional, "{model}");
        assert_eq!(found("outputConfig"), output, "{model}");
        if additional.pointer("/thinking/budget_tokens").is_some() {
            // The limit lies above the budget, so it must be written.
            assert_eq!(
                body["inferenceConfig"]["maxTokens"],
                max_output.unwrap_or(64_000)
            );
        }
    }
}

#[test]
fn what_thinking_rules_out_is_given_up() {
    let mut request = Request {
        tools: vec![tool("f")],
        choice: Some(Choice::Any),
        ..says(vec![user("x")])
    };
    request.thinking.budget = Some(2000);
    request.sampling.temperature = Some(0.5);
    request.sampling.top_k = Some(5);
    let (body, notes) = write_to(request, CLAUDE, Traits::default(), false).expect("written");
    assert_eq!(body["toolConfig"].get("toolChoice"), None);
    assert_eq!(body["inferenceConfig"], json!({"maxTokens": 64_000}));
    let codes: Vec<String> = notes.iter().map(Note::code).collect();
    assert_eq!(
        codes,
        ["drop:temperature", "drop:top_k", "degrade:tool_choice"]
    );
}

#[test]
fn a_turn_without_its_thought_goes_on_without_thinking() {
    let history = |seal: Option<&str>| {
        let thought = seal.map(|seal| {
            Part::new(Kind::Reasoning(Reasoning {
                sealed: Some(Sealed {
                    dialect: Dialect::Bedrock,
                    issuer: Some("bedrock".to_owned()),
                    data: seal.to_owned(),
                }),
                hidden: true,
                ..Reasoning::default()
            }))
        });
        let parts = thought.into_iter().chain([call("1", "f", "{}")]).collect();
        let mut request = says(vec![
            user("a"),
            assistant(parts),
            Message::new(Role::Tool, vec![result("1", "r", false)]),
        ]);
        request.thinking.effort = Some(Effort::Low);
        request
    };
    let body = written(history(Some("c2VhbA==")));
    assert_eq!(
        body["messages"][1]["content"][0],
        json!({"reasoningContent": {"redactedContent": "c2VhbA=="}})
    );
    assert!(body.get("additionalModelRequestFields").is_some());
    assert_eq!(
        written(history(None)).get("additionalModelRequestFields"),
        None
    );
}

#[test]
fn thoughts_of_others_are_left_out() {
    let thought = |sealed| {
        let part = Part::new(Kind::Reasoning(Reasoning {
            text: "hm".to_owned(),
            sealed,
            ..Reasoning::default()
        }));
        says(vec![
            user("a"),
            assistant(vec![part, Part::text("b")]),
            user("c"),
        ])
    };
    let foreign = Sealed {
        dialect: Dialect::Bedrock,
        issuer: Some("another".to_owned()),
        data: "sig".to_owned(),
    };
    for sealed in [None, Some(foreign)] {
        let request = thought(sealed);
        let (body, notes) = write_to(request, CLAUDE, Traits::default(), false).expect("written");
        assert_eq!(body["messages"][1]["content"], json!([{"text": "b"}]));
        assert_eq!(notes[0].code(), "drop:messages.reasoning");
    }
}

#[test]
fn a_schema_travels_as_text() {
    let schema = json!({"type": "object", "properties": {"b": {}, "a": {}}});
    let request = |format| Request {
        format,
        ..says(vec![user("x")])
    };
    let asked = Format::Schema {
        name: Some("answer".to_owned()),
        description: None,
        schema: schema.clone(),
        strict: Some(true),
    };
    assert_eq!(
        written(request(asked.clone()))["outputConfig"],
        json!({"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {
            "schema": schema.to_string(), "name": "answer"}}}})
    );
    assert_eq!(refused(request(Format::Json)), "response_format");
    let cannot = Traits {
        json_schema: Some(false),
        ..Traits::default()
    };
    let refused = write_to(request(asked), CLAUDE, cannot, false).expect_err("it is refused");
    assert_eq!(refused.what, "response_format");
}

#[test]
fn what_changes_the_answer_is_refused_and_hints_are_noted() {
    type Set = fn(&mut Request);
    let refusals: [(Set, &str); 4] = [
        (|r| r.candidates = Some(2), "n"),
        (|r| r.logprobs = Some(0), "logprobs"),
        (
            |r| r.previous = Some("resp".to_owned()),
            "previous_response_id",
        ),
        (
            |r| {
                r.messages.push(assistant(vec![Part {
                    extras: Extras::by(Dialect::Anthropic),
                    ..Part::new(Kind::Opaque(json!({"type": "server_tool_use"})))
                }]));
            },
            "messages.server_tool_use",
        ),
    ];
    for (set, what) in refusals {
        let mut request = says(vec![user("x")]);
        set(&mut request);
        assert_eq!(refused(request.clone()), what);
        let codes = codes(write_to(request, CLAUDE, Traits::default(), true));
        assert!(codes.contains(&format!("drop:{what}")), "{codes:?}");
    }
    let hints: [(Set, &[&str]); 9] = [
        (|r| r.candidates = Some(1), &[]),
        (|r| r.sampling.seed = Some(1), &["drop:seed"]),
        (
            |r| r.sampling.presence_penalty = Some(1.0),
            &["drop:presence_penalty"],
        ),
        (
            |r| r.verbosity = Some("low".to_owned()),
            &["drop:verbosity"],
        ),
        (|r| r.store = Some(false), &[]),
        (
            |r| r.tier = Some("ultrafast".to_owned()),
            &["drop:service_tier"],
        ),
        (
            |r| r.end_user = Some("{\"a\":1}".to_owned()),
            &["drop:metadata"],
        ),
        (|r| r.extras = extras("background", json!(false)), &[]),
        (
            |r| r.extras = extras("user_location", json!("x")),
            &["drop:user_location"],
        ),
    ];
    for (set, expected) in hints {
        let mut request = says(vec![user("x")]);
        set(&mut request);
        assert_eq!(
            codes(write_to(request, CLAUDE, Traits::default(), false)),
            expected
        );
    }
}

fn extras(key: &str, value: Value) -> Extras {
    Extras::of(Dialect::OpenAi, Map::from_iter([(key.to_owned(), value)]))
}
