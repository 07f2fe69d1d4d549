//! A client of OpenAI's Responses.

use serde_json::{Value, json};

use super::frames::events;
use super::{Odd, Said, Speech, Tokens, arguments, list_at, text_at, tokens_at, told};
use crate::doctor::question::{Called, Question, Tool, Turn, answer_schema, short};

pub(super) struct Responses;

impl Speech for Responses {
    fn body(&self, model: &str, question: &Question) -> Value {
        let mut body = json!({
            "model": model,
            "input": input(question),
            "max_output_tokens": question.most_tokens(),
            "store": false,
            "stream": question.stream,
        });
        if let Some(beginning) = &question.beginning {
            body["instructions"] = json!(beginning);
        }
        if !question.tools.is_empty() {
            body["tools"] = question.tools.iter().map(tool).collect();
        }
        if question.schema {
            body["text"] = json!({"format": {"type": "json_schema", "name": "city",
                "strict": true, "schema": answer_schema()}});
        }
        if question.thinking.is_some() {
            body["reasoning"] = json!({"effort": "low"});
            // Nothing is stored, so the thought must travel to be handed back.
            body["include"] = json!(["reasoning.encrypted_content"]);
        }
        body
    }

    fn whole(&self, reply: &Value) -> Result<Said, Odd> {
        if reply["object"] != "response" {
            return Err(format!(
                "`object` is {} and not `response`",
                short(&reply["object"])
            ));
        }
        let output = list_at(reply, "output", "the response")?;
        let mut said = Said {
            tokens: tokens(&reply["usage"]),
            turn: output.to_vec(),
            ..Said::default()
        };
        for item in output {
            match text_at(item, "type", "an item")? {
                "message" => said.text += &message_text(item)?,
                "reasoning" => said.thought = true,
                "function_call" => {
                    let name = text_at(item, "name", "a call")?;
                    said.calls.push(Called {
                        id: text_at(item, "call_id", "a call")?.to_owned(),
                        name: name.to_owned(),
                        arguments: arguments(text_at(item, "arguments", "a call")?, name)?,
                    });
                }
                _ => {}
            }
        }
        match text_at(reply, "status", "the response")? {
            "completed" => {}
            "incomplete" => said.cut = true,
            "failed" => return Err(told(&reply["error"])),
            other => return Err(format!("its `status` is `{other}`")),
        }
        Ok(said)
    }

    fn streamed(&self, stream: &[u8]) -> Result<Said, Odd> {
        let mut gathered = Gathered::default();
        let mut frames = events(stream)?;
        // The SDKs take this for the end where it comes; the vendor does without.
        frames.pop_if(|last| last.data == "[DONE]");
        for frame in frames {
            let event = frame.json()?;
            let kind = text_at(&event, "type", "an event")?;
            if frame.name.as_deref().is_some_and(|name| name != kind) {
                return Err(format!("the event of the type `{kind}` has another name"));
            }
            gathered.take(kind, &event)?;
        }
        let (response, text) = gathered.whole()?;
        let said = self.whole(&response)?;
        if said.text != text {
            return Err("the pieces of text do not join to what the last event holds".to_owned());
        }
        Ok(said)
    }

    fn count(&self, model: &str, question: &Question) -> Option<(Value, &'static str)> {
        let body = json!({"model": model, "input": input(question)});
        Some((body, "input_tokens"))
    }
}

fn input(question: &Question) -> Vec<Value> {
    let mut items = Vec::new();
    for turn in &question.turns {
        match turn {
            Turn::User(text) => items.push(json!({"role": "user", "content": text})),
            Turn::Model(said) => items.extend(said.iter().cloned()),
            Turn::Results(results) => items.extend(results.iter().map(|(call, text)| {
                json!({"type": "function_call_output", "call_id": call.id, "output": text})
            })),
        }
    }
    items
}

fn tool(tool: &Tool) -> Value {
    json!({"type": "function", "name": tool.name, "description": tool.about,
        "parameters": Tool::schema(), "strict": true})
}

fn message_text(item: &Value) -> Result<String, Odd> {
    let mut text = String::new();
    for part in list_at(item, "content", "a message")? {
        if part["type"] == "output_text" {
            text += text_at(part, "text", "a part")?;
        }
    }
    Ok(text)
}

