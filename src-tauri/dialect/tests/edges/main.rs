//! Edge cases and bad input: each a file with what comes in and what must come out of it.
//!
//! Promises: two lists without a gap, `fixtures/edges` (conversations at the borders of what
//! dialects have in common) and `fixtures/bad_input` (what nobody should send, and somebody does).
//! A law that another crate keeps is named with its test, which must exist. docs/edge-cases.md is
//! written from the same files, and a stale one fails. Beside them stands the law that cuts make no
//! difference (`cuts`).
//!
//!   SIGNALBOX_GENERATE=1 cargo test -p dialect --test edges

mod case;
mod cuts;
mod page;
mod run;
mod wire;

use case::{Case, List};

/// How many edge cases there are. A new one raises this number.
const EDGES: usize = 47;
/// How many kinds of bad input there are.
const BAD_INPUTS: usize = 19;

const LISTS: [List; 2] = [
    List {
        folder: "edges",
        count: EDGES,
    },
    List {
        folder: "bad_input",
        count: BAD_INPUTS,
    },
];

#[test]
fn the_lists_have_no_gap() {
    for list in LISTS {
        let numbers: Vec<usize> = list.cases().iter().map(|case| case.number).collect();
        let expected: Vec<usize> = (1..=list.count).collect();
        assert_eq!(numbers, expected, "fixtures/{}", list.folder);
    }
}

#[test]
fn every_edge_case_comes_out_as_its_file_says() {
    holds(&LISTS[0]);
}

#[test]
fn every_bad_input_comes_out_as_its_file_says() {
    holds(&LISTS[1]);
}

/// Runs all cases, so that one run shows all that is wrong.
fn holds(list: &List) {
    let wrong: Vec<String> = list.cases().iter().flat_map(wrong_in).collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn wrong_in(case: &Case) -> Vec<String> {
    let mut wrong = run::wrong(case);
    wrong.extend(case::without_a_test(case));
    if case.told.shown.is_empty() && case.told.elsewhere.is_empty() {
        wrong.push("it shows nothing".to_owned());
    }
    let place = |what: String| format!("{}: {what}", case.file);
    wrong.into_iter().map(place).collect()
}

#[test]
fn the_page_in_the_docs_says_what_the_files_say() {
    page::is_fresh(&LISTS);
}
