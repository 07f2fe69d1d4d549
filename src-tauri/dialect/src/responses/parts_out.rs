//! Parts of messages and tool outputs, written.
//!
//! Promises: text, images and files go in as they are; sounds where the provider takes them;
//! films are refused, and so is what an assistant can't have said here.

use serde_json::{Map, Value, json};

use super::items_out::own_fields;
use crate::Dialect;
use crate::hub::{Kind, Media, MediaKind, Notes, Part, Refused, Role, Source};
use crate::json::object;

/// Where a part is written.
pub(super) struct Pen<'a> {
    /// Whose message; `None` for a tool's output.
    pub(super) role: Option<Role>,
    /// The provider takes text alone.
    pub(super) text_only: bool,
    /// What is lost.
    pub(super) notes: &'a mut Notes,
}

/// A part of content; nothing when it was refused and the caller accepts that.
pub(super) fn content(part: Part, pen: &mut Pen<'_>) -> Result<Option<Value>, Refused> {
    let of_assistant = pen.role == Some(Role::Assistant);
    let mut written = match part.kind {
        Kind::Text(text) if of_assistant => {
            let mut written = typed("output_text", "text", text.into());
            written.insert("annotations".to_owned(), json!([]));
            written
        }
        Kind::Refusal(text) if of_assistant => typed("refusal", "refusal", text.into()),
        Kind::Text(text) | Kind::Refusal(text) => typed("input_text", "text", text.into()),
        Kind::Media(media) => match write_media(media, pen)? {
            Some(written) => written,
            None => return Ok(None),
        },
        Kind::Opaque(value) if part.extras.owner == Some(Dialect::Responses) => {
            return Ok(Some(value));
        }
        Kind::Opaque(value) => {
            let kind = value.get("type").and_then(Value::as_str).unwrap_or("part");
            let what = format!("messages.content.{kind}");
            pen.notes
                .refuse(what, "It has a meaning in the caller's dialect alone.")?;
            return Ok(None);
        }
        // These are items of their own.
        Kind::ToolCall(_) | Kind::ToolResult(_) | Kind::Reasoning(_) => return Ok(None),
    };
    for (key, value) in own_fields(part.extras, "messages.content", pen.notes) {
        written.insert(key, value);
    }
    Ok(Some(Value::Object(written)))
}

/// Content in its shortest form: one plain text is a string.
pub(super) fn joined(mut content: Vec<Value>) -> Value {
    match content.as_mut_slice() {
        [] => return Value::String(String::new()),
        [only] => {
            if let Some(text) = plain(only) {
                return Value::String(text);
            }
        }
        _ => {}
    }
    Value::Array(content)
}

fn plain(part: &mut Value) -> Option<String> {
    let fields = part.as_object_mut()?;
    let kind = fields.get("type")?.as_str()?;
    let bare = match kind {
        "input_text" => fields.len() == 2,
        "output_text" => {
            fields.len() == 3
                && fields
                    .get("annotations")
                    .and_then(Value::as_array)
                    .is_some_and(Vec::is_empty)
        }
        _ => false,
    };
    match fields.get_mut("text") {
        Some(Value::String(text)) if bare => Some(std::mem::take(text)),
        _ => None,
    }
}

fn typed(kind: &str, field: &str, value: Value) -> Map<String, Value> {
    Map::from_iter([
        ("type".to_owned(), Value::String(kind.to_owned())),
        (field.to_owned(), value),
    ])
}

