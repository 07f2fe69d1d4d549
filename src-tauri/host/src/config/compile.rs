//! From the config as written to what it means.
//!
//! Promises: pure. The same text gives the same result; the first thing that is
//! wrong is told with its place. Leaves out: files (`mod`) and edits (`edit`).

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use dialect::Dialect;
use dialect::hub::Hosting;
use engine::{Embedder, FetchRules, Limits, PRACTICE, Tools, Translation, practice_provider};
use routing::{
    Alias, AuthScheme, Catalogue, CatalogueModel, CatalogueProvider, HedgePolicy, Keeping,
    KeySource, Policy, Provider, Routes, Surface, Target,
};
use toml::Spanned;

use super::check::{key_source, model_name, place, provider_id, within};
use super::error::{Wrong, nearest, short};
use super::listen::{self, ListenConfig};
use super::written::{self, TargetText, Targets, Written};
use super::{CacheConfig, LedgerConfig, base_url, keeping, tooling};

/// What a text is compiled against.
pub(super) struct Context<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) practice_models: &'a [Arc<CatalogueModel>],
    /// Where we listen already, besides what the text says.
    pub(super) own_addresses: &'a [SocketAddr],
}

/// What a text means.
#[derive(Debug)]
pub(super) struct Meaning {
    pub(super) listen: ListenConfig,
    pub(super) ledger: LedgerConfig,
    pub(super) cache: CacheConfig,
    pub(super) limits: Limits,
    pub(super) translation: Translation,
    pub(super) embedder: Embedder,
    pub(super) tools: Tools,
    pub(super) routes: Routes,
}

/// Reads and checks a whole config text.
pub(super) fn compile(text: &str, context: &Context<'_>) -> Result<Meaning, Wrong> {
    let written: Written = toml::from_str(text)?;
    let listen = listen::compile(&written.server)?;
    let limits = limits(&written)?;
    let translation = translation(&written.translation)?;
    let ledger = ledger(&written.ledger)?;
    let (mut cache, usual) = keeping::cache(&written.cache)?;
    let own_addresses = [context.own_addresses, &listen.sockets()].concat();
    let mut providers = Vec::new();
    for (id, provider) in in_order(written.provider) {
        providers.push(Arc::new(compile_provider(
            &id,
            &provider,
            context,
            &own_addresses,
        )?));
    }
    let mut practice = practice_provider();
    practice.enabled = written.practice.enabled;
    practice.models = context.practice_models.to_vec();
    providers.push(Arc::new(practice));
    let mut routes = Routes {
        providers,
        aliases: BTreeMap::new(),
        usual: Policy {
            keeping: usual,
            ..Policy::default()
        },
    };
    let mut with_tools = Vec::new();
    for (name, mut targets) in in_order(written.alias) {
        let rule = targets.get_mut().rule.as_mut();
        if let Some(rule) = rule.and_then(|rule| rule.tools.take()) {
            with_tools.push((name.get_ref().clone(), rule));
        }
        let alias = compile_alias(&name, &targets, &routes, context.catalogue)?;
        routes.aliases.insert(alias.name.clone(), alias);
    }
    let embedder = keeping::embedder(&written.cache, &routes)?;
    let tools = tooling::tools(&written.tools, &with_tools, &routes)?;
    let rules = routes.aliases.values().map(|alias| alias.policy.keeping);
    let longest = rules.chain([usual]).filter(|rule| rule.on);
    cache.longest = longest
        .map(|rule| rule.fresh + rule.stale)
        .max()
        .unwrap_or(cache.longest);
    Ok(Meaning {
        listen,
        ledger,
        cache,
        limits,
        translation,
        embedder,
        tools,
        routes,
    })
}

