//! What is needed of a disk.

use crate::Fingerprint;

/// Keeps values for a while. `host` fulfils it; a store may lose anything at any time.
///
/// What comes back need not be what was written: values are sealed, and one that was damaged or
/// mixed up is found out when it is opened.
pub trait Store: Send + Sync {
    /// The value under a key. Blocks, but never longer than the store's own limit; a store that is
    /// late or gone has nothing.
    fn read(&self, key: &Fingerprint) -> Option<Vec<u8>>;

    /// Keeps a value, or drops it when there is too much to do; whether it is to be kept. Doesn't wait.
    fn write(&self, key: &Fingerprint, value: Vec<u8>) -> bool;

    /// Forgets everything. Doesn't wait: what is read after it was not written before it.
    fn purge(&self);
}
