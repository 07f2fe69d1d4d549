//! Images, documents, films and sounds as Converse takes them: bytes, or a place in S3.
//!
//! Promises: a document's name has only the characters Amazon allows and is unique in its
//! request. Leaves out: fetching; what lies at a web address is refused.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::Dialect;
use crate::hub::{Extras, Media, MediaKind, Notes, Refused, Source};
use crate::json::object;

/// The longest name of a document.
const LONGEST_NAME: usize = 200;

/// The names that documents have taken so far.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: BTreeSet<String>,
    /// The number to try next behind a name that is taken.
    next: BTreeMap<String, u64>,
}

/// The block of a medium; `None` when the caller accepts that it is left out.
pub(super) fn block(
    media: Media,
    extras: Extras,
    names: &mut Names,
    hears: bool,
    notes: &mut Notes,
) -> Result<Option<Value>, Refused> {
    let (word, formats) = match media.kind {
        MediaKind::Image => ("image", IMAGES),
        MediaKind::Document => ("document", DOCUMENTS),
        MediaKind::Video => ("video", VIDEOS),
        MediaKind::Audio => ("audio", SOUNDS),
    };
    let what = format!("messages.{word}");
    if media.kind == MediaKind::Audio && !hears {
        notes.refuse(what, "This model is not known to hear.")?;
        return Ok(None);
    }
    let Some(format) = format_of(&media, formats) else {
        notes.refuse(what, "Bedrock Converse does not take this media type.")?;
        return Ok(None);
    };
    let source = match media.source {
        Source::Base64(bytes) => object([("bytes", bytes.into())]),
        Source::Text(text) => object([("bytes", STANDARD.encode(text).into())]),
        Source::Url(url) if url.starts_with("s3://") => json!({"s3Location": {"uri": url}}),
        Source::Url(_) => {
            notes.refuse(
                what,
                "Bedrock Converse takes media as bytes, not from a web address.",
            )?;
            return Ok(None);
        }
        Source::FileId(..) => {
            notes.refuse(
                what,
                "The file was uploaded elsewhere and is not known to Bedrock.",
            )?;
            return Ok(None);
        }
    };
    if media.detail.is_some_and(|detail| detail != "auto") {
        notes.dropped(
            format!("{what}.detail"),
            "Bedrock Converse looks at media in one way only.",
        );
    }
    let mut block = Map::new();
    block.insert("format".to_owned(), format.into());
    if media.kind == MediaKind::Document {
        block.insert("name".to_owned(), names.take(media.name.as_deref()).into());
    }
    block.insert("source".to_owned(), source);
    add_extras(&mut block, media.kind, extras, notes);
    Ok(Some(object([(word, Value::Object(block))])))
}

/// Anthropic's `context` and `citations` of a document are Converse's too.
fn add_extras(block: &mut Map<String, Value>, kind: MediaKind, extras: Extras, notes: &mut Notes) {
    let is_shared = kind == MediaKind::Document && extras.owner == Some(Dialect::Anthropic);
    for (key, value) in extras.fields {
        let fits = match key.as_str() {
            "context" => value.is_string(),
            "citations" => value.get("enabled").is_some_and(Value::is_boolean),
            _ => false,
        };
        if is_shared && fits {
            block.insert(key, value);
        } else {
            super::request_out::dropped(&format!("messages.{key}"), notes);
        }
    }
}

/// Media types and file endings, and Converse's word.
type Formats = &'static [(&'static str, &'static str, &'static str)];

const IMAGES: Formats = &[
    ("image/png", "png", "png"),
    ("image/jpeg", "jpeg", "jpeg"),
    ("image/jpg", "jpg", "jpeg"),
    ("image/gif", "gif", "gif"),
    ("image/webp", "webp", "webp"),
];

