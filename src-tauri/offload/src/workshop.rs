//! Where the tools are used: one door to all of them.

use serde_json::Value;

use crate::{Done, Grants, Spec, Tool, Trouble, servers};

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
    servers: mcp::Servers,
}

impl Default for Workshop {
    fn default() -> Workshop {
        Workshop::new()
    }
}

impl Workshop {
    /// Empty and at rest: nothing is started before it is asked for.
    pub fn new() -> Workshop {
        Workshop {
            servers: mcp::Servers::new(),
        }
    }

    /// What may be asked for, given these grants. Servers that have not been asked yet, or don't answer, are
    /// left out.
    pub async fn specs(&self, grants: &Grants) -> Vec<Spec> {
        let of_servers = grants
            .servers
            .iter()
            .map(|(name, server)| servers::specs(&self.servers, name, server));
        futures_util::future::join_all(of_servers)
            .await
            .into_iter()
            .flatten()
            .collect()
    }

    /// Does a task.
    ///
    /// # Errors
    /// It could not be done, for the reason that is said.
    pub async fn run(&self, grants: &Grants, ask: Ask) -> Result<Done, Trouble> {
        match ask.tool {
            Tool::Mcp { server, tool } => {
                let granted = grants.servers.get(&server);
                servers::run(&self.servers, granted, &server, &tool, ask.arguments).await
            }
            _ => unreachable!("not wired yet"),
        }
    }
}
