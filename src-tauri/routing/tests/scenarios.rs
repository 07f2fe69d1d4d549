//! What the simulator finds in the scenarios that are built in. docs/simulations.md is written from here,
//! and a stale one fails.
//!
//!   SIGNALBOX_GENERATE=1 cargo test -p routing --test scenarios

use std::fmt::Write as _;
use std::path::Path;

use routing::simulate::{BUILT_IN, Scenario, run};

const HEAD: &str = "# What the simulator finds

`signalbox simulate` plays a scenario on a virtual clock: modelled providers with their misfortunes, and the
very functions that route live requests beside the balancers people would use instead. A scenario and its seed
give the same figures everywhere. These are the scenarios that are built in, each with what it claims; the files
stand in `src-tauri/routing/scenarios`, and `make generated` writes this page.

Times are those of modelled providers and say how one way to choose compares with another, not how fast a
real provider is. What the choice itself costs is in [performance.md](performance.md).
";

#[test]
fn the_page_in_the_docs_is_what_the_simulator_finds_and_every_claim_holds() {
    let mut page = HEAD.to_owned();
    let mut broken = Vec::new();
    for (name, text) in BUILT_IN {
        let scenario = Scenario::read(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let report = run(&scenario);
        let _ = write!(
            page,
            "\n## {name}\n\n```text\n{}\n```\n",
            report.to_string().trim_end()
        );
        broken.extend(report.claims.into_iter().filter(|claim| !claim.holds));
    }
    assert!(broken.is_empty(), "{broken:#?}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/simulations.md");
    if std::env::var_os("SIGNALBOX_GENERATE").is_some() {
        std::fs::write(&path, &page).expect("the page can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == page,
        "docs/simulations.md is stale: run `make generated`"
    );
}
