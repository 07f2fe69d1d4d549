//! The key that kept answers are sealed with: one of the vault's own, beside the providers'.
//!
//! Promises: made once and kept in the keychain's one item, under a name that no provider's key can
//! have; it is never listed and never sent. Where it can't be kept it is for this run only: what was
//! sealed with it is unreadable afterwards, and a miss. A lost or damaged one is made anew.

use std::sync::Arc;

use cache::SealKey;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};

use super::{Vault, VaultError};

/// Begins the names that are not for providers.
const OWN: char = '_';
const NAME: &str = "_answers";

/// Whether a key is the vault's own.
pub(super) fn is_own(name: &str) -> bool {
    name.starts_with(OWN)
}

impl Vault {
    /// The key that kept answers are sealed with. Blocks, as long as somebody needs to answer the
    /// keychain's prompt.
    ///
    /// # Errors
    /// When the system has no random bytes for a new one.
    pub fn seal_key(&self) -> Result<SealKey, VaultError> {
        if let Some(key) = self.kept_seal_key() {
            return Ok(key);
        }
        let new = SealKey::random().map_err(|error| VaultError::Keychain(error.0))?;
        let text = Arc::new(written(&new));
        let kept = self.inner.change(move |keys| {
            // Another process may have made one meanwhile.
            if keys.get(NAME).and_then(|text| read(text)).is_none() {
                keys.insert(NAME.to_owned(), text);
            }
        });
        if let Err(error) = kept {
            tracing::warn!(%error, "the cache's key is for this run only: its answers are gone with it");
            return Ok(new);
        }
        Ok(self.kept_seal_key().unwrap_or(new))
    }

    fn kept_seal_key(&self) -> Option<SealKey> {
        read(self.inner.keys.load().get(NAME)?)
    }
}

/// The key as hexadecimal digits.
fn written(key: &SealKey) -> SecretString {
    // Room from the start: a buffer that grows leaves copies behind that nobody wipes.
    let mut text = String::with_capacity(64);
    for byte in key.expose() {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from_digit(nibble.into(), 16).unwrap_or('0'));
        }
    }
    SecretString::from(text)
}

/// `None` for what is no key of ours.
fn read(text: &SecretString) -> Option<SealKey> {
    let text = text.expose_secret().as_bytes();
    if text.len() != 64 {
        return None;
    }
    let digit = |at: usize| char::from(text[at]).to_digit(16);
    let mut key = Zeroizing::new([0; 32]);
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = u8::try_from(digit(2 * at)? * 16 + digit(2 * at + 1)?).ok()?;
    }
    Some(SealKey::from_bytes(&key))
}
