//! Google's replies, read.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::object;
use crate::frames::{Frames, Framing};
use crate::hub::{Annotation, BlockKind, Event, Reply};
use crate::{Dialect, FailureCategory, StopReason, Usage};

fn stream(chunks: &[Value]) -> String {
    chunks
        .iter()
        .map(|chunk| format!("data: {chunk}\r\n\r\n"))
        .collect()
}

fn streamed<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Event> {
    let mut frames = Frames::new(Framing::Sse);
    let mut reader = super::super::Reader::default();
    let mut events = Vec::new();
    for piece in pieces {
        frames
            .feed(piece, |frame| reader.frame(frame, &mut events))
            .expect("framed");
    }
    frames
        .finish(|frame| reader.frame(frame, &mut events))
        .expect("framed");
    reader.finish(&mut events);
    events
}

fn events(chunks: &[Value]) -> Vec<Event> {
    streamed([stream(chunks).as_bytes()])
}

fn whole(body: Value) -> Vec<Event> {
    let mut events = Vec::new();
    super::super::read_reply(object(body), &mut events).expect("a reply");
    events
}

/// A row of events in short words.
fn row(events: &[Event]) -> Vec<String> {
    events
        .iter()
        .map(|event| match event {
            Event::Start(start) => format!("start {:?} {:?}", start.id, start.model),
            Event::Open {
                block,
                candidate,
                kind,
            } => {
                let kind = match kind {
                    BlockKind::Text => "text".to_owned(),
                    BlockKind::Reasoning { hidden: true, .. } => "hidden".to_owned(),
                    BlockKind::Reasoning { .. } => "thought".to_owned(),
                    BlockKind::ToolCall(call) => format!("call {} {}", call.id, call.name),
                    BlockKind::Refusal => "refusal".to_owned(),
                    BlockKind::Opaque { value, .. } => value.to_string(),
                };
                format!("open {block} of {candidate}: {kind}")
            }
            Event::Delta { block, text } => format!("{block} {text}"),
            Event::Seal { block, sealed } => format!("seal {block} {}", sealed.data),
            Event::Annotate { block, annotation } => match annotation {
                Annotation::Citation { url, .. } => format!("cite {block} {url:?}"),
                Annotation::Logprobs(tokens) => format!("logprobs {block} {}", tokens.len()),
            },
            Event::Close { block } => format!("close {block}"),
            Event::Usage(usage) => {
                format!("usage {} {}", usage.input_total(), usage.output_total())
            }
            Event::Stop {
                candidate, stop, ..
            } => format!("stop {candidate} {stop:?}"),
            Event::Extra { key, value, .. } => format!("extra {key} {value}"),
            Event::Ping => "ping".to_owned(),
            Event::Failed(failure) => format!("failed {:?}", failure.category),
            Event::End => "end".to_owned(),
        })
        .collect()
}

fn chunk(parts: Value) -> Value {
    json!({"candidates": [{"content": {"parts": parts, "role": "model"}, "index": 0}], "modelVersion": "gemini-3-pro", "responseId": "r-1"})
}

fn ending(parts: Value, reason: &str) -> Value {
    let mut last = chunk(parts);
    last["candidates"][0]["finishReason"] = json!(reason);
    last["usageMetadata"] = json!({"promptTokenCount": 10, "candidatesTokenCount": 5, "thoughtsTokenCount": 3, "totalTokenCount": 18});
    last
}

