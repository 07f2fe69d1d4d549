//! A prompt cache that holds nothing but what it has seen: how much of a prompt came before.
//!
//! Bounds: prefixes in steps of 1,024 tokens, at most 64 a prompt, 4,096 of them in all, the oldest
//! go first. In memory, and of hashes only.

use std::collections::{HashSet, VecDeque};
use std::sync::{LazyLock, Mutex, PoisonError};

use dialect::estimate_tokens;

use super::script::fingerprint;

/// A prefix is cached in steps of so many bytes: 1,024 tokens.
const STEP: usize = 4 * 1024;
/// The most steps of one prompt that are looked at.
const MOST_STEPS: usize = 64;
/// The most prefixes that are known.
const MOST: usize = 4_096;

static SEEN: LazyLock<Mutex<Seen>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Seen {
    known: HashSet<u64>,
    oldest_first: VecDeque<u64>,
}

/// The tokens of a prompt's beginning that came before, and the prompt is known from now on.
pub(super) fn before(prompt: &str) -> u64 {
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    seen.take(prompt)
}

impl Seen {
    fn take(&mut self, prompt: &str) -> u64 {
        let steps = (prompt.len() / STEP).min(MOST_STEPS);
        let (mut chain, mut cached) = (0, 0);
        for step in 0..steps {
            let bytes = &prompt.as_bytes()[step * STEP..(step + 1) * STEP];
            // Each step stands for everything before it too.
            chain = fingerprint(&[&u64::to_le_bytes(chain), bytes].concat());
            if self.known.contains(&chain) {
                cached = step + 1;
            } else {
                self.learn(chain);
            }
        }
        estimate_tokens((cached * STEP) as u64)
    }

    fn learn(&mut self, prefix: u64) {
        if self.oldest_first.len() == MOST
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.known.insert(prefix);
        self.oldest_first.push_back(prefix);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_beginning_that_came_before_is_cached() {
        let mut seen = Seen::default();
        let long = "a".repeat(3 * STEP);
        assert_eq!(seen.take(&long), 0);
        assert_eq!(seen.take(&format!("{long}and more")), 3 * 1024);
        assert_eq!(seen.take(&long[..2 * STEP]), 2 * 1024);
        assert_eq!(seen.take(&format!("b{long}")), 0, "another beginning");
        assert_eq!(seen.take("short"), 0);
    }

    #[test]
    fn it_never_knows_more_than_it_may() {
        let mut seen = Seen::default();
        for number in 0..200 {
            seen.take(&format!("{number}{}", "x".repeat(STEP * (MOST_STEPS + 5))));
        }
        assert_eq!((seen.known.len(), seen.oldest_first.len()), (MOST, MOST));
    }
}
