//! What is known of providers and models: two data files compiled into the
//! binary, checked whole when they are read, once, at start.
//!
//! Promises: a catalogue that exists is sound. Ids are unique, addresses can be
//! appended to, every model has its provider and every figure is exact; an error
//! names the entry that is at fault.
//!
//! Leaves out: what a provider serves today (it is asked) and addresses the user
//! configured (the config has them).
//! Where the facts come from is told in `catalogue/README.md`.

mod address;
mod read;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use dialect::hub::Traits;

use crate::price::Price;
use crate::routes::Surface;

pub use address::BadPart;

const PROVIDERS: &str = include_str!("../catalogue/providers.json");
const MODELS: &str = include_str!("../catalogue/models.json");

/// The catalogue shipped with this build.
#[derive(Debug)]
pub struct Catalogue {
    /// Written on receipts as the price version, e.g. `2026-11-22`.
    pub version: String,
    /// Providers a user can add by name.
    pub providers: Vec<CatalogueProvider>,
}

/// A provider we know: address, dialects, where its key is usually found.
#[derive(Debug, Clone)]
pub struct CatalogueProvider {
    /// `openai`, `anthropic`, `ollama`, …
    pub id: String,
    /// The name people know it by.
    pub name: String,
    /// One per dialect.
    pub surfaces: Vec<Surface>,
    /// Environment variables that usually hold its key, likeliest first.
    pub env: Vec<String>,
    /// Runs on this machine.
    pub local: bool,
    /// Whether a key is needed at all. Some local servers take one if asked to.
    pub needs_key: bool,
    /// Where a person gets a key.
    pub keys_page: Option<String>,
    /// The addresses have parts of the user's own, `{resource}` or `{region}`: nothing can be sent
    /// before the config gives them.
    pub needs_base_url: bool,
    /// What such an address looks like.
    pub base_url_hint: Option<String>,
    /// Where its older paths begin, which want an `api-version` (Azure).
    pub older_base_url: Option<String>,
    /// What it serves, with prices. Empty for local servers, which serve what was
    /// loaded into them and cost nothing a token.
    pub models: Vec<Arc<CatalogueModel>>,
}

/// A model we know: its limits and its price at one provider.
#[derive(Debug, Clone, Default)]
pub struct CatalogueModel {
    /// As the provider names it.
    pub id: String,
    /// Other ids the provider takes, priced identically (dated snapshots mostly).
    pub aliases: Vec<String>,
    /// `chat`, `embedding` or `rerank`.
    pub kind: String,
    /// Prompt and answer together, in tokens.
    pub context_window: Option<u64>,
    /// Largest prompt in tokens; the smaller figure where sources disagree.
    pub max_input: Option<u64>,
    /// Longest answer in tokens; `None` where only the window limits it.
    pub max_output: Option<u64>,
    /// `None` where no source states one.
    pub price: Option<Price>,
    /// Where the price was read: `litellm`, `genai-prices`. Empty without a price.
    pub price_source: String,
    /// The day it was read there (`2026-11-22`), not the day the vendor set it.
    pub price_as_of: String,
    /// What a second source says of it.
    pub price_check: PriceCheck,
    /// What it can do, as far as a source says.
    pub traits: Traits,
    /// The day the provider stops or stopped serving it, `2026-12-11`.
    pub deprecation_date: Option<String>,
}

/// What a second source says of a price.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum PriceCheck {
    /// No second source knows the model.
    #[default]
    Unchecked,
    /// Every figure that both state is the same.
    Agrees,
    /// They differ; the text says in what, in dollars a million tokens.
    Differs(String),
}

/// The catalogue files are wrong; the message names the entry and says what to
/// mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueError(pub String);

impl Catalogue {
    /// The catalogue compiled into this binary. Reading it takes about a
    /// millisecond; keep the result.
    pub fn builtin() -> Result<Catalogue, CatalogueError> {
        read::catalogue(PROVIDERS, MODELS)
    }

    /// The provider with this id.
    pub fn provider(&self, id: &str) -> Option<&CatalogueProvider> {
        self.providers.iter().find(|provider| provider.id == id)
    }
}

impl CatalogueProvider {
    /// A model by its id or by one of its aliases.
    pub fn model(&self, name: &str) -> Option<&Arc<CatalogueModel>> {
        self.models.iter().find(|model| model.goes_by(name))
    }
}

impl CatalogueModel {
    /// Whether this is the model's id or one of its aliases.
    pub fn goes_by(&self, name: &str) -> bool {
        self.id == name || self.aliases.iter().any(|alias| alias == name)
    }
}

impl fmt::Display for CatalogueError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the model catalogue is wrong: {}", self.0)
    }
}

impl std::error::Error for CatalogueError {}
