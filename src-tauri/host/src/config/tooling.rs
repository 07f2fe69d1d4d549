//! The deterministic tools: `[tools]`, and the `tools` of an alias.
//!
//! Promises: an alias says only what differs from `[tools]`; `tools = false` takes all of them from it. Nothing is
//! granted that doesn't stand here, with a path that depends on no working folder. Leaves out what the rules do
//! (the engine) and what the tools are (`offload`); whether a file is there is looked at when it is used.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use engine::{OnFailure, Recheck, Recognition, ToolRule, Tools};
use offload::{Check, Database, Grants, Interpreters, Server, Tool, Transport};
use routing::Routes;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use toml::Spanned;

use super::check::within;
use super::error::Wrong;
use crate::clients::is_name;

/// The most that is granted of a kind.
const MOST: usize = 64;
/// Nano-dollars in a dollar.
const NANO: f64 = 1e9;

/// `[tools]` as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Tooling {
    off: Vec<Spanned<String>>,
    instead_of: Option<Spanned<String>>,
    recognise: Option<Recognition>,
    offer: Option<Vec<Spanned<String>>>,
    rounds: Option<Spanned<i64>>,
    on_failure: Option<OnFailure>,
    verify: Option<Spanned<String>>,
    recheck: Option<Recheck>,
    interpreters: WrittenInterpreters,
    database: BTreeMap<Spanned<String>, WrittenDatabase>,
    check: BTreeMap<Spanned<String>, WrittenCheck>,
    mcp: BTreeMap<Spanned<String>, Spanned<WrittenServer>>,
}

/// What an alias says beside it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Rule {
    recognise: Option<Recognition>,
    offer: Option<Vec<Spanned<String>>>,
    rounds: Option<Spanned<i64>>,
    on_failure: Option<OnFailure>,
    verify: Option<Spanned<String>>,
    recheck: Option<Recheck>,
}

