//! The Tools page in one read.
//!
//! Bounds: MCP servers that don't say soon what they offer are left out ([`SOON`] for each, side by side).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use engine::{Snapshot, ToolRule, ToolTally};
use futures_util::future::join_all;
use offload::{Grants, Lock, Spec, Tool};
use serde_json::Value;

use super::{forms, grants};
use crate::convert::word;
use crate::failure::Failure;
use crate::overview::{local_midnight_unix_ms, unix_ms};
use crate::shown::{
    Nothing, ToolRoute, ToolRuleShown, ToolShown, ToolSums, ToolTallyShown, ToolsPage,
};
use crate::{Control, blocking};

/// The longest that the page waits for what a server offers.
const SOON: Duration = Duration::from_secs(3);
/// The span of the longer sum.
const MONTH_MS: u64 = 30 * 24 * 3_600 * 1_000;

impl Control {
    pub(crate) async fn tools_page(&self, _: Nothing) -> Result<ToolsPage, Failure> {
        let snapshot = self.tools_snapshot();
        let granted = Arc::clone(&snapshot.tools.grants);
        let specs = self.tool_specs(&granted).await;
        let tools = tools(&snapshot, &specs);
        let ledger = Arc::clone(&self.parts.ledger);
        let looked = blocking(move || {
            let sums = |since| {
                ledger.totals(since, None).map(|totals| ToolSums {
                    answers: totals.by_tools,
                    saved_nano_usd: totals.tool_saved.0,
                })
            };
            let today = sums(local_midnight_unix_ms());
            let month = sums(unix_ms().saturating_sub(MONTH_MS));
            let grants = grants::shown(&granted, &tools);
            (today, month, grants, tools)
        });
        let (today, month, grants, tools) = looked.await?;
        Ok(ToolsPage {
            tools,
            usual: rule(&snapshot.tools.usual),
            routes: routes(&snapshot, self.parts.engine.tool_tallies()),
            grants,
            locks: self
                .parts
                .engine
                .workshop()
                .locks()
                .map(|held| locks(&held)),
            today: today.map_err(Failure::unavailable)?,
            month: month.map_err(Failure::unavailable)?,
            instead_of: snapshot.tools.instead_of.clone(),
            config: self.parts.configuration.path().display().to_string(),
        })
    }

    /// What each tool says of itself. A server that is silent takes nothing from the others.
    async fn tool_specs(&self, granted: &Grants) -> Vec<Spec> {
        let workshop = self.parts.engine.workshop();
        let own = Grants {
            servers: BTreeMap::new(),
            ..granted.clone()
        };
        let of_servers = granted.servers.iter().map(|(name, server)| async move {
            let only = Grants {
                servers: BTreeMap::from([(name.clone(), server.clone())]),
                ..Grants::default()
            };
            let told = tokio::time::timeout(SOON, workshop.specs(&only)).await;
            let mut told = told.unwrap_or_default();
            told.retain(|spec| matches!(spec.tool, Tool::Mcp { .. }));
            told
        });
        let (mut specs, of_servers) =
            futures_util::future::join(workshop.specs(&own), join_all(of_servers)).await;
        specs.extend(of_servers.into_iter().flatten());
        specs
    }
}

fn tools(snapshot: &Snapshot, specs: &[Spec]) -> Vec<ToolShown> {
    let known = |tool: &Tool| specs.iter().find(|spec| spec.tool == *tool);
    let built_in = Tool::BUILT_IN.iter().map(|tool| {
        let spec = known(tool);
        shown(
            snapshot,
            tool,
            spec,
            why_not(tool, &snapshot.tools.grants, spec),
        )
    });
    let of_servers = specs
        .iter()
        .filter(|spec| matches!(spec.tool, Tool::Mcp { .. }))
        .map(|spec| shown(snapshot, &spec.tool, Some(spec), None));
    built_in.chain(of_servers).collect()
}

