//! Both halves of the dialect: goldens, laws, and input nobody meant.

mod replies_in;
mod replies_out;
mod requests;

use serde_json::{Map, Value};

use crate::frames::{Frames, Framing};
use crate::hub::{Event, Hosting, Notes, Quirks, Refused, Reply, Request, Target, Traits};
use crate::translate::Writing;
use crate::{Dialect, Endpoint, Malformed};

use super::{Reader, Writer};

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => panic!("the test input is an object"),
    }
}

fn read(body: Value) -> Result<Request, Malformed> {
    super::read_request(Endpoint::Responses, object(body))
}

fn target<'a>(quirks: &'a Quirks, traits: Traits) -> Target<'a> {
    Target {
        dialect: Dialect::Responses,
        hosting: Hosting::Own,
        provider: "openai",
        model: "gpt-5.4",
        quirks,
        traits,
        max_output: None,
    }
}

/// The body, and the codes of the notes.
fn write_with(
    request: Request,
    quirks: &Quirks,
    traits: Traits,
) -> Result<(Value, Vec<String>), Refused> {
    let mut notes = Notes::new(false);
    let body = super::write_request(request, &target(quirks, traits), &mut notes)?;
    let codes = notes.into_vec().iter().map(|note| note.code()).collect();
    Ok((Value::Object(body), codes))
}

fn write(request: Request) -> (Value, Vec<String>) {
    write_with(request, &Quirks::default(), Traits::default()).expect("the target takes it")
}

fn writing() -> Writing {
    Writing {
        provider: "acme".to_owned(),
        endpoint: Endpoint::Responses,
        id: "0a1b2c".to_owned(),
        model: "gpt-5.4".to_owned(),
        created_unix_s: 1_700_000_000,
        input_tokens: 7,
        usage_asked: true,
        echo: Map::new(),
    }
}

/// What a stream says, fed in pieces of `size` bytes.
fn events(stream: &[u8], size: usize) -> Vec<Event> {
    let mut frames = Frames::new(Framing::Sse);
    let mut reader = Reader::default();
    let mut out = Vec::new();
    for piece in stream.chunks(size.max(1)) {
        let fed = frames.feed(piece, |frame| reader.frame(frame, &mut out));
        assert_eq!(fed, Ok(()));
    }
    assert_eq!(frames.finish(|frame| reader.frame(frame, &mut out)), Ok(()));
    reader.finish(&mut out);
    out
}

fn stream(events: &[Event], writing: Writing) -> Vec<u8> {
    let mut writer = Writer::new(writing);
    let mut out = Vec::new();
    for event in events {
        writer.event(event, &mut out);
    }
    out
}

fn reply_of(body: Value) -> Reply {
    let mut events = Vec::new();
    super::read_reply(object(body), &mut events).expect("the test input is a reply");
    lawful(&events);
    Reply::of(events)
}

/// Every event of a row stands where the law of rows has it.
fn lawful(events: &[Event]) {
    let mut open = Vec::new();
    let mut next = 0;
    let mut ended = false;
    for (at, event) in events.iter().enumerate() {
        assert!(!ended, "nothing follows the end");
        let is_open = |block: &u32| assert!(open.contains(block), "block {block} is open");
        match event {
            Event::Start(_) => assert_eq!(at, 0, "the start comes first"),
            Event::Open { block, .. } => {
                assert_eq!(*block, next, "blocks are numbered in order");
                next += 1;
                open.push(*block);
            }
            Event::Delta { block, .. }
            | Event::Seal { block, .. }
            | Event::Annotate { block, .. } => is_open(block),
            Event::Close { block } => {
                is_open(block);
                open.retain(|one| one != block);
            }
            Event::Stop { .. } => assert!(open.is_empty(), "blocks are closed"),
            Event::End | Event::Failed(_) => ended = true,
            Event::Usage(_) | Event::Extra { .. } => assert_ne!(at, 0),
            Event::Ping => {}
        }
    }
}
