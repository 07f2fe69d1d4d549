//! Why an answer was not found again: the kept question that is nearest, and what it asks else.
//!
//! Promises: no words of a question are here, only 64 bits for each of its parts; a bounded row of the
//! last ones, with one short lock. Nothing is told of a question that has nothing to do with the one
//! that is asked: it must go the same route, or have the same tools and the same operator's words.
//! Leaves out: whether the answer is still there (whoever finds it gone or expired calls
//! [`Neighbours::forget`]), and who may be told: a neighbour may be another client's.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dialect::hub::{AskedPart, AskedParts};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{Fingerprint, Scope};

macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident: $words:literal;)*) => {
        /// A part of what an answer is known by, in the order in which people are told of them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Part { $($(#[$doc])* $name,)* }

        impl Part {
            /// Every part.
            pub const ALL: [Part; [$(Part::$name,)*].len()] = [$(Part::$name,)*];

            /// What people call it, as in "differs in …".
            pub fn name(self) -> &'static str {
                match self { $(Part::$name => $words,)* }
            }
        }
    };
}

parts! {
    /// The client scope.
    Client: "who asks";
    /// The set of targets.
    Targets: "the targets";
    /// The version of what decides among them.
    Policy: "the policy's version";
    /// The operator's words at the front.
    System: "the system message";
    /// The tools on offer.
    Tools: "the tools";
    /// The turns between the system message and the last one.
    Conversation: "the earlier messages";
    /// The last turn.
    LastMessage: "the last message";
    /// Temperature.
    Temperature: "temperature";
    /// The seed.
    Seed: "the seed";
    /// How words are drawn, beside these two.
    Sampling: "top p, top k, penalties or bias";
    /// The most tokens to generate.
    OutputLimit: "the output limit";
    /// Texts that end the answer.
    Stop: "the stop texts";
    /// Effort, budget, on or off.
    Thinking: "how much to think";
    /// Text, JSON, a schema.
    Format: "the form of the answer";
    /// How long-winded it may be.
    Verbosity: "verbosity";
    /// Which tool must be called, and whether several may be.
    ToolChoice: "which tools may be called";
    /// How many answers, and log probabilities.
    Answers: "how many answers, or their log probabilities";
    /// What it goes on from, and what the vendor keeps.
    Kept: "what it goes on from, or whether the vendor keeps it";
    /// Fields of one dialect.
    Extras: "fields that only one vendor has";
}

impl From<AskedPart> for Part {
    fn from(part: AskedPart) -> Part {
        match part {
            AskedPart::Tools => Part::Tools,
            AskedPart::ToolChoice => Part::ToolChoice,
            AskedPart::OutputLimit => Part::OutputLimit,
            AskedPart::Temperature => Part::Temperature,
            AskedPart::Seed => Part::Seed,
            AskedPart::Sampling => Part::Sampling,
            AskedPart::Stop => Part::Stop,
            AskedPart::Answers => Part::Answers,
            AskedPart::Thinking => Part::Thinking,
            AskedPart::Format => Part::Format,
            AskedPart::Verbosity => Part::Verbosity,
            AskedPart::Kept => Part::Kept,
            AskedPart::Extras => Part::Extras,
            AskedPart::System => Part::System,
            AskedPart::Conversation => Part::Conversation,
            AskedPart::LastMessage => Part::LastMessage,
        }
    }
}

impl Part {
    /// How far apart it sets two questions: these are most of what is asked.
    fn weight(self) -> u32 {
        match self {
            Part::System | Part::Tools | Part::Conversation => 3,
            _ => 1,
        }
    }
}

/// A question in parts, on its route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    parts: AskedParts,
    client: u64,
    policy: u64,
    targets: u64,
    route: Arc<str>,
}

impl Question {
    /// What is asked within `scope`. `route`: the alias or the model that the caller named.
    pub fn new(parts: AskedParts, scope: &Scope<'_>, route: Arc<str>) -> Question {
        Question {
            parts,
            client: short([scope.client]),
            policy: short([scope.policy]),
            targets: short(scope.set()),
            route,
        }
    }

    /// The alias or the model that the caller named.
    pub fn route(&self) -> &Arc<str> {
        &self.route
    }

