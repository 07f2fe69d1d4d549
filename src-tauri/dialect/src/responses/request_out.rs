//! A request, written for a provider.
//!
//! Promises: a request that was read in this dialect comes back with all it said; of another
//! dialect's, what this API has no field for is noted, and what changes the answer is refused.
//! For callers of other dialects nothing is stored at the provider, and thoughts come encrypted,
//! so that they can travel.
//! Leaves out: what `fit` has done before (names, ids, seals, stop texts).

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::request_in::LOGPROBS;
use super::{items_out, tools_out};
use crate::Dialect;
use crate::hub::{Effort, Extras, Format, Notes, Refused, Request, Sampling, Target, Thinking};

/// The least this API takes as an output limit.
const LEAST_OUTPUT: u64 = 16;
/// The most characters it takes in an end user's or a cache's name.
const LONGEST_NAME: usize = 64;
/// The tiers it knows.
pub(super) const TIERS: [&str; 7] = [
    "auto",
    "default",
    "flex",
    "scale",
    "priority",
    "fast",
    "ultrafast",
];

/// A body on its way, and whose request it was.
struct Draft<'a> {
    body: Map<String, Value>,
    target: &'a Target<'a>,
    /// The caller speaks this dialect.
    own: bool,
}

pub(super) fn write(
    mut request: Request,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Map<String, Value>, Refused> {
    let own = request.extras.owner == Some(Dialect::Responses);
    guard(&request, notes)?;
    let mut draft = Draft {
        body: Map::new(),
        target,
        own,
    };
    draft.put("model", target.model);
    draft.conversation(&mut request, notes)?;
    draft.tools(&mut request, notes)?;
    draft.answer(&mut request, notes)?;
    draft.sampling(&request.sampling, notes);
    draft.state(&mut request, notes);
    draft.extras(std::mem::take(&mut request.extras), notes);
    draft.includes(&request);
    draft.quirks(notes);
    Ok(draft.body)
}

/// `fit` has dealt with these; should anything be left, it is not lost in silence.
fn guard(request: &Request, notes: &mut Notes) -> Result<(), Refused> {
    if !request.stop.is_empty() {
        notes.refuse("stop", "This API has no stop sequences.")?;
    }
    if request.candidates.is_some_and(|n| n > 1) {
        notes.refuse("n", "This API gives one answer only.")?;
    }
    Ok(())
}

impl Draft<'_> {
    fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.body.insert(key.to_owned(), value.into());
    }

    fn put_some(&mut self, key: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    fn conversation(&mut self, request: &mut Request, notes: &mut Notes) -> Result<(), Refused> {
        let messages = std::mem::take(&mut request.messages);
        let mut written = items_out::write(messages, self.own, self.target, notes)?;
        self.put_some("instructions", written.instructions.take());
        if let Format::Schema { schema, .. } = &request.format
            && self.lacks_schemas()
        {
            written.items.push(schema_in_words(schema));
        }
        if !(written.items.is_empty() && self.own) {
            self.put("input", written.items);
        }
        Ok(())
    }

    fn tools(&mut self, request: &mut Request, notes: &mut Notes) -> Result<(), Refused> {
        let choice = request.choice.take();
        let named =
            choice.map(|choice| tools_out::choice(choice, &request.tools, self.target, notes));
        let tools = tools_out::write(std::mem::take(&mut request.tools), self.own, notes)?;
        // Of tools that are not there this API wants to hear nothing.
        let any = !tools.is_empty() || self.own;
        if !tools.is_empty() {
            self.put("tools", tools);
        }
        if any {
            self.put_some("tool_choice", named);
            self.put_some("parallel_tool_calls", request.parallel);
        }
        Ok(())
    }

    /// How the answer is to look: its length, its form, the thinking before it.
    fn answer(&mut self, request: &mut Request, notes: &mut Notes) -> Result<(), Refused> {
        if request.stream {
            self.put("stream", true);
        }
        if let Some(mut limit) = request.max_output {
            if !self.own && limit < LEAST_OUTPUT {
                notes.degraded("max_tokens", "This API's lowest output limit is 16 tokens.");
                limit = LEAST_OUTPUT;
            }
            self.put("max_output_tokens", limit);
        }
        let mut text = Map::new();
        if let Some(format) = self.format(&request.format, notes)? {
            text.insert("format".to_owned(), format);
        }
        if let Some(verbosity) = request.verbosity.take() {
            text.insert("verbosity".to_owned(), verbosity.into());
        }
        if !text.is_empty() {
            self.put("text", text);
        }
        if let Some(reasoning) = self.reasoning(&request.thinking, notes) {
            self.put("reasoning", reasoning);
        }
        Ok(())
    }

    fn lacks_schemas(&self) -> bool {
        self.target.quirks.json_object_only || self.target.traits.json_schema == Some(false)
    }

    fn format(&self, format: &Format, notes: &mut Notes) -> Result<Option<Value>, Refused> {
        let (name, description, schema, strict) = match format {
            Format::Text => return Ok(None),
            Format::Json => return Ok(Some(json!({"type": "json_object"}))),
            Format::Schema {
                name,
                description,
                schema,
                strict,
            } => (name, description, schema, strict),
        };
        if self.lacks_schemas() {
            notes.degraded(
                "response_format",
                "The schema is told to the model in words, and is not enforced here.",
            );
            return Ok(Some(json!({"type": "json_object"})));
        }
        let mut written = Map::new();
        written.insert("type".to_owned(), "json_schema".into());
        let name = name
            .as_deref()
            .map_or_else(|| "answer".to_owned(), legal_name);
        written.insert("name".to_owned(), name.into());
        if let Some(description) = description {
            written.insert("description".to_owned(), description.as_str().into());
        }
        written.insert("schema".to_owned(), schema.clone());
        if let Some(strict) = strict {
            written.insert("strict".to_owned(), (*strict).into());
        }
        Ok(Some(Value::Object(written)))
    }

    fn reasoning(&self, thinking: &Thinking, notes: &mut Notes) -> Option<Value> {
        let asked = thinking
            .effort
            .or_else(|| thinking.budget.map(effort_for))
            .or_else(|| (thinking.on == Some(false)).then_some(Effort::None));
        if !self.own && self.target.traits.reasoning == Some(false) {
            if asked.is_some_and(|effort| effort != Effort::None) || thinking.on == Some(true) {
                notes.dropped("reasoning", "This model does not think before it answers.");
            }
            return None;
        }
        let mut written = Map::new();
        if let Some(asked) = asked {
            if thinking.effort.is_none() && thinking.budget.is_some() {
                notes.degraded(
                    "thinking.budget_tokens",
                    "This API knows steps of effort, not budgets; the nearest step is asked for.",
                );
            }
            if asked == Effort::None && self.target.traits.thinking_always_on == Some(true) {
                notes.dropped("reasoning", "This model cannot stop thinking.");
            } else {
                let (effort, moved) = self.target.effort(asked);
                if moved {
                    notes.degraded(
                        "reasoning_effort",
                        format!("The nearest step this provider has is {}.", effort.word()),
                    );
                }
                written.insert("effort".to_owned(), effort.word().into());
            }
        }
        // A caller of this dialect said it in its own word, which is among the extras.
        if !self.own && thinking.shown == Some(true) {
            written.insert("summary".to_owned(), "auto".into());
        }
        (!written.is_empty()).then_some(Value::Object(written))
    }

    fn sampling(&mut self, sampling: &Sampling, notes: &mut Notes) {
        let fixed = self.target.traits.sampling == Some(false);
        let highest = self.target.quirks.max_temperature;
        for (key, value) in [
            ("temperature", sampling.temperature),
            ("top_p", sampling.top_p),
        ] {
            let Some(mut value) = value else { continue };
            if fixed {
                notes.dropped(key, "This model draws its words in its own way.");
                continue;
            }
            if let Some(highest) =
                highest.filter(|&highest| key == "temperature" && value > highest)
            {
                notes.degraded(key, format!("This provider's highest is {highest}."));
                value = highest;
            }
            self.put(key, value);
        }
        let lost = [
            ("top_k", sampling.top_k.is_some()),
            ("seed", sampling.seed.is_some()),
            ("frequency_penalty", sampling.frequency_penalty.is_some()),
            ("presence_penalty", sampling.presence_penalty.is_some()),
            ("logit_bias", !sampling.logit_bias.is_empty()),
        ];
        for (key, _) in lost.into_iter().filter(|(_, said)| *said) {
            notes.dropped(key, "This API has no such field.");
        }
    }

    /// Who asks, where it is kept, and by what name.
    fn state(&mut self, request: &mut Request, notes: &mut Notes) {
        let store = if self.own {
            request.store
        } else {
            // Kept only for those who asked for it.
            Some(request.store.unwrap_or(false))
        };
        self.put_some("store", store);
        self.put_some("previous_response_id", request.previous.take());
        if let Some(tier) = request.tier.take().and_then(|tier| self.tier(tier, notes)) {
            self.put("service_tier", tier);
        }
        let user = request
            .end_user
            .take()
            .map(|user| self.short(user, "user", notes));
        self.put_some("safety_identifier", user);
        let key = request.cache_key.take();
        let key = key.map(|key| self.short(key, "prompt_cache_key", notes));
        self.put_some("prompt_cache_key", key);
        let mut metadata = std::mem::take(&mut request.metadata);
        if !self.own {
            let before = metadata.len();
            metadata.retain(|_, value| value.is_string());
            if metadata.len() < before {
                notes.dropped("metadata", "This API keeps texts only.");
            }
        }
        if !metadata.is_empty() {
            self.put("metadata", metadata);
        }
    }

    fn tier(&self, tier: String, notes: &mut Notes) -> Option<String> {
        if self.own || TIERS.contains(&tier.as_str()) {
            return Some(tier);
        }
        if matches!(tier.as_str(), "standard" | "standard_only") {
            notes.equivalent("service_tier", "The standard tier is called default here.");
            return Some("default".to_owned());
        }
        notes.dropped("service_tier", "This API has no such tier.");
        None
    }

    /// A name this API takes: a longer one becomes its digest, the same for the same name.
    fn short(&self, name: String, what: &str, notes: &mut Notes) -> String {
        if self.own || name.chars().count() <= LONGEST_NAME {
            return name;
        }
        notes.equivalent(what, "It is too long for this API, which gets its digest.");
        Sha256::digest(name.as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// Puts a caller's own fields back, beside what was written of the same field.
    fn extras(&mut self, extras: Extras, notes: &mut Notes) {
        if !self.own {
            for key in extras.fields.keys() {
                notes.dropped(key.as_str(), "This API has no such field.");
            }
            return;
        }
        for (key, value) in extras.fields {
            match (self.body.get_mut(&key), value) {
                (Some(Value::Object(written)), Value::Object(kept)) if key != "tool_choice" => {
                    for (key, value) in kept {
                        written.entry(key).or_insert(value);
                    }
                }
                (_, value) => {
                    self.body.insert(key, value);
                }
            }
        }
    }

    /// What has to be asked for to be seen.
    fn includes(&mut self, request: &Request) {
        let mut wanted = Vec::new();
        let stored = self.body.get("store").and_then(Value::as_bool);
        let thinks = self.target.traits.reasoning != Some(false);
        if !self.own && stored != Some(true) && thinks {
            wanted.push("reasoning.encrypted_content");
        }
        if let Some(top) = request.logprobs {
            wanted.push(LOGPROBS);
            if top > 0 {
                self.put("top_logprobs", top);
            }
        }
        if wanted.is_empty() {
            return;
        }
        let include = self.body.entry("include").or_insert_with(|| json!([]));
        if let Value::Array(include) = include {
            for word in wanted {
                if !include.iter().any(|known| known == word) {
                    include.push(word.into());
                }
            }
        }
    }

    /// What this provider calls otherwise, or does not take at all.
    fn quirks(&mut self, notes: &mut Notes) {
        for field in &self.target.quirks.refuses {
            if self.body.shift_remove(field).is_some() {
                notes.dropped(field.as_str(), "This provider does not take it.");
            }
        }
        for (ours, theirs) in &self.target.quirks.renames {
            if let Some(value) = self.body.shift_remove(ours) {
                self.body.insert(theirs.clone(), value);
            }
        }
    }
}

/// The step of effort that a budget of tokens comes to.
fn effort_for(budget: u64) -> Effort {
    match budget {
        0 => Effort::None,
        1..=4_096 => Effort::Low,
        4_097..=16_384 => Effort::Medium,
        _ => Effort::High,
    }
}

/// Letters, digits, `_` and `-`, at most 64.
fn legal_name(name: &str) -> String {
    let legal = |c: char| {
        if c.is_ascii_alphanumeric() || c == '_' || c == '-' {
            c
        } else {
            '_'
        }
    };
    let name: String = name.chars().map(legal).take(64).collect();
    if name.is_empty() {
        "answer".to_owned()
    } else {
        name
    }
}

fn schema_in_words(schema: &Value) -> Value {
    json!({
        "type": "message",
        "role": "system",
        "content": format!("Answer with one JSON document that follows this JSON Schema:\n{schema}"),
    })
}
