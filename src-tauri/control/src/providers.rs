//! The Providers page: what is configured, with keys that are named and never shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use dialect::Dialect;
use dialect::hub::Hosting;
use engine::{Credentials as _, Probe};
use host::{Compiled, ConfigError, ConfigFile, ProviderEdit, StoreState, environment_keys};
use routing::{AuthScheme, BadPart, CatalogueProvider, KeySource, Provider, Surface};
use secrecy::ExposeSecret as _;

use crate::failure::Failure;
use crate::shown::{
    AliasName, AliasShown, CatalogueEntry, EnableProvider, KeyShown, KeyStore, Nothing, OtherKey,
    ProviderName, ProviderShown, ProviderTest, ProvidersPage, PutProvider, SetKey, SurfaceShown,
    Tag,
};
use crate::{Control, blocking};

impl Control {
    pub(crate) async fn providers_page(&self, _: Nothing) -> Result<ProvidersPage, Failure> {
        let snapshot = self.parts.engine.snapshot();
        let healths = self.healths(&snapshot.routes.providers).await?;
        let importable = self.importable();
        let examinations = self.parts.examinations.all();
        let drains = self.drains();
        let providers = snapshot
            .routes
            .providers
            .iter()
            .zip(healths)
            .map(|(provider, health)| ProviderShown {
                surfaces: provider
                    .surfaces
                    .iter()
                    .map(|surface| SurfaceShown {
                        dialect: surface.dialect.name().to_owned(),
                        base_url: surface.base_url.clone(),
                    })
                    .collect(),
                key: self.key_shown(provider, &importable),
                local: provider.local,
                editable: !provider.practice,
                enabled: provider.enabled,
                drain: self.drain_of(provider, &drains),
                models: provider
                    .models
                    .iter()
                    .map(|model| model.id.clone())
                    .collect(),
                examinations: self.examination_rows(&examinations, &provider.id),
                examining: self.parts.engine.is_examining(&provider.id),
                health,
            })
            .collect();
        Ok(ProvidersPage {
            providers,
            drains,
            key_store: match self.parts.vault.store() {
                StoreState::Keychain => KeyStore::Keychain,
                StoreState::Memory { reason } => KeyStore::Memory { reason },
            },
            aliases: snapshot
                .routes
                .aliases
                .values()
                .map(|alias| AliasShown {
                    name: alias.name.clone(),
                    targets: alias
                        .targets
                        .iter()
                        .map(|target| format!("{}/{}", target.provider, target.model))
                        .collect(),
                })
                .collect(),
            config: self.parts.configuration.shown(),
        })
    }

    /// Variables of the environment that hold a key, by provider.
    fn importable(&self) -> BTreeMap<String, String> {
        environment_keys(&self.parts.catalogue)
            .into_iter()
            .map(|found| (found.provider, found.variable))
            .collect()
    }

    fn key_shown(&self, provider: &Provider, importable: &BTreeMap<String, String>) -> KeyShown {
        let present = self.parts.vault.key(&provider.key).is_some();
        let (source, name) = match &provider.key {
            KeySource::Keychain(name) => ("keychain", Some(name.clone())),
            KeySource::Environment(name) => ("environment", Some(name.clone())),
            KeySource::None => ("none", None),
        };
        let variable = importable.get(&provider.id).cloned();
        KeyShown {
            source: source.to_owned(),
            name,
            auth: auth_word(&provider.surfaces),
            present,
            others: provider
                .more_keys
                .iter()
                .map(|key| OtherKey {
                    name: key.name().to_owned(),
                    present: self.parts.vault.key(key).is_some(),
                })
                .collect(),
            importable: variable.filter(|_| source == "keychain" && !present),
        }
    }

    pub(crate) async fn catalogue(&self, _: Nothing) -> Result<Vec<CatalogueEntry>, Failure> {
        let snapshot = self.parts.engine.snapshot();
        let importable = self.importable();
        Ok(self
            .parts
            .catalogue
            .providers
            .iter()
            .map(|known| CatalogueEntry {
                id: known.id.clone(),
                name: known.name.clone(),
                local: known.local,
                needs_key: known.needs_key,
                keys_page: known.keys_page.clone(),
                environment: importable.get(&known.id).cloned(),
                configured: snapshot.routes.provider(&known.id).is_some(),
                auth: auth_word(&known.surfaces),
                address: known
                    .surfaces
                    .first()
                    .filter(|_| known.needs_base_url)
                    .map(|surface| surface.base_url.clone()),
                parts: known.parts().into_iter().map(str::to_owned).collect(),
                older_address: known.older_base_url.clone(),
                dialects: known
                    .surfaces
                    .iter()
                    .map(|surface| surface.dialect.name().to_owned())
                    .collect(),
                models: known.models.len() as u32,
            })
            .collect())
    }

    pub(crate) async fn put_provider(&self, asked: PutProvider) -> Result<Nothing, Failure> {
        let edit = self.provider_edit(&asked)?;
        let id = asked.id.clone();
        let edited = self.edit(move |file| file.put_provider(&id, &edit)).await;
        edited.map_err(|refused| match &refused.field {
            // The table's name in the file is the input's id.
            Some(name) if *name == asked.id => refused.of("id"),
            _ => refused,
        })
    }

