//! Whether a request is a task for a tool: by its model's name, by its client's label, or because its last
//! message is one, whole.
//!
//! Promises: what was named or labelled is a tool's or an error. What is recognised is a tool's only where the
//! route says so and nothing in the request asks for more than an answer in words.

use std::sync::Arc;

use dialect::hub::{Choice, Format, Kind, Message, Request, Role};
use dialect::{Fault, FaultKind, Task as Kinds};
use http::{HeaderMap, HeaderName};
use offload::{Tool, Trouble, TroubleKind};
use serde_json::Value;

use super::note::ToolWay;
use super::rule::{OnFailure, Recognition, ToolRule, Tools};
use crate::faults;

/// Asked by a client: which task this is.
pub(crate) static TASK: HeaderName = HeaderName::from_static("x-signalbox-task");
/// What names of tools begin with where models are named.
const PREFIX: &str = "tool/";
/// Messages above this are never looked at for a task, in bytes.
const LONGEST: usize = 16 * 1024;

/// A task for a tool.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(crate) tool: Tool,
    pub(crate) way: ToolWay,
    /// What the tool is to do, or why the message says nothing that it takes.
    pub(crate) arguments: Result<Value, Trouble>,
    pub(crate) rule: Arc<ToolRule>,
}

impl Task {
    /// Whether a model is asked where the tool can't do it.
    pub(crate) fn falls_through(&self) -> bool {
        match self.way {
            ToolWay::Named => false,
            // Nobody asked for a tool, so its failure is nobody's business.
            ToolWay::Recognised | ToolWay::Shadow => true,
            _ => self.rule.on_failure == OnFailure::Model,
        }
    }
}

/// The tool that a request names as its model.
///
/// # Errors
/// There is no such tool.
pub(crate) fn named(tools: &Tools, model: &str) -> Option<Result<Tool, Fault>> {
    let name = model.strip_prefix(PREFIX)?;
    Some(match name.parse::<Tool>() {
        Ok(tool) => Ok(tool),
        Err(_) => Err(no_such_tool(&format!("`{model}`"), "model", tools)),
    })
}

/// The tool whose task a client says this is.
///
/// # Errors
/// No tool's task is called so.
pub(crate) fn labelled(headers: &HeaderMap) -> Option<Result<Tool, Fault>> {
    let mut labels = headers.get_all(&TASK).iter();
    let label = labels.next()?.to_str().unwrap_or_default().trim();
    if labels.next().is_some() {
        return Some(Err(faults::malformed(format!(
            "The header `{TASK}` is there more than once; a request is one task."
        ))));
    }
    Some(match Tool::of_label(label) {
        Ok(tool) => Ok(tool),
        Err(_) => Err(no_such_label(label)),
    })
}

/// Nobody may use it.
pub(crate) fn is_off() -> Trouble {
    Trouble::new(
        TroubleKind::NotGranted,
        "it is switched off. Take it out of `off` in [tools] to use it.",
    )
}

fn no_such_tool(what: &str, param: &'static str, tools: &Tools) -> Fault {
    let known: Vec<String> = Tool::BUILT_IN
        .iter()
        .filter(|tool| tools.has(tool))
        .map(|tool| format!("{PREFIX}{tool}"))
        .collect();
    let known = known.join(", ");
    Fault {
        param: Some(param),
        ..Fault::new(
            FaultKind::NotFound,
            "unknown_tool",
            format!("There is no tool {what}. There are: {known}, and {PREFIX}mcp/SERVER/TOOL."),
        )
    }
}

fn no_such_label(label: &str) -> Fault {
    let known: Vec<&str> = Tool::BUILT_IN.iter().map(Tool::label).collect();
    let known = known.join(", ");
    let label: String = label.chars().take(64).collect();
    Fault::new(
        FaultKind::InvalidRequest,
        "unknown_task",
        format!(
            "The header `{TASK}` knows no task `{label}`. It knows: {known}, and the names of tools."
        ),
    )
}

/// Why a kind of request can't be a task.
///
/// # Errors
/// It is not one that is answered in words.
pub(crate) fn takes_words(endpoint: dialect::Endpoint) -> Result<(), Fault> {
    match endpoint.task() {
        Kinds::Generate => Ok(()),
        _ => Err(faults::malformed(
            "A tool answers requests for text (chat, messages, responses, completions), and this is none.",
        )),
    }
}

/// What a tool is to do, as the last message says it.
///
/// # Errors
/// It says nothing, or not what the tool takes.
pub(crate) fn arguments(tool: &Tool, request: &Request) -> Result<Value, Trouble> {
    let text = last_words(request).ok_or_else(|| {
        Trouble::new(
            TroubleKind::BadInput,
            "its last message is not a user's text. Put the task into the last message, as text.",
        )
    })?;
    tool.arguments_of(&text)
}

/// The task that the last message is, whole; whether it is one to be done.
pub(crate) fn recognised(
    tools: &Tools,
    rule: &ToolRule,
    request: &Request,
) -> Option<(offload::Recognised, bool)> {
    if rule.recognise == Recognition::Off || !asks_for_words(request) {
        return None;
    }
    let text = last_words(request).filter(|text| text.len() <= LONGEST)?;
    let found = offload::recognise(&text).ok()?;
    let is_on = rule.recognise == Recognition::On;
    tools.has(&found.tool).then_some((found, is_on))
}

/// Nothing but an answer in words is wanted, to a message that nothing was said before: what a later one means may
/// hang on those before it, also where a provider keeps them.
fn asks_for_words(request: &Request) -> bool {
    let one = request.candidates.unwrap_or(1) <= 1;
    let is_turn = |message: &&Message| !matches!(message.role, Role::System | Role::Developer);
    let turns = request.messages.iter().filter(is_turn).count();
    let forced = matches!(
        request.choice,
        Some(Choice::Any | Choice::Tool(_) | Choice::Among { .. })
    );
    let plain = |field: &String| HARMLESS.contains(&field.as_str());
    one && turns == 1
        && request.previous.is_none()
        && request.extras.fields.keys().all(plain)
        && request.format == Format::Text
        && request.logprobs.is_none()
        && !request.begun
        && request.stop.is_empty()
        && !forced
}

/// Fields without a name in our words that change nothing of what is asked.
const HARMLESS: [&str; 10] = [
    "client_metadata",
    "include",
    "keep_alive",
    "max_tool_calls",
    "prompt_cache_retention",
    "safetySettings",
    "safety_identifier",
    "safety_settings",
    "stream_options",
    "truncation",
];

/// The last message, where it is a user's and nothing but text.
fn last_words(request: &Request) -> Option<String> {
    let last = request
        .messages
        .last()
        .filter(|last| last.role == Role::User)?;
    let mut words = String::new();
    for part in &last.parts {
        let Kind::Text(text) = &part.kind else {
            return None;
        };
        if !words.is_empty() {
            words.push('\n');
        }
        words.push_str(text);
    }
    (!words.trim().is_empty()).then_some(words)
}
