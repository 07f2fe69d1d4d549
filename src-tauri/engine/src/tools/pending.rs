//! Calls of ours that stood beside a client's own in one turn: they are answered when the client comes back with
//! its results.
//!
//! Promises: the model sees the turn as it made it, with both results in their places, each time that the
//! conversation comes back; a call is run once. A turn is found by its client, by how the conversation begins, and by
//! the id, name and arguments of any of the client's own calls: ids alone are given twice by some providers. A call
//! that comes back without its id finds none. In memory: after a restart the model sees its turn without those calls.
//! Bounds: [`MOST`] turns, [`LARGEST`] bytes of calls each, [`MOST_BYTES`] with their results; the oldest go first.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dialect::WithheldCall;
use dialect::hub::{BlockKind, Kind, Message, Part, Reply, Request, Role, ToolCall};
use serde_json::Value;
use tokio::sync::OnceCell;

/// The most turns that are kept.
const MOST: usize = 1_024;
/// The most that the calls of one turn hold, in bytes.
const LARGEST: usize = 256 * 1024;
/// The most that all hold, in bytes.
const MOST_BYTES: usize = 64 << 20;

/// What one of a client's own calls is known by.
type Name = (Arc<str>, u64);

/// Turns by any of the client's own calls.
#[derive(Debug, Default)]
pub(crate) struct Pending(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    by_call: HashMap<Name, Arc<Turn>>,
    oldest_first: VecDeque<(Arc<Turn>, Vec<Name>)>,
    bytes: usize,
}

/// The calls of ours in one turn, and their results once they are there.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) calls: Vec<WithheldCall>,
    pub(crate) results: OnceCell<Vec<Part>>,
    bytes: AtomicUsize,
}

/// A turn in a conversation: the assistant's messages and the results that follow them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    said: std::ops::Range<usize>,
    results: std::ops::Range<usize>,
}

impl Pending {
    /// Keeps the calls of ours in a turn, whose other calls are the client's.
    pub(crate) fn keep(
        &self,
        client: &Arc<str>,
        request: &Request,
        turn: &Reply,
        calls: &[WithheldCall],
    ) {
        let bytes: usize = calls.iter().map(|call| call.arguments.len()).sum();
        let is_ours = |id: &str| calls.iter().any(|call| call.id == id);
        let beginning = beginning(request);
        let blocks = turn.candidates.iter().flat_map(|answer| &answer.blocks);
        let names: Vec<Name> = blocks
            .filter_map(|block| match &block.kind {
                BlockKind::ToolCall(call) if !call.id.is_empty() && !is_ours(&call.id) => {
                    let name = name(beginning, &call.id, &call.name, &block.text);
                    Some((Arc::clone(client), name))
                }
                _ => None,
            })
            .collect();
        if bytes > LARGEST || names.is_empty() || calls.is_empty() {
            return;
        }
        let turn = Arc::new(Turn {
            calls: calls.to_vec(),
            results: OnceCell::new(),
            bytes: AtomicUsize::new(bytes),
        });
        let mut kept = self.kept();
        for name in &names {
            kept.by_call.insert(name.clone(), Arc::clone(&turn));
        }
        kept.oldest_first.push_back((turn, names));
        kept.bytes += bytes;
        kept.forget();
    }

    /// The results of a turn are here, and take this much.
    fn grew(&self, turn: &Turn, bytes: usize) {
        turn.bytes.fetch_add(bytes, Ordering::Relaxed);
        let mut kept = self.kept();
        kept.bytes += bytes;
        kept.forget();
    }

    /// The turns of a conversation that have calls of ours, the last one first.
    fn turns(&self, client: &Arc<str>, request: &Request) -> Vec<(Place, Arc<Turn>)> {
        let kept = self.kept();
        if kept.by_call.is_empty() {
            return Vec::new();
        }
        let beginning = beginning(request);
        let mut found: Vec<(Place, Arc<Turn>)> = Vec::new();
        for place in places(&request.messages) {
            let said = request.messages[place.said.clone()].iter();
            let mut calls = said.flat_map(|message| &message.parts).filter_map(call_of);
            let turn = calls.find_map(|call| {
                let name = name(beginning, &call.id, &call.name, &call.arguments);
                kept.by_call.get(&(Arc::clone(client), name))
            });
            // Some clients tell a turn in pieces, a call and its result at a time.
            if let Some(turn) =
                turn.filter(|turn| !found.iter().any(|(_, one)| Arc::ptr_eq(one, turn)))
            {
                found.push((place, Arc::clone(turn)));
            }
        }
        found.reverse();
        found
    }

