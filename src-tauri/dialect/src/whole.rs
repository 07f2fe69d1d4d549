//! Reads a complete reply that did not stream.
//!
//! Promises: a reply is one only if it has the dialect's marks; an HTML page
//! from a captive portal, half a document or somebody else's JSON is not. An
//! error object inside a 200 is read as the failure it is. Leaves out: error
//! statuses (`refuse`).

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::counts::{AnthropicCounts, OpenAiCounts};
use crate::reading::{anthropic_stop, openai_stop};
use crate::text::said;
use crate::{Endpoint, Reading, Task, count, embed, loose, refuse, rerank, translate};

/// An answer with a good status that is no reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAReply {
    /// A sentence saying what came instead.
    pub reason: String,
}

impl fmt::Display for NotAReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for NotAReply {}

/// The JSON object that a reply is, or what came instead.
pub(crate) fn object(body: &[u8]) -> Result<serde_json::Map<String, serde_json::Value>, NotAReply> {
    let not = |reason: &str| {
        Err(NotAReply {
            reason: reason.to_owned(),
        })
    };
    let text = body.trim_ascii();
    match text.first() {
        None => return not("The reply is empty."),
        Some(b'<') => return not("The reply is a web page, not JSON."),
        Some(b'{') => {}
        Some(_) => return not("The reply is not a JSON object."),
    }
    match serde_json::from_slice(text) {
        Ok(object) => Ok(object),
        Err(e) if e.is_eof() => not("The reply breaks off: its JSON is not complete."),
        Err(_) => not("The reply is not valid JSON."),
    }
}

/// Reads the body of a 2xx answer to a request that did not stream.
pub fn read_whole(endpoint: Endpoint, body: &[u8]) -> Result<Reading, NotAReply> {
    let not = |reason: &str| {
        Err(NotAReply {
            reason: reason.to_owned(),
        })
    };
    let text = body.trim_ascii();
    if endpoint.task() == Task::Pass {
        // Sound, pictures or plain text: whatever came is the reply.
        return Ok(Reading {
            finished: true,
            ..Reading::default()
        });
    }
    match text.first() {
        None => return not("The reply is empty."),
        Some(b'<') => return not("The reply is a web page, not JSON."),
        Some(b'{') => {}
        Some(_) => return not("The reply is not a JSON object."),
    }
    let reply: Reply<'_> = match serde_json::from_slice(text) {
        Ok(reply) => reply,
        Err(e) if e.is_eof() => return not("The reply breaks off: its JSON is not complete."),
        Err(_) => return not("The reply is not valid JSON."),
    };
    let is_error = reply.error.is_some()
        || reply.r#type.as_deref() == Some("error")
        || reply.object.as_deref() == Some("error");
    let mut reading = Reading {
        model: reply.model.filter(|m| !m.is_empty()),
        upstream_id: reply.id.filter(|i| !i.is_empty()),
        fingerprint: reply.system_fingerprint.filter(|f| !f.is_empty()),
        finished: true,
        ..Reading::default()
    };
    if is_error {
        reading.failure = Some(refuse::in_stream(endpoint.dialect(), text));
        return Ok(reading);
    }

    let usage = reply.usage.map(RawValue::get);
    match endpoint {
        Endpoint::ChatCompletions => {
            let Some(choices) = reply.choices else {
                return not("The reply is JSON, but has no `choices`.");
            };
            let said = said(text);
            reading.output_bytes = said.bytes;
            reading.usage = usage.and_then(openai_usage);
            if let Some(word) = choices.into_iter().find_map(|c| c.finish_reason) {
                reading.stop = Some(openai_stop(&word, said.called, said.refused));
                reading.failure = refuse::finish_reason(&word);
            }
        }
        Endpoint::Embeddings => {
            if !reply.data.is_some_and(is_list) {
                return not("The reply is JSON, but has no list of `data`.");
            }
            reading.usage = usage.and_then(openai_usage);
        }
        Endpoint::Messages => {
            if !reply.content.is_some_and(is_list) {
                return not("The reply is JSON, but has no list of `content`.");
            }
            reading.output_bytes = said(text).bytes;
            reading.usage = usage
                .and_then(|raw| serde_json::from_str::<AnthropicCounts>(raw).ok())
                .and_then(|counts| counts.usage());
            reading.stop = reply.stop_reason.as_deref().map(anthropic_stop);
        }
        Endpoint::CountTokens => {
            // Nothing is billed, so the count is no usage.
            if reply.input_tokens.is_none() {
                return not("The reply is JSON, but has no `input_tokens`.");
            }
        }
        other if other.task() == Task::Generate => {
            let mut events = Vec::new();
            translate::read_whole(other, text, &mut events)?;
            for event in &events {
                reading.learn(event);
            }
            reading.finished = true;
        }
        other => {
            reading.usage = match other.task() {
                Task::Embed => embed::meter(other, text)?,
                Task::Rerank => rerank::meter(text)?,
                // Nothing is billed, so the count is no usage.
                Task::Count => count::read_count(other, text).map(|_| None)?,
                Task::Generate | Task::Pass => None,
            };
        }
    }
    Ok(reading)
}

fn openai_usage(raw: &str) -> Option<crate::Usage> {
    serde_json::from_str::<OpenAiCounts>(raw).ok()?.usage()
}

fn is_list(raw: &RawValue) -> bool {
    raw.get().starts_with('[')
}

/// The marks of all four replies; each has its own few.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Reply<'a> {
    #[serde(deserialize_with = "loose::value")]
    id: Option<String>,
    #[serde(deserialize_with = "loose::value")]
    model: Option<String>,
    #[serde(deserialize_with = "loose::value")]
    object: Option<String>,
    #[serde(deserialize_with = "loose::value")]
    system_fingerprint: Option<String>,
    #[serde(deserialize_with = "loose::value")]
    r#type: Option<String>,
    #[serde(borrow, deserialize_with = "loose::raw")]
    error: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "loose::raw")]
    usage: Option<&'a RawValue>,
    #[serde(deserialize_with = "loose::value")]
    choices: Option<Vec<Choice>>,
    #[serde(borrow, deserialize_with = "loose::raw")]
    data: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "loose::raw")]
    content: Option<&'a RawValue>,
    #[serde(deserialize_with = "loose::value")]
    stop_reason: Option<String>,
    #[serde(deserialize_with = "loose::count")]
    input_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default, deserialize_with = "loose::value")]
    finish_reason: Option<String>,
}
