//! What every request handler shares.

use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use control::Control;
use engine::Engine;
use host::ClientKeys;
use tokio::sync::watch;

use crate::guard::Doors;
use crate::session::{NoRandomness, Sessions};

/// Shared by all handlers of one running Signalbox.
pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) control: Control,
    pub(crate) clients: Arc<ClientKeys>,
    pub(crate) sessions: Sessions,
    pub(crate) doors: ArcSwap<Doors>,
    /// Where people are sent.
    pub(crate) address: SocketAddr,
    /// What the sockets are bound to.
    pub(crate) bound: Vec<SocketAddr>,
    /// Turns true when the app ends, so that endless streams end too.
    pub(crate) ending: watch::Sender<bool>,
}

impl Shared {
    pub(crate) fn doors(&self) -> Arc<Doors> {
        self.doors.load_full()
    }

    /// A link that opens the panel in a browser, once.
    pub(crate) fn panel_link(&self) -> Result<String, NoRandomness> {
        let ticket = self.sessions.ticket()?;
        Ok(format!("http://{}/open?ticket={ticket}", self.address))
    }
}
