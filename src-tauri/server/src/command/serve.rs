//! `signalbox serve`: the proxy and the panel, without a window.

use std::time::Duration;

use crate::boot::{Options, boot};

use super::{Complaint, say};

#[derive(clap::Args)]
pub(super) struct Serve {
    #[command(flatten)]
    options: Options,
    /// Seconds that running requests may take to finish when a stop is asked for
    #[arg(
        long,
        env = "SIGNALBOX_DRAIN_S",
        value_name = "SECONDS",
        default_value_t = 30
    )]
    drain_s: u64,
}

pub(super) async fn run(serve: Serve) -> Result<(), Complaint> {
    let running = boot(serve.options).await?;
    for address in running.addresses() {
        say(format_args!("Listening on http://{address}"));
    }
    if let Some(key) = running.first_key() {
        say(format_args!("Client key (shown once): {key}"));
        say("Give it to your tools as their API key; only its hash is kept.");
    }
    say(format_args!("Panel: {}", running.panel_link()?));
    stop_asked().await;
    say("Stopping: running requests may finish. Press Ctrl-C again to stop at once.");
    tokio::select! {
        () = running.shutdown(Duration::from_secs(serve.drain_s)) => {}
        () = stop_asked() => {}
    }
    Ok(())
}

/// Resolves when the system or the user asks for an end.
async fn stop_asked() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
