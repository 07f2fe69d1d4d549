//! One block after the other: some providers interleave parallel calls, most dialects can't.
//!
//! Promises: of each candidate a block is opened only when the one before is closed, in the order of
//! opening, and nothing is lost. Rows that break the law are mended: a delta to no open block is
//! passed over, what is open is closed before a stop, but not before a failure. Bound: what is held back is at most
//! [`MOST_HELD`] bytes, an event without text counted too; beyond it the held blocks are let out as
//! they are.

use super::Event;

/// The most that is held back, in bytes.
const MOST_HELD: usize = 4 << 20;

/// Puts blocks in order.
#[derive(Debug, Default)]
pub(crate) struct InOrder {
    started: bool,
    /// Candidate and block.
    open: Vec<(u32, u32)>,
    waiting: Vec<Waiting>,
    held: usize,
}

/// A block that waits for the one before it.
#[derive(Debug)]
struct Waiting {
    candidate: u32,
    block: u32,
    closed: bool,
    events: Vec<Event>,
}

impl InOrder {
    /// Takes the next event and hands on what is in order.
    pub(crate) fn event(&mut self, event: Event, out: &mut Vec<Event>) {
        match &event {
            Event::Start(_) => {
                if !std::mem::replace(&mut self.started, true) {
                    out.push(event);
                }
            }
            Event::Open {
                block, candidate, ..
            } => self.open(*candidate, *block, event, out),
            Event::Delta { block, .. }
            | Event::Seal { block, .. }
            | Event::Annotate { block, .. } => {
                let block = *block;
                self.more(block, event, out);
            }
            Event::Close { block } => self.close(*block, out),
            Event::Stop { candidate, .. } => {
                self.close_all(Some(*candidate), out);
                out.push(event);
            }
            Event::End => {
                self.close_all(None, out);
                out.push(event);
            }
            // What is open stays so: half a call must not look like a whole one.
            Event::Failed(_) => {
                self.open = Vec::new();
                self.waiting = Vec::new();
                out.push(event);
            }
            Event::Usage(_) | Event::Extra { .. } | Event::Ping => out.push(event),
        }
    }

    fn open(&mut self, candidate: u32, block: u32, event: Event, out: &mut Vec<Event>) {
        if self.open.iter().any(|(of, _)| *of == candidate) {
            self.held += cost(&event);
            self.waiting.push(Waiting {
                candidate,
                block,
                closed: false,
                events: vec![event],
            });
            self.let_out_if_too_much(out);
        } else {
            self.open.push((candidate, block));
            out.push(event);
        }
    }

    fn more(&mut self, block: u32, event: Event, out: &mut Vec<Event>) {
        if self.open.iter().any(|(_, one)| *one == block) {
            out.push(event);
            return;
        }
        let Some(waiting) = self
            .waiting
            .iter_mut()
            .find(|one| one.block == block && !one.closed)
        else {
            return;
        };
        match (waiting.events.last_mut(), event) {
            // Many small pieces would weigh more than their text.
            (Some(Event::Delta { text: so_far, .. }), Event::Delta { text, .. }) => {
                self.held += text.len();
                so_far.push_str(&text);
            }
            (_, event) => {
                self.held += cost(&event);
                waiting.events.push(event);
            }
        }
        self.let_out_if_too_much(out);
    }

    fn close(&mut self, block: u32, out: &mut Vec<Event>) {
        if let Some(at) = self.open.iter().position(|(_, one)| *one == block) {
            let (candidate, _) = self.open.remove(at);
            out.push(Event::Close { block });
            self.next_of(candidate, out);
        } else if let Some(waiting) = self
            .waiting
            .iter_mut()
            .find(|one| one.block == block && !one.closed)
        {
            waiting.closed = true;
            waiting.events.push(Event::Close { block });
        }
    }

    /// Lets the blocks out that waited for the one that was closed.
    fn next_of(&mut self, candidate: u32, out: &mut Vec<Event>) {
        while !self.open.iter().any(|(of, _)| *of == candidate) {
            let Some(at) = self
                .waiting
                .iter()
                .position(|one| one.candidate == candidate)
            else {
                return;
            };
            let next = self.waiting.remove(at);
            self.release(next, out);
        }
    }

