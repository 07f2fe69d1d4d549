//! The engine as a whole: what an exchange works with, and what others may ask of
//! it. What happens to a request is in `exchange`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use cache::Cache;
use http::HeaderValue;
use offload::Workshop;
use routing::{KeySource, Machine, Provider, Standing};

use crate::admission::{Admission, Strangers};
use crate::conditions::{Conditions, Signals};
use crate::conversations::Conversations;
use crate::counting::Counting;
use crate::credentials::Credentials;
use crate::doctor::Doctor;
use crate::drain::{Drain, DrainOf, Drains, TooManyDrains};
use crate::fetch::Fetch;
use crate::ids::{Ids, instance_name};
use crate::kept::{Forget, Kept, NotFetched, RouteTally, SimilarAnswers};
use crate::ledger::Ledger;
use crate::live::Live;
use crate::queues::Queues;
use crate::receipt::ReceiptId;
use crate::snapshot::Snapshot;
use crate::stash::Stash;
use crate::stop::Stop;
use crate::tools::{Pending, Tallies, ToolTally};
use crate::upstream::{NoClient, Upstream};
use crate::versions::Versions;

/// The data plane. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

/// What an exchange works with.
pub(crate) struct Inner {
    snapshot: ArcSwap<Snapshot>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) credentials: Arc<dyn Credentials>,
    pub(crate) upstream: Upstream,
    pub(crate) fetch: Fetch,
    pub(crate) live: Live,
    pub(crate) conditions: Arc<Conditions>,
    pub(crate) queues: Queues,
    pub(crate) ids: Ids,
    pub(crate) admission: Admission,
    pub(crate) strangers: Strangers,
    pub(crate) stash: Stash,
    pub(crate) conversations: Conversations,
    pub(crate) counting: Counting,
    pub(crate) doctor: Doctor,
    pub(crate) drains: Arc<Drains>,
    pub(crate) kept: Kept,
    pub(crate) workshop: Arc<Workshop>,
    pub(crate) tool_tallies: Tallies,
    pub(crate) pending_calls: Pending,
    pub(crate) versions: Versions,
    pub(crate) stop: Arc<Stop>,
    /// Names this process in the hop header.
    pub(crate) instance: HeaderValue,
}

impl Inner {
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }
}

impl Engine {
    /// An engine that serves by this snapshot until another is installed. Its
    /// receipts are named after `newest`, the last one of the run before. Answers are kept in `cache`; a small
    /// model that tells which questions mean the same may lie in `model`. Deterministic tasks are done in `workshop`.
    ///
    /// # Errors
    /// When no TLS client can be made.
    pub fn new(
        snapshot: Snapshot,
        ledger: Arc<dyn Ledger>,
        credentials: Arc<dyn Credentials>,
        newest: Option<ReceiptId>,
        cache: Cache,
        model: PathBuf,
        workshop: Workshop,
    ) -> Result<Engine, NoClient> {
        let live = Live::default();
        live.install(&snapshot.routes);
        Ok(Engine {
            inner: Arc::new(Inner {
                upstream: Upstream::new(snapshot.limits.connect)?,
                fetch: Fetch::new()?,
                snapshot: ArcSwap::from_pointee(snapshot),
                ledger,
                credentials,
                live,
                conditions: Arc::default(),
                queues: Queues::default(),
                ids: Ids::after(newest),
                admission: Admission::default(),
                strangers: Strangers::default(),
                stash: Stash::default(),
                conversations: Conversations::default(),
                counting: Counting::default(),
                doctor: Doctor::default(),
                drains: Arc::default(),
                kept: Kept::new(cache, model),
                workshop: Arc::new(workshop),
                tool_tallies: Tallies::default(),
                pending_calls: Pending::default(),
                versions: Versions::default(),
                stop: Arc::default(),
                instance: instance_name(),
            }),
        })
    }

    /// Serves new exchanges by this snapshot. Running ones keep theirs; those at a provider that it
    /// removes or changes have the time of a drain to finish.
    ///
    /// # Errors
    /// When its limits need a new client and none can be made; the old snapshot stays.
    pub fn install(&self, snapshot: Snapshot) -> Result<(), NoClient> {
        self.inner.upstream.install(snapshot.limits.connect)?;
        self.inner.live.install(&snapshot.routes);
        let snapshot = Arc::new(snapshot);
        self.inner.snapshot.store(Arc::clone(&snapshot));
        let within = snapshot.limits.drain;
        self.inner.drains.installed(&snapshot.routes, within);
        Ok(())
    }

