//! What routing needs to know about a request, read without building a tree.
//!
//! Promises: one validating pass that borrows from the body and skips what it
//! does not know, whatever its size or depth; a rename that changes the model's
//! string and not one byte more, because caches and signatures upstream are
//! bound to the exact bytes. Leaves out: whether the request makes sense beyond
//! these fields. The provider judges that better than we do.

use std::fmt;
use std::ops::Range;

use bytes::Bytes;
use serde::de::{self, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::loose;
use crate::{Dialect, Endpoint, Malformed, Task};

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
    /// What the request needs of whoever serves it.
    pub needs: Needs,
    /// Where the model stands in the body.
    place: Place,
}

/// What a request needs beyond words. Read from the presence of a field, so it may claim too much
/// and never orders anything but candidates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// It offers tools.
    pub tools: bool,
    /// It wants an answer after a JSON Schema.
    pub schema: bool,
    /// It asks for thinking.
    pub thinking: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// A JSON string, quotes included.
    Json(Range<usize>),
    /// The value of a form's part.
    Form(Range<usize>),
    /// In the path; and where the body repeats it.
    Path(Vec<Repeated>),
}

/// A JSON string in a body that names the path's model once more.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Repeated {
    /// Quotes included.
    span: Range<usize>,
    /// It is written as `models/{model}`.
    prefixed: bool,
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

    let needs = asked.needs();
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
        // Ollama streams unless told not to.
        None => endpoint.dialect() == Dialect::Ollama && endpoint.task() == Task::Generate,
        Some("false") => false,
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
            .and_then(|raw| serde_json::from_str::<StreamOptions>(raw.get()).ok())
            .and_then(|options| options.include_usage)
            .unwrap_or(false);
    let max_output = match endpoint.dialect() {
        Dialect::OpenAi => count(asked.max_completion_tokens).or_else(|| count(asked.max_tokens)),
        Dialect::Anthropic => count(asked.max_tokens),
        // Where routing needs it for these, the hub has it.
        _ => None,
    };
    Ok(Facts {
        model,
        stream,
        usage_asked,
        max_output,
        needs,
        place: Place::Json(model_span),
    })
}

/// Reads the facts of a request whose model and wish to stream stand in its path: the body is only
/// looked at for being a JSON object, and for what it needs.
pub fn facts_in_path(body: &[u8], model: &str, stream: bool) -> Result<Facts, Malformed> {
    let text = std::str::from_utf8(body)
        .map_err(|e| Malformed::at(body, e.valid_up_to(), "The request body is not UTF-8"))?;
    match text.trim_ascii_start().as_bytes().first() {
        Some(b'{') => {}
        None => return Err(Malformed::nowhere("The request body is empty")),
        Some(_) => return Err(Malformed::nowhere("The request body is not a JSON object")),
    }
    let (repeated, needs) = match serde_json::from_str::<AskedInPath<'_>>(text) {
        Ok(asked) => {
            let needs = asked.needs();
            (asked.repeating(model, text), needs)
        }
        // What has another shape is the provider's to refuse, as long as it is JSON.
        Err(_) => {
            serde_json::from_str::<IgnoredAny>(text).map_err(|e| Malformed::json(&e))?;
            (Vec::new(), Needs::default())
        }
    };
    if model.is_empty() {
        return Err(Malformed::nowhere("The request's path names no model"));
    }
    Ok(Facts {
        model: model.to_owned(),
        stream,
        usage_asked: true,
        max_output: None,
        needs,
        place: Place::Path(repeated),
    })
}

/// Reads the facts of a form (`multipart/form-data`), as images and sound are sent in.
pub fn facts_in_form(body: &[u8], content_type: &str) -> Result<Facts, Malformed> {
    let (model, span) = form_field(body, content_type, "model").ok_or_else(|| {
        Malformed::nowhere("The form has no `model` part. Name a model or one of your aliases")
    })?;
    if model.is_empty() {
        return Err(Malformed::at(
            body,
            span.start,
            "The form's `model` is empty",
        ));
    }
    let stream = form_field(body, content_type, "stream").is_some_and(|(value, _)| value == "true");
    Ok(Facts {
        model,
        stream,
        usage_asked: false,
        max_output: None,
        needs: Needs::default(),
        place: Place::Form(span),
    })
}

