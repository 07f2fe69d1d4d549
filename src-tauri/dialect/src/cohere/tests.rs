//! Tables, goldens and laws of Cohere's v2.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::hub::{
    Annotation, BlockKind, Choice, Effort, Event, Hosting, Notes, Quirks, Refused, Reply, Request,
    Target, Thinking, Traits,
};
use crate::translate::Reader;
use crate::{Dialect, Endpoint, FailureCategory, Framing, StopReason, Usage};

fn write(request: Request, lossy: bool) -> Result<(Value, Vec<String>), Refused> {
    let quirks = Quirks::default();
    let target = Target {
        dialect: Dialect::Cohere,
        hosting: Hosting::Own,
        provider: "cohere",
        model: "command-a-03-2025",
        quirks: &quirks,
        traits: Traits::default(),
        max_output: None,
    };
    let mut notes = Notes::new(lossy);
    let body = super::write_request(request, &target, &mut notes)?;
    let codes = notes.into_vec().iter().map(|note| note.code()).collect();
    Ok((Value::Object(body), codes))
}

/// A request, read from the dialect that is nearest to what a test wants to say.
fn asked(body: &Value) -> Request {
    let body = serde_json::to_vec(body).expect("JSON");
    crate::read_request(Endpoint::OllamaChat, &body, None).expect("it is a request")
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("not an object: {other}"),
    }
}

fn events(stream: &[u8], cuts: &[usize]) -> Vec<Event> {
    let mut frames = crate::frames::Frames::new(Framing::Sse);
    let mut reader = Reader::new(Endpoint::CohereChat);
    let mut out = Vec::new();
    let (mut rest, mut at) = (stream, 0);
    for cut in cuts {
        let (head, tail) = rest.split_at((cut - at).min(rest.len()));
        let _ = frames.feed(head, |frame| reader.frame(frame, &mut out));
        (rest, at) = (tail, *cut);
    }
    let _ = frames.feed(rest, |frame| reader.frame(frame, &mut out));
    let _ = frames.finish(|frame| reader.frame(frame, &mut out));
    reader.finish(&mut out);
    out
}

fn whole(body: Value) -> Vec<Event> {
    let mut out = Vec::new();
    super::read_reply(object(body), &mut out).expect("it is a reply");
    out
}

const TOOL: &str = r#"{"type":"function","function":{"name":"weather","description":"d","parameters":{"type":"object","properties":{"place":{"type":"string"}},"required":["place"]}}}"#;

#[test]
fn a_conversation_is_written() {
    let tool: Value = serde_json::from_str(TOOL).expect("JSON");
    let request = asked(
        &json!({"model": "m", "stream": true, "tools": [tool], "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Look.", "images": ["iVBORw0KGgo="]},
        {"role": "assistant", "content": "", "thinking": "I look.", "tool_calls": [
            {"id": "c1", "function": {"name": "weather", "arguments": {"place": "Bergen"}}}]},
        {"role": "tool", "content": "rain", "tool_name": "weather", "tool_call_id": "c1"},
        {"role": "assistant", "content": "It rains.", "thinking": "So."},
        {"role": "user", "content": "Thanks."}],
        "options": {"num_predict": 100, "temperature": 0.2, "top_p": 1.0, "top_k": 40, "seed": 3,
            "stop": ["END"], "presence_penalty": -0.5}}),
    );
    let (body, notes) = write(request, false).expect("it can be had");
    assert_eq!(
        body,
        json!({"model": "command-a-03-2025", "stream": true, "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
                {"type": "text", "text": "Look."}]},
            {"role": "assistant", "tool_plan": "I look.", "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{\"place\":\"Bergen\"}"}}]},
            {"role": "tool", "tool_call_id": "c1", "content": "rain"},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "So."}, {"type": "text", "text": "It rains."}]},
            {"role": "user", "content": "Thanks."}],
            "tools": [serde_json::from_str::<Value>(TOOL).expect("JSON")],
            "max_tokens": 100, "stop_sequences": ["END"], "temperature": 0.2, "p": 0.99, "k": 40, "seed": 3,
            "presence_penalty": 0.0})
    );
    assert_eq!(notes, ["degrade:top_p", "degrade:presence_penalty"]);
}

