//! `signalbox simulate`: a day of providers in a second, routed by the very functions that route live.
//!
//! Nothing is sent to anybody and no Signalbox need run. A scenario is a file, or the name of one that
//! is built in.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use routing::simulate::{BUILT_IN, Scenario, run as run_scenario};

use super::{Complaint, say};

/// The largest scenario that is read, in bytes.
const LARGEST: u64 = 1024 * 1024;

#[derive(Args)]
pub(super) struct Simulate {
    /// A scenario's file, or the name of one that is built in; without it, these are listed
    scenario: Option<String>,
    /// Write the whole result as JSON to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

pub(super) fn run(simulate: &Simulate) -> Result<ExitCode, Complaint> {
    let Some(name) = &simulate.scenario else {
        for (name, text) in BUILT_IN {
            say(format_args!("{name:<18} {}", Scenario::read(text)?.about));
        }
        return Ok(ExitCode::SUCCESS);
    };
    let scenario = Scenario::read(&text(name)?).map_err(|error| format!("{name}: {error}"))?;
    let report = run_scenario(&scenario);
    say(&report);
    if let Some(path) = &simulate.json {
        let json = serde_json::to_vec_pretty(&report)?;
        write(path, &json)?;
    }
    Ok(match report.claims.iter().all(|claim| claim.holds) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn text(name: &str) -> Result<String, Complaint> {
    if let Some((_, text)) = BUILT_IN.iter().find(|(built_in, _)| *built_in == name) {
        return Ok((*text).to_owned());
    }
    let path = Path::new(name);
    let size = std::fs::metadata(path)
        .map_err(|error| {
            let names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
            format!(
                "there is no scenario `{name}` ({error}); name a file or one of {}",
                names.join(", ")
            )
        })?
        .len();
    if size > LARGEST {
        return Err(format!("{name} is larger than a scenario may be ({LARGEST} bytes)").into());
    }
    Ok(std::fs::read_to_string(path)?)
}

fn write(path: &Path, json: &[u8]) -> Result<(), Complaint> {
    let told = |error: std::io::Error| format!("{} can't be written: {error}", path.display());
    let mut file = std::fs::File::create(path).map_err(told)?;
    file.write_all(json).map_err(told)?;
    Ok(())
}
