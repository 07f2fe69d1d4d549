//! Calls that are not the caller's: taken out of an answer as it passes, because somebody else answers them.
//!
//! Promises: what is left is a row as the hub's law wants it, with the blocks numbered anew. A turn that calls
//! nothing of the caller's is not over for it: its end is held back, so that the answer can go on in the same
//! message. All of the turn is kept, as its model said it, up to [`MOST_KEPT`] bytes; a longer one ends.
//! Leaves out who runs the calls (`engine`), and how two turns become one answer (`seam`).

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::StopReason;
use crate::hub::{BlockKind, Event, Reply, Sealed};

/// The longest turn whose calls are answered here, in bytes: 16 MiB.
const MOST_KEPT: usize = 16 << 20;

/// A call that was taken out.
#[derive(Debug, Clone, PartialEq)]
pub struct WithheldCall {
    /// Its id, as its model knows it.
    pub id: String,
    /// The tool.
    pub name: String,
    /// What it is called with: the text of a JSON object.
    pub arguments: String,
    /// The signature on it.
    pub sealed: Option<Sealed>,
    /// Its place among all calls of its turn, from 0.
    pub place: usize,
}

/// Which calls are taken out, and what of the turn has come so far.
#[derive(Debug)]
pub(super) struct Withheld {
    names: Arc<BTreeSet<String>>,
    /// No more turns: what is called now is left out, and the answer ends.
    is_last: bool,
    /// Of this turn.
    row: Vec<Event>,
    bytes: usize,
    calls: Vec<WithheldCall>,
    /// Blocks that are taken out: their number, and the call's place in `calls`.
    taken: Vec<(u32, usize)>,
    /// Numbers as they come and as they go on.
    numbers: Vec<(u32, u32)>,
    next: u32,
    /// Calls of the caller's own.
    others: usize,
    /// The caller was sent text before.
    has_text: bool,
    /// It was sent some in a turn before this one, and none in this one.
    is_new_paragraph: bool,
    /// Also the end of a turn without calls of ours is held back: somebody looks at it first.
    holds_end: bool,
    /// What was held back of the turn's end.
    held: Vec<Event>,
    is_closing: bool,
    is_over: bool,
}

impl Withheld {
    pub(super) fn new(names: Arc<BTreeSet<String>>, holds_end: bool) -> Withheld {
        Withheld {
            names,
            holds_end,
            held: Vec::new(),
            is_last: false,
            row: Vec::new(),
            bytes: 0,
            calls: Vec::new(),
            taken: Vec::new(),
            numbers: Vec::new(),
            next: 0,
            others: 0,
            has_text: false,
            is_new_paragraph: false,
            is_closing: false,
            is_over: false,
        }
    }

    /// The next turn begins; `is_last`: no more is answered after it.
    pub(super) fn next_turn(&mut self, is_last: bool) {
        let fresh = Withheld::new(Arc::clone(&self.names), self.holds_end);
        let before = std::mem::replace(self, fresh);
        self.is_last = is_last;
        self.has_text = before.has_text;
        self.is_new_paragraph = before.has_text;
    }

    /// The turn is over, and the answer goes on when its calls are answered.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// The calls that were taken out of this turn.
    pub(super) fn calls(&self) -> &[WithheldCall] {
        &self.calls
    }

    /// The turn as its model said it, once.
    pub(super) fn turn(&mut self) -> Reply {
        Reply::of(std::mem::take(&mut self.row))
    }

    /// The turn's end, if it is the answer's after all.
    pub(super) fn release(&mut self) -> Vec<Event> {
        (self.is_closing, self.is_over) = (false, false);
        std::mem::take(&mut self.held)
    }

