//! Attempts on the left, what is made of them on the right.

use dialect::FailureCategory;

use super::network::median_without;
use super::*;
use crate::breaker::State;

fn s(seconds: f64) -> Moment {
    Moment::from_s(seconds)
}

fn via<'a>(provider: &'a str, model: &'a str) -> Via<'a> {
    Via {
        provider,
        model,
        key: "main",
        local: false,
    }
}

fn failure(category: FailureCategory, status: Option<u16>) -> Failure {
    Failure {
        category,
        status,
        code: None,
        message: "it failed".to_owned(),
        retry_after_ms: None,
    }
}

fn answer(health: &mut Health, via: &Via<'_>, at: Moment, ttft_ms: u64) {
    let shape = Shape {
        uncached_in: 1_000,
        ..Shape::default()
    };
    let ticket = health.begin(via, &shape, 100, at);
    let ended = Ended::Answered {
        took: Took {
            ttft: Duration::from_millis(ttft_ms),
            rest: Duration::from_millis(2_000),
            out: 101,
        },
        usage: &Usage::default(),
        teaches: true,
    };
    health.end(&ticket, ended, at);
}

fn fail(health: &mut Health, via: &Via<'_>, at: Moment, category: FailureCategory) {
    let ticket = health.begin(via, &Shape::default(), 100, at);
    health.end(&ticket, Ended::Failed(&failure(category, None)), at);
}

fn gate(health: &Health, via: &Via<'_>, at: Moment) -> Gate {
    health.gate(via, 100, at)
}

#[test]
fn failures_shut_the_layer_they_are_blamed_on() {
    use FailureCategory as F;
    let (asked, sibling) = (via("acme", "anvil"), via("acme", "hammer"));
    let other_key = Via {
        key: "second",
        ..asked
    };
    for (category, shuts_asked, shuts_sibling, shuts_other_key) in [
        (F::Server, true, false, true),
        (F::Timeout, true, false, true),
        (F::BrokenStream, true, false, true),
        (F::BadReply, true, false, true),
        (F::Connection, true, true, false),
        (F::Auth, true, true, false),
        (F::Quota, true, true, false),
        (F::RateLimit, true, false, false),
        (F::NotFound, true, false, false),
        (F::BadRequest, false, false, false),
        (F::ContextOverflow, false, false, false),
    ] {
        let mut health = Health::new(1);
        for _ in 0..4 {
            fail(&mut health, &asked, s(100.0), category);
        }
        let shut = |via| matches!(gate(&health, via, s(100.0)), Gate::Shut { .. });
        assert_eq!(
            (shut(&asked), shut(&sibling), shut(&other_key)),
            (shuts_asked, shuts_sibling, shuts_other_key),
            "{category:?}"
        );
    }
}

#[test]
fn what_is_under_way_is_counted_and_given_back() {
    let mut health = Health::new(1);
    let one = via("acme", "anvil");
    let tickets: Vec<Ticket> = (0..3)
        .map(|_| health.begin(&one, &Shape::default(), 500, s(1.0)))
        .collect();
    let of = |health: &Health| {
        let condition = health.condition(&one, &Shape::default(), 0, s(1.0));
        (condition.in_flight, condition.tokens_in_flight)
    };
    assert_eq!(of(&health), (3, 1_500));
    for ticket in &tickets {
        health.end(ticket, Ended::Cancelled, s(2.0));
    }
    assert_eq!(of(&health), (0, 0));
    let condition = health.condition(&one, &Shape::default(), 0, s(2.0));
    assert_eq!((condition.uptime, condition.state), (100.0, State::Healthy));
}

#[test]
fn while_the_machine_is_offline_nobody_is_blamed() {
    let mut health = Health::new(1);
    let (hosted, local) = (
        via("acme", "anvil"),
        Via {
            local: true,
            ..via("ollama", "pebble")
        },
    );
    let before = health.begin(&hosted, &Shape::default(), 100, s(99.0));
    health.machine(
        Machine {
            online: false,
            ..Machine::default()
        },
        s(100.0),
    );
    for _ in 0..20 {
        fail(&mut health, &hosted, s(101.0), FailureCategory::Connection);
        fail(&mut health, &hosted, s(101.0), FailureCategory::Timeout);
    }
    let offline = Gate::Shut {
        until: s(102.0),
        bar: Bar::Offline,
    };
    assert_eq!(gate(&health, &hosted, s(101.0)), offline);
    assert_eq!(gate(&health, &local, s(101.0)), Gate::Open);
    health.machine(Machine::default(), s(110.0));
    assert_eq!(gate(&health, &hosted, s(110.0)), Gate::Open);
    // What was under way when the network went fails late, and is not judged either.
    let broken = failure(FailureCategory::BrokenStream, Some(200));
    health.end(&before, Ended::Failed(&broken), s(111.0));
    assert_eq!(
        health
            .condition(&hosted, &Shape::default(), 0, s(111.0))
            .uptime,
        100.0
    );
}

