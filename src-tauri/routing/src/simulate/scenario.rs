//! A scenario as it is written: who serves, what is asked, what goes wrong, and
//! what is claimed of the outcome.
//!
//! Promises: what was read can be run; everything else is refused with the place
//! and the reason.

use serde::{Deserialize, Serialize};

use crate::score::Service;

/// The most requests of a run, and the most targets.
const MOST_REQUESTS: f64 = 5_000_000.0;
const MOST_TARGETS: usize = 64;

/// A scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is called.
    pub name: String,
    /// What it shows, in a sentence.
    pub about: String,
    /// Where chance begins.
    pub seed: u64,
    /// How long requests arrive, in seconds.
    pub seconds: f64,
    /// Arrivals before this are not counted: caches and estimates begin empty.
    #[serde(default)]
    pub warm_up_s: f64,
    /// What is compared, in the order of the table.
    pub methods: Vec<Method>,
    /// What is asked.
    pub traffic: Traffic,
    /// Who serves it.
    #[serde(rename = "target")]
    pub targets: Vec<Target>,
    /// What is claimed.
    #[serde(default, rename = "claim")]
    pub claims: Vec<Claim>,
}

/// How requests are sent to targets: ours, and what people would use instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Ours, by score.
    Adaptive,
    /// Ours, in the order of the targets.
    Priority,
    /// Ours, drawn by weight.
    Weighted,
    /// Ours, by price.
    Cheapest,
    /// Ours, by time.
    Fastest,
    /// One after the other; what fails goes to the next.
    RoundRobin,
    /// The fewest requests under way; what fails goes to the next.
    LeastConnections,
    /// Any; what fails goes to the next.
    Random,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Traffic {
    /// Requests a second in the mean; they arrive independently of each other.
    pub per_second: f64,
    /// What kind of work it is.
    #[serde(default)]
    pub service: Service,
    /// The sizes, drawn by share.
    pub sizes: Vec<Size>,
    /// Beginnings that prompts share; without them each prompt is its own.
    #[serde(default)]
    pub prefixes: Option<Prefixed>,
    /// How long a client waits for its first token, in seconds.
    #[serde(default = "Traffic::patience_s")]
    pub patience_s: f64,
}

/// One size of request.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// How many of all.
    pub share: f64,
    /// Tokens of the prompt.
    pub prompt: u64,
    /// Tokens of the answer.
    pub answer: u64,
}

/// Beginnings that prompts share.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prefixed {
    /// How many there are.
    pub count: u32,
    /// Tokens of each; they come before the tokens of the size.
    pub tokens: u64,
}

/// A modelled provider with one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The provider.
    pub provider: String,
    /// The model.
    pub model: String,
    /// Requests it works on at once; the rest wait in line. 0: as many as come.
    #[serde(default)]
    pub slots: u32,
    /// Until the first token of an empty prompt, in milliseconds.
    pub ttft_ms: f64,
    /// For each 1,000 tokens that are read, in milliseconds.
    #[serde(default)]
    pub read_ms: f64,
    /// For each token of the answer, in milliseconds.
    #[serde(default)]
    pub token_ms: f64,
    /// Spread of its spans, in the logarithm.
    #[serde(default)]
    pub noise: f64,
    /// Dollars for a million tokens of prompt and answer.
    #[serde(default)]
    pub usd_in: f64,
    /// See `usd_in`.
    #[serde(default)]
    pub usd_out: f64,
    /// Requests it takes a minute; 0: as many as come.
    #[serde(default)]
    pub requests_per_minute: f64,
    /// Tokens it takes a minute; 0: as many as come.
    #[serde(default)]
    pub tokens_per_minute: f64,
    /// Whether its replies say what is left of these.
    #[serde(default)]
    pub announces: bool,
    /// Beginnings its cache holds; the one used longest ago makes room. 0: none.
    #[serde(default)]
    pub cached_prefixes: u32,
    /// What goes wrong there.
    #[serde(default, rename = "trouble")]
    pub troubles: Vec<Trouble>,
}

/// Something that goes wrong for a while.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trouble {
    /// When it begins, in seconds.
    pub from_s: f64,
    /// When it ends, in seconds.
    pub to_s: f64,
    /// What.
    pub kind: TroubleKind,
    /// Errors: how many of all, 0 to 1. Slow: how many times as long.
    #[serde(default = "Trouble::much")]
    pub much: f64,
    /// It comes back each time so many seconds have passed; 0: never.
    #[serde(default)]
    pub every_s: f64,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TroubleKind {
    /// No connection.
    Down,
    /// Some requests get a 503.
    Errors,
    /// Everything takes longer.
    Slow,
    /// Connections are taken and nothing is answered.
    Stall,
}

