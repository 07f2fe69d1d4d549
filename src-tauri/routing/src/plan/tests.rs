//! What is asked on the left, what is planned on the right.

use std::collections::BTreeMap;
use std::sync::Arc;

use dialect::{Dialect, Endpoint, Task};

use super::{Asked, Draining, NoRoute, Plan, Standing, plan};
use crate::catalogue::CatalogueModel;
use crate::routes::{Alias, AuthScheme, KeySource, Provider, Routes, Surface, Target};

const OPENAI: &[Dialect] = &[Dialect::OpenAi];
const ANTHROPIC: &[Dialect] = &[Dialect::Anthropic];
const BOTH: &[Dialect] = &[Dialect::OpenAi, Dialect::Anthropic];

fn provider(id: &str, dialects: &[Dialect], models: &[&str]) -> Provider {
    Provider {
        id: id.to_owned(),
        name: id.to_uppercase(),
        surfaces: dialects
            .iter()
            .map(|dialect| Surface {
                dialect: *dialect,
                base_url: format!("https://{id}.test"),
                auth: AuthScheme::Bearer,
                hosting: Default::default(),
                quirks: Default::default(),
                query: None,
                region: None,
            })
            .collect(),
        key: KeySource::Keychain(id.to_owned()),
        more_keys: Vec::new(),
        local: false,
        practice: false,
        enabled: true,
        models: models
            .iter()
            .map(|model| {
                Arc::new(CatalogueModel {
                    id: (*model).to_owned(),
                    aliases: vec![format!("{model}-dated")],
                    kind: "chat".to_owned(),
                    ..CatalogueModel::default()
                })
            })
            .collect(),
    }
}

/// Providers in the order of the config, and aliases as `(name, targets)`.
fn routes(providers: Vec<Provider>, aliases: &[(&str, &[(&str, &str)])]) -> Routes {
    let alias = |(name, targets): &(&str, &[(&str, &str)])| {
        let targets = targets.iter();
        let targets = targets.map(|(provider, model)| Target::new(provider, model));
        Alias::listed(name, targets.collect())
    };
    Routes {
        providers: providers.into_iter().map(Arc::new).collect(),
        aliases: aliases
            .iter()
            .map(|written| (written.0.to_owned(), alias(written)))
            .collect::<BTreeMap<_, _>>(),
        ..Routes::default()
    }
}

fn ask(routes: &Routes, endpoint: Endpoint, model: &str) -> Result<Plan, NoRoute> {
    plan(
        routes,
        Asked {
            endpoint,
            model,
            local_only: false,
        },
        |_, _, _| Standing::Ready,
    )
}

fn chat(routes: &Routes, model: &str) -> Result<Plan, NoRoute> {
    ask(routes, Endpoint::ChatCompletions, model)
}

#[test]
fn each_key_is_a_way_of_its_own_and_they_share_their_targets_weight() {
    let key = |name: &str| KeySource::Keychain(name.to_owned());
    let twice = Provider {
        key: key("one"),
        more_keys: vec![key("two"), key("lost")],
        ..provider("twice", OPENAI, &["anvil"])
    };
    let mut routes = routes(
        vec![twice, provider("once", OPENAI, &["anvil"])],
        &[("any", &[("twice", "anvil"), ("once", "anvil")])],
    );
    let any = routes.aliases.get_mut("any").expect("the alias");
    any.targets[0].weight = 6.0;
    let asked = Asked {
        endpoint: Endpoint::ChatCompletions,
        model: "any",
        local_only: false,
    };
    let there = |_: &Provider, _: &str, key: &KeySource| match key.name() {
        "lost" => Standing::NoKey,
        _ => Standing::Ready,
    };
    let plan = plan(&routes, asked, there).expect("a plan");
    let ways: Vec<(String, f64)> = plan
        .candidates
        .iter()
        .map(|one| (one.label(), one.weight))
        .collect();
    let expected = [
        ("twice/anvil with one", 3.0),
        ("twice/anvil with two", 3.0),
        ("once/anvil", 1.0),
    ];
    assert_eq!(
        ways,
        expected.map(|(label, weight)| (label.to_owned(), weight))
    );
    assert!(
        plan.dropped[0].reason.contains("no key `lost`"),
        "{:?}",
        plan.dropped
    );
}