/// The text of a form's part and where it stands (RFC 7578). Parts are found by the boundary at the
/// start of a line; a file's bytes are passed over, never copied.
fn form_field(body: &[u8], content_type: &str, name: &str) -> Option<(String, Range<usize>)> {
    let boundary = content_type.split(';').find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        (key.trim().eq_ignore_ascii_case("boundary")).then(|| value.trim().trim_matches('"'))
    })?;
    let delimiter = format!("--{boundary}");
    let mut starts = memchr::memmem::find_iter(body, delimiter.as_bytes())
        .filter(|&at| at == 0 || body.get(at - 1) == Some(&b'\n'))
        .peekable();
    while let Some(start) = starts.next() {
        let head = start + delimiter.len();
        let end = *starts.peek()?;
        let part = body.get(head..end)?;
        let Some(blank) = memchr::memmem::find(part, b"\r\n\r\n") else {
            continue;
        };
        let headers = String::from_utf8_lossy(&part[..blank]).to_ascii_lowercase();
        if headers.contains(&format!("name=\"{name}\"")) && !headers.contains("filename=") {
            let from = head + blank + 4;
            // The line end before the next boundary belongs to the boundary.
            let to = end.checked_sub(2).filter(|to| *to >= from)?;
            let value = std::str::from_utf8(body.get(from..to)?).ok()?;
            return Some((value.to_owned(), from..to));
        }
    }
    None
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
        let json = |name: &str| serde_json::Value::from(name).to_string();
        let named: Vec<(&Range<usize>, String)> = match &self.place {
            Place::Json(span) => vec![(span, json(model))],
            // A line break in a name would begin another part.
            Place::Form(span) => vec![(span, model.replace(['\r', '\n'], ""))],
            Place::Path(repeated) => repeated
                .iter()
                .map(|one| match one.prefixed {
                    true => (&one.span, json(&format!("{MODELS}{model}"))),
                    false => (&one.span, json(model)),
                })
                .collect(),
        };
        spliced(body, &named).unwrap_or_else(|| body.clone())
    }
}

/// The body with other texts at some spans, which are in order.
fn spliced(body: &Bytes, texts: &[(&Range<usize>, String)]) -> Option<Bytes> {
    if texts.is_empty() {
        return None;
    }
    let more: usize = texts.iter().map(|(_, text)| text.len()).sum();
    let mut renamed = Vec::with_capacity(body.len() + more);
    let mut at = 0;
    for (span, text) in texts {
        renamed.extend_from_slice(body.get(at..span.start)?);
        renamed.extend_from_slice(text.as_bytes());
        at = span.end;
    }
    renamed.extend_from_slice(body.get(at..)?);
    Some(renamed.into())
}

/// What stands before a model's name in Google's bodies.
const MODELS: &str = "models/";

/// The same of a dialect that names its model in the path, in both spellings that Google takes. Its
/// bodies may name that model once more, and it refuses another there.
#[derive(Deserialize)]
struct AskedInPath<'a> {
    #[serde(borrow, default, deserialize_with = "loose::raw")]
    tools: Option<&'a RawValue>,
    #[serde(
        borrow,
        default,
        rename = "generationConfig",
        alias = "generation_config",
        deserialize_with = "loose::raw"
    )]
    generation_config: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "loose::raw")]
    model: Option<&'a RawValue>,
    #[serde(borrow, default)]
    requests: Vec<AskedOnce<'a>>,
    #[serde(
        borrow,
        default,
        rename = "generateContentRequest",
        alias = "generate_content_request"
    )]
    generate: Option<AskedOnce<'a>>,
}

#[derive(Deserialize)]
struct AskedOnce<'a> {
    #[serde(borrow, default, deserialize_with = "loose::raw")]
    model: Option<&'a RawValue>,
}

impl AskedInPath<'_> {
    /// The places that name `model`, in the order of `text`.
    fn repeating(self, model: &str, text: &str) -> Vec<Repeated> {
        let inner = self.requests.into_iter().chain(self.generate);
        let named = [self.model].into_iter().chain(inner.map(|one| one.model));
        let mut repeated: Vec<Repeated> = named
            .flatten()
            .filter_map(|raw| {
                let name: String = serde_json::from_str(raw.get()).ok()?;
                let bare = name.strip_prefix(MODELS);
                // The raw value is a slice of `text`, so the distance is its offset.
                let start = raw.get().as_ptr() as usize - text.as_ptr() as usize;
                (bare.unwrap_or(&name) == model).then(|| Repeated {
                    span: start..start + raw.get().len(),
                    prefixed: bare.is_some(),
                })
            })
            .collect();
        repeated.sort_unstable_by_key(|one| one.span.start);
        repeated
    }
}

