//! Changes to what the config says of tools: grants, rules, and which are off.
//!
//! Promises: as its parent does, and that a rule which takes all tools from an alias (`tools = false`) takes back
//! no more of that than was asked for.

use std::collections::BTreeMap;

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::{list, new_table, set, take_out_of};

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
        ToolsEdit::Grant(grant) => put(doc, grant),
        ToolsEdit::Revoke(kind, name) => {
            let kind = kind.word();
            take_out_of(doc, &["tools", kind], name)
                .then_some(())
                .ok_or_else(|| format!("the file has no [tools.{kind}.{name}]"))
        }
        ToolsEdit::Rule(None, rule) => {
            put_rule(tools(doc)?, rule);
            Ok(())
        }
        ToolsEdit::Rule(Some(alias), rule) => put_rule_of(doc, alias, rule),
        ToolsEdit::AsUsual(alias) => as_usual(doc, alias),
        ToolsEdit::Off(tool, off) => switch(doc, tool, *off),
    }
}

fn put(doc: &mut DocumentMut, grant: &Grant) -> Result<(), String> {
    match grant {
        Grant::Database {
            name,
            path,
            rows,
            limit_ms,
        } => {
            let table = named(doc, GrantKind::Database, name)?;
            set(table, "path", path);
            put_number(table, "rows", *rows);
            put_number(table, "limit_ms", *limit_ms);
        }
        Grant::Check {
            name,
            command,
            folder,
            environment,
            limit_s,
        } => {
            let table = named(doc, GrantKind::Check, name)?;
            set(table, "command", list(command));
            set(table, "folder", folder);
            put_list(table, "environment", environment);
            put_number(table, "limit_s", *limit_s);
        }
        Grant::Server { name, server } => put_server(named(doc, GrantKind::Server, name)?, server),
        Grant::Interpreters {
            clock,
            chance,
            folders,
        } => {
            let made = new_table(doc);
            let table = child(tools_parent(doc)?, "interpreters", made)?;
            put_flag(table, "clock", *clock);
            put_flag(table, "chance", *chance);
            put_list(table, "folders", folders);
        }
    }
    Ok(())
}

fn put_server(table: &mut dyn TableLike, server: &ServerEdit) {
    put_list(table, "command", &server.command);
    put_text(table, "folder", server.folder.as_deref());
    put_list(table, "environment", &server.environment);
    put_text(table, "url", server.url.as_deref());
    put_text(table, "token_env", server.token_env.as_deref());
    put_list(table, "allow", &server.allow);
    put_number(table, "limit_s", server.limit_s);
    match server.usd_per_call.is_empty() {
        true => drop(table.remove("usd_per_call")),
        false => set(
            table,
            "usd_per_call",
            server
                .usd_per_call
                .iter()
                .map(|(tool, usd)| (tool.as_str(), *usd))
                .collect::<InlineTable>(),
        ),
    }
    put_flag(table, "local", server.local);
}

fn put_rule(table: &mut dyn TableLike, rule: &RuleEdit) {
    for (setting, word) in [
        ("recognise", &rule.recognise),
        ("on_failure", &rule.on_failure),
        ("verify", &rule.verify),
        ("recheck", &rule.recheck),
    ] {
        if let Some(word) = word {
            set(table, setting, word);
        }
    }
    if let Some(offer) = &rule.offer {
        set(table, "offer", list(offer));
    }
    if let Some(rounds) = rule.rounds {
        set(table, "rounds", i64::from(rounds));
    }
}

fn put_rule_of(doc: &mut DocumentMut, alias: &str, rule: &RuleEdit) -> Result<(), String> {
    let of_alias = alias_table(doc, alias)?;
    match of_alias.get("tools").map(Item::as_value) {
        Some(Some(Value::Boolean(on))) => {
            let none = !*on.value();
            let mut table = InlineTable::new();
            if none {
                put_rule(&mut table, &nothing());
            }
            put_rule(&mut table, rule);
            set(of_alias, "tools", table);
        }
        Some(_) => put_rule(child_of(of_alias, "tools")?, rule),
        None => {
            let mut table = InlineTable::new();
            put_rule(&mut table, rule);
            set(of_alias, "tools", table);
        }
    }
    Ok(())
}

