//! How a server is reached, and what of it may be used.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// An MCP server.
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    /// How it is reached.
    pub transport: Transport,
    /// Names of its tools that may be called; a name may end in `*`. Empty: none.
    pub allow: Vec<String>,
    /// The most time for a call.
    pub limit: Duration,
    /// What a call costs, in billionths of a dollar, by tool; `*` stands for the others.
    pub nano_usd_a_call: BTreeMap<String, u64>,
    /// It stays on this machine and network: what must not leave may be sent to it.
    pub local: bool,
}

/// How an MCP server is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transport {
    /// A program that is started, spoken to over its standard streams.
    Program {
        /// The program and its arguments; never empty.
        command: Vec<String>,
        /// Absolute: where it runs. The folder for temporary files where absent.
        folder: Option<PathBuf>,
        /// Names of environment variables that it sees, beside the few it needs to run at all.
        environment: Vec<String>,
    },
    /// Streamable HTTP.
    Http {
        /// Its address.
        url: String,
        /// The name of an environment variable that holds a bearer token.
        token_from: Option<String>,
    },
}

impl Server {
    /// Whether this tool may be called.
    pub fn allows(&self, tool: &str) -> bool {
        let fits = |allowed: &String| match allowed.strip_suffix('*') {
            Some(beginning) => tool.starts_with(beginning),
            None => tool == allowed,
        };
        self.allow.iter().any(fits)
    }

    /// What a call of this tool costs, in billionths of a dollar.
    pub fn nano_usd(&self, tool: &str) -> u64 {
        let price = self.nano_usd_a_call.get(tool);
        price
            .or_else(|| self.nano_usd_a_call.get("*"))
            .copied()
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(allow: &[&str]) -> Server {
        Server {
            transport: Transport::Http {
                url: "http://localhost/".to_owned(),
                token_from: None,
            },
            allow: allow.iter().map(|name| (*name).to_owned()).collect(),
            limit: Duration::from_secs(1),
            nano_usd_a_call: BTreeMap::from([("search".to_owned(), 7), ("*".to_owned(), 3)]),
            local: true,
        }
    }

    #[test]
    fn only_what_stands_on_the_list_is_allowed() {
        assert!(!server(&[]).allows("search"));
        assert!(server(&["docs_*", "search"]).allows("search"));
        assert!(server(&["docs_*"]).allows("docs_read"));
        assert!(server(&["docs_*"]).allows("docs_"));
        assert!(!server(&["docs_*"]).allows("docs"));
        assert!(!server(&["sea"]).allows("search"));
        assert!(
            !server(&["s*h"]).allows("search"),
            "a star counts at the end only"
        );
        assert!(server(&["*"]).allows("search"));
    }

    #[test]
    fn a_call_costs_what_its_tool_costs_or_what_the_others_do() {
        assert_eq!(server(&[]).nano_usd("search"), 7);
        assert_eq!(server(&[]).nano_usd("read"), 3);
    }
}
