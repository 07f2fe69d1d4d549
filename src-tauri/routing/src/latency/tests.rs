//! Targets with a known law of latency, and what is made of them.

use super::*;
use crate::chance::Chance;

/// TTFT = (200 ms + 100 ms for each 1,000 uncached tokens + 4 ms cached) × slow × noise.
struct Target {
    latency: Latency,
    chance: Chance,
    now: Moment,
}

impl Target {
    fn new(seed: u64) -> Target {
        Target {
            latency: Latency::default(),
            chance: Chance::seeded(seed),
            now: Moment::from_ms(1_000),
        }
    }

    /// One answered request; returns its z.
    fn ask(&mut self, pool: &mut Pool, uncached: u64, cached: u64, slow: f64) -> f64 {
        let noise = (0.1 * self.chance.normal()).exp();
        let base = 200.0 + 0.1 * uncached as f64 + 0.004 * cached as f64;
        let shape = Shape {
            uncached_in: uncached,
            cached_in: cached,
            ..Shape::default()
        };
        let took = Took {
            ttft: Duration::from_secs_f64(base * slow * noise / 1000.0),
            rest: Duration::from_secs_f64(100.0 * 0.015 * slow * noise),
            out: 101,
        };
        self.now = self.now.after(Duration::from_secs(1));
        self.latency.learn(pool, &shape, took, self.now)
    }

    fn odd(&self) -> f64 {
        self.latency.oddness(self.now)
    }
}

#[test]
fn long_prompts_after_short_ones_are_not_odd() {
    let mut pool = Pool::default();
    let mut target = Target::new(1);
    for _ in 0..100 {
        target.ask(&mut pool, 200, 0, 1.0);
    }
    for _ in 0..30 {
        target.ask(&mut pool, 8_000, 0, 1.0);
        assert_eq!(penalty(target.odd(), 0.0), 0.0, "{}", target.odd());
        assert!(target.odd() < 1.0, "{}", target.odd());
    }
}

#[test]
fn a_target_that_becomes_three_times_slower_is_odd_within_ten_requests() {
    let mut pool = Pool::default();
    let mut target = Target::new(2);
    for n in 0..100 {
        target.ask(&mut pool, 200 + n % 5 * 1_000, 0, 1.0);
    }
    assert!(target.odd() < 1.0);
    let z = target.ask(&mut pool, 1_200, 0, 3.0);
    assert!(z >= ODD, "the single request is called odd: {z}");
    for n in 0..9 {
        target.ask(&mut pool, 200 + n % 5 * 1_000, 0, 3.0);
    }
    assert!(penalty(target.odd(), 0.0) > 0.25, "{}", target.odd());
}

#[test]
fn what_slows_everywhere_is_nobodys_fault() {
    let mut pool = Pool::default();
    let mut targets = [Target::new(3), Target::new(4), Target::new(5)];
    for _ in 0..100 {
        for target in &mut targets {
            target.ask(&mut pool, 1_000, 0, 1.0);
        }
    }
    for _ in 0..10 {
        for target in &mut targets {
            target.ask(&mut pool, 1_000, 0, 3.0);
        }
    }
    for target in &targets {
        assert!(target.odd() > 2.5, "it is seen: {}", target.odd());
        let mut peers: Vec<f64> = targets.iter().map(Target::odd).collect();
        peers.sort_unstable_by(f64::total_cmp);
        assert_eq!(penalty(target.odd(), peers[1]), 0.0);
    }
}

#[test]
fn a_cache_that_stops_hitting_explains_the_time_it_costs() {
    let mut pool = Pool::default();
    let mut target = Target::new(6);
    for n in 0..300_u64 {
        let cached = if n % 10 < 3 { 6_000 } else { 0 };
        target.ask(&mut pool, 8_000 - cached, cached, 1.0);
    }
    for _ in 0..50 {
        target.ask(&mut pool, 8_000, 0, 1.0);
        assert!(target.odd() < 1.0, "{}", target.odd());
    }
}

