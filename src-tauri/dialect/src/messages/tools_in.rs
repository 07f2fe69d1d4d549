//! The tools of a request, and the choice among them.
//!
//! Promises: a tool with a schema of its own is a function; one that is known by its type
//! (`web_search_20250305`, `bash_20250124`, …) is hosted and kept whole.

use serde_json::{Map, Value};

use super::content_in::cache;
use super::place::{Place, rest};
use crate::hub::{Choice, Extras, Tool, ToolKind};
use crate::{Dialect, Malformed};

/// The tools on offer.
pub(super) fn tools(list: Vec<Value>) -> Result<Vec<Tool>, Malformed> {
    let list = list.into_iter().enumerate();
    list.map(|(at, tool)| match tool {
        Value::Object(tool) => self::tool(tool, Place::Tool(at)),
        _ => Err(Malformed::nowhere(&format!(
            "tools[{at}] is not a JSON object"
        ))),
    })
    .collect()
}

fn tool(mut tool: Map<String, Value>, place: Place) -> Result<Tool, Malformed> {
    let word = match tool.get("type") {
        None | Some(Value::Null) => None,
        Some(Value::String(word)) if word == "custom" => None,
        Some(Value::String(word)) => Some(word.clone()),
        Some(_) => return Err(place.wrong("type", "a string")),
    };
    if let Some(name) = word {
        return Ok(Tool {
            kind: ToolKind::Hosted {
                name,
                value: Value::Object(tool),
            },
            cache: None,
            extras: Extras::by(Dialect::Anthropic),
        });
    }
    tool.shift_remove("type");
    let schema = match tool.shift_remove("input_schema") {
        None | Some(Value::Null) => None,
        Some(schema @ Value::Object(_)) => Some(schema),
        Some(_) => return Err(place.wrong("input_schema", "a JSON object")),
    };
    Ok(Tool {
        kind: ToolKind::Function {
            name: place.text(&mut tool, "name")?,
            namespace: None,
            description: place.some_text(&mut tool, "description")?,
            schema,
            strict: place.some_flag(&mut tool, "strict")?,
        },
        cache: cache(&mut tool),
        extras: rest(tool),
    })
}

/// The choice, and whether calls may come several at a time. A choice of an unknown type stays.
pub(super) fn choice(body: &mut Map<String, Value>) -> (Option<Choice>, Option<bool>) {
    let Some(Value::Object(given)) = body.get("tool_choice") else {
        return (None, None);
    };
    let choice = match given.get("type").and_then(Value::as_str) {
        Some("auto") => Choice::Auto,
        Some("any") => Choice::Any,
        Some("none") => Choice::None,
        Some("tool") => match given.get("name").and_then(Value::as_str) {
            Some(name) => Choice::Tool(name.to_owned()),
            None => return (None, None),
        },
        _ => return (None, None),
    };
    let parallel = given
        .get("disable_parallel_tool_use")
        .and_then(Value::as_bool)
        .map(|disabled| !disabled);
    body.shift_remove("tool_choice");
    (Some(choice), parallel)
}
