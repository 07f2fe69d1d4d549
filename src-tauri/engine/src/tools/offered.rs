//! Tools that a model is offered: by the route's rule, and those that a client names among its own.
//!
//! Promises: the client's own tools stay as they are; a name that is reserved for ours is ours, with our
//! description. Leaves out what becomes of the calls (`rounds`).
//! Bounds: [`MOST`] tools.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dialect::Endpoint;
use dialect::hub::{Choice, Extras, Request, Tool as HubTool, ToolKind};
use memchr::memmem;
use offload::{Spec, Tool};

use super::{Asked, Recheck, ToolRule};

/// The most tools that a model is offered in one request.
const MOST: usize = 64;

/// The tools that a model was offered, by the names that it knows them by.
#[derive(Debug, Clone)]
pub(crate) struct Offered {
    pub(crate) by_name: BTreeMap<String, Tool>,
    pub(crate) names: Arc<BTreeSet<String>>,
    /// Tools of the client's own are there too.
    pub(crate) beside_others: bool,
}

/// Whether a request talks in a form in which calls can be answered here.
pub(crate) fn talks(endpoint: Endpoint) -> bool {
    use Endpoint as E;
    matches!(
        endpoint,
        E::ChatCompletions | E::Messages | E::Responses | E::GenerateContent | E::OllamaChat
    )
}

/// Offers a model the tools that the rule grants, and those of ours that the client names. `None`: none, and nobody
/// looks at its answer.
pub(crate) async fn offer(asked: &Asked<'_>) -> Option<(Offered, Request)> {
    let tools = &asked.snapshot.tools;
    let rule = tools.rule(&asked.facts.model);
    let is_named =
        asked.facts.needs.tools && memmem::find(&asked.call.body, b"\"signalbox_").is_some();
    let is_offered = !rule.offer.is_empty() || is_named;
    if (!is_offered && rule.recheck == Recheck::Off) || !talks(asked.call.endpoint) {
        return None;
    }
    // What can't be read here goes as it came.
    let mut request = asked.request().ok()?.clone();
    if request.choice == Some(Choice::None) || request.candidates.unwrap_or(1) > 1 {
        return None;
    }
    let by_rule = !wants_its_own(&request);
    let specs = match is_offered {
        true => specs(asked, rule).await,
        false => Vec::new(),
    };
    let mut by_name = BTreeMap::new();
    for spec in specs {
        let name = spec.tool.reserved_name();
        let place = request.tools.iter().position(|tool| is_called(tool, &name));
        let wanted = place.is_some() || by_rule && rule.offers(&spec.tool);
        let may = tools.has(&spec.tool) && asked.may_run(&spec.tool).is_ok();
        if !wanted || !may || by_name.len() >= MOST || by_name.contains_key(&name) {
            continue;
        }
        by_name.insert(name.clone(), spec.tool.clone());
        match place {
            Some(place) => request.tools[place].kind = kind(name, &spec),
            None => request.tools.push(HubTool {
                kind: kind(name, &spec),
                cache: None,
                extras: Extras::default(),
            }),
        }
    }
    if by_name.is_empty() && rule.recheck == Recheck::Off {
        return None;
    }
    let names: BTreeSet<String> = by_name.keys().cloned().collect();
    let beside_others = request.tools.iter().any(|tool| match &tool.kind {
        ToolKind::Function { name, .. } => !names.contains(name),
        ToolKind::Custom { .. } | ToolKind::Hosted { .. } => true,
    });
    let offered = Offered {
        by_name,
        names: Arc::new(names),
        beside_others,
    };
    Some((offered, request))
}

/// A call of its own tools is what it wants, or of a tool that its provider runs: others beside them would stand in
/// the way, or be refused.
fn wants_its_own(request: &Request) -> bool {
    let hosted = request
        .tools
        .iter()
        .any(|tool| matches!(tool.kind, ToolKind::Hosted { .. }));
    let forced = match &request.choice {
        Some(Choice::Any | Choice::Among { .. }) => true,
        Some(Choice::Tool(name)) => !Tool::is_reserved(name),
        _ => false,
    };
    hosted || forced
}

/// What there is to be offered; servers are asked only where a tool of theirs may be.
async fn specs(asked: &Asked<'_>, rule: &ToolRule) -> Vec<Spec> {
    let names_one = memmem::find(&asked.call.body, b"\"signalbox_mcp_").is_some();
    let wants = |server: &str| names_one || rule.offers_of(server);
    let grants = &asked.snapshot.tools.grants;
    asked.inner.workshop.specs_with(grants, wants).await
}

fn is_called(tool: &HubTool, wanted: &str) -> bool {
    matches!(&tool.kind, ToolKind::Function { name, namespace: None, .. } if name == wanted)
}

fn kind(name: String, spec: &Spec) -> ToolKind {
    ToolKind::Function {
        name,
        namespace: None,
        description: Some(spec.what.clone()),
        schema: Some(spec.arguments.clone()),
        strict: Some(false),
    }
}
