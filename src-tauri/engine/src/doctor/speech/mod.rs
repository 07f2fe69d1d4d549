//! How the doctor speaks and listens: as a strict client of each dialect.
//!
//! Promises: written without the translator's own readers and writers, so that what they get wrong
//! is seen. A reply that an official SDK would choke on, or read another way, is refused with what
//! is odd about it.
//! Leaves out: what a reply means for a check.

mod chat;
mod frames;
mod gemini;
mod messages;
mod ollama;
mod responses;

#[cfg(test)]
mod tests;

use dialect::Dialect;
use serde_json::Value;

use super::question::{Called, Question};

/// What is odd about a reply, in a sentence.
pub(super) type Odd = String;

/// A reply, read.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) calls: Vec<Called>,
    /// Cut at the output limit.
    pub(super) cut: bool,
    /// What came of thinking: a thought, a signature, something encrypted.
    pub(super) thought: bool,
    pub(super) tokens: Option<Tokens>,
    /// The model's turn, as a client hands it back.
    pub(super) turn: Vec<Value>,
}

/// Tokens as the client is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tokens {
    /// The whole prompt.
    pub(super) input: u64,
    /// Of which cached.
    pub(super) cached: u64,
    /// Everything generated.
    pub(super) output: u64,
    /// Of which thought.
    pub(super) reasoning: u64,
}

/// A client of one dialect.
pub(super) trait Speech: Sync {
    /// The body of a request.
    fn body(&self, model: &str, question: &Question) -> Value;

    /// Reads a whole reply.
    fn whole(&self, reply: &Value) -> Result<Said, Odd>;

    /// Reads a stream, from its first byte to its last.
    fn streamed(&self, stream: &[u8]) -> Result<Said, Odd>;

    /// The body of a request to count this one's tokens, and where the count stands in the reply;
    /// `None` in a dialect that counts none.
    fn count(&self, _model: &str, _question: &Question) -> Option<(Value, &'static str)> {
        None
    }
}

/// A client of a dialect that callers speak.
pub(super) fn speech(dialect: Dialect) -> &'static dyn Speech {
    match dialect {
        Dialect::Responses => &responses::Responses,
        Dialect::Anthropic => &messages::Messages,
        Dialect::Gemini => &gemini::Gemini,
        Dialect::Ollama => &ollama::Ollama,
        Dialect::OpenAi | Dialect::Bedrock | Dialect::Cohere => &chat::Chat,
    }
}

/// A string field, or what is odd.
fn text_at<'a>(object: &'a Value, field: &str, of: &str) -> Result<&'a str, Odd> {
    object[field]
        .as_str()
        .ok_or_else(|| format!("{of} has no `{field}`"))
}

fn list_at<'a>(object: &'a Value, field: &str, of: &str) -> Result<&'a [Value], Odd> {
    match &object[field] {
        Value::Array(all) => Ok(all),
        _ => Err(format!("{of} has no list `{field}`")),
    }
}

/// A token figure; 0 where it is absent.
fn tokens_at(usage: &Value, pointer: &str) -> u64 {
    usage.pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
}

/// Arguments as they are written in JSON text.
fn arguments(text: &str, of: &str) -> Result<Value, Odd> {
    serde_json::from_str(text).map_err(|_| {
        format!(
            "the arguments of {of} do not join to JSON: {}",
            super::question::short_text(text)
        )
    })
}

/// The provider's words when a stream ends with an error event.
fn told(error: &Value) -> Odd {
    let message = error["message"].as_str().or_else(|| error.as_str());
    format!(
        "the stream ended with an error: {}",
        message.unwrap_or("without words")
    )
}
