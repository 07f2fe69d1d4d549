//! One attempt, from the moment it may begin to its end: where a drain finds it.

use std::sync::Arc;

use dialect::{Failure, FailureCategory};
use routing::Candidate;
use secrecy::SecretString;

use super::{Drains, Leave, Work, departed};
use crate::attempt::Asking;
use crate::live::{Counted, ProviderLive};
use crate::stop::{Stop, StopSeen};

/// A running attempt, known to drains and counted at its provider until it is dropped.
pub(crate) struct Underway {
    drains: Arc<Drains>,
    number: u64,
    stop: Arc<Stop>,
    _counted: Option<Counted>,
}

impl Underway {
    /// Resolves when its time to finish is over, with the reason.
    pub(crate) async fn cut(&self) -> Arc<str> {
        self.stop.pulled().await
    }

    /// The same for a stream.
    pub(crate) fn watch(&self) -> StopSeen {
        self.stop.watch()
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.drains.running().work.remove(&self.number);
    }
}

/// Begins an attempt. Its plan may be older than a drain, and its snapshot older than the config:
/// what drains takes nothing from it either, and a provider that is another one now sets it a deadline.
///
/// # Errors
/// Why the target takes nothing new.
pub(crate) fn enter(
    asking: &Asking<'_>,
    candidate: &Candidate,
    key: Option<&Arc<SecretString>>,
    live: Option<&Arc<ProviderLive>>,
) -> Result<Underway, Arc<str>> {
    let (inner, provider) = (asking.inner, &candidate.provider);
    let drains = &inner.drains;
    if let Some(what) = drains.standing(provider, Some(&candidate.model), &candidate.key) {
        return Err(what.told(provider, &candidate.model, &candidate.key).into());
    }
    if let Some(told) = drains.app_is_over() {
        return Err(told);
    }
    // Held while the config is looked at: one that is installed meanwhile finds this attempt among the running.
    let mut running = drains.running();
    let current = inner.snapshot();
    let departed = match current.number == asking.snapshot.number {
        true => None,
        false => departed(provider, &candidate.key, &current.routes),
    };
    let stop = Arc::<Stop>::default();
    let work = Work {
        provider: Arc::clone(provider),
        model: candidate.model.clone(),
        source: candidate.key.clone(),
        key: key.cloned(),
        leave: departed.map(|why| Leave::new(why, current.limits.drain)),
        stop: Arc::clone(&stop),
    };
    running.last += 1;
    let number = running.last;
    running.work.insert(number, work);
    drop(running);
    Ok(Underway {
        drains: Arc::clone(drains),
        number,
        stop,
        _counted: live.map(ProviderLive::enter),
    })
}

/// A request that was not served by a target, and for no fault of either.
pub(crate) fn taken_back(why: &str) -> Failure {
    Failure {
        category: FailureCategory::Drained,
        status: None,
        code: None,
        message: why.to_owned(),
        retry_after_ms: None,
    }
}
