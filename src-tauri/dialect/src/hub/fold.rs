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

    /// The row of events that it is the fold of.
    pub fn into_events(self) -> Vec<Event> {
        let mut events = vec![Event::Start(self.start)];
        let mut ends = Vec::new();
        let mut next = 0;
        for (candidate, answer) in self.candidates.into_iter().enumerate() {
            let candidate = candidate as u32;
            for block in answer.blocks {
                block.tell(next, candidate, &mut events);
                next += 1;
            }
            ends.push(Event::Stop {
                candidate,
                stop: answer.stop.unwrap_or(StopReason::End),
                sequence: answer.sequence,
            });
        }
        let extras = self.extras.into_iter();
        events.extend(extras.map(|(owner, key, value)| Event::Extra { owner, key, value }));
        events.extend(self.usage.map(Event::Usage));
        events.append(&mut ends);
        events.push(match self.failure {
            Some(failure) => Event::Failed(failure),
            None => Event::End,
        });
        events
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

impl Block {
    /// Tells it as events, under this number.
    fn tell(self, block: u32, candidate: u32, events: &mut Vec<Event>) {
        events.push(Event::Open {
            block,
            candidate,
            kind: self.kind,
        });
        if !self.text.is_empty() {
            let text = self.text;
            events.push(Event::Delta { block, text });
        }
        events.extend(self.sealed.map(|sealed| Event::Seal { block, sealed }));
        let remarks = self.annotations.into_iter();
        events.extend(remarks.map(|annotation| Event::Annotate { block, annotation }));
        events.push(Event::Close { block });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::law;

    #[test]
    fn a_reply_told_as_events_is_folded_to_itself() {
        let block = |kind, text: &str| Block {
            kind,
            text: text.to_owned(),
            sealed: None,
            annotations: Vec::new(),
        };
        let reply = Reply {
            candidates: vec![Candidate {
                blocks: vec![block(BlockKind::Text, "a"), block(BlockKind::Refusal, "b")],
                stop: Some(StopReason::End),
                sequence: None,
            }],
            usage: Some(Usage::default()),
            ..Reply::default()
        };
        let events = reply.clone().into_events();
        law::check(&events).expect("lawful");
        assert_eq!(Reply::of(events), reply);
    }
}
