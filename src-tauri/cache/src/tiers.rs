//! Memory before the disk.
//!
//! Promises: a look at memory never waits. An entry lives in memory for a minute at most, and on the
//! disk until its end; what is found there is put into memory for the rest of its time. One that has
//! expired and not ended is found all the same, and its finder decides. Without a disk, memory keeps
//! an entry to its end, room permitting. When the clock goes back nobody knows how old an answer is:
//! all are forgotten.
//! Leaves out: which answers are kept, and for how long (`engine`, by the route's rule).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::memory::Memory;
use crate::{Entry, Fingerprint, SealKey, Store};

/// How far two clocks of one process may be apart, in milliseconds: threads read the time at
/// different moments, and small corrections are not worth an empty cache.
const TOLERANCE_MS: u64 = 2_000;

/// How much is kept in memory, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes, with what surrounds an entry.
    pub memory_bytes: u64,
    /// The longest that an entry stays in memory, in milliseconds.
    pub memory_ms: u64,
}

impl Default for Limits {
    /// 64 MiB, for a minute.
    fn default() -> Self {
        Limits {
            memory_bytes: 64 << 20,
            memory_ms: 60_000,
        }
    }
}

/// What is kept in memory now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Entries.
    pub entries: u64,
    /// Bytes, with what surrounds an entry.
    pub bytes: u64,
}

/// Answers that were given before. Share it in an `Arc`.
pub struct Cache {
    memory: Memory,
    limits: Limits,
    disk: OnceLock<(Arc<dyn Store>, SealKey)>,
    /// The latest time that anybody named.
    latest_ms: AtomicU64,
    /// How often something was to be forgotten.
    purges: AtomicU64,
}

impl Cache {
    /// An empty memory over no disk.
    pub fn new(limits: Limits) -> Cache {
        Cache {
            memory: Memory::new(limits.memory_bytes),
            limits,
            disk: OnceLock::new(),
            latest_ms: AtomicU64::new(0),
            purges: AtomicU64::new(0),
        }
    }

    /// Puts a disk below, once: to open one may take longer than a start should.
    pub fn attach(&self, store: Arc<dyn Store>, key: SealKey) {
        // What was to be forgotten before it was here is forgotten now.
        if self.purges.load(Ordering::Acquire) > 0 {
            store.purge();
        }
        // A second one is let be: answers are in the first.
        let _ = self.disk.set((store, key));
    }

    /// The answer in memory. Doesn't wait.
    pub fn look(&self, question: &Fingerprint, now_ms: u64) -> Option<Arc<Entry>> {
        self.heed_clock(now_ms);
        self.memory.look(question, now_ms)
    }

    /// The answer on disk, for when [`Cache::look`] found none. Blocks as long as the store's limit:
    /// call it from `spawn_blocking`.
    pub fn fetch(&self, question: &Fingerprint, now_ms: u64) -> Option<Arc<Entry>> {
        self.heed_clock(now_ms);
        let (store, key) = self.disk.get()?;
        let purges = self.purges.load(Ordering::Acquire);
        let entry = key.open(question, store.read(question)?)?;
        // One that is forgotten while it is read is forgotten.
        if !entry.may_be_told(now_ms) || self.purges.load(Ordering::Acquire) != purges {
            return None;
        }
        let entry = Arc::new(entry);
        self.remember(question, &entry, now_ms, true);
        Some(entry)
    }

    /// Keeps an answer, in place of an older one. Sealing takes about a millisecond a megabyte: call it
    /// from `spawn_blocking` where there is a disk.
    pub fn keep(&self, question: &Fingerprint, entry: &Arc<Entry>, now_ms: u64) {
        self.heed_clock(now_ms);
        if !entry.is_fresh(now_ms) {
            return;
        }
        // In memory first: it is there at once.
        self.remember(question, entry, now_ms, true);
        let is_on_disk = self.disk.get().is_some_and(|(store, key)| {
            let value = key.seal(question, entry);
            value.is_some_and(|value| store.write(question, value))
        });
        if !is_on_disk {
            self.remember(question, entry, now_ms, false);
        }
    }

