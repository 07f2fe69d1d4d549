//! `contents` and `systemInstruction`, read.
//!
//! Promises: what one side says in a row is one message, as Google reads it; results of tools are
//! split from what the user says. Thoughts that came in pieces are put together, and a signature
//! that came alone goes to the text before it. Calls without an id get one, the same each time.

use serde_json::Value;

use super::fields::{self, Object, take_list, take_object, take_text};
use super::media_in::{keep_rest, media};
use super::{calls, seals};
use crate::hub::{Extras, Kind, Message, Part, Reasoning, Role, ToolCall, ToolResult};
use crate::{Dialect, Malformed};

/// Reads the conversation.
pub(super) fn contents(contents: Value) -> Result<Vec<Message>, Malformed> {
    let list = match contents {
        Value::Array(list) => list,
        one @ (Value::Object(_) | Value::String(_)) => vec![one],
        _ => return Err(wrong("contents", "is not a list")),
    };
    let mut history = History::default();
    for (at, content) in list.into_iter().enumerate() {
        history.content(content, &format!("contents[{at}]"))?;
    }
    Ok(history.messages)
}

/// Reads the system's words.
pub(super) fn system(instruction: Value) -> Result<Option<Message>, Malformed> {
    let at = "systemInstruction";
    let mut history = History {
        side: Some(Role::System),
        ..History::default()
    };
    let (parts, extras) = match instruction {
        Value::Object(mut content) if fields::has(&content, "parts") => {
            content.shift_remove("role");
            let parts = parts(&mut content, at)?;
            (parts, content)
        }
        Value::Array(parts) => (parts, Object::new()),
        part @ (Value::Object(_) | Value::String(_)) => (vec![part], Object::new()),
        _ => return Err(wrong(at, "is neither a text nor a content")),
    };
    history.parts(Role::System, parts, extras, at)?;
    Ok(history.messages.pop())
}

#[derive(Default)]
struct History {
    messages: Vec<Message>,
    /// Calls that wait for their result: id and name.
    waiting: Vec<(String, String)>,
    /// Whose turn it is on the wire, which turn that is, and its calls and nameless results so far.
    side: Option<Role>,
    turn: usize,
    called: usize,
    answered: usize,
}

impl History {
    fn content(&mut self, content: Value, at: &str) -> Result<(), Malformed> {
        let (side, parts, extras) = match content {
            Value::String(text) => (Role::User, vec![Value::String(text)], Object::new()),
            Value::Object(mut content) => {
                let role = take_text(&mut content, "role");
                let side = match role.as_deref() {
                    Some("model" | "assistant") => Role::Assistant,
                    Some("user" | "function" | "tool" | "") => Role::User,
                    None if !fields::has(&content, "role") => Role::User,
                    Some("system") => Role::System,
                    _ => return Err(wrong(&format!("{at}.role"), "is not user or model")),
                };
                let parts = parts(&mut content, at)?;
                (side, parts, content)
            }
            _ => return Err(wrong(at, "is not an object")),
        };
        self.parts(side, parts, extras, at)
    }

    fn parts(
        &mut self,
        side: Role,
        parts: Vec<Value>,
        extras: Object,
        at: &str,
    ) -> Result<(), Malformed> {
        if parts.is_empty() {
            return Ok(());
        }
        let mut extras = Extras::of(Dialect::Gemini, extras);
        // A content with fields of its own stays one of its own.
        let mut fresh = extras.owner.is_some();
        if self.side != Some(side) {
            self.side = Some(side);
            self.turn += 1;
            (self.called, self.answered) = (0, 0);
            fresh = true;
        }
        for (n, part) in parts.into_iter().enumerate() {
            let (role, part) = self.part(side, part, &format!("{at}.parts[{n}]"))?;
            let joins = self.messages.last().is_some_and(|last| {
                last.role == role && !fresh && (n > 0 || last.extras.owner.is_none())
            });
            if !joins {
                let mut message = Message::new(role, Vec::new());
                message.extras = std::mem::take(&mut extras);
                self.messages.push(message);
                fresh = false;
            }
            if let Some(message) = self.messages.last_mut() {
                join(&mut message.parts, part);
            }
        }
        Ok(())
    }

