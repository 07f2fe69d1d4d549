//! Replies, written for callers.

use serde_json::{Map, Value, json};

use crate::frames::{Frames, Framing};
use crate::hub::{Annotation, BlockKind, Event, Logprob, Reply, Sealed, Start, ToolCall};
use crate::translate::Writing;
use crate::{Dialect, Endpoint, Fault, FaultKind, StopReason, Usage};

fn writing(echo: Value) -> Writing {
    Writing {
        provider: "acme".to_owned(),
        endpoint: Endpoint::GenerateContent,
        id: "abc".to_owned(),
        model: "asked".to_owned(),
        created_unix_s: 0,
        input_tokens: 1,
        usage_asked: true,
        echo: super::object(echo),
    }
}

fn written(events: &[Event], echo: Value) -> String {
    let mut writer = super::super::Writer::new(writing(echo));
    let mut out = Vec::new();
    for event in events {
        writer.event(event, &mut out);
    }
    String::from_utf8(out).expect("UTF-8")
}

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

fn sealed(block: u32, dialect: Dialect) -> Event {
    let sealed = Sealed {
        dialect,
        issuer: None,
        data: "c2ln".to_owned(),
    };
    Event::Seal { block, sealed }
}

fn thought(hidden: bool) -> BlockKind {
    BlockKind::Reasoning {
        hidden,
        summary: !hidden,
    }
}

fn call(id: &str) -> BlockKind {
    BlockKind::ToolCall(ToolCall {
        id: id.to_owned(),
        name: "f".to_owned(),
        namespace: None,
        arguments: String::new(),
        custom: false,
    })
}

/// An answer with all that Gemini can say.
fn answer() -> Vec<Event> {
    let usage = Usage {
        input: 5,
        cache_read: 2,
        output: 3,
        reasoning: 1,
        ..Usage::default()
    };
    vec![
        Event::Start(Start {
            id: Some("up".to_owned()),
            model: Some("m-1".to_owned()),
        }),
        open(0, thought(false)),
        delta(0, "hm"),
        sealed(0, Dialect::Anthropic),
        Event::Close { block: 0 },
        open(1, thought(true)),
        sealed(1, Dialect::Anthropic),
        Event::Close { block: 1 },
        open(2, BlockKind::Text),
        delta(2, "Hel"),
        Event::Ping,
        delta(2, "lo"),
        Event::Close { block: 2 },
        open(3, call("c1")),
        delta(3, "{\"a\""),
        delta(3, ":1}"),
        sealed(3, Dialect::Gemini),
        Event::Close { block: 3 },
        open(4, call("c2")),
        Event::Close { block: 4 },
        Event::Stop {
            candidate: 0,
            stop: StopReason::ToolCall,
            sequence: None,
        },
        Event::Usage(usage),
        Event::End,
    ]
}

fn chunks(text: &str) -> Vec<Value> {
    let datas = text.lines().filter_map(|line| line.strip_prefix("data: "));
    datas
        .map(|data| serde_json::from_str(data).expect("JSON"))
        .collect()
}

