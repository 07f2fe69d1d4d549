//! What large bodies ask for that came before: read once.
//!
//! Promises: a body is known again by all of its bytes, so it is never taken for another, and only where nothing
//! but the body says what is asked: one that goes on from a conversation kept here is read anew each time. Who
//! shares answers, the targets, the rules and the headers are looked at each time. Remembered is what has hit
//! once, so that questions that are not repeated cost nothing here.
//! Bounds: [`MOST_BYTES`] of bodies, the oldest leave; none longer than [`LARGEST`].

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use dialect::Endpoint;
use dialect::hub::{Asked, Cacheability};

use super::tally::take_sample;
use crate::exchange::{Call, InPath};

/// The room, in bytes.
const MOST_BYTES: usize = 8 << 20;
/// The largest body that is remembered, in bytes.
const LARGEST: usize = 1 << 20;
/// A smaller body is read in less time than it would be looked up here.
const SMALLEST: usize = 8 << 10;

/// What is known of a request by reading it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Gist {
    pub(crate) asked: Asked,
    pub(crate) facts: Cacheability,
}

/// Bodies, and what they ask for.
#[derive(Debug, Default)]
pub(crate) struct Recall {
    pile: Mutex<Pile>,
    /// Nobody outside can aim at one's place.
    places: RandomState,
}

#[derive(Debug, Default)]
struct Pile {
    sheets: HashMap<u64, Sheet>,
    oldest_first: VecDeque<u64>,
    bytes: usize,
}

#[derive(Debug, Clone)]
struct Sheet {
    endpoint: Endpoint,
    path: Option<InPath>,
    body: Bytes,
    gist: Gist,
}

impl Sheet {
    fn is_of(&self, call: &Call) -> bool {
        self.endpoint == call.endpoint && self.path == call.path && self.body == call.body
    }
}

impl Recall {
    /// What this asks for, if it is known.
    pub(crate) fn find(&self, call: &Call) -> Option<Gist> {
        if !is_worth_it(&call.body) {
            return None;
        }
        let place = self.place(&call.body);
        let sheet = self.pile().sheets.get(&place)?.clone();
        // Compared without the lock.
        sheet.is_of(call).then_some(sheet.gist)
    }

    /// Remembers what this asks for.
    pub(crate) fn learn(&self, call: &Call, gist: Gist) {
        if !is_worth_it(&call.body) {
            return;
        }
        let sheet = Sheet {
            endpoint: call.endpoint,
            path: call.path.clone(),
            // Not a part of something larger that would stay with it.
            body: Bytes::copy_from_slice(&call.body),
            gist,
        };
        let place = self.place(&call.body);
        let mut pile = self.pile();
        pile.bytes += sheet.body.len();
        match pile.sheets.insert(place, sheet) {
            Some(other) => pile.bytes -= other.body.len(),
            None => pile.oldest_first.push_back(place),
        }
        while pile.bytes > MOST_BYTES
            && let Some(oldest) = pile.oldest_first.pop_front()
        {
            let left = pile.sheets.remove(&oldest);
            pile.bytes -= left.map_or(0, |sheet| sheet.body.len());
        }
    }

    pub(crate) fn forget(&self) {
        *self.pile() = Pile::default();
    }

    fn place(&self, body: &[u8]) -> u64 {
        let mut hasher = self.places.build_hasher();
        take_sample(body, &mut hasher);
        hasher.finish()
    }

    fn pile(&self) -> MutexGuard<'_, Pile> {
        self.pile.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_worth_it(body: &[u8]) -> bool {
    (SMALLEST..=LARGEST).contains(&body.len())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http::HeaderMap;

    use super::*;
    use crate::settle::Arrived;

    fn call(endpoint: Endpoint, body: Vec<u8>) -> Call {
        Call {
            endpoint,
            client: Arc::from("laptop"),
            headers: HeaderMap::new(),
            path: None,
            query: None,
            body: body.into(),
            arrived: Arrived::now(),
        }
    }

    fn gist(n: u8) -> Gist {
        Gist {
            asked: Asked {
                digest: [n; 32],
                is_inexact: false,
            },
            facts: Cacheability::default(),
        }
    }

    #[test]
    fn a_body_is_known_again_by_every_byte_of_it() {
        let recall = Recall::default();
        let body = vec![b'x'; 50_000];
        let ask = |body: &[u8]| recall.find(&call(Endpoint::ChatCompletions, body.to_vec()));
        recall.learn(&call(Endpoint::ChatCompletions, body.clone()), gist(1));
        assert_eq!(ask(&body), Some(gist(1)));
        for at in (0..body.len()).step_by(97) {
            let mut other = body.clone();
            other[at] = b'y';
            assert_eq!(ask(&other), None, "{at}");
        }
        assert_eq!(ask(&body[1..]), None);
        assert_eq!(recall.find(&call(Endpoint::Messages, body)), None);
    }

    #[test]
    fn in_the_place_of_another_it_is_itself() {
        let recall = Recall::default();
        let body = vec![b'x'; 50_000];
        let mut twin = body.clone();
        // Beside the sample.
        twin[100] = b'y';
        let of = |body: &Vec<u8>| call(Endpoint::ChatCompletions, body.clone());
        recall.learn(&of(&body), gist(1));
        recall.learn(&of(&twin), gist(2));
        assert_ne!(recall.find(&of(&body)), Some(gist(2)));
        assert_eq!(recall.find(&of(&twin)), Some(gist(2)));
    }

    #[test]
    fn the_same_under_another_path_is_another() {
        let recall = Recall::default();
        let to = |model: &str| Call {
            path: Some(InPath {
                model: model.to_owned(),
                stream: false,
            }),
            ..call(Endpoint::GenerateContent, vec![b'x'; 50_000])
        };
        recall.learn(&to("a"), gist(1));
        assert_eq!(recall.find(&to("a")), Some(gist(1)));
        assert_eq!(recall.find(&to("b")), None);
    }

    #[test]
    fn the_room_is_bounded_and_the_oldest_leave() {
        let recall = Recall::default();
        let of = |n: u32| {
            let mut body = vec![b'x'; 100_000];
            body[..4].copy_from_slice(&n.to_le_bytes());
            call(Endpoint::ChatCompletions, body)
        };
        for n in 0..1_000 {
            recall.learn(&of(n), gist(1));
        }
        let pile = recall.pile();
        assert!(pile.bytes <= MOST_BYTES);
        assert_eq!(pile.bytes, pile.sheets.len() * 100_000);
        assert_eq!(pile.sheets.len(), pile.oldest_first.len());
        drop(pile);
        assert_eq!(recall.find(&of(0)), None);
        assert_eq!(recall.find(&of(999)), Some(gist(1)));
        recall.learn(&call(Endpoint::Messages, vec![b'x'; LARGEST + 1]), gist(1));
        assert!(
            recall
                .find(&call(Endpoint::Messages, vec![b'x'; LARGEST + 1]))
                .is_none()
        );
        recall.forget();
        assert_eq!(recall.find(&of(999)), None);
    }
}
