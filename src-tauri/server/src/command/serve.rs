//! `signalbox serve`: the proxy and the panel, without a window.

use std::time::Duration;

use crate::boot::{Options, boot};

use super::{Complaint, say};

#[derive(clap::Args)]
pub(super) struct Serve {
    #[command(flatten)]
    options: Options,
    /// Seconds that running requests may take to finish when a stop is asked for, 0 to 120 [default: the config's]
    #[arg(
        long,
        env = "SIGNALBOX_DRAIN_S",
        value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(0..=120)
    )]
    drain_s: Option<u64>,
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
    let within = serve.drain_s.map(Duration::from_secs);
    let within = within.unwrap_or_else(|| running.drain_time());
    say(format_args!(
        "Draining: {} running, cut in {} s. Press Ctrl-C again to stop at once.",
        running.in_flight(),
        within.as_secs()
    ));
    tokio::select! {
        () = running.shutdown(within) => {}
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
