//! Whether a question was asked before, in whatever words.
//!
//! Promises: a hit is an answer to a question of the same context that every guard lets through and
//! whose vector is near enough. Bounded ([`Limits`]). A look takes a lock that other looks share and
//! that a keep waits for: up to a few milliseconds where a hundred thousand questions have one
//! context, microseconds otherwise. Leaves out: where vectors come from, and the answer itself: a hit
//! is a fingerprint, and who has nothing under it has no hit.

use std::sync::{PoisonError, RwLock};

use cache::Fingerprint;

use crate::embed::normalise;
use crate::guards::{Guard, Wording, refusal};
use crate::index::{Entry, Index, MOST_DIMENSIONS, Query};
use crate::question::Question;

/// How alike two questions must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rules {
    /// The least similarity of a hit, from 0 to 1.
    pub threshold: f32,
    /// How far the words may differ.
    pub wording: Wording,
}

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Questions.
    pub entries: usize,
    /// What they take in memory, in bytes, with all that surrounds them.
    pub bytes: usize,
}

/// What became of a look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// The question was asked before.
    Hit {
        /// Its answer's.
        fingerprint: Fingerprint,
        /// How alike the two are, from 0 to 1.
        similarity: f32,
    },
    /// A question was near enough, and asks for something else; the oldest of those that are.
    Refused {
        /// Who says so.
        by: Guard,
        /// How alike the two are, from 0 to 1.
        similarity: f32,
    },
    /// Nothing near enough was asked.
    None,
}

/// Where and for how long an answer is good.
#[derive(Debug, Clone, Copy)]
pub struct Keep<'a> {
    /// What the answer is known by.
    pub fingerprint: Fingerprint,
    /// The route it was given on.
    pub route: &'a str,
    /// The model that gave it.
    pub model: &'a str,
    /// When it was given, in Unix milliseconds.
    pub now_ms: u64,
    /// Its end, in Unix milliseconds.
    pub expires_at_ms: u64,
}

/// Which entries are to go: those that all that is set here is true of.
#[derive(Debug, Clone, Copy, Default)]
pub struct Purge<'a> {
    /// Of this route.
    pub route: Option<&'a str>,
    /// Of this model.
    pub model: Option<&'a str>,
    /// Kept before this, in Unix milliseconds.
    pub kept_before_ms: Option<u64>,
    /// Whose end is not behind this, in Unix milliseconds.
    pub expired_at_ms: Option<u64>,
}

/// A vector that can't be compared with the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadVector {
    /// It is of another model.
    #[error(
        "the vector has {found} numbers, and those before it {expected}: it was made by another model"
    )]
    Dimensions {
        /// Numbers in it.
        found: usize,
        /// Numbers in the others.
        expected: usize,
    },
    /// It has no direction.
    #[error("the vector is all zeros, or has a number that is not finite")]
    NoDirection,
}

/// Questions that were asked.
pub struct Tier {
    dimensions: usize,
    rules: Rules,
    index: RwLock<Index>,
}

impl Rules {
    /// For vectors made of words ([`crate::Lexical`]). Chosen on `pairs/`: of pairs that the guards let
    /// through none is below 0.9, and none that asks for something else is let through.
    pub const LEXICAL: Rules = Rules {
        threshold: 0.90,
        wording: Wording::Same,
    };
    /// For vectors of a model, here or at an endpoint. A cautious guess that no model was measured
    /// for: the shadow's count is what to go by.
    pub const MODEL: Rules = Rules {
        threshold: 0.93,
        wording: Wording::Reworded,
    };
}

impl Default for Limits {
    /// A hundred thousand questions, 128 MiB.
    fn default() -> Limits {
        Limits {
            entries: 100_000,
            bytes: 128 << 20,
        }
    }
}

impl Tier {
    /// For vectors of `dimensions` numbers (4,096 at most), all of one embedder: another one has a
    /// tier of its own.
    pub fn new(dimensions: usize, rules: Rules, limits: Limits) -> Result<Tier, BadVector> {
        if dimensions == 0 || dimensions > MOST_DIMENSIONS {
            return Err(BadVector::Dimensions {
                found: dimensions,
                expected: MOST_DIMENSIONS,
            });
        }
        Ok(Tier {
            dimensions,
            rules,
            index: RwLock::new(Index::new(dimensions, limits.entries, limits.bytes)),
        })
    }

