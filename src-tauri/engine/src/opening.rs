//! The beginning of an answer: read until it can no longer turn out to be none.
//!
//! Promises: a whole reply has been read and looked at, a stream has shown real content (a word, a
//! thought, a call, or its end) before the client sees a byte. Comments, pings and an opening
//! envelope are no content: some providers send them while they still queue, and what fails after
//! them can be absorbed. Leaves out what follows from a failure (`attempt`).

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use dialect::hub::Reply;
use dialect::{
    Endpoint, Failure, FailureCategory, Reading, Task, read_whole, translate_whole,
    translate_whole_to_stream,
};
use http::HeaderMap;

use crate::passage::{Back, Passage, Use};
use crate::sending::Sending;
use crate::upstream::{UpstreamBody, bad_reply};

/// The largest whole answer that is held, in bytes.
pub(crate) const WHOLE_LIMIT: usize = 64 * 1024 * 1024;
/// The most that is held back of a stream that has not begun to speak, in bytes.
const OPENING_LIMIT: usize = 64 * 1024;
#[expect(
    clippy::large_enum_variant,
    reason = "a whole answer is the common one, and lives on the stack for a moment"
)]
pub(crate) enum AnswerBody {
    /// Read to its end. With the reply, where a later request may come back to it.
    Whole(Bytes, Reading, Option<Box<Reply>>),
    /// Its first events are here.
    Stream(Box<Opened>),
}

/// A stream that has shown its first events.
pub(crate) struct Opened {
    pub(crate) passage: Passage,
    /// The first whole events, as the client gets them.
    pub(crate) opening: Bytes,
    pub(crate) rest: UpstreamBody,
}

/// How long the beginning may take.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    pub(crate) first_byte: Duration,
    pub(crate) idle: Duration,
    /// How long a stream that has opened may stay without content before it is let through as it
    /// is: a model may think for minutes, and its client should know that it is heard.
    pub(crate) hold: Duration,
}

/// How an answer comes, and how its caller wants it.
#[derive(Clone, Copy)]
pub(crate) struct Streaming<'a> {
    pub(crate) comes: bool,
    pub(crate) asked: bool,
    /// What a stream is for.
    pub(crate) purpose: Use<'a>,
}

impl Streaming<'_> {
    /// Whether the caller gets a stream. What is translated is written as it was asked for, also
    /// where a provider takes no notice of `stream` and answers in one piece.
    pub(crate) fn goes(self, back: &Back) -> bool {
        self.comes || (self.asked && matches!(back, Back::Translated { .. }))
    }
}

/// Reads the answer to `sending` until it is one.
pub(crate) async fn answer(
    asked: Endpoint,
    sending: Sending,
    headers: &HeaderMap,
    streaming: Streaming<'_>,
    body: UpstreamBody,
    patience: Patience,
) -> Result<AnswerBody, Failure> {
    if streaming.comes {
        let passage = passage(asked, sending, headers).serving(streaming.purpose);
        stream(passage, body, patience).await
    } else if matches!(streaming.purpose, Use::Gathered) {
        Err(bad_reply(
            "it answered in one piece where it was to go on with a stream",
        ))
    } else {
        whole(asked, sending, streaming, body, patience.idle).await
    }
    .map_err(before_commit)
}

fn passage(asked: Endpoint, sending: Sending, headers: &HeaderMap) -> Passage {
    match sending.back {
        Back::Translated {
            writing,
            back,
            keep,
        } => Passage::translated(sending.endpoint, headers, *writing, *back, keep),
        Back::Followed { keep, writing } => Passage::translated(
            sending.endpoint,
            headers,
            *writing,
            dialect::hub::Back::default(),
            keep,
        ),
        // Amazon frames the vendor's events in its own way; taken out, they are the vendor's.
        Back::Enveloped { writing } if !says(headers, b"text/event-stream") => Passage::translated(
            sending.endpoint,
            headers,
            *writing,
            dialect::hub::Back::default(),
            false,
        ),
        Back::Verbatim | Back::Enveloped { .. } | Back::Vectors { .. } => Passage::verbatim(asked),
    }
}

