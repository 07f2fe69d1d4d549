//! Complete replies: what is one, and what it says.

use dialect::{Endpoint, FailureCategory, StopReason, Usage, read_whole};

#[test]
fn a_chat_completion_is_read() {
    let body = br#"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-5-2025","choices":[{"index":0,
        "message":{"role":"assistant","content":"Hi \"you\"","refusal":null},"logprobs":null,"finish_reason":"length"}],
        "usage":{"prompt_tokens":20,"completion_tokens":9,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":8},
        "completion_tokens_details":{"reasoning_tokens":4}}}"#;
    let read = read_whole(Endpoint::ChatCompletions, body).expect("it is a reply");
    assert_eq!(
        read.usage,
        Some(Usage {
            input: 12,
            cache_read: 8,
            output: 5,
            reasoning: 4,
            ..Usage::default()
        })
    );
    assert_eq!(read.model.as_deref(), Some("gpt-5-2025"));
    assert_eq!(read.upstream_id.as_deref(), Some("chatcmpl-1"));
    assert_eq!(read.stop, Some(StopReason::MaxTokens));
    assert!(read.finished && read.failure.is_none());
    assert_eq!(read.output_bytes, 10);
}

#[test]
fn stop_words_of_chat_are_understood() {
    let cases = [
        (r#"{"content":"x"}"#, "stop", StopReason::End),
        (
            r#"{"content":null,"refusal":"no"}"#,
            "stop",
            StopReason::Refusal,
        ),
        (
            r#"{"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}"#,
            "stop",
            StopReason::ToolCall,
        ),
        (r#"{"tool_calls":[]}"#, "tool_calls", StopReason::ToolCall),
        ("{}", "content_filter", StopReason::Filtered),
        ("{}", "model_length", StopReason::ContextFull),
        ("{}", "new_word", StopReason::Other),
    ];
    for (message, word, expected) in cases {
        let body = format!(r#"{{"choices":[{{"message":{message},"finish_reason":"{word}"}}]}}"#);
        let read = read_whole(Endpoint::ChatCompletions, body.as_bytes()).expect("it is a reply");
        assert_eq!(read.stop, Some(expected), "{body}");
        assert_eq!(read.usage, None);
    }
}

#[test]
fn a_message_is_read() {
    let body = br#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[{"type":"text","text":"Hi"},
        {"type":"tool_use","id":"t","name":"f","input":{}}],"stop_reason":"tool_use","stop_sequence":null,
        "usage":{"input_tokens":3,"cache_read_input_tokens":5,"cache_creation_input_tokens":7,"output_tokens":9}}"#;
    let read = read_whole(Endpoint::Messages, body).expect("it is a reply");
    let usage = Usage {
        input: 3,
        cache_read: 5,
        cache_write: 7,
        output: 9,
        ..Usage::default()
    };
    assert_eq!(read.usage, Some(usage));
    assert_eq!(read.stop, Some(StopReason::ToolCall));
    assert_eq!(read.output_bytes, 2);
}

#[test]
fn embeddings_and_counts_are_read() {
    let body = br#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":"AAA="}],"model":"e","usage":{"prompt_tokens":8,"total_tokens":8}}"#;
    let read = read_whole(Endpoint::Embeddings, body).expect("it is a reply");
    assert_eq!(
        read.usage,
        Some(Usage {
            input: 8,
            ..Usage::default()
        })
    );
    assert!(read.finished);

    let read = read_whole(Endpoint::CountTokens, br#"{"input_tokens":14}"#).expect("it is a reply");
    assert_eq!(read.usage, None, "counting is not billed");
    assert!(read.finished);
}

#[test]
fn what_is_no_reply_is_named() {
    use Endpoint::*;
    let cases: &[(Endpoint, &str, &str)] = &[
        (ChatCompletions, "", "The reply is empty."),
        (ChatCompletions, " \r\n", "The reply is empty."),
        (
            Messages,
            "<!DOCTYPE html><html>",
            "The reply is a web page, not JSON.",
        ),
        (Messages, "data: {}", "The reply is not a JSON object."),
        (Messages, "[]", "The reply is not a JSON object."),
        (
            ChatCompletions,
            r#"{"id":"x","choices":[{"mess"#,
            "The reply breaks off: its JSON is not complete.",
        ),
        (
            ChatCompletions,
            r#"{"id":"x",,}"#,
            "The reply is not valid JSON.",
        ),
        (
            ChatCompletions,
            r#"{"status":"ok"}"#,
            "The reply is JSON, but has no `choices`.",
        ),
        (
            ChatCompletions,
            r#"{"choices":"none"}"#,
            "The reply is JSON, but has no `choices`.",
        ),
        (
            Messages,
            r#"{"content":"hi"}"#,
            "The reply is JSON, but has no list of `content`.",
        ),
        (
            Embeddings,
            r#"{"data":null}"#,
            "The reply is JSON, but has no list of `data`.",
        ),
        (
            CountTokens,
            r#"{"tokens":1}"#,
            "The reply is JSON, but has no `input_tokens`.",
        ),
    ];
    for (endpoint, body, expected) in cases {
        let not = read_whole(*endpoint, body.as_bytes()).expect_err(body);
        assert_eq!(not.to_string(), *expected, "{body}");
    }
}

#[test]
fn an_error_inside_a_200_is_a_failure() {
    use Endpoint::*;
    let cases = [
        (
            ChatCompletions,
            r#"{"error":{"code":429,"message":"Slow down"}}"#,
            FailureCategory::RateLimit,
        ),
        (
            ChatCompletions,
            r#"{"error":{"code":502,"message":"Bad"},"choices":[]}"#,
            FailureCategory::Server,
        ),
        (
            ChatCompletions,
            r#"{"object":"error","message":"x","type":"invalid_request_error"}"#,
            FailureCategory::BadRequest,
        ),
        (
            ChatCompletions,
            r#"{"choices":[{"finish_reason":"insufficient_system_resource"}]}"#,
            FailureCategory::Overloaded,
        ),
        (
            Embeddings,
            r#"{"error":"model not loaded"}"#,
            FailureCategory::Server,
        ),
        (
            Messages,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            FailureCategory::Overloaded,
        ),
    ];
    for (endpoint, body, expected) in cases {
        let read = read_whole(endpoint, body.as_bytes()).expect("it is an answer");
        let failure = read.failure.expect("it failed");
        assert_eq!(
            (failure.category, failure.status),
            (expected, Some(200)),
            "{body}"
        );
    }
    let body = br#"{"error":null,"choices":[]}"#;
    assert_eq!(
        read_whole(ChatCompletions, body)
            .expect("it is a reply")
            .failure,
        None
    );
}
