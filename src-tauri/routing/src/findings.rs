//! What the doctor saw broken, as far as a plan goes by it.
//!
//! Promises: a target that is known not to do what a request needs is tried after those that are
//! not; it is never left out, because a finding may be out of date and a last resort is better than
//! none. The reason stands on the plan. Findings older than thirty days are ignored.
//! Leaves out: how findings are made (`engine::doctor`), and the clock: now is an argument.

use std::collections::HashMap;

use dialect::{Dialect, Needs, Task};

use crate::plan::{Asked, Candidate, Plan};
use crate::price::date_of;
use crate::routes::Provider;

/// How long a finding is gone by.
const GOOD_FOR_MS: u64 = 30 * 24 * 60 * 60 * 1000;

/// What is known to be broken, by provider.
#[derive(Debug, Default)]
pub struct Findings {
    by_provider: HashMap<String, Vec<Broken>>,
}

/// Something a request may need of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// An answer at all.
    Answer,
    /// A stream.
    Stream,
    /// Calls of tools.
    Tools,
    /// An answer after a schema.
    Schema,
    /// Thoughts that are shown and taken back.
    Thinking,
}

/// One thing that one model of a provider does not do for callers of one dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The provider's id.
    pub provider: String,
    /// The model, as the provider names it.
    pub model: String,
    /// The caller's dialect.
    pub dialect: Dialect,
    /// What is broken.
    pub need: Need,
    /// When it was seen, milliseconds since 1970.
    pub at_unix_ms: u64,
}

impl Need {
    fn words(self) -> &'static str {
        match self {
            Need::Answer => "its answers",
            Need::Stream => "its streams",
            Need::Tools => "its tool calls",
            Need::Schema => "its answers after a schema",
            Need::Thinking => "the replay of its thoughts",
        }
    }

    fn is_among(self, needs: Needs, stream: bool) -> bool {
        match self {
            Need::Answer => true,
            Need::Stream => stream,
            Need::Tools => needs.tools,
            Need::Schema => needs.schema,
            Need::Thinking => needs.thinking,
        }
    }
}

impl Findings {
    /// These, and nothing else.
    pub fn new(all: impl IntoIterator<Item = Broken>) -> Findings {
        let mut by_provider: HashMap<String, Vec<Broken>> = HashMap::new();
        for broken in all {
            let of_provider = by_provider.entry(broken.provider.clone());
            of_provider.or_default().push(broken);
        }
        Findings { by_provider }
    }

    /// Whether findings of then are too old to go by now.
    pub fn are_stale(at_unix_ms: u64, now_unix_ms: u64) -> bool {
        now_unix_ms.saturating_sub(at_unix_ms) > GOOD_FOR_MS
    }

    /// What is known against a candidate for this request: the first of it.
    fn against(&self, candidate: &Candidate, request: &Request) -> Option<&Broken> {
        let of_provider = self.by_provider.get(&candidate.provider.id)?;
        of_provider.iter().find(|broken| {
            broken.dialect == request.dialect
                && broken.need.is_among(request.needs, request.stream)
                && !Findings::are_stale(broken.at_unix_ms, request.now_unix_ms)
                && same_model(&candidate.provider, &broken.model, &candidate.model)
        })
    }
}

struct Request {
    dialect: Dialect,
    needs: Needs,
    stream: bool,
    now_unix_ms: u64,
}

/// The same name, or two names of one model.
fn same_model(provider: &Provider, one: &str, other: &str) -> bool {
    let known = |name| provider.model(name).map(|model| model.id.as_str());
    one == other || known(one).is_some_and(|id| known(other) == Some(id))
}

/// Puts candidates that are known not to do what this request needs behind the others, and says so.
///
/// Cost: nothing without findings; one map look-up a candidate with some.
pub fn heed(
    plan: &mut Plan,
    findings: &Findings,
    asked: Asked<'_>,
    needs: Needs,
    stream: bool,
    now_unix_ms: u64,
) {
    if findings.by_provider.is_empty() || asked.endpoint.task() != Task::Generate {
        return;
    }
    let request = Request {
        dialect: asked.endpoint.dialect(),
        needs,
        stream,
        now_unix_ms,
    };
    let against = |candidate: &Candidate| {
        let broken = findings.against(candidate, &request)?;
        Some(sentence(broken))
    };
    if !plan.candidates.iter().any(|one| against(one).is_some()) {
        return;
    }
    let (mut sound, mut broken) = (Vec::new(), Vec::new());
    for mut candidate in std::mem::take(&mut plan.candidates) {
        match (against(&candidate), broken.first()) {
            (Some(seen), _) => {
                candidate.why = format!("{}; {seen}", candidate.why).into();
                candidate.priority = 0.0;
                broken.push((candidate, seen));
            }
            (None, Some((passed, seen))) => {
                let passed: &Candidate = passed;
                candidate.why = format!(
                    "{}; before {}/{}: {seen}",
                    candidate.why, passed.provider.id, passed.model
                )
                .into();
                sound.push(candidate);
            }
            (None, None) => sound.push(candidate),
        }
    }
    sound.extend(broken.into_iter().map(|(candidate, _)| candidate));
    plan.candidates = sound;
}

fn sentence(broken: &Broken) -> String {
    format!(
        "the examination of {} saw {} broken in the dialect {}",
        date_of(broken.at_unix_ms / 1000),
        broken.need.words(),
        broken.dialect.name()
    )
}

#[cfg(test)]
mod tests;
