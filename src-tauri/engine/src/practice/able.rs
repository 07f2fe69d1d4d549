//! The practice model that does everything a real one might: it thinks when asked to, calls tools
//! with arguments that fit, answers after a schema, and reports what it has seen before as cached.
//!
//! Promises: each of these the same way every time. A thought is signed, and a signature that
//! comes back wrong is refused, as the vendors do.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use dialect::hub::{
    BlockKind, Event, Format, Kind, Reasoning, Request, Role, Sealed, Start, ToolCall, ToolKind,
};
use dialect::{Dialect, StopReason, Usage, estimate_tokens};
use serde_json::json;

use super::asked::Asked;
use super::script::{fingerprint, text};
use super::{PRACTICE, instance, seen};

/// What it thinks, always.
const THOUGHT: &str = "[practice] I think before I answer.";
/// The most calls of one turn.
const MOST_CALLS: usize = 8;
/// Words of the user that ask for more than one call.
const SEVERAL: [&str; 6] = ["both", "each", "every", "parallel", "several", "at once"];

/// The prompt's tokens, the same however the request is worded.
pub(super) fn prompt_tokens(request: &Request) -> u64 {
    estimate_tokens(prompt(request).len() as u64)
}

/// Everything a model would read, in order.
fn prompt(request: &Request) -> String {
    let mut prompt = String::new();
    for message in &request.messages {
        for part in &message.parts {
            match &part.kind {
                Kind::Text(text) | Kind::Refusal(text) => prompt.push_str(text),
                Kind::Reasoning(thought) => prompt.push_str(&thought.text),
                Kind::ToolCall(call) => prompt.push_str(&call.arguments),
                Kind::ToolResult(result) => {
                    for part in &result.parts {
                        if let Kind::Text(text) = &part.kind {
                            prompt.push_str(text);
                        }
                    }
                }
                Kind::Media(_) | Kind::Opaque(_) => {}
            }
            prompt.push('\n');
        }
    }
    for tool in &request.tools {
        prompt.push_str(tool.name());
        if let ToolKind::Function {
            schema: Some(schema),
            ..
        } = &tool.kind
        {
            prompt.push_str(&schema.to_string());
        }
    }
    prompt
}

/// What is wrong with the thoughts that come back, if anything is.
pub(super) fn forged(request: &Request) -> Option<&'static str> {
    let mut parts = request
        .messages
        .iter()
        .filter(|message| message.role == Role::Assistant)
        .flat_map(|message| &message.parts);
    let forged = parts.any(|part| {
        let (own, on_thought) = match &part.kind {
            Kind::Reasoning(thought) => (thought.sealed.as_ref(), Some(thought)),
            _ => (part.sealed.as_ref(), None),
        };
        let ours = own.filter(|sealed| sealed.issuer.as_deref().is_none_or(|who| who == PRACTICE));
        ours.is_some_and(|sealed| sealed.data != seal() || on_thought.is_some_and(is_changed))
    });
    forged.then_some("[practice] The signature of a thought does not fit the thought.")
}

fn is_changed(thought: &Reasoning) -> bool {
    let told = match thought.text.is_empty() {
        true => thought.summary.concat(),
        false => thought.text.clone(),
    };
    !told.is_empty() && told != THOUGHT
}

/// Letters of base64 without padding, as clients that check them want.
fn seal() -> String {
    STANDARD.encode(format!(
        "{PRACTICE}{:016x}",
        fingerprint(THOUGHT.as_bytes())
    ))
}

/// The events of an answer.
pub(super) fn answer(model: &str, dialect: Dialect, request: &Request, body: &Bytes) -> Vec<Event> {
    let mut telling = Telling::begin(model, body);
    let thinks = thinks(request);
    if thinks {
        telling.think(dialect);
    }
    let asked = Asked::of(request);
    let calls = calls(request, &asked);
    let (stop, output) = if calls.is_empty() {
        let text = words(request, &asked);
        telling.block(BlockKind::Text, text.split_inclusive(' '));
        (StopReason::End, estimate_tokens(text.len() as u64))
    } else {
        let tokens = 8 * calls.len() as u64;
        for (number, (name, arguments)) in calls.into_iter().enumerate() {
            telling.call(number, name, &arguments, body);
        }
        (StopReason::ToolCall, tokens)
    };
    let prompt = prompt(request);
    let total = estimate_tokens(prompt.len() as u64);
    let cached = seen::before(&prompt).min(total);
    telling.end(
        stop,
        Usage {
            input: total - cached,
            cache_read: cached,
            output,
            reasoning: match thinks {
                true => estimate_tokens(THOUGHT.len() as u64),
                false => 0,
            },
            ..Usage::default()
        },
    )
}

fn thinks(request: &Request) -> bool {
    let asked = &request.thinking;
    let effort = asked.effort.is_some_and(|effort| effort.word() != "none");
    asked.on != Some(false)
        && (asked.on == Some(true)
            || asked.shown == Some(true)
            || asked.budget.is_some_and(|tokens| tokens > 0)
            || effort)
}