/// The fields looked at. A second `model` or `stream` is refused: which of two a provider would take
/// is anybody's guess. Of the others the last stands; what is wrong with them is the provider's to say.
#[derive(Default)]
struct Asked<'a> {
    model: Option<&'a RawValue>,
    stream: Option<&'a RawValue>,
    stream_options: Option<&'a RawValue>,
    max_tokens: Option<&'a RawValue>,
    max_completion_tokens: Option<&'a RawValue>,
    tools: Option<&'a RawValue>,
    /// Where each dialect has its schema: Chat, Responses, Anthropic (and its beta), Ollama.
    response_format: Option<&'a RawValue>,
    text: Option<&'a RawValue>,
    output_config: Option<&'a RawValue>,
    output_format: Option<&'a RawValue>,
    format: Option<&'a RawValue>,
    /// And its thinking: Chat, Responses, Anthropic, Ollama.
    reasoning_effort: Option<&'a RawValue>,
    reasoning: Option<&'a RawValue>,
    thinking: Option<&'a RawValue>,
    think: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Field {
    Model,
    Stream,
    StreamOptions,
    MaxTokens,
    MaxCompletionTokens,
    Tools,
    ResponseFormat,
    Text,
    OutputConfig,
    OutputFormat,
    Format,
    ReasoningEffort,
    Reasoning,
    Thinking,
    Think,
    #[serde(other)]
    Other,
}

impl<'de: 'a, 'a> Deserialize<'de> for Asked<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Asked<'a>, D::Error> {
        from.deserialize_map(Asking)
    }
}

struct Asking;

impl<'de> Visitor<'de> for Asking {
    type Value = Asked<'de>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a JSON object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Asked<'de>, M::Error> {
        let mut asked = Asked::default();
        let (mut models, mut streams) = (0, 0);
        while let Some(field) = map.next_key()? {
            let place = match field {
                Field::Model => {
                    models += 1;
                    &mut asked.model
                }
                Field::Stream => {
                    streams += 1;
                    &mut asked.stream
                }
                Field::StreamOptions => &mut asked.stream_options,
                Field::MaxTokens => &mut asked.max_tokens,
                Field::MaxCompletionTokens => &mut asked.max_completion_tokens,
                Field::Tools => &mut asked.tools,
                Field::ResponseFormat => &mut asked.response_format,
                Field::Text => &mut asked.text,
                Field::OutputConfig => &mut asked.output_config,
                Field::OutputFormat => &mut asked.output_format,
                Field::Format => &mut asked.format,
                Field::ReasoningEffort => &mut asked.reasoning_effort,
                Field::Reasoning => &mut asked.reasoning,
                Field::Thinking => &mut asked.thinking,
                Field::Think => &mut asked.think,
                Field::Other => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if models > 1 {
                return Err(de::Error::duplicate_field("model"));
            }
            if streams > 1 {
                return Err(de::Error::duplicate_field("stream"));
            }
            *place = map.next_value()?;
        }
        Ok(asked)
    }
}

impl Asked<'_> {
    fn needs(&self) -> Needs {
        let schemas = [
            self.response_format,
            self.text,
            self.output_config,
            self.output_format,
        ];
        let objects = [self.reasoning, self.thinking];
        Needs {
            tools: self.tools.is_some_and(has_some),
            schema: schemas
                .into_iter()
                .flatten()
                .any(|raw| holds(raw, "json_schema"))
                || self.format.is_some_and(|raw| raw.get().starts_with('{')),
            thinking: objects.into_iter().flatten().any(|raw| !is_off(raw))
                || self.reasoning_effort.is_some_and(|raw| !is_off(raw))
                || self.think.is_some_and(|raw| !is_off(raw)),
        }
    }
}

impl AskedInPath<'_> {
    fn needs(&self) -> Needs {
        let config = |words: &[&str]| {
            self.generation_config
                .is_some_and(|raw| words.iter().any(|word| holds(raw, word)))
        };
        Needs {
            tools: self.tools.is_some_and(has_some),
            schema: config(&[
                "responseSchema",
                "responseJsonSchema",
                "response_schema",
                "response_json_schema",
            ]),
            thinking: config(&["thinkingConfig", "thinking_config"]),
        }
    }
}

/// Numbers out of shape are the provider's to refuse, so they read as absent.
fn count(raw: Option<&RawValue>) -> Option<u64> {
    loose::count(raw?).ok()?
}

/// A list with something in it.
fn has_some(raw: &RawValue) -> bool {
    let mut bytes = raw.get().bytes().filter(|byte| !byte.is_ascii_whitespace());
    bytes.next() == Some(b'[') && bytes.next().is_some_and(|byte| byte != b']')
}

/// Whether a string of this text stands anywhere in a value.
fn holds(raw: &RawValue, word: &str) -> bool {
    let found = memchr::memmem::find(raw.get().as_bytes(), word.as_bytes());
    found.is_some_and(|at| raw.get().as_bytes().get(at.wrapping_sub(1)) == Some(&b'"'))
}

/// Thinking that is written and switched off.
fn is_off(raw: &RawValue) -> bool {
    raw.get() == "false" || holds(raw, "none\"") || holds(raw, "disabled\"")
}

#[derive(Deserialize)]
struct StreamOptions {
    #[serde(default, deserialize_with = "loose::value")]
    include_usage: Option<bool>,
}
