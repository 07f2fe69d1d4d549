//! The nearest of many vectors.
//!
//! Promises: bounded by entries and by bytes, the oldest goes first; an entry is found until its end.
//! Only entries of one context are ever looked at. A look goes through all of these, and finds the
//! nearest that is wanted as far as eight bits a number go: a similarity is off by less than 0.01.
//! Leaves out: whether the nearest is near enough, and whether it asks for the same (`tier`).
//!
//! A row is kept as bytes, with the one factor that makes them numbers again: a quarter of the memory,
//! and memory is what a look waits for. The first quarter of each row stands apart. What the rest of
//! two rows could add at most is known (their lengths there), so that most rows are left after it. For
//! that each quarter must have its share: rows are turned first (`turned`), which changes no distance.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cache::Fingerprint;

use crate::hash;
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
/// What a product is summed up in.
const STEP: usize = 32;
/// Rows are as long as a multiple of this, so that a quarter of them has no half step.
const PADDING: usize = 128;
/// Rows in a chunk.
const CHUNK: usize = 1_024;
/// A look gives up after so many that were near enough and refused: it costs a hit where thousands of
/// questions differ in a word, and bounds what one look can take.
const MOST_REFUSED: usize = 4_096;

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

/// An entry, and how alike it is.
pub(crate) type Near<'a> = (&'a Entry, f32);

/// The entries of one context, in chunks: what is full is never moved, however many come.
#[derive(Default)]
struct Bucket {
    chunks: Vec<Chunk>,
}

/// Up to [`CHUNK`] rows; only the last chunk has fewer.
#[derive(Default)]
struct Chunk {
    heads: Vec<i8>,
    tails: Vec<i8>,
    rows: Vec<Row>,
    entries: Vec<(u64, Entry)>,
}

/// What a look must know of a row before it goes through it.
#[derive(Clone, Copy)]
struct Row {
    /// Bytes times this are numbers.
    factor: f32,
    /// The length of the row behind its head.
    rest: f32,
    /// [`Marks::in_one`].
    marks: u64,
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
    padded(dimensions) / 4
}

fn padded(dimensions: usize) -> usize {
    dimensions.next_multiple_of(PADDING)
}

/// The same vector seen from another side, so that what it has is spread over all its numbers, a
/// quarter of it in the first quarter: signs that look drawn, and Hadamard's transform of each block.
fn turned(vector: &[f32]) -> Vec<f32> {
    let mut row = vector.to_vec();
    row.resize(padded(vector.len()), 0.0);
    let block = 1 << row.len().trailing_zeros();
    for (at, x) in row.iter_mut().enumerate() {
        if hash::join([at as u64]) & 1 == 1 {
            *x = -*x;
        }
    }
    let mut begin = Vec::with_capacity(row.len());
    let mut rest = Vec::with_capacity(row.len());
    for block in row.chunks_exact_mut(block) {
        hadamard(block);
        let (head, tail) = block.split_at(block.len() / 4);
        begin.extend_from_slice(head);
        rest.extend_from_slice(tail);
    }
    begin.extend(rest);
    begin
}

