//! Makes a request fit its target before it is written: what every codec would do alike.
//!
//! Promises: illegal tool names and ids are mapped and can be mapped back; namespaces are
//! flattened; custom tools become functions; foreign seals are stripped; stop texts the target
//! lacks are emulated; every change that loses something is noted or refused.
//! Leaves out: what one dialect alone must do (its own `write_request`).

mod binding;
mod content;
mod ids;
mod marks;
mod names;
mod tools;

use serde_json::Value;

use super::{Back, Extras, Format, Message, Notes, Refused, Request, Role, Target, ToolKind};
use crate::Dialect;

pub(crate) use binding::says_nothing;

/// Fits `request` to `target` in place and says what the reply's way back needs.
///
/// # Errors
/// When the target can't serve the request without changing what is asked for.
pub(crate) fn fit(
    request: &mut Request,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Back, Refused> {
    let mut back = Back::default();
    understood(request, target);
    asked(request, target, notes)?;
    binding::fit(request, target, notes)?;
    tools::hosted(request, target, notes)?;
    tools::custom(request, target, notes, &mut back);
    names::fit(request, target, notes, &mut back);
    content::fit(request, target, notes)?;
    marks::fit(request, target);
    ids::fit(request, target, notes, &mut back);
    ids::name_results(request, notes);
    ids::order_results(request, target);
    one_message_a_turn(request, target);
    stops(request, target, notes, &mut back);
    answer_by_tool(request, target, notes, &mut back);
    limits(request, target, notes);
    Ok(back)
}

/// Fields that a reader left with the caller's own for the way back to it, and that the hub has
/// understood as well: elsewhere they are not lost.
const UNDERSTOOD: &[&str] = &[
    "prompt_cache_options",
    "reasoning",
    "safety_identifier",
    "thinking",
    "user",
];

/// What Responses' `include` may say that is given anyway (a thought's seal) or has been read from it.
const GIVEN: &[&str] = &[
    "message.output_text.logprobs",
    "reasoning.encrypted_content",
];

/// The mark that Responses' reader leaves on the message that came as this field.
const PLACE: &str = "instructions";

fn understood(request: &mut Request, target: &Target<'_>) {
    let is_foreign = |extras: &Extras| extras.owner.is_some_and(|owner| owner != target.dialect);
    if is_foreign(&request.extras) {
        request
            .extras
            .fields
            .retain(|key, value| !UNDERSTOOD.contains(&key.as_str()) && !is_given(key, value));
    }
    for message in &mut request.messages {
        if is_foreign(&message.extras) {
            message.extras.fields.shift_remove(PLACE);
        }
    }
}

/// Whether a field asks for nothing but what is given; takes out what is.
fn is_given(key: &str, value: &mut Value) -> bool {
    let Value::Array(words) = value else {
        return false;
    };
    if key != "include" {
        return false;
    }
    words.retain(|word| !word.as_str().is_some_and(|word| GIVEN.contains(&word)));
    words.is_empty()
}

/// What only some dialects can be asked.
fn asked(request: &mut Request, target: &Target<'_>, notes: &mut Notes) -> Result<(), Refused> {
    let several = request.candidates.is_some_and(|candidates| candidates > 1);
    if several && !target.gives_several() {
        notes.refuse("n", "The provider gives one answer to a request.")?;
        request.candidates = None;
    }
    let has_logprobs = matches!(
        target.dialect,
        Dialect::OpenAi | Dialect::Responses | Dialect::Gemini | Dialect::Ollama
    );
    if request.logprobs.is_some() && !has_logprobs {
        notes.refuse(
            "logprobs",
            "The provider does not tell the probabilities of its words.",
        )?;
        request.logprobs = None;
    }
    if request.previous.is_some() && target.dialect != Dialect::Responses {
        notes.refuse(
            "previous_response_id",
            "The response it names is not kept here (a restart forgets, and so does store: false); send the \
             conversation itself.",
        )?;
        request.previous = None;
    }
    Ok(())
}

/// An assistant's turn is one message where calls are counted by message: results must follow the
/// message of all their calls.
fn one_message_a_turn(request: &mut Request, target: &Target<'_>) {
    if !matches!(target.dialect, Dialect::Cohere | Dialect::Ollama) {
        return;
    }
    let mut turns: Vec<Message> = Vec::with_capacity(request.messages.len());
    for message in std::mem::take(&mut request.messages) {
        match turns.last_mut() {
            Some(last) if last.role == Role::Assistant && message.role == Role::Assistant => {
                last.parts.extend(message.parts);
            }
            _ => turns.push(message),
        }
    }
    request.messages = turns;
}

/// Stop texts that the target can't take are looked for here, all of them: with some here and some
/// there, the first to be met would not be the one that counts.
fn stops(request: &mut Request, target: &Target<'_>, notes: &mut Notes, back: &mut Back) {
    let most = match target.dialect {
        Dialect::Responses => 0,
        Dialect::OpenAi => 4,
        Dialect::Gemini => 5,
        _ => usize::MAX,
    };
    let most = target
        .quirks
        .max_stops
        .map_or(most, |quirk| quirk.min(most));
    if request.stop.len() > most {
        notes.equivalent(
            "stop",
            "The provider takes fewer stop texts: the answer is cut here when it meets one.",
        );
        back.stops = std::mem::take(&mut request.stop);
        back.answers = request.candidates.unwrap_or(1);
    }
}

/// A model without JSON Schema can still be made to call a tool that takes one: its arguments are
/// the answer.
fn answer_by_tool(request: &mut Request, target: &Target<'_>, notes: &mut Notes, back: &mut Back) {
    let lacks_schema =
        target.traits.json_schema == Some(false) && target.traits.forced_tools != Some(false);
    let hosts = matches!(target.dialect, Dialect::Anthropic | Dialect::Bedrock);
    let thinks = request.thinking.on == Some(true) || request.thinking.effort.is_some();
    if !lacks_schema || !hosts || thinks || !request.tools.is_empty() {
        return;
    }
    let Format::Schema {
        schema,
        description,
        ..
    } = &request.format
    else {
        return;
    };
    let name = "answer".to_owned();
    request.tools.push(super::Tool {
        kind: ToolKind::Function {
            name: name.clone(),
            namespace: None,
            description: description
                .clone()
                .or_else(|| Some("Gives the answer, in the form that was asked for.".to_owned())),
            schema: Some(schema.clone()),
            strict: None,
        },
        cache: None,
        extras: Extras::default(),
    });
    request.choice = Some(super::Choice::Tool(name.clone()));
    request.format = Format::Text;
    back.answer_tool = Some(name);
    notes.degraded(
        "response_format",
        "The model takes no schema for its answer: it fills in a tool of that schema instead.",
    );
}

/// Figures that the provider takes only in a range.
fn limits(request: &mut Request, target: &Target<'_>, notes: &mut Notes) {
    if let Some(asked) = request.thinking.effort {
        let (given, moved) = target.effort(asked);
        if moved {
            notes.degraded(
                "reasoning_effort",
                format!(
                    "The provider has no `{}`: it was asked for `{}`.",
                    asked.word(),
                    given.word()
                ),
            );
            request.thinking.effort = Some(given);
        }
    }
    if let (Some(asked), Some(most)) = (request.sampling.temperature, target.quirks.max_temperature)
        && asked > most
    {
        notes.degraded(
            "temperature",
            format!("The provider takes no more than {most}."),
        );
        request.sampling.temperature = Some(most);
    }
}

#[cfg(test)]
mod tests;
