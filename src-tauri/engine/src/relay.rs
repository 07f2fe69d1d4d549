//! The way back: upstream bytes to the client, metered as they pass.
//!
//! Promises:
//! - only whole events are forwarded, so that an error can always be said on an
//!   event boundary, and a stream is never cut silently;
//! - the event that tells a client "this is all" waits until the receipt is in
//!   the ledger;
//! - one task, no channel: the client's socket polls the upstream's. A client
//!   that leaves drops this body, and with it the upstream connection.
//!
//! Leaves out what follows a break where another target may go on (`going_on`, `resume`).
//! Bounds: the tail held back is at most the reader's bound for one event (16 MiB).

mod going_on;
mod turns;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use dialect::{Dialect, Failure, FailureCategory, Fault};
use http_body::{Body, Frame};
use tokio::time::Sleep;

use crate::answer::Further;
use crate::attempt::Answer;
use crate::conditions::Watched;
use crate::drain::Underway;
use crate::kept::{Joined, Paced, Reader};
use crate::key::ShownKey;
use crate::ledger::Recorded;
use crate::live::ProviderLive;
use crate::memory::Memory;
use crate::opening::AnswerBody;
use crate::passage::Passage;
use crate::receipt::{AttemptFailure, AttemptRecord, Ending};
use crate::settle::{Settlement, unix_ms};
use crate::stop::StopSeen;
use crate::upstream::UpstreamBody;
use going_on::Resuming;
use turns::BetweenTurns;

/// After the terminal event the upstream gets this long to end its body, so that
/// its connection can be used again.
const LINGER: Duration = Duration::from_secs(1);

/// The body of a reply to a client.
pub struct ReplyBody(Kind);

enum Kind {
    Whole(Option<Bytes>),
    Stream(Box<Relay>),
    /// Its own call, which others may have joined.
    Shared(Reader),
    /// Another's call.
    Joined(Box<Joined>),
    /// A kept answer, piece by piece.
    Paced(Box<Paced>),
}

/// A stream on its way through.
pub(crate) struct Relay {
    pub(crate) dialect: Dialect,
    pub(crate) upstream: UpstreamBody,
    pub(crate) passage: Passage,
    /// Whole events read before the commit point.
    pub(crate) opening: Option<Bytes>,
    pub(crate) settlement: Settlement,
    /// The attempt that is being answered; none between two.
    pub(crate) attempt: Option<AttemptRecord>,
    /// The key that was shown, to be masked in what the provider says.
    pub(crate) key: ShownKey,
    /// Tells when whoever serves it is draining, or the app is ending, and has waited long enough.
    pub(crate) stop: StopSeen,
    /// How long the provider took to begin.
    pub(crate) first_byte: Duration,
    pub(crate) live: Option<Arc<ProviderLive>>,
    /// Keeps the provider's count of running attempts.
    pub(crate) underway: Option<Underway>,
    /// Tells health how the stream ends.
    pub(crate) watched: Option<Watched>,
    pub(crate) provider_name: String,
    pub(crate) idle: Idle,
    /// Signs of life in a silence.
    pub(crate) pulse: Pulse,
    /// Keeps what a later request may come back to.
    pub(crate) memory: Memory,
    /// What may follow where it breaks, or where a turn of it is over.
    pub(crate) further: Further,
    pub(crate) phase: Phase,
}

pub(crate) enum Phase {
    /// Reading and forwarding.
    Flowing,
    /// The stream broke; another target is asked to go on.
    Resuming(Resuming),
    /// A turn is over; tools are run, and the next one is asked for.
    BetweenTurns(BetweenTurns),
    /// These bytes may go once the receipt is durable; then the phase after.
    Settling(Recorded, Bytes, After),
    /// The terminal event is out; waiting for the upstream to close.
    Lingering,
    Ended,
}

#[derive(Clone, Copy)]
pub(crate) enum After {
    Linger,
    End,
}

/// A limit on silence that costs nothing while bytes flow: the timer is looked at
/// only when it fires, and then set again from the last arrival.
pub(crate) struct Idle {
    limit: Duration,
    last: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Idle {
    pub(crate) fn new(limit: Duration) -> Idle {
        Idle {
            limit,
            last: Instant::now(),
            timer: Box::pin(tokio::time::sleep(limit)),
        }
    }

    fn touch(&mut self) {
        self.last = Instant::now();
    }

    fn shorten(&mut self, limit: Duration) {
        self.limit = limit;
        self.touch();
        self.timer.as_mut().reset((self.last + limit).into());
    }

    fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            std::task::ready!(self.timer.as_mut().poll(cx));
            let due = self.last + self.limit;
            if Instant::now() >= due {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(due.into());
        }
    }
}

