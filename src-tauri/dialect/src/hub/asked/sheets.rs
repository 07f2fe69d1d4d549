//! A request in parts: which of them makes two questions two.
//!
//! Promises: the same is written down as for [`super::Asked`], field by field, each on the sheet of
//! its part: two requests agree in every part exactly when they ask for the same. Parts are told
//! apart by 64 bits, enough to explain with and too few to answer by.
//! Leaves out: what a field is worth (`super`), and whose questions are compared (`cache`).

use super::calls::Calls;
use super::ink::Ink;
use super::parts::{self, Sections};
use crate::hub::Message;

#[cfg(test)]
mod tests;

macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// A part of what is asked. Each field of a request is in exactly one of them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum AskedPart { $($(#[$doc])* $name,)* }

        impl AskedPart {
            /// Every part, in the order of [`AskedParts`].
            pub const ALL: [AskedPart; [$(AskedPart::$name,)*].len()] = [$(AskedPart::$name,)*];
        }
    };
}

parts! {
    /// The tools on offer.
    Tools,
    /// Whether and which tool must be called, and whether several may be at once.
    ToolChoice,
    /// The most tokens to generate.
    OutputLimit,
    /// The temperature.
    Temperature,
    /// The seed.
    Seed,
    /// All else that says how words are drawn: top p, top k, penalties, bias.
    Sampling,
    /// The stop texts.
    Stop,
    /// How many answers, and their log probabilities.
    Answers,
    /// How much to think.
    Thinking,
    /// The form of the answer.
    Format,
    /// How long-winded it may be.
    Verbosity,
    /// What it goes on from, and whether it is kept at the vendor's: `previous`, `store`, `begun`.
    Kept,
    /// Fields without a name in the hub.
    Extras,
    /// The operator's words at the front.
    System,
    /// The turns between these and the last.
    Conversation,
    /// The last turn. A result in it is tied to its call by how far back that is, so that a longer
    /// conversation is not another last turn.
    LastMessage,
}

/// The parts of what a request asks for, 64 bits of SHA-256 each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AskedParts([u64; AskedPart::ALL.len()]);

impl AskedParts {
    /// The number of a part.
    pub fn of(&self, part: AskedPart) -> u64 {
        self.0[part as usize]
    }

    /// The parts in which `other` asks for something else.
    pub fn differing(&self, other: &AskedParts) -> impl Iterator<Item = AskedPart> {
        let all = AskedPart::ALL.into_iter();
        all.filter(|part| self.of(*part) != other.of(*part))
    }
}

/// What a request is written on.
pub(super) trait Sheets {
    /// Where a part is written.
    fn sheet(&mut self, part: AskedPart) -> &mut Ink;

    /// Writes the conversation.
    fn converse(&mut self, messages: &[Message]);
}

/// All on one sheet.
impl Sheets for Ink {
    #[inline]
    fn sheet(&mut self, _: AskedPart) -> &mut Ink {
        self
    }

    fn converse(&mut self, messages: &[Message]) {
        parts::messages(self, messages, &mut Calls::default());
    }
}

/// A sheet for each part.
pub(super) struct InParts([Ink; AskedPart::ALL.len()]);

/// Begins each sheet.
const SCHEME: &str = "signalbox asked in parts 1";

impl InParts {
    pub(super) fn begin() -> InParts {
        InParts(std::array::from_fn(|_| Ink::begin(SCHEME)))
    }

    pub(super) fn dry(self) -> AskedParts {
        AskedParts(self.0.map(|sheet| {
            let [a, b, c, d, e, f, g, h, ..] = sheet.dry().digest;
            u64::from_le_bytes([a, b, c, d, e, f, g, h])
        }))
    }
}

impl Sheets for InParts {
    fn sheet(&mut self, part: AskedPart) -> &mut Ink {
        &mut self.0[part as usize]
    }

    fn converse(&mut self, messages: &[Message]) {
        let Sections {
            system,
            between,
            last,
        } = parts::sections(messages);
        let mut calls = Calls::default();
        for (part, messages) in [
            (AskedPart::System, system),
            (AskedPart::Conversation, between),
            (AskedPart::LastMessage, last),
        ] {
            calls.count_from_here();
            parts::messages(self.sheet(part), messages, &mut calls);
        }
    }
}
