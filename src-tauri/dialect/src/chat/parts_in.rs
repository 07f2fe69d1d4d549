//! Content parts, read into the hub.
//!
//! Promises: `data:` URLs become bytes with their type; a part of a type we don't know is kept
//! whole. Canonical forms: an `image_url` is an object, a `cache_control` is a mark.

use serde_json::{Map, Value};

use super::fields::{Wrong, any, as_object, needed, nest, object, text};
use crate::Dialect;
use crate::hub::{CacheMark, Extras, Kind, Lifetime, Media, MediaKind, Part, Reasoning, Source};

/// A message's `content`: a text or a list of parts.
pub(super) fn content(fields: &mut Map<String, Value>) -> Result<Vec<Part>, Wrong> {
    match any(fields, "content") {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![Part::text(text)]),
        Some(Value::Array(parts)) => parts
            .into_iter()
            .enumerate()
            .map(|(at, value)| part(value).map_err(|wrong| wrong.item("content", at)))
            .collect(),
        Some(_) => Err(Wrong::at("content", "must be a string or a list of parts")),
    }
}

fn part(value: Value) -> Result<Part, Wrong> {
    // A bare string in the list: not in the specification, but seen.
    if let Value::String(text) = value {
        return Ok(Part::text(text));
    }
    let mut fields = as_object(value)?;
    let kind = fields.get("type").and_then(Value::as_str);
    let read = match kind.ok_or_else(|| Wrong::at("type", "is missing"))? {
        "text" => |fields: &mut _| Ok(Kind::Text(needed(fields, "text")?)),
        "refusal" => |fields: &mut _| Ok(Kind::Refusal(needed(fields, "refusal")?)),
        "image_url" => |fields: &mut _| by_url(fields, "image_url", MediaKind::Image),
        "video_url" => |fields: &mut _| by_url(fields, "video_url", MediaKind::Video),
        "input_audio" => audio,
        "file" => file,
        "thinking" => return Ok(thought(fields)),
        _ => {
            return Ok(Part {
                extras: Extras::by(Dialect::OpenAi),
                ..Part::new(Kind::Opaque(Value::Object(fields)))
            });
        }
    };
    fields.shift_remove("type");
    let kind = read(&mut fields)?;
    let cache = cache_mark(&mut fields);
    fields.retain(|_, value| !value.is_null());
    Ok(Part {
        kind,
        cache,
        sealed: None,
        extras: Extras::of(Dialect::OpenAi, fields),
    })
}

/// `image_url` and `video_url`: an object with a `url`, or the URL itself.
fn by_url(fields: &mut Map<String, Value>, key: &str, kind: MediaKind) -> Result<Kind, Wrong> {
    let (url, detail) = match any(fields, key) {
        Some(Value::String(url)) => (url, None),
        Some(Value::Object(mut inner)) => {
            let url = needed(&mut inner, "url").map_err(|wrong| wrong.under(key))?;
            let detail = text(&mut inner, "detail").map_err(|wrong| wrong.under(key))?;
            nest(fields, key, inner);
            (url, detail)
        }
        _ => return Err(Wrong::at(key, "must be an object with a url")),
    };
    let (source, mime) = source(url);
    Ok(Kind::Media(Media {
        kind,
        source,
        mime,
        name: None,
        detail,
    }))
}

/// Bytes with their type for a `data:` URL, an address for any other.
fn source(url: String) -> (Source, Option<String>) {
    let inline = url
        .strip_prefix("data:")
        .and_then(|data| data.split_once(";base64,"));
    match inline {
        Some((mime, data)) => {
            let mime = (!mime.is_empty()).then(|| mime.to_owned());
            (Source::Base64(data.to_owned()), mime)
        }
        None => (Source::Url(url), None),
    }
}

fn audio(fields: &mut Map<String, Value>) -> Result<Kind, Wrong> {
    const KEY: &str = "input_audio";
    let mut inner = object(fields, KEY)?.ok_or_else(|| Wrong::at(KEY, "is missing"))?;
    let data = needed(&mut inner, "data").map_err(|wrong| wrong.under(KEY))?;
    let format = text(&mut inner, "format").map_err(|wrong| wrong.under(KEY))?;
    nest(fields, KEY, inner);
    Ok(Kind::Media(Media {
        kind: MediaKind::Audio,
        source: Source::Base64(data),
        mime: format.map(|format| match format.as_str() {
            "mp3" => "audio/mpeg".to_owned(),
            other => format!("audio/{other}"),
        }),
        name: None,
        detail: None,
    }))
}

fn file(fields: &mut Map<String, Value>) -> Result<Kind, Wrong> {
    const KEY: &str = "file";
    let under = |wrong: Wrong| wrong.under(KEY);
    let mut inner = object(fields, KEY)?.ok_or_else(|| Wrong::at(KEY, "is missing"))?;
    let id = text(&mut inner, "file_id").map_err(under)?;
    let data = text(&mut inner, "file_data").map_err(under)?;
    let name = text(&mut inner, "filename").map_err(under)?;
    nest(fields, KEY, inner);
    let (source, mime) = match (id, data) {
        (Some(id), _) => (Source::FileId(id, Dialect::OpenAi), None),
        // Some gateways take an address here, and bare base64 is seen too.
        (None, Some(data)) if data.contains(':') => source(data),
        (None, Some(data)) => (Source::Base64(data), mime_of(name.as_deref())),
        (None, None) => return Err(Wrong::at(KEY, "must have a file_id or file_data")),
    };
    Ok(Kind::Media(Media {
        kind: MediaKind::Document,
        source,
        mime,
        name,
        detail: None,
    }))
}

fn mime_of(name: Option<&str>) -> Option<String> {
    let (_, ending) = name?.rsplit_once('.')?;
    ending
        .eq_ignore_ascii_case("pdf")
        .then(|| "application/pdf".to_owned())
}

/// Mistral's thoughts are parts of the content. Its extras' owner tells that it came so.
fn thought(mut fields: Map<String, Value>) -> Part {
    fields.shift_remove("type");
    let text = match any(&mut fields, "thinking") {
        Some(Value::String(text)) => text,
        Some(Value::Array(pieces)) => pieces
            .iter()
            .filter_map(|piece| piece.get("text")?.as_str())
            .collect(),
        _ => String::new(),
    };
    Part {
        extras: Extras {
            owner: Some(Dialect::OpenAi),
            fields,
        },
        ..Part::new(Kind::Reasoning(Reasoning {
            text,
            ..Reasoning::default()
        }))
    }
}

/// OpenRouter's mark is taken; OpenAI's stays as it is too, for it says more.
pub(super) fn cache_mark(fields: &mut Map<String, Value>) -> Option<CacheMark> {
    let mark = |value: &Value| CacheMark {
        lifetime: match value.get("ttl").and_then(Value::as_str) {
            Some("1h" | "12h" | "24h") => Lifetime::Long,
            _ => Lifetime::Short,
        },
    };
    if let Some(breakpoint) = fields.get("prompt_cache_breakpoint") {
        return breakpoint.is_object().then(|| mark(breakpoint));
    }
    let control = fields.get("cache_control")?;
    let found = control.is_object().then(|| mark(control))?;
    let is_plain = |object: &Map<String, Value>| {
        object
            .keys()
            .all(|key| matches!(key.as_str(), "type" | "ttl"))
    };
    if control.as_object().is_some_and(is_plain) {
        fields.shift_remove("cache_control");
    }
    Some(found)
}