fn tokens(usage: &Value) -> Option<Tokens> {
    usage.is_object().then(|| Tokens {
        input: tokens_at(usage, "/input_tokens"),
        cached: tokens_at(usage, "/input_tokens_details/cached_tokens"),
        output: tokens_at(usage, "/output_tokens"),
        reasoning: tokens_at(usage, "/output_tokens_details/reasoning_tokens"),
    })
}

/// A stream on its way to a whole.
#[derive(Default)]
struct Gathered {
    last_number: Option<u64>,
    begun: bool,
    items: Vec<Item>,
    text: String,
    response: Option<Value>,
}

struct Item {
    id: Option<String>,
    open: bool,
    arguments: String,
}

impl Gathered {
    fn take(&mut self, kind: &str, event: &Value) -> Result<(), Odd> {
        if kind == "error" {
            return Err(told(match &event["error"] {
                Value::Null => event,
                error => error,
            }));
        }
        if self.response.is_some() {
            return Err(format!("`{kind}` came behind the end"));
        }
        let number = event["sequence_number"].as_u64();
        if number.is_none() || number <= self.last_number {
            return Err(format!(
                "`{kind}` has no `sequence_number` greater than the one before"
            ));
        }
        self.last_number = number;
        if !self.begun && kind != "response.created" {
            return Err(format!(
                "the stream begins with `{kind}` and not with `response.created`"
            ));
        }
        match kind {
            "response.created" if self.begun => {
                return Err("`response.created` came twice".to_owned());
            }
            "response.created" => self.begun = true,
            "response.output_item.added" => self.added(event)?,
            "response.output_item.done" => {
                let item = self.open(kind, event)?;
                item.open = false;
            }
            "response.output_text.delta" => {
                self.open(kind, event)?;
                self.text += text_at(event, "delta", kind)?;
            }
            "response.function_call_arguments.delta" => {
                let piece = text_at(event, "delta", kind)?.to_owned();
                self.open(kind, event)?.arguments += &piece;
            }
            "response.function_call_arguments.done" => {
                let whole = text_at(event, "arguments", kind)?.to_owned();
                if self.open(kind, event)?.arguments != whole {
                    return Err(
                        "the pieces of a call's arguments do not join to the whole".to_owned()
                    );
                }
            }
            "response.completed" | "response.incomplete" | "response.failed" => self.end(event)?,
            _ if event["output_index"].is_u64() => {
                self.open(kind, event)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn added(&mut self, event: &Value) -> Result<(), Odd> {
        if event["output_index"] != self.items.len() {
            return Err(format!(
                "an item begins with index {} where {} is next",
                event["output_index"],
                self.items.len()
            ));
        }
        self.items.push(Item {
            id: event["item"]["id"].as_str().map(str::to_owned),
            open: true,
            arguments: String::new(),
        });
        Ok(())
    }

    /// The item an event is about.
    fn open(&mut self, kind: &str, event: &Value) -> Result<&mut Item, Odd> {
        let index = event["output_index"].as_u64().unwrap_or(u64::MAX);
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        let named = event["item_id"].as_str();
        match self.items.get_mut(index) {
            Some(item) if item.open => {
                if named.is_some() && item.id.is_some() && named != item.id.as_deref() {
                    return Err(format!("`{kind}` names another item than its index does"));
                }
                Ok(item)
            }
            _ => Err(format!(
                "`{kind}` is about item {}, which is not open",
                event["output_index"]
            )),
        }
    }

    fn end(&mut self, event: &Value) -> Result<(), Odd> {
        if self.items.iter().any(|item| item.open) {
            return Err("the response ended before its items were done".to_owned());
        }
        let response = event["response"].clone();
        let told = list_at(&response, "output", "the last event's response")?.len();
        if told != self.items.len() {
            return Err(format!(
                "the stream held {} items and its last event {told}",
                self.items.len()
            ));
        }
        self.response = Some(response);
        Ok(())
    }

    fn whole(self) -> Result<(Value, String), Odd> {
        match self.response {
            Some(response) => Ok((response, self.text)),
            None => Err("the stream does not end with `response.completed`".to_owned()),
        }
    }
}
