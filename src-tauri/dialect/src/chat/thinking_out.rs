//! How much to think, in the one word that Chat Completions has for it.
//!
//! Promises: a budget of tokens becomes the step it lies on; a step the provider lacks becomes
//! the nearest; each is noted. What a caller wrote in another server's words is left to them.

use super::request_out::Body;
use crate::Dialect;
use crate::hub::{Effort, Notes, Request, Target};

const FIELD: &str = "reasoning_effort";

pub(super) fn effort(body: &mut Body, request: &Request, target: &Target<'_>, notes: &mut Notes) {
    let thinking = &request.thinking;
    let own = request.extras.owner == Some(Dialect::OpenAi);
    let told = |key: &&str| request.extras.fields.contains_key(*key);
    if own && ["reasoning", "thinking", FIELD].iter().any(told) {
        // The wish is among the extras, as written. A word beside it stays too.
        if let (Some(effort), false) = (thinking.effort, told(&"reasoning")) {
            body.put(FIELD, effort.word());
        }
        return;
    }
    if thinking.shown.is_some() && target.traits.reasoning != Some(false) {
        notes.dropped(
            "reasoning.summary",
            "Chat Completions has no switch for showing thoughts",
        );
    }
    let Some(asked) = asked(request, target, notes) else {
        return;
    };
    if target.traits.reasoning == Some(false) {
        if asked > Effort::None {
            notes.dropped(FIELD, "the model does not think");
        }
        return;
    }
    let (effort, moved) = target.effort(asked);
    if moved {
        let (from, to) = (asked.word(), effort.word());
        notes.degraded(
            FIELD,
            format!("{from} is not known there: {to} is asked for"),
        );
    }
    body.put(FIELD, effort.word());
}

fn asked(request: &Request, target: &Target<'_>, notes: &mut Notes) -> Option<Effort> {
    let thinking = &request.thinking;
    if thinking.effort.is_some() {
        return thinking.effort;
    }
    if thinking.on == Some(false) {
        return Some(Effort::None);
    }
    if let Some(budget) = thinking.budget {
        let effort = of_budget(budget);
        let word = effort.word();
        notes.degraded("thinking.budget", format!("asked for as effort {word}"));
        return Some(effort);
    }
    // Some models that can think don't unless they are asked to.
    let wanted = thinking.on == Some(true) && target.traits.reasoning == Some(true);
    wanted.then_some(Effort::Medium)
}

/// The steps that coding tools use for their budgets: 4k to think, 10k to think hard, 32k for the most.
fn of_budget(tokens: u64) -> Effort {
    match tokens {
        0 => Effort::None,
        1..4_096 => Effort::Low,
        4_096..16_384 => Effort::Medium,
        _ => Effort::High,
    }
}
