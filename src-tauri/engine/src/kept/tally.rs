//! How often kept answers were of use, by route; and when looking for them is not worth it.
//!
//! Promises: where more than 70 % of the looks of a route miss, the cache steps aside but for one question in
//! sixteen, and comes back by itself once those hit again. Which questions these are depends on their bytes
//! alone, so that a repeated one is found. Bounds: [`MOST_ROUTES`] routes; the rest are told together.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use routing::NanoUsd;
use serde::{Deserialize, Serialize};

use crate::receipt::{Basis, CacheNote, CacheVerdict};

/// The most routes that are told apart.
const MOST_ROUTES: usize = 256;
/// What the others are told as.
const OTHERS: &str = "(others)";
/// Looks that are remembered of a route.
const WINDOW: u32 = 128;
/// Before so many looks nothing is concluded.
const FEWEST: u32 = 64;
/// Looks after which a route that steps aside is judged anew.
const FEWEST_PROBES: u32 = 16;
/// From this share of misses on the cache steps aside.
const ASIDE_PERCENT: u32 = 70;
/// While it does, one question of so many is looked for.
const PROBE_OF: u64 = 16;

/// What became of the requests of one route, since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteTally {
    /// Answered from memory.
    pub memory: u64,
    /// Answered from the disk.
    pub disk: u64,
    /// Answered by an answer to a similar question.
    pub similar: u64,
    /// Came along with another's call.
    pub joined: u64,
    /// Answered by an expired answer, because nobody gave a new one.
    pub stale: u64,
    /// Looked for and not found.
    pub missed: u64,
    /// Not looked for, because looks missed too often.
    pub bypassed: u64,
    /// Not looked for, because a rule or a wish forbids it.
    pub skipped: u64,
    /// What the answers had cost that were told again, in billionths of a dollar.
    pub saved: NanoUsd,
    /// Their tokens.
    pub saved_tokens: u64,
    /// How many of them had a cost that nobody knows: it is not in what was saved.
    pub unpriced: u64,
    /// The cache steps aside now.
    pub aside: bool,
}

impl RouteTally {
    /// Requests that were answered without a call of their own.
    pub fn hits(&self) -> u64 {
        self.memory + self.disk + self.similar + self.joined + self.stale
    }
}

#[derive(Debug, Default)]
struct Route {
    told: RouteTally,
    /// The latest looks, one bit each: set where it missed.
    looks: u128,
    counted: u32,
}

/// All routes.
#[derive(Debug, Default)]
pub(crate) struct Tallies {
    routes: Mutex<HashMap<Arc<str>, Route>>,
    not_kept: AtomicU64,
}

impl Tallies {
    /// Whether a question of this route is looked for now.
    pub(crate) fn is_worth_a_look(&self, route: &str, body: &[u8]) -> bool {
        let routes = self.lock();
        let aside = routes.get(route).is_some_and(|route| route.told.aside);
        drop(routes);
        !aside || is_probe(body)
    }

    /// Learns what became of a request. A miss that nobody `answered` says nothing of what looking is worth.
    pub(crate) fn learn(&self, route: &str, note: &CacheNote, answered: bool) {
        let mut routes = self.lock();
        if !routes.contains_key(route) {
            let name = match routes.len() < MOST_ROUTES {
                true => route,
                false => OTHERS,
            };
            routes
                .entry(Arc::from(name))
                .or_default()
                .learn(note, answered);
            return;
        }
        if let Some(known) = routes.get_mut(route) {
            known.learn(note, answered);
        }
    }

    /// An answer that should have been kept was not.
    pub(crate) fn not_kept(&self) {
        self.not_kept.fetch_add(1, Ordering::Relaxed);
    }

    /// Answers that should have been kept and were not: too many at once, or not to be read back.
    pub(crate) fn were_not_kept(&self) -> u64 {
        self.not_kept.load(Ordering::Relaxed)
    }

