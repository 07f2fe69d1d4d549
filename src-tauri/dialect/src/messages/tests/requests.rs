//! Requests, read.

use serde_json::json;

use super::{read, try_read};
use crate::hub::{
    CacheMark, Choice, Effort, Format, Kind, Lifetime, Role, Source, Thinking, ToolKind,
};
use crate::{Dialect, Endpoint};

#[test]
fn two_system_blocks_stay_two_and_keep_their_marks() {
    let request = read(json!({"model": "m", "messages": [], "system": [
        {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        {"type": "text", "text": "b"}]}));
    let long = CacheMark {
        lifetime: Lifetime::Long,
    };
    let marks: Vec<_> = request.messages.iter().map(|m| m.parts[0].cache).collect();
    assert_eq!(marks, [Some(long), None]);
    assert!(request.messages.iter().all(|m| m.role == Role::System));
}

#[test]
fn results_of_tools_become_a_turn_before_the_users_words() {
    let request = read(
        json!({"model": "m", "messages": [{"role": "user", "content": [
        {"type": "text", "text": "first"},
        {"type": "tool_result", "tool_use_id": "B", "content": "2"},
        {"type": "tool_result", "tool_use_id": "A", "content": [{"type": "text", "text": "1"}], "is_error": true},
        {"type": "text", "text": "last"}]}]}),
    );
    let [results, words] = request.messages.as_slice() else {
        panic!("two turns");
    };
    assert_eq!((results.role, words.role), (Role::Tool, Role::User));
    let ids: Vec<_> = results
        .parts
        .iter()
        .map(|part| match &part.kind {
            Kind::ToolResult(result) => (result.call_id.as_str(), result.is_error),
            _ => panic!("a result"),
        })
        .collect();
    assert_eq!(ids, [("B", false), ("A", true)]);
    assert_eq!(words.parts.len(), 2);
}

#[test]
fn system_text_in_the_middle_keeps_its_place() {
    let request = read(json!({"model": "m", "messages": [
        {"role": "user", "content": [
            {"type": "text", "text": "hi"},
            {"type": "mid_conv_system", "content": [{"type": "text", "text": "be brief"}]},
            {"type": "text", "text": "go on"}]},
        {"role": "system", "content": "note"},
        {"role": "assistant", "content": "yes"}]}));
    let roles: Vec<_> = request.messages.iter().map(|m| m.role).collect();
    use Role::{Assistant, System, User};
    assert_eq!(roles, [User, System, User, System, Assistant]);
}

#[test]
fn unknown_blocks_are_opaque_and_unknown_tools_hosted() {
    let search = json!({"type": "search_result", "source": "s", "title": "t", "content": [], "cache_control": {"type": "ephemeral"}});
    let server = json!({"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}});
    let web = json!({"type": "web_search_20250305", "name": "web_search", "max_uses": 2});
    let request = read(json!({"model": "m", "tools": [web], "messages": [
        {"role": "user", "content": [search]}, {"role": "assistant", "content": [server]}]}));
    for (message, value) in request.messages.iter().zip([search, server]) {
        assert_eq!(message.parts[0].kind, Kind::Opaque(value));
        assert_eq!(message.parts[0].extras.owner, Some(Dialect::Anthropic));
    }
    let hosted = ToolKind::Hosted {
        name: "web_search_20250305".to_owned(),
        value: web,
    };
    assert_eq!(request.tools[0].kind, hosted);
}

#[test]
fn thinking_is_read_in_every_form() {
    let thinking =
        |given: serde_json::Value| read(json!({"model": "m", "messages": [], "thinking": given}));
    let plain = Thinking::default();
    let cases = [
        (
            json!({"type": "enabled", "budget_tokens": 2000}),
            Thinking {
                budget: Some(2000),
                ..plain.clone()
            },
        ),
        (
            json!({"type": "adaptive", "display": "omitted"}),
            Thinking {
                on: Some(true),
                shown: Some(false),
                ..plain.clone()
            },
        ),
        (
            json!({"type": "disabled"}),
            Thinking {
                on: Some(false),
                ..plain
            },
        ),
    ];
    for (given, expected) in cases {
        let request = thinking(given);
        assert_eq!(request.thinking, expected);
        assert!(request.extras.fields.is_empty());
    }
    for unknown in [
        json!({"type": "between_tools"}),
        json!({"type": "adaptive", "new": 1}),
    ] {
        let request = thinking(unknown.clone());
        assert_eq!(request.extras.fields["thinking"], unknown);
    }
}

#[test]
fn output_config_is_taken_apart() {
    let request = read(json!({"model": "m", "messages": [], "output_config": {
        "effort": "xhigh", "task_budget": {"type": "tokens", "total": 1},
        "format": {"type": "json_schema", "schema": {"type": "object"}}}}));
    assert_eq!(request.thinking.effort, Some(Effort::XHigh));
    assert!(matches!(
        request.format,
        Format::Schema {
            strict: Some(true),
            ..
        }
    ));
    assert_eq!(
        request.extras.fields["output_config"],
        json!({"task_budget": {"type": "tokens", "total": 1}})
    );
}

#[test]
fn documents_are_read_and_odd_ones_stay_whole() {
    let read_one = |source: serde_json::Value| {
        let block = json!({"type": "document", "source": source, "title": "t", "context": "c"});
        let request =
            read(json!({"model": "m", "messages": [{"role": "user", "content": [block]}]}));
        request.messages[0].parts[0].kind.clone()
    };
    let listed = json!({"type": "content", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]});
    let cases = [
        (
            json!({"type": "text", "media_type": "text/plain", "data": "x"}),
            Source::Text("x".into()),
        ),
        (
            json!({"type": "url", "url": "https://e/x.pdf"}),
            Source::Url("https://e/x.pdf".into()),
        ),
        (
            json!({"type": "file", "file_id": "f"}),
            Source::FileId("f".into(), Dialect::Anthropic),
        ),
        (listed, Source::Text("a\nb".into())),
    ];
    for (source, expected) in cases {
        let Kind::Media(media) = read_one(source) else {
            panic!("a document");
        };
        assert_eq!((media.source, media.name.as_deref()), (expected, Some("t")));
    }
    assert!(matches!(
        read_one(json!({"type": "s3", "uri": "x"})),
        Kind::Opaque(_)
    ));
}

#[test]
fn choices_and_counting_requests_are_read() {
    let body = json!({"model": "m", "messages": [], "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": true}});
    let serde_json::Value::Object(body) = body else {
        panic!("an object");
    };
    let request = super::super::read_request(Endpoint::CountTokens, body).expect("it is valid");
    assert_eq!(request.choice, Some(Choice::Tool("f".to_owned())));
    assert_eq!((request.parallel, request.max_output), (Some(false), None));
}

#[test]
fn a_fault_names_its_field_and_never_what_was_said() {
    let cases = [
        (json!({"messages": "secret"}), "messages is not a list."),
        (json!({}), "messages is not a list."),
        (
            json!({"messages": ["secret"]}),
            "messages[0] is not a JSON object.",
        ),
        (
            json!({"messages": [{"role": "secret", "content": "x"}]}),
            "messages[0].role is not `user`, `assistant` or `system`.",
        ),
        (
            json!({"messages": [{"role": "user", "content": 7}]}),
            "messages[0].content is not a string or a list of blocks.",
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"text": "secret"}]}]}),
            "messages[0].content[0].type is not a string.",
        ),
        (
            json!({"messages": [{"role": "user", "content": ["secret"]}]}),
            "messages[0].content[0] is not a JSON object.",
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text"}]}]}]}),
            "messages[0].content[0].content[0].text is not a string.",
        ),
        (
            json!({"messages": [{"role": "assistant", "content": [{"type": "tool_use", "id": 1}]}]}),
            "messages[0].content[0].id is not a string.",
        ),
        (
            json!({"messages": [], "max_tokens": -1}),
            "max_tokens is not a whole number.",
        ),
        (
            json!({"messages": [], "tools": [{"input_schema": {}}]}),
            "tools[0].name is not a string.",
        ),
        (
            json!({"messages": [], "system": 1}),
            "system is not a string or a list of blocks.",
        ),
        (
            json!({"messages": [], "stop_sequences": [1]}),
            "stop_sequences is not a list of strings.",
        ),
    ];
    for (body, expected) in cases {
        let fault = try_read(body).expect_err("it is malformed");
        assert_eq!(fault.to_string(), expected);
    }
}
