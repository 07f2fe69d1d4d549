//! What is heard on the left, whether the gate opens on the right.

use proptest::prelude::*;

use super::*;

/// Attempts elsewhere, where it is time that is looked at.
const MANY: u64 = 1_000;

fn s(seconds: f64) -> Moment {
    Moment::from_s(seconds)
}

/// An attempt that began and ended now.
fn hear(breaker: &mut Breaker, class: Class, at_s: f64) {
    hear_wait(breaker, class, at_s, None);
}

fn hear_wait(breaker: &mut Breaker, class: Class, at_s: f64, wait_s: Option<u64>) {
    let heard = Heard {
        class,
        began: s(at_s),
        wait: wait_s.map(Duration::from_secs),
        begun: 0,
    };
    breaker.record(heard, 0.5, s(at_s));
}

fn with(answered: u32, errors: u32) -> Breaker {
    let mut breaker = Breaker::new(Layer::Target);
    for _ in 0..answered {
        hear(&mut breaker, Class::Answered, 100.0);
    }
    for _ in 0..errors {
        hear(&mut breaker, Class::Unavailable, 100.0);
    }
    breaker
}

#[test]
fn two_percent_degrade_and_five_fail() {
    for (answered, errors, state) in [
        (0, 0, State::Healthy),
        (0, 1, State::Healthy),
        (0, 2, State::Degraded),
        (0, 3, State::Failed),
        (1, 1, State::Healthy),
        (18, 2, State::Degraded),
        (99, 1, State::Healthy),
        (199, 2, State::Healthy),
        (98, 2, State::Degraded),
        (96, 4, State::Degraded),
        (95, 5, State::Failed),
        (970, 30, State::Degraded),
        (950, 50, State::Failed),
    ] {
        assert_eq!(
            with(answered, errors).state(),
            state,
            "{errors} of {}",
            answered + errors
        );
    }
}

#[test]
fn the_cause_is_said_in_figures() {
    let mut breaker = with(156, 0);
    for _ in 0..5 {
        hear(&mut breaker, Class::Unavailable, 100.0);
    }
    let cause = breaker.cause(s(100.0));
    assert_eq!(
        cause.to_string(),
        "Degraded: 3.1 % errors over 2 min, 5 × 503"
    );
    let mut route = Breaker::new(Layer::Route);
    hear_wait(&mut route, Class::RateLimit, 100.0, Some(30));
    assert_eq!(
        route.cause(s(101.0)).to_string(),
        "Healthy: out (429), 1 × 429"
    );
    assert_eq!(route.cause(s(131.0)).to_string(), "Healthy: 1 × 429");
    assert_eq!(
        Breaker::new(Layer::Key).cause(s(1.0)).to_string(),
        "Healthy"
    );
}

#[test]
fn errors_are_forgotten_and_health_returns() {
    let mut breaker = with(98, 2);
    breaker.refresh(s(110.0));
    assert_eq!(breaker.state(), State::Degraded);
    breaker.refresh(s(300.0));
    assert_eq!(breaker.state(), State::Healthy);
}

#[test]
fn what_failed_takes_one_trial_at_a_time_and_never_waits_ten_seconds() {
    let mut breaker = with(0, 3);
    let mut now_s = 100.0;
    for _ in 0..20 {
        let Gate::Shut {
            until,
            bar: Bar::Failed,
        } = breaker.gate(0, MANY, s(now_s))
        else {
            panic!("it is shut right after a failure");
        };
        assert!(until.seconds_since(s(now_s)) < 10.0);
        now_s = until.as_s();
        assert_eq!(breaker.gate(0, MANY, s(now_s)), Gate::Trial);
        breaker.claim(0, s(now_s));
        assert!(
            matches!(breaker.gate(1, MANY, s(now_s)), Gate::Shut { .. }),
            "one trial only"
        );
        now_s += 0.1;
        hear(&mut breaker, Class::Timeout, now_s);
    }
}

#[test]
fn a_trial_that_is_never_heard_of_again_blocks_nobody() {
    let mut breaker = with(0, 3);
    breaker.claim(0, s(102.0));
    assert!(matches!(breaker.gate(1, MANY, s(102.0)), Gate::Shut { .. }));
    assert_eq!(breaker.gate(1, MANY, s(112.0)), Gate::Trial);
}

