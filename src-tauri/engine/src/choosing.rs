//! From a plan to the order in which it is walked, and what the receipt tells of it.
//!
//! Promises: each target is accounted for; who was put on a list without a rule is never left out of it, and comes
//! last at worst. Leaves out the rules of the choice (`routing::decide`) and what follows a failure (`walk`).

use std::time::Duration;

use dialect::{Fault, FaultKind, Task, estimate_prompt};
use routing::{
    Ask, Bar, Candidate, Choosing, Class, Considered, Contender, Decision, Fate, Kept, NoHedge,
    Plan, Reason, Service, Strategy,
};
use serde::{Deserialize, Serialize};

use crate::conditions::Conditions;
use crate::exchange::Call;
use crate::settle::unix_ms;
use crate::warmth::Beginnings;

/// An answer is taken to be so long before it is known, in tokens.
const USUAL_ANSWER: u64 = 400;

/// Why the first target was the first, and what the others looked like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// What decided.
    pub reason: Reason,
    /// What keeping the conversation together came to.
    #[serde(default)]
    pub kept: Option<Kept>,
    /// Replays the choice.
    pub seed: u64,
    /// Every target that could have been asked, in the order of the plan.
    pub considered: Vec<Weighed>,
    /// Why no second target was asked beside the first, where that is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_hedge: Option<NoHedge>,
}

/// One target of a choice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Weighed {
    /// `provider/model`
    pub target: String,
    /// Its place in the order, from 1; `None` when it is not asked at all.
    pub place: Option<u32>,
    /// Why it stands there, in a sentence.
    pub why: String,
    /// The figures behind it.
    pub figures: Considered,
}

/// Nobody may be asked now.
pub(crate) struct NobodyLeft {
    pub(crate) fault: Fault,
    pub(crate) choice: Choice,
    /// Until somebody may be.
    pub(crate) wait: Option<Duration>,
}

/// What a choice has to know of a request.
pub(crate) fn ask(call: &Call) -> Ask {
    // A form with a recording in it has no prompt to speak of.
    let (prompt_tokens, images) = match call.endpoint.task() {
        Task::Pass => (0, 0),
        _ => estimate_prompt(&call.body),
    };
    Ask {
        service: Service::of(call.endpoint.task()),
        prompt_tokens,
        answer_tokens: USUAL_ANSWER,
        images,
        effort: 0,
        tool_turn: false,
        pin: None,
        unix_s: unix_ms() / 1000,
    }
}

/// Puts a plan's candidates in the order in which they are asked.
pub(crate) fn choose(
    conditions: &Conditions,
    plan: &mut Plan,
    ask: &Ask,
    beginnings: &Beginnings,
) -> Result<Option<Choice>, Box<NobodyLeft>> {
    let mut contenders: Vec<Contender<'_>> = plan.candidates.iter().map(Contender::of).collect();
    let choosing = Choosing {
        strategy: plan.policy.strategy.unwrap_or(Strategy::Priority),
        ..Choosing::default()
    };
    let mut decision = conditions.decide(&mut contenders, ask, beginnings, &choosing);
    drop(contenders);
    if plan.policy.strategy.is_none() {
        leave_nobody_out(&mut decision);
    }
    let alone = plan.candidates.len() == 1 && !decision.order.is_empty();
    if alone {
        return Ok(None);
    }
    let choice = told(conditions, &plan.candidates, &decision);
    if decision.order.is_empty() {
        return Err(Box::new(nobody(conditions, &decision, choice)));
    }
    let mut left: Vec<Option<Candidate>> = plan.candidates.drain(..).map(Some).collect();
    let in_order = decision
        .order
        .iter()
        .filter_map(|place| left[*place].take());
    plan.candidates = in_order.collect();
    Ok(Some(choice))
}

/// Who wrote a list wants each of its targets asked before the answer is no, and who named a single one wants to
/// hear it from that one. Those that can't be asked well now come last, in the order of the list.
fn leave_nobody_out(decision: &mut Decision) {
    let bound = decision
        .considered
        .iter()
        .any(|one| one.fate == Fate::Unbound);
    for place in 0..decision.considered.len() {
        let unbound = decision.considered[place].fate == Fate::Unbound;
        if !unbound && !decision.order.contains(&place) {
            if decision.order.is_empty() {
                decision.reason = match bound {
                    true => Reason::Bound,
                    false => Reason::LastResort,
                };
                decision.considered[place].fate = Fate::First;
            }
            decision.order.push(place);
        }
    }
}

