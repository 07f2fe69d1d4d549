//! A request, written for `/api/chat`.
//!
//! Promises: `stream` is always said. What Ollama can't be told is noted; what would change the
//! answer (a call that must be made, several answers) is refused.
//! Leaves out: the messages (`messages_out`).

use serde_json::{Map, Value, json};

use super::lacking;
use super::messages_out::messages;
use crate::Dialect;
use crate::fields::{no_arguments, returned};
use crate::hub::{
    Choice, Effort, Format, Notes, Refused, Request, Target, Thinking, Tool, ToolKind,
};

/// The request as this dialect writes it.
pub(crate) fn write_request(
    mut request: Request,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Map<String, Value>, Refused> {
    lacking::leave_out(&mut request, notes)?;
    choose(&mut request, notes)?;
    let mut extras = returned(
        std::mem::take(&mut request.extras),
        Dialect::Ollama,
        "",
        notes,
    );
    generate_only(&mut extras, notes)?;
    let options = options(&request, &mut extras, target, notes);

    let mut body = Map::new();
    body.insert("model".to_owned(), target.model.into());
    body.insert(
        "messages".to_owned(),
        Value::Array(messages(request.messages, target, notes)?),
    );
    let mut tools = Vec::with_capacity(request.tools.len());
    for tool in request.tools {
        tools.extend(write_tool(tool, notes)?);
    }
    if !tools.is_empty() {
        body.insert("tools".to_owned(), Value::Array(tools));
    }
    if let Some(format) = format(request.format, target, notes) {
        body.insert("format".to_owned(), format);
    }
    if let Some(think) = think(&request.thinking, target, notes) {
        body.insert("think".to_owned(), think);
    }
    if let Some(alternatives) = request.logprobs {
        body.insert("logprobs".to_owned(), true.into());
        if alternatives > 0 {
            body.insert("top_logprobs".to_owned(), alternatives.into());
        }
    }
    if !options.is_empty() {
        body.insert("options".to_owned(), Value::Object(options));
    }
    body.insert("stream".to_owned(), request.stream.into());
    for (key, value) in extras {
        body.entry(key).or_insert(value);
    }
    lacking::refused_fields(&mut body, target, notes);
    Ok(body)
}

/// Ollama has no `tool_choice`: what can be had by leaving tools out is had so.
fn choose(request: &mut Request, notes: &mut Notes) -> Result<(), Refused> {
    let required = lacking::narrow(request, notes);
    if request.choice == Some(Choice::None) && !request.tools.is_empty() {
        request.tools.clear();
        notes.equivalent("tool_choice", "no tools are sent, so none can be called");
    }
    if required {
        notes.refuse(
            "tool_choice",
            "Ollama can't be told that a tool must be called",
        )?;
    }
    Ok(())
}

/// Fields of `/api/generate` that `/api/chat` does not have.
fn generate_only(extras: &mut Map<String, Value>, notes: &mut Notes) -> Result<(), Refused> {
    for field in ["raw", "template", "context"] {
        if extras.shift_remove(field).is_some() {
            notes.refuse(field, "it can only be sent on as it came, not translated")?;
        }
    }
    Ok(())
}

fn options(
    request: &Request,
    extras: &mut Map<String, Value>,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Map<String, Value> {
    let sampling = lacking::sampling(request, target, notes);
    let said = [
        ("num_predict", request.max_output.map(Value::from)),
        ("temperature", sampling.temperature.map(Value::from)),
        ("top_p", sampling.top_p.map(Value::from)),
        ("top_k", sampling.top_k.map(Value::from)),
        ("seed", sampling.seed.map(Value::from)),
        (
            "presence_penalty",
            sampling.presence_penalty.map(Value::from),
        ),
        (
            "frequency_penalty",
            sampling.frequency_penalty.map(Value::from),
        ),
        (
            "stop",
            (!request.stop.is_empty()).then(|| json!(request.stop)),
        ),
    ];
    let mut options = Map::new();
    for (key, value) in said {
        if let Some(value) = value {
            options.insert(key.to_owned(), value);
        }
    }
    // Those without a name in the hub; `options` of a wrong type can't get here.
    if let Some(Value::Object(rest)) = extras.shift_remove("options") {
        for (key, value) in rest {
            options.entry(key).or_insert(value);
        }
    }
    for field in &target.quirks.refuses {
        if options.shift_remove(field.as_str()).is_some() {
            notes.dropped(field.as_str(), "the provider refuses it");
        }
    }
    options
}

fn write_tool(tool: Tool, notes: &mut Notes) -> Result<Option<Value>, Refused> {
    let (name, description, schema, strict) = match tool.kind {
        ToolKind::Function {
            name,
            description,
            schema,
            strict,
            ..
        } => (name, description, schema, strict),
        ToolKind::Hosted { value, .. } if tool.extras.owner == Some(Dialect::Ollama) => {
            return Ok(Some(value));
        }
        ToolKind::Hosted { name, .. } | ToolKind::Custom { name, .. } => {
            notes.refuse(format!("tools.{name}"), "Ollama only knows function tools")?;
            return Ok(None);
        }
    };
    if strict == Some(true) {
        notes.degraded("tools.strict", "Ollama does not hold calls to their schema");
    }
    let mut function = Map::new();
    function.insert("name".to_owned(), name.into());
    if let Some(description) = description {
        function.insert("description".to_owned(), description.into());
    }
    function.insert("parameters".to_owned(), schema.unwrap_or_else(no_arguments));
    let mut rest = returned(tool.extras, Dialect::Ollama, "tools.", notes);
    if let Some(Value::Object(more)) = rest.shift_remove("function") {
        for (key, value) in more {
            function.entry(key).or_insert(value);
        }
    }
    let mut written = Map::new();
    written.insert("type".to_owned(), "function".into());
    written.insert("function".to_owned(), Value::Object(function));
    for (key, value) in rest {
        written.entry(key).or_insert(value);
    }
    Ok(Some(Value::Object(written)))
}

fn format(format: Format, target: &Target<'_>, notes: &mut Notes) -> Option<Value> {
    match format {
        Format::Text => None,
        Format::Json => Some("json".into()),
        Format::Schema {
            schema,
            description,
            ..
        } => {
            if description.is_some() {
                notes.dropped(
                    "response_format.description",
                    "Ollama takes the schema alone",
                );
            }
            if target.quirks.json_object_only || target.traits.json_schema == Some(false) {
                notes.degraded(
                    "response_format",
                    "the model gives JSON, not after a schema",
                );
                return Some("json".into());
            }
            Some(schema)
        }
    }
}

/// `think`: a word where the caller named a step, else on or off.
fn think(thinking: &Thinking, target: &Target<'_>, notes: &mut Notes) -> Option<Value> {
    if thinking.shown == Some(false) {
        notes.dropped("reasoning.display", "Ollama always shows what was thought");
    }
    let off = thinking.on == Some(false)
        || thinking.effort == Some(Effort::None)
        || (thinking.effort.is_none() && thinking.budget == Some(0));
    if *thinking == Thinking::default() {
        return None;
    }
    if off {
        // A model that can't think is refused `true`, never `false`.
        return Some(false.into());
    }
    if target.traits.reasoning == Some(false) {
        notes.dropped("reasoning_effort", "the model does not think");
        return None;
    }
    if thinking.budget.is_some() {
        notes.degraded(
            "reasoning.budget",
            "Ollama can't be told how many tokens to think",
        );
    }
    let Some(asked) = thinking.effort else {
        return (thinking.on == Some(true) || thinking.budget.is_some()).then_some(true.into());
    };
    let (effort, mut moved) = target.effort(asked);
    let word = match effort {
        Effort::None => return Some(false.into()),
        Effort::Minimal => {
            moved = true;
            "low"
        }
        Effort::XHigh => {
            moved = true;
            "high"
        }
        Effort::Low | Effort::Medium | Effort::High | Effort::Max => effort.word(),
    };
    if moved {
        notes.degraded(
            "reasoning_effort",
            format!("the nearest that it takes is {word}"),
        );
    }
    Some(word.into())
}