#[test]
fn every_choice_is_had() {
    let among = |required| Choice::Among {
        names: vec!["b".to_owned()],
        required,
    };
    let cases = [
        (None, None, 2),
        (Some(Choice::Auto), None, 2),
        (Some(Choice::None), Some("NONE"), 2),
        (Some(Choice::Any), Some("REQUIRED"), 2),
        (Some(Choice::Tool("b".to_owned())), Some("REQUIRED"), 1),
        (Some(among(true)), Some("REQUIRED"), 1),
        (Some(among(false)), None, 1),
    ];
    for (choice, word, left) in cases {
        let mut request = asked(&json!({"model": "m", "messages": [], "tools": [
            {"function": {"name": "a"}}, {"function": {"name": "b"}}]}));
        request.choice = choice.clone();
        let (body, notes) = write(request, false).expect("it can be had");
        assert_eq!(
            body["tools"].as_array().map(Vec::len),
            Some(left),
            "{choice:?}"
        );
        assert_eq!(body["tool_choice"].as_str(), word, "{choice:?}");
        assert_eq!(notes.is_empty(), left == 2, "{notes:?}");
    }
}

#[test]
fn the_form_of_the_answer() {
    let schema = json!({"type": "object"});
    let (body, _) =
        write(asked(&json!({"model": "m", "format": schema})), false).expect("it can be had");
    assert_eq!(
        body["response_format"],
        json!({"type": "json_object", "json_schema": {"type": "object"}})
    );
    let with_tools =
        asked(&json!({"model": "m", "format": "json", "tools": [{"function": {"name": "a"}}]}));
    let refused = write(with_tools.clone(), false).expect_err("not both");
    assert_eq!(refused.what, "response_format");
    let (body, _) = write(with_tools, true).expect("losses are accepted");
    assert_eq!(body.get("response_format"), None);
    let likely = asked(&json!({"model": "m", "logprobs": true, "top_logprobs": 2}));
    assert_eq!(
        write(likely, false).expect_err("no others").what,
        "top_logprobs"
    );
}

#[test]
fn thinking_is_counted_in_tokens() {
    let think = |effort, budget, on| Thinking {
        effort,
        budget,
        on,
        shown: None,
    };
    let cases = [
        (think(None, None, None), None, Value::Null),
        (
            think(Some(Effort::None), None, None),
            None,
            json!({"type": "disabled"}),
        ),
        (
            think(None, None, Some(false)),
            None,
            json!({"type": "disabled"}),
        ),
        (
            think(None, None, Some(true)),
            None,
            json!({"type": "enabled"}),
        ),
        (
            think(None, Some(3000), Some(true)),
            None,
            json!({"type": "enabled", "token_budget": 3000}),
        ),
        (
            think(None, Some(3000), Some(true)),
            Some(1000),
            json!({"type": "enabled", "token_budget": 999}),
        ),
        (
            think(Some(Effort::Low), None, None),
            None,
            json!({"type": "enabled", "token_budget": 2048}),
        ),
        (
            think(Some(Effort::High), None, None),
            None,
            json!({"type": "enabled"}),
        ),
    ];
    for (thinking, max_output, expected) in cases {
        let mut request = asked(&json!({"model": "m"}));
        (request.thinking, request.max_output) = (thinking.clone(), max_output);
        let (body, _) = write(request, false).expect("it can be had");
        assert_eq!(
            body.get("thinking").unwrap_or(&Value::Null),
            &expected,
            "{thinking:?}"
        );
    }
}

#[test]
fn all_tools_are_strict_or_none() {
    for (strict, held, noted) in [
        ([true, true], true, 0),
        ([true, false], false, 1),
        ([false, false], false, 0),
    ] {
        let mut request = asked(&json!({"model": "m", "tools": [
            {"function": {"name": "a"}}, {"function": {"name": "b"}}]}));
        for (tool, is_strict) in request.tools.iter_mut().zip(strict) {
            if let crate::hub::ToolKind::Function { strict, .. } = &mut tool.kind {
                *strict = Some(is_strict);
            }
        }
        let (body, notes) = write(request, false).expect("it can be had");
        assert_eq!(body["strict_tools"] == true, held);
        assert_eq!(notes.len(), noted);
    }
}

