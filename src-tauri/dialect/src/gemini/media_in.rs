//! Pictures, sound, films and files, read.
//!
//! Promises: bytes in the standard alphabet of base64; files of Google's own are told from
//! addresses that anybody can fetch.

use serde_json::Value;

use super::fields::{Object, take_as, take_object, take_text};
use super::{mime, seals};
use crate::Dialect;
use crate::hub::{Media, MediaKind, Source};

/// Reads inline bytes or a file's address. What is not whole stays in the part.
pub(super) fn media(part: &mut Object, field: &str) -> Option<Media> {
    let inline = field == "inlineData";
    let mut data = take_object(part, field)?;
    let Some(source) = take_text(&mut data, if inline { "data" } else { "fileUri" }) else {
        part.insert(field.to_owned(), Value::Object(data));
        return None;
    };
    let mime = take_text(&mut data, "mimeType").filter(|mime| !mime.is_empty());
    let guessed = || mime::of_address(&source).map(str::to_owned);
    let mime = mime.or_else(|| if inline { None } else { guessed() });
    let name = take_as(&mut data, "displayName", |name| {
        name.as_str().map(str::to_owned)
    });
    if let Some(name) = &name {
        // Only some of Google's doors take it: it goes back to where it came from.
        data.insert("displayName".to_owned(), Value::String(name.clone()));
    }
    let kind = match &mime {
        Some(mime) => mime::kind(mime),
        None if is_film(&source) => MediaKind::Video,
        None => MediaKind::Document,
    };
    keep_rest(part, field, data);
    Some(Media {
        kind,
        source: if inline {
            Source::Base64(seals::standard_base64(&source))
        } else if is_googles(&source) {
            Source::FileId(source, Dialect::Gemini)
        } else {
            Source::Url(source)
        },
        mime,
        name,
        detail: None,
    })
}

/// Whether an address is a file of Google's own, which nobody else can read.
fn is_googles(address: &str) -> bool {
    address.starts_with("gs://")
        || !address.contains("://")
        || address
            .split_once("://")
            .is_some_and(|(_, rest)| rest.starts_with("generativelanguage.googleapis.com/"))
}

fn is_film(address: &str) -> bool {
    [
        "https://www.youtube.com/",
        "https://youtube.com/",
        "https://youtu.be/",
    ]
    .iter()
    .any(|site| address.starts_with(site))
}

/// Leaves what has no name of an inner object in its place, so that it can be put back there.
pub(super) fn keep_rest(part: &mut Object, field: &str, rest: Object) {
    if !rest.is_empty() {
        part.insert(field.to_owned(), Value::Object(rest));
    }
}
