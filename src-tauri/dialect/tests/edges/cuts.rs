//! However a provider's bytes are cut, its caller receives the same.
//!
//! Promises: for every dialect a provider can speak: 64 KiB in one piece or byte by byte, and any
//! cuts of streams that somebody has damaged.

use dialect::hub::Back;
use dialect::{Dialect, Endpoint, Reading, Task, Translator, Writing};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::wire;

const CALLERS: [Endpoint; 6] = [
    Endpoint::ChatCompletions,
    Endpoint::Completions,
    Endpoint::Responses,
    Endpoint::Messages,
    Endpoint::GenerateContent,
    Endpoint::OllamaChat,
];

/// A thought, `text`, and a call with `text` in its arguments.
fn reply(dialect: Dialect, text: &str) -> Vec<u8> {
    let arguments = json!({ "text": text }).to_string();
    let delta =
        |delta: Value| json!({"id": "c", "model": "m", "choices": [{"index": 0, "delta": delta}]});
    let frames = match dialect {
        Dialect::OpenAi => vec![
            delta(json!({"role": "assistant", "reasoning_content": "Hm."})),
            delta(json!({ "content": text })),
            delta(
                json!({"tool_calls": [{"index": 0, "id": "a", "type": "function",
                "function": {"name": "look", "arguments": arguments}}]}),
            ),
            json!({"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}),
            json!({"id": "c", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}),
            json!("[DONE]"),
        ],
        Dialect::Responses => responses(text, &arguments),
        Dialect::Anthropic => messages(text, &arguments),
        Dialect::Gemini => {
            let parts = |parts: Value| json!({"responseId": "r", "candidates": [{"content": {"role": "model", "parts": parts}}]});
            vec![
                parts(json!([{"text": "Hm.", "thought": true}])),
                parts(json!([{ "text": text }])),
                json!({"candidates": [{"content": {"role": "model", "parts": [
                        {"functionCall": {"name": "look", "args": {"text": text}}, "thoughtSignature": "c2ln"}]},
                    "finishReason": "STOP"}],
                    "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2}}),
            ]
        }
        Dialect::Ollama => vec![
            json!({"model": "m", "message": {"role": "assistant", "thinking": "Hm.", "content": ""}, "done": false}),
            json!({"model": "m", "message": {"role": "assistant", "content": text}, "done": false}),
            json!({"model": "m", "message": {"role": "assistant", "content": "", "tool_calls": [
                {"function": {"name": "look", "arguments": {"text": text}}}]}, "done": false}),
            json!({"model": "m", "done": true, "done_reason": "stop", "prompt_eval_count": 3, "eval_count": 2}),
        ],
        Dialect::Bedrock => vec![
            json!(["messageStart", {"role": "assistant"}]),
            json!(["contentBlockDelta", {"contentBlockIndex": 0, "delta": { "text": text }}]),
            json!(["contentBlockStop", {"contentBlockIndex": 0}]),
            json!(["contentBlockStart", {"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "a", "name": "look"}}}]),
            json!(["contentBlockDelta", {"contentBlockIndex": 1, "delta": {"toolUse": { "input": arguments }}}]),
            json!(["contentBlockStop", {"contentBlockIndex": 1}]),
            json!(["messageStop", {"stopReason": "tool_use"}]),
            json!(["metadata", {"usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}}]),
        ],
        Dialect::Cohere => vec![
            json!({"type": "message-start", "id": "c", "delta": {"message": {"role": "assistant"}}}),
            json!({"type": "content-start", "index": 0, "delta": {"message": {"content": {"type": "text", "text": ""}}}}),
            json!({"type": "content-delta", "index": 0, "delta": {"message": {"content": { "text": text }}}}),
            json!({"type": "content-end", "index": 0}),
            json!({"type": "tool-call-start", "index": 0, "delta": {"message": {"tool_calls": {"id": "a", "type": "function",
                "function": {"name": "look", "arguments": ""}}}}}),
            json!({"type": "tool-call-delta", "index": 0, "delta": {"message": {"tool_calls": {"function": { "arguments": arguments }}}}}),
            json!({"type": "tool-call-end", "index": 0}),
            json!({"type": "message-end", "delta": {"finish_reason": "TOOL_CALL", "usage": {"tokens": {"input_tokens": 3, "output_tokens": 2}}}}),
        ],
    };
    wire::stream(dialect, &frames)
}

fn messages(text: &str, arguments: &str) -> Vec<Value> {
    let message = json!({"id": "m", "type": "message", "role": "assistant", "model": "c", "content": [],
        "usage": {"input_tokens": 3, "output_tokens": 1}});
    let delta = |index: u8, delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
    let start = |index: u8, block: Value| json!({"type": "content_block_start", "index": index, "content_block": block});
    let stop = |index: u8| json!({"type": "content_block_stop", "index": index});
    vec![
        json!({"type": "message_start", "message": message}),
        start(
            0,
            json!({"type": "thinking", "thinking": "", "signature": ""}),
        ),
        delta(0, json!({"type": "thinking_delta", "thinking": "Hm."})),
        delta(0, json!({"type": "signature_delta", "signature": "EqQB"})),
        stop(0),
        start(1, json!({"type": "text", "text": ""})),
        delta(1, json!({"type": "text_delta", "text": text})),
        stop(1),
        start(
            2,
            json!({"type": "tool_use", "id": "a", "name": "look", "input": {}}),
        ),
        delta(
            2,
            json!({"type": "input_json_delta", "partial_json": arguments}),
        ),
        stop(2),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 2}}),
        json!({"type": "message_stop"}),
    ]
}

fn responses(text: &str, arguments: &str) -> Vec<Value> {
    let said = json!({"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
        "content": [{"type": "output_text", "text": text, "annotations": []}]});
    let call = json!({"type": "function_call", "id": "fc_1", "call_id": "a", "name": "look", "arguments": arguments, "status": "completed"});
    vec![
        json!({"type": "response.created", "response": {"id": "resp_1", "model": "m"}}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": {"type": "message", "id": "msg_1", "role": "assistant", "content": []}}),
        json!({"type": "response.content_part.added", "output_index": 0, "content_index": 0, "item_id": "msg_1", "part": {"type": "output_text", "text": ""}}),
        json!({"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "item_id": "msg_1", "delta": text}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": said}),
        json!({"type": "response.output_item.added", "output_index": 1, "item": {"type": "function_call", "id": "fc_1", "call_id": "a", "name": "look", "arguments": ""}}),
        json!({"type": "response.function_call_arguments.delta", "output_index": 1, "item_id": "fc_1", "delta": arguments}),
        json!({"type": "response.output_item.done", "output_index": 1, "item": call}),
        json!({"type": "response.completed", "response": {"id": "resp_1", "status": "completed", "model": "m", "output": [said, call],
            "usage": {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}}}),
    ]
}

/// What a caller receives, and what was learnt.
fn told<'a>(
    from: Dialect,
    caller: Endpoint,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> (Vec<u8>, Reading) {
    let writing = Writing {
        endpoint: caller,
        provider: "acme".to_owned(),
        id: "1".to_owned(),
        model: "m".to_owned(),
        created_unix_s: 0,
        input_tokens: 12,
        usage_asked: true,
        echo: Map::new(),
    };
    let endpoint = from.endpoint(Task::Generate).expect("it generates");
    let mut translator = Translator::new(endpoint, wire::framing(from), writing, Back::default());
    let mut bytes = Vec::new();
    for piece in pieces {
        bytes.extend(translator.feed(piece).bytes);
    }
    bytes.extend(translator.finish().bytes);
    (bytes, translator.reading().clone())
}

fn the_same_in_one_piece_and_byte_by_byte(from: Dialect) {
    let text = "\u{e9}\"\\\n and so on, ".repeat(4_096);
    assert!(text.len() >= 64 << 10);
    let sent = reply(from, &text);
    for caller in [Endpoint::ChatCompletions, Endpoint::Responses] {
        let whole = told(from, caller, std::iter::once(sent.as_slice()));
        assert!(
            whole.1.finished && whole.1.failure.is_none(),
            "{:?}",
            whole.1
        );
        assert!(whole.1.output_bytes as usize > 2 * text.len());
        let pieces = told(from, caller, sent.chunks(1));
        assert!(whole == pieces, "{} to {}", from.name(), caller.name());
    }
}

#[test]
fn openai_byte_by_byte() {
    the_same_in_one_piece_and_byte_by_byte(Dialect::OpenAi);
}

#[test]
fn responses_byte_by_byte() {
    the_same_in_one_piece_and_byte_by_byte(Dialect::Responses);
}

#[test]
fn anthropic_byte_by_byte() {
    the_same_in_one_piece_and_byte_by_byte(Dialect::Anthropic);
}

#[test]
fn gemini_byte_by_byte() {
    the_same_in_one_piece_and_byte_by_byte(Dialect::Gemini);
}

#[test]
fn ollama_byte_by_byte() {
    the_same_in_one_piece_and_byte_by_byte(Dialect::Ollama);
}

#[test]
fn bedrock_byte_by_byte() {
    the_same_in_one_piece_and_byte_by_byte(Dialect::Bedrock);
}

#[test]
fn cohere_byte_by_byte() {
    the_same_in_one_piece_and_byte_by_byte(Dialect::Cohere);
}

/// Something that happens to a stream on its way.
#[derive(Debug, Clone)]
enum Damage {
    Byte(usize, u8),
    Gone(usize, usize),
    Twice(usize, usize),
    Cut(usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = || any::<prop::sample::Index>().prop_map(|index| index.index(1 << 16));
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        (at(), 1..40_usize).prop_map(|(at, length)| Damage::Gone(at, length)),
        (at(), 1..400_usize).prop_map(|(at, length)| Damage::Twice(at, length)),
        at().prop_map(Damage::Cut),
    ]
}

fn damaged(mut bytes: Vec<u8>, damages: &[Damage]) -> Vec<u8> {
    for damage in damages {
        if bytes.is_empty() {
            break;
        }
        let length = bytes.len();
        let span = |at: usize, most: usize| at % length..(at % length + most).min(length);
        match *damage {
            Damage::Byte(at, byte) => bytes[at % length] = byte,
            Damage::Gone(at, most) => drop(bytes.drain(span(at, most))),
            Damage::Twice(at, most) => {
                let again = bytes[span(at, most)].to_vec();
                let at = at % length;
                bytes.splice(at..at, again);
            }
            Damage::Cut(at) => bytes.truncate(at % length),
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_cuts_of_any_damaged_stream_are_the_same(
        damages in prop::collection::vec(damage(), 0..4),
        size in 1..60_usize,
        caller in prop::sample::select(CALLERS.to_vec()),
    ) {
        for from in Dialect::ALL {
            let sent = damaged(reply(from, "Hi \u{e9}\n"), &damages);
            let whole = told(from, caller, std::iter::once(sent.as_slice()));
            prop_assert!(std::str::from_utf8(&whole.0).is_ok());
            prop_assert!(whole.0.len() <= 64 * sent.len() + (64 << 10));
            prop_assert_eq!(&whole, &told(from, caller, sent.chunks(size)), "{}", from.name());
            prop_assert_eq!(&whole, &told(from, caller, sent.chunks(1)), "{}", from.name());
        }
    }
}
