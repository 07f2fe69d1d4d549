//! Replies as streams, read and written.

use serde_json::{Value, json};

use super::shown;
use crate::frames::{Frames, Framing};
use crate::hub::{Annotation, BlockKind, Event, Reply, Sealed, Start, ToolCall};
use crate::{Dialect, FailureCategory, StopReason, Usage};

pub(super) const THINKING: &str =
    include_str!("../../../tests/dialect/streams/anthropic_thinking.sse");
const OVERLOADED: &str = include_str!("../../../tests/dialect/streams/anthropic_overloaded.sse");
const SPLICED: &str = include_str!("../../../tests/dialect/streams/anthropic_spliced.sse");
const UNNAMED: &str = include_str!("../../../tests/dialect/streams/anthropic_unnamed.sse");

/// The events of a stream, fed in pieces of this length.
pub(super) fn events(stream: &[u8], piece: usize) -> Vec<Event> {
    let (mut frames, mut reader, mut out) = (
        Frames::new(Framing::Sse),
        super::super::Reader::default(),
        Vec::new(),
    );
    for piece in stream.chunks(piece.max(1)) {
        let _ = frames.feed(piece, |frame| reader.frame(frame, &mut out));
    }
    let _ = frames.finish(|frame| reader.frame(frame, &mut out));
    reader.finish(&mut out);
    out
}

/// A stream of these events.
fn stream(events: &[Value]) -> Vec<u8> {
    let mut out = String::new();
    for event in events {
        let name = event["type"].as_str().unwrap_or_default();
        out.push_str(&format!("event: {name}\ndata: {event}\n\n"));
    }
    out.into_bytes()
}

fn start() -> Value {
    json!({"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": {"input_tokens": 9, "cache_read_input_tokens": 3, "output_tokens": 1, "service_tier": "standard"}}})
}

fn block(index: u64, block: impl Into<Value>, deltas: &[Value]) -> Vec<Value> {
    let block = block.into();
    let mut all =
        vec![json!({"type": "content_block_start", "index": index, "content_block": block})];
    all.extend(
        deltas
            .iter()
            .map(|delta| json!({"type": "content_block_delta", "index": index, "delta": delta})),
    );
    all.push(json!({"type": "content_block_stop", "index": index}));
    all
}

fn ending(stop: &str) -> Vec<Value> {
    vec![
        json!({"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": null}, "usage": {"output_tokens": 20}}),
        json!({"type": "message_stop"}),
    ]
}

/// A stream with every kind of block.
pub(super) fn everything() -> Vec<u8> {
    let mut all = vec![start(), json!({"type": "ping"})];
    all.extend(block(
        0,
        json!({"type": "thinking", "thinking": "", "signature": ""}),
        &[
            json!({"type": "thinking_delta", "thinking": "h"}),
            json!({"type": "thinking_delta", "thinking": "m"}),
            json!({"type": "signature_delta", "signature": "sig"}),
        ],
    ));
    all.extend(block(
        1,
        json!({"type": "redacted_thinking", "data": "red"}),
        &[],
    ));
    all.extend(block(2, json!({"type": "text", "text": ""}), &[
        json!({"type": "text_delta", "text": "ä\n"}), json!({"type": "text_delta", "text": "b"}),
        json!({"type": "citations_delta", "citation": {"type": "web_search_result_location", "url": "https://e", "title": "T"}})]));
    all.extend(block(
        3,
        json!({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}),
        &[
            json!({"type": "input_json_delta", "partial_json": "{\"query\":"}),
            json!({"type": "input_json_delta", "partial_json": "\"q\"}"}),
        ],
    ));
    all.extend(block(
        4,
        json!({"type": "web_search_tool_result", "tool_use_id": "s", "content": []}),
        &[],
    ));
    all.extend(block(
        5,
        json!({"type": "tool_use", "id": "A", "name": "f", "input": {}}),
        &[
            json!({"type": "input_json_delta", "partial_json": ""}),
            json!({"type": "input_json_delta", "partial_json": "{\"a\":"}),
            json!({"type": "input_json_delta", "partial_json": "1}"}),
        ],
    ));
    all.extend(block(
        6,
        json!({"type": "tool_use", "id": "B", "name": "g", "input": {}}),
        &[json!({"type": "input_json_delta", "partial_json": ""})],
    ));
    all.extend(ending("tool_use"));
    stream(&all)
}

