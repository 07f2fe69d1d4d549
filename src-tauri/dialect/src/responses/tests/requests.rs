//! Requests, read and written.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::super::{items_of, write_request};
use super::{object, read, reply_of, target, write, write_with};
use crate::hub::{
    CacheMark, Choice, Effort, Extras, Format, Kind, Lifetime, Media, MediaKind, Message, Notes,
    Part, Quirks, Reasoning, Request, Role, Sealed, Source, Thinking, Tool, ToolCall, ToolKind,
    ToolResult, Traits,
};
use crate::{Dialect, Endpoint};

fn fixtures() -> Vec<(String, Value)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/responses");
    let files = std::fs::read_dir(folder).expect("the fixtures are there");
    let mut fixtures: Vec<_> = files
        .map(|file| {
            let path = file.expect("a file").path();
            let text = std::fs::read_to_string(&path).expect("a text");
            let body = serde_json::from_str(&text).expect("a fixture is JSON");
            (path.display().to_string(), body)
        })
        .collect();
    fixtures.sort_by(|a, b| a.0.cmp(&b.0));
    fixtures
}

#[test]
fn every_feature_comes_back_as_it_was() {
    let fixtures = fixtures();
    assert!(fixtures.len() >= 30, "the fixtures are all there");
    for (name, body) in fixtures {
        let first = read(body.clone()).expect("a fixture can be read");
        let (written, notes) = write(first.clone());
        assert_eq!(written, body, "{name}");
        assert_eq!(notes, Vec::<String>::new(), "{name}");
        assert_eq!(read(written).expect("ours can be read"), first, "{name}");
    }
}

/// What Codex sends: developer items with ids, a namespace, a hosted tool, nothing stored.
#[test]
fn a_codex_request_comes_back_as_it_was() {
    let body = json!({
        "model": "gpt-5.4",
        "input": [
            {"type": "message", "role": "developer", "content": "Be brief.", "id": "msg_019a-dev"},
            {"type": "message", "role": "user", "content": "Go on.", "id": "msg_019a-user"},
            {"type": "reasoning", "summary": [], "encrypted_content": "gAAA"},
            {"type": "function_call", "call_id": "c1", "namespace": "shell", "name": "run",
             "arguments": "{\"cmd\":\"ls\"}", "id": "fc_019a", "status": "completed"},
            {"type": "function_call_output", "call_id": "c1", "output": "a\nb", "id": "fco_1"},
            {"type": "web_search_call", "id": "ws_1", "status": "completed",
             "action": {"type": "search", "query": "q"}},
            {"type": "compaction", "id": "cmp_1", "encrypted_content": "gBBB"},
            {"type": "item_reference", "id": "msg_9"},
            {"type": "configuration_update", "reasoning": {"effort": "low"}},
            {"type": "message", "role": "user", "content": [
                {"type": "input_video", "video_url": "https://example.com/v"},
                {"type": "input_text", "text": "And this?"}]},
        ],
        "tools": [
            {"type": "namespace", "name": "shell", "description": "A shell", "tools": [
                {"type": "function", "name": "run", "parameters": {"type": "object"}, "strict": false},
                {"type": "custom", "name": "patch", "description": "Edits files"}]},
            {"type": "web_search", "external_web_access": true},
            {"type": "image_generation", "output_format": "png"},
        ],
        "tool_choice": "auto",
        "parallel_tool_calls": true,
        "stream": true,
        "reasoning": {"effort": "medium", "summary": "auto"},
        "store": false,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": "thread-1",
        "client_metadata": {"os": "linux"},
        "stream_options": {"include_obfuscation": false},
        "conversation": {"id": "conv_1"},
        "background": true,
        "text": {"verbosity": "low", "format": {"type": "grammar", "definition": "x"}},
    });
    let request = read(body.clone()).expect("it is well formed");
    assert_eq!(request.messages.len(), 10);
    assert_eq!(request.messages[0].role, Role::Developer);
    let (written, notes) = write(request.clone());
    assert_eq!(written, body);
    assert_eq!(notes, Vec::<String>::new());
    assert_eq!(read(written).expect("ours can be read"), request);
}

