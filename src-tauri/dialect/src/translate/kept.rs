//! What is kept of an answer while it is told, for those who come back to it.
//!
//! Promises: its events as the caller gets them, signs of life left out, up to [`MOST_KEPT`] bytes of
//! text; beyond that nothing is kept. Folded, as a row, or both, each once and in any order; nothing is
//! copied unless both are wanted.

use crate::hub::{Event, Reply};

/// The largest answer that is kept for a caller to come back to, in bytes: 16 MiB.
const MOST_KEPT: usize = 16 << 20;

/// The events so far, and who wants them.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) wants_reply: bool,
    pub(super) wants_row: bool,
    events: Vec<Event>,
    bytes: usize,
}

impl Kept {
    pub(super) fn event(&mut self, event: Event) {
        if let Event::Delta { text, .. } = &event {
            self.bytes += text.len();
        }
        if self.bytes > MOST_KEPT {
            (self.wants_reply, self.wants_row) = (false, false);
            self.events = Vec::new();
        }
        if (self.wants_reply || self.wants_row) && !matches!(event, Event::Ping) {
            self.events.push(event);
        }
    }

    /// The reply, if it is wanted.
    pub(super) fn reply(&mut self) -> Option<Reply> {
        if !std::mem::take(&mut self.wants_reply) {
            return None;
        }
        Some(match self.wants_row {
            true => Reply::of(self.events.iter().cloned()),
            false => Reply::of(std::mem::take(&mut self.events)),
        })
    }

    /// The row of events, if it is wanted.
    pub(super) fn row(&mut self) -> Option<Vec<Event>> {
        if !std::mem::take(&mut self.wants_row) {
            return None;
        }
        Some(match self.wants_reply {
            true => self.events.clone(),
            false => std::mem::take(&mut self.events),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;
    use crate::hub::{Back, law};
    use crate::translate::{Translator, Writing};
    use crate::{Endpoint, Framing};

    const STREAM: &[u8] = include_bytes!("../../tests/dialect/streams/anthropic_thinking.sse");

    fn translator() -> Translator {
        let writing = Writing {
            endpoint: Endpoint::ChatCompletions,
            provider: "acme".to_owned(),
            id: "1".to_owned(),
            model: "m".to_owned(),
            created_unix_s: 0,
            input_tokens: 1,
            usage_asked: true,
            echo: Map::new(),
        };
        Translator::new(Endpoint::Messages, Framing::Sse, writing, Back::default())
    }

    #[test]
    fn the_reply_and_the_row_are_had_in_any_order_each_once() {
        let had = |row_first: bool| {
            let mut translator = translator();
            translator.keep();
            translator.keep_events();
            translator.feed(STREAM);
            translator.finish();
            let (reply, row) = if row_first {
                let row = translator.events_kept();
                (translator.kept(), row)
            } else {
                (translator.kept(), translator.events_kept())
            };
            assert_eq!(translator.kept(), None);
            assert_eq!(translator.events_kept(), None);
            (reply.expect("a reply"), row.expect("a row"))
        };
        let (reply, row) = had(true);
        assert_eq!(had(false), (reply.clone(), row.clone()));
        law::check(&row).expect("lawful");
        assert!(!row.contains(&Event::Ping));
        assert_eq!(Reply::of(row), reply);
    }

    #[test]
    fn what_is_not_asked_for_is_not_had() {
        let mut both = translator();
        both.feed(STREAM);
        assert_eq!((both.kept(), both.events_kept()), (None, None));
        let mut row = translator();
        row.keep_events();
        row.feed(STREAM);
        assert_eq!(row.kept(), None);
        assert!(row.events_kept().is_some());
    }

    #[test]
    fn nothing_is_had_before_the_end_and_nothing_is_lost_by_asking() {
        let mut translator = translator();
        translator.keep();
        translator.keep_events();
        let (half, rest) = STREAM.split_at(STREAM.len() / 2);
        translator.feed(half);
        assert_eq!((translator.kept(), translator.events_kept()), (None, None));
        translator.feed(rest);
        assert!(translator.kept().is_some());
        assert!(translator.events_kept().is_some());
    }

    #[test]
    fn too_long_an_answer_is_not_kept_at_all() {
        let delta = |length: usize| Event::Delta {
            block: 0,
            text: "x".repeat(length),
        };
        let mut kept = Kept {
            wants_reply: true,
            wants_row: true,
            ..Kept::default()
        };
        kept.event(delta(MOST_KEPT));
        assert_eq!(kept.events.len(), 1);
        kept.event(delta(1));
        kept.event(Event::End);
        assert_eq!(kept.events.capacity(), 0, "its room is given back");
        assert_eq!((kept.reply(), kept.row()), (None, None));
    }
}
