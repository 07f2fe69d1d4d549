//! What local servers say of themselves when they are asked for nothing: how long their queue is, and
//! whether one that was away is back.
//!
//! Promises: only providers marked `local` are asked, each answer is waited for a second at most, and
//! [`AT_ONCE`] of them at a time. Queues are read while the server, or another target of an alias it
//! serves, is in use; what has no queue to tell is left alone for [`NO_QUEUE_AGAIN`]. A server that has
//! failed is asked for its models, which costs nothing, until it answers. Once nobody uses anything,
//! nothing is asked. Leaves out what follows from the answers (`routing::Health`).

mod metrics;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use reqwest::Url;
use routing::{LocalServer, Provider, Routes};

use crate::key::ShownKey;
use crate::machine::{Engine, Inner};
use crate::probe::list_request;

/// Between two looks at one queue.
const EVERY: Duration = Duration::from_secs(3);
/// Where there is no queue to read, it is looked for again this seldom.
const NO_QUEUE_AGAIN: Duration = Duration::from_secs(600);
/// A server counts as in use for so long after a request.
const IN_USE: Duration = Duration::from_secs(60);
/// Between two questions to a server that has failed: under ten seconds, in which its return is to be
/// seen, and rarer once nobody has wanted it for long.
const FAILED_EVERY: Duration = Duration::from_secs(4);
const FAILED_IDLE_EVERY: Duration = Duration::from_secs(60);
const WANTED: Duration = Duration::from_secs(600);
/// The longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// The most that is read of one, in bytes: metrics hold many histograms.
const ANSWER_LIMIT: usize = 4 * 1024 * 1024;
/// Servers asked in one round.
const AT_ONCE: usize = 8;

/// When which server is asked next.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    asked: Mutex<HashMap<String, Asked>>,
}

#[derive(Debug, Default, Clone)]
struct Asked {
    queue_again: Option<Instant>,
    models_again: Option<Instant>,
    /// It could not be reached the last time.
    away: bool,
}

/// What a server is asked in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    Queue,
    /// Whether it is there; and whether it was not, the last time.
    Models {
        away: bool,
    },
}

impl Engine {
    /// Asks the local servers whose turn it is; to be called every second. Takes about a second at most.
    pub async fn ask_local_servers(&self) {
        let inner = &*self.inner;
        let servers = inner.conditions.local_servers();
        if servers.is_empty() {
            return;
        }
        let snapshot = inner.snapshot();
        let due = inner.queues.due(&servers, &snapshot.routes, Instant::now());
        let mut round: FuturesUnordered<_> = due
            .into_iter()
            .map(|(provider, question)| async move {
                match question {
                    Question::Queue => hear_queue(inner, &provider).await,
                    Question::Models { away } => look_for(inner, &provider, away).await,
                }
            })
            .collect();
        while round.next().await.is_some() {}
    }
}

impl Queues {
    /// Whose turn it is, and for what. Those that are told are not due again before their time.
    fn due(
        &self,
        servers: &[LocalServer],
        routes: &Routes,
        now: Instant,
    ) -> Vec<(Arc<Provider>, Question)> {
        let used = in_use(servers, routes);
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.retain(|id, _| routes.provider(id).is_some());
        let mut due = Vec::new();
        let local = routes
            .providers
            .iter()
            .filter(|provider| may_be_asked(provider));
        for provider in local {
            let server = servers.iter().find(|server| server.provider == provider.id);
            let failed = server.filter(|server| server.failed);
            if failed.is_none() && !used.contains(provider.id.as_str()) {
                continue;
            }
            let known = asked.entry(provider.id.clone()).or_default();
            let question = match failed {
                Some(server) => known.models(server, now),
                None => known.queue(now),
            };
            due.extend(question.map(|question| (Arc::clone(provider), question)));
            if due.len() == AT_ONCE {
                break;
            }
        }
        due
    }

    fn learnt(&self, provider: &str, learn: impl FnOnce(&mut Asked)) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = asked.get_mut(provider) {
            learn(known);
        }
    }
}

impl Asked {
    fn queue(&mut self, now: Instant) -> Option<Question> {
        (self.models_again, self.away) = (None, false);
        let due = self.queue_again.is_none_or(|again| again <= now);
        due.then(|| {
            self.queue_again = Some(now + EVERY);
            Question::Queue
        })
    }