#[test]
fn a_stream_is_written() {
    let text = written(&answer(), json!({"alt": "sse"}));
    let parts: Vec<Value> = chunks(&text)
        .iter()
        .map(|chunk| chunk["candidates"][0]["content"]["parts"][0].clone())
        .collect();
    // base64 of `sbx1.anthropic..c2ln`.
    let foreign = "c2J4MS5hbnRocm9waWMuLmMybG4=";
    assert_eq!(
        parts,
        [
            json!({"text": "hm", "thought": true}),
            json!({"text": "", "thought": true, "thoughtSignature": foreign}),
            json!({"thought": true, "thoughtSignature": foreign}),
            json!({"text": "Hel"}),
            json!({"text": "lo"}),
            json!({"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}, "thoughtSignature": "c2ln"}),
            json!({"functionCall": {"id": "c2", "name": "f", "args": {}}}),
            json!({"text": ""}),
        ]
    );
    assert!(
        text.contains("\n\n\ndata: "),
        "a sign of life is a blank line"
    );
    assert!(text.ends_with(
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\"}],\"role\":\"model\"},\"index\":0,\"finishReason\":\"STOP\"}],\
         \"modelVersion\":\"m-1\",\"responseId\":\"abc\",\"usageMetadata\":{\"promptTokenCount\":7,\"cachedContentTokenCount\":2,\
         \"candidatesTokenCount\":3,\"thoughtsTokenCount\":1,\"totalTokenCount\":11}}\n\n"
    ));
    assert!(text.starts_with(
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"hm\",\"thought\":true}],\"role\":\"model\"},\"index\":0}],\
         \"modelVersion\":\"m-1\",\"responseId\":\"abc\"}\n\n"
    ));
}

#[test]
fn a_caller_without_sse_gets_a_list() {
    let text = written(&answer(), json!({"alt": "json"}));
    let list: Vec<Value> = serde_json::from_str(&text).expect("a list");
    assert_eq!(list, chunks(&written(&answer(), json!({}))));
    let empty = written(&[Event::End], json!({"alt": "json"}));
    assert_eq!(
        serde_json::from_str::<Vec<Value>>(&empty)
            .expect("a list")
            .len(),
        1
    );
}

#[test]
fn a_list_that_breaks_off_is_closed_with_the_error_in_its_last_place() {
    let fault = Fault::new(
        FaultKind::Upstream,
        "upstream_stream_broken",
        "Cut \"off\".",
    );
    for said in [0, 1, answer().len() - 1] {
        let mut writer = super::super::Writer::new(writing(json!({"alt": "json"})));
        let mut out = Vec::new();
        for event in &answer()[..said] {
            writer.event(event, &mut out);
        }
        writer.event(&Event::Ping, &mut out);
        writer.failed(&fault, &mut out);
        writer.event(&Event::End, &mut out);
        let list: Vec<Value> = serde_json::from_slice(&out).expect("a list");
        let last = &list.last().expect("an error")["error"];
        assert_eq!(last["status"], "INTERNAL");
        assert_eq!(last["message"], "Cut \"off\".");
        assert!(
            list[..list.len() - 1]
                .iter()
                .all(|one| one["error"].is_null())
        );
    }
}

#[test]
fn a_whole_reply_is_written() {
    let reply = Reply::of(answer());
    let body = super::super::write_reply(&reply, &writing(json!({})));
    let foreign = "c2J4MS5hbnRocm9waWMuLmMybG4=";
    assert_eq!(
        body,
        json!({
            "candidates": [{"content": {"parts": [
                {"text": "hm", "thought": true, "thoughtSignature": foreign},
                {"thought": true, "thoughtSignature": foreign},
                {"text": "Hello"},
                {"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}, "thoughtSignature": "c2ln"},
                {"functionCall": {"id": "c2", "name": "f", "args": {}}},
            ], "role": "model"}, "index": 0, "finishReason": "STOP"}],
            "modelVersion": "m-1", "responseId": "abc",
            "usageMetadata": {"promptTokenCount": 7, "cachedContentTokenCount": 2, "candidatesTokenCount": 3, "thoughtsTokenCount": 1, "totalTokenCount": 11},
        })
    );
}

fn read_stream(text: &str) -> Reply {
    let mut frames = Frames::new(Framing::Sse);
    let mut reader = super::super::Reader::default();
    let mut events = Vec::new();
    frames
        .feed(text.as_bytes(), |frame| reader.frame(frame, &mut events))
        .expect("framed");
    reader.finish(&mut events);
    Reply::of(events)
}

fn read_whole(body: Value) -> (Reply, Vec<Event>) {
    let mut events = Vec::new();
    super::super::read_reply(super::object(body), &mut events).expect("a reply");
    (Reply::of(events.clone()), events)
}

#[test]
fn what_is_written_streamed_and_whole_reads_the_same() {
    let body = json!({
        "candidates": [{"content": {"parts": [
            {"text": "hm", "thought": true},
            {"text": "Hello", "thoughtSignature": "c2ln"},
            {"text": "", "thoughtSignature": "c2lo"},
            {"executableCode": {"code": "1"}},
            {"functionCall": {"id": "c", "name": "f", "args": {"a": 1}}},
            {"text": "bye"},
        ], "role": "model"}, "index": 0, "finishReason": "STOP", "finishMessage": "done",
        "groundingMetadata": {"groundingChunks": [{"web": {"uri": "https://a", "title": "A"}}], "webSearchQueries": ["q"]},
        "logprobsResult": {"chosenCandidates": [{"token": "b", "logProbability": -0.25}], "topCandidates": [{"candidates": [{"token": "b", "logProbability": -0.25}]}]}}],
        "createTime": "2026-01-01T00:00:00Z", "modelVersion": "m-1", "responseId": "abc",
        "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 3, "totalTokenCount": 10, "trafficType": "ON_DEMAND"},
    });
    let (reply, events) = read_whole(body.clone());
    assert_eq!(super::super::write_reply(&reply, &writing(json!({}))), body);
    assert_eq!(read_stream(&written(&events, json!({}))), reply);
}

#[test]
fn a_blocked_prompt_has_no_candidates() {
    let body = json!({"candidates": [], "modelVersion": "m", "responseId": "abc",
        "usageMetadata": {"promptTokenCount": 4, "candidatesTokenCount": 0, "totalTokenCount": 4}, "promptFeedback": {"blockReason": "SAFETY"}});
    let (reply, events) = read_whole(body.clone());
    assert_eq!(super::super::write_reply(&reply, &writing(json!({}))), body);
    assert_eq!(chunks(&written(&events, json!({}))), [body]);
}

/// Edge case 39, from the other side; and what others cite.
#[test]
fn words_of_others_are_put_in_googles() {
    let cite = |url: Option<&str>| Annotation::Citation {
        owner: Dialect::Anthropic,
        url: url.map(str::to_owned),
        title: None,
        value: json!({}),
    };
    let logprob = Logprob {
        token: "N".to_owned(),
        logprob: -1.0,
        top: vec![("N".to_owned(), -1.0)],
    };
    let annotate = |annotation| Event::Annotate {
        block: 0,
        annotation,
    };
    let foreign = BlockKind::Opaque {
        owner: Dialect::OpenAi,
        value: json!({"type": "web_search_call"}),
    };
    let events = [
        open(0, BlockKind::Refusal),
        delta(0, "No."),
        annotate(cite(Some("https://a"))),
        annotate(cite(Some("https://a"))),
        annotate(cite(None)),
        annotate(Annotation::Logprobs(vec![logprob])),
        Event::Close { block: 0 },
        open(1, foreign),
        Event::Close { block: 1 },
        Event::Extra {
            owner: Dialect::OpenAi,
            key: "system_fingerprint".to_owned(),
            value: json!("x"),
        },
        Event::Stop {
            candidate: 0,
            stop: StopReason::Refusal,
            sequence: None,
        },
        Event::End,
    ];
    let body = super::super::write_reply(&Reply::of(events.clone()), &writing(json!({})));
    let token = json!({"token": "N", "logProbability": -1.0});
    let mut expected = json!({
        "candidates": [{"content": {"parts": [{"text": "No."}], "role": "model"}, "index": 0, "finishReason": "SAFETY",
            "groundingMetadata": {"groundingChunks": [{"web": {"uri": "https://a"}}]},
            "logprobsResult": {"chosenCandidates": [token], "topCandidates": [{"candidates": [token]}]}}],
        "modelVersion": "asked", "responseId": "abc",
    });
    assert_eq!(body, expected);
    let chunks = chunks(&written(&events, Value::Object(Map::new())));
    assert_eq!(chunks.len(), 2);
    expected["candidates"][0]["content"]["parts"] = json!([{"text": ""}]);
    assert_eq!(chunks[1], expected);
}

#[test]
fn arguments_that_are_no_object_are_kept() {
    let events = [
        open(0, call("c")),
        delta(0, "[1]"),
        Event::Close { block: 0 },
        Event::End,
    ];
    let chunk = &chunks(&written(&events, json!({})))[0];
    assert_eq!(
        chunk["candidates"][0]["content"]["parts"][0]["functionCall"]["args"],
        json!({"_raw": "[1]"})
    );
}

#[test]
fn several_answers_end_together() {
    let events = [
        open(0, BlockKind::Text),
        delta(0, "a"),
        Event::Close { block: 0 },
        Event::Open {
            block: 1,
            candidate: 1,
            kind: BlockKind::Text,
        },
        delta(1, "b"),
        Event::Close { block: 1 },
        Event::Stop {
            candidate: 0,
            stop: StopReason::End,
            sequence: None,
        },
        Event::Stop {
            candidate: 1,
            stop: StopReason::MaxTokens,
            sequence: None,
        },
        Event::End,
        delta(1, "late"),
        Event::End,
    ];
    let reply = read_stream(&written(&events, json!({})));
    let said: Vec<_> = reply
        .candidates
        .iter()
        .map(|one| (one.blocks[0].text.as_str(), one.stop))
        .collect();
    assert_eq!(
        said,
        [
            ("a", Some(StopReason::End)),
            ("b", Some(StopReason::MaxTokens))
        ]
    );
}
