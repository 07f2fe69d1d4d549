//! Tools and the choice among them, written for a provider.
//!
//! Promises: a provider's own tools return to this dialect only. Without tools there is no
//! choice to write, and nothing to call at once.

use serde_json::{Map, Value, json};

use super::fields::merge;
use super::parts_out::cache_control;
use super::request_out::Body;
use super::tools_in::WEB_SEARCH;
use crate::Dialect;
use crate::hub::{Choice, Extras, Notes, Refused, Request, Tool, ToolKind};

pub(super) fn tools(
    body: &mut Body,
    request: &mut Request,
    own: bool,
    notes: &mut Notes,
) -> Result<(), Refused> {
    let choice = request.choice.take();
    let choice = choice.map(|choice| write_choice(&choice, &request.tools));
    let mut written = Vec::with_capacity(request.tools.len());
    for tool in std::mem::take(&mut request.tools) {
        match tool.kind {
            ToolKind::Hosted { name, value } => {
                if tool.extras.owner != Some(Dialect::OpenAi) {
                    notes.refuse(format!("tools.{name}"), "the provider has no such tool")?;
                } else if name == WEB_SEARCH {
                    body.put(WEB_SEARCH, value);
                } else {
                    written.push(value);
                }
            }
            _ => written.push(write_tool(tool, own, notes)),
        }
    }
    if written.is_empty() {
        return Ok(());
    }
    body.put("tools", written);
    if let Some(choice) = choice {
        body.put("tool_choice", choice);
    }
    if let Some(parallel) = request.parallel {
        body.put("parallel_tool_calls", parallel);
    }
    Ok(())
}

fn write_tool(tool: Tool, own: bool, notes: &mut Notes) -> Value {
    let mut inner = Body::default();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            inner.put(key, value);
        }
    };
    let kind = match tool.kind {
        ToolKind::Function {
            name,
            description,
            schema,
            strict,
            ..
        } => {
            put("name", Some(name.into()));
            put("description", description.map(Value::from));
            put("parameters", schema);
            put("strict", strict.map(Value::from));
            "function"
        }
        ToolKind::Custom {
            name,
            description,
            format,
        } => {
            put("name", Some(name.into()));
            put("description", description.map(Value::from));
            put("format", format);
            "custom"
        }
        // Written whole by the caller of this.
        ToolKind::Hosted { value, .. } => return value,
    };
    let mut outer = Map::new();
    outer.insert("type".to_owned(), kind.into());
    outer.insert(kind.to_owned(), Value::Object(inner.0));
    cache_control(&mut outer, tool.cache, &tool.extras, own, notes);
    leftovers(&mut outer, tool.extras, notes);
    Value::Object(outer)
}

fn leftovers(outer: &mut Map<String, Value>, extras: Extras, notes: &mut Notes) {
    if extras.owner == Some(Dialect::OpenAi) {
        return merge(outer, extras.fields);
    }
    for key in extras.fields.keys() {
        notes.dropped(format!("tools.{key}"), "Chat Completions has no such field");
    }
}

fn write_choice(choice: &Choice, tools: &[Tool]) -> Value {
    match choice {
        Choice::Auto => "auto".into(),
        Choice::None => "none".into(),
        Choice::Any => "required".into(),
        Choice::Tool(name) => reference(name, tools),
        Choice::Among { names, required } => {
            let mode = if *required { "required" } else { "auto" };
            let tools: Vec<Value> = names.iter().map(|name| reference(name, tools)).collect();
            json!({"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": tools}})
        }
    }
}

/// How a choice speaks of a tool: that depends on what the tool is.
fn reference(name: &str, tools: &[Tool]) -> Value {
    match tools
        .iter()
        .find(|tool| tool.name() == name)
        .map(|t| &t.kind)
    {
        Some(ToolKind::Custom { .. }) => json!({"type": "custom", "custom": {"name": name}}),
        Some(ToolKind::Hosted { .. }) => json!({"type": name}),
        _ => json!({"type": "function", "function": {"name": name}}),
    }
}
