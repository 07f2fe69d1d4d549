//! Frames: a reply's bytes cut into the units its wire is made of.
//!
//! Promises: any cuts of the same bytes give the same frames. A frame is at most
//! [`MAX_FRAME_BYTES`] long; a longer one is an error, never an endless buffer.
//! Leaves out: what a frame means.

mod aws;

#[cfg(test)]
pub(crate) use aws::message as aws_message;

use crate::sse::{self, Framer};
use crate::{Failure, FailureCategory};

/// The largest frame that is read: 16 MiB. An image comes in one frame.
pub(crate) const MAX_FRAME_BYTES: usize = 16 << 20;

/// How a stream is cut into frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events.
    Sse,
    /// One JSON document a line.
    Lines,
    /// Amazon's binary event stream.
    AwsEvents,
}

/// One unit of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    /// Its name: SSE's `event`, or the binary stream's event or exception type; empty without one.
    pub(crate) name: &'a [u8],
    /// Its data, trimmed; never empty.
    pub(crate) data: &'a [u8],
}

impl Frame<'_> {
    /// Its data begin like a document and are none: something was said that can't be read. Other
    /// words (`[DONE]`, a sign of life) say nothing.
    pub(crate) fn is_torn(&self) -> bool {
        let is_document = || {
            std::str::from_utf8(self.data)
                .is_ok_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok())
        };
        self.data.starts_with(b"{") && !is_document()
    }
}

/// What is said of such a stream.
pub(crate) fn torn() -> Failure {
    Failure {
        category: FailureCategory::BrokenStream,
        status: None,
        code: None,
        message: "it sent an event that can not be read".to_owned(),
        retry_after_ms: None,
    }
}

/// A stream that can't be cut into frames any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unframed {
    /// A frame is too long.
    TooLong,
    /// The binary framing is broken (a length or a checksum is wrong).
    Broken,
}

/// Cuts bytes into frames.
#[derive(Debug)]
pub(crate) struct Frames {
    held: Vec<u8>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Sse(Framer),
    Lines,
    Aws,
}

impl Frames {
    pub(crate) fn new(framing: Framing) -> Frames {
        Frames {
            held: Vec::new(),
            kind: match framing {
                Framing::Sse => Kind::Sse(Framer::new()),
                Framing::Lines => Kind::Lines,
                Framing::AwsEvents => Kind::Aws,
            },
        }
    }

    /// Takes the next bytes and hands every frame they complete to `each`.
    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(Frame<'_>),
    ) -> Result<(), Unframed> {
        if let Kind::Aws = self.kind {
            self.held.extend_from_slice(bytes);
            let used = aws::frames(&self.held, &mut each).inspect_err(|_| self.held.clear())?;
            self.held.drain(..used);
            return self.bounded();
        }
        let mut rest = bytes;
        while let Some(end) = self.next_end(rest) {
            let (last, after) = rest.split_at(end);
            if self.held.len() + last.len() > MAX_FRAME_BYTES {
                // Also where it came in one piece: cuts make no difference.
                self.held = Vec::new();
                return Err(Unframed::TooLong);
            }
            if self.held.is_empty() {
                self.hand_on(last, &mut each);
            } else {
                let mut whole = std::mem::take(&mut self.held);
                whole.extend_from_slice(last);
                self.hand_on(&whole, &mut each);
                whole.clear();
                self.held = whole;
            }
            rest = after;
        }
        self.held.extend_from_slice(rest);
        self.bounded()
    }

