use serde_json::{Value, json};

use super::*;
use crate::hub::{Quirks, Traits};
use crate::{Endpoint, read_request, write_request};

/// Long enough for every cache, by the count of whoever asks.
const LONG: u64 = 5_000;

fn target<'a>(dialect: Dialect, model: &'a str, quirks: &'a Quirks) -> Target<'a> {
    Target {
        dialect,
        hosting: Hosting::Own,
        provider: "acme",
        model,
        quirks,
        traits: Traits::default(),
        max_output: Some(8_192),
    }
}

fn taking() -> Quirks {
    Quirks {
        cache_hints: true,
        ..Quirks::default()
    }
}

fn read(body: &Value) -> Request {
    let bytes = serde_json::to_vec(body).expect("JSON");
    read_request(Endpoint::ChatCompletions, &bytes, None).expect("a request")
}

/// The request as it is written for a target, with hints; and whether there were any.
fn written(body: &Value, target: &Target<'_>, tokens: u64) -> (Value, bool) {
    let mut request = read(body);
    let hinted = hint(&mut request, target, tokens);
    let outgoing = write_request(request, target, false).expect("it can be written");
    let notes: Vec<_> = outgoing.notes.iter().map(|note| &note.what).collect();
    assert!(
        !notes.iter().any(|what| what.contains("cache")),
        "a hint is no loss: {notes:?}"
    );
    (
        serde_json::from_slice(&outgoing.body).expect("JSON"),
        hinted,
    )
}

/// An agent's third turn: two questions, calls and their results in between.
fn agents_turn() -> Value {
    json!({"model": "m", "max_tokens": 100, "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Look."},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}},
            {"id": "call_2", "type": "function", "function": {"name": "look", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "a cat"},
        {"role": "tool", "tool_call_id": "call_2", "content": "a dog"},
        {"role": "assistant", "content": "A cat and a dog."},
        {"role": "user", "content": [
            {"type": "text", "text": "And now?"}, {"type": "text", "text": "Look again."}]}],
        "tools": [
            {"type": "function", "function": {"name": "walk", "parameters": {"type": "object"}}},
            {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]})
}

/// Where marks stand, as paths.
fn marks(body: &Value, mark: &str) -> Vec<String> {
    fn walk(value: &Value, mark: &str, path: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    match key == mark {
                        true => found.push(path.to_owned()),
                        false => walk(value, mark, &format!("{path}/{key}"), found),
                    }
                }
            }
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    walk(item, mark, &format!("{path}/{at}"), found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(body, mark, "", &mut found);
    found.sort();
    found
}

#[test]
fn the_ends_of_tools_system_text_and_turns_are_marked() {
    let plain = Quirks::default();
    let messages = target(Dialect::Anthropic, "claude", &plain);
    let (body, hinted) = written(&agents_turn(), &messages, LONG);
    assert!(hinted);
    assert_eq!(
        marks(&body, "cache_control"),
        [
            "/messages/2/content/1",
            "/messages/4/content/1",
            "/system/1",
            "/tools/1"
        ]
    );
    assert_eq!(
        body["tools"][1]["cache_control"],
        json!({"type": "ephemeral"})
    );

    let converse = target(Dialect::Bedrock, "anthropic.claude-x", &plain);
    let (body, hinted) = written(&agents_turn(), &converse, LONG);
    assert!(hinted);
    assert_eq!(
        marks(&body, "cachePoint"),
        [
            "/messages/2/content/2",
            "/messages/4/content/2",
            "/system/2",
            "/toolConfig/tools/2"
        ]
    );
}

#[test]
fn what_was_marked_last_time_is_marked_this_time() {
    let plain = Quirks::default();
    let messages = target(Dialect::Anthropic, "claude", &plain);
    let mut before = agents_turn();
    let turns = before["messages"].as_array_mut().expect("messages");
    turns.truncate(6);
    let (before, _) = written(&before, &messages, LONG);
    let (after, _) = written(&agents_turn(), &messages, LONG);
    // The last mark of the request before, which all that is new comes behind.
    let end = "/messages/2/content/1";
    assert!(
        marks(&before, "cache_control")
            .iter()
            .any(|mark| mark == end)
    );
    assert!(
        marks(&after, "cache_control")
            .iter()
            .any(|mark| mark == end)
    );
    assert_eq!(before.pointer(end), after.pointer(end));
}