/// The same answer in one piece.
pub(super) fn everything_whole() -> Value {
    json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "sig"},
            {"type": "redacted_thinking", "data": "red"},
            {"type": "text", "text": "ä\nb", "citations": [{"type": "web_search_result_location", "url": "https://e", "title": "T"}]},
            {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "q"}},
            {"type": "web_search_tool_result", "tool_use_id": "s", "content": []},
            {"type": "tool_use", "id": "A", "name": "f", "input": {"a": 1}},
            {"type": "tool_use", "id": "B", "name": "g", "input": {}}],
        "stop_reason": "tool_use", "stop_sequence": null,
        "usage": {"input_tokens": 9, "cache_read_input_tokens": 3, "output_tokens": 20, "service_tier": "standard"}})
}

#[test]
fn every_cut_gives_the_same_events() {
    for text in [
        THINKING.as_bytes(),
        OVERLOADED.as_bytes(),
        SPLICED.as_bytes(),
        UNNAMED.as_bytes(),
        &everything(),
    ] {
        let whole = events(text, usize::MAX);
        assert!(whole.len() > 3);
        for piece in 1..text.len().min(200) {
            assert_eq!(events(text, piece), whole);
        }
        for cut in 0..text.len() {
            let (mut frames, mut reader, mut out) = (
                Frames::new(Framing::Sse),
                super::super::Reader::default(),
                Vec::new(),
            );
            for piece in [&text[..cut], &text[cut..]] {
                let _ = frames.feed(piece, |frame| reader.frame(frame, &mut out));
            }
            let _ = frames.finish(|frame| reader.frame(frame, &mut out));
            reader.finish(&mut out);
            assert_eq!(out, whole);
        }
    }
}

#[test]
fn a_reply_is_read_into_a_row() {
    let read = events(&everything(), usize::MAX);
    assert_eq!(
        read[..4],
        [
            Event::Start(Start {
                id: Some("msg_1".into()),
                model: Some("claude".into())
            }),
            Event::Usage(Usage {
                input: 9,
                cache_read: 3,
                output: 1,
                ..Usage::default()
            }),
            Event::Ping,
            Event::Open {
                block: 0,
                candidate: 0,
                kind: BlockKind::Reasoning {
                    hidden: false,
                    summary: true
                }
            },
        ]
    );
    let reply = Reply::of(read.clone());
    let answer = &reply.candidates[0];
    let texts: Vec<_> = answer
        .blocks
        .iter()
        .map(|block| block.text.as_str())
        .collect();
    assert_eq!(texts, ["hm", "", "ä\nb", "", "", "{\"a\":1}", "{}"]);
    assert_eq!(answer.stop, Some(StopReason::ToolCall));
    assert_eq!(
        answer.blocks[1].sealed.as_ref().map(|s| s.data.as_str()),
        Some("red")
    );
    assert!(matches!(&answer.blocks[2].annotations[..],
        [Annotation::Citation { url: Some(url), title: Some(title), .. }] if url == "https://e" && title == "T"));
    let BlockKind::Opaque { value, .. } = &answer.blocks[3].kind else {
        panic!("a hosted call");
    };
    assert_eq!(value["input"], json!({"query": "q"}));
    assert_eq!(
        reply.extras,
        [(
            Dialect::Anthropic,
            "service_tier".to_owned(),
            json!("standard")
        )]
    );
    assert_eq!(read.last(), Some(&Event::End));
    // The law of rows: numbers follow one another.
    let opened: Vec<_> = read
        .iter()
        .filter_map(|event| match event {
            Event::Open { block, .. } => Some(*block),
            _ => None,
        })
        .collect();
    assert_eq!(opened, [0, 1, 2, 3, 4, 5, 6]);
}

