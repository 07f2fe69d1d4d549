//! The live signals of everybody that was asked, as the panel shows them.

use serde::Serialize;
use ts_rs::TS;

use super::HealthState;

/// The Health page in one read.
#[derive(Debug, Clone, Serialize, TS)]
pub struct HealthShown {
    /// This machine's own way out.
    pub network: NetworkShown,
    /// This machine.
    pub machine: MachineShown,
    /// Every configured provider, in the order of the config; practice last.
    pub providers: Vec<ProviderSignals>,
    /// Models that are known and not shown: only the 200 that do worst or were asked last are.
    pub left_out: u32,
}

/// Whether this machine's own network is the trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum NetworkShown {
    /// Nothing points to it.
    Fine,
    /// Every provider has become slow together: nobody is blamed for it.
    Slow,
    /// No provider can be reached: nobody is blamed for it.
    Unreachable,
    /// The machine has no network.
    Offline,
}

/// What this machine can bear, as it was seen at most three seconds ago.
#[derive(Debug, Clone, Serialize, TS)]
pub struct MachineShown {
    /// Busy share of the processors, in percent.
    pub cpu_percent: f64,
    /// Used share of the memory, in percent.
    pub memory_percent: f64,
    /// What is left of its battery, in percent; `None` while it does not run from one.
    pub battery_percent: Option<f64>,
    /// What a model that runs here loses by it in a score, 0 to 3.
    pub burden: f64,
}

/// The signals of one provider.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ProviderSignals {
    /// The word in `provider/model`.
    pub id: String,
    /// The name people know it by.
    pub name: String,
    /// The built-in practice provider.
    pub practice: bool,
    /// Runs on this machine or network.
    pub local: bool,
    /// In one word.
    pub state: HealthState,
    /// What is not well: "gpt-5: Degraded: 3.1 % errors over 2 min, 5 × 503".
    pub cause: Option<String>,
    /// Attempts being served right now.
    pub in_flight: u32,
    /// By key: connections, credentials, quotas.
    pub keys: Vec<KeySignals>,
    /// By model, whatever the key: errors, timeouts, speed.
    pub targets: Vec<TargetSignals>,
}

/// What keys, models and the ways between them have in common.
#[derive(Debug, Clone, Serialize, TS)]
pub struct Signals {
    /// How it is doing.
    pub state: BreakerState,
    /// The state and the figures behind it: "Degraded: 3.1 % errors over 2 min, 5 × 503".
    pub cause: String,
    /// Since when it is so, in milliseconds ago.
    pub for_ms: f64,
    /// Errors among the requests of the window, in percent.
    pub error_percent: f64,
    /// Requests of the window that say something.
    pub requests: u32,
    /// The window, in seconds.
    pub window_s: u32,
    /// What failed within the window, by class, most frequent first.
    pub errors: Vec<ErrorCount>,
    /// What keeps it from being asked.
    pub held: Option<HeldShown>,
}

/// The state of a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// Under 2% errors.
    Healthy,
    /// Under 5%.
    Degraded,
    /// Answers again after it had failed; takes a growing share.
    Recovering,
    /// 5% or more: takes nothing but trials.
    Failed,
}

/// Errors of one class.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ErrorCount {
    /// `request`, `auth`, `permission`, `not_found`, `quota`, `rate_limit`, `timeout`, `server`,
    /// `unavailable`, `overloaded`, `connection`, `broken_stream` or `inside_ok`.
    pub class: String,
    /// The words for it: `503`, `broken stream`.
    pub label: String,
    /// How many.
    pub count: u32,
}

/// What keeps something from being asked.
#[derive(Debug, Clone, Serialize, TS)]
pub struct HeldShown {
    /// Why, in a sentence.
    pub reason: String,
    /// For how much longer, in milliseconds.
    pub for_ms: f64,
}

/// The signals of one key of a provider.
#[derive(Debug, Clone, Serialize, TS)]
pub struct KeySignals {
    /// Its name, never the key; empty where none is needed.
    pub key: String,
    /// How it is doing.
    pub signals: Signals,
    /// Attempts under way through it.
    pub in_flight: u32,
}

/// The signals of one model of a provider.
#[derive(Debug, Clone, Serialize, TS)]
pub struct TargetSignals {
    /// The model as the provider names it.
    pub model: String,
    /// How it is doing.
    pub signals: Signals,
    /// Attempts under way.
    pub in_flight: u32,
    /// Their tokens that have to be worked on: what no cache holds, and the answers expected.
    pub tokens_in_flight: u64,
    /// Recent mean time to the first token, in milliseconds.
    pub ttft_ms: Option<f64>,
    /// Recent mean time for each token after it, in milliseconds.
    pub token_ms: Option<f64>,
    /// The same as tokens a second.
    pub tokens_per_s: Option<f64>,
    /// Of the last hour, in percent.
    pub uptime_percent: f64,
    /// What that costs in a score.
    pub uptime_penalty: f64,
    /// How much slower than its requests' sizes explain: 0 not at all, from 3 odd.
    pub oddness: f64,
    /// The same of its peers, in the median.
    pub peers_oddness: f64,
    /// What its server says of its queue; local servers only.
    pub queue: Option<QueueShown>,
    /// By key: rate limits and permissions.
    pub routes: Vec<RouteSignals>,
}

/// What a local server says of its queue.
#[derive(Debug, Clone, Serialize, TS)]
pub struct QueueShown {
    /// Requests it works on.
    pub running: u32,
    /// Requests it has put off.
    pub waiting: u32,
    /// Requests that wait for each that is worked on.
    pub waiting_per_running: f64,
    /// Share of its cache of keys and values in use, in percent.
    pub cache_percent: f64,
}

/// The signals of a model through one key.
#[derive(Debug, Clone, Serialize, TS)]
pub struct RouteSignals {
    /// The key's name; empty where none is needed.
    pub key: String,
    /// How it is doing.
    pub signals: Signals,
    /// What is left of its limit of requests; `None` where no header said so.
    pub requests: Option<AllowanceShown>,
    /// What is left of its limit of tokens.
    pub tokens: Option<AllowanceShown>,
    /// Requests a minute that are kept to: announced, or learnt from what was refused.
    pub requests_per_minute: Option<f64>,
    /// Tokens a minute that are kept to.
    pub tokens_per_minute: Option<f64>,
}

/// What the latest headers said of a limit.
#[derive(Debug, Clone, Serialize, TS)]
pub struct AllowanceShown {
    /// The whole of it in its window.
    pub limit: Option<u64>,
    /// What was left.
    pub remaining: Option<u64>,
    /// Until it is whole again, in milliseconds from now; 0 once it is.
    pub resets_in_ms: Option<f64>,
    /// When that was said, in milliseconds ago.
    pub said_ms: f64,
}
