//! `signalbox cache`: of what use kept answers were to the running Signalbox, forgetting them, and fetching the
//! model that finds similar questions.

mod fetch_model;
mod similar;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use host::DataFolder;
use routing::NanoUsd;
use serde_json::{Value, json};

use super::reach::Line;
use super::{Complaint, say};

#[derive(Args)]
pub(super) struct Cache {
    #[command(subcommand)]
    command: Option<Command>,
    /// Folder of the Signalbox to ask
    #[arg(long, env = "SIGNALBOX_DATA_DIR", value_name = "FOLDER", global = true)]
    data_dir: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Forget kept answers: those that meet all that is said, and all of them where nothing is.
    ///
    /// The disk is emptied as a whole: which answers there meet a condition can't be told.
    Purge(Purge),
    /// Fetch the small model that finds questions of the same meaning, into the data folder.
    ///
    /// Nothing is sent but the request for its three files. What is broken off goes on where it stopped.
    FetchModel(fetch_model::FetchModel),
}

#[derive(Args)]
struct Purge {
    /// Only those that were asked for under this name: an alias, or a model
    #[arg(long, value_name = "NAME")]
    route: Option<String>,
    /// Only those that this model gave, as its provider names it
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// Only those that were given at least so long ago
    #[arg(long, value_name = "SECONDS")]
    older_than: Option<u32>,
}

