//! Deterministic work goes to tools: what they have to do with a request.
//!
//! Promises: a task that was named, labelled or recognised is done by a tool, without a model and at no cost; what
//! the tool could not do is an error, or a model's where the route says so, never an invented answer. Leaves out
//! the tools themselves (`offload`), and those that a model is offered (`tools/offered`, `tools/rounds`).
//!
//! Bounds: one task a request; the limits of each tool are its own (`offload`).

mod asked;
mod note;
mod offered;
mod pending;
mod rounds;
mod rule;
mod saving;
mod tally;
mod told;
mod verify;

use std::sync::Arc;
use std::time::Instant;

use dialect::hub::{Format, Request};
use dialect::{Facts, Fault};
use http::{HeaderMap, Response};
use offload::{Ask, Done, Tool, Trouble, TroubleKind};
use routing::NanoUsd;

use crate::answer::refuse;
use crate::exchange::Call;
use crate::faults;
use crate::machine::Inner;
use crate::receipt::Ending;
use crate::relay::ReplyBody;
use crate::sending::{InHub, Unsent};
use crate::settle::{Settlement, micros};
use crate::snapshot::Snapshot;

pub(crate) use asked::Task;
pub(crate) use note::Run;
pub use note::{Checked, ToolNote, ToolRun, ToolTrouble, ToolWay};
pub(crate) use offered::{Offered, offer};
pub(crate) use pending::Pending;
pub(crate) use rounds::{Follows, NextTurn, Rounds, next_turn, restore, serve as serve_rounds};
pub use rule::{OnFailure, Recheck, Recognition, ToolRule, Tools};
pub(crate) use tally::Tallies;
pub use tally::ToolTally;

/// What is known of a request before anybody is asked.
pub(crate) struct Asked<'a> {
    pub(crate) inner: &'a Arc<Inner>,
    pub(crate) snapshot: &'a Arc<Snapshot>,
    pub(crate) call: &'a Call,
    pub(crate) facts: &'a Facts,
    pub(crate) hub: &'a InHub,
    /// It stays on this machine and network.
    pub(crate) local_only: bool,
}

/// Whose a request is.
pub(crate) enum Whose {
    /// A model's.
    Model,
    /// A model's; in the shadow it would have been a tool's.
    Shadow(Box<ToolNote>),
    /// A tool's.
    Tool(Box<Task>),
}

/// Whose this request is.
///
/// # Errors
/// It was meant for a tool, and can't be a task for it.
pub(crate) fn whose(asked: &Asked<'_>) -> Result<Whose, Fault> {
    let Asked {
        snapshot,
        call,
        facts,
        ..
    } = asked;
    let tools = &snapshot.tools;
    let named = asked::named(tools, &facts.model);
    let (tool, way) = match (named, asked::labelled(&call.headers)) {
        (Some(tool), _) => (tool?, ToolWay::Named),
        (None, Some(tool)) => (tool?, ToolWay::Labelled),
        (None, None) => return Ok(asked.recognised()),
    };
    let rule = tools.rule(&facts.model);
    let falls_through = way == ToolWay::Labelled && rule.on_failure == OnFailure::Model;
    match asked::takes_words(call.endpoint) {
        // An agent labels all that it sends, counts of tokens too.
        Err(_) if falls_through => return Ok(Whose::Model),
        takes => takes?,
    }
    let arguments = match tools.has(&tool) {
        true => asked::arguments(&tool, asked.request()?),
        false => Err(asked::is_off()),
    };
    Ok(Whose::Tool(Box::new(Task {
        tool,
        way,
        arguments,
        rule: Arc::clone(rule),
    })))
}

