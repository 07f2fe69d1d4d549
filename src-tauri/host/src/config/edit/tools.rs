//! Changes to what the config says of tools: grants, rules, and which are off.
//!
//! Promises: as its parent does, and that a rule which takes all tools from an alias (`tools = false`) takes back
//! no more of that than was asked for.

use std::collections::BTreeMap;

use toml_edit::{DocumentMut, Item, TableLike};

use super::{list, set, take_out_of};

mod grants;
mod rules;

/// What to change of the tools.
#[derive(Debug, Clone, PartialEq)]
pub enum ToolsEdit {
    /// Adds a grant, or replaces what is said of one.
    Grant(Grant),
    /// Takes a grant out.
    Revoke(GrantKind, String),
    /// Changes the rule of an alias, or the usual one.
    Rule(Option<String>, RuleEdit),
    /// Takes everything out that an alias says of tools: the usual rule goes for it.
    AsUsual(String),
    /// Switches a tool off for everybody, or on again.
    Off(String, bool),
}

/// A grant as it is written; an empty list and `None` take a setting out.
#[derive(Debug, Clone, PartialEq)]
pub enum Grant {
    /// A SQLite file that may be read.
    Database {
        /// The word it is asked for by.
        name: String,
        /// Where the file is.
        path: String,
        /// The most rows of an answer.
        rows: Option<u32>,
        /// The most time for a statement, in milliseconds.
        limit_ms: Option<u32>,
    },
    /// A command that may be run.
    Check {
        /// The word it is asked for by.
        name: String,
        /// The program and its arguments.
        command: Vec<String>,
        /// Where it runs.
        folder: String,
        /// Names of environment variables that it sees.
        environment: Vec<String>,
        /// The most time, in seconds.
        limit_s: Option<u32>,
    },
    /// An MCP server.
    Server {
        /// The word in `mcp/…/tool`.
        name: String,
        /// How it is reached, and what of it may be used.
        server: ServerEdit,
    },
    /// What code may do beyond computing.
    Interpreters {
        /// It may ask what time it is.
        clock: bool,
        /// It may ask for chance.
        chance: bool,
        /// Folders whose files Python may read.
        folders: Vec<String>,
    },
}

/// An MCP server as it is written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServerEdit {
    /// The program and its arguments, where it is started.
    pub command: Vec<String>,
    /// Where it runs.
    pub folder: Option<String>,
    /// Names of environment variables that it sees.
    pub environment: Vec<String>,
    /// Its address, where it runs by itself.
    pub url: Option<String>,
    /// The name of the environment variable that holds its token.
    pub token_env: Option<String>,
    /// Its tools that may be called.
    pub allow: Vec<String>,
    /// The most time for a call, in seconds.
    pub limit_s: Option<u32>,
    /// What a call costs in dollars, by tool.
    pub usd_per_call: BTreeMap<String, f64>,
    /// It stays on this machine and network.
    pub local: bool,
}

/// What kinds of grants have names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantKind {
    /// A SQLite file.
    Database,
    /// A command.
    Check,
    /// An MCP server.
    Server,
}

impl GrantKind {
    /// The word in the file: `[tools.database.…]`.
    pub fn word(self) -> &'static str {
        match self {
            GrantKind::Database => "database",
            GrantKind::Check => "check",
            GrantKind::Server => "mcp",
        }
    }
}

/// What to change of a rule; `None` leaves a setting as it is. Words that the file doesn't know are refused with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleEdit {
    /// `off`, `shadow` or `on`.
    pub recognise: Option<String>,
    /// Names of tools that models are offered.
    pub offer: Option<Vec<String>>,
    /// How often a model may be asked again after its calls.
    pub rounds: Option<u32>,
    /// `error` or `model`.
    pub on_failure: Option<String>,
    /// The model that checks what a tool has found; `none` for nobody.
    pub verify: Option<String>,
    /// `off`, `flag` or `correct`.
    pub recheck: Option<String>,
}

/// Makes the change.
pub(in super::super) fn change(doc: &mut DocumentMut, edit: &ToolsEdit) -> Result<(), String> {
    match edit {
        ToolsEdit::Grant(grant) => grants::put(doc, grant),
        ToolsEdit::Revoke(kind, name) => {
            let kind = kind.word();
            take_out_of(doc, &["tools", kind], name)
                .then_some(())
                .ok_or_else(|| format!("the file has no [tools.{kind}.{name}]"))
        }
        ToolsEdit::Rule(None, rule) => {
            rules::put_rule(tools(doc)?, rule);
            Ok(())
        }
        ToolsEdit::Rule(Some(alias), rule) => rules::put_rule_of(doc, alias, rule),
        ToolsEdit::AsUsual(alias) => rules::as_usual(doc, alias),
        ToolsEdit::Off(tool, off) => switch(doc, tool, *off),
    }
}

fn switch(doc: &mut DocumentMut, tool: &str, off: bool) -> Result<(), String> {
    if !off && !doc.contains_key("tools") {
        return Ok(());
    }
    let table = tools(doc)?;
    if !table.contains_key("off") {
        if off {
            set(table, "off", list(&[tool.to_owned()]));
        }
        return Ok(());
    }
    let names = table.get_mut("off").and_then(Item::as_array_mut);
    let names = names.ok_or("`off` in [tools] is not a list in the file")?;
    let at = names.iter().position(|name| name.as_str() == Some(tool));
    match (at, off) {
        (None, true) => names.push(tool),
        (Some(at), false) => drop(names.remove(at)),
        _ => {}
    }
    if names.is_empty() {
        table.remove("off");
    }
    Ok(())
}

/// `[tools]`, made when it is not there.
fn tools(doc: &mut DocumentMut) -> Result<&mut dyn TableLike, String> {
    super::section(doc, "tools")
}

/// A table in a table.
fn child_of<'a>(
    parent: &'a mut dyn TableLike,
    name: &str,
) -> Result<&'a mut dyn TableLike, String> {
    parent
        .get_mut(name)
        .and_then(Item::as_table_like_mut)
        .ok_or_else(|| format!("`{name}` is not a table in the file"))
}

#[cfg(test)]
mod tests;
