//! What answers to each name: the version and the fingerprint that replies tell, and when they changed.
//!
//! Promises: bounded (1,024 models, 16 things seen of each), a lock for the microsecond of a look. A vendor that
//! has several builds behind one name, which answer in turns, changes nothing: only what was never seen, or not
//! for a day, is a change. Leaves out the disk (`host`), and what a name promises (`routing`).

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// Models that are watched.
const MOST: usize = 1024;
/// Different answers to one name that are remembered.
const MOST_SEEN: usize = 16;
/// What was away for so long and is there again has been put back.
const DAY_MS: u64 = 24 * 3600 * 1000;

/// What replies tell of who answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The model as the provider names it in its replies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What it says it runs on (`system_fingerprint`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
}

/// A version, and when it answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// What was told.
    pub version: Version,
    /// For the first time, in milliseconds since 1970.
    pub first_unix_ms: u64,
    /// For the last time.
    pub last_unix_ms: u64,
}

/// Another one answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionChange {
    /// Who answered before.
    pub from: Version,
    /// Who answers since.
    pub to: Version,
    /// Since when, in milliseconds since 1970.
    pub at_unix_ms: u64,
}

/// One model of one provider, as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchedModel {
    /// The provider's id.
    pub provider: String,
    /// The model as the provider is asked for it.
    pub model: String,
    /// What has answered, as it was first seen.
    pub seen: Vec<Seen>,
    /// The last change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<VersionChange>,
    /// How many there were.
    #[serde(default)]
    pub changes: u32,
}

/// All that are watched.
#[derive(Debug, Default)]
pub struct Versions {
    known: Mutex<HashMap<(String, String), WatchedModel>>,
    news: Notify,
}

impl Versions {
    /// Takes up what was known before, in place of what is known.
    pub fn restore(&self, models: Vec<WatchedModel>) {
        let mut known = self.lock();
        known.clear();
        for mut model in models.into_iter().take(MOST) {
            model.seen.truncate(MOST_SEEN);
            known.insert((model.provider.clone(), model.model.clone()), model);
        }
    }

    /// Everything that is known, by provider and model.
    pub fn all(&self) -> Vec<WatchedModel> {
        let mut all: Vec<WatchedModel> = self.lock().values().cloned().collect();
        all.sort_by(|a, b| (&a.provider, &a.model).cmp(&(&b.provider, &b.model)));
        all
    }

    /// Resolves when something is there that was not before: another version, or another model.
    pub async fn news(&self) {
        self.news.notified().await;
    }