    /// Forgets everything.
    pub fn purge(&self) {
        self.purges.fetch_add(1, Ordering::AcqRel);
        self.memory.purge();
        if let Some((store, _)) = self.disk.get() {
            store.purge();
        }
    }

    /// Forgets those that `is_doomed`. On the disk nobody can tell which these are without opening them all,
    /// so there everything is forgotten: it is disposable.
    pub fn purge_where(&self, is_doomed: impl Fn(&Entry) -> bool) {
        self.purges.fetch_add(1, Ordering::AcqRel);
        self.memory.purge_where(is_doomed);
        if let Some((store, _)) = self.disk.get() {
            store.purge();
        }
    }

    /// Shows each entry in memory, with the bytes that it takes.
    pub fn each(&self, see: impl FnMut(&Entry, u64)) {
        self.memory.each(see);
    }

    /// Whether there is a disk below.
    pub fn has_disk(&self) -> bool {
        self.disk.get().is_some()
    }

    /// How much may be kept in memory, and how long.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// What is kept in memory.
    pub fn held(&self) -> Held {
        let (entries, bytes) = self.memory.size();
        Held { entries, bytes }
    }

    /// What is not on the disk stays in memory to its end: an older answer may lie there in its place.
    fn remember(&self, question: &Fingerprint, entry: &Arc<Entry>, now_ms: u64, is_on_disk: bool) {
        let leaves_at_ms = match is_on_disk {
            true => now_ms.saturating_add(self.limits.memory_ms),
            false => u64::MAX,
        };
        self.memory.keep(question, Arc::clone(entry), leaves_at_ms);
    }

    fn heed_clock(&self, now_ms: u64) {
        let latest = self.latest_ms.fetch_max(now_ms, Ordering::Relaxed);
        let went_back = now_ms.saturating_add(TOLERANCE_MS) < latest;
        // One of those who see it is enough.
        if went_back
            && self
                .latest_ms
                .compare_exchange(latest, now_ms, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            self.purge();
        }
    }
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache")
            .field("held", &self.held())
            .field("has_disk", &self.has_disk())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Mutex;

    use super::*;
    use crate::entry::tests::entry;

    const A: Fingerprint = Fingerprint([1; 32]);
    const B: Fingerprint = Fingerprint([2; 32]);

    /// A disk that does what it is told.
    #[derive(Default)]
    struct Table(Mutex<HashMap<Fingerprint, Vec<u8>>>);

    impl Store for Table {
        fn read(&self, key: &Fingerprint) -> Option<Vec<u8>> {
            self.0.lock().expect("whole").get(key).cloned()
        }

        /// Takes little.
        fn write(&self, key: &Fingerprint, value: Vec<u8>) -> bool {
            let is_taken =
                value.len() < 150_000 || !self.0.lock().expect("whole").contains_key(key);
            if is_taken {
                self.0.lock().expect("whole").insert(*key, value);
            }
            is_taken
        }

        fn purge(&self) {
            self.0.lock().expect("whole").clear();
        }
    }

    fn key() -> SealKey {
        SealKey::from_bytes(&[7; 32])
    }

    fn over(table: &Arc<Table>, key: SealKey) -> Cache {
        let cache = Cache::new(Limits::default());
        cache.attach(Arc::clone(table) as Arc<dyn Store>, key);
        cache
    }