/// The `tools` of an alias: a rule, or `false` for none of it.
#[derive(Debug)]
pub(super) enum RuleOrNone {
    Rule(Rule),
    None,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WrittenInterpreters {
    clock: bool,
    chance: bool,
    folders: Vec<Spanned<String>>,
    require_locks: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenDatabase {
    path: Spanned<String>,
    rows: Option<Spanned<i64>>,
    limit_ms: Option<Spanned<i64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCheck {
    command: Spanned<Vec<String>>,
    folder: Spanned<String>,
    #[serde(default)]
    environment: Vec<String>,
    limit_s: Option<Spanned<i64>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WrittenServer {
    command: Option<Spanned<Vec<String>>>,
    folder: Option<Spanned<String>>,
    environment: Vec<String>,
    url: Option<Spanned<String>>,
    token_env: Option<String>,
    allow: Vec<String>,
    limit_s: Option<Spanned<i64>>,
    usd_per_call: BTreeMap<String, Spanned<f64>>,
    local: bool,
}

impl<'de> Deserialize<'de> for RuleOrNone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = RuleOrNone;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(
                    "false, or a table with `recognise`, `offer`, `rounds`, `on_failure`, `verify` and `recheck`",
                )
            }

            fn visit_bool<E: Error>(self, on: bool) -> Result<RuleOrNone, E> {
                match on {
                    false => Ok(RuleOrNone::None),
                    true => Ok(RuleOrNone::Rule(Rule::default())),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RuleOrNone, A::Error> {
                Rule::deserialize(MapAccessDeserializer::new(map)).map(RuleOrNone::Rule)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// What `[tools]` means, and what each of these aliases makes of it.
pub(super) fn tools(
    written: &Tooling,
    aliases: &[(String, RuleOrNone)],
    routes: &Routes,
) -> Result<Tools, Wrong> {
    let grants = grants(written)?;
    let mut off = BTreeSet::new();
    for name in &written.off {
        off.insert(tool(name)?);
    }
    let usual = Rule {
        recognise: written.recognise,
        offer: written.offer.clone(),
        rounds: written.rounds.clone(),
        on_failure: written.on_failure,
        verify: written.verify.clone(),
        recheck: written.recheck,
    };
    let usual = over(&ToolRule::default(), &usual, &grants, routes)?;
    let mut by_alias = BTreeMap::new();
    for (name, rule) in aliases {
        let rule = match rule {
            RuleOrNone::None => ToolRule::default(),
            RuleOrNone::Rule(rule) => over(&usual, rule, &grants, routes)?,
        };
        by_alias.insert(name.clone(), Arc::new(rule));
    }
    let instead_of = written.instead_of.as_ref();
    Ok(Tools {
        grants: Arc::new(grants),
        off,
        instead_of: instead_of.map(|one| model(one, routes)).transpose()?,
        usual: Arc::new(usual),
        by_alias,
    })
}

fn over(
    usual: &ToolRule,
    rule: &Rule,
    grants: &Grants,
    routes: &Routes,
) -> Result<ToolRule, Wrong> {
    let offer = match &rule.offer {
        None => usual.offer.clone(),
        Some(names) => {
            for name in names {
                offered(name, grants)?;
            }
            names.iter().map(|name| name.get_ref().clone()).collect()
        }
    };
    let verify = match &rule.verify {
        None => usual.verify.clone(),
        Some(none) if none.get_ref() == "none" => None,
        Some(name) => Some(model(name, routes)?),
    };
    Ok(ToolRule {
        recognise: rule.recognise.unwrap_or(usual.recognise),
        offer,
        rounds: within(rule.rounds.as_ref(), 1..=32, usual.rounds.into())? as u32,
        on_failure: rule.on_failure.unwrap_or(usual.on_failure),
        verify,
        recheck: rule.recheck.unwrap_or(usual.recheck),
    })
}

fn tool(name: &Spanned<String>) -> Result<Tool, Wrong> {
    name.get_ref().parse().map_err(|_| unknown_tool(name))
}

fn unknown_tool(name: &Spanned<String>) -> Wrong {
    let known: Vec<String> = Tool::BUILT_IN.iter().map(Tool::to_string).collect();
    Wrong::at(
        name.span(),
        format!(
            "there is no tool of this name; there are {}, and mcp/SERVER/TOOL",
            known.join(", ")
        ),
    )
}

/// A name that may end in a star, of what there is.
fn offered(name: &Spanned<String>, grants: &Grants) -> Result<(), Wrong> {
    let text = name.get_ref().as_str();
    if let Some(rest) = text.strip_prefix("mcp/") {
        let server = rest.split('/').next().unwrap_or_default();
        return match grants.servers.contains_key(server) || rest == "*" {
            true => Ok(()),
            false => Err(Wrong::at(
                name.span(),
                format!("there is no MCP server `{server}`; add it as [tools.mcp.{server}]"),
            )),
        };
    }
    match text.strip_suffix('*') {
        Some(beginning) => {
            let known = |tool: &Tool| tool.to_string().starts_with(beginning);
            match Tool::BUILT_IN.iter().any(known) {
                true => Ok(()),
                false => Err(unknown_tool(name)),
            }
        }
        None => tool(name).map(drop),
    }
}

/// An alias, or a provider's model.
fn model(name: &Spanned<String>, routes: &Routes) -> Result<String, Wrong> {
    let text = name.get_ref().as_str();
    let known = text.split_once('/');
    let known = known.is_some_and(|(id, model)| routes.provider(id).is_some() && !model.is_empty());
    match known || routes.aliases.contains_key(text) {
        true => Ok(text.to_owned()),
        false => Err(Wrong::at(
            name.span(),
            "write the name of an alias, or provider/model of a provider that is configured"
                .to_owned(),
        )),
    }
}

fn grants(written: &Tooling) -> Result<Grants, Wrong> {
    let Tooling {
        interpreters,
        database,
        check,
        mcp,
        ..
    } = written;
    let mut grants = Grants {
        interpreters: Interpreters {
            clock: interpreters.clock,
            chance: interpreters.chance,
            folders: interpreters
                .folders
                .iter()
                .map(whole_path)
                .collect::<Result<_, _>>()?,
            require_locks: interpreters.require_locks,
        },
        ..Grants::default()
    };
    for (name, written) in database {
        grants
            .databases
            .insert(named(name, database.len())?, of_database(written)?);
    }
    for (name, written) in check {
        grants
            .checks
            .insert(named(name, check.len())?, of_check(written)?);
    }
    for (name, written) in mcp {
        grants
            .servers
            .insert(named(name, mcp.len())?, of_server(written)?);
    }
    Ok(grants)
}

fn named(name: &Spanned<String>, count: usize) -> Result<String, Wrong> {
    if count > MOST {
        return Err(Wrong::at(
            name.span(),
            format!("there are {count} of these; {MOST} is the most"),
        ));
    }
    match is_name(name.get_ref()) {
        true => Ok(name.get_ref().clone()),
        false => Err(Wrong::at(
            name.span(),
            "a name is 1 to 64 small letters, digits, dots, dashes and underscores, and begins with a letter or a \
             digit"
                .to_owned(),
        )),
    }
}

fn of_database(written: &WrittenDatabase) -> Result<Database, Wrong> {
    Ok(Database {
        path: whole_path(&written.path)?,
        rows: within(written.rows.as_ref(), 1..=100_000, 1_000)? as usize,
        limit: within(written.limit_ms.as_ref(), 1..=60_000, 2_000).map(Duration::from_millis)?,
    })
}

fn of_check(written: &WrittenCheck) -> Result<Check, Wrong> {
    Ok(Check {
        command: program(&written.command)?,
        folder: whole_path(&written.folder)?,
        environment: written.environment.clone(),
        limit: within(written.limit_s.as_ref(), 1..=3_600, 60).map(Duration::from_secs)?,
    })
}

fn of_server(spanned: &Spanned<WrittenServer>) -> Result<Server, Wrong> {
    let written = spanned.get_ref();
    let transport = match (&written.command, &written.url) {
        (Some(command), None) => Transport::Program {
            command: program(command)?,
            folder: written.folder.as_ref().map(whole_path).transpose()?,
            environment: written.environment.clone(),
        },
        (None, Some(url)) => Transport::Http {
            url: address(url)?,
            token_from: written.token_env.clone(),
        },
        _ => {
            return Err(Wrong::at(
                spanned.span(),
                "an MCP server has a `command` that starts it, or the `url` of one that runs: one of the two"
                    .to_owned(),
            ));
        }
    };
    let mut nano_usd_a_call = BTreeMap::new();
    for (tool, price) in &written.usd_per_call {
        if !(0.0..=100.0).contains(price.get_ref()) {
            return Err(Wrong::at(
                price.span(),
                "write what one call costs in dollars, from 0 to 100".to_owned(),
            ));
        }
        nano_usd_a_call.insert(tool.clone(), (price.get_ref() * NANO).round() as u64);
    }
    Ok(Server {
        transport,
        allow: written.allow.clone(),
        limit: within(written.limit_s.as_ref(), 1..=600, 30).map(Duration::from_secs)?,
        nano_usd_a_call,
        local: written.local,
    })
}

fn program(command: &Spanned<Vec<String>>) -> Result<Vec<String>, Wrong> {
    match command.get_ref().first() {
        Some(program) if !program.trim().is_empty() => Ok(command.get_ref().clone()),
        _ => Err(Wrong::at(
            command.span(),
            "write the program and its arguments as a list, such as [\"cargo\", \"clippy\"]; no shell reads it"
                .to_owned(),
        )),
    }
}

fn whole_path(path: &Spanned<String>) -> Result<PathBuf, Wrong> {
    let there = Path::new(path.get_ref());
    match there.is_absolute() {
        true => Ok(there.to_owned()),
        false => Err(Wrong::at(
            path.span(),
            "write the whole path, from the root: what is granted must not depend on where Signalbox was started"
                .to_owned(),
        )),
    }
}

fn address(url: &Spanned<String>) -> Result<String, Wrong> {
    let parsed = url::Url::parse(url.get_ref()).ok();
    let usable = |url: &url::Url| {
        matches!(url.scheme(), "http" | "https") && url.host().is_some() && url.password().is_none()
    };
    match parsed.filter(usable) {
        Some(_) => Ok(url.get_ref().clone()),
        None => Err(Wrong::at(
            url.span(),
            "write an address that begins with http:// or https:// and has no password in it; a token comes from the \
             environment variable that `token_env` names"
                .to_owned(),
        )),
    }
}
