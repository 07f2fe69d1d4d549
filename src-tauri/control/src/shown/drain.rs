//! Drains as people ask for them and are shown them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What takes no new work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DrainWhat {
    /// The whole app.
    App,
    /// A provider, by its id.
    Provider(String),
    /// A key, as the config names it: `keychain:NAME` or `env:VARIABLE`. Every provider that uses it.
    Key(String),
    /// One model at one provider: `provider/model`.
    Target(String),
}

/// Begins a drain, or begins one that is in force anew.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(optional_fields)]
pub struct BeginDrain {
    /// What takes no new work from now on.
    pub what: DrainWhat,
    /// Seconds that what runs may take to finish, 1 to 120; the config's `drain_s` when absent.
    pub within_s: Option<u32>,
}

/// Ends a drain.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct EndDrain {
    /// What takes new work again.
    pub what: DrainWhat,
}

/// Why something drains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DrainWhy {
    /// Somebody asked for it. It can be resumed.
    Asked,
    /// The provider was removed from the config.
    Removed,
    /// The provider was disabled.
    Disabled,
    /// The provider's address was changed.
    Moved,
    /// The provider's key was changed.
    KeyChanged,
}

/// A drain: nothing new begins there, and what runs is cut at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct DrainShown {
    /// What drains.
    pub what: DrainWhat,
    /// What it is called.
    pub name: String,
    /// Why.
    pub why: DrainWhy,
    /// Since when, in milliseconds since 1970.
    pub since_unix_ms: u64,
    /// When what still runs is cut, in milliseconds since 1970.
    pub until_unix_ms: u64,
    /// How many requests still run. None: it has drained.
    pub running: u32,
}
