//! What tools had to do with an exchange, as its receipt has it. No word of the request is in it.

use offload::{Tool, Trouble};
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

    pub(crate) fn ran(&mut self, run: ToolRun) {
        if self.calls.len() < MOST_CALLS {
            self.calls.push(run);
        }
    }
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
    pub(crate) fn new(tool: &Tool, round: u32, took_us: u64, trouble: Option<&Trouble>) -> ToolRun {
        /// The longest message on a receipt, in characters.
        const LONGEST: usize = 300;
        ToolRun {
            tool: tool.to_string(),
            round,
            took_us,
            trouble: trouble.map(|trouble| ToolTrouble {
                kind: trouble.kind.word().to_owned(),
                message: trouble.message.chars().take(LONGEST).collect(),
            }),
            cost: NanoUsd::ZERO,
        }
    }

    /// One that has begun, as it stands on the receipt if its caller leaves before it has ended.
    pub(crate) fn begun(tool: &Tool, round: u32, cost: NanoUsd) -> ToolRun {
        ToolRun {
            tool: tool.to_string(),
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
