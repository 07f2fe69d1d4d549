//! Hints for a provider's prompt cache, where the caller gave none: the next turn of the conversation then finds
//! its beginning there, at a tenth of the price as a rule.
//!
//! Promises: a caller's own mark or key is left alone, and then nothing is added of its kind; four marks at most;
//! none on what vendors refuse them on (a thought, an empty text); nothing at all for a prompt that is too short to
//! be kept. What the model reads is not changed by any of it.
//! Leaves out: whether hints are wanted (the alias's policy), and how they are written (each dialect's own writer).

use bytes::Bytes;
use serde_json::Value;

use crate::hub::{
    CacheMark, Hosting, Kind, Lifetime, Message, Part, Request, Role, Target, Tool, ToolKind,
};
use crate::{Dialect, bedrock};

/// The shortest prompt that is kept where nobody says the model's own, in tokens. A mark on a shorter one costs
/// nothing and does nothing.
const SHORTEST: u64 = 1_024;

/// Turns whose ends are marked. Vendors look back twenty blocks from a mark: a turn with more calls than that is
/// still found by the mark at the end of the one before it, where the last request ended.
const TURNS: usize = 2;

const MARK: CacheMark = CacheMark {
    lifetime: Lifetime::Short,
};

/// The mark that moves with the conversation, as Messages takes it at a request's top level.
const MOVING: &[u8] = br#""cache_control":{"type":"ephemeral"},"#;

/// Adds what makes the target's cache keep the beginning of a request that is about to be written for it; says
/// whether anything was added. `prompt_tokens` is our count of the whole prompt.
pub fn hint(request: &mut Request, target: &Target<'_>, prompt_tokens: u64) -> bool {
    if !is_kept(target, prompt_tokens) {
        return false;
    }
    let refuses = |field: &str| target.quirks.refuses.iter().any(|one| one == field);
    match target.dialect {
        Dialect::Anthropic if !refuses("cache_control") => mark(request, true),
        Dialect::Bedrock => {
            bedrock::takes_marks(target.model).is_some_and(|on_tools| mark(request, on_tools))
        }
        Dialect::OpenAi | Dialect::Responses
            // Azure's older paths have versions that do not know the field.
            if target.quirks.cache_hints
                && target.hosting == Hosting::Own
                && !refuses("prompt_cache_key") =>
        {
            name(request)
        }
        _ => false,
    }
}

/// A request of Messages as its caller wrote it, with the one field that has the vendor move a mark along with the
/// conversation, and not a byte changed besides; `None` where the caller marks anything itself, or the prompt is too
/// short to be kept.
pub fn hinted_verbatim(body: &Bytes, target: &Target<'_>, prompt_tokens: u64) -> Option<Bytes> {
    let takes = target.dialect == Dialect::Anthropic
        && target.hosting == Hosting::Own
        && target.quirks.cache_hints;
    if !takes
        || !is_kept(target, prompt_tokens)
        || memchr::memmem::find(body, b"\"cache_control\"").is_some()
    {
        return None;
    }
    // It has a model at least, so that something follows the comma.
    let behind = body.iter().position(|byte| *byte == b'{')? + 1;
    let (before, rest) = body.split_at(behind);
    Some([before, MOVING, rest].concat().into())
}

/// Whether a prompt is long enough for its provider's cache.
fn is_kept(target: &Target<'_>, prompt_tokens: u64) -> bool {
    prompt_tokens >= target.traits.cache_from.map_or(SHORTEST, u64::from)
}

/// Marks the ends of the tools, of the system text and of the last turns.
fn mark(request: &mut Request, on_tools: bool) -> bool {
    if is_marked(request) {
        return false;
    }
    let tool = request.tools.last_mut();
    let tool = tool.filter(|tool| on_tools && takes_mark(tool));
    let mut marked = tool.map(|tool| tool.cache = Some(MARK)).is_some();

    let messages = &mut request.messages;
    let front = messages.iter().take_while(|one| is_system(one)).count();
    let (system, mut left) = messages.split_at_mut(front);
    marked |= mark_last(system);
    for _ in 0..TURNS {
        let Some(end) = left.iter().rposition(is_callers) else {
            break;
        };
        let models = |message: &Message| message.role == Role::Assistant;
        let begin = left[..end].iter().rposition(models).map_or(0, |at| at + 1);
        let (before, turn) = left.split_at_mut(begin);
        marked |= mark_last(&mut turn[..=end - begin]);
        left = before;
    }
    marked
}

/// Puts a mark behind the last part that can have one.
fn mark_last(messages: &mut [Message]) -> bool {
    let parts = messages.iter_mut().flat_map(|message| &mut message.parts);
    let last = parts.rev().find(|part| says_something(part));
    last.map(|part| part.cache = Some(MARK)).is_some()
}

/// Whether the caller set a mark, wherever it stands.
fn is_marked(request: &Request) -> bool {
    let on_part = |part: &Part| match &part.kind {
        Kind::ToolResult(result) => {
            part.cache.is_some() || result.parts.iter().any(|part| part.cache.is_some())
        }
        _ => part.cache.is_some(),
    };
    let mut parts = request.messages.iter().flat_map(|message| &message.parts);
    request.tools.iter().any(|tool| tool.cache.is_some()) || parts.any(on_part)
}

/// Names the conversation by what all of its turns begin with.
fn name(request: &mut Request) -> bool {
    // What goes on from a kept response is steered by that.
    if request.cache_key.is_some() || request.previous.is_some() {
        return false;
    }
    let users = |message: &Message| message.role == Role::User;
    let Some(first) = request.messages.iter().position(users) else {
        return false;
    };
    let digest = request.beginning(first + 1);
    let hex = digest.iter().take(16).map(|byte| format!("{byte:02x}"));
    request.cache_key = Some(hex.collect());
    true
}

fn is_system(message: &Message) -> bool {
    matches!(message.role, Role::System | Role::Developer)
}

/// What is said to the model. A beginning of an answer is its own, and the next request has it whole.
fn is_callers(message: &Message) -> bool {
    matches!(message.role, Role::User | Role::Tool)
}

fn says_something(part: &Part) -> bool {
    match &part.kind {
        Kind::Text(text) => !text.trim().is_empty(),
        Kind::Media(_) => true,
        Kind::ToolResult(result) => result.parts.iter().any(says_something),
        Kind::ToolCall(_) | Kind::Reasoning(_) | Kind::Refusal(_) | Kind::Opaque(_) => false,
    }
}

/// One that is loaded later is no part of the beginning; what a provider runs itself is written by rules of its own.
fn takes_mark(tool: &Tool) -> bool {
    let later = tool.extras.fields.get("defer_loading") == Some(&Value::Bool(true));
    !later && !matches!(tool.kind, ToolKind::Hosted { .. })
}

#[cfg(test)]
mod tests;
