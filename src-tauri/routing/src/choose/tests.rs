//! Contenders and their health on the left, the order on the right.

use std::time::Duration;

use dialect::{Failure, FailureCategory, Usage};

use super::*;
use crate::breaker::Bar;
use crate::health::{Ended, Via};
use crate::latency::Took;
use crate::machine::Machine;
use crate::money::NanoUsd;
use crate::price::{Price, Rate, Rates};
use crate::score::Service;

const NOW: Moment = Moment::from_ms(200_000);

/// Dollars for a million tokens.
fn rate(usd: &str) -> Rate {
    Rate::from_dollars(usd).expect("a rate")
}

fn price(usd_in: &str, usd_cached: &str) -> Price {
    Price::flat(Rates {
        input: rate(usd_in),
        cache_read: Some(rate(usd_cached)),
        output: Some(rate(usd_in)),
        ..Rates::default()
    })
}

fn contender<'a>(provider: &'a str, price: Option<&'a Price>) -> Contender<'a> {
    Contender {
        via: Via {
            provider,
            model: "anvil",
            key: "main",
            local: false,
        },
        price,
        window: None,
        priority: 1.0,
        weight: 1.0,
        warm_tokens: 0,
    }
}

fn ask() -> Ask {
    Ask {
        service: Service::Generation,
        prompt_tokens: 10_000,
        answer_tokens: 500,
        images: 0,
        effort: 0,
        tool_turn: false,
        pin: None,
        unix_s: 1_800_000_000,
    }
}

fn choosing(strategy: Strategy) -> Choosing {
    Choosing {
        strategy,
        explore: 0.0,
        ..Choosing::default()
    }
}

fn answered(health: &mut Health, provider: &str, ttft_ms: u64, times: u32) {
    let via = contender(provider, None).via;
    for n in 0..times {
        let at = Moment::from_ms(u64::from(n) * 100);
        let ticket = health.begin(&via, &ask().shape(0), 500, at);
        let ended = Ended::Answered {
            took: Took {
                ttft: Duration::from_millis(ttft_ms + u64::from(n % 5)),
                rest: Duration::from_secs(5),
                out: 501,
            },
            usage: &Usage::default(),
            teaches: true,
        };
        health.end(&ticket, ended, at);
    }
}

fn failed(health: &mut Health, provider: &str, category: FailureCategory, times: u32) {
    let via = contender(provider, None).via;
    for _ in 0..times {
        let ticket = health.begin(&via, &ask().shape(0), 500, NOW);
        let failure = Failure {
            category,
            status: None,
            code: None,
            message: String::new(),
            retry_after_ms: None,
        };
        health.end(&ticket, Ended::Failed(&failure), NOW);
    }
}

