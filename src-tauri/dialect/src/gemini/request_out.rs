//! The hub's request, written for Google.
//!
//! Leaves out: model and stream, which stand in the path.

use serde_json::{Value, json};

use super::fields::{Object, give_back};
use super::model::is_third;
use super::{config_out, contents_out, tools_out};
use crate::hub::{Format, Notes, Refused, Request, Target, ToolKind};

/// Writes `request` for `target`.
pub(super) fn request(
    mut request: Request,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Object, Refused> {
    unsaid(&request, notes)?;
    let functions = request
        .tools
        .iter()
        .any(|tool| matches!(tool.kind, ToolKind::Function { .. }));
    if functions && request.format != Format::Text && is_old(target.model) {
        let why = "this model can't be held to JSON while it has tools";
        notes.refuse("response_format", why)?;
        request.format = Format::Text;
    }
    let mut body = Object::new();
    let config = config_out::config(&mut request, target, notes)?;
    let written = contents_out::conversation(request.messages, target, notes)?;
    body.insert("contents".to_owned(), Value::Array(written.contents));
    if let Some(system) = written.system {
        body.insert("systemInstruction".to_owned(), system);
    }
    let tools = tools_out::tools(request.tools, target, notes)?;
    if !tools.is_empty() {
        body.insert("tools".to_owned(), Value::Array(tools));
    }
    if let Some(choice) = request.choice.filter(|_| functions) {
        let choice = tools_out::choice(choice);
        body.insert(
            "toolConfig".to_owned(),
            json!({ "functionCallingConfig": choice }),
        );
    }
    if !config.is_empty() {
        body.insert("generationConfig".to_owned(), Value::Object(config));
    }
    if let Some(tier) = request.tier.and_then(|tier| config_out::tier(&tier, notes)) {
        body.insert("serviceTier".to_owned(), tier);
    }
    give_back(&mut body, request.extras, "", notes);
    refused_fields(&mut body, target, notes);
    Ok(body)
}

/// Models of the second generation and before.
fn is_old(model: &str) -> bool {
    super::model::Generation::of(model).is_some() && !is_third(model)
}

/// What Gemini has no word for.
fn unsaid(request: &Request, notes: &mut Notes) -> Result<(), Refused> {
    if request.previous.is_some() {
        let why = "Gemini keeps no replies to go on from";
        notes.refuse("previous_response_id", why)?;
    }
    if request.parallel == Some(false) {
        notes.dropped(
            "parallel_tool_calls",
            "Gemini may call several tools at once.",
        );
    }
    if request.verbosity.is_some() {
        notes.dropped("verbosity", "Gemini has no such setting.");
    }
    if request.end_user.is_some() {
        notes.dropped("user", "Gemini takes no id of an end user.");
    }
    if !request.metadata.is_empty() {
        notes.dropped("metadata", "Gemini keeps no metadata with a request.");
    }
    if request.cache_key.is_some() {
        notes.dropped("prompt_cache_key", "Gemini's prompt cache takes no key.");
    }
    if request.store == Some(true) {
        notes.dropped("store", "Gemini keeps no replies.");
    }
    Ok(())
}

/// Leaves out what this provider answers with an error.
fn refused_fields(body: &mut Object, target: &Target<'_>, notes: &mut Notes) {
    for field in &target.quirks.refuses {
        let config = body
            .get_mut("generationConfig")
            .and_then(Value::as_object_mut);
        let nested = config.and_then(|config| config.shift_remove(field));
        if body.shift_remove(field).or(nested).is_some() {
            notes.dropped(field.as_str(), "The provider does not take it.");
        }
    }
}
