//! Replies, read and written.

use super::*;

pub(crate) const STREAM: &str = r#"{"model":"qwen3:8b","created_at":"2026-11-22T10:00:00.1Z","message":{"role":"assistant","content":"","thinking":"Let me "},"done":false}
{"model":"qwen3:8b","created_at":"2026-11-22T10:00:00.2Z","message":{"role":"assistant","content":"","thinking":"see."},"done":false}
{"model":"qwen3:8b","created_at":"2026-11-22T10:00:00.3Z","message":{"role":"assistant","content":"Søk"},"done":false}
{"model":"qwen3:8b","created_at":"2026-11-22T10:00:00.4Z","message":{"role":"assistant","content":"ing."},"done":false}
{"model":"qwen3:8b","created_at":"2026-11-22T10:00:00.5Z","message":{"role":"assistant","content":"","tool_calls":[{"function":{"index":0,"name":"weather","arguments":{"place":"Bergen","days":2}}},{"id":"call_x","function":{"index":1,"name":"clock","arguments":{}}}]},"done":false}
{"model":"qwen3:8b","created_at":"2026-11-22T10:00:00.6Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":900,"load_duration":1,"prompt_eval_count":26,"prompt_eval_duration":2,"eval_count":40,"eval_duration":3}
"#;

fn the_whole() -> Value {
    json!({"model": "qwen3:8b", "created_at": "2026-11-22T10:00:00.1Z", "message": {"role": "assistant",
        "content": "Søking.", "thinking": "Let me see.", "tool_calls": [
            {"function": {"index": 0, "name": "weather", "arguments": {"place": "Bergen", "days": 2}}},
            {"id": "call_x", "function": {"index": 1, "name": "clock", "arguments": {}}}]},
        "done": true, "done_reason": "stop", "total_duration": 900, "load_duration": 1,
        "prompt_eval_count": 26, "prompt_eval_duration": 2, "eval_count": 40, "eval_duration": 3})
}

#[test]
fn a_stream_and_a_whole_reply_say_the_same() {
    let streamed = Reply::of(events(Endpoint::OllamaChat, STREAM.as_bytes(), &[]));
    assert_eq!(streamed, Reply::of(whole(the_whole())));
    let answer = &streamed.candidates[0];
    let texts: Vec<_> = answer.blocks.iter().map(|block| &*block.text).collect();
    assert_eq!(
        texts,
        [
            "Let me see.",
            "Søking.",
            r#"{"place":"Bergen","days":2}"#,
            "{}"
        ]
    );
    assert_eq!(answer.stop, Some(StopReason::ToolCall));
    assert_eq!(
        streamed.usage,
        Some(Usage {
            input: 26,
            output: 40,
            ..Usage::default()
        })
    );
    assert_eq!(streamed.start.model.as_deref(), Some("qwen3:8b"));
}

#[test]
fn generate_is_read_too() {
    let stream = "{\"model\":\"m\",\"created_at\":\"t\",\"response\":\"a\",\"done\":false}\n\
        {\"model\":\"m\",\"created_at\":\"t\",\"response\":\"b\",\"done\":false}\n\
        {\"model\":\"m\",\"created_at\":\"t\",\"response\":\"\",\"done\":true,\"done_reason\":\"length\",\"context\":[1],\"eval_count\":2}";
    let streamed = Reply::of(events(Endpoint::OllamaGenerate, stream.as_bytes(), &[]));
    let whole = whole(
        json!({"model": "m", "created_at": "t", "response": "ab", "done": true,
        "done_reason": "length", "context": [1], "eval_count": 2}),
    );
    assert_eq!(streamed, Reply::of(whole));
    assert_eq!(streamed.candidates[0].stop, Some(StopReason::MaxTokens));
    assert_eq!(streamed.candidates[0].blocks[0].text, "ab");
}

