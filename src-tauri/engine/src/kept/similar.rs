//! Answers to questions that mean the same: looked for where the very question was not found.
//!
//! Promises: only where the route's rule says so, and in the shadow nothing is told: what would have been is
//! counted and compared with the real answer. Where it is told, one of [`VERIFIED_OF`] is asked for all the same
//! and compared, so that the share of false ones stays known. Vectors of a model or an endpoint that are late
//! ([`PATIENCE`]) are a miss. A request that stays on this machine is shown to no endpoint beyond it.
//! Leaves out: what counts as the same (`semantic`), and the answers themselves (`cache`).
//! Bounds: [`MOST_AT_ONCE`] questions are turned into vectors at a time; more are misses.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use cache::{Entry, Fingerprint};
use dialect::Endpoint;
use dialect::hub::{BlockKind, Event};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use routing::Similar as Rule;
use semantic::{
    Embed as _, Keep, Lexical, Limits, Looked, Rules, Shadow, ShadowReport, Tier, Verdict,
};
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::model::Model;
use super::question::Question;
use crate::exchange::Call;
use crate::headers::BOUNDARY;
use crate::machine::{Engine, Inner};
use crate::relay::ReplyBody;
use crate::settle::Arrived;
use crate::snapshot::Embedder;

/// The longest that a vector is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// Questions that are turned into vectors at a time.
const MOST_AT_ONCE: usize = 16;
/// Of so many answers that could be told one is compared with a new one.
const VERIFIED_OF: u64 = 50;
/// Under this name vectors are asked for, on receipts.
const CLIENT: &str = "similar-questions";

/// What the engine knows of questions that mean the same.
pub(crate) struct Similar {
    /// Of the embedder that made the latest vector.
    vectors: Mutex<Option<Arc<Vectors>>>,
    shadow: Mutex<Shadow>,
    /// Answers that could be told.
    found: AtomicU64,
    desk: Semaphore,
    pub(crate) model: Model,
}

/// The questions of one embedder.
struct Vectors {
    embedder: Embedder,
    dimensions: usize,
    tier: Tier,
}

/// What a look came to.
pub(crate) struct Look {
    asked: semantic::Question,
    vector: Vec<f32>,
    vectors: Arc<Vectors>,
    found: Option<(Fingerprint, f32)>,
    /// Whether what was found is told, by the rule and by chance.
    told: bool,
}

impl Similar {
    pub(crate) fn new(model: Model) -> Similar {
        Similar {
            vectors: Mutex::default(),
            shadow: Mutex::default(),
            found: AtomicU64::new(0),
            desk: Semaphore::new(MOST_AT_ONCE),
            model,
        }
    }

    /// Looks for a similar question. `None` where this one can't be compared.
    pub(crate) async fn look(
        &self,
        inner: &Arc<Inner>,
        question: &Question,
        asked: semantic::Question,
        now_ms: u64,
    ) -> Option<Look> {
        let embedder = inner.snapshot().embedder.clone();
        let vector = self.vector(inner, &embedder, question, &asked.text).await?;
        let vectors = self.of(embedder, vector.len())?;
        let verdict = vectors.tier.lookup(&asked, &vector, now_ms).ok()?;
        let (looked, found) = match verdict {
            Verdict::Hit {
                fingerprint,
                similarity,
            } => (Looked::WouldHit, Some((fingerprint, similarity))),
            Verdict::Refused { .. } => (Looked::Refused, None),
            Verdict::None => (Looked::Missed, None),
        };
        lock(&self.shadow).looked(&question.route, looked);
        let told = found.is_some()
            && question.rule.similar == Rule::On
            && self.found.fetch_add(1, Ordering::Relaxed) % VERIFIED_OF != VERIFIED_OF - 1;
        Some(Look {
            asked,
            vector,
            vectors,
            found,
            told,
        })
    }

    /// The real answer is here, and kept.
    pub(crate) fn learn(
        &self,
        look: &Look,
        question: &Question,
        entry: &Entry,
        before: Option<&Entry>,
    ) {
        let said = |entry: &Entry| entry.reply().map(|events| text(&events));
        if let (Some(before), Some(real)) = (before.and_then(said), said(entry)) {
            lock(&self.shadow).verified(&question.route, &before, &real);
        }
        let keep = Keep {
            fingerprint: question.name,
            route: &entry.route,
            model: &entry.model,
            now_ms: entry.made_at_ms,
            expires_at_ms: entry.expires_at_ms,
        };
        // A vector that was looked for can be kept.
        let _ = look.vectors.tier.keep(&look.asked, &look.vector, &keep);
    }

