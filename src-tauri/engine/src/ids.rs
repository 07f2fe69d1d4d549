//! Names for receipts and for this process.

use std::sync::atomic::{AtomicU64, Ordering};

use http::HeaderValue;

use crate::receipt::ReceiptId;

/// Gives out receipt ids: unique in this process, and rising.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    last: AtomicU64,
}

impl Ids {
    /// Goes on after the newest receipt of the run before, also when the clock was
    /// set back in between.
    pub(crate) fn after(newest: Option<ReceiptId>) -> Ids {
        Ids {
            last: AtomicU64::new(newest.map_or(0, |id| id.0)),
        }
    }

    pub(crate) fn next(&self, unix_ms: u64) -> ReceiptId {
        let floor = ReceiptId::at(unix_ms).0;
        let before = self
            .last
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |last| {
                Some(floor.max(last + 1))
            })
            .unwrap_or_else(|last| last);
        ReceiptId(floor.max(before + 1))
    }
}

/// A random name, so that two Signalboxes in a row don't take each other for themselves.
pub(crate) fn instance_name() -> HeaderValue {
    let mut seed = [0u8; 8];
    // Without randomness the process id still tells the instances of one machine apart.
    if getrandom::fill(&mut seed).is_err() {
        seed[..4].copy_from_slice(&std::process::id().to_le_bytes());
    }
    let text = format!("{:016x}", u64::from_le_bytes(seed));
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("signalbox"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_rise_within_a_millisecond_and_when_the_clock_goes_back() {
        let ids = Ids::default();
        let first = ids.next(1_000);
        let second = ids.next(1_000);
        let third = ids.next(900);
        assert!(first < second && second < third);
        assert_eq!(first.unix_ms(), 1_000);
        assert_eq!(first.to_string().parse(), Ok(first));
    }
}
