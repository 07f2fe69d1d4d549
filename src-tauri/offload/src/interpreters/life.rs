//! The life of a process: it is fetched as soon as it has ended, whoever is busy with what.
//!
//! Promises: dropping this value kills it; whether it goes on is known at any time. One task a process, which ends
//! with it.

use std::process::ExitStatus;

use tokio::process::Child;
use tokio::sync::{oneshot, watch};

/// One of them.
#[derive(Debug)]
pub(super) struct Life {
    #[cfg(unix)]
    id: Option<rustix::process::Pid>,
    held: oneshot::Sender<()>,
    state: watch::Receiver<State>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    GoesOn,
    Ended(Option<ExitStatus>),
}

impl Life {
    /// Of a child that is killed when it is dropped.
    pub(super) fn of(mut child: Child) -> Life {
        #[cfg(unix)]
        let id = child
            .id()
            .and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()));
        let (held, mut end) = oneshot::channel::<()>();
        let (told, state) = watch::channel(State::GoesOn);
        tokio::spawn(async move {
            let status = tokio::select! {
                status = child.wait() => status.ok(),
                _ = &mut end => {
                    let _ = child.start_kill();
                    child.wait().await.ok()
                }
            };
            told.send_replace(State::Ended(status));
        });
        Life {
            #[cfg(unix)]
            id,
            held,
            state,
        }
    }

    /// Waits for its end. How it ended, where that is known.
    pub(super) async fn ended(&mut self) -> Option<ExitStatus> {
        let ended = |state: &State| matches!(state, State::Ended(_));
        match self.state.wait_for(ended).await.as_deref() {
            Ok(State::Ended(status)) => *status,
            _ => None,
        }
    }

    /// It has not ended.
    pub(super) fn goes_on(&self) -> bool {
        // Nobody keeps it any more, or it was fetched.
        if self.state.has_changed().is_err() || !matches!(*self.state.borrow(), State::GoesOn) {
            return false;
        }
        // It may have ended and not been fetched yet: its number is still its own.
        #[cfg(unix)]
        if let Some(id) = self.id {
            use rustix::process::{WaitId, WaitIdOptions, waitid};
            let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
            return matches!(waitid(WaitId::Pid(id), look), Ok(None));
        }
        true
    }

    /// Kills it, and waits until nothing is left of it.
    pub(super) async fn end(mut self) {
        let (nobody, _) = oneshot::channel();
        drop(std::mem::replace(&mut self.held, nobody));
        self.ended().await;
    }
}
