//! Streams as they came: of every dialect, whole and cut, read and told again.

use std::path::Path;

use proptest::prelude::*;
use serde_json::Map;

use super::*;
use crate::hub::{Back, BlockKind, Reply, Sealed, law};
use crate::translate::{Translator, Writing, frames_of, read_answer};
use crate::{bedrock, cohere, frames, ollama};

/// A provider's stream, and its last word: nothing before its end is whole.
#[derive(Debug)]
struct Stream {
    name: String,
    from: Endpoint,
    bytes: Vec<u8>,
    last: &'static str,
}

impl Stream {
    fn new(name: &str, from: Endpoint, bytes: impl Into<Vec<u8>>) -> Stream {
        Stream {
            name: name.to_owned(),
            from,
            bytes: bytes.into(),
            last: match from.dialect() {
                Dialect::OpenAi => "[DONE]",
                Dialect::Responses => "event: response.",
                Dialect::Anthropic => "message_stop",
                Dialect::Gemini => "finishReason",
                Dialect::Ollama => r#""done":true"#,
                Dialect::Bedrock => "metadata",
                Dialect::Cohere => "message-end",
            },
        }
    }

    fn read(&self, length: usize) -> Option<Vec<Event>> {
        read_stream(self.from, framing(self.from), "acme", &self.bytes[..length])
    }

    fn row(&self) -> Vec<Event> {
        let row = self.read(self.bytes.len());
        row.unwrap_or_else(|| panic!("{} is whole", self.name))
    }

    /// Where its last word stands.
    fn last_word(&self) -> usize {
        let (bytes, last) = (&self.bytes, self.last.as_bytes());
        let found = match self.from.dialect() {
            // The name says it all.
            Dialect::Anthropic => memchr::memmem::find(bytes, last),
            _ => memchr::memmem::rfind(bytes, last),
        };
        found.unwrap_or_else(|| panic!("{} has a last word", self.name))
    }
}

const CALLERS: [Endpoint; 5] = [
    Endpoint::ChatCompletions,
    Endpoint::Responses,
    Endpoint::Messages,
    Endpoint::GenerateContent,
    Endpoint::OllamaChat,
];

fn framing(endpoint: Endpoint) -> Framing {
    match endpoint.dialect() {
        Dialect::Ollama => Framing::Lines,
        Dialect::Bedrock => Framing::AwsEvents,
        _ => Framing::Sse,
    }
}

fn writing(endpoint: Endpoint) -> Writing {
    Writing {
        endpoint,
        provider: "acme".to_owned(),
        id: "1".to_owned(),
        model: "m".to_owned(),
        created_unix_s: 0,
        input_tokens: 1,
        usage_asked: true,
        echo: Map::new(),
    }
}

macro_rules! recording {
    ($name:literal) => {
        include_bytes!(concat!("../../../tests/dialect/streams/", $name)).as_slice()
    };
}

fn amazons() -> Vec<u8> {
    let (steps, _) = bedrock::tests::replies::rich();
    let message = |(name, data): &(&str, serde_json::Value)| {
        frames::aws_message("event", name, data.to_string().as_bytes())
    };
    steps.iter().flat_map(message).collect()
}

/// What providers sent.
fn recorded() -> Vec<Stream> {
    let chat = Endpoint::ChatCompletions;
    vec![
        Stream::new("openai_tools", chat, recording!("openai_tools.sse")),
        Stream::new("openai_usage", chat, recording!("openai_usage.sse")),
        Stream::new("azure", chat, recording!("azure.sse")),
        Stream::new(
            "anthropic_thinking",
            Endpoint::Messages,
            recording!("anthropic_thinking.sse"),
        ),
        Stream::new(
            "anthropic_unnamed",
            Endpoint::Messages,
            recording!("anthropic_unnamed.sse"),
        ),
        Stream::new(
            "ollama",
            Endpoint::OllamaChat,
            ollama::tests::replies::STREAM,
        ),
        Stream::new("cohere", Endpoint::CohereChat, cohere::tests::STREAM),
        Stream::new("cohere_calls", Endpoint::CohereChat, cohere::tests::CALLS),
        Stream::new("bedrock", Endpoint::Converse, amazons()),
    ]
}

