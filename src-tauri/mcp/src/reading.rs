//! What the SDK hands over, in our words: answers, and what went wrong.

use std::error::Error;

use rmcp::model::{CallToolResult, ContentBlock, ErrorCode, ErrorData, ResourceContents};
use rmcp::service::{ClientInitializeError, ServiceError};
use rmcp::transport::DynamicTransportError;
use rmcp::transport::streamable_http_client::StreamableHttpError;

use crate::answer::{cut, quoted};
use crate::web::Elsewhere;
use crate::{ANSWER, Answer, Trouble, TroubleKind};

/// Of what a server says of an error.
const SAID: usize = 1000;
/// Of what a tool says when it failed: it is often meant to be read by a model.
const FAILURE: usize = 16 << 10;

/// The answer of a tool.
pub(crate) fn answer(server: &str, tool: &str, result: CallToolResult) -> Result<Answer, Trouble> {
    let structured = result.structured_content;
    let written = structured.as_ref().map(ToString::to_string);
    let mut text = words(&result.content);
    if text.len() + written.as_ref().map_or(0, String::len) > ANSWER {
        let message = format!(
            "`{tool}` of the server `{server}` answered with more than 1 MiB. Ask it for less."
        );
        return Err(Trouble::new(TroubleKind::TooMuch, message));
    }
    if result.is_error == Some(true) {
        cut(&mut text, FAILURE);
        let says = if text.trim().is_empty() {
            "it failed, and does not say why"
        } else {
            text.trim_end()
        };
        let message = format!("`{tool}` of the server `{server}` says: {says}");
        return Err(Trouble::new(TroubleKind::NoAnswer, message));
    }
    if text.is_empty() {
        text = written.unwrap_or_default();
    }
    Ok(Answer { text, structured })
}

/// Texts as they are, the rest by name.
fn words(content: &[ContentBlock]) -> String {
    let left_out = |what: &str| format!("[{what} left out]");
    let said = content.iter().map(|block| match block {
        ContentBlock::Text(text) => text.text.clone(),
        ContentBlock::Image(image) => {
            left_out(&format!("image ({})", quoted(&image.mime_type, 60)))
        }
        ContentBlock::Audio(audio) => {
            left_out(&format!("audio ({})", quoted(&audio.mime_type, 60)))
        }
        ContentBlock::ResourceLink(link) => {
            left_out(&format!("link to {}", quoted(&link.uri, 500)))
        }
        ContentBlock::Resource(embedded) => match &embedded.resource {
            ResourceContents::TextResourceContents { text, .. } => text.clone(),
            ResourceContents::BlobResourceContents { uri, .. } => {
                left_out(&format!("resource {}", quoted(uri, 500)))
            }
            _ => left_out("resource"),
        },
        _ => left_out("content of an unknown kind"),
    });
    said.collect::<Vec<_>>().join("\n")
}

/// What went wrong with a request, where the connection is not at its end. `what` is `a call of search`.
pub(crate) fn trouble(server: &str, what: &str, error: &ServiceError) -> Trouble {
    match error {
        ServiceError::McpError(refusal) => refused(server, what, refusal),
        ServiceError::TransportSend(error) => {
            let (kind, why) = transport(error);
            Trouble::new(kind, format!("The server `{server}` {why}."))
        }
        _ => Trouble::new(
            TroubleKind::NoAnswer,
            format!(
                "The server `{server}` answered {what} with something that is no answer to it."
            ),
        ),
    }
}

fn refused(server: &str, what: &str, refusal: &ErrorData) -> Trouble {
    let kind = match refusal.code {
        ErrorCode::INVALID_PARAMS | ErrorCode::INVALID_REQUEST => TroubleKind::BadInput,
        _ => TroubleKind::NoAnswer,
    };
    let said = quoted(&refusal.message, SAID);
    Trouble::new(
        kind,
        format!("The server `{server}` refused {what}: {said}"),
    )
}