/// The order of the file: maps forget it, positions don't.
fn in_order<T>(map: BTreeMap<Spanned<String>, T>) -> Vec<(Spanned<String>, T)> {
    let mut entries: Vec<_> = map.into_iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

fn limits(written: &Written) -> Result<Limits, Wrong> {
    let default = Limits::default();
    let ms = |given: &Option<Spanned<i64>>, default: Duration| {
        within(given.as_ref(), 1..=3_600_000, default.as_millis() as i64).map(Duration::from_millis)
    };
    let mib = (default.body_bytes >> 20) as i64;
    let server = &written.server;
    Ok(Limits {
        body_bytes: (within(server.body_limit_mib.as_ref(), 1..=1_024, mib)? as usize) << 20,
        connect: ms(&written.timeouts.connect_ms, default.connect)?,
        first_byte: ms(&written.timeouts.first_byte_ms, default.first_byte)?,
        idle: ms(&written.timeouts.idle_ms, default.idle)?,
        hold: ms(&written.timeouts.hold_ms, default.hold)?,
        ping: ms(&written.timeouts.ping_ms, default.ping)?,
        exchanges: within(
            server.max_exchanges.as_ref(),
            1..=16_384,
            default.exchanges as i64,
        )? as usize,
        drain: within(
            server.drain_s.as_ref(),
            30..=120,
            default.drain.as_secs() as i64,
        )
        .map(Duration::from_secs)?,
    })
}

fn translation(written: &written::Translation) -> Result<Translation, Wrong> {
    let allow = written
        .fetch_allow
        .iter()
        .map(|text| place(text.get_ref()).map_err(|reason| Wrong::at(text.span(), reason)));
    Ok(Translation {
        fan_out: within(written.fan_out.as_ref(), 0..=8, 0)? as u32,
        fetch: FetchRules {
            on: written.fetch_images,
            allow: allow.collect::<Result<_, _>>()?,
        },
        prompt_cache: written.prompt_cache,
    })
}

fn ledger(written: &written::Ledger) -> Result<LedgerConfig, Wrong> {
    let default = LedgerConfig::default();
    let keep_days = within(
        written.keep_days.as_ref(),
        1..=36_500,
        i64::from(default.keep_days),
    )?;
    let most = default.max_receipts as i64;
    Ok(LedgerConfig {
        keep_days: u32::try_from(keep_days).unwrap_or(default.keep_days),
        max_receipts: within(written.max_receipts.as_ref(), 1_000..=1_000_000_000, most)?,
    })
}

fn compile_provider(
    key: &Spanned<String>,
    written: &written::Provider,
    context: &Context<'_>,
    own_addresses: &[SocketAddr],
) -> Result<Provider, Wrong> {
    let id = key.get_ref().as_str();
    provider_id(id).map_err(|reason| Wrong::at(key.span(), reason))?;
    if id == PRACTICE {
        return Err(Wrong::at(
            key.span(),
            "the practice provider is built in; its settings stand in [practice]",
        ));
    }
    let known = context.catalogue.provider(id);
    let (surfaces, all_loopback) = surfaces(written, known, own_addresses)?;
    if surfaces.is_empty() {
        let reason = match known {
            Some(known) => format!(
                "{} has an address of your own; write it as {}",
                known.name,
                address_keys(known)
            ),
            None => unknown_provider(id, context.catalogue),
        };
        return Err(Wrong::at(key.span(), reason));
    }
    let name = match &written.name {
        Some(name) => display_name(name)?,
        None => known.map_or_else(|| id.to_owned(), |known| known.name.clone()),
    };
    let local = written
        .local
        .unwrap_or(known.map_or(all_loopback, |known| known.local));
    let needs_key = known.map_or(!local, |known| known.needs_key)
        && surfaces
            .iter()
            .any(|surface| surface.auth != AuthScheme::None);
    let mut keys = keys(id, written)?.into_iter();
    let key = match keys.next() {
        Some(key) => key,
        None if needs_key => KeySource::Keychain(id.to_owned()),
        None => KeySource::None,
    };
    Ok(Provider {
        id: id.to_owned(),
        name,
        surfaces,
        key,
        more_keys: keys.collect(),
        local,
        practice: false,
        enabled: written.enabled.unwrap_or(true),
        models: models(&written.models, known)?,
    })
}

/// Keys that a provider may have.
const MOST_KEYS: usize = 16;

/// The keys as written: one, or several in the order in which they are wanted.
fn keys(id: &str, written: &written::Provider) -> Result<Vec<KeySource>, Wrong> {
    let read = |text: &Spanned<String>| {
        key_source(text.get_ref(), id).map_err(|reason| Wrong::at(text.span(), reason))
    };
    let several = match (&written.key, &written.keys) {
        (Some(key), None) => return Ok(vec![read(key)?]),
        (None, None) => return Ok(Vec::new()),
        (Some(_), Some(several)) => {
            let reason = "write either `key` or `keys`, not both";
            return Err(Wrong::at(several.span(), reason));
        }
        (None, Some(several)) => several,
    };
    let count = several.get_ref().len();
    if !(1..=MOST_KEYS).contains(&count) {
        let reason = format!("list one key at least and {MOST_KEYS} at most");
        return Err(Wrong::at(several.span(), reason));
    }
    let mut keys: Vec<KeySource> = Vec::with_capacity(count);
    for text in several.get_ref() {
        let key = read(text)?;
        if keys.iter().any(|known| known.name() == key.name())
            || (count > 1 && key == KeySource::None)
        {
            let reason =
                "each of several keys has a name of its own, such as \"keychain:openai-2\"";
            return Err(Wrong::at(text.span(), reason));
        }
        keys.push(key);
    }
    Ok(keys)
}

/// The catalogue's surfaces with what the config says of them put over, and
/// those that only the config has; and whether all of them are on this machine.
fn surfaces(
    written: &written::Provider,
    known: Option<&CatalogueProvider>,
    own_addresses: &[SocketAddr],
) -> Result<(Vec<Surface>, bool), Wrong> {
    let mut surfaces = known.map_or_else(Vec::new, |known| known.surfaces.clone());
    let mut all_loopback = true;
    // Addresses that the config moved, as they were and as they are.
    let mut moved: Vec<(String, String)> = Vec::new();
    let mut given_dialects: Vec<Dialect> = Vec::new();
    for dialect in Dialect::ALL {
        let (given, custom) = match dialect {
            Dialect::OpenAi => (&written.openai_base_url, AuthScheme::Bearer),
            Dialect::Responses => (&written.responses_base_url, AuthScheme::Bearer),
            Dialect::Anthropic => (&written.anthropic_base_url, AuthScheme::XApiKey),
            Dialect::Gemini => (&written.gemini_base_url, AuthScheme::XGoogApiKey),
            Dialect::Ollama => (&written.ollama_base_url, AuthScheme::Bearer),
            Dialect::Bedrock => (&written.bedrock_base_url, AuthScheme::Aws),
            Dialect::Cohere => (&written.cohere_base_url, AuthScheme::Bearer),
        };
        let Some(text) = given else { continue };
        let base = base_url::check(
            text.get_ref(),
            dialect,
            written.allow_insecure,
            own_addresses,
        )
        .map_err(|reason| Wrong::at(text.span(), reason))?;
        all_loopback &= base.loopback;
        given_dialects.push(dialect);
        match surfaces
            .iter_mut()
            .find(|surface| surface.dialect == dialect)
        {
            Some(surface) => {
                moved.push((surface.base_url.clone(), base.text.clone()));
                surface.base_url = base.text;
            }
            None => surfaces.push(Surface {
                dialect,
                base_url: base.text,
                auth: custom,
                hosting: Hosting::Own,
                quirks: Arc::default(),
                query: None,
                region: None,
            }),
        }
    }
    // What stood at the same host moves with it, or its key would go where the person moved away
    // from. A template filled in speaks all of its dialects; of another server nobody knows.
    surfaces.retain_mut(|surface| {
        if given_dialects.contains(&surface.dialect) {
            return true;
        }
        let beside =
            |(before, _): &&(String, String)| host_of(before) == host_of(&surface.base_url);
        let Some((before, after)) = moved.iter().find(beside) else {
            return true;
        };
        let template = before.contains('{') && *before == surface.base_url;
        if template {
            surface.base_url.clone_from(after);
        }
        template
    });
    // A template that nobody filled in is no address, and Azure's older paths were there before
    // Responses was.
    let older = written.hosting == Some(Hosting::Azure);
    surfaces.retain(|surface| {
        let newer = older && surface.dialect == Dialect::Responses;
        !surface.base_url.contains('{') && (!newer || given_dialects.contains(&surface.dialect))
    });
    for surface in &mut surfaces {
        surface.auth = written.auth.unwrap_or(surface.auth);
        surface.hosting = written.hosting.unwrap_or(surface.hosting);
        if let Some(version) = &written.api_version {
            surface.query = Some(format!("api-version={}", word(version)?));
        }
        if let Some(region) = &written.region {
            surface.region = Some(word(region)?);
        }
        if let Some(quirks) = &written.quirks {
            surface.quirks = Arc::new(quirks.clone());
        }
    }
    Ok((surfaces, all_loopback))
}

/// A version or a region: it stands in an address, so it is one plain word.
fn word(text: &Spanned<String>) -> Result<String, Wrong> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let word = text.get_ref();
    if word.is_empty() || word.len() > 64 || !word.chars().all(plain) {
        return Err(Wrong::at(
            text.span(),
            "this is one word of letters, digits, `-`, `.` and `_`",
        ));
    }
    Ok(word.clone())
}

