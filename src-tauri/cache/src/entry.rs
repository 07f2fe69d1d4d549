//! One answer, and how it is written down.
//!
//! Promises: what was written is read again as it was; bytes that are anything else are read as
//! nothing, never as a part of an answer. Leaves out: sealing (`seal`), and which answers are whole
//! and good enough to be kept (`engine`).

use bytes::Bytes;
use dialect::hub::Event;
use dialect::{Endpoint, Usage};
use serde::{Deserialize, Serialize};

/// An answer that was given before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When the provider had given it, in Unix milliseconds.
    pub made_at_ms: u64,
    /// From when on it is told only while nobody gives a new one, in Unix milliseconds.
    pub expires_at_ms: u64,
    /// From when on it is told no more, whatever fails; not before it expires.
    pub ends_at_ms: u64,
    /// How long the provider took for it, in milliseconds.
    pub took_ms: u64,
    /// The number of the receipt of whoever paid for it.
    pub receipt: u64,
    /// The name it was asked under: an alias, or a model.
    pub route: String,
    /// The id of the provider that gave it.
    pub provider: String,
    /// The model that gave it, as the provider is asked for it.
    pub model: String,
    /// What was counted: a hit spares it.
    pub usage: Option<Usage>,
    /// What it cost, in billionths of a dollar: a hit spares it.
    pub cost_nano_usd: Option<i64>,
    /// As it was told to the caller who paid for it: told to the next one of its kind without a thought.
    pub written: Option<Written>,
    /// The reply in the hub's words, to be told in any dialect.
    reply: Bytes,
}

/// An answer as it went to a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The caller's endpoint.
    pub endpoint: Endpoint,
    /// The bytes are frames of a stream, not a document.
    pub is_stream: bool,
    /// The stream ends with what was counted because its caller asked for that.
    pub usage_asked: bool,
    body: Bytes,
}

impl Written {
    /// What a caller of `endpoint` was told.
    pub fn new(endpoint: Endpoint, is_stream: bool, usage_asked: bool, body: Vec<u8>) -> Written {
        Written {
            endpoint,
            is_stream,
            usage_asked,
            body: tight(body),
        }
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }
}

/// In an allocation of its own and of its size, so that it weighs what it says.
fn tight(bytes: Vec<u8>) -> Bytes {
    bytes.into_boxed_slice().into()
}

/// The first of an entry's three pieces.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    made_at_ms: u64,
    expires_at_ms: u64,
    ends_at_ms: u64,
    took_ms: u64,
    receipt: u64,
    route: String,
    provider: String,
    model: String,
    usage: Option<Usage>,
    cost_nano_usd: Option<i64>,
    /// Where the body went; without it there is none.
    told_at: Option<Endpoint>,
    is_stream: bool,
    usage_asked: bool,
}

/// The bytes that say how long a piece is.
const LENGTH: usize = 4;
/// An entry in its `Arc`, and the counts of its two pieces of bytes once they are shared.
const COUNTED: usize = size_of::<Entry>() + 2 * size_of::<usize>() + 2 * 32;

impl Entry {
    /// An answer of `provider`'s `model`, without figures and not yet told to anybody. `None` for a
    /// reply that can't be written down.
    pub fn new(
        (made_at_ms, expires_at_ms): (u64, u64),
        (provider, model): (&str, &str),
        reply: &[Event],
    ) -> Option<Entry> {
        Some(Entry {
            made_at_ms,
            expires_at_ms,
            ends_at_ms: expires_at_ms,
            took_ms: 0,
            receipt: 0,
            route: String::new(),
            provider: provider.to_owned(),
            model: model.to_owned(),
            usage: None,
            cost_nano_usd: None,
            written: None,
            reply: tight(serde_json::to_vec(reply).ok()?),
        })
    }

    /// The reply, as a well-formed row of events. `None` when it is not one that this version can read.
    pub fn reply(&self) -> Option<Vec<Event>> {
        serde_json::from_slice(&self.reply).ok()
    }

    /// What the reply in the hub's words takes, in bytes.
    pub fn reply_bytes(&self) -> usize {
        self.reply.len()
    }

    /// Whether it is told at `now_ms`. One from the future is of no known age: a clock went back.
    pub fn is_fresh(&self, now_ms: u64) -> bool {
        (self.made_at_ms..self.expires_at_ms).contains(&now_ms)
    }

    /// Whether it may be told at `now_ms` where nobody gives a new one.
    pub fn may_be_told(&self, now_ms: u64) -> bool {
        (self.made_at_ms..self.ends_at_ms.max(self.expires_at_ms)).contains(&now_ms)
    }

    /// The bytes it takes in memory, what surrounds it included.
    pub(crate) fn weight(&self) -> u64 {
        let body = self.written.as_ref().map_or(0, |told| told.body.len());
        let pieces = [
            COUNTED,
            self.route.capacity(),
            self.provider.capacity(),
            self.model.capacity(),
            self.reply.len(),
            body,
        ];
        let taken: u64 = pieces.into_iter().map(allocated).sum();
        taken + taken / FRAYED
    }

