//! The harness: one word per idea.
//!
//! - [`Signalbox`]: the real binary, on a free port and a folder of its own.
//! - [`ModelServer`]: the files of a tiny model, whole, in halves, or not at all.
//! - [`GoogleAccount`]: a service account whose tokens the fake gives.
//! - [`FakeUpstream`]: a provider that can stall, cut, refuse and lie, by the name
//!   of the model it is asked for.
//!
//! Everything started here ends when it is dropped, by its own id.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a harness that can't go on should say where it stopped"
)]
#![allow(
    missing_docs,
    reason = "the names are the documentation of a test harness"
)]

mod account;
mod provider;
mod signalbox;
mod tiny_model;
mod wire;

pub use account::GoogleAccount;
pub use provider::{ACCESS_TOKEN, AWS_KEY, FakeUpstream, Gone, Held, Seen};
pub use signalbox::{Begun, Signalbox, binary, chat, config_for};
pub use tiny_model::{Manner, ModelServer};
pub use wire::{Request, read_request};

use std::future::Future;
use std::time::Duration;

/// A busy machine may take seconds to write one receipt; hope ends long after that.
const HOPE: Duration = Duration::from_secs(60);

/// Waits until something is true, and says what it waited for when it never is.
pub async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut look: impl FnMut() -> F,
) -> T {
    let deadline = tokio::time::Instant::now() + HOPE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "waited in vain for: {what}"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