    fn part(&mut self, side: Role, part: Value, at: &str) -> Result<(Role, Part), Malformed> {
        let mut part = match part {
            Value::String(text) => return Ok((side, Part::text(text))),
            Value::Object(part) => part,
            _ => return Err(wrong(at, "is not an object")),
        };
        let seal = take_text(&mut part, "thoughtSignature")
            .filter(|text| !text.is_empty() && text != seals::UNSIGNED)
            .map(|text| seals::from_caller(&text));
        let thought = part.get("thought") == Some(&Value::Bool(true));
        let data = [
            "text",
            "inlineData",
            "fileData",
            "functionCall",
            "functionResponse",
        ]
        .into_iter()
        .find(|name| fields::has(&part, name));
        let mut role = side;
        let kind = match data {
            Some("text") => {
                let text = take_text(&mut part, "text")
                    .ok_or_else(|| wrong(&format!("{at}.text"), "is not a text"))?;
                if part.get("thought").is_some_and(Value::is_boolean) {
                    part.shift_remove("thought");
                }
                if thought {
                    return Ok((role, reasoning(text, seal, false, part)));
                }
                Kind::Text(text)
            }
            None if thought && seal.is_some() && part.len() == 1 => {
                return Ok((role, reasoning(String::new(), seal, true, Object::new())));
            }
            Some("functionCall") => {
                role = Role::Assistant;
                Kind::ToolCall(self.call(&mut part, at)?)
            }
            Some("functionResponse") => {
                role = Role::Tool;
                Kind::ToolResult(self.result(&mut part, at)?)
            }
            Some(name @ ("inlineData" | "fileData")) => match media(&mut part, name) {
                Some(media) => Kind::Media(media),
                None => opaque(&mut part),
            },
            _ => opaque(&mut part),
        };
        let mut extras = Extras::of(Dialect::Gemini, part);
        if let Kind::Opaque(_) = kind {
            extras = Extras::by(Dialect::Gemini);
        }
        Ok((
            role,
            Part {
                kind,
                cache: None,
                sealed: seal,
                extras,
            },
        ))
    }

    fn call(&mut self, part: &mut Object, at: &str) -> Result<ToolCall, Malformed> {
        let at = format!("{at}.functionCall");
        let mut call =
            take_object(part, "functionCall").ok_or_else(|| wrong(&at, "is not an object"))?;
        let name = take_text(&mut call, "name")
            .ok_or_else(|| wrong(&format!("{at}.name"), "is missing or not a text"))?;
        let arguments = calls::arguments(take_object(&mut call, "args").map(Value::Object));
        let given = take_text(&mut call, "id").filter(|id| !id.is_empty());
        let id = given.unwrap_or_else(|| calls::made_up(self.turn, self.called));
        self.called += 1;
        self.waiting.push((id.clone(), name.clone()));
        keep_rest(part, "functionCall", call);
        Ok(ToolCall {
            id,
            name,
            namespace: None,
            arguments,
            custom: false,
        })
    }

