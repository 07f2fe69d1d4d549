//! A client of Google's `generateContent`.

use serde_json::{Value, json};

use super::frames::events;
use super::{Odd, Said, Speech, Tokens, list_at, text_at, tokens_at, told};
use crate::doctor::question::{Called, Question, Tool, Turn, answer_schema, short};

pub(super) struct Gemini;

impl Speech for Gemini {
    fn body(&self, _model: &str, question: &Question) -> Value {
        let contents: Vec<Value> = question.turns.iter().map(content).collect();
        let mut config = json!({"maxOutputTokens": question.most_tokens()});
        if question.schema {
            config["responseMimeType"] = json!("application/json");
            config["responseJsonSchema"] = answer_schema();
        }
        if question.thinking.is_some() {
            config["thinkingConfig"] = json!({"includeThoughts": true});
        }
        let mut body = json!({"contents": contents, "generationConfig": config});
        if let Some(beginning) = &question.beginning {
            body["systemInstruction"] = json!({"parts": [{"text": beginning}]});
        }
        if !question.tools.is_empty() {
            let tools: Vec<Value> = question.tools.iter().map(tool).collect();
            body["tools"] = json!([{"functionDeclarations": tools}]);
        }
        body
    }

    fn whole(&self, reply: &Value) -> Result<Said, Odd> {
        let candidate = list_at(reply, "candidates", "the reply")?
            .first()
            .ok_or("`candidates` is empty")?;
        let content = &candidate["content"];
        let parts = list_at(content, "parts", "the content")?;
        let mut said = Said {
            tokens: tokens(&reply["usageMetadata"]),
            turn: vec![content.clone()],
            ..Said::default()
        };
        for part in parts {
            let is_thought = part["thought"] == true;
            said.thought |= is_thought || part["thoughtSignature"].is_string();
            if let Some(call) = part.get("functionCall") {
                said.calls.push(Called {
                    id: call["id"].as_str().unwrap_or_default().to_owned(),
                    name: text_at(call, "name", "a call")?.to_owned(),
                    arguments: call.get("args").cloned().unwrap_or_else(|| json!({})),
                });
            } else if let (Some(text), false) = (part["text"].as_str(), is_thought) {
                said.text += text;
            }
        }
        match text_at(candidate, "finishReason", "the candidate")? {
            "STOP" => {}
            "MAX_TOKENS" => said.cut = true,
            other => return Err(format!("`finishReason` is `{other}`")),
        }
        Ok(said)
    }

    fn streamed(&self, stream: &[u8]) -> Result<Said, Odd> {
        let mut gathered = Gathered::default();
        for frame in events(stream)? {
            gathered.take(&frame.json()?)?;
        }
        self.whole(&gathered.whole()?)
    }

    fn count(&self, model: &str, question: &Question) -> Option<(Value, &'static str)> {
        let contents = self.body(model, question)["contents"].take();
        Some((json!({ "contents": contents }), "totalTokens"))
    }
}

fn content(turn: &Turn) -> Value {
    match turn {
        Turn::User(text) => json!({"role": "user", "parts": [{"text": text}]}),
        // One content, as it came.
        Turn::Model(said) => said.first().cloned().unwrap_or_default(),
        Turn::Results(results) => {
            let parts: Vec<Value> = results
                .iter()
                .map(|(call, text)| {
                    let mut result = json!({"name": call.name, "response": {"result": text}});
                    if !call.id.is_empty() {
                        result["id"] = json!(call.id);
                    }
                    json!({ "functionResponse": result })
                })
                .collect();
            json!({"role": "user", "parts": parts})
        }
    }
}

fn tool(tool: &Tool) -> Value {
    json!({"name": tool.name, "description": tool.about, "parametersJsonSchema": Tool::schema()})
}

fn tokens(usage: &Value) -> Option<Tokens> {
    usage.is_object().then(|| {
        let reasoning = tokens_at(usage, "/thoughtsTokenCount");
        Tokens {
            input: tokens_at(usage, "/promptTokenCount"),
            cached: tokens_at(usage, "/cachedContentTokenCount"),
            output: tokens_at(usage, "/candidatesTokenCount") + reasoning,
            reasoning,
        }
    })
}

/// A stream on its way to a whole.
#[derive(Default)]
struct Gathered {
    parts: Vec<Value>,
    reason: Value,
    usage: Value,
}

impl Gathered {
    fn take(&mut self, chunk: &Value) -> Result<(), Odd> {
        if !chunk["error"].is_null() {
            return Err(told(&chunk["error"]));
        }
        if chunk["usageMetadata"].is_object() {
            self.usage = chunk["usageMetadata"].clone();
        }
        let candidates = match &chunk["candidates"] {
            Value::Null if chunk["usageMetadata"].is_object() => return Ok(()),
            _ => list_at(chunk, "candidates", "a chunk")?,
        };
        for candidate in candidates {
            let parts = candidate["content"]["parts"].as_array();
            let role = &candidate["content"]["role"];
            if !role.is_null() && role != "model" {
                return Err(format!("a chunk's `role` is {}", short(role)));
            }
            if !self.reason.is_null() && parts.is_some_and(|parts| !parts.is_empty()) {
                return Err("content came behind the `finishReason`".to_owned());
            }
            self.parts.extend(parts.into_iter().flatten().cloned());
            match &candidate["finishReason"] {
                Value::Null => {}
                _ if !self.reason.is_null() => {
                    return Err("`finishReason` came twice".to_owned());
                }
                reason => self.reason = reason.clone(),
            }
        }
        Ok(())
    }

    fn whole(self) -> Result<Value, Odd> {
        if self.reason.is_null() {
            return Err("no chunk has a `finishReason`".to_owned());
        }
        let content = json!({"role": "model", "parts": self.parts});
        Ok(json!({
            "candidates": [{"content": content, "finishReason": self.reason}],
            "usageMetadata": self.usage,
        }))
    }
}
