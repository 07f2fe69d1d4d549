//! What is known on the left, the order on the right.

use std::sync::Arc;

use dialect::Endpoint;
use proptest::prelude::*;

use super::*;
use crate::catalogue::CatalogueModel;
use crate::plan::{Standing, plan};
use crate::routes::{Alias, AuthScheme, KeySource, Routes, Surface, Target};

const NOW: u64 = 1_795_651_200_000; // 2026-11-26
const DAY: u64 = 24 * 60 * 60 * 1000;
const ALL_NEEDS: Needs = Needs {
    tools: true,
    schema: true,
    thinking: true,
};

fn provider(id: &str) -> Provider {
    Provider {
        id: id.to_owned(),
        name: id.to_uppercase(),
        surfaces: vec![Surface {
            dialect: Dialect::OpenAi,
            base_url: format!("https://{id}.test"),
            auth: AuthScheme::Bearer,
            hosting: Default::default(),
            quirks: Default::default(),
            query: None,
            region: None,
        }],
        key: KeySource::None,
        more_keys: Vec::new(),
        local: false,
        practice: false,
        enabled: true,
        models: vec![Arc::new(CatalogueModel {
            id: "m".to_owned(),
            aliases: vec!["m-dated".to_owned()],
            kind: "chat".to_owned(),
            ..CatalogueModel::default()
        })],
    }
}

/// The alias `work` over the model `m` of a, b and c.
fn routes() -> Routes {
    let ids = ["a", "b", "c"];
    let targets = ids.map(|id| Target::new(id, "m"));
    let alias = Alias::listed("work", targets.to_vec());
    Routes {
        providers: ids.map(|id| Arc::new(provider(id))).to_vec(),
        aliases: [("work".to_owned(), alias)].into(),
        ..Routes::default()
    }
}

fn broken(provider: &str, need: Need) -> Broken {
    Broken {
        provider: provider.to_owned(),
        model: "m".to_owned(),
        dialect: Dialect::Anthropic,
        need,
        at_unix_ms: NOW - DAY,
    }
}

/// The order in which `work` is tried, and why, for a request of Anthropic's dialect.
fn tried(findings: Vec<Broken>, needs: Needs, stream: bool) -> Vec<(String, String)> {
    tried_by(Endpoint::Messages, findings, needs, stream)
}

fn tried_by(
    endpoint: Endpoint,
    findings: Vec<Broken>,
    needs: Needs,
    stream: bool,
) -> Vec<(String, String)> {
    let routes = routes();
    let asked = Asked {
        endpoint,
        model: "work",
        local_only: false,
    };
    let mut plan = plan(&routes, asked, |_, _, _| Standing::Ready).expect("a plan");
    heed(
        &mut plan,
        &Findings::new(findings),
        asked,
        needs,
        stream,
        NOW,
    );
    plan.candidates
        .iter()
        .map(|one| (one.provider.id.clone(), one.why.to_string()))
        .collect()
}

fn order(tried: &[(String, String)]) -> String {
    tried.iter().map(|(id, _)| id.as_str()).collect()
}

#[test]
fn a_target_goes_behind_the_others_for_what_it_does_not_do_and_for_nothing_else() {
    let none = Needs::default();
    let tools = Needs {
        tools: true,
        ..none
    };
    let schema = Needs {
        schema: true,
        ..none
    };
    let thinking = Needs {
        thinking: true,
        ..none
    };
    for (need, needs, stream, expected) in [
        (Need::Tools, tools, false, "bca"),
        (Need::Tools, none, false, "abc"),
        (Need::Tools, schema, true, "abc"),
        (Need::Schema, schema, false, "bca"),
        (Need::Thinking, thinking, false, "bca"),
        (Need::Stream, none, true, "bca"),
        (Need::Stream, tools, false, "abc"),
        (Need::Answer, none, false, "bca"),
    ] {
        let tried = tried(vec![broken("a", need)], needs, stream);
        assert_eq!(order(&tried), expected, "{need:?} {needs:?} {stream}");
    }
}

#[test]
fn the_reason_stands_on_both_and_names_the_day() {
    let tried = tried(vec![broken("a", Need::Tools)], ALL_NEEDS, false);
    let seen = "the examination of 2026-11-25 saw its tool calls broken in the dialect anthropic";
    assert_eq!(
        tried[0].1,
        format!("listed in the alias; before a/m: {seen}")
    );
    assert_eq!(
        tried[2],
        ("a".to_owned(), format!("listed in the alias; {seen}"))
    );
}

#[test]
fn what_was_seen_as_another_dialects_client_or_of_another_model_is_not_heeded() {
    let other_model = Broken {
        model: "other".to_owned(),
        ..broken("a", Need::Answer)
    };
    assert_eq!(order(&tried(vec![other_model], ALL_NEEDS, true)), "abc");
    let chat = tried_by(
        Endpoint::ChatCompletions,
        vec![broken("a", Need::Answer)],
        ALL_NEEDS,
        true,
    );
    assert_eq!(order(&chat), "abc");
    // Two names of one model are one model.
    let dated = Broken {
        model: "m-dated".to_owned(),
        ..broken("a", Need::Answer)
    };
    assert_eq!(order(&tried(vec![dated], ALL_NEEDS, true)), "bca");
}

#[test]
fn findings_older_than_thirty_days_are_ignored() {
    for (days, expected) in [(30, "bca"), (31, "abc")] {
        let old = Broken {
            at_unix_ms: NOW - days * DAY,
            ..broken("a", Need::Answer)
        };
        assert_eq!(
            order(&tried(vec![old], ALL_NEEDS, true)),
            expected,
            "{days}"
        );
    }
}

proptest! {
    /// Nobody is lost, nobody is doubled, and neither the sound nor the broken change their order
    /// among themselves.
    #[test]
    fn a_plan_keeps_everybody(marks in proptest::collection::vec(0usize..3, 0..4)) {
        let ids = ["a", "b", "c"];
        let findings = marks.iter().map(|at| broken(ids[*at], Need::Answer)).collect();
        let order = order(&tried(findings, ALL_NEEDS, true));
        let is_broken = |id: &&str| marks.iter().any(|at| ids[*at] == *id);
        let expected: String = ids.iter().filter(|id| !is_broken(id))
            .chain(ids.iter().filter(|id| is_broken(id))).copied().collect();
        prop_assert_eq!(order, expected);
    }
}
