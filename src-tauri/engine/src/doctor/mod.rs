//! The doctor: asks a provider what a client in each dialect would ask, and writes down what works.
//!
//! Promises: an examination goes the very path of a request, so its receipts, its cost and what it
//! tells of a provider's health are real; it ends after a minute whatever the provider does (half a
//! minute as a rule), asks at most three things at once, and one provider is examined once at a
//! time. Leaves out: keeping the findings (`host`), and what routing makes of them (`routing`).

mod asking;
mod choice;
mod course;
mod finding;
mod patient;
mod question;
mod round;
mod speech;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, Guard};
use dialect::{Dialect, Task};
use routing::{Asked, Broken, Findings, Need, NoRoute, Provider};

pub use finding::{CALLERS, Check, Examination, Finding, Verdict};

use crate::machine::Engine;
use crate::settle::unix_ms;
use crate::upstream::NoClient;

/// The longest that an examination takes.
const LIMIT: Duration = Duration::from_secs(60);
/// The most names that an unknown provider is told.
const MOST_NAMES: usize = 8;

/// What the engine keeps of examinations.
#[derive(Debug, Default)]
pub(crate) struct Doctor {
    /// Who is being examined.
    patients: Mutex<HashSet<String>>,
    /// What plans go by.
    findings: ArcSwap<Findings>,
}

impl Doctor {
    /// What plans go by.
    pub(crate) fn findings(&self) -> Guard<Arc<Findings>> {
        self.findings.load()
    }

