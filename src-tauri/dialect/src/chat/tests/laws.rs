//! What holds for every request, every stream and every reply.

use proptest::prelude::*;
use serde_json::json;

use super::requests::fixtures;
use super::*;
use crate::StopReason;
use crate::hub::{BlockKind, Sealed, Start, ToolCall};

/// JSON that uses the words of the dialect in places where they may not belong.
fn any_json() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "role",
        "user",
        "assistant",
        "tool",
        "system",
        "function",
        "content",
        "text",
        "type",
        "image_url",
        "url",
        "file",
        "file_data",
        "input_audio",
        "data",
        "tool_calls",
        "id",
        "name",
        "arguments",
        "custom",
        "input",
        "messages",
        "model",
        "tools",
        "parameters",
        "delta",
        "message",
        "choices",
        "index",
        "finish_reason",
        "stop",
        "reasoning",
        "reasoning_content",
        "reasoning_details",
        "reasoning.text",
        "signature",
        "usage",
        "error",
        "prompt_tokens",
        "thinking",
        "refusal",
        "logprobs",
        "annotations",
        "extra_content",
        "google",
        "thought_signature",
        "audio",
        "images",
        "function_call",
        "tool_choice",
        "response_format",
        "json_schema",
        "stream_options",
        "cache_control",
        "prompt",
        "data:image/png;base64,QUJD",
        "sbx1.anthropic..x",
        "",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        words.clone().prop_map(Value::from),
        ".{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((words.clone(), inner), 0..6).prop_map(|fields| {
                let fields = fields
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value));
                Value::Object(fields.collect())
            }),
        ]
    })
}

/// Replaces the `at`th value below `value` (counted through) by `new`, or removes it.
fn mutate(value: &mut Value, at: &mut usize, new: &Option<Value>) {
    let hit = |at: &mut usize| {
        let hit = *at == 0;
        *at = at.wrapping_sub(1);
        hit
    };
    match value {
        Value::Array(items) => {
            for place in 0..items.len() {
                if hit(at) {
                    match new {
                        Some(new) => items[place] = new.clone(),
                        None => {
                            items.remove(place);
                        }
                    }
                    return;
                }
                mutate(&mut items[place], at, new);
            }
        }
        Value::Object(fields) => {
            let keys: Vec<String> = fields.keys().cloned().collect();
            for key in keys {
                if hit(at) {
                    match new {
                        Some(new) => fields.insert(key, new.clone()),
                        None => fields.shift_remove(&key),
                    };
                    return;
                }
                if let Some(inner) = fields.get_mut(&key) {
                    mutate(inner, at, new);
                }
            }
        }
        _ => {}
    }
}

fn endpoints() -> impl Strategy<Value = Endpoint> {
    prop::sample::select(vec![Endpoint::ChatCompletions, Endpoint::Completions])
}

/// The law of a row that is in order.
fn assert_lawful(events: &[Event]) {
    let mut next = 0;
    let mut open: Vec<(u32, u32)> = Vec::new();
    let mut stopped: Vec<u32> = Vec::new();
    for (at, event) in events.iter().enumerate() {
        let is_open = |block: &u32| open.iter().any(|(known, _)| known == block);
        match event {
            Event::Start(_) => assert_eq!(at, 0, "{events:?}"),
            Event::Failed(_) | Event::End => assert_eq!(at + 1, events.len(), "{events:?}"),
            _ => assert!(at > 0, "{events:?}"),
        }
        match event {
            Event::Open {
                block, candidate, ..
            } => {
                assert_eq!(*block, next, "{events:?}");
                assert!(!stopped.contains(candidate));
                next += 1;
                open.push((*block, *candidate));
            }
            Event::Delta { block, text } => {
                assert!(is_open(block) && !text.is_empty(), "{events:?}");
            }
            Event::Seal { block, .. } | Event::Annotate { block, .. } => {
                assert!(is_open(block), "{events:?}");
            }
            Event::Close { block } => {
                assert!(is_open(block), "{events:?}");
                open.retain(|(known, _)| known != block);
            }
            Event::Stop { candidate, .. } => {
                assert!(!stopped.contains(candidate), "{events:?}");
                assert!(open.iter().all(|(_, of)| of != candidate), "{events:?}");
                stopped.push(*candidate);
            }
            _ => {}
        }
    }
    if !matches!(events.last(), Some(Event::Failed(_))) {
        assert!(open.is_empty(), "{events:?}");
    }
}

