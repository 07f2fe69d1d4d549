//! Two targets at once: while the first still owes its answer, the next is asked beside it.
//!
//! Promises: the first real content wins (of a stream its first word, else the whole answer), the other call is
//! dropped with its connection, and both stand on the receipt, the lost one with what it may cost. One that fails
//! leaves the race to the other. A client that leaves drops both. Leaves out when a second is worth it
//! (`routing::hedge`) and what follows when both have failed (`walk`).
//!
//! Bounds: two targets, and one race an exchange.

use std::time::Duration;

use dialect::Task;
use routing::{Candidate, NanoUsd, NoHedge};

use crate::attempt::{Answer, Asking, Failed, Outcome, Taken, Try, Turn, Words, one};
use crate::conditions::Pair;
use crate::settle::{Settlement, Which};

/// How a race came out; also one that had a single runner.
pub(crate) struct Raced<'p> {
    /// Whose the result is.
    pub(crate) candidate: &'p Candidate,
    pub(crate) result: Result<Answer, Failed>,
    /// The place among the others of the one that was asked beside the first.
    pub(crate) beside: Option<usize>,
    /// The one that had failed before.
    pub(crate) earlier: Option<(&'p Candidate, Failed)>,
}

impl<'p> Raced<'p> {
    pub(crate) fn alone(candidate: &'p Candidate, result: Result<Answer, Failed>) -> Raced<'p> {
        Raced {
            candidate,
            result,
            beside: None,
            earlier: None,
        }
    }
}

/// Whether a request is one of those that are raced at all.
pub(crate) fn is_allowed(asking: &Asking<'_>) -> bool {
    let task = asking.call.endpoint.task();
    // What pictures and sound cost is not known before, and a count is free but tells nobody's time.
    let work = matches!(task, Task::Generate | Task::Embed | Task::Rerank);
    // A conversation that is bound to one target has nobody else in its plan.
    asking.policy.hedge.allowed && work
}

/// Asks `first`, and one of `others` beside it where `first` takes longer than nearly all of its requests.
pub(crate) async fn race<'p>(
    asking: &Asking<'_>,
    first: &'p Candidate,
    others: &[&'p Candidate],
    settlement: &mut Settlement,
) -> Raced<'p> {
    match delay(asking, first, others) {
        Ok(delay) => run(asking, first, others, delay, settlement).await,
        Err(reason) => {
            settlement.no_hedge(reason);
            let result = one(asking, first, Turn::First, others, settlement).await;
            Raced::alone(first, result)
        }
    }
}

async fn run<'p>(
    asking: &Asking<'_>,
    first: &'p Candidate,
    others: &[&'p Candidate],
    delay: Duration,
    settlement: &mut Settlement,
) -> Raced<'p> {
    let mut elder = match Try::begin(asking, first, Turn::First, settlement) {
        Ok(elder) => elder,
        Err(turned_away) => return Raced::alone(first, Err(*turned_away)),
    };
    let asked = Taken::default();
    let mut owed = Box::pin(elder.run(asking, first, others, &asked));
    let early = tokio::select! {
        biased;
        outcome = &mut owed => Some(outcome),
        () = tokio::time::sleep(delay) => None,
    };
    let beside = match early {
        Some(outcome) => Err(outcome),
        None => match second(asking, first, others, settlement) {
            Ok(found) => Ok(found),
            Err(reason) => {
                settlement.no_hedge(reason);
                Err(owed.as_mut().await)
            }
        },
    };
    let (place, taken, mut younger) = match beside {
        Ok(found) => found,
        Err(outcome) => {
            drop(owed);
            let (result, record) = elder.end(asking, first, outcome);
            settlement.ended(&result, record);
            return Raced::alone(first, result);
        }
    };
    let next = others[place];
    asked.take(place);
    let rest: Vec<&Candidate> = [&others[..place], &others[place + 1..]].concat();
    let none = Taken::default();
    let mut also = Box::pin(younger.run(asking, next, &rest, &none));
    let (which, outcome) = tokio::select! {
        biased;
        outcome = &mut owed => (Which::Elder, outcome),
        outcome = &mut also => (Which::Younger, outcome),
    };
    let mut race = Race {
        asking,
        place,
        taken,
        settlement,
    };
    match (which, outcome.is_answer()) {
        (Which::Elder, is_answer) if is_answer || outcome.is_final() => {
            drop((owed, also));
            race.won((elder, first), outcome, (younger, next), Which::Younger)
        }
        (Which::Younger, true) => {
            drop((owed, also));
            race.won((younger, next), outcome, (elder, first), Which::Elder)
        }
        (Which::Elder, _) => {
            drop(owed);
            let earlier = race.failed((elder, first), outcome, which);
            let outcome = also.as_mut().await;
            drop(also);
            race.told((younger, next), outcome, earlier)
        }
        (Which::Younger, false) => {
            drop(also);
            let earlier = race.failed((younger, next), outcome, which);
            let outcome = owed.as_mut().await;
            drop(owed);
            race.told((elder, first), outcome, earlier)
        }
    }
}

