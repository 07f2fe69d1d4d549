//! A request, written for a provider.
//!
//! Promises: what the provider lacks is known from its quirks and traits, never from its name.
//! Settings it lacks are left out and noted; what would change the answer is refused. A stream
//! is always asked for its usage; the caller's writer hides what the caller did not ask for.
//! What a caller of this dialect wrote beyond the hub's words is written again as it was.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::fields::{merge, plain_number};
use super::{messages_out, thinking_out, tools_out};
use crate::Dialect;
use crate::hub::{Format, Notes, Prefill, Refused, Request, Sampling, Target};

pub(super) fn write(
    mut request: Request,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Map<String, Value>, Refused> {
    if request.previous.is_some() {
        notes.refuse(
            "previous_response_id",
            "Chat Completions keeps no earlier answers to go on from",
        )?;
    }
    // The caller wrote in this dialect: its words need no putting into others.
    let own = request.extras.owner == Some(Dialect::OpenAi);
    let mut body = Body::default();
    body.put("model", target.model);

    let messages = std::mem::take(&mut request.messages);
    let mut messages = messages_out::messages(messages, own, target, notes)?;
    format(
        &mut body,
        &request.format,
        &mut messages,
        own,
        target,
        notes,
    );
    if request.begun {
        go_on(&mut body, &mut messages, target);
    }
    body.0.insert("messages".to_owned(), Value::Array(messages));

    tools_out::tools(&mut body, &mut request, own, notes)?;
    limits(&mut body, &request, target);
    sampling(&mut body, &request.sampling, own, target, notes);
    thinking_out::effort(&mut body, &request, target, notes);
    body.maybe("verbosity", request.verbosity.take());
    account(&mut body, &mut request, own, notes);
    if request.stream {
        body.put("stream", true);
        if !target.quirks.no_stream_options {
            body.put("stream_options", json!({"include_usage": true}));
        }
    }
    extras(&mut body, request, target, notes);
    quirks(body.0, target, notes)
}

/// Says that the last message is to be gone on from, as this server wants to be told.
fn go_on(body: &mut Body, messages: &mut [Value], target: &Target<'_>) {
    match target.quirks.prefill {
        Some(Prefill::Prefix) => {
            if let Some(Value::Object(last)) = messages.last_mut() {
                last.insert("prefix".to_owned(), true.into());
            }
        }
        Some(Prefill::Continue) => {
            body.put("add_generation_prompt", false);
            body.put("continue_final_message", true);
        }
        Some(Prefill::Assistant | Prefill::None) | None => {}
    }
}

/// A body in the making.
#[derive(Default)]
pub(super) struct Body(pub(super) Map<String, Value>);

impl Body {
    pub(super) fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }

    fn maybe(&mut self, key: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }
}

fn limits(body: &mut Body, request: &Request, target: &Target<'_>) {
    let limit = if target.quirks.old_max_tokens {
        "max_tokens"
    } else {
        "max_completion_tokens"
    };
    body.maybe(limit, request.max_output);
    if !request.stop.is_empty() {
        body.put("stop", request.stop.clone());
    }
    body.maybe("n", request.candidates);
    if let Some(top) = request.logprobs {
        body.put("logprobs", true);
        if top > 0 {
            body.put("top_logprobs", top);
        }
    }
}

fn sampling(
    body: &mut Body,
    sampling: &Sampling,
    own: bool,
    target: &Target<'_>,
    notes: &mut Notes,
) {
    let takes = target.traits.sampling != Some(false);
    for (key, value) in [
        ("temperature", sampling.temperature),
        ("top_p", sampling.top_p),
    ] {
        let Some(mut value) = value else { continue };
        if !takes {
            notes.dropped(key, "the model takes no sampling settings");
            continue;
        }
        let most = target.quirks.max_temperature;
        if let (Some(most), "temperature") = (most, key)
            && value > most
        {
            notes.degraded(
                key,
                format!("lowered to {most}, the most the provider takes"),
            );
            value = most;
        }
        body.put(key, plain_number(value));
    }
    if let Some(top_k) = sampling.top_k {
        if own && takes {
            body.put("top_k", top_k);
        } else {
            notes.dropped("top_k", "Chat Completions has no such setting");
        }
    }
    body.maybe("seed", sampling.seed);
    let penalty = |value: Option<f64>| value.map(plain_number);
    body.maybe("frequency_penalty", penalty(sampling.frequency_penalty));
    body.maybe("presence_penalty", penalty(sampling.presence_penalty));
    if !sampling.logit_bias.is_empty() {
        body.put("logit_bias", sampling.logit_bias.clone());
    }
}

