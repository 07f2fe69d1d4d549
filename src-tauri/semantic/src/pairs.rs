//! Pairs of questions that people wrote to mislead or to agree, for tests.

use crate::guards::Guard;

/// Look alike and ask for something else, each with a guard that must refuse it.
pub(crate) fn hard() -> Vec<(Guard, &'static str, &'static str)> {
    let lines = lines(include_str!("../pairs/hard.txt"));
    let read = |line: &'static str| {
        let mut parts = line.splitn(3, " | ");
        let mut next = || parts.next().unwrap_or_else(|| panic!("{line}"));
        let guard = next();
        let guard = Guard::ALL.into_iter().find(|one| one.word() == guard);
        (guard.unwrap_or_else(|| panic!("{line}")), next(), next())
    };
    lines.map(read).collect()
}

/// Ask for the same.
pub(crate) fn paraphrases() -> Vec<(&'static str, &'static str)> {
    let lines = lines(include_str!("../pairs/paraphrases.txt"));
    lines
        .map(|line| line.split_once(" | ").unwrap_or_else(|| panic!("{line}")))
        .collect()
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}
