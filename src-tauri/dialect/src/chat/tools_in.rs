//! Tools and the choice among them, read into the hub.
//!
//! Promises: a tool of a type we don't know is the provider's own, kept whole; so are
//! `web_search_options`, which offer a tool under another name. A choice we don't know stays
//! among the extras.

use serde_json::{Map, Value};

use super::fields::{Wrong, any, as_object, flag, list, needed, nest, object, text};
use super::parts_in::cache_mark;
use crate::Dialect;
use crate::hub::{Choice, Extras, Tool, ToolKind};

/// The field that offers a web search beside `tools`.
pub(super) const WEB_SEARCH: &str = "web_search_options";

pub(super) fn tools(body: &mut Map<String, Value>) -> Result<Vec<Tool>, Wrong> {
    let mut tools = Vec::new();
    for (at, value) in list(body, "tools")?
        .unwrap_or_default()
        .into_iter()
        .enumerate()
    {
        tools.push(tool(value).map_err(|wrong| wrong.item("tools", at))?);
    }
    for (at, value) in list(body, "functions")?
        .unwrap_or_default()
        .into_iter()
        .enumerate()
    {
        let read = as_object(value).and_then(|fields| function(fields, Map::new()));
        tools.push(read.map_err(|wrong| wrong.item("functions", at))?);
    }
    if let Some(options) = object(body, WEB_SEARCH)? {
        tools.push(hosted(WEB_SEARCH.to_owned(), Value::Object(options)));
    }
    Ok(tools)
}

fn tool(value: Value) -> Result<Tool, Wrong> {
    let mut fields = as_object(value)?;
    let kind = needed(&mut fields, "type")?;
    match kind.as_str() {
        "function" => {
            let inner = object(&mut fields, "function")?
                .ok_or_else(|| Wrong::at("function", "is missing"))?;
            function(inner, fields).map_err(|wrong| wrong.under("function"))
        }
        "custom" => {
            let inner =
                object(&mut fields, "custom")?.ok_or_else(|| Wrong::at("custom", "is missing"))?;
            custom(inner, fields).map_err(|wrong| wrong.under("custom"))
        }
        _ => {
            let mut value = Map::from_iter([("type".to_owned(), kind.clone().into())]);
            value.append(&mut fields);
            Ok(hosted(kind, Value::Object(value)))
        }
    }
}

fn hosted(name: String, value: Value) -> Tool {
    Tool {
        kind: ToolKind::Hosted { name, value },
        cache: None,
        extras: Extras::by(Dialect::OpenAi),
    }
}

fn function(mut inner: Map<String, Value>, mut outer: Map<String, Value>) -> Result<Tool, Wrong> {
    let kind = ToolKind::Function {
        name: needed(&mut inner, "name")?,
        namespace: None,
        description: text(&mut inner, "description")?,
        schema: any(&mut inner, "parameters"),
        strict: flag(&mut inner, "strict")?,
    };
    inner.retain(|_, value| !value.is_null());
    let cache = cache_mark(&mut outer);
    nest(&mut outer, "function", inner);
    Ok(Tool {
        kind,
        cache,
        extras: Extras::of(Dialect::OpenAi, outer),
    })
}

fn custom(mut inner: Map<String, Value>, mut outer: Map<String, Value>) -> Result<Tool, Wrong> {
    let kind = ToolKind::Custom {
        name: needed(&mut inner, "name")?,
        description: text(&mut inner, "description")?,
        format: any(&mut inner, "format"),
    };
    let cache = cache_mark(&mut outer);
    nest(&mut outer, "custom", inner);
    Ok(Tool {
        kind,
        cache,
        extras: Extras::of(Dialect::OpenAi, outer),
    })
}

pub(super) fn choice(body: &mut Map<String, Value>) -> Result<Option<Choice>, Wrong> {
    for key in ["tool_choice", "function_call"] {
        let Some(value) = any(body, key) else {
            continue;
        };
        let read = match &value {
            Value::String(word) => word_choice(word),
            Value::Object(fields) => object_choice(fields),
            _ => return Err(Wrong::at(key, "must be a string or an object")),
        };
        if read.is_none() {
            body.insert(key.to_owned(), value);
        }
        return Ok(read);
    }
    Ok(None)
}

fn word_choice(word: &str) -> Option<Choice> {
    Some(match word {
        "auto" => Choice::Auto,
        "none" => Choice::None,
        // Mistral says `any`.
        "required" | "any" => Choice::Any,
        _ => return None,
    })
}

fn object_choice(fields: &Map<String, Value>) -> Option<Choice> {
    let kind = fields.get("type").and_then(Value::as_str);
    if kind != Some("allowed_tools") {
        return tool_named(fields).map(Choice::Tool);
    }
    let allowed = fields.get("allowed_tools")?.as_object()?;
    let names = allowed.get("tools")?.as_array()?.iter();
    let names = names.map(|tool| tool_named(tool.as_object()?));
    Some(Choice::Among {
        names: names.collect::<Option<Vec<String>>>()?,
        required: allowed.get("mode").and_then(Value::as_str) == Some("required"),
    })
}

/// The name in `{type: function, function: {name}}`, its custom twin, the legacy `{name}`, or the
/// type of a tool that goes by it.
fn tool_named(fields: &Map<String, Value>) -> Option<String> {
    let name = |value: &Value| Some(value.get("name")?.as_str()?.to_owned());
    match fields.get("type").and_then(Value::as_str) {
        Some("custom") => name(fields.get("custom")?),
        Some("function") => fields
            .get("function")
            .and_then(name)
            .or_else(|| Some(fields.get("name")?.as_str()?.to_owned())),
        Some(hosted) => Some(hosted.to_owned()),
        None => Some(fields.get("name")?.as_str()?.to_owned()),
    }
}
