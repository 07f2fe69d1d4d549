//! The engine as a whole: what an exchange works with, and what others may ask of
//! it. What happens to a request is in `exchange`.

use std::sync::Arc;

use arc_swap::ArcSwap;
use http::HeaderValue;
use routing::{KeySource, Machine, Provider, Standing};

use crate::admission::{Admission, Strangers};
use crate::conditions::{Conditions, Signals};
use crate::conversations::Conversations;
use crate::counting::Counting;
use crate::credentials::Credentials;
use crate::doctor::Doctor;
use crate::fetch::Fetch;
use crate::ids::{Ids, instance_name};
use crate::ledger::Ledger;
use crate::live::Live;
use crate::queues::Queues;
use crate::receipt::ReceiptId;
use crate::snapshot::Snapshot;
use crate::stash::Stash;
use crate::stop::Stop;
use crate::upstream::{NoClient, Upstream};

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
    /// receipts are named after `newest`, the last one of the run before.
    ///
    /// # Errors
    /// When no TLS client can be made.
    pub fn new(
        snapshot: Snapshot,
        ledger: Arc<dyn Ledger>,
        credentials: Arc<dyn Credentials>,
        newest: Option<ReceiptId>,
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
                stop: Arc::default(),
                instance: instance_name(),
            }),
        })
    }

    /// Serves new exchanges by this snapshot; running ones keep theirs.
    ///
    /// # Errors
    /// When its limits need a new client and none can be made; the old snapshot stays.
    pub fn install(&self, snapshot: Snapshot) -> Result<(), NoClient> {
        self.inner.upstream.install(snapshot.limits.connect)?;
        self.inner.live.install(&snapshot.routes);
        self.inner.snapshot.store(Arc::new(snapshot));
        Ok(())
    }

    /// The snapshot that new exchanges get.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.inner.snapshot()
    }

    /// What is known of the running system.
    pub fn live(&self) -> &Live {
        &self.inner.live
    }

    /// Exchanges being served.
    pub fn in_flight(&self) -> usize {
        self.inner.admission.running()
    }

    /// What a plan needs to know of a provider now.
    pub fn standing(&self, provider: &Provider) -> Standing {
        if self.inner.live.is_draining(&provider.id) {
            return Standing::Draining;
        }
        let ready = |key| self.standing_of(provider, key) == Standing::Ready;
        match provider.keys().any(ready) {
            true => Standing::Ready,
            false => Standing::NoKey,
        }
    }

    /// The same of one of its keys.
    pub fn standing_of(&self, provider: &Provider, key: &KeySource) -> Standing {
        if self.inner.live.is_draining(&provider.id) {
            return Standing::Draining;
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
    }

    /// What this machine is like now; `woken`: it has slept since the last time.
    pub fn sensed(&self, machine: Machine, woken: bool) {
        self.inner.conditions.machine(machine, woken);
    }

    /// A provider's key is new: what the old one was refused for is forgotten.
    pub fn key_changed(&self, provider: &Provider) {
        for key in provider.keys() {
            self.inner.conditions.key_changed(&provider.id, key);
        }
    }

    /// Tells running exchanges that their time to finish is over: streams end with
    /// an error event, requests that wait get an error, and all leave receipts.
    pub fn cut(&self) {
        self.inner.stop.pull();
    }
}
