//! How a batch's waiters are told.
//!
//! A send from the writer's thread wakes the runtime once a waiter, and each wake
//! is a system call. A batch of several is handed over whole instead, and told by
//! a task inside the runtime: measured at one system call a batch in place of one
//! a receipt.

use engine::LedgerDown;
use tokio::sync::{mpsc, oneshot};

/// Whoever waits for a receipt to be durable.
pub(super) type Waiter = oneshot::Sender<Result<(), LedgerDown>>;

/// Batches that may wait to be told; beyond that the writer tells them itself.
const BATCHES: usize = 64;

/// The way back to the runtime. Its task ends when this is dropped.
pub(super) struct Answers(Option<mpsc::Sender<Told>>);

struct Told {
    waiters: Vec<Waiter>,
    outcome: Result<(), LedgerDown>,
}

impl Answers {
    /// Through a task of the runtime this is called in; without one, directly.
    pub(super) fn new() -> Answers {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return Answers(None);
        };
        let (sender, mut batches) = mpsc::channel::<Told>(BATCHES);
        runtime.spawn(async move {
            while let Some(told) = batches.recv().await {
                tell(told);
            }
        });
        Answers(Some(sender))
    }

    /// Tells these waiters, and leaves the list empty.
    pub(super) fn give(&self, waiters: &mut Vec<Waiter>, outcome: &Result<(), LedgerDown>) {
        let told = Told {
            waiters: std::mem::take(waiters),
            outcome: outcome.clone(),
        };
        match &self.0 {
            Some(runtime) if told.waiters.len() > 1 => {
                if let Err(error) = runtime.try_send(told) {
                    // Full, or the runtime has ended.
                    tell(error.into_inner());
                }
            }
            _ => tell(told),
        }
    }
}

fn tell(told: Told) {
    for waiter in told.waiters {
        // Nobody listens when the client has gone; the receipt is written.
        let _ = waiter.send(told.outcome.clone());
    }
}
