//! Replies to callers: streams and documents.

use serde_json::json;

use super::*;
use crate::StopReason;
use crate::hub::{Annotation, BlockKind, Logprob, Sealed, Start, ToolCall};

fn open(block: u32, kind: BlockKind) -> Event {
    Event::Open {
        block,
        candidate: 0,
        kind,
    }
}

fn text(block: u32, text: &str) -> Event {
    Event::Delta {
        block,
        text: text.to_owned(),
    }
}

fn stop(stop: StopReason) -> Event {
    Event::Stop {
        candidate: 0,
        stop,
        sequence: None,
    }
}

fn thought(hidden: bool) -> BlockKind {
    BlockKind::Reasoning {
        hidden,
        summary: false,
    }
}

fn call(id: &str, name: &str, custom: bool) -> BlockKind {
    BlockKind::ToolCall(ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        namespace: None,
        arguments: String::new(),
        custom,
    })
}

fn seal(block: u32, dialect: Dialect, data: &str) -> Event {
    Event::Seal {
        block,
        sealed: Sealed {
            dialect,
            issuer: None,
            data: data.to_owned(),
        },
    }
}

fn start() -> Event {
    Event::Start(Start {
        id: Some("msg_1".to_owned()),
        model: Some("claude".to_owned()),
    })
}

/// A reply with everything that goes with a call.
fn row() -> Vec<Event> {
    vec![
        start(),
        Event::Ping,
        open(0, thought(false)),
        text(0, "h\"m"),
        seal(0, Dialect::Anthropic, "AAA"),
        Event::Close { block: 0 },
        open(1, thought(true)),
        seal(1, Dialect::Anthropic, "BBB"),
        Event::Close { block: 1 },
        open(2, BlockKind::Text),
        text(2, "Hi"),
        Event::Annotate {
            block: 2,
            annotation: Annotation::Citation {
                owner: Dialect::Anthropic,
                url: Some("https://x".to_owned()),
                title: None,
                value: json!({"type": "web_search_result_location"}),
            },
        },
        Event::Close { block: 2 },
        open(3, call("t1", "f", false)),
        text(3, "{\"a\""),
        text(3, ":1}"),
        seal(3, Dialect::Gemini, "CCC"),
        Event::Close { block: 3 },
        open(4, call("t2", "g", false)),
        Event::Close { block: 4 },
        open(5, call("t3", "c", true)),
        text(5, "1+1"),
        Event::Close { block: 5 },
        open(
            6,
            BlockKind::Opaque {
                owner: Dialect::Anthropic,
                value: json!({"type": "server_tool_use"}),
            },
        ),
        Event::Close { block: 6 },
        stop(StopReason::ToolCall),
        Event::Usage(Usage {
            input: 1,
            cache_read: 2,
            cache_write: 3,
            cache_write_long: 4,
            output: 5,
            reasoning: 6,
        }),
        Event::End,
    ]
}

#[test]
fn a_stream_is_chunks() {
    let mut asked = writing(Endpoint::ChatCompletions);
    asked.usage_asked = true;
    let mut expected = String::new();
    let head = |model: &str| {
        format!(
            r#"data: {{"id":"chatcmpl-abc","object":"chat.completion.chunk","created":7,"model":"{model}","choices":["#
        )
    };
    for delta in [
        r#"{"role":"assistant","content":""}"#,
        "ping",
        r#"{"reasoning_content":"h\"m"}"#,
        r#"{"reasoning_details":[{"type":"reasoning.text","text":"h\"m","signature":"sbx1.anthropic..AAA","index":0}]}"#,
        r#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"sbx1.anthropic..BBB","index":1}]}"#,
        r#"{"content":"Hi"}"#,
        r#"{"annotations":[{"type":"url_citation","url_citation":{"start_index":0,"end_index":2,"title":"https://x","url":"https://x"}}]}"#,
        r#"{"tool_calls":[{"index":0,"id":"t1","type":"function","function":{"name":"f","arguments":""}}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"arguments":""},"extra_content":{"google":{"thought_signature":"CCC"}}}]}"#,
        r#"{"tool_calls":[{"index":1,"id":"t2","type":"function","function":{"name":"g","arguments":""}}]}"#,
        r#"{"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]}"#,
        r#"{"tool_calls":[{"index":2,"id":"t3","type":"custom","custom":{"name":"c","input":""}}]}"#,
        r#"{"tool_calls":[{"index":2,"custom":{"input":"1+1"}}]}"#,
    ] {
        if delta == "ping" {
            expected.push_str(": ping\n\n");
            continue;
        }
        let choice = format!(
            r#"{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":null}}],"usage":null}}"#
        );
        expected.push_str(&format!("{}{choice}\n\n", head("claude")));
    }
    let last =
        r#"{"index":0,"delta":{},"logprobs":null,"finish_reason":"tool_calls"}],"usage":null}"#;
    expected.push_str(&format!("{}{last}\n\n", head("claude")));
    let counts = r#"],"usage":{"prompt_tokens":10,"completion_tokens":11,"total_tokens":21,"prompt_tokens_details":{"cached_tokens":2,"cache_write_tokens":7},"completion_tokens_details":{"reasoning_tokens":6}}}"#;
    expected.push_str(&format!("{}{counts}\n\ndata: [DONE]\n\n", head("claude")));
    assert_eq!(written(&row(), &asked), expected);
}

