//! The plan: which targets to try, in which order, and why.

use std::borrow::Cow;
use std::sync::Arc;

use dialect::{Endpoint, Task};
use serde::{Deserialize, Serialize};

use crate::pins::rolling;
use crate::policy::Policy;
use crate::routes::{Alias, KeySource, Named, Provider, Routes, Target, Way};

/// What a plan is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The operation wanted.
    pub endpoint: Endpoint,
    /// The model as the client wrote it.
    pub model: &'a str,
    /// The request may not leave this machine and network.
    pub local_only: bool,
}

/// What the engine knows of a provider right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Takes work.
    Ready,
    /// Its key is not there.
    NoKey,
    /// Finishes what it has and takes nothing new.
    Draining(Draining),
}

/// What of a target is draining.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draining {
    /// Its provider.
    Provider,
    /// The key of its provider, which other providers may share.
    Key,
    /// The model at this provider alone.
    Target,
}

impl Draining {
    /// Why a target takes nothing new, and what to do about it.
    pub fn told(self, provider: &Provider, model: &str, key: &KeySource) -> String {
        let who = match (self, key) {
            (Draining::Provider, _) | (Draining::Key, KeySource::None) => provider.name.clone(),
            (Draining::Key, KeySource::Keychain(key) | KeySource::Environment(key)) => {
                format!("the key `{key}` of {}", provider.name)
            }
            (Draining::Target, _) => format!("`{}/{model}`", provider.id),
        };
        format!(
            "{who} is draining and takes no new work; resume it on the Providers page, or ask another target"
        )
    }
}

/// Targets in the order they are tried, and those left out.
#[derive(Debug)]
pub struct Plan {
    /// The alias that was asked for; `None` when a target was named directly.
    pub alias: Option<String>,
    /// Never empty.
    pub candidates: Vec<Candidate>,
    /// Known targets that can't serve this request now, each with its reason.
    pub dropped: Vec<Dropped>,
    /// How the alias's requests are served; for a target that was named directly, the usual way.
    pub policy: Policy,
}

/// One target of a plan.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Who serves.
    pub provider: Arc<Provider>,
    /// The model as that provider names it.
    pub model: String,
    /// Which of the provider's keys it is reached with.
    pub key: KeySource,
    /// What stands before it in the plan is preferred to it as little or as much: 1 as a rule, 0 for
    /// one that is known not to do what this request needs.
    pub priority: f64,
    /// Its share where a draw decides.
    pub weight: f64,
    /// Why it stands at its place.
    pub why: Cow<'static, str>,
}

impl Candidate {
    /// `provider/model`, with the key's name where the provider has several.
    pub fn label(&self) -> String {
        match self.provider.more_keys.is_empty() {
            true => format!("{}/{}", self.provider.id, self.model),
            false => format!(
                "{}/{} with {}",
                self.provider.id,
                self.model,
                self.key.name()
            ),
        }
    }
}

/// A target that was considered and left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// `provider/model`
    pub target: String,
    /// A sentence a person understands.
    pub reason: String,
}

/// No target can serve the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoRoute {
    /// Nothing is known by that name. The message says what is near.
    UnknownModel {
        /// What to tell the client.
        message: String,
    },
    /// The name is known, but every target is out.
    NoTarget {
        /// What to tell the client.
        message: String,
        /// Each target with its reason.
        dropped: Vec<Dropped>,
        /// One of them would serve, were it not draining.
        draining: bool,
    },
}

