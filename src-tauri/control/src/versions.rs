//! Who answers to a name now, where that was another one before.
//!
//! Promises: reads memory alone; at most 200 of them, the latest change first.

use std::cmp::Reverse;

use engine::{Version, WatchedModel};

use crate::Control;
use crate::failure::Failure;
use crate::shown::{ModelChange, ModelChanges, Nothing, VersionShown};

/// Changes in one answer.
const MOST: usize = 200;

impl Control {
    pub(crate) async fn model_changes(&self, _: Nothing) -> Result<ModelChanges, Failure> {
        let watched = self.parts.engine.versions().all();
        let count = u32::try_from(watched.len()).unwrap_or(u32::MAX);
        let mut changes: Vec<ModelChange> = watched
            .into_iter()
            .filter_map(|one| self.change(one))
            .collect();
        changes.sort_by_key(|change| Reverse(change.at_unix_ms));
        changes.truncate(MOST);
        Ok(ModelChanges {
            watched: count,
            changes,
        })
    }

    fn change(&self, watched: WatchedModel) -> Option<ModelChange> {
        let changed = watched.changed?;
        let snapshot = self.parts.engine.snapshot();
        let provider = snapshot.routes.provider(&watched.provider);
        Some(ModelChange {
            provider_name: provider
                .map_or_else(|| watched.provider.clone(), |known| known.name.clone()),
            rolling: !routing::is_snapshot(&watched.model),
            provider: watched.provider,
            model: watched.model,
            from: shown(changed.from),
            to: shown(changed.to),
            at_unix_ms: changed.at_unix_ms,
            changes: watched.changes,
        })
    }
}

fn shown(version: Version) -> VersionShown {
    VersionShown {
        model: version.model,
        fingerprint: version.fingerprint,
    }
}
