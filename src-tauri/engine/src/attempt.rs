//! One attempt: asks one target, until its answer can no longer turn out to be none.
//!
//! Promises: what a provider says in its own words is told only to a caller who speaks its dialect. Leaves out
//! what stands on the receipt and what health is told (`attempt/trying`), which target is asked, and what a
//! failure leads to (`walk`).

pub(crate) mod fan_out;
mod trying;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dialect::hub::{Loss, Note};
use dialect::{Dialect, Endpoint, Facts, Failure, Fault, Reading, Usage, classify};
use http::{HeaderMap, HeaderValue, StatusCode};
use routing::{Ask, Candidate, Door, Policy, Provider};

use crate::conditions::Watched;
use crate::drain::Underway;
use crate::exchange::Call;
use crate::key::ShownKey;
use crate::live::ProviderLive;
use crate::machine::Inner;
use crate::media::Media;
use crate::opening::{self, AnswerBody, Patience, Streaming};
use crate::passage::Back;
use crate::receipt::{AttemptRecord, ReceiptId};
use crate::resume::{self, Course};
use crate::sending::{self, InHub, Sending, Thoughts, Unsent};
use crate::settle::unix_ms;
use crate::snapshot::Snapshot;
use crate::upstream::{self, UpstreamReply, bad_reply};
use crate::warmth::Beginnings;
use crate::{headers, practice};

pub(crate) use trying::{Failed, Outcome, Taken, Try, Words, one};

/// The largest error body that is read, in bytes.
const ERROR_LIMIT: usize = 1024 * 1024;

/// A target that answers.
pub(crate) struct Answer {
    pub(crate) provider: Arc<Provider>,
    pub(crate) model: String,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// What could not travel.
    pub(crate) notes: Vec<Note>,
    /// The prompt's tokens as counted here.
    pub(crate) counted: Option<u64>,
    /// This is a count that was made here, so far off.
    pub(crate) estimate: Option<HeaderValue>,
    /// What each call cost, where several made the answer.
    pub(crate) usages: Vec<Usage>,
    pub(crate) attempt: AttemptRecord,
    pub(crate) key: ShownKey,
    /// Since this attempt began.
    pub(crate) first_byte: Duration,
    pub(crate) live: Option<Arc<ProviderLive>>,
    pub(crate) underway: Underway,
    /// Tells health how the stream ends.
    pub(crate) watched: Option<Watched>,
    pub(crate) body: AnswerBody,
}

/// Nobody answered.
pub(crate) struct AllFailed {
    /// The last failure and whose it was.
    pub(crate) failure: Failure,
    pub(crate) provider: Arc<Provider>,
    /// The provider's own error answer, in the caller's dialect, byte for byte.
    pub(crate) verbatim: Option<Verbatim>,
    /// Our own error, when nothing was sent to anybody.
    pub(crate) fault: Option<Fault>,
}

/// The parts of a request that every attempt shares.
pub(crate) struct Asking<'a> {
    pub(crate) inner: &'a Inner,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) call: &'a Call,
    pub(crate) facts: &'a Facts,
    /// The client's headers, ready to travel.
    pub(crate) headers: HeaderMap,
    /// The request in our own words, once somebody needs it.
    pub(crate) hub: &'a InHub,
    /// What was fetched for targets that take bytes only.
    pub(crate) media: &'a Media,
    /// The caller accepts losses that are refused otherwise.
    pub(crate) lossy: bool,
    /// Names the reply where the caller's dialect wants a name of ours.
    pub(crate) receipt: ReceiptId,
    /// The request as far as it matters for a choice.
    pub(crate) ask: Ask,
    /// Its prompt, as caches know it.
    pub(crate) beginnings: &'a Beginnings,
    /// What the plan allows.
    pub(crate) policy: Policy,
    /// The request may not leave this machine and network.
    pub(crate) local_only: bool,
    /// How many targets its plan has.
    pub(crate) targets: u32,
    /// What becomes of its answer.
    pub(crate) course: Course<'a>,
}

impl Asking<'_> {
    /// Its targets are a list, or one that was named: no rule says which of them matter.
    pub(crate) fn is_list(&self) -> bool {
        self.policy.strategy.is_none()
    }
}

/// Which try at a target this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// The first.
    First,
    /// Another, because what happened may be over.
    Again,
    /// Another, without the thoughts of earlier turns, which it refused.
    WithoutThoughts,
    /// The first, while another target still owes its answer.
    Beside,
}

