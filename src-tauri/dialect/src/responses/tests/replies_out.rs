//! Replies, written.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::super::{Writer, write_reply};
use super::{events, lawful, stream, writing};
use crate::hub::{Annotation, BlockKind, Event, Logprob, Reply, Sealed, Start, ToolCall};
use crate::{Dialect, StopReason, Usage};

fn open(block: u32, kind: BlockKind) -> Event {
    Event::Open {
        block,
        candidate: 0,
        kind,
    }
}

fn delta(block: u32, text: &str) -> Event {
    Event::Delta {
        block,
        text: text.to_owned(),
    }
}

fn start() -> Event {
    Event::Start(Start {
        id: Some("chatcmpl-1".to_owned()),
        model: Some("deepseek-v4".to_owned()),
    })
}

fn stop(stop: StopReason) -> Event {
    Event::Stop {
        candidate: 0,
        stop,
        sequence: None,
    }
}

fn call(id: &str, custom: bool, namespace: Option<&str>) -> BlockKind {
    BlockKind::ToolCall(ToolCall {
        id: id.to_owned(),
        name: "f".to_owned(),
        namespace: namespace.map(str::to_owned),
        arguments: String::new(),
        custom,
    })
}

fn sealed(block: u32, dialect: Dialect) -> Event {
    Event::Seal {
        block,
        sealed: Sealed {
            dialect,
            issuer: Some("p".to_owned()),
            data: "SEAL".to_owned(),
        },
    }
}

const THOUGHT: BlockKind = BlockKind::Reasoning {
    hidden: false,
    summary: false,
};

/// An answer with everything in it.
fn answer() -> Vec<Event> {
    vec![
        start(),
        open(0, THOUGHT),
        delta(0, "H"),
        delta(0, "m."),
        sealed(0, Dialect::Anthropic),
        Event::Close { block: 0 },
        open(1, BlockKind::Text),
        delta(1, "Hé"),
        Event::Annotate {
            block: 1,
            annotation: Annotation::Logprobs(vec![Logprob {
                token: "Hé".to_owned(),
                logprob: -0.5,
                top: vec![("Ha".to_owned(), -1.5)],
            }]),
        },
        Event::Annotate {
            block: 1,
            annotation: Annotation::Citation {
                owner: Dialect::Anthropic,
                url: Some("https://e.com".to_owned()),
                title: None,
                value: json!({"type": "web_search_result_location"}),
            },
        },
        Event::Close { block: 1 },
        Event::Ping,
        open(2, call("c1", false, Some("n"))),
        delta(2, "{\"a\""),
        delta(2, ":1}"),
        sealed(2, Dialect::Gemini),
        Event::Close { block: 2 },
        Event::Usage(Usage {
            input: 10,
            cache_read: 5,
            output: 7,
            reasoning: 3,
            ..Usage::default()
        }),
        open(3, call("c2", true, None)),
        delta(3, "1+1"),
        Event::Close { block: 3 },
        Event::Extra {
            owner: Dialect::OpenAi,
            key: "service_tier".to_owned(),
            value: json!("priority"),
        },
        stop(StopReason::ToolCall),
        Event::End,
    ]
}

/// The events of a stream as (type, the rest), and a check that they are numbered and named.
fn steps(stream: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(stream).expect("it is text");
    let mut steps = Vec::new();
    for frame in text.split_terminator("\n\n") {
        if frame.starts_with(':') || frame == "data: [DONE]" {
            continue;
        }
        let (name, data) = frame.split_once('\n').expect("a name and data");
        let data = data.strip_prefix("data: ").expect("data");
        let mut step: Value = serde_json::from_str(data).expect("JSON");
        assert_eq!(name.strip_prefix("event: "), step["type"].as_str());
        assert_eq!(step["sequence_number"], steps.len());
        step.as_object_mut()
            .expect("an object")
            .shift_remove("sequence_number");
        steps.push(step);
    }
    steps
}