    /// Puts the calls of ours back into a conversation, with their results, which `run` finds where they are not
    /// there yet.
    pub(crate) async fn restore<F: Future<Output = Vec<Part>>>(
        &self,
        client: &Arc<str>,
        request: &mut Request,
        mut run: impl FnMut(Arc<Turn>) -> F,
    ) {
        for (place, turn) in self.turns(client, request) {
            let was_there = turn.results.initialized();
            let results = turn.results.get_or_init(|| run(Arc::clone(&turn))).await;
            if !was_there {
                self.grew(&turn, results.iter().map(size).sum());
            }
            put_back(&mut request.messages, &place, &turn.calls, results);
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// The oldest go where there are too many.
    fn forget(&mut self) {
        while self.oldest_first.len() > MOST || self.bytes > MOST_BYTES {
            let Some((turn, names)) = self.oldest_first.pop_front() else {
                return;
            };
            self.bytes = self
                .bytes
                .saturating_sub(turn.bytes.load(Ordering::Relaxed));
            for name in names {
                if self
                    .by_call
                    .get(&name)
                    .is_some_and(|one| Arc::ptr_eq(one, &turn))
                {
                    self.by_call.remove(&name);
                }
            }
        }
    }
}

/// How a conversation begins: what the user said first.
fn beginning(request: &Request) -> u64 {
    let mut hasher = DefaultHasher::new();
    let first = request
        .messages
        .iter()
        .find(|message| message.role == Role::User);
    for part in first.iter().flat_map(|message| &message.parts) {
        if let Kind::Text(text) = &part.kind {
            text.hash(&mut hasher);
        }
    }
    hasher.finish()
}

fn name(beginning: u64, id: &str, tool: &str, arguments: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (beginning, id, tool).hash(&mut hasher);
    // Clients write arguments anew.
    match serde_json::from_str::<Value>(arguments) {
        Ok(value) => value.to_string().hash(&mut hasher),
        Err(_) => arguments.trim().hash(&mut hasher),
    }
    hasher.finish()
}

/// Every turn of a conversation in which something is said.
fn places(messages: &[Message]) -> Vec<Place> {
    let mut places = Vec::new();
    let mut at = 0;
    while at < messages.len() {
        let said = at..at + run_of(&messages[at..], Role::Assistant);
        let results = said.end..said.end + run_of(&messages[said.end..], Role::Tool);
        at = results.end.max(at + 1);
        if !said.is_empty() {
            places.push(Place { said, results });
        }
    }
    places
}

fn run_of(messages: &[Message], role: Role) -> usize {
    messages
        .iter()
        .take_while(|message| message.role == role)
        .count()
}

fn call_of(part: &Part) -> Option<&ToolCall> {
    match &part.kind {
        Kind::ToolCall(call) => Some(call),
        _ => None,
    }
}

fn is_call(part: &Part) -> bool {
    call_of(part).is_some()
}

fn is_result(part: &Part) -> bool {
    matches!(part.kind, Kind::ToolResult(_))
}

fn put_back(messages: &mut Vec<Message>, place: &Place, calls: &[WithheldCall], results: &[Part]) {
    if place.results.is_empty() {
        messages.insert(place.results.start, Message::new(Role::Tool, Vec::new()));
    }
    let results_end = place.results.end.max(place.results.start + 1);
    for (call, result) in calls.iter().zip(results) {
        put(
            &mut messages[place.said.clone()],
            is_call,
            call.place,
            part(call),
        );
        let told = &mut messages[place.results.start..results_end];
        put(told, is_result, call.place, result.clone());
    }
}

/// Puts a part before the one of its kind that has its place, or behind the last one.
fn put(messages: &mut [Message], is_kin: fn(&Part) -> bool, place: usize, part: Part) {
    let mut seen = 0;
    let mut last = (messages.len() - 1, messages[messages.len() - 1].parts.len());
    for (at, message) in messages.iter().enumerate() {
        for (index, one) in message.parts.iter().enumerate() {
            if !is_kin(one) {
                continue;
            }
            if seen == place {
                messages[at].parts.insert(index, part);
                return;
            }
            seen += 1;
            last = (at, index + 1);
        }
    }
    messages[last.0].parts.insert(last.1, part);
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

fn size(result: &Part) -> usize {
    let Kind::ToolResult(result) = &result.kind else {
        return 0;
    };
    let text = |part: &Part| match &part.kind {
        Kind::Text(text) => text.len(),
        _ => 0,
    };
    result.parts.iter().map(text).sum()
}

#[cfg(test)]
mod tests;
