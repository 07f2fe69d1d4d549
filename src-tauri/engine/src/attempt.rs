//! One attempt: asks one target, until its answer can no longer turn out to be none.
//!
//! Promises: every try stands on the receipt and is told to health, however it ends; a refusal never
//! repeats the provider's key. Leaves out which target is asked, and what a failure leads to (`walk`).

pub(crate) mod fan_out;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use dialect::hub::{Loss, Note};
use dialect::{
    Dialect, Endpoint, Facts, Failure, FailureCategory, Fault, Reading, Task, Usage, classify,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use routing::{Ask, Candidate, Door, Policy, Provider};

use crate::conditions::Watched;
use crate::exchange::Call;
use crate::key::ShownKey;
use crate::live::{ProviderLive, Underway};
use crate::machine::Inner;
use crate::media::Media;
use crate::opening::{self, AnswerBody, Patience, Streaming};
use crate::passage::Back;
use crate::receipt::{AttemptFailure, AttemptRecord, ReceiptId};
use crate::resume::{self, Course};
use crate::sending::{self, InHub, Sending, Thoughts, Unsent};
use crate::settle::{Settlement, unix_ms};
use crate::snapshot::Snapshot;
use crate::upstream::{self, UpstreamReply, bad_reply};
use crate::{headers, practice};

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
    pub(crate) underway: Option<Underway>,
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
    /// Its alias has a rule: what follows a failure goes by health too.
    pub(crate) guided: bool,
    /// What the plan allows.
    pub(crate) policy: Policy,
    /// The request may not leave this machine and network.
    pub(crate) local_only: bool,
    /// How many targets its plan has.
    pub(crate) targets: u32,
    /// What becomes of its answer.
    pub(crate) course: Course<'a>,
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
}

impl Turn {
    fn why(self, candidate: &Candidate) -> String {
        match self {
            Turn::First => candidate.why.to_string(),
            Turn::Again => "once more: what happened is a moment's trouble as a rule".to_owned(),
            Turn::WithoutThoughts => "again without the thoughts that it refused".to_owned(),
        }
    }

    fn thoughts(self) -> Thoughts {
        match self {
            Turn::First | Turn::Again => Thoughts::Shown,
            Turn::WithoutThoughts => Thoughts::LeftOut,
        }
    }
}

/// Asks one target. The try stands on the receipt, however it ends.
pub(crate) async fn one(
    asking: &Asking<'_>,
    candidate: &Candidate,
    turn: Turn,
    settlement: &mut Settlement,
) -> Result<Answer, Failed> {
    let provider = &candidate.provider;
    let live = asking.inner.live.provider(&provider.id);
    let underway = live.as_ref().map(ProviderLive::enter);
    let mut attempt = AttemptRecord {
        provider: provider.id.clone(),
        model: candidate.model.clone(),
        why: match asking.course.broken() {
            Some(broken) => broken.why(),
            None => turn.why(candidate),
        },
        started_us: settlement.elapsed_us(),
        took_us: 0,
        status: None,
        failure: None,
        spoken: None,
        calls: 1,
    };
    let started = Instant::now();
    // On the receipt from now on, also when the client leaves while we wait.
    settlement.attempting(attempt.clone());
    let key = ShownKey::new(asking.inner.credentials.key(&provider.key));
    let watched = asking.inner.conditions.watch(candidate, &asking.ask);
    let outcome = ask(asking, candidate, turn, &watched, &key, &mut attempt).await;
    attempt.took_us = settlement.elapsed_us().saturating_sub(attempt.started_us);
    match outcome {
        Ok(answered) => {
            let first_byte = started.elapsed();
            // A stream has succeeded when it has ended well, and its relay knows when.
            let watched = match &answered.body {
                AnswerBody::Whole(_, reading, _) => {
                    if let Some(live) = &live {
                        live.succeeded(Instant::now(), first_byte);
                    }
                    // A count that was made here says nothing of the provider.
                    if answered.estimate.is_none() {
                        // The time to a whole answer is not the time to its first word.
                        let teaches = asking.call.endpoint.task() != Task::Generate;
                        watched.answered(first_byte, reading, teaches);
                    }
                    None
                }
                AnswerBody::Stream(_) => Some(watched),
            };
            Ok(Answer {
                key,
                first_byte,
                provider: Arc::clone(provider),
                model: candidate.model.clone(),
                status: answered.status,
                headers: answered.headers,
                notes: answered.notes,
                counted: answered.counted,
                estimate: answered.estimate,
                usages: answered.usages,
                attempt,
                live,
                underway,
                watched,
                body: answered.body,
            })
        }
        Err(NotAnswered::Unsent(unsent)) => {
            settlement.not_attempted();
            Err(Failed::Unsent(unsent))
        }
        Err(NotAnswered::Refused(refused)) => {
            let (failure, verbatim) = discreet(*refused, &key);
            watched.failed(&failure);
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
            Err(Failed::Attempt(AllFailed {
                failure,
                provider: Arc::clone(provider),
                verbatim,
                fault: None,
            }))
        }
    }
}

/// Why one target brought nothing.
#[expect(
    clippy::large_enum_variant,
    reason = "a failed attempt is the common one, and lives on the stack for a moment"
)]
pub(crate) enum Failed {
    Unsent(Unsent),
    Attempt(AllFailed),
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
        true => translated_headers(asked, streams && !sending::wants_a_list(asking), &headers),
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
