//! `signalbox cache fetch-model`: has the running Signalbox fetch the small model, and watches.
//!
//! Promises: on a terminal a bar, elsewhere a line for each file and each tenth of it; Ctrl-C cancels, and what is
//! here is kept for the next time. Leaves out the download itself, which is the running Signalbox's: should this
//! command die, it goes on.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::super::{Complaint, say};
use super::{call, number, size};

/// How often the running Signalbox is asked how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How wide the bar is.
const BAR: usize = 30;
/// What a shell gives for a command that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

#[derive(Args)]
pub(super) struct FetchModel {
    /// Address that config.json, tokenizer.json and model.safetensors lie below
    /// [default: all-MiniLM-L6-v2 at huggingface.co]
    #[arg(long, value_name = "URL")]
    from: Option<String>,
}

pub(super) async fn run(folder: &Path, fetch: FetchModel) -> Result<ExitCode, Complaint> {
    call(folder, "cache.fetch_model", &json!({ "base": fetch.from })).await?;
    let source = fetch
        .from
        .as_deref()
        .unwrap_or("huggingface.co (all-MiniLM-L6-v2, Apache-2.0, about 90 MB)");
    let mut screen = Screen::new();
    screen.line(&format!(
        "Fetching from {source}. Nothing is sent but the request for its files. Ctrl-C cancels."
    ));
    // It hears before the first word of how far it is, and also while an answer is waited for.
    let mut interrupt = pin!(tokio::signal::ctrl_c());
    let mut cancelled = false;
    let model = loop {
        let model = call(folder, "cache.page", &json!({})).await?["similar"]["model"].take();
        if model["fetching"].is_null() {
            break model;
        }
        let show_and_wait = async {
            screen.show(&model["fetching"]);
            tokio::time::sleep(LOOK_EVERY).await;
        };
        tokio::select! {
            biased;
            heard = &mut interrupt => {
                heard?;
                screen.end();
                if cancelled {
                    // Who does not want to see how it ends need not.
                    return Ok(ExitCode::from(INTERRUPTED));
                }
                interrupt.set(tokio::signal::ctrl_c());
                // It may have ended by itself meanwhile, which the next look tells.
                cancelled = call(folder, "cache.cancel_fetch", &json!({})).await.is_ok();
                screen.line("Cancelling: it ends with the next piece that comes. Ctrl-C again waits no longer.");
            }
            () = show_and_wait => {}
        }
    };
    screen.end();
    match model["failed"].as_str() {
        Some(why) if cancelled => {
            screen.line(why);
            Ok(ExitCode::from(INTERRUPTED))
        }
        Some(why) => Err(why.into()),
        None => {
            say(there(&model)?);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The model's state after a download that went well.
fn there(model: &Value) -> Result<String, Complaint> {
    if let Some(trouble) = model["trouble"].as_str() {
        return Err(trouble.into());
    }
    let folder = model["folder"].as_str().unwrap_or_default();
    match model["is_there"] == true {
        true => Ok(format!(
            "The model is in {folder}. `embedder = \"model\"` under [cache] makes use of it."
        )),
        false => Err(format!("there is no model in {folder}; start the download again").into()),
    }
}

/// Standard error, which standard output's answer stays apart from.
struct Screen {
    is_terminal: bool,
    /// What the last plain line was about: a file, and tenths of it.
    told: Option<(String, u64)>,
}

impl Screen {
    fn new() -> Screen {
        Screen {
            is_terminal: std::io::stderr().is_terminal(),
            told: None,
        }
    }

    fn line(&self, words: &str) {
        let _ = writeln!(std::io::stderr(), "{words}");
    }

    fn show(&mut self, fetching: &Value) {
        if self.is_terminal {
            let _ = write!(std::io::stderr(), "\r{}\x1b[K", bar(fetching));
            let _ = std::io::stderr().flush();
        } else if let Some(step) = self.new_step(fetching) {
            self.line(&how_far(fetching));
            self.told = Some(step);
        }
    }

    /// The step that it is at, if no line told of it.
    fn new_step(&self, fetching: &Value) -> Option<(String, u64)> {
        let file = fetching["file"].as_str()?.to_owned();
        let step = (file, part(fetching).map_or(0, |percent| percent / 10));
        (self.told.as_ref() != Some(&step)).then_some(step)
    }

    fn end(&self) {
        if self.is_terminal {
            self.line("");
        }
    }
}

/// In percent, where it is known how much there is.
fn part(fetching: &Value) -> Option<u64> {
    let total = fetching["total"].as_u64().filter(|total| *total > 0)?;
    Some((number(&fetching["bytes"]) * 100 / total).min(100))
}

fn bar(fetching: &Value) -> String {
    let Some(percent) = part(fetching) else {
        return how_far(fetching);
    };
    let full = BAR * usize::try_from(percent).unwrap_or(0) / 100;
    format!(
        "[{}{}] {percent:>3}%  {}",
        "#".repeat(full),
        "-".repeat(BAR - full),
        how_far(fetching)
    )
}

fn how_far(fetching: &Value) -> String {
    let Some(file) = fetching["file"].as_str() else {
        return "waiting for the first bytes".to_owned();
    };
    let here = size(number(&fetching["bytes"]));
    match fetching["total"].as_u64() {
        Some(total) => format!("{file}: {here} of {}", size(total)),
        None => format!("{file}: {here}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_full_as_the_file_and_a_size_that_is_not_known_makes_none() {
        let at = |bytes: u64, total: Option<u64>| json!({"file": "model.safetensors", "bytes": bytes, "total": total});
        let shown = bar(&at(50 << 20, Some(100 << 20)));
        let half = format!("[{}{}]  50%", "#".repeat(15), "-".repeat(15));
        assert_eq!(
            shown,
            format!("{half}  model.safetensors: 50.0 MiB of 100.0 MiB")
        );
        assert!(bar(&at(9, Some(9))).contains(&"#".repeat(BAR)));
        assert_eq!(bar(&at(9, None)), "model.safetensors: 9 B");
        assert_eq!(bar(&at(0, Some(0))), "model.safetensors: 0 B of 0 B");
        let none = json!({"file": null, "bytes": 0, "total": null});
        assert_eq!(bar(&none), "waiting for the first bytes");
    }

    #[test]
    fn plain_lines_come_with_each_file_and_each_tenth() {
        let mut screen = Screen {
            is_terminal: false,
            told: None,
        };
        let mut lines = 0;
        for file in ["config.json", "model.safetensors"] {
            for bytes in 0..=1_000 {
                let step = screen.new_step(&json!({"file": file, "bytes": bytes, "total": 1_000}));
                if step.is_some() {
                    screen.told = step;
                    lines += 1;
                }
            }
        }
        assert_eq!(lines, 22);
    }

    #[test]
    fn only_a_model_that_is_there_is_a_success() {
        let state = |is_there: bool, trouble: Option<&str>| json!({"folder": "/f", "is_there": is_there, "trouble": trouble});
        assert!(there(&state(true, None)).is_ok_and(|told| told.contains("/f")));
        assert!(there(&state(false, None)).is_err());
        assert!(there(&state(true, Some("broken"))).is_err());
    }
}
