//! Tools and the choice among them.
//!
//! Promises: a history with calls always has a `toolConfig`, which Amazon demands; a choice the
//! model does not take becomes `auto`, with a note.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::cache_out::Marks;
use super::request_out::dropped_all;
use crate::hub::{Choice, Kind, Message, Notes, Refused, Target, Tool, ToolKind};
use crate::json::object;

/// `toolConfig`, or `None` without tools.
pub(super) fn config(
    tools: Vec<Tool>,
    choice: Option<Choice>,
    history: &[Message],
    marks: &mut Marks,
    target: &Target<'_>,
    thinks: bool,
    notes: &mut Notes,
) -> Result<Option<Value>, Refused> {
    let called = called(history);
    if choice == Some(Choice::None) && called.is_empty() {
        // The marks of the tools are asked for all the same: they come in a row.
        for tool in &tools {
            marks.block(tool.cache);
        }
        return Ok(None);
    }
    let mut written = Vec::with_capacity(tools.len());
    for tool in tools {
        let mark = marks.block(tool.cache);
        if allowed(tool.name(), choice.as_ref())
            && let Some(tool) = one(tool, target, notes)?
        {
            written.push(tool);
            written.extend(mark);
        }
    }
    if written.is_empty() {
        if called.is_empty() {
            return Ok(None);
        }
        notes.degraded(
            "tools",
            "The history holds calls, so Amazon wants their tools: they are declared by name.",
        );
        written.extend(called.into_iter().map(by_name));
    }
    let mut config = object([("tools", written.into())]);
    if let Some(choice) = choice_word(choice, target, thinks, notes) {
        config["toolChoice"] = choice;
    }
    Ok(Some(config))
}

/// Names of the tools that were called in the history, in order.
fn called(history: &[Message]) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    let mut names = Vec::new();
    for part in history.iter().flat_map(|message| &message.parts) {
        let name = match &part.kind {
            Kind::ToolCall(call) => call.name.as_str(),
            Kind::ToolResult(result) => result.name.as_deref().unwrap_or("tool"),
            _ => continue,
        };
        if seen.insert(name) {
            names.push(name);
        }
    }
    names
}

fn by_name(name: &str) -> Value {
    json!({"toolSpec": {"name": name, "inputSchema": {"json": {"type": "object"}}}})
}

fn allowed(name: &str, choice: Option<&Choice>) -> bool {
    match choice {
        Some(Choice::Among { names, .. }) => names.iter().any(|known| known == name),
        _ => true,
    }
}

fn one(tool: Tool, target: &Target<'_>, notes: &mut Notes) -> Result<Option<Value>, Refused> {
    dropped_all("tools", &tool.extras.fields, notes);
    let (name, description, schema, strict) = match tool.kind {
        ToolKind::Function {
            name,
            description,
            schema,
            strict,
            ..
        } => (name, description, schema, strict),
        ToolKind::Custom { .. } => {
            notes.refuse("tools.custom", "Bedrock Converse has no free-text tools.")?;
            return Ok(None);
        }
        ToolKind::Hosted { name, .. } => {
            notes.refuse(
                format!("tools.{name}"),
                "Amazon does not run this tool of another provider.",
            )?;
            return Ok(None);
        }
    };
    let mut spec = Map::new();
    spec.insert("name".to_owned(), name.into());
    if let Some(description) = description.filter(|text| !text.is_empty()) {
        spec.insert("description".to_owned(), description.into());
    }
    let schema = schema
        .filter(Value::is_object)
        .unwrap_or_else(|| json!({"type": "object", "properties": {}}));
    spec.insert("inputSchema".to_owned(), object([("json", schema)]));
    if strict == Some(true) {
        if target.traits.json_schema == Some(false) {
            notes.degraded(
                "tools.strict",
                "The model does not hold itself to a schema.",
            );
        } else {
            spec.insert("strict".to_owned(), true.into());
        }
    }
    Ok(Some(object([("toolSpec", Value::Object(spec))])))
}

fn choice_word(
    choice: Option<Choice>,
    target: &Target<'_>,
    thinks: bool,
    notes: &mut Notes,
) -> Option<Value> {
    // `auto` is what goes without saying, and some models take no choice at all.
    let forced = match choice? {
        Choice::Auto => return None,
        Choice::None => {
            notes.degraded(
                "tool_choice",
                "The history holds calls, so the tools stay declared and may be called.",
            );
            return None;
        }
        Choice::Among {
            required: false, ..
        } => return None,
        Choice::Any => json!({"any": {}}),
        Choice::Among { names, .. } => match &names[..] {
            [name] => json!({"tool": {"name": name}}),
            _ => json!({"any": {}}),
        },
        Choice::Tool(name) => json!({"tool": {"name": name}}),
    };
    if target.traits.forced_tools == Some(false) || thinks {
        notes.degraded(
            "tool_choice",
            "The model can't be forced to call a tool here: it decides itself.",
        );
        return None;
    }
    Some(forced)
}