    fn release(&mut self, next: Waiting, out: &mut Vec<Event>) {
        let weight = next.events.iter().map(cost).sum();
        self.held = self.held.saturating_sub(weight);
        out.extend(next.events);
        if !next.closed {
            self.open.push((next.candidate, next.block));
        }
    }

    /// Beyond what may be held, the blocks go on side by side.
    fn let_out_if_too_much(&mut self, out: &mut Vec<Event>) {
        if self.held <= MOST_HELD {
            return;
        }
        for next in std::mem::take(&mut self.waiting) {
            self.release(next, out);
        }
    }

    /// Closes what is open, of one candidate or of all.
    fn close_all(&mut self, candidate: Option<u32>, out: &mut Vec<Event>) {
        let meant = |of: u32| candidate.is_none_or(|one| one == of);
        while let Some(&(_, block)) = self.open.iter().find(|(of, _)| meant(*of)) {
            self.close(block, out);
        }
    }
}

/// What an event weighs while it is held: itself, and the text in it.
fn cost(event: &Event) -> usize {
    let text = match event {
        Event::Delta { text, .. } => text.len(),
        Event::Seal { sealed, .. } => sealed.data.len(),
        _ => 0,
    };
    size_of::<Event>() + text
}

#[cfg(test)]
mod tests {
    use super::super::{BlockKind, Start, ToolCall, law};
    use super::*;
    use crate::StopReason;

    fn open(block: u32) -> Event {
        let call = ToolCall {
            id: format!("c{block}"),
            name: "f".to_owned(),
            namespace: None,
            arguments: String::new(),
            custom: false,
        };
        Event::Open {
            block,
            candidate: 0,
            kind: BlockKind::ToolCall(call),
        }
    }

    fn delta(block: u32, text: &str) -> Event {
        Event::Delta {
            block,
            text: text.to_owned(),
        }
    }

    fn stop() -> Event {
        Event::Stop {
            candidate: 0,
            stop: StopReason::ToolCall,
            sequence: None,
        }
    }

    fn through(events: Vec<Event>) -> Vec<Event> {
        let (mut order, mut out) = (InOrder::default(), Vec::new());
        for event in events {
            order.event(event, &mut out);
        }
        out
    }

    #[test]
    fn interleaved_calls_come_out_one_after_the_other() {
        let start = || Event::Start(Start::default());
        let row = through(vec![
            start(),
            open(0),
            delta(0, "a"),
            open(1),
            delta(1, "x"),
            delta(0, "b"),
            delta(1, "y"),
            Event::Close { block: 1 },
            Event::Close { block: 0 },
            stop(),
            Event::End,
        ]);
        law::check(&row).expect("lawful");
        assert_eq!(
            row,
            vec![
                start(),
                open(0),
                delta(0, "a"),
                delta(0, "b"),
                Event::Close { block: 0 },
                open(1),
                delta(1, "xy"),
                Event::Close { block: 1 },
                stop(),
                Event::End,
            ]
        );
    }

    #[test]
    fn what_is_left_open_is_closed_before_the_stop() {
        let row = through(vec![
            Event::Start(Start::default()),
            Event::Start(Start::default()),
            open(0),
            open(1),
            delta(1, "x"),
            delta(7, "lost"),
            stop(),
            Event::End,
        ]);
        law::check(&row).expect("lawful");
        assert_eq!(row.len(), 8, "{row:?}");
    }

    #[test]
    fn more_than_can_be_held_goes_out_side_by_side() {
        let big = "x".repeat(MOST_HELD + 1);
        let row = through(vec![open(0), open(1), delta(1, &big), delta(0, "a")]);
        assert_eq!(row.len(), 4);
    }

    #[test]
    fn what_waits_is_bounded_whatever_it_is_made_of() {
        let mut order = InOrder::default();
        let mut out = Vec::new();
        order.event(open(0), &mut out);
        for block in 1..100_000 {
            order.event(open(block), &mut out);
        }
        assert!(order.waiting.len() * size_of::<Event>() <= MOST_HELD);
        let mut order = InOrder::default();
        order.event(open(0), &mut out);
        order.event(open(1), &mut out);
        for _ in 0..100_000 {
            order.event(delta(1, "x"), &mut out);
        }
        assert_eq!(order.waiting[0].events.len(), 2, "pieces are put together");
    }
}
