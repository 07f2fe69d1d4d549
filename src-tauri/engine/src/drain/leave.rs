//! How long running work may take to finish, and why it has to.

use std::sync::Arc;
use std::time::{Duration, Instant};

use routing::{KeySource, Provider, Routes, Surface};
use secrecy::{ExposeSecret as _, SecretString};

use super::{Drain, DrainOf};
use crate::settle::unix_ms;

/// Why work has to come to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Somebody asked for it.
    Asked,
    /// The provider is no longer in the config.
    Removed,
    /// The provider was switched off.
    Disabled,
    /// The provider has another address.
    Moved,
    /// The provider takes its key from another place.
    KeyMoved,
    /// The key is another one.
    KeyReplaced,
}

/// Time to finish.
#[derive(Debug, Clone)]
pub(super) struct Leave {
    pub(super) why: Why,
    pub(super) until: Instant,
    since_unix_ms: u64,
    within: Duration,
}

impl Leave {
    /// From now on.
    pub(super) fn new(why: Why, within: Duration) -> Leave {
        Leave {
            why,
            until: Instant::now() + within,
            since_unix_ms: unix_ms(),
            within,
        }
    }

    /// The same reason, with the other's time where that is over sooner.
    pub(super) fn no_later_than(self, other: &Leave) -> Leave {
        match other.until < self.until {
            true => Leave {
                why: self.why,
                ..other.clone()
            },
            false => self,
        }
    }

    pub(super) fn left(&self, now: Instant) -> Duration {
        self.until.saturating_duration_since(now)
    }

    /// What is told when it is over. `name`: of whatever drains.
    pub(super) fn told(&self, name: &str) -> Arc<str> {
        let happened = match self.why {
            Why::Asked => format!("{name} is draining"),
            Why::Removed => format!("{name} was removed from the config"),
            Why::Disabled => format!("{name} was disabled"),
            Why::Moved => format!("the address of {name} was changed"),
            Why::KeyMoved | Why::KeyReplaced => format!("the key of {name} was changed"),
        };
        let seconds = self.within.as_secs();
        format!("{happened}, and the {seconds} s that running requests had are over").into()
    }

    pub(super) fn shown(&self, of: DrainOf, now: Instant, running: u32) -> Drain {
        Drain {
            of,
            why: self.why,
            since_unix_ms: self.since_unix_ms,
            within: self.within,
            left: self.left(now),
            running,
        }
    }
}

/// What became of a provider, as far as work that runs there is concerned.
pub(super) fn departed(provider: &Provider, key: &KeySource, routes: &Routes) -> Option<Why> {
    let Some(now) = routes.provider(&provider.id) else {
        return Some(Why::Removed);
    };
    if !now.enabled {
        return Some(Why::Disabled);
    }
    if !provider.surfaces.iter().all(|one| is_reached(now, one)) {
        return Some(Why::Moved);
    }
    (!now.keys().any(|one| one == key)).then_some(Why::KeyMoved)
}

/// Whether a provider is still to be found there; how it deviates from its dialect makes no difference.
fn is_reached(provider: &Provider, at: &Surface) -> bool {
    provider.surfaces.iter().any(|one| {
        (
            one.dialect,
            &one.base_url,
            one.hosting,
            &one.query,
            &one.region,
        ) == (at.dialect, &at.base_url, at.hosting, &at.query, &at.region)
    })
}

pub(super) fn same_key(one: Option<&SecretString>, other: Option<&SecretString>) -> bool {
    one.map(|key| key.expose_secret()) == other.map(|key| key.expose_secret())
}