/// In place; keeps the length.
fn hadamard(block: &mut [f32]) {
    let mut half = 1;
    while half < block.len() {
        for pair in block.chunks_exact_mut(2 * half) {
            let (left, right) = pair.split_at_mut(half);
            for (a, b) in left.iter_mut().zip(right) {
                (*a, *b) = (*a + *b, *a - *b);
            }
        }
        half *= 2;
    }
    let length = (block.len() as f32).sqrt();
    for x in block {
        *x /= length;
    }
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

/// Turned, as bytes, and the factor that makes them numbers again.
fn quantised(vector: &[f32]) -> (Vec<i8>, f32) {
    let row = turned(vector);
    let most = row.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    let factor = if most > 0.0 { most / 127.0 } else { 1.0 };
    let bytes = row.iter().map(|x| (x / factor).round() as i8);
    (bytes.collect(), factor)
}

fn length(bytes: &[i8], factor: f32) -> f32 {
    let squares: i64 = bytes.iter().map(|byte| i64::from(*byte).pow(2)).sum();
    (squares as f64).sqrt() as f32 * factor
}

/// The sum of the products. In pieces that the compiler makes vector instructions of: written as one
/// sum, or as many, it takes up to twice as long.
fn product(row: &[i8], query: &[i16]) -> i32 {
    let pieces = row.chunks_exact(STEP).zip(query.chunks_exact(STEP));
    let product = |(row, query): (&[i8], &[i16])| -> i32 {
        row.iter()
            .zip(query)
            .map(|(a, b)| i32::from(*a) * i32::from(*b))
            .sum()
    };
    pieces.map(product).sum()
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

    /// The nearest entry of `context` that `wanted` lets through, and one that is near enough though
    /// it may not, each with its similarity, where it is `floor` at least. `wanted` lets nobody
    /// through who has not these `marks` in one.
    pub(crate) fn nearest(
        &self,
        context: &Fingerprint,
        (query, marks): (&Query, u64),
        floor: f32,
        now_ms: u64,
        wanted: impl Fn(&Entry) -> bool,
    ) -> (Option<Near<'_>>, Option<Near<'_>>) {
        let (mut best, mut any): (Option<Near<'_>>, Option<Near<'_>>) = (None, None);
        let Some(bucket) = self.contexts.get(context) else {
            return (best, any);
        };
        let head = head(self.dimensions);
        let tail = padded(self.dimensions) - head;
        let mut refused = 0;
        let chunks = bucket.chunks.iter();
        let rows =
            chunks.flat_map(|chunk| chunk.rows.iter().enumerate().map(move |at| (chunk, at)));
        for (chunk, (at, row)) in rows {
            let may_be_wanted = row.marks == marks;
            if !may_be_wanted && any.is_some() {
                continue;
            }
            let least = best.map_or(floor, |(_, near)| near);
            let factor = row.factor * query.factor;
            let begin = product(&chunk.heads[at * head..][..head], &query.head) as f32 * factor;
            if begin + row.rest * query.rest < least {
                continue;
            }
            let rest = product(&chunk.tails[at * tail..][..tail], &query.tail) as f32 * factor;
            let near = (begin + rest).min(1.0);
            let (_, entry) = &chunk.entries[at];
            if near < least || entry.expires_at_ms <= now_ms {
                continue;
            }
            any = any.or(Some((entry, near)));
            if !may_be_wanted || best.is_some_and(|(_, best)| near <= best) {
                continue;
            }
            if wanted(entry) {
                best = Some((entry, near));
                continue;
            }
            refused += 1;
            if refused > MOST_REFUSED {
                break;
            }
        }
        (best, any)
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
        let (row, factor) = quantised(vector);
        let (head, tail) = row.split_at(head(self.dimensions));
        let row = Row {
            factor,
            rest: length(tail, factor),
            marks: entry.marks.in_one(),
        };
        let id = self.next;
        self.next += 1;
        self.by_fingerprint.insert(entry.fingerprint, id);
        let bucket = self.contexts.entry(context).or_default();
        let row = bucket.put(head, tail, row, (id, entry));
        self.places.insert(id, Place { context, row });
        self.bytes += bytes;
    }

    /// Whether there was one.
    pub(crate) fn remove(&mut self, fingerprint: &Fingerprint) -> bool {
        let id = self.by_fingerprint.get(fingerprint).copied();
        id.is_some_and(|id| self.drop_one(id))
    }

    /// Removes what `is_gone` says of; how many those were.
    pub(crate) fn purge(&mut self, is_gone: impl Fn(&Entry) -> bool) -> usize {
        let chunks = self.contexts.values().flat_map(|bucket| &bucket.chunks);
        let entries = chunks.flat_map(|chunk| &chunk.entries);
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
        let Some(((_, entry), moved)) = bucket.take(row) else {
            return false;
        };
        if let Some(moved) = moved
            && let Some(place) = self.places.get_mut(&moved)
        {
            place.row = row;
        }
        if bucket.chunks.is_empty() {
            self.contexts.remove(&context);
        }
        self.by_fingerprint.remove(&entry.fingerprint);
        self.bytes -= self.weight(&entry);
        true
    }
}

impl Bucket {
    /// Puts a row at the end; where that is.
    fn put(&mut self, head: &[i8], tail: &[i8], row: Row, (id, mut entry): (u64, Entry)) -> usize {
        if self
            .chunks
            .last()
            .is_none_or(|last| last.rows.len() == CHUNK)
        {
            self.chunks.push(Chunk::default());
        }
        let before = (self.chunks.len() - 1) * CHUNK;
        let Some(chunk) = self.chunks.last_mut() else {
            return before;
        };
        // Neighbours have the same names; they are kept once.
        if let Some((_, last)) = chunk.entries.last() {
            if last.route == entry.route {
                entry.route = Arc::clone(&last.route);
            }
            if last.model == entry.model {
                entry.model = Arc::clone(&last.model);
            }
        }
        chunk.heads.extend_from_slice(head);
        chunk.tails.extend_from_slice(tail);
        chunk.rows.push(row);
        chunk.entries.push((id, entry));
        before + chunk.rows.len() - 1
    }

    /// Takes a row out. The last one moves into its place, and is told.
    fn take(&mut self, row: usize) -> Option<((u64, Entry), Option<u64>)> {
        let mut end = self.chunks.pop()?;
        let last = end.pop()?;
        if !end.rows.is_empty() {
            self.chunks.push(end);
        }
        let (chunk, at) = (row / CHUNK, row % CHUNK);
        match self
            .chunks
            .get_mut(chunk)
            .filter(|chunk| at < chunk.rows.len())
        {
            Some(chunk) => {
                let moved = last.entry.0;
                Some((chunk.replace(at, last), Some(moved)))
            }
            // It was the last one itself.
            None => Some((last.entry, None)),
        }
    }
}

/// A row on its way.
struct Taken {
    head: Vec<i8>,
    tail: Vec<i8>,
    row: Row,
    entry: (u64, Entry),
}

impl Chunk {
    fn pop(&mut self) -> Option<Taken> {
        let row = self.rows.pop()?;
        let left = self.rows.len();
        // Rows are of one length: what is left of each is `left` of them.
        let head = self.heads.len() / (left + 1);
        let tail = self.tails.len() / (left + 1);
        Some(Taken {
            head: self.heads.split_off(left * head),
            tail: self.tails.split_off(left * tail),
            row,
            entry: self.entries.pop()?,
        })
    }

    fn replace(&mut self, at: usize, taken: Taken) -> (u64, Entry) {
        let Taken {
            head,
            tail,
            row,
            entry,
        } = taken;
        self.heads[at * head.len()..][..head.len()].copy_from_slice(&head);
        self.tails[at * tail.len()..][..tail.len()].copy_from_slice(&tail);
        self.rows[at] = row;
        std::mem::replace(&mut self.entries[at], entry)
    }
}

#[cfg(test)]
pub(crate) mod tests;
