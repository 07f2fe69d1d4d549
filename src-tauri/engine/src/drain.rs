//! Drains: who takes no new work, what still runs there, and until when.
//!
//! Promises: what drains takes nothing new from the moment it is asked to. What runs there may finish
//! until the deadline; then whoever runs it is told so, and ends it: a stream with its dialect's error
//! event, a request whose client has seen nothing by going on to the next target. The same holds for
//! what runs at a provider that the config or the keychain has changed meanwhile.
//! Bounds: [`MOST`] drains at once, one line a running attempt. Deadlines are looked at once a second,
//! so a cut comes up to a second late. Leaves out: how running work ends (`attempt`, `relay`), and
//! what a plan makes of it (`routing::plan`).

mod leave;
mod underway;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use routing::{Draining, KeySource, Provider, Routes};
use secrecy::SecretString;

pub use leave::Why;
use leave::{Leave, departed, same_key};
pub(crate) use underway::{Underway, enter, taken_back};

use crate::stop::Stop;

/// The most drains at once; more are refused.
const MOST: usize = 64;

/// What takes no new work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DrainOf {
    /// The whole app.
    App,
    /// A provider, by its id.
    Provider(String),
    /// A key: every provider that uses it.
    Key(KeySource),
    /// One model at one provider.
    Target {
        /// The provider's id.
        provider: String,
        /// The model as that provider names it.
        model: String,
    },
}

/// A drain, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drain {
    /// What drains.
    pub of: DrainOf,
    /// Why.
    pub why: Why,
    /// Since when, in milliseconds since 1970.
    pub since_unix_ms: u64,
    /// How long what runs may take to finish, from then on.
    pub within: Duration,
    /// What is left of that.
    pub left: Duration,
    /// Attempts (of the whole app: exchanges) that still run.
    pub running: u32,
}

/// There is no room for another drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{MOST} drains are in force, which is the most there can be; resume something first")]
pub struct TooManyDrains;

/// Every drain and every running attempt.
#[derive(Debug, Default)]
pub(crate) struct Drains {
    /// Read for each target of each plan, changed by people.
    asked: ArcSwap<Vec<Asked>>,
    running: Mutex<Running>,
}

/// A drain that somebody asked for.
#[derive(Debug, Clone)]
struct Asked {
    of: DrainOf,
    leave: Leave,
    /// What those are told who are cut.
    told: Arc<str>,
}

#[derive(Debug, Default)]
struct Running {
    last: u64,
    work: HashMap<u64, Work>,
}

/// An attempt that runs.
#[derive(Debug)]
struct Work {
    provider: Arc<Provider>,
    model: String,
    /// Which of the provider's keys, by name.
    source: KeySource,
    /// As it was shown.
    key: Option<Arc<SecretString>>,
    /// Its provider is another one now, or gone.
    leave: Option<Leave>,
    stop: Arc<Stop>,
}

impl DrainOf {
    fn covers(&self, provider: &Provider, model: &str, key: &KeySource) -> bool {
        match self {
            DrainOf::App => true,
            DrainOf::Target {
                provider: id,
                model: m,
            } => *id == provider.id && m == model,
            DrainOf::Provider(_) => self.covers_all_of(provider),
            DrainOf::Key(drained) => drained == key && *key != KeySource::None,
        }
    }

    /// Whether a provider drains with all of its models, and the others need not.
    pub fn covers_all_of(&self, provider: &Provider) -> bool {
        match self {
            DrainOf::Provider(id) => *id == provider.id,
            DrainOf::Key(key) => *key != KeySource::None && provider.keys().all(|one| one == key),
            DrainOf::App | DrainOf::Target { .. } => false,
        }
    }

    /// Whether there is such a thing to drain.
    pub fn is_in(&self, routes: &Routes) -> bool {
        match self {
            DrainOf::App => true,
            DrainOf::Provider(id) | DrainOf::Target { provider: id, .. } => {
                routes.provider(id).is_some()
            }
            DrainOf::Key(key) => routes
                .providers
                .iter()
                .any(|provider| provider.keys().any(|one| one == key)),
        }
    }

    /// What it is called where somebody reads it.
    pub fn name(&self, routes: &Routes) -> String {
        match self {
            DrainOf::App => "Signalbox".to_owned(),
            DrainOf::Provider(id) => routes
                .provider(id)
                .map_or_else(|| id.clone(), |provider| provider.name.clone()),
            DrainOf::Key(KeySource::Keychain(name) | KeySource::Environment(name)) => {
                format!("the key `{name}`")
            }
            DrainOf::Key(KeySource::None) => "no key".to_owned(),
            DrainOf::Target { provider, model } => format!("`{provider}/{model}`"),
        }
    }
}

impl Drains {
    /// Takes no new work there from now on, and cuts what is not done in time. A drain that is in
    /// force already begins anew.
    ///
    /// # Errors
    /// When too many are in force.
    pub(crate) fn begin(
        &self,
        of: DrainOf,
        routes: &Routes,
        within: Duration,
    ) -> Result<(), TooManyDrains> {
        let leave = Leave::new(Why::Asked, within);
        let told = leave.told(&of.name(routes));
        // Serialises changes; plans read without it.
        let _running = self.running();
        let mut asked = self.asked.load().as_ref().clone();
        asked.retain(|one| one.of != of);
        if asked.len() == MOST {
            return Err(TooManyDrains);
        }
        asked.push(Asked { of, leave, told });
        self.asked.store(Arc::new(asked));
        Ok(())
    }