#[test]
fn failures_end_the_row() {
    let last = |text: &[u8]| match events(text, usize::MAX).last() {
        Some(Event::Failed(failure)) => failure.category,
        other => panic!("a failure, not {other:?}"),
    };
    assert_eq!(last(OVERLOADED.as_bytes()), FailureCategory::Overloaded);
    assert_eq!(last(SPLICED.as_bytes()), FailureCategory::BrokenStream);
    assert_eq!(
        last(b"event: content_block_delta\ndata: {\"type\":\"content_blo\n\n"),
        FailureCategory::BrokenStream
    );
    assert_eq!(
        last(b"data: {\"error\":{\"message\":\"Overloaded\"}}\n\n"),
        FailureCategory::Overloaded
    );
    let many: Vec<_> = (0..300).map(|index| json!({"type": "content_block_start", "index": index, "content_block": {"type": "text"}})).collect();
    assert_eq!(last(&stream(&many)), FailureCategory::BrokenStream);
}

#[test]
fn a_stream_that_breaks_off_has_no_end() {
    let text = everything();
    let half = events(&text[..text.len() / 2], usize::MAX);
    assert!(!half.contains(&Event::End));
    let closed = half
        .iter()
        .filter(|event| matches!(event, Event::Close { .. }))
        .count();
    let opened = half
        .iter()
        .filter(|event| matches!(event, Event::Open { .. }))
        .count();
    assert_eq!(opened, closed);
    // With a stop reason it is whole, even without its last event.
    let mut most = vec![start()];
    most.extend(block(0, json!({"type": "text", "text": "a"}), &[]));
    most.push(ending("end_turn").swap_remove(0));
    assert_eq!(events(&stream(&most), usize::MAX).last(), Some(&Event::End));
}

#[test]
fn copies_that_leave_things_out_are_read() {
    let all = stream(&[
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}}),
        json!({"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "x", "name": "f", "input": {"a": 1}}}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}),
        json!({"type": "surprise"}),
        json!({"type": "message_stop"}),
    ]);
    let reply = Reply::of(events(&all, usize::MAX));
    let blocks = &reply.candidates[0].blocks;
    assert_eq!(
        (blocks[0].text.as_str(), blocks[1].text.as_str()),
        ("a", "{\"a\":1}")
    );
    assert_eq!(reply.candidates[0].stop, Some(StopReason::ToolCall));
}

#[test]
fn unknown_blocks_grow_by_their_deltas() {
    let mut all = vec![start()];
    all.extend(block(
        0,
        json!({"type": "compaction", "content": null}),
        &[
            json!({"type": "compaction_delta", "content": "a"}),
            json!({"type": "compaction_delta", "content": "b"}),
        ],
    ));
    all.extend(ending("compaction"));
    let reply = Reply::of(events(&stream(&all), usize::MAX));
    let value = json!({"type": "compaction", "content": "ab"});
    let owner = Dialect::Anthropic;
    assert_eq!(
        reply.candidates[0].blocks[0].kind,
        BlockKind::Opaque { owner, value }
    );
    assert_eq!(reply.candidates[0].stop, Some(StopReason::Other));
}

