//! Counting tokens: the answers to questions for a count, and what there is to count in a request.
//!
//! Promises: every text that a provider would put before its model is seen once, in order, tools'
//! declarations and calls' arguments included. Nothing is copied but JSON that must be written out.
//! Leaves out: tokenizers, and what pictures come to: they are only counted as pictures.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::fields::count;
use crate::hub::{Format, Kind, MediaKind, Part, Request, Source, ToolKind};
use crate::{Endpoint, NotAReply};

/// The answer to a question for a count, in the dialect it was asked in.
pub fn count_reply(endpoint: Endpoint, tokens: u64) -> Bytes {
    let document = match endpoint {
        Endpoint::InputTokens => json!({"object": "response.input_tokens", "input_tokens": tokens}),
        Endpoint::GeminiCountTokens => json!({
            "totalTokens": tokens,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": tokens}],
        }),
        _ => json!({"input_tokens": tokens}),
    };
    crate::json::document(&document)
}

/// Reads a provider's answer to a question for a count.
pub(crate) fn read_count(endpoint: Endpoint, body: &[u8]) -> Result<u64, NotAReply> {
    let reply = crate::whole::object(body)?;
    let field = match endpoint {
        Endpoint::GeminiCountTokens => "totalTokens",
        _ => "input_tokens",
    };
    // Gemini leaves a zero out.
    let none = (endpoint == Endpoint::GeminiCountTokens && reply.is_empty()).then_some(0);
    let told = reply.get(field).and_then(count);
    told.or(none).ok_or_else(|| NotAReply {
        reason: format!("The reply is JSON, but has no `{field}`."),
    })
}

/// What there is to count in a request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Countable<'a> {
    /// All texts in order: tools, then messages with their calls and results, then the schema of
    /// the answer.
    pub texts: Vec<Cow<'a, str>>,
    /// Messages; each costs a few tokens of its own.
    pub messages: usize,
    /// Tools on offer.
    pub tools: usize,
    /// Calls in the history.
    pub calls: usize,
    /// Pictures.
    pub images: usize,
    /// Sounds and films.
    pub recordings: usize,
    /// Documents that are not plain text.
    pub documents: usize,
}

/// What there is to count in `request`.
pub fn countable(request: &Request) -> Countable<'_> {
    let mut sum = Countable {
        messages: request.messages.len(),
        tools: request.tools.len(),
        ..Countable::default()
    };
    for tool in &request.tools {
        match &tool.kind {
            ToolKind::Function {
                name,
                description,
                schema,
                ..
            } => {
                sum.text(name);
                sum.text(description.as_deref().unwrap_or_default());
                sum.json(schema.as_ref());
            }
            ToolKind::Custom {
                name,
                description,
                format,
            } => {
                sum.text(name);
                sum.text(description.as_deref().unwrap_or_default());
                sum.json(format.as_ref());
            }
            ToolKind::Hosted { value, .. } => sum.json(Some(value)),
        }
    }
    for message in &request.messages {
        sum.text(message.name.as_deref().unwrap_or_default());
        sum.parts(&message.parts);
    }
    if let Format::Schema {
        description,
        schema,
        ..
    } = &request.format
    {
        sum.text(description.as_deref().unwrap_or_default());
        sum.json(Some(schema));
    }
    sum
}

impl<'a> Countable<'a> {
    /// All texts' length in bytes.
    pub fn bytes(&self) -> usize {
        let lengths = self.texts.iter().map(|text| text.len());
        lengths.fold(0, usize::saturating_add)
    }

    fn parts(&mut self, parts: &'a [Part]) {
        for part in parts {
            match &part.kind {
                Kind::Text(text) | Kind::Refusal(text) => self.text(text),
                Kind::Media(media) => match (media.kind, &media.source) {
                    (_, Source::Text(text)) => self.text(text),
                    (MediaKind::Image, _) => self.images += 1,
                    (MediaKind::Audio | MediaKind::Video, _) => self.recordings += 1,
                    (MediaKind::Document, _) => self.documents += 1,
                },
                Kind::ToolCall(call) => {
                    self.calls += 1;
                    self.text(&call.name);
                    self.text(&call.arguments);
                }
                Kind::ToolResult(result) => self.parts(&result.parts),
                Kind::Reasoning(thought) => {
                    self.text(&thought.text);
                    for summary in &thought.summary {
                        self.text(summary);
                    }
                }
                Kind::Opaque(value) => self.json(Some(value)),
            }
        }
    }

    fn text(&mut self, text: &'a str) {
        if !text.is_empty() {
            self.texts.push(Cow::Borrowed(text));
        }
    }

    fn json(&mut self, value: Option<&'a Value>) {
        match value {
            None => {}
            Some(Value::String(text)) => self.text(text),
            Some(value) => self.texts.push(Cow::Owned(value.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_written_and_read_in_each_dialect() {
        let cases = [
            (Endpoint::CountTokens, r#"{"input_tokens":12}"#),
            (
                Endpoint::InputTokens,
                r#"{"object":"response.input_tokens","input_tokens":12}"#,
            ),
            (
                Endpoint::GeminiCountTokens,
                r#"{"totalTokens":12,"promptTokensDetails":[{"modality":"TEXT","tokenCount":12}]}"#,
            ),
        ];
        for (endpoint, expected) in cases {
            let written = count_reply(endpoint, 12);
            assert_eq!(written, expected);
            assert_eq!(read_count(endpoint, &written), Ok(12));
            assert!(read_count(endpoint, b"<html>").is_err());
            assert!(read_count(endpoint, br#"{"error":"x"}"#).is_err());
        }
        assert_eq!(read_count(Endpoint::GeminiCountTokens, b"{}"), Ok(0));
        assert!(read_count(Endpoint::CountTokens, b"{}").is_err());
    }

    #[test]
    fn every_text_is_seen_once_and_in_order() {
        let body = json!({"model": "m", "format": {"type": "object"}, "tools": [
                {"type": "function", "function": {"name": "look", "description": "Looks.", "parameters": {"a": 1}}},
                {"type": "search", "where": "web"}],
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "See?", "images": ["AAAA", "BBBB"]},
                {"role": "assistant", "content": "", "thinking": "Hm.", "tool_calls": [
                    {"function": {"name": "look", "arguments": {"x": 2}}}]},
                {"role": "tool", "tool_name": "look", "content": "a cat", "images": ["CCCC"]}]});
        let bytes = serde_json::to_vec(&body).expect("JSON");
        let request = crate::read_request(Endpoint::OllamaChat, &bytes, None).expect("a request");
        let sum = countable(&request);
        assert_eq!(
            sum.texts,
            [
                "look",
                "Looks.",
                r#"{"a":1}"#,
                r#"{"type":"search","where":"web"}"#,
                "Be brief.",
                "See?",
                "Hm.",
                "look",
                r#"{"x":2}"#,
                "a cat",
                r#"{"type":"object"}"#,
            ]
        );
        assert_eq!((sum.messages, sum.tools, sum.calls), (4, 2, 1));
        assert_eq!((sum.images, sum.recordings, sum.documents), (3, 0, 0));
        assert_eq!(
            sum.bytes(),
            sum.texts.iter().map(|text| text.len()).sum::<usize>()
        );
        assert!(matches!(sum.texts[4], Cow::Borrowed(_)));
    }
}
