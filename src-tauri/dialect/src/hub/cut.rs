//! Which answers were cut at a stop text that is looked for here, and what that leaves of the row.
//!
//! Promises: of an answer that was cut nothing more is handed on, of the others everything, and the
//! blocks are numbered without a gap. The row ends when nothing of it is wanted any more.

use super::Event;

/// The answers of one reply, followed where they can be cut.
#[derive(Debug, Default)]
pub(super) struct Cut {
    /// How many answers were asked for.
    wanted: usize,
    cut: Vec<u32>,
    /// How many ended by themselves.
    stopped: usize,
    open: Vec<Open>,
    /// How many blocks were handed on.
    taken: u32,
    /// Nothing more is wanted.
    ended: bool,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    candidate: u32,
    /// As it came.
    block: u32,
    /// As it is handed on.
    number: u32,
}

impl Cut {
    pub(super) fn new(wanted: u32) -> Cut {
        Cut {
            wanted: wanted.max(1) as usize,
            ..Cut::default()
        }
    }

    /// Whether the whole reply has been cut short.
    pub(super) fn is_ended(&self) -> bool {
        self.ended
    }

    /// The event as it is handed on, unless it belongs to an answer that was cut.
    pub(super) fn pass(&mut self, mut event: Event) -> Option<Event> {
        match &mut event {
            Event::Open {
                block, candidate, ..
            } => {
                if self.cut.contains(candidate) {
                    return None;
                }
                let number = self.taken;
                self.taken += 1;
                self.open.push(Open {
                    candidate: *candidate,
                    block: *block,
                    number,
                });
                *block = number;
            }
            Event::Delta { block, .. }
            | Event::Seal { block, .. }
            | Event::Annotate { block, .. } => {
                *block = self.open.iter().find(|one| one.block == *block)?.number;
            }
            Event::Close { block } => {
                let at = self.open.iter().position(|one| one.block == *block)?;
                *block = self.open.remove(at).number;
            }
            Event::Stop { candidate, .. } => {
                if self.cut.contains(candidate) {
                    return None;
                }
                self.stopped += 1;
            }
            Event::Start(_)
            | Event::Usage(_)
            | Event::Extra { .. }
            | Event::Ping
            | Event::Failed(_)
            | Event::End => {}
        }
        (!self.ended).then_some(event)
    }

    /// Cuts an answer; gives its blocks that are still open, as they were handed on.
    pub(super) fn cut(&mut self, candidate: u32) -> Vec<u32> {
        self.cut.push(candidate);
        self.ended = self.cut.len() + self.stopped >= self.wanted;
        let (gone, open) = std::mem::take(&mut self.open)
            .into_iter()
            .partition::<Vec<Open>, _>(|one| one.candidate == candidate);
        self.open = open;
        gone.into_iter().map(|one| one.number).collect()
    }
}