fn adaptive(contenders: &[Contender<'_>], ask: &Ask, health: &Health, seed: u64) -> Decision {
    decide(
        contenders,
        ask,
        &choosing(Strategy::Adaptive),
        health,
        seed,
        NOW,
    )
}

#[test]
fn the_cheapest_of_equals_in_health_and_speed_is_first() {
    let (cheap, dear) = (price("1", "1"), price("2", "2"));
    let all = [
        contender("dear", Some(&dear)),
        contender("cheap", Some(&cheap)),
    ];
    let decision = adaptive(&all, &ask(), &Health::new(1), 5);
    assert_eq!(
        (decision.order, decision.reason),
        (vec![1, 0], Reason::Best)
    );
    let terms = decision.considered[0].terms.expect("it was scored");
    // Twice the price is a ratio of one above the best.
    assert!((terms.price - 0.6).abs() < 1e-9 && (terms.total - 0.6).abs() < 1e-9);
    assert_eq!(decision.considered[0].fate, Fate::Worse);
    assert_eq!(decision.considered[1].fate, Fate::First);
    assert_eq!(
        decision.considered[1].forecast.expect("one").cost,
        NanoUsd(10_500_000)
    );
}

#[test]
fn a_seed_replays_a_choice_and_equals_share() {
    let same = price("1", "1");
    let all = ["a", "b", "c"].map(|provider| contender(provider, Some(&same)));
    let mut first = [0; 3];
    for seed in 0..3_000 {
        let decision = adaptive(&all, &ask(), &Health::new(1), seed);
        assert_eq!(decision, adaptive(&all, &ask(), &Health::new(1), seed));
        assert_eq!(decision.reason, Reason::DrawnAmongEquals);
        first[decision.order[0]] += 1;
    }
    assert!(
        first.iter().all(|times| (850..1_150).contains(times)),
        "{first:?}"
    );
}

#[test]
fn strategies_decide_by_what_they_are_named_after() {
    let (cheap, dear) = (price("1", "1"), price("3", "3"));
    let mut health = Health::new(1);
    answered(&mut health, "cheap", 3_000, 40);
    answered(&mut health, "dear", 100, 40);
    let all = [
        Contender {
            priority: 0.5,
            weight: 0.0,
            ..contender("cheap", Some(&cheap))
        },
        contender("dear", Some(&dear)),
    ];
    for (strategy, first, reason) in [
        (Strategy::Adaptive, 0, Reason::Best),
        (Strategy::Cheapest, 0, Reason::Best),
        (Strategy::Fastest, 1, Reason::Best),
        (Strategy::Priority, 1, Reason::Order),
        (Strategy::Weighted, 1, Reason::DrawnByWeight),
    ] {
        let decision = decide(&all, &ask(), &choosing(strategy), &health, 3, NOW);
        assert_eq!(
            (decision.order[0], decision.reason),
            (first, reason),
            "{strategy:?}"
        );
        assert_eq!(decision.order.len(), 2);
    }
}

#[test]
fn what_failed_is_the_last_resort_and_what_is_too_fast_is_none() {
    let mut health = Health::new(1);
    failed(&mut health, "down", FailureCategory::Server, 4);
    failed(&mut health, "keyless", FailureCategory::Auth, 1);
    failed(&mut health, "limited", FailureCategory::RateLimit, 1);
    let all = ["down", "keyless", "limited", "fine"].map(|provider| contender(provider, None));
    let decision = adaptive(&all, &ask(), &health, 1);
    assert_eq!(
        (&decision.order[..], decision.reason),
        (&[3, 0, 1][..], Reason::OnlyOne)
    );
    let Fate::Barred {
        bar: Bar::Failed,
        last_resort: true,
        ..
    } = decision.considered[0].fate
    else {
        panic!("{:?}", decision.considered[0]);
    };

    let decision = adaptive(&all[..3], &ask(), &health, 1);
    assert_eq!(
        (&decision.order[..], decision.reason),
        (&[0, 1][..], Reason::LastResort)
    );

    let decision = adaptive(&all[2..3], &ask(), &health, 1);
    assert_eq!(
        (&decision.order[..], decision.reason),
        (&[][..], Reason::NobodyLeft)
    );
    assert!(decision.again_at.is_some_and(|again| again > NOW));
}

#[test]
fn what_failed_gets_one_real_request_when_its_time_has_come() {
    let mut health = Health::new(1);
    failed(&mut health, "down", FailureCategory::Server, 4);
    answered(&mut health, "fine", 300, 4);
    let later = NOW.after(Duration::from_secs(10));
    let all = ["fine", "down"].map(|provider| contender(provider, None));
    let decide_at =
        |health: &Health, strategy| decide(&all, &ask(), &choosing(strategy), health, 1, later);
    let decision = decide_at(&health, Strategy::Adaptive);
    assert_eq!(
        (&decision.order[..], decision.reason),
        (&[1, 0][..], Reason::Trial)
    );
    // The config wants the other one first, whatever comes of a trial.
    let decision = decide_at(&health, Strategy::Priority);
    assert_eq!(
        (&decision.order[..], decision.reason),
        (&[0, 1][..], Reason::Order)
    );
    let ticket = health.begin(&all[1].via, &ask().shape(0), 100, later);
    let decision = decide_at(&health, Strategy::Adaptive);
    assert_eq!(decision.order[0], 0, "one trial at a time");
    health.end(&ticket, Ended::Cancelled, later);
}

#[test]
fn of_many_two_are_drawn_by_weight_and_the_warm_one_is_looked_at() {
    let (cheap, dear) = (price("1", "0.1"), price("5", "5"));
    let names: Vec<String> = (0..8).map(|n| format!("p{n}")).collect();
    let mut all: Vec<Contender<'_>> = names
        .iter()
        .map(|name| contender(name, Some(&dear)))
        .collect();
    all[6].price = Some(&cheap);
    let mut wins = 0;
    for seed in 0..1_000 {
        let decision = adaptive(&all, &ask(), &Health::new(1), seed);
        let scored = decision
            .considered
            .iter()
            .filter(|one| one.terms.is_some())
            .count();
        assert_eq!((scored, decision.order.len()), (2, 8));
        wins += u32::from(decision.order[0] == 6);
    }
    // Drawn in a quarter of all pairs, and then always the better.
    assert!((200..300).contains(&wins), "{wins}");
    all[6].warm_tokens = 9_000;
    for seed in 0..100 {
        assert_eq!(adaptive(&all, &ask(), &Health::new(1), seed).order[0], 6);
    }
    // Nor does a draw among equals take a request from the cache that is warmer.
    let same = price("1", "1");
    let mut all = ["a", "b", "c"].map(|provider| contender(provider, Some(&same)));
    (all[1].warm_tokens, all[2].warm_tokens) = (100, 120);
    for seed in 0..100 {
        let decision = adaptive(&all, &ask(), &Health::new(1), seed);
        assert_eq!((decision.order[0], decision.reason), (2, Reason::Warm));
    }
}

#[test]
fn a_prompt_goes_where_it_fits_and_to_the_largest_where_it_does_not() {
    let small = Contender {
        window: Some(8_000),
        ..contender("small", None)
    };
    let large = Contender {
        window: Some(200_000),
        ..contender("large", None)
    };
    let tight = Contender {
        window: Some(10_400),
        ..contender("tight", None)
    };
    let health = Health::new(1);
    let decision = adaptive(&[small, tight, large], &ask(), &health, 1);
    assert_eq!(decision.order, [2]);
    assert_eq!(
        decision.considered[0].fate,
        Fate::TooSmall { window: 8_000 }
    );
    let decision = adaptive(&[small, tight], &ask(), &health, 1);
    assert_eq!(decision.order, [1], "our count may be wrong");
}

#[test]
fn a_conversation_stays_until_a_named_reason_moves_it() {
    let (here, there) = (price("3", "0.3"), price("3", "0.3"));
    let (cheap, cheaper) = (price("2.9", "0.29"), price("0.5", "0.05"));
    let pinned = |other: &'static str| {
        let mut all = [
            contender("here", Some(&here)),
            contender(other, Some(&there)),
        ];
        all[0].warm_tokens = 9_000;
        all
    };
    let ask = Ask {
        pin: Some(Pin {
            place: 0,
            turns_to_come: 5,
            bound: false,
        }),
        ..ask()
    };
    let kept = |all: &[Contender<'_>], health: &Health| {
        let decision = adaptive(all, &ask, health, 1);
        (decision.order[0], decision.kept.map(|kept| kept.stay))
    };
    let mut health = Health::new(1);
    let mut all = pinned("there");
    assert_eq!(kept(&all, &health), (0, Some(Stay::Warm)));
    let decision = adaptive(&all, &ask, &health, 1);
    assert_eq!(decision.reason, Reason::Stayed);
    // 9,000 tokens at $3 instead of $0.30 a million.
    assert_eq!(
        decision.kept.expect("kept").switch_costs,
        NanoUsd(24_300_000)
    );

    all[1].price = Some(&cheap);
    assert_eq!(
        kept(&all, &health),
        (0, Some(Stay::Warm)),
        "3 % are no reason"
    );
    all[1].price = Some(&cheaper);
    assert_eq!(kept(&all, &health), (1, Some(Stay::Cheaper)));

    let all = pinned("fast");
    answered(&mut health, "here", 9_000, 40);
    answered(&mut health, "fast", 200, 40);
    assert_eq!(kept(&all, &health), (1, Some(Stay::Slow)));

    let mut health = Health::new(1);
    answered(&mut health, "here", 100, 5);
    let tickets: Vec<_> = (0..70)
        .map(|_| health.begin(&all[0].via, &ask.shape(0), 500, NOW))
        .collect();
    assert_eq!(kept(&all, &health), (1, Some(Stay::Crowded)));
    for ticket in &tickets {
        health.end(ticket, Ended::Cancelled, NOW);
    }

    failed(&mut health, "here", FailureCategory::RateLimit, 1);
    assert_eq!(kept(&all, &health), (1, None), "it is shut");
}

