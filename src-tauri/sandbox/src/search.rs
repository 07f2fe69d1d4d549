//! One search with the engine that backtracks. How long it takes can't be told from what it is: whoever started
//! this process ends it.

use fancy_regex::{Error, RegexBuilder, RuntimeError};
use speech::errand::{Refused, Search, Seen, Why};

use crate::lock::Held;

/// What a part of the pattern may take that needs no backtracking, compiled.
const PROGRAM: usize = 1024 * 1024;
/// What the search of such a part remembers.
const MEMORY: usize = 4 * 1024 * 1024;

/// The most groups of all matches together.
const MOST_GROUPS: usize = 200_000;

/// What it may have: memory, and a little time.
pub(crate) fn held() -> Held {
    Held {
        space: 256 * 1024 * 1024,
        processor: 3,
        grows: 0,
        reads: Vec::new(),
        writes: Vec::new(),
    }
}

/// What is found.
pub(crate) fn seen(search: &Search) -> Seen {
    found(search).unwrap_or_else(Seen::Refused)
}

fn found(search: &Search) -> Result<Seen, Refused> {
    let pattern = RegexBuilder::new(&search.pattern)
        .backtrack_limit(search.steps)
        .delegate_size_limit(PROGRAM)
        .delegate_dfa_size_limit(MEMORY)
        .build()
        .map_err(|error| {
            Refused::new(
                Why::BadInput,
                format!("The pattern can't be read: {error}."),
            )
        })?;
    let names = pattern.capture_names();
    let names = names.map(|name| name.map(str::to_owned)).collect();
    let (mut groups, mut room) = (Vec::new(), MOST_GROUPS);
    for captures in pattern.captures_iter(&search.text).take(search.wanted) {
        let captures = captures.map_err(|error| stopped(&error, search.steps))?;
        if groups.len() == search.most {
            let message = format!(
                "There are more than {} matches. Take a shorter text, or a `count`.",
                search.most
            );
            return Err(Refused::new(Why::TooMuch, message));
        }
        room = room.checked_sub(captures.len()).ok_or_else(|| {
            let message = format!("The matches have more than {MOST_GROUPS} groups. Take a shorter text, or a `count`.");
            Refused::new(Why::TooMuch, message)
        })?;
        let places = captures
            .iter()
            .map(|group| group.map(|group| (group.start(), group.end())));
        groups.push(places.collect());
    }
    Ok(Seen::Matches { names, groups })
}

fn stopped(error: &Error, steps: usize) -> Refused {
    match error {
        Error::RuntimeError(RuntimeError::BacktrackLimitExceeded) => Refused::new(
            Why::TooLong,
            format!(
                "The pattern stepped back {steps} times and was stopped. Make it more definite, or use the linear engine."
            ),
        ),
        error => Refused::new(Why::TooMuch, format!("The search was stopped: {error}.")),
    }
}