    /// The entry as bytes; `None` for one of four gigabytes.
    pub(crate) fn to_bytes(&self) -> Option<Vec<u8>> {
        let Entry {
            made_at_ms,
            expires_at_ms,
            ends_at_ms,
            took_ms,
            receipt,
            route,
            provider,
            model,
            usage,
            cost_nano_usd,
            written,
            reply,
        } = self;
        let told = written.as_ref();
        let head = serde_json::to_vec(&Head {
            made_at_ms: *made_at_ms,
            expires_at_ms: *expires_at_ms,
            ends_at_ms: *ends_at_ms,
            took_ms: *took_ms,
            receipt: *receipt,
            route: route.clone(),
            provider: provider.clone(),
            model: model.clone(),
            usage: *usage,
            cost_nano_usd: *cost_nano_usd,
            told_at: told.map(|told| told.endpoint),
            is_stream: told.is_some_and(|told| told.is_stream),
            usage_asked: told.is_some_and(|told| told.usage_asked),
        });
        let head = head.ok()?;
        let body = told.map(|told| &told.body[..]).unwrap_or_default();
        let mut bytes = Vec::with_capacity(3 * LENGTH + head.len() + reply.len() + body.len() + 64);
        for piece in [&head, &reply[..], body] {
            bytes.extend_from_slice(&u32::try_from(piece.len()).ok()?.to_le_bytes());
            bytes.extend_from_slice(piece);
        }
        Some(bytes)
    }

    /// The entry that these bytes are, and nothing but it.
    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Option<Entry> {
        let mut rest = tight(bytes);
        let (head, reply, body) = (piece(&mut rest)?, piece(&mut rest)?, piece(&mut rest)?);
        if !rest.is_empty() {
            return None;
        }
        let head: Head = serde_json::from_slice(&head).ok()?;
        let written = head.told_at.map(|endpoint| Written {
            endpoint,
            is_stream: head.is_stream,
            usage_asked: head.usage_asked,
            body: body.clone(),
        });
        if written.is_none() && !body.is_empty() {
            return None;
        }
        Some(Entry {
            made_at_ms: head.made_at_ms,
            expires_at_ms: head.expires_at_ms,
            ends_at_ms: head.ends_at_ms,
            took_ms: head.took_ms,
            receipt: head.receipt,
            route: head.route,
            provider: head.provider,
            model: head.model,
            usage: head.usage,
            cost_nano_usd: head.cost_nano_usd,
            written,
            reply,
        })
    }
}

/// The part of the memory that is lost between allocations where they come and go. Measured
/// (docs/performance.md).
const FRAYED: u64 = 32;

/// What an allocation takes: allocators round up to sizes that are an eighth apart.
fn allocated(bytes: usize) -> u64 {
    match bytes as u64 {
        0 => 0,
        small @ 1..=128 => small.next_multiple_of(16),
        large => large.next_multiple_of(1 << (large.ilog2() - 3)),
    }
}

/// Takes the next piece off.
fn piece(rest: &mut Bytes) -> Option<Bytes> {
    let length = rest.get(..LENGTH)?.try_into().ok()?;
    let length = usize::try_from(u32::from_le_bytes(length)).ok()?;
    if rest.len() - LENGTH < length {
        return None;
    }
    let _ = rest.split_to(LENGTH);
    Some(rest.split_to(length))
}

#[cfg(test)]
pub(crate) mod tests {
    use dialect::StopReason;
    use dialect::hub::{BlockKind, Sealed, Start};
    use proptest::prelude::*;

    use super::*;

    /// A reply that says `text`.
    pub(crate) fn saying(text: &str) -> Vec<Event> {
        vec![
            Event::Start(Start {
                id: Some("resp_1".to_owned()),
                model: Some("gpt".to_owned()),
            }),
            Event::Open {
                block: 0,
                candidate: 0,
                kind: BlockKind::Text,
            },
            Event::Delta {
                block: 0,
                text: text.to_owned(),
            },
            Event::Close { block: 0 },
            Event::Usage(Usage {
                input: 3,
                output: 5,
                ..Usage::default()
            }),
            Event::Stop {
                candidate: 0,
                stop: StopReason::End,
                sequence: None,
            },
            Event::End,
        ]
    }

    /// An entry made at 1,000 that ends at `end`.
    pub(crate) fn entry(text: &str, end: u64) -> Entry {
        let mut entry = Entry::new((1_000, end), ("openai", "gpt"), &saying(text)).expect("one");
        entry.usage = Some(Usage::default());
        entry.cost_nano_usd = Some(12);
        let body = text.as_bytes().to_vec();
        entry.written = Some(Written::new(Endpoint::ChatCompletions, true, false, body));
        entry
    }

    #[test]
    fn what_was_written_is_read_again() {
        let sealed = Event::Seal {
            block: 0,
            sealed: Sealed {
                dialect: dialect::Dialect::Gemini,
                issuer: Some("google".to_owned()),
                data: "c2ln".to_owned(),
            },
        };
        let mut reply = saying("Hello ✓");
        reply.insert(3, sealed);
        let bare = Entry::new((1, 2), ("p", "m"), &reply).expect("an entry");
        assert_eq!(bare.reply(), Some(reply));
        for entry in [bare, entry("", 5), entry("Hello", 5)] {
            let bytes = entry.to_bytes().expect("bytes");
            assert_eq!(Entry::from_bytes(bytes), Some(entry));
        }
    }

    #[test]
    fn a_part_of_an_entry_or_more_than_one_is_none() {
        let bytes = entry("Hello", 5).to_bytes().expect("bytes");
        for end in 0..bytes.len() {
            assert_eq!(Entry::from_bytes(bytes[..end].to_vec()), None, "{end}");
        }
        let mut longer = bytes;
        longer.push(0);
        assert_eq!(Entry::from_bytes(longer), None);
    }

    #[test]
    fn it_is_told_from_its_making_to_its_end() {
        let entry = entry("Hello", 5_000);
        let fresh = [999, 1_000, 4_999, 5_000].map(|now| entry.is_fresh(now));
        assert_eq!(fresh, [false, true, true, false]);
        let graceful = Entry {
            ends_at_ms: 9_000,
            ..entry
        };
        let told = [999, 5_000, 8_999, 9_000].map(|now| graceful.may_be_told(now));
        assert_eq!(told, [false, true, true, false]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Entry::from_bytes(bytes);
        }
    }
}