    /// Whether `question` was asked before. `vector` is of its text, of any length but zero.
    pub fn lookup(
        &self,
        question: &Question,
        vector: &[f32],
        now_ms: u64,
    ) -> Result<Verdict, BadVector> {
        let query = Query::new(&self.upright(vector)?);
        let Rules { threshold, wording } = self.rules;
        let refused = |entry: &Entry| refusal(&question.marks, &entry.marks, wording);
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let wanted = |entry: &Entry| refused(entry).is_none();
        let asked = (&query, question.marks.in_one());
        let (hit, nearest) = index.nearest(&question.context, asked, threshold, now_ms, wanted);
        if let Some((entry, similarity)) = hit {
            return Ok(Verdict::Hit {
                fingerprint: entry.fingerprint,
                similarity,
            });
        }
        let refused = nearest.and_then(|(entry, similarity)| Some((refused(entry)?, similarity)));
        Ok(match refused {
            Some((by, similarity)) => Verdict::Refused { by, similarity },
            None => Verdict::None,
        })
    }

    /// Keeps a question, so that it is found when it is asked again. Once for each answer: one that
    /// was kept under the same fingerprint makes way.
    pub fn keep(
        &self,
        question: &Question,
        vector: &[f32],
        keep: &Keep<'_>,
    ) -> Result<(), BadVector> {
        let vector = self.upright(vector)?;
        let entry = Entry {
            marks: question.marks.clone(),
            fingerprint: keep.fingerprint,
            route: keep.route.into(),
            model: keep.model.into(),
            kept_at_ms: keep.now_ms,
            expires_at_ms: keep.expires_at_ms,
        };
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        index.keep(question.context, &vector, entry);
        Ok(())
    }

    /// Forgets the question with this answer; whether there was one.
    pub fn forget(&self, fingerprint: &Fingerprint) -> bool {
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        index.remove(fingerprint)
    }

    /// Forgets what `purge` says, or everything where it says nothing; how many those were.
    pub fn purge(&self, purge: &Purge<'_>) -> usize {
        let is_gone = |entry: &Entry| {
            purge.route.is_none_or(|route| *entry.route == *route)
                && purge.model.is_none_or(|model| *entry.model == *model)
                && purge.kept_before_ms.is_none_or(|at| entry.kept_at_ms < at)
                && purge
                    .expired_at_ms
                    .is_none_or(|at| entry.expires_at_ms <= at)
        };
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        index.purge(is_gone)
    }

    /// Questions, and the bytes they take.
    pub fn size(&self) -> (usize, usize) {
        self.index
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .size()
    }

    /// What counts as alike here.
    pub fn rules(&self) -> Rules {
        self.rules
    }