#[test]
fn where_little_is_asked_a_trial_is_one_of_sixteen_in_the_end() {
    let mut breaker = with(0, 3);
    let mut trials = Vec::new();
    for begun in 0..200_u64 {
        // Five minutes between one request and the next.
        let now = s(1_000.0 + begun as f64 * 300.0);
        if breaker.gate(0, begun, now) == Gate::Trial {
            trials.push(begun);
            breaker.claim(begun, now);
            let heard = Heard {
                class: Class::Timeout,
                began: now,
                wait: None,
                begun,
            };
            breaker.record(heard, 0.5, now);
        }
    }
    assert_eq!(trials[..6], [1, 3, 7, 15, 31, 47]);
}

#[test]
fn recovery_opens_the_gate_by_doubling() {
    let mut breaker = with(0, 3);
    hear(&mut breaker, Class::Answered, 103.0);
    assert_eq!(breaker.state(), State::Recovering);
    assert_eq!(breaker.gate(1, MANY, s(103.0)), Gate::Open);
    assert!(matches!(breaker.gate(2, MANY, s(103.0)), Gate::Shut { .. }));
    hear(&mut breaker, Class::Answered, 104.0);
    assert_eq!(breaker.gate(3, MANY, s(104.0)), Gate::Open);
    for at_s in [105.0, 106.0, 107.0] {
        hear(&mut breaker, Class::Answered, at_s);
    }
    assert_eq!(breaker.state(), State::Healthy);
    assert_eq!(breaker.error_share(), 0.0, "the old errors are over");
}

#[test]
fn flapping_every_second_waits_longer_and_longer() {
    let mut breaker = with(0, 3);
    let mut trials = 0;
    let mut now_s = 100.0;
    // Up in even seconds, down in odd ones.
    while now_s < 400.0 {
        now_s += 0.1;
        if breaker.gate(0, MANY, s(now_s)) != (Gate::Open)
            && breaker.gate(0, MANY, s(now_s)) != Gate::Trial
        {
            continue;
        }
        breaker.claim(0, s(now_s));
        trials += 1;
        let up = (now_s as u64).is_multiple_of(2);
        hear(
            &mut breaker,
            if up { Class::Answered } else { Class::Server },
            now_s,
        );
    }
    assert!(trials < 600, "{trials} of 3,000 ticks");
}

#[test]
fn answers_to_old_questions_say_nothing_of_today() {
    let mut breaker = with(0, 3);
    let old = Heard {
        class: Class::Answered,
        began: s(50.0),
        wait: None,
        begun: 0,
    };
    breaker.record(old, 0.5, s(101.0));
    assert_eq!(breaker.state(), State::Failed);
    hear(&mut breaker, Class::Answered, 102.0);
    let old = Heard {
        class: Class::Timeout,
        ..old
    };
    breaker.record(old, 0.5, s(103.0));
    assert_eq!(breaker.state(), State::Recovering);
}

#[test]
fn a_rate_limit_holds_until_its_reset_and_is_no_error() {
    for (wait_s, until_s) in [
        (Some(30), 130.0),
        (Some(0), 100.0),
        (Some(9_999_999), 400.0),
    ] {
        let mut breaker = Breaker::new(Layer::Route);
        hear_wait(&mut breaker, Class::RateLimit, 100.0, wait_s);
        assert_eq!(breaker.state(), State::Healthy);
        assert_eq!(breaker.error_share(), 0.0);
        if until_s > 100.0 {
            let gate = Gate::Shut {
                until: s(until_s),
                bar: Bar::Held(Class::RateLimit),
            };
            assert_eq!(breaker.gate(0, MANY, s(100.0)), gate);
        }
        assert_eq!(breaker.gate(0, MANY, s(until_s)), Gate::Open);
    }
}

