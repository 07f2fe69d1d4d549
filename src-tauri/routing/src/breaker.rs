//! One breaker: whether something may be asked, and why not.
//!
//! Two things close the gate. A *hold* is a known wait: a rate limit with its
//! reset, a key that was refused. The *state* is learnt from the share of errors
//! over the last two minutes: Degraded at 2 %, Failed at 5 %, Recovering once a
//! real request has succeeded, Healthy again after five of them.
//!
//! Promises: few samples trip nothing (a share is taken of twenty requests at
//! least, and two or three errors are needed); a closed gate lets one real request
//! through at growing intervals that stay under ten seconds, so a return is seen
//! fast, but never more than one of sixteen in the end, and a claim to be that one request ends by itself; answers to what was
//! asked before a change say nothing about the time after it; nothing is learnt
//! from a machine that is offline, because nobody records it then. Leaves out
//! whose fault a failure is (`health::Class`).

mod cause;
mod gate;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::health::{Class, Counts, Layer, WINDOW_S, Window};
use crate::moment::Moment;

pub use cause::Cause;
pub use gate::{Bar, Gate};

/// The share of errors from which something is degraded, in percent.
pub const DEGRADED_PERCENT: f64 = 2.0;
/// The share of errors from which it has failed, in percent.
pub const FAILED_PERCENT: f64 = 5.0;
/// A share is taken of at least so many requests.
const FEWEST: f64 = 20.0;
/// Errors without which nothing is degraded, or has failed.
const DEGRADED_ERRORS: u32 = 2;
const FAILED_ERRORS: u32 = 3;
/// Answers in a row that end a recovery.
const RECOVERED_AFTER: u32 = 5;
/// Between trials of what has failed: doubles from the first to the last.
const TRIAL_FIRST_S: f64 = 1.0;
const TRIAL_LAST_S: f64 = 8.0;
/// Where there is little traffic, trials would be all of it: of so many attempts at
/// anybody, one is a trial at most. Doubles from one with each trial that fails.
const TRIAL_LAST_OF: u64 = 16;
/// Backing off from a rate limit that names no reset ends here.
const HOLD_LAST_S: f64 = 60.0;
/// A rate limit is not believed to last longer.
const RATE_LIMIT_LONGEST: Duration = Duration::from_secs(300);
/// An overload is not believed to last longer.
const OVERLOAD_LONGEST: Duration = Duration::from_secs(60);
/// A quota is not believed to last longer.
const QUOTA_LONGEST: Duration = Duration::from_secs(86_400);
/// What only a person can mend is tried again this often.
const REFUSED_AGAIN: Duration = Duration::from_secs(600);
/// Without failures for this long, the next one begins the doubling anew.
const FORGIVEN_S: f64 = 60.0;

/// How something is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Under 2 % errors.
    #[default]
    Healthy,
    /// Under 5 %.
    Degraded,
    /// Answers again after it had failed; takes a growing share.
    Recovering,
    /// From 5 % on: takes nothing but trials.
    Failed,
}

/// A known wait.
#[derive(Debug, Clone, Copy)]
struct Hold {
    class: Class,
    until: Moment,
    /// Once over, one request goes ahead of the others.
    tried_first: bool,
    /// A failure that was counted, or a header that said what was to come.
    times: u32,
}

/// The breaker of one key, target or route.
#[derive(Debug, Clone)]
pub(crate) struct Breaker {
    /// Only what is blamed on this layer moves it.
    layer: Layer,
    window: Window,
    state: State,
    /// When the state last changed.
    since: Moment,
    hold: Option<Hold>,
    /// While Failed: when the next trial may go, and after how many attempts at
    /// anybody.
    trial_at: Moment,
    trial_after: u64,
    /// Trials that failed in a row.
    failed_trials: u32,
    /// Answers in a row while Recovering.
    answered: u32,
    /// When it last failed.
    failed_at: Moment,
    /// Errors among at least twenty requests, as of the last record or refresh.
    error_share: f64,
}

/// An outcome as a breaker takes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heard {
    /// What it was.
    pub class: Class,
    /// When the attempt began.
    pub began: Moment,
    /// What the failure asked for.
    pub wait: Option<Duration>,
    /// Attempts begun so far, at anybody.
    pub begun: u64,
}

impl Breaker {
    /// Nothing is known yet.
    pub(crate) fn new(layer: Layer) -> Breaker {
        Breaker {
            layer,
            window: Window::default(),
            state: State::Healthy,
            since: Moment::default(),
            hold: None,
            trial_at: Moment::default(),
            trial_after: 0,
            failed_trials: 0,
            answered: 0,
            failed_at: Moment::default(),
            error_share: 0.0,
        }
    }

