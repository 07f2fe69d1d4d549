//! The compiled routes: the providers that are configured and the aliases that
//! point at them. Immutable; a config change makes a new one.

use std::collections::BTreeMap;
use std::sync::Arc;

use dialect::{Dialect, Endpoint};

use crate::catalogue::CatalogueModel;

/// Everything a plan may choose from.
#[derive(Debug, Default)]
pub struct Routes {
    /// In the order of the config file; the practice provider comes last.
    pub providers: Vec<Arc<Provider>>,
    /// By alias name.
    pub aliases: BTreeMap<String, Alias>,
}

/// A provider as configured: where it is, how it is spoken to, what it serves.
#[derive(Debug)]
pub struct Provider {
    /// The word in `provider/model`, in config and on receipts.
    pub id: String,
    /// The name people know it by.
    pub name: String,
    /// One per dialect it speaks.
    pub surfaces: Vec<Surface>,
    /// Where its key comes from.
    pub key: KeySource,
    /// Runs on this machine or network: no price, no key as a rule.
    pub local: bool,
    /// Built in, answers without a model. Labelled everywhere.
    pub practice: bool,
    /// Takes new work; a disabled provider stays listed.
    pub enabled: bool,
    /// What the catalogue knows it to serve. Others may be asked for by name.
    pub models: Vec<Arc<CatalogueModel>>,
}

/// One dialect of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surface {
    /// The dialect spoken there.
    pub dialect: Dialect,
    /// Without a trailing slash; `Endpoint::upstream_path` is appended.
    pub base_url: String,
    /// How the key is shown.
    pub auth: AuthScheme,
}

/// How a provider wants to see its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthScheme {
    /// `Authorization: Bearer KEY`
    Bearer,
    /// `x-api-key: KEY`
    XApiKey,
    /// `api-key: KEY`
    ApiKey,
    /// No key is sent.
    None,
}

/// Where a provider's key is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// In the keychain under this name (the provider's id unless configured).
    Keychain(String),
    /// In this environment variable, used in place.
    Environment(String),
    /// None is needed.
    None,
}

/// A name that stands for an ordered list of targets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// The model name clients send.
    pub name: String,
    /// First choice first. Never empty.
    pub targets: Vec<Target>,
}

/// A provider and one of its models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The provider's id.
    pub provider: String,
    /// The model as that provider names it.
    pub model: String,
}

impl Routes {
    /// The provider with this id.
    pub fn provider(&self, id: &str) -> Option<&Arc<Provider>> {
        self.providers.iter().find(|provider| provider.id == id)
    }
}

impl Provider {
    /// The surface that serves an endpoint without translation.
    pub fn surface(&self, endpoint: Endpoint) -> Option<&Surface> {
        self.surfaces
            .iter()
            .find(|surface| surface.dialect == endpoint.dialect())
    }

    /// What the catalogue knows of a model, by id or by one of its aliases.
    pub fn model(&self, name: &str) -> Option<&Arc<CatalogueModel>> {
        self.models
            .iter()
            .find(|model| model.id == name || model.aliases.iter().any(|alias| alias == name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider() -> Provider {
        let surface = |dialect, base_url: &str| Surface {
            dialect,
            base_url: base_url.to_owned(),
            auth: AuthScheme::Bearer,
        };
        Provider {
            id: "acme".to_owned(),
            name: "Acme".to_owned(),
            surfaces: vec![
                surface(Dialect::OpenAi, "https://acme.test/v1"),
                surface(Dialect::Anthropic, "https://acme.test"),
            ],
            key: KeySource::None,
            local: false,
            practice: false,
            enabled: true,
            models: vec![Arc::new(CatalogueModel {
                id: "anvil".to_owned(),
                aliases: vec!["anvil-2026-11-22".to_owned()],
                ..CatalogueModel::default()
            })],
        }
    }

    #[test]
    fn an_endpoint_is_served_by_the_surface_of_its_dialect() {
        for (endpoint, base_url) in [
            (Endpoint::ChatCompletions, "https://acme.test/v1"),
            (Endpoint::Embeddings, "https://acme.test/v1"),
            (Endpoint::Messages, "https://acme.test"),
            (Endpoint::CountTokens, "https://acme.test"),
        ] {
            let provider = provider();
            let surface = provider.surface(endpoint).expect("a surface");
            assert_eq!(surface.base_url, base_url, "{}", endpoint.name());
        }
    }

    #[test]
    fn a_model_goes_by_its_id_and_its_aliases_exactly() {
        let provider = provider();
        for (name, known) in [
            ("anvil", true),
            ("anvil-2026-11-22", true),
            ("Anvil", false),
            ("anvil-2026", false),
            ("", false),
        ] {
            assert_eq!(provider.model(name).is_some(), known, "{name:?}");
        }
    }

    #[test]
    fn a_provider_is_found_by_its_id_and_not_by_its_name() {
        let routes = Routes {
            providers: vec![Arc::new(provider())],
            ..Routes::default()
        };
        assert!(routes.provider("acme").is_some());
        assert!(routes.provider("Acme").is_none());
    }

    #[test]
    fn key_schemes_are_written_the_way_the_config_writes_them() {
        for (scheme, word) in [
            (AuthScheme::Bearer, "\"bearer\""),
            (AuthScheme::XApiKey, "\"x-api-key\""),
            (AuthScheme::ApiKey, "\"api-key\""),
            (AuthScheme::None, "\"none\""),
        ] {
            assert_eq!(serde_json::to_string(&scheme).expect("JSON"), word);
            assert_eq!(
                serde_json::from_str::<AuthScheme>(word).expect("a scheme"),
                scheme
            );
        }
    }
}
