//! What an answer is known by: the request in the hub's words, who might be asked, by which rules, and for whom.
//!
//! Promises: two requests are one question only if either's answer answers the other (docs/cache.md). Requests
//! that a rule keeps out are none, with the reason. Leaves out the fingerprint itself (`cache`).

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cache::{Fingerprint, Scope, fingerprint_of, fingerprint_of_asked};
use dialect::hub::Request;
use dialect::{Endpoint, Facts, Task};
use memchr::memmem;
use routing::{Keeping, Named, Provider, Routes};

use super::letterhead::letterhead;
use super::recall::Gist;
use super::rule::{Reason, is_warm_at_a_glance, may_be_asked_again};
use super::wish::Wish;
use crate::exchange::Call;
use crate::machine::Inner;
use crate::sending::{InHub, wants_a_list};
use crate::snapshot::Snapshot;

/// The most names whose scope is remembered.
const MOST_SCOPES: usize = 1_024;

/// A request whose answer may have been given before.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) name: Fingerprint,
    pub(crate) form: Form,
    pub(crate) rule: Keeping,
    pub(crate) wish: Wish,
    /// The alias, or the model, that was asked for.
    pub(crate) route: Arc<str>,
    /// The vendor keeps the answer for a later turn, or whoever stands in for it.
    pub(crate) stored: bool,
    /// What was read of it, where it is a conversation.
    pub(crate) gist: Option<Gist>,
    /// It has labels of its own that change nothing in an answer, and that the answer repeats.
    pub(crate) is_labelled: bool,
    /// Looks of its route miss too often: it is neither looked for nor kept, but may come along.
    pub(crate) aside: bool,
    words: Arc<Words>,
    letterhead: String,
    client: Arc<str>,
}

/// How a caller wants its answer written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Form {
    pub(crate) endpoint: Endpoint,
    pub(crate) stream: bool,
    pub(crate) usage_asked: bool,
    /// Whose it is, where it can be gone on from by its name.
    client: Option<Arc<str>>,
}

#[cfg(test)]
impl Form {
    /// A whole answer of this endpoint.
    pub(crate) fn of(endpoint: Endpoint) -> Form {
        Form {
            endpoint,
            stream: false,
            usage_asked: false,
            client: None,
        }
    }
}

impl Question {
    /// The same in parts, to tell it from others.
    pub(crate) fn in_parts(&self, request: &Request) -> cache::Question {
        let parts = request.asked_in_parts();
        let policy = self.words.policy(&self.letterhead);
        let scope = self.words.scope(&self.client, &policy);
        cache::Question::new(parts, &scope, Arc::clone(&self.route))
    }

    /// The same as far as similar questions can be told from it.
    ///
    /// # Errors
    /// Why it can't be compared with others.
    pub(crate) fn in_words(
        &self,
        request: &mut Request,
    ) -> Result<semantic::Question, semantic::NoQuestion> {
        let policy = self.words.policy(&self.letterhead);
        let scope = self.words.scope(&self.client, &policy);
        semantic::Question::of(request, &scope)
    }

    /// Whether nothing of it leaves this machine and network.
    pub(crate) fn stays_local(&self) -> bool {
        self.words.only_local
    }

    /// How long its answer is told, and how much longer while nobody gives a new one.
    pub(crate) fn life(&self) -> (Duration, Duration) {
        let usual = self.rule.fresh;
        let fresh = match (self.wish.ttl, self.rule.shared) {
            (None, _) => usual,
            // Nobody has others be told an answer for longer than the route says.
            (Some(wished), true) => wished.min(usual),
            (Some(wished), false) => wished,
        };
        (fresh, self.rule.stale)
    }
}

/// What one name of a model stands for, as far as an answer depends on it.
#[derive(Debug)]
struct Words {
    rule: Keeping,
    route: Arc<str>,
    policy: String,
    targets: Vec<String>,
    /// Nothing of it leaves this machine and network.
    only_local: bool,
}

impl Words {
    fn policy(&self, letterhead: &str) -> Cow<'_, str> {
        match letterhead.is_empty() {
            true => Cow::Borrowed(&self.policy),
            false => Cow::Owned(format!("{}\n{letterhead}", self.policy)),
        }
    }

    fn scope<'a>(&'a self, client: &'a str, policy: &'a str) -> Scope<'a> {
        Scope {
            client: match self.rule.shared {
                true => "",
                false => client,
            },
            policy,
            targets: &self.targets,
        }
    }
}

/// Scopes by name, for one snapshot.
#[derive(Debug, Default)]
pub(crate) struct Scopes(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    snapshot: u64,
    /// For all targets, and for those on this machine and network.
    words: [HashMap<String, Arc<Words>>; 2],
}

impl Scopes {
    fn words(&self, snapshot: &Snapshot, model: &str, local_only: bool) -> Arc<Words> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = snapshot.number;
        if known.snapshot != number || known.words.iter().any(|words| words.len() >= MOST_SCOPES) {
            known.words = Default::default();
            known.snapshot = number;
        }
        let by_name = &mut known.words[usize::from(local_only)];
        if let Some(words) = by_name.get(model) {
            return Arc::clone(words);
        }
        let words = Arc::new(words(snapshot, model, local_only));
        by_name.insert(model.to_owned(), Arc::clone(&words));
        words
    }
}

