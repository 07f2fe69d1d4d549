//! Where an endpoint lies below a provider's base URL.
//!
//! Promises: the path and query each host wants, the model's name escaped where it stands in
//! the path. OpenAI's bases end in `/v1` by custom and Anthropic's do not; Gemini's end in
//! `/v1beta` (Vertex: `/publishers/google`); each vendor's SDK has taught its users so.

use crate::hub::{Hosting, Quirks};
use crate::{Dialect, Endpoint};

/// The path and query below the base URL, beginning with a slash.
pub fn address(
    hosting: Hosting,
    quirks: &Quirks,
    endpoint: Endpoint,
    model: &str,
    stream: bool,
) -> String {
    if let Some(path) = quirks.paths.get(endpoint.name()) {
        return path.replace("{model}", &escaped(model));
    }
    match hosting {
        Hosting::Own => own(endpoint, model, stream),
        // Only the older operations are below a deployment.
        Hosting::Azure if endpoint.dialect() == Dialect::Responses => own(endpoint, model, stream),
        // The API version stands in the base URL's query: the engine joins the two.
        Hosting::Azure => format!(
            "/deployments/{}{}",
            escaped(model),
            own(endpoint, model, stream)
        ),
        Hosting::Vertex if endpoint == Endpoint::Messages => {
            let verb = if stream {
                "streamRawPredict"
            } else {
                "rawPredict"
            };
            format!("/models/{}:{verb}", escaped(model))
        }
        Hosting::Vertex if endpoint == Endpoint::CountTokens => {
            "/models/count-tokens:rawPredict".to_owned()
        }
        Hosting::Bedrock if endpoint == Endpoint::Messages => {
            let verb = if stream {
                "invoke-with-response-stream"
            } else {
                "invoke"
            };
            format!("/model/{}/{verb}", escaped(model))
        }
        Hosting::Vertex | Hosting::Bedrock => own(endpoint, model, stream),
    }
}

fn own(endpoint: Endpoint, model: &str, stream: bool) -> String {
    let fixed = match endpoint {
        Endpoint::ChatCompletions => "/chat/completions",
        Endpoint::Completions => "/completions",
        Endpoint::Embeddings => "/embeddings",
        Endpoint::ImagesGenerations => "/images/generations",
        Endpoint::ImagesEdits => "/images/edits",
        Endpoint::ImagesVariations => "/images/variations",
        Endpoint::AudioSpeech => "/audio/speech",
        Endpoint::AudioTranscriptions => "/audio/transcriptions",
        Endpoint::AudioTranslations => "/audio/translations",
        Endpoint::Responses => "/responses",
        Endpoint::InputTokens => "/responses/input_tokens",
        Endpoint::Messages => "/v1/messages",
        Endpoint::CountTokens => "/v1/messages/count_tokens",
        Endpoint::OllamaChat => "/api/chat",
        Endpoint::OllamaGenerate => "/api/generate",
        Endpoint::OllamaEmbed => "/api/embed",
        Endpoint::CohereChat => "/v2/chat",
        Endpoint::CohereEmbed => "/v2/embed",
        Endpoint::Rerank => "/v2/rerank",
        Endpoint::GenerateContent if stream => {
            return format!("/models/{}:streamGenerateContent?alt=sse", escaped(model));
        }
        Endpoint::GenerateContent => return format!("/models/{}:generateContent", escaped(model)),
        Endpoint::GeminiCountTokens => return format!("/models/{}:countTokens", escaped(model)),
        Endpoint::EmbedContent => return format!("/models/{}:embedContent", escaped(model)),
        Endpoint::BatchEmbedContents => {
            return format!("/models/{}:batchEmbedContents", escaped(model));
        }
        Endpoint::Converse => {
            let verb = if stream {
                "converse-stream"
            } else {
                "converse"
            };
            return format!("/model/{}/{verb}", escaped(model));
        }
    };
    fixed.to_owned()
}

/// Everything but unreserved characters is escaped (RFC 3986, section 2.3); a model's name holds
/// colons and slashes on Bedrock.
fn escaped(model: &str) -> String {
    use std::fmt::Write as _;
    let mut path = String::with_capacity(model.len());
    for byte in model.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            let _ = write!(path, "%{byte:02X}");
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_has_its_paths() {
        let plain = Quirks::default();
        let cases = [
            (
                Hosting::Own,
                Endpoint::ChatCompletions,
                false,
                "/chat/completions",
            ),
            (Hosting::Own, Endpoint::Messages, true, "/v1/messages"),
            (
                Hosting::Azure,
                Endpoint::ChatCompletions,
                true,
                "/deployments/a%3Ab/chat/completions",
            ),
            (Hosting::Azure, Endpoint::Responses, true, "/responses"),
            (
                Hosting::Vertex,
                Endpoint::Messages,
                true,
                "/models/a%3Ab:streamRawPredict",
            ),
            (
                Hosting::Vertex,
                Endpoint::CountTokens,
                false,
                "/models/count-tokens:rawPredict",
            ),
            (
                Hosting::Vertex,
                Endpoint::GenerateContent,
                false,
                "/models/a%3Ab:generateContent",
            ),
            (
                Hosting::Own,
                Endpoint::GenerateContent,
                true,
                "/models/a%3Ab:streamGenerateContent?alt=sse",
            ),
            (
                Hosting::Bedrock,
                Endpoint::Converse,
                true,
                "/model/a%3Ab/converse-stream",
            ),
            (
                Hosting::Bedrock,
                Endpoint::Messages,
                false,
                "/model/a%3Ab/invoke",
            ),
        ];
        for (hosting, endpoint, stream, expected) in cases {
            assert_eq!(address(hosting, &plain, endpoint, "a:b", stream), expected);
        }
    }

    #[test]
    fn a_quirk_may_move_an_endpoint() {
        let mut quirks = Quirks::default();
        quirks
            .paths
            .insert("rerank".to_owned(), "/rerank".to_owned());
        assert_eq!(
            address(Hosting::Own, &quirks, Endpoint::Rerank, "m", false),
            "/rerank"
        );
    }
}
