//! The dialects the fake speaks, and who says what in each.
//!
//! A dialect is a file that reads requests strictly, and writes whole replies,
//! streams and refusals.

use serde_json::Value;

use super::asked::{Asked, Refusal};
use super::http::whole;
use super::route::{Host, Route};
use super::said::Said;
use super::{anthropic, bedrock, cohere, eventstream, gemini, ollama, openai, responses};
use crate::wire::Request;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    OpenAi,
    Responses,
    Anthropic,
    Gemini,
    Ollama,
    Bedrock,
    Cohere,
}

impl Dialect {
    /// Reads a request as its vendor would, or refuses it in the vendor's words.
    pub(super) fn read(
        self,
        route: &Route,
        request: &Request,
        body: &Value,
    ) -> Result<Asked, Refusal> {
        match self {
            Dialect::OpenAi => openai::read(body, route.short_ids),
            Dialect::Responses => responses::read(body),
            Dialect::Anthropic => anthropic::read(body, route.host),
            Dialect::Gemini => gemini::read(body, &route.model),
            Dialect::Ollama => ollama::read(body),
            Dialect::Bedrock => bedrock::read(request, body, &route.model),
            Dialect::Cohere => cohere::read(body),
        }
    }

    pub(super) fn whole(self, said: &Said) -> String {
        match self {
            Dialect::OpenAi => openai::whole_chat(said),
            Dialect::Responses => responses::whole_response(said),
            Dialect::Anthropic => anthropic::whole_message(said),
            Dialect::Gemini => gemini::whole_content(said),
            Dialect::Ollama => ollama::whole_chat(said),
            Dialect::Bedrock => bedrock::whole_converse(said),
            Dialect::Cohere => cohere::whole_chat(said),
        }
    }
}

impl Route {
    pub(super) fn events(&self, said: &Said) -> Vec<Vec<u8>> {
        let lines = |events: Vec<String>| events.into_iter().map(String::into_bytes).collect();
        match self.dialect {
            Dialect::OpenAi => lines(openai::events(said)),
            Dialect::Responses => lines(responses::events(said)),
            Dialect::Anthropic if self.host == Host::Bedrock => {
                let events = anthropic::events(said);
                events
                    .iter()
                    .map(|event| eventstream::wrapped(event))
                    .collect()
            }
            Dialect::Anthropic => lines(anthropic::events(said)),
            Dialect::Gemini => lines(gemini::events(said)),
            Dialect::Ollama => lines(ollama::events(said)),
            Dialect::Bedrock => bedrock::events(said),
            Dialect::Cohere => lines(cohere::events(said)),
        }
    }

    /// What a stream ends with when it can't go on.
    pub(super) fn error_event(&self, message: &str) -> Vec<u8> {
        match self.dialect {
            Dialect::OpenAi => openai::error_event(message).into_bytes(),
            Dialect::Responses => responses::error_event(message).into_bytes(),
            Dialect::Anthropic if self.host == Host::Bedrock => bedrock::error_event(message),
            Dialect::Anthropic => anthropic::error_event(message).into_bytes(),
            Dialect::Gemini => gemini::error_event(message).into_bytes(),
            Dialect::Ollama => ollama::error_event(message).into_bytes(),
            Dialect::Bedrock => bedrock::error_event(message),
            Dialect::Cohere => cohere::error_event(message).into_bytes(),
        }
    }

    pub(super) fn stream_type(&self) -> &'static str {
        match (self.dialect, self.host) {
            (Dialect::Bedrock, _) | (Dialect::Anthropic, Host::Bedrock) => {
                "application/vnd.amazon.eventstream"
            }
            (Dialect::Ollama, _) => "application/x-ndjson",
            _ => "text/event-stream; charset=utf-8",
        }
    }

    /// A refusal with its status, in the shape and the words of the vendor.
    pub(super) fn refused(&self, status: u16, message: &str, extra: &str) -> Vec<u8> {
        let mut extra = extra.to_owned();
        let body = match self.dialect {
            Dialect::OpenAi | Dialect::Responses => openai::error(status, message),
            Dialect::Anthropic if self.host == Host::Bedrock => {
                extra += &bedrock::error_header(status);
                bedrock::error(message)
            }
            Dialect::Anthropic => anthropic::error(status, message),
            Dialect::Gemini => gemini::error(status, message),
            Dialect::Ollama => ollama::error(message),
            Dialect::Bedrock => {
                extra += &bedrock::error_header(status);
                bedrock::error(message)
            }
            Dialect::Cohere => cohere::error(message),
        };
        whole(status, "application/json", &body.to_string(), &extra)
    }
}