/// Every reply of the fixtures as each dialect streams it.
fn written() -> Vec<Stream> {
    let mut all = Vec::new();
    for dialect in Dialect::ALL {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/replies");
        for entry in std::fs::read_dir(folder.join(dialect.name())).expect("fixtures") {
            let path = entry.expect("an entry").path();
            let body = std::fs::read(&path).expect("a fixture");
            let from = dialect.endpoint(Task::Generate).expect("it answers");
            let events = read_answer(from, &body, "acme", Back::default()).expect("a reply");
            let feature = path.file_stem().expect("a name").display();
            for caller in CALLERS {
                let name = format!("{}/{feature} to {}", dialect.name(), caller.name());
                let bytes = frames_of(&events, writing(caller)).concat();
                all.push(Stream::new(&name, caller, bytes));
            }
        }
    }
    assert!(all.len() > 200, "{}", all.len());
    all
}

fn all() -> Vec<Stream> {
    let mut all = recorded();
    all.extend(written());
    all
}

#[test]
fn a_whole_stream_is_a_row_from_start_to_end() {
    for stream in all() {
        let row = stream.row();
        law::check(&row).unwrap_or_else(|wrong| panic!("{}: {wrong}", stream.name));
        assert!(matches!(row[0], Event::Start(_)), "{}", stream.name);
        assert_eq!(row.last(), Some(&Event::End), "{}", stream.name);
        assert!(!row.contains(&Event::Ping), "{}", stream.name);
    }
}

/// What a row is read as once it was told to a caller.
fn told(row: &[Event], caller: Endpoint) -> Vec<Event> {
    let bytes = frames_of(row, writing(caller)).concat();
    let again = read_stream(caller, framing(caller), "acme", &bytes).expect("a whole stream");
    law::check(&again).expect("lawful");
    again
}

#[test]
fn what_was_read_and_is_told_again_is_read_the_same() {
    for stream in all() {
        if !CALLERS.contains(&stream.from) {
            continue;
        }
        let row = stream.row();
        let again = told(&row, stream.from);
        let (before, after) = (Reply::of(row), Reply::of(again.clone()));
        assert_eq!(before.candidates, after.candidates, "{}", stream.name);
        assert_eq!(before.usage, after.usage, "{}", stream.name);
        assert_eq!(before.start.model, after.start.model, "{}", stream.name);
        // The reply's id is ours from then on, and all else stays to the letter.
        assert_eq!(told(&again, stream.from), again, "{}", stream.name);
    }
}

#[test]
fn what_is_told_in_another_dialect_says_the_same() {
    let gist = |row: Vec<Event>| {
        let reply = Reply::of(row);
        let blocks = reply.candidates.into_iter().take(1);
        let mut said = String::new();
        let mut calls = Vec::new();
        for block in blocks.flat_map(|candidate| candidate.blocks) {
            match block.kind {
                BlockKind::Text => said.push_str(&block.text),
                BlockKind::ToolCall(call) => calls.push((call.name, block.text.replace(' ', ""))),
                _ => {}
            }
        }
        let usage = reply
            .usage
            .map(|usage| (usage.input_total(), usage.output_total()));
        (said, calls, usage)
    };
    for stream in recorded() {
        let row = stream.row();
        for caller in CALLERS {
            let before = gist(row.clone());
            let mut after = gist(told(&row, caller));
            if before.2.is_none() {
                // Messages must name a count, so it is estimated.
                after.2 = None;
            }
            assert_eq!(before, after, "{} to {}", stream.name, caller.name());
        }
    }
}

#[test]
fn a_stream_read_afterwards_is_the_one_that_was_translated() {
    for stream in all() {
        let mut translator = Translator::new(
            stream.from,
            framing(stream.from),
            writing(Endpoint::ChatCompletions),
            Back::default(),
        );
        translator.keep_events();
        for piece in stream.bytes.chunks(7) {
            translator.feed(piece);
        }
        translator.finish();
        assert_eq!(
            translator.events_kept(),
            Some(stream.row()),
            "{}",
            stream.name
        );
    }
}

#[test]
fn a_recorded_stream_that_is_cut_anywhere_before_its_end_is_nothing() {
    for stream in recorded() {
        let row = stream.row();
        let last_word = stream.last_word();
        let whole = (0..stream.bytes.len()).filter(|length| {
            let read = stream.read(*length);
            let is_whole = read.is_some();
            assert!(
                !is_whole || read.as_ref() == Some(&row),
                "{} at {length}",
                stream.name
            );
            is_whole
        });
        let shortest = whole.min().unwrap_or(stream.bytes.len());
        assert!(
            shortest > last_word,
            "{} is whole at {shortest}",
            stream.name
        );
    }
}

