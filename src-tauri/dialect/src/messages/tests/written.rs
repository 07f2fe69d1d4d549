//! Requests, written.

use serde_json::json;

use super::{fixtures, read, write, written};
use crate::Dialect;
use crate::hub::{
    CacheMark, Extras, Hosting, Kind, Lifetime, Media, MediaKind, Message, Notes, Part, Quirks,
    Reasoning, Request, Role, Sampling, Sealed, Source, Target, Tool, ToolCall, ToolKind,
    ToolResult, Traits,
};

pub(super) fn message(role: Role, text: &str) -> Message {
    Message::new(role, vec![Part::text(text)])
}

pub(super) fn asking(messages: Vec<Message>) -> Request {
    Request {
        messages,
        max_output: Some(10_000),
        ..Request::default()
    }
}

pub(super) fn hello() -> Request {
    asking(vec![message(Role::User, "hello")])
}

pub(super) fn call(id: &str, arguments: &str) -> Part {
    Part::new(Kind::ToolCall(ToolCall {
        id: id.to_owned(),
        name: "f".to_owned(),
        namespace: None,
        arguments: arguments.to_owned(),
        custom: false,
    }))
}

pub(super) fn result(id: &str) -> Part {
    Part::new(Kind::ToolResult(ToolResult {
        call_id: id.to_owned(),
        name: None,
        parts: vec![Part::text("ok")],
        is_error: false,
        custom: false,
    }))
}

pub(super) fn function(name: &str, strict: Option<bool>) -> Tool {
    Tool {
        kind: ToolKind::Function {
            name: name.to_owned(),
            namespace: None,
            description: None,
            schema: None,
            strict,
        },
        cache: None,
        extras: Extras::default(),
    }
}

#[test]
fn every_fixture_is_written_as_it_was() {
    let traits = Traits {
        mid_system: Some(true),
        ..Traits::default()
    };
    for (name, body) in fixtures() {
        let request = read(body.clone());
        let (out, notes) = written(request.clone(), traits);
        if name == "sampling" {
            assert_eq!(notes, ["drop:top_p"], "{name}");
            continue;
        }
        assert_eq!(notes, [""; 0], "{name}");
        if name == "parallel_results" {
            // Results stand first already, in the caller's order.
            assert_eq!(out["messages"][2], body["messages"][2]);
        }
        assert_eq!(out, body, "{name}");
        assert_eq!(read(out), request, "{name}");
    }
}

#[test]
fn two_system_messages_are_two_blocks() {
    let request = asking(vec![
        message(Role::System, "a"),
        message(Role::Developer, "b"),
        message(Role::User, "c"),
    ]);
    let (body, notes) = written(request, Traits::default());
    assert_eq!(
        body["system"],
        json!([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}])
    );
    assert_eq!(body["messages"], json!([{"role": "user", "content": "c"}]));
    assert_eq!(notes, [""; 0]);
}

#[test]
fn a_developer_in_the_middle_is_tagged_or_kept() {
    let request = || {
        asking(vec![
            message(Role::User, "a"),
            message(Role::Developer, "b"),
            message(Role::Assistant, "c"),
            message(Role::System, "d"),
            message(Role::User, "e"),
        ])
    };
    let (body, notes) = written(request(), Traits::default());
    assert_eq!(
        body["messages"],
        json!([
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "<system>\nb\n</system>"}]},
            {"role": "assistant", "content": "c"},
            {"role": "user", "content": [{"type": "text", "text": "<system>\nd\n</system>"}, {"type": "text", "text": "e"}]},
        ])
    );
    assert_eq!(notes, ["degrade:messages.system"]);
    // Where the model takes them: behind the user, before the model.
    let mid = Traits {
        mid_system: Some(true),
        ..Traits::default()
    };
    let (body, _) = written(request(), mid);
    assert_eq!(
        body["messages"][1],
        json!({"role": "system", "content": "b"})
    );
    assert_eq!(body["messages"][3]["role"], "user");
}

#[test]
fn results_stand_right_behind_their_calls() {
    let request = asking(vec![
        message(Role::User, "go"),
        Message::new(
            Role::Assistant,
            vec![Part::text("  "), call("A", ""), call("B", "{}")],
        ),
        message(Role::System, "note"),
        Message::new(Role::Tool, vec![result("A")]),
        message(Role::User, "and"),
        Message::new(Role::Tool, vec![result("B")]),
    ]);
    let (body, _) = written(request, Traits::default());
    let kinds: Vec<_> = body["messages"][2]["content"]
        .as_array()
        .expect("blocks")
        .iter()
        .map(|block| block["tool_use_id"].as_str().unwrap_or("text"))
        .collect();
    assert_eq!(kinds, ["A", "B", "text", "text"]);
    assert_eq!(body["messages"].as_array().map(Vec::len), Some(3));
}

