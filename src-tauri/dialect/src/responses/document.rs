//! The response object around an answer.
//!
//! Promises: every field that the official SDKs and stricter readers insist on is there: what the
//! request said of it is repeated, else this API's default. A stream's events and a whole reply
//! use the same object.
//! Leaves out: `completed_at`; there is no clock here.

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::counts;
use super::request_out::TIERS;
use crate::translate::Writing;
use crate::{Dialect, StopReason, Usage};

/// Fields of the request that are repeated as they are, and what stands there otherwise.
fn repeated() -> [(&'static str, Value); 17] {
    [
        ("instructions", Value::Null),
        ("max_output_tokens", Value::Null),
        ("max_tool_calls", Value::Null),
        ("parallel_tool_calls", json!(true)),
        ("previous_response_id", Value::Null),
        ("prompt_cache_key", Value::Null),
        ("reasoning", json!({"effort": null, "summary": null})),
        ("safety_identifier", Value::Null),
        ("store", json!(true)),
        ("temperature", json!(1.0)),
        ("text", json!({"format": {"type": "text"}})),
        ("tool_choice", json!("auto")),
        ("tools", json!([])),
        ("top_logprobs", json!(0)),
        ("top_p", json!(1.0)),
        ("truncation", json!("disabled")),
        ("user", Value::Null),
    ]
}

/// Fields that are there only if the request has them.
const IF_SAID: [&str; 4] = [
    "conversation",
    "prompt",
    "prompt_cache_options",
    "prompt_cache_retention",
];

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Completed,
    /// With the reason as this API words it.
    Incomplete(&'static str),
}

impl Ending {
    pub(super) fn of(stop: Option<StopReason>) -> Ending {
        match stop {
            Some(StopReason::MaxTokens | StopReason::ContextFull | StopReason::Pause) => {
                Ending::Incomplete("max_output_tokens")
            }
            Some(StopReason::Filtered) => Ending::Incomplete("content_filter"),
            _ => Ending::Completed,
        }
    }

    /// The word for the response and for the item that was cut.
    pub(super) fn word(self) -> &'static str {
        match self {
            Ending::Completed => "completed",
            Ending::Incomplete(_) => "incomplete",
        }
    }
}

/// The response object, all but its output.
#[derive(Debug)]
pub(super) struct Document {
    fields: Map<String, Value>,
}

impl Document {
    /// As it stands when the answer begins.
    pub(super) fn new(writing: &Writing) -> Document {
        let mut fields = Map::new();
        let mut put = |key: &str, value: Value| {
            fields.insert(key.to_owned(), value);
        };
        put("id", format!("resp_{}", writing.id).into());
        put("object", "response".into());
        put("created_at", writing.created_unix_s.into());
        put("status", "in_progress".into());
        put("background", false.into());
        put("completed_at", Value::Null);
        put("error", Value::Null);
        put("incomplete_details", Value::Null);
        put("model", writing.model.as_str().into());
        put("output", json!([]));
        let said = |key: &str| writing.echo.get(key).filter(|value| !value.is_null());
        for (key, otherwise) in repeated() {
            let value = said(key).cloned().unwrap_or(otherwise);
            put(key, as_answered(key, value));
        }
        put(
            "metadata",
            said("metadata").cloned().unwrap_or_else(|| json!({})),
        );
        // What was asked for is not what was given, unless the provider says so.
        put("service_tier", "default".into());
        put("usage", Value::Null);
        for key in IF_SAID {
            if let Some(value) = said(key) {
                put(key, as_answered(key, value.clone()));
            }
        }
        Document { fields }
    }

    fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.fields.insert(key.to_owned(), value.into());
    }

    pub(super) fn model(&mut self, model: &str) {
        if !model.is_empty() {
            self.put("model", model);
        }
    }

    pub(super) fn usage(&mut self, usage: &Usage) {
        self.put("usage", counts::write(usage));
    }

    /// A field that the provider gave and this API has.
    pub(super) fn extra(&mut self, owner: Dialect, key: &str, value: &Value) {
        let known = match (owner, key) {
            (Dialect::Responses | Dialect::OpenAi, "service_tier") => {
                value.as_str().is_some_and(|tier| TIERS.contains(&tier))
            }
            (Dialect::Responses, "moderation" | "input_transformations") => true,
            _ => false,
        };
        if known {
            self.put(key, value.clone());
        }
    }

    pub(super) fn end(&mut self, ending: Ending) {
        self.put("status", ending.word());
        if let Ending::Incomplete(reason) = ending {
            self.put("incomplete_details", json!({"reason": reason}));
        }
    }

    pub(super) fn fail(&mut self, code: &str, message: &str) {
        self.put("status", "failed");
        self.put("error", json!({"code": code, "message": message}));
    }

    /// The whole reply.
    pub(super) fn with_output(mut self, output: Vec<Value>) -> Value {
        self.put("output", output);
        Value::Object(self.fields)
    }

    /// For a stream's event, with items that are written already.
    pub(super) fn with<'a>(&'a self, output: &'a BTreeMap<u32, Box<RawValue>>) -> WithOutput<'a> {
        WithOutput {
            document: self,
            output,
        }
    }
}

/// A response object to be serialized.
pub(super) struct WithOutput<'a> {
    document: &'a Document,
    output: &'a BTreeMap<u32, Box<RawValue>>,
}

impl Serialize for WithOutput<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let fields = &self.document.fields;
        let mut map = to.serialize_map(Some(fields.len()))?;
        for (key, value) in fields {
            if key == "output" {
                map.serialize_entry(key, &Items(self.output))?;
            } else {
                map.serialize_entry(key, value)?;
            }
        }
        map.end()
    }
}

struct Items<'a>(&'a BTreeMap<u32, Box<RawValue>>);

impl Serialize for Items<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.values())
    }
}

/// A field of the request as the API repeats it: with its defaults filled in.
fn as_answered(key: &str, value: Value) -> Value {
    match (key, value) {
        ("conversation", Value::String(id)) => json!({ "id": id }),
        ("text", Value::Object(mut text)) => {
            if text.get("format").is_none_or(Value::is_null) {
                text.insert("format".to_owned(), json!({"type": "text"}));
            }
            Value::Object(text)
        }
        ("tools", Value::Array(tools)) => tools.into_iter().map(tool).collect(),
        (_, value) => value,
    }
}

fn tool(tool: Value) -> Value {
    let Value::Object(mut tool) = tool else {
        return tool;
    };
    let fill: &[(&str, Value)] = match tool.get("type").and_then(Value::as_str) {
        Some("function") => &[
            ("description", Value::Null),
            ("parameters", Value::Null),
            ("strict", Value::Bool(true)),
        ],
        Some("custom") => &[("format", json!({"type": "text"}))],
        Some("namespace") => {
            if let Some(Value::Array(inner)) = tool.get_mut("tools") {
                *inner = std::mem::take(inner).into_iter().map(self::tool).collect();
            }
            &[]
        }
        _ => &[],
    };
    for (key, value) in fill {
        if tool.get(*key).is_none_or(Value::is_null) {
            tool.insert((*key).to_owned(), value.clone());
        }
    }
    Value::Object(tool)
}
