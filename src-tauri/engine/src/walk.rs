//! Walks a plan: asks its targets until one answers.
//!
//! Promises: nothing is sent to a second target once the client has seen a byte (the commit point is
//! the return of [`walk`]); a target is asked again only while the retry budget of all exchanges and
//! the client's patience allow. Leaves out the order of targets (`choosing`), one attempt (`attempt`)
//! and what each failure leads to (`routing::follow`).

use std::sync::Arc;
use std::time::{Duration, Instant};

use dialect::{Failure, FailureCategory};
use routing::{Candidate, Dropped, Patience, Plan, Remedy, Step, Stopped, remedy};

use crate::attempt::{AllFailed, Answer, Asking, Failed, Turn, one};
use crate::race::{self, Raced, race};
use crate::sending::{self, Unsent};
use crate::settle::Settlement;
use crate::upstream::bad_reply;
use crate::{faults, practice};

/// The longest that a client is kept waiting for a target to be asked again, all waits together: tools know
/// how to wait themselves, and do it better when they are told how long.
const LONGEST_WAIT: Duration = Duration::from_millis(1_500);
/// The longest that a request waits for its turn at a key that would meet its rate limit.
const LONGEST_TURN: Duration = Duration::from_secs(3);

/// Tries the candidates in order. Every failed try is written on the receipt.
pub(crate) async fn walk(
    asking: Asking<'_>,
    plan: &Plan,
    settlement: &mut Settlement,
) -> Result<Answer, AllFailed> {
    let mut course = Course {
        left: plan.candidates.iter().collect(),
        failures: Failures::default(),
        started: Instant::now(),
        may_race: race::is_allowed(&asking),
        turn: LONGEST_TURN,
    };
    let mut place = Some(0);
    while let Some(candidate) = place.map(|place| course.left.remove(place)) {
        place = match target(&asking, candidate, &mut course, settlement).await {
            Ok(answer) => return Ok(answer),
            Err(Left::Unsent) => (!course.left.is_empty()).then_some(0),
            Err(Left::Failed(last, next)) => match next {
                Step::Stop(_) => None,
                Step::NextLarger => larger(last, &course.left),
                Step::Next | Step::Again { .. } => next_of(&asking, &course.left),
            },
        };
    }
    Err(course.failures.told(plan))
}

/// How far a walk has come.
struct Course<'p> {
    /// Those that were not asked.
    left: Vec<&'p Candidate>,
    failures: Failures<'p>,
    started: Instant,
    /// A second target may be asked beside one that is late: once.
    may_race: bool,
    /// How long it may still wait for its turn somewhere.
    turn: Duration,
}

fn next_of(asking: &Asking<'_>, left: &[&Candidate]) -> Option<usize> {
    let next = asking.inner.conditions.next(left, &asking.ask);
    // Nobody on a list is passed over in the end.
    next.or_else(|| (asking.is_list() && !left.is_empty()).then_some(0))
}

/// What a target that brought no answer leaves.
enum Left<'p> {
    /// Nothing was sent.
    Unsent,
    /// Who failed last, and what follows.
    Failed(&'p Candidate, Step),
}

/// Asks one target, again where that may help; where it is late, another beside it.
async fn target<'p>(
    asking: &Asking<'_>,
    candidate: &'p Candidate,
    course: &mut Course<'p>,
    settlement: &mut Settlement,
) -> Result<Answer, Left<'p>> {
    await_turn(asking, candidate, &mut course.turn).await;
    let (mut here, mut tries) = (candidate, 0);
    let mut may_wait = LONGEST_WAIT;
    loop {
        let turn = match tries {
            0 => Turn::First,
            _ => Turn::Again,
        };
        let raced = asked(asking, here, turn, course, settlement).await;
        if std::ptr::eq(raced.candidate, here) {
            tries += 1;
        } else {
            (here, tries) = (raced.candidate, 1);
        }
        let failed = match mended(asking, here, raced.result, &course.left, settlement).await {
            Ok(answer) => return Ok(answer),
            Err(Failed::Unsent(unsent)) => {
                course.failures.unsent(here, unsent, settlement);
                return Err(Left::Unsent);
            }
            Err(Failed::Attempt(failed)) => failed,
        };
        let next = next_of(asking, &course.left).map(|place| course.left[place]);
        let patience = Patience {
            // Each target may take its whole time to begin.
            left: (asking.snapshot.limits.first_byte * asking.targets)
                .saturating_sub(course.started.elapsed()),
            wait: may_wait,
        };
        let step = follow(asking, here, next, &failed.failure, tries, patience);
        course.failures.failed(failed);
        match step {
            Step::Again { wait } => {
                may_wait = may_wait.saturating_sub(wait);
                tokio::time::sleep(wait).await;
            }
            step => return Err(Left::Failed(here, step)),
        }
    }
}

/// Asks a target, and another beside it where that may be and is worth it.
async fn asked<'p>(
    asking: &Asking<'_>,
    candidate: &'p Candidate,
    turn: Turn,
    course: &mut Course<'p>,
    settlement: &mut Settlement,
) -> Raced<'p> {
    if !course.may_race || turn != Turn::First {
        let result = one(asking, candidate, turn, &course.left, settlement).await;
        return Raced::alone(candidate, result);
    }
    let mut raced = race(asking, candidate, &course.left, settlement).await;
    if let Some(place) = raced.beside {
        course.left.remove(place);
        course.may_race = false;
    }
    match raced.earlier.take() {
        Some((other, Failed::Unsent(unsent))) => course.failures.unsent(other, unsent, settlement),
        Some((_, Failed::Attempt(failed))) => course.failures.failed(failed),
        None => {}
    }
    raced
}

