//! What goes back to the client, and the receipt that goes before it.
//!
//! Promises: every answer is signed with its receipt's name, and the receipt is
//! durable before the client can take the answer for complete.

use std::sync::Arc;

use dialect::hub::Note;
use dialect::{Dialect, Failure, Fault};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use crate::attempt::{AllFailed, Answer};
use crate::headers;
use crate::ledger::Recorded;
use crate::memory::Memory;
use crate::opening::AnswerBody;
use crate::receipt::{AttemptRecord, Ending};
use crate::relay::{Idle, Phase, Pulse, Relay, ReplyBody};
use crate::resume::Reserve;
use crate::settle::{Settlement, is_half_told, paused};
use crate::snapshot::Snapshot;
use crate::tools::Rounds;

/// What may follow when a stream can't or need not end where its provider ends it.
pub(crate) enum Further {
    /// Nothing.
    None,
    /// Another target goes on with one that breaks.
    Reserve(Box<Reserve>),
    /// Tools are run, and its model goes on.
    Rounds(Box<Rounds>),
}

/// Hands the answer to the client.
pub(crate) async fn deliver(
    snapshot: &Arc<Snapshot>,
    dialect: Dialect,
    answer: Answer,
    mut memory: Memory,
    further: Further,
    mut settlement: Settlement,
) -> Response<ReplyBody> {
    let status = answer.status.as_u16();
    settlement.served_by(snapshot, &answer.provider, &answer.model, status);
    let mut response_headers = answer.headers;
    headers::for_client(&mut response_headers);
    sign(
        &mut response_headers,
        &settlement,
        Some((&answer.provider.id, &answer.model)),
        settlement.attempts(),
    );
    if let Some(estimate) = answer.estimate {
        response_headers.insert(headers::ESTIMATE.clone(), estimate);
    }
    if let Some(counted) = answer.counted {
        settlement.counted(counted);
    }
    settlement.paid(answer.usages);
    let mut notes = answer.notes;
    if let AnswerBody::Whole(_, reading, _) = &answer.body
        && is_half_told(reading, Some(&answer.attempt))
    {
        notes.push(paused());
    }
    if !notes.is_empty() {
        tell(&mut response_headers, &notes);
        settlement.translated(notes);
    }
    let body = match answer.body {
        AnswerBody::Whole(bytes, reading, reply) => {
            if let Some(reply) = reply {
                memory.reply(&reply);
            }
            settlement.attempted(finished(answer.attempt, &settlement));
            settlement.read(reading);
            settlement.sent(&bytes);
            durable(settlement.settle(Ending::Complete)).await;
            ReplyBody::whole(bytes)
        }
        AnswerBody::Stream(opened) => ReplyBody::stream(Relay {
            dialect,
            upstream: opened.rest,
            passage: opened.passage,
            opening: Some(opened.opening),
            settlement,
            attempt: Some(answer.attempt),
            key: answer.key,
            stop: answer.underway.watch(),
            first_byte: answer.first_byte,
            live: answer.live,
            underway: Some(answer.underway),
            watched: answer.watched,
            provider_name: answer.provider.name.clone(),
            idle: Idle::new(snapshot.limits.idle),
            pulse: Pulse::new(snapshot.limits.ping),
            memory,
            further,
            phase: Phase::Flowing,
        }),
    };
    respond(answer.status, response_headers, body)
}

/// The most bytes of notes in a header: some clients read no more than 8 KiB of headers.
const NOTES_LIMIT: usize = 1_024;

/// Says in short what the translation could not carry. The sentences are on the receipt.
fn tell(response_headers: &mut HeaderMap, notes: &[Note]) {
    let mut text = String::new();
    for note in notes {
        let code: String = note
            .code()
            .chars()
            .filter(|c| c.is_ascii_graphic())
            .collect();
        if text.len() + code.len() + 2 > NOTES_LIMIT {
            text.push_str(", more");
            break;
        }
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(&code);
    }
    if let Ok(value) = HeaderValue::try_from(text) {
        response_headers.insert(headers::NOTES.clone(), value);
    }
}

