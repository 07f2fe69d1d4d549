//! A client of OpenAI's Chat Completions.

use serde_json::{Map, Value, json};

use super::frames::events;
use super::{Odd, Said, Speech, Tokens, arguments, list_at, text_at, tokens_at, told};
use crate::doctor::question::{Called, Question, Tool, Turn, answer_schema, short};

pub(super) struct Chat;

impl Speech for Chat {
    fn body(&self, model: &str, question: &Question) -> Value {
        let mut messages = Vec::new();
        if let Some(beginning) = &question.beginning {
            messages.push(json!({"role": "system", "content": beginning}));
        }
        for turn in &question.turns {
            match turn {
                Turn::User(text) => messages.push(json!({"role": "user", "content": text})),
                Turn::Model(said) => messages.extend(said.iter().cloned()),
                Turn::Results(results) => messages.extend(results.iter().map(|(call, text)| {
                    json!({"role": "tool", "tool_call_id": call.id, "content": text})
                })),
            }
        }
        let mut body = json!({
            "model": model,
            "messages": messages,
            "max_completion_tokens": question.most_tokens(),
            "stream": question.stream,
        });
        if question.stream {
            body["stream_options"] = json!({"include_usage": true});
        }
        if !question.tools.is_empty() {
            body["tools"] = question.tools.iter().map(tool).collect();
        }
        if question.schema {
            body["response_format"] = json!({"type": "json_schema", "json_schema": {
                "name": "city", "strict": true, "schema": answer_schema()}});
        }
        if question.thinking.is_some() {
            body["reasoning_effort"] = json!("low");
        }
        body
    }

    fn whole(&self, reply: &Value) -> Result<Said, Odd> {
        if reply["object"] != "chat.completion" {
            return Err(format!(
                "`object` is {} and not `chat.completion`",
                short(&reply["object"])
            ));
        }
        read(reply)
    }

    fn streamed(&self, stream: &[u8]) -> Result<Said, Odd> {
        let mut frames = events(stream)?;
        match frames.pop() {
            Some(last) if last.data == "[DONE]" => {}
            _ => return Err("the stream does not end with `[DONE]`".to_owned()),
        }
        let mut gathered = Gathered::default();
        for frame in &frames {
            if frame.data == "[DONE]" {
                return Err("an event came behind `[DONE]`".to_owned());
            }
            gathered.take(&frame.json()?)?;
        }
        read(&gathered.whole()?)
    }
}

fn tool(tool: &Tool) -> Value {
    json!({"type": "function", "function": {
        "name": tool.name, "description": tool.about, "parameters": Tool::schema()}})
}

fn read(reply: &Value) -> Result<Said, Odd> {
    let choice = list_at(reply, "choices", "the reply")?
        .first()
        .ok_or("`choices` is empty")?;
    let message = &choice["message"];
    if message["role"] != "assistant" {
        return Err(format!(
            "the message's `role` is {}",
            short(&message["role"])
        ));
    }
    let calls = match &message["tool_calls"] {
        Value::Null => Vec::new(),
        Value::Array(calls) => calls.iter().map(called).collect::<Result<Vec<_>, _>>()?,
        other => return Err(format!("`tool_calls` is no list: {}", short(other))),
    };
    let reason = text_at(choice, "finish_reason", "the choice")?;
    match reason {
        "stop" | "length" | "tool_calls" | "content_filter" | "function_call" => {}
        other => {
            return Err(format!(
                "`finish_reason` is `{other}`, which no client knows"
            ));
        }
    }
    if calls.is_empty() == (reason == "tool_calls") && reason != "length" {
        return Err(format!(
            "it made {} calls and ended with `{reason}`",
            calls.len()
        ));
    }
    let thoughts = [
        "reasoning_content",
        "reasoning",
        "reasoning_details",
        "reasoning_opaque",
    ];
    Ok(Said {
        text: message["content"].as_str().unwrap_or_default().to_owned(),
        calls,
        cut: reason == "length",
        thought: thoughts.iter().any(|field| is_filled(&message[*field])),
        tokens: tokens(&reply["usage"]),
        turn: vec![message.clone()],
    })
}

fn is_filled(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(all) => !all.is_empty(),
        _ => true,
    }
}