/// Chooses the targets for a request, in order.
///
/// What the name stands for is said by [`Routes::named`]. Of the providers that serve a model of this name,
/// those that take the caller's bytes as they are come first, then those that need a translation.
///
/// Cost: one map look-up and a few short scans; nothing is scored yet.
pub fn plan(
    routes: &Routes,
    asked: Asked<'_>,
    standing: impl Fn(&Provider, &str, &KeySource) -> Standing,
) -> Result<Plan, NoRoute> {
    let mut draft = Draft {
        asked,
        standing,
        candidates: Vec::new(),
        dropped: Vec::new(),
        policy: routes.usual,
        draining: false,
    };
    let providers = match routes.named(asked.model) {
        Named::Alias(alias) => {
            draft.list(alias, routes);
            return draft.finish(Some(alias.name.clone()));
        }
        Named::Target(provider, model) => {
            draft.consider(provider, model, "named directly");
            return draft.finish(None);
        }
        Named::Model(providers) => providers,
    };
    let translates = |provider: &Arc<Provider>| {
        provider
            .door(asked.endpoint)
            .is_none_or(|door| door.way == Way::Translated)
    };
    for translated in [false, true] {
        let same = |provider: &&&Arc<Provider>| translates(provider) == translated;
        for provider in providers.iter().filter(same) {
            draft.consider(provider, asked.model, "serves a model of this name");
        }
    }
    if draft.candidates.is_empty() && draft.dropped.is_empty() {
        return Err(NoRoute::UnknownModel {
            message: unknown_model(routes, asked.model),
        });
    }
    draft.finish(None)
}

struct Draft<'a, S> {
    asked: Asked<'a>,
    standing: S,
    candidates: Vec<Candidate>,
    dropped: Vec<Dropped>,
    policy: Policy,
    draining: bool,
}

impl<S: Fn(&Provider, &str, &KeySource) -> Standing> Draft<'_, S> {
    fn list(&mut self, alias: &Alias, routes: &Routes) {
        self.policy = alias.policy;
        self.candidates.reserve_exact(alias.targets.len());
        for target in &alias.targets {
            match routes.provider(&target.provider) {
                Some(provider) => {
                    self.consider(provider, &target.model, "listed in the alias");
                    self.weigh(target);
                }
                None => self.drop_target(
                    &target.provider,
                    &target.model,
                    format!("the provider `{}` is not configured", target.provider),
                ),
            }
        }
    }

    /// A target is a candidate once for each of its provider's keys.
    fn consider(&mut self, provider: &Arc<Provider>, model: &str, why: &'static str) {
        let obstacle = self
            .obstacle(provider)
            .or_else(|| self.repeated(provider, model))
            .or_else(|| self.mixed_vectors(model))
            .or_else(|| self.rolls(provider, model));
        if let Some(reason) = obstacle {
            return self.drop_target(&provider.id, model, reason);
        }
        for key in provider.keys() {
            match self.shut(provider, model, key) {
                None => self.candidates.push(Candidate {
                    provider: Arc::clone(provider),
                    model: model.to_owned(),
                    key: key.clone(),
                    priority: 1.0,
                    weight: 1.0,
                    why: Cow::Borrowed(why),
                }),
                Some(reason) => self.drop_target(&provider.id, model, reason),
            }
        }
    }

    /// Gives the latest candidates their share, if they are this target: its keys share it.
    fn weigh(&mut self, target: &Target) {
        let is_it =
            |one: &&mut Candidate| one.provider.id == target.provider && one.model == target.model;
        let ways: Vec<&mut Candidate> = self.candidates.iter_mut().filter(is_it).collect();
        let share = target.weight / ways.len().max(1) as f64;
        for way in ways {
            way.weight = share;
        }
    }

    fn obstacle(&self, provider: &Provider) -> Option<String> {
        let name = &provider.name;
        if !provider.enabled {
            return Some(format!(
                "{name} is disabled; enable it on the Providers page"
            ));
        }
        let stays = provider.local || provider.practice;
        if (self.asked.local_only || self.policy.local_only) && !stays {
            return Some(format!(
                "{name} is not on this machine or network, and this request may not leave them"
            ));
        }
        // Tokens are counted here where a provider does not.
        let asked = self.asked.endpoint;
        if provider.door(asked).is_none() && asked.task() != Task::Count {
            let spoken: Vec<&str> = provider
                .surfaces
                .iter()
                .map(|surface| surface.dialect.name())
                .collect();
            return Some(format!(
                "{name} speaks {} and has nothing for {}",
                spoken.join(" and "),
                asked.name(),
            ));
        }
        None
    }

    /// Why nothing is sent with this key now.
    fn shut(&mut self, provider: &Provider, model: &str, key: &KeySource) -> Option<String> {
        let name = &provider.name;
        match (self.standing)(provider, model, key) {
            Standing::Ready => None,
            Standing::NoKey if !provider.more_keys.is_empty() => Some(format!(
                "{name} has no key `{0}`; set it with `signalbox keys set {0}`",
                key.name()
            )),
            Standing::NoKey => Some(format!(
                "{name} has no key; set one with `signalbox keys set {}` or on the Providers page",
                provider.id
            )),
            Standing::Draining(what) => {
                self.draining = true;
                Some(what.told(provider, model, key))
            }
        }
    }

    /// Why a pinned alias does without it.
    fn rolls(&self, provider: &Provider, model: &str) -> Option<String> {
        self.policy
            .pinned
            .then(|| rolling(provider, model))
            .flatten()
    }

    /// What failed once needs no second try under the same name.
    fn repeated(&self, provider: &Provider, model: &str) -> Option<String> {
        let same = |c: &Candidate| c.provider.id == provider.id && c.model == model;
        let named = self.candidates.iter().any(same);
        named.then(|| "it is named twice".to_owned())
    }

    /// Vectors of different models can't be compared, so an index built half from
    /// one and half from another is silently useless: embeddings never fall back
    /// to another model, only to another provider of the same one.
    fn mixed_vectors(&self, model: &str) -> Option<String> {
        let bare = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
        let first = self.candidates.first()?;
        (self.asked.endpoint.task() == Task::Embed && bare(&first.model) != bare(model)).then(
            || {
                format!(
                    "its vectors can't be mixed with those of {}, the first choice",
                    first.model
                )
            },
        )
    }

    fn drop_target(&mut self, provider: &str, model: &str, reason: String) {
        self.dropped.push(Dropped {
            target: format!("{provider}/{model}"),
            reason,
        });
    }

    fn finish(self, alias: Option<String>) -> Result<Plan, NoRoute> {
        if !self.candidates.is_empty() {
            return Ok(Plan {
                alias,
                candidates: self.candidates,
                dropped: self.dropped,
                policy: self.policy,
            });
        }
        let reasons: Vec<&str> = self.dropped.iter().map(|d| d.reason.as_str()).collect();
        Err(NoRoute::NoTarget {
            message: format!(
                "No provider can serve `{}` now: {}.",
                self.asked.model,
                reasons.join("; ")
            ),
            dropped: self.dropped,
            draining: self.draining,
        })
    }
}

