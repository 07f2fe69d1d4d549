//! The older completions.

use serde_json::json;

use super::*;
use crate::StopReason;
use crate::hub::{Annotation, BlockKind, Logprob, Start};

fn read_old(body: Value) -> Result<Request, String> {
    read_request(Endpoint::Completions, object(body)).map_err(|e| e.to_string())
}

#[test]
fn a_prompt_is_a_user_message() {
    for prompt in [json!("Once"), json!(["Once"])] {
        let request = read_old(
            json!({"model": "m", "prompt": prompt, "max_tokens": 9, "n": 2,
            "logprobs": 3, "stop": "x", "best_of": 1, "echo": false, "suffix": null, "user": "u"}),
        )
        .expect("it is well formed");
        assert_eq!(
            write(request),
            json!({"model": "m", "messages": [{"role": "user", "content": "Once"}], "max_completion_tokens": 9,
                   "n": 2, "logprobs": true, "top_logprobs": 3, "stop": ["x"], "user": "u"})
        );
    }
}

#[test]
fn what_a_conversation_cannot_do_is_refused_in_a_sentence() {
    let cases = [
        (json!({}), "`prompt` is missing."),
        (json!({"prompt": []}), "`prompt` is empty."),
        (
            json!({"prompt": ["a", "b"]}),
            "`prompt` must be one text: several are not supported in one request.",
        ),
        (
            json!({"prompt": [1, 2]}),
            "`prompt` must be text: token ids mean nothing to another model.",
        ),
        (
            json!({"prompt": [[1, 2]]}),
            "`prompt` must be text: token ids mean nothing to another model.",
        ),
        (
            json!({"prompt": "a", "suffix": "b"}),
            "`suffix` is not supported: only the end of a text can be written.",
        ),
        (
            json!({"prompt": "a", "echo": true}),
            "`echo` is not supported: the prompt can't be part of the answer.",
        ),
        (
            json!({"prompt": "a", "best_of": 2}),
            "`best_of` is not supported: answers are not compared.",
        ),
        (json!({"prompt": "a"}), "`model` is missing."),
    ];
    for (body, sentence) in cases {
        assert_eq!(read_old(body), Err(sentence.to_owned()));
    }
}

fn row() -> Vec<Event> {
    vec![
        Event::Start(Start::default()),
        Event::Open {
            block: 0,
            candidate: 0,
            kind: BlockKind::Reasoning {
                hidden: false,
                summary: false,
            },
        },
        Event::Delta {
            block: 0,
            text: "hm".to_owned(),
        },
        Event::Close { block: 0 },
        Event::Open {
            block: 1,
            candidate: 0,
            kind: BlockKind::Text,
        },
        Event::Delta {
            block: 1,
            text: "Hi".to_owned(),
        },
        Event::Annotate {
            block: 1,
            annotation: Annotation::Logprobs(vec![Logprob {
                token: "Hi".to_owned(),
                logprob: -0.5,
                top: vec![("Ho".to_owned(), -1.5)],
            }]),
        },
        Event::Close { block: 1 },
        Event::Usage(usage(4, 1)),
        Event::Stop {
            candidate: 0,
            stop: StopReason::End,
            sequence: None,
        },
        Event::End,
    ]
}

#[test]
fn a_stream_is_text_completions() {
    let mut asked = writing(Endpoint::Completions);
    asked.usage_asked = true;
    let expected = r#"data: {"id":"cmpl-abc","object":"text_completion","created":7,"model":"m","choices":[{"text":"Hi","index":0,"logprobs":null,"finish_reason":null}],"usage":null}

data: {"id":"cmpl-abc","object":"text_completion","created":7,"model":"m","choices":[{"text":"","index":0,"logprobs":{"tokens":["Hi"],"token_logprobs":[-0.5],"top_logprobs":[{"Ho":-1.5}],"text_offset":[0]},"finish_reason":null}],"usage":null}

data: {"id":"cmpl-abc","object":"text_completion","created":7,"model":"m","choices":[{"text":"","index":0,"logprobs":null,"finish_reason":"stop"}],"usage":null}

data: {"id":"cmpl-abc","object":"text_completion","created":7,"model":"m","choices":[],"usage":{"prompt_tokens":4,"completion_tokens":1,"total_tokens":5,"prompt_tokens_details":{"cached_tokens":0,"cache_write_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}}

data: [DONE]

"#;
    assert_eq!(written(&row(), &asked), expected);
}

#[test]
fn a_whole_reply_is_a_text_completion() {
    let reply = Reply::of(row());
    assert_eq!(
        write_reply(&reply, &writing(Endpoint::Completions)),
        json!({
            "id": "cmpl-abc", "object": "text_completion", "created": 7, "model": "m",
            "choices": [{"text": "Hi", "index": 0, "finish_reason": "stop",
                "logprobs": {"tokens": ["Hi"], "token_logprobs": [-0.5], "top_logprobs": [{"Ho": -1.5}], "text_offset": [0]}}],
            "usage": {"prompt_tokens": 4, "completion_tokens": 1, "total_tokens": 5,
                "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 0}}})
    );
}

#[test]
fn a_call_ends_as_a_stop() {
    let mut reply = Reply::of(row());
    reply.candidates[0].stop = Some(StopReason::ToolCall);
    let written = write_reply(&reply, &writing(Endpoint::Completions));
    assert_eq!(written["choices"][0]["finish_reason"], "stop");
}
