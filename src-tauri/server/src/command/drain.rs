//! `signalbox drain` and `signalbox resume`: what the running Signalbox takes no new work for.

use clap::Args;
use host::DataFolder;
use serde_json::{Value, json};

use super::reach::Line;
use super::{Complaint, say};
use crate::boot::Options;

#[derive(Args)]
pub(super) struct Drain {
    #[command(flatten)]
    what: What,
    /// Seconds that running requests may take to finish, 1 to 120 [default: the config's]
    #[arg(long, value_name = "SECONDS")]
    within: Option<u32>,
    #[command(flatten)]
    options: Options,
}

#[derive(Args)]
pub(super) struct Resume {
    #[command(flatten)]
    what: What,
    #[command(flatten)]
    options: Options,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct What {
    /// A provider (groq), a target (groq/llama-3.3-70b-versatile), or a key (keychain:NAME, env:VARIABLE)
    #[arg(value_name = "WHAT")]
    name: Option<String>,
    /// Everything
    #[arg(long)]
    all: bool,
}

impl What {
    /// As the control API takes it.
    fn told(&self) -> Value {
        match &self.name {
            None => json!("app"),
            Some(key) if key.starts_with("keychain:") || key.starts_with("env:") => {
                json!({ "key": key })
            }
            Some(target) if target.contains('/') => json!({ "target": target }),
            Some(provider) => json!({ "provider": provider }),
        }
    }
}

pub(super) async fn begin(drain: Drain) -> Result<(), Complaint> {
    let mut input = json!({ "what": drain.what.told() });
    if let Some(within) = drain.within {
        input["within_s"] = json!(within);
    }
    call(&drain.options, "drains.begin", &input).await?;
    let drains = call(&drain.options, "drains.list", &json!({})).await?;
    let ours = drains.as_array().and_then(|all| {
        let ours = |one: &&Value| one["what"] == input["what"] && one["why"] == "asked";
        all.iter().find(ours)
    });
    if let Some(ours) = ours {
        say(state(ours));
    }
    Ok(())
}

pub(super) async fn end(resume: Resume) -> Result<(), Complaint> {
    let input = json!({ "what": resume.what.told() });
    call(&resume.options, "drains.end", &input).await?;
    say("Resumed: it takes new work again.");
    Ok(())
}

fn state(drain: &Value) -> String {
    let name = drain["name"].as_str().unwrap_or_default();
    let time = |field: &str| drain[field].as_u64().unwrap_or(0);
    let seconds = time("until_unix_ms").saturating_sub(time("since_unix_ms")) / 1000;
    match drain["running"].as_u64() {
        Some(running) if running > 0 => {
            format!("{name} is draining: {running} running, cut in {seconds} s.")
        }
        _ => format!("{name} has drained: nothing runs there, and it takes no new work."),
    }
}

async fn call(options: &Options, operation: &str, input: &Value) -> Result<Value, Complaint> {
    let folder = DataFolder::unlocked(options.data_dir.clone())?;
    let Some(line) = Line::open(folder.path()).await? else {
        let path = folder.path().display();
        return Err(format!("no Signalbox is running on {path}; there is nothing to drain").into());
    };
    line.call(operation, input).await
}