/// Why a server could not be spoken to from the beginning, as the end of a sentence about it.
pub(crate) fn handshake(error: &ClientInitializeError) -> String {
    match error {
        ClientInitializeError::JsonRpcError(refusal) => {
            format!("refused the handshake: {}", quoted(&refusal.message, SAID))
        }
        ClientInitializeError::TransportError { error, .. } => transport(error).1,
        ClientInitializeError::ConnectionClosed(_) => {
            "ended before it had answered the handshake".to_owned()
        }
        _ => "answered the handshake with something else".to_owned(),
    }
}

/// Why nothing came through, as the end of a sentence about the server. Addresses are not repeated: there may
/// be a secret in them.
fn transport(error: &DynamicTransportError) -> (TroubleKind, String) {
    let known = error
        .error
        .downcast_ref::<StreamableHttpError<reqwest::Error>>();
    let why = match known {
        Some(StreamableHttpError::Client(error)) => http(error),
        Some(StreamableHttpError::HttpStatus(error)) => format!("answered with HTTP {}", error.status),
        Some(StreamableHttpError::AuthRequired(_) | StreamableHttpError::InsufficientScope(_)) => {
            "wants a token, or another one. Name the environment variable that holds it in `token_env`".to_owned()
        }
        Some(StreamableHttpError::ResponseBodyTooLarge { .. }) => {
            return (TroubleKind::TooMuch, "sent a message of more than 4 MiB. Ask it for less".to_owned());
        }
        Some(StreamableHttpError::UnexpectedServerResponse(said)) => {
            format!("answered with something that is no MCP: {}", quoted(said, SAID))
        }
        Some(StreamableHttpError::UnexpectedContentType(_)) => {
            "answered with something that is no MCP. Is its address right?".to_owned()
        }
        _ => "is gone".to_owned(),
    };
    (TroubleKind::Unavailable, why)
}

fn http(error: &reqwest::Error) -> String {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if let Some(elsewhere) = current.downcast_ref::<Elsewhere>() {
            return elsewhere.to_string();
        }
        cause = current.source();
    }
    if let Some(status) = error.status() {
        format!("answered with HTTP {status}")
    } else if error.is_connect() {
        "can't be reached. Does it run, and is its address right?".to_owned()
    } else if error.is_timeout() {
        "did not answer in time".to_owned()
    } else {
        "broke off".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(result: serde_json::Value) -> Result<Answer, Trouble> {
        answer(
            "docs",
            "search",
            serde_json::from_value(result).expect("a result"),
        )
    }

    #[test]
    fn texts_are_told_and_what_is_none_is_named() {
        let told = read(json!({"content": [
            {"type": "text", "text": "a"},
            {"type": "image", "data": "AAAA", "mimeType": "image/png"},
            {"type": "resource", "resource": {"uri": "docs://b", "text": "b"}},
            {"type": "resource", "resource": {"uri": "docs://c", "blob": "AAAA"}},
        ]}));
        let text = "a\n[image (image/png) left out]\nb\n[resource docs://c left out]";
        assert_eq!(told.map(|answer| answer.text).as_deref(), Ok(text));
    }

    #[test]
    fn structured_content_is_the_result_and_stands_in_for_words() {
        let told = read(json!({"content": [], "structuredContent": {"n": 1}})).expect("an answer");
        assert_eq!(told.structured, Some(json!({"n": 1})));
        assert_eq!(told.text, r#"{"n":1}"#);
    }

    #[test]
    fn what_a_tool_calls_an_error_is_none_of_its_answers() {
        let told =
            read(json!({"content": [{"type": "text", "text": "no such page"}], "isError": true}));
        let trouble = told.expect_err("an error");
        assert_eq!(trouble.kind, TroubleKind::NoAnswer);
        assert_eq!(
            trouble.message,
            "`search` of the server `docs` says: no such page"
        );
    }

    #[test]
    fn an_answer_is_of_a_mebibyte_at_most() {
        let told = read(json!({"content": [{"type": "text", "text": "x".repeat(ANSWER + 1)}]}));
        assert_eq!(told.expect_err("too much").kind, TroubleKind::TooMuch);
    }
}