async fn whole(
    asked: Endpoint,
    sending: Sending,
    streaming: Streaming<'_>,
    mut body: UpstreamBody,
    idle: Duration,
) -> Result<AnswerBody, Failure> {
    let bytes = body.collect(WHOLE_LIMIT, idle).await?;
    let unusable = |none: dialect::NotAReply| bad_reply(none.reason);
    let (bytes, reading, reply) = match sending.back {
        Back::Translated { writing, back, .. } => {
            let translate = match streaming.asked {
                true => translate_whole_to_stream,
                false => translate_whole,
            };
            // An error object inside a 200 is told by what it is, not by what is missing.
            let error = read_whole(sending.endpoint, &bytes).map(|reading| reading.failure);
            if let Ok(Some(failure)) = error {
                return Err(failure);
            }
            let (bytes, reading, reply) =
                translate(sending.endpoint, &bytes, &writing, *back).map_err(unusable)?;
            (bytes, reading, Some(Box::new(reply)))
        }
        Back::Vectors {
            model,
            base64,
            input_tokens,
        } => {
            let (bytes, reading) = dialect::translate_embed(
                sending.endpoint,
                asked,
                &bytes,
                &model,
                base64,
                input_tokens,
            )
            .map_err(unusable)?;
            (bytes, reading, None)
        }
        Back::Verbatim | Back::Enveloped { .. } | Back::Followed { .. } => {
            let reading = read_whole(asked, &bytes).map_err(unusable)?;
            (bytes, reading, None)
        }
    };
    match reading.failure.clone() {
        // Some providers wrap their errors in a 200.
        Some(failure) => Err(failure),
        None => Ok(AnswerBody::Whole(bytes, reading, reply)),
    }
}

/// Waits for the first content, all in all `first_byte` long.
async fn stream(
    mut passage: Passage,
    mut body: UpstreamBody,
    patience: Patience,
) -> Result<AnswerBody, Failure> {
    let mut opening = BytesMut::new();
    let mut deadline = Instant::now() + patience.first_byte;
    let mut opened_at: Option<Instant> = None;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let next = body.next(left).await;
        let held_long_enough = opened_at.is_some_and(|since| since.elapsed() >= patience.hold);
        if held_long_enough
            && matches!(&next, Some(Err(f)) if f.category == FailureCategory::Timeout)
        {
            return Ok(opened(passage, opening.freeze(), body));
        }
        let Some(bytes) = next else {
            let rest = passage.finish();
            let reading = passage.reading();
            if let Some(failure) = &reading.failure {
                return Err(failure.clone());
            }
            if !passage.is_whole() {
                return Err(bad_reply(
                    "it opened a stream and closed it before its answer was whole",
                ));
            }
            opening.extend_from_slice(&rest);
            return Ok(opened(passage, opening.freeze(), body));
        };
        let (whole, _) = passage.feed(bytes?);
        let reading = passage.reading();
        if let Some(failure) = &reading.failure {
            // An error inside a 200, before the client saw a word: still ours to absorb.
            return Err(failure.clone());
        }
        let first = opening.is_empty();
        let speaks = has_content(reading) || opening.len() > OPENING_LIMIT;
        if speaks && passage.gathers() {
            return Ok(opened(passage, Bytes::new(), body));
        }
        if speaks && first && !whole.is_empty() {
            return Ok(opened(passage, whole, body));
        }
        opening.extend_from_slice(&whole);
        if speaks && !opening.is_empty() {
            return Ok(opened(passage, opening.freeze(), body));
        }
        if opened_at.is_none() && has_begun(passage.reading()) {
            let now = Instant::now();
            opened_at = Some(now);
            deadline = deadline.min(now + patience.hold);
        }
    }
}

fn opened(passage: Passage, opening: Bytes, rest: UpstreamBody) -> AnswerBody {
    AnswerBody::Stream(Box::new(Opened {
        passage,
        opening,
        rest,
    }))
}

/// Something was said, or the answer is over.
fn has_content(reading: &Reading) -> bool {
    reading.output_bytes > 0 || reading.stop.is_some() || reading.finished
}

/// The provider has named itself.
fn has_begun(reading: &Reading) -> bool {
    reading.model.is_some() || reading.upstream_id.is_some() || has_content(reading)
}

/// A body that broke before the client saw a byte is the provider's failure, and the
/// next target may do better.
pub(crate) fn before_commit(failure: Failure) -> Failure {
    match failure.category {
        FailureCategory::BrokenStream => Failure {
            category: FailureCategory::Server,
            ..failure
        },
        _ => failure,
    }
}

/// Whether an answer with these headers is a stream of events.
pub(crate) fn is_stream(endpoint: Endpoint, asked_to_stream: bool, headers: &HeaderMap) -> bool {
    let streams =
        says(headers, b"text/event-stream") || says(headers, b"application/vnd.amazon.eventstream");
    let lines = says(headers, b"application/x-ndjson")
        || (endpoint.dialect() == dialect::Dialect::Ollama
            && endpoint.task() == Task::Generate
            && asked_to_stream);
    streams || lines
}

fn says(headers: &HeaderMap, kind: &[u8]) -> bool {
    headers
        .get(http::header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(kind))
}
