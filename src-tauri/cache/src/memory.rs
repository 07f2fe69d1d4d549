//! Answers in memory.
//!
//! Promises: bounded by bytes, with all that surrounds an entry counted; when it is full, what was
//! asked for again stays before what was asked for once. Reads take no lock that a write holds for
//! long (four shards). Leaves out: how long answers live (`tiers`).
//!
//! The map is `quick_cache`, an S3-FIFO: new entries are on trial in a small queue, and what left it is
//! remembered by its hash alone, so that the second time counts. Of those that were weighed it keeps
//! closest to its bound: a million entries of 200 bytes took 428 MiB where 400 were allowed, `moka`'s 656,
//! and a read a quarter of the time.

use std::sync::Arc;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use crate::{Entry, Fingerprint};

/// Each with a lock of its own and a quarter of the room.
const SHARDS: usize = 4;
/// An entry that would take more than this part of the room is not let in: it would push out all others.
const LARGEST_PART: u64 = 16;
/// What the map takes for an entry beside the entry itself: two counts, the key, its places in the
/// tables, and the rounding of allocations. Measured (docs/performance.md).
const SURROUNDINGS: u64 = 200;
/// What the tables are laid out for at first.
const USUAL_ENTRY: u64 = 4_096;

/// Entries by what they are known by.
pub(crate) struct Memory {
    entries: Cache<Fingerprint, Kept, ByBytes>,
    limit: u64,
}

/// An entry, and when it leaves.
#[derive(Clone)]
struct Kept {
    entry: Arc<Entry>,
    leaves_at_ms: u64,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Fingerprint, Kept> for ByBytes {
    fn weight(&self, _: &Fingerprint, kept: &Kept) -> u64 {
        kept.entry.weight() + SURROUNDINGS
    }
}

impl Memory {
    /// Room for `limit` bytes. With none, nothing is kept.
    pub(crate) fn new(limit: u64) -> Memory {
        let usual = usize::try_from(limit / USUAL_ENTRY).unwrap_or(usize::MAX);
        let options = OptionsBuilder::new()
            .shards(SHARDS)
            .estimated_items_capacity(usual.max(SHARDS))
            .weight_capacity(limit)
            .build();
        let entries = match options {
            Ok(options) => Cache::with_options(
                options,
                ByBytes,
                DefaultHashBuilder::default(),
                DefaultLifecycle::default(),
            ),
            // All that it asks for is set above.
            Err(_) => Cache::with_weighter(usual, limit, ByBytes),
        };
        Memory { entries, limit }
    }

    /// An entry that is still here at `now_ms`.
    pub(crate) fn look(&self, key: &Fingerprint, now_ms: u64) -> Option<Arc<Entry>> {
        let kept = self.entries.get(key)?;
        if now_ms < kept.leaves_at_ms && kept.entry.may_be_told(now_ms) {
            return Some(kept.entry);
        }
        // Not one that has just taken its place.
        self.entries
            .remove_if(key, |there| Arc::ptr_eq(&there.entry, &kept.entry));
        None
    }

    /// Keeps an entry until `leaves_at_ms`, in place of one under the same key.
    pub(crate) fn keep(&self, key: &Fingerprint, entry: Arc<Entry>, leaves_at_ms: u64) {
        if entry.weight() + SURROUNDINGS > self.limit / LARGEST_PART {
            // The older answer must not outlive it.
            self.entries.remove(key);
            return;
        }
        let kept = Kept {
            entry,
            leaves_at_ms,
        };
        self.entries.insert(*key, kept);
    }

    pub(crate) fn purge(&self) {
        self.entries.clear();
    }

    /// Forgets those that `is_doomed`.
    pub(crate) fn purge_where(&self, is_doomed: impl Fn(&Entry) -> bool) {
        self.entries.retain(|_, kept| !is_doomed(&kept.entry));
    }

    /// Shows each entry.
    pub(crate) fn each(&self, mut see: impl FnMut(&Entry, u64)) {
        for (_, kept) in self.entries.iter() {
            see(&kept.entry, kept.entry.weight() + SURROUNDINGS);
        }
    }

    /// Entries, and the bytes they take.
    pub(crate) fn size(&self) -> (u64, u64) {
        (self.entries.len() as u64, self.entries.weight())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::tests::entry;

    fn key(n: u32) -> Fingerprint {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&n.to_le_bytes());
        Fingerprint(bytes)
    }

    fn small() -> Arc<Entry> {
        Arc::new(entry(&"x".repeat(500), 100_000))
    }

    #[test]
    fn an_entry_leaves_at_its_time_or_its_end_whichever_is_first() {
        let memory = Memory::new(1 << 20);
        memory.keep(&key(1), small(), 61_000);
        memory.keep(&key(2), small(), 200_000);
        assert!(memory.look(&key(1), 60_999).is_some());
        assert!(memory.look(&key(1), 61_000).is_none());
        assert!(
            memory.look(&key(1), 2_000).is_none(),
            "what has left is gone"
        );
        assert!(memory.look(&key(2), 99_999).is_some());
        assert!(memory.look(&key(2), 100_000).is_none());
    }

    #[test]
    fn the_room_is_bounded_by_bytes_whatever_comes() {
        let memory = Memory::new(1 << 20);
        for n in 0..20_000 {
            let size = (n as usize * 37) % 3_000;
            memory.keep(&key(n), Arc::new(entry(&"x".repeat(size), 100_000)), 90_000);
            assert!(memory.size().1 <= 1 << 20);
        }
        let (entries, bytes) = memory.size();
        assert!(entries > 200 && bytes > 900_000, "{entries} {bytes}");
    }

    #[test]
    fn what_is_asked_for_again_outlives_a_crowd_of_strangers() {
        let memory = Memory::new(1 << 20);
        for n in 0..100 {
            memory.keep(&key(n), small(), 90_000);
        }
        for stranger in 1_000..50_000 {
            if stranger % 50 == 0 {
                for n in 0..100 {
                    memory.look(&key(n), 2_000);
                }
            }
            memory.keep(&key(stranger), small(), 90_000);
        }
        let stayed = (0..100).filter(|n| memory.look(&key(*n), 2_000).is_some());
        assert!(stayed.count() >= 95);
    }

    #[test]
    fn one_too_large_for_the_room_takes_its_older_answer_along() {
        let memory = Memory::new(1 << 20);
        memory.keep(&key(1), small(), 90_000);
        let large = Arc::new(entry(&"x".repeat(100_000), 100_000));
        memory.keep(&key(1), large, 90_000);
        assert!(memory.look(&key(1), 2_000).is_none());
        let none = Memory::new(0);
        none.keep(&key(1), small(), 90_000);
        assert_eq!(none.size(), (0, 0));
    }
}
