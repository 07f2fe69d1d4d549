//! The simulator: traffic that never was, against providers that never were, on a
//! clock that nobody waits for.
//!
//! It drives the very functions that route real requests (`decide`, `Health`,
//! `follow`, `Prefixes`) beside the balancers people would use instead, on the same
//! traffic and the same misfortunes, and checks what a scenario claims.
//!
//! Promises: a scenario and its seed give the same report everywhere, to the last
//! digit; a run ends, whatever the scenario says. Leaves out bytes, dialects and
//! the cost of deciding: those are measured where they are real.

mod baseline;
mod driver;
mod ours;
mod report;
mod scenario;
mod server;
mod world;

pub use report::{Checked, Report, Row};
pub use scenario::{
    Claim, Method, Prefixed, Scenario, ScenarioError, Size, Target, Traffic, Trouble, TroubleKind,
};

use crate::choose::Strategy;
use baseline::{Baseline, Rule};
use driver::Driver;
use ours::Ours;

/// The scenarios that are built in: their names and their texts.
pub const BUILT_IN: [(&str, &str); 7] = [
    ("mixed-sizes", include_str!("../scenarios/mixed-sizes.toml")),
    ("slow-member", include_str!("../scenarios/slow-member.toml")),
    ("twelve-days", include_str!("../scenarios/twelve-days.toml")),
    ("warm-caches", include_str!("../scenarios/warm-caches.toml")),
    ("full-outage", include_str!("../scenarios/full-outage.toml")),
    ("worst-day", include_str!("../scenarios/worst-day.toml")),
    (
        "rate-limit-storm",
        include_str!("../scenarios/rate-limit-storm.toml"),
    ),
];

/// Runs a scenario with each of its methods, and checks its claims.
pub fn run(scenario: &Scenario) -> Report {
    let rows = scenario.methods.iter().map(|method| {
        let mut driver = driver(*method, scenario);
        world::play(scenario, *method, driver.as_mut())
    });
    Report::new(scenario, rows.collect())
}

fn driver<'s>(method: Method, scenario: &'s Scenario) -> Box<dyn Driver + 's> {
    let ours = |strategy| Box::new(Ours::new(scenario, strategy));
    let baseline = |rule| Box::new(Baseline::new(scenario, rule));
    match method {
        Method::Adaptive => ours(Strategy::Adaptive),
        Method::Priority => ours(Strategy::Priority),
        Method::Weighted => ours(Strategy::Weighted),
        Method::Cheapest => ours(Strategy::Cheapest),
        Method::Fastest => ours(Strategy::Fastest),
        Method::RoundRobin => baseline(Rule::RoundRobin),
        Method::LeastConnections => baseline(Rule::LeastConnections),
        Method::Random => baseline(Rule::Random),
    }
}

#[cfg(test)]
mod tests;