    /// A reply told this.
    pub(crate) fn told(&self, provider: &str, model: &str, version: &Version, now_unix_ms: u64) {
        if version == &Version::default() {
            return;
        }
        let mut known = self.lock();
        let name = (provider.to_owned(), model.to_owned());
        if !known.contains_key(&name) && known.len() >= MOST {
            let last = |one: &WatchedModel| one.seen.iter().map(|seen| seen.last_unix_ms).max();
            let oldest = known.iter().min_by_key(|(_, one)| last(one));
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                known.remove(&oldest);
            }
        }
        let watched = known.entry(name).or_insert_with(|| WatchedModel {
            provider: provider.to_owned(),
            model: model.to_owned(),
            seen: Vec::new(),
            changed: None,
            changes: 0,
        });
        if watched.told(version, now_unix_ms) {
            self.news.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(String, String), WatchedModel>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WatchedModel {
    /// Whether that is worth writing down.
    fn told(&mut self, version: &Version, now: u64) -> bool {
        let last = |at: &usize| self.seen[*at].last_unix_ms;
        let latest = (0..self.seen.len()).max_by_key(last);
        let before = latest.map(|at| self.seen[at].version.clone());
        // What tells less may have come of any of them, most likely of the latest.
        let met = (0..self.seen.len()).filter(|at| self.seen[*at].version.is_met_by(version));
        let known = met.max_by_key(last);
        let (is_news, changed_to) = match known {
            Some(at) => {
                let seen = &mut self.seen[at];
                let is_fuller = seen.version.take_up(version);
                let was_away = now.saturating_sub(seen.last_unix_ms) > DAY_MS;
                // Replies end in another order than they began.
                seen.last_unix_ms = seen.last_unix_ms.max(now);
                let is_back = was_away && known != latest;
                (is_fuller || is_back, is_back.then(|| seen.version.clone()))
            }
            None => {
                let oldest = (0..self.seen.len()).min_by_key(last);
                if let Some(oldest) = oldest.filter(|_| self.seen.len() >= MOST_SEEN) {
                    self.seen.remove(oldest);
                }
                self.seen.push(Seen {
                    version: version.clone(),
                    first_unix_ms: now,
                    last_unix_ms: now,
                });
                (true, Some(version.clone()))
            }
        };
        if let (Some(to), Some(from)) = (changed_to, before) {
            self.changes = self.changes.saturating_add(1);
            self.changed = Some(VersionChange {
                from,
                to,
                at_unix_ms: now,
            });
        }
        is_news
    }
}

impl Version {
    /// A reply that tells less is not another version: not every stream tells its fingerprint.
    fn is_met_by(&self, told: &Version) -> bool {
        let agree = |known: &Option<String>, told: &Option<String>| match (known, told) {
            (Some(known), Some(told)) => known == told,
            _ => true,
        };
        agree(&self.model, &told.model) && agree(&self.fingerprint, &told.fingerprint)
    }

    /// Fills in what was not told before; whether there was something.
    fn take_up(&mut self, told: &Version) -> bool {
        let before = self.clone();
        self.model = self.model.take().or_else(|| told.model.clone());
        self.fingerprint = self.fingerprint.take().or_else(|| told.fingerprint.clone());
        *self != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(model: &str, fingerprint: &str) -> Version {
        let told = |word: &str| (!word.is_empty()).then(|| word.to_owned());
        Version {
            model: told(model),
            fingerprint: told(fingerprint),
        }
    }

    fn after(told: &[(&str, &str, u64)]) -> WatchedModel {
        let versions = Versions::default();
        for (model, fingerprint, at) in told {
            versions.told("acme", "anvil", &version(model, fingerprint), *at);
        }
        versions.all().remove(0)
    }

    #[test]
    fn another_version_is_a_change_with_its_time() {
        let anvil = after(&[
            ("anvil-1", "", 10),
            ("anvil-1", "", 20),
            ("anvil-2", "", 30),
            ("anvil-2", "", 40),
        ]);
        let expected = VersionChange {
            from: version("anvil-1", ""),
            to: version("anvil-2", ""),
            at_unix_ms: 30,
        };
        assert_eq!((anvil.changed, anvil.changes), (Some(expected), 1));
        assert_eq!(anvil.seen[0].last_unix_ms, 20);
    }

    #[test]
    fn another_fingerprint_of_the_same_version_is_one_too() {
        let anvil = after(&[("anvil", "fp_a", 10), ("anvil", "fp_b", 20)]);
        assert_eq!(
            anvil.changed.expect("a change").to,
            version("anvil", "fp_b")
        );
    }

    #[test]
    fn builds_that_answer_in_turns_are_told_once() {
        let told = [
            ("anvil", "fp_a", 10),
            ("anvil", "fp_b", 20),
            ("anvil", "fp_a", 30),
            ("anvil", "fp_b", 40),
        ];
        assert_eq!(after(&told).changes, 1);
    }

    #[test]
    fn what_was_away_for_a_day_has_been_put_back() {
        let anvil = after(&[
            ("anvil-1", "", 0),
            ("anvil-2", "", 10),
            ("anvil-1", "", DAY_MS + 1),
        ]);
        assert_eq!(anvil.changes, 2);
        assert_eq!(anvil.changed.expect("a change").to, version("anvil-1", ""));
        let quiet = after(&[("anvil-1", "", 0), ("anvil-1", "", 9 * DAY_MS)]);
        assert_eq!(quiet.changes, 0, "nobody asked, and it is the same");
    }

    #[test]
    fn a_reply_that_tells_less_changes_nothing() {
        let anvil = after(&[("anvil", "", 10), ("anvil", "fp_a", 20), ("anvil", "", 30)]);
        assert_eq!((anvil.changes, anvil.seen.len()), (0, 1));
        assert_eq!(anvil.seen[0].version, version("anvil", "fp_a"));
        let builds = after(&[
            ("anvil", "fp_a", 10),
            ("anvil", "fp_b", 20),
            ("anvil", "", 30),
        ]);
        assert_eq!(
            builds.seen[0].last_unix_ms, 10,
            "it may have been either, the latest most likely"
        );
        let nothing = Versions::default();
        nothing.told("acme", "anvil", &Version::default(), 1);
        assert!(nothing.all().is_empty());
    }

    #[test]
    fn sixteen_are_remembered_of_a_model_and_1024_models() {
        let versions = Versions::default();
        for at in 0..20 {
            versions.told("acme", "anvil", &version(&format!("anvil-{at}"), ""), at);
        }
        let anvil = versions.all().remove(0);
        assert_eq!((anvil.seen.len(), anvil.changes), (MOST_SEEN, 19));
        for at in 0..MOST as u64 {
            versions.told("acme", &format!("m{at}"), &version("v", ""), 100 + at);
        }
        let all = versions.all();
        assert_eq!(all.len(), MOST);
        assert!(
            all.iter().all(|one| one.model != "anvil"),
            "the one that was quiet longest goes"
        );
    }

    #[test]
    fn what_is_written_down_is_taken_up_again() {
        let anvil = after(&[("anvil-1", "fp", 10), ("anvil-2", "", 20)]);
        let written = serde_json::to_string(&anvil).expect("JSON");
        let again = Versions::default();
        again.restore(vec![serde_json::from_str(&written).expect("the same")]);
        assert_eq!(again.all(), [anvil]);
    }
}
