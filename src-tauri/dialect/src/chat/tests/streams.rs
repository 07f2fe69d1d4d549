//! Streams of providers, with the habits of the copies.

use serde_json::json;

use super::*;
use crate::hub::{Annotation, BlockKind};
use crate::{FailureCategory, StopReason};

pub(super) fn delta(delta: Value) -> Value {
    let mut chunk = finish("");
    chunk["choices"][0] = json!({"index": 0, "finish_reason": null});
    chunk["choices"][0]["delta"] = delta;
    chunk
}

pub(super) fn finish(word: &str) -> Value {
    json!({"id": "c1", "model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": word}]})
}

/// A reply in short: `kind:text` for each block, and how it ended.
pub(super) fn gist(events: Vec<Event>) -> String {
    let ended = events.last() == Some(&Event::End);
    let reply = Reply::of(events);
    let mut gist = Vec::new();
    for candidate in &reply.candidates {
        for block in &candidate.blocks {
            let kind = match &block.kind {
                BlockKind::Text => "text".to_owned(),
                BlockKind::Reasoning { hidden: true, .. } => "hidden".to_owned(),
                BlockKind::Reasoning { summary: true, .. } => "summary".to_owned(),
                BlockKind::Reasoning { .. } => "thought".to_owned(),
                BlockKind::Refusal => "refusal".to_owned(),
                BlockKind::ToolCall(call) if call.custom => {
                    format!("custom {} {}", call.id, call.name)
                }
                BlockKind::ToolCall(call) => format!("call {} {}", call.id, call.name),
                BlockKind::Opaque { value, .. } => format!("opaque {value}"),
            };
            let seal = block.sealed.as_ref();
            let seal = seal.map(|seal| format!("[{} {}]", seal.dialect.name(), seal.data));
            gist.push(format!("{kind}:{}{}", block.text, seal.unwrap_or_default()));
        }
        gist.push(format!("{:?}", candidate.stop));
    }
    if ended {
        gist.push("End".to_owned());
    }
    gist.join(" | ")
}

fn gist_of(chunks: &[Value]) -> String {
    gist(events(&stream(chunks)))
}

pub(super) fn gist_of_deltas(deltas: &[Value], word: &str) -> String {
    let mut chunks: Vec<Value> = deltas.iter().cloned().map(delta).collect();
    chunks.push(finish(word));
    gist_of(&chunks)
}

#[test]
fn a_plain_stream() {
    let chunks = [
        delta(json!({"role": "assistant", "content": "", "refusal": null})),
        delta(json!({"content": "Hel"})),
        delta(json!({"content": "lo"})),
        finish("stop"),
        json!({"id": "c1", "model": "m", "choices": [], "service_tier": "default",
               "usage": {"prompt_tokens": 3, "completion_tokens": 2}}),
    ];
    let found = events(&stream(&chunks));
    assert_eq!(
        found,
        [
            Event::Start(crate::hub::Start {
                id: Some("c1".to_owned()),
                model: Some("m".to_owned())
            }),
            Event::Open {
                block: 0,
                candidate: 0,
                kind: BlockKind::Text
            },
            Event::Delta {
                block: 0,
                text: "Hel".to_owned()
            },
            Event::Delta {
                block: 0,
                text: "lo".to_owned()
            },
            Event::Close { block: 0 },
            Event::Stop {
                candidate: 0,
                stop: StopReason::End,
                sequence: None
            },
            Event::Extra {
                owner: Dialect::OpenAi,
                key: "service_tier".to_owned(),
                value: "default".into()
            },
            Event::Usage(usage(3, 2)),
            Event::End,
        ]
    );
}

#[test]
fn azure_opens_with_nothing() {
    let first = json!({"id": "", "model": "", "object": "", "created": 0, "choices": [],
        "prompt_filter_results": [{"prompt_index": 0}]});
    let found = events(&stream(&[
        first,
        delta(json!({"content": "x"})),
        finish("stop"),
    ]));
    let Event::Start(start) = &found[0] else {
        panic!("a reply starts");
    };
    assert_eq!(start.id.as_deref(), Some("c1"));
    assert_eq!(gist(found), "text:x | Some(End) | End");
}

#[test]
fn usage_is_found_wherever_it_stands() {
    let counts = json!({"prompt_tokens": 3, "completion_tokens": 2});
    let mut on_finish = finish("stop");
    on_finish["usage"] = counts.clone();
    let mut in_choice = finish("stop");
    in_choice["choices"][0]["usage"] = counts.clone();
    let mut groq = finish("stop");
    groq["x_groq"] = json!({"id": "req", "usage": counts});
    for last in [on_finish, in_choice, groq] {
        let reply = Reply::of(events(&stream(&[delta(json!({"content": "x"})), last])));
        assert_eq!(reply.usage, Some(usage(3, 2)));
    }
}

#[test]
fn the_older_completions_are_text() {
    let chunk = |text: &str, word: Value| {
        json!({"id": "c1", "object": "text_completion", "model": "m",
            "choices": [{"index": 0, "text": text, "logprobs": null, "finish_reason": word}]})
    };
    let chunks = [chunk("On", Value::Null), chunk("ce", "length".into())];
    assert_eq!(gist_of(&chunks), "text:Once | Some(MaxTokens) | End");
    let body = chunk("Once", "length".into());
    assert_eq!(Reply::of(whole(body)), Reply::of(events(&stream(&chunks))));
}

