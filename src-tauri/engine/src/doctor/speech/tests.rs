//! Streams that a strict client takes, and the ones it would choke on.

use serde_json::json;

use super::*;

fn read(dialect: Dialect, stream: &str) -> Result<Said, Odd> {
    speech(dialect).streamed(stream.as_bytes())
}

/// The good stream is read; each change of it is refused with a word about it.
fn good_and_bad(dialect: Dialect, good: &str, expected: &Said, changes: &[(&str, &str, &str)]) {
    let said = read(dialect, good).expect("a good stream");
    let turn = said.turn.clone();
    let expected = Said {
        turn,
        ..expected.clone()
    };
    assert_eq!(said, expected);
    assert!(!said.turn.is_empty(), "there is something to hand back");
    for (from, to, word) in changes {
        assert!(good.contains(from), "{from}");
        let bad = good.replacen(from, to, 1);
        match read(dialect, &bad) {
            Ok(said) => panic!("{from} → {to} was read as {said:?}"),
            Err(odd) => assert!(odd.contains(word), "{from} → {to}: {odd}"),
        }
    }
}

fn call(id: &str) -> Called {
    Called {
        id: id.to_owned(),
        name: "get_weather".to_owned(),
        arguments: json!({"city": "Oslo"}),
    }
}

#[test]
fn chat() {
    let chunk = |choices: &str, usage: &str| {
        format!(
            "data: {{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"choices\":{choices}{usage}}}\n\n"
        )
    };
    let good = [
        chunk(r#"[{"index":0,"delta":{"role":"assistant","content":"Hi"},"finish_reason":null}]"#, ""),
        ": a comment\n\n".to_owned(),
        chunk(r#"[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t1","type":"function","function":{"name":"get_weather","arguments":"{\"city\":"}}]}}]"#, ""),
        chunk(r#"[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"Oslo\"}"}}]}}]"#, ""),
        chunk(r#"[{"index":0,"delta":{},"finish_reason":"tool_calls"}]"#, ""),
        chunk("[]", r#","usage":{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":3}}"#),
        "data: [DONE]\n\n".to_owned(),
    ]
    .concat();
    let said = Said {
        text: "Hi".to_owned(),
        calls: vec![call("t1")],
        tokens: Some(Tokens {
            input: 9,
            cached: 3,
            output: 4,
            reasoning: 0,
        }),
        ..Said::default()
    };
    good_and_bad(
        Dialect::OpenAi,
        &good,
        &said,
        &[
            ("data: [DONE]\n\n", "", "[DONE]"),
            ("data: [DONE]\n\n", "data: [DONE]\n\ndata: {}\n\n", "[DONE]"),
            ("data: [DONE]\n\n", "data: [DONE]\n", "blank line"),
            ("\"tool_calls\"}", "\"stop\"}", "ended with `stop`"),
            (
                "\"finish_reason\":\"tool_calls\"",
                "\"finish_reason\":null",
                "finish_reason",
            ),
            (
                "{\"index\":0,\"id\":\"t1\"",
                "{\"index\":1,\"id\":\"t1\"",
                "index 1",
            ),
            ("{\"index\":0,\"id\":\"t1\"", "{\"id\":\"t1\"", "no `index`"),
            ("\"id\":\"t1\",", "", "no `id`"),
            ("\\\"Oslo\\\"}", "\\\"Oslo\\\"", "do not join"),
            ("\"id\":\"c1\"", "\"id\":\"c2\"", "`id` changed"),
            (": a comment", "a comment", "no part of an event"),
            (
                "data: {\"id\"",
                "data: {\"error\":{\"message\":\"busy\"},\"id\"",
                "busy",
            ),
        ],
    );
}

#[test]
fn messages() {
    let event =
        |kind: &str, more: &str| format!("event: {kind}\ndata: {{\"type\":\"{kind}\"{more}}}\n\n");
    let good = [
        event("message_start", r#","message":{"id":"m","role":"assistant","content":[],"usage":{"input_tokens":9,"output_tokens":1}}"#),
        event("ping", ""),
        event("content_block_start", r#","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}"#),
        event("content_block_delta", r#","index":0,"delta":{"type":"thinking_delta","thinking":"Hm."}"#),
        event("content_block_delta", r#","index":0,"delta":{"type":"signature_delta","signature":"sig"}"#),
        event("content_block_stop", r#","index":0"#),
        event("content_block_start", r#","index":1,"content_block":{"type":"tool_use","id":"t1","name":"get_weather","input":{}}"#),
        event("content_block_delta", r#","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"city\":"}"#),
        event("content_block_delta", r#","index":1,"delta":{"type":"input_json_delta","partial_json":"\"Oslo\"}"}"#),
        event("content_block_stop", r#","index":1"#),
        event("message_delta", r#","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":7}"#),
        event("message_stop", ""),
    ]
    .concat();
    let said = Said {
        calls: vec![call("t1")],
        thought: true,
        tokens: Some(Tokens {
            input: 9,
            output: 7,
            ..Tokens::default()
        }),
        ..Said::default()
    };
    good_and_bad(
        Dialect::Anthropic,
        &good,
        &said,
        &[
            (
                "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
                "",
                "message_stop",
            ),
            ("event: message_start", "event: other", "another name"),
            (
                ",\"index\":1,\"content_block\"",
                ",\"index\":2,\"content_block\"",
                "index 2",
            ),
            (
                "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
                "",
                "another is open",
            ),
            (
                "\"index\":0,\"delta\":{\"type\":\"signature",
                "\"index\":1,\"delta\":{\"type\":\"signature",
                "not open",
            ),
            (
                "\"type\":\"thinking_delta\",\"thinking\"",
                "\"type\":\"text_delta\",\"text\"",
                "`text_delta`",
            ),
            (
                "\"stop_reason\":\"tool_use\"",
                "\"stop_reason\":\"end_turn\"",
                "ended with `end_turn`",
            ),
            ("\\\"Oslo\\\"}", "\\\"Oslo\\\"", "do not join"),
            (
                "event: ping\ndata: {\"type\":\"ping\"}",
                "event: odd\ndata: {\"type\":\"odd\"}",
                "`odd`",
            ),
        ],
    );
    let late = good + &event("ping", "") + &event("message_stop", "");
    assert!(read(Dialect::Anthropic, &late).is_err_and(|odd| odd.contains("behind")));
}

#[test]
fn responses() {
    let event = |number: u32, kind: &str, more: &str| {
        format!(
            "event: {kind}\ndata: {{\"type\":\"{kind}\",\"sequence_number\":{number},{more}}}\n\n"
        )
    };
    let item = r#"{"id":"fc","type":"function_call","call_id":"t1","name":"get_weather","arguments":"{\"city\":\"Oslo\"}"}"#;
    let text = r#"{"id":"m","type":"message","content":[{"type":"output_text","text":"Hi"}]}"#;
    let good = [
        event(0, "response.created", r#""response":{}"#),
        event(1, "response.output_item.added", r#""output_index":0,"item":{"id":"m","type":"message"}"#),
        event(2, "response.output_text.delta", r#""output_index":0,"item_id":"m","delta":"Hi""#),
        event(3, "response.output_item.done", &format!(r#""output_index":0,"item":{text}"#)),
        event(4, "response.output_item.added", r#""output_index":1,"item":{"id":"fc","type":"function_call"}"#),
        event(5, "response.function_call_arguments.delta", r#""output_index":1,"item_id":"fc","delta":"{\"city\":\"Oslo\"}""#),
        event(6, "response.function_call_arguments.done", r#""output_index":1,"item_id":"fc","arguments":"{\"city\":\"Oslo\"}""#),
        event(7, "response.output_item.done", &format!(r#""output_index":1,"item":{item}"#)),
        event(8, "response.completed", &format!(
            r#""response":{{"object":"response","status":"completed","output":[{text},{item}],"usage":{{"input_tokens":9,"output_tokens":4,"output_tokens_details":{{"reasoning_tokens":2}}}}}}"#)),
    ]
    .concat();
    let said = Said {
        text: "Hi".to_owned(),
        calls: vec![call("t1")],
        tokens: Some(Tokens {
            input: 9,
            output: 4,
            reasoning: 2,
            ..Tokens::default()
        }),
        ..Said::default()
    };
    good_and_bad(
        Dialect::Responses,
        &good,
        &said,
        &[
            (
                "\"sequence_number\":2",
                "\"sequence_number\":1",
                "sequence_number",
            ),
            (
                "event: response.created",
                "event: response.odd",
                "another name",
            ),
            (
                "\"item_id\":\"m\",\"delta\"",
                "\"item_id\":\"fc\",\"delta\"",
                "another item",
            ),
            ("\"delta\":\"Hi\"", "\"delta\":\"Ho\"", "do not join"),
            (
                "\"output_index\":1,\"item\":{\"id\":\"fc\",\"type\":\"function_call\"}}",
                "\"output_index\":3,\"item\":{}}",
                "index 3",
            ),
            (
                "\"delta\":\"{\\\"city\\\":\\\"Oslo\\\"}\"",
                "\"delta\":\"{}\"",
                "do not join",
            ),
            (&format!("[{text},{item}]"), &format!("[{text}]"), "2 items"),
            (
                "\"status\":\"completed\"",
                "\"status\":\"queued\"",
                "`queued`",
            ),
        ],
    );
    let done = format!("{good}data: [DONE]\n\n");
    assert!(
        read(Dialect::Responses, &done).is_ok(),
        "the SDKs take that for the end"
    );
    let late = good + &event(9, "response.in_progress", "\"response\":{}");
    assert!(read(Dialect::Responses, &late).is_err_and(|odd| odd.contains("behind the end")));
}

#[test]
fn gemini() {
    let good = [
        r#"data: {"candidates":[{"content":{"role":"model","parts":[{"text":"Hm.","thought":true},{"text":"Hi"}]}}]}"#,
        r#"data: {"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"name":"get_weather","args":{"city":"Oslo"}}}]}}]}"#,
        r#"data: {"candidates":[{"content":{"role":"model","parts":[{"text":""}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":4,"thoughtsTokenCount":2}}"#,
        "",
    ]
    .join("\r\n\r\n");
    let said = Said {
        text: "Hi".to_owned(),
        calls: vec![call("")],
        thought: true,
        tokens: Some(Tokens {
            input: 9,
            output: 6,
            reasoning: 2,
            ..Tokens::default()
        }),
        ..Said::default()
    };
    good_and_bad(
        Dialect::Gemini,
        &good,
        &said,
        &[
            ("\"STOP\"", "null", "finishReason"),
            ("\"STOP\"", "\"MALFORMED_FUNCTION_CALL\"", "MALFORMED"),
            ("\"role\":\"model\"", "\"role\":\"assistant\"", "role"),
            (
                "[{\"text\":\"Hm.\"",
                "[{\"text\":\"Hm.\"}]},\"finishReason\":\"STOP\"},{\"content\":{\"parts\":[{\"text\":\"Hm.\"",
                "behind the `finishReason`",
            ),
            (
                "\"functionCall\":{\"name\":\"get_weather\",",
                "\"functionCall\":{",
                "no `name`",
            ),
            (
                "{\"candidates\"",
                "{\"error\":{\"message\":\"busy\"},\"candidates\"",
                "busy",
            ),
        ],
    );
}

#[test]
fn ollama() {
    let good = concat!(
        r#"{"model":"m","created_at":"t","message":{"role":"assistant","content":"","thinking":"Hm."},"done":false}"#,
        "\n",
        r#"{"model":"m","created_at":"t","message":{"role":"assistant","content":"Hi","tool_calls":[{"function":{"name":"get_weather","arguments":{"city":"Oslo"}}}]},"done":false}"#,
        "\n",
        r#"{"model":"m","created_at":"t","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":9,"eval_count":4}"#,
        "\n",
    );
    let said = Said {
        text: "Hi".to_owned(),
        calls: vec![call("")],
        thought: true,
        tokens: Some(Tokens {
            input: 9,
            output: 4,
            ..Tokens::default()
        }),
        ..Said::default()
    };
    good_and_bad(
        Dialect::Ollama,
        good,
        &said,
        &[
            ("\"done\":true", "\"done\":false", "`done`"),
            ("\"done\":false", "\"done\":true", "behind `done`"),
            ("{\"city\":\"Oslo\"}", "\"{}\"", "no object"),
            ("\"created_at\":\"t\",", "", "created_at"),
            ("\"role\":\"assistant\"", "\"role\":\"user\"", "role"),
            ("{\"model\"", "{\"error\":\"busy\",\"model\"", "busy"),
        ],
    );
}

#[test]
fn what_is_asked_is_what_the_vendors_take() {
    use crate::doctor::question::HowToThink;
    for dialect in crate::doctor::CALLERS {
        let speech = speech(dialect);
        for question in [
            Question::short(),
            Question::one_tool().streamed(),
            Question::two_tools(),
            Question::thoughtful(HowToThink::Budget),
            Question::with_schema(),
            Question::with_long_beginning(7),
        ] {
            let body = speech.body("acme/anvil", &question);
            let endpoint = dialect
                .endpoint(dialect::Task::Generate)
                .expect("an endpoint");
            let path = endpoint
                .names_model_in_path()
                .then_some(("acme/anvil", question.stream));
            let read = dialect::read_request(endpoint, body.to_string().as_bytes(), path)
                .unwrap_or_else(|why| panic!("{dialect:?}: {why}: {body}"));
            assert_eq!(read.tools.len(), question.tools.len(), "{dialect:?}");
            assert_eq!(
                read.max_output,
                Some(question.most_tokens().into()),
                "{dialect:?}"
            );
            // Kept by the reader as it is: it asks for what the hub always asks for.
            let strange = read.extras.fields.keys().find(|field| *field != "include");
            assert_eq!(strange, None, "{dialect:?}: {body}");
        }
    }
}
