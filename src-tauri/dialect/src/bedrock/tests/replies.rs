//! Replies: the stream, the whole, and what a provider should not send.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::bedrock::{Reader, read_reply};
use crate::frames::Frame;
use crate::hub::{Annotation, BlockKind, Event, Reply, Sealed, ToolCall};
use crate::{Dialect, FailureCategory, StopReason, Usage};

/// What the reader makes of frames.
fn events(frames: &[(&str, Value)]) -> Vec<Event> {
    let mut reader = Reader::default();
    let mut out = Vec::new();
    for (name, data) in frames {
        let data = data.to_string();
        let (name, data) = (name.as_bytes(), data.as_bytes());
        reader.frame(Frame { name, data }, &mut out);
    }
    reader.finish(&mut out);
    out
}

fn whole(body: Value) -> Vec<Event> {
    let Value::Object(body) = body else {
        panic!("the test input is an object");
    };
    let mut out = Vec::new();
    read_reply(body, &mut out).expect("it is a reply");
    out
}

#[expect(clippy::needless_pass_by_value, reason = "the cases read better")]
fn delta(index: u64, delta: Value) -> (&'static str, Value) {
    (
        "contentBlockDelta",
        json!({"contentBlockIndex": index, "delta": delta, "p": "abc"}),
    )
}

fn closed(index: u64) -> (&'static str, Value) {
    ("contentBlockStop", json!({"contentBlockIndex": index}))
}

