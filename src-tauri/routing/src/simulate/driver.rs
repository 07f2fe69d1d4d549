//! What stands between the traffic and the targets: one seam for us and for those
//! we are compared with.

use std::time::Duration;

use dialect::Failure;

use super::server::Wanted;
use crate::health::{Headroom, Ticket};
use crate::latency::Took;
use crate::moment::Moment;

/// One request of a client, until it is answered or given up.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) wanted: Wanted,
    pub(super) arrived: Moment,
    /// Places that are to be tried, in order.
    pub(super) order: Vec<usize>,
    /// Places that were tried, an entry for each attempt.
    pub(super) tried: Vec<usize>,
    /// Where it goes when it has waited.
    pub(super) again: Option<usize>,
}

/// What is done with a job now.
#[derive(Debug, Clone, Copy)]
pub(super) enum Move {
    /// This target is asked, and given up on after so long without a first token.
    Ask { place: usize, deadline: Duration },
    /// Nothing yet.
    Wait { until: Moment },
    /// The client is told that it failed.
    Fail,
}

/// An attempt that has ended.
#[derive(Debug)]
pub(super) struct Ended<'e> {
    pub(super) place: usize,
    pub(super) ticket: Option<&'e Ticket>,
    pub(super) cached: u64,
    pub(super) headroom: Headroom,
}

pub(super) trait Driver {
    /// A job has come, or has waited as long as it was told to.
    fn job(&mut self, job: &mut Job, now: Moment) -> Move;
    /// An attempt goes out.
    fn began(&mut self, job: &Job, place: usize, now: Moment) -> Option<Ticket>;
    /// It was answered.
    fn answered(&mut self, job: &Job, ended: &Ended<'_>, took: Took, now: Moment);
    /// It failed.
    fn failed(&mut self, job: &mut Job, ended: &Ended<'_>, failure: &Failure, now: Moment) -> Move;
}