#[test]
fn what_had_failed_before_the_machine_slept_gets_one_trial_on_waking() {
    let mut health = Health::new(1);
    let hosted = via("acme", "anvil");
    for _ in 0..6 {
        fail(&mut health, &hosted, s(100.0), FailureCategory::Server);
    }
    assert!(matches!(
        gate(&health, &hosted, s(100.0)),
        Gate::Shut { .. }
    ));
    health.wake(s(100.1));
    assert_eq!(gate(&health, &hosted, s(100.1)), Gate::Trial);
    let ticket = health.begin(&hosted, &Shape::default(), 100, s(100.1));
    assert!(matches!(
        gate(&health, &hosted, s(100.1)),
        Gate::Shut { .. }
    ));
    health.end(&ticket, Ended::Cancelled, s(100.2));
}

#[test]
fn nobody_reached_anywhere_is_our_own_network() {
    let mut health = Health::new(1);
    let (one, two) = (via("acme", "anvil"), via("bolt", "anvil"));
    answer(&mut health, &one, s(10.0), 100);
    answer(&mut health, &two, s(10.0), 100);
    for at_s in [20.0, 21.0, 22.0, 23.0] {
        fail(&mut health, &one, s(at_s), FailureCategory::Connection);
        fail(&mut health, &two, s(at_s), FailureCategory::Connection);
    }
    assert_eq!(health.network(), Network::Unreachable);
    for at_s in [24.0, 25.0, 26.0] {
        fail(&mut health, &one, s(at_s), FailureCategory::Connection);
    }
    assert!(!matches!(gate(&health, &one, s(27.0)), Gate::Shut { .. }));
    answer(&mut health, &two, s(30.0), 100);
    assert_eq!(health.network(), Network::Fine);
}

#[test]
fn one_provider_unreached_while_another_answers_is_its_own_fault() {
    let mut health = Health::new(1);
    let (one, two) = (via("acme", "anvil"), via("bolt", "anvil"));
    for n in 0..5 {
        let at = s(20.0 + f64::from(n));
        fail(&mut health, &one, at, FailureCategory::Connection);
        answer(&mut health, &two, at, 100);
    }
    assert_eq!(health.network(), Network::Fine);
    assert!(matches!(gate(&health, &one, s(25.0)), Gate::Shut { .. }));
}

#[test]
fn everybody_slow_is_the_network_and_one_slow_is_itself() {
    let run = |slow: &[&str]| {
        let mut health = Health::new(1);
        let providers = ["acme", "bolt", "cask"];
        for n in 0..60_u64 {
            for provider in providers {
                let times = if n >= 50 && slow.contains(&provider) {
                    5
                } else {
                    1
                };
                let at = s(10.0 + n as f64);
                answer(
                    &mut health,
                    &via(provider, "anvil"),
                    at,
                    (300 + n % 7 * 20) * times,
                );
            }
            health.refresh(s(10.0 + n as f64));
        }
        let penalty = |provider| {
            let condition =
                health.condition(&via(provider, "anvil"), &Shape::default(), 0, s(69.0));
            condition.odd_penalty
        };
        (health.network(), providers.map(penalty))
    };
    let (network, penalties) = run(&["acme", "bolt", "cask"]);
    assert_eq!((network, penalties), (Network::Slow, [0.0; 3]));
    let (network, [acme, bolt, cask]) = run(&["acme"]);
    assert_eq!((network, bolt, cask), (Network::Fine, 0.0, 0.0));
    assert!(acme > 0.3, "{acme}");
}

#[test]
fn a_token_limit_that_is_used_up_shuts_the_route_until_its_reset() {
    let mut health = Health::new(1);
    let one = via("acme", "anvil");
    let ticket = health.begin(&one, &Shape::default(), 100, s(5.0));
    let tokens = Allowance {
        limit: Some(30_000),
        remaining: Some(0),
        reset: Some(Duration::from_secs(20)),
    };
    health.announced(
        &ticket,
        &Headroom {
            tokens,
            ..Headroom::default()
        },
        s(5.0),
    );
    assert!(matches!(gate(&health, &one, s(24.0)), Gate::Shut { .. }));
    assert_eq!(gate(&health, &one, s(26.0)), Gate::Open);
    let shown = health.shown(s(6.0));
    let route = shown
        .lines
        .iter()
        .find(|line| line.layer == Layer::Route)
        .expect("a route");
    assert_eq!(route.text(), "Healthy: out (429)");
    assert_eq!(route.key.as_deref(), Some("main"));
    health.end(&ticket, Ended::Cancelled, s(6.0));
}