#[test]
fn a_conversation_that_is_bound_goes_nowhere_else() {
    let all = ["here", "there"].map(|provider| contender(provider, None));
    let ask = Ask {
        pin: Some(Pin {
            place: 0,
            turns_to_come: 0,
            bound: true,
        }),
        ..ask()
    };
    let mut health = Health::new(1);
    failed(&mut health, "here", FailureCategory::Server, 9);
    let decision = adaptive(&all, &ask, &health, 1);
    assert_eq!(
        (&decision.order[..], decision.reason),
        (&[0][..], Reason::Bound)
    );
    assert_eq!(decision.considered[1].fate, Fate::Unbound);
    let mut health = Health::new(1);
    failed(&mut health, "here", FailureCategory::RateLimit, 1);
    let decision = adaptive(&all, &ask, &health, 1);
    assert_eq!(
        (&decision.order[..], decision.reason),
        (&[][..], Reason::NobodyLeft)
    );
    assert!(decision.again_at.is_some());
}

#[test]
fn a_busy_machine_sends_work_away_and_no_network_keeps_it() {
    let mut local = contender("ollama", None);
    local.via.local = true;
    let paid = price("1", "1");
    let all = [local, contender("hosted", Some(&paid))];
    let mut health = Health::new(1);
    assert_eq!(adaptive(&all, &ask(), &health, 1).order[0], 0);
    health.machine(
        Machine {
            cpu: 1.0,
            memory: 1.0,
            ..Machine::default()
        },
        NOW,
    );
    let decision = adaptive(&all, &ask(), &health, 1);
    assert!(decision.considered[0].terms.expect("scored").machine == 2.0);
    health.machine(
        Machine {
            cpu: 1.0,
            memory: 1.0,
            online: false,
            ..Machine::default()
        },
        NOW,
    );
    let decision = adaptive(&all, &ask(), &health, 1);
    assert_eq!(decision.order, [0, 1]);
    assert!(matches!(
        decision.considered[1].fate,
        Fate::Barred {
            bar: Bar::Offline,
            ..
        }
    ));
}