/// Tells when a sign of life is due: when nothing came for a while. Some tools give a silent stream
/// up, and some providers send nothing while a model thinks.
pub(crate) struct Pulse(Idle);

impl Pulse {
    pub(crate) fn new(period: Duration) -> Pulse {
        Pulse(Idle::new(period))
    }

    fn touch(&mut self) {
        self.0.touch();
    }

    fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        std::task::ready!(self.0.poll_expired(cx));
        self.0.touch();
        let next = self.0.last + self.0.limit;
        self.0.timer.as_mut().reset(next.into());
        Poll::Ready(())
    }
}

impl ReplyBody {
    /// A reply whose receipt is already durable.
    pub(crate) fn whole(bytes: Bytes) -> ReplyBody {
        ReplyBody(Kind::Whole(Some(bytes)))
    }

    pub(crate) fn stream(relay: Relay) -> ReplyBody {
        ReplyBody(Kind::Stream(Box::new(relay)))
    }

    pub(crate) fn shared(reader: Reader) -> ReplyBody {
        ReplyBody(Kind::Shared(reader))
    }

    pub(crate) fn joined(joined: Joined) -> ReplyBody {
        ReplyBody(Kind::Joined(Box::new(joined)))
    }

    pub(crate) fn paced(paced: Paced) -> ReplyBody {
        ReplyBody(Kind::Paced(Box::new(paced)))
    }

    /// All of it, where it is here.
    pub(crate) fn take_whole(&mut self) -> Option<Bytes> {
        match &mut self.0 {
            Kind::Whole(bytes) => bytes.take(),
            _ => None,
        }
    }

    /// What comes next; `None` at the end.
    pub(crate) fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        match &mut self.0 {
            Kind::Whole(bytes) => Poll::Ready(bytes.take().filter(|bytes| !bytes.is_empty())),
            Kind::Stream(relay) => relay.poll(cx),
            Kind::Shared(reader) => reader.poll(cx),
            Kind::Joined(joined) => joined.poll(cx),
            Kind::Paced(paced) => paced.poll(cx),
        }
    }
}

