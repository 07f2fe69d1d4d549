//! What the tools may touch. Nothing is granted that does not stand here.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// All that was granted, as one config snapshot has it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Grants {
    /// SQLite files that may be read, by name.
    pub databases: BTreeMap<String, Database>,
    /// Commands that may be run, by name.
    pub checks: BTreeMap<String, Check>,
    /// MCP servers, by name.
    pub servers: BTreeMap<String, Server>,
    /// What code may do beyond computing.
    pub interpreters: Interpreters,
}

/// A SQLite file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Absolute.
    pub path: PathBuf,
    /// The most rows of an answer.
    pub rows: usize,
    /// The most time for a statement.
    pub limit: Duration,
}

/// A command with its arguments. No shell reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The program and its arguments; never empty.
    pub command: Vec<String>,
    /// Absolute: where it runs.
    pub folder: PathBuf,
    /// Names of environment variables that it sees, beside the few it needs to run at all.
    pub environment: Vec<String>,
    /// The most time.
    pub limit: Duration,
}

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
        /// Absolute; the home of nothing where absent.
        folder: Option<PathBuf>,
        /// Names of environment variables that it sees.
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

/// What code may do beyond computing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interpreters {
    /// It may ask what time it is.
    pub clock: bool,
    /// It may ask for chance.
    pub chance: bool,
    /// Absolute: files that Python may read.
    pub folders: Vec<PathBuf>,
}
