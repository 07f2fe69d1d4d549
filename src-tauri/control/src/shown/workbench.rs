//! What is asked of the tools here: to be tried, granted, ruled and switched; and what comes of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use super::InterpretersGrant;

/// A task for a tool: a plain text, or arguments.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(optional_fields)]
pub struct RunTool {
    /// Which: `calculator`, `mcp/docs/search`.
    pub tool: String,
    /// As a client would write it.
    pub text: Option<String>,
    /// As its JSON Schema says; `null` beside a text.
    #[ts(type = "unknown")]
    pub arguments: Option<Value>,
}

/// What came of a task.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ToolOutcome {
    /// Which tool.
    pub tool: String,
    /// What it was asked; `null` where the text could not be read.
    #[ts(type = "unknown")]
    pub arguments: Value,
    /// What it found; `None` where it could not do it.
    pub done: Option<ToolDone>,
    /// Why it could not do it.
    pub trouble: Option<ToolTroubleShown>,
    /// What was printed to standard output.
    pub stdout: String,
    /// What was printed to standard error.
    pub stderr: String,
    /// Some of what was printed was left out.
    pub is_cut: bool,
    /// How long it took, in microseconds.
    pub took_us: u64,
}

/// What a tool found.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ToolDone {
    /// The answer in words.
    pub text: String,
    /// The answer for programs.
    #[ts(type = "unknown")]
    pub result: Value,
    /// How it was come to.
    pub working: Option<String>,
}

/// Why a tool did not do its work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct ToolTroubleShown {
    /// `bad_input`, `no_answer`, `too_long`, `too_much`, `not_granted` or `unavailable`.
    pub kind: String,
    /// What happened, and what to do.
    pub message: String,
}

/// A message, as a client would send it.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Recognise {
    /// Its words.
    pub text: String,
}

/// Whether a message is a task for a tool.
#[derive(Debug, Clone, Serialize, TS)]
pub struct RecognisedShown {
    /// Whose; `None` where it is left to a model.
    pub tool: Option<String>,
    /// What the tool would be asked.
    #[ts(type = "unknown")]
    pub arguments: Value,
    /// By what it is one, or why it is none.
    pub why: String,
    /// How long that took to tell, in microseconds.
    pub took_us: u64,
}

/// Grants something to tools, or says anew what is granted.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum GrantTool {
    /// A SQLite file that may be read.
    Database(DatabaseGrant),
    /// A command that may be run.
    Check(CommandGrant),
    /// An MCP server.
    Server(ServerGrant),
    /// What code may do beyond computing.
    Interpreters(InterpretersGrant),
}

/// A SQLite file that may be read.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(optional_fields)]
pub struct DatabaseGrant {
    /// The word it is asked for by.
    pub name: String,
    /// The whole path.
    pub path: String,
    /// The most rows of an answer; 1,000 when absent.
    pub rows: Option<u32>,
    /// The most time for a statement, in milliseconds; 2,000 when absent.
    pub limit_ms: Option<u32>,
}

/// A command that may be run.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(optional_fields)]
pub struct CommandGrant {
    /// The word it is asked for by.
    pub name: String,
    /// The program and its arguments; no shell reads them.
    pub command: Vec<String>,
    /// The whole path of where it runs.
    pub folder: String,
    /// Names of environment variables that it sees.
    pub environment: Option<Vec<String>>,
    /// The most time, in seconds; 60 when absent.
    pub limit_s: Option<u32>,
}

/// An MCP server: a command that starts it, or the address of one that runs.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(optional_fields)]
pub struct ServerGrant {
    /// The word in `mcp/…/tool`.
    pub name: String,
    /// The program and its arguments.
    pub command: Option<Vec<String>>,
    /// The whole path of where it runs.
    pub folder: Option<String>,
    /// Names of environment variables that it sees.
    pub environment: Option<Vec<String>>,
    /// Its address.
    pub url: Option<String>,
    /// The name of the environment variable that holds its token.
    pub token_env: Option<String>,
    /// Its tools that may be called; a name may end in a star.
    pub allow: Vec<String>,
    /// The most time for a call, in seconds; 30 when absent.
    pub limit_s: Option<u32>,
    /// What a call costs in dollars, by tool; `*` stands for the others.
    pub usd_per_call: Option<BTreeMap<String, f64>>,
    /// It stays on this machine and network.
    pub local: Option<bool>,
}

/// Takes a grant back.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct RevokeTool {
    /// Of which kind.
    pub kind: GrantKindShown,
    /// Its name.
    pub name: String,
}

/// Kinds of grants that have names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum GrantKindShown {
    /// A SQLite file.
    Database,
    /// A command.
    Check,
    /// An MCP server.
    Server,
}

/// Changes the rule of an alias, or the usual one; what is absent stays as it is.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[serde(deny_unknown_fields, default)]
#[ts(optional_fields)]
pub struct PutToolRule {
    /// Whose; the usual rule when absent.
    pub alias: Option<String>,
    /// `off`, `shadow` or `on`.
    pub recognise: Option<String>,
    /// Tools that models are offered.
    pub offer: Option<Vec<String>>,
    /// How often a model may be asked again after its calls.
    pub rounds: Option<u32>,
    /// `error` or `model`.
    pub on_failure: Option<String>,
    /// The model that checks what a tool has found; `none` for nobody.
    pub verify: Option<String>,
    /// `off`, `flag` or `correct`.
    pub recheck: Option<String>,
    /// Takes out all that the alias says of its own.
    pub as_usual: Option<bool>,
}

/// Switches a tool off for everybody, or on again.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SwitchTool {
    /// Its name.
    pub tool: String,
    /// Nobody may use it.
    pub off: bool,
}
