//! The store under full-speed overwrites beside threads that take the processor.
//!
//!   cargo run --release -p host --example soak -- --minutes 60 --folder /tmp/soak
//!
//! Prints each ten seconds, and at the end, what was kept, how long reads took, what lies on disk, and
//! whether anything hung or was wrong. Ends with 1 when a value was wrong.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for whoever measures"
)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cache::{Fingerprint, Scope, Store as _, fingerprint};
use dialect::{Endpoint, read_request};
use host::{DiskCache, DiskLimits};

/// Keys that are overwritten, and the bytes of a value.
const KEYS: usize = 500;
const VALUE: usize = 4_096;
/// Room on disk, in bytes.
const ROOM: u64 = 64 << 20;

struct Counts {
    writes: AtomicU64,
    reads: AtomicU64,
    found: AtomicU64,
    wrong: AtomicU64,
    worst_read_us: AtomicU64,
    worst_write_us: AtomicU64,
    over: AtomicBool,
}

fn main() -> ExitCode {
    let argument = |name: &str| {
        let mut all = std::env::args().skip_while(move |one| one != name);
        all.nth(1)
    };
    let minutes: f64 = argument("--minutes").map_or(10.0, |text| text.parse().unwrap());
    let hogs: usize = argument("--hogs").map_or(2, |text| text.parse().unwrap());
    let folder = argument("--folder").map_or_else(
        || std::env::temp_dir().join(format!("signalbox-soak-{}", std::process::id())),
        PathBuf::from,
    );
    let limits = DiskLimits {
        bytes: ROOM,
        ..DiskLimits::default()
    };
    let store = Arc::new(DiskCache::open(&folder, "soak", limits).unwrap());
    let counts = Arc::new(Counts {
        writes: AtomicU64::new(0),
        reads: AtomicU64::new(0),
        found: AtomicU64::new(0),
        wrong: AtomicU64::new(0),
        worst_read_us: AtomicU64::new(0),
        worst_write_us: AtomicU64::new(0),
        over: AtomicBool::new(false),
    });
    let keys: Arc<Vec<Fingerprint>> = Arc::new((0..KEYS).map(key).collect());
    let mut threads = Vec::new();
    for _ in 0..hogs {
        let counts = Arc::clone(&counts);
        threads.push(std::thread::spawn(move || hog(&counts)));
    }
    let (a, b, c) = (Arc::clone(&store), Arc::clone(&counts), Arc::clone(&keys));
    threads.push(std::thread::spawn(move || overwrite(&a, &b, &c)));
    let (a, b, c) = (Arc::clone(&store), Arc::clone(&counts), Arc::clone(&keys));
    threads.push(std::thread::spawn(move || read(&a, &b, &c)));

    let begin = Instant::now();
    let (mut most_disk, mut most_memory, mut worst) = (0, 0, 0);
    while begin.elapsed().as_secs_f64() < minutes * 60.0 {
        std::thread::sleep(Duration::from_secs(10));
        let disk = bytes_in(&folder);
        let memory = resident();
        (most_disk, most_memory) = (most_disk.max(disk), most_memory.max(memory));
        let read_ms = counts.worst_read_us.swap(0, Ordering::Relaxed) / 1_000;
        worst = worst.max(read_ms);
        println!(
            "{:>5.0} s  handed in {}  read {} found {}  worst read {read_ms} ms, write {} us  wrong {}  disk {} MiB  memory {} MiB  {:?}",
            begin.elapsed().as_secs_f64(),
            counts.writes.load(Ordering::Relaxed),
            counts.reads.load(Ordering::Relaxed),
            counts.found.load(Ordering::Relaxed),
            counts.worst_write_us.swap(0, Ordering::Relaxed),
            counts.wrong.load(Ordering::Relaxed),
            disk >> 20,
            memory >> 20,
            store.health(),
        );
    }
    counts.over.store(true, Ordering::Relaxed);
    for thread in threads {
        let _ = thread.join();
    }
    let wrong = counts.wrong.load(Ordering::Relaxed);
    println!(
        "over: disk {} MiB at most of {}, memory {} MiB, worst read {worst} ms, {wrong} wrong, {:?}",
        most_disk >> 20,
        ROOM >> 20,
        most_memory >> 20,
        store.health()
    );
    match wrong {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn key(n: usize) -> Fingerprint {
    let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{n}"}}]}}"#);
    let request = read_request(Endpoint::ChatCompletions, body.as_bytes(), None).unwrap();
    let scope = Scope {
        client: "soak",
        policy: "1",
        targets: &[],
    };
    fingerprint(&request, &scope).unwrap()
}

fn hog(counts: &Counts) {
    let mut number = 1_u64;
    while !counts.over.load(Ordering::Relaxed) {
        for _ in 0..10_000 {
            number = std::hint::black_box(number.wrapping_mul(6_364_136_223_846_793_005) + 1);
        }
    }
}

fn overwrite(store: &DiskCache, counts: &Counts, keys: &[Fingerprint]) {
    let mut state = 88_172_645_463_325_252_u64;
    while !counts.over.load(Ordering::Relaxed) {
        let n = counts.writes.fetch_add(1, Ordering::Relaxed) as usize % keys.len();
        let mut value = Vec::with_capacity(VALUE);
        value.extend_from_slice(&(n as u64).to_le_bytes());
        while value.len() < VALUE {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            value.extend_from_slice(&state.to_le_bytes());
        }
        let begin = Instant::now();
        store.write(&keys[n], value);
        let took = begin.elapsed().as_micros() as u64;
        counts.worst_write_us.fetch_max(took, Ordering::Relaxed);
    }
}

fn read(store: &DiskCache, counts: &Counts, keys: &[Fingerprint]) {
    while !counts.over.load(Ordering::Relaxed) {
        let n = counts.reads.fetch_add(1, Ordering::Relaxed) as usize * 7 % keys.len();
        let begin = Instant::now();
        let value = store.read(&keys[n]);
        let took = begin.elapsed().as_micros() as u64;
        counts.worst_read_us.fetch_max(took, Ordering::Relaxed);
        if let Some(value) = value {
            counts.found.fetch_add(1, Ordering::Relaxed);
            if value.len() != VALUE || value[..8] != (n as u64).to_le_bytes() {
                counts.wrong.fetch_add(1, Ordering::Relaxed);
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn bytes_in(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(about) if about.is_dir() => bytes_in(&entry.path()),
        Ok(about) => about.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

/// What this process takes of the machine's memory, in bytes; 0 where the system does not say.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1_024
}