#[test]
fn a_rate_limit_without_a_reset_is_backed_off_from_up_to_a_minute() {
    let mut breaker = Breaker::new(Layer::Route);
    let mut now_s = 100.0;
    let mut last = 0.0;
    for _ in 0..12 {
        hear(&mut breaker, Class::RateLimit, now_s);
        let Gate::Shut { until, .. } = breaker.gate(0, MANY, s(now_s)) else {
            panic!("it is shut");
        };
        let wait = until.seconds_since(s(now_s));
        assert!(wait >= last * 0.99 && wait <= 69.0, "{wait} after {last}");
        last = wait;
        now_s = until.as_s();
        assert_eq!(breaker.gate(0, MANY, s(now_s)), Gate::Trial);
    }
    assert!(last > 50.0);
    hear(&mut breaker, Class::Answered, now_s);
    assert_eq!(breaker.gate(0, MANY, s(now_s)), Gate::Open);
}

#[test]
fn a_refused_key_is_out_until_somebody_acts() {
    let mut breaker = Breaker::new(Layer::Key);
    hear(&mut breaker, Class::Auth, 100.0);
    assert!(matches!(
        breaker.gate(0, MANY, s(500.0)),
        Gate::Shut {
            bar: Bar::Held(Class::Auth),
            ..
        }
    ));
    breaker.wake(s(500.0));
    assert!(matches!(
        breaker.gate(0, MANY, s(500.0)),
        Gate::Shut {
            bar: Bar::Held(Class::Auth),
            ..
        }
    ));
    breaker.reset();
    assert_eq!(breaker.gate(0, MANY, s(500.0)), Gate::Open);
}

#[test]
fn waking_up_gives_one_trial_at_once() {
    let mut breaker = with(0, 3);
    for at_s in [105.0, 110.0, 120.0] {
        hear(&mut breaker, Class::Server, at_s);
    }
    breaker.wake(s(121.0));
    assert_eq!(breaker.gate(0, MANY, s(121.0)), Gate::Trial);
    breaker.claim(0, s(121.0));
    assert!(matches!(breaker.gate(0, MANY, s(121.0)), Gate::Shut { .. }));
}

#[test]
fn a_breaker_is_moved_by_what_is_blamed_on_its_layer_alone() {
    let failing = |layer, class| {
        let mut breaker = Breaker::new(layer);
        for n in 0..50 {
            hear(&mut breaker, class, f64::from(n));
        }
        (
            breaker.state(),
            breaker.gate(0, MANY, s(49.0)) == Gate::Open,
        )
    };
    let calm = (State::Healthy, true);
    for layer in [Layer::Key, Layer::Target, Layer::Route] {
        assert_eq!(failing(layer, Class::Request), calm);
        assert_eq!(failing(layer, Class::Answered), calm);
    }
    assert_eq!(failing(Layer::Key, Class::Server), calm);
    assert_eq!(
        failing(Layer::Target, Class::Server),
        (State::Failed, false)
    );
    assert_eq!(failing(Layer::Target, Class::RateLimit), calm);
    assert_eq!(
        failing(Layer::Route, Class::RateLimit),
        (State::Healthy, false)
    );
    assert_eq!(
        failing(Layer::Key, Class::Connection),
        (State::Failed, false)
    );
}

proptest! {
    /// Whatever comes in whatever order, on whatever clock: a gate that is shut
    /// names an end within bounds, and is not shut at that end.
    #[test]
    fn a_shut_gate_always_opens(
        layer in prop::sample::select(vec![Layer::Key, Layer::Target, Layer::Route]),
        heard in prop::collection::vec((0usize..14, 0u64..1_000, prop::option::of(0u64..u64::MAX)), 1..60),
    ) {
        let mut breaker = Breaker::new(layer);
        for (class, at_s, wait_ms) in heard {
            let now = Moment::from_ms(at_s * 1000);
            let heard = Heard {
                class: Class::ALL[class],
                began: now,
                wait: wait_ms.map(Duration::from_millis),
                begun: 0,
            };
            breaker.record(heard, 0.3, now);
            if let Gate::Shut { until, .. } = breaker.gate(0, MANY, now) {
                prop_assert!(until > now);
                prop_assert!(until.as_s() <= 1_000.0 + 86_400.0);
                let next = breaker.gate(0, MANY, until);
                if let Gate::Shut { until: second, .. } = next {
                    prop_assert!(second > until);
                }
            }
        }
    }
}