const STREAM: &str = concat!(
    "data: {\"id\":\"c1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
    "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"reasoning\":\"hm\",\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"hm\",\"signature\":\"s\"}]}}]}\n\n",
    "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"logprobs\":{\"content\":[{\"token\":\"Hi\",\"logprob\":-1,\"top_logprobs\":[]}]}}]}\n\n",
    "data: {\"id\":\"c1\",\"choices\":[{\"index\":1,\"delta\":{\"refusal\":\"No\"}}]}\n\n",
    "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]}}]}\n\n",
    "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{}\"}}]}}]}\n\n",
    "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"},{\"index\":1,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"id\":\"c1\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n",
    "data: [DONE]\n\n",
);

/// A row as a provider of another dialect may send it, in the order that one message can hold.
fn rows() -> impl Strategy<Value = Vec<Event>> {
    let words = || prop::collection::vec("[a-zé\"\\\\ ]{1,5}", 1..4);
    let sealed = prop::sample::select(vec![Dialect::OpenAi, Dialect::Anthropic, Dialect::Gemini])
        .prop_flat_map(|dialect| {
            "[A-Za-z0-9+/]{1,8}".prop_map(move |data| Sealed {
                dialect,
                // Under its own key a seal is not tagged, and its issuer is not told.
                issuer: (dialect == Dialect::Anthropic && data.len() > 4).then(|| "who".to_owned()),
                data,
            })
        });
    let thought = (words(), sealed.clone(), any::<bool>()).prop_map(|(words, sealed, hidden)| {
        let words = if hidden { Vec::new() } else { words };
        let kind = BlockKind::Reasoning {
            hidden,
            summary: false,
        };
        (kind, words, Some(sealed))
    });
    let text = words().prop_map(|words| (BlockKind::Text, words, None));
    let refusal = words().prop_map(|words| (BlockKind::Refusal, words, None));
    let call = (words(), prop::option::of(sealed), "[a-z]{3}", any::<bool>()).prop_map(
        |(words, sealed, id, custom)| {
            let call = ToolCall {
                id,
                name: "f".to_owned(),
                namespace: None,
                arguments: String::new(),
                custom,
            };
            (BlockKind::ToolCall(call), words, sealed)
        },
    );
    (
        prop::collection::vec(thought, 0..3),
        prop::option::of(text),
        prop::option::of(refusal),
        prop::collection::vec(call, 0..3),
        prop::sample::select(vec![StopReason::MaxTokens, StopReason::Filtered]),
    )
        .prop_map(|(thoughts, text, refusal, calls, stop)| {
            let mut row = vec![Event::Start(Start {
                id: Some("x".to_owned()),
                model: Some("m".to_owned()),
            })];
            let blocks = thoughts.into_iter().chain(text).chain(refusal).chain(calls);
            let mut ids = Vec::new();
            for (block, (kind, words, sealed)) in (0..).zip(blocks) {
                if let BlockKind::ToolCall(call) = &kind {
                    // Two calls never share an id.
                    if ids.contains(&call.id) {
                        break;
                    }
                    ids.push(call.id.clone());
                }
                row.push(Event::Open {
                    block,
                    candidate: 0,
                    kind,
                });
                row.extend(words.into_iter().map(|text| Event::Delta { block, text }));
                row.extend(sealed.map(|sealed| Event::Seal { block, sealed }));
                row.push(Event::Close { block });
            }
            row.extend([
                Event::Usage(usage(3, 2)),
                Event::Stop {
                    candidate: 0,
                    stop,
                    sequence: None,
                },
                Event::End,
            ]);
            row
        })
}

