//! What is kept of an answer for the requests that follow it: signatures that the caller's dialect
//! can't carry, and conversations that it will go on by name.

use std::sync::Arc;

use dialect::SealedCall;
use dialect::hub::{Reply, Request};

use crate::machine::Inner;
use crate::place::Place;

/// The memory of one exchange.
pub(crate) struct Memory {
    inner: Arc<Inner>,
    provider: String,
    /// Where the conversation stands, for a caller whose calls have no ids.
    place: Option<Place>,
    /// The conversation to keep under the reply's name.
    conversation: Option<Box<ToKeep>>,
}

/// A conversation to be kept when its reply is whole.
pub(crate) struct ToKeep {
    pub(crate) client: Arc<str>,
    pub(crate) response: String,
    pub(crate) request: Request,
}

impl Memory {
    pub(crate) fn new(
        inner: &Arc<Inner>,
        provider: &str,
        place: Option<Place>,
        conversation: Option<ToKeep>,
    ) -> Memory {
        Memory {
            inner: Arc::clone(inner),
            provider: provider.to_owned(),
            place,
            conversation: conversation.map(Box::new),
        }
    }

    /// Another provider goes on with the answer: what it seals is its own.
    pub(crate) fn goes_on_at(&mut self, provider: &str) {
        provider.clone_into(&mut self.provider);
    }

    /// Keeps signatures on calls.
    pub(crate) fn seals(&self, calls: Vec<SealedCall>) {
        self.inner.stash.keep(&self.provider, self.place, calls);
    }

    /// The reply is whole.
    pub(crate) fn reply(&mut self, reply: &Reply) {
        self.seals(dialect::seals_of(reply));
        if let Some(kept) = self.conversation.take() {
            self.inner
                .conversations
                .keep(&kept.client, &kept.response, &kept.request, reply);
        }
    }
}
