//! A reply, written to a caller: lines of JSON, or one object.
//!
//! Promises: the shape of the endpoint that was called (`message` for `/api/chat`, `response` for
//! `/api/generate`); a call is one line, whole; the last line has `done`, the reason and whole
//! numbers for all counts and durations. Durations are the provider's if it is Ollama, else 0.
//! Leaves out: citations and signatures, which have no place here; pings: a line is an answer.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::clock::rfc3339;
use crate::fields::arguments;
use crate::hub::{Annotation, BlockKind, Event, Logprob, Reply, ToolCall};
use crate::translate::Writing;
use crate::{Dialect, Endpoint, StopReason, Usage};

/// The most of a call's arguments that is kept: what is larger is no call any more.
const MOST_ARGUMENTS: usize = 16 << 20;

/// Writes a reply's stream to a caller.
#[derive(Debug)]
pub(crate) struct Writer {
    page: Page,
    /// Blocks that are open, by number.
    open: Vec<(u32, Open)>,
    calls: usize,
    usage: Option<Usage>,
    stop: Option<StopReason>,
    extras: Map<String, Value>,
}

#[derive(Debug)]
enum Open {
    Text,
    Thought,
    Call(ToolCall),
    Unsaid,
}

/// What all lines of a reply have in common.
#[derive(Debug)]
struct Page {
    generate: bool,
    model: String,
    created_at: String,
}

/// What a line says.
#[derive(Debug, Default)]
struct Said {
    text: String,
    thinking: String,
    calls: Vec<Value>,
    logprobs: Vec<Value>,
}

impl Writer {
    pub(crate) fn new(writing: Writing) -> Writer {
        let Writing {
            endpoint,
            model,
            created_unix_s,
            ..
        } = writing;
        Writer {
            page: Page::new(endpoint, model, created_unix_s),
            open: Vec::new(),
            calls: 0,
            usage: None,
            stop: None,
            extras: Map::new(),
        }
    }

    /// The frames of the next event, appended to `out`.
    pub(crate) fn event(&mut self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Start(start) => self.page.named(start.model.as_deref()),
            Event::Open {
                block,
                candidate,
                kind,
            } => {
                let open = match kind {
                    // One answer is all that can be asked for here.
                    _ if *candidate > 0 => Open::Unsaid,
                    BlockKind::Text | BlockKind::Refusal => Open::Text,
                    BlockKind::Reasoning { .. } => Open::Thought,
                    BlockKind::ToolCall(call) => Open::Call(call.clone()),
                    BlockKind::Opaque { .. } => Open::Unsaid,
                };
                self.open.push((*block, open));
            }
            Event::Delta { block, text } => {
                let mut said = Said::default();
                match self.block(*block) {
                    Some(Open::Text) => said.text.clone_from(text),
                    Some(Open::Thought) => said.thinking.clone_from(text),
                    Some(Open::Call(call)) => {
                        if call.arguments.len().saturating_add(text.len()) <= MOST_ARGUMENTS {
                            call.arguments.push_str(text);
                        }
                    }
                    Some(Open::Unsaid) | None => {}
                }
                if !said.text.is_empty() || !said.thinking.is_empty() {
                    line(&self.page.line(said), out);
                }
            }
            Event::Annotate {
                block,
                annotation: Annotation::Logprobs(tokens),
            } => {
                if matches!(self.block(*block), Some(Open::Text | Open::Thought)) {
                    let said = Said {
                        logprobs: tokens.iter().map(logprob).collect(),
                        ..Said::default()
                    };
                    line(&self.page.line(said), out);
                }
            }
            Event::Close { block } => self.close(*block, out),
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::Stop {
                candidate: 0, stop, ..
            } => self.stop = Some(*stop),
            Event::Extra {
                owner: Dialect::Ollama,
                key,
                value,
            } => {
                self.extras.insert(key.clone(), value.clone());
            }
            Event::End => {
                let extras = std::mem::take(&mut self.extras);
                let last = self.page.last(Said::default(), self.stop, self.usage, extras);
                line(&last, out);
            }
            Event::Annotate { .. }
            | Event::Stop { .. }
            | Event::Extra { .. }
            | Event::Seal { .. }
            | Event::Ping
            // Told by whoever knows the provider's name for people.
            | Event::Failed(_) => {}
        }
    }

    fn block(&mut self, block: u32) -> Option<&mut Open> {
        let open = self.open.iter_mut().find(|(number, _)| *number == block);
        open.map(|(_, open)| open)
    }

    fn close(&mut self, block: u32, out: &mut Vec<u8>) {
        let Some(at) = self.open.iter().position(|(number, _)| *number == block) else {
            return;
        };
        if let Open::Call(call) = self.open.remove(at).1 {
            let said = Said {
                calls: vec![written_call(&call, &call.arguments, self.calls)],
                ..Said::default()
            };
            self.calls += 1;
            line(&self.page.line(said), out);
        }
    }
}

