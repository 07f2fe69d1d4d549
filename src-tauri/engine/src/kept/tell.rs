//! An answer that was given before, told again.
//!
//! Promises: in any dialect, as a stream or in one piece; to a caller of the same form byte for byte, but for
//! what goes by the answer's own name. It says that it was kept, and how old it is. It cost nothing, so it is
//! not held back for its receipt.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use cache::Entry;
use dialect::hub::{Reply, Request};
use dialect::{Dialect, Endpoint, Facts, Writing, document_of, frames_of};
use http::{HeaderMap, HeaderValue, Response, header};
use routing::{NanoUsd, Replay};
use tokio::time::{Interval, MissedTickBehavior};

use super::question::Question;
use super::wish::CACHE;
use crate::answer::{durable, respond, sign};
use crate::conversations;
use crate::exchange::Call;
use crate::ledger::BACKLOG_LIMIT;
use crate::machine::Inner;
use crate::memory::{Memory, ToKeep};
use crate::receipt::{Basis, CacheNote, CacheVerdict, Ending, ReceiptId};
use crate::relay::ReplyBody;
use crate::settle::{Settlement, unix_ms};

/// While more receipts wait for the disk, hits wait for theirs.
const BACKLOG_SLACK: usize = BACKLOG_LIMIT / 4;
/// The longest that a stream is told again, at its own pace.
const LONGEST: Duration = Duration::from_secs(10);

/// An answer that was found, and where.
pub(crate) struct Found {
    pub(crate) entry: Arc<Entry>,
    pub(crate) verdict: CacheVerdict,
    /// More to be said of it.
    pub(crate) why: Option<String>,
}

impl Found {
    pub(crate) fn new(entry: Arc<Entry>, verdict: CacheVerdict) -> Found {
        Found {
            entry,
            verdict,
            why: None,
        }
    }
}

/// Who is told.
pub(crate) struct Caller<'a> {
    pub(crate) inner: &'a Arc<Inner>,
    pub(crate) question: &'a Question,
    pub(crate) call: &'a Call,
    pub(crate) facts: &'a Facts,
    pub(crate) request: Option<&'a Request>,
}

/// Tells it.
///
/// # Errors
/// Gives the settlement back when it can't be told to this caller, which is a miss.
pub(crate) async fn tell(
    found: &Found,
    caller: &Caller<'_>,
    mut settlement: Settlement,
) -> Result<Response<ReplyBody>, Box<Settlement>> {
    let entry = &found.entry;
    let Some(told) = written(entry, caller, settlement.id()) else {
        return Err(Box::new(settlement));
    };
    let now = unix_ms();
    let age_ms = now.saturating_sub(entry.made_at_ms);
    settlement.told_again(entry, note(found, age_ms));
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, kind(caller.question));
    headers.insert(header::AGE, HeaderValue::from(age_ms / 1_000));
    headers.insert(
        CACHE.clone(),
        HeaderValue::from_static(found.verdict.word()),
    );
    sign(
        &mut headers,
        &settlement,
        Some((&entry.provider, &entry.model)),
        0,
    );
    let body = match told {
        Told::AtOnce(bytes) => {
            settlement.sent(&bytes);
            let recorded = settlement.settle(Ending::Complete);
            // Hits are told faster than receipts are written: who waits a little is not refused later.
            if caller.inner.ledger.backlog() > BACKLOG_SLACK {
                durable(recorded).await;
            }
            ReplyBody::whole(bytes)
        }
        Told::Paced(frames) => ReplyBody::paced(Paced::new(frames, entry.took_ms, settlement)),
    };
    Ok(respond(http::StatusCode::OK, headers, body))
}

enum Told {
    AtOnce(Bytes),
    Paced(Vec<Bytes>),
}