#[test]
fn what_may_not_leave_this_machine_goes_to_nobody_else() {
    let near = Provider {
        local: true,
        ..provider("near", &[Dialect::OpenAi], &["anvil"])
    };
    let far = provider("far", &[Dialect::OpenAi], &["anvil"]);
    let mut routes = routes(
        vec![far, near],
        &[
            ("any", &[("far", "anvil"), ("near", "anvil")]),
            ("out", &[("far", "anvil")]),
        ],
    );
    let asked = |model, local_only| Asked {
        endpoint: Endpoint::ChatCompletions,
        model,
        local_only,
    };
    for name in ["any", "anvil"] {
        let plan = plan(&routes, asked(name, true), |_, _, _| Standing::Ready).expect("a plan");
        assert_eq!(tried(&plan), ["near <- anvil"], "{name}");
        assert!(plan.dropped[0].reason.contains("may not leave"));
    }
    let Err(NoRoute::NoTarget { message, .. }) =
        plan(&routes, asked("out", true), |_, _, _| Standing::Ready)
    else {
        panic!("it left");
    };
    assert!(message.contains("may not leave"), "{message}");
    let any = routes.aliases.get_mut("any").expect("the alias");
    any.policy.local_only = true;
    let plan = plan(&routes, asked("any", false), |_, _, _| Standing::Ready).expect("a plan");
    assert_eq!(tried(&plan), ["near <- anvil"]);
}

/// `provider <- model`, in the order they are tried.
fn tried(plan: &Plan) -> Vec<String> {
    plan.candidates
        .iter()
        .map(|candidate| format!("{} <- {}", candidate.provider.id, candidate.model))
        .collect()
}

/// `target: reason`, in the order they were left out.
fn left_out(plan: &Plan) -> Vec<String> {
    plan.dropped
        .iter()
        .map(|dropped| format!("{}: {}", dropped.target, dropped.reason))
        .collect()
}

#[test]
fn an_alias_is_tried_in_the_order_it_lists() {
    let routes = routes(
        vec![provider("one", OPENAI, &[]), provider("two", OPENAI, &[])],
        &[(
            "fast",
            &[("two", "small"), ("one", "tiny"), ("two", "tinier")],
        )],
    );
    let plan = chat(&routes, "fast").expect("a plan");
    assert_eq!(
        tried(&plan),
        ["two <- small", "one <- tiny", "two <- tinier"]
    );
    assert_eq!(plan.alias.as_deref(), Some("fast"));
    assert!(
        plan.candidates
            .iter()
            .all(|c| c.why == "listed in the alias")
    );
}

#[test]
fn an_alias_goes_on_without_a_provider_that_is_not_configured() {
    let routes = routes(
        vec![provider("one", OPENAI, &[])],
        &[("fast", &[("gone", "small"), ("one", "tiny")])],
    );
    let plan = chat(&routes, "fast").expect("a plan");
    assert_eq!(tried(&plan), ["one <- tiny"]);
    assert_eq!(
        left_out(&plan),
        ["gone/small: the provider `gone` is not configured"]
    );
}

#[test]
fn an_alias_hides_a_target_and_a_model_of_the_same_name() {
    let routes = routes(
        vec![
            provider("one", OPENAI, &["gpt"]),
            provider("two", OPENAI, &[]),
        ],
        &[
            ("gpt", &[("two", "other")]),
            ("one/gpt", &[("two", "another")]),
        ],
    );
    assert_eq!(
        tried(&chat(&routes, "gpt").expect("a plan")),
        ["two <- other"]
    );
    assert_eq!(
        tried(&chat(&routes, "one/gpt").expect("a plan")),
        ["two <- another"]
    );
}

