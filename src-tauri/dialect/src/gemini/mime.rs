//! Media types: what kind a type is of, and what type an address or bytes look like.

use crate::hub::MediaKind;

/// The kind a media type belongs to.
pub(super) fn kind(mime: &str) -> MediaKind {
    match mime.split('/').next() {
        Some("image") => MediaKind::Image,
        Some("audio") => MediaKind::Audio,
        Some("video") => MediaKind::Video,
        _ => MediaKind::Document,
    }
}

/// The type that an address's ending stands for.
pub(super) fn of_address(address: &str) -> Option<&'static str> {
    const ENDINGS: &[(&str, &str)] = &[
        ("png", "image/png"),
        ("jpg", "image/jpeg"),
        ("jpeg", "image/jpeg"),
        ("webp", "image/webp"),
        ("gif", "image/gif"),
        ("heic", "image/heic"),
        ("heif", "image/heif"),
        ("pdf", "application/pdf"),
        ("txt", "text/plain"),
        ("md", "text/markdown"),
        ("html", "text/html"),
        ("csv", "text/csv"),
        ("json", "application/json"),
        ("xml", "text/xml"),
        ("mp3", "audio/mp3"),
        ("wav", "audio/wav"),
        ("flac", "audio/flac"),
        ("ogg", "audio/ogg"),
        ("aac", "audio/aac"),
        ("m4a", "audio/m4a"),
        ("mp4", "video/mp4"),
        ("mov", "video/mov"),
        ("webm", "video/webm"),
        ("mpeg", "video/mpeg"),
    ];
    let path = address.split(['?', '#']).next()?;
    let (_, ending) = path.rsplit('/').next()?.rsplit_once('.')?;
    ENDINGS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(ending))
        .map(|(_, mime)| *mime)
}

/// The type that base64 bytes begin like, or the commonest of their kind.
pub(super) fn of_base64(kind: MediaKind, base64: &str) -> &'static str {
    const BEGINNINGS: &[(&str, &str)] = &[
        ("iVBOR", "image/png"),
        ("/9j/", "image/jpeg"),
        ("R0lG", "image/gif"),
        ("UklGR", "image/webp"),
        ("JVBERi", "application/pdf"),
        ("SUQz", "audio/mp3"),
        ("ZkxhQ", "audio/flac"),
        ("T2dnUw", "audio/ogg"),
    ];
    // RIFF holds pictures and sound alike.
    let fits = |mime: &&(&str, &str)| base64.starts_with(mime.0) && self::kind(mime.1) == kind;
    let like = BEGINNINGS.iter().find(fits).map(|(_, mime)| *mime);
    like.unwrap_or(match kind {
        MediaKind::Image => "image/png",
        MediaKind::Audio => "audio/wav",
        MediaKind::Video => "video/mp4",
        MediaKind::Document => "application/pdf",
    })
}
