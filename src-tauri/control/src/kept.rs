//! Kept answers: shown, and forgotten.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::{CacheNote, Embedder, Forget, ModelState, NotFetched, RouteTally};
use host::DiskState;

use crate::Control;
use crate::convert::word;
use crate::failure::Failure;
use crate::shown::{
    CacheDisk, CacheNoteShown, CachePage, CacheRoom, CacheRoute, CacheTally, FetchModel,
    FetchShown, ModelShown, Nothing, PurgeCache, PurgedCache, SimilarRoute, SimilarShown, Tag,
};

impl Control {
    pub(crate) async fn cache_page(&self, _: Nothing) -> Result<CachePage, Failure> {
        let engine = self.parts.engine.clone();
        // A look at every entry: off the threads that serve requests.
        let held = tokio::task::spawn_blocking(move || held(&engine));
        let (memory, mut by_route) = held.await.map_err(Failure::unavailable)?;
        let tallies = self.parts.engine.answer_tallies();
        let mut all = CacheTally::default();
        let mut routes = Vec::with_capacity(tallies.len());
        for (route, told) in tallies {
            let (entries, bytes) = by_route.remove(route.as_ref()).unwrap_or_default();
            let tally = tally(&told);
            add(&mut all, &tally);
            routes.push(CacheRoute {
                route: route.as_ref().to_owned(),
                entries,
                bytes,
                aside: told.aside,
                tally,
            });
        }
        Ok(CachePage {
            on: self.keeps_answers(),
            memory,
            disk: self.disk(),
            all,
            routes,
            under_way: self.parts.engine.requests_aboard() as u64,
            not_kept: self.parts.engine.answers_not_kept(),
            similar: similar(&self.parts.engine),
        })
    }

    pub(crate) async fn purge_cache(&self, asked: PurgeCache) -> Result<PurgedCache, Failure> {
        let engine = self.parts.engine.clone();
        let purged = tokio::task::spawn_blocking(move || purge(&engine, &asked));
        let purged = purged.await.map_err(Failure::unavailable)?;
        self.changed(&[Tag::Receipts]);
        Ok(purged)
    }

    pub(crate) async fn fetch_model(&self, asked: FetchModel) -> Result<Nothing, Failure> {
        let begun = self.parts.engine.fetch_model(asked.base.as_deref());
        begun.map_err(|error| match error {
            NotFetched::Already(_) => Failure::conflict(error),
            NotFetched::Address(_) => Failure::bad_input(error).of("base"),
        })?;
        self.changed(&[Tag::Receipts]);
        Ok(Nothing {})
    }

    pub(crate) async fn cancel_fetch(&self, _: Nothing) -> Result<Nothing, Failure> {
        if !self.parts.engine.cancel_model() {
            return Err(Failure::not_found(format_args!(
                "the model is not being fetched"
            )));
        }
        self.changed(&[Tag::Receipts]);
        Ok(Nothing {})
    }

    /// All routes together, without a look at what is kept.
    pub(crate) fn cache_tally(&self) -> CacheTally {
        let mut all = CacheTally::default();
        for (_, told) in self.parts.engine.answer_tallies() {
            add(&mut all, &tally(&told));
        }
        all
    }

    fn keeps_answers(&self) -> bool {
        let snapshot = self.parts.engine.snapshot();
        let routes = &snapshot.routes;
        let aliases = routes.aliases.values().map(|alias| &alias.policy);
        aliases
            .chain([&routes.usual])
            .any(|policy| policy.keeping.on)
    }

    fn disk(&self) -> CacheDisk {
        let answers = &self.parts.answers;
        let health = answers.health();
        let (state, reason) = match health.state {
            DiskState::Opening => ("opening", None),
            DiskState::Serving => ("serving", None),
            DiskState::Off { reason } => ("off", Some(reason)),
        };
        CacheDisk {
            state: state.to_owned(),
            reason,
            bytes: health.bytes,
            limit_bytes: answers.limit(),
            dropped: health.dropped,
            late: health.late,
            damaged: health.damaged,
        }
    }
}

