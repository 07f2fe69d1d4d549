//! Our own answers: golden frames, and a reader that believes them.

use dialect::{
    Dialect, Endpoint, ModelEntry, Reading, ReplyEvent, ReplyWriter, StopReason, StreamReader,
    Usage, count_tokens_reply, embeddings_reply, model_entry, models_list, read_whole,
};
use proptest::prelude::*;

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("we write UTF-8")
}

fn streamed(endpoint: Endpoint, include_usage: bool, events: &[ReplyEvent]) -> Vec<u8> {
    let mut writer = ReplyWriter::new(endpoint, include_usage);
    events
        .iter()
        .flat_map(|event| writer.stream(event))
        .collect()
}

fn a_reply() -> Vec<ReplyEvent> {
    vec![
        ReplyEvent::Start {
            id: "reply_1".to_owned(),
            model: "practice/echo".to_owned(),
            created_unix_s: 1_763_769_600,
            input_tokens: 12,
        },
        ReplyEvent::Text("Let me \"look\".\n".to_owned()),
        ReplyEvent::Text("One moment. ✓".to_owned()),
        ReplyEvent::ToolCall {
            id: "call_1".to_owned(),
            name: "read".to_owned(),
            arguments: r#"{"path": "a/b", "all": true}"#.to_owned(),
        },
        ReplyEvent::ToolCall {
            id: "call_2".to_owned(),
            name: "now".to_owned(),
            arguments: String::new(),
        },
        ReplyEvent::End {
            stop: StopReason::ToolCall,
            usage: Usage {
                input: 4,
                cache_read: 5,
                cache_write: 2,
                cache_write_long: 1,
                output: 20,
                reasoning: 6,
            },
        },
    ]
}

#[test]
fn chat_stream() {
    insta::assert_snapshot!(text(&streamed(
        Endpoint::ChatCompletions,
        false,
        &a_reply()
    )));
}

#[test]
fn chat_stream_with_usage() {
    let events = [&a_reply()[..2], &a_reply()[5..]].concat();
    insta::assert_snapshot!(text(&streamed(Endpoint::ChatCompletions, true, &events)));
}

#[test]
fn chat_whole() {
    insta::assert_snapshot!(text(&ReplyWriter::whole(
        Endpoint::ChatCompletions,
        &a_reply()
    )));
}

#[test]
fn chat_whole_without_text() {
    let events = [&a_reply()[..1], &a_reply()[3..]].concat();
    insta::assert_snapshot!(text(&ReplyWriter::whole(
        Endpoint::ChatCompletions,
        &events
    )));
}

#[test]
fn messages_stream() {
    insta::assert_snapshot!(text(&streamed(Endpoint::Messages, false, &a_reply())));
}

#[test]
fn messages_whole() {
    insta::assert_snapshot!(text(&ReplyWriter::whole(Endpoint::Messages, &a_reply())));
}

