//! A conversation without the thoughts of its earlier turns: for a provider that refused them.
//!
//! Promises: what was said, called and answered stays as it is. Thoughts, the signatures on calls
//! and texts, and references to thoughts go, whoever issued them.
//! Leaves out: marks that a dialect puts in the place of a signature (its own `write_request`).

use serde_json::Value;

use super::{Kind, Message, Part, Request, Role};
use crate::Dialect;

impl Request {
    /// Takes the thoughts of earlier turns out, and says whether there were any.
    pub fn forget_thoughts(&mut self) -> bool {
        let mut forgot = false;
        for message in &mut self.messages {
            forgot |= forget(&mut message.parts);
        }
        if forgot {
            // A turn that was nothing but a thought was no turn.
            self.messages.retain(|message| !message.parts.is_empty());
            self.messages.iter_mut().for_each(unname);
        }
        forgot
    }
}

/// What OpenAI knows by its id it wants together with the thought before it; without the id it is
/// taken as it stands.
fn unname(message: &mut Message) {
    let all = message.parts.iter_mut().map(|part| &mut part.extras);
    for extras in all.chain([&mut message.extras]) {
        if message.role == Role::Assistant && extras.owner == Some(Dialect::Responses) {
            extras.fields.shift_remove("id");
        }
    }
}

fn forget(parts: &mut Vec<Part>) -> bool {
    let before = parts.len();
    parts.retain(|part| !is_a_thought(&part.kind));
    let mut forgot = parts.len() < before;
    for part in parts {
        forgot |= part.sealed.take().is_some();
        if let Kind::ToolResult(result) = &mut part.kind {
            forgot |= forget(&mut result.parts);
        }
    }
    forgot
}

fn is_a_thought(kind: &Kind) -> bool {
    match kind {
        Kind::Reasoning(_) => true,
        Kind::Opaque(item) => names_a_thought(item),
        _ => false,
    }
}

/// A reference to a thought of an earlier response: without it the conversation is whole.
pub(in crate::hub) fn names_a_thought(item: &Value) -> bool {
    item["type"] == "item_reference" && item["id"].as_str().is_some_and(|id| id.starts_with("rs_"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Extras, Reasoning, Sealed, ToolCall};
    use super::*;

    fn sealed() -> Option<Sealed> {
        Some(Sealed::from_wire(Dialect::Anthropic, "s"))
    }

    #[test]
    fn thoughts_go_and_what_was_said_stays() {
        let thought = || {
            Part::new(Kind::Reasoning(Reasoning {
                text: "hm".to_owned(),
                sealed: sealed(),
                ..Reasoning::default()
            }))
        };
        let named = |id: &str| {
            let id = ("id".to_owned(), Value::from(id));
            Extras::of(Dialect::Responses, [id].into_iter().collect())
        };
        let mut unnamed = named("");
        unnamed.fields.clear();
        let call = Part {
            sealed: sealed(),
            extras: named("fc_1"),
            ..Part::new(Kind::ToolCall(ToolCall {
                id: "c".to_owned(),
                name: "look".to_owned(),
                namespace: None,
                arguments: "{}".to_owned(),
                custom: false,
            }))
        };
        let reference =
            |id: &str| Part::new(Kind::Opaque(json!({"type": "item_reference", "id": id})));
        let mut request = Request {
            messages: vec![
                Message::new(Role::User, vec![Part::text("Hi")]),
                Message::new(Role::Assistant, vec![thought()]),
                Message::new(Role::Assistant, vec![thought(), call.clone()]),
                Message::new(Role::Assistant, vec![reference("rs_1"), reference("msg_1")]),
            ],
            ..Request::default()
        };
        assert!(request.forget_thoughts());
        let unsigned = Part {
            sealed: None,
            extras: unnamed,
            ..call
        };
        assert_eq!(
            request.messages,
            vec![
                Message::new(Role::User, vec![Part::text("Hi")]),
                Message::new(Role::Assistant, vec![unsigned]),
                Message::new(Role::Assistant, vec![reference("msg_1")]),
            ]
        );
        assert!(!request.forget_thoughts(), "there is nothing left");
    }
}
