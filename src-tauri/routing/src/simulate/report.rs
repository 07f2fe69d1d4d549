//! What came of a scenario: a row for each method, and its claims checked.
//!
//! Promises: figures are rounded once, here, so that a report reads the same on
//! every machine. `{}` writes the table.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::scenario::{Claim, Method, Scenario};

const DAY_S: f64 = 86_400.0;

/// The outcome.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The scenario's name.
    pub name: String,
    /// What it shows.
    pub about: String,
    /// Where chance began.
    pub seed: u64,
    /// One a method, in the scenario's order.
    pub rows: Vec<Row>,
    /// What was claimed, and whether it holds.
    pub claims: Vec<Checked>,
}

/// The outcome with one method.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// How requests were sent to targets.
    pub method: Method,
    /// Requests of clients.
    pub requests: f64,
    /// Those that were told they failed.
    pub failed: f64,
    /// Attempts at targets.
    pub attempts: f64,
    /// Attempts for each request.
    pub amplification: f64,
    /// Attempts that failed.
    pub unhealthy: f64,
    /// Of which were refused as too fast.
    pub refused: f64,
    /// Time to the first token in the middle, as the client saw it, in milliseconds.
    pub ttft_p50_ms: f64,
    /// Of 95 in 100.
    pub ttft_p95_ms: f64,
    /// Of 99 in 100.
    pub ttft_p99_ms: f64,
    /// Time to the end in the middle, as the client saw it, in milliseconds.
    pub total_p50_ms: f64,
    /// Of 95 in 100.
    pub total_p95_ms: f64,
    /// Of 99 in 100.
    pub total_p99_ms: f64,
    /// What all answers cost, in dollars.
    pub cost_usd: f64,
    /// Prompt tokens that a cache held, in percent.
    pub cached_percent: f64,
    /// Attempts that failed, on the worst day.
    pub unhealthy_most_a_day: f64,
    /// Answers of the poorest whole day, in percent of the richest.
    pub flat_percent: f64,
    /// From the end of a trouble to the first request sent there again, at worst, in
    /// seconds.
    pub return_s: f64,
}

/// A claim and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checked {
    /// In words.
    pub says: String,
    /// The figure, or the ratio of two.
    pub found: f64,
    /// Whether it holds.
    pub holds: bool,
}

/// What is noted while a scenario plays.
#[derive(Debug, Default)]
pub(super) struct Notes {
    failed: u32,
    attempts: u32,
    unhealthy: u32,
    refused: u32,
    ttft_ms: Vec<f64>,
    total_ms: Vec<f64>,
    cost_usd: f64,
    cached: u64,
    prompts: u64,
    answered_by_day: Vec<u32>,
    unhealthy_by_day: Vec<u32>,
    longest_return: Duration,
}

impl Notes {
    pub(super) fn attempted(&mut self) {
        self.attempts += 1;
    }

    pub(super) fn gave_up(&mut self) {
        self.failed += 1;
    }

    pub(super) fn refused(&mut self) {
        self.refused += 1;
    }

    pub(super) fn unhealthy(&mut self, at_s: f64) {
        self.unhealthy += 1;
        *day(&mut self.unhealthy_by_day, at_s) += 1;
    }

    pub(super) fn returned(&mut self, after: Duration) {
        self.longest_return = self.longest_return.max(after);
    }

    pub(super) fn answered(
        &mut self,
        at_s: f64,
        first: Duration,
        total: Duration,
        usd: f64,
        (cached, prompt): (u64, u64),
    ) {
        self.ttft_ms.push(first.as_secs_f64() * 1000.0);
        self.total_ms.push(total.as_secs_f64() * 1000.0);
        self.cost_usd += usd;
        self.cached += cached;
        self.prompts += prompt;
        *day(&mut self.answered_by_day, at_s) += 1;
    }