    /// Forgets questions.
    pub(crate) fn forget(&self, purge: &semantic::Purge<'_>) {
        if let Some(vectors) = lock(&self.vectors).as_ref() {
            vectors.tier.purge(purge);
        }
    }

    /// How often an answer would have been wrong, by route.
    pub(crate) fn report(&self) -> ShadowReport {
        lock(&self.shadow).report()
    }

    /// Questions that are remembered, and the bytes they take.
    pub(crate) fn size(&self) -> (usize, usize) {
        let vectors = lock(&self.vectors).clone();
        vectors.map_or((0, 0), |vectors| vectors.tier.size())
    }

    /// Those of this embedder. Another one's vectors mean something else: they are let go.
    fn of(&self, embedder: Embedder, dimensions: usize) -> Option<Arc<Vectors>> {
        let mut vectors = lock(&self.vectors);
        if let Some(vectors) = vectors.as_ref()
            && vectors.embedder == embedder
            && vectors.dimensions == dimensions
        {
            return Some(Arc::clone(vectors));
        }
        let rules = match embedder {
            Embedder::Lexical => Rules::LEXICAL,
            Embedder::Model | Embedder::Target(_) => Rules::MODEL,
        };
        let tier = Tier::new(dimensions, rules, Limits::default()).ok()?;
        let new = Arc::new(Vectors {
            embedder,
            dimensions,
            tier,
        });
        *vectors = Some(Arc::clone(&new));
        Some(new)
    }

    async fn vector(
        &self,
        inner: &Arc<Inner>,
        embedder: &Embedder,
        question: &Question,
        text: &str,
    ) -> Option<Vec<f32>> {
        if *embedder == Embedder::Lexical {
            return Lexical.embed(&[text]).ok()?.pop();
        }
        let _place = self.desk.try_acquire().ok()?;
        let vector = async {
            match embedder {
                Embedder::Target(model) => endpoint(inner, model, question, text).await,
                _ => self.model.vector(text).await,
            }
        };
        tokio::time::timeout(PATIENCE, vector).await.ok()?
    }
}

impl Look {
    /// The answer that is told.
    pub(crate) fn told(&self) -> Option<Fingerprint> {
        self.found.filter(|_| self.told).map(|(name, _)| name)
    }

    /// The answer that would have been.
    pub(crate) fn found(&self) -> Option<Fingerprint> {
        self.found.map(|(name, _)| name)
    }

    /// In a sentence.
    pub(crate) fn why(&self) -> Option<String> {
        let (_, similarity) = self.found?;
        Some(match self.told {
            true => format!("It answers a question that is {similarity:.2} alike."),
            false => format!(
                "A question that is {similarity:.2} alike was answered before; that answer is compared with this one."
            ),
        })
    }
}

/// A vector from an embeddings endpoint, asked for down the path of every request.
async fn endpoint(
    inner: &Arc<Inner>,
    model: &str,
    question: &Question,
    text: &str,
) -> Option<Vec<f32>> {
    #[derive(Deserialize)]
    struct Reply {
        data: Vec<One>,
    }
    #[derive(Deserialize)]
    struct One {
        embedding: Vec<f32>,
    }
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    if question.stays_local() {
        headers.insert(BOUNDARY.clone(), HeaderValue::from_static("local"));
    }
    let body = serde_json::json!({"model": model, "input": text, "encoding_format": "float"});
    let call = Call {
        endpoint: Endpoint::Embeddings,
        client: Arc::from(CLIENT),
        headers,
        path: None,
        query: None,
        body: Bytes::from(body.to_string()),
        arrived: Arrived::now(),
    };
    let engine = Engine {
        inner: Arc::clone(inner),
    };
    let response = exchange(engine, call).await;
    if response.status() != StatusCode::OK {
        return None;
    }
    let told = response.into_body().collect().await.ok()?.to_bytes();
    let reply: Reply = serde_json::from_slice(&told).ok()?;
    reply.data.into_iter().next().map(|one| one.embedding)
}

/// An exchange within an exchange: boxed, or it would hold itself.
fn exchange(
    engine: Engine,
    call: Call,
) -> Pin<Box<dyn Future<Output = Response<ReplyBody>> + Send>> {
    Box::pin(async move { engine.exchange(call).await })
}

/// What an answer says.
fn text(events: &[Event]) -> String {
    let mut said = Vec::new();
    let mut text = String::new();
    for event in events {
        match event {
            Event::Open {
                block,
                kind: BlockKind::Text,
                ..
            } => said.push(*block),
            Event::Delta { block, text: more } if said.contains(block) => text.push_str(more),
            _ => {}
        }
    }
    text
}

/// A panic elsewhere must not take these down with it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