impl Turn {
    fn why(self, candidate: &Candidate) -> String {
        match self {
            Turn::First => candidate.why.to_string(),
            Turn::Again => "once more: what happened is a moment's trouble as a rule".to_owned(),
            Turn::WithoutThoughts => "again without the thoughts that it refused".to_owned(),
            Turn::Beside => {
                "asked beside the one before it, which took longer than nearly all of its requests do"
                    .to_owned()
            }
        }
    }

    fn thoughts(self) -> Thoughts {
        match self {
            Turn::First | Turn::Again | Turn::Beside => Thoughts::Shown,
            Turn::WithoutThoughts => Thoughts::LeftOut,
        }
    }
}

/// The name of a response that its provider keeps, for requests that go on from it.
fn response<'r>(
    asking: &Asking<'_>,
    attempt: &AttemptRecord,
    body: &'r AnswerBody,
) -> Option<&'r str> {
    let kept_there = asking.call.endpoint == Endpoint::Responses && attempt.spoken.is_none();
    let reading = match body {
        AnswerBody::Whole(_, reading, _) => reading,
        AnswerBody::Stream(opened) => opened.passage.reading(),
    };
    reading.upstream_id.as_deref().filter(|_| kept_there)
}

/// A provider's own error answer.
type Verbatim = (StatusCode, HeaderMap, Bytes);
type Refused = Box<(Failure, Option<Verbatim>)>;

fn refused(failure: Failure) -> Refused {
    Box::new((failure, None))
}

/// What one call brought.
struct Answered {
    status: StatusCode,
    headers: HeaderMap,
    notes: Vec<Note>,
    counted: Option<u64>,
    estimate: Option<HeaderValue>,
    usages: Vec<Usage>,
    body: AnswerBody,
}

/// Why one call brought nothing.
enum NotAnswered {
    /// Nothing was sent: the target can't serve this request, or nobody can.
    Unsent(Unsent),
    /// The provider failed or refused.
    Refused(Refused),
}

impl NotAnswered {
    /// A refusal; its own words are told only to a caller who speaks its dialect.
    fn refusal(mut refused: Refused, own_dialect: bool) -> NotAnswered {
        if !own_dialect {
            refused.1 = None;
        }
        NotAnswered::Refused(refused)
    }
}

impl From<Failure> for NotAnswered {
    fn from(failure: Failure) -> Self {
        NotAnswered::Refused(refused(failure))
    }
}

impl From<Unsent> for NotAnswered {
    fn from(unsent: Unsent) -> Self {
        NotAnswered::Unsent(unsent)
    }
}

/// One call, until its answer can no longer turn out to be none.
async fn ask(
    asking: &Asking<'_>,
    candidate: &Candidate,
    turn: Turn,
    watched: &Watched,
    key: &ShownKey,
    attempt: &mut AttemptRecord,
) -> Result<Answered, NotAnswered> {
    let limits = asking.snapshot.limits;
    let asked = asking.call.endpoint;
    let goes_on = asking.course.broken().is_some();
    let to_go_on = || resume::door(candidate, asked).filter(|_| goes_on);
    let Some(door) = to_go_on().or_else(|| candidate.provider.door(asked)) else {
        return counted_here(asking, candidate);
    };
    let files = asking.media.files(asking, candidate, &door).await?;
    let sending = sending::prepare(asking, candidate, &door, turn.thoughts(), &files)?;
    let (endpoint, notes, counted) = (sending.endpoint, sending.notes.clone(), sending.counted);
    let translated = !matches!(
        sending.back,
        Back::Verbatim | Back::Enveloped { .. } | Back::Followed { .. }
    );
    attempt.spoken = translated.then(|| endpoint.dialect());
    attempt.hinted = sending.hinted;
    if sending.calls > 1 {
        return fan_out::ask(asking, candidate, &door, sending, key, attempt).await;
    }
    let mut reply = send(asking, candidate, &door, &sending, key).await?;
    attempt.status = Some(reply.status.as_u16());
    watched.announced(&reply.headers);
    if !reply.status.is_success() {
        let refusal = read_refusal(endpoint, reply, limits.idle).await;
        return Err(NotAnswered::refusal(refusal, !translated));
    }
    let headers = std::mem::take(&mut reply.headers);
    let streaming = Streaming {
        comes: opening::is_stream(endpoint, asking.facts.stream, &headers),
        asked: asking.facts.stream,
        purpose: asking.course.passage(),
    };
    let streams = streaming.goes(&sending.back);
    let patience = Patience {
        first_byte: limits.first_byte,
        idle: limits.idle,
        hold: match goes_on {
            // Its caller has heard something already.
            true => limits.first_byte,
            false => limits.hold,
        },
    };
    let reframed = matches!(
        &sending.back,
        Back::Enveloped { .. } | Back::Followed { .. }
    );
    let body = opening::answer(asked, sending, &headers, streaming, reply.body, patience).await?;
    let headers = match translated || (reframed && streams) {
        true => translated_headers(
            asked,
            streams && !sending::wants_a_list(asking.call),
            &headers,
        ),
        false => headers,
    };
    Ok(Answered {
        status: reply.status,
        headers,
        notes,
        counted,
        estimate: None,
        usages: Vec::new(),
        body,
    })
}

