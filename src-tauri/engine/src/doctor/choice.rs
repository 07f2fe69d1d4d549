//! Which model is examined when nobody names one: the cheapest that talks.

use dialect::Usage;
use routing::{CatalogueModel, Provider};

use super::NotExamined;
use crate::machine::Engine;
use crate::practice::PRACTICE_DOCTORED;
use crate::probe::probe;
use crate::settle::unix_ms;

/// What an examination spends about: prompts on the left, answers on the right.
const ABOUT: Usage = Usage {
    input: 30_000,
    cache_read: 0,
    cache_write: 0,
    cache_write_long: 0,
    output: 5_000,
    reasoning: 0,
};

/// A model and why it was taken.
pub(super) async fn choose(
    engine: &Engine,
    provider: &Provider,
    named: Option<&str>,
) -> Result<(String, String), NotExamined> {
    if let Some(named) = named {
        return Ok((named.to_owned(), "named by you".to_owned()));
    }
    if provider.practice {
        let why = "the practice model that does everything".to_owned();
        return Ok((PRACTICE_DOCTORED.to_owned(), why));
    }
    if let Some(model) = cheapest(provider) {
        return Ok((model, "the cheapest that the catalogue knows".to_owned()));
    }
    if let Some(model) = provider.models.iter().find(|model| model.kind == "chat") {
        return Ok((
            model.id.clone(),
            "the first that the config names".to_owned(),
        ));
    }
    listed(engine, provider).await
}

fn cheapest(provider: &Provider) -> Option<String> {
    let now_s = unix_ms() / 1000;
    let priced = provider.models.iter().filter_map(|model| {
        let price = model.price.as_ref()?;
        talks(model).then(|| (price.cost(&ABOUT, now_s).total, model))
    });
    // Of two that cost the same, the one that is listed first.
    let cheapest = priced.min_by_key(|(cost, _)| cost.0)?;
    Some(cheapest.1.id.clone())
}

/// It answers in words, calls tools as far as is known, and is not on its way out.
fn talks(model: &CatalogueModel) -> bool {
    model.kind == "chat" && model.traits.tools != Some(false) && model.deprecation_date.is_none()
}

/// The first that the provider itself lists and that is no model for vectors or sound by its name.
async fn listed(engine: &Engine, provider: &Provider) -> Result<(String, String), NotExamined> {
    let credentials = &engine.inner.credentials;
    let key = provider.keys().find_map(|key| credentials.key(key));
    let name = &provider.name;
    let probe = probe(provider, key.as_deref())
        .await
        .map_err(NotExamined::Tls)?;
    let models = probe.models.map_err(|failure| {
        NotExamined::NoModel(format!(
            "{name} was asked for its models: {} Name one with `--model`.",
            dialect::Fault::from_failure(&failure, name).message
        ))
    })?;
    let silent = ["embed", "rerank", "whisper", "tts", "moderation", "image"];
    let talks = |model: &&String| !silent.iter().any(|word| model.contains(word));
    let first = models.iter().find(talks).ok_or_else(|| {
        NotExamined::NoModel(format!(
            "{name} lists no model that could be examined; name one with `--model`"
        ))
    })?;
    Ok((first.clone(), format!("the first that {name} lists")))
}