#[test]
fn a_target_is_split_at_its_first_slash_and_the_model_keeps_the_others() {
    let routes = routes(
        vec![
            provider("openrouter", BOTH, &[]),
            provider("one", OPENAI, &[]),
        ],
        &[],
    );
    for (asked, candidates) in [
        ("one/gpt-5", ["one <- gpt-5"]),
        (
            "openrouter/anthropic/claude-opus-5.5",
            ["openrouter <- anthropic/claude-opus-5.5"],
        ),
        ("openrouter/one/gpt-5", ["openrouter <- one/gpt-5"]),
    ] {
        let plan = chat(&routes, asked).expect("a plan");
        assert_eq!(tried(&plan), candidates, "{asked}");
        assert_eq!(plan.candidates[0].why, "named directly");
        assert_eq!(plan.alias, None);
    }
}

#[test]
fn a_target_may_name_a_model_that_the_catalogue_does_not_know() {
    let routes = routes(vec![provider("ollama", OPENAI, &[])], &[]);
    let plan = chat(&routes, "ollama/qwen3:8b").expect("a plan");
    assert_eq!(tried(&plan), ["ollama <- qwen3:8b"]);
}

#[test]
fn a_plain_model_is_served_by_whoever_knows_it_in_the_order_of_the_config() {
    let routes = routes(
        vec![
            provider("two", OPENAI, &["gpt"]),
            provider("other", OPENAI, &["claude"]),
            provider("one", OPENAI, &["gpt"]),
        ],
        &[],
    );
    let plan = chat(&routes, "gpt").expect("a plan");
    assert_eq!(tried(&plan), ["two <- gpt", "one <- gpt"]);
    assert_eq!(left_out(&plan), [""; 0]);
    assert_eq!(plan.candidates[0].why, "serves a model of this name");
}

/// A dated name asks for that snapshot, so it is not replaced by the plain one.
#[test]
fn a_dated_name_is_found_and_sent_as_it_was_asked() {
    let routes = routes(vec![provider("one", OPENAI, &["gpt"])], &[]);
    let plan = chat(&routes, "gpt-dated").expect("a plan");
    assert_eq!(tried(&plan), ["one <- gpt-dated"]);
}

/// Groq's own name for this model begins with the name of another provider.
#[test]
fn a_slash_in_a_plain_model_is_no_obstacle() {
    let groq = || provider("groq", OPENAI, &["openai/gpt-oss-120b"]);
    let asked = "openai/gpt-oss-120b";

    let without_openai = routes(vec![groq()], &[]);
    assert_eq!(
        tried(&chat(&without_openai, asked).expect("a plan")),
        ["groq <- openai/gpt-oss-120b"]
    );
    let with_openai = routes(vec![groq(), provider("openai", OPENAI, &["gpt-5"])], &[]);
    assert_eq!(
        tried(&chat(&with_openai, asked).expect("a plan")),
        ["groq <- openai/gpt-oss-120b"],
        "openai is not known to serve it"
    );
    assert_eq!(
        tried(&chat(&with_openai, "openai/gpt-oss-1").expect("a plan")),
        ["openai <- gpt-oss-1"]
    );
    assert_eq!(
        tried(&chat(&with_openai, "groq/openai/gpt-oss-120b").expect("a plan")),
        ["groq <- openai/gpt-oss-120b"]
    );
}

