//! What tools had to do with an exchange, as its receipt has it. No word of the request is in it.

use offload::{Trouble, TroubleKind};
use routing::NanoUsd;
use serde::{Deserialize, Serialize};

use crate::receipt::Basis;

/// The most calls that stand on a receipt.
pub(crate) const MOST_CALLS: usize = 128;

/// What tools had to do with an exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolNote {
    /// How they came into it.
    pub way: ToolWay,
    /// Whose the answer is, or would have been.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// Why, or why a model answers all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What was run, in order of beginning; those of one round ran side by side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<ToolRun>,
    /// Runs beyond those.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_calls: u32,
    /// What all runs cost, in billionths of a dollar.
    #[serde(default)]
    pub cost: NanoUsd,
    /// What a model said of what a tool had found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked: Option<Checked>,
    /// Sums in a model's answer that are wrong.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub wrong_sums: u32,
    /// The model was told of them and answered once more.
    #[serde(default, skip_serializing_if = "is_false")]
    pub corrected: bool,
    /// What a model's answer would have cost, in billionths of a dollar.
    #[serde(default)]
    pub saved: NanoUsd,
    /// How sure that is.
    pub saved_basis: Basis,
    /// Its tokens, in and out, estimated.
    #[serde(default)]
    pub saved_tokens: u64,
}

impl ToolNote {
    pub(crate) fn of(way: ToolWay) -> ToolNote {
        ToolNote {
            way,
            tool: None,
            why: None,
            calls: Vec::new(),
            more_calls: 0,
            cost: NanoUsd::ZERO,
            checked: None,
            wrong_sums: 0,
            corrected: false,
            saved: NanoUsd::ZERO,
            saved_basis: Basis::None,
            saved_tokens: 0,
        }
    }

    /// The answer is a tool's.
    pub fn is_answer(&self) -> bool {
        matches!(
            self.way,
            ToolWay::Named | ToolWay::Labelled | ToolWay::Recognised
        )
    }

    /// Writes a run down. Its place, by which it is ended.
    pub(crate) fn ran(&mut self, run: ToolRun) -> Run {
        let written = Run {
            place: self.calls.len(),
            cost: run.cost,
        };
        self.cost = [self.cost, run.cost].into_iter().sum();
        match self.calls.len() < MOST_CALLS {
            true => self.calls.push(run),
            false => self.more_calls += 1,
        }
        written
    }

    /// What was written down when it began has ended like this.
    pub(crate) fn ended(&mut self, begun: Run, run: ToolRun) {
        self.cost = NanoUsd(self.cost.0 - begun.cost.0 + run.cost.0);
        if let Some(place) = self.calls.get_mut(begun.place) {
            *place = run;
        }
    }
}

/// Where a run that has begun is written down, and at which price.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    place: usize,
    cost: NanoUsd,
}

/// How tools came into an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolWay {
    /// Its model is a tool.
    Named,
    /// Its client labelled the task.
    Labelled,
    /// Its last message is a task, whole.
    Recognised,
    /// It would have been recognised.
    Shadow,
    /// It would have been a tool's, which could not do it: a model was asked.
    FellThrough,
    /// A model was offered them.
    Offered,
    /// A model's arithmetic was done over.
    Rechecked,
}

/// A tool's work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolRun {
    /// Which.
    pub tool: String,
    /// In which round of a model's calls; 0 where no model asked for it.
    pub round: u32,
    /// How long, in microseconds.
    pub took_us: u64,
    /// Why it was not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<ToolTrouble>,
    /// What it cost, in billionths of a dollar.
    #[serde(default)]
    pub cost: NanoUsd,
}

/// Why a tool did not do its work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolTrouble {
    /// The kind, a word.
    pub kind: String,
    /// In a sentence.
    pub message: String,
}

impl ToolRun {
    pub(crate) fn new(tool: &str, round: u32, took_us: u64, trouble: Option<&Trouble>) -> ToolRun {
        ToolRun {
            tool: tool.to_owned(),
            round,
            took_us,
            trouble: trouble.map(|trouble| ToolTrouble {
                kind: trouble.kind.word().to_owned(),
                message: in_general(trouble.kind).to_owned(),
            }),
            cost: NanoUsd::ZERO,
        }
    }

    /// One that has begun, as it stands on the receipt if its caller leaves before it has ended.
    pub(crate) fn begun(tool: &str, round: u32, cost: NanoUsd) -> ToolRun {
        ToolRun {
            tool: tool.to_owned(),
            round,
            took_us: 0,
            trouble: Some(ToolTrouble {
                kind: "given_up".to_owned(),
                message: "Its caller left before it had ended.".to_owned(),
            }),
            cost,
        }
    }
}

/// What went wrong, without a word of the request: a tool's own message may repeat it.
fn in_general(kind: TroubleKind) -> &'static str {
    match kind {
        TroubleKind::BadInput => "What it was given is not what it takes.",
        TroubleKind::NoAnswer => "There was no answer.",
        TroubleKind::TooLong => "Its time was over.",
        TroubleKind::TooMuch => "It wanted more than it may have.",
        TroubleKind::NotGranted => "It was not granted.",
        TroubleKind::Unavailable => "It could not work.",
    }
}

/// What a model said of what a tool had found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checked {
    /// It agreed, and worded it.
    Agreed,
    /// It disagreed: the tool's result was told.
    Disagreed,
    /// What it said was of no use, or nobody answered: the tool's result was told.
    Unusable,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands the field by reference"
)]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands the field by reference"
)]
fn is_false(flag: &bool) -> bool {
    !*flag
}
