//! `tools` and `toolConfig`, read.

use serde_json::Value;

use super::config_in::keep;
use super::fields::{self, Object, camel, take_list, take_object, take_text};
use super::schema_in::json_schema;
use crate::hub::{Choice, Extras, Tool, ToolKind};
use crate::{Dialect, Malformed};

/// Reads the tools. Each hosted one is a tool of its own here.
pub(super) fn tools(list: Vec<Value>) -> Result<Vec<Tool>, Malformed> {
    let mut tools = Vec::new();
    for (at, tool) in list.into_iter().enumerate() {
        let Value::Object(mut tool) = tool else {
            return Err(Malformed::nowhere(&format!(
                "`tools[{at}]` is not an object"
            )));
        };
        if let Some(declared) = take_list(&mut tool, "functionDeclarations") {
            for (n, declared) in declared.into_iter().enumerate() {
                let at = format!("tools[{at}].functionDeclarations[{n}]");
                tools.push(function(declared, &at)?);
            }
        }
        for (name, config) in tool {
            let name = camel(&name);
            let mut value = Object::new();
            value.insert(name.clone(), config);
            tools.push(Tool {
                kind: ToolKind::Hosted {
                    name,
                    value: Value::Object(value),
                },
                cache: None,
                extras: Extras::by(Dialect::Gemini),
            });
        }
    }
    Ok(tools)
}

fn function(declared: Value, at: &str) -> Result<Tool, Malformed> {
    let Value::Object(mut declared) = declared else {
        return Err(Malformed::nowhere(&format!("`{at}` is not an object")));
    };
    let name = take_text(&mut declared, "name")
        .ok_or_else(|| Malformed::nowhere(&format!("`{at}.name` is missing or not a text")))?;
    let schema = take_object(&mut declared, "parametersJsonSchema");
    let schema = schema.or_else(|| take_object(&mut declared, "parameters"));
    Ok(Tool {
        kind: ToolKind::Function {
            name,
            namespace: None,
            description: take_text(&mut declared, "description"),
            schema: schema.map(|schema| json_schema(Value::Object(schema))),
            strict: None,
        },
        cache: None,
        extras: Extras::of(Dialect::Gemini, declared),
    })
}

/// Reads the choice; what is left over is handed back.
pub(super) fn choice(mut config: Object) -> (Option<Choice>, Object) {
    let Some(mut calling) = take_object(&mut config, "functionCallingConfig") else {
        return (None, config);
    };
    let mode = take_text(&mut calling, "mode").unwrap_or_default();
    let names: Option<Vec<String>> =
        fields::take_as(&mut calling, "allowedFunctionNames", |list| {
            let texts = list.as_array()?.iter();
            texts.map(|name| Some(name.as_str()?.to_owned())).collect()
        });
    let mut names = names.unwrap_or_default();
    let choice = match (mode.to_ascii_uppercase().as_str(), names.len()) {
        ("NONE", _) => Some(Choice::None),
        ("ANY", 0) => Some(Choice::Any),
        ("ANY", 1) => names.pop().map(Choice::Tool),
        ("ANY", _) => Some(Choice::Among {
            names,
            required: true,
        }),
        ("AUTO" | "VALIDATED", 1..) => Some(Choice::Among {
            names,
            required: false,
        }),
        ("AUTO", _) => Some(Choice::Auto),
        ("" | "MODE_UNSPECIFIED", _) => None,
        // The model decides, and Google checks what it writes: only Google does.
        (_, _) => {
            calling.insert("mode".to_owned(), mode.into());
            None
        }
    };
    keep(&mut config, "functionCallingConfig", calling);
    (choice, config)
}