    /// Learns how an attempt ended. `chance` from 0 to 1 spreads what waits.
    pub(crate) fn record(&mut self, heard: Heard, chance: f64, now: Moment) {
        // Nobody's fault but the caller's; it is told all the same.
        if heard.class == Class::Request {
            return self.window.record(heard.class, now);
        }
        self.hear(heard, chance, now);
        self.error_share = self.share(now).0;
    }

    fn hear(&mut self, heard: Heard, chance: f64, now: Moment) {
        let class = heard.class;
        let stale =
            matches!(self.state, State::Failed | State::Recovering) && heard.began < self.since;
        if stale && class == Class::Answered {
            return;
        }
        self.window.record(class, now);
        if class == Class::Answered {
            self.hold = None;
            self.answered(now);
        } else if class.blamed_on() == Some(self.layer) {
            self.held(heard, chance, now);
            if class.is_error() && !stale {
                self.erred(heard.begun, chance, now);
            }
        }
    }

    /// A request is about to go: where it is the trial, no other is for a while.
    pub(crate) fn claim(&mut self, begun: u64, now: Moment) {
        if let Some(hold) = &mut self.hold
            && hold.until <= now
        {
            match hold.tried_first {
                true => hold.until = now.after(wait(hold.times, HOLD_LAST_S, 0.5)),
                false => self.hold = None,
            }
        }
        if self.state == State::Failed && self.trial_at <= now {
            self.plan_trial(0.5, begun, now);
        }
    }

    /// Whether a request may go, when so many are under way.
    pub(crate) fn gate(&self, in_flight: u32, begun: u64, now: Moment) -> Gate {
        let mut trial = false;
        if let Some(hold) = &self.hold {
            if now < hold.until {
                return Gate::Shut {
                    until: hold.until,
                    bar: Bar::Held(hold.class),
                };
            }
            trial = hold.tried_first;
        }
        match self.state {
            State::Healthy | State::Degraded => {}
            State::Failed if now < self.trial_at => {
                return Gate::Shut {
                    until: self.trial_at,
                    bar: Bar::Failed,
                };
            }
            State::Failed if begun < self.trial_after => {
                return Gate::Shut {
                    until: now.after(Duration::from_secs(1)),
                    bar: Bar::Failed,
                };
            }
            State::Failed => trial = true,
            // Twice as many at a time with each answer.
            State::Recovering if in_flight >= 1 << self.answered.min(10) => {
                return Gate::Shut {
                    until: now.after(Duration::from_secs(1)),
                    bar: Bar::Ramping,
                };
            }
            State::Recovering => {}
        }
        match trial {
            true => Gate::Trial,
            false => Gate::Open,
        }
    }

    /// Takes it out until then, because a header says that no more will pass.
    pub(crate) fn hold_until(&mut self, class: Class, until: Moment) {
        if self.hold.is_none_or(|hold| hold.until < until) {
            self.hold = Some(Hold {
                class,
                until,
                tried_first: false,
                times: 0,
            });
        }
    }

    /// Lets the window's age tell: what stopped failing is not degraded for ever.
    pub(crate) fn refresh(&mut self, now: Moment) {
        self.error_share = self.share(now).0;
        if matches!(self.state, State::Healthy | State::Degraded) {
            let state = self.by_share(now).min(State::Degraded);
            self.enter(state, now);
        }
        let over = |hold: &Hold| hold.until <= now && !hold.tried_first;
        if self.hold.as_ref().is_some_and(over) {
            self.hold = None;
        }
    }

    /// The machine is back (online, awake): one trial at once instead of a wait
    /// that belongs to a world gone by. What only a person can mend stays held.
    pub(crate) fn wake(&mut self, now: Moment) {
        if self.state == State::Failed {
            (self.trial_at, self.trial_after) = (now, 0);
            self.failed_trials = 0;
        }
        if let Some(hold) = &mut self.hold
            && matches!(hold.class, Class::Overloaded | Class::Unavailable)
        {
            hold.until = now;
        }
    }

    /// Somebody acted (a new key, a new limit): begins anew.
    pub(crate) fn reset(&mut self) {
        *self = Breaker::new(self.layer);
    }

    /// How it is doing.
    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// Since when.
    pub(crate) fn since(&self) -> Moment {
        self.since
    }

    /// Errors among at least twenty requests of the window, 0 to 1, as of the last
    /// outcome or refresh.
    pub(crate) fn error_share(&self) -> f64 {
        self.error_share
    }

    /// Why it is as it is.
    pub(crate) fn cause(&self, now: Moment) -> Cause {
        let counts = self.window.counts(now);
        let (errors, requests) = self.totals(&counts);
        let mut failures: Vec<(Class, u32)> = Class::ALL
            .into_iter()
            .zip(counts)
            .filter(|(class, count)| *class != Class::Answered && *count > 0)
            .collect();
        failures.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        Cause {
            state: self.state,
            error_percent: match requests {
                0 => 0.0,
                _ => 100.0 * f64::from(errors) / f64::from(requests),
            },
            requests,
            over_s: WINDOW_S,
            failures,
            hold: self
                .hold
                .filter(|hold| now < hold.until)
                .map(|hold| (hold.class, hold.until)),
        }
    }