/// A count that the provider has no endpoint for is made here.
fn counted_here(asking: &Asking<'_>, candidate: &Candidate) -> Result<Answered, NotAnswered> {
    let request = asking.hub.get(asking)?;
    let count = asking
        .inner
        .counting
        .count(&candidate.provider, &candidate.model, request);
    let headers = translated_headers(asking.call.endpoint, false, &HeaderMap::new());
    let reading = Reading {
        finished: true,
        ..Reading::default()
    };
    Ok(Answered {
        status: StatusCode::OK,
        headers,
        notes: vec![Note {
            loss: Loss::Degraded,
            what: "count".to_owned(),
            why: format!(
                "The provider counts no tokens: this count was made here and may be off by about {} %.",
                count.error_percent
            ),
        }],
        counted: None,
        estimate: Some(count.header()),
        usages: Vec::new(),
        body: AnswerBody::Whole(
            dialect::count_reply(asking.call.endpoint, count.tokens),
            reading,
            None,
        ),
    })
}

/// The headers of an answer that we write.
fn translated_headers(asked: Endpoint, streams: bool, provider: &HeaderMap) -> HeaderMap {
    let mut fresh = headers::for_translated_client(provider);
    let kind = match (streams, asked.dialect()) {
        (true, Dialect::Ollama) => "application/x-ndjson",
        (true, _) => "text/event-stream; charset=utf-8",
        (false, _) => "application/json",
    };
    fresh.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if streams {
        fresh.insert(
            http::header::CACHE_CONTROL,
            HeaderValue::from_static("no-cache"),
        );
    }
    fresh
}

async fn send(
    asking: &Asking<'_>,
    candidate: &Candidate,
    door: &Door<'_>,
    sending: &Sending,
    key: &ShownKey,
) -> Result<UpstreamReply, Failure> {
    let (call, provider, surface) = (asking.call, &candidate.provider, door.surface);
    if provider.practice {
        return practice::serve(call, &candidate.model, asking).await;
    }
    let path = dialect::address(
        surface.hosting,
        &surface.quirks,
        sending.endpoint,
        &candidate.model,
        // Several answers are gathered first.
        asking.facts.stream && sending.calls == 1,
    );
    let Some(url) = upstream::url(surface, &path, sending.query.as_deref()) else {
        return Err(bad_reply("its configured address is not a URL"));
    };
    let mut request = reqwest::Request::new(reqwest::Method::POST, url);
    *request.headers_mut() = sending.headers.clone();
    *request.body_mut() = Some(sending.body.clone().into());
    asking
        .inner
        .upstream
        .send(
            provider,
            surface,
            request,
            key,
            asking.snapshot.limits.first_byte,
        )
        .await
}

/// Reads what a provider said when it refused, and keeps it for a client of the
/// same dialect: its tools match on the exact words.
async fn read_refusal(endpoint: Endpoint, mut reply: UpstreamReply, idle: Duration) -> Refused {
    let status = reply.status.as_u16();
    if reply.status.is_redirection() {
        return refused(Failure {
            status: Some(status),
            ..bad_reply("it answered with a redirect, which is not followed")
        });
    }
    let header = |name: &str| {
        let value = reply.headers.get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    let wait = dialect::retry_after_ms(header, unix_ms());
    let Ok(body) = reply.body.collect(ERROR_LIMIT, idle).await else {
        return refused(classify(endpoint.dialect(), status, wait, b""));
    };
    let failure = classify(endpoint.dialect(), status, wait, &body);
    let is_json = reply
        .headers
        .get(http::header::CONTENT_TYPE)
        .map(HeaderValue::as_bytes)
        .is_some_and(|kind| kind.starts_with(b"application/json"));
    let own_words = is_json && serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_ok();
    let verbatim = own_words.then(|| {
        let mut headers = reply.headers;
        headers::for_client(&mut headers);
        (reply.status, headers, body)
    });
    Box::new((failure, verbatim))
}