const DOCUMENTS: Formats = &[
    ("application/pdf", "pdf", "pdf"),
    ("text/csv", "csv", "csv"),
    ("application/msword", "doc", "doc"),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "docx",
        "docx",
    ),
    ("application/vnd.ms-excel", "xls", "xls"),
    (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "xlsx",
        "xlsx",
    ),
    ("text/html", "html", "html"),
    ("text/markdown", "md", "md"),
    ("text/plain", "txt", "txt"),
];

const VIDEOS: Formats = &[
    ("video/mp4", "mp4", "mp4"),
    ("video/webm", "webm", "webm"),
    ("video/quicktime", "mov", "mov"),
    ("video/x-matroska", "mkv", "mkv"),
    ("video/mpeg", "mpeg", "mpeg"),
    ("video/mpg", "mpg", "mpg"),
    ("video/x-flv", "flv", "flv"),
    ("video/x-ms-wmv", "wmv", "wmv"),
    ("video/3gpp", "3gp", "three_gp"),
];

const SOUNDS: Formats = &[
    ("audio/wav", "wav", "wav"),
    ("audio/x-wav", "wav", "wav"),
    ("audio/mp3", "mp3", "mp3"),
    ("audio/mpeg", "mp3", "mp3"),
    ("audio/aac", "aac", "aac"),
    ("audio/flac", "flac", "flac"),
    ("audio/ogg", "ogg", "ogg"),
    ("audio/opus", "opus", "opus"),
    ("audio/mp4", "m4a", "m4a"),
    ("audio/webm", "webm", "webm"),
];

/// How base64 of an image begins.
const BEGINNINGS: &[(&str, &str)] = &[
    ("iVBORw0KGgo", "png"),
    ("/9j/", "jpeg"),
    ("R0lGOD", "gif"),
    ("UklGR", "webp"),
    ("JVBERi0", "pdf"),
];

fn format_of(media: &Media, formats: Formats) -> Option<&'static str> {
    let mime = media.mime.as_deref().and_then(|mime| {
        let mime = mime.split(';').next().unwrap_or_default().trim();
        formats
            .iter()
            .find(|(known, ..)| known.eq_ignore_ascii_case(mime))
    });
    let ending = || {
        let name = match &media.source {
            Source::Url(url) => Some(url.as_str()),
            _ => media.name.as_deref(),
        };
        let (_, ending) = name?.rsplit_once('.')?;
        formats
            .iter()
            .find(|(_, known, _)| known.eq_ignore_ascii_case(ending))
    };
    if let Some((.., format)) = mime.or_else(ending) {
        return Some(format);
    }
    match &media.source {
        Source::Base64(bytes) => BEGINNINGS
            .iter()
            .find(|(beginning, _)| bytes.starts_with(beginning))
            .map(|(_, format)| *format)
            .filter(|format| formats.iter().any(|known| known.2 == *format)),
        Source::Text(_) if media.kind == MediaKind::Document => Some("txt"),
        _ => None,
    }
}

impl Names {
    /// A legal name near the one that was given, taken by no other document.
    fn take(&mut self, given: Option<&str>) -> String {
        let given = given.unwrap_or_default();
        let stem = match given.rsplit_once('.') {
            Some((stem, ending)) if DOCUMENTS.iter().any(|known| known.1 == ending) => stem,
            _ => given,
        };
        let mut name = String::new();
        for c in stem.chars() {
            // Room for a number behind it.
            if name.len() >= LONGEST_NAME - 12 {
                break;
            }
            match c {
                'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '(' | ')' | '[' | ']' => name.push(c),
                c if c.is_whitespace() => {
                    if !name.ends_with(' ') {
                        name.push(' ');
                    }
                }
                _ => name.push('-'),
            }
        }
        let name = name.trim();
        let base = if name.is_empty() { "document" } else { name };
        let mut unique = base.to_owned();
        while !self.taken.insert(unique.clone()) {
            let number = self.next.entry(base.to_owned()).or_insert(2);
            unique = format!("{base}-{number}");
            *number += 1;
        }
        unique
    }
}