/// A stream with everything a reply can hold, and the same reply in one piece.
pub(crate) fn rich() -> (Vec<(&'static str, Value)>, Value) {
    let citation = json!({"title": "T", "location": {"web": {"url": "https://a.test"}}});
    let stream = vec![
        ("messageStart", json!({"role": "assistant", "p": "abcd"})),
        delta(0, json!({"reasoningContent": {"text": "I "}})),
        delta(0, json!({"reasoningContent": {"text": "think"}})),
        delta(0, json!({"reasoningContent": {"signature": "sig"}})),
        closed(0),
        delta(1, json!({"reasoningContent": {"redactedContent": "c2Vj"}})),
        closed(1),
        delta(2, json!({"text": "Hel"})),
        delta(2, json!({"text": "lo"})),
        delta(2, json!({"citation": citation})),
        closed(2),
        (
            "contentBlockStart",
            json!({"contentBlockIndex": 3, "start": {"toolUse": {"toolUseId": "t1", "name": "f"}}}),
        ),
        delta(3, json!({"toolUse": {"input": "{\"a\""}})),
        delta(3, json!({"toolUse": {"input": ":1}"}})),
        closed(3),
        (
            "contentBlockStart",
            json!({"contentBlockIndex": 4, "start": {"toolUse": {"toolUseId": "t2", "name": "g"}}}),
        ),
        closed(4),
        (
            "contentBlockStart",
            json!({"contentBlockIndex": 5, "start": {"toolUse":
                {"toolUseId": "s1", "name": "grounding", "type": "server_tool_use"}}}),
        ),
        delta(5, json!({"toolUse": {"input": "{\"q\":"}})),
        delta(5, json!({"toolUse": {"input": "\"x\"}"}})),
        closed(5),
        (
            "contentBlockStart",
            json!({"contentBlockIndex": 6, "start": {"toolResult":
                {"toolUseId": "s1", "type": "grounding_result", "status": "success"}}}),
        ),
        delta(6, json!({"toolResult": [{"text": "one"}]})),
        delta(6, json!({"toolResult": [{"json": {"two": 2}}]})),
        closed(6),
        (
            "contentBlockStart",
            json!({"contentBlockIndex": 7, "start": {"image": {"format": "png"}}}),
        ),
        delta(7, json!({"image": {"source": {"bytes": "AAAA"}}})),
        delta(7, json!({"image": {"source": {"bytes": "BBBB"}}})),
        closed(7),
        (
            "messageStop",
            json!({"stopReason": "stop_sequence",
                "additionalModelResponseFields": {"stop_sequence": "END"}}),
        ),
        (
            "metadata",
            json!({"usage": {"inputTokens": 10, "outputTokens": 5, "totalTokens": 45,
                    "cacheReadInputTokens": 20, "cacheWriteInputTokens": 10,
                    "cacheDetails": [{"ttl": "1h", "inputTokens": 4}, {"ttl": "5m", "inputTokens": 6}]},
                "metrics": {"latencyMs": 7}, "serviceTier": {"type": "default"}}),
        ),
    ];
    let body = json!({
        "output": {"message": {"role": "assistant", "content": [
            {"reasoningContent": {"reasoningText": {"text": "I think", "signature": "sig"}}},
            {"reasoningContent": {"redactedContent": "c2Vj"}},
            {"citationsContent": {"content": [{"text": "Hello"}], "citations": [citation]}},
            {"toolUse": {"toolUseId": "t1", "name": "f", "input": {"a": 1}}},
            {"toolUse": {"toolUseId": "t2", "name": "g", "input": {}}},
            {"toolUse": {"toolUseId": "s1", "name": "grounding", "type": "server_tool_use",
                "input": {"q": "x"}}},
            {"toolResult": {"toolUseId": "s1", "type": "grounding_result", "status": "success",
                "content": [{"text": "one"}, {"json": {"two": 2}}]}},
            {"image": {"format": "png", "source": {"bytes": "AAAABBBB"}}},
        ]}},
        "stopReason": "stop_sequence",
        "additionalModelResponseFields": {"stop_sequence": "END"},
        "usage": {"inputTokens": 10, "outputTokens": 5, "totalTokens": 45,
            "cacheReadInputTokens": 20, "cacheWriteInputTokens": 10,
            "cacheDetails": [{"ttl": "1h", "inputTokens": 4}, {"ttl": "5m", "inputTokens": 6}]},
        "metrics": {"latencyMs": 7},
        "serviceTier": {"type": "default"},
    });
    (stream, body)
}

#[test]
fn the_stream_and_the_whole_are_one_reply() {
    let (stream, body) = rich();
    let streamed = events(&stream);
    let at_once = whole(body);
    for events in [&streamed, &at_once] {
        assert_eq!(broken_law(events), None);
        assert_eq!(events.last(), Some(&Event::End));
    }
    let reply = Reply::of(streamed);
    assert_eq!(reply, Reply::of(at_once));

    let answer = &reply.candidates[0];
    assert_eq!(answer.stop, Some(StopReason::StopSequence));
    assert_eq!(answer.sequence.as_deref(), Some("END"));
    assert_eq!(
        reply.usage,
        Some(Usage {
            input: 10,
            cache_read: 20,
            cache_write: 6,
            cache_write_long: 4,
            output: 5,
            reasoning: 0,
        })
    );
    let seal = |data: &str| {
        Some(Sealed {
            dialect: Dialect::Bedrock,
            issuer: None,
            data: data.to_owned(),
        })
    };
    let blocks = &answer.blocks;
    assert_eq!(blocks.len(), 8);
    assert_eq!(
        (blocks[0].text.as_str(), &blocks[0].sealed),
        ("I think", &seal("sig"))
    );
    assert_eq!(
        (blocks[1].text.as_str(), &blocks[1].sealed),
        ("", &seal("c2Vj"))
    );
    assert!(matches!(
        blocks[1].kind,
        BlockKind::Reasoning { hidden: true, .. }
    ));
    assert_eq!(blocks[2].text, "Hello");
    assert!(matches!(
        &blocks[2].annotations[..],
        [Annotation::Citation { url: Some(url), .. }] if url == "https://a.test"
    ));
    let call = ToolCall {
        id: "t1".to_owned(),
        name: "f".to_owned(),
        namespace: None,
        arguments: String::new(),
        custom: false,
    };
    assert_eq!(blocks[3].kind, BlockKind::ToolCall(call));
    assert_eq!(blocks[3].text, "{\"a\":1}");
    assert_eq!(blocks[4].text, "{}");
}

/// What breaks the law of rows, if anything.
fn broken_law(events: &[Event]) -> Option<String> {
    let mut open = std::collections::BTreeSet::new();
    let mut next = 0;
    let mut over = false;
    let mut stopped = false;
    for (at, event) in events.iter().enumerate() {
        let wrong = match event {
            _ if over => true,
            Event::Start(_) => at != 0,
            _ if at == 0 => true,
            Event::Open { block, .. } => {
                let right = *block == next && open.insert(*block) && !stopped;
                next += 1;
                !right
            }
            Event::Delta { block, .. }
            | Event::Seal { block, .. }
            | Event::Annotate { block, .. } => !open.contains(block),
            Event::Close { block } => !open.remove(block),
            Event::Stop { .. } => std::mem::replace(&mut stopped, true) || !open.is_empty(),
            Event::End => {
                over = true;
                !stopped
            }
            Event::Failed(_) => {
                over = true;
                false
            }
            _ => false,
        };
        if wrong {
            return Some(format!("{at}: {event:?}"));
        }
    }
    None
}

#[test]
fn a_text_may_begin_unannounced_and_counts_may_come_first() {
    let row = events(&[
        delta(0, json!({"text": "Hi"})),
        (
            "metadata",
            json!({"usage": {"inputTokens": 1, "outputTokens": 1}}),
        ),
        ("messageStop", json!({"stopReason": "end_turn"})),
    ]);
    assert_eq!(broken_law(&row), None);
    assert_eq!(row.last(), Some(&Event::End));
    assert_eq!(Reply::of(row).candidates[0].blocks[0].text, "Hi");
}

#[test]
fn a_thought_and_a_text_may_share_a_number() {
    let row = events(&[
        ("messageStart", json!({"role": "assistant"})),
        delta(0, json!({"reasoningContent": {"text": "hm"}})),
        delta(0, json!({"text": "Hi"})),
        closed(0),
        ("messageStop", json!({"stopReason": "end_turn"})),
    ]);
    assert_eq!(broken_law(&row), None);
    let reply = Reply::of(row);
    let texts: Vec<&str> = reply.candidates[0]
        .blocks
        .iter()
        .map(|block| block.text.as_str())
        .collect();
    assert_eq!(texts, ["hm", "Hi"]);
}

#[test]
fn a_stream_without_counts_ends_when_it_ends() {
    let row = events(&[
        delta(0, json!({"text": "Hi"})),
        ("messageStop", json!({"stopReason": "max_tokens"})),
    ]);
    assert_eq!(row.last(), Some(&Event::End));
    assert_eq!(
        Reply::of(row).candidates[0].stop,
        Some(StopReason::MaxTokens)
    );
}

#[test]
fn a_stream_that_breaks_off_has_no_end() {
    let (stream, _) = rich();
    for cut in 0..stream.len() - 1 {
        let row = events(&stream[..cut]);
        assert_eq!(broken_law(&row), None, "{cut}");
        let stopped = stream[..cut].iter().any(|frame| frame.0 == "messageStop");
        assert_eq!(row.last() == Some(&Event::End), stopped, "{cut}");
    }
}

#[test]
fn stop_reasons_have_our_words() {
    for (word, expected) in [
        ("end_turn", StopReason::End),
        ("tool_use", StopReason::ToolCall),
        ("max_tokens", StopReason::MaxTokens),
        ("stop_sequence", StopReason::StopSequence),
        ("guardrail_intervened", StopReason::Filtered),
        ("content_filtered", StopReason::Filtered),
        ("malformed_model_output", StopReason::Other),
        ("malformed_tool_use", StopReason::Other),
        ("model_context_window_exceeded", StopReason::ContextFull),
        ("something_new", StopReason::Other),
    ] {
        let body = json!({"output": {"message": {"content": [{"text": "x"}]}}, "stopReason": word});
        let reply = Reply::of(whole(body));
        assert_eq!(reply.candidates[0].stop, Some(expected), "{word}");
    }
    // Some models call a tool and say that they are done.
    let body = json!({"output": {"message": {"content": [
        {"toolUse": {"toolUseId": "a", "name": "f", "input": {}}}]}}, "stopReason": "end_turn"});
    assert_eq!(
        Reply::of(whole(body)).candidates[0].stop,
        Some(StopReason::ToolCall)
    );
}

#[test]
fn exceptions_are_the_failures_they_name() {
    for (name, message, expected) in [
        ("internalServerException", "oops", FailureCategory::Server),
        ("modelStreamErrorException", "oops", FailureCategory::Server),
        (
            "validationException",
            "bad field",
            FailureCategory::BadRequest,
        ),
        (
            "validationException",
            "Input is too long for requested model.",
            FailureCategory::ContextOverflow,
        ),
        (
            "throttlingException",
            "Too many tokens, please wait",
            FailureCategory::RateLimit,
        ),
        (
            "serviceUnavailableException",
            "busy",
            FailureCategory::Overloaded,
        ),
        ("modelTimeoutException", "slow", FailureCategory::Timeout),
        ("accessDeniedException", "no", FailureCategory::Permission),
        ("somethingNewException", "x", FailureCategory::Server),
    ] {
        let row = events(&[
            delta(0, json!({"text": "Hi"})),
            (name, json!({"message": message})),
            ("messageStop", json!({"stopReason": "end_turn"})),
        ]);
        let Some(Event::Failed(failure)) = row.last() else {
            panic!("{name}: {row:?}");
        };
        assert_eq!(failure.category, expected, "{name}");
        assert_eq!(failure.message, message, "{name}");
        assert_eq!(failure.code.as_deref(), Some(name));
        assert_eq!(failure.status, Some(200));
    }
}

#[test]
fn an_answer_that_is_no_reply_is_told() {
    for body in [
        json!({"message": "no"}),
        json!({"output": {"message": {"content": "text"}}}),
        json!({"output": []}),
    ] {
        let Value::Object(body) = body else {
            continue;
        };
        assert!(read_reply(body, &mut Vec::new()).is_err());
    }
}

#[test]
fn nonsense_on_the_wire_is_a_broken_stream() {
    let mut reader = Reader::default();
    let mut out = Vec::new();
    let (name, data) = (&b"metadata"[..], &b"{\"usage\":"[..]);
    reader.frame(Frame { name, data }, &mut out);
    assert!(matches!(
        out.last(),
        Some(Event::Failed(failure)) if failure.category == FailureCategory::BrokenStream
    ));
    let orphan = events(&[delta(3, json!({"toolUse": {"input": "{}"}}))]);
    assert!(matches!(orphan.last(), Some(Event::Failed(_))));
    let many: Vec<(&str, Value)> = (0..500).map(|at| delta(at, json!({"text": "x"}))).collect();
    let row = events(&many);
    assert_eq!(broken_law(&row), None);
    assert!(matches!(row.last(), Some(Event::Failed(_))));
}

const NAMES: [&str; 8] = [
    "messageStart",
    "contentBlockStart",
    "contentBlockDelta",
    "contentBlockStop",
    "messageStop",
    "metadata",
    "validationException",
    "other",
];

fn any_json() -> impl Strategy<Value = Value> {
    const KEYS: [&str; 12] = [
        "delta",
        "start",
        "text",
        "toolUse",
        "input",
        "reasoningContent",
        "signature",
        "citation",
        "contentBlockIndex",
        "usage",
        "image",
        "toolResult",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0_u64..4).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(&KEYS[..]), inner), 0..4).prop_map(
                |fields| Value::Object(
                    fields
                        .into_iter()
                        .map(|(key, value)| (key.to_owned(), value))
                        .collect()
                )
            ),
        ]
    })
}

