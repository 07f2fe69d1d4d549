use cache::Scope;
use dialect::hub::Request;
use proptest::prelude::*;

use super::*;
use crate::embed::{normalise, similarity};

/// What something is known by that is told by a number.
pub(crate) fn fingerprint(n: u64) -> Fingerprint {
    let request = Request {
        max_output: Some(n),
        ..Request::default()
    };
    let scope = Scope {
        client: "",
        policy: "",
        targets: &[],
    };
    cache::fingerprint(&request, &scope).expect("a fingerprint")
}

fn entry(n: u64, expires_at_ms: u64) -> Entry {
    Entry {
        marks: crate::marks("Where is my order 4711?").expect("marks"),
        fingerprint: fingerprint(n),
        route: "support".into(),
        model: "m".into(),
        kept_at_ms: 0,
        expires_at_ms,
    }
}

/// Of every entry here.
fn in_one() -> u64 {
    entry(0, 0).marks.in_one()
}

/// A vector of length 1 that `seed` draws.
fn vector(dimensions: usize, seed: u64) -> Vec<f32> {
    let draw = |n: usize| hash::of(&format!("{seed} {n}")) as f32 / u64::MAX as f32 - 0.5;
    let mut vector: Vec<f32> = (0..dimensions).map(draw).collect();
    assert!(normalise(&mut vector));
    vector
}

/// Something between two vectors.
fn between(one: &[f32], other: &[f32], share: f32) -> Vec<f32> {
    let mut vector: Vec<f32> = one
        .iter()
        .zip(other)
        .map(|(a, b)| a * share + b * (1.0 - share))
        .collect();
    assert!(normalise(&mut vector));
    vector
}

fn nearest(index: &Index, context: u64, vector: &[f32], floor: f32) -> Option<(Fingerprint, f32)> {
    let asked = (&Query::new(vector), in_one());
    let (wanted, any) = index.nearest(&fingerprint(context), asked, floor, 0, |_| true);
    assert_eq!(wanted.is_some(), any.is_some());
    wanted.map(|(entry, near)| (entry.fingerprint, near))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_nearest_is_the_one_a_plain_walk_finds(
        dimensions in 1_usize..200,
        seeds in proptest::collection::vec((0_u64..1_000, 0.0_f32..1.0), 1..40),
        floor in -0.5_f32..0.99,
    ) {
        let asked = vector(dimensions, 5_000);
        let rows: Vec<Vec<f32>> = seeds
            .iter()
            .map(|(seed, share)| between(&asked, &vector(dimensions, *seed), *share))
            .collect();
        let mut index = Index::new(dimensions, 100, 1 << 20);
        for (n, row) in rows.iter().enumerate() {
            index.keep(fingerprint(9_999), row, entry(n as u64, 1));
        }
        let best = rows.iter().map(|row| similarity(row, &asked)).fold(-1.0, f32::max);
        match nearest(&index, 9_999, &asked, floor) {
            Some((found, near)) => {
                let at = (0..rows.len()).find(|n| fingerprint(*n as u64) == found).expect("a row");
                prop_assert!((similarity(&rows[at], &asked) - near).abs() < 0.012);
                prop_assert!(near > best - 0.024, "{near} {best}");
            }
            None => prop_assert!(best < floor + 0.012, "{best} {floor}"),
        }
    }

    #[test]
    fn whatever_is_kept_and_removed_the_tables_agree(steps in proptest::collection::vec((0_u64..12, 0_u64..3, any::<bool>()), 1..60)) {
        let mut index = Index::new(8, 6, 1 << 20);
        let mut model: Vec<(u64, u64)> = Vec::new();
        for (n, context, keeps) in steps {
            model.retain(|(at, _)| *at != n);
            if keeps {
                if model.len() == 6 {
                    model.remove(0);
                }
                model.push((n, context));
                index.keep(fingerprint(100 + context), &vector(8, n), entry(n, 1));
            } else {
                index.remove(&fingerprint(n));
            }
            prop_assert_eq!(index.size().0, model.len());
            for (n, context) in &model {
                let found = nearest(&index, 100 + context, &vector(8, *n), 0.9);
                prop_assert_eq!(found.map(|(found, _)| found), Some(fingerprint(*n)));
            }
        }
        index.purge(|_| true);
        prop_assert_eq!(index.size(), (0, 0));
        prop_assert!(index.contexts.is_empty() && index.by_fingerprint.is_empty());
    }
}

#[test]
fn a_row_that_is_turned_keeps_its_length_and_has_a_quarter_of_it_in_its_head() {
    for dimensions in [8, 384, 512, 1_536, 3_072] {
        // All it has stands in one place.
        let mut vector = vec![0.0; dimensions];
        vector[dimensions / 2] = 1.0;
        let row = turned(&vector);
        assert_eq!(row.len(), padded(dimensions));
        assert!((similarity(&row, &row) - 1.0).abs() < 1e-4);
        let begin = &row[..head(dimensions)];
        let share = similarity(begin, begin);
        assert!((share - 0.25).abs() < 1e-3, "{dimensions}: {share}");
    }
}

