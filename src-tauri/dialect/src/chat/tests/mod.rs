//! Chat Completions: tables, goldens and laws.

mod completions;
mod habits;
mod laws;
mod replies;
mod requests;
mod streams;
mod targets;
mod wholes;

use serde_json::{Map, Value};

use super::*;
use crate::frames::{Frames, Framing};
use crate::hub::{Hosting, Note, Quirks, Traits};
use crate::{Dialect, Usage};

/// A request of a caller.
fn read(body: Value) -> Request {
    try_read(body).expect("the request is well formed")
}

fn try_read(body: Value) -> Result<Request, String> {
    read_request(Endpoint::ChatCompletions, object(body)).map_err(|e| e.to_string())
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is not an object"),
    }
}

/// A target without quirks, of which nothing is known.
fn write(request: Request) -> Value {
    write_for(request, &Quirks::default(), Traits::default()).0
}

fn write_for(request: Request, quirks: &Quirks, traits: Traits) -> (Value, Vec<String>) {
    try_write(request, quirks, traits).expect("the request can be written")
}

fn try_write(
    request: Request,
    quirks: &Quirks,
    traits: Traits,
) -> Result<(Value, Vec<String>), Refused> {
    let model = request.model.clone();
    let target = Target {
        dialect: Dialect::OpenAi,
        hosting: Hosting::Own,
        provider: "somebody",
        model: &model,
        quirks,
        traits,
        max_output: None,
    };
    let mut notes = Notes::new(false);
    let body = write_request(request, &target, &mut notes)?;
    let codes = notes.into_vec().iter().map(Note::code).collect();
    Ok((Value::Object(body), codes))
}

/// The events of a stream, fed in the pieces given.
fn events_of<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Event> {
    let mut frames = Frames::new(Framing::Sse);
    let mut reader = Reader::default();
    let mut events = Vec::new();
    for piece in pieces {
        frames
            .feed(piece, |frame| reader.frame(frame, &mut events))
            .expect("the frames are short");
    }
    frames
        .finish(|frame| reader.frame(frame, &mut events))
        .expect("the frames are short");
    reader.finish(&mut events);
    events
}

fn events(stream: &str) -> Vec<Event> {
    events_of([stream.as_bytes()])
}

/// A stream of these chunks, with its mark of the end.
fn stream(chunks: &[Value]) -> String {
    let mut text = String::new();
    for chunk in chunks {
        text.push_str(&format!("data: {chunk}\n\n"));
    }
    text + "data: [DONE]\n\n"
}

fn whole(body: Value) -> Vec<Event> {
    let mut events = Vec::new();
    read_reply(object(body), &mut events).expect("it is a reply");
    events
}

fn writing(endpoint: Endpoint) -> Writing {
    Writing {
        endpoint,
        provider: "acme".to_owned(),
        id: "abc".to_owned(),
        model: "m".to_owned(),
        created_unix_s: 7,
        input_tokens: 3,
        usage_asked: false,
        echo: Map::new(),
    }
}

/// What a caller's stream says for these events.
fn written(events: &[Event], writing: &Writing) -> String {
    let mut writer = Writer::new(writing.clone());
    let mut out = Vec::new();
    for event in events {
        writer.event(event, &mut out);
    }
    String::from_utf8(out).expect("chunks are UTF-8")
}

fn usage(input: u64, output: u64) -> Usage {
    Usage {
        input,
        output,
        ..Usage::default()
    }
}
