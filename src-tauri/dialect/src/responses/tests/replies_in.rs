//! Replies, read.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{events, lawful, object, reply_of};
use crate::hub::{Annotation, Block, BlockKind, Event, Logprob, Reply, Sealed, ToolCall};
use crate::{Dialect, FailureCategory, StopReason, Usage};

/// A stream's text from its events.
fn sse(steps: &[Value]) -> String {
    let mut text = String::new();
    for step in steps {
        let name = step["type"].as_str().unwrap_or_default();
        text.push_str(&format!("event: {name}\ndata: {step}\n\n"));
    }
    text
}

fn finished_items() -> Vec<Value> {
    vec![
        json!({"type": "reasoning", "id": "rs_1", "encrypted_content": "gWHOLE", "summary": [
            {"type": "summary_text", "text": "First."}, {"type": "summary_text", "text": "Then."}]}),
        json!({"type": "web_search_call", "id": "ws_1", "status": "completed",
            "action": {"type": "search", "query": "q"}}),
        json!({"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [
            {"type": "output_text", "text": "Héllo", "annotations": [
                {"type": "url_citation", "url": "https://e.com", "title": "E", "start_index": 0, "end_index": 5}],
             "logprobs": [
                {"token": "Hé", "logprob": -0.5, "bytes": [72], "top_logprobs": [{"token": "Ha", "logprob": -1.5, "bytes": []}]},
                {"token": "llo", "logprob": -0.25, "bytes": [], "top_logprobs": []}]}]}),
        json!({"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "namespace": "n",
            "arguments": "{\"a\":1}", "status": "completed"}),
        json!({"type": "custom_tool_call", "id": "ctc_1", "call_id": "c2", "name": "py", "input": "1+1"}),
    ]
}

fn finished() -> Value {
    json!({"id": "resp_1", "object": "response", "model": "gpt-5.4-2026", "status": "completed",
        "output": finished_items(), "service_tier": "flex", "error": null,
        "usage": {"input_tokens": 100, "output_tokens": 50, "total_tokens": 150,
            "input_tokens_details": {"cached_tokens": 40, "cache_write_tokens": 30,
                "cache_write_tokens_details": {"ttl_30m_tokens": 20, "ttl_12h_tokens": 10}},
            "output_tokens_details": {"reasoning_tokens": 35}}})
}

