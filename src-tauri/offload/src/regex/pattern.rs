//! The two engines behind one door.
//!
//! Promises: a compiled pattern is bounded in size, the more the longer the text is, because a linear search
//! costs the product of the two in the worst case; one that backtracks is stopped. Time is looked at between
//! matches.

use std::ops::Range;
use std::time::{Duration, Instant};

use crate::Trouble;
use crate::arguments::{bad_input, too_long, too_much};

/// A compiled pattern may take so much for a short text.
const PROGRAM: usize = 1024 * 1024;
/// A text is short up to here.
const SHORT: usize = 16 * 1024;
/// A compiled pattern may take so much for a text of any length: three Unicode classes.
const SMALL_PROGRAM: usize = 128 * 1024;
/// What a search remembers.
const MEMORY: usize = 4 * 1024 * 1024;
/// The longest text for the engine that backtracks.
const BACKTRACKED: usize = 16 * 1024;
/// How often it may step back in one search.
const BACKTRACKS: usize = 100_000;
/// The most time, looked at between matches.
const LIMIT: Duration = Duration::from_millis(500);

/// A pattern that was read.
pub(super) enum Pattern {
    Linear(regex::Regex),
    Backtracking(Box<fancy_regex::Regex>),
}

/// One match: the whole and its groups, in bytes.
pub(super) struct Found {
    pub(super) groups: Vec<Option<Range<usize>>>,
}

impl Found {
    pub(super) fn whole(&self) -> Range<usize> {
        self.groups.first().cloned().flatten().unwrap_or(0..0)
    }
}

impl Pattern {
    pub(super) fn new(
        pattern: &str,
        flags: &str,
        is_linear: bool,
        length: usize,
    ) -> Result<Pattern, Trouble> {
        if let Some(unknown) = flags.chars().find(|flag| !"imsxu".contains(*flag)) {
            return Err(bad_input(format!(
                "There is no flag `{unknown}`. There are i, m, s, x and u; all matches are taken unless there is a `count`."
            )));
        }
        let has = |flag: char| flags.contains(flag);
        let program = if length <= SHORT {
            PROGRAM
        } else {
            SMALL_PROGRAM
        };
        if is_linear {
            let built = regex::RegexBuilder::new(pattern)
                .case_insensitive(has('i'))
                .multi_line(has('m'))
                .dot_matches_new_line(has('s'))
                .ignore_whitespace(has('x'))
                .size_limit(program)
                .dfa_size_limit(MEMORY)
                .nest_limit(64)
                .build();
            return built.map(Pattern::Linear).map_err(|error| unread(&error));
        }
        if length > BACKTRACKED {
            return Err(too_much(
                "The engine that backtracks takes texts of 16 KiB at most. The linear one takes 1 MiB.",
            ));
        }
        let flags: String = flags.chars().filter(|flag| *flag != 'u').collect();
        let pattern = if flags.is_empty() {
            pattern.to_owned()
        } else {
            // Behind a line end, so that a comment at the end of a pattern with `x` ends.
            let end = if flags.contains('x') { "\n" } else { "" };
            format!("(?{flags}:{pattern}{end})")
        };
        let built = fancy_regex::RegexBuilder::new(&pattern)
            .backtrack_limit(BACKTRACKS)
            .delegate_size_limit(program)
            .delegate_dfa_size_limit(MEMORY)
            .build();
        match built {
            Ok(pattern) => Ok(Pattern::Backtracking(Box::new(pattern))),
            Err(error) => Err(bad_input(format!("The pattern can't be read: {error}."))),
        }
    }

    /// Its groups' names, the whole first.
    pub(super) fn names(&self) -> Vec<Option<&str>> {
        match self {
            Pattern::Linear(pattern) => pattern.capture_names().collect(),
            Pattern::Backtracking(pattern) => pattern.capture_names().collect(),
        }
    }

    /// The first matches: as many as are wanted, and an error where there are more than may be.
    pub(super) fn find(
        &self,
        text: &str,
        wanted: usize,
        most: usize,
    ) -> Result<Vec<Found>, Trouble> {
        let begun = Instant::now();
        let mut all = Vec::new();
        let mut keep = |found: Found| {
            if all.len() == most {
                return Err(too_much(format!(
                    "There are more than {most} matches. Take a shorter text, or a `count`."
                )));
            }
            if begun.elapsed() > LIMIT {
                return Err(too_long(
                    "The search took longer than 500 ms and was stopped.",
                ));
            }
            all.push(found);
            Ok(())
        };
        match self {
            Pattern::Linear(pattern) => {
                for captures in pattern.captures_iter(text).take(wanted) {
                    let groups = captures
                        .iter()
                        .map(|group| group.map(|group| group.range()));
                    keep(Found {
                        groups: groups.collect(),
                    })?;
                }
            }
            Pattern::Backtracking(pattern) => {
                for captures in pattern.captures_iter(text).take(wanted) {
                    let captures = captures.map_err(|error| stopped(&error))?;
                    let groups = captures
                        .iter()
                        .map(|group| group.map(|group| group.range()));
                    keep(Found {
                        groups: groups.collect(),
                    })?;
                }
            }
        }
        Ok(all)
    }
}

fn unread(error: &regex::Error) -> Trouble {
    match error {
        regex::Error::CompiledTooBig(_) => too_much(
            "The pattern is too large for this text once it is compiled: repetitions like `{1000}` multiply, and `\\w` is large. \
             `[a-z]` is smaller.",
        ),
        error => {
            let said = error.to_string();
            if said.contains("look-around") || said.contains("backreferences") {
                return bad_input(
                    "Look-around and backreferences need the engine that backtracks: set `engine` to `backtracking`.",
                );
            }
            // The last line says what it is; those before it draw where.
            let what = said
                .lines()
                .last()
                .unwrap_or("")
                .trim_start_matches("error: ");
            bad_input(format!("The pattern can't be read: {what}."))
        }
    }
}

fn stopped(error: &fancy_regex::Error) -> Trouble {
    match error {
        fancy_regex::Error::RuntimeError(fancy_regex::RuntimeError::BacktrackLimitExceeded) => {
            too_long(format!(
                "The pattern stepped back {BACKTRACKS} times and was stopped. Make it more definite, or use the linear engine."
            ))
        }
        error => too_much(format!("The search was stopped: {error}.")),
    }
}