#[test]
fn models_that_take_no_marks_get_none() {
    let plain = Quirks::default();
    for (model, tools) in [("amazon.nova-pro-v1:0", true), ("meta.llama4", false)] {
        let target = target(Dialect::Bedrock, model, &plain);
        let (body, hinted) = written(&agents_turn(), &target, LONG);
        assert_eq!(hinted, tools, "{model}");
        assert!(!body["toolConfig"].to_string().contains("cachePoint"));
    }
    let refusing = Quirks {
        refuses: vec!["cache_control".to_owned(), "prompt_cache_key".to_owned()],
        ..taking()
    };
    for dialect in [Dialect::Anthropic, Dialect::OpenAi, Dialect::Responses] {
        let target = target(dialect, "m", &refusing);
        assert!(
            !hint(&mut read(&agents_turn()), &target, LONG),
            "{dialect:?}"
        );
    }
}

#[test]
fn a_short_prompt_gets_no_hint() {
    let quirks = taking();
    for (dialect, cache_from, tokens, hinted) in [
        (Dialect::Anthropic, None, 1_023, false),
        (Dialect::Anthropic, None, 1_024, true),
        (Dialect::Anthropic, Some(4_096), 4_095, false),
        (Dialect::Anthropic, Some(512), 512, true),
        (Dialect::OpenAi, None, 1_023, false),
        (Dialect::Responses, None, 1_024, true),
        (Dialect::Gemini, None, LONG, false),
        (Dialect::Ollama, None, LONG, false),
        (Dialect::Cohere, None, LONG, false),
    ] {
        let mut target = target(dialect, "m", &quirks);
        target.traits.cache_from = cache_from;
        let (request, mut after) = (read(&agents_turn()), read(&agents_turn()));
        assert_eq!(
            hint(&mut after, &target, tokens),
            hinted,
            "{dialect:?} {tokens}"
        );
        assert_eq!(request != after, hinted, "{dialect:?} {tokens}");
    }
}

#[test]
fn a_callers_own_mark_is_left_alone() {
    let plain = Quirks::default();
    for place in [
        "/messages/0/content",
        "/messages/4/content",
        "/messages/7/content",
    ] {
        let mut body = agents_turn();
        let content = body.pointer_mut(place).expect("a place");
        *content =
            json!([{"type": "text", "text": "marked", "cache_control": {"type": "ephemeral"}}]);
        let messages = target(Dialect::Anthropic, "claude", &plain);
        let mut request = read(&body);
        assert!(!hint(&mut request, &messages, LONG), "{place}");
        assert_eq!(request, read(&body), "{place}");
    }
}

#[test]
fn no_mark_stands_where_vendors_refuse_it() {
    let plain = Quirks::default();
    let messages = target(Dialect::Anthropic, "claude", &plain);
    let body = json!({"model": "m", "max_tokens": 100, "messages": [
        {"role": "system", "content": ""},
        {"role": "user", "content": [{"type": "text", "text": "words"}, {"type": "text", "text": "  "}]},
        {"role": "assistant", "content": "an answer's beginning"}]});
    let mut request = read(&body);
    assert!(hint(&mut request, &messages, LONG));
    let marked: Vec<_> = request
        .messages
        .iter()
        .flat_map(|message| &message.parts)
        .filter(|part| part.cache.is_some())
        .collect();
    assert_eq!(marked.len(), 1);
    assert_eq!(marked[0].kind, Kind::Text("words".to_owned()));
}

#[test]
fn a_conversation_has_one_name_and_another_one_has_another() {
    let quirks = taking();
    let chat = target(Dialect::OpenAi, "gpt", &quirks);
    let responses = target(Dialect::Responses, "gpt", &quirks);
    let key = |body: &Value, target: &Target<'_>| {
        let (body, hinted) = written(body, target, LONG);
        assert!(hinted);
        body["prompt_cache_key"].as_str().expect("a key").to_owned()
    };
    let whole = agents_turn();
    let first = key(&whole, &chat);
    assert_eq!(first.len(), 32);
    assert_eq!(first, key(&whole, &responses), "in either dialect");
    let mut earlier = agents_turn();
    earlier["messages"]
        .as_array_mut()
        .expect("messages")
        .truncate(3);
    assert_eq!(first, key(&earlier, &chat), "at each turn");
    for place in ["/messages/0/content", "/messages/2/content"] {
        let mut other = agents_turn();
        *other.pointer_mut(place).expect("a place") = json!("Other words.");
        assert_ne!(first, key(&other, &chat), "{place}");
    }
    let mut fewer = agents_turn();
    fewer["tools"].as_array_mut().expect("tools").pop();
    assert_ne!(first, key(&fewer, &chat));
}