    /// The parts in which two questions differ, as people are told of them.
    fn differing(&self, other: &Question) -> impl Iterator<Item = Part> {
        let scope = [
            (Part::Client, self.client != other.client),
            (Part::Targets, self.targets != other.targets),
            (Part::Policy, self.policy != other.policy),
        ];
        let scope = scope
            .into_iter()
            .filter_map(|(part, is)| is.then_some(part));
        scope.chain(self.parts.differing(&other.parts).map(Part::from))
    }

    fn is_related(&self, other: &Question) -> bool {
        let same = |part| self.parts.of(part) == other.parts.of(part);
        self.route == other.route || same(AskedPart::System) && same(AskedPart::Tools)
    }
}

/// 64 bits of some words.
fn short<'a>(words: impl IntoIterator<Item = &'a str>) -> u64 {
    let mut hasher = Sha256::new();
    for word in words {
        hasher.update((word.len() as u64).to_le_bytes());
        hasher.update(word);
    }
    let digest: [u8; 32] = hasher.finalize().into();
    let [a, b, c, d, e, f, g, h, ..] = digest;
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// A question whose answer was kept.
#[derive(Debug, Clone)]
pub struct Neighbour {
    /// What its answer is known by.
    pub known_by: Fingerprint,
    /// The question.
    pub question: Question,
    /// When its answer was kept, in Unix milliseconds.
    pub when_ms: u64,
}

/// The kept question that is nearest to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// What differs, in the order of [`Part`]. Empty when the very same was kept: its answer has
    /// expired or made room since.
    pub differs: Vec<Part>,
    /// When its answer was kept, in Unix milliseconds.
    pub when_ms: u64,
    /// Its route.
    pub route: Arc<str>,
}

/// The last questions whose answers were kept. About 250 bytes each; share it in an `Arc`.
#[derive(Debug)]
pub struct Neighbours {
    /// The newest is at the end.
    row: Mutex<VecDeque<Neighbour>>,
    most: usize,
}

impl Default for Neighbours {
    /// The last 512.
    fn default() -> Self {
        Neighbours::new(512)
    }
}

impl Neighbours {
    /// Room for `most` questions, which is taken as they come.
    pub fn new(most: usize) -> Neighbours {
        Neighbours {
            row: Mutex::default(),
            most,
        }
    }

    /// Remembers a question whose answer was kept, in place of the same one before. When there is no
    /// room the oldest is forgotten.
    pub fn kept(&self, neighbour: Neighbour) {
        let mut row = self.row();
        if let Some(at) = row
            .iter()
            .position(|one| one.known_by == neighbour.known_by)
        {
            row.remove(at);
        }
        row.push_back(neighbour);
        while row.len() > self.most {
            row.pop_front();
        }
    }

    /// The kept question with the fewest differing parts, of which the system message, the tools and
    /// the earlier messages count three times; of equals the newest. `None` when none has to do with
    /// `question`. Takes some microseconds.
    pub fn nearest(&self, question: &Question) -> Option<Explained> {
        let row = self.row();
        let distance =
            |other: &Question| -> u32 { question.differing(other).map(Part::weight).sum() };
        let related = row
            .iter()
            .rev()
            .filter(|one| one.question.is_related(question));
        // The first of equals is taken.
        let nearest = related.min_by_key(|one| (distance(&one.question), Reverse(one.when_ms)))?;
        let mut differs: Vec<Part> = question.differing(&nearest.question).collect();
        differs.sort_unstable();
        Some(Explained {
            differs,
            when_ms: nearest.when_ms,
            route: Arc::clone(&nearest.question.route),
        })
    }

    /// Forgets those for which `is_gone` says so: what has expired, was purged, or belongs to a route
    /// that is no more. It is asked under the lock, so it must not wait.
    pub fn forget(&self, mut is_gone: impl FnMut(&Neighbour) -> bool) {
        self.row().retain(|one| !is_gone(one));
    }

    /// How many are remembered.
    pub fn count(&self) -> usize {
        self.row().len()
    }

    fn row(&self) -> MutexGuard<'_, VecDeque<Neighbour>> {
        self.row.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
