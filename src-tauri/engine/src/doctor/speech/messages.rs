//! A client of Anthropic's Messages.

use serde_json::{Value, json};

use super::frames::events;
use super::{Odd, Said, Speech, Tokens, arguments, list_at, text_at, tokens_at, told};
use crate::doctor::question::{
    Called, HowToThink, Question, THINKING_BUDGET, Tool, Turn, answer_schema, short,
};

pub(super) struct Messages;

impl Speech for Messages {
    fn body(&self, model: &str, question: &Question) -> Value {
        let messages: Vec<Value> = question.turns.iter().map(turn).collect();
        let mut body = json!({
            "model": model,
            "max_tokens": question.most_tokens(),
            "messages": messages,
            "stream": question.stream,
        });
        if let Some(beginning) = &question.beginning {
            body["system"] = json!([{"type": "text", "text": beginning,
                "cache_control": {"type": "ephemeral"}}]);
        }
        if !question.tools.is_empty() {
            body["tools"] = question.tools.iter().map(tool).collect();
        }
        if question.schema {
            body["output_config"] =
                json!({"format": {"type": "json_schema", "schema": answer_schema()}});
        }
        match question.thinking {
            Some(HowToThink::Budget) => {
                body["thinking"] = json!({"type": "enabled", "budget_tokens": THINKING_BUDGET});
            }
            Some(HowToThink::Adaptive) => body["thinking"] = json!({"type": "adaptive"}),
            None => {}
        }
        body
    }

    fn whole(&self, reply: &Value) -> Result<Said, Odd> {
        if reply["type"] != "message" || reply["role"] != "assistant" {
            return Err(format!(
                "it is no message of the assistant: `type` is {}, `role` is {}",
                short(&reply["type"]),
                short(&reply["role"])
            ));
        }
        read(reply)
    }

    fn streamed(&self, stream: &[u8]) -> Result<Said, Odd> {
        let mut gathered = Gathered::default();
        for frame in events(stream)? {
            let event = frame.json()?;
            let kind = text_at(&event, "type", "an event")?;
            if frame.name.as_deref() != Some(kind) {
                return Err(format!("the event of the type `{kind}` has another name"));
            }
            gathered.take(kind, &event)?;
        }
        read(&gathered.whole()?)
    }

    fn count(&self, model: &str, question: &Question) -> Option<(Value, &'static str)> {
        let mut body = self.body(model, question);
        if let Value::Object(fields) = &mut body {
            fields.shift_remove("max_tokens");
            fields.shift_remove("stream");
        }
        Some((body, "input_tokens"))
    }
}

fn turn(turn: &Turn) -> Value {
    match turn {
        Turn::User(text) => json!({"role": "user", "content": text}),
        Turn::Model(said) => json!({"role": "assistant", "content": said}),
        Turn::Results(results) => {
            let results: Vec<Value> = results
                .iter()
                .map(|(call, text)| {
                    json!({"type": "tool_result", "tool_use_id": call.id, "content": text})
                })
                .collect();
            json!({"role": "user", "content": results})
        }
    }
}

fn tool(tool: &Tool) -> Value {
    json!({"name": tool.name, "description": tool.about, "input_schema": Tool::schema()})
}

fn read(message: &Value) -> Result<Said, Odd> {
    let content = list_at(message, "content", "the message")?;
    let mut said = Said {
        tokens: tokens(&message["usage"]),
        turn: content.to_vec(),
        ..Said::default()
    };
    for block in content {
        match text_at(block, "type", "a block")? {
            "text" => said.text += text_at(block, "text", "a text block")?,
            "thinking" | "redacted_thinking" => said.thought = true,
            "tool_use" => said.calls.push(Called {
                id: text_at(block, "id", "a call")?.to_owned(),
                name: text_at(block, "name", "a call")?.to_owned(),
                arguments: block["input"].clone(),
            }),
            _ => {}
        }
    }
    let reason = text_at(message, "stop_reason", "the message")?;
    said.cut = matches!(reason, "max_tokens" | "model_context_window_exceeded");
    if said.calls.is_empty() == (reason == "tool_use") && !said.cut {
        let calls = said.calls.len();
        return Err(format!("it made {calls} calls and ended with `{reason}`"));
    }
    Ok(said)
}

fn tokens(usage: &Value) -> Option<Tokens> {
    usage.is_object().then(|| {
        let cached = tokens_at(usage, "/cache_read_input_tokens");
        Tokens {
            input: tokens_at(usage, "/input_tokens")
                + cached
                + tokens_at(usage, "/cache_creation_input_tokens"),
            cached,
            output: tokens_at(usage, "/output_tokens"),
            reasoning: 0,
        }
    })
}