#[test]
fn reasons_to_end_are_understood() {
    let cases = [
        (json!("stop"), StopReason::End),
        (json!("length"), StopReason::MaxTokens),
        (json!("load"), StopReason::Other),
        (json!("unload"), StopReason::Other),
        (json!(""), StopReason::End),
        (Value::Null, StopReason::End),
    ];
    for (word, expected) in cases {
        let body = json!({"model": "m", "message": {"role": "assistant", "content": "x"}, "done": true, "done_reason": word});
        let reply = Reply::of(whole(body));
        assert_eq!(reply.candidates[0].stop, Some(expected), "{word}");
        assert_eq!(reply.usage, None);
    }
}

#[test]
fn made_up_ids_are_the_same_each_time_and_differ_between_replies() {
    let call = |time: &str| {
        let body = json!({"model": "m", "created_at": time, "message": {"content": "", "tool_calls": [
            {"function": {"name": "f", "arguments": {}}}, {"function": {"name": "f", "arguments": {}}}]}});
        Reply::of(whole(body)).candidates[0]
            .blocks
            .iter()
            .map(|block| format!("{:?}", block.kind))
            .collect::<Vec<_>>()
    };
    assert_eq!(call("a"), call("a"));
    assert_ne!(call("a")[0], call("a")[1]);
    assert_ne!(call("a"), call("b"));
}

#[test]
fn an_error_is_a_failure_wherever_it_comes() {
    let line = r#"{"error":"model runner has unexpectedly stopped","status":500}"#;
    let stream = format!(
        "{}{line}\n",
        &STREAM[..STREAM.find('\n').expect("lines") + 1]
    );
    let read = events(Endpoint::OllamaChat, stream.as_bytes(), &[]);
    let Some(Event::Failed(failure)) = read.last() else {
        panic!("it failed: {read:?}");
    };
    assert!(failure.message.contains("unexpectedly stopped"));
    let whole = whole(object(serde_json::from_str(line).expect("JSON")).into());
    assert!(matches!(&whole[..], [Event::Failed(_)]));
    let broken = events(Endpoint::OllamaChat, b"{\"model\":\n", &[]);
    assert!(matches!(&broken[..], [Event::Failed(_)]));
}

#[test]
fn what_breaks_off_does_not_end() {
    let cut = STREAM.rfind("{\"model\"").expect("a last line");
    let read = events(Endpoint::OllamaChat, &STREAM.as_bytes()[..cut], &[]);
    assert!(!read.contains(&Event::End));
    let body = object(json!({"choices": []}));
    assert!(super::super::read_reply(body, &mut Vec::new()).is_err());
}

#[test]
fn a_stream_is_written_line_by_line() {
    let read = events(Endpoint::OllamaChat, STREAM.as_bytes(), &[]);
    let head = r#"{"model":"qwen3:8b","created_at":"2025-11-22T00:00:00Z","#;
    let expected = [
        r#""message":{"role":"assistant","content":"","thinking":"Let me "},"done":false}"#,
        r#""message":{"role":"assistant","content":"","thinking":"see."},"done":false}"#,
        r#""message":{"role":"assistant","content":"Søk"},"done":false}"#,
        r#""message":{"role":"assistant","content":"ing."},"done":false}"#,
        r#""message":{"role":"assistant","content":"","tool_calls":[{"id":"CALL","function":{"index":0,"name":"weather","arguments":{"place":"Bergen","days":2}}}]},"done":false}"#,
        r#""message":{"role":"assistant","content":"","tool_calls":[{"id":"call_x","function":{"index":1,"name":"clock","arguments":{}}}]},"done":false}"#,
        r#""message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":900,"load_duration":1,"prompt_eval_duration":2,"eval_duration":3,"prompt_eval_count":26,"eval_count":40}"#,
    ];
    let text = written(Endpoint::OllamaChat, &read);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), expected.len(), "{text}");
    for (line, expected) in lines.iter().zip(expected) {
        let made_up = line.find("call_").filter(|_| expected.contains("CALL"));
        let line = match made_up {
            Some(at) => line.replace(&line[at..at + 29], "CALL"),
            None => (*line).to_owned(),
        };
        assert_eq!(line, format!("{head}{expected}"));
    }
    // What is written is read as what it was written from.
    assert_eq!(
        Reply::of(events(Endpoint::OllamaChat, text.as_bytes(), &[])),
        Reply::of(read)
    );
}