/// A stream with all a stream can have, and the same in one piece.
fn rich() -> (Vec<Value>, Value) {
    let streamed = vec![
        chunk(json!([{"text": "Let me ", "thought": true}])),
        chunk(json!([{"text": "see.", "thought": true}])),
        chunk(json!([{"text": "He"}])),
        chunk(json!([{"text": "llo"}])),
        chunk(json!([{"text": "", "thoughtSignature": "c2lnMQ=="}])),
        chunk(
            json!([{"functionCall": {"name": "f", "args": {"a": [1, "x"]}}, "thoughtSignature": "c2lnMg=="}]),
        ),
        chunk(
            json!([{"functionCall": {"id": "own", "name": "g"}}, {"executableCode": {"code": "1"}}]),
        ),
        chunk(
            json!([{"inlineData": {"mimeType": "image/png", "data": "AA=="}, "thoughtSignature": "c2lnMw=="}]),
        ),
        ending(json!([{"text": "Done"}]), "STOP"),
        json!({"candidates": [{"content": {"parts": [{"text": ""}]}, "index": 0, "safetyRatings": [],
            "groundingMetadata": {"groundingChunks": [{"web": {"uri": "https://a", "title": "A"}}]},
            "logprobsResult": {"chosenCandidates": [{"token": "Do", "logProbability": -0.5}], "topCandidates": [{"candidates": [{"token": "Do", "logProbability": -0.5}]}]}}],
            "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 7, "thoughtsTokenCount": 3, "cachedContentTokenCount": 4, "toolUsePromptTokenCount": 2, "totalTokenCount": 22, "trafficType": "ON_DEMAND"},
            "modelVersion": "gemini-3-pro", "responseId": "r-1"}),
    ];
    let mut whole = ending(
        json!([
            {"text": "Let me see.", "thought": true},
            {"text": "Hello", "thoughtSignature": "c2lnMQ=="},
            {"functionCall": {"name": "f", "args": {"a": [1, "x"]}}, "thoughtSignature": "c2lnMg=="},
            {"functionCall": {"id": "own", "name": "g"}},
            {"executableCode": {"code": "1"}},
            {"inlineData": {"mimeType": "image/png", "data": "AA=="}, "thoughtSignature": "c2lnMw=="},
            {"text": "Done"}
        ]),
        "STOP",
    );
    let last = &streamed[9];
    for field in ["safetyRatings", "groundingMetadata", "logprobsResult"] {
        whole["candidates"][0][field] = last["candidates"][0][field].clone();
    }
    whole["usageMetadata"] = last["usageMetadata"].clone();
    (streamed, whole)
}

#[test]
fn a_rich_stream_is_a_row_of_events() {
    assert_eq!(
        row(&events(&rich().0)),
        [
            "start Some(\"r-1\") Some(\"gemini-3-pro\")",
            "open 0 of 0: thought",
            "0 Let me ",
            "0 see.",
            "close 0",
            "open 1 of 0: text",
            "1 He",
            "1 llo",
            "seal 1 c2lnMQ==",
            "close 1",
            "open 2 of 0: call call_r-1_0 f",
            "seal 2 c2lnMg==",
            "2 {\"a\":[1,\"x\"]}",
            "close 2",
            "open 3 of 0: call own g",
            "3 {}",
            "close 3",
            "open 4 of 0: {\"executableCode\":{\"code\":\"1\"}}",
            "close 4",
            "open 5 of 0: {\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"AA==\"}}",
            "seal 5 c2lnMw==",
            "close 5",
            "open 6 of 0: text",
            "6 Done",
            "usage 10 8",
            "usage 12 10",
            "cite 6 Some(\"https://a\")",
            "logprobs 6 1",
            "close 6",
            "stop 0 ToolCall",
            "extra candidates [{\"safetyRatings\":[],\"groundingMetadata\":{\"groundingChunks\":[{\"web\":{\"uri\":\"https://a\",\"title\":\"A\"}}]}}]",
            "extra usageMetadata {\"trafficType\":\"ON_DEMAND\"}",
            "end",
        ]
    );
}

#[test]
fn whole_and_streamed_are_one() {
    let (chunks, body) = rich();
    let (streamed, whole) = (Reply::of(events(&chunks)), Reply::of(whole(body)));
    assert_eq!(streamed, whole);
    assert_eq!(
        whole.usage,
        Some(Usage {
            input: 8,
            cache_read: 4,
            output: 7,
            reasoning: 3,
            ..Usage::default()
        })
    );
}

#[test]
fn any_cut_gives_the_same_events() {
    let text = stream(&rich().0);
    let bytes = text.as_bytes();
    let all = streamed([bytes]);
    assert_eq!(streamed(bytes.chunks(1)), all);
    for cut in 0..bytes.len() {
        let (first, second) = bytes.split_at(cut);
        assert_eq!(streamed([first, second]), all, "cut at {cut}");
    }
}