/// A stream on its way to a whole.
#[derive(Default)]
struct Gathered {
    message: Value,
    blocks: Vec<Value>,
    /// The arguments of the open block, when it is a call.
    pieces: String,
    open: bool,
    delta_seen: bool,
    ended: bool,
}

impl Gathered {
    fn take(&mut self, kind: &str, event: &Value) -> Result<(), Odd> {
        if self.ended {
            return Err(format!("`{kind}` came behind `message_stop`"));
        }
        match kind {
            "ping" => return Ok(()),
            "error" => return Err(told(&event["error"])),
            "message_start" if self.message.is_null() => self.message = event["message"].clone(),
            _ if self.message.is_null() => {
                return Err(format!(
                    "the stream begins with `{kind}` and not with `message_start`"
                ));
            }
            "content_block_start" => self.start(event)?,
            "content_block_delta" => self.delta(event)?,
            "content_block_stop" => self.stop(event)?,
            "message_delta" if self.open => {
                return Err("`message_delta` came before the block was closed".to_owned());
            }
            "message_delta" => self.message_delta(event),
            "message_stop" if !self.delta_seen => {
                return Err("`message_stop` came without a `message_delta`".to_owned());
            }
            "message_stop" => self.ended = true,
            other => return Err(format!("`{other}` is no event of this place")),
        }
        Ok(())
    }

    fn start(&mut self, event: &Value) -> Result<(), Odd> {
        if self.open || self.delta_seen {
            return Err(
                "a block began where none may: another is open, or the message is over".to_owned(),
            );
        }
        if event["index"] != self.blocks.len() {
            return Err(format!(
                "a block begins with index {} where {} is next",
                event["index"],
                self.blocks.len()
            ));
        }
        text_at(&event["content_block"], "type", "a block")?;
        self.blocks.push(event["content_block"].clone());
        self.pieces.clear();
        self.open = true;
        Ok(())
    }

    /// The open block, when the event is about it.
    fn opened(&mut self, event: &Value) -> Result<&mut Value, Odd> {
        let index = self.blocks.len().wrapping_sub(1);
        match self.blocks.last_mut() {
            Some(block) if self.open && event["index"] == index => Ok(block),
            _ => Err(format!(
                "an event is about block {}, which is not open",
                event["index"]
            )),
        }
    }

    fn delta(&mut self, event: &Value) -> Result<(), Odd> {
        let delta = &event["delta"];
        let kind = text_at(delta, "type", "a delta")?;
        let block = self.opened(event)?;
        let of = block["type"].as_str().unwrap_or_default();
        let field = match (of, kind) {
            ("text", "text_delta") => "text",
            ("thinking", "thinking_delta") => "thinking",
            ("thinking", "signature_delta") => "signature",
            ("text", "citations_delta") => return Ok(()),
            ("tool_use" | "server_tool_use", "input_json_delta") => {
                self.pieces += text_at(delta, "partial_json", "a delta")?;
                return Ok(());
            }
            _ => return Err(format!("a `{kind}` came in a block of the type `{of}`")),
        };
        let joined = format!(
            "{}{}",
            block[field].as_str().unwrap_or_default(),
            text_at(delta, field, "a delta")?
        );
        block[field] = joined.into();
        Ok(())
    }

    fn stop(&mut self, event: &Value) -> Result<(), Odd> {
        let pieces = std::mem::take(&mut self.pieces);
        let block = self.opened(event)?;
        if block["type"] == "tool_use" && !pieces.is_empty() {
            let name = block["name"].as_str().unwrap_or_default().to_owned();
            block["input"] = arguments(&pieces, &name)?;
        }
        self.open = false;
        Ok(())
    }

    fn message_delta(&mut self, event: &Value) {
        self.delta_seen = true;
        if let Some(reason) = event["delta"].get("stop_reason") {
            self.message["stop_reason"] = reason.clone();
        }
        if let Some(usage) = event["usage"].as_object() {
            for (class, tokens) in usage {
                self.message["usage"][class] = tokens.clone();
            }
        }
    }

    fn whole(mut self) -> Result<Value, Odd> {
        if !self.ended {
            return Err("the stream does not end with `message_stop`".to_owned());
        }
        self.message["content"] = self.blocks.into();
        Ok(self.message)
    }
}
