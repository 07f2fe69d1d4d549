//! What is known of the running system and not written down: who is being
//! served, how each provider has been doing, whether all is paused.
//!
//! Promises: bounded memory (a window of outcomes a provider, a ring of sixty
//! minutes), and no lock held longer than a push. Leaves out what follows
//! from how somebody is doing (`conditions`), and who takes no new work (`drain`).

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use dialect::FailureCategory;
use routing::Routes;
use tokio::sync::broadcast;

use crate::prompt_cache::{PromptCacheTotals, Tally};
use crate::receipt::{Ending, Receipt};

/// How far back a provider's window reaches.
const WINDOW: Duration = Duration::from_secs(300);
/// The most outcomes a window keeps.
const WINDOW_OUTCOMES: usize = 512;
/// Receipts a slow watcher may fall behind before it misses some.
const WATCH_BACKLOG: usize = 256;

/// The running system.
#[derive(Debug)]
pub struct Live {
    paused: AtomicBool,
    providers: ArcSwap<HashMap<String, Arc<ProviderLive>>>,
    minutes: Mutex<Minutes>,
    prompt_cache: Tally,
    receipts: broadcast::Sender<Arc<Receipt>>,
}

/// One provider, running.
#[derive(Debug, Default)]
pub struct ProviderLive {
    in_flight: AtomicU32,
    window: Mutex<Window>,
}

/// How a provider has been doing over the last five minutes.
#[derive(Debug, Clone, PartialEq)]
pub struct Lately {
    /// Attempts that say something about the provider.
    pub attempts: u32,
    /// Of which failed.
    pub failures: u32,
    /// Median time to the first byte over the successes.
    pub ttft: Option<Duration>,
    /// The latest failure: when (ms since 1970), its category, what was said.
    pub last_failure: Option<(u64, FailureCategory, String)>,
}

/// Requests and failures of one minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Minute {
    /// Exchanges that ended in it.
    pub requests: u32,
    /// Those that ended refused, failed or broken.
    pub failed: u32,
}

#[derive(Debug, Default)]
struct Window {
    outcomes: VecDeque<Outcome>,
    last_failure: Option<(Instant, u64, FailureCategory, String)>,
}

#[derive(Debug, Clone, Copy)]
struct Outcome {
    at: Instant,
    /// `None` when it failed.
    ttft: Option<Duration>,
}

#[derive(Debug)]
struct Minutes {
    /// The minute (since 1970) of the last slot.
    current: u64,
    slots: VecDeque<Minute>,
}

impl Default for Live {
    fn default() -> Self {
        Live {
            paused: AtomicBool::new(false),
            providers: ArcSwap::default(),
            minutes: Mutex::new(Minutes {
                current: 0,
                slots: VecDeque::from(vec![Minute::default(); 60]),
            }),
            prompt_cache: Tally::default(),
            receipts: broadcast::channel(WATCH_BACKLOG).0,
        }
    }
}

impl Live {
    /// Keeps what is known of providers that stay, forgets those that left.
    pub(crate) fn install(&self, routes: &Routes) {
        let old = self.providers.load();
        let new = routes
            .providers
            .iter()
            .map(|provider| {
                let live = old.get(&provider.id).cloned().unwrap_or_default();
                (provider.id.clone(), live)
            })
            .collect();
        self.providers.store(Arc::new(new));
    }

    /// One provider, when it is configured.
    pub fn provider(&self, id: &str) -> Option<Arc<ProviderLive>> {
        self.providers.load().get(id).cloned()
    }

    /// Refuse new requests, or take them again.
    pub fn pause(&self, paused: bool) {
        self.paused.store(paused, Ordering::Relaxed);
    }

    /// Whether new requests are refused.
    pub fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Relaxed)
    }

    /// The last sixty minutes, oldest first.
    pub fn minutes(&self, now_unix_ms: u64) -> Vec<Minute> {
        let mut minutes = lock(&self.minutes);
        minutes.roll(now_unix_ms / 60_000);
        minutes.slots.iter().copied().collect()
    }

    /// What providers' prompt caches came to since the start.
    pub fn prompt_cache(&self) -> PromptCacheTotals {
        self.prompt_cache.totals()
    }

    /// Receipts as they are settled. A watcher that falls too far behind misses some.
    pub fn watch(&self) -> broadcast::Receiver<Arc<Receipt>> {
        self.receipts.subscribe()
    }

    /// Learns from a settled exchange and tells whoever watches.
    pub(crate) fn settled(&self, receipt: &Receipt, now_unix_ms: u64) {
        {
            let mut minutes = lock(&self.minutes);
            minutes.roll(now_unix_ms / 60_000);
            if let Some(minute) = minutes.slots.back_mut() {
                minute.requests += 1;
                let failed = matches!(
                    receipt.ending,
                    Ending::Refused | Ending::Failed | Ending::Broken
                );
                minute.failed += u32::from(failed);
            }
        }
        self.prompt_cache.add(receipt);
        if self.receipts.receiver_count() > 0 {
            // A send fails only when the last watcher has just left.
            let _ = self.receipts.send(Arc::new(receipt.clone()));
        }
    }
}