#[test]
fn empty_text_is_never_written() {
    let request = asking(vec![
        message(Role::User, "go"),
        Message::new(
            Role::Assistant,
            vec![Part::text(""), call("A", "{\"a\":1}")],
        ),
        Message::new(Role::Tool, vec![result("A")]),
        message(Role::Assistant, ""),
        message(Role::User, "on"),
    ]);
    let (body, _) = written(request, Traits::default());
    assert_eq!(
        body["messages"],
        json!([
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "A", "name": "f", "input": {"a": 1}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "A", "content": "ok"}, {"type": "text", "text": "on"}]},
        ])
    );
}

#[test]
fn arguments_that_are_no_object_travel_as_text() {
    for (arguments, expected, noted) in [
        ("", json!({}), false),
        ("{\"a\": [1.5]}", json!({"a": [1.5]}), false),
        ("{\"a\":", json!({"_raw": "{\"a\":"}), true),
        ("[1]", json!({"_raw": "[1]"}), true),
    ] {
        let request = asking(vec![
            message(Role::User, "go"),
            Message::new(Role::Assistant, vec![call("A", arguments)]),
            Message::new(Role::Tool, vec![result("A")]),
        ]);
        let (body, notes) = written(request, Traits::default());
        assert_eq!(body["messages"][1]["content"][0]["input"], expected);
        assert_eq!(!notes.is_empty(), noted);
    }
}

#[test]
fn a_prefill_ends_without_blanks_and_is_refused_where_it_is_not_taken() {
    let request = || {
        asking(vec![
            message(Role::User, "a"),
            message(Role::Assistant, "b \n"),
        ])
    };
    let (body, _) = written(request(), Traits::default());
    assert_eq!(body["messages"][1]["content"], "b");
    let without = Traits {
        prefill: Some(false),
        ..Traits::default()
    };
    assert_eq!(
        write(request(), without).expect_err("it is refused").what,
        "prefill"
    );
    let blank = asking(vec![
        message(Role::User, "a"),
        message(Role::Assistant, " \n"),
    ]);
    let (body, _) = written(blank, Traits::default());
    assert_eq!(body["messages"], json!([{"role": "user", "content": "a"}]));
}

#[test]
fn system_text_alone_becomes_the_question() {
    let (body, notes) = written(asking(vec![message(Role::System, "a")]), Traits::default());
    assert_eq!(body["messages"], json!([{"role": "user", "content": "a"}]));
    assert_eq!(body.get("system"), None);
    assert_eq!(notes, ["degrade:messages.system"]);
}

