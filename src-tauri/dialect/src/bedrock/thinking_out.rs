//! How much to think, in the words of each maker.
//!
//! Promises: Claude gets a budget or `adaptive` with an effort, Nova and OpenAI
//! their own switch; a model without one gets nothing, and a note. What thinking rules out
//! (sampling, a forced tool) is left to the caller of [`plan`], who is told that it is on.

use serde_json::{Map, Value, json};

use super::family::Family;
use crate::Dialect;
use crate::hub::{Effort, Kind, Message, Notes, Request, Role, Target};

/// The smallest budget Claude takes.
const LEAST_BUDGET: u64 = 1024;
/// The output limit that shares are taken of when nobody names one.
const USUAL_OUTPUT: u64 = 16_384;

/// What thinking adds to a request.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// For `additionalModelRequestFields`.
    pub(super) fields: Map<String, Value>,
    /// For `outputConfig.effort`.
    pub(super) effort: Option<&'static str>,
    /// A limit that must be written, as it must lie above the budget.
    pub(super) max_output: Option<u64>,
    /// The model will think in a way that rules other fields out (Claude).
    pub(super) strict: bool,
}

pub(super) fn plan(
    request: &Request,
    target: &Target<'_>,
    family: Family,
    notes: &mut Notes,
) -> Plan {
    let wish = &request.thinking;
    let off = wish.on == Some(false) || wish.effort == Some(Effort::None);
    let asked = wish.effort.is_some() || wish.budget.is_some() || wish.on == Some(true);
    if !off && !asked {
        return Plan {
            strict: always(target),
            ..Plan::default()
        };
    }
    if target.traits.reasoning == Some(false) {
        if !off {
            notes.dropped("reasoning_effort", "The model does not think.");
        }
        return Plan::default();
    }
    match (family, off) {
        (Family::Claude, true) => claude_off(target, notes),
        (Family::Claude, false) if adapts(target) => claude_adaptive(request, target, notes),
        (Family::Claude, false) if amid_calls_without_thought(request) => {
            notes.dropped(
                "reasoning_effort",
                "Thinking can't begin amid a row of calls that began without it.",
            );
            Plan::default()
        }
        (Family::Claude, false) => claude_budget(request, target, notes),
        (Family::Nova, off) => nova(request, target, off, notes),
        (Family::OpenAi, off) => openai(request, target, off, notes),
        _ => {
            notes.dropped(
                "reasoning_effort",
                "Bedrock Converse has no word that tells this model how much to think.",
            );
            Plan::default()
        }
    }
}

/// Whether the last turn is a tool's answer to calls that came without a thought, or whose thought
/// did not come back.
fn amid_calls_without_thought(request: &Request) -> bool {
    let messages = &request.messages;
    let since = messages
        .iter()
        .rposition(|message| message.role == Role::User)
        .unwrap_or(0);
    let turn = &messages[since..];
    let calls = turn
        .iter()
        .flat_map(|message| &message.parts)
        .any(|part| matches!(part.kind, Kind::ToolCall(_)));
    let first = turn.iter().find(|message| message.role == Role::Assistant);
    let thinks = first.is_some_and(|message| {
        message
            .parts
            .iter()
            .any(|part| matches!(part.kind, Kind::Reasoning(_)))
    });
    calls && !thinks
}

fn always(target: &Target<'_>) -> bool {
    target.traits.thinking_always_on == Some(true)
}

fn adapts(target: &Target<'_>) -> bool {
    always(target) || target.traits.adaptive_thinking == Some(true)
}

fn claude_off(target: &Target<'_>, notes: &mut Notes) -> Plan {
    if always(target) {
        notes.degraded(
            "reasoning_effort",
            "The model can't stop thinking: it is asked to think as little as it can.",
        );
        return Plan {
            effort: Some("low"),
            strict: true,
            ..Plan::default()
        };
    }
    with("thinking", json!({"type": "disabled"}))
}

fn claude_adaptive(request: &Request, target: &Target<'_>, notes: &mut Notes) -> Plan {
    let mut thinking = json!({"type": "adaptive"});
    if let Some(shown) = request.thinking.shown {
        thinking["display"] = if shown { "summarized" } else { "omitted" }.into();
    }
    if request.thinking.budget.is_some() {
        notes.degraded(
            "thinking.budget_tokens",
            "The model decides itself how many tokens it thinks.",
        );
    }
    let effort = request.thinking.effort.map(|asked| {
        let (effort, moved) = target.effort(asked);
        let effort = effort.max(Effort::Low);
        if moved || effort != asked {
            moved_to(effort, notes);
        }
        effort.word()
    });
    Plan {
        effort,
        strict: true,
        ..with("thinking", thinking)
    }
}