#[test]
fn a_whole_reply_is_a_completion() {
    let written = write_reply(&Reply::of(row()), &writing(Endpoint::ChatCompletions));
    let call = |id: &str, name: &str, arguments: &str| json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}});
    let mut signed = call("t1", "f", "{\"a\":1}");
    signed["extra_content"] = json!({"google": {"thought_signature": "CCC"}});
    assert_eq!(
        written,
        json!({
            "id": "chatcmpl-abc", "object": "chat.completion", "created": 7, "model": "claude",
            "choices": [{
                "index": 0,
                "message": {
                    "role": "assistant", "content": "Hi", "refusal": null, "reasoning_content": "h\"m",
                    "reasoning_details": [
                        {"type": "reasoning.text", "text": "h\"m", "signature": "sbx1.anthropic..AAA", "index": 0},
                        {"type": "reasoning.encrypted", "data": "sbx1.anthropic..BBB", "index": 1}],
                    "tool_calls": [signed, call("t2", "g", "{}"),
                        {"id": "t3", "type": "custom", "custom": {"name": "c", "input": "1+1"}}],
                    "annotations": [{"type": "url_citation", "url_citation":
                        {"start_index": 0, "end_index": 2, "title": "https://x", "url": "https://x"}}],
                },
                "logprobs": null, "finish_reason": "tool_calls"}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 11, "total_tokens": 21,
                "prompt_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 7},
                "completion_tokens_details": {"reasoning_tokens": 6}}})
    );
}

#[test]
fn what_a_caller_was_told_it_can_tell_again() {
    let written = write_reply(&Reply::of(row()), &writing(Endpoint::ChatCompletions));
    let message = written["choices"][0]["message"].clone();
    let request = read(json!({"model": "m", "messages": [message]}));
    let seals: Vec<(Dialect, String)> = request.messages[0]
        .parts
        .iter()
        .filter_map(|part| match &part.kind {
            crate::hub::Kind::Reasoning(thought) => thought.sealed.clone(),
            _ => part.sealed.clone(),
        })
        .map(|sealed| (sealed.dialect, sealed.data))
        .collect();
    let seal = |dialect, data: &str| (dialect, data.to_owned());
    assert_eq!(
        seals,
        [
            seal(Dialect::Anthropic, "AAA"),
            seal(Dialect::Anthropic, "BBB"),
            seal(Dialect::Gemini, "CCC")
        ]
    );
}

#[test]
fn usage_is_hidden_from_those_who_did_not_ask() {
    let row = [
        start(),
        Event::Usage(usage(1, 2)),
        stop(StopReason::End),
        Event::End,
    ];
    let written = written(&row, &writing(Endpoint::ChatCompletions));
    assert!(!written.contains("usage"), "{written}");
    assert!(
        written.ends_with("\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"),
        "{written}"
    );
}

#[test]
fn content_is_null_beside_calls_and_refusals_only() {
    let message = |row: Vec<Event>| {
        let reply = Reply::of(row);
        write_reply(&reply, &writing(Endpoint::ChatCompletions))["choices"][0]["message"].clone()
    };
    let calls = message(vec![
        start(),
        open(0, call("t", "f", false)),
        Event::Close { block: 0 },
    ]);
    assert_eq!(
        (&calls["content"], &calls["refusal"]),
        (&Value::Null, &Value::Null)
    );
    let refusal = message(vec![
        start(),
        open(0, BlockKind::Refusal),
        text(0, "No."),
        Event::Close { block: 0 },
    ]);
    assert_eq!(
        (&refusal["content"], &refusal["refusal"]),
        (&Value::Null, &json!("No."))
    );
    assert_eq!(message(vec![start()])["content"], "");
}

