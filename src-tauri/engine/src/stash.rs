//! Signatures on tool calls that a caller's dialect has no field for.
//!
//! Gemini signs its calls and refuses them without their signature on the next turn. A caller of
//! another dialect sends the call back without it, so it is kept here under the call's id; and for
//! a caller whose calls come back without ids (Ollama's), under the call's [`Place`].
//!
//! Bounds: 4,096 signatures of at most 64 KiB; the oldest goes first. In memory: after a restart a
//! conversation goes on with the mark that Google gives for calls without one.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use dialect::SealedCall;
use dialect::hub::{Kind, Request, Sealed};

use crate::place::{Place, Places};

/// The most signatures that are kept.
const MOST: usize = 4_096;
/// The largest that is kept, in bytes.
const LARGEST: usize = 64 * 1024;

/// Signatures by what their call is known by.
#[derive(Debug, Default)]
pub(crate) struct Stash {
    kept: Mutex<Kept>,
    places: Places,
}

#[derive(Debug, Default)]
struct Kept {
    by_call: HashMap<Call, Sealed>,
    oldest_first: VecDeque<Call>,
}

/// What a call is known by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Call {
    Named(String),
    At(Place),
}

impl Stash {
    /// Keeps the signatures of one reply, issued by `provider`; it answered the conversation that
    /// ends at `place`.
    pub(crate) fn keep(&self, provider: &str, place: Option<Place>, calls: Vec<SealedCall>) {
        if calls.is_empty() {
            return;
        }
        let mut kept = self.kept();
        for call in calls {
            let Some(mut sealed) = call.sealed else {
                continue;
            };
            if sealed.data.len() > LARGEST {
                continue;
            }
            sealed.issuer = Some(provider.to_owned());
            if let (Some(place), Some(arguments)) = (place, &call.arguments) {
                let place = self.places.of_call(place, &call.name, arguments);
                kept.insert(Call::At(place), sealed.clone());
            }
            if !call.id.is_empty() {
                kept.insert(Call::Named(call.id), sealed);
            }
        }
    }

    /// Puts kept signatures back on the calls of a conversation that lost them.
    pub(crate) fn restore(&self, request: &mut Request) {
        let kept = self.kept();
        if kept.by_call.is_empty() {
            return;
        }
        for part in request
            .messages
            .iter_mut()
            .flat_map(|message| &mut message.parts)
        {
            if let Kind::ToolCall(call) = &part.kind
                && part.sealed.is_none()
            {
                part.sealed = kept.by_call.get(&Call::Named(call.id.clone())).cloned();
            }
        }
    }

    /// The same for a conversation of `client` whose calls have no ids of their own.
    pub(crate) fn restore_by_place(&self, request: &mut Request, client: &str) {
        if self.kept().by_call.is_empty() {
            return;
        }
        let mut found = Vec::new();
        let mut walk = self.places.begin(client);
        for (at, message) in request.messages.iter().enumerate() {
            // Of two equal calls in one turn the first is the signed one.
            let mut taken = Vec::new();
            for (nth, part) in message.parts.iter().enumerate() {
                let Kind::ToolCall(call) = &part.kind else {
                    continue;
                };
                let before = walk.here();
                let place = self.places.of_call(before, &call.name, &call.arguments);
                if part.sealed.is_none()
                    && !taken.contains(&place)
                    && let Some(sealed) = self.kept().by_call.get(&Call::At(place))
                {
                    taken.push(place);
                    found.push((at, nth, sealed.clone()));
                }
            }
            walk.pass(message);
        }
        for (at, nth, sealed) in found {
            request.messages[at].parts[nth].sealed = Some(sealed);
        }
    }