#[test]
fn stops_are_told_in_our_words() {
    let stop =
        |reason: &str, parts: Value| Reply::of(whole(ending(parts, reason))).candidates[0].stop;
    let text = || json!([{"text": "a"}]);
    let call = json!([{"functionCall": {"name": "f"}}]);
    for (reason, expected) in [
        ("STOP", StopReason::End),
        ("MAX_TOKENS", StopReason::MaxTokens),
        ("CONTINUATION", StopReason::MaxTokens),
        ("SAFETY", StopReason::Filtered),
        ("RECITATION", StopReason::Filtered),
        ("PROHIBITED_CONTENT", StopReason::Filtered),
        ("MODEL_ARMOR", StopReason::Filtered),
        ("IMAGE_SAFETY", StopReason::Filtered),
        ("MALFORMED_FUNCTION_CALL", StopReason::Other),
        ("MISSING_THOUGHT_SIGNATURE", StopReason::Other),
        ("WHATEVER", StopReason::Other),
    ] {
        assert_eq!(stop(reason, text()), Some(expected), "{reason}");
    }
    assert_eq!(stop("STOP", call), Some(StopReason::ToolCall));
}

#[test]
fn a_blocked_prompt_is_filtered() {
    let body = json!({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 4, "totalTokenCount": 4}, "modelVersion": "m"});
    let expected = [
        "start None Some(\"m\")",
        "usage 4 0",
        "stop 0 Filtered",
        "extra promptFeedback {\"blockReason\":\"SAFETY\"}",
        "end",
    ];
    assert_eq!(row(&whole(body.clone())), expected);
    assert_eq!(row(&events(&[body])), expected);
}

#[test]
fn a_stream_that_says_no_reason_is_not_whole() {
    assert_eq!(
        row(&events(&[chunk(json!([{"text": "a"}]))]))
            .last()
            .map(String::as_str),
        Some("close 0")
    );
    assert_eq!(row(&events(&[])), [""; 0]);
    // One of two answers has not ended.
    let mut two = ending(json!([{"text": "a"}]), "STOP");
    let second = json!({"content": {"parts": [{"text": "b"}]}, "index": 1});
    two["candidates"]
        .as_array_mut()
        .expect("a list")
        .push(second);
    assert!(!events(&[two]).contains(&Event::End));
}

#[test]
fn several_answers_keep_apart() {
    let both = |a: &str, b: &str| json!({"candidates": [{"content": {"parts": [{"text": a}]}, "index": 0}, {"content": {"parts": [{"text": b}]}, "index": 1}]});
    let end = json!({"candidates": [{"finishReason": "STOP", "index": 1}, {"finishReason": "MAX_TOKENS", "index": 0}]});
    let reply = Reply::of(events(&[both("a", "x"), both("b", "y"), end]));
    let said: Vec<_> = reply
        .candidates
        .iter()
        .map(|one| (one.blocks[0].text.as_str(), one.stop))
        .collect();
    assert_eq!(
        said,
        [
            ("ab", Some(StopReason::MaxTokens)),
            ("xy", Some(StopReason::End))
        ]
    );
}

