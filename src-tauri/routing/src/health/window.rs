//! Outcomes of the last two minutes, by class.
//!
//! Promises: a fixed size whatever the traffic, counts that stop instead of
//! wrapping, and a clock that jumps back only fills the latest bucket. Two
//! minutes are twelve buckets of ten seconds; a bucket is forgotten whole.

use super::outcome::Class;
use crate::moment::Moment;

/// Seconds that a window reaches back.
pub(crate) const WINDOW_S: u64 = BUCKETS as u64 * BUCKET_S;

const BUCKETS: usize = 12;
const BUCKET_S: u64 = 10;
const CLASSES: usize = Class::ALL.len();

/// Counts of outcomes by class.
pub(crate) type Counts = [u32; CLASSES];

/// The window.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    buckets: [[u16; CLASSES]; BUCKETS],
    /// Ten-second steps since the clock's zero, of the bucket that is filled now.
    current: u64,
}

impl Default for Window {
    fn default() -> Self {
        Window {
            buckets: [[0; CLASSES]; BUCKETS],
            current: step(Moment(0)),
        }
    }
}

impl Window {
    /// One more of this class.
    pub(crate) fn record(&mut self, class: Class, now: Moment) {
        let step = step(now);
        let passed = step.saturating_sub(self.current);
        for ahead in 1..=passed.min(BUCKETS as u64) {
            self.buckets[place(self.current + ahead)] = [0; CLASSES];
        }
        if passed > BUCKETS as u64 {
            self.buckets = [[0; CLASSES]; BUCKETS];
        }
        self.current = self.current.max(step);
        let count = &mut self.buckets[place(self.current)][class as usize];
        *count = count.saturating_add(1);
    }

    /// What is within the window.
    pub(crate) fn counts(&self, now: Moment) -> Counts {
        let gone = step(now).saturating_sub(self.current);
        let mut counts = [0; CLASSES];
        for back in 0..(BUCKETS as u64).saturating_sub(gone) {
            let bucket = &self.buckets[place(self.current - back)];
            for (sum, count) in counts.iter_mut().zip(bucket) {
                *sum += u32::from(*count);
            }
        }
        counts
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.buckets = [[0; CLASSES]; BUCKETS];
    }
}

/// Counted from one window after nought, so that there is always one before it.
fn step(now: Moment) -> u64 {
    now.0 / (BUCKET_S * 1_000_000) + BUCKETS as u64
}

fn place(step: u64) -> usize {
    (step % BUCKETS as u64) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(window: &Window, class: Class, s: u64) -> u32 {
        window.counts(Moment::from_ms(s * 1000))[class as usize]
    }

    #[test]
    fn outcomes_are_forgotten_after_two_minutes() {
        let mut window = Window::default();
        window.record(Class::Server, Moment::from_ms(5_000));
        window.record(Class::Server, Moment::from_ms(65_000));
        assert_eq!(of(&window, Class::Server, 65), 2);
        assert_eq!(of(&window, Class::Server, 119), 2);
        assert_eq!(of(&window, Class::Server, 120), 1);
        assert_eq!(of(&window, Class::Server, 180), 0);
        assert_eq!(of(&window, Class::Timeout, 65), 0);
    }

    #[test]
    fn a_clock_that_jumps_loses_nothing_but_the_old() {
        let mut window = Window::default();
        window.record(Class::Server, Moment::from_ms(500_000));
        window.record(Class::Server, Moment::from_ms(1_000));
        assert_eq!(of(&window, Class::Server, 500), 2);
        assert_eq!(of(&window, Class::Server, 1), 2);
        window.record(Class::Server, Moment(u64::MAX));
        assert_eq!(window.counts(Moment(u64::MAX))[Class::Server as usize], 1);
    }

    proptest! {
        /// Against a plain list of what was recorded.
        #[test]
        fn it_counts_what_a_list_would(times in prop::collection::vec(0u64..400, 1..80)) {
            let mut window = Window::default();
            let mut clock = 0;
            let mut list = Vec::new();
            for time in times {
                clock = clock.max(time);
                window.record(Class::Server, Moment::from_ms(clock * 1000));
                list.push(clock);
                let kept = list.iter().filter(|t| clock / BUCKET_S - *t / BUCKET_S < BUCKETS as u64);
                prop_assert_eq!(of(&window, Class::Server, clock), kept.count() as u32);
            }
        }
    }
}
