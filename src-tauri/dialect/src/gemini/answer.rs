//! One answer of a reply, while it is read: what is open of it, and what is kept for its end.

use super::fields::Object;
use super::partial::Partial;
use super::{calls, remarks, seals};
use crate::hub::{Annotation, Event, Logprob};

/// One answer.
#[derive(Debug, Default)]
pub(super) struct Candidate {
    pub(super) open: Option<Open>,
    pub(super) called: bool,
    pub(super) finish: Option<String>,
    pub(super) partial: Option<(u32, Partial)>,
    pub(super) logprobs: Vec<Logprob>,
    pub(super) rest: Object,
}

/// A text or a thought that more may be added to.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) block: u32,
    pub(super) thought: bool,
    pub(super) sealed: bool,
}

impl Candidate {
    /// Closes the text that is open. At the end of the answer it bears the remarks on it.
    pub(super) fn close(&mut self, last: bool, out: &mut Vec<Event>) {
        let Some(Open { block, thought, .. }) = self.open.take() else {
            return;
        };
        if last && !thought {
            let logprobs = std::mem::take(&mut self.logprobs);
            let logprobs = (!logprobs.is_empty()).then_some(Annotation::Logprobs(logprobs));
            let remarks = remarks::citations(&self.rest).into_iter().chain(logprobs);
            out.extend(remarks.map(|annotation| Event::Annotate { block, annotation }));
        }
        out.push(Event::Close { block });
    }

    /// Closes whatever is open: something else begins.
    pub(super) fn close_all(&mut self, out: &mut Vec<Event>) {
        self.close_call(out);
        self.close(false, out);
    }

    /// Closes the call that is open; its arguments are whole now.
    pub(super) fn close_call(&mut self, out: &mut Vec<Event>) {
        if let Some((block, partial)) = self.partial.take() {
            let text = calls::arguments(Some(partial.args()));
            out.push(Event::Delta { block, text });
            out.push(Event::Close { block });
        }
    }
}

pub(super) fn seal_block(block: u32, seal: Option<String>, out: &mut Vec<Event>) {
    if let Some(seal) = seal {
        let sealed = seals::issued(seal);
        out.push(Event::Seal { block, sealed });
    }
}