    fn result(&mut self, part: &mut Object, at: &str) -> Result<ToolResult, Malformed> {
        let at = format!("{at}.functionResponse");
        let mut result =
            take_object(part, "functionResponse").ok_or_else(|| wrong(&at, "is not an object"))?;
        let name = take_text(&mut result, "name");
        let given = take_text(&mut result, "id").filter(|id| !id.is_empty());
        let answers = |waiting: &(String, String)| match &given {
            Some(id) => waiting.0 == *id,
            None => name.as_ref().is_none_or(|name| waiting.1 == *name),
        };
        let call = self.waiting.iter().position(answers);
        let call = call.map(|at| self.waiting.remove(at).0);
        let call_id = given.or(call).unwrap_or_else(|| {
            self.answered += 1;
            calls::made_up_result(self.turn, self.answered)
        });
        let mut parts: Vec<Part> = take_list(&mut result, "parts")
            .unwrap_or_default()
            .into_iter()
            .map(result_part)
            .collect();
        let response = fields::take(&mut result, "response");
        let mut is_error = false;
        let is_empty = |response: &Value| response.as_object().is_some_and(Object::is_empty);
        if parts.is_empty()
            || response
                .as_ref()
                .is_some_and(|response| !is_empty(response))
        {
            let response = response.unwrap_or_else(|| Value::Object(Object::new()));
            let (text, failed) = calls::answer(response);
            is_error = failed;
            parts.insert(0, Part::text(text));
        }
        keep_rest(part, "functionResponse", result);
        Ok(ToolResult {
            call_id,
            name,
            parts,
            is_error,
            custom: false,
        })
    }
}

fn parts(content: &mut Object, at: &str) -> Result<Vec<Value>, Malformed> {
    match fields::take(content, "parts") {
        None => Ok(Vec::new()),
        Some(Value::Array(parts)) => Ok(parts),
        Some(part @ (Value::Object(_) | Value::String(_))) => Ok(vec![part]),
        Some(_) => Err(wrong(&format!("{at}.parts"), "is not a list")),
    }
}

/// Adds a part to those before it; what came in pieces is put together.
fn join(parts: &mut Vec<Part>, part: Part) {
    if let Some(last) = parts.last_mut() {
        let plain = last.extras.owner.is_none() && part.extras.owner.is_none();
        match (&mut last.kind, &part.kind) {
            (Kind::Reasoning(last), Kind::Reasoning(next))
                if plain && last.sealed.is_none() && !next.hidden =>
            {
                last.text.push_str(&next.text);
                last.sealed.clone_from(&next.sealed);
                return;
            }
            (Kind::Reasoning(last), Kind::Text(text))
                if plain && text.is_empty() && last.sealed.is_none() && part.sealed.is_some() =>
            {
                last.sealed = part.sealed;
                return;
            }
            (Kind::Text(_), Kind::Text(text))
                if plain && text.is_empty() && last.sealed.is_none() && part.sealed.is_some() =>
            {
                last.sealed = part.sealed;
                return;
            }
            _ => {}
        }
    }
    match (&part.kind, &part.sealed) {
        // A signature on nothing is a thought that isn't shown.
        (Kind::Text(text), Some(_)) if text.is_empty() && part.extras.owner.is_none() => {
            parts.push(reasoning(String::new(), part.sealed, true, Object::new()));
        }
        _ => parts.push(part),
    }
}

fn reasoning(text: String, sealed: Option<crate::hub::Sealed>, hidden: bool, rest: Object) -> Part {
    Part {
        extras: Extras::of(Dialect::Gemini, rest),
        ..Part::new(Kind::Reasoning(Reasoning {
            text,
            sealed,
            hidden,
            ..Reasoning::default()
        }))
    }
}

fn opaque(part: &mut Object) -> Kind {
    Kind::Opaque(Value::Object(std::mem::take(part)))
}

fn result_part(part: Value) -> Part {
    let Value::Object(mut part) = part else {
        return Part {
            extras: Extras::by(Dialect::Gemini),
            ..Part::new(Kind::Opaque(part))
        };
    };
    let name = ["inlineData", "fileData"]
        .into_iter()
        .find(|name| fields::has(&part, name));
    match name.and_then(|name| media(&mut part, name)) {
        Some(media) => Part {
            extras: Extras::of(Dialect::Gemini, part),
            ..Part::new(Kind::Media(media))
        },
        None => Part {
            extras: Extras::by(Dialect::Gemini),
            ..Part::new(opaque(&mut part))
        },
    }
}

fn wrong(what: &str, why: &str) -> Malformed {
    Malformed::nowhere(&format!("`{what}` {why}"))
}
