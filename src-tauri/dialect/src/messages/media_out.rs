//! Images and documents, as this dialect writes them.
//!
//! Promises: four picture formats, PDF and plain text; what the vendor can't read is refused, not
//! left out. Leaves out: fetching addresses.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::content_out::typed;
use crate::Dialect;
use crate::hub::{Media, MediaKind, Notes, Refused, Source, Target};

/// How a caller knows the part.
pub(super) fn what(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "messages.image",
        MediaKind::Audio => "messages.audio",
        MediaKind::Video => "messages.video",
        MediaKind::Document => "messages.file",
    }
}

/// The block; `None` for a caller that accepts the loss.
pub(super) fn media(
    media: Media,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Option<Map<String, Value>>, Refused> {
    if media.detail.is_some() {
        let why = "Anthropic always looks as closely as it can";
        notes.dropped("messages.image.detail", why);
    }
    let kind = media.kind;
    let written = match kind {
        MediaKind::Audio => Err("Anthropic does not take sound"),
        MediaKind::Video => Err("Anthropic does not take films"),
        MediaKind::Image if target.traits.vision == Some(false) => {
            Err("this model does not see images")
        }
        MediaKind::Image => image(media),
        MediaKind::Document => document(media, target.traits.pdf != Some(false)),
    };
    match written {
        Ok(block) => Ok(Some(block)),
        Err(why) => {
            notes.refuse(what(kind), why)?;
            Ok(None)
        }
    }
}

fn image(media: Media) -> Result<Map<String, Value>, &'static str> {
    let source = match media.source {
        Source::Base64(data) => {
            let mime = picture(media.mime.as_deref(), &data)
                .ok_or("Anthropic takes JPEG, PNG, GIF and WebP images only")?;
            inline("base64", mime, data)
        }
        other => linked(other)?,
    };
    Ok(typed("image", "source", source))
}

fn document(media: Media, reads_pdf: bool) -> Result<Map<String, Value>, &'static str> {
    const ONLY: &str = "Anthropic takes PDF and plain text files only";
    let mime = media.mime.as_deref().unwrap_or_default();
    let source = match media.source {
        Source::Text(text) => inline("text", "text/plain", text),
        // "%PDF-" in base64.
        Source::Base64(data) if mime == "application/pdf" || data.starts_with("JVBER") => {
            if !reads_pdf {
                return Err("this model does not read PDF");
            }
            inline("base64", "application/pdf", data)
        }
        Source::Base64(data) if is_text(mime) => {
            let bytes = STANDARD.decode(&data).map_err(|_| ONLY)?;
            inline(
                "text",
                "text/plain",
                String::from_utf8(bytes).map_err(|_| ONLY)?,
            )
        }
        Source::Base64(_) => return Err(ONLY),
        other => linked(other)?,
    };
    let mut block = typed("document", "source", source);
    if let Some(name) = media.name {
        block.insert("title".to_owned(), name.into());
    }
    Ok(block)
}

fn is_text(mime: &str) -> bool {
    mime.starts_with("text/") || matches!(mime, "application/json" | "application/xml")
}

fn linked(source: Source) -> Result<Map<String, Value>, &'static str> {
    match source {
        Source::Url(url) => Ok(typed("url", "url", url)),
        Source::FileId(id, Dialect::Anthropic) => Ok(typed("file", "file_id", id)),
        Source::FileId(..) => Err("a file uploaded to another vendor can be read there alone"),
        Source::Base64(_) | Source::Text(_) => Err("an image can't be given as text"),
    }
}

fn inline(name: &str, mime: &str, data: String) -> Map<String, Value> {
    let mut source = typed(name, "media_type", mime);
    source.insert("data".to_owned(), data.into());
    source
}

/// The picture's media type, told by its first bytes where nobody says it.
fn picture(mime: Option<&str>, data: &str) -> Option<&'static str> {
    match mime {
        Some("image/png") => Some("image/png"),
        Some("image/jpeg" | "image/jpg") => Some("image/jpeg"),
        Some("image/gif") => Some("image/gif"),
        Some("image/webp") => Some("image/webp"),
        Some(_) => None,
        None => [
            ("iVBOR", "image/png"),
            ("/9j/", "image/jpeg"),
            ("R0lGOD", "image/gif"),
            ("UklGR", "image/webp"),
        ]
        .into_iter()
        .find(|(first, _)| data.starts_with(first))
        .map(|(_, mime)| mime),
    }
}
