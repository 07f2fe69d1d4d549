//! Entries as they lie on a disk: sealed, and bound to the question they answer.
//!
//! Promises: XChaCha20-Poly1305 under a random nonce. Format, question and end are authenticated with
//! the entry, so that a value that was changed, cut, moved under another question, or given a longer
//! life does not open; nor does one of another format or key. What does not open is no answer.
//! Leaves out: where the key is kept (`host`: the keychain).
//!
//! A value: format (1 byte), end (8, Unix milliseconds, little-endian), nonce (24), sealed entry, tag (16).

use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::{KeyInit as _, Tag, XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret as _, SecretBox};
use sha2::{Digest as _, Sha256};

use crate::{Entry, Fingerprint};

/// The format of values. Change it with the form of an entry; older values are then misses.
const FORMAT: u8 = 2;
const END: usize = 8;
const NONCE: usize = 24;
const TAG: usize = 16;
/// What stands before the sealed entry.
const HEAD: usize = 1 + END + NONCE;

/// The key that entries are sealed with.
pub struct SealKey(SecretBox<[u8; 32]>);

/// Chance is not to be had from this system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealKeyError(pub String);

impl SealKey {
    /// The key that was kept.
    pub fn from_bytes(bytes: &[u8; 32]) -> SealKey {
        SealKey(SecretBox::init_with_mut(|key: &mut [u8; 32]| {
            key.copy_from_slice(bytes);
        }))
    }

    /// A new key.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn random() -> Result<SealKey, SealKeyError> {
        let mut failed = None;
        let key = SecretBox::init_with_mut(|key: &mut [u8; 32]| {
            failed = getrandom::fill(key).err();
        });
        match failed {
            None => Ok(SealKey(key)),
            Some(error) => Err(SealKeyError(format!(
                "the system has no random bytes: {error}"
            ))),
        }
    }

    /// The key, to be kept in a keychain.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose_secret()
    }

    /// A name for values of this format under this key, of letters and digits. Says nothing of the key,
    /// but tells whether values can be opened without trying: where it differs they can't.
    pub fn name(&self) -> String {
        let mut hasher = Sha256::new();
        hasher.update(b"signalbox seal key's name");
        hasher.update(self.expose());
        let digest = hasher.finalize();
        let hex: String = digest[..6]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("{FORMAT}{hex}")
    }

    /// Seals an entry as the answer to `question`. `None` when there is no chance to be had, or the
    /// entry is of gigabytes.
    pub(crate) fn seal(&self, question: &Fingerprint, entry: &Entry) -> Option<Vec<u8>> {
        let plain = entry.to_bytes()?;
        let mut value = Vec::with_capacity(HEAD + plain.len() + TAG);
        value.push(FORMAT);
        value.extend_from_slice(&entry.expires_at_ms.to_le_bytes());
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).ok()?;
        value.extend_from_slice(&nonce);
        value.extend_from_slice(&plain);
        let tag = self
            .cipher()
            .encrypt_inout_detached(
                &XNonce::from(nonce),
                &bound(question, entry.expires_at_ms),
                (&mut value[HEAD..]).into(),
            )
            .ok()?;
        value.extend_from_slice(&tag);
        Some(value)
    }

    /// The entry that was sealed as the answer to `question`.
    pub(crate) fn open(&self, question: &Fingerprint, mut value: Vec<u8>) -> Option<Entry> {
        if value.first() != Some(&FORMAT) {
            return None;
        }
        let end = u64::from_le_bytes(value.get(1..=END)?.try_into().ok()?);
        let nonce: [u8; NONCE] = value.get(1 + END..HEAD)?.try_into().ok()?;
        let tag_at = value.len().checked_sub(TAG).filter(|at| *at >= HEAD)?;
        let tag = Tag::try_from(&value[tag_at..]).ok()?;
        value.truncate(tag_at);
        self.cipher()
            .decrypt_inout_detached(
                &XNonce::from(nonce),
                &bound(question, end),
                (&mut value[HEAD..]).into(),
                &tag,
            )
            .ok()?;
        value.drain(..HEAD);
        Entry::from_bytes(value).filter(|entry| entry.expires_at_ms == end)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.expose().into())
    }
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey")
    }
}

/// What a value is bound to.
fn bound(question: &Fingerprint, end_ms: u64) -> Vec<u8> {
    let mut bound = b"signalbox answer".to_vec();
    bound.push(FORMAT);
    bound.extend_from_slice(question.bytes());
    bound.extend_from_slice(&end_ms.to_le_bytes());
    bound
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::tests::entry;

    const A: Fingerprint = Fingerprint([1; 32]);
    const B: Fingerprint = Fingerprint([2; 32]);

    #[test]
    fn a_value_opens_under_its_own_question_and_key_alone() {
        let key = SealKey::random().expect("chance");
        let same = SealKey::from_bytes(key.expose());
        let other = SealKey::random().expect("chance");
        let value = key.seal(&A, &entry("Hello", 5)).expect("a value");
        assert_eq!(same.open(&A, value.clone()), Some(entry("Hello", 5)));
        assert_eq!(same.open(&B, value.clone()), None);
        assert_eq!(other.open(&A, value.clone()), None);
        assert_eq!(key.name(), same.name());
        assert_ne!(key.name(), other.name());
        let again = key.seal(&A, &entry("Hello", 5)).expect("a value");
        assert_ne!(value, again, "no nonce is used twice");
        assert!(!value.windows(5).any(|five| five == b"Hello"));
    }

    #[test]
    fn a_value_with_one_bit_changed_or_one_byte_missing_does_not_open() {
        let key = SealKey::random().expect("chance");
        let value = key.seal(&A, &entry("Hello", 5)).expect("a value");
        for at in 0..value.len() {
            for bit in 0..8 {
                let mut changed = value.clone();
                changed[at] ^= 1 << bit;
                assert_eq!(key.open(&A, changed), None, "byte {at}, bit {bit}");
            }
            assert_eq!(key.open(&A, value[..at].to_vec()), None, "cut at {at}");
        }
        let mut longer = value;
        longer.push(0);
        assert_eq!(key.open(&A, longer), None);
    }

    #[test]
    fn an_older_format_is_a_miss() {
        let key = SealKey::random().expect("chance");
        let mut value = key.seal(&A, &entry("Hello", 5)).expect("a value");
        value[0] = FORMAT - 1;
        assert_eq!(key.open(&A, value), None);
    }

    #[test]
    fn a_key_is_never_printed() {
        assert_eq!(format!("{:?}", SealKey::from_bytes(&[7; 32])), "SealKey");
    }
}
