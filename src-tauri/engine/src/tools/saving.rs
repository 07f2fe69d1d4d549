//! What a model's answer would have cost, where a tool gave it.
//!
//! Promises: an estimate by the price of the target that the request would have gone to first; none where that
//! has no price.

use routing::{Asked as Wanted, Contender, KeySource, Provider};

use super::asked::Task;
use super::note::{ToolNote, ToolWay};
use super::{Asked, told};
use crate::choosing;
use crate::machine::Engine;
use crate::receipt::Basis;

/// Puts it on the note.
pub(crate) fn reckon(asked: &Asked<'_>, task: &Task, text: &str, note: &mut ToolNote) {
    let tools = &asked.snapshot.tools;
    let model = match task.way {
        ToolWay::Named => tools.instead_of.as_deref(),
        _ => Some(asked.facts.model.as_str()),
    };
    let mut ask = choosing::ask(asked.call);
    ask.answer_tokens = told::tokens(text);
    note.saved_tokens = ask.prompt_tokens + ask.answer_tokens;
    let Some(model) = model else { return };
    let engine = Engine {
        inner: asked.inner.clone(),
    };
    let wanted = Wanted {
        endpoint: asked.call.endpoint,
        model,
        local_only: asked.local_only,
    };
    let standing = |p: &Provider, m: &str, k: &KeySource| engine.standing(p, m, k);
    let Ok(plan) = routing::plan(&asked.snapshot.routes, wanted, standing) else {
        return;
    };
    let first = plan.candidates.first();
    if let Some(cost) = first.and_then(|first| ask.cost(&Contender::of(first), 0)) {
        (note.saved, note.saved_basis) = (cost, Basis::Estimated);
    }
}