    pub(super) fn row(mut self, scenario: &Scenario, method: Method) -> Row {
        self.ttft_ms.sort_unstable_by(f64::total_cmp);
        self.total_ms.sort_unstable_by(f64::total_cmp);
        let requests = self.ttft_ms.len() as f64 + f64::from(self.failed);
        let whole_days = (scenario.seconds / DAY_S) as usize;
        let days = &self.answered_by_day[..whole_days.min(self.answered_by_day.len())];
        let flat = match (days.iter().min(), days.iter().max()) {
            (Some(least), Some(most)) => 100.0 * f64::from(*least) / f64::from((*most).max(1)),
            _ => 100.0,
        };
        let most_a_day = self.unhealthy_by_day.iter().max().copied().unwrap_or(0);
        let cached = 100.0 * self.cached as f64 / self.prompts.max(1) as f64;
        let ttft = |share| rounded(quantile(&self.ttft_ms, share), 1);
        let total = |share| rounded(quantile(&self.total_ms, share), 1);
        Row {
            method,
            requests,
            failed: f64::from(self.failed),
            attempts: f64::from(self.attempts),
            amplification: rounded(f64::from(self.attempts) / requests.max(1.0), 3),
            unhealthy: f64::from(self.unhealthy),
            refused: f64::from(self.refused),
            ttft_p50_ms: ttft(0.50),
            ttft_p95_ms: ttft(0.95),
            ttft_p99_ms: ttft(0.99),
            total_p50_ms: total(0.50),
            total_p95_ms: total(0.95),
            total_p99_ms: total(0.99),
            cost_usd: rounded(self.cost_usd, 4),
            cached_percent: rounded(cached, 1),
            unhealthy_most_a_day: f64::from(most_a_day),
            flat_percent: rounded(flat, 1),
            return_s: rounded(self.longest_return.as_secs_f64(), 2),
        }
    }
}

impl Report {
    pub(super) fn new(scenario: &Scenario, rows: Vec<Row>) -> Report {
        let check = |claim: &Claim| {
            let of = |method: Method| {
                let row = rows.iter().find(|row| row.method == method)?;
                row.figure(&claim.figure)
            };
            let found = match claim.over {
                None => of(claim.of),
                Some(over) => of(claim.of).zip(of(over)).map(|(one, other)| one / other),
            };
            // A figure that does not exist holds nothing.
            let found = found.unwrap_or(f64::NAN);
            Checked {
                says: claim.says.clone(),
                found: rounded(found, 3),
                holds: claim.at_least.is_none_or(|least| found >= least)
                    && claim.at_most.is_none_or(|most| found <= most)
                    && !found.is_nan(),
            }
        };
        Report {
            name: scenario.name.clone(),
            about: scenario.about.clone(),
            seed: scenario.seed,
            claims: scenario.claims.iter().map(check).collect(),
            rows,
        }
    }
}

impl Row {
    /// A figure by the name of its column.
    pub fn figure(&self, name: &str) -> Option<f64> {
        let row = serde_json::to_value(self).ok()?;
        row.get(name)?.as_f64()
    }
}

fn day(days: &mut Vec<u32>, at_s: f64) -> &mut u32 {
    let day = (at_s / DAY_S) as usize;
    if days.len() <= day {
        days.resize(day + 1, 0);
    }
    &mut days[day]
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = (sorted.len() as f64 * share) as usize;
    let last = sorted.len().saturating_sub(1);
    sorted.get(place.min(last)).copied().unwrap_or(0.0)
}

fn rounded(value: f64, digits: i32) -> f64 {
    let step = 10_f64.powi(digits);
    (value * step).round() / step
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{} (seed {})\n{}\n", self.name, self.seed, self.about)?;
        writeln!(
            out,
            "{:<18} {:>8} {:>7} {:>9} {:>9} {:>10} {:>10} {:>10} {:>10} {:>9} {:>7} {:>8}",
            "method",
            "requests",
            "failed",
            "unhealthy",
            "attempts",
            "ttft p50",
            "ttft p95",
            "ttft p99",
            "total p99",
            "cost $",
            "cached",
            "return s"
        )?;
        for row in &self.rows {
            let name = serde_json::to_value(row.method).unwrap_or_default();
            writeln!(
                out,
                "{:<18} {:>8} {:>7} {:>9} {:>8.3}x {:>7.0} ms {:>7.0} ms {:>7.0} ms {:>7.0} ms \
                 {:>9.4} {:>5.0} % {:>8.1}",
                name.as_str().unwrap_or_default(),
                row.requests,
                row.failed,
                row.unhealthy,
                row.amplification,
                row.ttft_p50_ms,
                row.ttft_p95_ms,
                row.ttft_p99_ms,
                row.total_p99_ms,
                row.cost_usd,
                row.cached_percent,
                row.return_s,
            )?;
        }
        if !self.claims.is_empty() {
            writeln!(out)?;
        }
        for claim in &self.claims {
            let word = if claim.holds { "holds" } else { "FAILS" };
            writeln!(out, "{word}  {} ({})", claim.says, claim.found)?;
        }
        Ok(())
    }
}
