//! A caller's tools and its choice among them, read.
//!
//! Promises: the tools of a namespace stand in the list one by one, each with what is needed to
//! put the namespace together again. A choice that the hub can't say wholly is kept beside it.

use serde_json::{Map, Value};

use super::fields::{At, boolean, list, member, needed, peek, string, take};
use crate::hub::{Choice, Extras, Tool, ToolKind};
use crate::{Dialect, Malformed};

/// In a tool's extras: the declaration of the namespace it lives in, without its tools.
pub(super) const NAMESPACE: &str = "namespace";

pub(super) fn tools(body: &mut Map<String, Value>) -> Result<Vec<Tool>, Malformed> {
    let at = At::Field(&At::Top, "tools");
    let mut tools = Vec::new();
    for (index, tool) in list(body, "tools", &At::Top)?
        .unwrap_or_default()
        .into_iter()
        .enumerate()
    {
        let at = At::Item(&at, index);
        let tool = member(tool, &at)?;
        if peek(&tool, "type") == Some("namespace") {
            namespace(tool, &at, &mut tools)?;
        } else {
            tools.push(read_tool(tool, &at)?);
        }
    }
    Ok(tools)
}

fn namespace(
    mut space: Map<String, Value>,
    at: &At<'_>,
    tools: &mut Vec<Tool>,
) -> Result<(), Malformed> {
    let inner = list(&mut space, "tools", at)?.unwrap_or_default();
    if inner.is_empty() {
        space.insert("tools".to_owned(), Value::Array(inner));
        tools.push(hosted("namespace".to_owned(), space));
        return Ok(());
    }
    let name = peek(&space, "name")
        .ok_or_else(|| At::Field(at, "name").fault("must be a string"))?
        .to_owned();
    let place = At::Field(at, "tools");
    for (index, tool) in inner.into_iter().enumerate() {
        let at = At::Item(&place, index);
        let mut tool = read_tool(member(tool, &at)?, &at)?;
        if let ToolKind::Function { namespace, .. } = &mut tool.kind {
            *namespace = Some(name.clone());
        }
        tool.extras.owner = Some(Dialect::Responses);
        let space = Value::Object(space.clone());
        tool.extras.fields.insert(NAMESPACE.to_owned(), space);
        tools.push(tool);
    }
    Ok(())
}

fn read_tool(mut tool: Map<String, Value>, at: &At<'_>) -> Result<Tool, Malformed> {
    let kind = match tool.get("type") {
        Some(Value::String(kind)) => kind.clone(),
        Some(_) => return Err(At::Field(at, "type").fault("must be a string")),
        None => return Err(At::Field(at, "type").fault("is missing")),
    };
    let read = match kind.as_str() {
        "function" => ToolKind::Function {
            name: needed(&mut tool, "name", at)?,
            namespace: None,
            description: string(&mut tool, "description", at)?,
            schema: take(&mut tool, "parameters"),
            strict: boolean(&mut tool, "strict", at)?,
        },
        "custom" => ToolKind::Custom {
            name: needed(&mut tool, "name", at)?,
            description: string(&mut tool, "description", at)?,
            format: take(&mut tool, "format"),
        },
        _ => return Ok(hosted(kind, tool)),
    };
    tool.shift_remove("type");
    tool.retain(|_, value| !value.is_null());
    Ok(Tool {
        kind: read,
        cache: None,
        extras: Extras::of(Dialect::Responses, tool),
    })
}

fn hosted(name: String, value: Map<String, Value>) -> Tool {
    Tool {
        kind: ToolKind::Hosted {
            name,
            value: Value::Object(value),
        },
        cache: None,
        extras: Extras::by(Dialect::Responses),
    }
}

pub(super) fn choice(body: &mut Map<String, Value>) -> Result<Option<Choice>, Malformed> {
    let at = At::Field(&At::Top, "tool_choice");
    match take(body, "tool_choice") {
        None => Ok(None),
        Some(Value::String(word)) => match word.as_str() {
            "auto" => Ok(Some(Choice::Auto)),
            "none" => Ok(Some(Choice::None)),
            "required" => Ok(Some(Choice::Any)),
            _ => Err(at.fault("must be \"auto\", \"none\", \"required\" or an object")),
        },
        Some(Value::Object(object)) => {
            let (choice, whole) = read_choice(&object, &at)?;
            if !whole {
                body.insert("tool_choice".to_owned(), Value::Object(object));
            }
            Ok(Some(choice))
        }
        Some(_) => Err(at.fault("must be a string or an object")),
    }
}

/// The choice, and whether it says all there was to say.
fn read_choice(object: &Map<String, Value>, at: &At<'_>) -> Result<(Choice, bool), Malformed> {
    match peek(object, "type") {
        Some("function" | "custom") => {
            let name =
                peek(object, "name").ok_or_else(|| At::Field(at, "name").fault("is missing"))?;
            Ok((Choice::Tool(name.to_owned()), object.len() == 2))
        }
        Some("allowed_tools") => {
            let place = At::Field(at, "tools");
            let tools = object
                .get("tools")
                .and_then(Value::as_array)
                .ok_or_else(|| place.fault("must be a list"))?;
            let required = peek(object, "mode") == Some("required");
            let mut whole = object.len() == 3;
            let mut names = Vec::with_capacity(tools.len());
            for (index, tool) in tools.iter().enumerate() {
                let fault = || At::Item(&place, index).fault("names no tool");
                let tool = tool.as_object().ok_or_else(fault)?;
                let named = peek(tool, "name");
                let name = named.or_else(|| peek(tool, "type")).ok_or_else(fault)?;
                whole &= named.is_some() && tool.len() == 2;
                names.push(name.to_owned());
            }
            Ok((Choice::Among { names, required }, whole))
        }
        // Hosted tools go by their type.
        Some(kind) => Ok((Choice::Tool(kind.to_owned()), false)),
        None => Err(At::Field(at, "type").fault("must be a string")),
    }
}
