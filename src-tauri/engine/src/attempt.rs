//! Walks a plan: asks one target after the other until one answers.
//!
//! Promises: nothing is sent to a second target once the client has seen a byte
//! (the commit point is the return of [`walk`]). Leaves out the order of targets
//! (`routing::plan`) and what each failure leads to (`routing::after`).

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use dialect::{
    Endpoint, Facts, Failure, FailureCategory, Reading, StreamReader, classify, read_whole,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use routing::{Candidate, Next, Plan, Provider, after};

use crate::exchange::Call;
use crate::key::ShownKey;
use crate::live::{ProviderLive, Underway};
use crate::machine::Inner;
use crate::receipt::{AttemptFailure, AttemptRecord};
use crate::relay::take_whole;
use crate::settle::{Settlement, unix_ms};
use crate::snapshot::Snapshot;
use crate::upstream::{self, UpstreamBody, UpstreamReply, bad_reply};
use crate::{headers, practice};

/// The largest whole answer that is held, in bytes.
const WHOLE_LIMIT: usize = 64 * 1024 * 1024;
/// The most that is held back of a stream that has not begun to speak, in bytes.
const OPENING_LIMIT: usize = 64 * 1024;
/// The largest error body that is read, in bytes.
const ERROR_LIMIT: usize = 1024 * 1024;

/// A target that answers.
pub(crate) struct Answer {
    pub(crate) provider: Arc<Provider>,
    pub(crate) model: String,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) attempt: AttemptRecord,
    pub(crate) key: ShownKey,
    /// Since this attempt began.
    pub(crate) first_byte: Duration,
    pub(crate) live: Option<Arc<ProviderLive>>,
    pub(crate) underway: Option<Underway>,
    pub(crate) body: AnswerBody,
}

#[expect(
    clippy::large_enum_variant,
    reason = "a whole answer is the common one, and lives on the stack for a moment"
)]
pub(crate) enum AnswerBody {
    /// Read to its end.
    Whole(Bytes, Reading),
    /// Its first events are here.
    Stream(Box<Opened>),
}

/// A stream that has shown its first events.
pub(crate) struct Opened {
    pub(crate) reader: StreamReader,
    /// The first whole events.
    pub(crate) opening: Bytes,
    /// The beginning of the next one.
    pub(crate) tail: BytesMut,
    pub(crate) rest: UpstreamBody,
}

/// Nobody answered.
pub(crate) struct AllFailed {
    /// The last failure and whose it was.
    pub(crate) failure: Failure,
    pub(crate) provider: Arc<Provider>,
    /// The provider's own error answer, in the caller's dialect, byte for byte.
    pub(crate) verbatim: Option<Verbatim>,
}

/// The parts of a request that every attempt shares.
pub(crate) struct Asking<'a> {
    pub(crate) inner: &'a Inner,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) call: &'a Call,
    pub(crate) facts: &'a Facts,
    /// The client's headers, ready to travel.
    pub(crate) headers: HeaderMap,
}

/// Tries the candidates in order. Every failed try is written on the receipt.
pub(crate) async fn walk(
    asking: Asking<'_>,
    plan: &Plan,
    settlement: &mut Settlement,
) -> Result<Answer, AllFailed> {
    let mut last: Option<AllFailed> = None;
    for candidate in &plan.candidates {
        match one(&asking, candidate, settlement).await {
            Ok(answer) => return Ok(answer),
            Err(failed) => {
                let stop = after(failed.failure.category) == Next::Stop;
                last = Some(failed);
                if stop {
                    break;
                }
            }
        }
    }
    Err(last.unwrap_or_else(|| unreachable_plan(plan)))
}

/// A plan always has a candidate; if that promise breaks, the client still gets
/// an answer instead of a panic.
fn unreachable_plan(plan: &Plan) -> AllFailed {
    AllFailed {
        failure: bad_reply("no target was tried"),
        provider: plan
            .candidates
            .first()
            .map(|candidate| Arc::clone(&candidate.provider))
            .unwrap_or_else(|| Arc::new(practice::provider())),
        verbatim: None,
    }
}

