//! Rules as they are written into the file.

use toml_edit::{Array, DocumentMut, InlineTable, Item, TableLike, Value};

use super::super::{list, set};
use super::{RuleEdit, child_of};

/// Sets what is given of a rule.
pub(super) fn put_rule(table: &mut dyn TableLike, rule: &RuleEdit) {
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

/// The same in an alias.
pub(super) fn put_rule_of(
    doc: &mut DocumentMut,
    alias: &str,
    rule: &RuleEdit,
) -> Result<(), String> {
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

/// Takes out what an alias says of tools.
pub(super) fn as_usual(doc: &mut DocumentMut, alias: &str) -> Result<(), String> {
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
