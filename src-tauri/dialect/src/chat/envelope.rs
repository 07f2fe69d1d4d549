//! What stands around the choices of every chunk, and what ends a stream.
//!
//! Promises: the head is written once and copied into each chunk; a chunk costs its choice.
//! Usage is told only to those who asked, in a last chunk without choices; before that it is
//! `null` for them, as OpenAI writes it.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::hub::Start;
use crate::translate::Writing;
use crate::{Dialect, Endpoint, Usage};

/// The frame of one reply.
#[derive(Debug)]
pub(super) struct Envelope {
    writing: Writing,
    model: Option<String>,
    /// Fields that stand in every chunk from when they are known.
    extras: Map<String, Value>,
    head: Vec<u8>,
    usage: Option<Usage>,
}

impl Envelope {
    pub(super) fn new(writing: Writing) -> Envelope {
        let mut envelope = Envelope {
            writing,
            model: None,
            extras: Map::new(),
            head: Vec::new(),
            usage: None,
        };
        envelope.write_head();
        envelope
    }

    pub(super) fn start(&mut self, start: &Start) {
        self.model.clone_from(&start.model);
        self.write_head();
    }

    pub(super) fn usage(&mut self, usage: Usage) {
        self.usage = Some(usage);
    }

    /// Keeps a field of the reply, if it is one of this dialect's.
    pub(super) fn extra(&mut self, owner: Dialect, key: &str, value: &Value) {
        if is_told(owner, key) {
            self.extras.insert(key.to_owned(), value.clone());
            self.write_head();
        }
    }

    /// One chunk with one choice.
    pub(super) fn chunk(&self, choice: &impl Serialize, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.head);
        out.extend_from_slice(b",\"choices\":[");
        // Structs of strings and numbers: writing them into memory cannot fail.
        serde_json::to_writer(&mut *out, choice).ok();
        let usage: &[u8] = if self.writing.usage_asked {
            b"],\"usage\":null}\n\n"
        } else {
            b"]}\n\n"
        };
        out.extend_from_slice(usage);
    }

    /// The usage, for those who asked, and the mark of the end.
    pub(super) fn end(&self, out: &mut Vec<u8>) {
        if let Some(usage) = self.usage.filter(|_| self.writing.usage_asked) {
            out.extend_from_slice(&self.head);
            out.extend_from_slice(b",\"choices\":[],\"usage\":");
            serde_json::to_writer(&mut *out, &counts(usage)).ok();
            out.extend_from_slice(b"}\n\n");
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    fn write_head(&mut self) {
        let object = object(self.writing.endpoint, true);
        let fields = head(&self.writing, self.model.as_deref(), object, &self.extras);
        self.head = b"data: ".to_vec();
        serde_json::to_writer(&mut self.head, &fields).ok();
        // More fields follow.
        self.head.pop();
    }
}

fn is_told(owner: Dialect, key: &str) -> bool {
    match owner {
        Dialect::OpenAi => true,
        // The same vendor's word for the same thing.
        Dialect::Responses => key == "service_tier",
        _ => false,
    }
}

/// A whole reply around its choices.
pub(super) fn document(reply: &crate::hub::Reply, writing: &Writing, choices: Vec<Value>) -> Value {
    let object = object(writing.endpoint, false);
    let model = reply.start.model.as_deref();
    let mut fields = head(writing, model, object, &Map::new());
    fields.insert("choices".to_owned(), Value::Array(choices));
    if let Some(usage) = reply.usage {
        fields.insert("usage".to_owned(), counts(usage));
    }
    for (owner, key, value) in &reply.extras {
        if is_told(*owner, key) {
            fields.insert(key.clone(), value.clone());
        }
    }
    Value::Object(fields)
}

fn object(endpoint: Endpoint, chunk: bool) -> &'static str {
    match (endpoint, chunk) {
        // Whole or not, it is called the same.
        (Endpoint::Completions, _) => "text_completion",
        (_, true) => "chat.completion.chunk",
        (_, false) => "chat.completion",
    }
}

fn head(
    writing: &Writing,
    model: Option<&str>,
    object: &str,
    extras: &Map<String, Value>,
) -> Map<String, Value> {
    let prefix = match writing.endpoint {
        Endpoint::Completions => "cmpl",
        _ => "chatcmpl",
    };
    let mut fields = Map::new();
    let mut put = |key: &str, value: Value| {
        fields.insert(key.to_owned(), value);
    };
    put("id", format!("{prefix}-{}", writing.id).into());
    put("object", object.into());
    put("created", writing.created_unix_s.into());
    put("model", model.unwrap_or(&writing.model).into());
    for (key, value) in extras {
        fields.insert(key.clone(), value.clone());
    }
    fields
}

/// Usage put together again the way OpenAI counts: cached inside the prompt, reasoning inside
/// the completion.
fn counts(usage: Usage) -> Value {
    let (prompt, completion) = (usage.input_total(), usage.output_total());
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt.saturating_add(completion),
        "prompt_tokens_details": {
            "cached_tokens": usage.cache_read,
            "cache_write_tokens": usage.cache_write.saturating_add(usage.cache_write_long),
        },
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    })
}
