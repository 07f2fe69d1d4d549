//! Two answers in one: the second model's events, as the rest of the first one's.
//!
//! Promises: one row as the hub's law wants it. The text that was under way goes on in its block, other
//! blocks get the next free numbers, no second beginning is told, and the tokens of both are summed.
//! Leaves out: blanks and repetitions between the two texts (`joint`).

use super::joint::Joint;
use super::so_far::SoFar;
use crate::Usage;
use crate::hub::{BlockKind, Event};

/// Where a second model's answer was joined to the first.
#[derive(Debug)]
pub(super) struct Seam {
    /// `None`: it is another turn, and nothing of it repeats what was said.
    joint: Option<Joint>,
    /// The first answer's text block, until it is known whether the second goes on in it.
    open: Option<u32>,
    /// The second model's text block in which the joint lies.
    joined: Option<u32>,
    /// The next free number.
    next: u32,
    /// Numbers as the second model gives them, and as the caller gets them.
    numbers: Vec<(u32, u32)>,
    /// What the first has cost.
    spent: Usage,
}

impl Seam {
    pub(super) fn after(so_far: &SoFar, spent: Usage) -> Seam {
        Seam {
            joint: Some(Joint::after(&so_far.text)),
            open: so_far.open,
            joined: None,
            next: so_far.blocks,
            numbers: Vec::new(),
            spent,
        }
    }

    /// The next turn of one answer, after tools were run: no text is sewn.
    pub(super) fn next_turn(so_far: &SoFar, spent: Usage) -> Seam {
        Seam {
            joint: None,
            open: None,
            joined: None,
            next: so_far.blocks,
            numbers: Vec::new(),
            spent,
        }
    }

    /// Takes the second answer's next event and hands on what the caller gets of it.
    pub(super) fn event(&mut self, event: Event, out: &mut Vec<Event>) {
        match event {
            Event::Start(_) => {}
            Event::Open {
                block,
                candidate,
                kind,
            } => self.open(block, candidate, kind, out),
            Event::Delta { block, text } if self.joined == Some(block) => {
                let text = match &mut self.joint {
                    Some(joint) => joint.push(&text),
                    None => text,
                };
                self.text(block, text, out);
            }
            Event::Delta { block, text } => self.text(block, text, out),
            Event::Seal { block, sealed } => {
                let block = self.number(block);
                out.push(Event::Seal { block, sealed });
            }
            Event::Annotate { block, annotation } => {
                let block = self.number(block);
                out.push(Event::Annotate { block, annotation });
            }
            Event::Close { block } => {
                self.finish_text(block, out);
                let at = self.number(block);
                self.numbers.retain(|(theirs, _)| *theirs != block);
                out.push(Event::Close { block: at });
            }
            Event::Usage(usage) => out.push(Event::Usage(self.spent.plus(&usage))),
            Event::Stop { .. } | Event::End => {
                self.close_first(out);
                out.push(event);
            }
            Event::Extra { .. } | Event::Ping | Event::Failed(_) => out.push(event),
        }
    }

    fn open(&mut self, block: u32, candidate: u32, kind: BlockKind, out: &mut Vec<Event>) {
        let is_text = kind == BlockKind::Text;
        if is_text && self.joint.is_some() && self.joined.is_none() {
            self.joined = Some(block);
            if let Some(open) = self.open.take() {
                self.numbers.push((block, open));
                return;
            }
        }
        self.close_first(out);
        let number = self.next;
        self.next += 1;
        self.numbers.push((block, number));
        out.push(Event::Open {
            block: number,
            candidate,
            kind,
        });
    }

    fn text(&self, block: u32, text: String, out: &mut Vec<Event>) {
        if !text.is_empty() {
            let block = self.number(block);
            out.push(Event::Delta { block, text });
        }
    }

    /// What was held back of the text is no repetition any more.
    fn finish_text(&mut self, block: u32, out: &mut Vec<Event>) {
        if self.joined == Some(block)
            && let Some(joint) = &mut self.joint
        {
            let rest = joint.finish();
            self.text(block, rest, out);
        }
    }

    /// The second model did not go on in the first one's text.
    fn close_first(&mut self, out: &mut Vec<Event>) {
        if let Some(block) = self.open.take() {
            out.push(Event::Close { block });
        }
    }

    fn number(&self, block: u32) -> u32 {
        let known = self.numbers.iter().find(|(theirs, _)| *theirs == block);
        known.map_or(block, |(_, ours)| *ours)
    }
}

#[cfg(test)]
mod tests;
