//! Cache marks as `cachePoint` blocks.
//!
//! Promises: at most four; where there are more, the earliest outside the system text go
//! first. A mark with a long life never follows one with a short life, which is refused.

use serde_json::{Value, json};

use super::family::Family;
use crate::hub::{CacheMark, Kind, Lifetime, Message, Notes, Part, Tool};

/// The most marks that Claude and Nova take.
const MOST: usize = 4;

/// The marks of one request, asked for in the order they are written: tools, system text, turns.
#[derive(Debug)]
pub(super) struct Marks {
    /// What is to become of each mark, next one last.
    left: Vec<Option<Lifetime>>,
}

impl Marks {
    /// Looks through what will be written, in that order.
    pub(super) fn plan(
        tools: &[Tool],
        system: &[Message],
        turns: &[Message],
        family: Family,
        notes: &mut Notes,
    ) -> Marks {
        let of_parts = |messages: &[Message], is_system| {
            messages
                .iter()
                .flat_map(|message| &message.parts)
                .filter_map(of_part)
                .map(|mark| (is_system, Some(mark.lifetime)))
                .collect::<Vec<_>>()
        };
        let mut marks: Vec<(bool, Option<Lifetime>)> = tools
            .iter()
            .filter_map(|tool| tool.cache)
            .map(|mark| {
                (
                    false,
                    family.takes_tool_cache_points().then_some(mark.lifetime),
                )
            })
            .collect();
        marks.extend(of_parts(system, true));
        marks.extend(of_parts(turns, false));
        if !family.takes_cache_points() {
            marks.iter_mut().for_each(|mark| mark.1 = None);
        }
        thin_out(&mut marks);
        if marks.iter().any(|mark| mark.1.is_none()) {
            notes.dropped(
                "cache_control",
                "The model takes fewer cache marks than were set.",
            );
        }
        settle_lifetimes(&mut marks, family, notes);
        Marks {
            left: marks.into_iter().rev().map(|mark| mark.1).collect(),
        }
    }

    /// The block behind a marked tool or part; `None` when it has no mark, or the mark was given up.
    pub(super) fn block(&mut self, mark: Option<CacheMark>) -> Option<Value> {
        mark?;
        match self.left.pop().flatten()? {
            Lifetime::Short => Some(json!({"cachePoint": {"type": "default"}})),
            Lifetime::Long => Some(json!({"cachePoint": {"type": "default", "ttl": "1h"}})),
        }
    }
}

/// The mark of a part. One inside a tool's result, where no block can stand, moves behind it; a
/// thought cannot end a cached prefix.
pub(super) fn of_part(part: &Part) -> Option<CacheMark> {
    match &part.kind {
        Kind::Reasoning(_) => None,
        Kind::ToolResult(result) => part
            .cache
            .or_else(|| result.parts.iter().rev().find_map(|part| part.cache)),
        _ => part.cache,
    }
}

fn thin_out(marks: &mut [(bool, Option<Lifetime>)]) {
    for system_too in [false, true] {
        let mut spare = marks
            .iter()
            .filter(|mark| mark.1.is_some())
            .count()
            .saturating_sub(MOST);
        for mark in marks.iter_mut() {
            if spare > 0 && mark.1.is_some() && (system_too || !mark.0) {
                mark.1 = None;
                spare -= 1;
            }
        }
    }
}

fn settle_lifetimes(marks: &mut [(bool, Option<Lifetime>)], family: Family, notes: &mut Notes) {
    // Nova has the short life only.
    let mut short_only = family == Family::Nova;
    for mark in marks.iter_mut().filter_map(|mark| mark.1.as_mut()) {
        match mark {
            Lifetime::Short => short_only = true,
            Lifetime::Long if short_only => {
                *mark = Lifetime::Short;
                notes.degraded(
                    "cache_control.ttl",
                    "The mark has the default lifetime: a long one is not taken at this place.",
                );
            }
            Lifetime::Long => {}
        }
    }
}