#[test]
fn a_written_stream_without_its_last_word_is_nothing() {
    for stream in written() {
        let last_word = stream.last_word();
        let ends = (0..last_word).filter(|at| stream.bytes[*at] == b'\n');
        for length in ends.chain([last_word, last_word + 1]) {
            assert_eq!(stream.read(length), None, "{} at {length}", stream.name);
        }
    }
}

#[test]
fn what_failed_or_has_no_last_word_is_nothing() {
    let chat = Endpoint::ChatCompletions;
    for stream in [
        Stream::new("openai_undone", chat, recording!("openai_undone.sse")),
        Stream::new("openrouter_error", chat, recording!("openrouter_error.sse")),
        Stream::new(
            "lmstudio_overflow",
            chat,
            recording!("lmstudio_overflow.sse"),
        ),
        Stream::new(
            "anthropic_overloaded",
            Endpoint::Messages,
            recording!("anthropic_overloaded.sse"),
        ),
        Stream::new("nothing", chat, ""),
        Stream::new("not a stream", chat, "<html>"),
        Stream::new("vectors", Endpoint::Embeddings, "data: [DONE]\n\n"),
    ] {
        assert_eq!(stream.read(stream.bytes.len()), None, "{}", stream.name);
    }
    let mut amazons = amazons();
    let stream = |bytes: &[u8]| read_stream(Endpoint::Converse, Framing::AwsEvents, "acme", bytes);
    assert!(stream(&amazons).is_some());
    let middle = amazons.len() / 2;
    amazons[middle] ^= 1;
    assert_eq!(stream(&amazons), None, "a checksum is wrong");
    assert_eq!(
        read_stream(Endpoint::Converse, Framing::Sse, "acme", &amazons),
        None
    );
}

#[test]
fn a_seal_is_its_issuers() {
    let stream = &recorded()[3];
    let seals: Vec<Sealed> = stream
        .row()
        .into_iter()
        .filter_map(|event| match event {
            Event::Seal { sealed, .. } => Some(sealed),
            _ => None,
        })
        .collect();
    assert!(!seals.is_empty());
    for sealed in seals {
        assert_eq!(sealed.issuer.as_deref(), Some("acme"));
    }
}

#[test]
fn the_second_of_two_answers_must_have_come() {
    let first = br#"data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}

"#;
    let second = br#"data: {"id":"c","model":"m","choices":[{"index":1,"delta":{"content":"Ho"},"finish_reason":"stop"}]}

data: [DONE]

"#;
    let read = |bytes: &[u8]| read_stream(Endpoint::ChatCompletions, Framing::Sse, "acme", bytes);
    assert_eq!(read(first), None);
    let row = read(&[first.as_slice(), second].concat()).expect("whole");
    assert_eq!(Reply::of(row).candidates.len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Frames in any order, left out or twice: if it is read at all, it is a lawful row.
    #[test]
    fn whatever_comes_is_a_lawful_row_or_nothing(
        which in any::<prop::sample::Index>(),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 1..20),
        keeps_end in any::<bool>(),
    ) {
        let recorded = recorded();
        let stream = which.get(&recorded);
        let cut: &[u8] = match stream.from.dialect() {
            Dialect::Ollama => b"\n",
            _ => b"\n\n",
        };
        let mut pieces = Vec::new();
        let mut rest = stream.bytes.as_slice();
        while let Some(at) = memchr::memmem::find(rest, cut) {
            let (piece, after) = rest.split_at(at + cut.len());
            pieces.push(piece);
            rest = after;
        }
        pieces.push(rest);
        let mut mixed: Vec<u8> = order.iter().flat_map(|at| at.get(&pieces).to_vec()).collect();
        if keeps_end {
            for piece in pieces.iter().rev().take(3).rev() {
                mixed.extend_from_slice(piece);
            }
        }
        if let Some(row) = read_stream(stream.from, framing(stream.from), "acme", &mixed) {
            prop_assert_eq!(law::check(&row), Ok(()));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
        for endpoint in Endpoint::ALL {
            let _ = read_stream(endpoint, framing(endpoint), "acme", &bytes);
        }
    }
}
