//! The key an attempt was made with, and how it stays unsaid.
//!
//! Some gateways repeat in their errors what they were shown: the key, or what was made of it for
//! this provider (a minted access token, a session token). None of it may reach the client, the
//! ledger or the panel.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use dialect::Failure;
use memchr::memmem;
use secrecy::{ExposeSecret as _, SecretString};

/// What stands where a key was.
const MASK: &str = "[key]";

/// The key that was shown to a provider, none when it wants none, and each secret that was made of
/// it or read out of it on the way.
#[derive(Debug, Default)]
pub(crate) struct ShownKey {
    stored: Option<Arc<SecretString>>,
    /// A few a call; the lock is this attempt's own.
    made: Mutex<Vec<SecretString>>,
}

impl ShownKey {
    pub(crate) fn new(stored: Option<Arc<SecretString>>) -> ShownKey {
        ShownKey {
            stored,
            made: Mutex::default(),
        }
    }

    pub(crate) fn stored(&self) -> Option<&SecretString> {
        self.stored.as_deref()
    }

    /// From now on this is not told either.
    pub(crate) fn hide(&self, secret: &SecretString) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if !made
            .iter()
            .any(|known| known.expose_secret() == secret.expose_secret())
        {
            made.push(secret.clone());
        }
    }

    /// Whether these bytes hold the key.
    pub(crate) fn is_in(&self, bytes: &[u8]) -> bool {
        self.any(|secret| memmem::find(bytes, secret.as_bytes()).is_some())
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
        self.any(|secret| {
            if text.contains(secret) {
                *text = text.replace(secret, MASK);
            }
            false
        });
    }

    /// Whether it holds for one of the secrets. The stored one goes first: it may contain the others.
    fn any(&self, mut holds: impl FnMut(&str) -> bool) -> bool {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        self.stored()
            .into_iter()
            .chain(made.iter())
            .map(|secret| secret.expose_secret())
            .filter(|secret| !secret.is_empty())
            .any(&mut holds)
    }
}

#[cfg(test)]
mod tests {
    use dialect::FailureCategory;

    use super::*;

    #[test]
    fn a_key_is_masked_wherever_the_provider_repeats_it() {
        let key = ShownKey::new(Some(Arc::new(SecretString::from("sk-1"))));
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

    #[test]
    fn what_was_made_of_a_key_is_masked_like_the_key() {
        let key = ShownKey::new(Some(Arc::new(SecretString::from(
            "{\"private_key\":\"x\"}",
        ))));
        for made in ["ya29.minted", "session", "ya29.minted"] {
            key.hide(&SecretString::from(made));
        }
        let failure = Failure {
            category: FailureCategory::Auth,
            status: Some(401),
            code: None,
            message: "bad: Bearer ya29.minted".into(),
            retry_after_ms: None,
        };
        assert!(key.is_in(b"x-amz-security-token: session"));
        let (failure, bytes) = key.masked(failure, Bytes::from("ya29.minted, session"));
        assert_eq!(failure.message, "bad: Bearer [key]");
        assert_eq!(bytes, "[key], [key]");
        assert!(!format!("{key:?}").contains("minted"));
    }
}
