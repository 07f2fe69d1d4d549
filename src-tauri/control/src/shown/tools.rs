//! The deterministic tools as they are shown, and what is asked of them here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use super::ToolTroubleShown;

/// The Tools page in one read.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ToolsPage {
    /// The built-in ones in their order, then those of MCP servers that answered.
    pub tools: Vec<ToolShown>,
    /// The rule where an alias says nothing of its own.
    pub usual: ToolRuleShown,
    /// Every alias, then the other names that tools had to do with, by name.
    pub routes: Vec<ToolRoute>,
    /// What may be touched.
    pub grants: GrantsShown,
    /// What the system holds against code that is run, in a sentence; `None` before any was.
    pub locks: Option<String>,
    /// Since local midnight.
    pub today: ToolSums,
    /// In the last 30 days.
    pub month: ToolSums,
    /// Whose price tasks are compared with that named their tool.
    pub instead_of: Option<String>,
    /// The config file, where all of this is written.
    pub config: String,
}

/// One tool.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ToolShown {
    /// `calculator`, `mcp/docs/search`
    pub name: String,
    /// The label of its task, as clients send it.
    pub label: String,
    /// Its name among the tools that a model is offered.
    pub reserved: String,
    /// In a sentence or two.
    pub what: String,
    /// How it is used by a plain text.
    pub example: String,
    /// JSON Schema of its arguments; `null` where nobody has told it yet.
    #[ts(type = "unknown")]
    pub arguments: Value,
    /// Nobody may use it.
    pub off: bool,
    /// Why it can't work now, and what to do; `None` where it can.
    pub why_not: Option<String>,
    /// The MCP server that it is of.
    pub server: Option<String>,
}

/// What tools may do with the requests of one name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct ToolRuleShown {
    /// `off`, `shadow` or `on`.
    pub recognise: String,
    /// Tools that models are offered: names, the last letter of which may be a star.
    pub offer: Vec<String>,
    /// How often a model may be asked again after its calls.
    pub rounds: u32,
    /// `error` or `model`.
    pub on_failure: String,
    /// The model that checks and words what a tool has found.
    pub verify: Option<String>,
    /// `off`, `flag` or `correct`.
    pub recheck: String,
}

/// Tools on one route.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ToolRoute {
    /// The alias, or the model, that was asked for.
    pub route: String,
    /// It is an alias: it can have a rule of its own.
    pub is_alias: bool,
    /// It has one.
    pub is_own: bool,
    /// What goes for it.
    pub rule: ToolRuleShown,
    /// Since the start.
    pub tally: ToolTallyShown,
}

/// Of what use tools were on one route, since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, TS)]
pub struct ToolTallyShown {
    /// Answers of tools.
    pub answered: u64,
    /// Answers that would have been, in the shadow.
    pub would_have: u64,
    /// Tasks that a tool could not do and a model was asked.
    pub fell_through: u64,
    /// Calls by models.
    pub calls: u64,
    /// Times that a model disagreed with a tool.
    pub disagreed: u64,
    /// Answers of models whose arithmetic was wrong.
    pub wrong_sums: u64,
    /// What models' answers would have cost, in billionths of a dollar.
    pub saved_nano_usd: i64,
}

/// Of what use tools were in a span of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, TS)]
pub struct ToolSums {
    /// Answers of tools.
    pub answers: u64,
    /// What models' answers would have cost, in billionths of a dollar.
    pub saved_nano_usd: i64,
}

/// What tools may touch.
#[derive(Debug, Clone, Serialize, TS)]
pub struct GrantsShown {
    /// SQLite files that may be read, by name.
    pub databases: Vec<DatabaseShown>,
    /// Commands that may be run, by name.
    pub checks: Vec<CommandShown>,
    /// MCP servers, by name.
    pub servers: Vec<ServerShown>,
    /// What code may do beyond computing.
    pub interpreters: InterpretersGrant,
}

/// A SQLite file.
#[derive(Debug, Clone, Serialize, TS)]
pub struct DatabaseShown {
    /// The word it is asked for by.
    pub name: String,
    /// Where it is.
    pub path: String,
    /// The most rows of an answer.
    pub rows: u32,
    /// The most time for a statement, in milliseconds.
    pub limit_ms: u32,
    /// The file is there now.
    pub is_there: bool,
}

/// A command.
#[derive(Debug, Clone, Serialize, TS)]
pub struct CommandShown {
    /// The word it is asked for by.
    pub name: String,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Where it runs.
    pub folder: String,
    /// Names of the environment variables that it sees. Never their values.
    pub environment: Vec<String>,
    /// The most time, in seconds.
    pub limit_s: u32,
    /// The folder is there now.
    pub is_there: bool,
}

/// An MCP server.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ServerShown {
    /// The word in `mcp/…/tool`.
    pub name: String,
    /// The program that is started, and its arguments; empty where it has an address.
    pub command: Vec<String>,
    /// Where it runs.
    pub folder: Option<String>,
    /// Names of the environment variables that it sees. Never their values.
    pub environment: Vec<String>,
    /// Its address.
    pub url: Option<String>,
    /// The name of the environment variable that holds its token. Never the token.
    pub token_env: Option<String>,
    /// That variable is set now, where one is named.
    pub has_token: Option<bool>,
    /// Its tools that may be called.
    pub allow: Vec<String>,
    /// The most time for a call, in seconds.
    pub limit_s: u32,
    /// What a call costs in dollars, by tool; `*` stands for the others.
    pub usd_per_call: BTreeMap<String, f64>,
    /// It stays on this machine and network.
    pub local: bool,
    /// How many of its tools may be used now; 0 where it doesn't answer, or allows none.
    pub tools: u32,
}

/// What code may do beyond computing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, default)]
pub struct InterpretersGrant {
    /// It may ask what time it is.
    pub clock: bool,
    /// It may ask for chance.
    pub chance: bool,
    /// Folders whose files Python may read.
    pub folders: Vec<String>,
}

/// What tools had to do with a request. No word of the request is in it.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ToolNoteShown {
    /// `named`, `labelled`, `recognised`, `shadow`, `fell_through`, `offered` or `rechecked`.
    pub way: String,
    /// Whose the answer is, or would have been.
    pub tool: Option<String>,
    /// Why, or why a model answers all the same.
    pub why: Option<String>,
    /// What was run, in order of beginning.
    pub calls: Vec<ToolCallShown>,
    /// What a model said of what a tool had found: `agreed`, `disagreed` or `unusable`.
    pub checked: Option<String>,
    /// Sums in a model's answer that are wrong.
    pub wrong_sums: u32,
    /// The model was told of them and answered once more.
    pub corrected: bool,
    /// What a model's answer would have cost, in billionths of a dollar.
    pub saved_nano_usd: i64,
    /// `metered`, `estimated` or `none`.
    pub saved_basis: String,
    /// Its tokens, in and out, estimated.
    pub saved_tokens: u64,
}

/// A tool's work for a request.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ToolCallShown {
    /// Which.
    pub tool: String,
    /// In which round of a model's calls; 0 where no model asked for it.
    pub round: u32,
    /// How long it took, in milliseconds.
    pub took_ms: f64,
    /// Why it was not done.
    pub trouble: Option<ToolTroubleShown>,
    /// What it cost, in billionths of a dollar.
    pub cost_nano_usd: i64,
}
