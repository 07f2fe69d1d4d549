//! A request as Converse takes it.
//!
//! Promises: Converse's own fields where it has them, the maker's fields where they are known,
//! and a note or a refusal for the rest. The model and the wish to stream stand in the path.

use serde_json::{Map, Value, json};

use super::cache_out::Marks;
use super::family::Family;
use super::{thinking_out, tools_out, turns_out};
use crate::hub::{Format, Notes, Refused, Request, Sampling, Target, says_nothing};

/// The most pairs of `requestMetadata`, and the most characters of a key or a value.
const MOST_METADATA: usize = 16;
const LONGEST_METADATA: usize = 256;

/// The request as this dialect writes it.
pub(crate) fn write_request(
    mut request: Request,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Map<String, Value>, Refused> {
    let family = Family::of(target.model);
    refuse_what_changes_the_answer(&request, notes)?;
    note_what_is_lost(&mut request, notes);
    let thinking = thinking_out::plan(&request, target, family, notes);
    let max_output = request.max_output.or(thinking.max_output);

    let mut body = Map::new();
    let mut additional = thinking.fields;
    let inference = inference(
        &request,
        target,
        family,
        max_output,
        thinking.strict,
        &mut additional,
        notes,
    );
    let output = output(request.format, thinking.effort, target, notes)?;
    let metadata = metadata(request.metadata, request.end_user, notes);
    let tier = tier(request.tier.as_deref(), notes);

    let (system, turns) = turns_out::split(request.messages);
    let mut marks = Marks::plan(&request.tools, &system, &turns, family, notes);
    let tools = tools_out::config(
        request.tools,
        request.choice,
        &turns,
        &mut marks,
        target,
        thinking.strict,
        notes,
    )?;
    let system = turns_out::system(system, &mut marks, notes)?;
    let turns = turns_out::messages(turns, &mut marks, target, family, notes)?;

    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(key.to_owned(), value);
        }
    };
    put("system", (!system.is_empty()).then(|| system.into()));
    put("messages", Some(turns.into()));
    put("inferenceConfig", unless_empty(inference));
    put("toolConfig", tools);
    put("outputConfig", unless_empty(output));
    put("additionalModelRequestFields", unless_empty(additional));
    // Claude says which stop sequence it met when asked to.
    let asks_stop = family == Family::Claude && !request.stop.is_empty();
    put(
        "additionalModelResponseFieldPaths",
        asks_stop.then(|| json!(["/stop_sequence"])),
    );
    put("requestMetadata", unless_empty(metadata));
    put("serviceTier", tier.map(|tier| json!({"type": tier})));
    Ok(body)
}

fn unless_empty(map: Map<String, Value>) -> Option<Value> {
    (!map.is_empty()).then_some(Value::Object(map))
}

fn inference(
    request: &Request,
    target: &Target<'_>,
    family: Family,
    max_output: Option<u64>,
    thinks: bool,
    additional: &mut Map<String, Value>,
    notes: &mut Notes,
) -> Map<String, Value> {
    let mut written = Map::new();
    if let Some(most) = max_output {
        written.insert("maxTokens".to_owned(), most.max(1).into());
    }
    let thinks = thinks && family == Family::Claude;
    let asked = takes_sampling(&request.sampling, target, notes);
    if let Some(temperature) = asked.temperature {
        if thinks {
            notes.dropped("temperature", "It can't be set while the model thinks.");
        } else {
            let most = target.quirks.max_temperature.unwrap_or(1.0).min(1.0);
            let taken = temperature.max(0.0).min(most);
            if taken != temperature {
                notes.degraded(
                    "temperature",
                    "Moved to the nearest value that Bedrock Converse takes.",
                );
            }
            written.insert("temperature".to_owned(), taken.into());
        }
    }
    if let Some(top_p) = asked.top_p {
        if thinks && top_p < 0.95 {
            notes.dropped("top_p", "It can't be below 0.95 while the model thinks.");
        } else if family == Family::Claude && written.contains_key("temperature") {
            notes.dropped("top_p", "Claude takes one of temperature and top_p.");
        } else {
            written.insert("topP".to_owned(), top_p.clamp(0.0, 1.0).into());
        }
    }
    if let Some(top_k) = asked.top_k {
        match family {
            Family::Claude if thinks => {
                notes.dropped("top_k", "It can't be set while the model thinks.");
            }
            Family::Claude | Family::Mistral => {
                additional.insert("top_k".to_owned(), top_k.into());
            }
            Family::Nova => {
                additional.insert("inferenceConfig".to_owned(), json!({"topK": top_k}));
            }
            _ => notes.dropped(
                "top_k",
                "Bedrock Converse has no word for it with this model.",
            ),
        }
    }
    if !request.stop.is_empty() {
        written.insert("stopSequences".to_owned(), json!(request.stop));
    }
    written
}

