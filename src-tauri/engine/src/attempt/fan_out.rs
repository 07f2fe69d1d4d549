//! Several answers from a provider that gives one to a request: it is asked that many times.
//!
//! Promises: only as many as the config allows, because each is paid for; all at the same time, and
//! all or none: when one fails the others are dropped, and the next target is asked. The answers are
//! gathered before the first is shown, in a stream too.

use dialect::Reading;
use dialect::hub::{self, Loss, Note, Refused, Target};
use futures_util::future::try_join_all;

use super::{
    Answered, Asking, AttemptRecord, Back, Candidate, Door, Failure, HeaderMap, NotAnswered,
    Sending, ShownKey, StatusCode, bad_reply, read_refusal, send, translated_headers,
};
use crate::opening::{AnswerBody, WHOLE_LIMIT, before_commit};
use crate::sending::{Unsent, wants_a_list};

/// How many times `target` must be asked for the answers that are wanted.
pub(crate) fn calls(
    request: &hub::Request,
    target: &Target<'_>,
    asking: &Asking<'_>,
) -> Result<u32, Unsent> {
    let wanted = request.candidates.unwrap_or(1).max(1);
    if wanted == 1 || target.gives_several() {
        return Ok(1);
    }
    let most = asking.snapshot.translation.fan_out;
    if wanted <= most {
        return Ok(wanted);
    }
    if asking.lossy {
        return Ok(1);
    }
    let why = match most {
        0 | 1 => format!(
            "It gives one answer to a request. Signalbox asks it {wanted} times, each of them paid, when the \
             config says `fan_out = {wanted}` under [translation]."
        ),
        most => format!(
            "It gives one answer to a request, and the config lets Signalbox ask it {most} times at most \
             (`fan_out` under [translation])."
        ),
    };
    Err(Unsent::Unfit(Refused {
        what: "n".to_owned(),
        why,
    }))
}

/// What is said of an answer that was put together.
pub(crate) fn note(calls: u32, stream: bool) -> Note {
    let gathered = match stream {
        true => " The answers were gathered before the first was sent.",
        false => "",
    };
    Note {
        loss: Loss::Equivalent,
        what: "n".to_owned(),
        why: format!(
            "The provider gives one answer to a request: it was asked {calls} times, and each was paid for.{gathered}"
        ),
    }
}

/// Asks `sending.calls` times at once, and puts the answers side by side.
pub(super) async fn ask(
    asking: &Asking<'_>,
    candidate: &Candidate,
    door: &Door<'_>,
    sending: Sending,
    key: &ShownKey,
    attempt: &mut AttemptRecord,
) -> Result<Answered, NotAnswered> {
    let Sending { calls, .. } = sending;
    attempt.calls = calls;
    let Back::Translated { writing, back, .. } = &sending.back else {
        return Err(bad_reply("it can't be asked several times").into());
    };
    let each: Vec<_> = (0..calls)
        .map(|_| one(asking, candidate, door, &sending, key, back))
        .collect();
    let gathered = try_join_all(each).await;
    let gathered = gathered.inspect_err(|refused| {
        if let NotAnswered::Refused(refused) = refused {
            attempt.status = refused.0.status;
        }
    })?;
    let (mut first, mut answers) = (None, Vec::with_capacity(gathered.len()));
    for (status, headers, answer) in gathered {
        first.get_or_insert((status, headers));
        answers.push(answer);
    }
    let (status, headers) = first.unwrap_or((StatusCode::OK, HeaderMap::new()));
    attempt.status = Some(status.as_u16());
    let asked = asking.call.endpoint;
    let streams = asking.facts.stream;
    let usages = answers
        .iter()
        .filter_map(|answer| dialect::usage_of(answer))
        .collect();
    let (bytes, reading, reply) = dialect::write_several(answers, writing, streams);
    Ok(Answered {
        status,
        headers: translated_headers(asked, streams && !wants_a_list(asking.call), &headers),
        notes: sending.notes,
        counted: None,
        estimate: None,
        usages,
        body: AnswerBody::Whole(bytes, reading, Some(Box::new(reply))),
    })
}

/// One call, to the end of its answer.
async fn one(
    asking: &Asking<'_>,
    candidate: &Candidate,
    door: &Door<'_>,
    sending: &Sending,
    key: &ShownKey,
    back: &hub::Back,
) -> Result<(StatusCode, HeaderMap, Vec<hub::Event>), NotAnswered> {
    let mut reply = send(asking, candidate, door, sending, key).await?;
    let idle = asking.snapshot.limits.idle;
    if !reply.status.is_success() {
        let refusal = read_refusal(sending.endpoint, reply, idle).await;
        return Err(NotAnswered::refusal(refusal, false));
    }
    let headers = std::mem::take(&mut reply.headers);
    let most = WHOLE_LIMIT / sending.calls as usize;
    let body = reply
        .body
        .collect(most, idle)
        .await
        .map_err(before_commit)?;
    let answer = read(sending, &body, &candidate.provider.id, back.clone())?;
    Ok((reply.status, headers, answer))
}

/// One answer's events; an error inside a 200 is told by what it is, not by what is missing.
fn read(
    sending: &Sending,
    body: &[u8],
    provider: &str,
    back: hub::Back,
) -> Result<Vec<hub::Event>, Failure> {
    if let Ok(Reading {
        failure: Some(failure),
        ..
    }) = dialect::read_whole(sending.endpoint, body)
    {
        return Err(failure);
    }
    let answer = dialect::read_answer(sending.endpoint, body, provider, back)
        .map_err(|none| bad_reply(none.reason))?;
    let failed = answer.iter().find_map(|event| match event {
        hub::Event::Failed(failure) => Some(failure.clone()),
        _ => None,
    });
    failed.map_or(Ok(answer), Err)
}
