//! Calls by their number: their ids are drawn anew each time, and some dialects have none.
//!
//! Promises: a result is tied to the call that a target would be told it answers (`fit::ids`).

use std::collections::{HashMap, VecDeque};

/// The calls of a conversation so far.
#[derive(Default)]
pub(super) struct Calls<'a> {
    count: u64,
    /// Calls are numbered from this one on.
    first: u64,
    by_id: HashMap<&'a str, VecDeque<u64>>,
    unanswered: VecDeque<u64>,
}

impl<'a> Calls<'a> {
    /// The next call is number 0; those before it count back from there.
    pub(super) fn count_from_here(&mut self) {
        self.first = self.count;
    }

    /// The next call.
    pub(super) fn made(&mut self, id: &'a str) {
        self.by_id.entry(id).or_default().push_back(self.count);
        self.unanswered.push_back(self.count);
        self.count += 1;
    }

    /// The call that a result answers; `None` when it names none of this conversation.
    pub(super) fn answered(&mut self, id: &str) -> Option<u64> {
        let named = self.by_id.get_mut(id).and_then(|calls| {
            // The last result of a call may come twice.
            if calls.len() > 1 {
                calls.pop_front()
            } else {
                calls.front().copied()
            }
        });
        let call = match named {
            None if id.is_empty() => self.unanswered.front().copied(),
            named => named,
        }?;
        self.unanswered.retain(|one| *one != call);
        Some(call.wrapping_sub(self.first))
    }
}