/// The sampling asked for, if the model takes any.
fn takes_sampling(asked: &Sampling, target: &Target<'_>, notes: &mut Notes) -> Sampling {
    if target.traits.sampling != Some(false) {
        return asked.clone();
    }
    for (what, is_set) in [
        ("temperature", asked.temperature.is_some()),
        ("top_p", asked.top_p.is_some()),
        ("top_k", asked.top_k.is_some()),
    ] {
        if is_set {
            notes.dropped(what, "The model draws its words in its own way.");
        }
    }
    Sampling::default()
}

/// `outputConfig`.
fn output(
    format: Format,
    effort: Option<&str>,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Map<String, Value>, Refused> {
    let mut output = Map::new();
    match format {
        Format::Text => {}
        Format::Json => notes.refuse(
            "response_format",
            "Bedrock Converse gives JSON after a schema only.",
        )?,
        Format::Schema { .. } if target.traits.json_schema == Some(false) => notes.refuse(
            "response_format",
            "The model does not hold itself to a schema.",
        )?,
        Format::Schema {
            name,
            description,
            schema,
            ..
        } => {
            // The schema travels as text.
            let mut written = Map::from_iter([("schema".to_owned(), schema.to_string().into())]);
            written.extend(name.map(|name| ("name".to_owned(), name.into())));
            written.extend(description.map(|text| ("description".to_owned(), text.into())));
            output.insert(
                "textFormat".to_owned(),
                json!({"type": "json_schema", "structure": {"jsonSchema": written}}),
            );
        }
    }
    output.extend(effort.map(|effort| ("effort".to_owned(), effort.into())));
    Ok(output)
}

/// `requestMetadata`: what of it is short and plain enough.
fn metadata(
    pairs: Map<String, Value>,
    end_user: Option<String>,
    notes: &mut Notes,
) -> Map<String, Value> {
    let mut written = Map::new();
    let user = end_user.map(|user| ("user_id".to_owned(), Value::String(user)));
    for (key, value) in pairs.into_iter().chain(user) {
        let plain = !key.is_empty()
            && is_plain(&key)
            && value.as_str().is_some_and(is_plain)
            && written.len() < MOST_METADATA;
        if plain {
            written.insert(key, value);
        } else {
            notes.dropped(
                "metadata",
                "Bedrock takes 16 pairs of at most 256 plain characters; others were left out.",
            );
        }
    }
    written
}

fn is_plain(text: &str) -> bool {
    text.len() <= LONGEST_METADATA
        && text.chars().all(|c| {
            c.is_ascii_alphanumeric() || c.is_ascii_whitespace() || ":_@$#=/+,-.".contains(c)
        })
}

fn tier(asked: Option<&str>, notes: &mut Notes) -> Option<&'static str> {
    Some(match asked? {
        "auto" => return None,
        "default" | "standard" | "standard_only" => "default",
        "priority" => "priority",
        "flex" => "flex",
        "reserved" => "reserved",
        _ => {
            notes.dropped("service_tier", "Bedrock has no tier of this name.");
            return None;
        }
    })
}

fn refuse_what_changes_the_answer(request: &Request, notes: &mut Notes) -> Result<(), Refused> {
    if request.candidates.is_some_and(|count| count > 1) {
        notes.refuse("n", "Bedrock Converse gives one answer.")?;
    }
    if request.logprobs.is_some() {
        notes.refuse("logprobs", "Bedrock Converse tells no probabilities.")?;
    }
    if request.previous.is_some() {
        notes.refuse(
            "previous_response_id",
            "Bedrock Converse keeps no answers to go on from.",
        )?;
    }
    Ok(())
}

fn note_what_is_lost(request: &mut Request, notes: &mut Notes) {
    let sampling = &request.sampling;
    for (what, is_set) in [
        ("seed", sampling.seed.is_some()),
        ("frequency_penalty", sampling.frequency_penalty.is_some()),
        ("presence_penalty", sampling.presence_penalty.is_some()),
        ("logit_bias", !sampling.logit_bias.is_empty()),
        ("verbosity", request.verbosity.is_some()),
        ("prompt_cache_key", request.cache_key.is_some()),
        ("store", request.store == Some(true)),
    ] {
        if is_set {
            dropped(what, notes);
        }
    }
    if request.parallel == Some(false) && !request.tools.is_empty() {
        notes.dropped(
            "parallel_tool_calls",
            "Bedrock Converse can't keep a model from several calls at once.",
        );
    }
    let mut fields = std::mem::take(&mut request.extras.fields);
    fields.retain(|_, value| !says_nothing(value));
    for key in fields.keys() {
        dropped(key, notes);
    }
}

/// Notes a field that Converse does not have.
pub(super) fn dropped(what: &str, notes: &mut Notes) {
    notes.dropped(what, "Bedrock Converse has no such field.");
}

/// Notes all fields that are left of one level.
pub(super) fn dropped_all(level: &str, fields: &Map<String, Value>, notes: &mut Notes) {
    for key in fields.keys() {
        dropped(&format!("{level}.{key}"), notes);
    }
}
