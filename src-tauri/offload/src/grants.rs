//! What the tools may touch. Nothing is granted that does not stand here.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use mcp::Server;

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

/// What code may do beyond computing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interpreters {
    /// It may ask what time it is.
    pub clock: bool,
    /// It may ask for chance.
    pub chance: bool,
    /// Absolute: files that Python may read.
    pub folders: Vec<PathBuf>,
    /// No code is run where the system lacks one of the locks around it.
    pub require_locks: bool,
}
