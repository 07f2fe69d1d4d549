//! Whether this machine's own network is the trouble, and how odd everybody's peers
//! are. What slows together is nobody's fault, and what fails together may be ours.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::outcome::Class;
use super::{Health, Ticket};
use crate::latency;
use crate::moment::Moment;

/// What was not used for so long is nobody's peer.
const IN_USE: Duration = Duration::from_secs(300);
/// The oddness from which a provider counts as slow.
const SLOW: f64 = 2.0;
/// Providers that were not heard of for so long say nothing of the network.
const HEARD: Duration = Duration::from_secs(30);
/// Failures to connect, all providers together, that may mean the network.
const UNREACHED: u32 = 3;

/// Whether this machine's own network is the trouble.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// Nothing points to it.
    #[default]
    Fine,
    /// Every provider has become slow together: nobody is penalised for it.
    Slow,
    /// No provider can be reached: nobody is blamed for it.
    Unreachable,
}

impl Health {
    /// Whether a failure is this machine's own.
    pub(super) fn is_ours(&self, ticket: &Ticket, class: Class) -> bool {
        !ticket.local
            && class.may_be_ours()
            && (!self.machine.online
                || ticket.epoch != self.epoch
                || self.network == Network::Unreachable)
    }

    pub(super) fn reached(&mut self, ticket: &Ticket, now: Moment) {
        if let Some(key) = ticket.key.and_then(|place| self.keys.at_mut(place)) {
            key.answered = key.answered.max(Some(now));
            key.unreached = None;
        }
        if self.network == Network::Unreachable && !ticket.local {
            self.wake(now);
        }
    }

    pub(super) fn unreached(&mut self, ticket: &Ticket, now: Moment) {
        if let Some(key) = ticket.key.and_then(|place| self.keys.at_mut(place)) {
            let before = key.unreached.map_or(0, |(_, times)| times);
            key.unreached = Some((now, before.saturating_add(1)));
        }
        if self.network != Network::Unreachable && self.nobody_is_reached(now) {
            // Those that were blamed on the way to this insight are cleared.
            self.wake(now);
            self.network = Network::Unreachable;
        }
    }

    /// Two providers or more were asked of late, and none could be reached.
    fn nobody_is_reached(&self, now: Moment) -> bool {
        let recent = |at: Moment| now.since(at) < HEARD;
        let mut failures = 0;
        let mut provider = None;
        let mut several = false;
        for (id, _, _, key) in self.keys.iter().filter(|(.., key)| !key.local) {
            match key.unreached {
                Some((at, times)) if recent(at) => {
                    failures += times;
                    several |= provider.is_some_and(|other| other != id);
                    provider = Some(id);
                }
                _ if key.answered.is_some_and(recent) => return false,
                _ => {}
            }
        }
        several && failures >= UNREACHED
    }

    /// Tells each target in use how odd the others are, in the median.
    pub(super) fn compare(&mut self, now: Moment) {
        let in_use = |used: Moment| now.since(used) < IN_USE;
        let mut odd: Vec<f64> = self
            .targets
            .iter()
            .filter(|(_, _, used, target)| in_use(*used) && target.proved)
            .map(|(.., target)| target.latency.oddness(now))
            .collect();
        odd.sort_unstable_by(f64::total_cmp);
        for (_, target) in self.targets.iter_mut() {
            let own = target.latency.oddness(now);
            target.peers = median_without(&odd, own);
            target.odd_penalty = latency::penalty(own, target.peers);
        }
    }

    /// Every provider has become odd, even by its best target.
    pub(super) fn all_are_slow(&self, now: Moment) -> bool {
        let in_use = |used: Moment| now.since(used) < IN_USE;
        let mut best: Vec<(&str, f64)> = Vec::new();
        for (provider, _, used, target) in self.targets.iter() {
            if !in_use(used) || !target.proved || target.local {
                continue;
            }
            let odd = target.latency.oddness(now);
            match best.iter_mut().find(|(id, _)| *id == provider) {
                Some((_, least)) => *least = least.min(odd),
                None => best.push((provider, odd)),
            }
        }
        best.len() >= 2 && best.iter().all(|(_, odd)| *odd >= SLOW)
    }
}

/// The median of a sorted list without one of its values.
pub(super) fn median_without(sorted: &[f64], value: f64) -> f64 {
    let place = sorted.partition_point(|other| *other < value);
    let listed = sorted.get(place) == Some(&value);
    let others = sorted.len() - usize::from(listed);
    if others == 0 {
        return 0.0;
    }
    let at = |n: usize| sorted[n + usize::from(listed && n >= place)];
    // Of an even number the lower one: a doubt is no excuse.
    at((others - 1) / 2)
}
