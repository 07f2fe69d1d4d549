//! A caller's messages, read into the hub.
//!
//! Promises: one message becomes one message. An assistant's thoughts come first, then its
//! content, its refusal and its calls. Legacy function calls get an id, and their results find it.
//! Canonical forms: an assistant's empty content and an empty list of annotations are absent.

use std::collections::{BTreeSet, VecDeque};

use serde_json::{Map, Value};

use super::fields::{Wrong, any, as_object, list, needed, object, text};
use super::{calls, parts_in, thoughts};
use crate::Dialect;
use crate::hub::{Extras, Kind, Message, Part, Role, ToolCall, ToolResult};

pub(super) fn messages(messages: Vec<Value>) -> Result<Vec<Message>, Wrong> {
    let mut history = History::default();
    let read = |(at, value)| {
        history
            .message(value)
            .map_err(|wrong: Wrong| wrong.item("messages", at))
    };
    messages.into_iter().enumerate().map(read).collect()
}

/// What a result must know of the calls before it.
#[derive(Default)]
struct History {
    /// Ids of calls of free-text tools.
    custom: BTreeSet<String>,
    /// Legacy calls that wait for their result: name and id.
    waiting: VecDeque<(String, String)>,
    legacy: usize,
}

impl History {
    fn message(&mut self, value: Value) -> Result<Message, Wrong> {
        let mut fields = as_object(value)?;
        fields.retain(|_, value| !value.is_null());
        let role = needed(&mut fields, "role")?;
        let (role, parts) = match role.as_str() {
            "system" => (Role::System, parts_in::content(&mut fields)?),
            "developer" => (Role::Developer, parts_in::content(&mut fields)?),
            "user" => (Role::User, parts_in::content(&mut fields)?),
            "assistant" => (Role::Assistant, self.assistant(&mut fields)?),
            "tool" => (Role::Tool, vec![self.tool(&mut fields)?]),
            "function" => (Role::Tool, vec![self.function(&mut fields)?]),
            _ => return Err(Wrong::at("role", "is not a role of Chat Completions")),
        };
        Ok(Message {
            role,
            parts,
            name: text(&mut fields, "name")?,
            extras: Extras::of(Dialect::OpenAi, fields),
        })
    }

    fn assistant(&mut self, fields: &mut Map<String, Value>) -> Result<Vec<Part>, Wrong> {
        let mut parts = thoughts::of_message(fields);
        let mut said = parts_in::content(fields)?;
        said.retain(|part| !matches!(&part.kind, Kind::Text(text) if text.is_empty()));
        if let Some(sealed) = calls::take_seal(fields) {
            let last = said.iter_mut().rev();
            match last.into_iter().find(|p| matches!(p.kind, Kind::Text(_))) {
                Some(part) => part.sealed = Some(sealed),
                None => said.push(Part {
                    sealed: Some(sealed),
                    ..Part::text("")
                }),
            }
        }
        parts.append(&mut said);
        if let Some(refusal) = text(fields, "refusal")?.filter(|text| !text.is_empty()) {
            parts.push(Part::new(Kind::Refusal(refusal)));
        }
        for (at, value) in list(fields, "tool_calls")?
            .unwrap_or_default()
            .into_iter()
            .enumerate()
        {
            let part = calls::read(value).map_err(|wrong| wrong.item("tool_calls", at))?;
            if let Kind::ToolCall(call) = &part.kind
                && call.custom
            {
                self.custom.insert(call.id.clone());
            }
            parts.push(part);
        }
        if let Some(call) = object(fields, "function_call")? {
            let call = self.legacy_call(call);
            parts.push(call.map_err(|wrong| wrong.under("function_call"))?);
        }
        if fields
            .get("annotations")
            .is_some_and(|list| list.as_array().is_some_and(Vec::is_empty))
        {
            fields.shift_remove("annotations");
        }
        Ok(parts)
    }

    fn legacy_call(&mut self, mut fields: Map<String, Value>) -> Result<Part, Wrong> {
        let name = needed(&mut fields, "name")?;
        let id = format!("call_legacy_{}", self.legacy);
        self.legacy += 1;
        self.waiting.push_back((name.clone(), id.clone()));
        Ok(Part::new(Kind::ToolCall(ToolCall {
            id,
            name,
            namespace: None,
            arguments: calls::arguments(any(&mut fields, "arguments")),
            custom: false,
        })))
    }

    fn tool(&mut self, fields: &mut Map<String, Value>) -> Result<Part, Wrong> {
        let call_id = needed(fields, "tool_call_id")?;
        Ok(Part::new(Kind::ToolResult(ToolResult {
            name: text(fields, "name")?,
            parts: parts_in::content(fields)?,
            is_error: false,
            custom: self.custom.contains(&call_id),
            call_id,
        })))
    }

    fn function(&mut self, fields: &mut Map<String, Value>) -> Result<Part, Wrong> {
        let name = needed(fields, "name")?;
        let place = self.waiting.iter().position(|(known, _)| *known == name);
        let known = place.and_then(|at| self.waiting.remove(at));
        Ok(Part::new(Kind::ToolResult(ToolResult {
            // A result without a call: the target will say so.
            call_id: known.map_or_else(|| name.clone(), |(_, id)| id),
            name: Some(name),
            parts: parts_in::content(fields)?,
            is_error: false,
            custom: false,
        })))
    }
}