fn told(conditions: &Conditions, candidates: &[Candidate], decision: &Decision) -> Choice {
    let first = decision.order.first();
    let best = first.and_then(|place| decision.considered[*place].terms);
    let weighed = candidates.iter().zip(&decision.considered).enumerate();
    Choice {
        reason: decision.reason,
        kept: decision.kept,
        seed: decision.seed,
        no_hedge: None,
        considered: weighed
            .map(|(at, (candidate, figures))| {
                let place = decision.order.iter().position(|place| *place == at);
                Weighed {
                    target: candidate.label(),
                    place: place.map(|place| place as u32 + 1),
                    why: match figures.fate {
                        Fate::First => first_because(decision.reason).to_owned(),
                        fate => {
                            let best = best.map(|terms| terms.total);
                            let why = later_because(conditions, fate, figures, best);
                            match (fate, place) {
                                (Fate::Barred { .. } | Fate::TooSmall { .. }, Some(_)) => {
                                    why + " It is tried all the same when the others have failed."
                                }
                                _ => why,
                            }
                        }
                    },
                    figures: *figures,
                }
            })
            .collect(),
    }
}

fn first_because(reason: Reason) -> &'static str {
    match reason {
        Reason::OnlyOne => "It is the only one that may be asked now.",
        Reason::Best => "Its score is the best.",
        Reason::DrawnAmongEquals => "Drawn among those whose scores are as good.",
        Reason::Order => "It stands first in the config.",
        Reason::DrawnByWeight => "Drawn by weight.",
        Reason::Explored => "A look at somebody else than the best, as one request in fifty takes.",
        Reason::Trial => "It had failed, and this request tries whether it is back.",
        Reason::Stayed => "The conversation stays where its cache is warm.",
        Reason::Bound => "The conversation can go on nowhere else.",
        Reason::Warm => "Its cache holds the beginning of the prompt.",
        Reason::LastResort => "All are failing; it is tried all the same.",
        Reason::NobodyLeft => "",
    }
}

fn later_because(
    conditions: &Conditions,
    fate: Fate,
    figures: &Considered,
    best: Option<f64>,
) -> String {
    match (fate, figures.terms, best) {
        (Fate::First, ..) => String::new(),
        (Fate::Equal, ..) => "Its score is as good; the draw fell on another.".to_owned(),
        (Fate::Worse, Some(terms), Some(best)) => {
            format!("Its score is {:.2} against {best:.2}.", terms.total)
        }
        (Fate::Worse, ..) => "Its score is worse.".to_owned(),
        (Fate::Later, ..) => "It stands further down in the config.".to_owned(),
        (Fate::NotDrawn, ..) => "It was not drawn.".to_owned(),
        (Fate::OnTrial, ..) => "It had failed, and gets its trial another time.".to_owned(),
        (Fate::Barred { bar, until, .. }, ..) => {
            let wait = conditions.until(until).as_secs_f32().ceil();
            format!("{} Asked again in {wait:.0} s.", barred(bar))
        }
        (Fate::TooSmall { window }, ..) => {
            format!("The prompt does not fit its window of {window} tokens.")
        }
        (Fate::Unbound, ..) => "The conversation can't go on there.".to_owned(),
    }
}

/// What keeps a target from being asked.
pub(crate) fn barred(bar: Bar) -> &'static str {
    match bar {
        Bar::Held(Class::RateLimit) => "Rate limit reached.",
        Bar::Held(Class::Quota) => "Its quota is used up.",
        Bar::Held(Class::Auth) => "Its key was refused.",
        Bar::Held(Class::Permission) => "Its key may not use this model.",
        Bar::Held(Class::NotFound) => "It does not know the model.",
        Bar::Held(_) => "It asked for a pause.",
        Bar::Failed => "Too many of its answers failed of late.",
        Bar::Ramping => "It is coming back and is not flooded yet.",
        Bar::Paced => "Sent now, this request would meet its rate limit.",
        Bar::Offline => "This machine has no network.",
    }
}

fn nobody(conditions: &Conditions, decision: &Decision, choice: Choice) -> NobodyLeft {
    let wait = decision.again_at.map(|again| conditions.until(again));
    let limited = decision.considered.iter().any(|one| {
        matches!(
            one.fate,
            Fate::Barred {
                bar: Bar::Held(Class::RateLimit) | Bar::Paced,
                ..
            }
        )
    });
    let lines: Vec<String> = choice
        .considered
        .iter()
        .map(|one| format!("{}: {}", one.target, one.why))
        .collect();
    let kind = match limited {
        true => FaultKind::RateLimit,
        false => FaultKind::Unavailable,
    };
    NobodyLeft {
        fault: Fault::new(
            kind,
            "nobody_left",
            format!("Nobody can be asked now. {}", lines.join(" ")),
        ),
        choice,
        wait,
    }
}