    fn models(&mut self, server: &LocalServer, now: Instant) -> Option<Question> {
        // When it is back, it may be another server.
        self.queue_again = None;
        // It may have been away and be back before it was first looked for.
        self.away |= self.models_again.is_none() && server.unreached;
        let due = self.models_again.is_none_or(|again| again <= now);
        due.then(|| {
            let wait = match server.idle < WANTED {
                true => FAILED_EVERY,
                false => FAILED_IDLE_EVERY,
            };
            self.models_again = Some(now + wait);
            Question::Models { away: self.away }
        })
    }
}

/// The practice provider is no server.
fn may_be_asked(provider: &Provider) -> bool {
    provider.local && !provider.practice && provider.enabled
}

/// Providers that were asked of late, and those that an alias weighs against one of them.
fn in_use<'a>(servers: &'a [LocalServer], routes: &'a Routes) -> HashSet<&'a str> {
    let lately = servers.iter().filter(|server| server.idle < IN_USE);
    let mut used: HashSet<&str> = lately.map(|server| server.provider.as_str()).collect();
    let weighed = routes.aliases.values().filter(|alias| {
        let mut targets = alias.targets.iter();
        alias.policy.strategy.is_some()
            && targets.any(|target| used.contains(target.provider.as_str()))
    });
    let beside: Vec<&str> = weighed
        .flat_map(|alias| alias.targets.iter().map(|target| target.provider.as_str()))
        .collect();
    used.extend(beside);
    used
}

/// Reads a server's queue, or remembers that it tells of none.
async fn hear_queue(inner: &Inner, provider: &Provider) {
    let Some((surface, url)) = provider
        .surfaces
        .iter()
        .find_map(|surface| Some((surface, metrics_url(&surface.base_url)?)))
    else {
        return;
    };
    let request = reqwest::Request::new(reqwest::Method::GET, url);
    let answer = ask(inner, provider, surface, request).await;
    match answer {
        Some((200..=299, body)) => match metrics::read(&String::from_utf8_lossy(&body)) {
            Some(queue) => return inner.conditions.queue(&provider.id, queue),
            None => tracing::debug!(provider = provider.id, "its metrics tell of no queue"),
        },
        Some((status, _)) => {
            tracing::debug!(provider = provider.id, status, "it has no metrics");
        }
        // Whether it is there is not this question: a request will find out.
        None => return,
    }
    let again = Instant::now() + NO_QUEUE_AGAIN;
    inner
        .queues
        .learnt(&provider.id, |known| known.queue_again = Some(again));
}

/// Looks whether a server that has failed is there.
async fn look_for(inner: &Inner, provider: &Provider, was_away: bool) {
    let Some((surface, request)) = provider
        .surfaces
        .iter()
        .find_map(|surface| Some((surface, list_request(surface)?)))
    else {
        return;
    };
    // A server that still loads its model says 503: it is not there yet. Any other refusal is a sign of life.
    let answer = ask(inner, provider, surface, request).await;
    let there = answer.is_some_and(|(status, _)| status < 500);
    if there {
        tracing::debug!(provider = provider.id, was_away, "it can be reached again");
        inner.conditions.reachable(&provider.id, was_away);
    }
    inner
        .queues
        .learnt(&provider.id, |known| known.away = !there);
}

/// Status and body of an answer that came in time.
async fn ask(
    inner: &Inner,
    provider: &Provider,
    surface: &routing::Surface,
    request: reqwest::Request,
) -> Option<(u16, bytes::Bytes)> {
    let key = ShownKey::new(inner.credentials.key(&provider.key));
    let asked = async {
        let sent = inner
            .upstream
            .send(provider, surface, request, &key, PATIENCE);
        let mut reply = sent.await.ok()?;
        let body = reply.body.collect(ANSWER_LIMIT, PATIENCE).await.ok()?;
        Some((reply.status.as_u16(), body))
    };
    tokio::time::timeout(PATIENCE, asked).await.ok()?
}

/// Beside what the server serves: `http://127.0.0.1:8000/v1` tells at `/metrics`.
fn metrics_url(base_url: &str) -> Option<Url> {
    let mut url = Url::parse(base_url).ok()?;
    let path = url.path().trim_end_matches('/');
    let before = path.strip_suffix("/v1").unwrap_or(path);
    let path = format!("{before}/metrics");
    url.set_path(&path);
    url.set_query(None);
    Some(url)
}

#[cfg(test)]
mod tests;
