//! Marks of cached prefixes for models that take them on parts of content, under OpenAI's name.
//!
//! Promises: a mark keeps its place and its life (five minutes become thirty, an hour twelve); one on a tool's result
//! moves to the last part inside. Leaves out marks on tools and on the model's own words, where OpenAI has no place
//! for them: the writers note those.

use serde_json::{Value, json};

use super::super::{Hosting, Kind, Lifetime, Part, Request, Role, Target};
use crate::Dialect;

const BREAKPOINT: &str = "prompt_cache_breakpoint";

pub(super) fn fit(request: &mut Request, target: &Target<'_>) {
    let speaks = matches!(target.dialect, Dialect::OpenAi | Dialect::Responses);
    // Azure's older paths have versions that do not know the field.
    let knows = target.hosting == Hosting::Own && target.traits.cache_marks == Some(true);
    if !speaks || !knows {
        return;
    }
    let messages = request.messages.iter_mut();
    for message in messages.filter(|message| message.role != Role::Assistant) {
        for part in &mut message.parts {
            match &mut part.kind {
                Kind::ToolResult(result) => {
                    if let (Some(mark), Some(last)) = (part.cache, result.parts.last_mut()) {
                        last.cache = last.cache.or(Some(mark));
                        part.cache = None;
                    }
                    result
                        .parts
                        .iter_mut()
                        .for_each(|part| rename(part, target));
                }
                Kind::Text(text) if text.is_empty() => {}
                Kind::Text(_) | Kind::Media(_) => rename(part, target),
                Kind::ToolCall(_) | Kind::Reasoning(_) | Kind::Refusal(_) | Kind::Opaque(_) => {}
            }
        }
    }
}

/// Writes the part's mark as a field of its own dialect. A part with fields of another's keeps it for its writer.
fn rename(part: &mut Part, target: &Target<'_>) {
    let Some(mark) = part.cache else { return };
    let own = part.extras.owner == Some(target.dialect);
    if own && part.extras.fields.contains_key(BREAKPOINT) {
        return;
    }
    // The other OpenAI dialect's own word for it.
    if !own {
        part.extras.fields.shift_remove(BREAKPOINT);
    }
    if !own && !part.extras.fields.is_empty() {
        return;
    }
    let written: Value = match mark.lifetime {
        Lifetime::Short => json!({"mode": "explicit"}),
        Lifetime::Long => json!({"mode": "explicit", "ttl": "12h"}),
    };
    part.extras.owner = Some(target.dialect);
    part.extras.fields.insert(BREAKPOINT.to_owned(), written);
    part.cache = None;
}
