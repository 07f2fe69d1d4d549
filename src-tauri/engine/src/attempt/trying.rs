//! One try, in three parts that a race of two can hold apart: it begins, it runs, it ends.
//!
//! Promises: it stands on the receipt from its beginning, because a client may leave while it runs; health is told
//! of it however it ends, and that its first word is overdue when it is. One that is dropped while it runs blames
//! nobody. A refusal never repeats the provider's key. Leaves out the call itself (`attempt`).

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use dialect::{Failure, FailureCategory, Task};
use routing::{Ask, Candidate, Contender, Dropped, Remedy, first_token_deadline, remedy};

use super::{AllFailed, Answer, Answered, Asking, NotAnswered, Turn, Verbatim, ask, response};
use crate::conditions::Watched;
use crate::drain::{self, Underway};
use crate::faults;
use crate::key::ShownKey;
use crate::live::ProviderLive;
use crate::opening::AnswerBody;
use crate::receipt::{AttemptFailure, AttemptRecord, Basis, Lost};
use crate::resume::Course;
use crate::sending::Unsent;
use crate::settle::{Settlement, micros, unix_ms};
use crate::upstream::late;

/// Why one target brought nothing.
#[expect(
    clippy::large_enum_variant,
    reason = "a failed attempt is the common one, and lives on the stack for a moment"
)]
pub(crate) enum Failed {
    Unsent(Unsent),
    Attempt(AllFailed),
}

/// Asks one target. `others` could be asked instead.
pub(crate) async fn one(
    asking: &Asking<'_>,
    candidate: &Candidate,
    turn: Turn,
    others: &[&Candidate],
    settlement: &mut Settlement,
) -> Result<Answer, Failed> {
    let mut one = Try::begin(asking, candidate, turn, settlement).map_err(|failed| *failed)?;
    let outcome = one.run(asking, candidate, others, &Taken::default()).await;
    let (result, record) = one.end(asking, candidate, outcome);
    settlement.ended(&result, record);
    result
}

/// A try that has begun.
pub(crate) struct Try {
    turn: Turn,
    record: AttemptRecord,
    started: Instant,
    key: ShownKey,
    live: Option<Arc<ProviderLive>>,
    underway: Underway,
    watched: Watched,
}

/// Which of the others was asked meanwhile: it is no longer one to go to.
#[derive(Debug)]
pub(crate) struct Taken(AtomicUsize);

impl Default for Taken {
    fn default() -> Self {
        Taken(AtomicUsize::new(usize::MAX))
    }
}

impl Taken {
    pub(crate) fn take(&self, place: usize) {
        self.0.store(place, Ordering::Relaxed);
    }

    /// Whether another could be asked now.
    fn left(&self, asking: &Asking<'_>, others: &[&Candidate]) -> Option<usize> {
        let taken = self.0.load(Ordering::Relaxed);
        let places = others.iter().enumerate();
        let left = places.filter_map(|(place, one)| (place != taken).then_some(*one));
        let left: Vec<&Candidate> = left.collect();
        asking.inner.conditions.next(&left, &asking.ask)
    }
}

/// What a try brought, until it is ended with it.
pub(crate) struct Outcome(Result<Answered, NotAnswered>);

impl Outcome {
    /// It can no longer turn out to be none.
    pub(crate) fn is_answer(&self) -> bool {
        self.0.is_ok()
    }

    /// No other target would do better.
    pub(crate) fn is_final(&self) -> bool {
        match &self.0 {
            Err(NotAnswered::Refused(refused)) => remedy(refused.0.category) == Remedy::None,
            Err(NotAnswered::Unsent(_)) | Ok(_) => false,
        }
    }
}

/// What shows that a target is at work, for a request of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Words {
    /// Its first word comes long before its last.
    First,
    /// Nothing comes before the whole of it.
    Whole,
    /// It is no work worth a word: tokens are counted.
    None,
}

impl Words {
    pub(crate) fn of(asking: &Asking<'_>) -> Words {
        match asking.call.endpoint.task() {
            Task::Generate if !asking.facts.stream => Words::Whole,
            Task::Count => Words::None,
            _ => Words::First,
        }
    }
}

