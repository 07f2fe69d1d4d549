//! What two questions must have in common.
//!
//! Promises: small (a few hundred bytes), made once from a question and kept in its place: the guards
//! need no text. Leaves out: which of them must agree (`guards`).

use crate::Language;
use crate::hash;
use crate::reading::{Item, Reading};

/// The most words that say something in a question. What is longer tells a story, and two stories
/// that are alike are not the same.
pub(crate) const MOST_WORDS: usize = 64;

/// What of a question must agree with another's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    pub(crate) language: Language,
    /// Numbers, units, dates, in their order.
    pub(crate) numbers: u64,
    /// Negations, each with the word it turns.
    pub(crate) negations: u64,
    pub(crate) code: u64,
    pub(crate) quotes: u64,
    /// Ends of something that has two: before, after; may, must.
    pub(crate) poles: u64,
    /// To, from, than, each with the word it points at.
    pub(crate) ways: u64,
    /// Who, what, when; and whether it asks at all.
    pub(crate) asks: u64,
    /// Me, you, they, in their order; `None` where nobody is named.
    pub(crate) persons: Option<u64>,
    /// It is in two parts, of which the other may begin.
    pub(crate) is_broken: bool,
    /// It has a direction.
    pub(crate) is_directed: bool,
    /// What is written like a name.
    pub(crate) names: Box<[u64]>,
    /// All that says something, in its order.
    pub(crate) words: Box<[u64]>,
}

impl Marks {
    /// Of a reading.
    pub(crate) fn of(reading: &Reading) -> Marks {
        let items = &reading.items;
        let values = items.iter().filter_map(|item| match item {
            Item::Value(text) | Item::Unit(text) => Some(text.as_str()),
            _ => None,
        });
        let code = items.iter().filter_map(|item| match item {
            Item::Code(text) => Some(text.as_str()),
            _ => None,
        });
        let quotes = items.iter().filter_map(|item| match item {
            Item::Quoted(text) => Some(text.as_str()),
            _ => None,
        });
        let poles = items.iter().filter_map(|item| match item {
            Item::Pole(name) => Some(*name),
            _ => None,
        });
        let asks = items.iter().filter_map(|item| match item {
            Item::Ask(name) => Some(*name),
            _ => None,
        });
        let asked = if reading.is_question { "?" } else { "" };
        let words = items.iter().filter_map(Item::said);
        let mut names: Vec<u64> = reading.names.iter().map(|name| hash::of(name)).collect();
        names.sort_unstable();
        names.dedup();
        Marks {
            language: reading.language,
            numbers: hash::of_all(values),
            negations: hash::of_all(negations(items).flat_map(|(way, word)| [way, word])),
            code: hash::of_all(code),
            quotes: hash::of_all(quotes),
            poles: set(poles),
            ways: pairs(ways(items)),
            asks: set(asks.chain([asked])),
            persons: persons(items),
            is_broken: reading.is_broken,
            is_directed: items.iter().any(is_directed),
            names: names.into(),
            words: words.map(hash::of).collect(),
        }
    }

    /// All that must be equal, in one number: two that differ here are refused, whatever else.
    pub(crate) fn in_one(&self) -> u64 {
        let Marks {
            language,
            numbers,
            negations,
            code,
            quotes,
            poles,
            ways,
            asks,
            // Those that are compared in another way.
            persons: _,
            is_broken: _,
            is_directed: _,
            names: _,
            words: _,
        } = self;
        let parts = [
            *language as u64,
            *numbers,
            *negations,
            *code,
            *quotes,
            *poles,
            *ways,
            *asks,
        ];
        hash::join(parts)
    }

    /// Bytes beside the value itself.
    pub(crate) fn bytes(&self) -> usize {
        8 * (self.names.len() + self.words.len())
    }
}

fn set<'a>(names: impl Iterator<Item = &'a str>) -> u64 {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    hash::of_all(names)
}

/// The word each negation turns: the next that says something, or the last one before it.
fn negations(items: &[Item]) -> impl Iterator<Item = (&str, &str)> {
    items.iter().enumerate().filter_map(|(at, item)| {
        let Item::Not(name) = item else { return None };
        let behind = items[at..].iter().find_map(Item::said);
        let before = || items[..at].iter().rev().find_map(Item::said);
        Some((*name, behind.or_else(before).unwrap_or("")))
    })
}

fn ways(items: &[Item]) -> impl Iterator<Item = (&str, &str)> {
    items
        .iter()
        .enumerate()
        .filter_map(|(at, item)| match item {
            Item::Way(name) => Some((*name, items[at..].iter().find_map(Item::said).unwrap_or(""))),
            _ => None,
        })
}

/// Those that say who does what to whom; the others say where and how.
fn is_directed(item: &Item) -> bool {
    const DIRECTED: &[&str] = &[
        "to", "from", "into", "than", "by", "versus", "against", "behalf",
    ];
    matches!(item, Item::Way(name) if DIRECTED.contains(name))
}

/// From here to there is to there from here.
fn pairs<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> u64 {
    let mut pairs: Vec<(&str, &str)> = pairs.collect();
    pairs.sort_unstable();
    hash::of_all(pairs.into_iter().flat_map(|(way, word)| [way, word]))
}

/// "Can I ask you" is not "can you ask me", and "I reset my password" speaks of one person.
fn persons(items: &[Item]) -> Option<u64> {
    let named = items.iter().filter_map(|item| match item {
        Item::Who(name) => Some(*name),
        _ => None,
    });
    let mut named: Vec<&str> = named.collect();
    named.dedup();
    (!named.is_empty()).then(|| hash::of_all(named))
}
