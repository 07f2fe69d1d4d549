//! Whole replies of providers, and that they tell what their streams tell.

use serde_json::json;

use super::streams::{delta, finish, gist};
use super::*;

/// The same answers, whole and in chunks.
fn pairs() -> Vec<(Value, Vec<Value>)> {
    let reply = |message: Value, word: &str| {
        json!({"id": "c1", "object": "chat.completion", "model": "m", "system_fingerprint": "fp",
            "choices": [{"index": 0, "message": message, "finish_reason": word, "logprobs": null}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}})
    };
    let chunks = |deltas: Vec<Value>, word: &str| {
        let mut chunks: Vec<Value> = deltas.into_iter().map(delta).collect();
        chunks.push(finish(word));
        for chunk in &mut chunks {
            chunk["system_fingerprint"] = json!("fp");
        }
        chunks.push(json!({"id": "c1", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}}));
        chunks
    };
    vec![
        (
            reply(
                json!({"role": "assistant", "content": "Hello", "refusal": null, "annotations": []}),
                "stop",
            ),
            chunks(
                vec![
                    json!({"role": "assistant", "content": ""}),
                    json!({"content": "Hel"}),
                    json!({"content": "lo"}),
                ],
                "stop",
            ),
        ),
        (
            reply(
                json!({"role": "assistant", "content": "", "reasoning_content": "hm", "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{\"x\":1}"}},
                {"id": "b", "type": "custom", "custom": {"name": "c", "input": "1+1"}}]}),
                "tool_calls",
            ),
            chunks(
                vec![
                    json!({"reasoning_content": "h"}),
                    json!({"reasoning_content": "m"}),
                    json!({"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}]}),
                    json!({"tool_calls": [{"index": 0, "function": {"arguments": "{\"x\":"}}]}),
                    json!({"tool_calls": [{"index": 0, "function": {"arguments": "1}"}}]}),
                    json!({"tool_calls": [{"index": 1, "id": "b", "type": "custom", "custom": {"name": "c", "input": "1+1"}}]}),
                ],
                "tool_calls",
            ),
        ),
        (
            reply(
                json!({"role": "assistant", "content": null, "refusal": "No."}),
                "stop",
            ),
            chunks(
                vec![json!({"refusal": "N"}), json!({"refusal": "o."})],
                "stop",
            ),
        ),
        (
            reply(
                json!({"role": "assistant", "content": "x", "reasoning": "ab", "reasoning_details": [
                {"type": "reasoning.text", "text": "a", "signature": "1"}, {"type": "reasoning.text", "text": "b", "signature": "2"},
                {"type": "reasoning.encrypted", "data": "d"}]}),
                "stop",
            ),
            chunks(
                vec![
                    json!({"reasoning": "a", "reasoning_details": [{"type": "reasoning.text", "text": "a"}]}),
                    json!({"reasoning_details": [{"type": "reasoning.text", "signature": "1"}]}),
                    json!({"reasoning": "b", "reasoning_details": [{"type": "reasoning.text", "text": "b", "signature": "2"}]}),
                    json!({"reasoning_details": [{"type": "reasoning.encrypted", "data": "d"}]}),
                    json!({"content": "x"}),
                ],
                "stop",
            ),
        ),
        (
            reply(
                json!({"role": "assistant", "content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "x"}]}),
                "length",
            ),
            chunks(
                vec![
                    json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]}),
                    json!({"content": "x"}),
                ],
                "length",
            ),
        ),
        (
            reply(
                json!({"role": "assistant", "content": null, "function_call": {"name": "f", "arguments": "{}"}}),
                "function_call",
            ),
            chunks(
                vec![
                    json!({"function_call": {"name": "f", "arguments": ""}}),
                    json!({"function_call": {"arguments": "{}"}}),
                ],
                "function_call",
            ),
        ),
    ]
}

#[test]
fn whole_replies_tell_what_streams_tell() {
    for (body, chunks) in pairs() {
        assert_eq!(
            Reply::of(whole(body.clone())),
            Reply::of(events(&stream(&chunks))),
            "{body}"
        );
    }
}

#[test]
fn remarks_of_whole_replies_stay_with_the_text() {
    let token =
        |word: &str| json!({"token": word, "logprob": -0.5, "bytes": null, "top_logprobs": []});
    let call = json!({"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let body = json!({"id": "c1", "model": "m", "choices": [{"index": 0, "finish_reason": "tool_calls",
        "message": {"content": "xy", "tool_calls": [call]}, "logprobs": {"content": [token("x"), token("y")], "refusal": null}}]});
    let mut chunks = vec![
        delta(json!({"content": "x"})),
        delta(json!({"content": "y"})),
        delta(json!({"tool_calls": [call]})),
        finish("tool_calls"),
    ];
    chunks[0]["choices"][0]["logprobs"] = json!({"content": [token("x")]});
    chunks[1]["choices"][0]["logprobs"] = json!({"content": [token("y")]});
    assert_eq!(Reply::of(whole(body)), Reply::of(events(&stream(&chunks))));
}

#[test]
fn a_whole_reply_has_choices_or_an_error() {
    let mut found = Vec::new();
    let not = read_reply(object(json!({"hello": 1})), &mut found).expect_err("it is none");
    assert_eq!(not.reason, "The reply is JSON, but has no `choices`.");
    assert!(matches!(
        whole(json!({"error": {"message": "x"}})).as_slice(),
        [Event::Failed(_)]
    ));
    assert_eq!(gist(whole(json!({"choices": []}))), "Some(Other) | End");
}

#[test]
fn cuts_do_not_matter() {
    for (_, chunks) in pairs() {
        let stream = stream(&chunks);
        let bytes = stream.as_bytes();
        let expected = events_of([bytes]);
        assert_eq!(events_of(bytes.chunks(1)), expected);
        for cut in 0..bytes.len() {
            assert_eq!(events_of([&bytes[..cut], &bytes[cut..]]), expected);
        }
    }
}
