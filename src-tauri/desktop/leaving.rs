//! The way out: every exit drains the proxy first.
//!
//! The first wish to leave starts the drain and is put off until it is done; a
//! second wish while it runs is taken at its word.

use std::sync::{Mutex, PoisonError};

use tauri::AppHandle;
use tauri::async_runtime::spawn;

use crate::proxy::Proxy;

/// Holds the running proxy until somebody leaves.
pub(crate) struct Leaving(Mutex<Option<Proxy>>);

impl Leaving {
    /// Takes the proxy into its keeping.
    pub(crate) fn new(proxy: Proxy) -> Leaving {
        Leaving(Mutex::new(Some(proxy)))
    }

    /// Starts the drain and then exits with this code; whether there was anything
    /// left to drain, so that the caller knows to wait.
    pub(crate) fn begin(&self, app: &AppHandle, code: i32) -> bool {
        let proxy = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(proxy) = proxy else {
            return false;
        };
        let app = app.clone();
        spawn(async move {
            proxy.drain().await;
            app.exit(code);
        });
        true
    }
}

/// A polite signal is a wish to leave like any other.
pub(crate) fn heed_signals(app: &AppHandle) {
    let app = app.clone();
    spawn(async move {
        // Twice: the second one cuts the drain short.
        for _ in 0..2 {
            if let Err(error) = signal().await {
                tracing::warn!(%error, "signals can't be heard");
                return;
            }
            app.exit(0);
        }
    });
}

#[cfg(unix)]
async fn signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted,
    }
}

#[cfg(not(unix))]
async fn signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
