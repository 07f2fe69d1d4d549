//! How often tools were of use, by the name that was asked for, since the start.
//! Bounds: 256 names; the rest are counted as one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use routing::NanoUsd;

use super::note::{Checked, ToolNote, ToolWay};

/// The most names that are told apart.
const MOST: usize = 256;
/// Where the others are counted.
const OTHERS: &str = "(others)";

/// Counts of one name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ToolTally {
    /// Answers of tools.
    pub answered: u64,
    /// Answers that would have been, in the shadow.
    pub would_have: u64,
    /// Tasks that a tool could not do and a model was asked.
    pub fell_through: u64,
    /// Calls by models.
    pub calls: u64,
    /// Times that a model disagreed with a tool.
    pub disagreed: u64,
    /// Answers of models whose arithmetic is wrong.
    pub wrong_sums: u64,
    /// What models' answers would have cost, in billionths of a dollar.
    pub saved: NanoUsd,
}

/// The counts.
#[derive(Debug, Default)]
pub(crate) struct Tallies(Mutex<HashMap<String, ToolTally>>);

impl Tallies {
    pub(crate) fn learn(&self, name: &str, note: &ToolNote) {
        let mut tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let name = match tallies.contains_key(name) || tallies.len() < MOST {
            true => name,
            false => OTHERS,
        };
        let tally = tallies.entry(name.to_owned()).or_default();
        match note.way {
            ToolWay::Named | ToolWay::Labelled | ToolWay::Recognised => {
                tally.answered += 1;
                tally.saved = [tally.saved, note.saved].into_iter().sum();
            }
            ToolWay::Shadow => tally.would_have += 1,
            ToolWay::FellThrough => tally.fell_through += 1,
            ToolWay::Offered | ToolWay::Rechecked => {}
        }
        tally.calls += note.calls.iter().filter(|run| run.round > 0).count() as u64;
        tally.disagreed += u64::from(note.checked == Some(Checked::Disagreed));
        tally.wrong_sums += u64::from(note.wrong_sums > 0);
    }

    /// All of them, by name.
    pub(crate) fn told(&self) -> Vec<(String, ToolTally)> {
        let tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut told: Vec<_> = tallies
            .iter()
            .map(|(name, one)| (name.clone(), *one))
            .collect();
        told.sort_by(|(a, _), (b, _)| a.cmp(b));
        told
    }
}