fn finished(mut attempt: AttemptRecord, settlement: &Settlement) -> AttemptRecord {
    attempt.took_us = settlement.elapsed_us().saturating_sub(attempt.started_us);
    attempt
}

/// Tells the client that no target answered: in the provider's own words when
/// there was but one, in ours when there were several.
pub(crate) async fn give_up(
    dialect: Dialect,
    failed: AllFailed,
    mut settlement: Settlement,
) -> Response<ReplyBody> {
    let provider = &failed.provider;
    let tried = settlement.targets();
    if let Some(fault) = &failed.fault {
        return refuse(settlement, dialect, fault, Ending::Refused, None).await;
    }
    let mut fault = Fault::from_failure(&failed.failure, &provider.name);
    if tried > 1 {
        fault.message = format!("All {tried} targets failed. The last: {}", fault.message);
    }
    if let Some((status, mut response_headers, body)) = failed.verbatim.filter(|_| tried <= 1) {
        settlement.refused(status.as_u16(), &fault);
        settlement.sent(&body);
        sign(
            &mut response_headers,
            &settlement,
            Some((&provider.id, "")),
            settlement.attempts(),
        );
        durable(settlement.settle(Ending::Failed)).await;
        return respond(status, response_headers, ReplyBody::whole(body));
    }
    let wait = retry_after_s(&failed.failure);
    refuse(settlement, dialect, &fault, Ending::Failed, wait).await
}

/// Whole seconds, because tools parse nothing else reliably.
fn retry_after_s(failure: &Failure) -> Option<u64> {
    failure.retry_after_ms.map(|ms| ms.div_ceil(1000).max(1))
}

/// An error in the caller's dialect, its receipt in the ledger first.
pub(crate) async fn refuse(
    mut settlement: Settlement,
    dialect: Dialect,
    fault: &Fault,
    ending: Ending,
    retry_after_s: Option<u64>,
) -> Response<ReplyBody> {
    let status = fault.status_in(dialect);
    let body = fault.body(dialect, &settlement.id().to_string());
    settlement.refused(status, fault);
    settlement.sent(&body);
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    if let Some(seconds) = retry_after_s {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    let last = settlement.last_tried().map(|provider| (provider, ""));
    sign(&mut headers, &settlement, last, settlement.attempts());
    durable(settlement.settle(ending)).await;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    respond(status, headers, ReplyBody::whole(body))
}

/// Waits for the ledger. When it can't write, the answer goes out all the same:
/// it exists and is paid for, and the panel shows the ledger's trouble.
pub(crate) async fn durable(recorded: Option<Recorded>) {
    if let Some(recorded) = recorded
        && !matches!(recorded.await, Ok(Ok(())))
    {
        tracing::error!("a reply is released without a durable receipt");
    }
}

/// Says on the reply whose it is and where its receipt lies.
pub(crate) fn sign(
    response_headers: &mut HeaderMap,
    settlement: &Settlement,
    server: Option<(&str, &str)>,
    attempts: usize,
) {
    let mut put = |name: &http::HeaderName, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            response_headers.insert(name.clone(), value);
        }
    };
    put(&headers::RECEIPT, settlement.id().to_string());
    if let Some((provider, model)) = server {
        put(&headers::PROVIDER, provider.to_owned());
        if !model.is_empty() {
            put(&headers::MODEL, model.to_owned());
        }
    }
    put(&headers::ATTEMPTS, attempts.to_string());
}

pub(crate) fn respond(
    status: StatusCode,
    headers: HeaderMap,
    body: ReplyBody,
) -> Response<ReplyBody> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// A refusal without a receipt.
pub(crate) fn without_receipt(dialect: Dialect, fault: &Fault) -> Response<ReplyBody> {
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    let status = StatusCode::from_u16(fault.status_in(dialect));
    let body = ReplyBody::whole(fault.body(dialect, ""));
    respond(status.unwrap_or(StatusCode::FORBIDDEN), headers, body)
}
