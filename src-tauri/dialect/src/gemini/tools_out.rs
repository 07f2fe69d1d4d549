//! `tools` and `toolConfig`, written.

use serde_json::{Value, json};

use super::fields::{Object, give_back};
use super::model::takes_json_schema;
use super::schema_out::subset;
use crate::Dialect;
use crate::hub::{Choice, Notes, Refused, Target, Tool, ToolKind};
use crate::json::object;

/// Writes the tools: functions in one list, each hosted tool beside it.
pub(super) fn tools(
    tools: Vec<Tool>,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Vec<Value>, Refused> {
    let mut functions = Vec::new();
    let mut hosted = Vec::new();
    for tool in tools {
        if tool.cache.is_some() {
            notes.dropped("cache_control", "Gemini's prompt cache takes no marks.");
        }
        match tool.kind {
            ToolKind::Function {
                name,
                description,
                schema,
                strict,
                ..
            } => {
                if strict == Some(true) {
                    notes.degraded(
                        "tools.strict",
                        "Gemini does not hold arguments to a schema.",
                    );
                }
                let mut declared = Object::new();
                declared.insert("name".to_owned(), name.into());
                if let Some(description) = description {
                    declared.insert("description".to_owned(), description.into());
                }
                if let Some(schema) = schema {
                    parameters(schema, target, &mut declared, notes);
                }
                give_back(&mut declared, tool.extras, "tools.", notes);
                functions.push(Value::Object(declared));
            }
            ToolKind::Hosted { value, .. } if tool.extras.owner == Some(Dialect::Gemini) => {
                hosted.push(value);
            }
            ToolKind::Hosted { name, .. } => {
                notes.refuse(format!("tools.{name}"), "Gemini has no such tool")?;
            }
            ToolKind::Custom { .. } => {
                notes.refuse("tools.custom", "Gemini's tools take objects, not free text")?;
            }
        }
    }
    let mut written = Vec::new();
    if !functions.is_empty() {
        written.push(object([("functionDeclarations", functions.into())]));
    }
    written.extend(hosted);
    Ok(written)
}

fn parameters(schema: Value, target: &Target<'_>, declared: &mut Object, notes: &mut Notes) {
    if takes_json_schema(target.model) {
        declared.insert("parametersJsonSchema".to_owned(), schema);
        return;
    }
    let written = subset(&schema);
    if written.cut {
        notes.degraded(
            "tools.parameters.$ref",
            "This model takes no schema that refers to itself: it was cut.",
        );
    }
    for keyword in &written.lost {
        notes.degraded(
            format!("tools.parameters.{keyword}"),
            "This model does not know the keyword.",
        );
    }
    // An object without properties is refused; no parameters mean the same.
    let empty = |schema: &Value| {
        let properties = schema.get("properties").and_then(Value::as_object);
        schema.get("anyOf").is_none() && properties.is_none_or(|properties| properties.is_empty())
    };
    if !empty(&written.schema) {
        declared.insert("parameters".to_owned(), written.schema);
    }
}

/// Writes the choice as `functionCallingConfig`.
pub(super) fn choice(choice: Choice) -> Value {
    match choice {
        Choice::Auto => json!({ "mode": "AUTO" }),
        Choice::None => json!({ "mode": "NONE" }),
        Choice::Any => json!({ "mode": "ANY" }),
        Choice::Tool(name) => json!({ "mode": "ANY", "allowedFunctionNames": [name] }),
        Choice::Among { names, required } => {
            let mode = if required { "ANY" } else { "VALIDATED" };
            json!({ "mode": mode, "allowedFunctionNames": names })
        }
    }
}