impl Minutes {
    fn roll(&mut self, minute: u64) {
        let steps = minute.saturating_sub(self.current).min(60);
        for _ in 0..steps {
            self.slots.pop_front();
            self.slots.push_back(Minute::default());
        }
        self.current = self.current.max(minute);
    }
}

impl ProviderLive {
    /// Attempts being served.
    pub fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// The last five minutes.
    pub fn lately(&self, now: Instant) -> Lately {
        let mut window = lock(&self.window);
        window.forget(now);
        let mut ttfts: Vec<Duration> = window.outcomes.iter().filter_map(|o| o.ttft).collect();
        ttfts.sort_unstable();
        Lately {
            attempts: window.outcomes.len() as u32,
            failures: (window.outcomes.len() - ttfts.len()) as u32,
            ttft: ttfts.get(ttfts.len() / 2).copied(),
            last_failure: window
                .last_failure
                .as_ref()
                .map(|(_, at, category, message)| (*at, *category, message.clone())),
        }
    }

    pub(crate) fn succeeded(&self, now: Instant, ttft: Duration) {
        lock(&self.window).push(Outcome {
            at: now,
            ttft: Some(ttft),
        });
    }

    /// A failure that is the request's own fault says nothing of the provider.
    pub(crate) fn failed(
        &self,
        now: Instant,
        now_unix_ms: u64,
        category: FailureCategory,
        message: &str,
    ) {
        if matches!(
            category,
            FailureCategory::BadRequest
                | FailureCategory::ContentFilter
                | FailureCategory::ContextOverflow
                | FailureCategory::StateLost
                | FailureCategory::Drained
        ) {
            return;
        }
        let mut window = lock(&self.window);
        window.push(Outcome {
            at: now,
            ttft: None,
        });
        window.last_failure = Some((now, now_unix_ms, category, message.to_owned()));
    }

    pub(crate) fn enter(self: &Arc<Self>) -> Counted {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        Counted(Arc::clone(self))
    }
}

impl Window {
    fn push(&mut self, outcome: Outcome) {
        if self.outcomes.len() == WINDOW_OUTCOMES {
            self.outcomes.pop_front();
        }
        self.outcomes.push_back(outcome);
    }

    fn forget(&mut self, now: Instant) {
        while let Some(oldest) = self.outcomes.front()
            && now.duration_since(oldest.at) > WINDOW
        {
            self.outcomes.pop_front();
        }
        if let Some((at, ..)) = &self.last_failure
            && now.duration_since(*at) > WINDOW
        {
            self.last_failure = None;
        }
    }
}

/// One attempt counted at its provider until it is dropped.
#[derive(Debug)]
pub(crate) struct Counted(Arc<ProviderLive>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A panic elsewhere must not take these counters down with it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_providers_window_forgets_after_five_minutes() {
        let live = Arc::new(ProviderLive::default());
        let start = Instant::now();
        live.failed(start, 1, FailureCategory::Server, "down");
        live.succeeded(start, Duration::from_millis(80));
        let lately = live.lately(start);
        assert_eq!((lately.attempts, lately.failures), (2, 1));
        assert_eq!(lately.ttft, Some(Duration::from_millis(80)));
        let later = live.lately(start + WINDOW + Duration::from_secs(1));
        assert_eq!((later.attempts, later.last_failure), (0, None));
    }

    #[test]
    fn a_bad_request_is_no_failure_of_the_provider() {
        let live = ProviderLive::default();
        live.failed(
            Instant::now(),
            1,
            FailureCategory::BadRequest,
            "no messages",
        );
        assert_eq!(live.lately(Instant::now()).attempts, 0);
    }

    #[test]
    fn in_flight_comes_back_to_zero() {
        let live = Arc::new(ProviderLive::default());
        let underway = live.enter();
        assert_eq!(live.in_flight(), 1);
        drop(underway);
        assert_eq!(live.in_flight(), 0);
    }

    #[test]
    fn minutes_roll_and_keep_sixty() {
        let live = Live::default();
        assert_eq!(live.minutes(60_000 * 100).len(), 60);
        assert_eq!(live.minutes(60_000 * 5_000).len(), 60);
    }
}
