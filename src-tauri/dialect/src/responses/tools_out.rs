//! Tools and the choice among them, written.
//!
//! Promises: neighbours of one namespace stand in one declaration again. A function of a caller
//! who did not say `strict` stays lenient, where this API's own default is strict.

use serde_json::{Map, Value, json};

use super::items_out::own_fields;
use super::tools_in::NAMESPACE;
use crate::Dialect;
use crate::hub::{Choice, Notes, Refused, Target, Tool, ToolKind};

pub(super) fn write(tools: Vec<Tool>, own: bool, notes: &mut Notes) -> Result<Vec<Value>, Refused> {
    let mut written: Vec<Value> = Vec::with_capacity(tools.len());
    // The declaration of the namespace that the last of them is.
    let mut open: Option<Map<String, Value>> = None;
    for tool in tools {
        let (tool, space) = match one(tool, own, notes)? {
            Some(one) => one,
            None => continue,
        };
        let Some(space) = space else {
            open = None;
            written.push(Value::Object(tool));
            continue;
        };
        if open.as_ref() == Some(&space)
            && let Some(Value::Array(inner)) = written.last_mut().and_then(|t| t.get_mut("tools"))
        {
            inner.push(Value::Object(tool));
            continue;
        }
        let mut declared = space.clone();
        declared.insert("tools".to_owned(), Value::Array(vec![Value::Object(tool)]));
        written.push(Value::Object(declared));
        open = Some(space);
    }
    Ok(written)
}

/// A declaration, and that of the namespace it belongs into.
type One = (Map<String, Value>, Option<Map<String, Value>>);

fn one(tool: Tool, own: bool, notes: &mut Notes) -> Result<Option<One>, Refused> {
    if tool.cache.is_some() {
        notes.dropped("cache_control", "This API caches prompts by itself.");
    }
    let owner = tool.extras.owner;
    let mut rest = match tool.kind {
        ToolKind::Hosted { .. } => Map::new(),
        _ => own_fields(tool.extras, "tools", notes),
    };
    let kept = match rest.shift_remove(NAMESPACE) {
        Some(Value::Object(space)) => Some(space),
        _ => None,
    };
    let mut written = Map::new();
    let mut space = kept;
    match tool.kind {
        ToolKind::Function {
            name,
            namespace,
            description,
            schema,
            strict,
        } => {
            space = namespace.map(|name| space.unwrap_or_else(|| declaration(&name)));
            written.insert("type".to_owned(), "function".into());
            written.insert("name".to_owned(), name.into());
            put_some(&mut written, "description", description);
            let schema =
                schema.or_else(|| (!own).then(|| json!({"type": "object", "properties": {}})));
            put_some(&mut written, "parameters", schema);
            let strict = strict.or_else(|| (!own).then_some(false));
            put_some(&mut written, "strict", strict);
        }
        ToolKind::Custom {
            name,
            description,
            format,
        } => {
            written.insert("type".to_owned(), "custom".into());
            written.insert("name".to_owned(), name.into());
            put_some(&mut written, "description", description);
            put_some(&mut written, "format", format.map(flat_grammar));
        }
        ToolKind::Hosted { name, value } => {
            return match value {
                Value::Object(value) if owner == Some(Dialect::Responses) => {
                    Ok(Some((value, None)))
                }
                _ => {
                    let what = format!("tools.{name}");
                    notes.refuse(what, "It is run by the caller's own provider.")?;
                    Ok(None)
                }
            };
        }
    }
    for (key, value) in rest {
        written.insert(key, value);
    }
    Ok(Some((written, space)))
}

fn declaration(name: &str) -> Map<String, Value> {
    Map::from_iter([
        ("type".to_owned(), Value::String("namespace".to_owned())),
        ("name".to_owned(), Value::String(name.to_owned())),
        ("description".to_owned(), Value::String(name.to_owned())),
    ])
}

/// Chat Completions wraps a grammar once more than this API does.
fn flat_grammar(format: Value) -> Value {
    match format {
        Value::Object(mut fields) if fields.get("grammar").is_some_and(Value::is_object) => {
            if let Some(Value::Object(grammar)) = fields.shift_remove("grammar") {
                fields.extend(grammar);
            }
            Value::Object(fields)
        }
        other => other,
    }
}

fn put_some(map: &mut Map<String, Value>, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        map.insert(key.to_owned(), value.into());
    }
}

pub(super) fn choice(
    choice: Choice,
    tools: &[Tool],
    target: &Target<'_>,
    notes: &mut Notes,
) -> Value {
    let forced = matches!(
        choice,
        Choice::Any | Choice::Tool(_) | Choice::Among { required: true, .. }
    );
    if forced && target.traits.forced_tools == Some(false) {
        notes.degraded("tool_choice", "This model can't be made to call a tool.");
        return "auto".into();
    }
    match choice {
        Choice::Auto => "auto".into(),
        Choice::None => "none".into(),
        Choice::Any => "required".into(),
        Choice::Tool(name) => reference(&name, tools),
        Choice::Among { names, required } => json!({
            "type": "allowed_tools",
            "mode": if required { "required" } else { "auto" },
            "tools": names.iter().map(|name| reference(name, tools)).collect::<Vec<_>>(),
        }),
    }
}

fn reference(name: &str, tools: &[Tool]) -> Value {
    let named = tools.iter().find(|tool| tool.name() == name);
    match named.map(|tool| &tool.kind) {
        Some(ToolKind::Custom { .. }) => json!({"type": "custom", "name": name}),
        Some(ToolKind::Hosted { .. }) => json!({"type": name}),
        _ => json!({"type": "function", "name": name}),
    }
}
