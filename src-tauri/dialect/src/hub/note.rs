//! What could not travel, and how much it matters.
//!
//! Promises: every loss of a translation is either a [`Note`] (told in the
//! `x-signalbox-notes` header and on the receipt) or a [`Refused`] (another target is
//! tried, and failing that the client gets a 400 that names the field).

use serde::{Deserialize, Serialize};

/// The most notes that are kept of one translation; the rest is counted.
const MOST: usize = 24;

/// How much a translation lost in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// Written in another way that means the same.
    Equivalent,
    /// The meaning is kept, a guarantee is not.
    Degraded,
    /// Left out; the answer is the same in kind.
    Dropped,
}

/// One loss.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// How much.
    pub loss: Loss,
    /// The field or part, as the caller knows it: `top_k`, `messages[3].name`, `tool_result.image`.
    pub what: String,
    /// A sentence: what became of it and why. Never a piece of the conversation.
    pub why: String,
}

/// A target that can't serve a request without changing what is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The field or part at fault.
    pub what: String,
    /// A sentence: what the target lacks.
    pub why: String,
}

/// Gathers notes, each field once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Notes {
    notes: Vec<Note>,
    /// Whether the caller accepts losses that are refused otherwise.
    pub(crate) lossy: bool,
}

impl Notes {
    /// No notes yet. `lossy`: the caller accepts what is refused otherwise.
    pub(crate) fn new(lossy: bool) -> Notes {
        Notes {
            notes: Vec::new(),
            lossy,
        }
    }

    /// Written in another way that means the same.
    pub(crate) fn equivalent(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.add(Loss::Equivalent, what.into(), why.into());
    }

    /// The meaning is kept, a guarantee is not.
    pub(crate) fn degraded(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.add(Loss::Degraded, what.into(), why.into());
    }

    /// Left out.
    pub(crate) fn dropped(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.add(Loss::Dropped, what.into(), why.into());
    }

    /// A loss that changes what is asked for: refused, or dropped for a caller that accepts losses.
    ///
    /// # Errors
    /// Unless the caller accepts losses.
    pub(crate) fn refuse(
        &mut self,
        what: impl Into<String>,
        why: impl Into<String>,
    ) -> Result<(), Refused> {
        let (what, why) = (what.into(), why.into());
        if self.lossy {
            self.add(Loss::Dropped, what, why);
            return Ok(());
        }
        Err(Refused { what, why })
    }

    /// In the order they were made.
    pub(crate) fn into_vec(self) -> Vec<Note> {
        self.notes
    }

    fn add(&mut self, loss: Loss, what: String, why: String) {
        let why = sentence(why);
        if self.notes.len() < MOST
            && !self
                .notes
                .iter()
                .any(|note| note.what == what && note.loss == loss)
        {
            self.notes.push(Note { loss, what, why });
        }
    }
}

/// Every reason ends as a sentence does, whoever wrote it.
fn sentence(mut why: String) -> String {
    if !why.ends_with(['.', '!', '?']) {
        why.push('.');
    }
    why
}

impl Refused {
    /// The same, with a reason that ends as a sentence does.
    pub(crate) fn said(self) -> Refused {
        Refused {
            what: self.what,
            why: sentence(self.why),
        }
    }
}

impl Note {
    /// The short form for the header: `drop:top_k`.
    pub fn code(&self) -> String {
        let verb = match self.loss {
            Loss::Equivalent => "rewrite",
            Loss::Degraded => "degrade",
            Loss::Dropped => "drop",
        };
        format!("{verb}:{}", self.what)
    }
}
