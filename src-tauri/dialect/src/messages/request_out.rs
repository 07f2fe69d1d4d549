//! A request out of the hub, as this dialect writes it.
//!
//! Promises: what excludes one another is settled here (thinking, forced tools, prefill, sampling),
//! the guarantee before the hint; every loss is noted, and what changes the answer is refused.

use serde_json::{Map, Value, json};

use super::thinking_out::{Beside, Thought, thought};
use super::turns::{Turns, instruction};
use super::{cache, sampling_out, schema, tools_out};
use crate::Dialect;
use crate::hub::{Choice, Extras, Format, Notes, Refused, Request, Target};

/// The limit for a model of which nobody says one.
const MAX_TOKENS: u64 = 4_096;

/// The request as this dialect writes it.
pub(crate) fn write_request(
    mut request: Request,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Map<String, Value>, Refused> {
    without_words(&request, notes)?;
    let max_tokens = max_tokens(&request, target, notes);
    let mut choice = tools_out::narrowed(request.choice.take(), &mut request.tools, notes);
    let mut turns = Turns::of(request.messages, target, notes)?;
    let tools = tools_out::tools(request.tools, target, notes)?;
    let format = format(request.format, &mut turns, target, notes);
    if tools.is_empty()
        && choice
            .take()
            .is_some_and(|c| c != Choice::None && c != Choice::Auto)
    {
        notes.dropped("tool_choice", "there are no tools to choose from");
    }
    let is_forced = matches!(choice, Some(Choice::Any | Choice::Tool(_)))
        && target.traits.forced_tools != Some(false);
    let beside = Beside {
        max_tokens,
        is_forced,
        is_prefilled: turns.is_prefilled(),
        calls_without_thought: turns.calls_without_thought(),
    };
    let thought = thought(&request.thinking, beside, target, notes);
    let choice = tools_out::unforced(choice, target, thought.is_on, notes);
    let parallel = request.parallel.filter(|_| !tools.is_empty());

    let mut body = Map::new();
    body.insert("model".to_owned(), target.model.into());
    body.insert("max_tokens".to_owned(), max_tokens.into());
    if !turns.system.is_empty() {
        let system = std::mem::take(&mut turns.system);
        body.insert("system".to_owned(), Value::Array(system));
    }
    body.insert("messages".to_owned(), turns.into_messages().into());
    if !tools.is_empty() {
        body.insert("tools".to_owned(), Value::Array(tools));
    }
    if let Some(choice) = tools_out::choice(choice.as_ref(), parallel) {
        body.insert("tool_choice".to_owned(), choice);
    }
    let thinks = thought.is_on;
    think(thought, format, &mut body);
    sampling_out::sampling(&request.sampling, thinks, target, &mut body, notes);
    if !request.stop.is_empty() {
        body.insert("stop_sequences".to_owned(), request.stop.into());
    }
    if let Some(user) = request.end_user {
        body.insert("metadata".to_owned(), json!({"user_id": user}));
    }
    if let Some(tier) = request.tier.and_then(|tier| self::tier(&tier, notes)) {
        body.insert("service_tier".to_owned(), tier.into());
    }
    if request.stream {
        body.insert("stream".to_owned(), true.into());
    }
    own(&mut body, request.extras, notes);
    cache::bound(&mut body, notes);
    refused(&mut body, target, notes);
    Ok(body)
}

/// What this dialect has no words for.
fn without_words(request: &Request, notes: &mut Notes) -> Result<(), Refused> {
    if request.candidates.is_some_and(|n| n > 1) {
        notes.refuse("n", "Anthropic gives one answer to a request")?;
    }
    if request.logprobs.is_some() {
        notes.refuse("logprobs", "Anthropic tells no log probabilities")?;
    }
    if request.previous.is_some() {
        let why = "Anthropic keeps no responses: the conversation must come whole";
        notes.refuse("previous_response_id", why)?;
    }
    let dropped = [
        ("verbosity", request.verbosity.is_some()),
        ("prompt_cache_key", request.cache_key.is_some()),
        ("store", request.store == Some(true)),
        ("metadata", !request.metadata.is_empty()),
    ];
    for (field, is_set) in dropped {
        if is_set {
            notes.dropped(field, "Anthropic has no such field");
        }
    }
    Ok(())
}

fn max_tokens(request: &Request, target: &Target<'_>, notes: &mut Notes) -> u64 {
    match (request.max_output, target.max_output) {
        (Some(asked), Some(most)) if asked > most => {
            let why = format!("the model writes {most} tokens at most");
            notes.equivalent("max_tokens", why);
            most
        }
        (Some(asked), _) => asked,
        (None, Some(most)) => most,
        (None, None) => {
            let why = "Anthropic wants a limit, and nobody says the model's: it is 4,096";
            notes.degraded("max_tokens", why);
            MAX_TOKENS
        }
    }
}

/// The schema the vendor is to enforce; what it can't enforce is told in words.
fn format(
    format: Format,
    turns: &mut Turns,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Option<Value> {
    let schema = match format {
        Format::Text => return None,
        Format::Json => {
            let why = "Anthropic has no JSON mode: the model is asked for JSON in words";
            notes.degraded("response_format", why);
            let words =
                "Answer with one JSON object and nothing else: no words around it, no code fence.";
            instruction(turns, words.to_owned());
            return None;
        }
        Format::Schema { schema, .. } => schema,
    };
    let takes = target.traits.json_schema != Some(false) && !target.quirks.json_object_only;
    let compiled = if takes {
        schema::compile(&schema)
    } else {
        Err("this model takes no schema for its answer")
    };
    match compiled {
        Ok(compiled) => {
            if compiled.is_relaxed {
                let why = "parts of the schema are told to the model, not enforced";
                notes.degraded("response_format.json_schema", why);
            }
            Some(json!({"type": "json_schema", "schema": compiled.schema}))
        }
        Err(why) => {
            let why = format!("{why}: the schema is told in words, not enforced");
            notes.degraded("response_format.json_schema", why);
            let words = format!(
                "Answer with one JSON document and nothing else: no words around it, no code \
                 fence. It must follow this JSON Schema:\n{schema}"
            );
            instruction(turns, words);
            None
        }
    }
}

fn think(thought: Thought, format: Option<Value>, body: &mut Map<String, Value>) {
    if let Some(thinking) = thought.thinking {
        body.insert("thinking".to_owned(), thinking);
    }
    let mut config = Map::new();
    if let Some(effort) = thought.effort {
        config.insert("effort".to_owned(), effort.into());
    }
    if let Some(format) = format {
        config.insert("format".to_owned(), format);
    }
    if !config.is_empty() {
        body.insert("output_config".to_owned(), config.into());
    }
}

fn tier(tier: &str, notes: &mut Notes) -> Option<&'static str> {
    match tier {
        "auto" => Some("auto"),
        "standard_only" | "standard" | "default" => Some("standard_only"),
        _ => {
            notes.dropped("service_tier", "Anthropic has no such tier");
            None
        }
    }
}

/// Fields without a name in the hub return to their owner; where one was read in part, its rest
/// joins what is written.
fn own(body: &mut Map<String, Value>, extras: Extras, notes: &mut Notes) {
    if extras.owner != Some(Dialect::Anthropic) {
        super::content_out::own(body, extras, "", notes);
        return;
    }
    for (field, value) in extras.fields {
        match (body.get_mut(&field), value) {
            (Some(Value::Object(written)), Value::Object(rest))
                if matches!(field.as_str(), "output_config" | "metadata") =>
            {
                written.extend(rest);
            }
            (_, value) => {
                body.insert(field, value);
            }
        }
    }
}

/// Fields this provider answers with a 400.
fn refused(body: &mut Map<String, Value>, target: &Target<'_>, notes: &mut Notes) {
    for field in &target.quirks.refuses {
        let is_needed = matches!(field.as_str(), "model" | "messages" | "max_tokens");
        if !is_needed && body.shift_remove(field).is_some() {
            notes.dropped(field.as_str(), "this provider does not take the field");
        }
    }
}
