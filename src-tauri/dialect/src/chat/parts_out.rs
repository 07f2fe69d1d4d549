//! Content parts, written for a provider.
//!
//! Promises: a lone text is a string, as most servers want it. What has no form here (a film, a
//! sound by address, somebody else's file) is refused. Cache marks are written only for a caller
//! of this dialect; whether a provider takes them is not known otherwise.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::fields::merge;
use crate::Dialect;
use crate::hub::{
    CacheMark, Extras, Kind, Lifetime, Media, MediaKind, Notes, Part, Refused, Source, Target,
};
use crate::json::object;

/// Writes the parts of one message.
pub(super) struct Parts<'a, 't> {
    /// The caller speaks this dialect.
    pub(super) own: bool,
    pub(super) target: &'a Target<'t>,
}

impl Parts<'_, '_> {
    /// A message's content: a string if it can be one.
    pub(super) fn content(&self, parts: Vec<Part>, notes: &mut Notes) -> Result<Value, Refused> {
        let mut written = Vec::with_capacity(parts.len());
        for part in parts {
            written.extend(self.part(part, notes)?);
        }
        Ok(self.joined(written))
    }

    /// Parts as a content: one plain text is its string.
    pub(super) fn joined(&self, mut written: Vec<Value>) -> Value {
        if let [part] = written.as_mut_slice()
            && plain_text(part).is_some()
        {
            return part["text"].take();
        }
        if written.is_empty() {
            return "".into();
        }
        if self.target.quirks.text_only_content {
            let texts = written.iter().filter_map(|part| part.get("text")?.as_str());
            return texts.collect::<Vec<_>>().join("\n").into();
        }
        Value::Array(written)
    }

    /// One part; none where it was left out for a caller that accepts losses.
    pub(super) fn part(&self, part: Part, notes: &mut Notes) -> Result<Option<Value>, Refused> {
        let written = match part.kind {
            Kind::Text(text) => said(text),
            Kind::Refusal(text) => object([("type", "refusal".into()), ("refusal", text.into())]),
            Kind::Media(media) => match self.media(media, notes)? {
                Some(written) => written,
                None => return Ok(None),
            },
            Kind::Opaque(value) if part.extras.owner == Some(Dialect::OpenAi) => {
                return Ok(Some(value));
            }
            Kind::Opaque(value) => {
                let kind = value.get("type").and_then(Value::as_str).unwrap_or("part");
                notes.refuse(
                    format!("messages.{kind}"),
                    "Chat Completions has no such content",
                )?;
                return Ok(None);
            }
            // These are no content.
            Kind::ToolCall(_) | Kind::ToolResult(_) | Kind::Reasoning(_) => return Ok(None),
        };
        let Value::Object(mut written) = written else {
            return Ok(Some(written));
        };
        cache_control(&mut written, part.cache, &part.extras, self.own, notes);
        if part.extras.owner == Some(Dialect::OpenAi) {
            merge(&mut written, part.extras.fields);
        } else {
            for key in part.extras.fields.keys() {
                let what = format!("messages.{key}");
                notes.dropped(what, "Chat Completions has no such field");
            }
        }
        Ok(Some(Value::Object(written)))
    }

    fn media(&self, media: Media, notes: &mut Notes) -> Result<Option<Value>, Refused> {
        let what = format!("messages.{}", word(media.kind));
        if let Source::Text(text) = media.source {
            notes.equivalent(what, "a text document is sent as text");
            return Ok(Some(said(titled(media.name, text))));
        }
        if self.target.quirks.text_only_content {
            notes.refuse(what, "the provider takes text only")?;
            return Ok(None);
        }
        let written = match media.kind {
            MediaKind::Image => by_url("image_url", media),
            // Not OpenAI's; a caller that writes it knows its provider.
            MediaKind::Video if self.own => by_url("video_url", media),
            MediaKind::Video => Err("Chat Completions takes no films"),
            MediaKind::Audio => audio(media),
            MediaKind::Document => self.document(media, notes),
        };
        match written {
            Ok(written) => Ok(Some(written)),
            Err(why) => {
                notes.refuse(what, why)?;
                Ok(None)
            }
        }
    }