    /// Takes the next event and hands on what the caller gets of it.
    pub(super) fn event(&mut self, event: Event, out: &mut Vec<Event>) {
        self.keep(&event);
        match event {
            Event::Open {
                block,
                candidate,
                kind,
            } => self.open(block, candidate, kind, out),
            Event::Delta { block, text } => match self.taken_at(block) {
                Some(at) => self.calls[at].arguments.push_str(&text),
                None => out.push(Event::Delta {
                    block: self.number(block),
                    text,
                }),
            },
            Event::Seal { block, sealed } => match self.taken_at(block) {
                Some(at) => self.calls[at].sealed = Some(sealed),
                None => out.push(Event::Seal {
                    block: self.number(block),
                    sealed,
                }),
            },
            Event::Annotate { block, annotation } => {
                if self.taken_at(block).is_none() {
                    let block = self.number(block);
                    out.push(Event::Annotate { block, annotation });
                }
            }
            Event::Close { block } => {
                if self.taken_at(block).is_none() {
                    let block = self.number(block);
                    out.push(Event::Close { block });
                }
            }
            Event::Stop {
                candidate,
                stop,
                sequence,
            } => {
                let is_whole = self.bytes <= MOST_KEPT;
                if self.calls.is_empty() || self.others > 0 {
                    let stop = Event::Stop {
                        candidate,
                        stop,
                        sequence,
                    };
                    match self.holds_end && self.others == 0 && !self.is_last && is_whole {
                        true => {
                            self.held.push(stop);
                            self.is_closing = true;
                        }
                        false => out.push(stop),
                    }
                } else if self.is_last || !is_whole {
                    // The calls are left out, and nobody waits for their results.
                    let stop = match stop {
                        StopReason::ToolCall => StopReason::End,
                        other => other,
                    };
                    out.push(Event::Stop {
                        candidate,
                        stop,
                        sequence,
                    });
                } else {
                    self.is_closing = true;
                }
            }
            // What was counted may come between the two.
            Event::End if self.is_closing => {
                self.held.push(Event::End);
                self.is_over = true;
            }
            other => out.push(other),
        }
    }

    fn open(&mut self, block: u32, candidate: u32, kind: BlockKind, out: &mut Vec<Event>) {
        if let BlockKind::ToolCall(call) = &kind {
            let place = self.calls.len() + self.others;
            if call.namespace.is_none() && self.names.contains(&call.name) {
                self.taken.push((block, self.calls.len()));
                self.calls.push(WithheldCall {
                    id: call.id.clone(),
                    name: call.name.clone(),
                    arguments: call.arguments.clone(),
                    sealed: None,
                    place,
                });
                return;
            }
            self.others += 1;
        }
        let is_text = kind == BlockKind::Text;
        let number = self.next;
        self.next += 1;
        self.numbers.push((block, number));
        out.push(Event::Open {
            block: number,
            candidate,
            kind,
        });
        if is_text {
            if std::mem::take(&mut self.is_new_paragraph) {
                // Some dialects have one text for all of it.
                out.push(Event::Delta {
                    block: number,
                    text: "\n\n".to_owned(),
                });
            }
            self.has_text = true;
        }
    }

    fn keep(&mut self, event: &Event) {
        if let Event::Delta { text, .. } = event {
            self.bytes += text.len();
        }
        if self.bytes <= MOST_KEPT && *event != Event::Ping {
            self.row.push(event.clone());
        }
    }

    fn taken_at(&self, block: u32) -> Option<usize> {
        let found = self.taken.iter().find(|(taken, _)| *taken == block);
        found.map(|(_, at)| *at)
    }

