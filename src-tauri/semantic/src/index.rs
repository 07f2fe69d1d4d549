//! The nearest of many vectors.
//!
//! Promises: bounded by entries and by bytes, the oldest goes first; an entry is found until its end.
//! Only entries of one context are ever looked at. A look goes through all of these, and finds the
//! nearest exactly as far as eight bits a number go: a similarity is off by less than 0.01.
//! Leaves out: whether the nearest is near enough, and whether it asks for the same (`tier`).
//!
//! A row is kept as bytes, with the one factor that makes them numbers again: a quarter of the memory,
//! and memory is what a look waits for. The first quarter of each row stands apart. What the rest of
//! two rows could add at most is known (their lengths there), so that most rows are left after it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cache::Fingerprint;

use crate::marks::Marks;

/// What is kept of a question, beside its vector.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) marks: Marks,
    /// The answer's.
    pub(crate) fingerprint: Fingerprint,
    pub(crate) route: Arc<str>,
    pub(crate) model: Arc<str>,
    pub(crate) kept_at_ms: u64,
    pub(crate) expires_at_ms: u64,
}

/// Takes beside vector, marks and names: the entry itself, its places in the tables, and the
/// rounding of allocations. Measured (docs/semantic-cache.md).
const SURROUNDINGS: usize = 420;
/// Vectors of an endpoint have up to 3,072 numbers.
pub(crate) const MOST_DIMENSIONS: usize = 4_096;
/// Rows are as long as a multiple of this, so that loops over them need no rest.
const STEP: usize = 32;

pub(crate) struct Index {
    dimensions: usize,
    most_entries: usize,
    most_bytes: usize,
    bytes: usize,
    contexts: HashMap<Fingerprint, Bucket>,
    /// Where each entry stands, oldest first.
    places: BTreeMap<u64, Place>,
    by_fingerprint: HashMap<Fingerprint, u64>,
    next: u64,
}

struct Place {
    context: Fingerprint,
    row: usize,
}

/// The entries of one context.
#[derive(Default)]
struct Bucket {
    heads: Vec<i8>,
    tails: Vec<i8>,
    scales: Vec<Scale>,
    entries: Vec<(u64, Entry)>,
}

#[derive(Clone, Copy)]
struct Scale {
    /// Bytes times this are numbers.
    factor: f32,
    /// The length of the row behind its head.
    rest: f32,
}

/// A vector as it is compared.
pub(crate) struct Query {
    head: Vec<i16>,
    tail: Vec<i16>,
    factor: f32,
    rest: f32,
}

/// How far a row's head goes.
fn head(dimensions: usize) -> usize {
    (dimensions / 4)
        .next_multiple_of(STEP)
        .min(padded(dimensions))
}

fn padded(dimensions: usize) -> usize {
    dimensions.next_multiple_of(STEP)
}

impl Query {
    /// `vector` has length 1.
    pub(crate) fn new(vector: &[f32]) -> Query {
        let (bytes, factor) = quantised(vector);
        let (head, tail) = bytes.split_at(head(vector.len()));
        let wide = |bytes: &[i8]| bytes.iter().map(|byte| i16::from(*byte)).collect();
        Query {
            head: wide(head),
            tail: wide(tail),
            factor,
            rest: length(tail, factor),
        }
    }
}

/// As bytes, padded, and the factor that makes them numbers again.
fn quantised(vector: &[f32]) -> (Vec<i8>, f32) {
    let most = vector.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    let factor = if most > 0.0 { most / 127.0 } else { 1.0 };
    let mut bytes: Vec<i8> = vector.iter().map(|x| (x / factor).round() as i8).collect();
    bytes.resize(padded(vector.len()), 0);
    (bytes, factor)
}

fn length(bytes: &[i8], factor: f32) -> f32 {
    let squares: i64 = bytes.iter().map(|byte| i64::from(*byte).pow(2)).sum();
    (squares as f64).sqrt() as f32 * factor
}

/// The sum of the products. In pieces that the compiler makes vector instructions of.
fn product(row: &[i8], query: &[i16]) -> i32 {
    let mut sums = [0_i32; STEP];
    for (row, query) in row.chunks_exact(STEP).zip(query.chunks_exact(STEP)) {
        for ((sum, a), b) in sums.iter_mut().zip(row).zip(query) {
            *sum += i32::from(i16::from(*a) * *b);
        }
    }
    sums.iter().sum()
}

impl Index {
    pub(crate) fn new(dimensions: usize, most_entries: usize, most_bytes: usize) -> Index {
        Index {
            dimensions,
            most_entries,
            most_bytes,
            bytes: 0,
            contexts: HashMap::new(),
            places: BTreeMap::new(),
            by_fingerprint: HashMap::new(),
            next: 0,
        }
    }