#[test]
fn what_does_not_come_back_as_it_was_means_the_same() {
    // (as the caller wrote it, as it comes back)
    let cases = [
        (
            json!({"model": "gpt-5.4", "input": "Hi", "temperature": null, "user": "u"}),
            json!({"model": "gpt-5.4", "input": [{"type": "message", "role": "user", "content": "Hi"}],
                "safety_identifier": "u"}),
        ),
        (
            json!({"model": "gpt-5.4", "input": [{"role": "user", "content": [
                {"type": "input_text", "text": "Hi"}]}], "text": {"format": {"type": "text"}}}),
            json!({"model": "gpt-5.4", "input": [{"type": "message", "role": "user", "content": "Hi"}]}),
        ),
        (
            json!({"model": "gpt-5.4", "input": [{"role": "user", "content": [
                {"type": "input_image", "image_url": "https://x/y.png", "file_id": null}]}]}),
            json!({"model": "gpt-5.4", "input": [{"type": "message", "role": "user", "content": [
                {"type": "input_image", "image_url": "https://x/y.png", "detail": "auto"}]}]}),
        ),
        (
            json!({"model": "gpt-5.4", "input": [{"type": "function_call", "call_id": "c",
                "name": "f", "arguments": {"a": 1}, "id": null}]}),
            json!({"model": "gpt-5.4", "input": [{"type": "function_call", "call_id": "c",
                "name": "f", "arguments": "{\"a\":1}"}]}),
        ),
        // Ids of ours are no provider's.
        (
            json!({"model": "gpt-5.4", "input": [
                {"type": "message", "role": "assistant", "id": "msg_0a1b2c_0", "status": "completed",
                 "content": [{"type": "output_text", "text": "Hi", "annotations": [], "logprobs": []}]},
                {"type": "reasoning", "id": "rs_0a1b2c_1", "summary": [], "encrypted_content": "gA"}]}),
            json!({"model": "gpt-5.4", "input": [
                {"type": "message", "role": "assistant", "content": "Hi"},
                {"type": "reasoning", "summary": [], "encrypted_content": "gA"}]}),
        ),
    ];
    for (body, expected) in cases {
        let request = read(body).expect("it is well formed");
        let (written, _) = write(request.clone());
        assert_eq!(written, expected);
        assert_eq!(read(written).expect("ours can be read"), request);
    }
}

#[test]
fn faults_say_where_they_stand() {
    let with = |input: Value| json!({"model": "m", "input": input});
    let cases = [
        (json!({"input": "x"}), "model is missing."),
        (json!({"model": 3}), "model must be a string."),
        (with(json!(3)), "input must be a string or a list of items."),
        (with(json!([3])), "input[0] must be an object."),
        (
            with(json!([{"type": 3}])),
            "input[0].type must be a string.",
        ),
        (with(json!([{}])), "input[0] has neither a type nor a role."),
        (
            with(json!([{"role": "wizard", "content": "x"}])),
            "input[0].role must be \"user\", \"assistant\", \"system\" or \"developer\".",
        ),
        (
            with(json!([{"role": "user"}])),
            "input[0].content is missing.",
        ),
        (
            with(json!([{"role": "user", "content": [{"type": "input_text", "text": 1}]}])),
            "input[0].content[0].text must be a string.",
        ),
        (
            with(json!([{"role": "user", "content": [{"type": "input_image"}]}])),
            "input[0].content[0] has neither an image_url nor a file_id.",
        ),
        (
            with(json!([{"type": "function_call", "name": "f"}])),
            "input[0].call_id is missing.",
        ),
        (
            with(json!([{"type": "function_call_output", "call_id": "c"}])),
            "input[0].output is missing.",
        ),
        (
            json!({"model": "m", "tools": [{"type": "function"}]}),
            "tools[0].name is missing.",
        ),
        (
            json!({"model": "m", "tools": [{"type": "namespace", "name": "n", "tools": [{"name": "x"}]}]}),
            "tools[0].tools[0].type is missing.",
        ),
        (
            json!({"model": "m", "tool_choice": "perhaps"}),
            "tool_choice must be \"auto\", \"none\", \"required\" or an object.",
        ),
        (
            json!({"model": "m", "temperature": "hot"}),
            "temperature must be a number.",
        ),
        (
            json!({"model": "m", "max_output_tokens": -1}),
            "max_output_tokens must be a whole number, zero or more.",
        ),
        (
            json!({"model": "m", "text": {"format": {"type": "json_schema", "name": "x"}}}),
            "text.format.schema is missing.",
        ),
    ];
    for (body, fault) in cases {
        let found = read(body.clone()).expect_err("it is malformed");
        assert_eq!(found.to_string(), fault, "{body}");
    }
}