#[test]
fn a_bare_name_goes_first_to_those_who_speak_the_callers_dialect() {
    let routes = routes(
        vec![
            provider("chat", OPENAI, &["m"]),
            provider("messages", ANTHROPIC, &["m"]),
            provider("both", BOTH, &["m"]),
        ],
        &[],
    );
    let no_vectors = "messages/m: MESSAGES speaks anthropic and has nothing for embeddings";
    for (endpoint, candidates, dropped) in [
        (
            Endpoint::ChatCompletions,
            &["chat <- m", "both <- m", "messages <- m"][..],
            &[][..],
        ),
        (
            Endpoint::Messages,
            &["messages <- m", "both <- m", "chat <- m"],
            &[],
        ),
        (
            Endpoint::GenerateContent,
            &["chat <- m", "messages <- m", "both <- m"],
            &[],
        ),
        // Where a provider counts no tokens, they are counted here.
        (
            Endpoint::CountTokens,
            &["messages <- m", "both <- m", "chat <- m"],
            &[],
        ),
        (
            Endpoint::Embeddings,
            &["chat <- m", "both <- m"],
            &[no_vectors],
        ),
    ] {
        let plan = plan(
            &routes,
            Asked {
                endpoint,
                model: "m",
                local_only: false,
            },
            |_, _, _| Standing::Ready,
        )
        .expect("a plan");
        assert_eq!(tried(&plan), candidates, "{}", endpoint.name());
        let left_out: Vec<String> = plan
            .dropped
            .iter()
            .map(|d| format!("{}: {}", d.target, d.reason))
            .collect();
        assert_eq!(left_out, dropped, "{}", endpoint.name());
    }
}

#[test]
fn a_provider_that_cannot_work_now_is_left_out_with_what_to_do() {
    let mut off = provider("off", OPENAI, &["m"]);
    off.enabled = false;
    let routes = routes(
        vec![
            off,
            provider("keyless", OPENAI, &["m"]),
            provider("leaving", OPENAI, &["m"]),
            provider("locked", OPENAI, &["m"]),
            provider("narrow", OPENAI, &["m"]),
            provider("ready", OPENAI, &["m"]),
        ],
        &[],
    );
    let asked = Asked {
        endpoint: Endpoint::ChatCompletions,
        model: "m",
        local_only: false,
    };
    let plan = plan(&routes, asked, |provider, model, _| {
        match provider.id.as_str() {
            "keyless" => Standing::NoKey,
            "leaving" => Standing::Draining(Draining::Provider),
            "locked" => Standing::Draining(Draining::Key),
            "narrow" if model == "m" => Standing::Draining(Draining::Target),
            _ => Standing::Ready,
        }
    })
    .expect("a plan");
    assert_eq!(tried(&plan), ["ready <- m"]);
    assert_eq!(
        left_out(&plan),
        [
            "off/m: OFF is disabled; enable it on the Providers page",
            "keyless/m: KEYLESS has no key; set one with `signalbox keys set keyless` or on the \
             Providers page",
            "leaving/m: LEAVING is draining and takes no new work; resume it on the Providers page, \
             or ask another target",
            "locked/m: the key `locked` of LOCKED is draining and takes no new work; resume it on the \
             Providers page, or ask another target",
            "narrow/m: `narrow/m` is draining and takes no new work; resume it on the Providers page, \
             or ask another target",
        ]
    );
}

#[test]
fn when_nobody_is_left_every_reason_is_said() {
    let mut off = provider("off", OPENAI, &[]);
    off.enabled = false;
    let routes = routes(
        vec![off, provider("mute", &[], &[])],
        &[("fast", &[("off", "a"), ("gone", "b"), ("mute", "c")])],
    );
    let Err(NoRoute::NoTarget {
        message,
        dropped,
        draining: false,
    }) = chat(&routes, "fast")
    else {
        panic!("expected no target");
    };
    let targets: Vec<&str> = dropped.iter().map(|d| d.target.as_str()).collect();
    assert_eq!(targets, ["off/a", "gone/b", "mute/c"]);
    assert!(
        message.starts_with("No provider can serve `fast` now: "),
        "{message}"
    );
    for dropped in &dropped {
        assert!(message.contains(&dropped.reason), "{message}");
    }
}

