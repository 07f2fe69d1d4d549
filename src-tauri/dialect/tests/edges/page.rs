//! docs/edge-cases.md, written from the cases.

use std::fmt::Write as _;
use std::path::Path;

use crate::case::{Case, List};

const HEAD: &str = "# Edge cases

Written by the tests (`make generated`), not by hand. Each row is a file in `src-tauri/dialect/fixtures/edges`
or `bad_input` with real requests, replies and streams, and what must come out of them, place by place; or a
test elsewhere that is named here and must exist. A change of behaviour changes a file, and this page with it.
";

pub(crate) fn is_fresh(lists: &[List; 2]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/edge-cases.md");
    let page = page(lists);
    if std::env::var_os("SIGNALBOX_GENERATE").is_some() {
        std::fs::write(&path, &page).expect("the docs can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/edge-cases.md is stale; run `make generated`"
    );
}

fn page(lists: &[List; 2]) -> String {
    let mut text = String::from(HEAD);
    let titles = ["At the borders of what dialects share", "Bad input"];
    for (list, title) in lists.iter().zip(titles) {
        let _ = writeln!(text, "\n## {title}\n");
        let _ = writeln!(text, "| | case | outcome | shown by |\n|---|---|---|---|");
        for case in list.cases() {
            row(&mut text, list, &case);
        }
    }
    text
}

fn row(text: &mut String, list: &List, case: &Case) {
    let told = &case.told;
    let mut shown: Vec<String> = Vec::new();
    if !told.shown.is_empty() {
        shown.push(format!("`{}/{}`", list.folder, case.file));
    }
    for law in &told.elsewhere {
        shown.push(format!("{} `{}` ({})", law.shows, law.test, law.file));
    }
    let mut outcome = told.outcome.clone();
    if let Some(because) = &told.because {
        let _ = write!(outcome, " *{because}*");
    }
    let _ = writeln!(
        text,
        "| {} | {} | {} | {} |",
        case.number,
        escaped(&told.case),
        escaped(&outcome),
        escaped(&shown.join("; "))
    );
}

/// A bar would end the cell.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}