#[test]
fn bedrocks_frames_are_opened() {
    use base64::Engine;
    let (mut reader, mut out) = (super::super::Reader::default(), Vec::new());
    let mut send = |name: &[u8], data: &str| {
        let frame = crate::frames::Frame {
            name,
            data: data.as_bytes(),
        };
        reader.frame(frame, &mut out);
    };
    let inner = base64::engine::general_purpose::STANDARD.encode(start().to_string());
    send(b"chunk", &json!({"bytes": inner, "p": "ab"}).to_string());
    send(b"throttlingException", r#"{"message":"Too many requests"}"#);
    assert!(matches!(&out[0], Event::Start(start) if start.id.as_deref() == Some("msg_1")));
    assert!(
        matches!(out.last(), Some(Event::Failed(f)) if f.category == FailureCategory::RateLimit)
    );
}

#[test]
fn a_stream_is_written_as_the_vendor_writes_it() {
    let sealed = Sealed {
        dialect: Dialect::Responses,
        issuer: Some("openai".into()),
        data: "enc".into(),
    };
    let call = ToolCall {
        id: "A".into(),
        name: "f".into(),
        namespace: None,
        arguments: String::new(),
        custom: false,
    };
    let open = |block, kind| Event::Open {
        block,
        candidate: 0,
        kind,
    };
    let delta = |block, text: &str| Event::Delta {
        block,
        text: text.to_owned(),
    };
    let row = [
        Event::Start(Start {
            id: Some("resp_1".into()),
            model: Some("gpt".into()),
        }),
        open(
            0,
            BlockKind::Reasoning {
                hidden: false,
                summary: true,
            },
        ),
        Event::Seal {
            block: 0,
            sealed: sealed.clone(),
        },
        delta(0, "hm"),
        Event::Close { block: 0 },
        open(
            1,
            BlockKind::Reasoning {
                hidden: true,
                summary: false,
            },
        ),
        Event::Seal { block: 1, sealed },
        Event::Close { block: 1 },
        open(2, BlockKind::Text),
        Event::Close { block: 2 },
        open(3, BlockKind::Text),
        delta(3, "a\n\"b\""),
        Event::Ping,
        Event::Close { block: 3 },
        open(4, BlockKind::ToolCall(call.clone())),
        delta(4, "{\"x\":"),
        delta(4, "1}"),
        Event::Close { block: 4 },
        open(
            5,
            BlockKind::ToolCall(ToolCall {
                id: "B".into(),
                ..call
            }),
        ),
        Event::Close { block: 5 },
        Event::Stop {
            candidate: 0,
            stop: StopReason::End,
            sequence: None,
        },
        Event::Usage(Usage {
            input: 7,
            cache_read: 2,
            cache_write: 1,
            cache_write_long: 4,
            output: 5,
            reasoning: 3,
        }),
        Event::End,
    ];
    let expected = r#"event: message_start
data: {"type":"message_start","message":{"id":"msg_01abc","type":"message","role":"assistant","model":"gpt","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":12,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"sbx1.responses.openai.enc"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"sbx1.responses.openai.enc"}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: content_block_start
data: {"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"a\n\"b\""}}

event: ping
data: {"type":"ping"}

event: content_block_stop
data: {"type":"content_block_stop","index":2}

event: content_block_start
data: {"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"A","name":"f","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{\"x\":"}}

event: content_block_delta
data: {"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"1}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":3}

event: content_block_start
data: {"type":"content_block_start","index":4,"content_block":{"type":"tool_use","id":"B","name":"f","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":"{}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":4}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":7,"cache_creation_input_tokens":5,"cache_read_input_tokens":2,"cache_creation":{"ephemeral_5m_input_tokens":1,"ephemeral_1h_input_tokens":4},"output_tokens":8,"output_tokens_details":{"thinking_tokens":3}}}

event: message_stop
data: {"type":"message_stop"}

"#;
    assert_eq!(shown(&row), expected);
}

#[test]
fn a_refusal_is_text_and_a_reason() {
    let row = [
        Event::Start(Start::default()),
        Event::Open {
            block: 0,
            candidate: 0,
            kind: BlockKind::Refusal,
        },
        Event::Delta {
            block: 0,
            text: "no".into(),
        },
        Event::Close { block: 0 },
        Event::Stop {
            candidate: 0,
            stop: StopReason::End,
            sequence: None,
        },
        Event::End,
    ];
    let out = shown(&row);
    assert!(out.contains(r#""delta":{"type":"text_delta","text":"no"}"#));
    assert!(out.contains(r#""stop_reason":"refusal""#));
    // Nobody counted: figures are estimated, never none.
    assert!(
        out.contains(r#""usage":{"input_tokens":12,"#) && out.contains(r#""output_tokens":1}"#)
    );
}

#[test]
fn what_was_written_reads_the_same() {
    let mut first = Reply::of(events(&everything(), usize::MAX));
    let again = shown(&events(&everything(), usize::MAX));
    let second = Reply::of(events(again.as_bytes(), usize::MAX));
    first.start.id = Some("msg_01abc".to_owned());
    assert_eq!(first, second);
}