/// Says what is near, because most unknown models are typing slips or a missing
/// provider prefix.
fn unknown_model(routes: &Routes, asked: &str) -> String {
    let wanted = asked.rsplit('/').next().unwrap_or(asked).to_lowercase();
    let mut near: Vec<String> = routes
        .aliases
        .keys()
        .cloned()
        .chain(routes.providers.iter().filter(|p| p.enabled).flat_map(|p| {
            p.models
                .iter()
                .map(move |model| format!("{}/{}", p.id, model.id))
        }))
        .filter(|name| !wanted.is_empty() && name.to_lowercase().contains(&wanted))
        .take(3)
        .collect();
    if near.is_empty() && routes.providers.iter().any(|p| p.practice && p.enabled) {
        near.push("practice/steady".to_owned());
    }
    let example = match near.is_empty() {
        true => String::new(),
        false => format!(" (for example {})", near.join(", ")),
    };
    let missing = match asked.split_once('/') {
        Some((id, _)) if routes.provider(id).is_none() => format!(
            " No provider `{id}` is configured; add it on the Providers page or as \
             [provider.{id}] in the config file."
        ),
        _ => String::new(),
    };
    format!(
        "The model `{asked}` is not known here.{missing} Write it as provider/model{example}, \
         or add an alias for it to the config file; GET /v1/models lists what is served."
    )
}

#[cfg(test)]
mod tests;