#[test]
fn arguments_that_are_no_object_are_kept_as_text() {
    let call = |arguments: &str| {
        let event = ReplyEvent::ToolCall {
            id: "c".to_owned(),
            name: "f".to_owned(),
            arguments: arguments.to_owned(),
        };
        text(&ReplyWriter::whole(Endpoint::Messages, &[event])).to_owned()
    };
    assert!(call("[1]").contains(r#""input":{"_raw":"[1]"}"#));
    assert!(call(r#"{"half":"#).contains(r#""input":{"_raw":"{\"half\":"}"#));
    assert!(call("  ").contains(r#""input":{}"#));
}

#[test]
fn embeddings() {
    let vectors = [vec![0.0, 1.0, -0.5], vec![0.25]];
    let floats = embeddings_reply("e", &vectors, false, 9);
    let base64 = embeddings_reply("e", &vectors, true, 9);
    insta::assert_snapshot!(format!("{}\n{}", text(&floats), text(&base64)));
}

#[test]
fn token_count() {
    assert_eq!(text(&count_tokens_reply(14)), r#"{"input_tokens":14}"#);
}

#[test]
fn models() {
    let model = |id: &str, max_input| ModelEntry {
        id: id.to_owned(),
        display_name: format!("The {id}"),
        owned_by: "acme".to_owned(),
        created_unix_s: 1_763_769_600,
        max_input,
        max_output: max_input.map(|n: u64| n / 2),
    };
    let models = [model("big", Some(200_000)), model("fast", None)];
    let golden: Vec<_> = Dialect::ALL
        .iter()
        .flat_map(|&d| {
            [
                models_list(d, &models),
                model_entry(d, &models[0]),
                models_list(d, &[]),
            ]
        })
        .map(|bytes| text(&bytes).to_owned())
        .collect();
    insta::assert_snapshot!(golden.join("\n"));
}

/// A reply in any order of parts, with a stop both dialects have a word for.
fn replies() -> impl Strategy<Value = Vec<ReplyEvent>> {
    let text = ".{0,20}".prop_map(ReplyEvent::Text);
    let call = ("[a-z0-9]{1,9}", "[a-z_]{1,9}", ".{0,9}").prop_map(|(id, name, value)| {
        ReplyEvent::ToolCall {
            id,
            name,
            arguments: format!("{{\"value\":{}}}", serde_json::Value::from(value)),
        }
    });
    let parts = prop::collection::vec(prop_oneof![text, call], 0..8);
    let stop = prop::sample::select(vec![StopReason::End, StopReason::MaxTokens]);
    let figures = prop::array::uniform5(0..1_000_000_u64);
    (".{1,12}", ".{1,12}", parts, stop, figures).prop_map(|(id, model, parts, stop, figures)| {
        let called = parts
            .iter()
            .any(|part| matches!(part, ReplyEvent::ToolCall { .. }));
        let [input, cache_read, cache_write, output, reasoning] = figures;
        let usage = Usage {
            input,
            cache_read,
            cache_write,
            cache_write_long: 0,
            output,
            reasoning,
        };
        let start = ReplyEvent::Start {
            id,
            model,
            created_unix_s: 1,
            input_tokens: input,
        };
        let stop = if called { StopReason::ToolCall } else { stop };
        [vec![start], parts, vec![ReplyEvent::End { stop, usage }]].concat()
    })
}

proptest! {
    #[test]
    fn what_we_write_is_what_we_read(events in replies()) {
        let (Some(ReplyEvent::Start { id, model, .. }), Some(ReplyEvent::End { stop, usage })) =
            (events.first(), events.last()) else { unreachable!() };
        for endpoint in [Endpoint::ChatCompletions, Endpoint::Messages] {
            let stream = streamed(endpoint, true, &events);
            let mut reader = StreamReader::new(endpoint);
            let fed = reader.feed(&stream);
            prop_assert!(fed.whole == stream.len() && fed.terminal && !fed.error);
            let whole = read_whole(endpoint, &ReplyWriter::whole(endpoint, &events));
            for read in [reader.reading(), &whole.expect("it is a reply")] {
                let expected = Reading {
                    usage: Some(*usage),
                    model: Some(model.clone()),
                    upstream_id: Some(id.clone()),
                    stop: Some(*stop),
                    finished: true,
                    failure: None,
                    output_bytes: read.output_bytes,
                };
                prop_assert_eq!(read, &expected);
            }
        }
    }

    #[test]
    fn each_event_is_whole_frames(events in replies()) {
        for endpoint in [Endpoint::ChatCompletions, Endpoint::Messages] {
            let (mut writer, mut reader) = (ReplyWriter::new(endpoint, true), StreamReader::new(endpoint));
            for event in &events {
                let frames = writer.stream(event);
                prop_assert!(!frames.is_empty());
                prop_assert_eq!(reader.feed(&frames).whole, frames.len());
            }
        }
    }
}
