//! Who answers to a name, as the panel shows it.

use serde::Serialize;
use ts_rs::TS;

/// Names that another one answers to than before.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ModelChanges {
    /// Models whose replies have told who answers.
    pub watched: u32,
    /// The latest first; 200 at most.
    pub changes: Vec<ModelChange>,
}

/// Another one answers to a name.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ModelChange {
    /// The provider's id.
    pub provider: String,
    /// The name people know it by.
    pub provider_name: String,
    /// The model as the provider is asked for it.
    pub model: String,
    /// The name promises no snapshot.
    pub rolling: bool,
    /// Who answered before.
    pub from: VersionShown,
    /// Who answers since.
    pub to: VersionShown,
    /// Since when, in milliseconds since 1970.
    pub at_unix_ms: u64,
    /// How often it has changed while it was watched.
    pub changes: u32,
}

/// What replies tell of who answers.
#[derive(Debug, Clone, Serialize, TS)]
pub struct VersionShown {
    /// The model as the provider names it in its replies.
    pub model: Option<String>,
    /// What it says it runs on (`system_fingerprint`).
    pub fingerprint: Option<String>,
}
