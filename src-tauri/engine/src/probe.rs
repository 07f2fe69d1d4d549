//! Tests a provider's address and key by asking for its models: free everywhere,
//! and refused everywhere without a good key.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use dialect::hub::Hosting;
use dialect::{Dialect, Failure, FailureCategory, classify};
use http::HeaderValue;
use reqwest::Url;
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
    let shown = ShownKey::new(key.map(|key| Arc::new(key.clone())));
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
    let request =
        list_request(surface).ok_or_else(|| bad_reply("its configured address is not a URL"))?;
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

/// The question for a surface's models; `None` where its address is no URL.
pub(crate) fn list_request(surface: &Surface) -> Option<reqwest::Request> {
    let mut request = reqwest::Request::new(reqwest::Method::GET, list_url(surface)?);
    if surface.dialect == Dialect::Anthropic {
        let version = HeaderValue::from_static("2023-06-01");
        request.headers_mut().insert("anthropic-version", version);
    }
    Some(request)
}

/// Where a surface lists its models: beside what it serves, but for two clouds.
fn list_url(surface: &Surface) -> Option<Url> {
    let path = match (surface.dialect, surface.hosting) {
        (Dialect::Bedrock, _) | (_, Hosting::Bedrock) => "/foundation-models",
        (_, Hosting::Vertex) => "/models",
        (Dialect::OpenAi | Dialect::Responses | Dialect::Gemini, _) => "/models",
        (Dialect::Anthropic | Dialect::Cohere, _) => "/v1/models",
        (Dialect::Ollama, _) => "/api/tags",
    };
    let url = upstream::url(surface, path, None)?;
    let host = url.host_str()?;
    // Bedrock runs models at one host and tells of them at another.
    if let Some(rest) = host.strip_prefix("bedrock-runtime.") {
        let host = format!("bedrock.{rest}");
        let mut url = url;
        url.set_host(Some(&host)).ok()?;
        return Some(url);
    }
    // Vertex lists what a publisher has for everybody, and only in its beta.
    if host.ends_with("aiplatform.googleapis.com") || host.ends_with(".rep.googleapis.com") {
        let (_, publisher) = url.path().split_once("/publishers/")?;
        let path = format!("/v1beta1/publishers/{publisher}");
        let mut url = url;
        url.set_path(&path);
        return Some(url);
    }
    Some(url)
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
        Wrapped {
            data: Vec<Model>,
        },
        Named {
            models: Vec<Named>,
        },
        #[serde(rename_all = "camelCase")]
        Published {
            publisher_models: Vec<Named>,
        },
        #[serde(rename_all = "camelCase")]
        Summed {
            model_summaries: Vec<Summary>,
        },
        Bare(Vec<Model>),
    }
    /// Gemini's, Ollama's and Cohere's.
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    /// Bedrock's.
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Summary {
        model_id: String,
    }
    let list: List = serde_json::from_slice(body)
        .map_err(|_| bad_reply("it answered, but not with a list of models"))?;
    Ok(match list {
        List::Wrapped { data } | List::Bare(data) => {
            data.into_iter().map(|model| model.id).collect()
        }
        List::Named { models }
        | List::Published {
            publisher_models: models,
        } => models
            .into_iter()
            .map(|model| match model.name.rsplit_once("models/") {
                Some((_, id)) => id.to_owned(),
                None => model.name,
            })
            .collect(),
        List::Summed { model_summaries } => model_summaries
            .into_iter()
            .map(|model| model.model_id)
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(dialect: Dialect, hosting: Hosting, base_url: &str) -> String {
        let surface = Surface {
            dialect,
            base_url: base_url.to_owned(),
            auth: routing::AuthScheme::Bearer,
            hosting,
            quirks: Arc::default(),
            query: None,
            region: None,
        };
        list_url(&surface).unwrap().to_string()
    }

    #[test]
    fn models_are_asked_for_where_they_are_listed() {
        use Dialect::{Anthropic, Bedrock, Gemini, OpenAi};
        let bedrock = "https://bedrock-runtime.eu-west-1.amazonaws.com";
        let listed = "https://bedrock.eu-west-1.amazonaws.com/foundation-models";
        assert_eq!(asked(Bedrock, Hosting::Own, bedrock), listed);
        assert_eq!(asked(Anthropic, Hosting::Bedrock, bedrock), listed);
        let here = "http://127.0.0.1:9";
        let listed = "http://127.0.0.1:9/foundation-models";
        assert_eq!(asked(Bedrock, Hosting::Own, here), listed);
        let vertex = "https://europe-west1-aiplatform.googleapis.com/v1/projects/p/locations/europe-west1/publishers";
        assert_eq!(
            asked(Gemini, Hosting::Own, &format!("{vertex}/google")),
            "https://europe-west1-aiplatform.googleapis.com/v1beta1/publishers/google/models"
        );
        assert_eq!(
            asked(Anthropic, Hosting::Vertex, &format!("{vertex}/anthropic")),
            "https://europe-west1-aiplatform.googleapis.com/v1beta1/publishers/anthropic/models"
        );
        let own = "https://generativelanguage.googleapis.com/v1beta";
        assert_eq!(asked(Gemini, Hosting::Own, own), format!("{own}/models"));
        let azure = "https://r.openai.azure.com/openai";
        assert_eq!(
            asked(OpenAi, Hosting::Azure, azure),
            format!("{azure}/models")
        );
        assert_eq!(
            asked(Anthropic, Hosting::Own, "https://a.test"),
            "https://a.test/v1/models"
        );
    }

    #[test]
    fn every_shape_of_a_list_gives_its_ids() {
        for list in [
            r#"{"data":[{"id":"a"},{"id":"b"}]}"#,
            r#"[{"id":"a"},{"id":"b"}]"#,
            r#"{"models":[{"name":"models/a"},{"name":"b"}]}"#,
            r#"{"publisherModels":[{"name":"publishers/google/models/a"},{"name":"publishers/google/models/b"}]}"#,
            r#"{"modelSummaries":[{"modelId":"a","modelArn":"x"},{"modelId":"b"}]}"#,
        ] {
            let ids = read(&Bytes::from(list)).unwrap();
            assert_eq!(ids, ["a", "b"], "{list}");
        }
        assert!(read(&Bytes::from("{}")).is_err());
    }
}