#[test]
fn a_lasting_slowness_becomes_the_expectation() {
    let mut pool = Pool::default();
    let mut target = Target::new(7);
    for _ in 0..200 {
        target.ask(&mut pool, 1_000, 0, 1.0);
    }
    for _ in 0..1_500 {
        target.ask(&mut pool, 1_000, 0, 3.0);
    }
    let shape = Shape {
        uncached_in: 1_000,
        ..Shape::default()
    };
    let expected = target.latency.expected(&pool, &shape);
    assert!((700.0..1_100.0).contains(&expected.ttft_ms), "{expected:?}");
    assert!(target.odd() < 1.0, "{}", target.odd());
    assert!((35.0..55.0).contains(&expected.token_ms), "{expected:?}");
    assert!(expected.tail_ms > expected.ttft_ms && expected.overdue_ms > expected.ttft_ms);
}

#[test]
fn a_new_target_is_expected_to_be_like_the_others_of_its_model() {
    let mut pool = Pool::default();
    let mut old = Target::new(8);
    for n in 0..100 {
        old.ask(&mut pool, 200 + n % 5 * 1_000, 0, 1.0);
    }
    let shape = Shape {
        uncached_in: 2_200,
        ..Shape::default()
    };
    let fresh = Latency::default().expected(&pool, &shape);
    assert!((330.0..530.0).contains(&fresh.ttft_ms), "{fresh:?}");
    let unknown = Latency::default().expected(&Pool::default(), &shape);
    assert_eq!(unknown.ttft_ms.round(), UNKNOWN_TTFT_MS);
    assert_eq!(unknown.total_ms(50).round(), 2_000.0);
}

#[test]
fn nobody_is_judged_before_the_model_is_known() {
    let mut pool = Pool::default();
    let mut target = Target::new(9);
    for n in 0..25 {
        target.ask(&mut pool, 500, 0, if n < 15 { 1.0 } else { 10.0 });
    }
    target.latency.overdue(&pool, target.now);
    assert_eq!(target.odd(), 0.0);
}

#[test]
fn requests_that_hang_count_before_they_end() {
    let mut pool = Pool::default();
    let mut target = Target::new(10);
    for _ in 0..100 {
        target.ask(&mut pool, 500, 0, 1.0);
    }
    // The good answers are a while ago.
    target.now = target.now.after(Duration::from_secs(600));
    for _ in 0..20 {
        target.latency.overdue(&pool, target.now);
    }
    assert!(penalty(target.odd(), 0.0) > 0.1, "{}", target.odd());
}

#[test]
fn the_penalty_runs_from_two_to_six() {
    for (odd, peers, due) in [
        (1.0, 0.0, 0.0),
        (2.0, 0.0, 0.0),
        (4.0, 0.0, 0.5),
        (6.0, 0.0, 1.0),
        (6.0, 3.0, 0.25),
        (6.0, 6.0, 0.0),
        (4.0, -3.0, 0.5),
        (f64::NAN, 0.0, 0.0),
    ] {
        assert_eq!(penalty(odd, peers), due, "{odd} against {peers}");
    }
}

#[test]
fn spans_without_sense_are_survived() {
    let mut pool = Pool::default();
    let mut target = Latency::default();
    for (ttft, rest, out) in [
        (Duration::ZERO, Duration::ZERO, 0),
        (Duration::MAX, Duration::MAX, u64::MAX),
        (Duration::ZERO, Duration::MAX, 1_000),
    ] {
        let shape = Shape {
            uncached_in: u64::MAX,
            cached_in: u64::MAX,
            images: u32::MAX,
            effort: 255,
            tokens_in_flight: u64::MAX,
            tool_turn: true,
        };
        let z = target.learn(&mut pool, &shape, Took { ttft, rest, out }, Moment(0));
        assert!(z.is_finite());
        let expected = target.expected(&pool, &shape);
        assert!(expected.ttft_ms.is_finite() && expected.total_ms(9).is_finite());
    }
}