    fn answered(&mut self, now: Moment) {
        match self.state {
            State::Healthy | State::Degraded => self.refresh(now),
            State::Failed => {
                self.answered = 1;
                // What failed before is over: the share begins anew.
                self.window.clear();
                self.enter(State::Recovering, now);
            }
            State::Recovering => {
                self.answered += 1;
                if self.answered >= RECOVERED_AFTER {
                    self.enter(State::Healthy, now);
                }
            }
        }
    }

    fn erred(&mut self, begun: u64, chance: f64, now: Moment) {
        match self.state {
            State::Healthy | State::Degraded => match self.by_share(now) {
                State::Failed => {
                    // Flapping waits longer each time, like trials that fail.
                    let again = self.failed_at > Moment::default()
                        && now.seconds_since(self.failed_at) < FORGIVEN_S;
                    self.failed_trials = match again {
                        true => self.failed_trials.saturating_add(1),
                        false => 0,
                    };
                    self.fail(begun, chance, now);
                }
                state => self.enter(state, now),
            },
            State::Failed | State::Recovering => {
                self.failed_trials = self.failed_trials.saturating_add(1);
                self.fail(begun, chance, now);
            }
        }
    }

    fn fail(&mut self, begun: u64, chance: f64, now: Moment) {
        self.plan_trial(chance, begun, now);
        self.failed_at = now;
        self.enter(State::Failed, now);
    }

    fn plan_trial(&mut self, chance: f64, begun: u64, now: Moment) {
        self.trial_at = now.after(wait(self.failed_trials, TRIAL_LAST_S, chance));
        let others = (1 << self.failed_trials.min(10)).min(TRIAL_LAST_OF);
        self.trial_after = begun.saturating_add(others);
    }

    fn held(&mut self, heard: Heard, chance: f64, now: Moment) {
        let times = self.hold.map_or(0, |hold| hold.times.saturating_add(1));
        let backoff = wait(times, HOLD_LAST_S, chance);
        let (span, tried_first) = match (heard.class, heard.wait) {
            (Class::RateLimit, Some(wait)) => (wait.min(RATE_LIMIT_LONGEST), false),
            (Class::RateLimit, None) => (backoff, true),
            (Class::Overloaded | Class::Unavailable, Some(wait)) => {
                (wait.min(OVERLOAD_LONGEST), true)
            }
            (Class::Quota, wait) => (wait.unwrap_or(REFUSED_AGAIN).min(QUOTA_LONGEST), true),
            (Class::Auth | Class::Permission | Class::NotFound, _) => (REFUSED_AGAIN, true),
            _ => return,
        };
        let until = now.after(span);
        if self.hold.is_none_or(|hold| hold.until <= until) {
            self.hold = Some(Hold {
                class: heard.class,
                until,
                tried_first,
                times,
            });
        }
    }

    fn by_share(&self, now: Moment) -> State {
        let (share, errors) = self.share(now);
        let percent = 100.0 * share;
        if errors >= FAILED_ERRORS && percent >= FAILED_PERCENT {
            State::Failed
        } else if errors >= DEGRADED_ERRORS && percent >= DEGRADED_PERCENT {
            State::Degraded
        } else {
            State::Healthy
        }
    }

    /// Errors of this layer among at least so many requests, and their number.
    fn share(&self, now: Moment) -> (f64, u32) {
        let (errors, requests) = self.totals(&self.window.counts(now));
        (f64::from(errors) / f64::from(requests).max(FEWEST), errors)
    }

    /// Errors of this layer, and requests that say something. An error of another
    /// layer got as far as that layer, which speaks for this one.
    fn totals(&self, counts: &Counts) -> (u32, u32) {
        let (mut errors, mut requests) = (0, 0);
        for (class, count) in Class::ALL.into_iter().zip(counts) {
            if class.is_error() || class == Class::Answered {
                requests += count;
            }
            if class.is_error() && class.blamed_on() == Some(self.layer) {
                errors += count;
            }
        }
        (errors, requests)
    }

    fn enter(&mut self, state: State, now: Moment) {
        if self.state != state {
            (self.state, self.since) = (state, now);
        }
    }
}

/// The span before try number `times`, doubling, spread by 15 % either way.
fn wait(times: u32, last_s: f64, chance: f64) -> Duration {
    let doubled = TRIAL_FIRST_S * f64::from(1_u32 << times.min(10));
    let spread = 0.85 + 0.3 * chance.clamp(0.0, 1.0);
    Duration::from_secs_f64(doubled.min(last_s) * spread)
}

#[cfg(test)]
mod tests;