async fn one(
    asking: &Asking<'_>,
    candidate: &Candidate,
    settlement: &mut Settlement,
) -> Result<Answer, AllFailed> {
    let provider = &candidate.provider;
    let live = asking.inner.live.provider(&provider.id);
    let underway = live.as_ref().map(ProviderLive::enter);
    let mut attempt = AttemptRecord {
        provider: provider.id.clone(),
        model: candidate.model.clone(),
        why: candidate.why.to_owned(),
        started_us: settlement.elapsed_us(),
        took_us: 0,
        status: None,
        failure: None,
    };
    let started = Instant::now();
    // On the receipt from now on, also when the client leaves while we wait.
    settlement.attempting(attempt.clone());
    let key = ShownKey(asking.inner.credentials.key(&provider.key));
    let outcome = ask(asking, candidate, &key, &mut attempt).await;
    attempt.took_us = settlement.elapsed_us().saturating_sub(attempt.started_us);
    match outcome {
        Ok((reply, body)) => {
            let first_byte = started.elapsed();
            // A stream has succeeded when it has ended well, and its relay knows when.
            if let (Some(live), AnswerBody::Whole(..)) = (&live, &body) {
                live.succeeded(Instant::now(), first_byte);
            }
            Ok(Answer {
                key,
                first_byte,
                provider: Arc::clone(provider),
                model: candidate.model.clone(),
                status: reply.0,
                headers: reply.1,
                attempt,
                live,
                underway,
                body,
            })
        }
        Err(refused) => {
            let (failure, verbatim) = discreet(*refused, &key);
            if let Some(live) = &live {
                live.failed(
                    Instant::now(),
                    unix_ms(),
                    failure.category,
                    &failure.message,
                );
            }
            tracing::info!(
                provider = %provider.id,
                model = %candidate.model,
                category = failure.category.name(),
                status = failure.status,
                "attempt failed"
            );
            attempt.failure = Some(AttemptFailure::from(&failure));
            settlement.attempted(attempt);
            Err(AllFailed {
                failure,
                provider: Arc::clone(provider),
                verbatim,
            })
        }
    }
}

/// What may be told of a refusal: never the key, and never the provider's own
/// words about the key. That one is ours, so no tool can act on them, and
/// "incorrect API key" would send a user looking at the client key.
fn discreet(
    (failure, verbatim): (Failure, Option<Verbatim>),
    key: &ShownKey,
) -> (Failure, Option<Verbatim>) {
    let (failure, _) = key.masked(failure, Bytes::new());
    let ours = matches!(
        failure.category,
        FailureCategory::Auth | FailureCategory::Permission
    );
    let may_be_told = |(_, headers, body): &Verbatim| {
        !ours && !key.is_in(body) && !headers.values().any(|value| key.is_in(value.as_bytes()))
    };
    (failure, verbatim.filter(may_be_told))
}

/// A provider's own error answer.
type Verbatim = (StatusCode, HeaderMap, Bytes);
type Head = (StatusCode, HeaderMap);
type Refused = Box<(Failure, Option<Verbatim>)>;

fn refused(failure: Failure) -> Refused {
    Box::new((failure, None))
}

/// One call, until its answer can no longer turn out to be none: a whole reply
/// has been read and looked at, a stream has shown its first event.
async fn ask(
    asking: &Asking<'_>,
    candidate: &Candidate,
    key: &ShownKey,
    attempt: &mut AttemptRecord,
) -> Result<(Head, AnswerBody), Refused> {
    let limits = asking.snapshot.limits;
    let endpoint = asking.call.endpoint;
    let mut reply = send(asking, candidate, key).await.map_err(refused)?;
    attempt.status = Some(reply.status.as_u16());
    if !reply.status.is_success() {
        return Err(read_refusal(endpoint, reply, limits.idle).await);
    }
    let head = (reply.status, std::mem::take(&mut reply.headers));
    let body = if is_event_stream(&head.1) {
        open_stream(endpoint, reply.body, limits.first_byte).await
    } else {
        read_answer(endpoint, reply.body, limits.idle).await
    }
    .map_err(|failure| refused(before_commit(failure)))?;
    Ok((head, body))
}

