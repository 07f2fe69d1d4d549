//! What is asked and what is answered: both ends know the exact bytes, so that
//! a reply can be checked by its length.

use std::time::Duration;

/// Events in a stream, the last of which carries the usage.
pub(crate) const EVENTS: usize = 64;
/// Between two events of a paced stream.
pub(crate) const PACE: Duration = Duration::from_millis(10);
/// The text of a large answer, in bytes.
const LARGE: usize = 64 << 10;
/// How long the mock thinks about a slow answer.
pub(crate) const THOUGHT: Duration = Duration::from_millis(5);

/// How the mock answers, named by the model it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// One JSON body.
    Whole,
    /// The same after a [`THOUGHT`].
    Slow,
    /// One JSON body with [`LARGE`] of text.
    Large,
    /// One event every [`PACE`].
    Paced,
    /// Every event at once, each with a write of its own.
    Burst,
}

impl Answer {
    pub(crate) const ALL: [Answer; 5] = [
        Answer::Whole,
        Answer::Slow,
        Answer::Large,
        Answer::Paced,
        Answer::Burst,
    ];

    pub(crate) fn is_stream(self) -> bool {
        matches!(self, Answer::Paced | Answer::Burst)
    }

    pub(crate) fn model(self) -> &'static str {
        match self {
            Answer::Whole => "mock-whole",
            Answer::Slow => "mock-slow",
            Answer::Large => "mock-large",
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
/// or a quote, both escaped in JSON, every few words. Signalbox keeps the answer to one that is
/// repeatable, and passes every other on.
pub(crate) fn request(answer: Answer, bytes: usize, repeatable: bool) -> Vec<u8> {
    let stream = answer.is_stream();
    let temperature = if repeatable { "0.2" } else { "0.7" };
    let mut body = format!(
        r#"{{"model":"{}","stream":{stream},"temperature":{temperature},"messages":[{{"role":"system","content":"You are a careful reviewer."}},{{"role":"user","content":""#,
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
    saying(5)
}

/// The body of a large answer.
pub(crate) fn large() -> String {
    saying(LARGE / SENTENCE.len())
}

const SENTENCE: &str = "The function reads a file and hands its name on. ";

fn saying(times: usize) -> String {
    let said = SENTENCE.repeat(times);
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
        Answer::Whole | Answer::Slow => whole().len(),
        Answer::Large => large().len(),
        Answer::Paced | Answer::Burst => events().iter().map(String::len).sum(),
    }
}
