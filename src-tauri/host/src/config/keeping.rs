//! Rules about kept answers: `[cache]`, and the `cache` of an alias.
//!
//! Promises: an alias says only what differs from `[cache]`; `cache = false` is a whole rule. What can't be
//! meant is told with its place. Leaves out what the rules do (`routing::Keeping`, the engine).

use std::time::Duration;

use engine::Embedder;
use routing::{Keeping, Replay, Routes, Similar};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use toml::Spanned;

use super::check::within;
use super::error::Wrong;

/// A day: the longest that an answer is told.
const LONGEST_S: i64 = 86_400;

/// How much of this machine kept answers take. Read at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheConfig {
    /// In memory, in bytes.
    pub memory_bytes: u64,
    /// How long an answer stays in memory where there is a disk.
    pub memory: Duration,
    /// On disk, in bytes; 0: nothing is kept there.
    pub disk_bytes: u64,
    /// The longest that any answer may be told.
    pub longest: Duration,
}

impl Default for CacheConfig {
    fn default() -> Self {
        CacheConfig {
            memory_bytes: 64 << 20,
            memory: Duration::from_secs(60),
            disk_bytes: 256 << 20,
            longest: Duration::from_secs(300),
        }
    }
}

/// `[cache]` as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Cache {
    memory_mib: Option<Spanned<i64>>,
    memory_s: Option<Spanned<i64>>,
    disk_mib: Option<Spanned<i64>>,
    embedder: Option<Spanned<String>>,
    on: Option<bool>,
    ttl_s: Option<Spanned<i64>>,
    stale_s: Option<Spanned<i64>>,
    temperature: Option<Spanned<f64>>,
    tools: Option<bool>,
    shared: Option<bool>,
    replay: Option<Replay>,
    similar: Option<Similar>,
}

/// What an alias says beside it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Rule {
    on: Option<bool>,
    ttl_s: Option<Spanned<i64>>,
    stale_s: Option<Spanned<i64>>,
    temperature: Option<Spanned<f64>>,
    tools: Option<bool>,
    shared: Option<bool>,
    replay: Option<Replay>,
    similar: Option<Similar>,
}

/// The `cache` of an alias: a rule, or a switch.
#[derive(Debug)]
pub(super) struct RuleOrSwitch(Rule);

impl<'de> Deserialize<'de> for RuleOrSwitch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = RuleOrSwitch;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(
                    "true, false, or a table with `on`, `ttl_s`, `stale_s`, `temperature`, `tools`, \
                     `shared`, `replay` and `similar`",
                )
            }

            fn visit_bool<E: Error>(self, on: bool) -> Result<RuleOrSwitch, E> {
                Ok(RuleOrSwitch(Rule {
                    on: Some(on),
                    ..Rule::default()
                }))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RuleOrSwitch, A::Error> {
                Rule::deserialize(MapAccessDeserializer::new(map)).map(RuleOrSwitch)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// What `[cache]` means: how much of the machine, and the usual rule.
pub(super) fn cache(written: &Cache) -> Result<(CacheConfig, Keeping), Wrong> {
    let usual = CacheConfig::default();
    let config = CacheConfig {
        memory_bytes: within(written.memory_mib.as_ref(), 0..=65_536, 64)? << 20,
        memory: within(written.memory_s.as_ref(), 1..=LONGEST_S, 60).map(Duration::from_secs)?,
        disk_bytes: within(written.disk_mib.as_ref(), 0..=65_536, 256)? << 20,
        ..usual
    };
    let rule = Rule {
        on: written.on,
        ttl_s: written.ttl_s.clone(),
        stale_s: written.stale_s.clone(),
        temperature: written.temperature.clone(),
        tools: written.tools,
        shared: written.shared,
        replay: written.replay,
        similar: written.similar,
    };
    Ok((config, over(Keeping::default(), &rule)?))
}

/// What makes vectors of questions, to find similar ones.
pub(super) fn embedder(written: &Cache, routes: &Routes) -> Result<Embedder, Wrong> {
    let Some(text) = &written.embedder else {
        return Ok(Embedder::default());
    };
    match text.get_ref().as_str() {
        "lexical" => Ok(Embedder::Lexical),
        "model" => Ok(Embedder::Model),
        target => {
            let known = target.split_once('/');
            let known =
                known.filter(|(id, model)| routes.provider(id).is_some() && !model.is_empty());
            if known.is_none() && !routes.aliases.contains_key(target) {
                return Err(Wrong::at(
                    text.span(),
                    "write \"lexical\" (built in), \"model\" (a model of your own, see docs/semantic-cache.md), or \
                     the provider/model of an embeddings endpoint that is configured, such as \
                     \"ollama/nomic-embed-text\""
                        .to_owned(),
                ));
            }
            Ok(Embedder::Target(target.to_owned()))
        }
    }
}

/// The usual rule with what an alias says of its own.
pub(super) fn of_alias(usual: Keeping, written: Option<&RuleOrSwitch>) -> Result<Keeping, Wrong> {
    match written {
        Some(RuleOrSwitch(rule)) => over(usual, rule),
        None => Ok(usual),
    }
}

fn over(usual: Keeping, rule: &Rule) -> Result<Keeping, Wrong> {
    let seconds = |given: &Option<Spanned<i64>>, least, usual: Duration| {
        within(given.as_ref(), least..=LONGEST_S, usual.as_secs() as i64).map(Duration::from_secs)
    };
    let temperature = match &rule.temperature {
        None => usual.temperature,
        Some(most) if (0.0..=2.0).contains(most.get_ref()) => *most.get_ref(),
        Some(most) => {
            return Err(Wrong::at(
                most.span(),
                "write the highest temperature whose answers are kept, from 0 to 2; one that is not \
                 set counts as 1"
                    .to_owned(),
            ));
        }
    };
    Ok(Keeping {
        on: rule.on.unwrap_or(usual.on),
        fresh: seconds(&rule.ttl_s, 1, usual.fresh)?,
        stale: seconds(&rule.stale_s, 0, usual.stale)?,
        temperature,
        tools: rule.tools.unwrap_or(usual.tools),
        shared: rule.shared.unwrap_or(usual.shared),
        replay: rule.replay.unwrap_or(usual.replay),
        similar: rule.similar.unwrap_or(usual.similar),
    })
}