#[test]
fn one_in_fifty_explores_and_never_a_conversation() {
    let (cheap, dear) = (price("1", "1"), price("4", "4"));
    let all = [
        contender("cheap", Some(&cheap)),
        contender("dear", Some(&dear)),
    ];
    let explored = |ask: &Ask| {
        let seeds = 0..5_000;
        let explores = |seed| {
            let decision = decide(&all, ask, &Choosing::default(), &Health::new(1), seed, NOW);
            decision.reason == Reason::Explored && decision.order[0] == 1
        };
        seeds.filter(|seed| explores(*seed)).count()
    };
    assert!((70..130).contains(&explored(&ask())));
    let pin = Some(Pin {
        place: 0,
        turns_to_come: 1,
        bound: false,
    });
    assert_eq!(explored(&Ask { pin, ..ask() }), 0);
}

#[test]
fn a_flapping_provider_is_out_of_rotation() {
    // Up and down by halves for ten minutes, beside one that is up and dearer.
    let (cheap, dear) = (price("1", "1"), price("3", "3"));
    let all = [
        contender("flaps", Some(&cheap)),
        contender("steady", Some(&dear)),
    ];
    let mut health = Health::new(1);
    let mut first = 0;
    for second in 0..600_u64 {
        let now = Moment::from_ms(second * 1_000);
        health.refresh(now);
        let decision = decide(&all, &ask(), &Choosing::default(), &health, second, now);
        let place = decision.order[0];
        first += u32::from(place == 0);
        let ticket = health.begin(&all[place].via, &ask().shape(0), 100, now);
        let failure = Failure {
            category: FailureCategory::Server,
            status: Some(500),
            code: None,
            message: String::new(),
            retry_after_ms: None,
        };
        let took = Took {
            ttft: Duration::from_millis(300),
            rest: Duration::from_secs(2),
            out: 100,
        };
        let fine = Ended::Answered {
            took,
            usage: &Usage::default(),
            teaches: true,
        };
        let up = place == 1 || second % 2 == 0;
        health.end(
            &ticket,
            if up { fine } else { Ended::Failed(&failure) },
            now,
        );
    }
    assert!(first < 120, "{first} of 600 went to the one that flaps");
}
