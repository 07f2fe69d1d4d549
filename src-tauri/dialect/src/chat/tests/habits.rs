//! The habits of the copies: how calls and thoughts come in their streams.

use serde_json::json;

use super::streams::{delta, finish, gist_of_deltas};
use super::*;
use crate::hub::Sealed;

#[test]
fn calls_come_in_many_ways() {
    let f = |index: Value, id: Value, name: Value, arguments: Value| {
        let mut fragment = json!({"function": {"name": name, "arguments": arguments}});
        if !index.is_null() {
            fragment["index"] = index;
        }
        if !id.is_null() {
            fragment["id"] = id;
        }
        json!({"tool_calls": [fragment]})
    };
    let null = Value::Null;
    let two = r#"call a f:{"x":1} | call b g:{} | Some(ToolCall) | End"#;
    let one = r#"call a f:{"x":1} | Some(ToolCall) | End"#;
    let cases: Vec<(&str, Vec<Value>, &str)> = vec![
        (
            "as OpenAI does",
            vec![
                f(json!(0), json!("a"), json!("f"), json!("")),
                f(json!(0), null.clone(), null.clone(), json!("{\"x\"")),
                f(json!(0), null.clone(), null.clone(), json!(":1}")),
                f(json!(1), json!("b"), json!("g"), json!("")),
                f(json!(1), null.clone(), null.clone(), json!("{}")),
            ],
            two,
        ),
        (
            "interleaved",
            vec![
                f(json!(0), json!("a"), json!("f"), json!("")),
                f(json!(1), json!("b"), json!("g"), json!("")),
                f(json!(0), null.clone(), null.clone(), json!("{\"x\"")),
                f(json!(1), null.clone(), null.clone(), json!("{}")),
                f(json!(0), null.clone(), null.clone(), json!(":1}")),
            ],
            two,
        ),
        (
            "whole, without a number",
            vec![
                f(null.clone(), json!("a"), json!("f"), json!("{\"x\":1}")),
                f(null.clone(), json!("b"), json!("g"), json!("{}")),
            ],
            two,
        ),
        (
            "whole, under one number",
            vec![
                f(json!(0), json!("a"), json!("f"), json!("{\"x\":1}")),
                f(json!(0), json!("b"), json!("g"), json!("{}")),
            ],
            two,
        ),
        (
            "two in one chunk",
            vec![json!({"tool_calls": [
            {"index": 0, "id": "a", "function": {"name": "f", "arguments": "{\"x\":1}"}},
            {"index": 1, "id": "b", "function": {"name": "g", "arguments": "{}"}}]})],
            two,
        ),
        (
            "a new id in each chunk",
            vec![
                f(json!(0), json!("a"), json!("f"), json!("{")),
                f(json!(0), json!("z"), null.clone(), json!("\"x\":1")),
                f(json!(0), json!("y"), json!(""), json!("}")),
            ],
            one,
        ),
        (
            "a new id in each chunk and no number",
            vec![
                f(null.clone(), json!("a"), json!("f"), json!("{")),
                f(null.clone(), json!("z"), null.clone(), json!("\"x\":1}")),
            ],
            one,
        ),
        (
            "an empty id later",
            vec![
                f(json!(0), json!("a"), json!("f"), json!("{")),
                f(json!(0), json!(""), null.clone(), json!("\"x\":1}")),
            ],
            one,
        ),
        (
            "id and name in each chunk",
            vec![
                f(json!(0), json!("a"), json!("f"), json!("{")),
                f(json!(0), json!("a"), json!("f"), json!("\"x\":1}")),
            ],
            one,
        ),
        (
            "id and name in each chunk and no number",
            vec![
                f(null.clone(), json!("a"), json!("f"), json!("{")),
                f(null.clone(), json!("a"), json!("f"), json!("\"x\":1}")),
            ],
            one,
        ),
        (
            "a name before its id",
            vec![
                f(json!(0), null.clone(), json!("f"), json!("")),
                f(json!(0), json!("a"), null.clone(), json!("{\"x\":1}")),
            ],
            one,
        ),
        (
            "a name in pieces",
            vec![
                f(json!(0), json!("a"), json!("get_"), json!("")),
                f(json!(0), null.clone(), json!("it"), json!("")),
                f(json!(0), null.clone(), null.clone(), json!("{}")),
            ],
            "call a get_it:{} | Some(ToolCall) | End",
        ),
        (
            "an object for arguments",
            vec![f(json!(0), json!("a"), json!("f"), json!({"x": 1}))],
            one,
        ),
        (
            "no arguments at all",
            vec![f(json!(0), json!("a"), json!("f"), null.clone())],
            "call a f: | Some(ToolCall) | End",
        ),
        (
            "no id at all",
            vec![
                f(json!(0), null.clone(), json!("f"), json!("{}")),
                f(json!(0), null, json!("g"), json!("{}")),
            ],
            "call call_c1_0 f:{} | call call_c1_1 g:{} | Some(ToolCall) | End",
        ),
        (
            "the old way",
            vec![
                json!({"function_call": {"name": "f", "arguments": ""}}),
                json!({"function_call": {"arguments": "{}"}}),
            ],
            "call call_c1_0 f:{} | Some(ToolCall) | End",
        ),
        (
            "free text",
            vec![
                json!({"tool_calls": [{"index": 0, "id": "a", "type": "custom", "custom": {"name": "c", "input": ""}}]}),
                json!({"tool_calls": [{"index": 0, "custom": {"input": "1+1"}}]}),
            ],
            "custom a c:1+1 | Some(ToolCall) | End",
        ),
        (
            "an empty list",
            vec![json!({"content": "x", "tool_calls": []})],
            "text:x | Some(End) | End",
        ),
    ];
    for (name, deltas, expected) in cases {
        assert_eq!(gist_of_deltas(&deltas, "stop"), expected, "{name}");
    }
}