    fn provider_edit(&self, asked: &PutProvider) -> Result<ProviderEdit, Failure> {
        let key = asked.key.as_deref();
        let mut edit = ProviderEdit {
            auth: asked.auth.as_deref().map(auth).transpose()?,
            key: key.map(|key| key_source(key, &asked.id)).transpose()?,
            name: asked.name.clone(),
            api_version: asked.api_version.clone(),
            region: asked.region.clone(),
            base_urls: addresses(asked),
            ..ProviderEdit::default()
        };
        let known = self.parts.catalogue.provider(&asked.id);
        let parts = known.map(CatalogueProvider::parts).unwrap_or_default();
        let mut given = asked.parts.iter().flatten();
        if let Some((part, _)) = given.find(|(part, _)| !parts.contains(&part.as_str())) {
            let refused = format_args!("the address of `{}` has no part `{part}`", asked.id);
            return Err(Failure::bad_input(refused).of(part));
        }
        let Some(known) = known.filter(|known| known.needs_base_url) else {
            return Ok(edit);
        };
        let older = asked.api_version.as_deref().is_some_and(|v| !v.is_empty());
        if let Some(parts) = &asked.parts {
            let filled = match known.older_address(parts).map_err(bad_part)? {
                Some(address) if older => address,
                _ => known.address(parts).map_err(bad_part)?,
            };
            // Its other dialects, if it has more, are spoken at the same address.
            let dialect = known.surfaces.first().map(|surface| surface.dialect);
            edit.base_urls
                .extend(dialect.map(|dialect| (dialect, filled)));
        }
        if known.older_base_url.is_some() && !edit.base_urls.is_empty() {
            // Both go together, and go together when it moves to its newer paths.
            edit.hosting = Some(if older { Hosting::Azure } else { Hosting::Own });
            edit.api_version.get_or_insert_default();
        }
        Ok(edit)
    }

    pub(crate) async fn remove_provider(&self, asked: ProviderName) -> Result<Nothing, Failure> {
        self.known(&asked.id)?;
        self.edit(move |file| file.remove_provider(&asked.id)).await
    }

    pub(crate) async fn enable_provider(&self, asked: EnableProvider) -> Result<Nothing, Failure> {
        self.known(&asked.id)?;
        self.edit(move |file| file.set_enabled(&asked.id, asked.enabled))
            .await
    }

    pub(crate) async fn put_alias(&self, asked: AliasShown) -> Result<Nothing, Failure> {
        self.edit(move |file| file.put_alias(&asked.name, &asked.targets))
            .await
    }

    pub(crate) async fn remove_alias(&self, asked: AliasName) -> Result<Nothing, Failure> {
        self.edit(move |file| file.remove_alias(&asked.name)).await
    }

    async fn edit(
        &self,
        edit: impl FnOnce(&ConfigFile) -> Result<Compiled, ConfigError> + Send + 'static,
    ) -> Result<Nothing, Failure> {
        let configuration = Arc::clone(&self.parts.configuration);
        blocking(move || configuration.edit(edit)).await??;
        self.changed(&[Tag::Providers, Tag::Status]);
        Ok(Nothing {})
    }

    pub(crate) async fn test_provider(&self, asked: ProviderName) -> Result<ProviderTest, Failure> {
        let provider = self.known(&asked.id)?;
        if provider.practice {
            return Ok(ProviderTest {
                ok: true,
                message: "The practice provider is built in and always answers.".to_owned(),
                took_ms: 0.0,
                models: Some(engine::PRACTICE_MODELS.len() as u32),
            });
        }
        let key = provider.keys().find_map(|key| self.parts.vault.key(key));
        if key.is_none() && provider.key != KeySource::None {
            return Ok(ProviderTest {
                ok: false,
                message: format!("{} has no key yet. Set one first.", provider.name),
                took_ms: 0.0,
                models: None,
            });
        }
        let probe = engine::probe(&provider, key.as_deref())
            .await
            .map_err(Failure::unavailable)?;
        Ok(told(&provider.name, &probe))
    }

    pub(crate) async fn set_key(&self, asked: SetKey) -> Result<Nothing, Failure> {
        let name = self.key_name(&asked.provider)?;
        if asked.value.expose_secret().trim().is_empty() {
            return Err(Failure::bad_input("The key is empty.").of("value"));
        }
        let provider = self.known(&asked.provider)?;
        engine::check_key(&provider, &asked.value)
            .map_err(|why| Failure::bad_input(sentence(why)).of("value"))?;
        let vault = Arc::clone(&self.parts.vault);
        blocking(move || vault.set(&name, &asked.value))
            .await?
            .map_err(Failure::unavailable)?;
        self.parts.engine.key_changed(&provider);
        self.changed(&[Tag::Keys, Tag::Providers]);
        Ok(Nothing {})
    }