/// A whole reply, as one document.
pub(crate) fn write_reply(reply: &Reply, writing: &Writing) -> Value {
    let mut page = Page::new(
        writing.endpoint,
        writing.model.clone(),
        writing.created_unix_s,
    );
    page.named(reply.start.model.as_deref());
    let mut said = Said::default();
    let first = reply.candidates.first();
    for block in first.map(|answer| &*answer.blocks).unwrap_or_default() {
        match &block.kind {
            BlockKind::Text | BlockKind::Refusal => said.text.push_str(&block.text),
            BlockKind::Reasoning { .. } => said.thinking.push_str(&block.text),
            BlockKind::ToolCall(call) => {
                let call = written_call(call, &block.text, said.calls.len());
                said.calls.push(call);
                continue;
            }
            BlockKind::Opaque { .. } => continue,
        }
        for annotation in &block.annotations {
            if let Annotation::Logprobs(tokens) = annotation {
                said.logprobs.extend(tokens.iter().map(logprob));
            }
        }
    }
    let own = reply.extras.iter();
    let own = own.filter(|(owner, _, _)| *owner == Dialect::Ollama);
    let extras = own
        .map(|(_, key, value)| (key.clone(), value.clone()))
        .collect();
    let stop = first.and_then(|answer| answer.stop);
    Value::Object(page.last(said, stop, reply.usage, extras))
}

impl Page {
    fn new(endpoint: Endpoint, model: String, created_unix_s: u64) -> Page {
        Page {
            generate: endpoint == Endpoint::OllamaGenerate,
            model,
            created_at: rfc3339(created_unix_s),
        }
    }

    fn named(&mut self, model: Option<&str>) {
        if let Some(model) = model.filter(|model| !model.is_empty()) {
            model.clone_into(&mut self.model);
        }
    }

    /// A line on the way.
    fn line(&self, said: Said) -> Map<String, Value> {
        self.saying(said, false)
    }

    /// The last line of a stream, or a whole reply.
    fn last(
        &self,
        said: Said,
        stop: Option<StopReason>,
        usage: Option<Usage>,
        mut extras: Map<String, Value>,
    ) -> Map<String, Value> {
        let mut line = self.saying(said, true);
        line.insert("done_reason".to_owned(), word(stop).into());
        let mut duration = |key: &str| {
            let known = extras.shift_remove(key).filter(Value::is_u64);
            known.unwrap_or_else(|| 0.into())
        };
        let durations = [
            "total_duration",
            "load_duration",
            "prompt_eval_duration",
            "eval_duration",
        ]
        .map(|key| (key, duration(key)));
        let counts = usage.map(|usage| {
            [
                ("prompt_eval_count", usage.input_total()),
                ("eval_count", usage.output_total()),
            ]
        });
        for (key, value) in durations {
            line.insert(key.to_owned(), value);
        }
        for (key, count) in counts.into_iter().flatten() {
            line.insert(key.to_owned(), count.into());
        }
        for (key, value) in extras {
            line.entry(key).or_insert(value);
        }
        line
    }

    fn saying(&self, said: Said, done: bool) -> Map<String, Value> {
        let mut line = Map::new();
        line.insert("model".to_owned(), self.model.as_str().into());
        line.insert("created_at".to_owned(), self.created_at.as_str().into());
        let mut message = Map::new();
        let text = if self.generate {
            "response"
        } else {
            message.insert("role".to_owned(), "assistant".into());
            "content"
        };
        message.insert(text.to_owned(), said.text.into());
        if !said.thinking.is_empty() {
            message.insert("thinking".to_owned(), said.thinking.into());
        }
        if !said.calls.is_empty() {
            message.insert("tool_calls".to_owned(), Value::Array(said.calls));
        }
        if self.generate {
            line.append(&mut message);
        } else {
            line.insert("message".to_owned(), Value::Object(message));
        }
        if !said.logprobs.is_empty() {
            line.insert("logprobs".to_owned(), Value::Array(said.logprobs));
        }
        line.insert("done".to_owned(), done.into());
        line
    }
}

/// Arguments must be an object here: what is none comes as the field `_raw` of one.
fn written_call(call: &ToolCall, text: &str, index: usize) -> Value {
    let (arguments, _) = arguments(text);
    let function = json!({"index": index, "name": call.name, "arguments": arguments});
    if call.id.is_empty() {
        json!({"function": function})
    } else {
        json!({"id": call.id, "function": function})
    }
}

fn logprob(token: &Logprob) -> Value {
    let one = |token: &str, logprob: f64| json!({"token": token, "logprob": logprob});
    let mut written = one(&token.token, token.logprob);
    if !token.top.is_empty() {
        let top = token.top.iter();
        written["top_logprobs"] = top.map(|(token, logprob)| one(token, *logprob)).collect();
    }
    written
}

fn word(stop: Option<StopReason>) -> &'static str {
    match stop {
        Some(StopReason::MaxTokens | StopReason::ContextFull | StopReason::Pause) => "length",
        _ => "stop",
    }
}

fn line(value: &impl Serialize, out: &mut Vec<u8>) {
    out.extend_from_slice(&crate::json::document(value));
    out.push(b'\n');
}
