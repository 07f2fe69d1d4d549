//! The compiled routes: the providers that are configured and the aliases that
//! point at them. Immutable; a config change makes a new one.

use std::collections::BTreeMap;
use std::sync::Arc;

use dialect::hub::{Hosting, Quirks};
use dialect::{Dialect, Endpoint, Task};

use crate::catalogue::CatalogueModel;
use crate::policy::Policy;

/// Everything a plan may choose from.
#[derive(Debug, Default)]
pub struct Routes {
    /// In the order of the config file; the practice provider comes last.
    pub providers: Vec<Arc<Provider>>,
    /// By alias name.
    pub aliases: BTreeMap<String, Alias>,
    /// How requests are served that name no alias with a rule of its own.
    pub usual: Policy,
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
    /// Further keys of the same account or of others: each is a way of its own to every model.
    pub more_keys: Vec<KeySource>,
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
#[derive(Debug, Clone, PartialEq)]
pub struct Surface {
    /// The dialect spoken there.
    pub dialect: Dialect,
    /// Without a trailing slash; `dialect::address` is appended.
    pub base_url: String,
    /// How the key is shown.
    pub auth: AuthScheme,
    /// Whose door it is: changes paths and envelopes.
    pub hosting: Hosting,
    /// How the provider deviates from the dialect.
    pub quirks: Arc<Quirks>,
    /// Appended to every address: `api-version=2024-10-21`.
    pub query: Option<String>,
    /// Where requests are signed for (Bedrock); `None`: read from the address.
    pub region: Option<String>,
}

/// How a provider is asked for one endpoint of a caller.
#[derive(Debug, Clone, Copy)]
pub struct Door<'a> {
    /// Where.
    pub surface: &'a Surface,
    /// The endpoint asked there.
    pub endpoint: Endpoint,
    /// What is done to the caller's bytes.
    pub way: Way,
}

/// What is done to a caller's bytes on the way to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Nothing but the model's name: the provider speaks the caller's dialect.
    Verbatim,
    /// The same dialect in another envelope: the model in the path, the version in the body.
    Enveloped,
    /// Written anew in the provider's dialect.
    Translated,
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
    /// `x-goog-api-key: KEY`
    XGoogApiKey,
    /// A Google access token, or a service account that one is minted from, as a bearer.
    Google,
    /// An AWS access key that requests are signed with, or a Bedrock API key as a bearer.
    Aws,
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

/// A name that stands for a list of targets.
#[derive(Debug, Clone, PartialEq)]
pub struct Alias {
    /// The model name clients send.
    pub name: String,
    /// First choice first. Never empty.
    pub targets: Vec<Target>,
    /// How its requests are served.
    pub policy: Policy,
}

/// A provider and one of its models.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The provider's id.
    pub provider: String,
    /// The model as that provider names it.
    pub model: String,
    /// Its share where a draw decides; 1 as a rule.
    pub weight: f64,
}

impl KeySource {
    /// The name of the key, never the key; empty where none is needed.
    pub fn name(&self) -> &str {
        match self {
            KeySource::Keychain(name) | KeySource::Environment(name) => name,
            KeySource::None => "",
        }
    }
}

impl Alias {
    /// Targets that are tried in their order.
    pub fn listed(name: &str, targets: Vec<Target>) -> Alias {
        Alias {
            name: name.to_owned(),
            targets,
            policy: Policy::default(),
        }
    }
}

impl Target {
    /// With the usual share.
    pub fn new(provider: &str, model: &str) -> Target {
        Target {
            provider: provider.to_owned(),
            model: model.to_owned(),
            weight: 1.0,
        }
    }
}

