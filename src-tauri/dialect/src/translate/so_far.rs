//! An answer as far as its caller has it, should another model have to go on from there.
//!
//! Promises: the text is what the caller was sent, to the letter; what can't be handed to another model is
//! named. Bound: a text of 1 MiB, a longer one is let go.
//! Leaves out: the going on (`seam`), and who does it (`engine`).

use std::fmt;

use crate::hub::{BlockKind, Event};

/// The longest text that is gone on with, in bytes.
const LONGEST: usize = 1 << 20;

/// What a caller has of an answer.
#[derive(Debug, Default)]
pub(super) struct SoFar {
    pub(super) text: String,
    /// The text block that is under way.
    pub(super) open: Option<u32>,
    /// Blocks so far.
    pub(super) blocks: u32,
    /// The thought that is under way.
    thought: Option<u32>,
    has_thought: bool,
    fixed: Option<Fixed>,
}

/// Why an answer can't be gone on with by another model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fixed {
    /// A tool is being called, or was.
    Calls,
    /// It was thinking, and thoughts are their model's own.
    Thinks,
    /// Something else than text is part of it.
    Else,
    /// More than one answer is under way.
    Several,
    /// Its text is longer than 1 MiB.
    Long,
    /// It has said why it ended: there is nothing more to say.
    Ended,
}

impl fmt::Display for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fixed::Calls => "a tool call had begun",
            Fixed::Thinks => "it was thinking, and thoughts can't be handed on",
            Fixed::Else => "it is not of text alone",
            Fixed::Several => "several answers were under way",
            Fixed::Long => "it is longer than 1 MiB",
            Fixed::Ended => "it had said why it ended",
        })
    }
}

impl SoFar {
    /// The text, where another model can go on from it. Empty before the first word.
    pub(super) fn text(&self) -> Result<&str, Fixed> {
        match self.fixed {
            Some(fixed) => Err(fixed),
            None if self.thought.is_some() || self.has_thought && self.text.is_empty() => {
                Err(Fixed::Thinks)
            }
            None => Ok(&self.text),
        }
    }

    /// Follows what the caller is sent.
    pub(super) fn event(&mut self, event: &Event) {
        match event {
            Event::Open {
                block,
                candidate,
                kind,
            } => {
                self.blocks = self.blocks.max(block + 1);
                if *candidate > 0 {
                    self.fix(Fixed::Several);
                }
                match kind {
                    BlockKind::Text => self.open = Some(*block),
                    BlockKind::Reasoning { .. } => {
                        (self.thought, self.has_thought) = (Some(*block), true);
                    }
                    BlockKind::ToolCall(_) => self.fix(Fixed::Calls),
                    BlockKind::Refusal | BlockKind::Opaque { .. } => self.fix(Fixed::Else),
                }
            }
            Event::Delta { block, text } if self.open == Some(*block) => {
                if self.text.len() + text.len() > LONGEST {
                    self.fix(Fixed::Long);
                } else if self.fixed.is_none() {
                    self.text.push_str(text);
                }
            }
            Event::Seal { block, .. } if self.open == Some(*block) => self.fix(Fixed::Else),
            Event::Close { block } => {
                self.open = self.open.filter(|open| open != block);
                self.thought = self.thought.filter(|open| open != block);
            }
            Event::Stop { .. } => self.fix(Fixed::Ended),
            _ => {}
        }
    }

    fn fix(&mut self, why: Fixed) {
        self.fixed.get_or_insert(why);
        self.text = String::new();
    }
}