#[test]
fn counting_needs_no_model() {
    let body = object(json!({"input": "x"}));
    assert!(super::super::read_request(Endpoint::InputTokens, body).is_ok());
}

fn chat(messages: Vec<Message>) -> Request {
    Request {
        model: "ours".to_owned(),
        usage_asked: true,
        messages,
        ..Request::default()
    }
}

fn says(role: Role, text: &str) -> Message {
    Message::new(role, vec![Part::text(text)])
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

fn result(id: &str, parts: Vec<Part>, is_error: bool) -> Part {
    Part::new(Kind::ToolResult(ToolResult {
        call_id: id.to_owned(),
        name: Some("f".to_owned()),
        parts,
        is_error,
        custom: false,
    }))
}

fn image(source: Source) -> Part {
    Part::new(Kind::Media(Media {
        kind: MediaKind::Image,
        source,
        mime: Some("image/png".to_owned()),
        name: None,
        detail: None,
    }))
}

fn function(name: &str, namespace: Option<&str>) -> Tool {
    Tool {
        kind: ToolKind::Function {
            name: name.to_owned(),
            namespace: namespace.map(str::to_owned),
            description: None,
            schema: None,
            strict: None,
        },
        cache: None,
        extras: Extras::default(),
    }
}

#[test]
fn another_dialects_conversation_becomes_items() {
    let mut request = chat(vec![
        says(Role::System, "One."),
        says(Role::System, "Two."),
        says(Role::User, "Look."),
        Message::new(
            Role::Assistant,
            vec![
                Part::text("Looking."),
                call("a", "f", ""),
                call("b", "g", "{\"x\":1}"),
            ],
        ),
        Message::new(
            Role::Tool,
            vec![
                result("b", vec![Part::text("no file")], true),
                result("a", vec![image(Source::Base64("iVBO".to_owned()))], false),
            ],
        ),
        says(Role::Developer, "Be quick."),
    ]);
    request.tools = vec![function("f", None), function("g", Some("box"))];
    request.choice = Some(Choice::Tool("f".to_owned()));
    request.max_output = Some(1);
    request.stream = true;
    let (written, notes) = write(request);
    assert_eq!(
        written,
        json!({
            "model": "gpt-5.4",
            "input": [
                {"type": "message", "role": "system", "content": "One."},
                {"type": "message", "role": "system", "content": "Two."},
                {"type": "message", "role": "user", "content": "Look."},
                {"type": "message", "role": "assistant", "content": "Looking."},
                {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
                {"type": "function_call", "call_id": "b", "name": "g", "arguments": "{\"x\":1}"},
                {"type": "function_call_output", "call_id": "b", "output": "Error: no file"},
                {"type": "function_call_output", "call_id": "a", "output": [
                    {"type": "input_image", "image_url": "data:image/png;base64,iVBO", "detail": "auto"}]},
                {"type": "message", "role": "developer", "content": "Be quick."},
            ],
            "tools": [
                {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}},
                 "strict": false},
                {"type": "namespace", "name": "box", "description": "box", "tools": [
                    {"type": "function", "name": "g", "strict": false,
                     "parameters": {"type": "object", "properties": {}}}]},
            ],
            "tool_choice": {"type": "function", "name": "f"},
            "stream": true,
            "max_output_tokens": 16,
            "store": false,
            "include": ["reasoning.encrypted_content"],
        })
    );
    assert_eq!(
        notes,
        ["degrade:tool_result.is_error", "degrade:max_tokens"]
    );
}