/// Something that is claimed of the outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// In words.
    pub says: String,
    /// The column of the report.
    pub figure: String,
    /// Of which method.
    pub of: Method,
    /// Divided by the same figure of this method.
    #[serde(default)]
    pub over: Option<Method>,
    /// What it reaches.
    #[serde(default)]
    pub at_least: Option<f64>,
    /// What it stays under.
    #[serde(default)]
    pub at_most: Option<f64>,
}

/// Why a scenario can't be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioError(pub String);

impl std::fmt::Display for ScenarioError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for ScenarioError {}

impl Traffic {
    fn patience_s() -> f64 {
        60.0
    }
}

impl Trouble {
    fn much() -> f64 {
        1.0
    }

    /// Whether it is there at this second.
    pub(super) fn holds(&self, at_s: f64) -> bool {
        let at_s = match self.every_s > 0.0 && at_s >= self.from_s {
            true => self.from_s + (at_s - self.from_s) % self.every_s,
            false => at_s,
        };
        (self.from_s..self.to_s).contains(&at_s)
    }
}

impl Scenario {
    /// Reads a scenario written in TOML.
    pub fn read(text: &str) -> Result<Scenario, ScenarioError> {
        let scenario: Scenario = toml::from_str(text).map_err(|e| ScenarioError(e.to_string()))?;
        match scenario.fault() {
            None => Ok(scenario),
            Some(fault) => Err(ScenarioError(format!("{}: {fault}", scenario.name))),
        }
    }

    /// Tokens of an answer in the mean.
    pub(super) fn usual_answer(&self) -> u64 {
        let sizes = &self.traffic.sizes;
        let shares: f64 = sizes.iter().map(|size| size.share).sum();
        let tokens: f64 = sizes
            .iter()
            .map(|size| size.share * size.answer as f64)
            .sum();
        (tokens / shares) as u64
    }

    fn fault(&self) -> Option<String> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let sane = |value: f64| (0.0..1e9).contains(&value);
        let traffic = &self.traffic;
        if !positive(self.seconds) || !positive(traffic.per_second) {
            return Some("`seconds` and `per_second` must be above 0".to_owned());
        }
        if self.seconds * traffic.per_second > MOST_REQUESTS {
            return Some(format!(
                "more than {MOST_REQUESTS} requests; make it shorter"
            ));
        }
        if !sane(self.warm_up_s) || self.warm_up_s >= self.seconds {
            return Some("`warm_up_s` must end before `seconds`".to_owned());
        }
        if !positive(traffic.patience_s) || traffic.patience_s > 3_600.0 {
            return Some("`patience_s` must be above 0 and at most 3600".to_owned());
        }
        if traffic.sizes.is_empty() || !traffic.sizes.iter().all(|size| positive(size.share)) {
            return Some("`sizes` needs an entry, and each a `share` above 0".to_owned());
        }
        if traffic
            .sizes
            .iter()
            .any(|size| size.prompt.max(size.answer) > 10_000_000)
        {
            return Some("a size has more than 10 million tokens".to_owned());
        }
        if traffic
            .prefixes
            .is_some_and(|p| p.count == 0 || p.tokens > 10_000_000)
        {
            return Some("`prefixes` needs a `count`, and at most 10 million `tokens`".to_owned());
        }
        if self.targets.is_empty() || self.targets.len() > MOST_TARGETS {
            return Some(format!("between 1 and {MOST_TARGETS} targets are needed"));
        }
        if self.methods.is_empty() {
            return Some("`methods` names none".to_owned());
        }
        for target in &self.targets {
            let figures = [
                target.ttft_ms,
                target.read_ms,
                target.token_ms,
                target.noise,
                target.usd_in,
                target.usd_out,
                target.requests_per_minute,
                target.tokens_per_minute,
            ];
            let troubles = target.troubles.iter();
            let mut figures = figures
                .into_iter()
                .chain(troubles.flat_map(|t| [t.from_s, t.to_s, t.much, t.every_s]));
            if !figures.all(sane) {
                return Some(format!(
                    "a figure of {} is negative or absurd",
                    target.provider
                ));
            }
        }
        let unknown = self.claims.iter().find(|claim| {
            let named = |method: &Method| self.methods.contains(method);
            !named(&claim.of) || !claim.over.as_ref().is_none_or(named)
        });
        unknown.map(|claim| format!("`{}` is claimed of a method that does not run", claim.says))
    }
}