pub(crate) const STREAM: &str = r#"event: message-start
data: {"type":"message-start","id":"29f14a5a","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}}

event: content-start
data: {"type":"content-start","index":0,"delta":{"message":{"content":{"type":"thinking","thinking":""}}}}

event: content-delta
data: {"type":"content-delta","index":0,"delta":{"message":{"content":{"thinking":"Hm."}}}}

event: content-end
data: {"type":"content-end","index":0}

event: content-start
data: {"type":"content-start","index":1,"delta":{"message":{"content":{"type":"text","text":""}}}}

event: content-delta
data: {"type":"content-delta","index":1,"delta":{"message":{"content":{"text":"Emperor "}}},"logprobs":{"text":"Emperor ","token_ids":[5,6],"logprobs":[-0.5,-0.25]}}

event: content-delta
data: {"type":"content-delta","index":1,"delta":{"message":{"content":{"text":"penguins."}}}}

event: content-end
data: {"type":"content-end","index":1}

event: citation-start
data: {"type":"citation-start","index":0,"delta":{"message":{"citations":{"start":0,"end":7,"text":"Emperor","content_index":1,"sources":[{"type":"document","id":"doc:0","document":{"title":"Tall penguins","url":"https://example.org/p"}}]}}}}

event: citation-end
data: {"type":"citation-end","index":0}

event: message-end
data: {"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":14.0,"output_tokens":11.0},"tokens":{"input_tokens":80,"output_tokens":13},"cached_tokens":4}}}

data: [DONE]

"#;

fn the_whole() -> Value {
    json!({"id": "29f14a5a", "finish_reason": "COMPLETE", "message": {"role": "assistant",
        "content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Emperor penguins."}],
        "citations": [{"start": 0, "end": 7, "text": "Emperor", "content_index": 1, "sources": [
            {"type": "document", "id": "doc:0", "document": {"title": "Tall penguins", "url": "https://example.org/p"}}]}]},
        "logprobs": [{"text": "Emperor ", "token_ids": [5, 6], "logprobs": [-0.5, -0.25]}],
        "usage": {"billed_units": {"input_tokens": 14, "output_tokens": 11}, "tokens": {"input_tokens": 80, "output_tokens": 13}, "cached_tokens": 4}})
}

pub(crate) const CALLS: &str = r#"data: {"type":"message-start","id":"m2","delta":{"message":{"role":"assistant"}}}

data: {"type":"tool-plan-delta","delta":{"message":{"tool_plan":"I will "}}}

data: {"type":"tool-plan-delta","delta":{"message":{"tool_plan":"look."}}}

data: {"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"weather_1","type":"function","function":{"name":"weather","arguments":""}}}}}

data: {"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"{\"place\":"}}}}}

data: {"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"\"Bergen\"}"}}}}}

data: {"type":"tool-call-end","index":0}

data: {"type":"tool-call-start","index":1,"delta":{"message":{"tool_calls":{"id":"clock_1","type":"function","function":{"name":"clock","arguments":"{}"}}}}}

data: {"type":"tool-call-end","index":1}

data: {"type":"message-end","delta":{"finish_reason":"TOOL_CALL","usage":{"tokens":{"input_tokens":9,"output_tokens":4}}}}

"#;

#[test]
fn a_stream_and_a_whole_reply_say_the_same() {
    let streamed = Reply::of(events(STREAM.as_bytes(), &[]));
    assert_eq!(streamed, Reply::of(whole(the_whole())));
    assert_eq!(streamed.start.id.as_deref(), Some("29f14a5a"));
    assert_eq!(
        streamed.usage,
        Some(Usage {
            input: 10,
            cache_read: 4,
            output: 11,
            ..Usage::default()
        })
    );
    let answer = &streamed.candidates[0];
    assert_eq!(answer.stop, Some(StopReason::End));
    assert_eq!(answer.blocks[1].text, "Emperor penguins.");
    let [
        Annotation::Logprobs(tokens),
        Annotation::Citation { url, title, .. },
    ] = &answer.blocks[1].annotations[..]
    else {
        panic!("{:?}", answer.blocks[1].annotations);
    };
    assert_eq!(tokens[0].logprob, -0.75);
    assert_eq!(url.as_deref(), Some("https://example.org/p"));
    assert_eq!(title.as_deref(), Some("Tall penguins"));
}