    fn upright(&self, vector: &[f32]) -> Result<Vec<f32>, BadVector> {
        if vector.len() != self.dimensions {
            return Err(BadVector::Dimensions {
                found: vector.len(),
                expected: self.dimensions,
            });
        }
        let mut vector = vector.to_vec();
        normalise(&mut vector)
            .then_some(vector)
            .ok_or(BadVector::NoDirection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::tests::fingerprint;
    use crate::pairs::{hard, paraphrases};
    use crate::question::marks;
    use crate::{Embed as _, Lexical};

    fn question(text: &str, context: u64) -> Option<Question> {
        Some(Question {
            text: text.to_owned(),
            context: fingerprint(context),
            marks: marks(text).ok()?,
        })
    }

    fn vector(text: &str) -> Vec<f32> {
        Lexical.embed(&[text]).expect("vectors").remove(0)
    }

    fn lexical() -> Tier {
        Tier::new(Lexical.dimensions(), Rules::LEXICAL, Limits::default()).expect("a tier")
    }

    fn keep(tier: &Tier, text: &str, n: u64, route: &str, now_ms: u64) {
        let keep = Keep {
            fingerprint: fingerprint(n),
            route,
            model: "gpt",
            now_ms,
            expires_at_ms: now_ms + 1_000,
        };
        let question = question(text, 0).expect("a question");
        tier.keep(&question, &vector(text), &keep).expect("kept");
    }

    fn look(tier: &Tier, text: &str, context: u64) -> Verdict {
        let Some(question) = question(text, context) else {
            return Verdict::None;
        };
        tier.lookup(&question, &vector(text), 0).expect("a verdict")
    }

    /// All hard texts are kept in one tier, each is asked for: only its own answer may come.
    #[test]
    fn no_hard_pair_is_taken_for_one_another_and_many_paraphrases_are() {
        let tier = lexical();
        let pairs = hard();
        let mut wrong = Vec::new();
        for (_, a, b) in &pairs {
            for (kept, asked) in [(a, b), (b, a)] {
                tier.purge(&Purge::default());
                if question(kept, 0).is_some() {
                    keep(&tier, kept, 1, "support", 0);
                }
                if matches!(look(&tier, asked, 0), Verdict::Hit { .. }) {
                    wrong.push(format!("{kept} | {asked}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");

        let paraphrases = paraphrases();
        let mut found = 0;
        for (n, (kept, asked)) in paraphrases.iter().enumerate() {
            tier.purge(&Purge::default());
            if question(kept, 0).is_some() {
                keep(&tier, kept, n as u64, "support", 0);
            }
            found += usize::from(matches!(look(&tier, asked, 0), Verdict::Hit { .. }));
        }
        println!(
            "hard pairs: {} of {} taken for one another; paraphrases: {found} of {} found",
            wrong.len(),
            2 * pairs.len(),
            paraphrases.len()
        );
        assert!(
            found * 10 >= paraphrases.len() * 7,
            "{found} of {}",
            paraphrases.len()
        );
    }

    #[test]
    fn a_look_says_what_it_found_and_who_refused_it() {
        let tier = lexical();
        assert_eq!(look(&tier, "Where is my order 4711?", 0), Verdict::None);
        keep(&tier, "Where is my order 4711?", 1, "support", 0);
        let found = look(&tier, "Hello, where is order 4711?", 0);
        let Verdict::Hit {
            fingerprint: of,
            similarity,
        } = found
        else {
            panic!("{found:?}");
        };
        assert_eq!(of, fingerprint(1));
        assert!(similarity > 0.9 && similarity <= 1.0);
        assert_eq!(
            look(&tier, "Hello, where is order 4711?", 1),
            Verdict::None,
            "another context"
        );
        let long =
            |n| format!("Where is my order {n} with the blue shirt, the long socks and the hat?");
        keep(&tier, &long(1), 2, "support", 0);
        let refused = look(&tier, &long(2), 0);
        assert!(
            matches!(
                refused,
                Verdict::Refused {
                    by: Guard::Numbers,
                    ..
                }
            ),
            "{refused:?}"
        );
        // The nearest is refused; the next one is right.
        keep(&tier, &long(2), 3, "support", 0);
        let found = look(&tier, &long(2), 0);
        assert!(matches!(found, Verdict::Hit { fingerprint: of, .. } if of == fingerprint(3)));
        assert!(tier.forget(&fingerprint(3)) && !tier.forget(&fingerprint(3)));
        assert!(matches!(look(&tier, &long(2), 0), Verdict::Refused { .. }));
    }

    #[test]
    fn what_is_purged_is_what_all_that_was_said_is_true_of() {
        let tier = lexical();
        for (n, (route, at)) in [("a", 0), ("a", 500), ("b", 0), ("b", 500)]
            .into_iter()
            .enumerate()
        {
            keep(
                &tier,
                &format!("Where is my order {n}?"),
                n as u64,
                route,
                at,
            );
        }
        let purge = Purge {
            route: Some("a"),
            kept_before_ms: Some(100),
            ..Purge::default()
        };
        assert_eq!(tier.purge(&purge), 1);
        assert_eq!(
            tier.purge(&Purge {
                model: Some("claude"),
                ..Purge::default()
            }),
            0
        );
        assert_eq!(
            tier.purge(&Purge {
                expired_at_ms: Some(1_000),
                ..Purge::default()
            }),
            1
        );
        assert_eq!(tier.size().0, 2);
        assert_eq!(tier.purge(&Purge::default()), 2);
        assert_eq!(tier.size(), (0, 0));
    }

    #[test]
    fn a_vector_that_can_not_be_compared_is_refused_and_harms_nothing() {
        let tier = Tier::new(3, Rules::MODEL, Limits::default()).expect("a tier");
        let question = question("Where is my order 4711?", 0).expect("a question");
        let look = |vector: &[f32]| tier.lookup(&question, vector, 0);
        let dimensions = BadVector::Dimensions {
            found: 2,
            expected: 3,
        };
        assert_eq!(look(&[1.0, 0.0]), Err(dimensions));
        for bad in [[0.0; 3], [f32::NAN, 0.0, 1.0], [f32::INFINITY, 0.0, 1.0]] {
            assert_eq!(look(&bad), Err(BadVector::NoDirection));
        }
        assert_eq!(
            look(&[1e30, 1e30, 1e-30]),
            Ok(Verdict::None),
            "large is fine"
        );
        assert!(Tier::new(0, Rules::MODEL, Limits::default()).is_err());
        assert!(Tier::new(5_000, Rules::MODEL, Limits::default()).is_err());
    }
}