#[test]
fn what_this_api_has_no_field_for_is_noted() {
    let mut request = chat(vec![Message {
        name: Some("ada".to_owned()),
        ..says(Role::User, "Hi")
    }]);
    request.sampling.top_k = Some(4);
    request.sampling.seed = Some(4);
    request.sampling.frequency_penalty = Some(0.1);
    request.sampling.presence_penalty = Some(0.1);
    request.sampling.logit_bias = Map::from_iter([("5".to_owned(), json!(1))]);
    request.sampling.temperature = Some(0.5);
    request.tier = Some("standard_only".to_owned());
    request.end_user = Some("u".repeat(65));
    request.thinking.budget = Some(9000);
    request.extras = Extras::of(
        Dialect::Anthropic,
        Map::from_iter([("container".to_owned(), json!("c"))]),
    );
    let mut cached = Part::text("!");
    cached.cache = Some(CacheMark {
        lifetime: Lifetime::Short,
    });
    request.messages[0].parts.push(cached);
    let fixed = Traits {
        sampling: Some(false),
        ..Traits::default()
    };
    let (written, notes) = write_with(request, &Quirks::default(), fixed).expect("it is taken");
    assert_eq!(
        written,
        json!({
            "model": "gpt-5.4",
            "input": [{"type": "message", "role": "user", "content": [
                {"type": "input_text", "text": "Hi"}, {"type": "input_text", "text": "!"}]}],
            "reasoning": {"effort": "medium"},
            "store": false,
            "service_tier": "default",
            "safety_identifier": "f20e249d15fa4b9f44ba21d154f62e1efa76ddfdce5d25139a33a4787cee5a8b",
            "include": ["reasoning.encrypted_content"],
        })
    );
    assert_eq!(
        notes,
        [
            "drop:messages.name",
            "drop:cache_control",
            "degrade:thinking.budget_tokens",
            "drop:temperature",
            "drop:top_k",
            "drop:seed",
            "drop:frequency_penalty",
            "drop:presence_penalty",
            "drop:logit_bias",
            "rewrite:service_tier",
            "rewrite:user",
            "drop:container",
        ]
    );
}

#[test]
fn what_changes_the_answer_is_refused() {
    let media = |kind, source| {
        Part::new(Kind::Media(Media {
            kind,
            source,
            mime: None,
            name: None,
            detail: None,
        }))
    };
    let url = || Source::Url("https://example.com/x".to_owned());
    let user = |part| chat(vec![Message::new(Role::User, vec![part])]);
    let foreign = Part {
        extras: Extras::by(Dialect::Anthropic),
        ..Part::new(Kind::Opaque(json!({"type": "search_result"})))
    };
    let mut stops = chat(vec![says(Role::User, "x")]);
    stops.stop = vec!["END".to_owned()];
    let mut several = chat(vec![says(Role::User, "x")]);
    several.candidates = Some(2);
    let mut hosted = chat(vec![says(Role::User, "x")]);
    hosted.tools = vec![Tool {
        kind: ToolKind::Hosted {
            name: "bash_20250124".to_owned(),
            value: json!({"type": "bash_20250124"}),
        },
        cache: None,
        extras: Extras::by(Dialect::Anthropic),
    }];
    let drawn = Message::new(Role::Assistant, vec![image(url())]);
    let heard = result("a", vec![media(MediaKind::Audio, url())], false);
    let cases = [
        (
            user(media(MediaKind::Video, url())),
            "messages.content.video",
        ),
        (
            user(media(MediaKind::Audio, url())),
            "messages.content.audio",
        ),
        (
            user(image(Source::FileId("f".to_owned(), Dialect::Anthropic))),
            "messages.content.image",
        ),
        (user(foreign), "messages.content.search_result"),
        (chat(vec![drawn]), "messages.content.image"),
        (
            chat(vec![Message::new(Role::Tool, vec![heard])]),
            "tool_result.audio",
        ),
        (stops, "stop"),
        (several, "n"),
        (hosted, "tools.bash_20250124"),
    ];
    for (request, what) in cases {
        let refused = write_with(request.clone(), &Quirks::default(), Traits::default())
            .expect_err("it is refused");
        assert_eq!(refused.what, what);
        // A caller who accepts losses gets them told.
        let quirks = Quirks::default();
        let mut notes = Notes::new(true);
        write_request(request, &target(&quirks, Traits::default()), &mut notes)
            .expect("losses are accepted");
        assert!(
            notes
                .into_vec()
                .iter()
                .any(|note| note.code() == format!("drop:{what}"))
        );
    }
}