#[test]
fn a_stream_is_what_official_sdks_expect() {
    let bytes = stream(&answer(), writing());
    assert!(bytes.ends_with(b"\n\ndata: [DONE]\n\n"));
    let steps = steps(&bytes);
    let of = |r#type: &str, rest: Value| {
        let mut step = json!({ "type": r#type });
        let fields = step.as_object_mut().expect("an object");
        fields.extend(rest.as_object().expect("an object").clone());
        step
    };
    let at = |id: &str, index: u32, place: &str, rest: Value| {
        let mut step = json!({"item_id": id, "output_index": index});
        let fields = step.as_object_mut().expect("an object");
        if !place.is_empty() {
            fields.insert(place.to_owned(), json!(0));
        }
        fields.extend(rest.as_object().expect("an object").clone());
        step
    };
    let thought = json!({"id": "rs_0a1b2c_0", "type": "reasoning",
        "summary": [{"type": "summary_text", "text": "Hm."}], "encrypted_content": "sbx1.anthropic.p.SEAL"});
    let part = json!({"type": "output_text", "text": "Hé",
        "annotations": [{"type": "url_citation", "start_index": 0, "end_index": 2,
            "url": "https://e.com", "title": "https://e.com"}],
        "logprobs": [{"token": "Hé", "bytes": [72, 195, 169], "logprob": -0.5,
            "top_logprobs": [{"token": "Ha", "bytes": [72, 97], "logprob": -1.5}]}]});
    let message = json!({"id": "msg_0a1b2c_1", "type": "message", "status": "completed",
        "role": "assistant", "content": [part]});
    let function = json!({"id": "fc_0a1b2c_2", "type": "function_call", "status": "completed",
        "arguments": "{\"a\":1}", "call_id": "c1", "name": "f", "namespace": "n"});
    let signature = json!({"id": "rs_0a1b2c_3s", "type": "reasoning", "summary": [],
        "encrypted_content": "sbx1.gemini.p.SEAL"});
    let custom = json!({"id": "ctc_0a1b2c_4", "type": "custom_tool_call", "status": "completed",
        "input": "1+1", "call_id": "c2", "name": "f"});
    let with = |item: &Value, changes: Value| {
        let mut item = item.clone();
        for (key, value) in changes.as_object().expect("an object") {
            if value.is_null() {
                item.as_object_mut().expect("an object").shift_remove(key);
            } else {
                item[key.as_str()] = value.clone();
            }
        }
        item
    };
    let log = json!([{"token": "Hé", "logprob": -0.5, "top_logprobs": [{"token": "Ha", "logprob": -1.5}]}]);
    let item = |index: u32, item: &Value| json!({"output_index": index, "item": item});
    let (rs, ms, fc, ct) = ("rs_0a1b2c_0", "msg_0a1b2c_1", "fc_0a1b2c_2", "ctc_0a1b2c_4");
    let summary = |text: &str| json!({"part": {"type": "summary_text", "text": text}});
    let expected = [
        of(
            "response.output_item.added",
            item(
                0,
                &with(&thought, json!({"summary": [], "encrypted_content": null})),
            ),
        ),
        of(
            "response.reasoning_summary_part.added",
            at(rs, 0, "summary_index", summary("")),
        ),
        of(
            "response.reasoning_summary_text.delta",
            at(rs, 0, "summary_index", json!({"delta": "H"})),
        ),
        of(
            "response.reasoning_summary_text.delta",
            at(rs, 0, "summary_index", json!({"delta": "m."})),
        ),
        of(
            "response.reasoning_summary_text.done",
            at(rs, 0, "summary_index", json!({"text": "Hm."})),
        ),
        of(
            "response.reasoning_summary_part.done",
            at(rs, 0, "summary_index", summary("Hm.")),
        ),
        of("response.output_item.done", item(0, &thought)),
        of(
            "response.output_item.added",
            item(
                1,
                &with(&message, json!({"status": "in_progress", "content": []})),
            ),
        ),
        of(
            "response.content_part.added",
            at(
                ms,
                1,
                "content_index",
                json!({"part": {"type": "output_text", "text": "", "annotations": [], "logprobs": []}}),
            ),
        ),
        of(
            "response.output_text.delta",
            at(
                ms,
                1,
                "content_index",
                json!({"delta": "Hé", "logprobs": []}),
            ),
        ),
        of(
            "response.output_text.delta",
            at(
                ms,
                1,
                "content_index",
                json!({"delta": "", "logprobs": log}),
            ),
        ),
        of(
            "response.output_text.annotation.added",
            at(
                ms,
                1,
                "content_index",
                json!({"annotation_index": 0, "annotation": message["content"][0]["annotations"][0]}),
            ),
        ),
        of(
            "response.output_text.done",
            at(
                ms,
                1,
                "content_index",
                json!({"text": "Hé", "logprobs": log}),
            ),
        ),
        of(
            "response.content_part.done",
            at(
                ms,
                1,
                "content_index",
                json!({"part": message["content"][0]}),
            ),
        ),
        of("response.output_item.done", item(1, &message)),
        of(
            "response.output_item.added",
            item(
                2,
                &with(&function, json!({"status": "in_progress", "arguments": ""})),
            ),
        ),
        of(
            "response.function_call_arguments.delta",
            at(fc, 2, "", json!({"delta": "{\"a\""})),
        ),
        of(
            "response.function_call_arguments.delta",
            at(fc, 2, "", json!({"delta": ":1}"})),
        ),
        of(
            "response.function_call_arguments.done",
            at(fc, 2, "", json!({"name": "f", "arguments": "{\"a\":1}"})),
        ),
        of("response.output_item.done", item(2, &function)),
        of("response.output_item.added", item(3, &signature)),
        of("response.output_item.done", item(3, &signature)),
        of(
            "response.output_item.added",
            item(
                4,
                &with(&custom, json!({"status": "in_progress", "input": ""})),
            ),
        ),
        of(
            "response.custom_tool_call_input.delta",
            at(ct, 4, "", json!({"delta": "1+1"})),
        ),
        of(
            "response.custom_tool_call_input.done",
            at(ct, 4, "", json!({"input": "1+1"})),
        ),
        of("response.output_item.done", item(4, &custom)),
    ];
    assert_eq!(steps[0]["type"], "response.created");
    assert_eq!(steps[0]["response"]["status"], "in_progress");
    assert_eq!(steps[0]["response"]["model"], "deepseek-v4");
    assert_eq!(steps[1]["type"], "response.in_progress");
    let (last, middle) = steps[2..].split_last().expect("there is an end");
    for (found, expected) in middle.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
    assert_eq!(middle.len(), expected.len());
    assert_eq!(last["type"], "response.completed");
    assert_eq!(
        last["response"],
        json!({
            "id": "resp_0a1b2c",
            "object": "response",
            "created_at": 1_700_000_000,
            "status": "completed",
            "background": false,
            "completed_at": null,
            "error": null,
            "incomplete_details": null,
            "model": "deepseek-v4",
            "output": [thought, message, function, signature, custom],
            "instructions": null,
            "max_output_tokens": null,
            "max_tool_calls": null,
            "parallel_tool_calls": true,
            "previous_response_id": null,
            "prompt_cache_key": null,
            "reasoning": {"effort": null, "summary": null},
            "safety_identifier": null,
            "store": true,
            "temperature": 1.0,
            "text": {"format": {"type": "text"}},
            "tool_choice": "auto",
            "tools": [],
            "top_logprobs": 0,
            "top_p": 1.0,
            "truncation": "disabled",
            "user": null,
            "metadata": {},
            "service_tier": "priority",
            "usage": {
                "input_tokens": 15,
                "input_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 0},
                "output_tokens": 10,
                "output_tokens_details": {"reasoning_tokens": 3},
                "total_tokens": 25,
            },
        })
    );
}

#[test]
fn the_request_is_repeated() {
    let mut writing = writing();
    writing.echo = Map::from_iter([
        ("instructions".to_owned(), json!("Be brief.")),
        ("temperature".to_owned(), json!(0.2)),
        ("text".to_owned(), json!({"verbosity": "low"})),
        ("conversation".to_owned(), json!("conv_1")),
        ("metadata".to_owned(), json!({"a": "b"})),
        ("input".to_owned(), json!("not repeated")),
        ("stream".to_owned(), json!(true)),
        (
            "tools".to_owned(),
            json!([{"type": "function", "name": "f"}, {"type": "namespace", "name": "n", "description": "d",
                "tools": [{"type": "custom", "name": "c"}]}, {"type": "web_search"}]),
        ),
    ]);
    let reply = write_reply(&Reply::default(), &writing);
    for (key, value) in [
        ("instructions", json!("Be brief.")),
        ("temperature", json!(0.2)),
        (
            "text",
            json!({"verbosity": "low", "format": {"type": "text"}}),
        ),
        ("conversation", json!({"id": "conv_1"})),
        ("metadata", json!({"a": "b"})),
        (
            "tools",
            json!([
                {"type": "function", "name": "f", "description": null, "parameters": null, "strict": true},
                {"type": "namespace", "name": "n", "description": "d",
                 "tools": [{"type": "custom", "name": "c", "format": {"type": "text"}}]},
                {"type": "web_search"}]),
        ),
        ("model", json!("gpt-5.4")),
        ("status", json!("completed")),
    ] {
        assert_eq!(reply[key], value, "{key}");
    }
    assert_eq!(reply.get("input"), None);
    assert_eq!(reply.get("stream"), None);
}

/// What a stream's last event holds is the whole reply.
fn last_response(bytes: &[u8]) -> Value {
    steps(bytes).pop().expect("there is an end")["response"].take()
}

#[test]
fn a_stream_ends_with_the_whole_reply() {
    let row = answer();
    let whole = write_reply(&Reply::of(row.clone()), &writing());
    assert_eq!(last_response(&stream(&row, writing())), whole);
}

/// A call cut by the token limit keeps what there is of it, and says so.
#[test]
fn a_cut_call_is_incomplete() {
    for cut in [
        StopReason::MaxTokens,
        StopReason::ContextFull,
        StopReason::Filtered,
    ] {
        let row = [
            start(),
            open(0, BlockKind::Text),
            delta(0, "Calling."),
            Event::Close { block: 0 },
            open(1, call("c1", false, None)),
            delta(1, "{\"a\""),
            Event::Close { block: 1 },
            stop(cut),
            Event::End,
        ];
        let bytes = stream(&row, writing());
        let steps = steps(&bytes);
        let reason = if cut == StopReason::Filtered {
            "content_filter"
        } else {
            "max_output_tokens"
        };
        let last = steps.last().expect("there is an end");
        assert_eq!(last["type"], "response.incomplete");
        assert_eq!(last["response"]["status"], "incomplete");
        assert_eq!(
            last["response"]["incomplete_details"],
            json!({"reason": reason})
        );
        assert_eq!(last["response"]["output"][0]["status"], "completed");
        assert_eq!(last["response"]["output"][1]["status"], "incomplete");
        assert_eq!(last["response"]["output"][1]["arguments"], "{\"a\"");
        let done = &steps[steps.len() - 2];
        assert_eq!(done["item"], last["response"]["output"][1]);
        assert_eq!(write_reply(&Reply::of(row), &writing()), last["response"]);
    }
}

/// Edge case 24: a stream that breaks ends with the error, never with a normal finish.
#[test]
fn a_broken_stream_ends_with_its_error() {
    let mut writer = Writer::new(writing());
    let mut out = Vec::new();
    for event in [
        start(),
        open(0, BlockKind::Text),
        delta(0, "Whole."),
        Event::Close { block: 0 },
        open(1, BlockKind::Text),
        delta(1, "Half"),
    ] {
        writer.event(&event, &mut out);
    }
    writer.failed("server_error", "The provider broke off.", &mut out);
    let length = out.len();
    writer.event(&Event::End, &mut out);
    writer.failed("server_error", "Again.", &mut out);
    assert_eq!(out.len(), length, "nothing follows the end");
    let steps = steps(&out);
    let last = steps.last().expect("there is an end");
    assert_eq!(last["type"], "response.failed");
    assert_eq!(last["response"]["status"], "failed");
    assert_eq!(
        last["response"]["error"],
        json!({"code": "server_error", "message": "The provider broke off."})
    );
    let output = last["response"]["output"].as_array().expect("a list");
    let said = |at: usize| (&output[at]["status"], &output[at]["content"][0]["text"]);
    assert_eq!(said(0), (&json!("completed"), &json!("Whole.")));
    assert_eq!(said(1), (&json!("incomplete"), &json!("Half")));
    assert_eq!(output.len(), 2);
    assert!(out.ends_with(b"data: [DONE]\n\n"));

    // Before anything was said, the response is announced first.
    let mut early = Vec::new();
    Writer::new(writing()).failed("server_error", "Nothing came.", &mut early);
    assert_eq!(self::steps(&early).len(), 3);
}

#[test]
fn silence_is_a_comment_and_empty_blocks_are_nothing() {
    assert_eq!(stream(&[Event::Ping], writing()), b": ping\n\n");
    let row = [
        start(),
        open(0, BlockKind::Text),
        Event::Close { block: 0 },
        open(1, THOUGHT),
        Event::Close { block: 1 },
        open(
            2,
            BlockKind::Opaque {
                owner: Dialect::Anthropic,
                value: json!({"type": "server_tool_use"}),
            },
        ),
        Event::Close { block: 2 },
        stop(StopReason::End),
        Event::End,
    ];
    let bytes = stream(&row, writing());
    assert_eq!(steps(&bytes).len(), 3);
    assert_eq!(
        write_reply(&Reply::of(row), &writing()),
        last_response(&bytes)
    );
}

#[test]
fn an_item_of_this_dialect_comes_through_whole() {
    let value = json!({"type": "web_search_call", "id": "ws_1", "status": "completed"});
    let row = [
        start(),
        open(
            0,
            BlockKind::Opaque {
                owner: Dialect::Responses,
                value: value.clone(),
            },
        ),
        Event::Close { block: 0 },
        stop(StopReason::End),
        Event::End,
    ];
    let bytes = stream(&row, writing());
    assert_eq!(steps(&bytes)[2]["item"], value);
    assert_eq!(steps(&bytes)[3]["item"], value);
    assert_eq!(last_response(&bytes)["output"], json!([value]));
}

/// A row of events: blocks one after the other, or one inside another.
fn rows() -> impl Strategy<Value = Vec<Event>> {
    let kind = prop_oneof![
        Just(BlockKind::Text),
        Just(BlockKind::Refusal),
        Just(THOUGHT),
        Just(BlockKind::Reasoning {
            hidden: true,
            summary: false
        }),
        Just(call("c", false, None)),
        Just(call("", true, Some("n"))),
    ];
    let block = (
        kind,
        prop::collection::vec("[a-zé\"\\\\\n]{0,6}", 0..4),
        any::<bool>(),
        any::<bool>(),
    );
    let last = prop::sample::select(vec![
        StopReason::End,
        StopReason::MaxTokens,
        StopReason::ToolCall,
        StopReason::Filtered,
        StopReason::Refusal,
    ]);
    (prop::collection::vec(block, 0..6), last).prop_map(|(blocks, last)| {
        let mut row = vec![start()];
        for (number, (kind, texts, seal, ping)) in (0u32..).zip(blocks) {
            row.push(open(number, kind));
            row.extend(texts.iter().map(|text| delta(number, text)));
            if seal {
                row.push(sealed(number, Dialect::Bedrock));
            }
            if ping {
                row.push(Event::Ping);
            }
            row.push(Event::Close { block: number });
        }
        row.push(stop(last));
        row.push(Event::End);
        row
    })
}

proptest! {
    #[test]
    fn any_row_is_written_alike_as_a_stream_and_whole(row in rows()) {
        let bytes = stream(&row, writing());
        let whole = write_reply(&Reply::of(row), &writing());
        prop_assert_eq!(&last_response(&bytes), &whole);
        // Our own reader understands both, and alike.
        let read = events(&bytes, 100);
        lawful(&read);
        let mut again = Vec::new();
        super::super::read_reply(super::object(whole), &mut again).expect("it is a reply");
        prop_assert_eq!(Reply::of(read), Reply::of(again));
    }

    #[test]
    fn rows_against_the_law_never_panic(
        numbers in prop::collection::vec((0..9_u8, 0..4_u32), 0..40),
    ) {
        let row: Vec<Event> = numbers
            .into_iter()
            .map(|(which, block)| match which {
                0 => start(),
                1 => open(block, BlockKind::Text),
                2 => open(block, call("c", false, None)),
                3 => delta(block, "x"),
                4 => sealed(block, Dialect::Gemini),
                5 => Event::Close { block },
                6 => stop(StopReason::MaxTokens),
                7 => Event::Ping,
                _ if block == 0 => Event::End,
                _ => open(block, THOUGHT),
            })
            .collect();
        steps(&stream(&row, writing()));
    }
}
