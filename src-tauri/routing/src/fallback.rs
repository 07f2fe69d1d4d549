//! What to do after a failure, by its category: the one table, and what the table
//! becomes once it is known who is left, how long there is, and what the retry
//! budget holds.

mod budget;

use std::time::Duration;

use dialect::{Failure, FailureCategory};
use serde::{Deserialize, Serialize};

use crate::breaker::State;
use crate::latency::Expected;

pub use budget::RetryBudget;

/// What cures a failure of one category.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// The same target once more, after a moment: so many times when another target
    /// waits, and so many when none does.
    Again {
        /// When another target waits.
        beside_others: u32,
        /// When none does.
        alone: u32,
    },
    /// Another target at once; the same one, once it has had the time it asks for,
    /// where there is no other.
    OtherOrWait,
    /// Another target at once.
    Other,
    /// A target with a larger window.
    LargerWindow,
    /// Another key or account. Health has taken this one out.
    OtherKey,
    /// Another target, at no cost to the budget: nothing has failed, so nothing is fed.
    Elsewhere,
    /// Nothing.
    None,
}

/// What cures a failure of this category.
pub fn remedy(category: FailureCategory) -> Remedy {
    use FailureCategory as F;
    match category {
        // The request is at fault or the content was declined: another provider
        // would repeat the refusal, or worse, quietly differ in what it allows.
        F::BadRequest | F::ContentFilter => Remedy::None,
        F::ContextOverflow => Remedy::LargerWindow,
        // Thoughts go to their issuer alone: another target is not shown them.
        F::StateLost => Remedy::Other,
        // This key, this model or this account is the trouble, not the request.
        F::Auth | F::Permission | F::NotFound | F::Quota => Remedy::OtherKey,
        // Waiting would help, somebody else helps sooner.
        F::RateLimit | F::Overloaded => Remedy::OtherOrWait,
        // A moment's trouble as a rule.
        F::Server | F::Connection => Remedy::Again {
            beside_others: 1,
            alone: 2,
        },
        // The time is gone, and the next try would take as much.
        F::Timeout | F::Tls | F::BadReply => Remedy::Other,
        // The client has seen part of an answer: a second one would not fit it.
        F::BrokenStream => Remedy::None,
        F::Drained => Remedy::Elsewhere,
    }
}

/// Where an exchange stands when an attempt has failed.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// What happened.
    pub failure: &'a Failure,
    /// Attempts at this target so far, this one included.
    pub tries: u32,
    /// How the target is doing, this failure included.
    pub here: State,
    /// Errors of this target of late, 0 to 1: what another try here may waste.
    pub here_errors: f64,
    /// The same of the next target that could be asked; `None` when none is left.
    pub next_errors: Option<f64>,
    /// How long it may still take.
    pub patience: Patience,
}

/// How long an exchange may still take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Until it must have an answer.
    pub left: Duration,
    /// The longest that a target is waited for before it is asked again.
    pub wait: Duration,
}

impl Patience {
    /// So long for everything.
    pub fn of(left: Duration) -> Patience {
        Patience { left, wait: left }
    }
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Ask the same target again.
    Again {
        /// After this long.
        wait: Duration,
    },
    /// Ask the next target.
    Next,
    /// Ask the next target whose window is larger than this one's.
    NextLarger,
    /// Tell the client.
    Stop(Stopped),
}

/// Why nothing more is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stopped {
    /// No target would do better.
    Incurable,
    /// Every target was tried.
    NoneLeft,
    /// The time for it is over.
    OutOfTime,
    /// Many fail at once: more attempts would only feed the outage.
    BudgetSpent,
}

/// The first wait before the same target is asked again.
const AGAIN_MS: f64 = 150.0;
/// Without a word of how long, an overload or a rate limit is given this.
const UNSAID_MS: f64 = 1_000.0;
/// One target is waited for this often at most.
const WAITS: u32 = 3;

