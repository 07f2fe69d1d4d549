//! What a receipt costs: CPU and waiting, in a crowd and alone. Linux only.
//!
//!     cargo run --release -p host --example ledger_cost [FOLDER]
#![expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::path::PathBuf;
use std::time::Instant;

use dialect::{Endpoint, StopReason, Usage};
use engine::{AttemptRecord, Basis, Ending, Ledger, Receipt, ReceiptId, Recorded};
use host::{Retention, SqliteLedger};
use routing::NanoUsd;

const RECEIPTS: u64 = 100_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args()
        .nth(1)
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = folder.join(format!("ledger-cost-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let ledger = SqliteLedger::open(&folder.join("ledger.sqlite3"), Retention::default())?;
    let base = ReceiptId::at(1_790_000_000_000).0;
    let mut next = base;
    let mut made = || {
        next += 1;
        receipt(ReceiptId(next))
    };

    let cpu = cpu_ms()?;
    let kept: Vec<_> = (0..RECEIPTS).map(|_| made()).collect();
    let making = cpu_ms()? - cpu;
    println!("making one: {:.2} µs CPU", per_receipt(making, RECEIPTS));
    drop(kept);

    for crowd in [1, 16, 256, 1024] {
        let count = if crowd == 1 { RECEIPTS / 10 } else { RECEIPTS };
        let cpu = cpu_ms()?;
        let begun = Instant::now();
        let mut waits = Vec::new();
        for _ in 0..count / crowd {
            let asked = Instant::now();
            let answers: Vec<Recorded> = (0..crowd).map(|_| ledger.record(made())).collect();
            for answer in answers {
                answer.blocking_recv()??;
            }
            waits.push(asked.elapsed());
        }
        let wall = begun.elapsed();
        let cpu = cpu_ms()? - cpu - making * count as f64 / RECEIPTS as f64;
        waits.sort();
        println!(
            "{crowd:>5} at once: {:.2} µs CPU and {:.2} µs wall a receipt; the last of a crowd \
             waits {:?} (p99 {:?}, longest {:?})",
            per_receipt(cpu, count),
            wall.as_secs_f64() * 1e6 / count as f64,
            waits[waits.len() / 2],
            waits[waits.len() * 99 / 100],
            waits[waits.len() - 1],
        );
    }
    let size = std::fs::metadata(folder.join("ledger.sqlite3"))?.len();
    let rows = ledger.totals(0, None)?.requests;
    println!("{rows} receipts, {} bytes each", size / rows.max(1));
    let begun = Instant::now();
    ledger.totals(1_790_000_000_000, None)?;
    println!("summing all of them: {:?}", begun.elapsed());
    ledger.close();
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

fn per_receipt(ms: f64, count: u64) -> f64 {
    ms * 1e3 / count as f64
}

/// User and system time of this process, in ticks of 10 ms.
fn cpu_ms() -> Result<f64, Box<dyn std::error::Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let behind_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = behind_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Ok(ticks as f64 * 10.0)
}

fn receipt(id: ReceiptId) -> Box<Receipt> {
    Box::new(Receipt {
        id,
        started_unix_ms: id.unix_ms(),
        client: Some("editor".into()),
        endpoint: Some(Endpoint::ChatCompletions),
        requested_model: Some("fast".into()),
        streamed: true,
        alias: Some("fast".into()),
        attempts: vec![AttemptRecord {
            provider: "groq".into(),
            model: "llama-3.3-70b-versatile".into(),
            key: None,
            why: "listed in the alias".into(),
            started_us: 120,
            took_us: 900_000,
            status: Some(200),
            spoken: None,
            hinted: false,
            calls: 1,
            lost: None,
            failure: None,
        }],
        notes: Vec::new(),
        dropped: Vec::new(),
        choice: None,
        provider: Some("groq".into()),
        model: Some("llama-3.3-70b-versatile".into()),
        model_version: Some("llama-3.3-70b-versatile".into()),
        fingerprint: Some("fp_44709d6fcb".into()),
        upstream_id: Some("chatcmpl-2f5c1f0e-9d0b-4a53-9f3a-0b7e1d3c5a7b".into()),
        usage: Usage {
            input: 1_200,
            output: 340,
            ..Usage::default()
        },
        usage_basis: Basis::Metered,
        cost: NanoUsd(976_600),
        cost_basis: Basis::Metered,
        prompt_cache: None,
        price_version: Some("2026-11-22".into()),
        ttft_us: Some(180_000),
        total_us: 900_500,
        status: 200,
        ending: Ending::Complete,
        stop: Some(StopReason::End),
        cache: None,
        tools: None,
        fault: None,
        message: None,
        request_bytes: 5_000,
        reply_bytes: 22_000,
    })
}