    /// Every route, by its name.
    pub(crate) fn told(&self) -> Vec<(Arc<str>, RouteTally)> {
        let routes = self.lock();
        let mut told: Vec<_> = routes
            .iter()
            .map(|(name, route)| (Arc::clone(name), route.told.clone()))
            .collect();
        told.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        told
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Route>> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Route {
    fn learn(&mut self, note: &CacheNote, answered: bool) {
        let told = &mut self.told;
        let hits = told.hits();
        match note.verdict {
            CacheVerdict::Memory => told.memory += 1,
            CacheVerdict::Disk => told.disk += 1,
            CacheVerdict::Similar => told.similar += 1,
            CacheVerdict::Joined => told.joined += 1,
            CacheVerdict::Stale => told.stale += 1,
            CacheVerdict::Missed => told.missed += 1,
            CacheVerdict::Bypassed => told.bypassed += 1,
            CacheVerdict::Skipped => told.skipped += 1,
        }
        let was_told_again = told.hits() > hits;
        told.unpriced += u64::from(was_told_again && note.saved_basis == Basis::None);
        told.saved = [told.saved, note.saved].into_iter().sum();
        told.saved_tokens = told.saved_tokens.saturating_add(note.saved_tokens);
        match note.verdict {
            CacheVerdict::Bypassed | CacheVerdict::Skipped => {}
            // An outage is when an expired answer is worth most.
            CacheVerdict::Stale => {}
            CacheVerdict::Missed if !answered => {}
            CacheVerdict::Missed => self.looked(true),
            _ => self.looked(false),
        }
    }

    fn looked(&mut self, missed: bool) {
        self.looks = self.looks << 1 | u128::from(missed);
        self.counted = (self.counted + 1).min(WINDOW);
        let enough = match self.told.aside {
            false => FEWEST,
            true => FEWEST_PROBES,
        };
        if self.counted < enough {
            return;
        }
        let aside = self.looks.count_ones() * 100 > self.counted * ASIDE_PERCENT;
        if aside != self.told.aside {
            self.told.aside = aside;
            // What was seen before says nothing of the time after it.
            (self.looks, self.counted) = (0, 0);
        }
    }
}

/// Whether a question is one of those that are looked for all the same. Some of its bytes decide, and how many
/// it has: looking at all of them would cost what stepping aside spares.
fn is_probe(body: &[u8]) -> bool {
    let mut hasher = DefaultHasher::new();
    take_sample(body, &mut hasher);
    hasher.finish().is_multiple_of(PROBE_OF)
}

/// The length of a body and some of its bytes.
pub(super) fn take_sample(body: &[u8], hasher: &mut impl Hasher) {
    const WINDOWS: usize = 32;
    const WIDE: usize = 16;
    hasher.write_usize(body.len());
    let step = (body.len() / WINDOWS).max(WIDE);
    for window in body.chunks(step) {
        hasher.write(&window[..window.len().min(WIDE)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(verdict: CacheVerdict) -> CacheNote {
        CacheNote::of(verdict)
    }

    #[test]
    fn where_looks_miss_the_cache_steps_aside_and_comes_back_by_itself() {
        let (tallies, route) = (Tallies::default(), "chat");
        let body = |n: u32| format!("{{\"n\":{n},\"text\":\"What is the time?\"}}").into_bytes();
        for n in 0..63 {
            tallies.learn(route, &note(CacheVerdict::Missed), true);
            assert!(tallies.is_worth_a_look("chat", &body(n)), "too few to tell");
        }
        tallies.learn(route, &note(CacheVerdict::Missed), true);
        let probes = |tallies: &Tallies| {
            (0..1_600)
                .filter(|n| tallies.is_worth_a_look("chat", &body(*n)))
                .count()
        };
        let share = probes(&tallies);
        assert!((50..=160).contains(&share), "{share} of 1600");
        assert_eq!(probes(&tallies), share, "the same questions each time");
        assert!(tallies.is_worth_a_look("another", &body(1)));
        // Those that are looked for hit again.
        for _ in 0..16 {
            tallies.learn(route, &note(CacheVerdict::Memory), true);
        }
        assert_eq!(probes(&tallies), 1_600);
    }

    #[test]
    fn an_outage_does_not_make_it_step_aside() {
        let (tallies, route) = (Tallies::default(), Arc::from("chat"));
        for _ in 0..500 {
            tallies.learn(&route, &note(CacheVerdict::Stale), true);
            tallies.learn(&route, &note(CacheVerdict::Missed), false);
        }
        assert!(!tallies.told()[0].1.aside);
    }

    #[test]
    fn seventy_of_a_hundred_misses_are_borne() {
        let (tallies, route) = (Tallies::default(), "chat");
        for n in 0..1_000 {
            let verdict = match n % 10 {
                0..7 => CacheVerdict::Missed,
                _ => CacheVerdict::Memory,
            };
            tallies.learn(route, &note(verdict), true);
        }
        assert!(!tallies.told()[0].1.aside);
    }

    #[test]
    fn an_answer_whose_cost_nobody_knows_is_counted_and_saves_nothing() {
        let (tallies, route) = (Tallies::default(), Arc::from("chat"));
        let priced = CacheNote {
            saved: NanoUsd(1_500),
            saved_basis: Basis::Metered,
            ..note(CacheVerdict::Memory)
        };
        tallies.learn(&route, &priced, true);
        tallies.learn(&route, &note(CacheVerdict::Joined), true);
        // Nothing was told again: there is nothing to be priced.
        tallies.learn(&route, &note(CacheVerdict::Missed), true);
        let told = &tallies.told()[0].1;
        assert_eq!((told.saved, told.unpriced), (NanoUsd(1_500), 1));
    }

    #[test]
    fn however_many_routes_there_are_the_book_stays_small() {
        let tallies = Tallies::default();
        for n in 0..10_000 {
            let route = format!("route-{n}");
            tallies.learn(&route, &note(CacheVerdict::Missed), true);
        }
        let told = tallies.told();
        assert_eq!(told.len(), MOST_ROUTES + 1);
        let all: u64 = told.iter().map(|(_, route)| route.missed).sum();
        assert_eq!(all, 10_000);
    }
}