#[test]
fn a_target_of_a_provider_without_a_key_is_known_and_not_unknown() {
    let routes = routes(vec![provider("one", OPENAI, &["gpt"])], &[]);
    for asked in ["gpt", "one/gpt", "one/anything"] {
        let asked = Asked {
            endpoint: Endpoint::ChatCompletions,
            model: asked,
            local_only: false,
        };
        let refused = plan(&routes, asked, |_, _, _| Standing::NoKey);
        assert!(
            matches!(refused, Err(NoRoute::NoTarget { .. })),
            "{}",
            asked.model
        );
    }
}

fn unknown(routes: &Routes, model: &str) -> String {
    match chat(routes, model) {
        Err(NoRoute::UnknownModel { message }) => message,
        other => panic!("{model} was known: {other:?}"),
    }
}

#[test]
fn an_unknown_model_says_what_is_near() {
    let mut off = provider("off", OPENAI, &["gpt-5-off"]);
    off.enabled = false;
    let mut practice = provider("practice", BOTH, &[]);
    practice.practice = true;
    let routes = routes(
        vec![
            provider("one", OPENAI, &["gpt-5.6-terra", "gpt-5.6-luna", "o3"]),
            off,
            practice,
        ],
        &[("my-gpt-5", &[("one", "o3")])],
    );
    for (asked, near) in [
        (
            "gpt-5.6",
            "(for example one/gpt-5.6-terra, one/gpt-5.6-luna)",
        ),
        (
            "GPT-5",
            "(for example my-gpt-5, one/gpt-5.6-terra, one/gpt-5.6-luna)",
        ),
        ("openai/gpt-5.6-luna", "(for example one/gpt-5.6-luna)"),
        ("openai/gpt-5.6-luna", "No provider `openai` is configured"),
        ("llama", "(for example practice/steady)"),
        ("gpt-5-of", "(for example practice/steady)"), // only at a disabled provider
        ("one/", "(for example practice/steady)"),
        ("", "(for example practice/steady)"),
    ] {
        let message = unknown(&routes, asked);
        assert!(
            message.starts_with(&format!("The model `{asked}` is not known")),
            "{message}"
        );
        assert!(message.contains(near), "{message}");
    }
}

#[test]
fn embeddings_never_move_to_another_model() {
    let routes = routes(
        vec![
            provider("one", OPENAI, &[]),
            provider("router", OPENAI, &[]),
        ],
        &[(
            "index",
            &[
                ("one", "embed-3"),
                ("router", "embed-2"),
                ("router", "one/embed-3"),
            ],
        )],
    );
    let plan = ask(&routes, Endpoint::Embeddings, "index").expect("a plan");
    assert_eq!(tried(&plan), ["one <- embed-3", "router <- one/embed-3"]);
    assert_eq!(
        left_out(&plan),
        ["router/embed-2: its vectors can't be mixed with those of embed-3, the first choice"]
    );
    let talk = chat(&routes, "index").expect("a plan");
    assert_eq!(talk.candidates.len(), 3);
}

