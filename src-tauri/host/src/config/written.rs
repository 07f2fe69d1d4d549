//! The config as people write it.
//!
//! Promises: every key that this file doesn't name is an error, and whatever can
//! be wrong in a way of its own remembers where it stands. Leaves out: defaults
//! and meaning (`compile`).

use std::collections::BTreeMap;
use std::ops::Range;

use dialect::hub::{Hosting, Quirks};
use routing::{AuthScheme, BrokenStream, PromptCacheHints, Strategy};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use toml::Spanned;

use super::{keeping, tooling};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Written {
    pub(super) server: Server,
    pub(super) timeouts: Timeouts,
    pub(super) translation: Translation,
    pub(super) ledger: Ledger,
    pub(super) cache: keeping::Cache,
    pub(super) practice: Practice,
    pub(super) tools: tooling::Tooling,
    /// Their order in the file is that of their positions.
    pub(super) provider: BTreeMap<Spanned<String>, Provider>,
    pub(super) alias: BTreeMap<Spanned<String>, Spanned<Targets>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Server {
    pub(super) port: Option<Spanned<i64>>,
    pub(super) listen: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) body_limit_mib: Option<Spanned<i64>>,
    pub(super) allow_hosts: Vec<Spanned<String>>,
    pub(super) allow_origins: Vec<Spanned<String>>,
    pub(super) max_exchanges: Option<Spanned<i64>>,
    pub(super) drain_s: Option<Spanned<i64>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Timeouts {
    pub(super) connect_ms: Option<Spanned<i64>>,
    pub(super) first_byte_ms: Option<Spanned<i64>>,
    pub(super) idle_ms: Option<Spanned<i64>>,
    pub(super) hold_ms: Option<Spanned<i64>>,
    pub(super) ping_ms: Option<Spanned<i64>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Translation {
    pub(super) fan_out: Option<Spanned<i64>>,
    pub(super) fetch_images: bool,
    pub(super) fetch_allow: Vec<Spanned<String>>,
    pub(super) prompt_cache: PromptCacheHints,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Ledger {
    pub(super) keep_days: Option<Spanned<i64>>,
    pub(super) max_receipts: Option<Spanned<i64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Practice {
    pub(super) enabled: bool,
}

impl Default for Practice {
    fn default() -> Self {
        Practice { enabled: true }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Provider {
    pub(super) name: Option<Spanned<String>>,
    pub(super) key: Option<Spanned<String>>,
    pub(super) keys: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) enabled: Option<bool>,
    pub(super) openai_base_url: Option<Spanned<String>>,
    pub(super) responses_base_url: Option<Spanned<String>>,
    pub(super) anthropic_base_url: Option<Spanned<String>>,
    pub(super) gemini_base_url: Option<Spanned<String>>,
    pub(super) ollama_base_url: Option<Spanned<String>>,
    pub(super) bedrock_base_url: Option<Spanned<String>>,
    pub(super) cohere_base_url: Option<Spanned<String>>,
    pub(super) hosting: Option<Hosting>,
    pub(super) api_version: Option<Spanned<String>>,
    pub(super) region: Option<Spanned<String>>,
    pub(super) quirks: Option<Quirks>,
    pub(super) auth: Option<AuthScheme>,
    pub(super) local: Option<bool>,
    pub(super) allow_insecure: bool,
    pub(super) models: Vec<Spanned<String>>,
}

/// The targets of an alias: a list, a single text for a list of one, or a table with a rule of choice.
#[derive(Debug)]
pub(super) struct Targets {
    pub(super) list: Vec<TargetText>,
    /// `None` where the order decides.
    pub(super) rule: Option<Rule>,
}

/// By which rule one of an alias's targets is chosen, and what its requests may do.
#[derive(Debug, Default)]
pub(super) struct Rule {
    pub(super) strategy: Strategy,
    pub(super) weights: Option<Spanned<Vec<f64>>>,
    /// The most that hedged requests may cost, as a share of what is spent.
    pub(super) hedge: Option<Spanned<f64>>,
    pub(super) broken_stream: BrokenStream,
    pub(super) local_only: bool,
    pub(super) pinned: Option<Spanned<bool>>,
    pub(super) cache: Option<keeping::RuleOrSwitch>,
    pub(super) prompt_cache: Option<PromptCacheHints>,
    pub(super) tools: Option<tooling::RuleOrNone>,
}

#[derive(Debug)]
pub(super) struct TargetText {
    /// `None` when it is the whole value.
    pub(super) at: Option<Range<usize>>,
    pub(super) text: String,
}

impl<'de> Deserialize<'de> for Targets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TargetsVisitor)
    }
}

struct TargetsVisitor;

impl<'de> Visitor<'de> for TargetsVisitor {
    type Value = Targets;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(
            "a list of targets such as [\"openai/gpt-4.1-mini\"], or a table with `targets`",
        )
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Targets, E> {
        Ok(Targets {
            list: vec![TargetText {
                at: None,
                text: text.to_owned(),
            }],
            rule: None,
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Targets, A::Error> {
        let mut targets = Vec::new();
        while let Some(target) = list.next_element::<Spanned<String>>()? {
            targets.push(TargetText::of(target));
        }
        Ok(Targets {
            list: targets,
            rule: None,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Targets, A::Error> {
        let (mut list, mut rule) = (Vec::new(), Rule::default());
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "targets" => {
                    let targets: Vec<Spanned<String>> = map.next_value()?;
                    list = targets.into_iter().map(TargetText::of).collect();
                }
                "strategy" => rule.strategy = map.next_value()?,
                "weights" => rule.weights = Some(map.next_value()?),
                "hedge" => rule.hedge = Some(map.next_value()?),
                "broken_stream" => rule.broken_stream = map.next_value()?,
                "local_only" => rule.local_only = map.next_value()?,
                "pinned" => rule.pinned = Some(map.next_value()?),
                "cache" => rule.cache = Some(map.next_value()?),
                "prompt_cache" => rule.prompt_cache = Some(map.next_value()?),
                "tools" => rule.tools = Some(map.next_value()?),
                _ => {
                    return Err(A::Error::custom(
                        "an alias is a list of targets; a name with a dot in it must be in quotes, \
                         as in \"gpt-4.1\" = [\"openai/gpt-4.1-mini\"]. As a table it has `targets`, \
                         `strategy`, `weights`, `hedge`, `broken_stream`, `local_only`, `pinned`, \
                         `prompt_cache`, `cache` and `tools`",
                    ));
                }
            }
        }
        Ok(Targets {
            list,
            rule: Some(rule),
        })
    }
}

impl TargetText {
    fn of(target: Spanned<String>) -> TargetText {
        TargetText {
            at: Some(target.span()),
            text: target.into_inner(),
        }
    }
}
