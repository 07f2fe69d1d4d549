//! What a decision costs: a plan with eight candidates, a look at everybody's
//! health, scores, and the terms of the receipt.
//!
//! The first figures are of the whole; those in brackets of its parts, each in the
//! middle, taken apart because clocks cost something too.
//!
//! `cargo run --release -p routing --example decision_cost`

#![allow(clippy::print_stdout, reason = "it is what this program is for")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dialect::{Dialect, Endpoint, Usage};
use routing::{
    Alias, Ask, Asked, AuthScheme, Catalogue, Choosing, Contender, Ended, Health, KeySource,
    Moment, Pin, Plan, Provider, Routes, Service, Standing, Strategy, Surface, Target, Took,
    decide, plan,
};

const DECISIONS: usize = 200_000;
const CANDIDATES: usize = 8;

fn main() {
    let routes = routes();
    let health = health(&routes);
    let ask = Ask {
        service: Service::Generation,
        prompt_tokens: 12_000,
        answer_tokens: 600,
        images: 0,
        effort: 2,
        tool_turn: true,
        pin: None,
        unix_s: 1_800_000_000,
    };
    let pinned = Ask {
        pin: Some(Pin {
            place: 5,
            turns_to_come: 4,
            bound: false,
        }),
        ..ask
    };
    let choosing = |strategy| Choosing {
        strategy,
        ..Choosing::default()
    };
    for (name, ask, strategy, count) in [
        ("adaptive, 8 candidates", ask, Strategy::Adaptive, 8),
        ("adaptive, 8, pinned", pinned, Strategy::Adaptive, 8),
        ("adaptive, 4 (all scored)", ask, Strategy::Adaptive, 4),
        ("priority, 8 (all scored)", ask, Strategy::Priority, 8),
        ("adaptive, 1", ask, Strategy::Adaptive, 1),
    ] {
        measure(name, &routes, &health, &ask, &choosing(strategy), count);
    }
    learning(health);
}

/// What an attempt's beginning and end cost, and a refresh when all books are full.
fn learning(mut health: Health) {
    let models: Vec<String> = (0..1000).map(|n| format!("model-{n}")).collect();
    let mut spans = Vec::new();
    for n in 0..DECISIONS / 10 {
        let via = routing::Via {
            provider: "provider-1",
            model: &models[n % models.len()],
            key: "main",
            local: false,
        };
        let now = Moment::from_ms(100_000 + n as u64);
        let started = Instant::now();
        let ticket = health.begin(&via, &routing::Shape::default(), 500, now);
        let ended = Ended::Answered {
            took: Took {
                ttft: Duration::from_millis(300),
                rest: Duration::from_millis(4_000),
                out: 400,
            },
            usage: &Usage::default(),
            teaches: true,
        };
        health.end(&ticket, ended, now);
        spans.push(started.elapsed().as_nanos() as u64);
    }
    spans.sort_unstable();
    let started = Instant::now();
    health.refresh(Moment::from_ms(200_000));
    println!(
        "begin and end              median {:>5.2} µs; refresh of 1,008 targets {:.0} µs",
        spans[spans.len() / 2] as f64 / 1000.0,
        started.elapsed().as_nanos() as f64 / 1000.0,
    );
}

