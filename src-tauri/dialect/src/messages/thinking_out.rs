//! How much to think, as this dialect writes it.
//!
//! Promises: a model that thinks as much as it likes is told an effort, another one a budget: the
//! caller's, or a share of `max_tokens`: minimal 1,024 tokens, low 10 %, medium 30 %, high 60 %,
//! xhigh 75 %, max 90 %, always from 1,024 to one below `max_tokens`. Thinking that only an effort
//! asks for yields to a forced tool and to a prefilled answer, which exclude it: those are what is
//! asked, the effort is a hint.

use serde_json::{Value, json};

use crate::hub::{Effort, Notes, Target, Thinking};

/// The least the vendor takes.
const LEAST: u64 = 1_024;

/// What else a request asks for that thinking depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beside {
    pub(super) max_tokens: u64,
    /// A tool must be called.
    pub(super) is_forced: bool,
    /// The answer has begun.
    pub(super) is_prefilled: bool,
    /// The model is amid calls that began without a thought.
    pub(super) calls_without_thought: bool,
}

/// What is written.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Thought {
    /// The field `thinking`.
    pub(super) thinking: Option<Value>,
    /// `output_config.effort`.
    pub(super) effort: Option<&'static str>,
    /// The model is asked to think.
    pub(super) is_on: bool,
}

pub(super) fn thought(
    asked: &Thinking,
    beside: Beside,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Thought {
    let effort = asked.effort.map(|effort| step(effort, target, notes));
    let by_name = asked.budget.is_some() || asked.on == Some(true);
    let is_off = asked.on == Some(false) || (effort == Some(Effort::None) && !by_name);
    let effort = effort.filter(|&effort| effort != Effort::None);
    if target.traits.reasoning == Some(false) {
        if !is_off && (by_name || effort.is_some()) {
            notes.dropped("reasoning_effort", "this model does not think");
        }
        return Thought::default();
    }
    if is_off {
        return off(effort, target, notes);
    }
    if !by_name && effort.is_none() {
        return Thought::default();
    }
    let adapts = match target.traits.adaptive_thinking {
        Some(adapts) => adapts,
        None => asked.on == Some(true) && asked.budget.is_none(),
    };
    if !by_name && (beside.is_forced || beside.is_prefilled) {
        if !adapts {
            let why = "thinking can't go with a forced tool or a prefilled answer";
            notes.dropped("reasoning_effort", why);
        }
        return Thought {
            effort: effort.filter(|_| adapts).map(word),
            ..Thought::default()
        };
    }
    if adapts {
        adaptive(asked, effort, beside.max_tokens, notes)
    } else {
        budgeted(asked, effort, beside, notes)
    }
}

/// The nearest step that the provider has.
fn step(asked: Effort, target: &Target<'_>, notes: &mut Notes) -> Effort {
    let (effort, moved) = target.effort(asked);
    if moved {
        let why = format!("the nearest effort that is taken is {}", effort.word());
        notes.degraded("reasoning_effort", why);
    } else if asked == Effort::Minimal {
        notes.equivalent("reasoning_effort", "Anthropic's lowest effort is low");
    }
    effort
}

fn off(effort: Option<Effort>, target: &Target<'_>, notes: &mut Notes) -> Thought {
    if target.traits.thinking_always_on == Some(true) {
        let why = "this model can't stop thinking: it thinks as little as it can";
        notes.degraded("reasoning_effort", why);
        return Thought {
            effort: Some(effort.map_or("low", word)),
            is_on: true,
            ..Thought::default()
        };
    }
    Thought {
        thinking: Some(json!({"type": "disabled"})),
        effort: effort.map(word),
        is_on: false,
    }
}

fn adaptive(
    asked: &Thinking,
    effort: Option<Effort>,
    max_tokens: u64,
    notes: &mut Notes,
) -> Thought {
    let mut effort = effort;
    if let Some(budget) = asked.budget {
        let why = "this model decides itself how much to think: the budget became an effort";
        notes.degraded("thinking.budget_tokens", why);
        effort = effort.or(Some(worth(budget, max_tokens)));
    }
    Thought {
        thinking: Some(shown(json!({"type": "adaptive"}), asked)),
        effort: effort.map(word),
        is_on: true,
    }
}

fn budgeted(
    asked: &Thinking,
    effort: Option<Effort>,
    beside: Beside,
    notes: &mut Notes,
) -> Thought {
    let max_tokens = beside.max_tokens;
    let what = match asked.budget {
        Some(_) => "thinking",
        None => "reasoning_effort",
    };
    let hindrance = if max_tokens <= LEAST {
        Some("max_tokens leaves no room for thinking, which takes 1,024 tokens")
    } else if beside.calls_without_thought {
        Some("thinking can't begin amid a row of calls that began without it")
    } else {
        None
    };
    if let Some(why) = hindrance {
        notes.dropped(what, why);
        return Thought::default();
    }
    let wanted = asked
        .budget
        .unwrap_or_else(|| share(effort.unwrap_or(Effort::Medium), max_tokens));
    let budget = wanted.clamp(LEAST, max_tokens - 1);
    if asked.budget.is_none() {
        notes.equivalent(what, format!("written as a budget of {budget} tokens"));
    } else if budget != wanted {
        let why = format!("the budget must lie between 1,024 and max_tokens: it is {budget}");
        notes.degraded("thinking.budget_tokens", why);
    }
    let thinking = json!({"type": "enabled", "budget_tokens": budget});
    Thought {
        thinking: Some(shown(thinking, asked)),
        // Who names both speaks this dialect, to a model that takes both.
        effort: effort.filter(|_| asked.budget.is_some()).map(word),
        is_on: true,
    }
}

fn shown(mut thinking: Value, asked: &Thinking) -> Value {
    if let Some(shown) = asked.shown {
        thinking["display"] = if shown { "summarized" } else { "omitted" }.into();
    }
    thinking
}

/// The budget of an effort, in tokens.
fn share(effort: Effort, max_tokens: u64) -> u64 {
    let hundredths = match effort {
        Effort::None | Effort::Minimal => return LEAST,
        Effort::Low => 10,
        Effort::Medium => 30,
        Effort::High => 60,
        Effort::XHigh => 75,
        Effort::Max => 90,
    };
    max_tokens / 100 * hundredths + max_tokens % 100 * hundredths / 100
}

/// The effort of a budget: the least one whose share holds it.
fn worth(budget: u64, max_tokens: u64) -> Effort {
    [Effort::Low, Effort::Medium, Effort::High, Effort::XHigh]
        .into_iter()
        .find(|&effort| budget <= share(effort, max_tokens))
        .unwrap_or(Effort::Max)
}

fn word(effort: Effort) -> &'static str {
    match effort {
        Effort::None | Effort::Minimal => Effort::Low.word(),
        effort => effort.word(),
    }
}
