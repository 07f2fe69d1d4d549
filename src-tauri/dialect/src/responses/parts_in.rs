//! Content of a caller's messages and tool outputs, read.

use serde_json::{Map, Value};

use super::fields::{At, member, needed, object, peek, string};
use crate::hub::{CacheMark, Extras, Kind, Lifetime, Media, MediaKind, Part, Source};
use crate::{Dialect, Malformed};

/// Marks an opaque part that stands inside a message, where others are items of their own.
pub(super) const INSIDE: &str = "inside";

/// Text as parts; no text is no part.
pub(super) fn text(text: String) -> Vec<Part> {
    if text.is_empty() {
        Vec::new()
    } else {
        vec![Part::text(text)]
    }
}

/// A string or a list of parts.
pub(super) fn content(content: Value, at: &At<'_>) -> Result<Vec<Part>, Malformed> {
    match content {
        Value::Null => Ok(Vec::new()),
        Value::String(whole) => Ok(text(whole)),
        Value::Array(parts) => parts
            .into_iter()
            .enumerate()
            .map(|(index, value)| {
                let at = At::Item(at, index);
                part(member(value, &at)?, &at)
            })
            .collect(),
        _ => Err(at.fault("must be a string or a list of parts")),
    }
}

fn part(mut part: Map<String, Value>, at: &At<'_>) -> Result<Part, Malformed> {
    let kind = match part.get("type") {
        Some(Value::String(kind)) => kind.clone(),
        Some(_) => return Err(At::Field(at, "type").fault("must be a string")),
        None => return Err(At::Field(at, "type").fault("is missing")),
    };
    let read = match kind.as_str() {
        "input_text" | "output_text" | "text" => {
            part.retain(|key, value| {
                let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
                !(empty && matches!(key.as_str(), "annotations" | "logprobs"))
            });
            Kind::Text(needed(&mut part, "text", at)?)
        }
        "refusal" => Kind::Refusal(needed(&mut part, "refusal", at)?),
        "input_image" => Kind::Media(image(&mut part, at)?),
        "input_file" => Kind::Media(file(&mut part, at)?),
        "input_audio" => Kind::Media(audio(&mut part, at)?),
        _ => return Ok(opaque(part)),
    };
    part.shift_remove("type");
    Ok(Part {
        cache: cache_mark(&part),
        extras: Extras::of(Dialect::Responses, part),
        ..Part::new(read)
    })
}

fn opaque(part: Map<String, Value>) -> Part {
    let mark = Map::from_iter([(INSIDE.to_owned(), Value::Bool(true))]);
    Part {
        extras: Extras::of(Dialect::Responses, mark),
        ..Part::new(Kind::Opaque(Value::Object(part)))
    }
}

fn image(part: &mut Map<String, Value>, at: &At<'_>) -> Result<Media, Malformed> {
    let (source, mime) = if let Some(url) = string(part, "image_url", at)? {
        located(url)
    } else if let Some(id) = string(part, "file_id", at)? {
        (Source::FileId(id, Dialect::Responses), None)
    } else {
        return Err(at.fault("has neither an image_url nor a file_id"));
    };
    drop_nulls(part);
    Ok(Media {
        kind: MediaKind::Image,
        source,
        mime,
        name: None,
        // `auto` is what is meant when nothing is said.
        detail: string(part, "detail", at)?.filter(|detail| detail != "auto"),
    })
}

fn file(part: &mut Map<String, Value>, at: &At<'_>) -> Result<Media, Malformed> {
    let (source, mime) = if let Some(data) = string(part, "file_data", at)? {
        match data_url(&data) {
            Some((mime, data)) => (Source::Base64(data), mime),
            None => (Source::Base64(data), None),
        }
    } else if let Some(url) = string(part, "file_url", at)? {
        (Source::Url(url), None)
    } else if let Some(id) = string(part, "file_id", at)? {
        (Source::FileId(id, Dialect::Responses), None)
    } else {
        return Err(at.fault("has neither file_data nor a file_url nor a file_id"));
    };
    drop_nulls(part);
    Ok(Media {
        kind: MediaKind::Document,
        source,
        mime,
        name: string(part, "filename", at)?,
        detail: string(part, "detail", at)?,
    })
}

fn audio(part: &mut Map<String, Value>, at: &At<'_>) -> Result<Media, Malformed> {
    let place = At::Field(at, "input_audio");
    let mut audio = object(part, "input_audio", at)?.ok_or_else(|| place.fault("is missing"))?;
    let data = needed(&mut audio, "data", &place)?;
    let format = string(&mut audio, "format", &place)?;
    Ok(Media {
        kind: MediaKind::Audio,
        source: Source::Base64(data),
        mime: format.map(|format| match format.as_str() {
            "mp3" => "audio/mpeg".to_owned(),
            other => format!("audio/{other}"),
        }),
        name: None,
        detail: None,
    })
}

/// An address, or the bytes it holds.
fn located(url: String) -> (Source, Option<String>) {
    match data_url(&url) {
        Some((mime, data)) => (Source::Base64(data), mime),
        None => (Source::Url(url), None),
    }
}

/// Media type and base64 of a `data:` address.
fn data_url(url: &str) -> Option<(Option<String>, String)> {
    let (mime, data) = url.strip_prefix("data:")?.split_once(";base64,")?;
    let mime = (!mime.is_empty()).then(|| mime.to_owned());
    Some((mime, data.to_owned()))
}

/// The mark itself stays among the part's extras, as it was written.
fn cache_mark(part: &Map<String, Value>) -> Option<CacheMark> {
    let mark = part.get("prompt_cache_breakpoint")?.as_object()?;
    let lifetime = match peek(mark, "ttl") {
        Some("12h") => Lifetime::Long,
        _ => Lifetime::Short,
    };
    Some(CacheMark { lifetime })
}

/// SDKs write the sources that were not chosen as `null`.
fn drop_nulls(part: &mut Map<String, Value>) {
    part.retain(|_, value| !value.is_null());
}
