//! Content that the target can't be shown: other issuers' seals, other vendors' parts, media that its
//! model does not take. And what says nothing.

use serde_json::Value;

use crate::Dialect;
use crate::hub::forget::names_a_thought;
use crate::hub::{
    Kind, Media, MediaKind, Message, Notes, Part, Reasoning, Refused, Request, Sealed, Source,
    Target,
};

pub(super) fn fit(
    request: &mut Request,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<(), Refused> {
    for message in &mut request.messages {
        let mut kept = Vec::with_capacity(message.parts.len());
        for mut part in std::mem::take(&mut message.parts) {
            if part
                .sealed
                .as_ref()
                .is_some_and(|sealed| !may_be_shown(sealed, target))
            {
                part.sealed = None;
                notes.dropped("signature", "A signature is shown to its issuer alone.");
            }
            if keep(&mut part, target, notes)? {
                kept.push(part);
            }
        }
        message.parts = kept;
    }
    let says = |message: &Message| !message.parts.is_empty();
    if request.messages.iter().any(says) {
        request.messages.retain(says);
    } else {
        // A conversation is never without a message.
        request
            .messages
            .drain(..request.messages.len().saturating_sub(1));
    }
    Ok(())
}

/// A seal is shown to its issuer, also where Google answers in OpenAI's dialect: that has a place for it.
fn may_be_shown(sealed: &Sealed, target: &Target<'_>) -> bool {
    let through_chat = target.dialect == Dialect::OpenAi
        && sealed.dialect == Dialect::Gemini
        && sealed.issuer.as_deref() == Some(target.provider);
    through_chat || sealed.is_of(target.dialect, target.provider)
}

/// Whether a part stays.
fn keep(part: &mut Part, target: &Target<'_>, notes: &mut Notes) -> Result<bool, Refused> {
    let owner = part.extras.owner;
    match &mut part.kind {
        Kind::Text(text) => Ok(!text.is_empty() || part.sealed.is_some()),
        Kind::Reasoning(thought) => Ok(thought_stays(thought, target, notes)),
        Kind::Media(media) => media_stays(media, target, notes),
        Kind::ToolResult(result) => {
            let mut kept = Vec::with_capacity(result.parts.len());
            for mut inner in std::mem::take(&mut result.parts) {
                if keep(&mut inner, target, notes)? {
                    kept.push(inner);
                }
            }
            result.parts = kept;
            Ok(true)
        }
        Kind::Opaque(value) => {
            if owner == Some(target.dialect) {
                return Ok(true);
            }
            if owner == Some(Dialect::Responses) && names_a_thought(value) {
                notes.dropped("reasoning", "A thought is shown to its issuer alone.");
                return Ok(false);
            }
            if owner == Some(Dialect::Anthropic)
                && let Some(text) = search_result(value)
            {
                *part = Part::text(text);
                notes.degraded(
                    "messages.search_result",
                    "The provider gets it as text, and does not cite it.",
                );
                return Ok(true);
            }
            let kind = value["type"].as_str().unwrap_or("part");
            let kind: String = kind
                .chars()
                .filter(char::is_ascii_graphic)
                .take(48)
                .collect();
            notes.refuse(
                format!("messages.{kind}"),
                "Only its own vendor's service understands it.",
            )?;
            Ok(false)
        }
        Kind::ToolCall(_) | Kind::Refusal(_) => Ok(true),
    }
}

/// What a source that an Anthropic caller found says: its title, where it is from, and its texts.
fn search_result(value: &Value) -> Option<String> {
    if value["type"] != "search_result" {
        return None;
    }
    let mut lines = vec![value["title"].as_str()?, value["source"].as_str()?];
    for block in value["content"].as_array()? {
        lines.push(block["text"].as_str()?);
    }
    Some(lines.join("\n"))
}

/// A thought is shown to its issuer, or as plain text to a provider that wants its thoughts back.
fn thought_stays(thought: &mut Reasoning, target: &Target<'_>, notes: &mut Notes) -> bool {
    let own = thought
        .sealed
        .as_ref()
        .is_some_and(|sealed| sealed.is_of(target.dialect, target.provider));
    if own {
        return true;
    }
    let is_item =
        target.dialect == Dialect::Responses && thought.sealed.is_none() && thought.id.is_some();
    let plain = target.quirks.replays_reasoning && !thought.text.is_empty();
    if thought.sealed.take().is_some() || !(is_item || plain) {
        notes.dropped("reasoning", "A thought is shown to its issuer alone.");
    }
    is_item || plain
}

fn media_stays(media: &Media, target: &Target<'_>, notes: &mut Notes) -> Result<bool, Refused> {
    if let Source::FileId(_, owner) = &media.source
        && *owner != target.dialect
    {
        notes.refuse("file_id", "The file was uploaded to another vendor.")?;
        return Ok(false);
    }
    let traits = target.traits;
    let (known, what, lack) = match media.kind {
        MediaKind::Image => (traits.vision, "image", "The model does not see."),
        MediaKind::Audio => (traits.audio, "audio", "The model does not hear."),
        MediaKind::Document if media.mime.as_deref() == Some("application/pdf") => {
            (traits.pdf, "file", "The model does not read PDF.")
        }
        MediaKind::Document | MediaKind::Video => (None, "", ""),
    };
    if known == Some(false) {
        notes.refuse(what, lack)?;
        return Ok(false);
    }
    Ok(true)
}
