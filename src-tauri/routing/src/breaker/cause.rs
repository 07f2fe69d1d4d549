//! Why something is as it is, as figures and as a line.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::State;
use crate::health::Class;
use crate::moment::Moment;

/// Why something is not simply healthy, as figures for whoever shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// How it is doing.
    pub state: State,
    /// Errors among the requests of the window, in percent.
    pub error_percent: f64,
    /// Requests that say something, in the window.
    pub requests: u32,
    /// The window in seconds.
    pub over_s: u64,
    /// Failures by class, most frequent first.
    pub failures: Vec<(Class, u32)>,
    /// What is waited for, and until when.
    pub hold: Option<(Class, Moment)>,
}

/// `Degraded: 3.1 % errors over 2 min, 5 × 503`
impl fmt::Display for Cause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Healthy => "Healthy",
            State::Degraded => "Degraded",
            State::Recovering => "Recovering",
            State::Failed => "Failed",
        };
        write!(out, "{state}")?;
        let mut mark = ": ";
        if let Some((class, _)) = self.hold {
            write!(out, "{mark}out ({})", class.label())?;
            mark = ", ";
        }
        if self.error_percent > 0.0 {
            let minutes = self.over_s / 60;
            write!(
                out,
                "{mark}{:.1} % errors over {minutes} min",
                self.error_percent
            )?;
            mark = ", ";
        }
        for (class, count) in &self.failures {
            write!(out, "{mark}{count} × {}", class.label())?;
            mark = ", ";
        }
        Ok(())
    }
}