impl Relay {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            match &mut self.phase {
                Phase::Ended => return Poll::Ready(None),
                Phase::Settling(recorded, bytes, after) => {
                    let outcome = std::task::ready!(Pin::new(recorded).poll(cx));
                    if !matches!(outcome, Ok(Ok(()))) {
                        // The answer exists and is paid for: withholding it would
                        // lose more than a line in the books. The ledger says in
                        // the panel that it can't write.
                        tracing::error!("a reply is released without a durable receipt");
                    }
                    let bytes = std::mem::take(bytes);
                    self.phase = match after {
                        After::Linger => {
                            self.idle.shorten(LINGER);
                            Phase::Lingering
                        }
                        After::End => Phase::Ended,
                    };
                    if !bytes.is_empty() {
                        return Poll::Ready(Some(bytes));
                    }
                }
                Phase::Lingering => {
                    if let Poll::Ready(next) = self.upstream.poll_bytes(cx) {
                        match next {
                            // After a translated end the provider's own words mean nothing here.
                            Some(Ok(_)) if self.passage.is_translated() => {}
                            Some(Ok(bytes)) => return Poll::Ready(Some(self.passage.rest(bytes))),
                            Some(Err(_)) | None => self.phase = Phase::Ended,
                        }
                    } else if self.idle.poll_expired(cx).is_ready() {
                        self.phase = Phase::Ended;
                    } else {
                        return Poll::Pending;
                    }
                }
                Phase::BetweenTurns(_) => {
                    if let Some(bytes) = std::task::ready!(self.poll_next_turn(cx)) {
                        return Poll::Ready(Some(bytes));
                    }
                }
                Phase::Resuming(_) => {
                    if let Some(bytes) = std::task::ready!(self.poll_resumed(cx)) {
                        return Poll::Ready(Some(bytes));
                    }
                }
                Phase::Flowing => {
                    if let Some(bytes) = std::task::ready!(self.poll_flow(cx)) {
                        return Poll::Ready(Some(bytes));
                    }
                }
            }
        }
    }

    /// Bytes to forward now, or `None` when the phase has changed.
    fn poll_flow(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(opening) = self.opening.take() {
            let finished = self.passage.reading().finished;
            return Poll::Ready(self.forward(opening, finished));
        }
        loop {
            // Before the upstream, which may never have to be waited for.
            if let Poll::Ready(why) = self.stop.poll_stopped(cx) {
                self.cut_off(&why);
                return Poll::Ready(None);
            }
            let next = match self.upstream.poll_bytes(cx) {
                Poll::Ready(next) => next,
                Poll::Pending => {
                    if self.pulse.poll_due(cx).is_ready() {
                        let ping = self.passage.ping();
                        if !ping.is_empty() {
                            self.settlement.sent(&ping);
                            return Poll::Ready(Some(ping));
                        }
                    }
                    std::task::ready!(self.idle.poll_expired(cx));
                    let failure = silent(self.idle.limit);
                    self.broke(&failure);
                    return Poll::Ready(None);
                }
            };
            match next {
                Some(Ok(bytes)) => {
                    self.idle.touch();
                    let (whole, terminal) = self.passage.feed(bytes);
                    let failed = self.passage.reading().failure.is_some();
                    if !whole.is_empty() || terminal || failed || self.passage.is_turn_over() {
                        self.pulse.touch();
                        return Poll::Ready(self.forward(whole, terminal));
                    }
                }
                Some(Err(failure)) => {
                    self.broke(&failure);
                    return Poll::Ready(None);
                }
                None => return Poll::Ready(self.end_of_stream()),
            }
        }
    }

    /// Lets whole events through; the terminal ones wait for the ledger.
    fn forward(&mut self, bytes: Bytes, terminal: bool) -> Option<Bytes> {
        if let Some(failure) = self.passage.reading().failure.clone() {
            if self.passage.is_translated() {
                // Told in the caller's dialect, after what came before it.
                return self.break_off_after(&bytes, &failure);
            }
            // The provider says itself that its answer is not whole. Clients act on
            // that event at once, so it is settled now and not at the end.
            let (failure, bytes) = self.key.masked(failure, bytes);
            self.settlement.sent(&bytes);
            let fault = Fault::from_failure(&failure, &self.provider_name);
            self.settlement.refused(200, &fault);
            self.settle(Ending::Broken, Some(&failure), bytes, After::Linger);
            return None;
        }
        if self.passage.is_turn_over() {
            return self.turn_over(bytes);
        }
        self.settlement.sent(&bytes);
        self.memory.seals(self.passage.seals());
        if !terminal {
            return Some(bytes);
        }
        self.last_turn();
        if let Some(reply) = self.passage.kept() {
            self.memory.reply(&reply);
        }
        // Cut at a stop text of ours: what the provider would still say is not wanted.
        let after = if self.passage.is_cut() {
            After::End
        } else {
            After::Linger
        };
        self.settle(Ending::Complete, None, bytes, after);
        None
    }

    /// The upstream closed. Some servers never write a terminal marker; an answer
    /// with a stop reason is whole without one.
    fn end_of_stream(&mut self) -> Option<Bytes> {
        let rest = self.passage.finish();
        let reading = self.passage.reading();
        if reading.failure.is_some() {
            // An error event without its blank line: the client could not read it.
            let failure = reading.failure.clone().unwrap_or_else(cut);
            return self.broke_after(rest, &failure);
        } else if self.passage.is_turn_over() {
            return self.turn_over(rest);
        } else if self.passage.is_whole() {
            self.last_turn();
            self.settlement.sent(&rest);
            self.memory.seals(self.passage.seals());
            if let Some(reply) = self.passage.kept() {
                self.memory.reply(&reply);
            }
            self.settle(Ending::Complete, None, rest, After::End);
        } else {
            return self.broke_after(rest, &cut());
        }
        None
    }

    /// Another target goes on, or the client is told.
    fn broke(&mut self, failure: &Failure) {
        if !self.goes_on(failure) {
            self.break_off(failure);
        }
    }

    /// The same at the end of a stream, whose last bytes the client gets where another target goes on.
    fn broke_after(&mut self, rest: Bytes, failure: &Failure) -> Option<Bytes> {
        let (failure, _) = self.key.masked(failure.clone(), Bytes::new());
        self.broke(&failure);
        self.while_resuming(rest)
    }

    /// Lets `bytes` go first, then tells the client that the answer is not whole.
    fn break_off_after(&mut self, bytes: &Bytes, failure: &Failure) -> Option<Bytes> {
        let (failure, _) = self.key.masked(failure.clone(), Bytes::new());
        if self.goes_on(&failure) {
            return self.while_resuming(bytes.clone());
        }
        self.settlement.sent(bytes);
        self.break_off(&failure);
        if let Phase::Settling(_, last, _) = &mut self.phase {
            *last = [bytes.as_ref(), last.as_ref()].concat().into();
        }
        None
    }

    /// Reads on from the stream of this answer, whose passage is given back: it is the rest of this one.
    fn reads_on(&mut self, answer: Answer) -> Option<Passage> {
        let AnswerBody::Stream(opened) = answer.body else {
            return None;
        };
        self.settlement.remarked(answer.notes);
        if let Some(counted) = answer.counted {
            self.settlement.counted(counted);
        }
        self.upstream = opened.rest;
        self.attempt = Some(answer.attempt);
        self.key = answer.key;
        self.first_byte = answer.first_byte;
        self.live = answer.live;
        self.stop = answer.underway.watch();
        self.underway = Some(answer.underway);
        self.watched = answer.watched;
        self.provider_name.clone_from(&answer.provider.name);
        self.memory.goes_on_at(&answer.provider.id);
        self.idle = Idle::new(self.idle.limit);
        self.pulse.touch();
        Some(opened.passage)
    }

    /// Ends it for a reason of ours, which says nothing of the provider.
    fn cut_off(&mut self, why: &str) {
        self.watched = None;
        self.live = None;
        self.break_off(&broken(why.to_owned()));
    }

    /// Tells the client, in its dialect, that the answer is not whole.
    fn break_off(&mut self, failure: &Failure) {
        let failure = Failure {
            category: FailureCategory::BrokenStream,
            ..failure.clone()
        };
        let fault = Fault::from_failure(&failure, &self.provider_name);
        let torn = self.passage.give_up();
        let own = self.passage.fail(&fault);
        let mut event = own.unwrap_or_else(|| fault.stream_event(self.dialect));
        if !torn.is_empty() {
            event = [torn, event.as_ref()].concat().into();
        }
        self.settlement.sent(&event);
        let status = 200;
        self.settlement.refused(status, &fault);
        self.settle(Ending::Broken, Some(&failure), event, After::End);
    }

    fn settle(&mut self, ending: Ending, failure: Option<&Failure>, last: Bytes, after: After) {
        self.close_attempt(failure);
        self.settlement.read(self.passage.reading().clone());
        self.phase = match self.settlement.settle(ending) {
            Some(recorded) => Phase::Settling(recorded, last, after),
            None => Phase::Ended,
        };
    }

    /// Writes the attempt down and lets the provider's health learn from it.
    fn close_attempt(&mut self, failure: Option<&Failure>) {
        self.underway = None;
        let Some(mut attempt) = self.attempt.take() else {
            return;
        };
        attempt.took_us = self
            .settlement
            .elapsed_us()
            .saturating_sub(attempt.started_us);
        attempt.failure = failure.map(AttemptFailure::from);
        self.settlement.attempted(attempt);
        match (self.watched.take(), failure) {
            (Some(watched), None) => {
                // The rest of what another began tells nothing of how long an answer takes.
                let teaches = !self.settlement.is_gone_on();
                watched.answered(self.first_byte, self.passage.reading(), teaches);
            }
            (Some(watched), Some(failure)) => watched.failed(failure),
            (None, _) => {}
        }
        let Some(live) = &self.live else { return };
        match failure {
            None => live.succeeded(Instant::now(), self.first_byte),
            Some(failure) => live.failed(
                Instant::now(),
                unix_ms(),
                failure.category,
                &failure.message,
            ),
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if matches!(self.phase, Phase::Flowing) {
            // The client left in the middle: what was generated is still paid for. How long the
            // provider would have taken is not known.
            self.watched = None;
            self.close_attempt(None);
            self.settlement.read(self.passage.reading().clone());
        }
    }
}

fn silent(limit: Duration) -> Failure {
    broken(format!(
        "it fell silent for {} s in the middle of its answer",
        limit.as_secs_f32()
    ))
}

fn cut() -> Failure {
    broken("it closed the stream before its answer was whole".to_owned())
}

fn broken(message: String) -> Failure {
    Failure {
        category: FailureCategory::BrokenStream,
        status: None,
        code: None,
        message,
        retry_after_ms: None,
    }
}

impl From<&Failure> for AttemptFailure {
    fn from(failure: &Failure) -> Self {
        AttemptFailure {
            category: failure.category,
            code: failure.code.clone(),
            message: failure.message.clone(),
        }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let bytes = std::task::ready!(self.poll_bytes(cx));
        Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Whole(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Kind::Stream(relay) => matches!(relay.phase, Phase::Ended),
            Kind::Shared(_) | Kind::Joined(_) | Kind::Paced(_) => false,
        }
    }

    fn size_hint(&self) -> http_body::SizeHint {
        match &self.0 {
            Kind::Whole(bytes) => {
                http_body::SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64)
            }
            Kind::Stream(_) | Kind::Shared(_) | Kind::Joined(_) | Kind::Paced(_) => {
                http_body::SizeHint::default()
            }
        }
    }
}