#[test]
fn a_key_is_given_to_those_only_who_take_it_and_never_in_place_of_the_callers() {
    let (quirks, plain) = (taking(), Quirks::default());
    let unknown = target(Dialect::OpenAi, "gpt", &plain);
    assert!(!hint(&mut read(&agents_turn()), &unknown, LONG));
    let chat = target(Dialect::OpenAi, "gpt", &quirks);
    let mut own = agents_turn();
    own["prompt_cache_key"] = json!("mine");
    let (body, hinted) = written(&own, &chat, LONG);
    assert_eq!((&body["prompt_cache_key"], hinted), (&json!("mine"), false));
}

#[test]
fn a_verbatim_request_gets_one_field_and_keeps_its_bytes() {
    let (quirks, plain) = (taking(), Quirks::default());
    let messages = target(Dialect::Anthropic, "claude", &quirks);
    let body = Bytes::from_static(
        b" { \"messages\":[ {\"role\":\"user\",\"content\":\"caf\\u00e9\"}],\"model\":\"m\"}",
    );
    let hinted = hinted_verbatim(&body, &messages, LONG).expect("a hint");
    let field = r#""cache_control":{"type":"ephemeral"},"#;
    let text = String::from_utf8(hinted.to_vec()).expect("UTF-8");
    assert_eq!(text.replacen(field, "", 1).as_bytes(), &body[..]);
    let read: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(read["cache_control"], json!({"type": "ephemeral"}));

    assert_eq!(hinted_verbatim(&body, &messages, 1_000), None, "too short");
    let unknown = target(Dialect::Anthropic, "claude", &plain);
    assert_eq!(
        hinted_verbatim(&body, &unknown, LONG),
        None,
        "not known to take it"
    );
    let marked = Bytes::from_static(br#"{"model":"m","system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}]}"#);
    assert_eq!(
        hinted_verbatim(&marked, &messages, LONG),
        None,
        "its own mark"
    );
    let told = Bytes::from_static(br#"{"model":"m","system":"what is \"cache_control\"?"}"#);
    assert!(
        hinted_verbatim(&told, &messages, LONG).is_some(),
        "words are no mark"
    );
}

/// A Messages caller's marks, as a target of OpenAI's dialects gets them; and what is noted.
fn carried(dialect: Dialect, takes: bool) -> (Value, Vec<String>) {
    let body = json!({"model": "m", "max_tokens": 100,
        "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
        "messages": [
            {"role": "user", "content": "Look."},
            {"role": "assistant", "content": [
                {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "a cat"}],
                    "cache_control": {"type": "ephemeral"}}]}],
        "tools": [{"name": "look", "input_schema": {"type": "object"}}]});
    let bytes = serde_json::to_vec(&body).expect("JSON");
    let request = read_request(Endpoint::Messages, &bytes, None).expect("a request");
    let quirks = Quirks::default();
    let mut target = target(dialect, "gpt", &quirks);
    target.traits.cache_marks = takes.then_some(true);
    let outgoing = write_request(request, &target, false).expect("it can be written");
    let notes = outgoing.notes.into_iter().map(|note| note.what);
    (
        serde_json::from_slice(&outgoing.body).expect("JSON"),
        notes.filter(|what| what.contains("cache")).collect(),
    )
}

#[test]
fn marks_become_breakpoints_for_models_that_take_them_and_are_noted_for_others() {
    let long = json!({"mode": "explicit", "ttl": "12h"});
    let short = json!({"mode": "explicit"});
    let (body, notes) = carried(Dialect::OpenAi, true);
    assert_eq!(
        body["messages"][0]["content"][0]["prompt_cache_breakpoint"], long,
        "{body}"
    );
    assert_eq!(
        body["messages"][3]["content"][0]["prompt_cache_breakpoint"], short,
        "{body}"
    );
    assert!(notes.is_empty(), "{notes:?}");

    let (body, notes) = carried(Dialect::Responses, true);
    let found = marks(&body, "prompt_cache_breakpoint");
    assert_eq!(found, ["/input/0/content/0", "/input/3/output/0"], "{body}");
    assert!(notes.is_empty(), "{notes:?}");

    for dialect in [Dialect::OpenAi, Dialect::Responses] {
        let (body, notes) = carried(dialect, false);
        assert!(!body.to_string().contains("breakpoint"), "{body}");
        assert_eq!(notes, ["cache_control"]);
    }
}