#[test]
fn a_hundred_thousand_models_grow_nothing_and_the_good_one_stays() {
    let mut health = Health::new(1);
    answer(&mut health, &via("acme", "anvil"), s(1.0), 100);
    for n in 0..100_000_u32 {
        let model = format!("made-up-{n}");
        fail(
            &mut health,
            &via("acme", &model),
            s(2.0),
            FailureCategory::NotFound,
        );
    }
    assert!(health.shown(s(3.0)).lines.len() <= KEYS + 2 * TARGETS);
    assert!(health.targets.find("acme", "anvil").is_some());
}

#[test]
fn a_key_that_was_mended_is_used_again() {
    let mut health = Health::new(1);
    let one = via("acme", "anvil");
    fail(&mut health, &one, s(5.0), FailureCategory::Auth);
    let bar = Bar::Held(Class::Auth);
    assert!(matches!(gate(&health, &one, s(6.0)), Gate::Shut { bar: b, .. } if b == bar));
    health.key_changed("acme", "main");
    assert_eq!(gate(&health, &one, s(6.0)), Gate::Open);
}

#[test]
fn a_request_that_hangs_is_overdue_once() {
    let mut health = Health::new(1);
    let one = via("acme", "anvil");
    for n in 0..60 {
        answer(&mut health, &one, s(f64::from(n)), 200);
    }
    let mut ticket = health.begin(
        &one,
        &Shape {
            uncached_in: 1_000,
            ..Shape::default()
        },
        1_000,
        s(60.0),
    );
    assert!(!health.waiting(&mut ticket, s(60.2)));
    assert!(health.waiting(&mut ticket, s(70.0)));
    let odd = |health: &Health| {
        health
            .targets
            .find("acme", "anvil")
            .expect("it")
            .latency
            .oddness(s(70.0))
    };
    let once = odd(&health);
    assert!(health.waiting(&mut ticket, s(71.0)));
    assert_eq!(odd(&health), once);
    health.end(&ticket, Ended::Cancelled, s(72.0));
}

#[test]
fn an_answer_that_comes_in_one_piece_has_no_speed() {
    for (out, rest_us, expected) in [
        (101, 2_000_000, Some(50.0)),
        (101, 5, None),
        (101, 0, None),
        (1, 1_000, None),
        (0, 1_000, None),
    ] {
        let found = speed(out, Duration::from_micros(rest_us));
        assert_eq!(found, expected, "{out} in {rest_us} µs");
    }
}

#[test]
fn the_median_leaves_oneself_out() {
    for (sorted, value, median) in [
        (&[][..], 1.0, 0.0),
        (&[1.0], 1.0, 0.0),
        (&[1.0, 5.0], 5.0, 1.0),
        (&[1.0, 5.0], 1.0, 5.0),
        (&[1.0, 2.0, 5.0], 5.0, 1.0),
        (&[1.0, 2.0, 5.0], 1.0, 2.0),
        (&[1.0, 2.0, 5.0], 9.0, 2.0),
    ] {
        assert_eq!(
            median_without(sorted, value),
            median,
            "{sorted:?} without {value}"
        );
    }
}

#[test]
fn answers_in_one_piece_have_times_of_their_own() {
    let mut health = Health::new(1);
    let via = via("a", "m");
    let shape = Shape {
        uncached_in: 1_000,
        ..Shape::default()
    };
    let mut chance = Chance::seeded(7);
    for n in 0..40 {
        let ticket = health.begin(&via, &shape, 100, s(f64::from(n)));
        assert!(!ticket.known, "it says nothing of a first token");
        let took = Duration::from_secs_f64(3.0 * (0.4 * chance.normal()).exp());
        let usage = Usage::default();
        let ended = Ended::Whole {
            took,
            usage: &usage,
        };
        health.end(&ticket, ended, s(f64::from(n)));
        if n == 10 {
            let seen = health.condition(&via, &shape, 100, s(f64::from(n)));
            assert_eq!(seen.whole, None, "ten are too few");
        }
    }
    let seen = health.condition(&via, &shape, 100, s(41.0));
    let whole = seen.whole.expect("it has been seen often enough");
    assert!((2_300.0..4_000.0).contains(&whole.expected_ms), "{whole:?}");
    assert!((4_000.0..9_000.0).contains(&whole.tail_ms), "{whole:?}");
    assert!(!seen.known);
}