#[test]
fn reasons_to_stop() {
    let text = json!({"content": "x"});
    let no = json!({"refusal": "No."});
    let cases = [
        (&text, "stop", "text:x | Some(End) | End"),
        (&text, "length", "text:x | Some(MaxTokens) | End"),
        (&text, "content_filter", "text:x | Some(Filtered) | End"),
        (&text, "model_length", "text:x | Some(ContextFull) | End"),
        (&text, "odd", "text:x | Some(Other) | End"),
        (&no, "stop", "refusal:No. | Some(Refusal) | End"),
    ];
    for (said, word, expected) in cases {
        assert_eq!(gist_of_deltas(std::slice::from_ref(said), word), expected);
    }
}

#[test]
fn an_end_without_its_mark_is_one_if_a_reason_was_given() {
    let without = |chunks: &[Value]| stream(chunks).replace("data: [DONE]\n\n", "");
    let whole = without(&[delta(json!({"content": "x"})), finish("stop")]);
    assert_eq!(gist(events(&whole)), "text:x | Some(End) | End");
    let broken = events(&without(&[delta(json!({"content": "x"}))]));
    assert_eq!(broken.last(), Some(&Event::Close { block: 0 }));
    assert_eq!(gist(broken), "text:x | None");
    assert_eq!(events(""), []);
    // One of two answers is missing its end.
    let mut second = delta(json!({"content": "y"}));
    second["choices"][0]["index"] = json!(1);
    assert_eq!(
        gist(events(&without(&[second, finish("stop")]))),
        "Some(End) | text:y | None"
    );
}

#[test]
fn an_end_without_a_reason_is_an_end() {
    assert_eq!(
        gist_of(&[delta(json!({"content": "x"}))]),
        "text:x | Some(Other) | End"
    );
    assert_eq!(gist_of(&[]), "Some(Other) | End");
}

#[test]
fn errors_in_the_stream_are_failures() {
    let text = delta(json!({"content": "x"}));
    let overloaded = json!({"error": {"message": "Overloaded", "type": "overloaded_error"}});
    let found = events(&stream(&[text.clone(), overloaded, finish("stop")]));
    let Some(Event::Failed(failure)) = found.last() else {
        panic!("it failed");
    };
    assert_eq!(failure.category, FailureCategory::Overloaded);
    let named =
        format!("data: {text}\n\nevent: error\ndata: {{\"message\":\"odd\"}}\n\ndata: [DONE]\n\n");
    assert!(matches!(events(&named).last(), Some(Event::Failed(_))));
    let disguised = events(&stream(&[text, finish("insufficient_system_resource")]));
    assert!(matches!(disguised.last(), Some(Event::Failed(_))));
}

#[test]
fn several_answers_do_not_mix() {
    let part = |index: u32, text: &str| {
        let mut chunk = delta(json!({"content": text}));
        chunk["choices"][0]["index"] = json!(index);
        chunk
    };
    let end = |index: u32| {
        let mut chunk = finish("stop");
        chunk["choices"][0]["index"] = json!(index);
        chunk
    };
    let chunks = [
        part(0, "a"),
        part(1, "x"),
        part(0, "b"),
        part(1, "y"),
        end(1),
        end(0),
    ];
    assert_eq!(
        gist_of(&chunks),
        "text:ab | Some(End) | text:xy | Some(End) | End"
    );
}

#[test]
fn remarks_are_found() {
    let logprobs = json!({"content": [{"token": "x", "logprob": -0.5, "bytes": [120],
        "top_logprobs": [{"token": "y", "logprob": -1.5}]}]});
    let mut chunk = delta(json!({"content": "x"}));
    chunk["choices"][0]["logprobs"] = logprobs;
    let citation = json!({"type": "url_citation", "url_citation": {"url": "https://x", "title": "t", "start_index": 0, "end_index": 1}});
    let found = events(&stream(&[
        chunk,
        delta(json!({"annotations": [citation]})),
        finish("stop"),
    ]));
    let reply = Reply::of(found);
    let block = &reply.candidates[0].blocks[0];
    assert_eq!(block.text, "x");
    let [
        Annotation::Logprobs(tokens),
        Annotation::Citation {
            url, title, value, ..
        },
    ] = block.annotations.as_slice()
    else {
        panic!("two remarks were made");
    };
    assert_eq!((tokens[0].token.as_str(), tokens[0].top.len()), ("x", 1));
    assert_eq!(
        (url.as_deref(), title.as_deref()),
        (Some("https://x"), Some("t"))
    );
    assert_eq!(*value, citation);
}

#[test]
fn sound_and_pictures_are_gathered() {
    let deltas = [
        json!({"audio": {"id": "a1", "transcript": "He"}}),
        json!({"audio": {"transcript": "llo", "data": "QUJD"}}),
        json!({"audio": {"data": "REVG", "expires_at": 5}}),
        json!({"content": "x", "images": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,QQ=="}}]}),
    ];
    assert_eq!(
        gist_of_deltas(&deltas, "stop"),
        concat!(
            r#"text:x | opaque {"audio":{"id":"a1","transcript":"Hello","data":"QUJDREVG","expires_at":5}}: | "#,
            r#"opaque {"images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,QQ=="}}]}: | Some(End) | End"#
        )
    );
}

#[test]
fn odd_shapes_spoil_nothing_around_them() {
    let chunks = [
        json!({"id": 7, "model": ["x"], "choices": [{"index": "0", "delta": {"content": 5, "reasoning": {"a": 1}, "tool_calls": "none"}}]}),
        json!({"choices": [{"index": 0, "delta": "text"}, 5, null]}),
        json!({"choices": {"index": 0}}),
        json!([1, 2]),
        delta(json!({"content": "x", "annotations": "none", "refusal": false})),
        finish("stop"),
    ];
    assert_eq!(gist_of(&chunks), "text:x | Some(End) | End");
    assert_eq!(
        gist(events("data: nonsense\n\n: comment\n\ndata: [DONE]\n\n")),
        "Some(Other) | End"
    );
}