mod laws {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever is asked and however providers stand: nothing is tried that
        /// can't serve, nothing is lost, and the same question has one answer.
        #[test]
        fn every_target_of_an_alias_is_tried_or_left_out_with_a_reason(
            states in proptest::collection::vec((0..3usize, any::<bool>(), 0..3usize), 1..6),
            targets in proptest::collection::vec((0..8usize, 0..3usize), 1..8),
            endpoint in proptest::sample::select(Endpoint::ALL.to_vec()),
        ) {
            let providers: Vec<Provider> = states
                .iter()
                .enumerate()
                .map(|(n, (dialects, enabled, _))| {
                    let mut provider =
                        provider(&format!("p{n}"), [OPENAI, ANTHROPIC, BOTH][*dialects], &[]);
                    provider.enabled = *enabled;
                    provider
                })
                .collect();
            let stands = |provider: &Provider, _: &str, _: &KeySource| {
                let n: usize = provider.id[1..].parse().expect("a number");
                [Standing::Ready, Standing::NoKey, Standing::Draining(Draining::Provider)][states[n].2]
            };
            let named: Vec<(String, String)> = targets
                .iter()
                .map(|(provider, model)| (format!("p{provider}"), format!("m{model}")))
                .collect();
            let listed: Vec<(&str, &str)> =
                named.iter().map(|(p, m)| (p.as_str(), m.as_str())).collect();
            let routes = routes(providers, &[("alias", &listed)]);
            let asked = Asked { endpoint, model: "alias", local_only: false };

            let first = plan(&routes, asked, stands);
            prop_assert_eq!(format!("{first:?}"), format!("{:?}", plan(&routes, asked, stands)));
            match first {
                Ok(plan) => {
                    prop_assert!(!plan.candidates.is_empty());
                    prop_assert_eq!(plan.candidates.len() + plan.dropped.len(), targets.len());
                    for candidate in &plan.candidates {
                        prop_assert!(candidate.provider.enabled);
                        let served = candidate.provider.door(endpoint).is_some();
                        prop_assert!(served || endpoint.task() == Task::Count);
                        prop_assert_eq!(stands(&candidate.provider, &candidate.model, &candidate.key), Standing::Ready);
                    }
                }
                Err(NoRoute::NoTarget { dropped, draining, .. }) => {
                    prop_assert_eq!(dropped.len(), targets.len());
                    let drains = dropped.iter().any(|one| one.reason.contains("draining"));
                    prop_assert_eq!(draining, drains);
                }
                Err(NoRoute::UnknownModel { message }) => prop_assert!(false, "{}", message),
            }
        }
    }
}

#[test]
fn a_pinned_alias_is_served_by_dated_snapshots_and_says_why_by_nobody_else() {
    let targets: &[(&str, &str)] = &[
        ("acme", "anvil"),
        ("acme", "hammer"),
        ("acme", "anvil-2026-01-31"),
        ("here", "anvil"),
    ];
    let here = Provider {
        local: true,
        ..provider("here", OPENAI, &[])
    };
    let mut acme = provider("acme", OPENAI, &["anvil", "hammer"]);
    let anvil = CatalogueModel {
        aliases: vec!["anvil-2026-01-31".to_owned()],
        ..(*acme.models[0]).clone()
    };
    acme.models[0] = Arc::new(anvil);
    let mut routes = routes(
        vec![acme, here],
        &[("steady", targets), ("only", &targets[..2])],
    );
    let free = chat(&routes, "steady").expect("a plan");
    assert_eq!(free.candidates.len(), 4);
    for alias in routes.aliases.values_mut() {
        alias.policy.pinned = true;
    }
    let pinned = chat(&routes, "steady").expect("a plan");
    let labels: Vec<String> = pinned.candidates.iter().map(|one| one.label()).collect();
    assert_eq!(labels, ["acme/anvil-2026-01-31", "here/anvil"]);
    assert_eq!(pinned.dropped[0].target, "acme/anvil");
    let (known, unknown) = (&pinned.dropped[0].reason, &pinned.dropped[1].reason);
    assert!(
        known.starts_with("`anvil` is a rolling name, behind which ACME may"),
        "{known}"
    );
    assert!(
        known.ends_with("a snapshot of it is `anvil-2026-01-31`"),
        "{known}"
    );
    assert!(
        unknown.ends_with("name a dated snapshot of it"),
        "{unknown}"
    );
    let Err(NoRoute::NoTarget { message, .. }) = chat(&routes, "only") else {
        panic!("nobody may serve");
    };
    assert!(message.contains("`hammer` is a rolling name"), "{message}");
    assert!(chat(&routes, "acme/anvil").is_ok(), "who names it has it");
}