proptest! {
    #[test]
    fn no_request_makes_the_reader_panic(body in any_json(), endpoint in endpoints()) {
        if let Value::Object(body) = body {
            let _ = read_request(endpoint, body);
        }
    }

    #[test]
    fn no_change_of_a_request_makes_it_panic_or_lose(
        which in 0usize..40, at in 0usize..40, new in prop::option::of(any_json()),
    ) {
        let all = fixtures();
        let mut body = all[which % all.len()].1.clone();
        mutate(&mut body, &mut at.clone(), &new);
        let Ok(request) = try_read(body) else { return Ok(()) };
        let quirks = Quirks::default();
        let Ok((written, _)) = try_write(request, &quirks, Traits::default()) else { return Ok(()) };
        // What was written is canonical: it is read and written the same for good.
        let again = try_read(written.clone()).expect("what we write, we read");
        prop_assert_eq!(write(again), written);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        assert_lawful(&events_of([bytes.as_slice()]));
    }

    #[test]
    fn no_chunks_make_it_panic_or_break_the_law(chunks in prop::collection::vec(any_json(), 0..6)) {
        assert_lawful(&events(&stream(&chunks)));
    }

    #[test]
    fn no_change_of_a_stream_breaks_the_law(
        frame in 0usize..8, at in 0usize..24, new in prop::option::of(any_json()), end in 0usize..1400,
    ) {
        let mut chunks: Vec<Value> = STREAM
            .split("\n\n")
            .filter_map(|frame| serde_json::from_str(frame.strip_prefix("data: ")?).ok())
            .collect();
        mutate(&mut chunks[frame], &mut at.clone(), &new);
        let text = stream(&chunks);
        let end = end.min(text.len());
        assert_lawful(&events_of([text.as_bytes()]));
        assert_lawful(&events_of([&text.as_bytes()[..end]]));
        prop_assert_eq!(events_of(text.as_bytes().chunks(1)), events_of([text.as_bytes()]));
    }

    #[test]
    fn no_whole_reply_makes_it_panic_or_break_the_law(body in any_json(), choices in any_json()) {
        let mut found = Vec::new();
        if let Value::Object(body) = body {
            let _ = read_reply(body, &mut found);
            assert_lawful(&found);
        }
        assert_lawful(&whole(json!({"choices": [choices.clone(), {"message": choices}]})));
    }

    #[test]
    fn no_events_make_a_writer_panic(row in rows(), shuffle in any::<u64>(), endpoint in endpoints()) {
        let mut row = row;
        let length = row.len();
        row.rotate_left((shuffle % length as u64) as usize);
        let _ = written(&row, &writing(endpoint));
        let _ = write_reply(&Reply::of(row), &writing(endpoint));
    }

    #[test]
    fn a_stream_of_ours_tells_what_the_whole_tells(row in rows()) {
        let mut writing = writing(Endpoint::ChatCompletions);
        writing.usage_asked = true;
        let mut streamed = Reply::of(events(&written(&row, &writing)));
        let whole = Reply::of(whole(write_reply(&Reply::of(row.clone()), &writing)));
        prop_assert_eq!(&streamed, &whole);
        // And both tell what we were told, but for the id and for arguments that were not there.
        let mut told = Reply::of(row);
        for block in told.candidates.iter_mut().flat_map(|candidate| &mut candidate.blocks) {
            if matches!(&block.kind, BlockKind::ToolCall(call) if !call.custom) {
                block.text = block.text.trim_ascii_start().to_owned();
            }
        }
        streamed.start.id.clone_from(&told.start.id);
        for candidate in &mut streamed.candidates {
            for block in &mut candidate.blocks {
                if let (BlockKind::ToolCall(_), "{}") = (&block.kind, block.text.as_str()) {
                    block.text.clear();
                }
            }
        }
        prop_assert_eq!(streamed, told);
    }
}

#[test]
fn the_stream_that_is_changed_is_lawful_itself() {
    let found = events(STREAM);
    assert_lawful(&found);
    assert_eq!(found.last(), Some(&Event::End));
}