    /// The stream is at its end: a last frame may lack its end.
    pub(crate) fn finish(&mut self, mut each: impl FnMut(Frame<'_>)) -> Result<(), Unframed> {
        let held = std::mem::take(&mut self.held);
        if let Kind::Aws = self.kind {
            return if held.is_empty() {
                Ok(())
            } else {
                Err(Unframed::Broken)
            };
        }
        self.hand_on(&held, &mut each);
        Ok(())
    }

    fn next_end(&mut self, bytes: &[u8]) -> Option<usize> {
        match &mut self.kind {
            Kind::Sse(framer) => framer.next_end(bytes),
            Kind::Lines => memchr::memchr(b'\n', bytes).map(|at| at + 1),
            Kind::Aws => None,
        }
    }

    fn hand_on(&self, bytes: &[u8], each: &mut impl FnMut(Frame<'_>)) {
        match self.kind {
            Kind::Sse(_) => {
                let event = sse::event(bytes);
                let data = event.data.trim_ascii();
                if !data.is_empty() {
                    each(Frame {
                        name: event.name,
                        data,
                    });
                }
            }
            Kind::Lines | Kind::Aws => {
                let data = bytes.trim_ascii();
                if !data.is_empty() {
                    each(Frame { name: b"", data });
                }
            }
        }
    }

    fn bounded(&mut self) -> Result<(), Unframed> {
        if self.held.len() > MAX_FRAME_BYTES {
            self.held = Vec::new();
            return Err(Unframed::TooLong);
        }
        // One buffer serves the stream, unless it has grown out of proportion.
        if self.held.is_empty() && self.held.capacity() > 64 * 1024 {
            self.held = Vec::new();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Seen = Vec<(Vec<u8>, Vec<u8>)>;

    fn cut(framing: Framing, pieces: &[&[u8]]) -> (Seen, Result<(), Unframed>) {
        let mut frames = Frames::new(framing);
        let mut seen = Seen::new();
        for piece in pieces {
            let fed = frames.feed(piece, |frame| {
                seen.push((frame.name.to_vec(), frame.data.to_vec()));
            });
            if fed.is_err() {
                return (seen, fed);
            }
        }
        let end = frames.finish(|frame| seen.push((frame.name.to_vec(), frame.data.to_vec())));
        (seen, end)
    }

    fn amazon() -> Vec<u8> {
        let mut bytes = aws::message("event", "messageStart", br#"{"role":"assistant"}"#);
        // base64 of {"type":"ping"}
        bytes.extend(aws::message(
            "event",
            "chunk",
            br#"{"bytes":"eyJ0eXBlIjoicGluZyJ9"}"#,
        ));
        bytes.extend(aws::message(
            "exception",
            "throttlingException",
            br#"{"message":"slow"}"#,
        ));
        bytes
    }

    #[test]
    fn amazons_messages_are_named_and_unwrapped() {
        let (seen, end) = cut(Framing::AwsEvents, &[&amazon()]);
        let text: Vec<(&str, &str)> = seen
            .iter()
            .map(|(name, data)| {
                let text = |bytes| std::str::from_utf8(bytes).expect("text");
                (text(name), text(data))
            })
            .collect();
        assert_eq!(
            text,
            [
                ("messageStart", r#"{"role":"assistant"}"#),
                ("", r#"{"type":"ping"}"#),
                ("throttlingException", r#"{"message":"slow"}"#),
            ]
        );
        assert_eq!(end, Ok(()));
    }

    #[test]
    fn a_flipped_bit_or_a_cut_message_is_broken() {
        let whole = amazon();
        for at in [0, 5, 9, 20, whole.len() - 1] {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            assert!(
                cut(Framing::AwsEvents, &[&flipped]).1.is_err(),
                "bit at {at}"
            );
        }
        assert_eq!(
            cut(Framing::AwsEvents, &[&whole[..whole.len() - 1]]).1,
            Err(Unframed::Broken)
        );
    }

    #[test]
    fn a_frame_without_an_end_is_not_held_for_ever() {
        let endless = vec![b'x'; MAX_FRAME_BYTES + 1];
        for framing in [Framing::Sse, Framing::Lines] {
            assert_eq!(cut(framing, &[&endless]).1, Err(Unframed::TooLong));
        }
    }

    #[test]
    fn a_frame_too_long_is_one_in_one_piece_too() {
        let mut whole = vec![b'x'; MAX_FRAME_BYTES];
        whole.extend_from_slice(b"\n\n");
        for framing in [Framing::Sse, Framing::Lines] {
            assert_eq!(cut(framing, &[&whole]).1, Err(Unframed::TooLong));
        }
    }

    #[test]
    fn sixty_four_thousand_bytes_one_by_one_are_the_same_frames() {
        let payload = format!("{{\"text\":\"{}\"}}", "y".repeat(64 * 1024));
        for (framing, bytes) in [
            (
                Framing::Sse,
                format!("event: a\ndata: {payload}\n\n").into_bytes(),
            ),
            (Framing::Lines, format!("{payload}\n").into_bytes()),
            (
                Framing::AwsEvents,
                aws::message("event", "a", payload.as_bytes()),
            ),
        ] {
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            assert_eq!(cut(framing, &single), cut(framing, &[&bytes]));
        }
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_frames(cuts in proptest::collection::vec(0..400usize, 0..12)) {
            let streams = [
                (Framing::Sse, b": hi\r\n\r\nevent: a\ndata: 1\ndata: 2\n\ndata: [DONE]".to_vec()),
                (Framing::Lines, b"{\"a\":1}\r\n\n{\"b\":2}\n{\"c\"".to_vec()),
                (Framing::AwsEvents, amazon()),
            ];
            for (framing, bytes) in streams {
                let mut places: Vec<usize> = cuts.iter().map(|at| at % bytes.len()).collect();
                places.extend([0, bytes.len()]);
                places.sort_unstable();
                let pieces: Vec<&[u8]> = places.windows(2).map(|two| &bytes[two[0]..two[1]]).collect();
                prop_assert_eq!(cut(framing, &pieces), cut(framing, &[&bytes]));
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            for framing in [Framing::Sse, Framing::Lines, Framing::AwsEvents] {
                let _ = cut(framing, &[&bytes]);
            }
        }
    }
}