/// Edge case 24, from the other side: an error ends the stream.
#[test]
fn errors_in_a_stream_are_failures() {
    let error = json!({"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}});
    for last in [error.clone(), json!([error])] {
        let events = events(&[
            chunk(json!([{"text": "a"}])),
            last,
            ending(json!([{"text": "b"}]), "STOP"),
        ]);
        let Some(Event::Failed(failure)) = events.last() else {
            panic!("it failed")
        };
        assert_eq!(failure.category, FailureCategory::Overloaded);
    }
    assert_eq!(row(&whole(error)), ["failed Overloaded"]);
    let torn = streamed([&b"data: {\"candidates\n\n"[..]]);
    assert_eq!(row(&torn), ["failed BrokenStream"]);
}

#[test]
fn signatures_that_came_alone_find_their_block() {
    let alone = || json!([{"text": "", "thoughtSignature": "c2ln"}]);
    let thought = events(&[
        chunk(json!([{"text": "a", "thought": true}])),
        chunk(alone()),
        ending(json!([{"text": "b"}]), "STOP"),
    ]);
    assert_eq!(
        row(&thought)[1..6],
        [
            "open 0 of 0: thought",
            "0 a",
            "seal 0 c2ln",
            "close 0",
            "open 1 of 0: text"
        ]
    );
    let after_call = events(&[
        chunk(json!([{"functionCall": {"name": "f"}}])),
        ending(alone(), "STOP"),
    ]);
    assert_eq!(
        row(&after_call)[4..7],
        ["open 1 of 0: hidden", "seal 1 c2ln", "close 1"]
    );
    // What follows a signature is a text of its own.
    let after = events(&[ending(
        json!([{"text": "a", "thoughtSignature": "c2ln"}, {"text": "b"}]),
        "STOP",
    )]);
    assert_eq!(
        row(&after)[1..8],
        [
            "open 0 of 0: text",
            "0 a",
            "seal 0 c2ln",
            "close 0",
            "open 1 of 0: text",
            "1 b",
            "usage 10 8"
        ]
    );
}

#[test]
fn arguments_may_come_in_pieces() {
    let call = |call: Value| chunk(json!([{ "functionCall": call }]));
    let events = events(&[
        call(json!({"name": "f", "id": "c", "willContinue": true})),
        call(
            json!({"partialArgs": [{"jsonPath": "$.a", "stringValue": "x", "willContinue": true}], "willContinue": true}),
        ),
        call(
            json!({"partialArgs": [{"jsonPath": "$.a", "stringValue": "y"}], "willContinue": true}),
        ),
        call(json!({})),
        ending(json!([]), "STOP"),
    ]);
    assert_eq!(
        row(&events)[1..4],
        ["open 0 of 0: call c f", "0 {\"a\":\"xy\"}", "close 0"]
    );
}

#[test]
fn made_up_ids_are_the_same_each_time() {
    let body = || json!({"candidates": [{"content": {"parts": [{"functionCall": {"name": "f", "args": {"a": 1}}}, {"functionCall": {"name": "f"}}]}, "finishReason": "STOP"}]});
    let ids = |events: Vec<Event>| -> Vec<String> {
        let calls = events.into_iter().filter_map(|event| match event {
            Event::Open {
                kind: BlockKind::ToolCall(call),
                ..
            } => Some(call.id),
            _ => None,
        });
        calls.collect()
    };
    let once = ids(whole(body()));
    assert_eq!(once, ids(events(&[body()])));
    assert_eq!(once.len(), 2);
    assert_ne!(once[0], once[1]);
    assert!(once.iter().all(|id| id.starts_with("call_")));
}

#[test]
fn what_is_no_reply_is_told() {
    let not = super::super::read_reply(object(json!({"choices": []})), &mut Vec::new());
    assert_eq!(
        not.expect_err("no reply").reason,
        "The reply is JSON, but has no `candidates`."
    );
}

#[test]
fn a_seal_of_google_has_no_issuer_yet() {
    let sealed = events(&rich().0).into_iter().find_map(|event| match event {
        Event::Seal { sealed, .. } => Some(sealed),
        _ => None,
    });
    let sealed = sealed.expect("a seal");
    assert_eq!((sealed.dialect, sealed.issuer), (Dialect::Gemini, None));
}

proptest! {
    #[test]
    fn broken_streams_are_read_to_their_end(at in 0usize..2_000, byte: u8, cut in 0usize..2_000) {
        let mut bytes = stream(&rich().0).into_bytes();
        let (at, cut) = (at % bytes.len(), cut % bytes.len());
        bytes[at] = byte;
        streamed([&bytes[..cut], &bytes[cut..]]);
        streamed([&bytes[..cut]]);
    }

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut data = b"data: ".to_vec();
        data.extend(bytes);
        streamed([&data[..]]);
    }
}
