//! The two engines behind one door.
//!
//! Promises: a compiled pattern is bounded in size, the more the longer the text is, because a linear search
//! costs the product of the two in the worst case; time is looked at between matches. One that backtracks has a
//! process of its own (`sandbox`), which is killed when it is late: what it costs can't be told beforehand, and its
//! own count of steps leaves out what it looks at in one.

use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

use speech::errand::{Errand, Search, Seen};

use crate::arguments::{bad_input, too_long, too_much};
use crate::errand::{self, Lost};
use crate::{Trouble, TroubleKind};

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
/// The most time for the engine that backtracks.
const BACKTRACKING: Duration = Duration::from_secs(1);
/// The most time, looked at between matches.
const LIMIT: Duration = Duration::from_millis(500);

/// A pattern that was read.
pub(super) enum Pattern {
    Linear(regex::Regex),
    Backtracked(Backtracked),
}

/// What the engine that backtracks has found.
pub(super) struct Backtracked {
    names: Vec<Option<String>>,
    found: Vec<Found>,
}

/// One match: the whole and its groups, in bytes.
#[derive(Clone)]
pub(super) struct Found {
    pub(super) groups: Vec<Option<Range<usize>>>,
}

impl Found {
    pub(super) fn whole(&self) -> Range<usize> {
        self.groups.first().cloned().flatten().unwrap_or(0..0)
    }
}

impl Pattern {
    /// Reads it for the linear engine.
    pub(super) fn new(pattern: &str, flags: &str, length: usize) -> Result<Pattern, Trouble> {
        known(flags)?;
        let has = |flag: char| flags.contains(flag);
        let program = if length <= SHORT {
            PROGRAM
        } else {
            SMALL_PROGRAM
        };
        let built = regex::RegexBuilder::new(pattern)
            .case_insensitive(has('i'))
            .multi_line(has('m'))
            .dot_matches_new_line(has('s'))
            .ignore_whitespace(has('x'))
            .size_limit(program)
            .dfa_size_limit(MEMORY)
            .nest_limit(64)
            .build();
        built.map(Pattern::Linear).map_err(|error| unread(&error))
    }

    /// Searches with the engine that backtracks.
    pub(super) async fn backtracked(
        program: &Path,
        pattern: &str,
        flags: &str,
        text: &str,
        wanted: usize,
        most: usize,
    ) -> Result<Pattern, Trouble> {
        known(flags)?;
        if text.len() > BACKTRACKED {
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
        let search = Search {
            pattern,
            text: text.to_owned(),
            wanted,
            most,
            steps: BACKTRACKS,
        };
        let unavailable = |message: String| Trouble::new(TroubleKind::Unavailable, message);
        let seen = errand::run(program, &Errand::Search, &search, BACKTRACKING).await;
        let seen = seen.map_err(|lost| match lost {
            Lost::Late => too_long(
                "The pattern ran for 1 s and was stopped. Make it more definite, or use the linear engine.",
            ),
            Lost::Memory => too_much("The search wanted more memory than it may have."),
            Lost::Start(why) => unavailable(format!(
                "The engine that backtracks can't be used: `signalbox-sandbox` could not be started ({why})."
            )),
            Lost::Died => unavailable("The search broke off. Ask again.".to_owned()),
        })?;
        let (names, groups) = match seen {
            Seen::Matches { names, groups } => (names, groups),
            Seen::Refused(refused) => return Err(refused.into()),
        };
        let is_place = |place: &Range<usize>| text.get(place.clone()).is_some();
        let found: Option<Vec<Found>> = groups
            .into_iter()
            .map(|groups| {
                let groups: Vec<_> = groups
                    .into_iter()
                    .map(|group| group.map(|(from, to)| from..to))
                    .collect();
                let are_places = groups.iter().flatten().all(is_place);
                are_places.then_some(Found { groups })
            })
            .collect();
        let found =
            found.ok_or_else(|| unavailable("The search broke off. Ask again.".to_owned()))?;
        Ok(Pattern::Backtracked(Backtracked { names, found }))
    }

    /// Its groups' names, the whole first.
    pub(super) fn names(&self) -> Vec<Option<&str>> {
        match self {
            Pattern::Linear(pattern) => pattern.capture_names().collect(),
            Pattern::Backtracked(done) => done.names.iter().map(Option::as_deref).collect(),
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
        let mut all: Vec<Found> = Vec::new();
        if let Pattern::Backtracked(done) = self {
            return Ok(done.found.clone());
        }
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
        if let Pattern::Linear(pattern) = self {
            for captures in pattern.captures_iter(text).take(wanted) {
                let groups = captures
                    .iter()
                    .map(|group| group.map(|group| group.range()));
                keep(Found {
                    groups: groups.collect(),
                })?;
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

fn known(flags: &str) -> Result<(), Trouble> {
    match flags.chars().find(|flag| !"imsxu".contains(*flag)) {
        None => Ok(()),
        Some(unknown) => Err(bad_input(format!(
            "There is no flag `{unknown}`. There are i, m, s, x and u; all matches are taken unless there is a `count`."
        ))),
    }
}
