//! Where the tools are used: one door to all of them.

use std::path::PathBuf;

use serde_json::Value;
use speech::Language;

use crate::checks::{self, Checks};
use crate::interpreters::{self, Bounds, Sandboxes};
use crate::lookup::{self, Lookups};
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
pub struct Workshop {
    sandboxes: Sandboxes,
    lookups: Lookups,
    checks: Checks,
}

impl Workshop {
    /// Empty and at rest: nothing is started before it is asked for. Code of others is run by the program
    /// `signalbox-sandbox`, which is here; where it is nowhere, none is.
    pub fn new(sandbox: Option<PathBuf>) -> Workshop {
        Workshop {
            sandboxes: Sandboxes::new(sandbox, Bounds::default()),
            lookups: Lookups::new(),
            checks: Checks::new(),
        }
    }

    /// What may be asked for, given these grants. Servers that have not been asked yet, or don't answer, are
    /// left out.
    pub async fn specs(&self, grants: &Grants) -> Vec<Spec> {
        let mut specs = Vec::new();
        if self.sandboxes.are_there() {
            specs.push(interpreters::spec(Language::Python, &grants.interpreters));
            specs.push(interpreters::spec(
                Language::JavaScript,
                &grants.interpreters,
            ));
        }
        specs.extend(lookup::spec(grants));
        specs.extend(checks::spec(grants));
        specs
    }

    /// Does a task.
    ///
    /// # Errors
    /// It could not be done, for the reason that is said.
    pub async fn run(&self, grants: &Grants, ask: Ask) -> Result<Done, Trouble> {
        let Ask {
            tool,
            arguments,
            client,
        } = ask;
        let code = |language| {
            self.sandboxes
                .run(&grants.interpreters, language, &arguments, &client)
        };
        match tool {
            Tool::Python => code(Language::Python).await,
            Tool::JavaScript => code(Language::JavaScript).await,
            Tool::Sql => self.lookups.run(grants, &arguments).await,
            Tool::Check => self.checks.run(grants, &arguments).await,
            _ => unreachable!("not wired yet"),
        }
    }
}
