//! Responses that a caller will come back to by `previous_response_id`, when the provider that
//! answered does not keep them.
//!
//! Promises: a response is found by the client that made it and by no other. What is kept is the
//! conversation in our own words, so it goes on at a provider of any dialect.
//!
//! Bounds: 1,024 conversations and 256 MiB, the oldest go first; one larger than 16 MiB is not kept.
//! In memory: a restart forgets, and the caller is told `previous_response_not_found`.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use dialect::Endpoint;
use dialect::hub::{Kind, Message, Reply, Request, Source};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::attempt::Asking;
use crate::exchange::Call;
use crate::sending::wants_a_list;

/// The most conversations that are kept.
const MOST: usize = 1_024;
/// The most that all of them hold, in bytes.
const MOST_BYTES: usize = 256 << 20;
/// The largest that is kept, in bytes.
const LARGEST: usize = 16 << 20;

/// Conversations by client and response.
#[derive(Debug, Default)]
pub(crate) struct Conversations {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    by_id: HashMap<(Arc<str>, String), Conversation>,
    oldest_first: VecDeque<(Arc<str>, String)>,
    bytes: usize,
}

#[derive(Debug, Clone)]
struct Conversation {
    messages: Arc<Vec<Message>>,
    bytes: usize,
}

impl Conversations {
    /// Keeps what was said, request and reply, under the reply's id.
    pub(crate) fn keep(&self, client: &Arc<str>, response: &str, request: &Request, reply: &Reply) {
        let mut messages = request.messages.clone();
        messages.extend(dialect::messages_of(reply));
        let bytes = messages.iter().map(size).sum();
        if bytes > LARGEST {
            return;
        }
        let mut kept = self
            .kept
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let name = (Arc::clone(client), response.to_owned());
        let conversation = Conversation {
            messages: Arc::new(messages),
            bytes,
        };
        kept.bytes += bytes;
        match kept.by_id.insert(name.clone(), conversation) {
            None => kept.oldest_first.push_back(name),
            Some(before) => kept.bytes = kept.bytes.saturating_sub(before.bytes),
        }
        while kept.oldest_first.len() > MOST || kept.bytes > MOST_BYTES {
            let Some(oldest) = kept.oldest_first.pop_front() else {
                break;
            };
            if let Some(gone) = kept.by_id.remove(&oldest) {
                kept.bytes = kept.bytes.saturating_sub(gone.bytes);
            }
        }
    }

    /// Puts the conversation so far in front of a request that goes on from a response kept here. The
    /// instructions of the earlier request do not count on, as in the vendor's own service. Whether there
    /// was such a response.
    pub(crate) fn continue_from(&self, request: &mut Request, client: &Arc<str>) -> bool {
        let Some(previous) = &request.previous else {
            return false;
        };
        let Some(before) = self.find(client, previous) else {
            return false;
        };
        let leading = request
            .messages
            .iter()
            .take_while(|message| is_instructions(message))
            .count();
        let rest = request.messages.split_off(leading);
        let earlier = before.iter().filter(|message| !is_instructions(message));
        request.messages.extend(earlier.cloned());
        request.messages.extend(rest);
        request.previous = None;
        true
    }

    fn find(&self, client: &Arc<str>, response: &str) -> Option<Arc<Vec<Message>>> {
        let kept = self
            .kept
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let name = (Arc::clone(client), response.to_owned());
        Some(Arc::clone(&kept.by_id.get(&name)?.messages))
    }
}

/// Whether the request goes on from a response that was kept here.
pub(crate) fn is_ours(asking: &Asking<'_>) -> bool {
    /// Read without the rest of the request, which is large and must stay as it is.
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        previous_response_id: Option<Cow<'a, str>>,
    }
    let body = &asking.call.body;
    matches!(
        asking.call.endpoint,
        Endpoint::Responses | Endpoint::InputTokens
    ) && memchr::memmem::find(body, b"\"previous_response_id\"").is_some()
        && serde_json::from_slice::<Named<'_>>(body)
            .is_ok_and(|named| named.previous_response_id.is_some())
        && asking.hub.goes_on(asking)
}

/// The caller's request with the whole conversation in the place of the id that goes on from it, as
/// `written` tells it.
pub(crate) fn told_whole(body: &[u8], written: &[u8]) -> Bytes {
    // Both were read or written by us before.
    let fields = |text| serde_json::from_slice::<Map<String, Value>>(text).unwrap_or_default();
    let (mut told, mut written) = (fields(body), fields(written));
    told.remove("previous_response_id");
    told.extend(
        written
            .remove("input")
            .map(|input| ("input".to_owned(), input)),
    );
    serde_json::to_vec(&told).unwrap_or_default().into()
}

/// The message that `instructions` was read as.
fn is_instructions(message: &Message) -> bool {
    message.extras.fields.contains_key("instructions")
}

/// Fields that a Responses reply repeats from its request.
const ECHOED: &[&str] = &[
    "background",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "parallel_tool_calls",
    "previous_response_id",
    "prompt_cache_key",
    "reasoning",
    "safety_identifier",
    "service_tier",
    "store",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
];

/// What the reply's writer repeats of the request.
pub(crate) fn echo(call: &Call) -> Map<String, Value> {
    if wants_a_list(call) {
        return Map::from_iter([("alt".to_owned(), Value::from("json"))]);
    }
    if call.endpoint != Endpoint::Responses {
        return Map::new();
    }
    let request: Map<String, Value> = serde_json::from_slice(&call.body).unwrap_or_default();
    request
        .into_iter()
        .filter(|(key, _)| ECHOED.contains(&key.as_str()))
        .collect()
}

/// About how much memory a message takes, in bytes.
fn size(message: &Message) -> usize {
    let source = |source: &Source| match source {
        Source::Base64(data) | Source::Url(data) | Source::Text(data) | Source::FileId(data, _) => {
            data.len()
        }
    };
    fn kind(one: &Kind, source: &dyn Fn(&Source) -> usize) -> usize {
        match one {
            Kind::Text(text) | Kind::Refusal(text) => text.len(),
            Kind::Media(media) => source(&media.source),
            Kind::ToolCall(call) => call.name.len() + call.arguments.len(),
            Kind::ToolResult(result) => result
                .parts
                .iter()
                .map(|part| kind(&part.kind, source))
                .sum(),
            Kind::Reasoning(thought) => {
                thought.text.len()
                    + thought
                        .sealed
                        .as_ref()
                        .map_or(0, |sealed| sealed.data.len())
            }
            Kind::Opaque(value) => value.to_string().len(),
        }
    }
    256 + message
        .parts
        .iter()
        .map(|part| 128 + kind(&part.kind, &source))
        .sum::<usize>()
}
