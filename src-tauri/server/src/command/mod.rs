//! The command line: one subcommand a file.

mod cache;
mod clients;
mod doctor;
mod drain;
mod keys;
mod link;
mod reach;
mod serve;
mod simulate;
mod tools;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::boot::Options;

/// The router for everybody with more than one LLM key.
#[derive(Parser)]
#[command(name = "signalbox", version, about)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the proxy and the panel, without a window
    Serve(serve::Serve),
    /// Set, list, test and remove provider keys in the OS keychain
    Keys(keys::Keys),
    /// Add, list and revoke the keys that tools call with
    Clients(clients::Clients),
    /// Try what a provider can do for clients of each dialect, on your own key
    Doctor(doctor::Doctor),
    /// Take no new work for a provider, a key, a target or everything, and let what runs finish
    Drain(drain::Drain),
    /// Take new work again for what drains
    Resume(drain::Resume),
    /// Of what use kept answers were; forget them, and fetch the model for similar questions
    Cache(cache::Cache),
    /// Which deterministic tools there are and by which rules they are used; use one
    Tools(tools::Tools),
    /// Play a scenario of providers in trouble, and see how routing takes it
    Simulate(simulate::Simulate),
    /// Print a fresh one-time link to the panel of the running Signalbox
    Link(Options),
}

/// What a command says when it fails: one sentence or a few, for a person.
type Complaint = Box<dyn std::error::Error + Send + Sync>;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    log();
    let line = Line::parse();
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&error.into()),
    };
    let outcome = runtime.block_on(async {
        match line.command {
            Command::Serve(serve) => serve::run(serve).await?,
            Command::Keys(keys) => keys::run(keys).await?,
            Command::Clients(clients) => clients::run(clients).await?,
            Command::Doctor(doctor) => return doctor::run(doctor).await,
            Command::Drain(drain) => drain::begin(drain).await?,
            Command::Resume(resume) => drain::end(resume).await?,
            Command::Cache(cache) => return cache::run(cache).await,
            Command::Tools(tools) => return tools::run(tools).await,
            Command::Simulate(simulate) => return simulate::run(&simulate),
            Command::Link(options) => link::run(options).await?,
        }
        Ok(ExitCode::SUCCESS)
    });
    match outcome {
        Ok(code) => code,
        Err(complaint) => complain(&complaint),
    }
}

/// One worker a core that we may use. With a single core a second thread would
/// only pass work back and forth: measured at 1.45 times the cost a request.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut builder = if cores == 1 {
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    builder.enable_all().build()
}

/// Logs go to standard error; standard output is for what a command answers.
/// `SIGNALBOX_LOG` sets the level, `SIGNALBOX_LOG_FORMAT=json` the form.
fn log() {
    use tracing_subscriber::EnvFilter;
    let asked = std::env::var("SIGNALBOX_LOG").ok();
    let filter = EnvFilter::try_new(crate::log_directives(asked.as_deref()))
        .unwrap_or_else(|_| EnvFilter::new(crate::log_directives(None)));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    if std::env::var("SIGNALBOX_LOG_FORMAT").is_ok_and(|format| format == "json") {
        builder.json().init();
    } else {
        builder.with_ansi(false).init();
    }
}

/// Writes a line to standard output. A closed pipe (`| head`) is no reason to panic.
fn say(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn complain(complaint: &Complaint) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "signalbox: {complaint}");
    ExitCode::FAILURE
}
