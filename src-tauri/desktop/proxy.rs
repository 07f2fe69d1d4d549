//! The proxy inside this process: the seam to `server`, in one place.

use std::time::Duration;

use clap::Parser as _;
use control::Control;
use server::{BootError, Options, Running};

/// How long running exchanges may finish once somebody quits. Shorter than the
/// headless program's: a person is watching the window's place.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the command line says. The options are the headless program's own.
#[derive(clap::Parser)]
#[command(
    name = "signalbox-desktop",
    version,
    about = "The router for everybody with more than one LLM key, in a window"
)]
struct Line {
    #[command(flatten)]
    options: Options,
}

/// Reads the command line; `--help` and mistakes end the process here.
pub(crate) fn options() -> Options {
    Line::parse().options
}

/// A running proxy.
pub(crate) struct Proxy(Running);

impl Proxy {
    pub(crate) async fn start(options: Options) -> Result<Proxy, BootError> {
        let running = server::boot(options).await?;
        for address in running.addresses() {
            tracing::info!(%address, "listening");
        }
        Ok(Proxy(running))
    }

    /// The handle that the panel and the tray ask through.
    pub(crate) fn control(&self) -> Control {
        self.0.control()
    }

    /// Lets what is running end, then stops.
    pub(crate) async fn drain(self) {
        self.0.shutdown(PATIENCE).await;
    }
}
