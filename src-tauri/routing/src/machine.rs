//! The machine we run on, as far as it counts for a choice.
//!
//! Promises: figures outside their range, or none, weigh nothing. Leaves out how
//! they are measured.

use serde::{Deserialize, Serialize};

/// What is known of this machine now.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Machine {
    /// Whether there is a network at all. Breakers learn nothing while there is none.
    pub online: bool,
    /// Busy share of the processors, 0 to 1.
    pub cpu: f64,
    /// Used share of the memory, 0 to 1.
    pub memory: f64,
    /// It runs from its battery.
    pub on_battery: bool,
    /// What is left of it, 0 to 1.
    pub battery: f64,
}

impl Default for Machine {
    fn default() -> Self {
        Machine {
            online: true,
            cpu: 0.0,
            memory: 0.0,
            on_battery: false,
            battery: 1.0,
        }
    }
}

impl Machine {
    /// What a model that runs here loses by it, 0 to 3, in the units of the score:
    /// up to one each for processors above 70 %, memory above 85 %, and a battery
    /// below half.
    pub fn burden(&self) -> f64 {
        let above = |value: f64, from: f64| match value.is_finite() {
            true => ((value - from) / (1.0 - from)).clamp(0.0, 1.0),
            false => 0.0,
        };
        let battery = match self.on_battery && self.battery.is_finite() {
            true => (1.0 - 2.0 * self.battery).clamp(0.0, 1.0),
            false => 0.0,
        };
        above(self.cpu, 0.7) + above(self.memory, 0.85) + battery
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_machine_weighs_on_what_runs_there() {
        let idle = Machine::default();
        for (machine, burden) in [
            (idle, 0.0),
            (Machine { cpu: 0.7, ..idle }, 0.0),
            (Machine { cpu: 0.85, ..idle }, 0.5),
            (
                Machine {
                    cpu: 7.0,
                    memory: 1.0,
                    ..idle
                },
                2.0,
            ),
            (
                Machine {
                    battery: 0.25,
                    ..idle
                },
                0.0,
            ),
            (
                Machine {
                    battery: 0.25,
                    on_battery: true,
                    ..idle
                },
                0.5,
            ),
            (
                Machine {
                    cpu: f64::NAN,
                    memory: f64::INFINITY,
                    ..idle
                },
                0.0,
            ),
            (Machine { cpu: -1.0, ..idle }, 0.0),
        ] {
            assert!((machine.burden() - burden).abs() < 1e-9, "{machine:?}");
        }
    }
}
