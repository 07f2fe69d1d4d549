//! The retry budget: those who retry must not feed an outage.

/// Attempts that a request puts in.
const DEPOSIT: f64 = 0.1;
/// Attempts that are saved up at most, and there at the start.
const MOST_SAVED: f64 = 10.0;
/// Errors below this share are everybody's.
const FREE_BELOW: f64 = 0.05;

/// Retries that may be made, all exchanges together.
///
/// Each request puts in a tenth of an attempt. A retry takes out what it is likely
/// to waste, which is the share of errors at the target it goes to: turning to a
/// healthy target is free, because it leaves an outage instead of feeding it, and
/// in an outage of all of them one request in ten is retried.
#[derive(Debug, Clone)]
pub struct RetryBudget {
    attempts: f64,
}

impl Default for RetryBudget {
    fn default() -> Self {
        RetryBudget {
            attempts: MOST_SAVED,
        }
    }
}

impl RetryBudget {
    /// A request has come in.
    pub fn arrived(&mut self) {
        self.attempts = (self.attempts + DEPOSIT).min(MOST_SAVED);
    }

    /// Takes out a retry at a target with this share of errors, if it is there.
    pub fn take(&mut self, errors: f64) -> bool {
        if errors < FREE_BELOW {
            return true;
        }
        let cost = errors.clamp(0.0, 1.0);
        let enough = self.attempts >= cost;
        if enough {
            self.attempts -= cost;
        }
        enough
    }
}
