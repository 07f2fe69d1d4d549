//! What is kept of an answer for the requests that follow it: signatures that the caller's dialect
//! can't carry, and conversations that it will go on by name.

use std::sync::Arc;

use dialect::hub::{Reply, Request, Sealed};

use crate::machine::Inner;

/// The memory of one exchange.
pub(crate) struct Memory {
    inner: Arc<Inner>,
    provider: String,
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
    pub(crate) fn new(inner: &Arc<Inner>, provider: &str, conversation: Option<ToKeep>) -> Memory {
        Memory {
            inner: Arc::clone(inner),
            provider: provider.to_owned(),
            conversation: conversation.map(Box::new),
        }
    }

    /// Keeps signatures on calls.
    pub(crate) fn seals(&self, seals: Vec<(String, Sealed)>) {
        self.inner.stash.keep(&self.provider, seals);
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
