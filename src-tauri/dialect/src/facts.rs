//! What routing needs to know about a request, read without building a tree.
//!
//! Promises: one validating pass that borrows from the body and skips what it
//! does not know, whatever its size or depth; a rename that changes the model's
//! string and not one byte more, because caches and signatures upstream are
//! bound to the exact bytes. Leaves out: whether the request makes sense beyond
//! these fields. The provider judges that better than we do.

use std::ops::Range;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::loose;
use crate::{Dialect, Endpoint, Malformed};

/// The few facts a route is picked by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The model as the caller wrote it, unescaped and never empty.
    pub model: String,
    /// The caller wants a stream.
    pub stream: bool,
    /// The caller asked for a usage chunk at the end of its stream
    /// (OpenAI's `stream_options.include_usage`; Anthropic always sends usage).
    pub usage_asked: bool,
    /// The output limit in tokens, when the caller set one that is a number.
    pub max_output: Option<u64>,
    /// Where the model's JSON string lies in the body, quotes included.
    model_span: Range<usize>,
}

/// Reads the facts of a request body.
pub fn facts(endpoint: Endpoint, body: &[u8]) -> Result<Facts, Malformed> {
    // Checked once and up front: the JSON reader does not look inside strings it skips.
    let text = std::str::from_utf8(body)
        .map_err(|e| Malformed::at(body, e.valid_up_to(), "The request body is not UTF-8"))?;
    match text.trim_ascii_start().as_bytes().first() {
        Some(b'{') => {}
        None => return Err(Malformed::nowhere("The request body is empty")),
        // Said here because the derived reader would take an array for a struct.
        Some(_) => return Err(Malformed::nowhere("The request body is not a JSON object")),
    }
    let asked: Asked<'_> = serde_json::from_str(text).map_err(|e| Malformed::json(&e))?;

    let Some(raw) = asked.model else {
        return Err(Malformed::nowhere(
            "The request has no `model`. Name a model or one of your aliases",
        ));
    };
    // The raw value is a slice of `text`, so the distance is its offset.
    let start = raw.get().as_ptr() as usize - text.as_ptr() as usize;
    let model_span = start..start + raw.get().len();
    let model: String = serde_json::from_str(raw.get())
        .map_err(|_| Malformed::at(body, start, "The request's `model` is not a string"))?;
    if model.is_empty() {
        return Err(Malformed::at(body, start, "The request's `model` is empty"));
    }

    let stream = match asked.stream.map(RawValue::get) {
        None | Some("false") => false,
        Some("true") => true,
        Some(other) => {
            let at = other.as_ptr() as usize - text.as_ptr() as usize;
            return Err(Malformed::at(
                body,
                at,
                "The request's `stream` is not true or false",
            ));
        }
    };
    let usage_asked = endpoint.dialect() == Dialect::OpenAi
        && asked
            .stream_options
            .and_then(|options| options.include_usage)
            .unwrap_or(false);
    let max_output = match endpoint.dialect() {
        Dialect::OpenAi => asked.max_completion_tokens.or(asked.max_tokens),
        Dialect::Anthropic => asked.max_tokens,
    };
    Ok(Facts {
        model,
        stream,
        usage_asked,
        max_output,
        model_span,
    })
}

impl Facts {
    /// The same body asking for another model.
    ///
    /// `body` must be the one these facts were read from. When the name is
    /// already right the very same bytes come back, uncopied.
    pub fn rename(&self, body: &Bytes, model: &str) -> Bytes {
        if model == self.model {
            return body.clone();
        }
        let (Some(before), Some(after)) = (
            body.get(..self.model_span.start),
            body.get(self.model_span.end..),
        ) else {
            return body.clone();
        };
        let quoted = serde_json::Value::from(model).to_string();
        let mut renamed = Vec::with_capacity(before.len() + quoted.len() + after.len());
        renamed.extend_from_slice(before);
        renamed.extend_from_slice(quoted.as_bytes());
        renamed.extend_from_slice(after);
        renamed.into()
    }
}

/// The fields looked at. Duplicates of these are refused by the derived reader,
/// which is wanted: which of two models a provider would take is anybody's guess.
/// Numbers out of shape are the provider's to refuse, so they read as absent.
#[derive(Deserialize)]
struct Asked<'a> {
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    stream: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "loose::value")]
    stream_options: Option<StreamOptions>,
    #[serde(default, deserialize_with = "loose::count")]
    max_tokens: Option<u64>,
    #[serde(default, deserialize_with = "loose::count")]
    max_completion_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct StreamOptions {
    #[serde(default, deserialize_with = "loose::value")]
    include_usage: Option<bool>,
}
