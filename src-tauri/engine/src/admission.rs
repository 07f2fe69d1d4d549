//! How many exchanges run at once: a permit each, given back on drop. And how many
//! traces strangers may leave.
//!
//! Leaves out queues and lanes: who finds no room is told so at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Counts running exchanges.
#[derive(Debug, Default)]
pub(crate) struct Admission {
    running: Arc<AtomicUsize>,
}

/// Room for one exchange.
#[derive(Debug)]
pub(crate) struct Permit(Arc<AtomicUsize>);

impl Admission {
    /// A permit, unless `limit` exchanges are running.
    pub(crate) fn admit(&self, limit: usize) -> Option<Permit> {
        let before = self.running.fetch_add(1, Ordering::AcqRel);
        let permit = Permit(Arc::clone(&self.running));
        (before < limit).then_some(permit)
    }

    /// Exchanges running now.
    pub(crate) fn running(&self) -> usize {
        self.running.load(Ordering::Acquire)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Receipts a minute for callers without a client key; the rest are refused all
/// the same and leave none.
const STRANGERS_A_MINUTE: u64 = 120;

/// Counts callers that were not let in: the minute in the upper bits, how many in
/// it in the lower sixteen.
#[derive(Debug, Default)]
pub(crate) struct Strangers(AtomicU64);

impl Strangers {
    pub(crate) fn may_leave_a_trace(&self, unix_ms: u64) -> bool {
        let minute = (unix_ms / 60_000) << 16;
        let counted = self
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |seen| {
                let count = if seen & !0xffff == minute {
                    seen & 0xffff
                } else {
                    0
                };
                (count < STRANGERS_A_MINUTE).then_some(minute | (count + 1))
            });
        counted.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_leave_so_many_traces_a_minute_and_no_more() {
        let strangers = Strangers::default();
        let traces = (0..500)
            .filter(|_| strangers.may_leave_a_trace(60_000))
            .count();
        assert_eq!(traces as u64, STRANGERS_A_MINUTE);
        assert!(strangers.may_leave_a_trace(120_000), "a new minute");
    }

    #[test]
    fn a_full_house_admits_nobody_and_a_leaver_makes_room() {
        let admission = Admission::default();
        let first = admission.admit(1);
        assert!(first.is_some());
        assert!(admission.admit(1).is_none());
        assert_eq!(admission.running(), 1, "a refused caller leaves no trace");
        drop(first);
        assert!(admission.admit(1).is_some());
    }
}
