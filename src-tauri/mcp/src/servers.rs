//! The connections to all servers: one each, begun at the first use, and not too soon again after one that
//! failed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout, timeout_at};

use crate::line::{Line, Use};
use crate::{
    ARGUMENTS, Answer, SERVERS, Server, Times, ToolOffer, Transport, Trouble, TroubleKind,
};

/// What is connected. All of it ends when this is dropped.
#[derive(Debug, Clone, Default)]
pub struct Servers {
    slots: Arc<Mutex<BTreeMap<String, Slot>>>,
    times: Times,
}

/// What is known of one server.
#[derive(Debug)]
struct Slot {
    transport: Transport,
    line: Arc<Line>,
    _held: oneshot::Sender<()>,
    /// Connections in a row that were of no use.
    failures: u32,
    /// When the last one was seen to be at its end, and is not to be begun again yet.
    not_before: Option<Instant>,
}

impl Servers {
    /// None is started.
    pub fn new() -> Servers {
        Servers::default()
    }

    #[cfg(test)]
    pub(crate) fn with(times: Times) -> Servers {
        Servers {
            times,
            ..Servers::default()
        }
    }

    /// What the server `name` offers, of what its config allows. Kept for a minute, or until it says that it
    /// has changed.
    ///
    /// # Errors
    /// It can't be had now, for the reason that is said.
    pub async fn tools(&self, name: &str, server: &Server) -> Result<Arc<[ToolOffer]>, Trouble> {
        let held = self.hold(name, server)?;
        match timeout(server.limit, held.tools(server)).await {
            Ok(listed) => listed,
            Err(_) => Err(ran_out(name, "its list of tools", server, &held)),
        }
    }

    /// Like [`Servers::tools`], for those who can't wait long: what is not there in time is there the next time.
    pub async fn tools_soon(
        &self,
        name: &str,
        server: &Server,
        soon: Duration,
    ) -> Option<Arc<[ToolOffer]>> {
        if server.allow.is_empty() {
            return None;
        }
        let held = self.hold(name, server).ok()?;
        if held.is_listing() {
            return timeout(soon, held.tools(server)).await.ok()?.ok();
        }
        let (sent, listed) = oneshot::channel();
        let (server, limit) = (server.clone(), server.limit);
        // Goes on without those who could not wait, to its limit.
        tokio::spawn(async move {
            let listed = timeout(limit, held.tools(&server)).await;
            let _ = sent.send(listed.ok().and_then(Result::ok));
        });
        timeout(soon, listed).await.ok()?.ok()?
    }

    /// Has a tool do its work.
    ///
    /// # Errors
    /// It came to nothing, for the reason that is said.
    pub async fn call(
        &self,
        name: &str,
        server: &Server,
        tool: &str,
        arguments: Value,
    ) -> Result<Answer, Trouble> {
        if !server.allows(tool) {
            let message = format!(
                "`{tool}` of the server `{name}` is not allowed. `allow` in its config lists what is."
            );
            return Err(Trouble::new(TroubleKind::NotGranted, message));
        }
        let bad = |why: &str| {
            Trouble::new(
                TroubleKind::BadInput,
                format!("The arguments of `{tool}` {why}."),
            )
        };
        let arguments = match arguments {
            Value::Object(arguments) => arguments,
            Value::Null => serde_json::Map::new(),
            _ => return Err(bad("are no object")),
        };
        if serde_json::to_string(&arguments).map_or(0, |written| written.len()) > ARGUMENTS {
            return Err(bad("are larger than 1 MiB"));
        }
        let deadline = Instant::now() + server.limit;
        let held = self.hold(name, server)?;
        match timeout_at(deadline, held.call(tool, arguments)).await {
            Ok(said) => said,
            // The call was dropped with its future, which tells the server that it is cancelled.
            Err(_) => Err(ran_out(name, &format!("`{tool}`"), server, &held)),
        }
    }

    /// The connection, begun if there is none.
    fn hold(&self, name: &str, server: &Server) -> Result<Use, Trouble> {
        let mut slots = self
            .slots
            .lock()
            .expect("nobody panics with the connections in hand");
        let mut failures = 0;
        if let Some(slot) = slots.get_mut(name) {
            if slot.transport == server.transport {
                if let Some(held) = slot.line.hold() {
                    return Ok(held);
                }
                failures = slot.over(&self.times, name)?;
            }
            // Another address or command now: whoever still uses the old one is cut off.
            slots.remove(name);
        }
        if slots.len() >= SERVERS {
            let resting = slots
                .iter()
                .find(|(_, slot)| slot.line.is_at_rest())
                .map(|(name, _)| name.clone());
            let full = || {
                Trouble::unavailable(format!(
                    "The server `{name}` can't be used: {SERVERS} others are. Ask again later."
                ))
            };
            slots.remove(&resting.ok_or_else(full)?);
        }
        let (line, held) = Line::begin(name, server, self.times);
        let slot = Slot {
            transport: server.transport.clone(),
            line,
            _held: held,
            failures,
            not_before: None,
        };
        let slot = slots.entry(name.to_owned()).or_insert(slot);
        let held = slot.line.hold();
        held.ok_or_else(|| {
            slot.over(&self.times, name)
                .err()
                .unwrap_or_else(|| ended(name))
        })
    }
}

impl Slot {
    /// The connection is at its end: how many were of no use in a row, or that it is too soon for another one.
    fn over(&mut self, times: &Times, name: &str) -> Result<u32, Trouble> {
        // It is closed a little before its program is gone.
        let Some(end) = self.line.end() else {
            return Ok(self.failures);
        };
        if end.was_of_use {
            return Ok(0);
        }
        let failures = self.failures + 1;
        let doubled = times.backoff.saturating_mul(1 << self.failures.min(16));
        let backoff = doubled.min(times.longest_backoff);
        let not_before = *self
            .not_before
            .get_or_insert_with(|| Instant::now() + backoff);
        let left = not_before.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(failures);
        }
        let seconds = left.as_secs() + 1;
        Err(Trouble::unavailable(format!(
            "The server `{name}` {}. It may be asked again in {seconds} s.",
            end.why
        )))
    }
}

fn ended(name: &str) -> Trouble {
    Trouble::unavailable(format!("The server `{name}` was ended. Ask again."))
}

fn ran_out(name: &str, what: &str, server: &Server, held: &Use) -> Trouble {
    let said = held.ran_out();
    let limit = server.limit.as_secs_f64();
    let message = format!(
        "Within {limit} s, the server `{name}` {said} It was asked for {what}; `limit_s` in its config is how long it may take."
    );
    Trouble::new(TroubleKind::TooLong, message)
}
