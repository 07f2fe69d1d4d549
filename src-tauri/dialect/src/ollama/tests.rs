//! Tables, goldens and laws of Ollama's API.

use serde_json::{Map, Value, json};

use crate::hub::{
    Annotation, Choice, Effort, Event, Format, Hosting, Kind, Logprob, Media, MediaKind, Message,
    Notes, Part, Quirks, Refused, Reply, Request, Role, Source, Target, Thinking, Tool, ToolKind,
    ToolResult, Traits,
};
use crate::translate::{Reader, Writing};
use crate::{Dialect, Endpoint, Framing, StopReason, Usage};

mod laws;
pub(crate) mod replies;
mod requests;

fn quirks() -> &'static Quirks {
    static NONE: std::sync::OnceLock<Quirks> = std::sync::OnceLock::new();
    NONE.get_or_init(Quirks::default)
}

fn target() -> Target<'static> {
    Target {
        dialect: Dialect::Ollama,
        hosting: Hosting::Own,
        provider: "box",
        model: "qwen3:8b",
        quirks: quirks(),
        traits: Traits::default(),
        max_output: None,
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("not an object: {other}"),
    }
}

fn read(body: Value) -> Request {
    super::read_request(Endpoint::OllamaChat, object(body)).expect("it is a request")
}

/// What is written of `request`, and the codes of the notes.
fn write(request: Request, lossy: bool) -> Result<(Value, Vec<String>), Refused> {
    let mut notes = Notes::new(lossy);
    let body = super::write_request(request, &target(), &mut notes)?;
    let codes = notes.into_vec().iter().map(|note| note.code()).collect();
    Ok((Value::Object(body), codes))
}

fn events(from: Endpoint, stream: &[u8], cuts: &[usize]) -> Vec<Event> {
    let mut frames = crate::frames::Frames::new(Framing::Lines);
    let mut reader = Reader::new(from);
    let mut out = Vec::new();
    let mut rest = stream;
    let mut at = 0;
    for cut in cuts {
        let (head, tail) = rest.split_at((cut - at).min(rest.len()));
        let _ = frames.feed(head, |frame| reader.frame(frame, &mut out));
        (rest, at) = (tail, *cut);
    }
    let _ = frames.feed(rest, |frame| reader.frame(frame, &mut out));
    let _ = frames.finish(|frame| reader.frame(frame, &mut out));
    reader.finish(&mut out);
    out
}

fn whole(body: Value) -> Vec<Event> {
    let mut out = Vec::new();
    super::read_reply(object(body), &mut out).expect("it is a reply");
    out
}

fn writing(endpoint: Endpoint) -> Writing {
    Writing {
        endpoint,
        provider: "acme".to_owned(),
        id: "abc".to_owned(),
        model: "alias".to_owned(),
        created_unix_s: 1_763_769_600,
        input_tokens: 9,
        usage_asked: true,
        echo: Map::new(),
    }
}

fn written(endpoint: Endpoint, events: &[Event]) -> String {
    let mut writer = super::Writer::new(writing(endpoint));
    let mut out = Vec::new();
    for event in events {
        writer.event(event, &mut out);
    }
    String::from_utf8(out).expect("lines are text")
}