#[test]
fn providers_differ_by_data_alone() {
    let quirks = Quirks {
        refuses: vec!["store".to_owned(), "metadata".to_owned()],
        renames: [("safety_identifier".to_owned(), "user".to_owned())].into(),
        no_developer: true,
        json_object_only: true,
        efforts: vec!["low".to_owned(), "high".to_owned()],
        max_temperature: Some(1.0),
        text_only_content: true,
        ..Quirks::default()
    };
    let mut request = chat(vec![
        says(Role::Developer, "Be brief."),
        says(Role::User, "Hi"),
    ]);
    request.end_user = Some("u".to_owned());
    request.metadata = Map::from_iter([("a".to_owned(), json!("b"))]);
    request.thinking.effort = Some(Effort::Max);
    request.sampling.temperature = Some(1.5);
    request.format = Format::Schema {
        name: None,
        description: None,
        schema: json!({"type": "object"}),
        strict: Some(true),
    };
    let (written, notes) = write_with(request, &quirks, Traits::default()).expect("it is taken");
    assert_eq!(
        written,
        json!({
            "model": "gpt-5.4",
            "input": [
                {"type": "message", "role": "system", "content": "Be brief."},
                {"type": "message", "role": "user", "content": "Hi"},
                {"type": "message", "role": "system", "content":
                    "Answer with one JSON document that follows this JSON Schema:\n{\"type\":\"object\"}"},
            ],
            "text": {"format": {"type": "json_object"}},
            "reasoning": {"effort": "high"},
            "temperature": 1.0,
            "include": ["reasoning.encrypted_content"],
            "user": "u",
        })
    );
    assert_eq!(
        notes,
        [
            "degrade:response_format",
            "degrade:reasoning_effort",
            "degrade:temperature",
            "drop:store",
            "drop:metadata",
        ]
    );
}

#[test]
fn a_model_that_does_not_think_is_not_asked_for_thoughts() {
    let mut request = chat(vec![says(Role::User, "Hi")]);
    request.thinking = Thinking {
        effort: Some(Effort::High),
        ..Thinking::default()
    };
    let traits = Traits {
        reasoning: Some(false),
        ..Traits::default()
    };
    let (written, notes) = write_with(request, &Quirks::default(), traits).expect("it is taken");
    assert_eq!(written.get("reasoning"), None);
    assert_eq!(written.get("include"), None);
    assert_eq!(notes, ["drop:reasoning"]);
}

#[test]
fn log_probabilities_and_custom_tools_of_chat_completions() {
    let mut request = chat(vec![
        says(Role::User, "Hi"),
        Message::new(
            Role::Assistant,
            vec![Part::new(Kind::ToolCall(ToolCall {
                id: "a".to_owned(),
                name: "py".to_owned(),
                namespace: None,
                arguments: "1".to_owned(),
                custom: true,
            }))],
        ),
        Message::new(Role::Tool, vec![result("a", vec![Part::text("1")], false)]),
    ]);
    request.logprobs = Some(2);
    request.tools = vec![Tool {
        kind: ToolKind::Custom {
            name: "py".to_owned(),
            description: None,
            format: Some(
                json!({"type": "grammar", "grammar": {"syntax": "lark", "definition": "x"}}),
            ),
        },
        cache: None,
        extras: Extras::default(),
    }];
    request.choice = Some(Choice::Among {
        names: vec!["py".to_owned()],
        required: false,
    });
    let (written, _) = write(request);
    assert_eq!(written["top_logprobs"], 2);
    assert_eq!(
        written["include"],
        json!([
            "reasoning.encrypted_content",
            "message.output_text.logprobs"
        ])
    );
    assert_eq!(
        written["tools"],
        json!([{"type": "custom", "name": "py",
            "format": {"type": "grammar", "syntax": "lark", "definition": "x"}}])
    );
    assert_eq!(
        written["tool_choice"],
        json!({"type": "allowed_tools", "mode": "auto", "tools": [{"type": "custom", "name": "py"}]})
    );
    assert_eq!(written["input"][2]["type"], "custom_tool_call_output");
}

