//! A stream that was passed on as it came, read afterwards.
//!
//! Promises: the row of events that the law of rows asks for, from `Start` to `End`, or nothing: a
//! stream that failed, broke, or is cut anywhere before its end is no answer. Signs of life are left
//! out; seals are their issuer's. Bound: [`MOST_FED`] bytes, which the caller holds.
//! Leaves out: fields that the hub has no place for, and whether the answer is good enough to be kept.

use super::reply::{MOST_FED, Reader, stamp};
use crate::frames::{Frames, Framing};
use crate::hub::{Event, InOrder};
use crate::{Dialect, Endpoint, Task};

/// Reads the whole stream that `provider` answered with at `from`, cut as `framing` says. `None` unless
/// it says itself that it is at its end.
///
/// This is stricter than what a caller needs who is told the stream: some servers leave out the last
/// word (`[DONE]`), and nobody can tell such a stream from one that was cut after the first of
/// several answers.
pub fn read_stream(
    from: Endpoint,
    framing: Framing,
    provider: &str,
    bytes: &[u8],
) -> Option<Vec<Event>> {
    if from.task() != Task::Generate || bytes.len() > MOST_FED {
        return None;
    }
    let (mut frames, mut reader) = (Frames::new(framing), Reader::new(from));
    let mut read = Vec::new();
    frames
        .feed(bytes, |frame| reader.frame(frame, &mut read))
        .ok()?;
    frames.finish(|frame| reader.frame(frame, &mut read)).ok()?;
    // Google has no last word: each answer that began has said why it ended.
    if from.dialect() == Dialect::Gemini {
        reader.finish(&mut read);
    }
    in_order(read, provider)
}

/// The row, if it is one from its beginning to its end.
fn in_order(read: Vec<Event>, provider: &str) -> Option<Vec<Event>> {
    let (mut order, mut row) = (InOrder::default(), Vec::with_capacity(read.len()));
    for mut event in read {
        match event {
            Event::Ping => continue,
            Event::Failed(_) => return None,
            _ => {}
        }
        stamp(&mut event, provider);
        order.event(event, &mut row);
    }
    let is_row = matches!(
        (row.first(), row.last()),
        (Some(Event::Start(_)), Some(Event::End))
    );
    is_row.then_some(row)
}

#[cfg(test)]
mod tests;