    #[test]
    fn an_answer_is_a_minute_in_memory_and_to_its_end_on_disk() {
        let cache = over(&Arc::default(), key());
        let kept = Arc::new(entry("Hello", 301_000));
        cache.keep(&A, &kept, 1_000);
        assert_eq!(cache.look(&A, 60_999), Some(Arc::clone(&kept)));
        assert_eq!(cache.look(&A, 61_000), None);
        assert_eq!(cache.fetch(&A, 200_000), Some(Arc::clone(&kept)));
        assert_eq!(
            cache.look(&A, 259_999),
            Some(kept),
            "what was fetched is in memory again"
        );
        assert_eq!(cache.look(&A, 301_000), None);
        assert_eq!(cache.fetch(&A, 301_000), None);
        assert_eq!(cache.fetch(&B, 2_000), None);
    }

    #[test]
    fn another_process_with_the_key_reads_it_and_one_with_another_does_not() {
        let table = Arc::default();
        over(&table, key()).keep(&A, &Arc::new(entry("Hello", 301_000)), 1_000);
        assert!(over(&table, key()).fetch(&A, 2_000).is_some());
        let other = SealKey::from_bytes(&[8; 32]);
        assert!(over(&table, other).fetch(&A, 2_000).is_none());
    }

    #[test]
    fn a_value_under_the_wrong_key_is_a_miss() {
        let table: Arc<Table> = Arc::default();
        let cache = over(&table, key());
        cache.keep(&A, &Arc::new(entry("Hello", 301_000)), 1_000);
        let value = table.read(&A).expect("a value");
        table.write(&B, value);
        assert!(cache.fetch(&B, 2_000).is_none());
    }

    #[test]
    fn when_the_clock_goes_back_all_is_forgotten() {
        let table: Arc<Table> = Arc::default();
        let cache = over(&table, key());
        cache.keep(&A, &Arc::new(entry("Hello", 301_000)), 200_000);
        assert!(cache.look(&A, 198_500).is_some(), "a small correction");
        assert!(cache.look(&A, 100_000).is_none());
        assert!(cache.fetch(&A, 100_000).is_none());
        assert_eq!(table.read(&A), None);
        assert_eq!(cache.held().entries, 0);
        cache.keep(&B, &Arc::new(entry("Hello", 301_000)), 100_000);
        assert!(cache.look(&B, 101_000).is_some(), "it goes on from there");
    }

    #[test]
    fn an_answer_of_the_future_is_of_no_known_age() {
        let table = Arc::default();
        over(&table, key()).keep(&A, &Arc::new(entry("Hello", 301_000)), 1_000);
        assert!(over(&table, key()).fetch(&A, 999).is_none());
    }

    #[test]
    fn a_large_answer_is_on_disk_alone() {
        let limits = Limits {
            memory_bytes: 1 << 20,
            ..Limits::default()
        };
        let table: Arc<Table> = Arc::default();
        let cache = Cache::new(limits);
        cache.attach(table, key());
        let large = Arc::new(entry(&"x".repeat(100_000), 301_000));
        cache.keep(&A, &large, 1_000);
        assert_eq!(cache.look(&A, 2_000), None);
        assert_eq!(cache.fetch(&A, 2_000), Some(large));
    }

    #[test]
    fn what_was_to_be_forgotten_before_the_disk_was_there_is_forgotten() {
        let table: Arc<Table> = Arc::default();
        over(&table, key()).keep(&A, &Arc::new(entry("Hello", 301_000)), 1_000);
        let cache = Cache::new(Limits::default());
        cache.purge_where(|_| true);
        cache.attach(Arc::clone(&table) as Arc<dyn Store>, key());
        assert!(cache.fetch(&A, 2_000).is_none());
    }

    #[test]
    fn what_the_disk_does_not_take_stays_in_memory_to_its_end() {
        let table: Arc<Table> = Arc::default();
        let cache = over(&table, key());
        cache.keep(&A, &Arc::new(entry("Old", 301_000)), 1_000);
        let new = Arc::new(entry(&"x".repeat(80_000), 301_000));
        cache.keep(&A, &new, 2_000);
        assert_eq!(cache.look(&A, 200_000), Some(new));
    }
}
