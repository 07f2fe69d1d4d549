//! Media given by a web address, where the provider takes bytes.
//!
//! Promises: says which addresses a target can't be given, or can't be given for sure, and puts the
//! bytes in their place. Leaves out: the fetching (`engine`), which may be switched off.

use super::{Kind, Media, MediaKind, Part, Request, Source, Target};
use crate::Dialect;

/// A web address that a target is better given the bytes of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressed {
    /// As the caller wrote it.
    pub url: String,
    /// What lies there.
    pub kind: MediaKind,
    /// The target takes no address. Otherwise it fetches itself, but not from everywhere.
    pub must: bool,
}

/// What lies at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Its media type.
    pub mime: String,
    /// Standard base64.
    pub base64: String,
}

impl Request {
    /// The addresses that `target` is better given the bytes of, each once for each kind of medium.
    pub fn addressed(&self, target: &Target<'_>) -> Vec<Addressed> {
        let mut found: Vec<Addressed> = Vec::new();
        for message in &self.messages {
            each_media(&message.parts, &mut |media| {
                let Some((url, must)) = wanted(media, target) else {
                    return;
                };
                if !found
                    .iter()
                    .any(|known| (known.url.as_str(), known.kind) == (url, media.kind))
                {
                    found.push(Addressed {
                        url: url.to_owned(),
                        kind: media.kind,
                        must,
                    });
                }
            });
        }
        found
    }

    /// Puts what was fetched in the place of its address, for the same target. Of which kind each was.
    pub fn put_bytes<'a>(
        &mut self,
        target: &Target<'_>,
        fetched: impl Fn(&str, MediaKind) -> Option<&'a Fetched>,
    ) -> Vec<MediaKind> {
        let mut put = Vec::new();
        for message in &mut self.messages {
            each_media_mut(&mut message.parts, &mut |media| {
                let Some(file) =
                    wanted(media, target).and_then(|(url, _)| fetched(url, media.kind))
                else {
                    return;
                };
                media.source = Source::Base64(file.base64.clone());
                media.mime = Some(file.mime.clone());
                put.push(media.kind);
            });
        }
        put
    }
}

/// The address of a medium that `target` is better given the bytes of, and whether it must be.
fn wanted<'a>(media: &'a Media, target: &Target<'_>) -> Option<(&'a str, bool)> {
    let Source::Url(url) = &media.source else {
        return None;
    };
    let traits = target.traits;
    let is_taken = match media.kind {
        MediaKind::Image => traits.vision != Some(false),
        MediaKind::Document => traits.pdf != Some(false),
        MediaKind::Audio | MediaKind::Video => false,
    };
    if !is_taken || !is_web(url) {
        return None;
    }
    let image = media.kind == MediaKind::Image;
    match target.dialect {
        Dialect::Bedrock => Some((url, true)),
        Dialect::Ollama if image => Some((url, true)),
        Dialect::OpenAi if !image => Some((url, true)),
        Dialect::Gemini if !is_googles(url) => Some((url, false)),
        _ => None,
    }
}

fn is_web(url: &str) -> bool {
    let begins = |scheme: &str| {
        url.get(..scheme.len())
            .is_some_and(|b| b.eq_ignore_ascii_case(scheme))
    };
    begins("http://") || begins("https://")
}

/// Google knows its own files and films by their addresses.
fn is_googles(url: &str) -> bool {
    let host = url
        .split_once("://")
        .map_or("", |(_, rest)| rest)
        .split(['/', '?', '#'])
        .next()
        .unwrap_or_default();
    ["googleapis.com", "youtube.com", "youtu.be"]
        .iter()
        .any(|known| {
            host.strip_suffix(known)
                .is_some_and(|before| before.is_empty() || before.ends_with('.'))
        })
}

fn each_media(parts: &[Part], see: &mut impl FnMut(&Media)) {
    for part in parts {
        match &part.kind {
            Kind::Media(media) => see(media),
            Kind::ToolResult(result) => {
                for part in &result.parts {
                    if let Kind::Media(media) = &part.kind {
                        see(media);
                    }
                }
            }
            _ => {}
        }
    }
}

