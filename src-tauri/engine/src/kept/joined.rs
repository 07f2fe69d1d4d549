//! One of several who asked the same at the same time, and its own receipt.
//!
//! Promises: a receipt each, however it ends; what the call cost stands on that of whoever made it alone. One
//! that leaves early is told so on its own. Leaves out how the answer is shared (`flight`).

use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderValue, Response};

use super::flight::{Flight, Landing, Reader};
use super::wish::CACHE;
use crate::answer::{respond, sign};
use crate::receipt::{CacheNote, CacheVerdict, Ending, Receipt};
use crate::relay::ReplyBody;
use crate::settle::Settlement;

/// The answer for whoever made the call: as it was given to it. `None` where it can't be read from its beginning.
/// `looked`: it was looked for before, and not found.
pub(crate) fn own(
    flight: Arc<Flight>,
    landing: Arc<Landing>,
    looked: bool,
) -> Option<Response<ReplyBody>> {
    let mut headers = landing.headers.clone();
    // It may be an expired one after all.
    if looked {
        headers
            .entry(CACHE.clone())
            .or_insert(HeaderValue::from_static(CacheVerdict::Missed.word()));
    }
    let status = landing.status;
    if let Some(bytes) = &landing.whole {
        return Some(respond(status, headers, ReplyBody::whole(bytes.clone())));
    }
    let reader = Reader::aboard(flight, landing)?;
    Some(respond(status, headers, ReplyBody::shared(reader)))
}

/// The answer for one who came later.
///
/// # Errors
/// Gives the settlement back where the answer can't be read from its beginning any more.
pub(crate) fn joined(
    flight: Arc<Flight>,
    landing: Arc<Landing>,
    mut settlement: Settlement,
) -> Result<Response<ReplyBody>, Box<Settlement>> {
    let mut headers = landing.headers.clone();
    let status = landing.status;
    headers.insert(
        CACHE.clone(),
        HeaderValue::from_static(CacheVerdict::Joined.word()),
    );
    sign(&mut headers, &settlement, None, 0);
    if let (Some(bytes), Some(payer)) = (&landing.whole, landing.witness.get()) {
        settlement.joining(status.as_u16());
        settlement.sent(bytes);
        settlement.came_along(payer, note(payer));
        return Ok(respond(status, headers, ReplyBody::whole(bytes.clone())));
    }
    let Some(reader) = Reader::aboard(flight, landing) else {
        return Err(Box::new(settlement));
    };
    settlement.joining(status.as_u16());
    let body = ReplyBody::joined(Joined { reader, settlement });
    Ok(respond(status, headers, body))
}

/// The body of one who came later.
pub(crate) struct Joined {
    reader: Reader,
    settlement: Settlement,
}

impl Joined {
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let next = std::task::ready!(self.reader.poll(cx));
        if let Some(bytes) = &next {
            self.settlement.sent(bytes);
        }
        if next.is_none() || self.reader.is_at_the_end() {
            self.settle();
        }
        Poll::Ready(next)
    }

    /// Ends like the one that it came along with.
    fn settle(&mut self) {
        let Some(payer) = self.reader.landing().witness.get() else {
            return;
        };
        self.settlement.came_along(payer, note(payer));
    }
}

/// What coming along has saved.
fn note(payer: &Receipt) -> CacheNote {
    if payer.ending != Ending::Complete || payer.status != 200 {
        return CacheNote::of(CacheVerdict::Joined);
    }
    let usage = &payer.usage;
    CacheNote {
        from: Some(payer.id),
        saved: payer.cost,
        saved_basis: payer.cost_basis,
        saved_tokens: usage.input_total().saturating_add(usage.output_total()),
        ..CacheNote::of(CacheVerdict::Joined)
    }
}