/// What to do after a failed attempt. `chance` from 0 to 1 spreads what waits.
pub fn follow(situation: &Situation<'_>, budget: &mut RetryBudget, chance: f64) -> Step {
    let alone = situation.next_errors.is_none();
    match remedy(situation.failure.category) {
        Remedy::None => Step::Stop(Stopped::Incurable),
        Remedy::LargerWindow if alone => Step::Stop(Stopped::NoneLeft),
        Remedy::LargerWindow => Step::NextLarger,
        Remedy::Again {
            beside_others,
            alone: when_alone,
        } => {
            let most = if alone { when_alone } else { beside_others };
            // Where it has failed for others too, this one need not find out again.
            let doubtful = situation.here >= State::Recovering && !alone;
            if situation.tries > most || doubtful {
                return next(situation, budget);
            }
            again(situation, AGAIN_MS, budget, chance)
        }
        Remedy::OtherOrWait if alone && situation.tries <= WAITS => {
            again(situation, UNSAID_MS, budget, chance)
        }
        Remedy::Elsewhere => match alone {
            true => Step::Stop(Stopped::NoneLeft),
            false => Step::Next,
        },
        Remedy::OtherOrWait | Remedy::Other | Remedy::OtherKey => next(situation, budget),
    }
}

/// How long a first token is waited for: four times what nearly all requests of
/// this size take, and never less than five seconds, since a slow start is cheaper
/// than a needless second one. `most` is the configured limit, and holds alone
/// where nothing is known yet.
pub fn first_token_deadline(expected: &Expected, known: bool, most: Duration) -> Duration {
    if !known {
        return most;
    }
    let wait = Duration::from_secs_f64((4.0 * expected.tail_ms / 1000.0).clamp(5.0, 3_600.0));
    wait.min(most)
}

fn next(situation: &Situation<'_>, budget: &mut RetryBudget) -> Step {
    match situation.next_errors {
        None => Step::Stop(Stopped::NoneLeft),
        Some(_) if situation.patience.left.is_zero() => Step::Stop(Stopped::OutOfTime),
        Some(errors) if budget.take(errors) => Step::Next,
        Some(_) => Step::Stop(Stopped::BudgetSpent),
    }
}