#[test]
fn media_are_written_or_refused() {
    let media = |kind, source, mime: Option<&str>| {
        let media = Media {
            kind,
            source,
            mime: mime.map(str::to_owned),
            name: None,
            detail: None,
        };
        let part = Part::new(Kind::Media(media));
        asking(vec![Message::new(Role::User, vec![part])])
    };
    let base64 = |text: &str| Source::Base64(text.to_owned());
    use MediaKind::{Audio, Document, Image, Video};
    let taken = [
        (
            media(Image, base64("/9j/AA=="), None),
            json!({"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "/9j/AA=="}}),
        ),
        (
            media(Image, Source::Url("https://e/x".into()), None),
            json!({"type": "image", "source": {"type": "url", "url": "https://e/x"}}),
        ),
        (
            media(Document, base64("aGk="), Some("text/markdown")),
            json!({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "hi"}}),
        ),
    ];
    for (request, expected) in taken {
        let (body, _) = written(request, Traits::default());
        assert_eq!(body["messages"][0]["content"][0], expected);
    }
    let refused = [
        (
            media(Audio, base64("AA=="), Some("audio/wav")),
            "messages.audio",
        ),
        (
            media(Video, base64("AA=="), Some("video/mp4")),
            "messages.video",
        ),
        (
            media(Image, base64("AA=="), Some("image/tiff")),
            "messages.image",
        ),
        (
            media(Image, Source::FileId("f".into(), Dialect::OpenAi), None),
            "messages.image",
        ),
        (
            media(Document, base64("AA=="), Some("application/zip")),
            "messages.file",
        ),
    ];
    for (request, what) in refused {
        assert_eq!(
            write(request, Traits::default())
                .expect_err("it is refused")
                .what,
            what
        );
    }
}

#[test]
fn what_has_no_words_is_noted_or_refused() {
    let request = Request {
        verbosity: Some("low".to_owned()),
        cache_key: Some("k".to_owned()),
        store: Some(true),
        tier: Some("flex".to_owned()),
        metadata: [("a".to_owned(), json!("b"))].into_iter().collect(),
        extras: Extras::of(
            Dialect::OpenAi,
            [("prediction".to_owned(), json!({}))].into_iter().collect(),
        ),
        ..hello()
    };
    let (_, notes) = written(request, Traits::default());
    assert_eq!(
        notes,
        [
            "drop:verbosity",
            "drop:prompt_cache_key",
            "drop:store",
            "drop:metadata",
            "drop:service_tier",
            "drop:prediction"
        ]
    );
    let refused = [
        (
            Request {
                candidates: Some(2),
                ..hello()
            },
            "n",
        ),
        (
            Request {
                logprobs: Some(0),
                ..hello()
            },
            "logprobs",
        ),
        (
            Request {
                previous: Some("r".to_owned()),
                ..hello()
            },
            "previous_response_id",
        ),
    ];
    for (request, what) in refused {
        assert_eq!(
            write(request, Traits::default())
                .expect_err("it is refused")
                .what,
            what
        );
    }
}

#[test]
fn thoughts_of_others_are_never_written() {
    let sealed = |dialect| Sealed {
        dialect,
        issuer: None,
        data: "s".to_owned(),
    };
    let thought = |sealed| {
        Part::new(Kind::Reasoning(Reasoning {
            summary: vec!["a".to_owned(), "b".to_owned()],
            sealed: Some(sealed),
            ..Reasoning::default()
        }))
    };
    let foreign = Sealed {
        issuer: Some("other".to_owned()),
        ..sealed(Dialect::Anthropic)
    };
    let parts = vec![
        thought(sealed(Dialect::Responses)),
        thought(foreign),
        thought(sealed(Dialect::Anthropic)),
        Part::text("x"),
    ];
    let request = asking(vec![
        message(Role::User, "a"),
        Message::new(Role::Assistant, parts),
        message(Role::User, "b"),
    ]);
    let (body, notes) = written(request, Traits::default());
    assert_eq!(
        body["messages"][1]["content"],
        json!([{"type": "thinking", "thinking": "a\n\nb", "signature": "s"}, {"type": "text", "text": "x"}])
    );
    assert_eq!(notes, ["drop:messages.reasoning"]);
}

#[test]
fn marks_are_bounded_and_in_order() {
    let marked = |lifetime, text: &str| Part {
        cache: Some(CacheMark { lifetime }),
        ..Part::text(text)
    };
    use Lifetime::{Long, Short};
    let user: Vec<_> = ["a", "b", "c", "d"].map(|text| marked(Short, text)).into();
    let request = asking(vec![
        Message::new(Role::System, vec![marked(Short, "s")]),
        Message::new(Role::User, user),
        message(Role::Assistant, "x"),
        Message::new(Role::User, vec![marked(Long, "e")]),
    ]);
    let (body, notes) = written(request, Traits::default());
    let mark = json!({"type": "ephemeral"});
    assert_eq!(body["system"][0]["cache_control"], mark);
    let kept: Vec<_> = body["messages"][0]["content"]
        .as_array()
        .expect("blocks")
        .iter()
        .map(|block| block.get("cache_control").is_some())
        .collect();
    assert_eq!(kept, [false, false, true, true]);
    assert_eq!(body["messages"][2]["content"][0]["cache_control"], mark);
    assert_eq!(notes, ["drop:cache_control", "degrade:cache_control.ttl"]);
}

#[test]
fn what_the_hub_can_not_name_returns() {
    let body = json!({
        "model": "claude-sonnet-4-5", "max_tokens": 4096,
        "system": [{"type": "text", "text": "x-anthropic-billing-header: a"}, {"type": "text", "text": "b", "cache_control": {"type": "ephemeral", "scope": "global"}}],
        "messages": [
            {"role": "user", "content": [{"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "a"}]}, "citations": {"enabled": true}}]},
            {"role": "assistant", "content": [
                {"type": "text", "text": "a", "citations": [{"type": "char_location", "cited_text": "a"}]},
                {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
                {"type": "tool_use", "id": "t", "name": "f", "input": {"b": 1, "a": 2}, "caller": {"type": "direct"}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t"}, {"type": "search_result", "source": "s", "title": "t", "content": []}]},
            {"role": "system", "content": "note", "clear_at": "next"}
        ],
        "tools": [{"name": "f", "input_schema": {"type": "object", "properties": {}}, "defer_loading": true}],
        "thinking": {"type": "between_tools"},
        "output_config": {"effort": "low", "task_budget": {"total": 5}},
        "metadata": {"user_id": "u", "more": 1},
        "context_management": {"edits": []}, "container": "c", "mcp_servers": [], "inference_geo": "eu", "speed": "fast",
        "stream": true
    });
    let traits = Traits {
        mid_system: Some(true),
        adaptive_thinking: Some(true),
        ..Traits::default()
    };
    let request = read(body.clone());
    let (out, notes) = written(request.clone(), traits);
    assert_eq!(out, body);
    assert_eq!(notes, [""; 0]);
    assert_eq!(Request { ..read(out) }, request);
}

#[test]
fn fields_a_provider_refuses_are_left_out() {
    let quirks = Quirks {
        refuses: vec!["top_k".to_owned(), "messages".to_owned()],
        ..Quirks::default()
    };
    let target = Target {
        hosting: Hosting::Own,
        ..super::target(&quirks)
    };
    let request = Request {
        sampling: Sampling {
            top_k: Some(1),
            ..Sampling::default()
        },
        ..hello()
    };
    let mut notes = Notes::new(false);
    let body = super::super::write_request(request, &target, &mut notes).expect("it is written");
    assert!(!body.contains_key("top_k") && body.contains_key("messages"));
    assert_eq!(notes.into_vec()[0].code(), "drop:top_k");
}