    /// The snapshot that new exchanges get.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.inner.snapshot()
    }

    /// Answers that were given before.
    pub fn answers(&self) -> &Arc<Cache> {
        &self.inner.kept.cache
    }

    /// Forgets answers; on the disk all.
    pub fn forget_answers(&self, what: &Forget) {
        self.inner.kept.forget(what);
    }

    /// How often an answer to a similar question would have been wrong.
    pub fn similar_answers(&self) -> SimilarAnswers {
        let similar = &self.inner.kept.similar;
        let (questions, bytes) = similar.size();
        SimilarAnswers {
            questions,
            bytes,
            model: similar.model.told(),
            report: similar.report(),
        }
    }

    /// Begins to fetch the model that tells which questions mean the same: from `base`, or from where
    /// everybody gets it.
    ///
    /// # Errors
    /// When it is being fetched already, or the address is none.
    pub fn fetch_model(&self, base: Option<&str>) -> Result<(), NotFetched> {
        self.inner.kept.similar.model.begin_to_fetch(base)
    }

    /// Ends a download of it; whether there was one.
    pub fn cancel_model(&self) -> bool {
        self.inner.kept.similar.model.cancel()
    }

    /// How often these were of use, by the name that was asked for.
    pub fn answer_tallies(&self) -> Vec<(Arc<str>, RouteTally)> {
        self.inner.kept.tallies.told()
    }

    /// Requests whose call others may join, or who have joined one.
    pub fn requests_aboard(&self) -> usize {
        self.inner.kept.aboard()
    }

    /// Answers that should have been kept and were not: too many at once, or not to be read back.
    pub fn answers_not_kept(&self) -> u64 {
        self.inner.kept.tallies.were_not_kept()
    }

    /// The tools, to be used beside exchanges.
    pub fn workshop(&self) -> &Arc<Workshop> {
        &self.inner.workshop
    }

    /// How often tools were of use, by the name that was asked for.
    pub fn tool_tallies(&self) -> Vec<(String, ToolTally)> {
        self.inner.tool_tallies.told()
    }

    /// What answers to each name.
    pub fn versions(&self) -> &Versions {
        &self.inner.versions
    }

    /// What is known of the running system.
    pub fn live(&self) -> &Live {
        &self.inner.live
    }

    /// Exchanges being served.
    pub fn in_flight(&self) -> usize {
        self.inner.admission.running()
    }

    /// What a plan needs to know of a target now.
    pub fn standing(&self, provider: &Provider, model: &str, key: &KeySource) -> Standing {
        self.stands(provider, Some(model), key)
    }

    /// The same of a provider as a whole: that of the key which is best off.
    pub fn provider_standing(&self, provider: &Provider) -> Standing {
        let mut first = None;
        for key in provider.keys() {
            match self.stands(provider, None, key) {
                Standing::Ready => return Standing::Ready,
                other => {
                    first.get_or_insert(other);
                }
            }
        }
        first.unwrap_or(Standing::NoKey)
    }

    fn stands(&self, provider: &Provider, model: Option<&str>, key: &KeySource) -> Standing {
        if let Some(what) = self.inner.drains.standing(provider, model, key) {
            return Standing::Draining(what);
        }
        let there = *key == KeySource::None || self.inner.credentials.key(key).is_some();
        match there {
            true => Standing::Ready,
            false => Standing::NoKey,
        }
    }

    /// How everybody is doing, and whether this machine's own network is the trouble.
    pub fn signals(&self) -> Signals {
        self.inner.conditions.signals()
    }

    /// Lets time tell: to be called every second.
    pub fn refresh(&self) {
        self.inner.conditions.refresh();
        self.inner.drains.due(Instant::now());
    }

    /// Takes no new work there and lets what runs finish: `within` this time, or as long as the
    /// config says. What is not done then is cut. In force until [`Engine::resume`], or until what
    /// drains is no longer in the config; asked for again, its time begins anew.
    ///
    /// # Errors
    /// When too many drains are in force.
    pub fn drain(&self, of: DrainOf, within: Option<Duration>) -> Result<(), TooManyDrains> {
        let snapshot = self.snapshot();
        let within = within.unwrap_or(snapshot.limits.drain);
        self.inner.drains.begin(of, &snapshot.routes, within)
    }

    /// Takes new work there again; whether it was draining.
    pub fn resume(&self, of: &DrainOf) -> bool {
        self.inner.drains.end(of)
    }

    /// Whether the whole app takes nothing new.
    pub fn is_draining(&self) -> bool {
        self.inner.drains.is_app_draining()
    }

    /// Every drain, and whatever runs at providers that the config has changed since.
    pub fn drains(&self) -> Vec<Drain> {
        let mut drains = self.inner.drains.shown(Instant::now());
        for drain in drains.iter_mut().filter(|drain| drain.of == DrainOf::App) {
            // One that waits between two attempts runs as well.
            drain.running = self.in_flight() as u32;
        }
        drains
    }

    /// What this machine is like now; `woken`: it has slept since the last time.
    pub fn sensed(&self, machine: Machine, woken: bool) {
        self.inner.conditions.machine(machine, woken);
    }

    /// A provider's key may be new, and so that of all who share it: what the old one was refused for is forgotten, and what runs
    /// with it has the time of a drain to finish.
    pub fn key_changed(&self, provider: &Provider) {
        let snapshot = self.snapshot();
        let shares = |one: &&Arc<Provider>| one.keys().any(|key| provider.keys().any(|k| k == key));
        for one in snapshot.routes.providers.iter().filter(shares) {
            let credentials = &self.inner.credentials;
            let keys: Vec<_> = one.keys().map(|key| credentials.key(key)).collect();
            let drains = &self.inner.drains;
            drains.key_changed(one, &keys, snapshot.limits.drain);
            for key in one.keys() {
                self.inner.conditions.key_changed(&one.id, key);
            }
        }
    }

    /// Tells running exchanges that their time to finish is over: streams end with
    /// an error event, requests that wait get an error, and all leave receipts.
    pub fn cut(&self) {
        let why = Arc::from("Signalbox is stopping");
        self.inner.stop.pull(&why);
        self.inner.drains.cut(&why);
    }
}
