//! Signatures on tool calls that a caller's dialect has no field for.
//!
//! Gemini signs its calls and refuses them without their signature on the next turn. A caller of
//! another dialect sends the call back without it, so it is kept here under the call's id.
//!
//! Bounds: 4,096 signatures of at most 64 KiB; the oldest goes first. In memory: after a restart a
//! conversation goes on with the mark that Google gives for calls without one.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use dialect::hub::{Kind, Request, Sealed};

/// The most signatures that are kept.
const MOST: usize = 4_096;
/// The largest that is kept, in bytes.
const LARGEST: usize = 64 * 1024;

/// Signatures by the id of their call.
#[derive(Debug, Default)]
pub(crate) struct Stash {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    by_call: HashMap<String, Sealed>,
    oldest_first: VecDeque<String>,
}

impl Stash {
    /// Keeps the signatures of one reply, issued by `provider`.
    pub(crate) fn keep(&self, provider: &str, seals: Vec<(String, Sealed)>) {
        if seals.is_empty() {
            return;
        }
        let mut kept = self
            .kept
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        for (call, mut sealed) in seals {
            if call.is_empty() || sealed.data.len() > LARGEST {
                continue;
            }
            sealed.issuer = Some(provider.to_owned());
            if kept.by_call.insert(call.clone(), sealed).is_none() {
                kept.oldest_first.push_back(call);
            }
            while kept.oldest_first.len() > MOST {
                if let Some(oldest) = kept.oldest_first.pop_front() {
                    kept.by_call.remove(&oldest);
                }
            }
        }
    }

    /// Puts kept signatures back on the calls of a conversation that lost them.
    pub(crate) fn restore(&self, request: &mut Request) {
        let kept = self
            .kept
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
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
                part.sealed = kept.by_call.get(&call.id).cloned();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use dialect::Dialect;
    use dialect::hub::{Message, Part, Role, ToolCall};

    use super::*;

    fn sealed(data: &str) -> Sealed {
        Sealed {
            dialect: Dialect::Gemini,
            issuer: None,
            data: data.to_owned(),
        }
    }

    fn with_call(id: &str) -> Request {
        let call = Kind::ToolCall(ToolCall {
            id: id.to_owned(),
            name: "look".to_owned(),
            namespace: None,
            arguments: "{}".to_owned(),
            custom: false,
        });
        Request {
            messages: vec![Message::new(Role::Assistant, vec![Part::new(call)])],
            ..Request::default()
        }
    }

    #[test]
    fn a_signature_comes_back_to_its_call_and_to_no_other() {
        let stash = Stash::default();
        stash.keep("google", vec![("a".to_owned(), sealed("s"))]);
        let (mut same, mut other) = (with_call("a"), with_call("b"));
        stash.restore(&mut same);
        stash.restore(&mut other);
        let found = same.messages[0].parts[0].sealed.as_ref().expect("a seal");
        assert_eq!(
            (found.data.as_str(), found.issuer.as_deref()),
            ("s", Some("google"))
        );
        assert_eq!(other.messages[0].parts[0].sealed, None);
    }

    #[test]
    fn the_oldest_goes_when_there_is_no_more_room() {
        let stash = Stash::default();
        for n in 0..=MOST {
            stash.keep("google", vec![(format!("call{n}"), sealed("s"))]);
        }
        let (mut first, mut second) = (with_call("call0"), with_call("call1"));
        stash.restore(&mut first);
        stash.restore(&mut second);
        assert_eq!(first.messages[0].parts[0].sealed, None);
        assert!(second.messages[0].parts[0].sealed.is_some());
    }
}
