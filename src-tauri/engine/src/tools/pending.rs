//! Calls of ours that stood beside a client's own in one turn: they are answered when the client comes back with
//! its results.
//!
//! Promises: the model sees the turn as it made it, with both results in their places, each time that the
//! conversation comes back; a call is run once. Found by its client and by the ids of the client's own calls, so a
//! dialect without ids has none. In memory: after a restart the model sees its turn without those calls.
//! Bounds: 1,024 turns, 256 KiB each, the oldest go first.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use dialect::WithheldCall;
use dialect::hub::{Kind, Message, Part, Request, Role, ToolCall};

/// The most turns that are kept.
const MOST: usize = 1_024;
/// The most that the calls of one turn hold, in bytes.
const LARGEST: usize = 256 * 1024;

/// Turns by client and the id of any of the client's own calls.
#[derive(Debug, Default)]
pub(crate) struct Pending(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    by_call: HashMap<(Arc<str>, String), Arc<Turn>>,
    oldest_first: VecDeque<Vec<(Arc<str>, String)>>,
}

/// The calls of ours in one turn, and their results once they are there.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) calls: Vec<WithheldCall>,
    pub(crate) results: OnceLock<Vec<Part>>,
}

impl Pending {
    /// Keeps the calls of a turn in which the client has calls with these ids.
    pub(crate) fn keep(&self, client: &Arc<str>, others: &[String], calls: &[WithheldCall]) {
        let bytes: usize = calls.iter().map(|call| call.arguments.len()).sum();
        let names: Vec<_> = others
            .iter()
            .filter(|id| !id.is_empty())
            .map(|id| (Arc::clone(client), id.clone()))
            .collect();
        if bytes > LARGEST || names.is_empty() || calls.is_empty() {
            return;
        }
        let turn = Arc::new(Turn {
            calls: calls.to_vec(),
            results: OnceLock::new(),
        });
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for name in &names {
            kept.by_call.insert(name.clone(), Arc::clone(&turn));
        }
        kept.oldest_first.push_back(names);
        while kept.oldest_first.len() > MOST {
            for name in kept.oldest_first.pop_front().unwrap_or_default() {
                kept.by_call.remove(&name);
            }
        }
    }

    /// The turns of a conversation that have calls of ours, with the place of their message.
    pub(crate) fn turns(&self, client: &Arc<str>, request: &Request) -> Vec<(usize, Arc<Turn>)> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.by_call.is_empty() {
            return Vec::new();
        }
        let find = |message: &Message| {
            let mut ids = message.parts.iter().filter_map(call_id);
            ids.find_map(|id| kept.by_call.get(&(Arc::clone(client), id.to_owned())))
        };
        let messages = request.messages.iter().enumerate();
        messages
            .filter(|(_, message)| message.role == Role::Assistant)
            .filter_map(|(at, message)| Some((at, Arc::clone(find(message)?))))
            .collect()
    }
}

fn call_id(part: &Part) -> Option<&str> {
    match &part.kind {
        Kind::ToolCall(call) => Some(&call.id),
        _ => None,
    }
}

/// Puts the calls of a turn, and their results, back into the conversation. `at`: where its message stands.
pub(crate) fn put_back(request: &mut Request, at: usize, turn: &Turn, results: &[Part]) {
    let end = request.messages[at + 1..]
        .iter()
        .position(|message| message.role != Role::Tool)
        .map_or(request.messages.len(), |length| at + 1 + length);
    let mut told: Vec<Part> = request
        .messages
        .drain(at + 1..end)
        .flat_map(|message| message.parts)
        .collect();
    for (call, result) in turn.calls.iter().zip(results) {
        let parts = &mut request.messages[at].parts;
        let place = place_of_call(parts, call.place);
        parts.insert(place, part(call));
        let place = call.place.min(told.len());
        told.insert(place, result.clone());
    }
    request
        .messages
        .insert(at + 1, Message::new(Role::Tool, told));
}

/// Before the call that comes after it, or behind the last one.
fn place_of_call(parts: &[Part], place: usize) -> usize {
    let mut calls = parts
        .iter()
        .enumerate()
        .filter(|(_, part)| call_id(part).is_some())
        .map(|(at, _)| at);
    match calls.nth(place) {
        Some(at) => at,
        None => parts
            .iter()
            .rposition(|part| call_id(part).is_some())
            .map_or(parts.len(), |at| at + 1),
    }
}

fn part(call: &WithheldCall) -> Part {
    Part {
        sealed: call.sealed.clone(),
        ..Part::new(Kind::ToolCall(ToolCall {
            id: call.id.clone(),
            name: call.name.clone(),
            namespace: None,
            arguments: call.arguments.clone(),
            custom: false,
        }))
    }
}

#[cfg(test)]
mod tests {
    use dialect::hub::ToolResult;

    use super::*;

    fn call(id: &str) -> Part {
        Part::new(Kind::ToolCall(ToolCall {
            id: id.to_owned(),
            name: "theirs".to_owned(),
            namespace: None,
            arguments: "{}".to_owned(),
            custom: false,
        }))
    }

    fn result(id: &str) -> Part {
        Part::new(Kind::ToolResult(ToolResult {
            call_id: id.to_owned(),
            name: None,
            parts: Vec::new(),
            is_error: false,
            custom: false,
        }))
    }

    fn ids(message: &Message) -> Vec<&str> {
        message.parts.iter().map(id_of).collect()
    }

    fn id_of(part: &Part) -> &str {
        match &part.kind {
            Kind::ToolCall(call) => &call.id,
            Kind::ToolResult(result) => &result.call_id,
            _ => "",
        }
    }

    #[test]
    fn a_turn_comes_back_as_its_model_made_it() {
        let pending = Pending::default();
        let client: Arc<str> = "editor".into();
        let ours = |id: &str, place| WithheldCall {
            id: id.to_owned(),
            name: "signalbox_calculator".to_owned(),
            arguments: "{}".to_owned(),
            sealed: None,
            place,
        };
        let calls = [ours("o0", 0), ours("o2", 2)];
        pending.keep(&client, &["a".to_owned(), "b".to_owned()], &calls);
        let mut request = Request {
            messages: vec![
                Message::new(Role::Assistant, vec![call("a"), call("b")]),
                Message::new(Role::Tool, vec![result("a")]),
                Message::new(Role::Tool, vec![result("b")]),
                Message::new(Role::User, Vec::new()),
            ],
            ..Request::default()
        };
        let stranger: Arc<str> = "stranger".into();
        assert!(pending.turns(&stranger, &request).is_empty(), "another's");
        let turns = pending.turns(&client, &request);
        assert_eq!(turns.len(), 1);
        put_back(
            &mut request,
            turns[0].0,
            &turns[0].1,
            &[result("o0"), result("o2")],
        );
        assert_eq!(ids(&request.messages[0]), ["o0", "a", "o2", "b"]);
        assert_eq!(ids(&request.messages[1]), ["o0", "a", "o2", "b"]);
        assert_eq!(request.messages.len(), 3);
    }
}
