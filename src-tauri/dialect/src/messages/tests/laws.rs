//! Laws that hold for any input.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::streams::{THINKING, events, everything};
use super::{fixtures, shown, target, try_read};
use crate::hub::{Event, Hosting, Notes, Quirks, Target, Traits};

/// Any JSON, with the words of this dialect among its keys and texts.
fn any_json() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "type",
        "text",
        "thinking",
        "tool_use",
        "tool_result",
        "image",
        "document",
        "source",
        "base64",
        "content",
        "role",
        "user",
        "assistant",
        "system",
        "messages",
        "tools",
        "name",
        "input",
        "input_schema",
        "id",
        "cache_control",
        "ephemeral",
        "ttl",
        "1h",
        "tool_choice",
        "any",
        "output_config",
        "format",
        "json_schema",
        "schema",
        "$ref",
        "#/$defs/a",
        "$defs",
        "properties",
        "anyOf",
        "thinking",
        "enabled",
        "budget_tokens",
        "data",
        "media_type",
        "index",
        "delta",
        "content_block",
        "message",
        "usage",
        "error",
        "",
        "ä\n",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..6).prop_map(|fields| {
                let fields = fields
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value));
                Value::Object(fields.collect::<Map<_, _>>())
            }),
        ]
    })
}

/// A valid request with one of its values replaced.
fn mutated(body: &mut Value, path: &[u8], by: Value) {
    let Some((&step, rest)) = path.split_first() else {
        *body = by;
        return;
    };
    let inner = match body {
        Value::Object(fields) if !fields.is_empty() => {
            let at = usize::from(step) % fields.len();
            fields.values_mut().nth(at)
        }
        Value::Array(items) if !items.is_empty() => {
            let at = usize::from(step) % items.len();
            items.get_mut(at)
        }
        _ => None,
    };
    match inner {
        Some(inner) => mutated(inner, rest, by),
        None => *body = by,
    }
}

/// Reads, and writes what could be read for several models.
fn travels(body: Value) {
    let Ok(request) = (match body {
        Value::Object(_) => try_read(body),
        _ => return,
    }) else {
        return;
    };
    let quirks = Quirks::default();
    for (traits, lossy) in [
        (Traits::default(), true),
        (
            Traits {
                adaptive_thinking: Some(true),
                mid_system: Some(true),
                prefill: Some(false),
                ..Traits::default()
            },
            false,
        ),
    ] {
        let target = Target {
            hosting: Hosting::Own,
            traits,
            ..target(&quirks)
        };
        let mut notes = Notes::new(lossy);
        let Ok(written) = super::super::write_request(request.clone(), &target, &mut notes) else {
            continue;
        };
        // What is written can be read, and settles: once more it is the same. What we tell the
        // model in words is told once for each writing, so a schema is no part of this law.
        let again = try_read(Value::Object(written)).expect("what we write can be read");
        let mut settled = Vec::new();
        let mut next = again;
        for _ in 0..3 {
            let mut notes = Notes::new(lossy);
            let Ok(written) = super::super::write_request(next.clone(), &target, &mut notes) else {
                break;
            };
            next = try_read(Value::Object(written.clone())).expect("what we write can be read");
            settled.push(written);
        }
        if let [.., before, last] = settled.as_slice() {
            assert_eq!(before, last);
        }
    }
}

/// The law of rows.
fn is_lawful(row: &[Event]) {
    let mut open: Vec<u32> = Vec::new();
    let mut next = 0;
    let mut over = false;
    for (at, event) in row.iter().enumerate() {
        assert!(!over, "nothing follows the end");
        match event {
            Event::Start(_) => assert!(row[..at].iter().all(|e| *e == Event::Ping)),
            Event::Open { block, .. } => {
                assert_eq!(*block, next);
                next += 1;
                open.push(*block);
            }
            Event::Close { block } => {
                assert!(open.contains(block));
                open.retain(|one| one != block);
            }
            Event::Delta { block, .. }
            | Event::Seal { block, .. }
            | Event::Annotate { block, .. } => {
                assert!(open.contains(block));
            }
            Event::Stop { .. } => assert!(open.is_empty()),
            Event::End | Event::Failed(_) => over = true,
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json_as_a_request_is_no_panic(body in any_json(), messages in any_json(), tools in any_json()) {
        travels(body);
        travels(json!({"model": "m", "messages": messages}));
        travels(json!({"model": "m", "messages": [{"role": "user", "content": messages}], "tools": tools}));
    }

    #[test]
    fn a_valid_request_with_a_wrong_part_is_no_panic(
        which in any::<prop::sample::Index>(), path in prop::collection::vec(any::<u8>(), 1..7), by in any_json()
    ) {
        let all = fixtures();
        let mut body = which.get(&all).1.clone();
        mutated(&mut body, &path, by);
        travels(body);
    }

    #[test]
    fn any_bytes_as_a_stream_are_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), piece in 1_usize..64) {
        let row = events(&bytes, piece);
        is_lawful(&row);
        shown(&row);
    }

    #[test]
    fn any_events_as_a_stream_are_a_lawful_row(all in prop::collection::vec((
        prop::sample::select(vec!["message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop", "ping"]),
        0_u64..3, any_json(), any_json()), 0..12)
    ) {
        let mut text = String::new();
        for (name, index, block, delta) in all {
            let event = json!({"type": name, "index": index, "content_block": block, "delta": delta, "message": delta, "usage": block});
            text.push_str(&format!("event: {name}\ndata: {event}\n\n"));
        }
        let row = events(text.as_bytes(), usize::MAX);
        is_lawful(&row);
        shown(&row);
    }

    #[test]
    fn a_valid_stream_with_wrong_bytes_is_a_lawful_row(
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), cut in any::<prop::sample::Index>()
    ) {
        for stream in [THINKING.as_bytes().to_vec(), everything()] {
            let mut bytes = stream;
            for (place, byte) in &places {
                let at = place.index(bytes.len());
                bytes[at] = *byte;
            }
            bytes.truncate(cut.index(bytes.len()) + 1);
            let row = events(&bytes, 17);
            is_lawful(&row);
            shown(&row);
        }
    }

    #[test]
    fn any_json_as_a_reply_is_no_panic(body in any_json(), content in any_json()) {
        for body in [body, json!({"content": content})] {
            if let Value::Object(body) = body {
                let mut row = Vec::new();
                if super::super::read_reply(body, &mut row).is_ok() {
                    is_lawful(&row);
                    shown(&row);
                }
            }
        }
    }

    #[test]
    fn any_json_as_a_schema_compiles_to_what_compiles(schema in any_json()) {
        if let Ok(compiled) = super::super::schema::compile(&schema) {
            let again = super::super::schema::compile(&compiled.schema).expect("it compiles again");
            prop_assert_eq!(again.schema, compiled.schema);
        }
    }
}
