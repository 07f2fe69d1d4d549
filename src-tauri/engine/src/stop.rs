//! A word to running work that its time is over: pulled once, with the reason, and seen by whoever
//! waits and by whoever looks later. One for the whole app, and one for each attempt.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// Pulled once, when the time to finish is over.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    why: OnceLock<Arc<str>>,
    notify: Arc<Notify>,
}

impl Stop {
    /// The first reason stays.
    pub(crate) fn pull(&self, why: &Arc<str>) {
        self.why.get_or_init(|| Arc::clone(why));
        self.notify.notify_waiters();
    }

    /// Resolves once it is pulled, with the reason.
    pub(crate) async fn pulled(&self) -> Arc<str> {
        loop {
            let notified = self.notify.notified();
            tokio::pin!(notified);
            // Registered before the look, so that a pull between the two is not missed.
            notified.as_mut().enable();
            if let Some(why) = self.why.get() {
                return Arc::clone(why);
            }
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

/// One stream's view of it: registered at the first look, and from then on one load of a flag.
pub(crate) struct StopSeen {
    stop: Arc<Stop>,
    notified: Option<Pin<Box<OwnedNotified>>>,
}

impl StopSeen {
    pub(crate) fn poll_stopped(&mut self, cx: &mut Context<'_>) -> Poll<Arc<str>> {
        if self.notified.is_none() {
            let mut notified = Box::pin(Arc::clone(&self.stop.notify).notified_owned());
            // A body is polled by one task, so this waker stays the right one.
            let _ = notified.as_mut().poll(cx);
            self.notified = Some(notified);
        }
        match self.stop.why.get() {
            Some(why) => Poll::Ready(Arc::clone(why)),
            None => Poll::Pending,
        }
    }
}
