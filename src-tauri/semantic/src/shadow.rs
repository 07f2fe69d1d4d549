//! How often a hit would have been wrong.
//!
//! Promises: counts, a route each, of looks whose answer was asked for all the same and compared
//! ([`verify`]). What is not clearly the same counts as false. The rate is told with the highest that
//! the counts allow for, since three comparisons without a mistake prove nothing. Bounded: 64 routes;
//! what comes on others is counted as dropped. Leaves out: who is asked twice, and how often (the
//! route's rule says).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::agreement::{Agreement, verify};

/// Routes that are counted.
pub const MOST_ROUTES: usize = 64;
/// Two-sided 95 %.
const DEVIATIONS: f64 = 1.96;

/// What was counted on one route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Looks.
    pub lookups: u64,
    /// Looks that a guard refused.
    pub refused: u64,
    /// Looks that would have been hits.
    pub would_hit: u64,
    /// Of these, those whose answer was compared with the real one.
    pub verified: u64,
    /// Of these, those that were the same or said the same.
    pub agreed: u64,
    /// The others: different, or not clearly the same.
    pub false_hits: u64,
}

/// What is known of one route.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RouteReport {
    /// The route's name.
    pub route: String,
    /// What was counted.
    #[serde(flatten)]
    pub counts: Counts,
    /// The share of looks that would have been hits, from 0 to 1.
    pub hit_share: f64,
    /// The share of false hits among those compared, from 0 to 1; `None` before the first.
    pub false_rate: Option<f64>,
    /// The highest share of false hits that the counts allow for (Wilson, 95 %), from 0 to 1; 1 before
    /// the first.
    pub false_rate_at_most: f64,
}

/// What is known of all routes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ShadowReport {
    /// By name.
    pub routes: Vec<RouteReport>,
    /// Looks on routes beyond the bound.
    pub dropped: u64,
}

/// What a look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looked {
    /// It would have been a hit.
    WouldHit,
    /// A guard refused it.
    Refused,
    /// Nothing was near enough.
    Missed,
}

/// The counts.
#[derive(Debug, Clone, Default)]
pub struct Shadow {
    routes: BTreeMap<String, Counts>,
    dropped: u64,
}

impl Shadow {
    /// Counts a look.
    pub fn looked(&mut self, route: &str, looked: Looked) {
        let Some(counts) = self.counts(route) else {
            return;
        };
        counts.lookups += 1;
        match looked {
            Looked::WouldHit => counts.would_hit += 1,
            Looked::Refused => counts.refused += 1,
            Looked::Missed => {}
        }
    }

    /// Counts a comparison of the answer that a hit would have given with the real one, and says what
    /// it came to.
    pub fn verified(&mut self, route: &str, kept: &str, real: &str) -> Agreement {
        let agreement = verify(kept, real);
        if let Some(counts) = self.counts(route) {
            counts.verified += 1;
            match agreement.agrees() {
                true => counts.agreed += 1,
                false => counts.false_hits += 1,
            }
        }
        agreement
    }

    /// What was counted.
    pub fn report(&self) -> ShadowReport {
        ShadowReport {
            routes: self
                .routes
                .iter()
                .map(|(route, counts)| counts.report(route))
                .collect(),
            dropped: self.dropped,
        }
    }

    /// Begins anew on a route, since its rule changed; on all without one.
    pub fn forget(&mut self, route: Option<&str>) {
        match route {
            Some(route) => drop(self.routes.remove(route)),
            None => *self = Shadow::default(),
        }
    }

    fn counts(&mut self, route: &str) -> Option<&mut Counts> {
        if !self.routes.contains_key(route) {
            if self.routes.len() >= MOST_ROUTES {
                self.dropped += 1;
                return None;
            }
            self.routes.insert(route.to_owned(), Counts::default());
        }
        self.routes.get_mut(route)
    }
}

impl Counts {
    /// The highest share of false hits that the counts allow for.
    pub fn false_rate_at_most(&self) -> f64 {
        wilson_upper(self.false_hits, self.verified)
    }

    fn report(&self, route: &str) -> RouteReport {
        let share = |part: u64, of: u64| {
            if of == 0 {
                0.0
            } else {
                part as f64 / of as f64
            }
        };
        RouteReport {
            route: route.to_owned(),
            counts: *self,
            hit_share: share(self.would_hit, self.lookups),
            false_rate: (self.verified > 0).then(|| share(self.false_hits, self.verified)),
            false_rate_at_most: self.false_rate_at_most(),
        }
    }
}

/// The upper end of Wilson's interval at 95 %: 1 where nothing was seen.
pub fn wilson_upper(found: u64, of: u64) -> f64 {
    if of == 0 {
        return 1.0;
    }
    let n = of as f64;
    let share = found.min(of) as f64 / n;
    let squared = DEVIATIONS * DEVIATIONS;
    let middle = share + squared / (2.0 * n);
    let spread = DEVIATIONS * (share * (1.0 - share) / n + squared / (4.0 * n * n)).sqrt();
    ((middle + spread) / (1.0 + squared / n)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_wilsons() {
        // From the formula, worked out by hand and by tables.
        for (found, of, upper) in [
            (0, 0, 1.0),
            (0, 10, 0.277_5),
            (0, 1_000, 0.003_827),
            (1, 10, 0.404_2),
            (5, 100, 0.111_8),
            (10, 10, 1.0),
        ] {
            let bound = wilson_upper(found, of);
            assert!((bound - upper).abs() < 0.000_2, "{found} of {of}: {bound}");
        }
    }

    #[test]
    fn what_is_counted_is_told() {
        let mut shadow = Shadow::default();
        for looked in [
            Looked::WouldHit,
            Looked::WouldHit,
            Looked::Refused,
            Looked::Missed,
        ] {
            shadow.looked("support", looked);
        }
        assert!(
            shadow
                .verified("support", "It ships in 3 days.", "it ships in 3 days")
                .agrees()
        );
        assert!(
            !shadow
                .verified("support", "It ships in 3 days.", "It ships in 5 days.")
                .agrees()
        );
        let report = shadow.report();
        let counts = Counts {
            lookups: 4,
            refused: 1,
            would_hit: 2,
            verified: 2,
            agreed: 1,
            false_hits: 1,
        };
        assert_eq!(report.routes.len(), 1);
        assert_eq!(report.routes[0].counts, counts);
        assert_eq!(report.routes[0].hit_share, 0.5);
        assert_eq!(report.routes[0].false_rate, Some(0.5));
        let told = serde_json::to_value(&report).expect("JSON");
        assert_eq!(told["routes"][0]["false_hits"], 1);
        assert_eq!(told["routes"][0]["route"], "support");
        shadow.forget(Some("support"));
        assert_eq!(shadow.report(), ShadowReport::default());
    }

    #[test]
    fn routes_beyond_the_bound_are_dropped_and_counted() {
        let mut shadow = Shadow::default();
        for n in 0..MOST_ROUTES + 3 {
            shadow.looked(&format!("route {n}"), Looked::Missed);
        }
        assert_eq!(shadow.report().routes.len(), MOST_ROUTES);
        assert_eq!(shadow.report().dropped, 3);
    }
}
