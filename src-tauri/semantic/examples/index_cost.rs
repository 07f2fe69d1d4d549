//! What the semantic tier costs: time to look, to keep, to make a vector of words, and memory.
//!
//!   cargo run --release -p semantic --example index_cost [DIMENSIONS]

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for whoever measures"
)]

use std::hint::black_box;
use std::time::Instant;

use cache::{Scope, fingerprint};
use dialect::{Endpoint, read_request};
use semantic::{Embed as _, Keep, Lexical, Limits, Question, Rules, Tier, marks};

/// The allocator of the programs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ENTRIES: u64 = 100_000;
const MIB: u64 = 1 << 20;
const TEXT: &str = "Hello, could you please tell me where my order 4711 with the blue shirt is?";

/// What this process takes of the machine's memory, in bytes; 0 where the system does not say.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1_024
}

/// Numbers that look drawn, the same in every run.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1 << 24) as f32 - 0.5
    }

    fn vector(&mut self, dimensions: usize) -> Vec<f32> {
        (0..dimensions).map(|_| self.next()).collect()
    }
}

/// The best and the middle of several rounds, in microseconds.
fn each(name: &str, rounds: u32, mut work: impl FnMut()) {
    let mut times: Vec<f64> = (0..21)
        .map(|_| {
            let begin = Instant::now();
            for _ in 0..rounds {
                work();
            }
            begin.elapsed().as_secs_f64() * 1e6 / f64::from(rounds)
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!(
        "{name}: {:.1} us at best, {:.1} us in the middle",
        times[0], times[10]
    );
}

fn question() -> Question {
    let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{TEXT} 0"}}]}}"#);
    let mut request = read_request(Endpoint::ChatCompletions, body.as_bytes(), None).unwrap();
    Question::of(&mut request, &SCOPE).unwrap()
}

const SCOPE: Scope<'static> = Scope {
    client: "c",
    policy: "1",
    targets: &[],
};

fn main() {
    let dimensions = std::env::args()
        .nth(1)
        .map_or(512, |arg| arg.parse().unwrap());
    let mut draw = Draw(88_172_645_463_325_252);
    let limits = Limits {
        bytes: 1 << 30,
        ..Limits::default()
    };
    let tier = Tier::new(dimensions, Rules::LEXICAL, limits).unwrap();
    let asked = question();
    let before = resident();
    let begin = Instant::now();
    for n in 0..ENTRIES {
        let vector = draw.vector(dimensions);
        tier.keep(&asked, &vector, &keep(n)).unwrap();
    }
    let (entries, bytes) = tier.size();
    println!(
        "{entries} questions of one context, {dimensions} numbers each: {} MiB by our account, {} MiB by the system's, {:.1} us each with its fingerprint",
        bytes as u64 / MIB,
        (resident() - before) / MIB,
        begin.elapsed().as_secs_f64() * 1e6 / ENTRIES as f64
    );

    let query = draw.vector(dimensions);
    each("a look among strangers", 3, || {
        black_box(tier.lookup(&asked, &query, 0).unwrap());
    });

    if dimensions == Lexical.dimensions() {
        // What people write: six words of a thousand.
        let tier = Tier::new(dimensions, Rules::LEXICAL, limits).unwrap();
        let mut words = |_| format!("word{}", (draw.next().abs() * 2_000.0) as u32);
        for n in 0..ENTRIES {
            let text = (0..6).map(&mut words).collect::<Vec<_>>().join(" ");
            tier.keep(&asked, &Lexical.embed(&[&text]).unwrap()[0], &keep(n))
                .unwrap();
        }
        let text = (0..6).map(&mut words).collect::<Vec<_>>().join(" ");
        let query = Lexical.embed(&[&text]).unwrap().remove(0);
        each("a look among strangers, vectors of words", 3, || {
            black_box(tier.lookup(&asked, &query, 0).unwrap());
        });
    }

    // The worst there is: every row is nearer than the threshold and has the same numbers, negations
    // and so on; the last guard refuses each.
    let tier = Tier::new(dimensions, Rules::LEXICAL, limits).unwrap();
    let mut other = asked.clone();
    other.marks = marks(&format!("{TEXT} 0").replace("shirt", "skirt")).unwrap();
    for n in 0..ENTRIES {
        let noise = draw.vector(dimensions);
        let near: Vec<f32> = query.iter().zip(&noise).map(|(a, b)| a + b * 0.2).collect();
        tier.keep(&other, &near, &keep(n)).unwrap();
    }
    each("a look among twins that are all refused", 3, || {
        black_box(tier.lookup(&asked, &query, 0).unwrap());
    });
    each("a look in a context of its own", 1_000, || {
        let mut alone = asked.clone();
        alone.context = keep(1).fingerprint;
        black_box(tier.lookup(&alone, &query, 0).unwrap());
    });

    each("the marks of a question", 1_000, || {
        black_box(marks(TEXT).unwrap());
    });
    each("a vector of words", 1_000, || {
        black_box(Lexical.embed(&[TEXT]).unwrap());
    });
    let long = TEXT.repeat(6);
    each(
        &format!("a vector of words of {} bytes", long.len()),
        100,
        || {
            black_box(Lexical.embed(&[&long]).unwrap());
        },
    );
}

fn keep(n: u64) -> Keep<'static> {
    let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{n}"}}]}}"#);
    let request = read_request(Endpoint::ChatCompletions, body.as_bytes(), None).unwrap();
    Keep {
        fingerprint: fingerprint(&request, &SCOPE).unwrap(),
        route: "support",
        model: "m",
        now_ms: 0,
        expires_at_ms: 1_000,
    }
}