fn write_media(media: Media, pen: &mut Pen<'_>) -> Result<Option<Map<String, Value>>, Refused> {
    let word = match media.kind {
        MediaKind::Image => "image",
        MediaKind::Audio => "audio",
        MediaKind::Video => "video",
        MediaKind::Document => "document",
    };
    let why = if pen.text_only {
        "This provider takes text only."
    } else if pen.role == Some(Role::Assistant) {
        "This API takes the assistant's words only, not what it drew or said."
    } else {
        match (media.kind, &media.source) {
            (MediaKind::Image, Source::Text(_)) => "An image can't be given as text.",
            (MediaKind::Image | MediaKind::Document, Source::FileId(_, owner))
                if !matches!(owner, Dialect::Responses | Dialect::OpenAi) =>
            {
                "A file is known to the provider it was given to, and to no other."
            }
            (MediaKind::Image, _) => return Ok(Some(image(media))),
            (MediaKind::Document, _) => return Ok(Some(document(media, pen.notes))),
            (MediaKind::Audio, Source::Base64(_)) if pen.role.is_some() => {
                return Ok(Some(audio(media)));
            }
            (MediaKind::Audio, _) => "This API takes sound only in place, and from people.",
            (MediaKind::Video, _) => "This API takes no films.",
        }
    };
    let place = if pen.role.is_some() {
        "messages.content"
    } else {
        "tool_result"
    };
    pen.notes.refuse(format!("{place}.{word}"), why)?;
    Ok(None)
}

fn image(media: Media) -> Map<String, Value> {
    let mut written = match media.source {
        Source::FileId(id, _) => typed("input_image", "file_id", id.into()),
        Source::Base64(data) => {
            let url = data_url(media.mime.as_deref(), &data, "image/png");
            typed("input_image", "image_url", url.into())
        }
        Source::Url(url) | Source::Text(url) => typed("input_image", "image_url", url.into()),
    };
    let detail = media.detail.unwrap_or_else(|| "auto".to_owned());
    written.insert("detail".to_owned(), detail.into());
    written
}

fn document(media: Media, notes: &mut Notes) -> Map<String, Value> {
    let mut name = media.name;
    let mut written = match media.source {
        Source::Text(text) => {
            notes.equivalent("document.text", "A text document is sent as text.");
            let text = match name.filter(|name| !name.is_empty()) {
                Some(name) => format!("{name}\n\n{text}"),
                None => text,
            };
            return typed("input_text", "text", text.into());
        }
        Source::Url(url) => typed("input_file", "file_url", url.into()),
        Source::FileId(id, _) => typed("input_file", "file_id", id.into()),
        Source::Base64(data) => {
            let data = match &media.mime {
                Some(mime) => {
                    // This API wants a name beside bytes.
                    name = name.or_else(|| Some(format!("document.{}", extension(mime))));
                    data_url(Some(mime), &data, "")
                }
                None => data,
            };
            typed("input_file", "file_data", data.into())
        }
    };
    if let Some(name) = name {
        written.insert("filename".to_owned(), name.into());
    }
    if let Some(detail) = media.detail {
        written.insert("detail".to_owned(), detail.into());
    }
    written
}

fn audio(media: Media) -> Map<String, Value> {
    let data = match media.source {
        Source::Base64(data) => data,
        _ => String::new(),
    };
    let mime = media.mime.as_deref().unwrap_or("audio/wav");
    let format = match mime.strip_prefix("audio/").unwrap_or(mime) {
        "mpeg" | "mp3" => "mp3",
        "wav" | "x-wav" | "wave" | "vnd.wave" => "wav",
        other => other,
    };
    let sound = object([("data", data.into()), ("format", format.into())]);
    typed("input_audio", "input_audio", sound)
}

fn data_url(mime: Option<&str>, data: &str, otherwise: &str) -> String {
    // The first bytes tell what an image is.
    let mime = mime.unwrap_or(match data.as_bytes() {
        [b'/', b'9', b'j', b'/', ..] => "image/jpeg",
        [b'R', b'0', b'l', b'G', b'O', b'D', ..] => "image/gif",
        [b'U', b'k', b'l', b'G', b'R', ..] => "image/webp",
        _ => otherwise,
    });
    format!("data:{mime};base64,{data}")
}

/// What a file of a media type is usually called behind the dot.
fn extension(mime: &str) -> &str {
    match mime {
        "text/plain" => "txt",
        "text/markdown" => "md",
        "application/msword" => "doc",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "docx",
        "application/vnd.ms-excel" => "xls",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
        other => {
            let last = other.rsplit('/').next().unwrap_or(other);
            if last.bytes().all(|b| b.is_ascii_alphanumeric()) {
                last
            } else {
                "bin"
            }
        }
    }
}
