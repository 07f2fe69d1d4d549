//! `generationConfig`, written.

use serde_json::{Value, json};

use super::fields::Object;
use super::model::{is_fourth, is_third, takes_json_schema};
use super::schema_out::subset;
use crate::hub::{Effort, Format, Notes, Refused, Request, Target, Thinking};

/// Writes everything of `request` that belongs into `generationConfig`.
pub(super) fn config(
    request: &mut Request,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Object, Refused> {
    let mut config = Object::new();
    put(&mut config, "maxOutputTokens", request.max_output);
    put(&mut config, "candidateCount", request.candidates);
    sampling(request, target, &mut config, notes);
    if !request.stop.is_empty() {
        let stop = std::mem::take(&mut request.stop);
        put(&mut config, "stopSequences", Some(stop));
    }
    if let Some(top) = request.logprobs {
        put(&mut config, "responseLogprobs", Some(true));
        put(&mut config, "logprobs", (top > 0).then_some(top));
    }
    let thinking = thinking(&request.thinking, target, notes);
    if !thinking.is_empty() {
        put(&mut config, "thinkingConfig", Some(Value::Object(thinking)));
    }
    format(request, target, &mut config, notes)?;
    Ok(config)
}

fn put(config: &mut Object, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        config.insert(name.to_owned(), value.into());
    }
}

fn sampling(request: &Request, target: &Target<'_>, config: &mut Object, notes: &mut Notes) {
    let sampling = &request.sampling;
    let highest = target.quirks.max_temperature.unwrap_or(f64::INFINITY);
    let temperature = sampling.temperature.map(|asked| asked.min(highest));
    if temperature != sampling.temperature {
        notes.degraded("temperature", "Lowered to the highest the provider takes.");
    }
    put(config, "temperature", temperature);
    put(config, "topP", sampling.top_p);
    put(config, "topK", sampling.top_k);
    put(config, "presencePenalty", sampling.presence_penalty);
    put(config, "frequencyPenalty", sampling.frequency_penalty);
    if let Some(seed) = sampling.seed {
        // Google's seeds have 32 bits. The same seed must stay the same.
        let short = i32::try_from(seed);
        let seed = short.map_or_else(|_| seed.rem_euclid(1 << 31), i64::from);
        if short.is_err() {
            notes.equivalent("seed", "Gemini's seeds have 32 bits: it was shortened.");
        }
        put(config, "seed", Some(seed));
    }
    if !sampling.logit_bias.is_empty() {
        notes.dropped("logit_bias", "Gemini can't bias tokens.");
    }
}

fn thinking(asked: &Thinking, target: &Target<'_>, notes: &mut Notes) -> Object {
    let mut config = Object::new();
    put(&mut config, "includeThoughts", asked.shown);
    let off = asked.on == Some(false) || asked.effort == Some(Effort::None);
    let effort = if off {
        Some(Effort::None)
    } else {
        asked.effort
    };
    match effort {
        Some(effort) if is_third(target.model) => {
            let level = level(effort, target, notes);
            put(&mut config, "thinkingLevel", Some(level));
        }
        Some(effort) => {
            let budget = match asked.budget {
                Some(budget) if !off => budget,
                _ => budget_of(effort, target, notes),
            };
            put(
                &mut config,
                "thinkingBudget",
                Some(within(budget, target, notes)),
            );
        }
        None => {
            let budget = asked.budget.map(|budget| within(budget, target, notes));
            put(&mut config, "thinkingBudget", budget);
            if budget.is_none() && asked.on == Some(true) {
                put(&mut config, "thinkingBudget", Some(-1));
            }
        }
    }
    config
}

/// The level nearest to `asked` that the model has.
fn level(asked: Effort, target: &Target<'_>, notes: &mut Notes) -> &'static str {
    let (effort, mut moved) = target.effort(asked);
    let listed = !target.quirks.efforts.is_empty();
    let highest = is_fourth(target.model) || listed;
    let lowest_is_low = !listed && is_pro(target.model);
    let level = match effort {
        Effort::None | Effort::Minimal if lowest_is_low => "LOW",
        Effort::None | Effort::Minimal => "MINIMAL",
        Effort::Low => "LOW",
        Effort::Medium => "MEDIUM",
        Effort::XHigh | Effort::Max if highest => "XHIGH",
        Effort::High | Effort::XHigh | Effort::Max => "HIGH",
    };
    moved |= !effort.word().eq_ignore_ascii_case(level);
    if moved {
        notes.degraded(
            "reasoning_effort",
            "Moved to the nearest thinking level the model has.",
        );
    }
    level
}

/// How many tokens an effort is worth to models that count them.
fn budget_of(effort: Effort, target: &Target<'_>, notes: &mut Notes) -> u64 {
    let always = target
        .traits
        .thinking_always_on
        .unwrap_or(is_pro(target.model));
    match effort {
        Effort::None if always => {
            notes.degraded("reasoning_effort", "The model can't stop thinking.");
            128
        }
        Effort::None => 0,
        Effort::Minimal => 512,
        Effort::Low => 1_024,
        Effort::Medium => 8_192,
        Effort::High => 24_576,
        Effort::XHigh | Effort::Max => 32_768,
    }
}

fn within(budget: u64, target: &Target<'_>, notes: &mut Notes) -> u64 {
    let most = if is_pro(target.model) { 32_768 } else { 24_576 };
    if budget > most {
        notes.degraded("thinking.budget", "Lowered to the most the model takes.");
    }
    budget.min(most)
}

fn is_pro(model: &str) -> bool {
    model.contains("-pro")
}

fn format(
    request: &mut Request,
    target: &Target<'_>,
    config: &mut Object,
    notes: &mut Notes,
) -> Result<(), Refused> {
    let (schema, description) = match std::mem::take(&mut request.format) {
        Format::Text => return Ok(()),
        Format::Json => {
            put(config, "responseMimeType", Some("application/json"));
            return Ok(());
        }
        Format::Schema {
            schema,
            description,
            ..
        } => (schema, description),
    };
    let mut schema = schema;
    if let (Some(object), Some(description)) = (schema.as_object_mut(), description) {
        object
            .entry("description")
            .or_insert(Value::String(description));
    }
    put(config, "responseMimeType", Some("application/json"));
    if takes_json_schema(target.model) {
        put(config, "responseJsonSchema", Some(schema));
        return Ok(());
    }
    let written = subset(&schema);
    if written.cut {
        notes.refuse(
            "response_format.json_schema",
            "this model takes no schema that refers to itself",
        )?;
    }
    for keyword in &written.lost {
        notes.degraded(
            format!("response_format.json_schema.{keyword}"),
            "This model does not know the keyword.",
        );
    }
    put(config, "responseSchema", Some(written.schema));
    Ok(())
}

/// The service tier in Google's words.
pub(super) fn tier(tier: &str, notes: &mut Notes) -> Option<Value> {
    match tier.to_ascii_lowercase().as_str() {
        "flex" | "priority" | "standard" => Some(json!(tier)),
        "fast" => Some(json!("priority")),
        "default" | "standard_only" => Some(json!("standard")),
        "auto" => None,
        _ => {
            notes.dropped("service_tier", "Gemini has no such tier.");
            None
        }
    }
}