pub(super) async fn run(cache: Cache) -> Result<ExitCode, Complaint> {
    let folder = DataFolder::unlocked(cache.data_dir)?;
    let folder = folder.path();
    match cache.command {
        None => say(page(&call(folder, "cache.page", &json!({})).await?)),
        Some(Command::Purge(what)) => {
            say(forgotten(&call(folder, "cache.purge", &what.told()).await?));
        }
        Some(Command::FetchModel(fetch)) => return fetch_model::run(folder, fetch).await,
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks the Signalbox that runs on this folder.
async fn call(folder: &Path, operation: &str, input: &Value) -> Result<Value, Complaint> {
    let Some(line) = Line::open(folder).await? else {
        let path = folder.display();
        return Err(format!("no Signalbox is running on {path}; there is no cache to ask").into());
    };
    line.call(operation, input).await
}

impl Purge {
    /// As the control API takes it.
    fn told(&self) -> Value {
        json!({ "route": self.route, "model": self.model, "older_than_s": self.older_than })
    }
}

fn forgotten(purged: &Value) -> String {
    let entries = number(&purged["entries"]);
    let disk = match purged["disk"] == true {
        true => " The disk was emptied as a whole.",
        false => "",
    };
    format!("Forgot {} in memory.{disk}", answers(entries))
}

/// Short enough for one look: all of it, then a line for each route.
fn page(page: &Value) -> String {
    let all = &page["all"];
    let mut told = String::new();
    let mut line = |name: &str, words: String| told += &format!("{name:<10}{words}\n");
    line("Hit rate", rate_in_words(all));
    line("Hits", hits_by_tier(all));
    line("Saved", saved(all));
    line("Memory", memory(&page["memory"]));
    line("Disk", disk(&page["disk"]));
    if page["on"] == false {
        line(
            "Off",
            "nothing is kept: [cache] says `on = false`".to_owned(),
        );
    }
    if let Some(routes) = page["routes"]
        .as_array()
        .filter(|routes| !routes.is_empty())
    {
        told += &format!("\n{}", table(routes));
    }
    if let Some(similar) = similar::table(&page["similar"]) {
        told += &format!("\n{similar}");
    }
    told.trim_end().to_owned()
}

const HITS: [(&str, &str); 5] = [
    ("memory", "from memory"),
    ("disk", "from disk"),
    ("joined", "came along"),
    ("similar", "similar"),
    ("stale", "stale"),
];

fn hits(tally: &Value) -> u64 {
    HITS.iter().map(|(tier, _)| number(&tally[*tier])).sum()
}

fn rate(tally: &Value) -> Option<String> {
    let hits = hits(tally);
    let looked_for = hits + number(&tally["missed"]);
    (looked_for > 0).then(|| format!("{}%", hits * 100 / looked_for))
}

fn rate_in_words(tally: &Value) -> String {
    let hits = hits(tally);
    match rate(tally) {
        None => "none yet: nothing was looked for since the start".to_owned(),
        Some(rate) => format!(
            "{rate}: {hits} of {} looked for since the start",
            hits + number(&tally["missed"])
        ),
    }
}

fn hits_by_tier(tally: &Value) -> String {
    let tiers = HITS.map(|(tier, word)| format!("{} {word}", number(&tally[tier])));
    tiers.join(", ")
}

fn saved(tally: &Value) -> String {
    let tokens = number(&tally["saved_tokens"]);
    let unpriced = match number(&tally["unpriced"]) {
        0 => String::new(),
        1 => "; what 1 hit had cost is not known".to_owned(),
        more => format!("; what {more} hits had cost is not known"),
    };
    format!("{} and {tokens} tokens{unpriced}", money(tally))
}

fn money(tally: &Value) -> String {
    format!(
        "{:.4}",
        NanoUsd(tally["saved_nano_usd"].as_i64().unwrap_or(0))
    )
}

fn memory(room: &Value) -> String {
    let entries = answers(number(&room["entries"]));
    format!("{entries}, {}", filled(room))
}

fn disk(disk: &Value) -> String {
    match disk["state"].as_str() {
        Some("off") => format!("off: {}", disk["reason"].as_str().unwrap_or_default()),
        Some("opening") => "is being opened".to_owned(),
        _ => filled(disk),
    }
}

fn filled(room: &Value) -> String {
    let bytes = size(number(&room["bytes"]));
    format!("{bytes} of {}", size(number(&room["limit_bytes"])))
}

fn table(routes: &[Value]) -> String {
    let name = |route: &Value| route["route"].as_str().unwrap_or_default().to_owned();
    let wide = routes.iter().map(|route| name(route).chars().count()).max();
    let wide = wide.unwrap_or(0).max("ROUTE".len());
    let mut told = format!(
        "{:wide$}  {:>6}  {:>10}  {:>8}  {:>7}  {:>7}  {:>9}\n",
        "ROUTE", "KEPT", "SIZE", "HIT RATE", "MISSED", "SKIPPED", "SAVED"
    );
    for route in routes {
        let tally = &route["tally"];
        let skipped = number(&tally["skipped"]) + number(&tally["bypassed"]);
        let aside = match route["aside"] == true {
            true => "  steps aside: looks miss too often",
            false => "",
        };
        told += &format!(
            "{:wide$}  {:>6}  {:>10}  {:>8}  {:>7}  {skipped:>7}  {:>9}{aside}\n",
            name(route),
            number(&route["entries"]),
            size(number(&route["bytes"])),
            rate(tally).unwrap_or_else(|| "–".to_owned()),
            number(&tally["missed"]),
            money(tally),
        );
    }
    told
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

fn answers(count: u64) -> String {
    match count {
        1 => "1 answer".to_owned(),
        more => format!("{more} answers"),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1_024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(hits: [u64; 5], missed: u64) -> Value {
        let [memory, disk, joined, similar, stale] = hits;
        json!({
            "memory": memory, "disk": disk, "joined": joined, "similar": similar, "stale": stale,
            "missed": missed, "bypassed": 40, "skipped": 2,
            "saved_nano_usd": 12_300_000, "saved_tokens": 4_100, "unpriced": 1,
        })
    }

    #[test]
    fn all_of_it_is_told_and_then_each_route() {
        let told = page(&json!({
            "on": true,
            "memory": {"entries": 1, "bytes": 2_048, "limit_bytes": 64 << 20},
            "disk": {"state": "off", "reason": "the disk is full", "bytes": 0, "limit_bytes": 256 << 20},
            "all": tally([3, 2, 1, 0, 1], 7), "not_kept": 0,
            "routes": [{"route": "fast", "entries": 1, "bytes": 2_048, "aside": true,
                "tally": tally([3, 2, 1, 0, 1], 7)}],
        }));
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(
            lines,
            [
                "Hit rate  50%: 7 of 14 looked for since the start",
                "Hits      3 from memory, 2 from disk, 1 came along, 0 similar, 1 stale",
                "Saved     $0.0123 and 4100 tokens; what 1 hit had cost is not known",
                "Memory    1 answer, 2.0 KiB of 64.0 MiB",
                "Disk      off: the disk is full",
                "",
                "ROUTE    KEPT        SIZE  HIT RATE   MISSED  SKIPPED      SAVED",
                "fast        1     2.0 KiB       50%        7       42    $0.0123  steps aside: looks miss too often",
            ]
        );
    }

    #[test]
    fn before_anything_was_asked_no_rate_is_made_up() {
        let told = page(&json!({
            "on": false, "memory": {"entries": 0, "bytes": 0, "limit_bytes": 0},
            "disk": {"state": "opening"}, "all": {}, "routes": [],
        }));
        assert!(told.contains("none yet"), "{told}");
        assert!(told.contains("Disk      is being opened"), "{told}");
        assert!(told.contains("`on = false`"), "{told}");
        assert!(!told.contains("ROUTE"), "{told}");
    }
}