type Runner<'p> = (Try, &'p Candidate);

/// The second half of a race: two have run, and one has ended.
struct Race<'r, 'a> {
    asking: &'r Asking<'a>,
    place: usize,
    /// What was taken for the second request.
    taken: NanoUsd,
    settlement: &'r mut Settlement,
}

impl Race<'_, '_> {
    /// One has ended the race, and the other's call is dropped.
    fn won<'p>(
        &mut self,
        winner: Runner<'p>,
        outcome: Outcome,
        loser: Runner<'p>,
        which: Which,
    ) -> Raced<'p> {
        let record = loser.0.lose(self.asking, loser.1);
        let lost = record.lost.map_or(NanoUsd::ZERO, |lost| lost.cost);
        self.asking.inner.conditions.hedge_ended(self.taken, lost);
        self.settlement.one_of_two_ended(which, Some(record));
        self.told(winner, outcome, None)
    }

    /// One has brought nothing, and the other goes on as if it had been asked after it.
    fn failed<'p>(
        &mut self,
        (trying, candidate): Runner<'p>,
        outcome: Outcome,
        which: Which,
    ) -> Option<(&'p Candidate, Failed)> {
        // Who refuses bills nothing.
        let conditions = &self.asking.inner.conditions;
        conditions.hedge_ended(self.taken, NanoUsd::ZERO);
        let (result, record) = trying.end(self.asking, candidate, outcome);
        self.settlement.one_of_two_ended(which, record);
        Some((candidate, result.err()?))
    }

    fn told<'p>(
        &mut self,
        (trying, candidate): Runner<'p>,
        outcome: Outcome,
        earlier: Option<(&'p Candidate, Failed)>,
    ) -> Raced<'p> {
        let (result, record) = trying.end(self.asking, candidate, outcome);
        self.settlement.ended(&result, record);
        Raced {
            candidate,
            result,
            beside: Some(self.place),
            earlier,
        }
    }
}

/// After how long a second is asked, as things stand before the first is.
fn delay(
    asking: &Asking<'_>,
    first: &Candidate,
    others: &[&Candidate],
) -> Result<Duration, NoHedge> {
    let conditions = &asking.inner.conditions;
    let place = conditions.next(others, &asking.ask);
    conditions.hedge(&pair(asking, first, place.map(|place| others[place])))
}

/// The place of the second, what is taken for it, and its try, which has begun. Things may have changed since the
/// first was asked.
fn second(
    asking: &Asking<'_>,
    first: &Candidate,
    others: &[&Candidate],
    settlement: &mut Settlement,
) -> Result<(usize, NanoUsd, Try), NoHedge> {
    if asks_for_several(asking) {
        return Err(NoHedge::Several);
    }
    let conditions = &asking.inner.conditions;
    let place = conditions.next(others, &asking.ask);
    let place = place.ok_or(NoHedge::NoneHealthy)?;
    if asking.inner.live.is_paused() || asking.inner.drains.is_app_draining() {
        return Err(NoHedge::NoneHealthy);
    }
    let next = others[place];
    let taken = conditions.take_hedge(&pair(asking, first, Some(next)))?;
    match Try::begin(asking, next, Turn::Beside, settlement) {
        Ok(younger) => Ok((place, taken, younger)),
        // It drains.
        Err(_) => {
            conditions.hedge_ended(taken, NanoUsd::ZERO);
            Err(NoHedge::NoneHealthy)
        }
    }
}

fn pair<'a>(
    asking: &'a Asking<'_>,
    first: &'a Candidate,
    second: Option<&'a Candidate>,
) -> Pair<'a> {
    Pair {
        first,
        second,
        ask: &asking.ask,
        words: Words::of(asking),
        policy: &asking.policy.hedge,
    }
}

/// What can't be read is for the target to judge.
fn asks_for_several(asking: &Asking<'_>) -> bool {
    let generates = asking.call.endpoint.task() == Task::Generate;
    let request = generates.then(|| asking.hub.get(asking).ok()).flatten();
    request.is_some_and(|request| request.candidates.unwrap_or(1) > 1)
}