proptest! {
    #[test]
    fn any_frames_make_a_lawful_row(
        frames in prop::collection::vec((prop::sample::select(&NAMES[..]), any_json()), 0..24)
    ) {
        let row = events(&frames);
        if !row.is_empty() {
            prop_assert_eq!(broken_law(&row), None);
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic(name in prop::sample::select(&NAMES[..]), data: Vec<u8>) {
        let mut reader = Reader::default();
        let mut out = Vec::new();
        reader.frame(Frame { name: name.as_bytes(), data: &data }, &mut out);
        reader.frame(Frame { name: &data, data: &data }, &mut out);
        reader.finish(&mut out);
    }

    #[test]
    fn a_damaged_stream_makes_a_lawful_row(
        drops in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        swaps in prop::collection::vec(
            (any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..6),
    ) {
        let (mut stream, _) = rich();
        for (one, other) in swaps {
            let length = stream.len();
            stream.swap(one.index(length), other.index(length));
        }
        for at in drops {
            let length = stream.len();
            stream.remove(at.index(length));
        }
        prop_assert_eq!(broken_law(&events(&stream)), None);
    }

    #[test]
    fn any_whole_body_is_read_without_panic(content in any_json(), rest in any_json()) {
        let body = json!({"output": {"message": {"content": [content]}}, "usage": rest});
        let Value::Object(body) = body else { return Ok(()) };
        let mut out = Vec::new();
        if read_reply(body, &mut out).is_ok() {
            prop_assert_eq!(broken_law(&out), None);
        }
    }
}
