//! How fast is written: at full speed sled 0.34 hung for good within a minute (docs/performance.md).
//!
//! Promises: no more than so many writes and bytes a second, with a little in hand for a burst. Time is
//! an argument.

use std::time::{Duration, Instant};

/// Writes a second, and how many may come at once. At five times this rate sled was not seen to hang.
const WRITES: f64 = 200.0;
/// Bytes a second, and half of how many may come at once.
const BYTES: f64 = 8.0 * 1_048_576.0;

/// What may be written now.
pub(super) struct Pace {
    writes: f64,
    bytes: f64,
    at: Instant,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Pace {
        Pace {
            writes: WRITES,
            bytes: 2.0 * BYTES,
            at: now,
        }
    }

    /// How long the next write has to wait.
    pub(super) fn wait(&mut self, now: Instant) -> Duration {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        self.writes = (self.writes + passed * WRITES).min(WRITES);
        self.bytes = (self.bytes + passed * BYTES).min(2.0 * BYTES);
        // A large value is let through when there is anything in hand, and paid for afterwards.
        let lacking = ((1.0 - self.writes) / WRITES).max(-self.bytes / BYTES);
        Duration::from_secs_f64(lacking.max(0.0))
    }

    /// Something was written.
    pub(super) fn wrote(&mut self, bytes: usize) {
        self.writes -= 1.0;
        self.bytes -= bytes as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written_in(seconds: u64, bytes: usize) -> u64 {
        let begin = Instant::now();
        let (mut pace, mut now, mut count) = (Pace::new(begin), begin, 0);
        while now < begin + Duration::from_secs(seconds) {
            let wait = pace.wait(now);
            if wait.is_zero() {
                pace.wrote(bytes);
                count += 1;
            } else {
                now += wait.max(Duration::from_millis(1));
            }
        }
        count
    }

    #[test]
    fn neither_writes_nor_bytes_come_faster() {
        let small = written_in(10, 1_000);
        assert!((2_190..=2_210).contains(&small), "{small}");
        let large = written_in(10, 10 << 20);
        assert!((9..=11).contains(&large), "{large}");
    }
}