fn again(situation: &Situation<'_>, first_ms: f64, budget: &mut RetryBudget, chance: f64) -> Step {
    let doubled = first_ms * f64::from(1_u32 << situation.tries.saturating_sub(1).min(10));
    let jittered = Duration::from_secs_f64(doubled / 1000.0 * (0.5 + chance.clamp(0.0, 1.0)));
    let asked = situation.failure.retry_after_ms.map(Duration::from_millis);
    let wait = asked.map_or(jittered, |asked| asked.max(jittered));
    // Before it is paid for: a retry that is not made costs nothing.
    if wait >= situation.patience.left || wait > situation.patience.wait {
        return match situation.next_errors {
            Some(_) => next(situation, budget),
            None => Step::Stop(Stopped::OutOfTime),
        };
    }
    // It has just failed: it may well do so again.
    match budget.take(situation.here_errors.max(0.5)) {
        true => Step::Again { wait },
        false => next(situation, budget),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(category: FailureCategory, wait_s: Option<u64>) -> Failure {
        Failure {
            category,
            status: None,
            code: None,
            message: String::new(),
            retry_after_ms: wait_s.map(|wait| wait * 1000),
        }
    }

    /// What is done at the given try, with another target or without.
    fn step(category: FailureCategory, wait_s: Option<u64>, tries: u32, other: bool) -> Step {
        let situation = Situation {
            failure: &failure(category, wait_s),
            tries,
            here: State::Healthy,
            here_errors: 0.0,
            next_errors: other.then_some(0.0),
            patience: Patience::of(Duration::from_secs(20)),
        };
        follow(&situation, &mut RetryBudget::default(), 0.5)
    }

    #[test]
    fn each_category_is_followed_by_its_step() {
        use FailureCategory as F;
        let again = |ms| Step::Again {
            wait: Duration::from_millis(ms),
        };
        let stop = Step::Stop;
        for (category, wait_s, tries, beside_others, alone) in [
            (
                F::BadRequest,
                None,
                1,
                stop(Stopped::Incurable),
                stop(Stopped::Incurable),
            ),
            (
                F::BrokenStream,
                None,
                1,
                stop(Stopped::Incurable),
                stop(Stopped::Incurable),
            ),
            (F::RateLimit, None, 1, Step::Next, again(1_000)),
            (F::RateLimit, Some(7), 1, Step::Next, again(7_000)),
            (
                F::RateLimit,
                Some(60),
                1,
                Step::Next,
                stop(Stopped::OutOfTime),
            ),
            (F::RateLimit, None, 4, Step::Next, stop(Stopped::NoneLeft)),
            (F::Overloaded, Some(3), 1, Step::Next, again(3_000)),
            (F::Server, None, 1, again(150), again(150)),
            (F::Server, None, 2, Step::Next, again(300)),
            (F::Server, None, 3, Step::Next, stop(Stopped::NoneLeft)),
            // A server that asks for longer than we have is left.
            (F::Server, Some(60), 1, Step::Next, stop(Stopped::OutOfTime)),
            (F::Connection, None, 1, again(150), again(150)),
            (F::Timeout, None, 1, Step::Next, stop(Stopped::NoneLeft)),
            (F::BadReply, None, 1, Step::Next, stop(Stopped::NoneLeft)),
            (F::Tls, None, 1, Step::Next, stop(Stopped::NoneLeft)),
            (F::Drained, None, 1, Step::Next, stop(Stopped::NoneLeft)),
            (F::Auth, None, 1, Step::Next, stop(Stopped::NoneLeft)),
            (F::Permission, None, 1, Step::Next, stop(Stopped::NoneLeft)),
            (F::NotFound, None, 1, Step::Next, stop(Stopped::NoneLeft)),
            // Thoughts that one does not take are not shown to the next.
            (F::StateLost, None, 1, Step::Next, stop(Stopped::NoneLeft)),
            (
                F::ContentFilter,
                None,
                1,
                stop(Stopped::Incurable),
                stop(Stopped::Incurable),
            ),
            (F::Quota, Some(1), 1, Step::Next, stop(Stopped::NoneLeft)),
            (
                F::ContextOverflow,
                None,
                1,
                Step::NextLarger,
                stop(Stopped::NoneLeft),
            ),
        ] {
            let found = (
                step(category, wait_s, tries, true),
                step(category, wait_s, tries, false),
            );
            assert_eq!(
                found,
                (beside_others, alone),
                "{category:?} {wait_s:?} {tries}"
            );
        }
    }

    #[test]
    fn what_has_failed_for_others_is_not_tried_twice() {
        let server = failure(FailureCategory::Server, None);
        let situation = Situation {
            failure: &server,
            tries: 1,
            here: State::Failed,
            here_errors: 1.0,
            next_errors: Some(0.0),
            patience: Patience::of(Duration::from_secs(20)),
        };
        assert_eq!(
            follow(&situation, &mut RetryBudget::default(), 0.5),
            Step::Next
        );
        let late = Situation {
            patience: Patience::of(Duration::ZERO),
            ..situation
        };
        let stop = Step::Stop(Stopped::OutOfTime);
        assert_eq!(follow(&late, &mut RetryBudget::default(), 0.5), stop);
    }

    #[test]
    fn in_an_outage_of_all_one_request_in_ten_is_retried() {
        let mut budget = RetryBudget::default();
        let timeout = failure(FailureCategory::Timeout, None);
        let situation = Situation {
            failure: &timeout,
            tries: 1,
            here: State::Failed,
            here_errors: 1.0,
            next_errors: Some(1.0),
            patience: Patience::of(Duration::from_secs(20)),
        };
        let mut retries = 0;
        for _ in 0..1_000 {
            budget.arrived();
            while follow(&situation, &mut budget, 0.5) == Step::Next {
                retries += 1;
            }
        }
        assert!((100..=110).contains(&retries), "{retries}");
        // And a healthy target is turned to all the same.
        let situation = Situation {
            next_errors: Some(0.0),
            ..situation
        };
        assert_eq!(follow(&situation, &mut budget, 0.5), Step::Next);
    }

    #[test]
    fn a_deadline_follows_what_the_size_predicts() {
        let expected = |tail_ms| Expected {
            ttft_ms: tail_ms / 2.0,
            token_ms: 10.0,
            tail_ms,
            overdue_ms: tail_ms,
        };
        let most = Duration::from_secs(60);
        for (tail_ms, known, seconds) in [
            (500.0, true, 5),
            (4_000.0, true, 16),
            (4_000.0, false, 60),
            (40_000.0, true, 60),
            (f64::INFINITY, true, 60),
        ] {
            let deadline = first_token_deadline(&expected(tail_ms), known, most);
            assert_eq!(deadline, Duration::from_secs(seconds), "{tail_ms}");
        }
    }
}