/// What a name stands for.
#[derive(Debug)]
pub enum Named<'a> {
    /// An alias of the config.
    Alias(&'a Alias),
    /// A provider and one of its models.
    Target(&'a Arc<Provider>, &'a str),
    /// A model that these providers are known to serve; none for a name that nobody knows.
    Model(Vec<&'a Arc<Provider>>),
}

impl Routes {
    /// What `name` stands for. It is looked up in this order, and the first that knows it decides:
    /// 1. an alias of the config;
    /// 2. `provider/model`, split at the first slash (models may hold slashes too),
    ///    unless only another provider knows a model by that whole name: Groq's own
    ///    name for a model is `openai/gpt-oss-120b`;
    /// 3. a model that the catalogue knows at providers that are configured, in the order of the config.
    pub fn named<'a>(&'a self, name: &'a str) -> Named<'a> {
        if let Some(alias) = self.aliases.get(name) {
            return Named::Alias(alias);
        }
        let knows = |provider: &&Arc<Provider>| provider.model(name).is_some();
        if let Some((id, model)) = name.split_once('/')
            && let Some(provider) = self.provider(id)
            && !model.is_empty()
            && (provider.model(model).is_some() || !self.providers.iter().any(|one| knows(&one)))
        {
            return Named::Target(provider, model);
        }
        Named::Model(self.providers.iter().filter(knows).collect())
    }

    /// The provider with this id.
    pub fn provider(&self, id: &str) -> Option<&Arc<Provider>> {
        self.providers.iter().find(|provider| provider.id == id)
    }
}

impl Provider {
    /// Every key, the first choice first.
    pub fn keys(&self) -> impl Iterator<Item = &KeySource> {
        std::iter::once(&self.key).chain(&self.more_keys)
    }

    /// How this provider is asked for what a caller wants: in the caller's dialect if it speaks it,
    /// else in the nearest it has an endpoint for the task in.
    pub fn door(&self, asked: Endpoint) -> Option<Door<'_>> {
        let speaks = |dialect| {
            self.surfaces
                .iter()
                .find(|surface| surface.dialect == dialect)
        };
        if let Some(surface) = speaks(asked.dialect()) {
            let way = match (surface.dialect, surface.hosting) {
                (Dialect::Anthropic, Hosting::Vertex | Hosting::Bedrock) => Way::Enveloped,
                _ => Way::Verbatim,
            };
            // Bedrock counts no tokens of Claude at this address.
            if (surface.hosting, asked) != (Hosting::Bedrock, Endpoint::CountTokens) {
                return Some(Door {
                    surface,
                    endpoint: asked,
                    way,
                });
            }
        }
        let task = asked.task();
        // A count is as good as its tokenizer: another dialect's request is another count.
        if matches!(task, Task::Pass | Task::Count) {
            return None;
        }
        asked.dialect().nearest().into_iter().find_map(|dialect| {
            Some(Door {
                surface: speaks(dialect)?,
                endpoint: dialect.endpoint(task)?,
                way: Way::Translated,
            })
        })
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
            hosting: Hosting::Own,
            quirks: Arc::default(),
            query: None,
            region: None,
        };
        Provider {
            id: "acme".to_owned(),
            name: "Acme".to_owned(),
            surfaces: vec![
                surface(Dialect::OpenAi, "https://acme.test/v1"),
                surface(Dialect::Anthropic, "https://acme.test"),
            ],
            key: KeySource::None,
            more_keys: Vec::new(),
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
            let door = provider.door(endpoint).expect("a door");
            assert_eq!(door.surface.base_url, base_url, "{}", endpoint.name());
            assert_eq!((door.endpoint, door.way), (endpoint, Way::Verbatim));
        }
    }

    #[test]
    fn a_dialect_that_is_not_spoken_goes_through_the_nearest_that_is() {
        let with = |dialects: &[(Dialect, Hosting)]| {
            let one = provider().surfaces[0].clone();
            let surface = |&(dialect, hosting)| Surface {
                dialect,
                hosting,
                ..one.clone()
            };
            Provider {
                surfaces: dialects.iter().map(surface).collect(),
                ..provider()
            }
        };
        use Endpoint as E;
        let own = |dialect| (dialect, Hosting::Own);
        for (surfaces, asked, expected) in [
            (
                vec![own(Dialect::Gemini), own(Dialect::OpenAi)],
                E::Messages,
                Some((E::ChatCompletions, Way::Translated)),
            ),
            (
                vec![own(Dialect::OpenAi), own(Dialect::Responses)],
                E::Messages,
                Some((E::Responses, Way::Translated)),
            ),
            (
                vec![own(Dialect::Anthropic)],
                E::GenerateContent,
                Some((E::Messages, Way::Translated)),
            ),
            (
                vec![own(Dialect::Bedrock)],
                E::OllamaGenerate,
                Some((E::Converse, Way::Translated)),
            ),
            (
                vec![(Dialect::Anthropic, Hosting::Vertex)],
                E::Messages,
                Some((E::Messages, Way::Enveloped)),
            ),
            (
                vec![(Dialect::Anthropic, Hosting::Bedrock)],
                E::CountTokens,
                None,
            ),
            (
                vec![own(Dialect::Gemini)],
                E::Embeddings,
                Some((E::BatchEmbedContents, Way::Translated)),
            ),
            (vec![own(Dialect::Anthropic)], E::Embeddings, None),
            (vec![own(Dialect::OpenAi)], E::CountTokens, None),
            (vec![own(Dialect::Responses)], E::AudioSpeech, None),
            (
                vec![own(Dialect::OpenAi)],
                E::Completions,
                Some((E::Completions, Way::Verbatim)),
            ),
        ] {
            let provider = with(&surfaces);
            let door = provider.door(asked).map(|door| (door.endpoint, door.way));
            assert_eq!(door, expected, "{surfaces:?} asked for {}", asked.name());
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
            (AuthScheme::XGoogApiKey, "\"x-goog-api-key\""),
            (AuthScheme::Google, "\"google\""),
            (AuthScheme::Aws, "\"aws\""),
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