impl Asked<'_> {
    /// The request in our words.
    fn request(&self) -> Result<&Request, Fault> {
        let request = self.hub.of(self.inner, self.call, self.facts);
        request.map_err(|unsent| match unsent {
            Unsent::Malformed(why) => faults::malformed(why.to_string()),
            Unsent::Unfit(refused) => faults::malformed(refused.why),
        })
    }

    fn recognised(&self) -> Whose {
        let tools = &self.snapshot.tools;
        let rule = tools.rule(&self.facts.model);
        if rule.recognise == Recognition::Off || !offered::talks(self.call.endpoint) {
            return Whose::Model;
        }
        // What can't be read here may be read by its provider.
        let Ok(request) = self.request() else {
            return Whose::Model;
        };
        match asked::recognised(tools, rule, request) {
            None => Whose::Model,
            Some((found, true)) => Whose::Tool(Box::new(Task {
                tool: found.tool,
                way: ToolWay::Recognised,
                arguments: Ok(found.arguments),
                rule: Arc::clone(rule),
            })),
            Some((found, false)) => Whose::Shadow(Box::new(ToolNote {
                tool: Some(found.tool.to_string()),
                ..ToolNote::of(ToolWay::Shadow)
            })),
        }
    }

    /// Does a tool's work, and writes it down.
    pub(crate) async fn run(&self, ask: Ask, round: u32) -> (Result<Done, Trouble>, ToolRun) {
        let tool = ask.tool.clone();
        let started = Instant::now();
        let result = match self.may_run(&tool) {
            Ok(()) => {
                let grants = &self.snapshot.tools.grants;
                tokio::select! {
                    biased;
                    _ = self.inner.stop.pulled() => Err(Trouble::new(
                        TroubleKind::Unavailable,
                        "Signalbox is stopping; try again when it is back.",
                    )),
                    result = self.inner.workshop.run(grants, ask) => result,
                }
            }
            Err(trouble) => Err(trouble),
        };
        let mut run = ToolRun::new(
            &tool.to_string(),
            round,
            micros(started.elapsed()),
            result.as_ref().err(),
        );
        if is_asked_for(&result) {
            run.cost = self.cost(&tool);
        }
        (result, run)
    }

    /// Its work as it stands on the receipt until it has ended.
    pub(crate) fn begun(&self, tool: &Tool, round: u32) -> ToolRun {
        let cost = match self.may_run(tool) {
            Ok(()) => self.cost(tool),
            Err(_) => NanoUsd::ZERO,
        };
        ToolRun::begun(&tool.to_string(), round, cost)
    }

    pub(crate) fn may_run(&self, tool: &Tool) -> Result<(), Trouble> {
        let Tool::Mcp { server, .. } = tool else {
            return Ok(());
        };
        let granted = self.snapshot.tools.grants.servers.get(server);
        match granted {
            Some(granted) if self.local_only && !granted.local => Err(Trouble::new(
                TroubleKind::NotGranted,
                format!(
                    "this request stays on this machine and network, and the MCP server `{server}` is not known to. \
                     Set `local = true` for it if it is here."
                ),
            )),
            _ => Ok(()),
        }
    }

    /// What a call costs, as the config says.
    fn cost(&self, tool: &Tool) -> NanoUsd {
        let Tool::Mcp { server, tool } = tool else {
            return NanoUsd::ZERO;
        };
        let granted = self.snapshot.tools.grants.servers.get(server);
        let prices = granted.map(|granted| &granted.nano_usd_a_call);
        let price = prices.and_then(|prices| prices.get(tool).or_else(|| prices.get("*")));
        NanoUsd(
            price
                .copied()
                .and_then(|price| i64::try_from(price).ok())
                .unwrap_or(0),
        )
    }
}

/// Whether anybody was asked to do it who may want money for it: also for what came to nothing.
fn is_asked_for(result: &Result<Done, Trouble>) -> bool {
    !matches!(result, Err(trouble) if matches!(trouble.kind, TroubleKind::NotGranted | TroubleKind::Unavailable))
}

/// Serves a task.
///
/// # Errors
/// Gives the settlement back where a model is to be asked all the same.
pub(crate) async fn serve(
    asked: &Asked<'_>,
    task: Box<Task>,
    mut settlement: Settlement,
) -> Result<Response<ReplyBody>, Box<Settlement>> {
    let Asked { call, facts, .. } = asked;
    let mut note = ToolNote {
        tool: Some(task.tool.to_string()),
        ..ToolNote::of(task.way)
    };
    let result = match task.arguments.clone() {
        Err(trouble) => {
            let name = task.tool.to_string();
            note.ran(ToolRun::new(&name, 0, 0, Some(&trouble)));
            Err(trouble)
        }
        Ok(arguments) => {
            let ask = Ask {
                tool: task.tool.clone(),
                arguments,
                client: call.client.as_ref().to_owned(),
            };
            let mut begun = note.clone();
            begun.ran(asked.begun(&task.tool, 0));
            settlement.tools(begun);
            let (result, run) = asked.run(ask, 0).await;
            note.ran(run);
            settlement.tools(note.clone());
            result
        }
    };
    let text = Format::Text;
    let format = asked.hub.read().map_or(&text, |request| &request.format);
    let worded = result.and_then(|done| {
        let with_working = task.way == ToolWay::Recognised;
        told::words(&done, format, with_working).map(|text| (done, text))
    });
    match worded {
        Ok((done, text)) => {
            let (checked, text) = checked(asked, &task, &done, text, &mut settlement).await;
            note.checked = checked;
            saving::reckon(asked, &task, &text, &mut note);
            settlement.tools(note);
            let form = (facts.stream, facts.usage_asked);
            Ok(told::tell(asked, form, &task.tool, text, settlement).await)
        }
        Err(trouble) if task.falls_through() => {
            note.way = ToolWay::FellThrough;
            note.why = Some(trouble.kind.word().to_owned());
            settlement.tools(note);
            Err(Box::new(settlement))
        }
        Err(trouble) => {
            settlement.tools(note);
            let fault = told::fault(&task.tool, &trouble);
            let mut headers = HeaderMap::new();
            told::mark(&mut headers, &task.tool);
            settlement.discreetly(format!("The tool `{}` could not do this.", task.tool));
            let refused = refuse(
                settlement,
                call.endpoint.dialect(),
                &fault,
                Ending::Refused,
                None,
            );
            let mut response = refused.await;
            response.headers_mut().extend(headers);
            Ok(response)
        }
    }
}

/// The words of a result, by a model where the route wants that and nobody named the tool.
async fn checked(
    asked: &Asked<'_>,
    task: &Task,
    done: &Done,
    text: String,
    settlement: &mut Settlement,
) -> (Option<Checked>, String) {
    let in_words = asked
        .hub
        .read()
        .is_some_and(|request| request.format == Format::Text);
    if task.way == ToolWay::Named || !in_words {
        return (None, text);
    }
    match verify::check(asked, task, done, settlement).await {
        None => (None, text),
        Some((checked, words)) => (Some(checked), words.unwrap_or(text)),
    }
}