    /// Where a conversation of `client` stands.
    pub(crate) fn place(&self, client: &str, messages: &[dialect::hub::Message]) -> Place {
        self.places.of(client, messages)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn insert(&mut self, call: Call, sealed: Sealed) {
        if self.by_call.insert(call.clone(), sealed).is_none() {
            self.oldest_first.push_back(call);
        }
        while self.oldest_first.len() > MOST {
            if let Some(oldest) = self.oldest_first.pop_front() {
                self.by_call.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use dialect::Dialect;
    use dialect::hub::{Message, Part, Role, ToolCall};

    use super::*;

    fn signed(id: &str, data: &str) -> SealedCall {
        SealedCall {
            id: id.to_owned(),
            name: "look".to_owned(),
            arguments: Some("{\"at\": 1, \"by\": [2]}".to_owned()),
            sealed: Some(Sealed {
                dialect: Dialect::Gemini,
                issuer: None,
                data: data.to_owned(),
            }),
        }
    }

    fn call(id: &str, arguments: &str) -> Part {
        Part::new(Kind::ToolCall(ToolCall {
            id: id.to_owned(),
            name: "look".to_owned(),
            namespace: None,
            arguments: arguments.to_owned(),
            custom: false,
        }))
    }

    fn asked(text: &str) -> Message {
        Message::new(Role::User, vec![Part::text(text)])
    }

    fn with_calls(text: &str, calls: Vec<Part>) -> Request {
        Request {
            messages: vec![asked(text), Message::new(Role::Assistant, calls)],
            ..Request::default()
        }
    }

    fn seals(request: &Request) -> Vec<Option<&str>> {
        let parts = request.messages[1].parts.iter();
        parts
            .map(|part| part.sealed.as_ref().map(|sealed| sealed.data.as_str()))
            .collect()
    }

    #[test]
    fn a_signature_comes_back_to_its_call_and_to_no_other() {
        let stash = Stash::default();
        stash.keep("google", None, vec![signed("a", "s")]);
        let (mut same, mut other) = (
            with_calls("Hi", vec![call("a", "{}")]),
            with_calls("Hi", vec![call("b", "{}")]),
        );
        stash.restore(&mut same);
        stash.restore(&mut other);
        let found = same.messages[1].parts[0].sealed.as_ref().expect("a seal");
        assert_eq!(
            (found.data.as_str(), found.issuer.as_deref()),
            ("s", Some("google"))
        );
        assert_eq!(seals(&other), [None]);
    }

    #[test]
    fn a_call_without_an_id_of_its_own_finds_its_signature_by_its_place() {
        let stash = Stash::default();
        let place = stash.place("me", &[asked("Look!")]);
        stash.keep("google", Some(place), vec![signed("call_x", "s")]);
        let again = "{\"by\":[2.0],\"at\":1}";
        for (client, text, arguments, seal) in [
            ("me", "Look!", again, Some("s")),
            ("you", "Look!", again, None),
            ("me", "Look there!", again, None),
            ("me", "Look!", "{\"at\":1,\"by\":[3]}", None),
        ] {
            let mut request = with_calls(text, vec![call("call_0", arguments)]);
            stash.restore(&mut request);
            assert_eq!(seals(&request), [None], "its id is ours, and new");
            stash.restore_by_place(&mut request, client);
            assert_eq!(seals(&request), [seal], "{client} {text} {arguments}");
        }
        let mut twice = with_calls("Look!", vec![call("call_0", again), call("call_1", again)]);
        stash.restore_by_place(&mut twice, "me");
        assert_eq!(seals(&twice), [Some("s"), None]);
    }

    #[test]
    fn the_oldest_goes_when_there_is_no_more_room() {
        let stash = Stash::default();
        for n in 0..=MOST {
            stash.keep("google", None, vec![signed(&format!("call{n}"), "s")]);
        }
        let (mut first, mut second) = (
            with_calls("Hi", vec![call("call0", "{}")]),
            with_calls("Hi", vec![call("call1", "{}")]),
        );
        stash.restore(&mut first);
        stash.restore(&mut second);
        assert_eq!(
            (seals(&first), seals(&second)),
            (vec![None], vec![Some("s")])
        );
    }
}