/// What `tools = false` means, setting by setting.
fn nothing() -> RuleEdit {
    let word = |word: &str| Some(word.to_owned());
    RuleEdit {
        recognise: word("off"),
        offer: Some(Vec::new()),
        verify: word("none"),
        recheck: word("off"),
        ..RuleEdit::default()
    }
}

fn as_usual(doc: &mut DocumentMut, alias: &str) -> Result<(), String> {
    let aliases = doc.get_mut("alias").and_then(Item::as_table_like_mut);
    let of_alias = aliases.and_then(|aliases| aliases.get_mut(alias));
    let of_alias = of_alias.ok_or_else(|| format!("the file has no alias `{alias}`"))?;
    if let Some(table) = of_alias.as_table_like_mut() {
        table.remove("tools");
    }
    Ok(())
}

/// The table of an alias. One that is a list, or a single target, becomes a table with `targets` in its place.
fn alias_table<'a>(doc: &'a mut DocumentMut, alias: &str) -> Result<&'a mut dyn TableLike, String> {
    let aliases = doc.get_mut("alias").and_then(Item::as_table_like_mut);
    let item = aliases.and_then(|aliases| aliases.get_mut(alias));
    let item = item.ok_or_else(|| format!("the file has no alias `{alias}`"))?;
    if let Item::Value(value) = item {
        let targets = match value {
            Value::Array(targets) => Some(targets.clone()),
            Value::String(target) => Some(Array::from_iter([target.value().as_str()])),
            _ => None,
        };
        if let Some(mut targets) = targets {
            let decor = value.decor().clone();
            targets.decor_mut().clear();
            let mut table = InlineTable::new();
            table.insert("targets", Value::Array(targets));
            *table.decor_mut() = decor;
            *value = Value::InlineTable(table);
        }
    }
    item.as_table_like_mut().ok_or_else(|| {
        format!(
            "the alias `{alias}` is written in a way that can't be changed from here; write `tools` for it in the file"
        )
    })
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

/// The same for its children, which have headers: `[tools]` alone would say nothing.
fn tools_parent(doc: &mut DocumentMut) -> Result<&mut dyn TableLike, String> {
    if !doc.contains_key("tools") {
        let mut parent = Table::new();
        parent.set_implicit(true);
        doc.insert("tools", Item::Table(parent));
    }
    tools(doc)
}

/// `[tools.<kind>.<name>]`, made when it is not there.
fn named<'a>(
    doc: &'a mut DocumentMut,
    kind: GrantKind,
    name: &str,
) -> Result<&'a mut dyn TableLike, String> {
    let table = new_table(doc);
    let tools = tools_parent(doc)?;
    if !tools.contains_key(kind.word()) {
        let mut parent = Table::new();
        parent.set_implicit(true);
        tools.insert(kind.word(), Item::Table(parent));
    }
    child(child_of(tools, kind.word())?, name, table)
}

/// A table in a table, made of this one when it is not there. Within an inline table it becomes one itself.
fn child<'a>(
    parent: &'a mut dyn TableLike,
    name: &str,
    table: Table,
) -> Result<&'a mut dyn TableLike, String> {
    if !parent.contains_key(name) {
        parent.insert(name, Item::Table(table));
    }
    child_of(parent, name)
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

fn put_text(table: &mut dyn TableLike, setting: &str, text: Option<&str>) {
    super::put_text(table, setting, Some(text.unwrap_or_default()));
}

fn put_list(table: &mut dyn TableLike, setting: &str, texts: &[String]) {
    match texts.is_empty() {
        true => drop(table.remove(setting)),
        false => set(table, setting, list(texts)),
    }
}

fn put_number(table: &mut dyn TableLike, setting: &str, number: Option<u32>) {
    match number {
        None => drop(table.remove(setting)),
        Some(number) => set(table, setting, i64::from(number)),
    }
}

fn put_flag(table: &mut dyn TableLike, setting: &str, flag: bool) {
    match flag {
        true => set(table, setting, true),
        false => drop(table.remove(setting)),
    }
}

#[cfg(test)]
mod tests;