fn claude_budget(request: &Request, target: &Target<'_>, notes: &mut Notes) -> Plan {
    if continues_without_thought(&request.messages, target.provider) {
        notes.dropped(
            "reasoning_effort",
            "The turn that goes on holds no thought of this model, so it can't think now.",
        );
        return Plan::default();
    }
    let limit = request.max_output.or(target.max_output);
    let room = limit.unwrap_or(USUAL_OUTPUT);
    if room <= LEAST_BUDGET {
        notes.dropped(
            "reasoning_effort",
            "The output limit leaves no room for the least budget of 1024 tokens.",
        );
        return Plan::default();
    }
    if request.thinking.shown == Some(false) {
        notes.dropped(
            "thinking.display",
            "The model always shows what it thinks of here.",
        );
    }
    let budget = request
        .thinking
        .budget
        .unwrap_or_else(|| {
            let budget = share(request.thinking.effort, room);
            notes.equivalent(
                "reasoning_effort",
                format!("Written as a share of the output limit: {budget} tokens at most."),
            );
            budget
        })
        .clamp(LEAST_BUDGET, room - 1);
    Plan {
        max_output: Some(room),
        strict: true,
        ..with(
            "thinking",
            json!({"type": "enabled", "budget_tokens": budget}),
        )
    }
}

/// Whether results are handed in for calls that this provider did not think about: with a budget,
/// it demands its own thought before them.
fn continues_without_thought(messages: &[Message], provider: &str) -> bool {
    let turn = messages
        .iter()
        .rposition(|message| message.role == Role::User)
        .map_or(messages, |at| &messages[at..]);
    let mut of_model = turn
        .iter()
        .filter(|message| message.role == Role::Assistant)
        .flat_map(|message| &message.parts)
        .peekable();
    of_model.peek().is_some()
        && !of_model.any(|part| match &part.kind {
            Kind::Reasoning(thought) => thought
                .sealed
                .as_ref()
                .is_some_and(|sealed| sealed.is_of(Dialect::Bedrock, provider)),
            _ => false,
        })
}

/// The part of the output limit that an effort may spend on thinking.
fn share(effort: Option<Effort>, room: u64) -> u64 {
    let percent = match effort {
        Some(Effort::None | Effort::Minimal) => 10,
        Some(Effort::Low) => 20,
        Some(Effort::Medium) | None => 50,
        Some(Effort::High) => 80,
        Some(Effort::XHigh) => 90,
        Some(Effort::Max) => 95,
    };
    (room / 100)
        .saturating_mul(percent)
        .clamp(LEAST_BUDGET, room - 1)
}

fn nova(request: &Request, target: &Target<'_>, off: bool, notes: &mut Notes) -> Plan {
    if off {
        return with("reasoningConfig", json!({"type": "disabled"}));
    }
    let mut effort = in_three_steps(request, target, notes);
    let limited = request.max_output.is_some()
        || request.sampling.temperature.is_some()
        || request.sampling.top_p.is_some();
    if effort == Effort::High && limited {
        // At its highest effort it takes no limit and no sampling.
        effort = Effort::Medium;
        moved_to(effort, notes);
    }
    with(
        "reasoningConfig",
        json!({"type": "enabled", "maxReasoningEffort": effort.word()}),
    )
}

fn openai(request: &Request, target: &Target<'_>, off: bool, notes: &mut Notes) -> Plan {
    // The open weights know three steps, the others the ladder that is ours too.
    let effort = match request.thinking.effort {
        _ if target.model.contains("gpt-oss") => in_three_steps(request, target, notes),
        _ if off => Effort::None,
        Some(effort) => target.effort(effort).0,
        None => in_three_steps(request, target, notes),
    };
    with("reasoning_effort", effort.word().into())
}

/// Low, medium or high; a bare wish to think, or a budget, is medium.
fn in_three_steps(request: &Request, target: &Target<'_>, notes: &mut Notes) -> Effort {
    let Some(asked) = request.thinking.effort else {
        if request.thinking.budget.is_some() {
            notes.degraded(
                "thinking.budget_tokens",
                "The model takes an effort, not a budget: it is asked for a medium one.",
            );
        }
        return Effort::Medium;
    };
    let (effort, moved) = target.effort(asked);
    let effort = effort.clamp(Effort::Low, Effort::High);
    if moved || effort != asked {
        moved_to(effort, notes);
    }
    effort
}

fn moved_to(effort: Effort, notes: &mut Notes) {
    notes.degraded(
        "reasoning_effort",
        format!("The nearest effort this model takes is {}.", effort.word()),
    );
}

fn with(key: &str, value: Value) -> Plan {
    Plan {
        fields: Map::from_iter([(key.to_owned(), value)]),
        ..Plan::default()
    }
}