fn streamed() -> String {
    let items = finished_items();
    let delta = |kind: &str, index: u64, at: (&str, u64), delta: &str| json!({"type": kind, "output_index": index, "item_id": "x", at.0: at.1, "delta": delta});
    let added = |index: u64, item: Value| json!({"type": "response.output_item.added", "output_index": index, "item": item});
    let done = |index: usize| json!({"type": "response.output_item.done", "output_index": index, "item": items[index]});
    let summary = "response.reasoning_summary_text.delta";
    let text = "response.output_text.delta";
    let mut logged = delta(text, 2, ("content_index", 0), "Hé");
    logged["logprobs"] = json!([{"token": "Hé", "logprob": -0.5, "top_logprobs": [{"token": "Ha", "logprob": -1.5}]}]);
    let mut logged_too = delta(text, 2, ("content_index", 0), "llo");
    logged_too["logprobs"] = json!([{"token": "llo", "logprob": -0.25, "top_logprobs": []}]);
    let mut steps = vec![
        json!({"type": "response.created", "sequence_number": 0, "response": {"id": "resp_1", "model": "gpt-5.4-2026", "status": "in_progress"}}),
        json!({"type": "response.in_progress", "sequence_number": 1, "response": {"id": "resp_1", "model": "gpt-5.4-2026"}}),
        added(
            0,
            json!({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gPART"}),
        ),
        json!({"type": "response.reasoning_summary_part.added", "output_index": 0, "summary_index": 0, "part": {"type": "summary_text", "text": ""}}),
        delta(summary, 0, ("summary_index", 0), "Fir"),
        delta(summary, 0, ("summary_index", 0), "st."),
        json!({"type": "response.reasoning_summary_text.done", "output_index": 0, "summary_index": 0, "text": "First."}),
        delta(summary, 0, ("summary_index", 1), "Then."),
        done(0),
        added(
            1,
            json!({"type": "web_search_call", "id": "ws_1", "status": "in_progress"}),
        ),
        json!({"type": "response.web_search_call.searching", "output_index": 1, "item_id": "ws_1"}),
        done(1),
        added(
            2,
            json!({"type": "message", "id": "msg_1", "role": "assistant", "content": []}),
        ),
        json!({"type": "response.content_part.added", "output_index": 2, "content_index": 0, "part": {"type": "output_text", "text": "", "annotations": []}}),
        logged,
        logged_too,
        json!({"type": "response.output_text.annotation.added", "output_index": 2, "content_index": 0, "annotation_index": 0,
            "annotation": {"type": "url_citation", "url": "https://e.com", "title": "E", "start_index": 0, "end_index": 5}}),
        json!({"type": "response.output_text.done", "output_index": 2, "content_index": 0, "text": "Héllo"}),
        json!({"type": "response.content_part.done", "output_index": 2, "content_index": 0, "part": {"type": "output_text", "text": "Héllo", "annotations": []}}),
        done(2),
        added(
            3,
            json!({"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "namespace": "n", "arguments": ""}),
        ),
        delta(
            "response.function_call_arguments.delta",
            3,
            ("x", 0),
            "{\"a\"",
        ),
        delta("response.function_call_arguments.delta", 3, ("x", 0), ":1}"),
        json!({"type": "response.function_call_arguments.done", "output_index": 3, "arguments": "{\"a\":1}", "name": "f"}),
        done(3),
        added(
            4,
            json!({"type": "custom_tool_call", "id": "ctc_1", "call_id": "c2", "name": "py", "input": ""}),
        ),
        json!({"type": "response.custom_tool_call_input.done", "output_index": 4, "input": "1+1"}),
        done(4),
    ];
    steps.push(json!({"type": "response.completed", "response": finished()}));
    sse(&steps) + "data: [DONE]\n\n"
}

fn block(kind: BlockKind, text: &str) -> Block {
    Block {
        kind,
        text: text.to_owned(),
        sealed: None,
        annotations: Vec::new(),
    }
}

fn call(id: &str, name: &str, namespace: Option<&str>, custom: bool) -> BlockKind {
    BlockKind::ToolCall(ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        namespace: namespace.map(str::to_owned),
        arguments: String::new(),
        custom,
    })
}

#[test]
fn a_whole_reply_is_taken_apart() {
    let reply = reply_of(finished());
    assert_eq!(reply.start.id.as_deref(), Some("resp_1"));
    assert_eq!(reply.start.model.as_deref(), Some("gpt-5.4-2026"));
    assert_eq!(
        reply.usage,
        Some(Usage {
            input: 30,
            cache_read: 40,
            cache_write: 20,
            cache_write_long: 10,
            output: 15,
            reasoning: 35,
        })
    );
    assert_eq!(
        reply.extras,
        [(Dialect::Responses, "service_tier".to_owned(), json!("flex"))]
    );
    let answer = &reply.candidates[0];
    assert_eq!(answer.stop, Some(StopReason::ToolCall));
    let items = finished_items();
    let log = |token: &str, logprob, top: Vec<(String, f64)>| {
        Annotation::Logprobs(vec![Logprob {
            token: token.to_owned(),
            logprob,
            top,
        }])
    };
    let expected = [
        Block {
            sealed: Some(Sealed {
                dialect: Dialect::Responses,
                issuer: None,
                data: "gWHOLE".to_owned(),
            }),
            ..block(
                BlockKind::Reasoning {
                    hidden: false,
                    summary: true,
                },
                "First.\n\nThen.",
            )
        },
        block(
            BlockKind::Opaque {
                owner: Dialect::Responses,
                value: items[1].clone(),
            },
            "",
        ),
        Block {
            annotations: vec![
                log("Hé", -0.5, vec![("Ha".to_owned(), -1.5)]),
                log("llo", -0.25, Vec::new()),
                Annotation::Citation {
                    owner: Dialect::Responses,
                    url: Some("https://e.com".to_owned()),
                    title: Some("E".to_owned()),
                    value: items[2]["content"][0]["annotations"][0].clone(),
                },
            ],
            ..block(BlockKind::Text, "Héllo")
        },
        block(call("c1", "f", Some("n"), false), "{\"a\":1}"),
        block(call("c2", "py", None, true), "1+1"),
    ];
    assert_eq!(answer.blocks, expected);
}

#[test]
fn a_stream_says_the_same_as_the_whole_reply() {
    let rows = events(streamed().as_bytes(), usize::MAX);
    lawful(&rows);
    assert_eq!(rows.last(), Some(&Event::End));
    assert_eq!(Reply::of(rows), reply_of(finished()));
}

#[test]
fn cuts_change_nothing() {
    let stream = streamed();
    let stream = stream.as_bytes();
    let whole = events(stream, usize::MAX);
    for size in [1, 2, 3, 7, 64, 1000] {
        assert_eq!(events(stream, size), whole, "in pieces of {size}");
    }
}

#[test]
fn a_stream_cut_anywhere_keeps_the_law() {
    let stream = streamed();
    for end in (0..stream.len()).step_by(11) {
        let rows = events(&stream.as_bytes()[..end], 512);
        lawful(&rows);
        let terminal = stream.find("event: response.completed").unwrap_or(0);
        if end <= terminal {
            assert!(!rows.contains(&Event::End), "it broke off at {end}");
        }
    }
}

/// Servers that send no deltas, or no finished items, or nothing before the terminal response.
#[test]
fn what_was_not_streamed_is_taken_from_what_is_finished() {
    let expected = reply_of(finished());
    let created =
        json!({"type": "response.created", "response": {"id": "resp_1", "model": "gpt-5.4-2026"}});
    let completed = json!({"type": "response.completed", "response": finished()});
    let added = |index: usize| {
        let mut item = finished_items().swap_remove(index);
        for key in ["content", "summary", "arguments", "input"] {
            if let Some(field) = item.get_mut(key) {
                *field = if field.is_string() {
                    json!("")
                } else {
                    json!([])
                };
            }
        }
        json!({"type": "response.output_item.added", "output_index": index, "item": item})
    };
    let done = |index: usize| json!({"type": "response.output_item.done", "output_index": index, "item": finished_items()[index]});
    let bare = vec![created.clone(), completed.clone()];
    let only_done: Vec<Value> = (0..5).map(done).collect();
    let only_added: Vec<Value> = (0..5).map(added).collect();
    let both: Vec<Value> = (0..5)
        .flat_map(|index| [added(index), done(index)])
        .collect();
    let around =
        |inner: Vec<Value>| [vec![created.clone()], inner, vec![completed.clone()]].concat();
    for steps in [
        bare,
        vec![completed.clone()],
        around(only_done),
        around(both),
    ] {
        let rows = events(sse(&steps).as_bytes(), usize::MAX);
        lawful(&rows);
        assert_eq!(Reply::of(rows), expected);
    }
    // Calls are news when they are announced, so they come first here; nothing is missing.
    let rows = events(sse(&around(only_added)).as_bytes(), usize::MAX);
    lawful(&rows);
    let mut reply = Reply::of(rows);
    reply.candidates[0].blocks.rotate_left(2);
    assert_eq!(reply, expected);
}

/// Items that are never announced, without indices or ids, with names of events only.
#[test]
fn a_careless_server_is_understood() {
    let stream = "event: response.output_text.delta\ndata: {\"delta\":\"Hel\"}\n\n\
        event: response.output_text.delta\ndata: {\"delta\":\"lo\"}\n\n\
        data: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\"}}\n\n";
    let rows = events(stream.as_bytes(), usize::MAX);
    lawful(&rows);
    let reply = Reply::of(rows);
    assert_eq!(
        reply.candidates[0].blocks,
        [block(BlockKind::Text, "Hello")]
    );
    assert_eq!(reply.candidates[0].stop, Some(StopReason::End));
}

#[test]
fn the_end_is_told_in_our_words() {
    let message = |part: Value| json!([{"type": "message", "id": "m", "role": "assistant", "content": [part]}]);
    let text = || message(json!({"type": "output_text", "text": "x", "annotations": []}));
    let refusal = message(json!({"type": "refusal", "refusal": "No."}));
    let cut = |reason: &str| json!({"reason": reason});
    let cases = [
        ("completed", text(), Value::Null, StopReason::End),
        ("completed", refusal, Value::Null, StopReason::Refusal),
        (
            "completed",
            json!([{"type": "function_call", "call_id": "c", "name": "f", "arguments": ""}]),
            Value::Null,
            StopReason::ToolCall,
        ),
        (
            "incomplete",
            text(),
            cut("max_output_tokens"),
            StopReason::MaxTokens,
        ),
        (
            "incomplete",
            text(),
            cut("content_filter"),
            StopReason::Filtered,
        ),
        ("incomplete", text(), cut("steered"), StopReason::Other),
        ("queued", json!([]), Value::Null, StopReason::Pause),
    ];
    for (status, output, details, stop) in cases {
        let body = json!({"status": status, "output": output, "incomplete_details": details});
        assert_eq!(
            reply_of(body.clone()).candidates[0].stop,
            Some(stop),
            "{body}"
        );
    }
}

#[test]
fn an_error_is_a_failure_wherever_it_stands() {
    let failed = json!({"type": "response.failed", "response": {"id": "r", "status": "failed", "output": [],
        "error": {"code": "rate_limit_exceeded", "message": "Slow down."}}});
    let cases = [
        sse(std::slice::from_ref(&failed)),
        sse(&[
            json!({"type": "error", "code": "rate_limit_exceeded", "message": "Slow down.", "param": null}),
            failed.clone(),
        ]),
        sse(&[
            json!({"type": "error", "error": {"code": "rate_limit_exceeded", "message": "Slow down."}}),
        ]),
        "data: {\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"Slow down.\"}}\n\n"
            .to_owned(),
    ];
    for stream in cases {
        let rows = events(stream.as_bytes(), usize::MAX);
        lawful(&rows);
        let failure = Reply::of(rows).failure.expect("it failed");
        assert_eq!(failure.category, FailureCategory::RateLimit, "{stream}");
        assert_eq!(failure.message, "Slow down.");
    }
    let whole = reply_of(failed["response"].clone());
    assert_eq!(
        whole.failure.map(|failure| failure.category),
        Some(FailureCategory::RateLimit)
    );
    let bare = reply_of(json!({"error": {"code": "insufficient_quota", "message": "No money."}}));
    assert_eq!(
        bare.failure.map(|failure| failure.category),
        Some(FailureCategory::Quota)
    );
}

#[test]
fn somebody_elses_json_is_no_reply() {
    for body in [json!({}), json!({"choices": []}), json!({"output": "text"})] {
        let mut out = Vec::new();
        assert!(super::super::read_reply(object(body), &mut out).is_err());
        assert_eq!(out, Vec::new());
    }
}

/// Open models think aloud; some write a summary beside it.
#[test]
fn thoughts_and_summaries_are_blocks_of_their_own() {
    let body = json!({"status": "completed", "output": [{"type": "reasoning", "id": "r",
        "content": [{"type": "reasoning_text", "text": "Hm."}],
        "summary": [{"type": "summary_text", "text": "Pondering."}], "encrypted_content": "g"}]});
    let reply = reply_of(body);
    let kinds: Vec<_> = reply.candidates[0]
        .blocks
        .iter()
        .map(|block| &block.kind)
        .collect();
    let reasoning = |summary| BlockKind::Reasoning {
        hidden: false,
        summary,
    };
    assert_eq!(kinds, [&reasoning(false), &reasoning(true)]);
    assert_eq!(reply.candidates[0].blocks[0].sealed, None);
    assert!(reply.candidates[0].blocks[1].sealed.is_some());

    let hidden = reply_of(
        json!({"output": [{"type": "reasoning", "summary": [], "encrypted_content": "g"}]}),
    );
    assert_eq!(
        hidden.candidates[0].blocks[0].kind,
        BlockKind::Reasoning {
            hidden: true,
            summary: false
        }
    );
}

proptest! {
    #[test]
    fn bytes_nobody_meant_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000), size in 1..64_usize) {
        lawful(&events(&bytes, size));
    }

    #[test]
    fn a_garbled_stream_never_panics_and_keeps_the_law(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        order in any::<prop::sample::Index>(),
    ) {
        let stream = streamed();
        let mut bytes = stream.clone().into_bytes();
        for (at, byte) in cuts {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        lawful(&events(&bytes, 512));
        // Frames out of order and twice.
        let mut frames: Vec<&str> = stream.split_inclusive("\n\n").collect();
        let at = order.index(frames.len());
        frames.rotate_left(at);
        let twice = frames.concat().repeat(2);
        lawful(&events(twice.as_bytes(), usize::MAX));
    }
}