fn shown(
    snapshot: &Snapshot,
    tool: &Tool,
    spec: Option<&Spec>,
    why_not: Option<&str>,
) -> ToolShown {
    let (what, example) = forms::form(tool);
    ToolShown {
        name: tool.to_string(),
        label: match tool {
            Tool::Mcp { .. } => tool.to_string(),
            built_in => built_in.label().to_owned(),
        },
        reserved: tool.reserved_name(),
        what: spec.map_or_else(|| what.to_owned(), |spec| spec.what.clone()),
        example: example.to_owned(),
        arguments: spec.map_or(Value::Null, |spec| spec.arguments.clone()),
        off: !snapshot.tools.has(tool),
        why_not: why_not.map(str::to_owned),
        server: match tool {
            Tool::Mcp { server, .. } => Some(server.clone()),
            _ => None,
        },
    }
}

/// What is held and what is not.
fn locks(held: &[Lock]) -> String {
    let (held, missing): (Vec<Lock>, Vec<Lock>) =
        Lock::ALL.into_iter().partition(|lock| held.contains(lock));
    let named = |locks: &[Lock]| {
        let names = locks.iter().map(|lock| lock.what());
        names.collect::<Vec<_>>().join(", ")
    };
    match (held.is_empty(), missing.is_empty()) {
        (false, true) => format!("Held by the system: {}.", named(&held)),
        (true, _) => "The system here holds nothing: the interpreters alone do.".to_owned(),
        (false, false) => format!(
            "Held by the system: {}. The system here lacks: {}.",
            named(&held),
            named(&missing)
        ),
    }
}

/// Why a built-in tool can't work.
fn why_not(tool: &Tool, granted: &Grants, spec: Option<&Spec>) -> Option<&'static str> {
    match tool {
        Tool::Sql if granted.databases.is_empty() => Some(
            "No database is granted. Add one under Grants, or as [tools.database.NAME] in the config.",
        ),
        Tool::Check if granted.checks.is_empty() => Some(
            "No command is granted. Add one under Grants, or as [tools.check.NAME] in the config.",
        ),
        Tool::Python | Tool::JavaScript if spec.is_none() => Some(
            "The program `signalbox-sandbox`, which runs code of others, is not beside Signalbox. Install Signalbox \
             whole, or put it there.",
        ),
        _ => None,
    }
}

fn routes(snapshot: &Snapshot, tallies: Vec<(String, ToolTally)>) -> Vec<ToolRoute> {
    let mut tallies: BTreeMap<String, ToolTally> = tallies.into_iter().collect();
    let tools = &snapshot.tools;
    let mut route = |name: &str, is_alias: bool| ToolRoute {
        route: name.to_owned(),
        is_alias,
        is_own: tools.by_alias.contains_key(name),
        rule: rule(tools.rule(name)),
        tally: tally(tallies.remove(name).unwrap_or_default()),
    };
    let mut routes: Vec<ToolRoute> = snapshot
        .routes
        .aliases
        .keys()
        .map(|name| route(name, true))
        .collect();
    let others: Vec<String> = tallies.keys().cloned().collect();
    for name in others {
        routes.push(ToolRoute {
            route: name.clone(),
            is_alias: false,
            is_own: false,
            rule: rule(&tools.usual),
            tally: tally(tallies.remove(&name).unwrap_or_default()),
        });
    }
    routes
}

fn rule(rule: &ToolRule) -> ToolRuleShown {
    ToolRuleShown {
        recognise: word(&rule.recognise),
        offer: rule.offer.clone(),
        rounds: rule.rounds,
        on_failure: word(&rule.on_failure),
        verify: rule.verify.clone(),
        recheck: word(&rule.recheck),
    }
}

fn tally(told: ToolTally) -> ToolTallyShown {
    ToolTallyShown {
        answered: told.answered,
        would_have: told.would_have,
        fell_through: told.fell_through,
        calls: told.calls,
        disagreed: told.disagreed,
        wrong_sums: told.wrong_sums,
        saved_nano_usd: told.saved.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_and_what_is_not_is_told_in_a_sentence() {
        let all = "Held by the system: memory, processor time, growing files, processes, folders, system calls.";
        assert_eq!(locks(&Lock::ALL), all);
        let some = "Held by the system: memory. The system here lacks: processor time, growing files, processes, \
                    folders, system calls.";
        assert_eq!(locks(&[Lock::Memory]), some);
        assert!(locks(&[]).contains("holds nothing"));
    }
}