#[test]
fn a_look_among_thousands_that_are_refused_gives_up() {
    let mut index = Index::new(8, 10_000, 1 << 30);
    for n in 0..MOST_REFUSED as u64 + 10 {
        index.keep(fingerprint(1_000_000), &vector(8, 1), entry(n, 9));
    }
    let asked = std::cell::Cell::new(0);
    let wanted = |_: &Entry| {
        asked.set(asked.get() + 1);
        false
    };
    let query = Query::new(&vector(8, 1));
    let (best, any) = index.nearest(&fingerprint(1_000_000), (&query, in_one()), 0.9, 0, wanted);
    assert!(best.is_none() && any.is_some());
    assert_eq!(asked.get(), MOST_REFUSED + 1);
}

#[test]
fn rows_beyond_one_chunk_are_found_and_move_when_others_go() {
    let mut index = Index::new(8, 10_000, 1 << 30);
    let count = CHUNK as u64 * 2 + 3;
    for n in 0..count {
        index.keep(fingerprint(1_000_000), &vector(8, n % 50), entry(n, n + 1));
    }
    // All but the newest ten.
    assert_eq!(
        index.purge(|entry| entry.expires_at_ms <= count - 10),
        CHUNK * 2 - 7
    );
    for n in count - 10..count {
        let found = nearest(&index, 1_000_000, &vector(8, n % 50), 0.99);
        assert_eq!(found.map(|(found, _)| found), Some(fingerprint(n)));
    }
}

#[test]
fn contexts_never_see_each_other() {
    let mut index = Index::new(8, 10, 1 << 20);
    index.keep(fingerprint(100), &vector(8, 1), entry(1, 1));
    assert!(nearest(&index, 100, &vector(8, 1), 0.9).is_some());
    assert!(nearest(&index, 101, &vector(8, 1), 0.9).is_none());
}

#[test]
fn one_that_is_not_wanted_is_told_beside_the_one_that_is() {
    let mut index = Index::new(64, 10, 1 << 20);
    let asked = vector(64, 1);
    index.keep(fingerprint(100), &asked, entry(1, 9));
    index.keep(
        fingerprint(100),
        &between(&asked, &vector(64, 2), 0.8),
        entry(2, 9),
    );
    let wanted = |entry: &Entry| entry.fingerprint == fingerprint(2);
    let (best, any) = index.nearest(
        &fingerprint(100),
        (&Query::new(&asked), in_one()),
        0.5,
        0,
        wanted,
    );
    let best = best.map(|(entry, near)| (entry.fingerprint, near > 0.9));
    assert_eq!(best, Some((fingerprint(2), true)));
    assert_eq!(
        any.map(|(entry, _)| entry.fingerprint),
        Some(fingerprint(1))
    );
}

#[test]
fn an_entry_is_found_until_its_end() {
    let mut index = Index::new(8, 10, 1 << 20);
    index.keep(fingerprint(100), &vector(8, 1), entry(1, 1_000));
    let query = Query::new(&vector(8, 1));
    let found = |now| {
        index
            .nearest(&fingerprint(100), (&query, in_one()), 0.5, now, |_| true)
            .0
            .is_some()
    };
    assert!(found(999));
    assert!(!found(1_000));
}

#[test]
fn too_many_bytes_make_the_oldest_go() {
    let mut index = Index::new(512, 1_000_000, 100_000);
    for n in 0..300 {
        index.keep(fingerprint(1_000_000), &vector(512, n), entry(n, 1));
        assert!(index.size().1 <= 100_000);
    }
    let (entries, bytes) = index.size();
    assert!(entries > 80 && bytes > 95_000, "{entries} {bytes}");
    let found = |n| nearest(&index, 1_000_000, &vector(512, n), 0.9).is_some();
    assert!(found(299) && !found(0));
}

#[test]
fn one_with_other_marks_is_never_wanted_and_told_all_the_same() {
    let mut index = Index::new(64, 10, 1 << 20);
    let asked = vector(64, 1);
    let mut other = entry(1, 9);
    other.marks = crate::marks("Where is my order 4712?").expect("marks");
    index.keep(fingerprint(100), &asked, other);
    let (best, any) = index.nearest(
        &fingerprint(100),
        (&Query::new(&asked), in_one()),
        0.5,
        0,
        |_| true,
    );
    assert!(best.is_none());
    assert_eq!(
        any.map(|(entry, _)| entry.fingerprint),
        Some(fingerprint(1))
    );
}