async fn send(
    asking: &Asking<'_>,
    candidate: &Candidate,
    key: &ShownKey,
) -> Result<UpstreamReply, Failure> {
    let (call, provider) = (asking.call, &candidate.provider);
    if provider.practice {
        return practice::serve(call.endpoint, &candidate.model, asking.facts, &call.body).await;
    }
    let Some(surface) = provider.surface(call.endpoint) else {
        return Err(bad_reply("it has no address for this request"));
    };
    let Some(url) = upstream::url(
        surface,
        call.endpoint.upstream_path(),
        call.query.as_deref(),
    ) else {
        return Err(bad_reply("its configured address is not a URL"));
    };
    let mut request = reqwest::Request::new(reqwest::Method::POST, url);
    let mut headers = asking.headers.clone();
    upstream::show_key(&mut headers, surface.auth, key.0.as_deref());
    *request.headers_mut() = headers;
    *request.body_mut() = Some(asking.facts.rename(&call.body, &candidate.model).into());
    asking
        .inner
        .upstream
        .send(provider, request, asking.snapshot.limits.first_byte)
        .await
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    headers
        .get(http::header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"))
}

async fn read_answer(
    endpoint: Endpoint,
    mut body: UpstreamBody,
    idle: Duration,
) -> Result<AnswerBody, Failure> {
    let bytes = body.collect(WHOLE_LIMIT, idle).await?;
    let reading = read_whole(endpoint, &bytes).map_err(|none| bad_reply(none.reason))?;
    match reading.failure.clone() {
        // Some providers wrap their errors in a 200.
        Some(failure) => Err(failure),
        None => Ok(AnswerBody::Whole(bytes, reading)),
    }
}

/// Waits for the first event that says something, all in all `first_byte` long.
/// Comments and pings do not: some providers send them while they still queue, and
/// what fails after them can be absorbed as long as the client has not seen them.
async fn open_stream(
    endpoint: Endpoint,
    mut body: UpstreamBody,
    first_byte: Duration,
) -> Result<AnswerBody, Failure> {
    let mut reader = StreamReader::new(endpoint);
    let mut tail = BytesMut::new();
    let mut opening = BytesMut::new();
    let deadline = Instant::now() + first_byte;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let Some(bytes) = body.next(left).await else {
            return Err(bad_reply("it opened a stream and closed it without a word"));
        };
        let (whole, _) = take_whole(&mut reader, &mut tail, bytes?);
        let reading = reader.reading();
        if let Some(failure) = &reading.failure
            && reading.output_bytes == 0
        {
            // An error inside a 200, before a word was said: still ours to absorb.
            return Err(failure.clone());
        }
        let first = opening.is_empty();
        let says_something = has_begun(reading) || opening.len() > OPENING_LIMIT;
        if says_something && first && !whole.is_empty() {
            return Ok(opened(reader, whole, tail, body));
        }
        opening.extend_from_slice(&whole);
        if says_something && !opening.is_empty() {
            return Ok(opened(reader, opening.freeze(), tail, body));
        }
    }
}

fn opened(reader: StreamReader, opening: Bytes, tail: BytesMut, rest: UpstreamBody) -> AnswerBody {
    AnswerBody::Stream(Box::new(Opened {
        reader,
        opening,
        tail,
        rest,
    }))
}

fn has_begun(reading: &Reading) -> bool {
    reading.model.is_some()
        || reading.upstream_id.is_some()
        || reading.output_bytes > 0
        || reading.stop.is_some()
        || reading.finished
}

/// A body that broke before the client saw a byte is the provider's failure, and the
/// next target may do better.
fn before_commit(failure: Failure) -> Failure {
    match failure.category {
        FailureCategory::BrokenStream => Failure {
            category: FailureCategory::Server,
            ..failure
        },
        _ => failure,
    }
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
