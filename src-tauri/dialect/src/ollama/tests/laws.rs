//! What must hold for any input.

use proptest::prelude::*;

use super::*;

#[test]
fn any_cut_gives_the_same_events() {
    let stream = replies::STREAM.as_bytes();
    let whole = events(Endpoint::OllamaChat, stream, &[]);
    for cut in 0..stream.len() {
        assert_eq!(events(Endpoint::OllamaChat, stream, &[cut]), whole, "{cut}");
    }
    let every: Vec<usize> = (1..stream.len()).collect();
    assert_eq!(events(Endpoint::OllamaChat, stream, &every), whole);
}

/// Any JSON, with the names that matter in it.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop_oneof![
            Just("user"),
            Just("assistant"),
            Just("tool"),
            Just("system"),
            Just("json"),
            Just("high"),
            Just("f"),
            Just(""),
        ]
        .prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 6, |inner| {
        let key = prop_oneof![
            Just("role"),
            Just("content"),
            Just("messages"),
            Just("message"),
            Just("images"),
            Just("thinking"),
            Just("tool_calls"),
            Just("function"),
            Just("name"),
            Just("arguments"),
            Just("index"),
            Just("id"),
            Just("tool_name"),
            Just("tool_call_id"),
            Just("tools"),
            Just("type"),
            Just("parameters"),
            Just("options"),
            Just("stop"),
            Just("num_predict"),
            Just("top_k"),
            Just("format"),
            Just("think"),
            Just("logprobs"),
            Just("token"),
            Just("logprob"),
            Just("top_logprobs"),
            Just("done"),
            Just("done_reason"),
            Just("response"),
            Just("eval_count"),
            Just("error"),
            Just("prompt"),
            Just("system"),
            Just("suffix"),
            Just("context"),
        ]
        .prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..8)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// A request that is well formed in its outline, with anything in its details.
fn likely_request() -> impl Strategy<Value = Value> {
    let message = (
        prop_oneof![
            Just("system"),
            Just("user"),
            Just("assistant"),
            Just("tool")
        ],
        ".{0,6}",
        prop::option::of("[a-c]"),
        prop::collection::vec(("[a-c]", prop::option::of("[a-c]{1,2}")), 0..3),
    );
    let options = prop::collection::btree_map(
        prop_oneof![
            Just("num_predict"),
            Just("temperature"),
            Just("top_k"),
            Just("seed"),
            Just("num_ctx"),
            Just("stop"),
        ],
        prop_oneof![
            any::<i32>().prop_map(Value::from),
            Just(json!(0.5)),
            Just(Value::Null),
            Just(json!([]))
        ],
        0..4,
    );
    (prop::collection::vec(message, 0..5), options, any_json()).prop_map(|(messages, options, more)| {
        let messages: Vec<Value> = messages
            .into_iter()
            .map(|(role, content, tool, calls)| {
                let mut message = json!({"role": role, "content": content, "tool_name": tool});
                if !calls.is_empty() {
                    let calls = calls.into_iter();
                    message["tool_calls"] = calls
                        .map(|(name, id)| json!({"id": id, "function": {"name": name, "arguments": {"x": name}}}))
                        .collect();
                }
                message
            })
            .collect();
        let mut options: Value = options.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        if options["stop"].is_number() {
            options["stop"] = Value::Null;
        }
        json!({"model": "m", "messages": messages, "options": options, "keep_alive": more})
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        events(Endpoint::OllamaChat, &bytes, &[]);
        let _ = crate::read_request(Endpoint::OllamaChat, &bytes, None);
    }

    #[test]
    fn arbitrary_json_is_read_without_panic(value in any_json()) {
        let text = value.to_string();
        events(Endpoint::OllamaChat, text.as_bytes(), &[]);
        for endpoint in [Endpoint::OllamaChat, Endpoint::OllamaGenerate] {
            if let Ok(request) = crate::read_request(endpoint, text.as_bytes(), None) {
                let _ = write(request, true);
            }
        }
        if let Value::Object(body) = value {
            let mut out = Vec::new();
            if super::super::read_reply(body, &mut out).is_ok() {
                written(Endpoint::OllamaChat, &out);
            }
        }
    }

    #[test]
    fn a_mutated_stream_is_read_without_panic(at in 0..replies::STREAM.len(), byte: u8, cut in 0usize..2000) {
        let mut stream = replies::STREAM.as_bytes().to_vec();
        stream[at] = byte;
        let cut = cut.min(stream.len());
        let whole = events(Endpoint::OllamaChat, &stream, &[]);
        prop_assert_eq!(events(Endpoint::OllamaChat, &stream, &[cut]), whole);
    }

    #[test]
    fn reading_and_writing_lose_nothing(body in likely_request()) {
        let Ok(request) = super::super::read_request(Endpoint::OllamaChat, object(body)) else {
            return Ok(());
        };
        let (written, notes) = write(request.clone(), false).expect("its own dialect takes it");
        prop_assert!(notes.is_empty(), "{:?}", notes);
        let mut again = read(written);
        again.model.clone_from(&request.model);
        prop_assert_eq!(again, request);
    }
}
