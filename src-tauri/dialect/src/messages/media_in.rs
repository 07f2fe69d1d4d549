//! Images and documents of a request.
//!
//! Promises: only a source that is understood whole is taken out; any other leaves the block as
//! it is, to travel opaque.

use serde_json::{Map, Value};

use crate::Dialect;
use crate::hub::{Media, MediaKind, Source};

/// Takes an image's or a document's source (and title) out of its block.
pub(super) fn media(block: &mut Map<String, Value>) -> Option<Media> {
    let kind = match block.get("type")?.as_str()? {
        "image" => MediaKind::Image,
        _ => MediaKind::Document,
    };
    let title_is_odd = !matches!(
        block.get("title"),
        None | Some(Value::Null | Value::String(_))
    );
    if kind == MediaKind::Document && title_is_odd {
        return None;
    }
    let (source, mime) = match block.get_mut("source")?.as_object_mut() {
        Some(source) => self::source(source, kind)?,
        None => return None,
    };
    // A list of texts is read as their text, and returns as it was written.
    if block["source"]["type"] != "content" {
        block.shift_remove("source");
    }
    let name = match kind {
        MediaKind::Document => match block.shift_remove("title") {
            Some(Value::String(title)) => Some(title),
            _ => None,
        },
        _ => None,
    };
    Some(Media {
        kind,
        source,
        mime,
        name,
        detail: None,
    })
}

fn source(source: &mut Map<String, Value>, kind: MediaKind) -> Option<(Source, Option<String>)> {
    let name = source.get("type")?.as_str()?.to_owned();
    let has_only = |keys: &[&str]| {
        source.len() == keys.len() + 1
            && keys
                .iter()
                .all(|key| source.get(*key).is_some_and(Value::is_string))
    };
    match (name.as_str(), kind) {
        ("base64", _) if has_only(&["media_type", "data"]) => Some((
            Source::Base64(taken(source, "data")),
            Some(taken(source, "media_type")),
        )),
        ("url", _) if has_only(&["url"]) => Some((Source::Url(taken(source, "url")), None)),
        ("file", _) if has_only(&["file_id"]) => Some((
            Source::FileId(taken(source, "file_id"), Dialect::Anthropic),
            None,
        )),
        ("text", MediaKind::Document)
            if has_only(&["media_type", "data"]) && source["media_type"] == "text/plain" =>
        {
            Some((
                Source::Text(taken(source, "data")),
                Some(taken(source, "media_type")),
            ))
        }
        ("content", MediaKind::Document) if source.len() == 2 => {
            let text = match source.get("content")? {
                Value::String(text) => text.clone(),
                Value::Array(blocks) => {
                    let texts = blocks.iter().map(|block| {
                        let is_text = block["type"] == "text";
                        is_text.then(|| block["text"].as_str()).flatten()
                    });
                    texts.collect::<Option<Vec<_>>>()?.join("\n")
                }
                _ => return None,
            };
            Some((Source::Text(text), Some("text/plain".to_owned())))
        }
        _ => None,
    }
}

fn taken(source: &mut Map<String, Value>, key: &str) -> String {
    match source.get_mut(key).map(Value::take) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    }
}