#[test]
fn a_whole_reply_is_one_object() {
    let reply = Reply::of(whole(the_whole()));
    let chat = super::super::write_reply(&reply, &writing(Endpoint::OllamaChat));
    assert_eq!(chat["message"]["content"], "Søking.");
    assert_eq!(chat["message"]["thinking"], "Let me see.");
    assert_eq!(
        chat["message"]["tool_calls"][1]["function"]["name"],
        "clock"
    );
    assert_eq!(chat["done"], true);
    assert_eq!(chat["eval_count"], 40);
    assert_eq!(Reply::of(whole(chat)), reply);
    let generate = super::super::write_reply(&reply, &writing(Endpoint::OllamaGenerate));
    assert_eq!(generate["response"], "Søking.");
    assert_eq!(generate["thinking"], "Let me see.");
    assert_eq!(generate.get("message"), None);
    let empty = super::super::write_reply(&Reply::default(), &writing(Endpoint::OllamaGenerate));
    assert_eq!(
        empty,
        json!({"model": "alias", "created_at": "2025-11-22T00:00:00Z", "response": "", "done": true,
            "done_reason": "stop", "total_duration": 0, "load_duration": 0, "prompt_eval_duration": 0, "eval_duration": 0})
    );
}

#[test]
fn probabilities_travel() {
    let line = |text: &str, logprob: f64| {
        json!({"model": "m", "message": {"role": "assistant", "content": text}, "logprobs": [
            {"token": text, "logprob": logprob, "bytes": [1], "top_logprobs": [{"token": "x", "logprob": -3.5}]}], "done": false})
        .to_string()
    };
    let end = r#"{"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop"}"#;
    let stream = format!("{}\n{}\n{end}\n", line("a", -0.5), line("b", -1.5));
    let read = events(Endpoint::OllamaChat, stream.as_bytes(), &[]);
    let reply = Reply::of(read.clone());
    assert_eq!(
        reply.candidates[0].blocks[0].annotations[1],
        Annotation::Logprobs(vec![Logprob {
            token: "b".to_owned(),
            logprob: -1.5,
            top: vec![("x".to_owned(), -3.5)]
        }])
    );
    let text = written(Endpoint::OllamaChat, &read);
    let back = Reply::of(events(Endpoint::OllamaChat, text.as_bytes(), &[]));
    assert_eq!(back.candidates, reply.candidates);
    let document = super::super::write_reply(&reply, &writing(Endpoint::OllamaChat));
    assert_eq!(document["logprobs"].as_array().map(Vec::len), Some(2));
    assert_eq!(Reply::of(whole(document)).candidates, reply.candidates);
}

#[test]
fn arguments_that_are_no_object_reach_the_caller() {
    let mut read = vec![Event::Start(Default::default())];
    for (block, text) in ["", "{\"a\":", "[1]"].into_iter().enumerate() {
        let block = block as u32;
        read.push(Event::Open {
            block,
            candidate: 0,
            kind: crate::hub::BlockKind::ToolCall(crate::hub::ToolCall {
                id: String::new(),
                name: "f".to_owned(),
                namespace: None,
                arguments: String::new(),
                custom: false,
            }),
        });
        read.push(Event::Delta {
            block,
            text: text.to_owned(),
        });
        read.push(Event::Close { block });
    }
    read.push(Event::Ping);
    let text = written(Endpoint::OllamaGenerate, &read);
    let calls: Vec<Value> = text
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).expect("a line is JSON");
            line["tool_calls"][0]["function"]["arguments"].clone()
        })
        .collect();
    assert_eq!(
        calls,
        [
            json!({}),
            json!({"_raw": "{\"a\":"}),
            json!({"_raw": "[1]"})
        ]
    );
}
