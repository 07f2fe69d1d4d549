//! What kept answers spare: an hour of requests that repeat themselves, asked through the real binary.
//!
//!   cargo build --release -p server
//!   SIGNALBOX_BIN=target/release/signalbox cargo run --release -p stories --example repeats -- --seed 1
//!
//! The hour (`workload`) is played in two minutes, and the lives of answers and the provider's time are as much
//! shorter. Prints the table of docs/cache.md; asserts nothing but that each request was answered.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for whoever measures"
)]

mod provider;
mod workload;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stories::{Signalbox, eventually};
use tokio::task::JoinSet;

use provider::Provider;
use workload::{Due, SPAN_S, Tool, drawn};

/// How much faster than for those who ask the time passes.
const FASTER: f64 = 30.0;
/// The lives of answers by default, in seconds: in all, and in memory.
const LIFE_S: f64 = 300.0;
const IN_MEMORY_S: f64 = 60.0;
/// Asked of, with its price in the catalogue.
const MODEL: &str = "mistral/devstral-latest";

/// What became of one request.
struct Seen {
    tool: Tool,
    verdict: String,
    took: Duration,
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip_while(|one| one != "--seed");
    let seed = arguments.nth(1).map_or(1, |text| text.parse().unwrap());
    let all = drawn(seed);
    let provider = Provider::start().await;
    let config = format!(
        "[provider.mistral]\nopenai_base_url = \"http://{}/v1\"\nkey = \"env:FAKE_KEY\"\n\
         [cache]\nttl_s = {}\nmemory_s = {}\n",
        provider.address,
        LIFE_S / FASTER,
        IN_MEMORY_S / FASTER,
    );
    let signalbox = Signalbox::start(&config).await;
    let mut keys = Vec::new();
    for tool in Tool::ALL {
        keys.push(key(&signalbox, tool.client()).await);
    }
    println!(
        "seed {seed}: {} requests in {:.0} s",
        all.len(),
        SPAN_S / FASTER
    );

    let begin = Instant::now();
    let mut asked = JoinSet::new();
    for due in &all {
        let wait = due.at.div_f64(FASTER).saturating_sub(begin.elapsed());
        tokio::time::sleep(wait).await;
        let key = &keys[due.tool as usize];
        asked.spawn(ask(request(&signalbox, key, due), due.tool));
    }
    let seen = asked.join_all().await;
    signalbox.is_quiet().await;
    let page = signalbox.control("cache.page", &json!({})).await;
    report(&seen, provider.calls(), &page["all"]);
}

/// A client key of its own, once it opens.
async fn key(signalbox: &Signalbox, name: &str) -> String {
    let added = signalbox.run(&["clients", "add", name], "").await;
    assert!(added.status.success(), "{added:?}");
    let key = String::from_utf8(added.stdout).unwrap().trim().to_owned();
    eventually("the key to open", || async {
        let asked = signalbox.client.get(format!("{}/v1/models", signalbox.url));
        let reply = asked.bearer_auth(&key).send().await.unwrap();
        (reply.status() == 200).then_some(())
    })
    .await;
    key
}

fn request(signalbox: &Signalbox, key: &str, due: &Due) -> reqwest::RequestBuilder {
    let body = due.body(MODEL).to_string();
    (signalbox
        .client
        .post(format!("{}{}", signalbox.url, due.path())))
    .bearer_auth(key)
    .header("content-type", "application/json")
    .header("anthropic-version", "2023-06-01")
    .body(body)
}

async fn ask(request: reqwest::RequestBuilder, tool: Tool) -> Seen {
    let begin = Instant::now();
    let reply = request.send().await.unwrap();
    let verdict = reply.headers().get("x-signalbox-cache");
    let verdict = verdict
        .map_or("none", |word| word.to_str().unwrap())
        .to_owned();
    let status = reply.status();
    let body = reply.bytes().await.unwrap();
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    Seen {
        tool,
        verdict,
        took: begin.elapsed(),
    }
}

fn report(seen: &[Seen], calls: u64, all: &Value) {
    println!("\n| | requests | told again | came along | missed | not kept | calls spared |");
    println!("|---|---|---|---|---|---|---|");
    let row = |name: &str, of: &dyn Fn(&Seen) -> bool| {
        let of: Vec<&Seen> = seen.iter().filter(|seen| of(seen)).collect();
        let count = |word: &str| of.iter().filter(|seen| seen.verdict == word).count();
        let (hits, joined) = (count("hit"), count("joined"));
        let spared = (hits + joined) as f64 * 100.0 / of.len() as f64;
        println!(
            "| {name} | {} | {hits} | {joined} | {} | {} | {spared:.0} % |",
            of.len(),
            count("miss"),
            count("none"),
        );
    };
    for tool in Tool::ALL {
        row(tool.client(), &|seen| seen.tool == tool);
    }
    row("all", &|_| true);
    println!(
        "\nThe provider was called {calls} times for {} requests: {:.0} % fewer.",
        seen.len(),
        100.0 - calls as f64 * 100.0 / seen.len() as f64
    );
    println!(
        "From memory {}, from disk {}, came along {}; {:.2} cents and {} tokens saved.",
        all["memory"],
        all["disk"],
        all["joined"],
        all["saved_nano_usd"].as_f64().unwrap_or_default() / 1e7,
        all["saved_tokens"],
    );
    for (name, is_it) in [
        ("told again", &["hit"][..]),
        ("came along", &["joined"]),
        ("asked", &["miss", "none"]),
    ] {
        let mut times: Vec<f64> = (seen.iter())
            .filter(|seen| is_it.contains(&seen.verdict.as_str()))
            .map(|seen| seen.took.as_secs_f64() * 1e3)
            .collect();
        times.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| times.get(((times.len() as f64) * share) as usize).copied();
        println!(
            "{name}: p50 {:.1} ms, p95 {:.1} ms",
            at(0.5).unwrap_or(f64::NAN),
            at(0.95).unwrap_or(f64::NAN)
        );
    }
}