    /// Takes new work again; whether there was such a drain. What was cut stays cut.
    pub(crate) fn end(&self, of: &DrainOf) -> bool {
        self.keep(|one| one != of)
    }

    fn keep(&self, keeps: impl Fn(&DrainOf) -> bool) -> bool {
        let _running = self.running();
        let before = self.asked.load();
        let mut asked = before.as_ref().clone();
        asked.retain(|one| keeps(&one.of));
        let fewer = asked.len() < before.len();
        if fewer {
            self.asked.store(Arc::new(asked));
        }
        fewer
    }

    /// What of a target drains, asked with this key; with no model, what of the whole provider.
    pub(crate) fn standing(
        &self,
        provider: &Provider,
        model: Option<&str>,
        key: &KeySource,
    ) -> Option<Draining> {
        let asked = self.asked.load();
        asked.iter().find_map(|one| match &one.of {
            DrainOf::Provider(_) if one.of.covers_all_of(provider) => Some(Draining::Provider),
            DrainOf::Key(_) if one.of.covers(provider, "", key) => Some(Draining::Key),
            DrainOf::Target { .. } if one.of.covers(provider, model?, key) => {
                Some(Draining::Target)
            }
            _ => None,
        })
    }

    /// Whether the whole app drains.
    pub(crate) fn is_app_draining(&self) -> bool {
        let asked = self.asked.load();
        asked.iter().any(|one| one.of == DrainOf::App)
    }

    /// The whole app drains and its time is over: what is told to those who would begin something.
    fn app_is_over(&self) -> Option<Arc<str>> {
        let asked = self.asked.load();
        let app = asked.iter().find(|one| one.of == DrainOf::App)?;
        (app.leave.until <= Instant::now()).then(|| Arc::clone(&app.told))
    }

    /// The config is another: drains of what is gone are over, and what runs at a provider that was
    /// removed, disabled, moved or given another key has so long to finish, or what its drain leaves it.
    pub(crate) fn installed(&self, routes: &Routes, within: Duration) {
        let before = self.asked.load_full();
        self.keep(|of| of.is_in(routes));
        for work in self.running().work.values_mut() {
            work.leave = match (
                departed(&work.provider, &work.source, routes),
                work.leave.take(),
            ) {
                (None, Some(leave)) if leave.why == Why::KeyReplaced => Some(leave),
                (None, _) => None,
                (Some(_), Some(leave)) => Some(leave),
                (Some(why), None) => {
                    let leave = Leave::new(why, within);
                    let drains = before
                        .iter()
                        .filter(|one| one.of.covers(&work.provider, &work.model, &work.source));
                    Some(drains.fold(leave, |leave, drain| leave.no_later_than(&drain.leave)))
                }
            };
        }
    }

    /// What runs at this provider with another key than one of these has so long to finish.
    pub(crate) fn key_changed(
        &self,
        provider: &Provider,
        keys: &[Option<Arc<SecretString>>],
        within: Duration,
    ) {
        let mut running = self.running();
        let work = running.work.values_mut();
        for work in work.filter(|work| work.provider.id == provider.id) {
            let is_known =
                |key: &Option<Arc<SecretString>>| same_key(work.key.as_deref(), key.as_deref());
            if work.leave.is_none() && !keys.iter().any(is_known) {
                work.leave = Some(Leave::new(Why::KeyReplaced, within));
            }
        }
    }

    /// Tells those whose time is over; called every second.
    pub(crate) fn due(&self, now: Instant) {
        let asked = self.asked.load();
        let over: Vec<&Asked> = asked.iter().filter(|one| one.leave.until <= now).collect();
        for work in self.running().work.values() {
            let covering = over
                .iter()
                .find(|one| one.of.covers(&work.provider, &work.model, &work.source));
            if let Some(drain) = covering {
                work.stop.pull(&drain.told);
            } else if let Some(leave) = &work.leave
                && leave.until <= now
            {
                work.stop.pull(&leave.told(&work.provider.name));
            }
        }
    }

    /// Tells everybody, now.
    pub(crate) fn cut(&self, why: &Arc<str>) {
        for work in self.running().work.values() {
            work.stop.pull(why);
        }
    }

    /// Every drain: those that were asked for, in their order, then what follows from changes.
    pub(crate) fn shown(&self, now: Instant) -> Vec<Drain> {
        let asked = self.asked.load();
        let running = self.running();
        let count = |of: &DrainOf| {
            let work = running.work.values();
            work.filter(|work| of.covers(&work.provider, &work.model, &work.source))
                .count() as u32
        };
        let asked = asked.iter();
        let mut shown: Vec<Drain> = asked
            .map(|one| one.leave.shown(one.of.clone(), now, count(&one.of)))
            .collect();
        for work in running.work.values() {
            let Some(leave) = &work.leave else { continue };
            let of = DrainOf::Provider(work.provider.id.clone());
            let known = shown
                .iter_mut()
                .find(|one| one.of == of && one.why == leave.why);
            match known {
                Some(known) => {
                    known.running += 1;
                    known.left = known.left.max(leave.left(now));
                }
                None => shown.push(leave.shown(of, now, 1)),
            }
        }
        shown
    }

    /// A panic elsewhere must not take this list down with it.
    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