fn written(entry: &Entry, caller: &Caller<'_>, id: ReceiptId) -> Option<Told> {
    let Caller {
        question,
        call,
        facts,
        ..
    } = caller;
    let form = &question.form;
    let paced = form.stream && question.rule.replay == Replay::Paced;
    let same = entry.written.as_ref().filter(|told| {
        told.endpoint == form.endpoint
            && told.is_stream == form.stream
            && (!form.stream || told.usage_asked == form.usage_asked)
    });
    // What can be gone on from by its name gets a name of its own, and calls may be answered by theirs.
    let remembered = question.stored || question.rule.tools;
    if let Some(told) = same.filter(|_| !paced && !remembered && !question.is_labelled) {
        return Some(Told::AtOnce(told.body().clone()));
    }
    let events = entry.reply().filter(|events| !events.is_empty())?;
    if remembered {
        remember(entry, caller, id, &Reply::of(events.clone()));
    }
    let writing = Writing {
        endpoint: form.endpoint,
        provider: entry.provider.clone(),
        id: format!("{:x}", id.0),
        model: entry.model.clone(),
        created_unix_s: entry.made_at_ms / 1_000,
        input_tokens: entry.usage.map_or(0, |usage| usage.input_total()),
        usage_asked: facts.usage_asked,
        echo: conversations::echo(call),
    };
    Some(match (form.stream, paced) {
        (false, _) => Told::AtOnce(document_of(events, &writing)),
        (true, false) => Told::AtOnce(frames_of(&events, writing).concat().into()),
        (true, true) => Told::Paced(frames_of(&events, writing)),
    })
}

/// Keeps what a later request may come back to.
fn remember(entry: &Entry, caller: &Caller<'_>, id: ReceiptId, reply: &Reply) {
    let Caller {
        inner,
        call,
        question,
        request,
        ..
    } = caller;
    let nameless = call.endpoint.dialect() == Dialect::Ollama;
    let place = request
        .filter(|_| nameless)
        .map(|request| inner.stash.place(&call.client, &request.messages));
    let stored = question.stored && call.endpoint == Endpoint::Responses;
    let to_keep = request.filter(|_| stored).map(|request| ToKeep {
        client: Arc::clone(&call.client),
        response: format!("resp_{:x}", id.0),
        request: (*request).clone(),
    });
    Memory::new(inner, &entry.provider, place, to_keep).reply(reply);
}

fn note(found: &Found, age_ms: u64) -> CacheNote {
    let entry = &found.entry;
    let usage = entry.usage.unwrap_or_default();
    CacheNote {
        why: found.why.clone(),
        age_ms: Some(age_ms),
        from: Some(ReceiptId(entry.receipt)),
        saved: NanoUsd(entry.cost_nano_usd.unwrap_or(0)),
        saved_basis: match entry.cost_nano_usd {
            Some(_) => Basis::Metered,
            None => Basis::None,
        },
        saved_tokens: usage.input_total().saturating_add(usage.output_total()),
        ..CacheNote::of(found.verdict)
    }
}

fn kind(question: &Question) -> HeaderValue {
    HeaderValue::from_static(
        match (question.form.stream, question.form.endpoint.dialect()) {
            (true, Dialect::Ollama) => "application/x-ndjson",
            (true, _) => "text/event-stream; charset=utf-8",
            (false, _) => "application/json",
        },
    )
}

/// A stream at about its own pace.
pub(crate) struct Paced {
    frames: std::vec::IntoIter<Bytes>,
    ticks: Pin<Box<Interval>>,
    settlement: Settlement,
}

impl Paced {
    fn new(frames: Vec<Bytes>, took_ms: u64, settlement: Settlement) -> Paced {
        let whole = Duration::from_millis(took_ms).min(LONGEST);
        let each = whole / u32::try_from(frames.len().max(1)).unwrap_or(u32::MAX);
        let mut ticks = tokio::time::interval(each.max(Duration::from_micros(100)));
        // Timers are coarser than tokens: what is late is made up for.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        Paced {
            frames: frames.into_iter(),
            ticks: Box::pin(ticks),
            settlement,
        }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        std::task::ready!(self.ticks.poll_tick(cx));
        let next = self.frames.next();
        if let Some(bytes) = &next {
            self.settlement.sent(bytes);
        }
        if self.frames.len() == 0 {
            drop(self.settlement.settle(Ending::Complete));
        }
        Poll::Ready(next)
    }
}
