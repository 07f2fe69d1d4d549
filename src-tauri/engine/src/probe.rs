//! Tests a provider's address and key by asking for its models: free everywhere,
//! and refused everywhere without a good key.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use dialect::{Dialect, Failure, FailureCategory, classify};
use http::{HeaderMap, HeaderValue};
use routing::{Provider, Surface};
use secrecy::SecretString;
use serde::Deserialize;

use crate::key::ShownKey;
use crate::upstream::{self, NoClient, Upstream, bad_reply};

/// The longest a test waits for an answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// The largest list of models that is read, in bytes.
const LIST_LIMIT: usize = 8 * 1024 * 1024;

/// What a test found.
#[derive(Debug, Clone)]
pub struct Probe {
    /// The ids it lists, or why it failed.
    pub models: Result<Vec<String>, Failure>,
    /// How long it took.
    pub took: Duration,
}

/// Asks a provider for its models with this key. Needs no running engine, so the
/// command line uses it too.
///
/// # Errors
/// When no TLS client can be made on this machine.
pub async fn probe(provider: &Provider, key: Option<&SecretString>) -> Result<Probe, NoClient> {
    let upstream = Upstream::new(PATIENCE)?;
    let shown = ShownKey(key.map(|key| Arc::new(key.clone())));
    let started = Instant::now();
    let mut models = Err(bad_reply("it has no address"));
    for surface in &provider.surfaces {
        models = list(&upstream, provider, surface, &shown).await;
        // A server may lack the list in one dialect and have it in the other.
        if models.is_ok() || !matches!(&models, Err(f) if f.category == FailureCategory::NotFound) {
            break;
        }
    }
    Ok(Probe {
        models: models.map_err(|failure| shown.masked(failure, Bytes::new()).0),
        took: started.elapsed(),
    })
}

async fn list(
    upstream: &Upstream,
    provider: &Provider,
    surface: &Surface,
    key: &ShownKey,
) -> Result<Vec<String>, Failure> {
    let path = match surface.dialect {
        Dialect::OpenAi | Dialect::Responses | Dialect::Gemini => "/models",
        Dialect::Anthropic | Dialect::Cohere => "/v1/models",
        Dialect::Ollama => "/api/tags",
        // Its models are listed at another host.
        Dialect::Bedrock => "/foundation-models",
    };
    let url = upstream::url(surface, path, None)
        .ok_or_else(|| bad_reply("its configured address is not a URL"))?;
    let mut headers = HeaderMap::new();
    if surface.dialect == Dialect::Anthropic {
        headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
    }
    let mut request = reqwest::Request::new(reqwest::Method::GET, url);
    *request.headers_mut() = headers;
    let mut reply = upstream
        .send(provider, surface, request, key, PATIENCE)
        .await?;
    let body = reply.body.collect(LIST_LIMIT, PATIENCE).await?;
    if !reply.status.is_success() {
        return Err(classify(
            surface.dialect,
            reply.status.as_u16(),
            None,
            &body,
        ));
    }
    read(&body)
}

/// Both dialects list `{data: [{id}]}`; some compatible servers list the array bare.
fn read(body: &Bytes) -> Result<Vec<String>, Failure> {
    #[derive(Deserialize)]
    struct Model {
        id: String,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum List {
        Wrapped { data: Vec<Model> },
        Named { models: Vec<Named> },
        Bare(Vec<Model>),
    }
    /// Gemini's, Ollama's and Cohere's.
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    let list: List = serde_json::from_slice(body)
        .map_err(|_| bad_reply("it answered, but not with a list of models"))?;
    Ok(match list {
        List::Wrapped { data } | List::Bare(data) => {
            data.into_iter().map(|model| model.id).collect()
        }
        List::Named { models } => models
            .into_iter()
            .map(|model| model.name.trim_start_matches("models/").to_owned())
            .collect(),
    })
}