fn each_media_mut(parts: &mut [Part], change: &mut impl FnMut(&mut Media)) {
    for part in parts {
        match &mut part.kind {
            Kind::Media(media) => change(media),
            Kind::ToolResult(result) => {
                for part in &mut result.parts {
                    if let Kind::Media(media) = &mut part.kind {
                        change(media);
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Hosting, Message, Quirks, Role, ToolResult, Traits};
    use super::*;

    fn media(kind: MediaKind, url: &str) -> Part {
        Part::new(Kind::Media(Media {
            kind,
            source: Source::Url(url.to_owned()),
            mime: None,
            name: None,
            detail: None,
        }))
    }

    fn target(dialect: Dialect, quirks: &Quirks) -> Target<'_> {
        Target {
            dialect,
            hosting: Hosting::Own,
            provider: "p",
            model: "m",
            quirks,
            traits: Traits::default(),
            max_output: None,
        }
    }

    #[test]
    fn each_dialect_is_given_bytes_where_it_takes_no_address() {
        use Dialect as D;
        use MediaKind::{Audio, Document, Image};
        let web = "https://example.com/a";
        for (dialect, kind, url, expected) in [
            (D::Ollama, Image, web, Some(true)),
            (D::Ollama, Image, "HTTP://example.com/a", Some(true)),
            (D::Ollama, Image, "data:image/png;base64,", None),
            (D::Ollama, Document, web, None),
            (D::Bedrock, Image, web, Some(true)),
            (D::Bedrock, Document, web, Some(true)),
            (D::Bedrock, Image, "s3://bucket/a", None),
            (D::Bedrock, Audio, web, None),
            (D::OpenAi, Image, web, None),
            (D::OpenAi, Document, web, Some(true)),
            (D::Gemini, Image, web, Some(false)),
            (D::Gemini, Image, "https://storage.googleapis.com/b/a", None),
            (D::Gemini, Image, "https://notyoutube.com/a", Some(false)),
            (D::Gemini, Image, "gs://bucket/a", None),
            (D::Anthropic, Image, web, None),
            (D::Responses, Document, web, None),
            (D::Cohere, Image, web, None),
        ] {
            let quirks = Quirks::default();
            let request = Request {
                messages: vec![Message::new(Role::User, vec![media(kind, url)])],
                ..Request::default()
            };
            let found = request.addressed(&target(dialect, &quirks));
            let found = found.first().map(|one| one.must);
            assert_eq!(found, expected, "{} {kind:?} {url}", dialect.name());
        }
    }

    #[test]
    fn the_bytes_take_the_place_of_their_address_in_results_too() {
        let result = Part::new(Kind::ToolResult(ToolResult {
            call_id: "c".to_owned(),
            name: None,
            parts: vec![media(MediaKind::Image, "https://example.com/b")],
            is_error: false,
            custom: false,
        }));
        let a = || media(MediaKind::Image, "https://example.com/a");
        let mut request = Request {
            messages: vec![
                Message::new(Role::User, vec![a(), a()]),
                Message::new(Role::Tool, vec![result]),
            ],
            ..Request::default()
        };
        let quirks = Quirks::default();
        let target = target(Dialect::Ollama, &quirks);
        assert_eq!(request.addressed(&target).len(), 2);
        let file = Fetched {
            mime: "image/png".to_owned(),
            base64: "AAAA".to_owned(),
        };
        let put = request.put_bytes(&target, |url, _| url.ends_with('a').then_some(&file));
        assert_eq!(put, [MediaKind::Image; 2]);
        let left = request.addressed(&target);
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].url, "https://example.com/b");
    }

    #[test]
    fn the_same_address_as_a_picture_and_as_a_document_is_two_wishes() {
        let web = "https://example.com/a";
        let parts = vec![
            media(MediaKind::Image, web),
            media(MediaKind::Document, web),
            media(MediaKind::Image, web),
        ];
        let request = Request {
            messages: vec![Message::new(Role::User, parts)],
            ..Request::default()
        };
        let found = request.addressed(&target(Dialect::Bedrock, &Quirks::default()));
        let kinds: Vec<_> = found.iter().map(|one| one.kind).collect();
        assert_eq!(kinds, [MediaKind::Image, MediaKind::Document]);
    }

    #[test]
    fn a_model_that_does_not_see_is_not_fetched_for() {
        let quirks = Quirks::default();
        let blind = Target {
            traits: Traits {
                vision: Some(false),
                ..Traits::default()
            },
            ..target(Dialect::Ollama, &quirks)
        };
        let request = Request {
            messages: vec![Message::new(
                Role::User,
                vec![media(MediaKind::Image, "https://example.com/a")],
            )],
            ..Request::default()
        };
        assert_eq!(request.addressed(&blind), []);
    }
}
