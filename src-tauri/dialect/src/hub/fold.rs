//! A whole reply: the same events, folded.

use serde_json::Value;

use super::{Annotation, BlockKind, Event, Sealed, Start};
use crate::{Dialect, Failure, StopReason, Usage};

/// A reply in one piece.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reply {
    /// How it began.
    pub start: Start,
    /// One unless several were asked for.
    pub candidates: Vec<Candidate>,
    /// What was counted.
    pub usage: Option<Usage>,
    /// Fields without a name in the hub.
    pub extras: Vec<(Dialect, String, Value)>,
    /// The provider says it failed.
    pub failure: Option<Failure>,
}

/// One answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Candidate {
    /// In order.
    pub blocks: Vec<Block>,
    /// Why it ended; `None` when it did not say.
    pub stop: Option<StopReason>,
    /// The stop sequence that was met.
    pub sequence: Option<String>,
}

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// All its deltas.
    pub text: String,
    /// Its signature.
    pub sealed: Option<Sealed>,
    /// Remarks on it.
    pub annotations: Vec<Annotation>,
}

impl Reply {
    /// Folds a row of events. What breaks the law of rows is passed over.
    pub fn of(events: impl IntoIterator<Item = Event>) -> Reply {
        let mut reply = Reply::default();
        // Where each block stands: candidate and place.
        let mut places: Vec<(usize, usize)> = Vec::new();
        for event in events {
            reply.take(event, &mut places);
        }
        if reply.candidates.is_empty() {
            reply.candidates.push(Candidate::default());
        }
        reply
    }

    fn take(&mut self, event: Event, places: &mut Vec<(usize, usize)>) {
        match event {
            Event::Start(start) => self.start = start,
            Event::Open {
                candidate, kind, ..
            } => {
                let candidate = candidate as usize;
                let blocks = &mut self.candidate(candidate).blocks;
                places.push((candidate, blocks.len()));
                blocks.push(Block {
                    kind,
                    text: String::new(),
                    sealed: None,
                    annotations: Vec::new(),
                });
            }
            Event::Delta { block, text } => {
                if let Some(block) = self.block(places, block) {
                    block.text.push_str(&text);
                }
            }
            Event::Seal { block, sealed } => {
                if let Some(block) = self.block(places, block) {
                    block.sealed = Some(sealed);
                }
            }
            Event::Annotate { block, annotation } => {
                if let Some(block) = self.block(places, block) {
                    block.annotations.push(annotation);
                }
            }
            Event::Usage(usage) => self.usage = Some(usage),
            Event::Stop {
                candidate,
                stop,
                sequence,
            } => {
                let candidate = self.candidate(candidate as usize);
                (candidate.stop, candidate.sequence) = (Some(stop), sequence);
            }
            Event::Extra { owner, key, value } => self.extras.push((owner, key, value)),
            Event::Failed(failure) => self.failure = Some(failure),
            Event::Close { .. } | Event::Ping | Event::End => {}
        }
    }

    /// The most answers that are kept of one reply: nobody asks for more than 128.
    const MOST_CANDIDATES: usize = 128;

    fn candidate(&mut self, at: usize) -> &mut Candidate {
        let at = at.min(Self::MOST_CANDIDATES - 1);
        if self.candidates.len() <= at {
            self.candidates.resize_with(at + 1, Candidate::default);
        }
        &mut self.candidates[at]
    }

    fn block(&mut self, places: &[(usize, usize)], block: u32) -> Option<&mut Block> {
        let &(candidate, at) = places.get(block as usize)?;
        self.candidates.get_mut(candidate)?.blocks.get_mut(at)
    }
}
