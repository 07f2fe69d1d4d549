//! What tools may do with requests: everywhere, and of one alias.
//!
//! Leaves out how it is written down (`host`), and what the tools may touch (`offload::Grants`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use offload::{Grants, Tool};
use serde::{Deserialize, Serialize};

/// The tools as one config has them.
#[derive(Debug, Clone, Default)]
pub struct Tools {
    /// What they may touch.
    pub grants: Arc<Grants>,
    /// Those that nobody may use.
    pub off: BTreeSet<Tool>,
    /// Whose price a task is compared with that was given to a tool by its name.
    pub instead_of: Option<String>,
    /// Where an alias does not say it.
    pub usual: Arc<ToolRule>,
    /// By alias.
    pub by_alias: BTreeMap<String, Arc<ToolRule>>,
}

impl Tools {
    /// The rule for requests that name this model.
    pub fn rule(&self, model: &str) -> &Arc<ToolRule> {
        self.by_alias.get(model).unwrap_or(&self.usual)
    }

    /// Whether a model may be offered this tool by the rule, or anybody may use it at all.
    pub fn has(&self, tool: &Tool) -> bool {
        !self.off.contains(tool)
    }
}

/// What tools may do with the requests of one name.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolRule {
    /// Whether a message that is a task, whole, is taken for one.
    pub recognise: Recognition,
    /// Tools that models are offered: names, the last letter of which may be a star.
    pub offer: Vec<String>,
    /// How often a model may be asked again after its calls.
    pub rounds: u32,
    /// What becomes of a task that a label named and the tool could not do.
    pub on_failure: OnFailure,
    /// The model that checks and words what a tool has found.
    pub verify: Option<String>,
    /// What becomes of arithmetic in a model's answer that is wrong.
    pub recheck: Recheck,
}

impl Default for ToolRule {
    fn default() -> Self {
        ToolRule {
            recognise: Recognition::Off,
            offer: Vec::new(),
            rounds: 8,
            on_failure: OnFailure::Error,
            verify: None,
            recheck: Recheck::Off,
        }
    }
}

impl ToolRule {
    /// Whether models are offered this tool.
    pub fn offers(&self, tool: &Tool) -> bool {
        let name = tool.to_string();
        self.offer.iter().any(|one| match one.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => *one == name,
        })
    }
}

impl ToolRule {
    /// Whether models may be offered a tool of this server.
    pub fn offers_of(&self, server: &str) -> bool {
        let beginning = format!("mcp/{server}/");
        self.offer.iter().any(|one| match one.strip_suffix('*') {
            Some(start) => start.starts_with(&beginning) || beginning.starts_with(start),
            None => one.starts_with(&beginning),
        })
    }
}

/// Whether tasks are recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Recognition {
    /// No.
    #[default]
    Off,
    /// They are counted and left to the model.
    Shadow,
    /// They are.
    On,
}

/// What becomes of a task that a tool could not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// Its client is told.
    #[default]
    Error,
    /// A model is asked.
    Model,
}

/// What becomes of wrong arithmetic in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Recheck {
    /// Nobody looks.
    #[default]
    Off,
    /// The receipt says so.
    Flag,
    /// The model is told and asked once more.
    Correct,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_names_tools_or_their_beginnings() {
        let rule = ToolRule {
            offer: vec!["calculator".to_owned(), "mcp/docs/*".to_owned()],
            ..ToolRule::default()
        };
        let of_a_server = |server: &str| Tool::Mcp {
            server: server.to_owned(),
            tool: "search".to_owned(),
        };
        assert!(rule.offers(&Tool::Calculator) && rule.offers(&of_a_server("docs")));
        assert!(!rule.offers(&Tool::Regex) && !rule.offers(&of_a_server("docs2")));
        assert!(rule.offers_of("docs") && !rule.offers_of("docs2") && !rule.offers_of("doc"));
    }
}