/// Edge cases 14 and 15: thoughts go back to who can read them, and to nobody else.
#[test]
fn a_foreign_thought_is_never_forged_into_an_item() {
    let thought = |sealed: Option<Sealed>| {
        Part::new(Kind::Reasoning(Reasoning {
            text: "Hm.".to_owned(),
            sealed,
            ..Reasoning::default()
        }))
    };
    let sealed = |dialect, issuer: &str| Sealed {
        dialect,
        issuer: Some(issuer.to_owned()),
        data: "x".to_owned(),
    };
    let foreign = [
        thought(None),
        thought(Some(sealed(Dialect::Anthropic, "anthropic"))),
        thought(Some(sealed(Dialect::Responses, "azure"))),
    ];
    for part in foreign {
        let request = chat(vec![
            says(Role::User, "Hi"),
            Message::new(Role::Assistant, vec![part, call("a", "f", "{}")]),
        ]);
        let (written, notes) = write(request);
        assert_eq!(written["input"].as_array().map(Vec::len), Some(2));
        assert_eq!(notes, ["drop:reasoning"]);
    }
    let own = thought(Some(sealed(Dialect::Responses, "openai")));
    let (written, notes) = write(chat(vec![Message::new(Role::Assistant, vec![own])]));
    assert_eq!(
        written["input"],
        json!([{"type": "reasoning", "summary": [],
            "content": [{"type": "reasoning_text", "text": "Hm."}], "encrypted_content": "x"}])
    );
    assert_eq!(notes, Vec::<String>::new());
}

/// A thought of Anthropic's, shown to a caller of ours and sent back by it.
#[test]
fn a_foreign_thought_comes_back_to_its_issuer() {
    let item = |id: &str, summary: Value, data: &str| json!({"type": "reasoning", "id": id, "summary": summary, "encrypted_content": data});
    let body = json!({"model": "m", "input": [
        item("rs_0a1b2c_0", json!([{"type": "summary_text", "text": "Hm."}]), "sbx1.anthropic.a.SIG"),
        item("rs_0a1b2c_1h", json!([]), "sbx1.anthropic.a.HIDDEN"),
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        item("rs_0a1b2c_3s", json!([]), "sbx1.gemini.g.CALL"),
        {"type": "message", "role": "assistant", "content": "So."},
        item("", json!([]), "sbx1.gemini.g.TEXT"),
    ]});
    let request = read(body).expect("it is well formed");
    let parts: Vec<&Part> = request.messages.iter().flat_map(|m| &m.parts).collect();
    let sealed = |dialect, issuer: &str, data: &str| {
        Some(Sealed {
            dialect,
            issuer: Some(issuer.to_owned()),
            data: data.to_owned(),
        })
    };
    assert_eq!(parts.len(), 4);
    assert_eq!(
        parts[0].kind,
        Kind::Reasoning(Reasoning {
            text: "Hm.".to_owned(),
            sealed: sealed(Dialect::Anthropic, "a", "SIG"),
            ..Reasoning::default()
        })
    );
    assert_eq!(
        parts[1].kind,
        Kind::Reasoning(Reasoning {
            sealed: sealed(Dialect::Anthropic, "a", "HIDDEN"),
            hidden: true,
            ..Reasoning::default()
        })
    );
    assert_eq!(parts[2].sealed, sealed(Dialect::Gemini, "g", "CALL"));
    assert_eq!(parts[3].sealed, sealed(Dialect::Gemini, "g", "TEXT"));
}