    pub(crate) async fn remove_key(&self, asked: ProviderName) -> Result<Nothing, Failure> {
        let name = self.key_name(&asked.id)?;
        let vault = Arc::clone(&self.parts.vault);
        let removed = blocking(move || vault.remove(&name))
            .await?
            .map_err(Failure::unavailable)?;
        if !removed {
            return Err(Failure::not_found(format_args!(
                "there is no key for `{}`",
                asked.id
            )));
        }
        let provider = self.known(&asked.id)?;
        self.parts.engine.key_changed(&provider);
        self.changed(&[Tag::Keys, Tag::Providers]);
        Ok(Nothing {})
    }

    /// Copies a key from the environment into the keychain.
    pub(crate) async fn import_key(&self, asked: ProviderName) -> Result<Nothing, Failure> {
        let variable = self.importable().remove(&asked.id).ok_or_else(|| {
            Failure::not_found(format_args!(
                "no variable of the environment holds a key for `{}`",
                asked.id
            ))
        })?;
        let value = self
            .parts
            .vault
            .key(&KeySource::Environment(variable.clone()))
            .ok_or_else(|| Failure::not_found(format_args!("{variable} is empty")))?;
        self.set_key(SetKey {
            provider: asked.id,
            value: secrecy::SecretString::from(value.expose_secret()),
        })
        .await
    }

    fn known(&self, id: &str) -> Result<Arc<Provider>, Failure> {
        let snapshot = self.parts.engine.snapshot();
        let provider = snapshot.routes.provider(id).cloned();
        provider.ok_or_else(|| unknown(id))
    }

    /// Where a provider's key lies in the keychain.
    fn key_name(&self, id: &str) -> Result<String, Failure> {
        match &self.known(id)?.key {
            KeySource::Keychain(name) => Ok(name.clone()),
            KeySource::Environment(variable) => Err(Failure::conflict(format_args!(
                "`{id}` takes its key from the variable {variable}; set `key = \"keychain\"` in \
                 the config to keep one here"
            ))),
            KeySource::None => Err(Failure::conflict(format_args!(
                "`{id}` is configured to need no key"
            ))),
        }
    }
}

fn unknown(id: &str) -> Failure {
    Failure::not_found(format_args!("there is no provider `{id}`"))
}

/// The base URLs of an input, by dialect.
fn addresses(asked: &PutProvider) -> BTreeMap<Dialect, String> {
    let given = Dialect::ALL.into_iter().map(|dialect| {
        let address = match dialect {
            Dialect::OpenAi => &asked.openai_base_url,
            Dialect::Responses => &asked.responses_base_url,
            Dialect::Anthropic => &asked.anthropic_base_url,
            Dialect::Gemini => &asked.gemini_base_url,
            Dialect::Ollama => &asked.ollama_base_url,
            Dialect::Bedrock => &asked.bedrock_base_url,
            Dialect::Cohere => &asked.cohere_base_url,
        };
        Some((dialect, address.clone()?))
    });
    given.flatten().collect()
}

fn bad_part(bad: BadPart) -> Failure {
    Failure::bad_input(&bad).of(bad.part)
}

/// How a key is shown: all surfaces of a provider take the same key.
fn auth_word(surfaces: &[Surface]) -> String {
    let auth = surfaces.first().map_or(AuthScheme::None, |s| s.auth);
    let word = serde_json::to_value(auth).ok();
    let word = word.as_ref().and_then(serde_json::Value::as_str);
    word.unwrap_or("none").to_owned()
}

fn auth(word: &str) -> Result<AuthScheme, Failure> {
    serde_json::from_value(serde_json::Value::from(word)).map_err(|_| {
        Failure::bad_input(format_args!(
            "`{word}` is no way to show a key; there are bearer, x-api-key, api-key, \
             x-goog-api-key, google, aws and none"
        ))
        .of("auth")
    })
}

/// As it is written in the config; the config says what is wrong with a name.
fn key_source(word: &str, id: &str) -> Result<KeySource, Failure> {
    match word.split_once(':') {
        None if word == "keychain" => Ok(KeySource::Keychain(id.to_owned())),
        None if word == "none" => Ok(KeySource::None),
        Some(("keychain", name)) => Ok(KeySource::Keychain(name.to_owned())),
        Some(("env", variable)) => Ok(KeySource::Environment(variable.to_owned())),
        _ => Err(Failure::bad_input(format_args!(
            "`{word}` is no place for a key; there are keychain, env:VARIABLE and none"
        ))
        .of("key")),
    }
}

/// With a capital and a full stop.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(char::to_uppercase);
    format!(
        "{}{}.",
        first.into_iter().flatten().collect::<String>(),
        letters.as_str()
    )
}

/// What a test found, in a sentence.
fn told(name: &str, probe: &Probe) -> ProviderTest {
    let took_ms = probe.took.as_secs_f64() * 1000.0;
    match &probe.models {
        Ok(models) => ProviderTest {
            ok: true,
            message: format!("{name} answered and lists {} models.", models.len()),
            took_ms,
            models: Some(models.len() as u32),
        },
        Err(failure) => ProviderTest {
            ok: false,
            message: dialect::Fault::from_failure(failure, name).message,
            took_ms,
            models: None,
        },
    }
}
