//! From the two data files to a [`Catalogue`], with every check there is.
//!
//! Entries are parsed one by one, so that an error can say which one is at fault
//! instead of a line and a column.

use std::collections::BTreeSet;
use std::sync::Arc;

use dialect::hub::{Effort, Hosting, Quirks, Traits};
use dialect::{Dialect, Endpoint};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::address::{Piece, pieces};
use super::{Catalogue, CatalogueError, CatalogueModel, CatalogueProvider, PriceCheck};
use crate::price::{Price, unix_s_of_date};
use crate::routes::{AuthScheme, Surface};

const KINDS: [&str; 3] = ["chat", "embedding", "rerank"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProvidersFile<'a> {
    #[serde(borrow)]
    providers: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelsFile<'a> {
    version: String,
    /// The day the prices were read, unless a model says otherwise.
    as_of: String,
    #[serde(borrow)]
    models: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenProvider {
    id: String,
    name: String,
    surfaces: Vec<WrittenSurface>,
    env: Vec<String>,
    local: bool,
    needs_key: bool,
    keys_page: Option<String>,
    #[serde(default)]
    needs_base_url: bool,
    base_url_hint: Option<String>,
    older_base_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSurface {
    dialect: Dialect,
    base_url: String,
    auth: AuthScheme,
    #[serde(default)]
    hosting: Hosting,
    #[serde(default)]
    quirks: Quirks,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenModel {
    provider: String,
    id: String,
    kind: String,
    #[serde(default)]
    aliases: Vec<String>,
    context_window: Option<u64>,
    max_input: Option<u64>,
    max_output: Option<u64>,
    deprecation_date: Option<String>,
    price: Option<Price>,
    #[serde(default)]
    source: String,
    as_of: Option<String>,
    #[serde(default)]
    second_source: SecondSource,
    differs: Option<String>,
    #[serde(default)]
    traits: Traits,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum SecondSource {
    #[default]
    None,
    Agrees,
    Differs,
}

/// What an entry is called, read leniently for the sake of an error.
#[derive(Deserialize)]
struct Named {
    provider: Option<String>,
    id: Option<String>,
}

type Checked<T> = Result<T, String>;

pub(super) fn catalogue(providers: &str, models: &str) -> Result<Catalogue, CatalogueError> {
    let providers: ProvidersFile<'_> = serde_json::from_str(providers)
        .map_err(|error| CatalogueError(format!("providers.json: {error}")))?;
    let models: ModelsFile<'_> = serde_json::from_str(models)
        .map_err(|error| CatalogueError(format!("models.json: {error}")))?;

    let mut catalogue = Catalogue {
        version: models.version,
        providers: Vec::with_capacity(providers.providers.len()),
    };
    for (label, day) in [("version", &catalogue.version), ("as_of", &models.as_of)] {
        check_date(day).map_err(|why| CatalogueError(format!("models.json: {label}: {why}")))?;
    }
    for entry in providers.providers {
        add_provider(&mut catalogue, entry)
            .map_err(|why| CatalogueError(format!("{}: {why}", name_of("provider", entry))))?;
    }
    for entry in models.models {
        add_model(&mut catalogue, entry, &models.as_of)
            .map_err(|why| CatalogueError(format!("{}: {why}", name_of("model", entry))))?;
    }
    Ok(catalogue)
}

fn add_provider(catalogue: &mut Catalogue, entry: &RawValue) -> Checked<()> {
    let written: WrittenProvider = parse(entry)?;
    check_provider_id(&written.id)?;
    if catalogue.provider(&written.id).is_some() {
        return Err("there are two of this id".into());
    }
    if written.surfaces.is_empty() {
        return Err("it has no surface, so nothing can be sent to it".into());
    }
    let mut dialects = BTreeSet::new();
    for surface in &written.surfaces {
        if !dialects.insert(surface.dialect) {
            return Err(format!("it has two {} surfaces", surface.dialect.name()));
        }
        let filled = filled(&surface.base_url, written.needs_base_url)?;
        check_base_url(&filled, written.local)?;
        check_quirks(&surface.quirks)?;
        if written.needs_key && surface.auth == AuthScheme::None {
            return Err("it needs a key, but a surface says that none is sent".into());
        }
    }
    if let Some(page) = &written.keys_page
        && !page.starts_with("https://")
    {
        return Err(format!(
            "the keys page `{page}` does not begin with https://"
        ));
    }
    if written.needs_base_url != written.base_url_hint.is_some() {
        return Err("`needs_base_url` and a `base_url_hint` come together or not at all".into());
    }
    if let Some(older) = &written.older_base_url {
        check_base_url(&filled(older, written.needs_base_url)?, written.local)?;
    }
    catalogue.providers.push(CatalogueProvider {
        id: written.id,
        name: written.name,
        surfaces: written
            .surfaces
            .into_iter()
            .map(|surface| Surface {
                dialect: surface.dialect,
                base_url: surface.base_url,
                auth: surface.auth,
                hosting: surface.hosting,
                quirks: Arc::new(surface.quirks),
                query: None,
                region: None,
            })
            .collect(),
        env: written.env,
        local: written.local,
        needs_key: written.needs_key,
        keys_page: written.keys_page,
        needs_base_url: written.needs_base_url,
        base_url_hint: written.base_url_hint,
        older_base_url: written.older_base_url,
        models: Vec::new(),
    });
    Ok(())
}

fn add_model(catalogue: &mut Catalogue, entry: &RawValue, as_of: &str) -> Checked<()> {
    let written: WrittenModel = parse(entry)?;
    let Some(provider) = catalogue
        .providers
        .iter_mut()
        .find(|provider| provider.id == written.provider)
    else {
        return Err(format!(
            "the provider `{}` is not in providers.json",
            written.provider
        ));
    };
    if !KINDS.contains(&written.kind.as_str()) {
        return Err(format!("`{}` is not a kind of model we know", written.kind));
    }
    let mut names = BTreeSet::new();
    for name in std::iter::once(&written.id).chain(&written.aliases) {
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(format!("`{name}` can't be a model's name"));
        }
        if !names.insert(name) || provider.model(name).is_some() {
            return Err(format!(
                "the name `{name}` is taken by another model or alias"
            ));
        }
    }
    let limits = [
        written.context_window,
        written.max_input,
        written.max_output,
    ];
    if limits.contains(&Some(0)) {
        return Err("a limit of 0 tokens; leave out what is not known".into());
    }
    let price_as_of = written.as_of.unwrap_or_else(|| as_of.to_owned());
    for day in written.deprecation_date.iter().chain([&price_as_of]) {
        check_date(day)?;
    }
    if written.price.is_some() == written.source.is_empty() {
        return Err("a price and its `source` come together or not at all".into());
    }
    let price_check = match (written.second_source, written.differs) {
        (SecondSource::None, None) => PriceCheck::Unchecked,
        (SecondSource::Agrees, None) => PriceCheck::Agrees,
        (SecondSource::Differs, Some(what)) => PriceCheck::Differs(what),
        _ => return Err("`differs` says how the second source differs, and only then".into()),
    };
    provider.models.push(Arc::new(CatalogueModel {
        id: written.id,
        aliases: written.aliases,
        kind: written.kind,
        context_window: written.context_window,
        max_input: written.max_input,
        max_output: written.max_output,
        price: written.price,
        price_source: written.source,
        price_as_of,
        price_check,
        traits: written.traits,
        deprecation_date: written.deprecation_date,
    }));
    Ok(())
}

fn parse<'a, T: Deserialize<'a>>(entry: &'a RawValue) -> Checked<T> {
    serde_json::from_str(entry.get()).map_err(|error| error.to_string())
}

/// ``the model `gpt-5` of openai``, as far as the entry can be read.
fn name_of(what: &str, entry: &RawValue) -> String {
    let unreadable = Named {
        provider: None,
        id: None,
    };
    match serde_json::from_str(entry.get()).unwrap_or(unreadable) {
        Named {
            id: Some(id),
            provider: Some(provider),
        } => {
            format!("the {what} `{id}` of {provider}")
        }
        Named {
            id: Some(id),
            provider: None,
        } => format!("the {what} `{id}`"),
        Named { id: None, .. } => {
            let start: String = entry.get().chars().take(60).collect();
            format!("a {what} without a readable id ({start}…)")
        }
    }
}

/// The id is a word of `provider/model`, of the config and of a keychain entry.
fn check_provider_id(id: &str) -> Checked<()> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if id.is_empty() || !id.bytes().all(plain) {
        return Err("an id has only a-z, 0-9 and hyphens".into());
    }
    if id == "practice" {
        return Err("`practice` is the provider that is built in".into());
    }
    Ok(())
}

/// An address is joined to a path by writing the path behind it, so whatever would
/// make that wrong is refused. Local ones are numeric, because `localhost` may
/// mean ::1, where many local servers do not listen.
fn check_base_url(url: &str, local: bool) -> Checked<()> {
    let wrong = |why: &str| Err(format!("the address `{url}` {why}"));
    let Some((scheme, rest)) = url.split_once("://") else {
        return wrong("has no scheme");
    };
    let (authority, _path) = rest.split_once('/').unwrap_or((rest, ""));
    match (scheme, local) {
        ("http", true) if authority.starts_with("127.0.0.1:") => {}
        ("http", true) => return wrong("is local and does not begin with http://127.0.0.1:PORT"),
        ("https", false) => {}
        (_, true) => return wrong("is local and does not begin with http://"),
        (_, false) => return wrong("does not begin with https://"),
    }
    if url.ends_with('/') {
        return wrong("ends in a slash");
    }
    if authority.is_empty() || authority.contains('@') {
        return wrong("has no plain host");
    }
    if url.contains(|c: char| c.is_whitespace() || matches!(c, '?' | '#')) {
        return wrong("has more than a scheme, a host and a path");
    }
    Ok(())
}

/// The address with every `{part}` of the user's own filled in, to be checked like any other.
fn filled(url: &str, has_own_parts: bool) -> Checked<String> {
    let mut filled = String::with_capacity(url.len());
    let mut count = 0;
    for piece in pieces(url) {
        match piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Part(name) if is_plain(name) => {
                filled.push_str(name);
                count += 1;
            }
            Piece::Part(_) => return Err(format!("the address `{url}` has a part without a name")),
        }
    }
    if (count > 0) != has_own_parts {
        return Err(format!(
            "the address `{url}` has {count} parts of the user's own, and `needs_base_url` says otherwise"
        ));
    }
    Ok(filled)
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// A quirk that names nothing we know would do nothing, silently.
fn check_quirks(quirks: &Quirks) -> Checked<()> {
    if let Some(word) = quirks
        .efforts
        .iter()
        .find(|word| Effort::from_word(word).is_none())
    {
        return Err(format!("`{word}` is not an effort"));
    }
    for (name, path) in &quirks.paths {
        if !Endpoint::ALL.iter().any(|known| known.name() == name) {
            return Err(format!("`{name}` is not an endpoint"));
        }
        if !path.starts_with('/') {
            return Err(format!("the path `{path}` does not begin with a slash"));
        }
    }
    Ok(())
}

fn check_date(day: &str) -> Checked<()> {
    match unix_s_of_date(day) {
        Some(_) => Ok(()),
        None => Err(format!("`{day}` is not a day like 2026-12-01")),
    }
}