    fn number(&self, block: u32) -> u32 {
        let known = self.numbers.iter().find(|(theirs, _)| *theirs == block);
        known.map_or(block, |(_, ours)| *ours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::{Start, ToolCall, law};

    fn call(block: u32, name: &str) -> [Event; 3] {
        let kind = BlockKind::ToolCall(ToolCall {
            id: format!("call_{block}"),
            name: name.to_owned(),
            namespace: None,
            arguments: String::new(),
            custom: false,
        });
        [
            Event::Open {
                block,
                candidate: 0,
                kind,
            },
            Event::Delta {
                block,
                text: "{}".to_owned(),
            },
            Event::Close { block },
        ]
    }

    fn text(block: u32, text: &str) -> [Event; 3] {
        [
            Event::Open {
                block,
                candidate: 0,
                kind: BlockKind::Text,
            },
            Event::Delta {
                block,
                text: text.to_owned(),
            },
            Event::Close { block },
        ]
    }

    fn end(stop: StopReason) -> [Event; 2] {
        let stop = Event::Stop {
            candidate: 0,
            stop,
            sequence: None,
        };
        [stop, Event::End]
    }

    fn through(withheld: &mut Withheld, events: impl IntoIterator<Item = Event>) -> Vec<Event> {
        let mut out = Vec::new();
        for event in events {
            withheld.event(event, &mut out);
        }
        out
    }

    fn ours() -> Withheld {
        Withheld::new(Arc::new(BTreeSet::from(["ours".to_owned()])), false)
    }

    fn start() -> Event {
        Event::Start(Start::default())
    }

    #[test]
    fn a_turn_of_our_calls_alone_is_not_over_for_its_caller() {
        let mut withheld = ours();
        let mut row = vec![start()];
        row.extend(text(0, "One moment."));
        row.extend(call(1, "ours"));
        row.extend(end(StopReason::ToolCall));
        let out = through(&mut withheld, row);
        assert!(withheld.is_over());
        assert_eq!(out.len(), 4, "a beginning and its text: {out:?}");
        assert_eq!(withheld.calls()[0].arguments, "{}");
        let turn = withheld.turn();
        assert_eq!(turn.candidates[0].blocks.len(), 2, "as its model said it");
        withheld.next_turn(false);
        let rest = through(
            &mut withheld,
            text(0, "Done.").into_iter().chain(end(StopReason::End)),
        );
        assert!(!withheld.is_over());
        assert!(matches!(&rest[1], Event::Delta { text, .. } if text == "\n\n"));
        assert_eq!(rest.last(), Some(&Event::End));
    }

    #[test]
    fn the_callers_own_calls_pass_with_their_numbers_in_a_row() {
        let mut withheld = ours();
        let mut row = vec![start()];
        row.extend(call(0, "ours"));
        row.extend(call(1, "theirs"));
        row.extend(end(StopReason::ToolCall));
        let out = through(&mut withheld, row);
        law::check(&out).expect("lawful");
        assert!(!withheld.is_over());
        assert_eq!((withheld.calls().len(), withheld.calls()[0].place), (1, 0));
        let stop = Event::Stop {
            candidate: 0,
            stop: StopReason::ToolCall,
            sequence: None,
        };
        assert!(out.contains(&stop));
    }

    #[test]
    fn an_end_that_is_looked_at_is_told_later_or_never() {
        let mut withheld = Withheld::new(Arc::default(), true);
        let mut row = vec![start()];
        row.extend(text(0, "2 + 2 = 5"));
        row.extend(end(StopReason::End));
        let mut out = through(&mut withheld, row);
        assert!(withheld.is_over());
        out.extend(withheld.release());
        law::check(&out).expect("lawful");
        assert_eq!(out.last(), Some(&Event::End));
    }

    #[test]
    fn after_the_last_turn_the_answer_ends_whatever_is_called() {
        let mut withheld = ours();
        withheld.next_turn(true);
        let mut row = vec![start()];
        row.extend(text(0, "Again:"));
        row.extend(call(1, "ours"));
        row.extend(end(StopReason::ToolCall));
        let out = through(&mut withheld, row);
        law::check(&out).expect("lawful");
        assert!(!withheld.is_over());
        assert!(matches!(
            out[out.len() - 2],
            Event::Stop {
                stop: StopReason::End,
                ..
            }
        ));
    }
}