fn measure(
    name: &str,
    routes: &Routes,
    health: &Health,
    ask: &Ask,
    choosing: &Choosing,
    count: usize,
) {
    let asked = Asked {
        endpoint: Endpoint::ChatCompletions,
        model: ["", "one", "", "", "four", "", "", "", "eight"][count],
        local_only: false,
    };
    let mut spans: [Vec<u64>; 4] = std::array::from_fn(|_| Vec::with_capacity(DECISIONS));
    let planned = || plan(routes, asked, |_, _, _| Standing::Ready).expect("a plan");
    let now = Moment::from_ms(100_000);
    for seed in 0..DECISIONS as u64 {
        let started = Instant::now();
        let plan = planned();
        let contenders = contenders(&plan);
        black_box(decide(&contenders, ask, choosing, health, seed, now));
        spans[0].push(started.elapsed().as_nanos() as u64);
    }
    for seed in 0..DECISIONS as u64 {
        let started = Instant::now();
        let plan = planned();
        spans[1].push(started.elapsed().as_nanos() as u64);
        let started = Instant::now();
        let contenders = contenders(&plan);
        spans[2].push(started.elapsed().as_nanos() as u64);
        let started = Instant::now();
        black_box(decide(&contenders, ask, choosing, health, seed, now));
        spans[3].push(started.elapsed().as_nanos() as u64);
    }
    for spans in &mut spans {
        spans.sort_unstable();
    }
    let at =
        |part: usize, share: f64| spans[part][(DECISIONS as f64 * share) as usize] as f64 / 1000.0;
    println!(
        "{name:<26} median {:>5.2} µs   1 in 100 {:>6.2} µs   1 in 1,000 {:>6.2} µs   \
         (plan {:.2}, contenders {:.2}, decide {:.2})",
        at(0, 0.5),
        at(0, 0.99),
        at(0, 0.999),
        at(1, 0.5),
        at(2, 0.5),
        at(3, 0.5),
    );
}

fn contenders(plan: &Plan) -> Vec<Contender<'_>> {
    let candidates = plan.candidates.iter();
    candidates.map(Contender::of).collect()
}

/// Eight providers that serve a model each, out of the catalogue that ships.
fn routes() -> Routes {
    let catalogue = Catalogue::builtin().expect("the catalogue");
    let known = catalogue.provider("openai").expect("a provider");
    let provider = |n: usize| Provider {
        id: format!("provider-{n}"),
        name: format!("Provider {n}"),
        surfaces: vec![Surface {
            dialect: Dialect::OpenAi,
            base_url: format!("https://provider-{n}.test/v1"),
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
        models: known.models.clone(),
    };
    let priced = known.models.iter().filter(|model| model.price.is_some());
    let models: Vec<&str> = priced
        .map(|model| model.id.as_str())
        .take(CANDIDATES)
        .collect();
    let alias = |name: &str, count: usize| {
        let targets = (0..count).map(|n| Target::new(&format!("provider-{n}"), models[n]));
        Alias::listed(name, targets.collect())
    };
    let aliases = [("one", 1), ("four", 4), ("eight", 8)];
    Routes {
        providers: (0..CANDIDATES).map(|n| Arc::new(provider(n))).collect(),
        aliases: aliases
            .into_iter()
            .map(|(name, count)| (name.to_owned(), alias(name, count)))
            .collect::<BTreeMap<_, _>>(),
        ..Routes::default()
    }
}

/// Everybody has answered two hundred times, and has some work under way.
fn health(routes: &Routes) -> Health {
    let mut health = Health::new(1);
    let candidates = plan(
        routes,
        Asked {
            endpoint: Endpoint::ChatCompletions,
            model: "eight",
            local_only: false,
        },
        |_, _, _| Standing::Ready,
    )
    .expect("a plan")
    .candidates;
    for n in 0..200_u64 {
        for (place, candidate) in candidates.iter().enumerate() {
            let via = Contender::of(candidate).via;
            let at = Moment::from_ms(n * 400);
            let shape = routing::Shape {
                uncached_in: 500 + n * 37 % 9_000,
                ..Default::default()
            };
            let ticket = health.begin(&via, &shape, 2_000, at);
            if n == 199 {
                // Still under way while the rest is measured.
                continue;
            }
            let ended = Ended::Answered {
                took: Took {
                    ttft: Duration::from_millis(300 + n % 11 * 20 + place as u64 * 30),
                    rest: Duration::from_millis(4_000),
                    out: 400,
                },
                usage: &Usage::default(),
                teaches: true,
            };
            health.end(&ticket, ended, at);
        }
    }
    health.refresh(Moment::from_ms(90_000));
    health
}