    fn patients(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.patients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why nothing was examined; each a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum NotExamined {
    /// There is no such provider.
    #[error("{0}")]
    Unknown(String),
    /// It takes no request now.
    #[error("{0}")]
    NotReady(String),
    /// It is being examined already.
    #[error("{0}")]
    Underway(String),
    /// No model could be found to examine.
    #[error("{0}")]
    NoModel(String),
    /// No TLS client can be made on this machine.
    #[error(transparent)]
    Tls(NoClient),
}

/// An examination that may begin. Its provider is its alone until it is dropped.
pub struct Examining {
    engine: Engine,
    provider: Arc<Provider>,
    model: Option<String>,
}

impl Drop for Examining {
    fn drop(&mut self) {
        self.engine
            .inner
            .doctor
            .patients()
            .remove(&self.provider.id);
    }
}

impl Engine {
    /// Prepares the examination of a provider, or of one model of it.
    ///
    /// # Errors
    /// When there is no such provider, or it is being examined already.
    pub fn examination(&self, id: &str, model: Option<&str>) -> Result<Examining, NotExamined> {
        let snapshot = self.snapshot();
        let Some(provider) = snapshot.routes.provider(id) else {
            return Err(NotExamined::Unknown(unknown(
                id,
                &snapshot.routes.providers,
            )));
        };
        if !self.inner.doctor.patients().insert(id.to_owned()) {
            return Err(NotExamined::Underway(format!(
                "{} is being examined right now; the result appears on the Providers page",
                provider.name
            )));
        }
        Ok(Examining {
            engine: self.clone(),
            provider: Arc::clone(provider),
            model: model.map(str::to_owned),
        })
    }

    /// Whether a provider is being examined.
    pub fn is_examining(&self, id: &str) -> bool {
        self.inner.doctor.patients().contains(id)
    }

    /// Whether an examination is of a provider that is still where it was.
    pub fn is_current(&self, examination: &Examination) -> bool {
        let snapshot = self.snapshot();
        let provider = snapshot.routes.provider(&examination.provider);
        provider.is_some_and(|provider| patient::place(provider) == examination.place)
    }

    /// Lets plans go by what these examinations found, and by nothing else. Those of providers that
    /// have gone or moved are passed over.
    pub fn heed(&self, examinations: &[Examination]) {
        let current = examinations.iter().filter(|one| self.is_current(one));
        let broken = current.flat_map(broken);
        let findings = Findings::new(broken);
        self.inner.doctor.findings.store(Arc::new(findings));
    }
}

impl Examining {
    /// Examines. Takes half a minute as a rule and a minute at most.
    ///
    /// # Errors
    /// When the provider takes no requests now, or no model could be chosen.
    pub async fn run(&self) -> Result<Examination, NotExamined> {
        let (engine, provider) = (&self.engine, &*self.provider);
        // Before a model is chosen too: a provider without a key can't be asked for its models.
        self.ready(self.model.as_deref().unwrap_or("a-model"))?;
        let (model, chosen) = choice::choose(engine, provider, self.model.as_deref()).await?;
        self.ready(&model)?;
        let (started, at_unix_ms) = (Instant::now(), unix_ms());
        let target = format!("{}/{model}", provider.id);
        let asker = asking::Asker::new(engine, target, LIMIT);
        let findings = round::examine(&asker, provider, &model).await;
        let (requests, cost, cost_basis) = asker.bill();
        Ok(Examination {
            provider: provider.id.clone(),
            place: patient::place(provider),
            model,
            chosen,
            at_unix_ms,
            took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            stopped: asker.stopped(),
            requests,
            cost,
            cost_basis,
            findings,
        })
    }

    /// Whether a request would reach this model of this provider now.
    fn ready(&self, model: &str) -> Result<(), NotExamined> {
        let (engine, provider) = (&self.engine, &self.provider);
        if engine.live().is_paused() {
            return Err(NotExamined::NotReady(crate::faults::paused().message));
        }
        let snapshot = engine.snapshot();
        let target = format!("{}/{model}", provider.id);
        let asked = Asked {
            endpoint: Dialect::OpenAi
                .endpoint(Task::Generate)
                .unwrap_or(dialect::Endpoint::ChatCompletions),
            model: &target,
            local_only: false,
        };
        match routing::plan(&snapshot.routes, asked, |one, model, key| {
            engine.standing(one, model, key)
        }) {
            Ok(plan) if plan.candidates[0].provider.id == provider.id => Ok(()),
            Ok(plan) => Err(NotExamined::NotReady(format!(
                "`{target}` is the name of a model of {}: examine that one instead",
                plan.candidates[0].provider.name
            ))),
            Err(NoRoute::NoTarget {
                message, dropped, ..
            }) => {
                let reason = dropped
                    .into_iter()
                    .next()
                    .map(|one| format!("{}.", one.reason));
                Err(NotExamined::NotReady(reason.unwrap_or(message)))
            }
            Err(NoRoute::UnknownModel { message }) => Err(NotExamined::NotReady(message)),
        }
    }
}

/// What of an examination a plan should go by. One that was stopped says nothing: its trouble was
/// the key or the account, and that is gone when they are mended.
fn broken(examination: &Examination) -> impl Iterator<Item = Broken> + '_ {
    let those = examination
        .findings
        .iter()
        .filter(|_| examination.stopped.is_none())
        .filter(|finding| finding.refused || finding.verdict == Verdict::Failed);
    those.filter_map(|finding| {
        Some(Broken {
            provider: examination.provider.clone(),
            model: examination.model.clone(),
            dialect: finding.dialect,
            need: need(finding.check)?,
            at_unix_ms: examination.at_unix_ms,
        })
    })
}

/// What a request needs that this check stands for.
fn need(check: Check) -> Option<Need> {
    match check {
        Check::Answer => Some(Need::Answer),
        Check::Stream => Some(Need::Stream),
        Check::Tools | Check::ParallelTools | Check::ToolResults => Some(Need::Tools),
        Check::Thinking => Some(Need::Thinking),
        Check::Schema => Some(Need::Schema),
        // Figures and money: no reason to send a request elsewhere.
        Check::Usage | Check::Cache | Check::Count => None,
    }
}

/// Most unknown names are slips: those that share a beginning come first.
fn unknown(id: &str, providers: &[Arc<Provider>]) -> String {
    let alike = |one: &str| {
        let shared = one.bytes().zip(id.bytes()).take_while(|(a, b)| a == b);
        shared.count()
    };
    let mut names: Vec<&str> = providers.iter().map(|one| one.id.as_str()).collect();
    names.sort_by_key(|name| std::cmp::Reverse(alike(name)));
    names.truncate(MOST_NAMES);
    format!(
        "there is no provider `{id}`; there are {}. Add one on the Providers page or as \
         [provider.{id}] in the config file.",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests;
