//! `bench`: what Signalbox adds to a request, measured beside nginx.
//!
//! Promises: the three peers (the mock alone, nginx, Signalbox) take turns within
//! each round, so that a drift of the machine meets all of them; every reply is
//! checked; a window in which another program was at work is measured again. A
//! missed target is printed, not an exit code: one machine's noise must not stop
//! a build. Leaves out what one function costs: that is for unit benches.
//!
//! How to read the figures is told in docs/performance.md.

mod failed;
mod load;
mod mock;
mod open_loop;
mod payload;
mod peer;
mod process;
mod report;
mod run;
mod shape;
mod startup;
mod syscalls;
mod tools;
mod wire;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["mock"] => mock::serve(),
        ["run", signalbox, json, rest @ ..] => {
            run::run(Path::new(signalbox), Path::new(json), rest)
        }
        _ => Err("Usage: bench run SIGNALBOX JSON [SHAPE...] | bench mock".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            let _ = writeln!(std::io::stderr(), "bench: {failed}");
            ExitCode::FAILURE
        }
    }
}

/// Writes a line for whoever waits for the run.
fn say(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
