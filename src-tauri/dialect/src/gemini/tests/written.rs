//! Requests of other dialects, written for Google.

use serde_json::{Value, json};

use super::{write, write_for};
use crate::Dialect;
use crate::hub::{
    CacheMark, Choice, Effort, Extras, Format, Kind, Lifetime, Media, MediaKind, Message, Part,
    Reasoning, Request, Role, Sealed, Source, Thinking, Tool, ToolCall, ToolKind, ToolResult,
};

fn said(role: Role, text: &str) -> Message {
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

fn result(id: &str, name: Option<&str>, parts: Vec<Part>, is_error: bool) -> Part {
    Part::new(Kind::ToolResult(ToolResult {
        call_id: id.to_owned(),
        name: name.map(str::to_owned),
        parts,
        is_error,
        custom: false,
    }))
}

fn picture(source: Source, mime: Option<&str>) -> Part {
    Part::new(Kind::Media(Media {
        kind: MediaKind::Image,
        source,
        mime: mime.map(str::to_owned),
        name: None,
        detail: Some("high".to_owned()),
    }))
}

fn talk(messages: Vec<Message>) -> Request {
    Request {
        messages,
        ..Request::default()
    }
}

fn function(schema: Value) -> Tool {
    Tool {
        kind: ToolKind::Function {
            name: "f".to_owned(),
            namespace: None,
            description: None,
            schema: Some(schema),
            strict: Some(true),
        },
        cache: None,
        extras: Extras::default(),
    }
}

/// Edge cases 3, 4 and 40.
#[test]
fn system_text_leads_or_is_marked() {
    let mut named = said(Role::User, "Hi");
    named.name = Some("Ada".to_owned());
    let (body, notes) = write_for(
        "gemini-3-flash",
        talk(vec![
            said(Role::System, "a"),
            said(Role::Developer, "b"),
            named,
            said(Role::Developer, "c"),
        ]),
    );
    assert_eq!(
        body.expect("written"),
        json!({
            "contents": [{"role": "user", "parts": [{"text": "Hi"}, {"text": "<system>\nc\n</system>"}]}],
            "systemInstruction": {"parts": [{"text": "a"}, {"text": "b"}]},
        })
    );
    assert_eq!(notes, ["drop:messages.name", "degrade:messages.system"]);
}

/// Edge cases 2, 7, 9, 11 and 43.
#[test]
fn calls_from_elsewhere_are_written() {
    let (body, notes) = write_for(
        "gemini-3-pro",
        talk(vec![
            said(Role::User, "go"),
            Message::new(
                Role::Assistant,
                vec![call("t1", "a", "{\"x\":1}"), call("t2", "b", "not json")],
            ),
            Message::new(
                Role::Tool,
                vec![
                    result(
                        "t1",
                        Some("a"),
                        vec![Part::text("one"), Part::text("two")],
                        false,
                    ),
                    result("t2", None, vec![Part::text("bad")], true),
                ],
            ),
            Message::new(Role::Assistant, vec![call("t3", "a", "")]),
            Message::new(
                Role::Tool,
                vec![result(
                    "t3",
                    Some("a"),
                    vec![Part::text("{\"ok\":true}")],
                    false,
                )],
            ),
        ]),
    );
    assert_eq!(
        body.expect("written")["contents"],
        json!([
            {"role": "user", "parts": [{"text": "go"}]},
            {"role": "model", "parts": [
                {"functionCall": {"id": "t1", "name": "a", "args": {"x": 1}}, "thoughtSignature": "skip_thought_signature_validator"},
                {"functionCall": {"id": "t2", "name": "b", "args": {"_raw": "not json"}}}]},
            {"role": "user", "parts": [
                {"functionResponse": {"id": "t1", "name": "a", "response": {"result": "one\ntwo"}}},
                {"functionResponse": {"id": "t2", "name": "t2", "response": {"error": "bad"}}}]},
            {"role": "model", "parts": [
                {"functionCall": {"id": "t3", "name": "a", "args": {}}, "thoughtSignature": "skip_thought_signature_validator"}]},
            {"role": "user", "parts": [{"functionResponse": {"id": "t3", "name": "a", "response": {"ok": true}}}]},
        ])
    );
    assert_eq!(notes, ["degrade:tool_result.name", "degrade:tool_calls"]);
}

#[test]
fn signatures_return_and_older_models_need_none() {
    let seal = || Sealed {
        dialect: Dialect::Gemini,
        issuer: Some("google".to_owned()),
        data: "c2ln".to_owned(),
    };
    let mut signed = call("t1", "a", "{}");
    signed.sealed = Some(seal());
    let thought = Part::new(Kind::Reasoning(Reasoning {
        text: "hm".to_owned(),
        sealed: Some(seal()),
        ..Reasoning::default()
    }));
    let hidden = Part::new(Kind::Reasoning(Reasoning {
        sealed: Some(seal()),
        hidden: true,
        ..Reasoning::default()
    }));
    let body = write(talk(vec![Message::new(
        Role::Assistant,
        vec![thought, hidden, signed],
    )]));
    assert_eq!(
        body["contents"][0]["parts"],
        json!([
            {"text": "hm", "thought": true, "thoughtSignature": "c2ln"},
            {"text": "", "thoughtSignature": "c2ln"},
            {"functionCall": {"id": "t1", "name": "a", "args": {}}, "thoughtSignature": "c2ln"},
        ])
    );
    let unsigned = talk(vec![Message::new(
        Role::Assistant,
        vec![call("t1", "a", "{}")],
    )]);
    for (model, signs) in [
        ("gemini-2.5-pro", false),
        ("gemini-4-argon", true),
        ("models/gemini-flash-latest", true),
        ("gemma-3-27b", false),
    ] {
        let body = write_for(model, unsigned.clone()).0.expect("written");
        let part = &body["contents"][0]["parts"][0];
        assert_eq!(part.get("thoughtSignature").is_some(), signs, "{model}");
    }
}

/// Edge case 1: pictures in results.
#[test]
fn pictures_in_results_find_a_place() {
    let request = talk(vec![Message::new(
        Role::Tool,
        vec![result(
            "t1",
            Some("a"),
            vec![
                Part::text("see"),
                picture(Source::Base64("/9j/AA==".to_owned()), None),
            ],
            false,
        )],
    )]);
    let (new, _) = write_for("gemini-3-pro", request.clone());
    let image = json!({"inlineData": {"mimeType": "image/jpeg", "data": "/9j/AA=="}});
    assert_eq!(
        new.expect("written")["contents"][0]["parts"],
        json!([{"functionResponse": {"id": "t1", "name": "a", "response": {"result": "see"}, "parts": [image]}}])
    );
    let (old, notes) = write_for("gemini-2.5-flash", request);
    assert_eq!(
        old.expect("written")["contents"][0]["parts"],
        json!([{"functionResponse": {"id": "t1", "name": "a", "response": {"result": "see"}}}, image])
    );
    assert_eq!(
        notes,
        ["drop:image_url.detail", "rewrite:tool_result.image"]
    );
}

/// Edge case 30.
#[test]
fn media_are_written_by_place() {
    let parts = vec![
        picture(Source::Url("https://example.com/a.webp".to_owned()), None),
        picture(Source::Url("https://example.com/a".to_owned()), None),
        picture(Source::Text("words".to_owned()), None),
    ];
    let (body, notes) = write_for("gemini-3-pro", talk(vec![Message::new(Role::User, parts)]));
    assert_eq!(
        body.expect("written")["contents"][0]["parts"],
        json!([
            {"fileData": {"mimeType": "image/webp", "fileUri": "https://example.com/a.webp"}},
            {"fileData": {"fileUri": "https://example.com/a"}},
            {"text": "words"},
        ])
    );
    assert_eq!(
        notes,
        [
            "drop:image_url.detail",
            "degrade:image_url",
            "rewrite:document"
        ]
    );
    let foreign = picture(Source::FileId("file-1".to_owned(), Dialect::OpenAi), None);
    let (refused, _) = write_for(
        "gemini-3-pro",
        talk(vec![Message::new(Role::User, vec![foreign])]),
    );
    assert_eq!(refused.expect_err("refused").what, "file_id");
}

#[test]
fn thinking_is_a_level_or_a_budget() {
    let thinking = |effort, budget, on| Thinking {
        effort,
        budget,
        on,
        shown: None,
    };
    let cases: Vec<(&str, Thinking, Value)> = vec![
        (
            "gemini-3-flash",
            thinking(Some(Effort::None), None, None),
            json!({"thinkingLevel": "MINIMAL"}),
        ),
        (
            "gemini-3-pro",
            thinking(None, None, Some(false)),
            json!({"thinkingLevel": "LOW"}),
        ),
        (
            "gemini-3.1-flash",
            thinking(Some(Effort::XHigh), None, None),
            json!({"thinkingLevel": "HIGH"}),
        ),
        (
            "gemini-4-argon",
            thinking(Some(Effort::Max), None, None),
            json!({"thinkingLevel": "XHIGH"}),
        ),
        (
            "gemini-3-flash",
            thinking(None, Some(2_000), Some(true)),
            json!({"thinkingBudget": 2_000}),
        ),
        (
            "gemini-2.5-flash",
            thinking(Some(Effort::Medium), None, None),
            json!({"thinkingBudget": 8_192}),
        ),
        (
            "gemini-2.5-flash",
            thinking(Some(Effort::Max), None, None),
            json!({"thinkingBudget": 24_576}),
        ),
        (
            "gemini-2.5-flash",
            thinking(Some(Effort::None), None, None),
            json!({"thinkingBudget": 0}),
        ),
        (
            "gemini-2.5-pro",
            thinking(Some(Effort::None), None, None),
            json!({"thinkingBudget": 128}),
        ),
        (
            "gemini-2.5-flash",
            thinking(None, None, Some(true)),
            json!({"thinkingBudget": -1}),
        ),
        (
            "gemini-2.5-flash",
            thinking(None, Some(99_999), None),
            json!({"thinkingBudget": 24_576}),
        ),
    ];
    for (model, thinking, expected) in cases {
        let request = Request {
            thinking,
            ..Request::default()
        };
        let body = write_for(model, request).0.expect("written");
        assert_eq!(
            body["generationConfig"]["thinkingConfig"], expected,
            "{model}"
        );
    }
}

/// Edge cases 26, 27 and 29.
#[test]
fn schemas_fit_the_model() {
    let tree = json!({"type": "object", "properties": {"next": {"$ref": "#"}}});
    let form = |schema: Value| Request {
        format: Format::Schema {
            name: Some("n".to_owned()),
            description: Some("d".to_owned()),
            schema,
            strict: Some(true),
        },
        ..Request::default()
    };
    let new = write(form(json!({"type": "object"})));
    assert_eq!(
        new["generationConfig"],
        json!({"responseMimeType": "application/json", "responseJsonSchema": {"type": "object", "description": "d"}})
    );
    let old = write_for(
        "gemini-2.0-flash",
        form(json!({"type": ["string", "null"], "format": "email"})),
    );
    assert_eq!(
        old.0.expect("written")["generationConfig"]["responseSchema"],
        json!({"description": "d", "type": "STRING", "nullable": true, "format": "email"})
    );
    let refused = write_for("gemini-2.0-flash", form(tree.clone())).0;
    assert_eq!(
        refused.expect_err("refused").what,
        "response_format.json_schema"
    );
    let tools = |schema: Value| Request {
        tools: vec![function(schema)],
        choice: Some(Choice::Auto),
        ..Request::default()
    };
    let (body, notes) = write_for("gemini-2.0-flash", tools(tree));
    assert_eq!(
        body.expect("written")["tools"][0]["functionDeclarations"][0]["parameters"]["properties"]["next"]
            ["type"],
        "OBJECT"
    );
    assert_eq!(
        notes,
        ["degrade:tools.strict", "degrade:tools.parameters.$ref"]
    );
    let empty = write_for(
        "gemini-2.0-flash",
        tools(json!({"type": "object", "properties": {}})),
    )
    .0;
    assert_eq!(
        empty.expect("written")["tools"][0]["functionDeclarations"][0],
        json!({"name": "f"})
    );
    let json_mode = Request {
        format: Format::Json,
        ..Request::default()
    };
    assert_eq!(
        write(json_mode.clone())["generationConfig"],
        json!({"responseMimeType": "application/json"})
    );
    let both = Request {
        tools: vec![function(json!({}))],
        ..json_mode
    };
    assert_eq!(
        write_for("gemini-2.5-pro", both.clone())
            .0
            .expect_err("refused")
            .what,
        "response_format"
    );
    assert!(write_for("gemini-3-pro", both).0.is_ok());
}

/// Edge cases 35, 36, 37 and 44.
#[test]
fn what_gemini_lacks_is_noted() {
    let mut marked = Part::text("a");
    marked.cache = Some(CacheMark {
        lifetime: Lifetime::Short,
    });
    marked.extras = Extras {
        owner: Some(Dialect::Anthropic),
        fields: super::object(json!({"citations": {}})),
    };
    let mut request = Request {
        parallel: Some(false),
        verbosity: Some("low".to_owned()),
        end_user: Some("u".to_owned()),
        metadata: super::object(json!({"a": "b"})),
        cache_key: Some("k".to_owned()),
        store: Some(true),
        tier: Some("scale".to_owned()),
        extras: Extras {
            owner: Some(Dialect::OpenAi),
            fields: super::object(json!({"prediction": {}})),
        },
        ..talk(vec![Message::new(Role::User, vec![marked])])
    };
    request.sampling.logit_bias = super::object(json!({"1": 2}));
    request.sampling.seed = Some(1 << 40);
    let (body, notes) = write_for("gemini-3-pro", request.clone());
    assert_eq!(
        body.expect("written"),
        json!({"contents": [{"role": "user", "parts": [{"text": "a"}]}], "generationConfig": {"seed": 0}})
    );
    assert_eq!(
        notes,
        [
            "drop:parallel_tool_calls",
            "drop:verbosity",
            "drop:user",
            "drop:metadata",
            "drop:prompt_cache_key",
            "drop:store",
            "rewrite:seed",
            "drop:logit_bias",
            "drop:cache_control",
            "drop:messages.content.citations",
            "drop:service_tier",
            "drop:prediction",
        ]
    );
    request.previous = Some("resp_1".to_owned());
    assert_eq!(
        write_for("gemini-3-pro", request)
            .0
            .expect_err("refused")
            .what,
        "previous_response_id"
    );
}

#[test]
fn choices_are_written() {
    let names = || vec!["f".to_owned(), "g".to_owned()];
    let cases = [
        (Choice::Auto, json!({"mode": "AUTO"})),
        (Choice::None, json!({"mode": "NONE"})),
        (Choice::Any, json!({"mode": "ANY"})),
        (
            Choice::Tool("f".to_owned()),
            json!({"mode": "ANY", "allowedFunctionNames": ["f"]}),
        ),
        (
            Choice::Among {
                names: names(),
                required: true,
            },
            json!({"mode": "ANY", "allowedFunctionNames": ["f", "g"]}),
        ),
        (
            Choice::Among {
                names: names(),
                required: false,
            },
            json!({"mode": "VALIDATED", "allowedFunctionNames": ["f", "g"]}),
        ),
    ];
    for (choice, expected) in cases {
        let request = Request {
            tools: vec![function(json!({}))],
            choice: Some(choice),
            ..Request::default()
        };
        assert_eq!(
            write(request)["toolConfig"]["functionCallingConfig"],
            expected
        );
    }
    let toolless = Request {
        choice: Some(Choice::Any),
        ..Request::default()
    };
    assert_eq!(write(toolless).get("toolConfig"), None);
}
