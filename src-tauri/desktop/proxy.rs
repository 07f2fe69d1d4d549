//! The proxy inside this process: the seam to `server`, in one place.

use clap::Parser as _;
use control::Control;
use server::{BootError, Options, Running};

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

    /// Lets what is running end within the time of a drain, then stops.
    pub(crate) async fn drain(self) {
        let within = self.0.drain_time();
        self.0.shutdown(within).await;
    }
}
