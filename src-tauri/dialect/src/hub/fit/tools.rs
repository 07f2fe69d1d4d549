//! Tools that only some dialects know.

use serde_json::{Value, json};

use crate::Dialect;
use crate::hub::{Back, Choice, Kind, Notes, Refused, Request, Target, Tool, ToolKind};

/// Tools run by a provider stay with it. Beside functions they are left out, because tools offer them
/// to everybody; alone or forced, the request is not this target's to answer.
pub(super) fn hosted(
    request: &mut Request,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<(), Refused> {
    let foreign = |tool: &Tool| {
        matches!(tool.kind, ToolKind::Hosted { .. })
            && tool
                .extras
                .owner
                .is_none_or(|owner| owner != target.dialect)
    };
    if !request.tools.iter().any(foreign) {
        return Ok(());
    }
    let (foreign, own): (Vec<Tool>, Vec<Tool>) = std::mem::take(&mut request.tools)
        .into_iter()
        .partition(foreign);
    let forced =
        |tool: &Tool| matches!(&request.choice, Some(Choice::Tool(name)) if name == tool.name());
    for tool in &foreign {
        let what = format!("tools.{}", tool.name());
        if own.is_empty() || forced(tool) {
            notes.refuse(what, "It is run by another vendor's service.")?;
        } else {
            notes.dropped(
                what,
                "It is run by another vendor's service; the functions beside it stay.",
            );
        }
    }
    let gone = matches!(&request.choice, Some(Choice::Tool(name)) if foreign.iter().any(|tool| tool.name() == name));
    if gone || own.is_empty() {
        request.choice = None;
    }
    request.tools = own;
    Ok(())
}

/// Tools that take free text become functions with one string, where they are not known.
pub(super) fn custom(
    request: &mut Request,
    target: &Target<'_>,
    notes: &mut Notes,
    back: &mut Back,
) {
    if matches!(target.dialect, Dialect::OpenAi | Dialect::Responses) {
        return;
    }
    for tool in &mut request.tools {
        let ToolKind::Custom {
            name,
            description,
            format,
        } = &mut tool.kind
        else {
            continue;
        };
        if format.take().is_some_and(|format| format["type"] != "text") {
            notes.degraded(
                "tools.format",
                "The provider does not hold a tool's text to a grammar.",
            );
        }
        notes.equivalent(
            "tools.custom",
            "A tool that takes free text became a function with one string.",
        );
        back.custom.insert(name.clone());
        tool.kind = ToolKind::Function {
            name: std::mem::take(name),
            namespace: None,
            description: description.take(),
            schema: Some(schema()),
            strict: None,
        };
    }
    for part in request
        .messages
        .iter_mut()
        .flat_map(|message| &mut message.parts)
    {
        match &mut part.kind {
            Kind::ToolCall(call) if call.custom => {
                call.custom = false;
                call.arguments = json!({ "input": call.arguments }).to_string();
            }
            Kind::ToolResult(result) => result.custom = false,
            _ => {}
        }
    }
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {"input": {"type": "string", "description": "The tool's input, as free text."}},
        "required": ["input"],
        "additionalProperties": false,
    })
}
