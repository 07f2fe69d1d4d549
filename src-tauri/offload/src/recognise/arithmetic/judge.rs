//! Whether an expression could be something else: a date, a score, a range, a size, a ratio, a number to call.
//!
//! Promises: what people write for other things as well is taken for arithmetic only where they say so, with
//! a word that means nothing else (`calculate`, `how much is`) or with `=`. The doubts are a table, in
//! [`judge`]; the first that is met is told.

use super::super::lead::{Asked, Tail};
use super::super::number::Number;
use super::super::place::{Miss, Place};

/// An operator, as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Plus,
    Minus,
    Star,
    /// `×`, `·`.
    Cross,
    /// `x`.
    Letter,
    Slash,
    /// `÷`.
    Obelus,
    Power,
    WordPlus,
    WordMinus,
    WordTimes,
    WordDivided,
}

use Operator::{Cross, Letter, Minus, Plus, Slash, WordDivided, WordMinus, WordPlus, WordTimes};

/// What was seen of an expression.
#[derive(Debug, Default)]
pub(super) struct Seen {
    operators: [u16; 12],
    all: usize,
    numbers: usize,
    /// The first three, where none of them is large or a fraction.
    small: [u32; 3],
    has_large: bool,
    has_doubtful: bool,
    /// There are blanks within.
    pub(super) is_spaced: bool,
    /// A minus stands apart from what is before it, and not from what is behind it.
    pub(super) leans: bool,
    /// A `/` with a blank before it, and one without: `50 / 1/2`.
    pub(super) spaced_slashes: bool,
    pub(super) close_slashes: bool,
    pub(super) signs: usize,
    /// Operators outside of all parentheses: without one, these only surround it all.
    pub(super) outermost: usize,
    pub(super) parentheses: usize,
    pub(super) functions: usize,
    pub(super) factorials: usize,
    pub(super) ends_with_factorial: bool,
}

impl Seen {
    pub(super) fn number(&mut self, number: Number<'_>) {
        match (number.small(), self.small.get_mut(self.numbers)) {
            (Some(value), Some(kept)) => *kept = value,
            _ => self.has_large = true,
        }
        self.numbers += 1;
        self.has_doubtful |= number.is_doubtful;
    }

    pub(super) fn operator(&mut self, operator: Operator) {
        let many = &mut self.operators[operator as usize];
        *many = many.saturating_add(1);
        self.all += 1;
    }

    fn many(&self, operators: &[Operator]) -> usize {
        let many = |operator: &Operator| usize::from(self.operators[*operator as usize]);
        operators.iter().map(many).sum()
    }

    /// There are operators of these kinds, and nothing else.
    fn only(&self, operators: &[Operator]) -> bool {
        let is_grouped = self.parentheses > 0 && self.outermost > 0;
        let is_simple = self.functions + self.factorials == 0 && !is_grouped;
        self.all > 0 && self.many(operators) == self.all && is_simple
    }

    fn has_words(&self) -> bool {
        self.many(&[WordPlus, WordMinus, WordTimes, WordDivided]) > 0
    }

    /// Sums and products are the same in any order.
    fn has_order(&self) -> bool {
        self.all == 1 || self.only(&[WordPlus]) || self.only(&[WordTimes])
    }

    /// `3/4/2025`, `2024-12-25`.
    fn looks_like_a_date(&self) -> bool {
        let years = 1_000..=2_999;
        let [first, _, last] = self.small;
        let has_year = years.contains(&first) || years.contains(&last);
        let is_short = self.only(&[Slash]) && self.small.iter().all(|n| *n < 100);
        (self.only(&[Slash]) || self.only(&[Minus]))
            && self.numbers == 3
            && !self.has_large
            && !self.is_spaced
            && (has_year || is_short)
    }

    /// `555-1234`, `800-555-1234`.
    fn looks_like_a_call(&self) -> bool {
        let [first, second, third] = self.small;
        let (area, last) = if self.numbers == 2 {
            (first, second)
        } else {
            (second, third)
        };
        self.only(&[Minus])
            && matches!(self.numbers, 2 | 3)
            && !self.has_large
            && !self.is_spaced
            && (100..1_000).contains(&area)
            && (1_000..10_000).contains(&last)
    }

    /// `9/11`, `24/7`, `50 / 50`.
    fn looks_like_a_name(&self) -> bool {
        let is_small = self.small.iter().all(|n| *n <= 100);
        self.only(&[Slash]) && self.numbers == 2 && !self.has_large && is_small
    }
}

/// Says what else it could be.
pub(super) fn judge(seen: &Seen, asked: Asked, tail: Tail, place: Place<'_>) -> Result<(), Miss> {
    let is_plain = asked == Asked::Order || tail.equals;
    let is_bare = asked == Asked::Bare && !is_plain;
    let doubts = [
        (
            seen.all + seen.functions + seen.factorials == 0,
            "a number without anything to compute",
        ),
        (seen.looks_like_a_date(), "it could be a date"),
        (seen.looks_like_a_call(), "it could be a number to call"),
        (
            seen.spaced_slashes && seen.close_slashes,
            "its closer `/` could be a fraction",
        ),
        (
            seen.has_words() && !seen.has_order(),
            "several operators, some in words: which comes first?",
        ),
        (
            seen.ends_with_factorial && (seen.all > 0 || is_bare),
            "its `!` could be the end of a sentence",
        ),
        (
            asked == Asked::Bare && seen.has_doubtful,
            "its `,` or `.` is thousands to some and decimals to others",
        ),
        (
            is_bare && seen.has_words() && seen.many(&[WordDivided]) == 0 && !tail.question,
            "nothing says that its value is wanted",
        ),
        (!is_plain && seen.leans, "its `-` could be a sign"),
        (!is_plain && seen.many(&[Letter]) > 0, "it could be a size"),
        (
            !is_plain && seen.only(&[Cross]) && (is_bare || !seen.is_spaced),
            "it could be a size",
        ),
        (
            is_bare && (seen.only(&[Minus]) || seen.only(&[Slash])),
            "it could be a score, a range, a date, a fraction or a number to call",
        ),
        (
            !is_plain && seen.only(&[Minus, Slash]) && !seen.is_spaced,
            "it could be a score, a range, a date, a mixed fraction or a name",
        ),
        (
            !is_plain && seen.looks_like_a_name(),
            "it could be a date, a ratio or a name",
        ),
        (
            is_bare && seen.signs > 0 && seen.only(&[Plus, Minus, Slash]),
            "its sign could be the mark of a list or of a tolerance",
        ),
    ];
    match doubts.iter().find(|(is_met, _)| *is_met) {
        Some((_, why)) => Err(place.doubt(why)),
        None => Ok(()),
    }
}
