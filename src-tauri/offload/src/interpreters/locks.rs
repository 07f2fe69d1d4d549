//! What the system is to hold against code, and what of it is missing.

use std::sync::{Mutex, PoisonError};

use speech::Lock;

/// What this system should hold.
fn due() -> &'static [Lock] {
    let knows_calls = cfg!(any(
        target_arch = "x86_64",
        target_arch = "aarch64",
        target_arch = "riscv64"
    ));
    if cfg!(target_os = "linux") {
        if knows_calls {
            &Lock::ALL
        } else {
            &Lock::ALL[..5]
        }
    } else if cfg!(unix) {
        &[Lock::Processor, Lock::Files]
    } else {
        &[]
    }
}

/// Those of `wanted` that are not held.
pub(super) fn missing(wanted: &[Lock], held: &[Lock]) -> Vec<Lock> {
    let mut missing = wanted.to_vec();
    missing.retain(|lock| !held.contains(lock));
    missing
}

/// In plain words.
pub(super) fn named(locks: &[Lock]) -> String {
    let names = locks.iter().map(|lock| lock.what());
    names.collect::<Vec<_>>().join(", ")
}

/// What the last process said that it is held by.
#[derive(Debug, Default)]
pub(super) struct Seen(Mutex<Option<Vec<Lock>>>);

impl Seen {
    /// One that should be held and is not is told in the log, once for as long as it stays so.
    pub(super) fn note(&self, held: &[Lock]) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.as_deref() == Some(held) {
            return;
        }
        let missing = missing(due(), held);
        if !missing.is_empty() {
            tracing::warn!(
                missing = named(&missing),
                "code of others runs with less around it than this system should hold"
            );
        }
        *seen = Some(held.to_vec());
    }

    pub(super) fn last(&self) -> Option<Vec<Lock>> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_held_is_named() {
        assert_eq!(missing(&Lock::ALL, &Lock::ALL), []);
        let held = [Lock::Memory, Lock::Processor, Lock::Files, Lock::Processes];
        assert_eq!(named(&missing(&Lock::ALL, &held)), "folders, system calls");
        assert_eq!(missing(&Lock::ALL, &[]).len(), 6);
    }
}
