//! Answers that break at every place, in every dialect, and go on in every other.

use serde_json::Map;

use crate::hub::{Back, BlockKind, Event, Start, ToolCall, law};
use crate::translate::{Fixed, Reader, Translator, Writing, frames_of};
use crate::{Endpoint, Framing, StopReason, Usage};

const SPOKEN: [Endpoint; 5] = [
    Endpoint::ChatCompletions,
    Endpoint::Messages,
    Endpoint::Responses,
    Endpoint::GenerateContent,
    Endpoint::OllamaChat,
];

const PIECES: [&str; 6] = [
    "The quick",
    " brown fox ",
    "jumps",
    ".\n\n",
    "Over the",
    " lazy dog.",
];

const SPENT: Usage = Usage {
    input: 10,
    output: 5,
    cache_read: 0,
    cache_write: 0,
    cache_write_long: 0,
    reasoning: 0,
};

fn writing(endpoint: Endpoint, id: &str) -> Writing {
    Writing {
        endpoint,
        provider: id.to_owned(),
        id: id.to_owned(),
        model: "m".to_owned(),
        created_unix_s: 0,
        input_tokens: 1,
        usage_asked: true,
        echo: Map::new(),
    }
}

fn framing(endpoint: Endpoint) -> Framing {
    match endpoint {
        Endpoint::OllamaChat => Framing::Lines,
        _ => Framing::Sse,
    }
}

fn open(block: u32, kind: BlockKind) -> Event {
    Event::Open {
        block,
        candidate: 0,
        kind,
    }
}

fn delta(block: u32, text: &str) -> Event {
    Event::Delta {
        block,
        text: text.to_owned(),
    }
}

const THOUGHT: BlockKind = BlockKind::Reasoning {
    hidden: false,
    summary: false,
};

fn call() -> BlockKind {
    BlockKind::ToolCall(ToolCall {
        id: "call_1".to_owned(),
        name: "look".to_owned(),
        namespace: None,
        arguments: String::new(),
        custom: false,
    })
}

/// A row that says `text`, after a thought or not.
fn row(thinks: bool, pieces: &[&str]) -> Vec<Event> {
    let mut events = vec![Event::Start(Start {
        id: Some("x".to_owned()),
        model: Some("m".to_owned()),
    })];
    let text = u32::from(thinks);
    if thinks {
        events.extend([open(0, THOUGHT), delta(0, "Hm."), Event::Close { block: 0 }]);
    }
    events.push(open(text, BlockKind::Text));
    events.extend(pieces.iter().map(|piece| delta(text, piece)));
    events.push(Event::Close { block: text });
    events.push(Event::Usage(Usage {
        input: 20,
        output: 7,
        ..Usage::default()
    }));
    events.push(Event::Stop {
        candidate: 0,
        stop: StopReason::End,
        sequence: None,
    });
    events.push(Event::End);
    events
}

fn following(caller: Endpoint, provider: Endpoint) -> Translator {
    let writing = writing(caller, "first");
    let mut translator = Translator::new(provider, framing(provider), writing, Back::default());
    translator.follow();
    translator
}

fn gathering(caller: Endpoint, provider: Endpoint) -> Translator {
    let writing = writing(caller, "second");
    let mut translator = Translator::new(provider, framing(provider), writing, Back::default());
    translator.gather();
    translator
}

/// What the caller reads.
fn read(caller: Endpoint, bytes: &[u8]) -> Vec<Event> {
    let mut frames = crate::frames::Frames::new(framing(caller));
    let (mut reader, mut events) = (Reader::new(caller), Vec::new());
    frames
        .feed(bytes, |frame| reader.frame(frame, &mut events))
        .expect("frames");
    reader.finish(&mut events);
    events
}

fn text(events: &[Event]) -> String {
    let mut blocks = Vec::new();
    let mut text = String::new();
    for event in events {
        match event {
            Event::Open {
                block,
                kind: BlockKind::Text,
                ..
            } => blocks.push(*block),
            Event::Delta { block, text: more } if blocks.contains(block) => text.push_str(more),
            _ => {}
        }
    }
    text
}

/// Breaks after `frames` frames, and goes on.
fn sewn(
    caller: Endpoint,
    (first, second): (Endpoint, Endpoint),
    thinks: bool,
    frames: usize,
) -> Option<Vec<u8>> {
    let whole = PIECES.concat();
    let mut broken = following(caller, first);
    let mut said = Vec::new();
    for frame in frames_of(&row(thinks, &PIECES), writing(first, "x"))
        .iter()
        .take(frames)
    {
        said.extend_from_slice(&broken.feed(frame).bytes);
    }
    said.extend_from_slice(&broken.finish().bytes);
    if broken.reading().finished {
        return None;
    }
    let given = match broken.so_far().expect("it was followed") {
        Ok(text) => text.trim_end().to_owned(),
        Err(_) => return None,
    };
    let pieces: Vec<&str> = whole[given.len()..].split_inclusive(' ').collect();
    let mut rest = gathering(caller, second);
    let frames = frames_of(&row(false, &pieces), writing(second, "y"));
    let (before, after) = frames.split_at(frames.len() / 2);
    for frame in before {
        assert!(rest.feed(frame).bytes.is_empty(), "nothing is written yet");
    }
    said.extend_from_slice(&broken.join(rest, SPENT).bytes);
    for frame in after {
        said.extend_from_slice(&broken.feed(frame).bytes);
    }
    said.extend_from_slice(&broken.finish().bytes);
    assert!(broken.reading().finished);
    assert_eq!(
        broken.reading().usage.map(|usage| usage.output),
        Some(7),
        "its own"
    );
    Some(said)
}

