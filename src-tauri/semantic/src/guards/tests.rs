use super::*;
use crate::pairs::{hard, paraphrases};
use crate::question::marks;
use crate::reading::read;

fn both(one: &str, other: &str) -> (Marks, Marks) {
    (Marks::of(&read(one)), Marks::of(&read(other)))
}

#[test]
fn every_hard_pair_is_refused_by_the_guard_it_was_written_for() {
    let pairs = hard();
    assert!(pairs.len() >= 120, "{}", pairs.len());
    let mut wrong = Vec::new();
    for (guard, a, b) in &pairs {
        let (one, other) = both(a, b);
        for (one, other) in [(&one, &other), (&other, &one)] {
            if guard.agrees(one, other, Wording::Same) {
                wrong.push(format!(
                    "{}: {a} | {b}: {:?} {:?}",
                    guard.word(),
                    read(a),
                    read(b)
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        pairs.len(),
        wrong.join("\n")
    );
}

/// Of a model's vectors nothing is known here: whatever they say, the guards alone must refuse.
#[test]
fn every_hard_pair_is_refused_without_a_vector() {
    for wording in [Wording::Same, Wording::Reworded] {
        let missed = hard().into_iter().filter(|(_, a, b)| {
            let (one, other) = both(a, b);
            refusal(&one, &other, wording).is_none()
        });
        let missed: Vec<_> = missed.collect();
        assert!(missed.is_empty(), "{wording:?}: {missed:#?}");
    }
}

#[test]
fn paraphrases_in_the_same_words_pass() {
    let pairs = paraphrases();
    assert!(pairs.len() >= 80, "{}", pairs.len());
    let mut by = std::collections::BTreeMap::<&str, Vec<String>>::new();
    for (a, b) in &pairs {
        let (Ok(one), Ok(other)) = (marks(a), marks(b)) else {
            by.entry("short").or_default().push(format!("{a} | {b}"));
            continue;
        };
        let refused = refusal(&one, &other, Wording::Same);
        by.entry(refused.map_or("pass", Guard::word))
            .or_default()
            .push(format!("{a} | {b}"));
    }
    let passed = by.get("pass").map_or(0, Vec::len);
    for (guard, pairs) in &by {
        println!("{guard} {}", pairs.len());
        if *guard != "pass" {
            println!("  {}", pairs.join("\n  "));
        }
    }
    assert!(passed * 2 >= pairs.len(), "{passed} of {}", pairs.len());
}

#[test]
fn guards_judge_both_ways_alike_and_never_refuse_a_question_itself() {
    let texts: Vec<&str> = hard().into_iter().flat_map(|(_, a, b)| [a, b]).collect();
    for pair in texts.windows(2) {
        let (one, other) = both(pair[0], pair[1]);
        for wording in [Wording::Same, Wording::Reworded] {
            assert_eq!(refusal(&one, &one, wording), None, "{}", pair[0]);
            for guard in Guard::ALL {
                let (there, back) = (
                    guard.agrees(&one, &other, wording),
                    guard.agrees(&other, &one, wording),
                );
                assert_eq!(there, back, "{guard:?}: {pair:?}");
            }
        }
    }
}

/// The index passes over those whose marks in one differ, before it asks a guard.
#[test]
fn marks_differ_in_one_exactly_where_a_guard_that_wants_them_equal_refuses() {
    let texts: Vec<&str> = hard().into_iter().flat_map(|(_, a, b)| [a, b]).collect();
    let others = [Guard::Names, Guard::Persons, Guard::Order, Guard::Words];
    for pair in texts.windows(2) {
        let (one, other) = both(pair[0], pair[1]);
        let mut equal = Guard::ALL
            .into_iter()
            .filter(|guard| !others.contains(guard));
        let agree = equal.all(|guard| guard.agrees(&one, &other, Wording::Reworded));
        assert_eq!(one.in_one() == other.in_one(), agree, "{pair:?}");
    }
}
