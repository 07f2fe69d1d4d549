//! Every scenario that ships is played, and what it claims must hold.

use super::*;

fn scenario(name: &str) -> Scenario {
    let path = format!("{}/scenarios/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect(&path);
    Scenario::read(&text).expect(&path)
}

fn holds(name: &str) {
    let report = run(&scenario(name));
    println!("{report}");
    assert!(!report.claims.is_empty());
    assert!(report.claims.iter().all(|claim| claim.holds), "{report}");
}

#[test]
fn mixed_sizes() {
    holds("mixed-sizes");
}

#[test]
fn slow_member() {
    holds("slow-member");
}

#[test]
fn twelve_days() {
    holds("twelve-days");
}

#[test]
fn warm_caches() {
    holds("warm-caches");
}

#[test]
fn full_outage() {
    holds("full-outage");
}

#[test]
fn worst_day() {
    holds("worst-day");
}

#[test]
fn rate_limit_storm() {
    holds("rate-limit-storm");
}

#[test]
fn every_scenario_that_ships_is_played_here() {
    let folder = format!("{}/scenarios", env!("CARGO_MANIFEST_DIR"));
    let tested = include_str!("tests.rs");
    for file in std::fs::read_dir(folder).expect("scenarios") {
        let name = file
            .expect("a file")
            .file_name()
            .into_string()
            .expect("a name");
        if let Some(name) = name.strip_suffix(".toml") {
            assert!(tested.contains(&format!("holds(\"{name}\")")), "{name}");
        }
    }
}

#[test]
fn a_seed_gives_the_same_report_and_another_gives_another() {
    let mut scenario = scenario("full-outage");
    let first = run(&scenario);
    assert_eq!(
        serde_json::to_string(&first).expect("JSON"),
        serde_json::to_string(&run(&scenario)).expect("JSON")
    );
    scenario.seed += 1;
    assert_ne!(first.rows, run(&scenario).rows);
}

#[test]
fn a_claim_that_does_not_hold_is_found_out() {
    let mut scenario = scenario("full-outage");
    let claim = |figure: &str, at_most| Claim {
        says: "false".to_owned(),
        figure: figure.to_owned(),
        of: scenario.methods[0],
        over: None,
        at_least: None,
        at_most: Some(at_most),
    };
    scenario.claims = vec![claim("amplification", 0.5), claim("no_such_figure", 1e9)];
    assert!(run(&scenario).claims.iter().all(|claim| !claim.holds));
}

#[test]
fn a_scenario_that_makes_no_sense_is_refused_with_a_reason() {
    let whole = r#"
        name = "x"
        about = "y"
        seed = 1
        seconds = 10.0
        methods = ["adaptive"]
        [traffic]
        per_second = 1.0
        sizes = [{ share = 1.0, prompt = 10, answer = 10 }]
        [[target]]
        provider = "a"
        model = "m"
        ttft_ms = 100.0
    "#;
    assert!(Scenario::read(whole).is_ok());
    for (from, to, reason) in [
        ("seconds = 10.0", "seconds = -1.0", "above 0"),
        ("seconds = 10.0", "seconds = nan", "above 0"),
        ("per_second = 1.0", "per_second = 1e9", "requests"),
        ("\"adaptive\"", "\"clever\"", "clever"),
        ("[\"adaptive\"]", "[]", "methods"),
        ("ttft_ms = 100.0", "ttft_ms = -5.0", "negative"),
        ("share = 1.0", "share = 0.0", "share"),
        ("seed = 1", "sead = 1", "sead"),
        ("prompt = 10", "prompt = 99999999", "10 million"),
    ] {
        let error = Scenario::read(&whole.replace(from, to)).expect_err(from);
        assert!(
            error.to_string().contains(reason),
            "{from} -> {to}: {error}"
        );
    }
}