#[test]
fn a_stored_reply_goes_on_as_it_was_said() {
    let reply = reply_of(
        json!({"id": "resp_1", "object": "response", "status": "completed", "output": [
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm."}],
             "encrypted_content": "gA"},
            {"type": "message", "id": "msg_1", "role": "assistant", "content": [
                {"type": "output_text", "text": "So.", "annotations": []}]},
            {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}",
             "namespace": "n"},
            {"type": "web_search_call", "id": "ws_1", "status": "completed"},
        ]}),
    );
    let messages = items_of(&reply);
    assert_eq!(messages.len(), 1);
    let (written, _) = write(chat(messages));
    assert_eq!(
        written["input"],
        json!([
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}],
             "encrypted_content": "gA"},
            {"type": "message", "role": "assistant", "content": "So."},
            {"type": "function_call", "call_id": "c1", "namespace": "n", "name": "f", "arguments": "{}"},
            {"type": "web_search_call", "id": "ws_1", "status": "completed"},
        ])
    );
    assert_eq!(items_of(&reply_of(json!({"output": []}))), Vec::new());
}

fn any_json() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "type",
        "role",
        "content",
        "input",
        "message",
        "user",
        "text",
        "input_text",
        "name",
        "function",
        "tools",
        "namespace",
        "call_id",
        "output",
        "reasoning",
        "summary",
        "id",
        "function_call",
        "function_call_output",
        "custom",
        "format",
        "include",
        "tool_choice",
        "allowed_tools",
        "encrypted_content",
        "input_image",
        "image_url",
        "model",
        "schema",
        "instructions",
        "rs_a_1s",
        "json_schema",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        words.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((words.clone(), inner), 0..6).prop_map(|fields| {
                let fields = fields.into_iter();
                Value::Object(fields.map(|(key, value)| (key.to_owned(), value)).collect())
            }),
        ]
    })
}

/// Puts `value` somewhere into a fixture.
fn mutate(body: &mut Value, path: &[prop::sample::Index], value: Value) {
    let inner = match (body, path.split_first()) {
        (Value::Object(map), Some((step, rest))) if !map.is_empty() => {
            let place = step.index(map.len());
            map.values_mut().nth(place).map(|inner| (inner, rest))
        }
        (Value::Array(list), Some((step, rest))) if !list.is_empty() => {
            let place = step.index(list.len());
            list.get_mut(place).map(|inner| (inner, rest))
        }
        (other, _) => {
            *other = value;
            return;
        }
    };
    if let Some((inner, rest)) = inner {
        mutate(inner, rest, value);
    }
}

proptest! {
    #[test]
    fn whatever_a_caller_writes_is_read_or_refused(
        which in any::<prop::sample::Index>(),
        path in prop::collection::vec(any::<prop::sample::Index>(), 1..6),
        value in any_json(),
    ) {
        let mut fixtures = fixtures();
        let at = which.index(fixtures.len());
        let mut body = fixtures.swap_remove(at).1;
        mutate(&mut body, &path, value);
        let Value::Object(body) = body else { return Ok(()) };
        let Ok(first) = super::super::read_request(Endpoint::Responses, body) else {
            return Ok(());
        };
        let Ok((written, _)) = write_with(first.clone(), &Quirks::default(), Traits::default()) else {
            return Ok(());
        };
        let mut expected = first;
        expected.model = "gpt-5.4".to_owned();
        let second = read(written).expect("what we write can be read");
        // Thoughts nobody can read are not written; all else comes back.
        if second.messages.len() == expected.messages.len() {
            prop_assert_eq!(second, expected);
        }
    }

    #[test]
    fn any_json_is_read_or_refused(body in any_json()) {
        if let Value::Object(body) = body
            && let Ok(request) = super::super::read_request(Endpoint::Responses, body)
        {
            let _ = write_with(request, &Quirks::default(), Traits::default());
        }
    }
}