/// Many requests at once take turns at one key, so that none of them is told "too fast".
async fn await_turn(asking: &Asking<'_>, candidate: &Candidate, most: &mut Duration) {
    loop {
        let wait = asking.inner.conditions.turn(candidate, &asking.ask);
        let wait = wait.min(*most);
        if wait.is_zero() {
            return;
        }
        *most -= wait;
        tokio::time::sleep(wait).await;
    }
}

fn follow(
    asking: &Asking<'_>,
    candidate: &Candidate,
    next: Option<&Candidate>,
    failure: &Failure,
    tries: u32,
    patience: Patience,
) -> Step {
    // Who named one target is told at once what it says of its limits: tools wait better themselves.
    let may_only_wait = remedy(failure.category) == Remedy::OtherOrWait;
    if asking.is_list() && may_only_wait && next.is_none() {
        return Step::Stop(Stopped::NoneLeft);
    }
    let conditions = &asking.inner.conditions;
    let step = conditions.follow(failure, tries, candidate, next, &asking.ask, patience);
    match step {
        // A list is gone through to its end: that is once each, and so an end.
        Step::Stop(Stopped::BudgetSpent | Stopped::OutOfTime)
            if asking.is_list() && next.is_some() =>
        {
            Step::Next
        }
        step => step,
    }
}

/// Asks a target once more without the thoughts of earlier turns where it has refused these.
async fn mended(
    asking: &Asking<'_>,
    candidate: &Candidate,
    first: Result<Answer, Failed>,
    others: &[&Candidate],
    settlement: &mut Settlement,
) -> Result<Answer, Failed> {
    let refused = matches!(&first, Err(Failed::Attempt(failed)) if failed.failure.category == FailureCategory::StateLost);
    if refused
        && sending::may_leave_thoughts_out(asking, candidate)
        && let Some(second) = without_thoughts(asking, candidate, others, settlement).await
    {
        return second;
    }
    first
}

/// `None` where the target's first words say more: it does not like the request without the thoughts
/// either, or it was not asked.
async fn without_thoughts(
    asking: &Asking<'_>,
    candidate: &Candidate,
    others: &[&Candidate],
    settlement: &mut Settlement,
) -> Option<Result<Answer, Failed>> {
    use FailureCategory::{BadRequest, StateLost};
    match one(asking, candidate, Turn::WithoutThoughts, others, settlement).await {
        Err(Failed::Unsent(_)) => None,
        Err(Failed::Attempt(AllFailed { failure, .. }))
            if matches!(failure.category, BadRequest | StateLost) =>
        {
            None
        }
        second => Some(second),
    }
}

/// The first whose window is larger than this one's, or not known.
fn larger(here: &Candidate, left: &[&Candidate]) -> Option<usize> {
    let window = |candidate: &Candidate| {
        let known = candidate.provider.model(&candidate.model)?;
        known.max_input.or(known.context_window)
    };
    let small = window(here).unwrap_or(0);
    left.iter()
        .position(|candidate| window(candidate).is_none_or(|window| window > small))
}

/// What the targets that brought no answer said.
#[derive(Default)]
struct Failures<'p> {
    last: Option<AllFailed>,
    unfit: Option<(&'p Candidate, dialect::hub::Refused)>,
    malformed: Option<(&'p Candidate, dialect::Malformed)>,
}

impl<'p> Failures<'p> {
    /// The last one counts; but what somebody said matters more than that another was taken out of service.
    fn failed(&mut self, failed: AllFailed) {
        let drained = failed.failure.category == FailureCategory::Drained;
        if !drained || self.last.is_none() {
            self.last = Some(failed);
        }
    }

    fn unsent(&mut self, candidate: &'p Candidate, unsent: Unsent, settlement: &mut Settlement) {
        match unsent {
            Unsent::Unfit(refused) => {
                settlement.unfit(Dropped {
                    target: format!("{}/{}", candidate.provider.id, candidate.model),
                    reason: format!(
                        "{} can't take `{}`: {}",
                        candidate.provider.name, refused.what, refused.why
                    ),
                });
                self.unfit.get_or_insert((candidate, refused));
            }
            // A target that needs no translation may take it all the same.
            Unsent::Malformed(why) => {
                self.malformed.get_or_insert((candidate, why));
            }
        }
    }

    fn told(self, plan: &Plan) -> AllFailed {
        match (self.last, self.malformed, self.unfit) {
            (Some(failed), ..) => failed,
            (None, Some((candidate, why)), _) => {
                nobody(candidate, faults::malformed(why.to_string()))
            }
            (None, None, Some((candidate, refused))) => nobody(
                candidate,
                faults::untranslatable(&candidate.provider.name, &refused),
            ),
            (None, None, None) => unreachable_plan(plan),
        }
    }
}

/// Nobody was asked, because of the request itself.
fn nobody(candidate: &Candidate, fault: dialect::Fault) -> AllFailed {
    AllFailed {
        failure: bad_reply("nothing was sent"),
        provider: Arc::clone(&candidate.provider),
        verbatim: None,
        fault: Some(fault),
    }
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
        fault: None,
    }
}