    /// The nearest entry of `context` that `wanted` lets through, and the nearest of all, each with its
    /// similarity, where it is `floor` at least. `wanted` is asked of those that come near enough only.
    pub(crate) fn nearest(
        &self,
        context: &Fingerprint,
        query: &Query,
        floor: f32,
        now_ms: u64,
        wanted: impl Fn(&Entry) -> bool,
    ) -> (Option<(&Entry, f32)>, Option<(&Entry, f32)>) {
        let Some(bucket) = self.contexts.get(context) else {
            return (None, None);
        };
        let (mut best, mut best_at) = (floor, None);
        let (mut any, mut any_at) = (floor, None);
        let head = head(self.dimensions);
        let tail = padded(self.dimensions) - head;
        for (row, scale) in bucket.scales.iter().enumerate() {
            let factor = scale.factor * query.factor;
            let begin = product(&bucket.heads[row * head..][..head], &query.head) as f32 * factor;
            // `best` is the lower of the two: what can't reach it is of no use to either.
            if begin + scale.rest * query.rest < best {
                continue;
            }
            let rest = product(&bucket.tails[row * tail..][..tail], &query.tail) as f32 * factor;
            let similarity = (begin + rest).min(1.0);
            if similarity < best {
                continue;
            }
            let (_, entry) = &bucket.entries[row];
            if entry.expires_at_ms <= now_ms {
                continue;
            }
            if any_at.is_none() || similarity > any {
                (any, any_at) = (similarity, Some(entry));
            }
            if (best_at.is_none() || similarity > best) && wanted(entry) {
                (best, best_at) = (similarity, Some(entry));
            }
        }
        (
            best_at.map(|entry| (entry, best)),
            any_at.map(|entry| (entry, any)),
        )
    }

    /// Keeps an entry, in place of one with the same fingerprint. What is too much makes the oldest go.
    pub(crate) fn keep(&mut self, context: Fingerprint, vector: &[f32], entry: Entry) {
        self.remove(&entry.fingerprint);
        let bytes = self.weight(&entry);
        if bytes > self.most_bytes || self.most_entries == 0 {
            return;
        }
        while self.places.len() >= self.most_entries || self.bytes + bytes > self.most_bytes {
            if !self.drop_oldest() {
                break;
            }
        }
        let (quantised, factor) = quantised(vector);
        let (head, tail) = quantised.split_at(head(self.dimensions));
        let bucket = self.contexts.entry(context).or_default();
        let id = self.next;
        self.next += 1;
        let row = bucket.entries.len();
        self.places.insert(id, Place { context, row });
        self.by_fingerprint.insert(entry.fingerprint, id);
        bucket.heads.extend_from_slice(head);
        bucket.tails.extend_from_slice(tail);
        bucket.scales.push(Scale {
            factor,
            rest: length(tail, factor),
        });
        bucket.entries.push((id, entry));
        self.bytes += bytes;
    }

    /// Whether there was one.
    pub(crate) fn remove(&mut self, fingerprint: &Fingerprint) -> bool {
        let id = self.by_fingerprint.get(fingerprint).copied();
        id.is_some_and(|id| self.drop_one(id))
    }

    /// Removes what `is_gone` says of; how many those were.
    pub(crate) fn purge(&mut self, is_gone: impl Fn(&Entry) -> bool) -> usize {
        let entries = self.contexts.values().flat_map(|bucket| &bucket.entries);
        let gone: Vec<u64> = entries
            .filter(|(_, entry)| is_gone(entry))
            .map(|(id, _)| *id)
            .collect();
        gone.into_iter().filter(|id| self.drop_one(*id)).count()
    }

    /// Entries, and the bytes they take.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.places.len(), self.bytes)
    }

    fn weight(&self, entry: &Entry) -> usize {
        padded(self.dimensions) + entry.marks.bytes() + SURROUNDINGS
    }

    fn drop_oldest(&mut self) -> bool {
        let oldest = self.places.keys().next().copied();
        oldest.is_some_and(|id| self.drop_one(id))
    }

    fn drop_one(&mut self, id: u64) -> bool {
        let Some(Place { context, row }) = self.places.remove(&id) else {
            return false;
        };
        let Some(bucket) = self.contexts.get_mut(&context) else {
            return false;
        };
        let (_, entry) = bucket.take(row, head(self.dimensions), padded(self.dimensions));
        // The last row has taken its place.
        if let Some((moved, _)) = bucket.entries.get(row)
            && let Some(place) = self.places.get_mut(moved)
        {
            place.row = row;
        }
        if bucket.entries.is_empty() {
            self.contexts.remove(&context);
        }
        self.by_fingerprint.remove(&entry.fingerprint);
        self.bytes -= self.weight(&entry);
        true
    }
}

impl Bucket {
    /// Takes a row out; the last one moves into its place.
    fn take(&mut self, row: usize, head: usize, padded: usize) -> (u64, Entry) {
        move_last(&mut self.heads, row, head);
        move_last(&mut self.tails, row, padded - head);
        self.scales.swap_remove(row);
        let taken = self.entries.swap_remove(row);
        // A bucket that was large gives its room back.
        if self.entries.len() * 4 < self.entries.capacity() {
            self.heads.shrink_to(self.heads.len() * 2);
            self.tails.shrink_to(self.tails.len() * 2);
            self.scales.shrink_to(self.scales.len() * 2);
            self.entries.shrink_to(self.entries.len() * 2);
        }
        taken
    }
}

fn move_last(rows: &mut Vec<i8>, row: usize, length: usize) {
    let last = rows.len() - length;
    rows.copy_within(last.., row * length);
    rows.truncate(last);
}

#[cfg(test)]
pub(crate) mod tests;
