use std::time::Duration;

use dialect::{Failure, FailureCategory, Usage};

use super::*;
use crate::health::{Allowance, Class, Ended, Via};
use crate::latency::{Shape, Took};

const ANVIL: Via<'static> = Via {
    provider: "acme",
    model: "anvil",
    key: "main",
    local: false,
};

fn s(seconds: f64) -> Moment {
    Moment::from_s(seconds)
}

fn answer(health: &mut Health, via: &Via<'_>, at: Moment) {
    let ticket = health.begin(via, &Shape::default(), 100, at);
    let ended = Ended::Answered {
        took: Took {
            ttft: Duration::from_millis(300),
            rest: Duration::from_millis(2_000),
            out: 101,
        },
        usage: &Usage::default(),
        teaches: true,
    };
    health.end(&ticket, ended, at);
}

fn fail(health: &mut Health, via: &Via<'_>, category: FailureCategory, status: u16, at: Moment) {
    let failure = Failure {
        category,
        status: Some(status),
        code: None,
        message: String::new(),
        retry_after_ms: None,
    };
    let ticket = health.begin(via, &Shape::default(), 100, at);
    health.end(&ticket, Ended::Failed(&failure), at);
}

fn of(health: &Health, layer: Layer, at: Moment) -> Line {
    let mut lines = health.shown(at).lines.into_iter();
    lines
        .find(|line| line.layer == layer)
        .expect("a line of the layer")
}

#[test]
fn every_class_of_error_is_counted_and_forgotten_after_two_minutes() {
    use FailureCategory as F;
    let mut health = Health::new(1);
    for _ in 0..60 {
        answer(&mut health, &ANVIL, s(100.0));
    }
    for (category, status) in [
        (F::BadRequest, 400),
        (F::BadRequest, 400),
        (F::Server, 500),
        (F::Overloaded, 503),
        (F::Overloaded, 503),
        (F::BadReply, 200),
    ] {
        fail(&mut health, &ANVIL, category, status, s(101.0));
    }
    let line = of(&health, Layer::Target, s(102.0));
    let counts = &line.cause.failures;
    for (class, count) in [
        (Class::Request, 2),
        (Class::Server, 1),
        (Class::Unavailable, 2),
        (Class::InsideOk, 1),
    ] {
        assert!(counts.contains(&(class, count)), "{class:?}: {counts:?}");
    }
    // What was the caller's fault is told and makes nobody ill.
    assert_eq!(line.cause.requests, 64);
    assert!(line.text().contains("2 × 503"), "{}", line.text());
    let later = of(&health, Layer::Target, s(230.0));
    assert_eq!(later.cause.failures, []);
}

#[test]
fn what_is_shut_says_until_when_and_why() {
    let mut health = Health::new(1);
    for _ in 0..6 {
        fail(&mut health, &ANVIL, FailureCategory::Server, 500, s(100.0));
    }
    let shut = of(&health, Layer::Target, s(100.1)).shut.expect("it");
    assert_eq!(shut.bar, Bar::Failed);
    assert!(shut.until > s(100.1));
    assert_eq!(of(&health, Layer::Key, s(100.1)).shut, None);
    fail(&mut health, &ANVIL, FailureCategory::Auth, 401, s(101.0));
    let shut = of(&health, Layer::Key, s(101.0)).shut.expect("it");
    assert_eq!(shut.bar, Bar::Held(Class::Auth));
}

#[test]
fn what_headers_said_is_shown_with_its_age() {
    let mut health = Health::new(1);
    let ticket = health.begin(&ANVIL, &Shape::default(), 10, s(7.0));
    let requests = Allowance {
        limit: Some(60),
        remaining: Some(12),
        reset: Some(Duration::from_secs(30)),
    };
    let headroom = Headroom {
        requests,
        ..Headroom::default()
    };
    health.announced(&ticket, &headroom, s(8.0));
    let route = of(&health, Layer::Route, s(9.0)).route.expect("figures");
    assert_eq!((route.headroom, route.announced), (headroom, s(8.0)));
    assert_eq!(route.requests_per_minute, Some(60.0));
    health.end(&ticket, Ended::Cancelled, s(9.0));
}

#[test]
fn however_many_models_there_are_the_worst_and_the_latest_are_shown() {
    let mut health = Health::new(1);
    for _ in 0..6 {
        fail(&mut health, &ANVIL, FailureCategory::Server, 500, s(1.0));
    }
    for n in 0..5_000_u32 {
        let model = format!("made-up-{n}");
        let via = Via {
            model: &model,
            ..ANVIL
        };
        answer(&mut health, &via, s(2.0 + f64::from(n) / 100.0));
    }
    answer(
        &mut health,
        &Via {
            model: "last",
            ..ANVIL
        },
        s(103.0),
    );
    // What never answered is the first to be pushed out: it fails again.
    for _ in 0..6 {
        fail(&mut health, &ANVIL, FailureCategory::Server, 500, s(104.0));
    }
    let shown = health.shown(s(104.0));
    let models: Vec<&str> = shown
        .lines
        .iter()
        .filter(|line| line.layer == Layer::Target)
        .filter_map(|line| line.model.as_deref())
        .collect();
    assert_eq!((models.len(), shown.lines.len()), (MOST, 1 + 2 * MOST));
    assert_eq!(shown.left_out, 1024 - MOST);
    for model in ["anvil", "last", "made-up-4999"] {
        assert!(models.contains(&model), "{model}");
    }
    assert!(models.is_sorted());
}
