//! The list of models, as each vendor's clients expect it.
//!
//! Promises: the shapes of `GET /v1/models` and `GET /v1/models/{id}`, whole in
//! one page. Leaves out: which models are listed, and the dialect a question
//! is asked in.

use bytes::Bytes;
use serde::Serialize;

use crate::clock::rfc3339;
use crate::{Dialect, json};

/// A model or an alias to show to clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelEntry {
    /// What a request would write as its `model`.
    pub id: String,
    /// The name for people.
    pub display_name: String,
    /// Who stands behind it: a provider's name, or ours for an alias.
    pub owned_by: String,
    /// When it came to be, in Unix seconds; 0 when nobody knows.
    pub created_unix_s: u64,
    /// The most tokens it takes in.
    pub max_input: Option<u64>,
    /// The most tokens it writes.
    pub max_output: Option<u64>,
}

/// The answer to `GET /v1/models`.
pub fn models_list(dialect: Dialect, models: &[ModelEntry]) -> Bytes {
    match dialect {
        Dialect::OpenAi | Dialect::Responses | Dialect::Bedrock | Dialect::Cohere => {
            json::document(&OpenAiList {
                object: "list",
                data: models.iter().map(OpenAiModel::from).collect(),
            })
        }
        Dialect::Gemini => json::document(&GeminiList {
            models: models.iter().map(GeminiModel::from).collect(),
        }),
        Dialect::Ollama => json::document(&OllamaList {
            models: models.iter().map(OllamaModel::from).collect(),
        }),
        Dialect::Anthropic => json::document(&AnthropicList {
            data: models.iter().map(AnthropicModel::from).collect(),
            has_more: false,
            first_id: models.first().map(|m| &*m.id),
            last_id: models.last().map(|m| &*m.id),
        }),
    }
}

/// The answer to `GET /v1/models/{id}`.
pub fn model_entry(dialect: Dialect, model: &ModelEntry) -> Bytes {
    match dialect {
        Dialect::OpenAi | Dialect::Responses | Dialect::Bedrock | Dialect::Cohere => {
            json::document(&OpenAiModel::from(model))
        }
        Dialect::Gemini => json::document(&GeminiModel::from(model)),
        Dialect::Ollama => json::document(&OllamaModel::from(model)),
        Dialect::Anthropic => json::document(&AnthropicModel::from(model)),
    }
}

#[derive(Serialize)]
struct OpenAiList<'a> {
    object: &'static str,
    data: Vec<OpenAiModel<'a>>,
}

#[derive(Serialize)]
struct OpenAiModel<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    owned_by: &'a str,
}

impl<'a> From<&'a ModelEntry> for OpenAiModel<'a> {
    fn from(model: &'a ModelEntry) -> Self {
        OpenAiModel {
            id: &model.id,
            object: "model",
            created: model.created_unix_s,
            owned_by: &model.owned_by,
        }
    }
}

#[derive(Serialize)]
struct GeminiList<'a> {
    models: Vec<GeminiModel<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GeminiModel<'a> {
    name: String,
    base_model_id: &'a str,
    version: &'static str,
    display_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_token_limit: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_token_limit: Option<u64>,
    supported_generation_methods: [&'static str; 4],
}

impl<'a> From<&'a ModelEntry> for GeminiModel<'a> {
    fn from(model: &'a ModelEntry) -> Self {
        GeminiModel {
            name: format!("models/{}", model.id),
            base_model_id: &model.id,
            version: "",
            display_name: &model.display_name,
            input_token_limit: model.max_input,
            output_token_limit: model.max_output,
            supported_generation_methods: [
                "generateContent",
                "countTokens",
                "embedContent",
                "batchEmbedContents",
            ],
        }
    }
}

#[derive(Serialize)]
struct OllamaList<'a> {
    models: Vec<OllamaModel<'a>>,
}

/// What `/api/tags` says of a model. Size and digest are those of a file, which is not ours to know.
#[derive(Serialize)]
struct OllamaModel<'a> {
    name: &'a str,
    model: &'a str,
    modified_at: String,
    size: u64,
    digest: &'static str,
    details: OllamaDetails<'a>,
}

#[derive(Serialize)]
struct OllamaDetails<'a> {
    parent_model: &'static str,
    format: &'static str,
    family: &'a str,
    families: [&'a str; 1],
    parameter_size: &'static str,
    quantization_level: &'static str,
}

impl<'a> From<&'a ModelEntry> for OllamaModel<'a> {
    fn from(model: &'a ModelEntry) -> Self {
        OllamaModel {
            name: &model.id,
            model: &model.id,
            modified_at: rfc3339(model.created_unix_s),
            size: 0,
            digest: "",
            details: OllamaDetails {
                parent_model: "",
                format: "",
                family: &model.owned_by,
                families: [&model.owned_by],
                parameter_size: "",
                quantization_level: "",
            },
        }
    }
}

#[derive(Serialize)]
struct AnthropicList<'a> {
    data: Vec<AnthropicModel<'a>>,
    has_more: bool,
    first_id: Option<&'a str>,
    last_id: Option<&'a str>,
}

#[derive(Serialize)]
struct AnthropicModel<'a> {
    r#type: &'static str,
    id: &'a str,
    display_name: &'a str,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
}

impl<'a> From<&'a ModelEntry> for AnthropicModel<'a> {
    fn from(model: &'a ModelEntry) -> Self {
        AnthropicModel {
            r#type: "model",
            id: &model.id,
            display_name: &model.display_name,
            created_at: rfc3339(model.created_unix_s),
            max_input_tokens: model.max_input,
            max_tokens: model.max_output,
        }
    }
}
