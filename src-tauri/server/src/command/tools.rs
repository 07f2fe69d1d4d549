//! `signalbox tools`: the deterministic tools of the running Signalbox, and using one.
//!
//! Promises: `tools run` prints the answer and nothing else, so that a script can go on with it; what was printed on
//! the way goes to where it was printed to, and what the tool could not do is an error.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use host::DataFolder;
use routing::NanoUsd;
use serde_json::{Value, json};

use super::reach::Line;
use super::{Complaint, say};

/// The most that is read from standard input, in bytes: what the control API takes, escaped.
const MOST: u64 = 512 * 1024;

#[derive(Args)]
pub(super) struct Tools {
    #[command(subcommand)]
    command: Option<Command>,
    /// Folder of the Signalbox to ask
    #[arg(long, env = "SIGNALBOX_DATA_DIR", value_name = "FOLDER", global = true)]
    data_dir: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Use a tool: no model is asked, and nothing is billed but what an MCP server charges
    Run(Run),
}

#[derive(Args)]
struct Run {
    /// Which, as `signalbox tools` lists them: calculator, mcp/SERVER/TOOL
    #[arg(value_name = "NAME")]
    name: String,
    /// What it is to do, in its plain form or as JSON arguments; `-` reads standard input
    #[arg(value_name = "TEXT", allow_hyphen_values = true)]
    text: String,
}

pub(super) async fn run(tools: Tools) -> Result<ExitCode, Complaint> {
    let folder = DataFolder::unlocked(tools.data_dir)?;
    let folder = folder.path();
    match tools.command {
        None => say(page(&call(folder, "tools.page", &json!({})).await?)),
        Some(Command::Run(run)) => {
            let text = match run.text.as_str() {
                "-" => read_all()?,
                _ => run.text,
            };
            let input = json!({ "tool": run.name, "text": text });
            return outcome(&call(folder, "tools.run", &input).await?);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn read_all() -> Result<String, Complaint> {
    let mut text = String::new();
    std::io::stdin().take(MOST + 1).read_to_string(&mut text)?;
    match text.len() as u64 > MOST {
        true => Err("standard input has more than 512 KiB; give a tool so much over the proxy, as the model tool/NAME".into()),
        false => Ok(text),
    }
}

/// Asks the Signalbox that runs on this folder.
async fn call(folder: &Path, operation: &str, input: &Value) -> Result<Value, Complaint> {
    let Some(line) = Line::open(folder).await? else {
        let path = folder.display();
        return Err(format!("no Signalbox is running on {path}; there are no tools to ask").into());
    };
    line.call(operation, input).await
}

/// Prints an answer; a tool that could not do it is an error.
fn outcome(told: &Value) -> Result<ExitCode, Complaint> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    // What is shown to a person who pipes the answer must not be in the answer.
    let _ = write!(
        std::io::stderr(),
        "{}{}",
        text(&told["stdout"]),
        text(&told["stderr"])
    );
    if told["trouble"].is_null() {
        say(text(&told["done"]["text"]));
        return Ok(ExitCode::SUCCESS);
    }
    Err(text(&told["trouble"]["message"]).into())
}

/// Short enough for one look: each tool with its state, then the rules.
fn page(page: &Value) -> String {
    let none = Vec::new();
    let tools = page["tools"].as_array().unwrap_or(&none);
    let wide = width(tools, "name").max("TOOL".len());
    let mut told = format!("{:wide$}  {:<8}  {}\n", "TOOL", "STATE", "WHAT");
    for tool in tools {
        let (state, words) = state(tool);
        told += &format!("{:wide$}  {state:<8}  {words}\n", word(tool, "name"));
    }
    told += &format!("\n{}", rules(page));
    let month = &page["month"];
    told += &format!(
        "\nIn 30 days {} by tools, {:.4} saved",
        answers(month["answers"].as_u64().unwrap_or(0)),
        NanoUsd(month["saved_nano_usd"].as_i64().unwrap_or(0)),
    );
    told
}

fn state(tool: &Value) -> (&'static str, &str) {
    if tool["off"] == true {
        return ("off", "nobody may use it: it stands in `off` under [tools]");
    }
    match tool["why_not"].as_str() {
        Some(why) => ("not now", why),
        None => ("ready", tool["what"].as_str().unwrap_or_default()),
    }
}

fn rules(page: &Value) -> String {
    let none = Vec::new();
    let routes = page["routes"].as_array().unwrap_or(&none);
    let aliases: Vec<&Value> = routes
        .iter()
        .filter(|route| route["is_alias"] == true)
        .collect();
    let names = aliases
        .iter()
        .map(|route| word(route, "route").chars().count());
    let wide = names.max().unwrap_or(0).max("(usual)".len());
    let mut told = format!(
        "{:wide$}  {:<9}  {:<9}  {:<8}  OFFERS\n",
        "ROUTE", "RECOGNISE", "RECHECK", "VERIFY"
    );
    let mut line = |name: &str, rule: &Value| {
        let offer = rule["offer"].as_array().unwrap_or(&none);
        let offer: Vec<&str> = offer.iter().filter_map(Value::as_str).collect();
        let offer = match offer.is_empty() {
            true => "none".to_owned(),
            false => offer.join(", "),
        };
        told += &format!(
            "{name:wide$}  {:<9}  {:<9}  {:<8}  {offer}\n",
            word(rule, "recognise"),
            word(rule, "recheck"),
            rule["verify"].as_str().unwrap_or("nobody"),
        );
    };
    line("(usual)", &page["usual"]);
    for route in aliases.iter().filter(|route| route["is_own"] == true) {
        line(word(route, "route"), &route["rule"]);
    }
    told
}

fn word<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn width(rows: &[Value], field: &str) -> usize {
    let names = rows.iter().map(|row| word(row, field).chars().count());
    names.max().unwrap_or(0)
}

fn answers(count: u64) -> String {
    match count {
        1 => "1 answer".to_owned(),
        more => format!("{more} answers"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tool_is_told_with_its_state_and_each_rule_with_its_route() {
        let rule = |recognise: &str, offer: Value| {
            json!({"recognise": recognise, "offer": offer, "rounds": 8, "on_failure": "error",
                "verify": null, "recheck": "off"})
        };
        let told = page(&json!({
            "tools": [
                {"name": "calculator", "off": false, "why_not": null, "what": "Exact arithmetic."},
                {"name": "sql", "off": false, "why_not": "No database is granted.", "what": "Reads."},
                {"name": "regex", "off": true, "why_not": null, "what": "Matches."},
            ],
            "usual": rule("off", json!([])),
            "routes": [
                {"route": "fast", "is_alias": true, "is_own": true, "rule": rule("shadow", json!(["calculator", "mcp/*"]))},
                {"route": "slow", "is_alias": true, "is_own": false, "rule": rule("off", json!([]))},
            ],
            "month": {"answers": 1, "saved_nano_usd": 12_300_000},
        }));
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(
            lines,
            [
                "TOOL        STATE     WHAT",
                "calculator  ready     Exact arithmetic.",
                "sql         not now   No database is granted.",
                "regex       off       nobody may use it: it stands in `off` under [tools]",
                "",
                "ROUTE    RECOGNISE  RECHECK    VERIFY    OFFERS",
                "(usual)  off        off        nobody    none",
                "fast     shadow     off        nobody    calculator, mcp/*",
                "",
                "In 30 days 1 answer by tools, $0.0123 saved",
            ]
        );
    }
}