/// What this request asks, if its answer may be kept.
///
/// # Errors
/// Why it may not.
pub(crate) fn question(
    inner: &Inner,
    snapshot: &Snapshot,
    (call, facts): (&Call, &Facts),
    local_only: bool,
    wish: Wish,
    hub: &InHub,
    aside: bool,
) -> Result<Option<Question>, Reason> {
    let words = inner.kept.scopes.words(snapshot, &facts.model, local_only);
    if words.targets.is_empty() {
        // Nobody is known by this name.
        return Ok(None);
    }
    if !words.rule.on {
        return Err("the route keeps no answers".into());
    }
    if !wish.look && !wish.keep {
        return Err("its client wishes so".into());
    }
    if wants_a_list(call) {
        return Err("a stream in the form of a list is not kept".into());
    }
    let raw = call.endpoint == Endpoint::Completions;
    let letterhead = letterhead(&call.headers, call.query.as_deref(), raw);
    let policy = words.policy(&letterhead);
    let scope = words.scope(&call.client, &policy);
    let (name, gist) = match call.endpoint.task() {
        Task::Embed => (vectors(call, &scope)?, None),
        _ => {
            let gist = talk(inner, (call, facts), &words.rule, hub)?;
            let name = fingerprint_of_asked(&gist.asked, &scope)
                .ok_or("it holds a number that can't be read exactly")?;
            (name, Some(gist))
        }
    };
    let by_name = call.endpoint == Endpoint::Responses;
    drop(policy);
    Ok(Some(Question {
        name,
        form: Form {
            endpoint: call.endpoint,
            stream: facts.stream,
            usage_asked: facts.usage_asked,
            client: by_name.then(|| Arc::clone(&call.client)),
        },
        rule: words.rule,
        wish,
        route: Arc::clone(&words.route),
        stored: by_name && gist.is_some_and(|gist| gist.facts.store != Some(false)),
        gist,
        aside,
        is_labelled: by_name && has_labels(&call.body),
        words,
        letterhead,
        client: Arc::clone(&call.client),
    }))
}

/// Whether a request of Responses may have labels, which are no part of what an answer is known by
/// (docs/cache.md) and stand in its reply again. A text that speaks of them counts: that costs nothing.
fn has_labels(body: &[u8]) -> bool {
    const LABELS: [&[u8]; 5] = [
        b"\"metadata\"",
        b"\"prompt_cache_key\"",
        b"\"safety_identifier\"",
        b"\"service_tier\"",
        b"\"user\":",
    ];
    LABELS
        .iter()
        .any(|label| memmem::find(body, label).is_some())
}

/// What a conversation asks for, if the answer may be kept.
fn talk(
    inner: &Inner,
    (call, facts): (&Call, &Facts),
    rule: &Keeping,
    hub: &InHub,
) -> Result<Gist, Reason> {
    if let Some(reason) = is_warm_at_a_glance(rule, &call.body) {
        return Err(reason);
    }
    let gist = match inner.kept.recall.find(call) {
        Some(gist) => gist,
        None => {
            let request = hub
                .of(inner, call, facts)
                .map_err(|_| "it can't be read in our own words")?;
            Gist {
                asked: request.asked(),
                facts: request.cacheability(),
            }
        }
    };
    may_be_asked_again(rule, &gist.facts, call.endpoint)?;
    Ok(gist)
}

/// What vectors are known by: they are drawn by nothing, so they are the same each time.
fn vectors(call: &Call, scope: &Scope<'_>) -> Result<Fingerprint, Reason> {
    let model = call.path.as_ref().map(|path| path.model.as_str());
    let digest = dialect::asked_embed(call.endpoint, &call.body, model)
        .ok_or("it can't be read in our own words")?;
    Ok(fingerprint_of(digest, scope))
}

fn words(snapshot: &Snapshot, model: &str, local_only: bool) -> Words {
    let routes: &Routes = &snapshot.routes;
    let mut policy = routes.usual;
    let targets: Vec<(&Arc<Provider>, &str)> = match routes.named(model) {
        Named::Alias(alias) => {
            policy = alias.policy;
            let known = alias.targets.iter();
            known
                .filter_map(|one| Some((routes.provider(&one.provider)?, one.model.as_str())))
                .collect()
        }
        Named::Target(provider, model) => vec![(provider, model)],
        Named::Model(providers) => providers.into_iter().map(|one| (one, model)).collect(),
    };
    let stays = |provider: &Provider| provider.local || provider.practice;
    let only_local = local_only || policy.local_only;
    let targets = targets
        .into_iter()
        .filter(|(provider, _)| provider.enabled && (!only_local || stays(provider)))
        .filter(|(provider, model)| !policy.pinned || routing::rolling(provider, model).is_none())
        .map(|(provider, model)| address(provider, model))
        .collect();
    Words {
        rule: policy.keeping,
        route: model.into(),
        // How a request is translated is this version's.
        policy: format!(
            "{} {:?} {:?} {only_local} {:?}",
            env!("CARGO_PKG_VERSION"),
            policy.strategy,
            policy.broken_stream,
            snapshot.translation
        ),
        targets,
        only_local,
    }
}

/// A target as it is known by: who, where, how it is spoken to, and which model.
fn address(provider: &Provider, model: &str) -> String {
    let surface = |surface: &routing::Surface| {
        format!(
            "{:?} {} {:?} {:?} {:?} {:?}",
            surface.dialect,
            surface.base_url,
            surface.hosting,
            surface.quirks,
            surface.query,
            surface.region
        )
    };
    let surfaces: Vec<String> = provider.surfaces.iter().map(surface).collect();
    format!("{} {model} {}", provider.id, surfaces.join(" "))
}
