//! What a request asks for, whatever words it was said in.
//!
//! Each dialect reads its own bodies into this; what a vendor would refuse, it
//! refuses on the way, in the vendor's words.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// The sentence of a vendor's 400.
pub(super) type Refusal = String;

#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) tools: Vec<Offered>,
    /// The text of each tool's result, in the order they were sent.
    pub(super) results: Vec<String>,
    /// Everything the user said, one line each.
    pub(super) prompt: String,
    /// The size of each image, in bytes; none where it was given by an address.
    pub(super) images: Vec<Option<usize>>,
    pub(super) schema: Option<Value>,
    pub(super) json: bool,
    pub(super) turns: usize,
    pub(super) system: usize,
    /// Whether a stream is to tell its usage, where that must be asked for.
    pub(super) wants_usage: bool,
    /// Whether sealed reasoning is to be given back, where that must be asked for.
    pub(super) wants_seal: bool,
    /// The answer's beginning, where the conversation ends with it.
    pub(super) begun: String,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Offered {
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    /// Takes free text instead of an object.
    pub(super) free: bool,
}

impl Asked {
    pub(super) fn says(&mut self, text: &str) {
        self.prompt.push_str(text);
        self.prompt.push('\n');
    }

    pub(super) fn offer(&mut self, name: &Value) {
        self.tools.push(Offered {
            name: name.as_str().unwrap_or_default().to_owned(),
            ..Offered::default()
        });
    }

    /// Leaves the tool that must be called, or none.
    pub(super) fn choose(&mut self, none: bool, name: Option<&str>) {
        if none {
            self.tools.clear();
        }
        if let Some(name) = name {
            self.tools.retain(|tool| tool.name == name);
        }
    }

    /// An image as base64.
    pub(super) fn image(&mut self, data: &str) -> Result<(), Refusal> {
        let bytes = decoded(data).ok_or("The image data is not valid base64.")?;
        self.images.push(Some(bytes.len()));
        Ok(())
    }

    /// An image as an address, which may be a `data:` one.
    pub(super) fn image_at(&mut self, url: &str) -> Result<(), Refusal> {
        match url.strip_prefix("data:") {
            Some(data) => match data.split_once(";base64,") {
                Some((kind, data)) if kind.starts_with("image/") => self.image(data),
                _ => Err("Invalid image data URL. Expected a base64-encoded data URL with an image MIME type (e.g. 'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU=').".to_owned()),
            },
            None if url.starts_with("https://") || url.starts_with("http://") => {
                self.images.push(None);
                Ok(())
            }
            None => Err("Invalid image URL: expected an http(s) address or a data URL.".to_owned()),
        }
    }
}

/// The text of the assistant's last message, where it is the last of all: a model goes on from there.
pub(super) fn begun(body: &Value) -> String {
    let turns = match &body["messages"] {
        Value::Null => &body["contents"],
        messages => messages,
    };
    match list(turns).last() {
        Some(last) if last["role"] == "assistant" => text_of(&last["content"]),
        Some(last) if last["role"] == "model" => text_of(&last["parts"]),
        _ => String::new(),
    }
}

pub(super) fn decoded(data: &str) -> Option<Vec<u8>> {
    STANDARD.decode(data).ok()
}

/// A list, or nothing to walk over.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The text of a string, or of the text parts of a list.
pub(super) fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts = parts.iter().filter_map(|part| part["text"].as_str());
            texts.collect::<Vec<_>>().join(" ")
        }
        _ => String::new(),
    }
}

/// The first field that isn't known. Fields that begin with `future_` are let pass:
/// what a provider will know one day must get through.
pub(super) fn stranger<'a>(object: &'a Value, known: &[&str]) -> Option<&'a str> {
    object
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
        .map(String::as_str)
        .find(|key| !known.contains(key) && !key.starts_with("future_"))
}

/// Whether a name is made of letters, digits and some others, within a length.
pub(super) fn well_named(name: &str, also: &str, longest: usize) -> bool {
    !name.is_empty()
        && name.len() <= longest
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || also.contains(c))
}

/// The path to an object schema that does not close itself or, when `all` is asked,
/// does not require each of its properties.
pub(super) fn open_object(schema: &Value, all: bool) -> Option<&'static str> {
    if !schema.is_object() {
        return None;
    }
    if let Some(properties) = schema["properties"].as_object() {
        if schema["additionalProperties"] != false {
            return Some("additionalProperties");
        }
        let required = list(&schema["required"]);
        if all
            && !properties
                .keys()
                .all(|key| required.iter().any(|r| r == key))
        {
            return Some("required");
        }
        if let Some(found) = properties.values().find_map(|one| open_object(one, all)) {
            return Some(found);
        }
    }
    let below = [&schema["items"], &schema["anyOf"], &schema["$defs"]];
    below.into_iter().find_map(|inner| match inner {
        Value::Array(each) => each.iter().find_map(|one| open_object(one, all)),
        Value::Object(each) if inner["type"].is_null() && inner["properties"].is_null() => {
            each.values().find_map(|one| open_object(one, all))
        }
        other => open_object(other, all),
    })
}