impl Try {
    /// Puts it on the receipt.
    ///
    /// # Errors
    /// When the target takes nothing new.
    pub(crate) fn begin(
        asking: &Asking<'_>,
        candidate: &Candidate,
        turn: Turn,
        settlement: &mut Settlement,
    ) -> Result<Try, Box<Failed>> {
        let provider = &candidate.provider;
        let live = asking.inner.live.provider(&provider.id);
        let key = asking.inner.credentials.key(&candidate.key);
        let underway = drain::enter(asking, candidate, key.as_ref(), live.as_ref())
            .map_err(|why| Box::new(turned_away(candidate, &why, settlement)))?;
        let record = AttemptRecord {
            provider: provider.id.clone(),
            model: candidate.model.clone(),
            key: (!provider.more_keys.is_empty()).then(|| candidate.key.name().to_owned()),
            why: match asking.course {
                Course::GoesOn(broken) => broken.why(),
                Course::Turn(one) if one.before > 0 && turn == Turn::First => {
                    "goes on with what its tools have found".to_owned()
                }
                _ => turn.why(candidate),
            },
            started_us: settlement.elapsed_us(),
            took_us: 0,
            status: None,
            failure: None,
            spoken: None,
            hinted: false,
            calls: 1,
            lost: None,
        };
        settlement.attempting(record.clone());
        Ok(Try {
            turn,
            record,
            started: Instant::now(),
            key: ShownKey::new(key),
            live,
            underway,
            watched: asking.inner.conditions.watch(candidate, &asking.ask),
        })
    }

    /// Runs it to what it brings, or until its first word is so late that another of those that are left is
    /// the better bet.
    pub(crate) async fn run(
        &mut self,
        asking: &Asking<'_>,
        candidate: &Candidate,
        others: &[&Candidate],
        taken: &Taken,
    ) -> Outcome {
        let (turn, watched) = (self.turn, &self.watched);
        let alarms = Alarm::of(asking, watched, self.started, others);
        let (underway, key, record) = (&self.underway, &self.key, &mut self.record);
        let mut call = pin!(async {
            tokio::select! {
                // First, because an answer that is there is worth having.
                biased;
                outcome = ask(asking, candidate, turn, watched, key, record) => outcome,
                why = underway.cut() => Err(drain::taken_back(&why).into()),
            }
        });
        for (at, alarm) in alarms.into_iter().flatten() {
            tokio::select! {
                biased;
                outcome = call.as_mut() => return Outcome(outcome),
                () = tokio::time::sleep_until(at.into()) => {}
            }
            if is_gathered(asking) {
                break;
            }
            match alarm {
                Alarm::Overdue => watched.overdue(),
                Alarm::Deadline if taken.left(asking, others).is_none() => {}
                Alarm::Deadline => {
                    let usual = Duration::from_secs_f64(watched.expected().0.tail_ms / 1000.0);
                    let failure = late(self.started.elapsed(), usual);
                    return Outcome(Err(failure.into()));
                }
            }
        }
        Outcome(call.await)
    }

    /// Tells health, and makes of it what the exchange goes on with. The record is that of a failure; a try
    /// that sent nothing has none, and that of an answer goes with it.
    pub(crate) fn end(
        mut self,
        asking: &Asking<'_>,
        candidate: &Candidate,
        outcome: Outcome,
    ) -> (Result<Answer, Failed>, Option<AttemptRecord>) {
        self.record.took_us = micros(self.started.elapsed());
        match outcome.0 {
            Ok(answered) => (Ok(self.answered(asking, candidate, answered)), None),
            Err(NotAnswered::Unsent(unsent)) => (Err(Failed::Unsent(unsent)), None),
            Err(NotAnswered::Refused(refused)) => {
                let (failed, record) = self.failed(candidate, *refused);
                (Err(Failed::Attempt(failed)), Some(record))
            }
        }
    }

    /// It is cancelled: another ended first. Its call must have been dropped.
    pub(crate) fn lose(mut self, asking: &Asking<'_>, candidate: &Candidate) -> AttemptRecord {
        self.record.took_us = micros(self.started.elapsed());
        let ask = match Words::of(asking) {
            // It may have been nearly there.
            Words::Whole => asking.ask,
            Words::First | Words::None => Ask {
                answer_tokens: 0,
                ..asking.ask
            },
        };
        let cost = ask.cost(&Contender::of(candidate), 0);
        self.record.lost = Some(Lost {
            cost: cost.unwrap_or_default(),
            cost_basis: cost.map_or(Basis::None, |_| Basis::Estimated),
        });
        self.record
    }

