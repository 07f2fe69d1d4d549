//! The key an attempt was made with, and how it stays unsaid.
//!
//! Some gateways repeat the key in their errors. It must reach neither the client
//! nor the ledger nor the panel.

use std::sync::Arc;

use bytes::Bytes;
use dialect::Failure;
use secrecy::{ExposeSecret as _, SecretString};

/// What stands where a key was.
const MASK: &str = "[key]";

/// The key that was shown to a provider; none when it wants none.
#[derive(Debug, Clone, Default)]
pub(crate) struct ShownKey(pub(crate) Option<Arc<SecretString>>);

impl ShownKey {
    /// Whether these bytes hold the key.
    pub(crate) fn is_in(&self, bytes: &[u8]) -> bool {
        self.0.as_ref().is_some_and(|key| {
            let key = key.expose_secret();
            !key.is_empty() && memchr::memmem::find(bytes, key.as_bytes()).is_some()
        })
    }

    /// The failure without the key, and the bytes that tell of it.
    pub(crate) fn masked(&self, mut failure: Failure, bytes: Bytes) -> (Failure, Bytes) {
        self.mask(&mut failure.message);
        if let Some(code) = &mut failure.code {
            self.mask(code);
        }
        if !self.is_in(&bytes) {
            return (failure, bytes);
        }
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        self.mask(&mut text);
        (failure, text.into())
    }

    fn mask(&self, text: &mut String) {
        if self.is_in(text.as_bytes())
            && let Some(key) = &self.0
        {
            *text = text.replace(key.expose_secret(), MASK);
        }
    }
}

#[cfg(test)]
mod tests {
    use dialect::FailureCategory;

    use super::*;

    #[test]
    fn a_key_is_masked_wherever_the_provider_repeats_it() {
        let key = ShownKey(Some(Arc::new(SecretString::from("sk-1"))));
        let failure = Failure {
            category: FailureCategory::Auth,
            status: Some(401),
            code: Some("bad:sk-1".into()),
            message: "no such key: sk-1".into(),
            retry_after_ms: None,
        };
        let (failure, bytes) = key.masked(failure, Bytes::from("data: sk-1 sk-1"));
        assert_eq!(failure.message, "no such key: [key]");
        assert_eq!(failure.code.as_deref(), Some("bad:[key]"));
        assert_eq!(bytes, "data: [key] [key]");
    }
}