fn called(call: &Value) -> Result<Called, Odd> {
    let name = text_at(&call["function"], "name", "a call")?;
    Ok(Called {
        id: text_at(call, "id", "a call").map(str::to_owned)?,
        name: name.to_owned(),
        arguments: arguments(text_at(&call["function"], "arguments", "a call")?, name)?,
    })
}

fn tokens(usage: &Value) -> Option<Tokens> {
    usage.is_object().then(|| Tokens {
        input: tokens_at(usage, "/prompt_tokens"),
        cached: tokens_at(usage, "/prompt_tokens_details/cached_tokens"),
        output: tokens_at(usage, "/completion_tokens"),
        reasoning: tokens_at(usage, "/completion_tokens_details/reasoning_tokens"),
    })
}

/// A stream on its way to a whole.
#[derive(Default)]
struct Gathered {
    id: Option<String>,
    message: Map<String, Value>,
    calls: Vec<Value>,
    reason: Value,
    usage: Value,
}

impl Gathered {
    fn take(&mut self, chunk: &Value) -> Result<(), Odd> {
        if !chunk["error"].is_null() {
            return Err(told(&chunk["error"]));
        }
        if chunk["object"] != "chat.completion.chunk" {
            return Err(format!("a chunk's `object` is {}", short(&chunk["object"])));
        }
        let id = text_at(chunk, "id", "a chunk")?;
        match &self.id {
            Some(known) if known != id => {
                return Err(format!("the chunks' `id` changed from `{known}` to `{id}`"));
            }
            Some(_) => {}
            None => self.id = Some(id.to_owned()),
        }
        if chunk["usage"].is_object() {
            self.usage = chunk["usage"].clone();
        }
        for choice in list_at(chunk, "choices", "a chunk")? {
            self.choice(choice)?;
        }
        Ok(())
    }

    fn choice(&mut self, choice: &Value) -> Result<(), Odd> {
        let Value::Object(delta) = &choice["delta"] else {
            return Err("a chunk's choice has no `delta`".to_owned());
        };
        let says = |field: &str| delta.get(field).is_some_and(is_filled);
        if !self.reason.is_null() && (says("content") || says("tool_calls")) {
            return Err("content came behind the `finish_reason`".to_owned());
        }
        for (field, value) in delta {
            match (field.as_str(), value) {
                ("tool_calls", Value::Array(calls)) => {
                    for call in calls {
                        self.call(call)?;
                    }
                }
                (_, Value::String(text)) if field != "role" => {
                    let so_far = self.message.entry(field.clone()).or_insert(json!(""));
                    let joined = format!("{}{text}", so_far.as_str().unwrap_or_default());
                    *so_far = joined.into();
                }
                (_, Value::Null) => {}
                _ => {
                    self.message.insert(field.clone(), value.clone());
                }
            }
        }
        if !choice["finish_reason"].is_null() {
            if !self.reason.is_null() {
                return Err("`finish_reason` came twice".to_owned());
            }
            self.reason = choice["finish_reason"].clone();
        }
        Ok(())
    }

    fn call(&mut self, delta: &Value) -> Result<(), Odd> {
        let index = delta["index"]
            .as_u64()
            .and_then(|index| usize::try_from(index).ok())
            .ok_or("a piece of a call has no `index`")?;
        if index > self.calls.len() {
            return Err(format!(
                "a call begins with index {index} where {} is next",
                self.calls.len()
            ));
        }
        if index == self.calls.len() {
            let name = text_at(&delta["function"], "name", "a call's first piece")?;
            let id = text_at(delta, "id", "a call's first piece")?;
            self.calls.push(json!({"id": id, "type": "function",
                "function": {"name": name, "arguments": ""}}));
        }
        let piece = delta["function"]["arguments"].as_str().unwrap_or_default();
        let so_far = &mut self.calls[index]["function"]["arguments"];
        *so_far = format!("{}{piece}", so_far.as_str().unwrap_or_default()).into();
        Ok(())
    }

    fn whole(mut self) -> Result<Value, Odd> {
        if self.reason.is_null() {
            return Err("no chunk has a `finish_reason`".to_owned());
        }
        self.message.insert("role".to_owned(), json!("assistant"));
        if !self.calls.is_empty() {
            self.message
                .insert("tool_calls".to_owned(), self.calls.into());
        }
        Ok(json!({
            "choices": [{"message": self.message, "finish_reason": self.reason}],
            "usage": self.usage,
        }))
    }
}
