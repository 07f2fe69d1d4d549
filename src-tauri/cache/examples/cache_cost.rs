//! What a kept answer costs: bytes in memory by the system's account, and time.
//!
//!   cargo run --release -p cache --example cache_cost

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for whoever measures"
)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use cache::{Cache, Entry, Fingerprint, Limits, Scope, SealKey, Store, Written, fingerprint};
use dialect::hub::{BlockKind, Event, Start};
use dialect::{Endpoint, StopReason, read_request};

/// The allocator of the programs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const MIB: u64 = 1 << 20;

#[derive(Default)]
struct Table(Mutex<HashMap<Fingerprint, Vec<u8>>>);

impl Store for Table {
    fn read(&self, key: &Fingerprint) -> Option<Vec<u8>> {
        self.0.lock().unwrap().get(key).cloned()
    }

    fn write(&self, key: &Fingerprint, value: Vec<u8>) -> bool {
        self.0.lock().unwrap().insert(*key, value);
        true
    }

    fn purge(&self) {
        self.0.lock().unwrap().clear();
    }
}

fn question(n: u64) -> Fingerprint {
    let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{n}"}}]}}"#);
    asked(body.as_bytes())
}

fn asked(body: &[u8]) -> Fingerprint {
    let request = read_request(Endpoint::ChatCompletions, body, None).unwrap();
    let scope = Scope {
        client: "c",
        policy: "1",
        targets: &["openai gpt".to_owned()],
    };
    fingerprint(&request, &scope).unwrap()
}

fn answer(length: usize) -> Arc<Entry> {
    let reply = [
        Event::Start(Start::default()),
        Event::Open {
            block: 0,
            candidate: 0,
            kind: BlockKind::Text,
        },
        Event::Delta {
            block: 0,
            text: "x".repeat(length / 2),
        },
        Event::Close { block: 0 },
        Event::Stop {
            candidate: 0,
            stop: StopReason::End,
            sequence: None,
        },
        Event::End,
    ];
    let mut entry = Entry::new((1, 300_001), ("openai", "gpt-5.4-mini"), &reply).unwrap();
    let body = vec![b'x'; length / 2];
    entry.written = Some(Written::new(Endpoint::ChatCompletions, false, false, body));
    Arc::new(entry)
}

/// What this process takes of the machine's memory, in bytes; 0 where the system does not say.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1_024
}

fn room(length: usize, limit: u64, entries: u64) {
    let before = resident();
    let limits = Limits {
        memory_bytes: limit,
        ..Limits::default()
    };
    let cache = Cache::new(limits);
    let begin = Instant::now();
    for n in 0..entries {
        cache.keep(&question(n), &answer(length), 1);
    }
    let took = begin.elapsed();
    let held = cache.held();
    println!(
        "{length} B: {} entries of {entries}, {} MiB of {} by our account, {} MiB by the system's, {:.1} us each",
        held.entries,
        held.bytes / MIB,
        limit / MIB,
        (resident() - before) / MIB,
        took.as_secs_f64() * 1e6 / entries as f64,
    );
}

fn each(name: &str, rounds: u32, mut work: impl FnMut()) {
    let mut best = f64::MAX;
    for _ in 0..20 {
        let begin = Instant::now();
        for _ in 0..rounds {
            work();
        }
        best = best.min(begin.elapsed().as_secs_f64() / f64::from(rounds));
    }
    println!("{name}: {:.2} us", best * 1e6);
}

fn main() {
    if let Some(length) = std::env::args().nth(1) {
        let number = |n: usize| std::env::args().nth(n).unwrap().parse::<u64>().unwrap();
        room(length.parse().unwrap(), number(2) * MIB, number(3));
        return;
    }
    let table = Arc::new(Table::default());
    let key = SealKey::random().unwrap();
    let limits = Limits {
        memory_bytes: 256 * MIB,
        ..Limits::default()
    };
    let cache = Cache::new(limits);
    cache.attach(Arc::clone(&table) as Arc<dyn Store>, key);
    for length in [1 << 10, 64 << 10, 10 << 20] {
        let (q, entry) = (question(length as u64), answer(length));
        let kib = length >> 10;
        each(&format!("keep {kib} KiB, sealed"), 3, || {
            cache.keep(&q, &entry, 1);
        });
        each(&format!("look {kib} KiB"), 1_000, || {
            assert!(cache.look(&q, 2).is_some());
        });
        each(&format!("fetch {kib} KiB, opened"), 3, || {
            assert!(cache.fetch(&q, 2).is_some());
        });
    }
    for kib in [1, 100, 1_000] {
        let text = "word ".repeat(kib * 1_024 / 5);
        let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{text}"}}]}}"#);
        let request = read_request(Endpoint::ChatCompletions, body.as_bytes(), None).unwrap();
        each(&format!("what a request of {kib} KiB asks for"), 10, || {
            std::hint::black_box(request.asked());
        });
        each(&format!("reading it and that, {kib} KiB"), 10, || {
            std::hint::black_box(asked(body.as_bytes()));
        });
    }
}