    fn document(&self, media: Media, notes: &mut Notes) -> Result<Value, &'static str> {
        let mut file = Map::new();
        let mut put = |key: &str, value: String| {
            file.insert(key.to_owned(), value.into());
        };
        match media.source {
            Source::FileId(id, Dialect::OpenAi | Dialect::Responses) => {
                put("file_id", id);
                if let Some(name) = media.name {
                    put("filename", name);
                }
            }
            Source::Base64(data) => {
                let mime = media.mime.as_deref().unwrap_or("application/pdf");
                if !self.own && mime.starts_with("text/") {
                    let bytes = STANDARD.decode(data.as_bytes()).unwrap_or_default();
                    let text = String::from_utf8(bytes).map_err(|_| "the text is not UTF-8")?;
                    notes.equivalent("messages.document", "a text document is sent as text");
                    return Ok(said(titled(media.name, text)));
                }
                // Without a name OpenAI refuses the bytes.
                let name = media.name.or((!self.own).then(|| file_name(mime)));
                if let Some(name) = name {
                    put("filename", name);
                }
                put("file_data", format!("data:{mime};base64,{data}"));
            }
            Source::Url(url) if self.own => {
                if let Some(name) = media.name {
                    put("filename", name);
                }
                put("file_data", url);
            }
            _ => return Err("Chat Completions takes documents as bytes or as its own files only"),
        }
        Ok(object([("type", "file".into()), ("file", file.into())]))
    }
}

/// A part that is nothing but text.
pub(super) fn said(text: String) -> Value {
    object([("type", "text".into()), ("text", text.into())])
}

/// The text of a part that is nothing but text.
pub(super) fn plain_text(part: &Value) -> Option<&str> {
    let part = part.as_object()?;
    let is_text = part.get("type").and_then(Value::as_str) == Some("text");
    (is_text && part.len() == 2).then(|| part.get("text")?.as_str())?
}

fn by_url(key: &str, media: Media) -> Result<Value, &'static str> {
    let url = match media.source {
        Source::Base64(data) => {
            let mime = media.mime.as_deref().unwrap_or("image/png");
            format!("data:{mime};base64,{data}")
        }
        Source::Url(url) => url,
        _ => return Err("Chat Completions takes pictures as bytes or by address only"),
    };
    let mut inner = Map::from_iter([("url".to_owned(), Value::String(url))]);
    if let Some(detail) = media.detail {
        inner.insert("detail".to_owned(), detail.into());
    }
    Ok(object([("type", key.into()), (key, inner.into())]))
}

fn audio(media: Media) -> Result<Value, &'static str> {
    let Source::Base64(data) = media.source else {
        return Err("Chat Completions takes sound as bytes only");
    };
    let mut inner = Map::from_iter([("data".to_owned(), Value::String(data))]);
    if let Some(mime) = media.mime {
        let format = match mime.strip_prefix("audio/").unwrap_or(&mime) {
            "mpeg" | "mp3" => "mp3",
            "wav" | "x-wav" | "wave" | "vnd.wave" => "wav",
            other => other,
        };
        inner.insert("format".to_owned(), format.into());
    }
    Ok(object([
        ("type", "input_audio".into()),
        ("input_audio", inner.into()),
    ]))
}

fn titled(name: Option<String>, text: String) -> String {
    match name {
        Some(name) => format!("{name}\n\n{text}"),
        None => text,
    }
}

fn file_name(mime: &str) -> String {
    let ending = mime.rsplit_once('/').map_or("bin", |(_, ending)| ending);
    format!("document.{ending}")
}

pub(super) fn word(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "image",
        MediaKind::Audio => "audio",
        MediaKind::Video => "video",
        MediaKind::Document => "document",
    }
}

/// Writes a cache mark again for a caller of this dialect; notes its loss for others.
pub(super) fn cache_control(
    into: &mut Map<String, Value>,
    mark: Option<CacheMark>,
    extras: &Extras,
    own: bool,
    notes: &mut Notes,
) {
    let Some(mark) = mark else { return };
    if !own {
        let why = "whether the provider takes cache marks is not known; most cache on their own";
        return notes.dropped("cache_control", why);
    }
    let told = |key: &str| extras.fields.contains_key(key);
    if told("prompt_cache_breakpoint") || told("cache_control") {
        return;
    }
    let control = match mark.lifetime {
        Lifetime::Short => json!({"type": "ephemeral"}),
        Lifetime::Long => json!({"type": "ephemeral", "ttl": "1h"}),
    };
    into.insert("cache_control".to_owned(), control);
}
