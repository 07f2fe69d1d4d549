//! A request, written for `/v2/chat`.
//!
//! Promises: a named tool is had by sending it alone and requiring a call. What is not said stays
//! with the provider (no limit of our own making). Numbers beyond Cohere's scales move to their ends.
//! Leaves out: the messages (`messages_out`); `documents`, which no other dialect has.

use serde_json::{Map, Value, json};

use super::messages_out::messages;
use crate::Dialect;
use crate::fields::{no_arguments, returned};
use crate::hub::{
    Choice, Effort, Format, Notes, Refused, Request, Target, Thinking, Tool, ToolKind,
};
use crate::ollama::lacking;

/// The request as this dialect writes it.
pub(crate) fn write_request(
    mut request: Request,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Map<String, Value>, Refused> {
    lacking::leave_out(&mut request, notes)?;
    let required = lacking::narrow(&mut request, notes);
    let extras = returned(
        std::mem::take(&mut request.extras),
        Dialect::Cohere,
        "",
        notes,
    );

    let mut body = Map::new();
    body.insert("model".to_owned(), target.model.into());
    body.insert("stream".to_owned(), request.stream.into());
    let sampled = sampling(&request, target, notes);
    let thinking = thinking(&request.thinking, request.max_output, target, notes);
    let strict = strict_tools(&request.tools, notes);
    let mut tools = Vec::with_capacity(request.tools.len());
    for tool in request.tools {
        tools.extend(write_tool(tool, notes)?);
    }
    let format = format(request.format, !tools.is_empty(), target, notes)?;
    let choice = match request.choice {
        _ if tools.is_empty() => None,
        Some(Choice::None) => Some("NONE"),
        _ if required => Some("REQUIRED"),
        _ => None,
    };
    let logprobs = logprobs(request.logprobs, notes)?;
    body.insert(
        "messages".to_owned(),
        Value::Array(messages(request.messages, target, notes)?),
    );
    let said = [
        ("tools", (!tools.is_empty()).then(|| Value::Array(tools))),
        ("strict_tools", strict.then(|| true.into())),
        ("tool_choice", choice.map(Value::from)),
        ("max_tokens", request.max_output.map(Value::from)),
        (
            "stop_sequences",
            (!request.stop.is_empty()).then(|| json!(request.stop)),
        ),
        ("response_format", format),
        ("thinking", thinking),
        ("logprobs", logprobs.then(|| true.into())),
    ];
    for (key, value) in said.into_iter().chain(sampled) {
        if let Some(value) = value {
            body.insert(key.to_owned(), value);
        }
    }
    for (key, value) in extras {
        body.entry(key).or_insert(value);
    }
    lacking::refused_fields(&mut body, target, notes);
    Ok(body)
}

/// The end of Cohere's scale for `k`.
const MOST_K: u64 = 500;

fn sampling(
    request: &Request,
    target: &Target<'_>,
    notes: &mut Notes,
) -> [(&'static str, Option<Value>); 6] {
    let sampling = lacking::sampling(request, target, notes);
    if sampling.top_k.is_some_and(|k| k > MOST_K) {
        notes.degraded("top_k", "it is 500 at most here");
    }
    let mut within = |what: &str, value: Option<f64>, least: f64, most: f64| {
        let value = value?;
        let moved = value.clamp(least, most);
        if moved != value {
            notes.degraded(what, format!("Cohere's scale is {least} to {most}"));
        }
        Some(Value::from(moved))
    };
    [
        ("temperature", sampling.temperature.map(Value::from)),
        // All of it is 0.99 here.
        ("p", within("top_p", sampling.top_p, 0.01, 0.99)),
        (
            "frequency_penalty",
            within("frequency_penalty", sampling.frequency_penalty, 0.0, 1.0),
        ),
        (
            "presence_penalty",
            within("presence_penalty", sampling.presence_penalty, 0.0, 1.0),
        ),
        ("k", sampling.top_k.map(|k| k.min(MOST_K).into())),
        ("seed", sampling.seed.map(Value::from)),
    ]
}

/// Cohere holds all tools to their schemas or none.
fn strict_tools(tools: &[Tool], notes: &mut Notes) -> bool {
    let strict = |tool: &&Tool| {
        matches!(
            tool.kind,
            ToolKind::Function {
                strict: Some(true),
                ..
            }
        )
    };
    let held = tools.iter().filter(strict).count();
    if held > 0 && held < tools.len() {
        notes.degraded(
            "tools.strict",
            "Cohere holds all tools to their schemas or none: it is not asked to",
        );
    }
    held > 0 && held == tools.len()
}

fn write_tool(tool: Tool, notes: &mut Notes) -> Result<Option<Value>, Refused> {
    let (name, description, schema) = match tool.kind {
        ToolKind::Function {
            name,
            description,
            schema,
            ..
        } => (name, description, schema),
        ToolKind::Hosted { value, .. } if tool.extras.owner == Some(Dialect::Cohere) => {
            return Ok(Some(value));
        }
        ToolKind::Hosted { name, .. } | ToolKind::Custom { name, .. } => {
            notes.refuse(format!("tools.{name}"), "Cohere only knows function tools")?;
            return Ok(None);
        }
    };
    let mut function = Map::new();
    function.insert("name".to_owned(), name.into());
    if let Some(description) = description {
        function.insert("description".to_owned(), description.into());
    }
    function.insert("parameters".to_owned(), schema.unwrap_or_else(no_arguments));
    let mut written = Map::new();
    written.insert("type".to_owned(), "function".into());
    written.insert("function".to_owned(), Value::Object(function));
    for (key, value) in returned(tool.extras, Dialect::Cohere, "tools.", notes) {
        written.entry(key).or_insert(value);
    }
    Ok(Some(Value::Object(written)))
}

fn format(
    format: Format,
    has_tools: bool,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Option<Value>, Refused> {
    if has_tools && format != Format::Text {
        notes.refuse(
            "response_format",
            "Cohere takes either tools or a form of the answer, not both",
        )?;
        return Ok(None);
    }
    Ok(match format {
        Format::Text => None,
        Format::Json => Some(json!({"type": "json_object"})),
        Format::Schema {
            schema,
            description,
            ..
        } => {
            if description.is_some() {
                notes.dropped(
                    "response_format.description",
                    "Cohere takes the schema alone",
                );
            }
            if target.quirks.json_object_only || target.traits.json_schema == Some(false) {
                notes.degraded(
                    "response_format",
                    "the model gives JSON, not after a schema",
                );
                return Ok(Some(json!({"type": "json_object"})));
            }
            Some(json!({"type": "json_object", "json_schema": schema}))
        }
    })
}

fn thinking(
    thinking: &Thinking,
    max_output: Option<u64>,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Option<Value> {
    if *thinking == Thinking::default() {
        return None;
    }
    if thinking.shown == Some(false) {
        notes.dropped("reasoning.display", "Cohere always shows what was thought");
    }
    let effort = thinking.effort.map(|asked| target.effort(asked).0);
    let off = thinking.on == Some(false)
        || effort == Some(Effort::None)
        || (effort.is_none() && thinking.budget == Some(0));
    if target.traits.reasoning == Some(false) {
        if !off {
            notes.dropped("reasoning_effort", "the model does not think");
        }
        return None;
    }
    if off {
        return Some(json!({"type": "disabled"}));
    }
    let of_effort = effort.map(|effort| {
        notes.degraded(
            "reasoning_effort",
            "Cohere counts thinking in tokens, not in steps",
        );
        match effort {
            Effort::None | Effort::Minimal => Some(512),
            Effort::Low => Some(2_048),
            Effort::Medium => Some(8_192),
            // As much as it likes.
            Effort::High | Effort::XHigh | Effort::Max => None,
        }
    });
    if thinking.on.is_none() && thinking.budget.is_none() && of_effort.is_none() {
        return None;
    }
    // The answer's limit holds the thoughts too: they must leave it some room.
    let room = max_output.map_or(u64::MAX, |most| most.saturating_sub(1).max(1));
    match thinking.budget.or(of_effort.flatten()) {
        Some(budget) => {
            if budget > room {
                notes.degraded("reasoning.budget", "it is lowered below the output limit");
            }
            Some(json!({"type": "enabled", "token_budget": budget.min(room)}))
        }
        None => Some(json!({"type": "enabled"})),
    }
}

fn logprobs(asked: Option<u32>, notes: &mut Notes) -> Result<bool, Refused> {
    if asked.is_some_and(|alternatives| alternatives > 0) {
        notes.refuse(
            "top_logprobs",
            "Cohere tells how likely the chosen tokens were, not the others",
        )?;
    }
    Ok(asked.is_some())
}