#[test]
fn calls_and_their_plan_are_read() {
    let streamed = Reply::of(events(CALLS.as_bytes(), &[]));
    let body = json!({"id": "m2", "finish_reason": "TOOL_CALL", "message": {"role": "assistant", "tool_plan": "I will look.",
        "tool_calls": [
            {"id": "weather_1", "type": "function", "function": {"name": "weather", "arguments": "{\"place\":\"Bergen\"}"}},
            {"id": "clock_1", "type": "function", "function": {"name": "clock", "arguments": "{}"}}]},
        "usage": {"tokens": {"input_tokens": 9, "output_tokens": 4}}});
    assert_eq!(streamed, Reply::of(whole(body)));
    let answer = &streamed.candidates[0];
    assert_eq!(answer.stop, Some(StopReason::ToolCall));
    assert!(matches!(answer.blocks[0].kind, BlockKind::Reasoning { .. }));
    let texts: Vec<_> = answer.blocks.iter().map(|block| &*block.text).collect();
    assert_eq!(texts, ["I will look.", r#"{"place":"Bergen"}"#, "{}"]);
}

#[test]
fn endings_are_understood() {
    let cases = [
        ("COMPLETE", StopReason::End),
        ("STOP_SEQUENCE", StopReason::StopSequence),
        ("MAX_TOKENS", StopReason::MaxTokens),
        ("TOOL_CALL", StopReason::ToolCall),
        ("ERROR_TOXIC", StopReason::Filtered),
        ("NEW_WORD", StopReason::Other),
    ];
    for (word, expected) in cases {
        let reply = Reply::of(whole(
            json!({"message": {"content": []}, "finish_reason": word}),
        ));
        assert_eq!(reply.candidates[0].stop, Some(expected), "{word}");
    }
    for (word, expected) in [
        ("ERROR", FailureCategory::Server),
        ("TIMEOUT", FailureCategory::Timeout),
    ] {
        let end = format!(
            "data: {{\"type\":\"message-end\",\"delta\":{{\"finish_reason\":\"{word}\",\"error\":\"it broke\"}}}}\n\n"
        );
        let reply = Reply::of(events(end.as_bytes(), &[]));
        let failure = reply.failure.expect("it failed");
        assert_eq!(
            (failure.category, &*failure.message),
            (expected, "it broke")
        );
    }
    let complaint = whole(json!({"id": "x", "message": "too many tokens"}));
    assert!(matches!(&complaint[..], [Event::Failed(_)]));
    assert!(super::read_reply(Map::new(), &mut Vec::new()).is_err());
}

#[test]
fn any_cut_gives_the_same_events() {
    for stream in [STREAM, CALLS] {
        let whole = events(stream.as_bytes(), &[]);
        assert_eq!(whole.last(), Some(&Event::End));
        for cut in 0..stream.len() {
            assert_eq!(events(stream.as_bytes(), &[cut]), whole, "{cut}");
        }
        let every: Vec<usize> = (1..stream.len()).collect();
        assert_eq!(events(stream.as_bytes(), &every), whole);
        let end = stream.find("{\"type\":\"message-end\"").expect("an end");
        assert!(!events(&stream.as_bytes()[..end], &[]).contains(&Event::End));
    }
}

/// Blocks are opened under the next number, fed while they are open and closed once.
fn is_well_formed(row: &[Event]) -> bool {
    let (mut next, mut open) = (0, None);
    row.iter().all(|event| match event {
        Event::Open { block, .. } => {
            let good = open.is_none() && *block == next;
            (next, open) = (next + 1, Some(*block));
            good
        }
        Event::Delta { block, .. } | Event::Annotate { block, .. } => open == Some(*block),
        Event::Close { block } => open.take() == Some(*block),
        Event::End => open.is_none(),
        _ => true,
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        events(&bytes, &[]);
    }

    #[test]
    fn a_mutated_stream_is_read_without_panic(at in 0..STREAM.len(), byte: u8, cut in 0usize..3000) {
        let mut stream = STREAM.as_bytes().to_vec();
        stream[at] = byte;
        let whole = events(&stream, &[]);
        prop_assert!(is_well_formed(&whole), "{:?}", whole);
        prop_assert_eq!(events(&stream, &[cut.min(stream.len())]), whole);
    }

    #[test]
    fn events_in_any_order_make_a_well_formed_row(order in prop::collection::vec(0usize..24, 0..40)) {
        let all: Vec<&str> = STREAM.split_inclusive("\n\n").chain(CALLS.split_inclusive("\n\n")).collect();
        let stream: String = order.iter().filter_map(|at| all.get(*at)).copied().collect();
        let row = events(stream.as_bytes(), &[]);
        prop_assert!(is_well_formed(&row), "{:?}", row);
    }
}
