//! What is asked and what is answered: both ends know the exact bytes, so that
//! a reply can be checked by its length.

use std::time::Duration;

/// Events in a stream, the last of which carries the usage.
pub(crate) const EVENTS: usize = 64;
/// Between two events of a paced stream.
pub(crate) const PACE: Duration = Duration::from_millis(10);

/// How the mock answers, named by the model it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// One JSON body.
    Whole,
    /// One event every [`PACE`].
    Paced,
    /// Every event at once, each with a write of its own.
    Burst,
}

impl Answer {
    pub(crate) const ALL: [Answer; 3] = [Answer::Whole, Answer::Paced, Answer::Burst];

    pub(crate) fn model(self) -> &'static str {
        match self {
            Answer::Whole => "mock-whole",
            Answer::Paced => "mock-paced",
            Answer::Burst => "mock-burst",
        }
    }

    /// The answer that a request body asks for; its model comes first.
    pub(crate) fn asked(body: &[u8]) -> Option<Answer> {
        let start = body.strip_prefix(br#"{"model":""#)?;
        Answer::ALL
            .into_iter()
            .find(|answer| start.starts_with(answer.model().as_bytes()))
    }
}

/// A chat request of about `bytes` bytes, whose text looks like code: a line end
/// or a quote, both escaped in JSON, every few words.
pub(crate) fn request(answer: Answer, bytes: usize) -> Vec<u8> {
    let stream = answer != Answer::Whole;
    let mut body = format!(
        r#"{{"model":"{}","stream":{stream},"temperature":0.2,"messages":[{{"role":"system","content":"You are a careful reviewer."}},{{"role":"user","content":""#,
        answer.model()
    );
    let end = r#""}]}"#;
    while body.len() + end.len() < bytes {
        body.push_str(r#"    let name = read(\"a file\")?;\n"#);
    }
    body.push_str(end);
    body.into_bytes()
}

/// The body of a whole answer, about 600 bytes.
pub(crate) fn whole() -> String {
    let said = "The function reads a file and hands its name on. ".repeat(5);
    format!(
        r#"{{"id":"chatcmpl-bench","object":"chat.completion","created":1790000000,"model":"mock-whole","choices":[{{"index":0,"message":{{"role":"assistant","content":"{said}","refusal":null}},"logprobs":null,"finish_reason":"stop"}}],"usage":{{"prompt_tokens":230,"completion_tokens":55,"total_tokens":285,"prompt_tokens_details":{{"cached_tokens":0}}}},"system_fingerprint":"fp_bench"}}"#
    )
}

/// The events of a stream, each to be written on its own.
pub(crate) fn events() -> Vec<String> {
    let event = |delta: &str, tail: &str| {
        format!(
            "data: {{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1790000000,\"model\":\"mock-stream\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":{tail}}}\n\n"
        )
    };
    let mut events = vec![event(r#"{"role":"assistant","content":""}"#, "null}]")];
    while events.len() < EVENTS - 1 {
        events.push(event(r#"{"content":" a word"}"#, "null}]"));
    }
    let usage =
        r#""stop"}],"usage":{"prompt_tokens":230,"completion_tokens":62,"total_tokens":292}"#;
    events.push(event("{}", usage) + "data: [DONE]\n\n");
    events
}

/// The bytes of a good reply's body.
pub(crate) fn reply_length(answer: Answer) -> usize {
    match answer {
        Answer::Whole => whole().len(),
        Answer::Paced | Answer::Burst => events().iter().map(String::len).sum(),
    }
}