#[test]
fn an_answer_that_breaks_anywhere_goes_on_as_one_in_every_dialect() {
    let mut joined = 0;
    for caller in SPOKEN {
        for first in SPOKEN {
            for second in SPOKEN {
                for thinks in [false, true] {
                    for frames in 1..24 {
                        let ways = (first, second);
                        let Some(said) = sewn(caller, ways, thinks, frames) else {
                            continue;
                        };
                        joined += 1;
                        let events = read(caller, &said);
                        let raw = String::from_utf8_lossy(&said);
                        let what = format!(
                            "{} from {} and {}, thinks: {thinks}, cut at {frames}: {raw}",
                            caller.name(),
                            first.name(),
                            second.name()
                        );
                        if let Err(broken) = law::check(&events) {
                            panic!("{broken} in {what}");
                        }
                        assert_eq!(text(&events), PIECES.concat(), "{what}");
                        let mut usages = events.iter().filter_map(|event| match event {
                            Event::Usage(usage) => Some(usage.output),
                            _ => None,
                        });
                        assert_eq!(usages.next_back(), Some(12), "{what}");
                        assert!(!raw.contains("second"), "one name: {what}");
                    }
                }
            }
        }
    }
    assert!(joined > 1_000, "{joined} were joined");
}

/// What can be gone on with after these events.
fn so_far(events: &[Event]) -> Result<String, Fixed> {
    let mut translator = following(Endpoint::ChatCompletions, Endpoint::Messages);
    for frame in frames_of(events, writing(Endpoint::Messages, "x")) {
        translator.feed(&frame);
    }
    translator
        .so_far()
        .expect("it was followed")
        .map(str::to_owned)
}

#[test]
fn what_is_not_text_alone_is_not_gone_on_with() {
    let start = || row(false, &[])[0].clone();
    let said = [open(0, BlockKind::Text), delta(0, "Well, ")];
    let cases: [(&[Event], Result<&str, Fixed>); 7] = [
        (&[], Ok("")),
        (&said, Ok("Well, ")),
        (&[open(0, THOUGHT), delta(0, "Hm")], Err(Fixed::Thinks)),
        (
            &[open(0, THOUGHT), delta(0, "Hm"), Event::Close { block: 0 }],
            Err(Fixed::Thinks),
        ),
        (
            &[
                open(0, THOUGHT),
                delta(0, "Hm"),
                Event::Close { block: 0 },
                open(1, BlockKind::Text),
                delta(1, "So"),
            ],
            Ok("So"),
        ),
        (
            &[
                open(0, BlockKind::Text),
                delta(0, "Well"),
                Event::Close { block: 0 },
                open(1, call()),
            ],
            Err(Fixed::Calls),
        ),
        (&row(false, &["All."])[1..], Err(Fixed::Ended)),
    ];
    for (events, expected) in cases {
        let events: Vec<Event> = std::iter::once(start())
            .chain(events.iter().cloned())
            .collect();
        assert_eq!(so_far(&events), expected.map(str::to_owned), "{events:?}");
    }
}

#[test]
fn a_text_of_more_than_a_mebibyte_is_let_go() {
    let long = "word ".repeat(210_000);
    let events = [
        row(false, &[])[0].clone(),
        open(0, BlockKind::Text),
        delta(0, &long),
    ];
    assert_eq!(so_far(&events), Err(Fixed::Long));
}

#[test]
fn what_follows_may_be_more_than_text() {
    let mut broken = following(Endpoint::Messages, Endpoint::ChatCompletions);
    let first = row(false, &["Let me look. "]);
    let mut said = Vec::new();
    for frame in frames_of(&first[..3], writing(Endpoint::ChatCompletions, "x")) {
        said.extend_from_slice(&broken.feed(&frame).bytes);
    }
    let mut rest = gathering(Endpoint::Messages, Endpoint::ChatCompletions);
    let second = [
        first[0].clone(),
        open(0, THOUGHT),
        delta(0, "Hm."),
        Event::Close { block: 0 },
        open(1, call()),
        delta(1, "{}"),
        Event::Close { block: 1 },
        Event::Stop {
            candidate: 0,
            stop: StopReason::ToolCall,
            sequence: None,
        },
        Event::End,
    ];
    for frame in frames_of(&second, writing(Endpoint::ChatCompletions, "y")) {
        rest.feed(&frame);
    }
    let joined = broken.join(rest, SPENT);
    assert!(joined.terminal);
    said.extend_from_slice(&joined.bytes);
    let events = read(Endpoint::Messages, &said);
    law::check(&events).expect("lawful");
    let opened = events.iter().filter_map(|event| match event {
        Event::Open { block, .. } => Some(*block),
        _ => None,
    });
    assert_eq!(opened.collect::<Vec<_>>(), [0, 1, 2]);
}