fn format(
    body: &mut Body,
    format: &Format,
    messages: &mut Vec<Value>,
    own: bool,
    target: &Target<'_>,
    notes: &mut Notes,
) {
    const FIELD: &str = "response_format";
    match format {
        Format::Text => {}
        Format::Json => {
            // OpenAI answers 400 when JSON is asked for and nobody speaks of it.
            if !own && !speaks_of_json(messages) {
                instruct(messages, "Answer with one JSON object and nothing else.");
                notes.equivalent(FIELD, "JSON is asked for in a system message as well");
            }
            body.put(FIELD, json!({"type": "json_object"}));
        }
        Format::Schema {
            name,
            description,
            schema,
            strict,
        } => {
            if target.quirks.json_object_only || target.traits.json_schema == Some(false) {
                let text = format!(
                    "Answer with one JSON object that follows this JSON Schema, and with nothing else:\n{schema}"
                );
                instruct(messages, &text);
                notes.degraded(
                    FIELD,
                    "the schema is told to the model, but not enforced: the provider knows JSON without a schema only",
                );
                body.put(FIELD, json!({"type": "json_object"}));
                return;
            }
            let mut inner = Body::default();
            inner.put("name", schema_name(name.as_deref()));
            inner.maybe("description", description.clone());
            inner.put("schema", schema.clone());
            inner.maybe("strict", *strict);
            let inner = Value::Object(inner.0);
            body.put(FIELD, json!({"type": "json_schema", "json_schema": inner}));
        }
    }
}

/// A schema must have a name, of 64 letters, digits, `_` and `-`.
fn schema_name(name: Option<&str>) -> String {
    let legal = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') {
            c
        } else {
            '_'
        }
    };
    let name: String = name.unwrap_or("").chars().take(64).map(legal).collect();
    if name.is_empty() {
        "answer".to_owned()
    } else {
        name
    }
}

fn speaks_of_json(messages: &[Value]) -> bool {
    fn speaks(value: &Value) -> bool {
        match value {
            Value::String(text) => text
                .as_bytes()
                .windows(4)
                .any(|word| word.eq_ignore_ascii_case(b"json")),
            Value::Array(list) => list.iter().any(speaks),
            Value::Object(part) => part.get("text").is_some_and(speaks),
            _ => false,
        }
    }
    let mut contents = messages.iter().filter_map(|message| message.get("content"));
    contents.any(speaks)
}

/// Adds a system message behind those at the front.
fn instruct(messages: &mut Vec<Value>, text: &str) {
    let role = |message: &Value| {
        message
            .get("role")
            .and_then(Value::as_str)
            .is_some_and(|role| matches!(role, "system" | "developer"))
    };
    let at = messages.iter().take_while(|message| role(message)).count();
    messages.insert(at, json!({"role": "system", "content": text}));
}

/// Who asks, on what terms, and what is kept.
fn account(body: &mut Body, request: &mut Request, own: bool, notes: &mut Notes) {
    if let Some(tier) = request.tier.take() {
        match tier.as_str() {
            _ if own => body.put("service_tier", tier),
            "auto" | "default" | "flex" | "scale" | "priority" | "fast" => {
                body.put("service_tier", tier);
            }
            "standard" | "standard_only" => body.put("service_tier", "default"),
            _ => notes.dropped("service_tier", "Chat Completions has no such tier"),
        }
    }
    // Under its younger name it is among the extras.
    let is_extra = own && request.extras.fields.contains_key("safety_identifier");
    if let Some(user) = request.end_user.take().filter(|_| !is_extra) {
        let user = if own || user.len() <= MOST_USER {
            user
        } else {
            notes.equivalent("user", "longer than 64 characters: its SHA-256 is sent");
            let digest = Sha256::digest(user.as_bytes());
            digest.iter().map(|byte| format!("{byte:02x}")).collect()
        };
        body.put("user", user);
    }
    let metadata = std::mem::take(&mut request.metadata);
    if !metadata.is_empty() {
        if own {
            body.put("metadata", metadata);
        } else {
            notes.dropped(
                "metadata",
                "Chat Completions takes it only with answers that are stored",
            );
        }
    }
    body.maybe("prompt_cache_key", request.cache_key.take());
    match request.store {
        Some(store) if own => body.put("store", store),
        Some(true) => notes.dropped("store", "Chat Completions keeps nothing to go on from"),
        _ => {}
    }
}

/// The longest `user` that OpenAI takes.
const MOST_USER: usize = 64;

fn extras(body: &mut Body, request: Request, target: &Target<'_>, notes: &mut Notes) {
    let mut fields = request.extras.fields;
    if request.extras.owner == Some(Dialect::OpenAi) {
        if target.quirks.no_stream_options {
            fields.shift_remove("stream_options");
        }
        return merge(&mut body.0, fields);
    }
    for key in fields.keys() {
        notes.dropped(key, "Chat Completions has no such field");
    }
}

/// Leaves out what the provider refuses and renames what it knows by another name.
fn quirks(
    body: Map<String, Value>,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Map<String, Value>, Refused> {
    let quirks = target.quirks;
    if quirks.refuses.is_empty() && quirks.renames.is_empty() {
        return Ok(body);
    }
    let mut written = Map::with_capacity(body.len());
    for (key, value) in body {
        if quirks.refuses.contains(&key) {
            const WHY: &str = "the provider refuses this field";
            match key.as_str() {
                "n" if value == 1 => {}
                // The answer would be another one without these.
                "n" | "stop" | "tools" | "response_format" | "logprobs" => {
                    notes.refuse(key, WHY)?;
                }
                _ => notes.dropped(key, WHY),
            }
            continue;
        }
        let key = quirks.renames.get(&key).cloned().unwrap_or(key);
        written.insert(key, value);
    }
    Ok(written)
}
