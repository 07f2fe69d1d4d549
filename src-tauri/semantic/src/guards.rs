//! Guards against taking one question for another.
//!
//! Promises: each guard looks at one thing that turns a question into another one however alike the
//! words are, and a pair that one of them refuses is no hit, whatever a vector says. In doubt they
//! refuse: a lost hit costs a call, a wrong one costs trust. Leaves out: what looks alike only in its
//! meaning; that is what vectors are asked about.

use serde::{Deserialize, Serialize};

use crate::Language;
use crate::marks::Marks;

/// What two questions did not agree in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// Another language.
    Language,
    /// Numbers, written or in digits; dates, units, percents.
    Numbers,
    /// Another word is negated, or none.
    Negation,
    /// Code, identifiers, paths, addresses.
    Code,
    /// What stands between quotation marks.
    Quotes,
    /// Names: one of them does not stand in the other question.
    Names,
    /// Words that have a contrary: before, enable, most, first, may.
    Opposites,
    /// To and from, and what they point at.
    Direction,
    /// Who, what, when, where, why, how; asked or told.
    Asking,
    /// Whose it is: mine, yours, theirs.
    Persons,
    /// The same words in another order.
    Order,
    /// One has a word that the other has not.
    Words,
}

/// How far the words of two questions may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wording {
    /// Not at all, but for their order and what says nothing. For vectors made of words: they can't
    /// tell a word that means the same from one that means something else.
    Same,
    /// Told in other words: most of them differ. Where most are the same and some differ, it is what
    /// differs that is asked about ("hotels in Rome", "hotels in Bonn").
    Reworded,
}

/// Words in a question that can be told in others: of two, one is what it is about.
const FEWEST_REWORDED: usize = 3;

impl Guard {
    /// Every guard, in the order in which they are asked.
    pub const ALL: [Guard; 12] = [
        Guard::Language,
        Guard::Numbers,
        Guard::Negation,
        Guard::Code,
        Guard::Quotes,
        Guard::Names,
        Guard::Opposites,
        Guard::Direction,
        Guard::Asking,
        Guard::Persons,
        Guard::Order,
        Guard::Words,
    ];

    /// Its name, as it is serialised.
    pub fn word(self) -> &'static str {
        match self {
            Guard::Language => "language",
            Guard::Numbers => "numbers",
            Guard::Negation => "negation",
            Guard::Code => "code",
            Guard::Quotes => "quotes",
            Guard::Names => "names",
            Guard::Opposites => "opposites",
            Guard::Direction => "direction",
            Guard::Asking => "asking",
            Guard::Persons => "persons",
            Guard::Order => "order",
            Guard::Words => "words",
        }
    }

    /// Whether two questions agree in what this guard looks at.
    pub fn agrees(self, one: &Marks, other: &Marks, wording: Wording) -> bool {
        match self {
            Guard::Language => one.language == other.language,
            Guard::Numbers => one.numbers == other.numbers,
            Guard::Negation => one.negations == other.negations,
            Guard::Code => one.code == other.code,
            Guard::Quotes => one.quotes == other.quotes,
            Guard::Names => has_names(one, other) && has_names(other, one),
            Guard::Opposites => one.poles == other.poles,
            Guard::Direction => one.ways == other.ways,
            Guard::Asking => one.asks == other.asks,
            Guard::Persons => match (one.persons, other.persons) {
                (Some(one), Some(other)) => one == other,
                // "Reset a password" is anybody's.
                _ => true,
            },
            Guard::Order => in_order(one, other),
            Guard::Words => worded(one, other, wording),
        }
    }
}

/// The first guard that refuses to take one for the other.
pub fn refusal(one: &Marks, other: &Marks, wording: Wording) -> Option<Guard> {
    Guard::ALL
        .into_iter()
        .find(|guard| !guard.agrees(one, other, wording))
}

/// Whatever one writes like a name is a word of the other, in whatever case.
fn has_names(one: &Marks, other: &Marks) -> bool {
    one.names.iter().all(|name| other.words.contains(name))
}

/// The words they share stand in the same order, or one begins where the other goes on: "my order,
/// where is it" (a comma or the like says so). German says by cases who does what to whom, so that its words may not move.
fn in_order(one: &Marks, other: &Marks) -> bool {
    let of = |marks: &Marks, shared: &Marks| {
        let words = marks.words.iter().copied();
        words
            .filter(|word| shared.words.contains(word))
            .collect::<Vec<u64>>()
    };
    let (ones, others) = (of(one, other), of(other, one));
    if ones == others || ones.len() != others.len() {
        // One that says a word twice is `worded`'s to judge.
        return ones == others || sorted(&ones) != sorted(&others);
    }
    let may_turn = !matches!(
        one.language,
        Language::German | Language::Chinese | Language::Japanese | Language::Other
    );
    let is_directed = one.is_directed || other.is_directed;
    let is_broken = one.is_broken || other.is_broken;
    may_turn && is_broken && !is_directed && ones.len() > 3 && is_turned(&ones, &others)
}

fn is_turned(one: &[u64], other: &[u64]) -> bool {
    (1..one.len())
        .any(|at| one[at..] == other[..one.len() - at] && one[..at] == other[one.len() - at..])
}

fn worded(one: &Marks, other: &Marks, wording: Wording) -> bool {
    if sorted(&one.words) == sorted(&other.words) {
        return true;
    }
    let is_strange = one.language == Language::Other || other.language == Language::Other;
    let least = one.words.len().min(other.words.len());
    if wording == Wording::Same || is_strange || least < FEWEST_REWORDED {
        return false;
    }
    let shared = one
        .words
        .iter()
        .filter(|word| other.words.contains(word))
        .count();
    let other_way = other
        .words
        .iter()
        .filter(|word| one.words.contains(word))
        .count();
    shared.max(other_way) * 2 < least
}

fn sorted(words: &[u64]) -> Vec<u64> {
    let mut words = words.to_vec();
    words.sort_unstable();
    words
}

#[cfg(test)]
mod tests;
