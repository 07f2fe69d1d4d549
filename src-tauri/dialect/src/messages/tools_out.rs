//! The tools of a request, and the choice among them, as this dialect writes them.
//!
//! Promises: a strict tool keeps its guarantee only where its schema is within the vendor's bounds;
//! a choice is forced only where the model can be forced.

use serde_json::{Map, Value, json};

use super::content_out::finished;
use super::schema;
use crate::Dialect;
use crate::hub::{Choice, Notes, Refused, Target, Tool, ToolKind};

/// The most strict tools in one request.
const MOST_STRICT: usize = 20;

/// The tools on offer.
pub(super) fn tools(
    tools: Vec<Tool>,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Vec<Value>, Refused> {
    let mut strict_left = match target.traits.json_schema {
        Some(false) => 0,
        _ => MOST_STRICT,
    };
    let mut written = Vec::with_capacity(tools.len());
    for tool in tools {
        let block = match tool.kind {
            ToolKind::Function {
                name,
                description,
                schema,
                strict,
                ..
            } => {
                let mut block = Map::new();
                block.insert("name".to_owned(), name.into());
                if let Some(description) = description {
                    block.insert("description".to_owned(), description.into());
                }
                let (schema, strict) = parameters(schema, strict, &mut strict_left, notes);
                block.insert("input_schema".to_owned(), schema);
                if let Some(strict) = strict {
                    block.insert("strict".to_owned(), strict.into());
                }
                block
            }
            ToolKind::Hosted {
                value: Value::Object(value),
                ..
            } if tool.extras.owner == Some(Dialect::Anthropic) => value,
            ToolKind::Hosted { name, .. } => {
                let why = "a tool that another vendor runs can't be called here";
                notes.refuse(format!("tools.{name}"), why)?;
                continue;
            }
            ToolKind::Custom { .. } => {
                let why = "Anthropic calls tools with JSON objects only";
                notes.refuse("tools.custom", why)?;
                continue;
            }
        };
        written.push(finished(block, tool.cache, tool.extras, "tools", notes));
    }
    Ok(written)
}

/// The schema of a function, and whether it is to be followed exactly.
fn parameters(
    schema: Option<Value>,
    strict: Option<bool>,
    strict_left: &mut usize,
    notes: &mut Notes,
) -> (Value, Option<bool>) {
    let mut schema = match schema {
        Some(Value::Object(schema)) => schema,
        _ => Map::new(),
    };
    if schema.is_empty() {
        schema.insert("type".to_owned(), "object".into());
        schema.insert("properties".to_owned(), json!({}));
    } else if schema.get("type").is_none() {
        schema.insert("type".to_owned(), "object".into());
    }
    if strict != Some(true) {
        return (Value::Object(schema), strict);
    }
    let schema = Value::Object(schema);
    let compiled = match *strict_left {
        0 => Err("no more strict tools are taken"),
        _ => schema::compile(&schema),
    };
    match compiled {
        Ok(compiled) if !compiled.is_relaxed => {
            *strict_left -= 1;
            (compiled.schema, Some(true))
        }
        _ => {
            let why = "the schema of a strict tool is beyond what Anthropic enforces: it is told, not enforced";
            notes.degraded("tools.strict", why);
            (schema, None)
        }
    }
}

/// Leaves only the tools that may be chosen, and makes the choice one this dialect has.
pub(super) fn narrowed(
    choice: Option<Choice>,
    tools: &mut Vec<Tool>,
    notes: &mut Notes,
) -> Option<Choice> {
    let Some(Choice::Among { names, required }) = choice else {
        return choice;
    };
    tools.retain(|tool| names.iter().any(|name| name == tool.name()));
    let why = "only the tools that may be called are told";
    notes.equivalent("tool_choice.allowed_tools", why);
    Some(if required { Choice::Any } else { Choice::Auto })
}

/// Whether the choice can be forced on the model; if not, it is the model's.
pub(super) fn unforced(
    choice: Option<Choice>,
    target: &Target<'_>,
    thinks: bool,
    notes: &mut Notes,
) -> Option<Choice> {
    let is_forced = matches!(choice, Some(Choice::Any | Choice::Tool(_)));
    let why = match target.traits.forced_tools {
        _ if !is_forced => return choice,
        Some(false) => "this model can't be forced to call a tool",
        _ if thinks => "a model that thinks can't be forced to call a tool",
        _ => return choice,
    };
    notes.degraded("tool_choice", why);
    Some(Choice::Auto)
}

/// The value of `tool_choice`; `None` where the vendor's default is meant.
pub(super) fn choice(choice: Option<&Choice>, parallel: Option<bool>) -> Option<Value> {
    let mut written = match choice {
        None if parallel == Some(false) => json!({"type": "auto"}),
        None => return None,
        Some(Choice::Auto | Choice::Among { .. }) => json!({"type": "auto"}),
        Some(Choice::Any) => json!({"type": "any"}),
        Some(Choice::Tool(name)) => json!({"type": "tool", "name": name}),
        Some(Choice::None) => return Some(json!({"type": "none"})),
    };
    if let Some(parallel) = parallel {
        written["disable_parallel_tool_use"] = (!parallel).into();
    }
    Some(written)
}