#[test]
fn thoughts_come_under_many_names() {
    let cases: Vec<(&str, Vec<Value>, &str)> = vec![
        (
            "DeepSeek",
            vec![
                json!({"reasoning_content": "h", "content": null}),
                json!({"reasoning_content": "m"}),
                json!({"content": "x"}),
            ],
            "thought:hm | text:x | Some(End) | End",
        ),
        (
            "Groq",
            vec![
                json!({"reasoning": "hm", "channel": "analysis"}),
                json!({"content": "x"}),
            ],
            "thought:hm | text:x | Some(End) | End",
        ),
        (
            "both names",
            vec![json!({"reasoning": "hm", "reasoning_content": "hm"})],
            "thought:hm | Some(End) | End",
        ),
        (
            "Mistral",
            vec![
                json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "h"}]}]}),
                json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "m"}]}, {"type": "text", "text": "x"}]}),
                json!({"content": "y"}),
            ],
            "thought:hm | text:xy | Some(End) | End",
        ),
        (
            "OpenRouter",
            vec![
                json!({"reasoning": "h", "reasoning_details": [{"type": "reasoning.text", "text": "h", "index": 0}]}),
                json!({"reasoning": "m", "reasoning_details": [{"type": "reasoning.text", "text": "m", "index": 0}]}),
                json!({"reasoning": null, "reasoning_details": [{"type": "reasoning.text", "signature": "s", "index": 0}]}),
                json!({"content": "x"}),
            ],
            "thought:hm[openai s] | text:x | Some(End) | End",
        ),
        (
            "details alone",
            vec![
                json!({"reasoning_details": [{"type": "reasoning.text", "text": "h", "index": 0}]}),
                json!({"reasoning_details": [{"type": "reasoning.text", "text": "m", "index": 0}]}),
            ],
            "thought:hm | Some(End) | End",
        ),
        (
            "a summary and its secret",
            vec![
                json!({"reasoning": "s", "reasoning_details": [{"type": "reasoning.summary", "summary": "s"}]}),
                json!({"reasoning_details": [{"type": "reasoning.encrypted", "data": "d"}]}),
            ],
            "summary:s | hidden:[openai d] | Some(End) | End",
        ),
        (
            "two signed thoughts",
            vec![
                json!({"reasoning_content": "a"}),
                json!({"reasoning_details": [{"type": "reasoning.text", "text": "a", "signature": "1"}]}),
                json!({"reasoning_content": "b"}),
                json!({"reasoning_details": [{"type": "reasoning.text", "text": "b", "signature": "sbx1.anthropic..2"}]}),
            ],
            "thought:a[openai 1] | thought:b[anthropic 2] | Some(End) | End",
        ),
        (
            "Google",
            vec![
                json!({"content": "hm", "extra_content": {"google": {"thought": true}}}),
                json!({"content": "x", "extra_content": {"google": {"thought_signature": "s"}}}),
            ],
            "thought:hm | text:x[gemini s] | Some(End) | End",
        ),
    ];
    for (name, deltas, expected) in cases {
        assert_eq!(gist_of_deltas(&deltas, "stop"), expected, "{name}");
    }
}

#[test]
fn what_an_issuer_wrote_beside_its_signature_is_kept() {
    let entry = json!({"type": "reasoning.text", "signature": "s", "id": "r1", "format": "anthropic-claude-v1", "index": 3});
    let found = events(&stream(&[
        delta(json!({"reasoning": "hm", "reasoning_details": [entry]})),
        finish("stop"),
    ]));
    let reply = Reply::of(found);
    let sealed = reply.candidates[0].blocks[0]
        .sealed
        .clone()
        .expect("a seal");
    assert!(
        sealed.data.contains("anthropic-claude-v1"),
        "{}",
        sealed.data
    );
    let shown = write_reply(&reply, &writing(Endpoint::ChatCompletions));
    assert_eq!(
        shown["choices"][0]["message"]["reasoning_details"],
        json!([{"type": "reasoning.text", "text": "hm", "signature": "s", "id": "r1", "format": "anthropic-claude-v1", "index": 0}])
    );
}

#[test]
fn signatures_on_calls_are_seals() {
    let call = json!({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"},
        "extra_content": {"google": {"thought_signature": "s"}}}]});
    assert_eq!(
        gist_of_deltas(&[call], "tool_calls"),
        "call a f:{}[gemini s] | Some(ToolCall) | End"
    );
    let tagged = json!({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f"},
        "extra_content": {"google": {"thought_signature": "sbx1.responses.o.s"}}}]});
    let reply = Reply::of(events(&stream(&[delta(tagged), finish("stop")])));
    let sealed = Sealed {
        dialect: Dialect::Responses,
        issuer: Some("o".to_owned()),
        data: "s".to_owned(),
    };
    assert_eq!(reply.candidates[0].blocks[0].sealed, Some(sealed));
}
