//! `signalbox doctor`: examines a provider and prints what works in which dialect.
//!
//! The Signalbox that runs on the data folder does it, with the keys it holds. Where none runs, one
//! is started on a free port for as long as it takes.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use host::DataFolder;
use routing::NanoUsd;
use serde_json::{Value, json};

use crate::boot::{Options, boot};

use super::reach::Line;
use super::{Complaint, say};

/// The width of a column of the table.
const COLUMN: usize = 12;
/// The width of the checks' names.
const TITLES: usize = 17;

#[derive(Args)]
pub(super) struct Doctor {
    /// A provider's id, e.g. openai, or practice
    provider: String,
    /// The model to examine [default: the provider's cheapest]
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// Print the whole result as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    options: Options,
}

pub(super) async fn run(doctor: Doctor) -> Result<ExitCode, Complaint> {
    let mut input = json!({ "provider": doctor.provider });
    if let Some(model) = &doctor.model {
        input["model"] = json!(model);
    }
    if std::io::stderr().is_terminal() {
        let _ = writeln!(
            std::io::stderr(),
            "Examining {}: this takes about half a minute.",
            doctor.provider
        );
    }
    let found = examine(doctor.options, &input).await?;
    if doctor.json {
        say(serde_json::to_string_pretty(&found)?);
    } else {
        let colours = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        say(told(&found, colours));
    }
    let failed = found["tally"]["failed"] != 0 || !found["stopped"].is_null();
    Ok(match failed {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}

async fn examine(options: Options, input: &Value) -> Result<Value, Complaint> {
    let folder = DataFolder::unlocked(options.data_dir.clone())?;
    // A file that a killed run has left leads nowhere: then this one examines.
    if let Ok(Some(line)) = Line::open(folder.path()).await {
        return line.call("doctor.examine", input).await;
    }
    let running = boot(Options {
        port: Some(0),
        ..options
    })
    .await?;
    if let Some(key) = running.first_key() {
        // A folder's first start makes a client key, and no later one shows it.
        let _ = writeln!(std::io::stderr(), "Client key (shown once): {key}");
    }
    let found = running
        .control()
        .call("doctor.examine", input.clone())
        .await;
    running.shutdown(Duration::from_secs(5)).await;
    Ok(found?)
}

/// The matrix, and a sentence for everything that does not simply work.
fn told(found: &Value, colours: bool) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let seconds = found["took_ms"].as_f64().unwrap_or(0.0) / 1000.0;
    let mut told = format!(
        "{}/{} ({})\n{} requests in {seconds:.1} s, {}. Receipts of the client `doctor` tell of each.\n",
        text(&found["provider"]),
        text(&found["model"]),
        text(&found["chosen"]),
        found["requests"],
        cost(found),
    );
    if let Some(why) = found["stopped"].as_str() {
        told += &format!("\nIt ended early: {why}\n");
    }
    told += &format!("\n{:TITLES$}", "");
    for dialect in list(&found["dialects"]) {
        told += &format!("{:COLUMN$}", text(dialect));
    }
    told = told.trim_end().to_owned() + "\n";
    let mut remarks = String::new();
    for check in list(&found["checks"]) {
        told += &format!("{:TITLES$}", text(&check["title"]));
        for finding in list(&check["findings"]) {
            told += &cell(&text(&finding["verdict"]), colours);
        }
        told = told.trim_end().to_owned() + "\n";
        remarks += &remarks_on(check);
    }
    remarks += &untried(list(&found["checks"]), found["stopped"].as_str());
    if !remarks.is_empty() {
        told += "\n";
        told += &remarks;
    }
    told.trim_end().to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn cost(found: &Value) -> String {
    let cost = NanoUsd(found["cost_nano_usd"].as_i64().unwrap_or(0));
    match found["cost_basis"].as_str() {
        Some("none") => "of unknown cost".to_owned(),
        Some("estimated") => format!("about {cost:.4}"),
        _ => format!("{cost:.4}"),
    }
}

/// A sign, a word, and on a terminal a colour.
fn cell(verdict: &str, colours: bool) -> String {
    let (sign, word, colour) = match verdict {
        "works" => ("✓", "works", "32"),
        "noted" => ("~", "noted", "33"),
        "not_offered" => ("–", "none", "2"),
        "failed" => ("✗", "failed", "31"),
        _ => ("·", "not tried", "2"),
    };
    let cell = format!("{:COLUMN$}", format!("{sign} {word}"));
    match colours {
        true => format!("\u{1b}[{colour}m{cell}\u{1b}[0m"),
        false => cell,
    }
}

/// What was seen, once for all dialects in which the same was.
fn remarks_on(check: &Value) -> String {
    let mut seen: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for finding in list(&check["findings"]) {
        let verdict = finding["verdict"].as_str().unwrap_or_default();
        let said = finding["said"].as_str().unwrap_or_default();
        let dialect = finding["dialect"].as_str().unwrap_or_default();
        if matches!(verdict, "works" | "not_tried") {
            continue;
        }
        match seen
            .iter_mut()
            .find(|(v, s, _)| (*v, *s) == (verdict, said))
        {
            Some((.., dialects)) => dialects.push(dialect),
            None => seen.push((verdict, said, vec![dialect])),
        }
    }
    let title = check["title"].as_str().unwrap_or_default();
    let line = |(verdict, said, dialects): &(&str, &str, Vec<&str>)| {
        let verdict = verdict.replace('_', " ");
        format!("{title} ({}): {verdict}: {said}\n", dialects.join(", "))
    };
    seen.iter().map(line).collect()
}

/// What was not tried, in a line for each reason but the one that ended it all.
fn untried(checks: &[Value], stopped: Option<&str>) -> String {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for check in checks {
        let title = check["title"].as_str().unwrap_or_default();
        for finding in list(&check["findings"]) {
            let said = finding["said"].as_str().unwrap_or_default();
            if finding["verdict"] != "not_tried" || stopped == Some(said) {
                continue;
            }
            match reasons.iter_mut().find(|(why, _)| *why == said) {
                Some((_, titles)) if titles.last() == Some(&title) => {}
                Some((_, titles)) => titles.push(title),
                None => reasons.push((said, vec![title])),
            }
        }
    }
    let line =
        |(why, titles): &(&str, Vec<&str>)| format!("Not tried: {}: {why}\n", titles.join(", "));
    reasons.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_remark_is_made_once_for_all_its_dialects() {
        let finding = |dialect: &str, verdict: &str, said: &str| json!({"dialect": dialect, "verdict": verdict, "said": said});
        let found = json!({
            "provider": "acme", "model": "anvil", "chosen": "named by you", "took_ms": 1500,
            "requests": 3, "cost_nano_usd": 1_200_000, "cost_basis": "metered", "stopped": null,
            "dialects": ["openai", "gemini", "ollama"],
            "checks": [{"title": "Answer", "findings": [
                finding("openai", "works", ""), finding("gemini", "failed", "no words"),
                finding("ollama", "failed", "no words")]}],
        });
        let told = told(&found, false);
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines[0], "acme/anvil (named by you)");
        assert!(
            lines[1].starts_with("3 requests in 1.5 s, $0.0012."),
            "{told}"
        );
        assert_eq!(
            lines[4],
            "Answer           ✓ works     ✗ failed    ✗ failed"
        );
        assert_eq!(lines[6], "Answer (gemini, ollama): failed: no words");
        assert!(!told.contains('\u{1b}'));
    }
}