    fn answered(self, asking: &Asking<'_>, candidate: &Candidate, answered: Answered) -> Answer {
        let first_byte = self.started.elapsed();
        if answered.estimate.is_none() {
            let response = response(asking, &self.record, &answered.body);
            asking
                .inner
                .conditions
                .served(candidate, asking.beginnings, response);
        }
        // A stream has succeeded when it has ended well, and its relay knows when.
        let watched = match &answered.body {
            AnswerBody::Whole(_, reading, _) => {
                if let Some(live) = &self.live {
                    live.succeeded(Instant::now(), first_byte);
                }
                // A count that was made here says nothing of the provider.
                if answered.estimate.is_none() {
                    match asking.call.endpoint.task() {
                        // The time to a whole answer is not the time to its first word.
                        Task::Generate => self.watched.answered_whole(first_byte, reading),
                        // And that to a count is not that of an answer.
                        task => {
                            let teaches = task != Task::Count;
                            self.watched.answered(first_byte, reading, teaches);
                        }
                    }
                }
                None
            }
            AnswerBody::Stream(_) => Some(self.watched),
        };
        Answer {
            key: self.key,
            first_byte,
            provider: Arc::clone(&candidate.provider),
            model: candidate.model.clone(),
            status: answered.status,
            headers: answered.headers,
            notes: answered.notes,
            counted: answered.counted,
            estimate: answered.estimate,
            usages: answered.usages,
            attempt: self.record,
            live: self.live,
            underway: self.underway,
            watched,
            body: answered.body,
        }
    }

    fn failed(
        mut self,
        candidate: &Candidate,
        refused: (Failure, Option<Verbatim>),
    ) -> (AllFailed, AttemptRecord) {
        let provider = &candidate.provider;
        let (failure, verbatim) = discreet(refused, &self.key);
        match failure.category {
            // Not its doing.
            FailureCategory::Drained => drop(self.watched),
            _ => self.watched.failed(&failure),
        }
        if let Some(live) = &self.live {
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
        self.record.failure = Some(AttemptFailure::from(&failure));
        let failed = AllFailed {
            failure,
            provider: Arc::clone(provider),
            verbatim,
            fault: None,
        };
        (failed, self.record)
    }
}

/// A target that began to drain after the plan was made is left out of it.
fn turned_away(candidate: &Candidate, why: &str, settlement: &mut Settlement) -> Failed {
    settlement.unfit(Dropped {
        target: candidate.label(),
        reason: why.to_owned(),
    });
    Failed::Attempt(AllFailed {
        failure: drain::taken_back(why),
        provider: Arc::clone(&candidate.provider),
        verbatim: None,
        // Where others were asked, what they said matters more.
        fault: (settlement.attempts() == 0).then(|| faults::drained(why)),
    })
}

/// Something to be done when a first word has not come by then.
#[derive(Debug, Clone, Copy)]
enum Alarm {
    /// Health is told that it is oddly late.
    Overdue,
    /// Another target is asked instead.
    Deadline,
}

impl Alarm {
    /// In their order. None where nothing comes before the whole answer: how long that will be is not known.
    fn of(
        asking: &Asking<'_>,
        watched: &Watched,
        started: Instant,
        others: &[&Candidate],
    ) -> [Option<(Instant, Alarm)>; 2] {
        if Words::of(asking) != Words::First {
            return [None; 2];
        }
        let most = asking.snapshot.limits.first_byte;
        let (expected, known) = watched.expected();
        let overdue = Duration::try_from_secs_f64(expected.overdue_ms / 1000.0).ok();
        let deadline = first_token_deadline(&expected, known, most);
        // Who is the last one left has all the time that the config gives.
        let leaves = !others.is_empty();
        let mut alarms = [
            overdue.map(|after| (after, Alarm::Overdue)),
            leaves.then_some((deadline, Alarm::Deadline)),
        ];
        if overdue.is_some_and(|overdue| overdue > deadline) {
            alarms.swap(0, 1);
        }
        alarms.map(|alarm| {
            let (after, alarm) = alarm.filter(|(after, _)| *after < most)?;
            Some((started + after, alarm))
        })
    }
}

/// Several answers are asked for one by one, and the first is shown when all are there.
fn is_gathered(asking: &Asking<'_>) -> bool {
    let request = asking.hub.read();
    request.is_some_and(|request| request.candidates.unwrap_or(1) > 1)
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