type ByRoute = BTreeMap<String, (u64, u64)>;

fn held(engine: &engine::Engine) -> (CacheRoom, ByRoute) {
    let cache = engine.answers();
    let mut by_route = ByRoute::new();
    cache.each(|entry, bytes| {
        let (entries, all) = by_route.entry(entry.route.clone()).or_default();
        *entries += 1;
        *all += bytes;
    });
    let held = cache.held();
    let room = CacheRoom {
        entries: held.entries,
        bytes: held.bytes,
        limit_bytes: cache.limits().memory_bytes,
    };
    (room, by_route)
}

fn purge(engine: &engine::Engine, asked: &PurgeCache) -> PurgedCache {
    let cache = engine.answers();
    let before = cache.held().entries;
    engine.forget_answers(&Forget {
        route: asked.route.clone(),
        model: asked.model.clone(),
        older_than: asked.older_than_s.map(u64::from).map(Duration::from_secs),
    });
    PurgedCache {
        entries: before.saturating_sub(cache.held().entries),
        disk: cache.has_disk(),
    }
}

fn model(state: ModelState) -> ModelShown {
    ModelShown {
        folder: state.folder.display().to_string(),
        is_there: state.is_there,
        trouble: state.trouble,
        fetching: state.fetching.map(|progress| FetchShown {
            file: progress.map(|progress| progress.file.to_owned()),
            bytes: progress.map_or(0, |progress| progress.bytes),
            total: progress.and_then(|progress| progress.total),
        }),
        failed: state.failed,
    }
}

fn similar(engine: &engine::Engine) -> SimilarShown {
    let known = engine.similar_answers();
    let routes = known.report.routes.into_iter().map(|route| SimilarRoute {
        route: route.route,
        looked: route.counts.lookups,
        refused: route.counts.refused,
        found: route.counts.would_hit,
        verified: route.counts.verified,
        wrong: route.counts.false_hits,
        wrong_percent: route.false_rate.map(|rate| 100.0 * rate),
        wrong_at_most_percent: 100.0 * route.false_rate_at_most,
    });
    SimilarShown {
        embedder: match &engine.snapshot().embedder {
            Embedder::Lexical => "lexical".to_owned(),
            Embedder::Model => "model".to_owned(),
            Embedder::Target(name) => name.clone(),
        },
        model: model(known.model),
        questions: known.questions as u64,
        bytes: known.bytes as u64,
        routes: routes.collect(),
    }
}

/// What kept answers had to do with a request.
pub(crate) fn note(note: &CacheNote) -> CacheNoteShown {
    CacheNoteShown {
        verdict: word(&note.verdict),
        why: note.why.clone(),
        age_ms: note.age_ms,
        from: note.from.map(|from| from.to_string()),
        saved_nano_usd: note.saved.0,
        saved_basis: word(&note.saved_basis),
        saved_tokens: note.saved_tokens,
    }
}

fn tally(told: &RouteTally) -> CacheTally {
    CacheTally {
        memory: told.memory,
        disk: told.disk,
        similar: told.similar,
        joined: told.joined,
        stale: told.stale,
        missed: told.missed,
        bypassed: told.bypassed,
        skipped: told.skipped,
        saved_nano_usd: told.saved.0,
        saved_tokens: told.saved_tokens,
        unpriced: told.unpriced,
    }
}

fn add(all: &mut CacheTally, one: &CacheTally) {
    all.memory += one.memory;
    all.disk += one.disk;
    all.similar += one.similar;
    all.joined += one.joined;
    all.stale += one.stale;
    all.missed += one.missed;
    all.bypassed += one.bypassed;
    all.skipped += one.skipped;
    all.saved_nano_usd = all.saved_nano_usd.saturating_add(one.saved_nano_usd);
    all.saved_tokens = all.saved_tokens.saturating_add(one.saved_tokens);
    all.unpriced += one.unpriced;
}