/// The calls of this turn: the first tool, or all of them when the user asks for several.
fn calls(request: &Request, asked: &Asked) -> Vec<(String, String)> {
    if asked.last_is_tool_result {
        return Vec::new();
    }
    let words = asked.last_user_text.to_lowercase();
    let several = SEVERAL.iter().any(|word| words.contains(word));
    let most = match several && request.parallel != Some(false) {
        true => MOST_CALLS,
        false => 1,
    };
    let offered = request.tools.iter().filter_map(|tool| match &tool.kind {
        ToolKind::Function { name, schema, .. } => {
            let arguments = schema.as_ref().map_or_else(|| json!({}), instance::of);
            Some((name.clone(), arguments.to_string()))
        }
        ToolKind::Custom { name, .. } => Some((name.clone(), "{}".to_owned())),
        ToolKind::Hosted { .. } => None,
    });
    offered.take(most).collect()
}

fn words(request: &Request, asked: &Asked) -> String {
    match &request.format {
        Format::Text => text(asked),
        Format::Json => json!({"answer": text(asked)}).to_string(),
        Format::Schema { schema, .. } => instance::of(schema).to_string(),
    }
}

/// A row of events as the hub's law wants it.
struct Telling {
    events: Vec<Event>,
    blocks: u32,
}

impl Telling {
    fn begin(model: &str, body: &Bytes) -> Telling {
        let start = Start {
            id: Some(format!("practice-{:016x}", fingerprint(body))),
            model: Some(model.to_owned()),
        };
        Telling {
            events: vec![Event::Start(start)],
            blocks: 0,
        }
    }

    fn open(&mut self, kind: BlockKind) -> u32 {
        let block = self.blocks;
        self.blocks += 1;
        self.events.push(Event::Open {
            block,
            candidate: 0,
            kind,
        });
        block
    }

    fn block<'a>(&mut self, kind: BlockKind, pieces: impl IntoIterator<Item = &'a str>) {
        let block = self.open(kind);
        self.events
            .extend(pieces.into_iter().map(|piece| Event::Delta {
                block,
                text: piece.to_owned(),
            }));
        self.events.push(Event::Close { block });
    }

    fn think(&mut self, dialect: Dialect) {
        let block = self.open(BlockKind::Reasoning {
            hidden: false,
            summary: false,
        });
        self.events.extend([
            Event::Delta {
                block,
                text: THOUGHT.to_owned(),
            },
            Event::Seal {
                block,
                sealed: Sealed {
                    dialect,
                    issuer: Some(PRACTICE.to_owned()),
                    data: seal(),
                },
            },
            Event::Close { block },
        ]);
    }

    fn call(&mut self, number: usize, name: String, arguments: &str, body: &Bytes) {
        let of = fingerprint(&body[body.len() / 2..]).wrapping_add(number as u64);
        let call = ToolCall {
            id: format!("call_{of:016x}"),
            name,
            namespace: None,
            arguments: String::new(),
            custom: false,
        };
        // In two pieces, so that a client that takes the first for the whole is found out.
        let middle = (0..=arguments.len() / 2)
            .rev()
            .find(|at| arguments.is_char_boundary(*at));
        let (head, tail) = arguments.split_at(middle.unwrap_or(0));
        self.block(BlockKind::ToolCall(call), [head, tail]);
    }

    fn end(mut self, stop: StopReason, usage: Usage) -> Vec<Event> {
        self.events.extend([
            Event::Usage(usage),
            Event::Stop {
                candidate: 0,
                stop,
                sequence: None,
            },
            Event::End,
        ]);
        self.events
    }
}

#[cfg(test)]
mod tests {
    use dialect::{Endpoint, read_request};
    use serde_json::Value;

    use super::*;

    fn request(body: &Value) -> Request {
        read_request(Endpoint::Messages, body.to_string().as_bytes(), None).expect("a request")
    }

    fn tools() -> Value {
        let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
        json!([{"name": "a", "input_schema": schema}, {"name": "b", "input_schema": schema}])
    }

    #[test]
    fn it_calls_the_first_tool_and_all_of_them_when_asked_for_several() {
        let ask = |text: &str, more: Value| {
            let mut body = json!({"model": "m", "max_tokens": 9, "tools": tools(),
                "messages": [{"role": "user", "content": text}]});
            if !more.is_null() {
                body["tool_choice"] = more;
            }
            let request = request(&body);
            let asked = Asked::of(&request);
            calls(&request, &asked)
        };
        let one = [("a".to_owned(), r#"{"city":"practice"}"#.to_owned())];
        assert_eq!(ask("What is the weather?", Value::Null), one);
        assert_eq!(ask("Call both.", Value::Null).len(), 2);
        let alone = json!({"type": "auto", "disable_parallel_tool_use": true});
        assert_eq!(ask("Call both.", alone).len(), 1);
    }

    #[test]
    fn a_thought_is_taken_back_with_its_own_signature_and_with_no_other() {
        let back = |thought: &str, signature: &str| {
            forged(&request(
                &json!({"model": "m", "max_tokens": 9, "messages": [
                {"role": "user", "content": "go"},
                {"role": "assistant", "content": [
                    {"type": "thinking", "thinking": thought, "signature": signature},
                    {"type": "text", "text": "hm"}]},
                {"role": "user", "content": "on"}]}),
            ))
        };
        assert_eq!(back(THOUGHT, &seal()), None);
        assert!(back(THOUGHT, "AAAA").is_some());
        assert!(back("Another thought.", &seal()).is_some());
    }
}
