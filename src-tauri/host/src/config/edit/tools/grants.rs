//! Grants as they are written into the file.

use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike};

use super::super::{list, new_table, put_text as put_or_leave, set};
use super::{Grant, GrantKind, ServerEdit, child_of, tools};

/// Adds a grant, or replaces what is said of one.
pub(super) fn put(doc: &mut DocumentMut, grant: &Grant) -> Result<(), String> {
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

fn put_text(table: &mut dyn TableLike, setting: &str, text: Option<&str>) {
    put_or_leave(table, setting, Some(text.unwrap_or_default()));
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
