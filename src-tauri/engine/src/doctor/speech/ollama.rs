//! A client of Ollama's own `/api/chat`.

use serde_json::{Value, json};

use super::frames::lines;
use super::{Odd, Said, Speech, Tokens, text_at, tokens_at, told};
use crate::doctor::question::{Called, Question, Tool, Turn, answer_schema, short};

pub(super) struct Ollama;

impl Speech for Ollama {
    fn body(&self, model: &str, question: &Question) -> Value {
        let mut messages = Vec::new();
        if let Some(beginning) = &question.beginning {
            messages.push(json!({"role": "system", "content": beginning}));
        }
        for turn in &question.turns {
            match turn {
                Turn::User(text) => messages.push(json!({"role": "user", "content": text})),
                Turn::Model(said) => messages.extend(said.iter().cloned()),
                Turn::Results(results) => messages.extend(results.iter().map(
                    |(call, text)| json!({"role": "tool", "tool_name": call.name, "content": text}),
                )),
            }
        }
        let mut body = json!({
            "model": model,
            "messages": messages,
            "stream": question.stream,
            "options": {"num_predict": question.most_tokens()},
        });
        if !question.tools.is_empty() {
            body["tools"] = question.tools.iter().map(tool).collect();
        }
        if question.schema {
            body["format"] = answer_schema();
        }
        if question.thinking.is_some() {
            body["think"] = json!(true);
        }
        body
    }

    fn whole(&self, reply: &Value) -> Result<Said, Odd> {
        if reply["done"] != true {
            return Err(format!(
                "`done` is {} in a whole reply",
                short(&reply["done"])
            ));
        }
        let message = &reply["message"];
        if message["role"] != "assistant" {
            return Err(format!(
                "the message's `role` is {}",
                short(&message["role"])
            ));
        }
        let calls = message["tool_calls"].as_array().into_iter().flatten();
        Ok(Said {
            text: text_at(message, "content", "the message")?.to_owned(),
            calls: calls.map(called).collect::<Result<_, _>>()?,
            cut: reply["done_reason"] == "length",
            thought: message["thinking"]
                .as_str()
                .is_some_and(|thought| !thought.is_empty()),
            tokens: tokens(reply),
            turn: vec![message.clone()],
        })
    }

    fn streamed(&self, stream: &[u8]) -> Result<Said, Odd> {
        let (mut content, mut thinking, mut calls) = (String::new(), String::new(), Vec::new());
        let mut end: Option<Value> = None;
        for frame in lines(stream)? {
            let line = frame.json()?;
            if !line["error"].is_null() {
                return Err(told(&line["error"]));
            }
            if end.is_some() {
                return Err("a line came behind `done`".to_owned());
            }
            let message = &line["message"];
            if message["role"] != "assistant" {
                return Err(format!("a line's `role` is {}", short(&message["role"])));
            }
            text_at(&line, "model", "a line")?;
            text_at(&line, "created_at", "a line")?;
            content += text_at(message, "content", "a line's message")?;
            thinking += message["thinking"].as_str().unwrap_or_default();
            calls.extend(
                message["tool_calls"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .cloned(),
            );
            match line["done"].as_bool() {
                Some(true) => end = Some(line),
                Some(false) => {}
                None => return Err("a line has no `done`".to_owned()),
            }
        }
        let mut whole = end.ok_or("no line says `done`")?;
        whole["message"]["content"] = content.into();
        if !thinking.is_empty() {
            whole["message"]["thinking"] = thinking.into();
        }
        if !calls.is_empty() {
            whole["message"]["tool_calls"] = calls.into();
        }
        self.whole(&whole)
    }
}

fn tool(tool: &Tool) -> Value {
    json!({"type": "function", "function": {
        "name": tool.name, "description": tool.about, "parameters": Tool::schema()}})
}

fn called(call: &Value) -> Result<Called, Odd> {
    let function = &call["function"];
    if !function["arguments"].is_object() {
        return Err(format!(
            "a call's `arguments` are no object: {}",
            short(function)
        ));
    }
    Ok(Called {
        id: call["id"].as_str().unwrap_or_default().to_owned(),
        name: text_at(function, "name", "a call")?.to_owned(),
        arguments: function["arguments"].clone(),
    })
}

fn tokens(reply: &Value) -> Option<Tokens> {
    reply["prompt_eval_count"].is_u64().then(|| Tokens {
        input: tokens_at(reply, "/prompt_eval_count"),
        cached: tokens_at(reply, "/prompt_eval_cached_count"),
        output: tokens_at(reply, "/eval_count"),
        reasoning: 0,
    })
}
