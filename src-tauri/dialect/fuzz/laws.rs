//! What must hold whatever comes, and how an input chooses what it is fed to.
//!
//! Promises: the first bytes of an input choose endpoint, caller and cuts, the rest is fed. A law
//! that does not hold panics, which the fuzzer keeps.

use dialect::hub::{Back, Hosting, Quirks, Target, Traits};
use dialect::{Dialect, Endpoint, Framing, Reading, Task, Translator, Writing};
use serde_json::{Map, Value};

/// The endpoints that callers generate at.
pub const CALLERS: [Endpoint; 7] = [
    Endpoint::ChatCompletions,
    Endpoint::Completions,
    Endpoint::Responses,
    Endpoint::Messages,
    Endpoint::GenerateContent,
    Endpoint::OllamaChat,
    Endpoint::OllamaGenerate,
];

/// The endpoints that providers generate at.
pub const PROVIDERS: [Endpoint; 9] = [
    Endpoint::ChatCompletions,
    Endpoint::Responses,
    Endpoint::Messages,
    Endpoint::GenerateContent,
    Endpoint::OllamaChat,
    Endpoint::Converse,
    Endpoint::CohereChat,
    Endpoint::Completions,
    Endpoint::OllamaGenerate,
];

/// One of `all`.
pub fn chosen<T: Copy>(all: &[T], by: u8) -> T {
    all[usize::from(by) % all.len()]
}

/// All endpoints for one task.
pub fn endpoints(task: Task) -> Vec<Endpoint> {
    let all = Endpoint::ALL.into_iter();
    all.filter(|endpoint| endpoint.task() == task).collect()
}

/// Deviations by the bits of a byte, so that codecs meet them.
pub fn quirks(bits: u8) -> Quirks {
    let on = |bit: u8| bits & (1 << bit) != 0;
    Quirks {
        no_developer: on(0),
        nine_character_ids: on(1),
        names_tool_results: on(2),
        json_object_only: on(3),
        replays_reasoning: on(4),
        text_only_content: on(5),
        max_stops: on(6).then_some(1),
        efforts: match on(7) {
            true => vec!["low".to_owned(), "high".to_owned()],
            false => Vec::new(),
        },
        ..Quirks::default()
    }
}

/// What is known of a model, by the bits of a byte.
pub fn traits(bits: u8) -> Traits {
    let on = |bit: u8| (bits & (1 << bit) != 0).then_some(bits & 1 != 0);
    Traits {
        sampling: on(1),
        forced_tools: on(2),
        json_schema: on(3),
        adaptive_thinking: on(4),
        prefill: on(5),
        mid_system: on(6),
        vision: on(7),
        ..Traits::default()
    }
}

/// A target of `dialect`; the models are those that codecs tell apart by their names.
pub fn target(dialect: Dialect, quirks: &Quirks, bits: u8) -> Target<'_> {
    let models = [
        "model",
        "gemini-3-pro",
        "gemini-2.0-flash",
        "anthropic.claude-sonnet-4-5",
    ];
    Target {
        dialect,
        hosting: Hosting::Own,
        provider: "acme",
        model: chosen(&models, bits),
        quirks,
        traits: traits(bits),
        max_output: (bits & 1 == 0).then_some(8_192),
    }
}

pub fn writing(endpoint: Endpoint) -> Writing {
    Writing {
        endpoint,
        provider: "acme".to_owned(),
        id: "1".to_owned(),
        model: "model".to_owned(),
        created_unix_s: 0,
        input_tokens: 12,
        usage_asked: true,
        echo: Map::new(),
    }
}

/// What a translation of a request may leave to its reply, by a byte.
pub fn back(by: u8) -> Back {
    let mut back = Back::default();
    if by & 1 != 0 {
        back.stops = vec!["END".to_owned(), "a".to_owned()];
    }
    if by & 2 != 0 {
        back.custom.insert("look".to_owned());
    }
    if by & 4 != 0 {
        back.names.insert(
            "look".to_owned(),
            (Some("ns".to_owned()), "find".to_owned()),
        );
    }
    if by & 8 != 0 {
        back.answer_tool = Some("answer".to_owned());
    }
    if by & 16 != 0 {
        back.answers = 2;
    }
    back
}

/// What a caller receives and what was learnt.
#[derive(Debug, PartialEq)]
pub struct Told {
    pub bytes: Vec<u8>,
    pub reading: Reading,
}

/// Translates a stream that comes in these pieces.
pub fn told<'a>(
    from: Endpoint,
    framing: Framing,
    to: Endpoint,
    back: Back,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> Told {
    let mut translator = Translator::new(from, framing, writing(to), back);
    translator.keep();
    let mut bytes = Vec::new();
    for piece in pieces {
        bytes.extend_from_slice(&translator.feed(piece).bytes);
    }
    bytes.extend_from_slice(&translator.finish().bytes);
    let _ = (translator.seals(), translator.kept());
    Told {
        bytes,
        reading: translator.reading().clone(),
    }
}

/// A stream gives the same whatever the cuts, and no more than so much for what came.
pub fn cuts_make_no_difference(
    from: Endpoint,
    framing: Framing,
    to: Endpoint,
    by: u8,
    size: usize,
    stream: &[u8],
) {
    let whole = told(from, framing, to, back(by), std::iter::once(stream));
    assert!(std::str::from_utf8(&whole.bytes).is_ok(), "we write UTF-8");
    assert!(
        whole.bytes.len() <= 128 * stream.len() + (64 << 10),
        "{} bytes became {}",
        stream.len(),
        whole.bytes.len()
    );
    for size in [size.max(1), 1] {
        let pieces = told(from, framing, to, back(by), stream.chunks(size));
        assert_eq!(whole, pieces, "cut every {size}");
    }
}

/// What we write is a JSON object.
pub fn is_object(bytes: &[u8]) {
    assert!(
        matches!(serde_json::from_slice(bytes), Ok(Value::Object(_))),
        "not an object: {}",
        String::from_utf8_lossy(bytes)
    );
}

/// A message of Amazon's event stream.
pub fn aws(kind: &str, name: &[u8], payload: &[u8]) -> Vec<u8> {
    let name = &name[..name.len().min(255)];
    let mut headers = Vec::new();
    let key = format!(":{kind}-type");
    headers.push(key.len() as u8);
    headers.extend_from_slice(key.as_bytes());
    headers.push(7);
    headers.extend_from_slice(&(name.len() as u16).to_be_bytes());
    headers.extend_from_slice(name);
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&((16 + headers.len() + payload.len()) as u32).to_be_bytes());
    bytes.extend_from_slice(&(headers.len() as u32).to_be_bytes());
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    bytes.extend_from_slice(&headers);
    bytes.extend_from_slice(payload);
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    bytes
}