/// The host in an address, port and all.
fn host_of(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

/// The settings that give a known provider its address, each with what it looks like.
fn address_keys(known: &CatalogueProvider) -> String {
    let keys = known.surfaces.iter().map(|surface| {
        format!(
            "`{}_base_url = \"{}\"`",
            surface.dialect.name(),
            surface.base_url
        )
    });
    keys.collect::<Vec<_>>().join(" or ")
}

fn unknown_provider(id: &str, catalogue: &Catalogue) -> String {
    let ids = || {
        catalogue
            .providers
            .iter()
            .map(|provider| provider.id.as_str())
    };
    match nearest(id, ids()) {
        Some(near) => format!(
            "no provider `{id}` is known; did you mean `{near}`? A server of your own needs \
             `openai_base_url`, `anthropic_base_url` or another dialect's"
        ),
        None => format!(
            "no provider `{id}` is known, so it needs `openai_base_url`, `anthropic_base_url` or \
             another dialect's; \
             known by name are {}",
            ids().collect::<Vec<_>>().join(", ")
        ),
    }
}

fn display_name(name: &Spanned<String>) -> Result<String, Wrong> {
    let trimmed = name.get_ref().trim();
    if trimmed.is_empty() || trimmed.chars().count() > 64 || trimmed.chars().any(char::is_control) {
        return Err(Wrong::at(
            name.span(),
            "a name has 1 to 64 letters on one line",
        ));
    }
    Ok(trimmed.to_owned())
}

fn models(
    written: &[Spanned<String>],
    known: Option<&CatalogueProvider>,
) -> Result<Vec<Arc<CatalogueModel>>, Wrong> {
    let mut models = known.map_or_else(Vec::new, |known| known.models.clone());
    let mut seen = HashSet::new();
    for text in written {
        let id = text.get_ref();
        model_name(id).map_err(|reason| Wrong::at(text.span(), reason))?;
        if !seen.insert(id.as_str()) {
            return Err(Wrong::at(text.span(), format!("`{id}` is listed twice")));
        }
        // The catalogue's entry has limits and a price, so it stays.
        if !models.iter().any(|model| model.goes_by(id)) {
            models.push(Arc::new(plain_model(id)));
        }
    }
    Ok(models)
}

/// A model of which only the name is known.
pub(super) fn plain_model(id: &str) -> CatalogueModel {
    let kind = if id.contains("embed") {
        "embedding"
    } else {
        "chat"
    };
    CatalogueModel {
        id: id.to_owned(),
        kind: kind.to_owned(),
        ..CatalogueModel::default()
    }
}

fn compile_alias(
    name: &Spanned<String>,
    targets: &Spanned<Targets>,
    routes: &Routes,
    catalogue: &Catalogue,
) -> Result<Alias, Wrong> {
    let alias = name.get_ref();
    let at_name = |reason: String| Wrong::at(name.span(), reason);
    model_name(alias).map_err(at_name)?;
    if let Some((prefix, _)) = alias.split_once('/')
        && routes.provider(prefix).is_some()
    {
        return Err(at_name(format!(
            "an alias that begins with `{prefix}/` would hide the models of the provider \
             `{prefix}`; give it another name"
        )));
    }
    let written = &targets.get_ref().list;
    if written.is_empty() {
        return Err(Wrong::at(
            targets.span(),
            format!(
                "the alias `{}` has no targets; list at least one",
                short(alias)
            ),
        ));
    }
    let mut compiled: Vec<Target> = Vec::with_capacity(written.len());
    for TargetText { at, text } in written {
        let at = || at.clone().unwrap_or_else(|| targets.span());
        let target = target(text, routes, catalogue).map_err(|reason| Wrong::at(at(), reason))?;
        if compiled.contains(&target) {
            return Err(Wrong::at(at(), format!("`{text}` is listed twice")));
        }
        compiled.push(target);
    }
    let mut alias = Alias::listed(alias, compiled);
    alias.policy = routes.usual;
    if let Some(rule) = &targets.get_ref().rule {
        alias.policy = policy(rule, routes.usual.keeping)?;
        weigh(&mut alias, rule)?;
        pin(&alias, rule, routes)?;
    }
    Ok(alias)
}

/// How the requests of an alias with a rule are served.
fn policy(rule: &written::Rule, usual: Keeping) -> Result<Policy, Wrong> {
    let hedge = match &rule.hedge {
        None => HedgePolicy::default(),
        Some(share) if (0.0..=1.0).contains(share.get_ref()) => HedgePolicy {
            allowed: *share.get_ref() > 0.0,
            share: *share.get_ref(),
        },
        Some(share) => {
            return Err(Wrong::at(
                share.span(),
                "write the most that hedged requests may cost as a share of what is spent, from 0 \
                 (none) to 1, such as 0.05"
                    .to_owned(),
            ));
        }
    };
    Ok(Policy {
        strategy: Some(rule.strategy),
        hedge,
        broken_stream: rule.broken_stream,
        local_only: rule.local_only,
        pinned: rule.pinned.as_ref().is_some_and(|pinned| *pinned.get_ref()),
        keeping: keeping::of_alias(usual, rule.cache.as_ref())?,
        prompt_cache: rule.prompt_cache,
    })
}

/// A pinned alias must have somebody who may serve; who of the others may not is told by each receipt.
fn pin(alias: &Alias, rule: &written::Rule, routes: &Routes) -> Result<(), Wrong> {
    let Some(pinned) = rule.pinned.as_ref().filter(|pinned| *pinned.get_ref()) else {
        return Ok(());
    };
    let mut reasons = Vec::with_capacity(alias.targets.len());
    for target in &alias.targets {
        let Some(provider) = routes.provider(&target.provider) else {
            continue;
        };
        match routing::rolling(provider, &target.model) {
            None => return Ok(()),
            Some(reason) => reasons.push(reason),
        }
    }
    Err(Wrong::at(
        pinned.span(),
        format!("no target of this alias may serve: {}", reasons.join("; ")),
    ))
}

/// Gives each target its share of a draw.
fn weigh(alias: &mut Alias, rule: &written::Rule) -> Result<(), Wrong> {
    let Some(weights) = &rule.weights else {
        return Ok(());
    };
    let count = alias.targets.len();
    let usable = |weight: &f64| weight.is_finite() && *weight > 0.0;
    if weights.get_ref().len() != count || !weights.get_ref().iter().all(usable) {
        return Err(Wrong::at(
            weights.span(),
            format!("write one number above 0 for each target: {count} of them"),
        ));
    }
    for (target, weight) in alias.targets.iter_mut().zip(weights.get_ref()) {
        target.weight = *weight;
    }
    Ok(())
}

fn target(text: &str, routes: &Routes, catalogue: &Catalogue) -> Result<Target, String> {
    let Some((provider, model)) = text.split_once('/').filter(|(_, model)| !model.is_empty())
    else {
        return Err(format!(
            "write the target as provider/model (an alias can't point to an alias): `{}`",
            short(text)
        ));
    };
    model_name(model)?;
    if routes.provider(provider).is_some() {
        return Ok(Target::new(provider, model));
    }
    if catalogue.provider(provider).is_some() {
        return Err(format!(
            "the provider `{provider}` is not configured; add [provider.{provider}] to the file"
        ));
    }
    let configured = || routes.providers.iter().map(|provider| provider.id.as_str());
    Err(match nearest(provider, configured()) {
        Some(near) => format!("there is no provider `{provider}`; did you mean `{near}`?"),
        None => format!(
            "there is no provider `{}`; configured are {}",
            short(provider),
            configured().collect::<Vec<_>>().join(", ")
        ),
    })
}
