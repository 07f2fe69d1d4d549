//! The end of the app, as running exchanges see it: they may finish for a while,
//! and are then told to say that they can't.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// Pulled once, when the time to finish is over.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    pulled: AtomicBool,
    notify: Arc<Notify>,
}

impl Stop {
    pub(crate) fn pull(&self) {
        self.pulled.store(true, Ordering::Release);
        self.notify.notify_waiters();
    }

    /// Resolves once it is pulled.
    pub(crate) async fn pulled(&self) {
        let notified = self.notify.notified();
        tokio::pin!(notified);
        // Registered before the look, so that a pull between the two is not missed.
        notified.as_mut().enable();
        if !self.pulled.load(Ordering::Acquire) {
            notified.await;
        }
    }

    pub(crate) fn watch(self: &Arc<Self>) -> StopSeen {
        StopSeen {
            stop: Arc::clone(self),
            notified: None,
        }
    }
}

/// One stream's view of it: registered when the stream first has to wait, and
/// from then on one load of a flag.
pub(crate) struct StopSeen {
    stop: Arc<Stop>,
    notified: Option<Pin<Box<OwnedNotified>>>,
}

impl StopSeen {
    pub(crate) fn poll_stopped(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.notified.is_none() {
            let mut notified = Box::pin(Arc::clone(&self.stop.notify).notified_owned());
            // A body is polled by one task, so this waker stays the right one.
            let _ = notified.as_mut().poll(cx);
            self.notified = Some(notified);
        }
        if self.stop.pulled.load(Ordering::Acquire) {
            return Poll::Ready(());
        }
        Poll::Pending
    }
}