#[test]
fn stop_words() {
    let word = |reason: StopReason| {
        let reply = Reply::of([start(), stop(reason)]);
        write_reply(&reply, &writing(Endpoint::ChatCompletions))["choices"][0]["finish_reason"]
            .clone()
    };
    assert_eq!(word(StopReason::StopSequence), "stop");
    assert_eq!(word(StopReason::Refusal), "stop");
    assert_eq!(word(StopReason::ContextFull), "length");
    assert_eq!(word(StopReason::Filtered), "content_filter");
}

#[test]
fn own_extras_return_and_others_stay_away() {
    let extra = |owner, key: &str| Event::Extra {
        owner,
        key: key.to_owned(),
        value: "v".into(),
    };
    let row = [
        start(),
        extra(Dialect::OpenAi, "system_fingerprint"),
        extra(Dialect::Responses, "service_tier"),
        extra(Dialect::Anthropic, "container"),
        stop(StopReason::End),
        Event::End,
    ];
    let stream = written(&row, &writing(Endpoint::ChatCompletions));
    assert!(
        stream.contains(r#""system_fingerprint":"v","service_tier":"v","choices""#),
        "{stream}"
    );
    assert!(!stream.contains("container"));
    let whole = write_reply(&Reply::of(row), &writing(Endpoint::ChatCompletions));
    assert_eq!(whole["service_tier"], "v");
    assert_eq!(whole.get("container"), None);
}

#[test]
fn several_answers_begin_each_with_its_role() {
    let second = |kind| Event::Open {
        block: 1,
        candidate: 1,
        kind,
    };
    let row = [
        start(),
        second(BlockKind::Text),
        text(1, "x"),
        Event::Close { block: 1 },
    ];
    let written = written(&row, &writing(Endpoint::ChatCompletions));
    let roles = written.matches(r#""role":"assistant""#).count();
    assert_eq!(roles, 2);
    assert!(
        written.contains(r#"{"index":1,"delta":{"content":"x"}"#),
        "{written}"
    );
}

#[test]
fn logprobs_are_told() {
    let tokens = Annotation::Logprobs(vec![Logprob {
        token: "x".to_owned(),
        logprob: -0.5,
        top: vec![("y".to_owned(), -1.5)],
    }]);
    let row = [
        start(),
        open(0, BlockKind::Text),
        text(0, "x"),
        Event::Annotate {
            block: 0,
            annotation: tokens,
        },
        Event::Close { block: 0 },
    ];
    let expected = json!({"content": [{"token": "x", "logprob": -0.5, "bytes": null,
        "top_logprobs": [{"token": "y", "logprob": -1.5, "bytes": null}]}], "refusal": null});
    let stream = written(&row, &writing(Endpoint::ChatCompletions));
    assert!(
        stream.contains(&format!(r#""delta":{{}},"logprobs":{expected}"#)),
        "{stream}"
    );
    let whole = write_reply(&Reply::of(row), &writing(Endpoint::ChatCompletions));
    assert_eq!(whole["choices"][0]["logprobs"], expected);
}

/// Not a benchmark, but a bound that a tree of values in the way would break in a release build.
#[test]
#[ignore = "timing: run by hand, in release"]
fn a_chunk_is_cheap() {
    let chunk = json!({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "system_fingerprint": "fp",
        "choices": [{"index": 0, "delta": {"content": " some words"}, "logprobs": null, "finish_reason": null}]});
    let bytes = format!("data: {chunk}\n\n").into_bytes();
    let mut frames = Frames::new(Framing::Sse);
    let (mut reader, mut events) = (Reader::default(), Vec::new());
    let mut writer = Writer::new(writing(Endpoint::ChatCompletions));
    let mut out = Vec::new();
    const ROUNDS: u32 = 40_000;
    // The best of five: others use the machine too.
    let mut best = std::time::Duration::MAX;
    for _ in 0..5 {
        let begun = std::time::Instant::now();
        for _ in 0..ROUNDS {
            frames
                .feed(&bytes, |frame| reader.frame(frame, &mut events))
                .expect("short");
            out.clear();
            for event in events.drain(..) {
                writer.event(&event, &mut out);
            }
        }
        best = best.min(begun.elapsed() / ROUNDS);
    }
    println!("{best:?} a chunk");
    assert!(best.as_nanos() < 5_000, "{best:?} a chunk");
}
