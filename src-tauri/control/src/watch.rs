//! What is pushed to a panel: receipts as they are settled and what to read
//! again, gathered so that any traffic makes at most four events a second.
//!
//! Each watcher gathers for itself and holds no task: when the carrier drops it,
//! nothing is left behind.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use engine::{Engine, Receipt};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::Instant;

use crate::convert;
use crate::shown::{Event, RequestRow, Tag};

/// The shortest time between two events.
const GATHER: Duration = Duration::from_millis(250);
/// How often the number of running exchanges is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// The most receipts in one event; the list is read again for the rest.
const MOST_RECEIPTS: usize = 100;

/// One panel's view of what happens.
pub struct Watch {
    engine: Engine,
    receipts: broadcast::Receiver<Arc<Receipt>>,
    tags: broadcast::Receiver<Tag>,
    in_flight: usize,
    next: Instant,
}

impl Watch {
    pub(crate) fn new(engine: &Engine, tags: broadcast::Receiver<Tag>) -> Watch {
        Watch {
            engine: engine.clone(),
            receipts: engine.live().watch(),
            tags,
            in_flight: engine.in_flight(),
            next: Instant::now(),
        }
    }

    /// The next event; `None` once the app is ending. Waits until there is one.
    pub async fn next(&mut self) -> Option<Event> {
        let mut rows: Vec<RequestRow> = Vec::new();
        let mut changed = BTreeSet::new();
        while rows.is_empty() && changed.is_empty() {
            self.gather(&mut rows, &mut changed, Instant::now() + LOOK)
                .await?;
        }
        // Let the rest of a burst arrive before speaking.
        let until = self.next.max(Instant::now() + Duration::from_millis(20));
        while Instant::now() < until {
            self.gather(&mut rows, &mut changed, until).await?;
        }
        self.next = Instant::now() + GATHER;
        rows.reverse();
        rows.truncate(MOST_RECEIPTS);
        Some(Event {
            receipts: rows,
            changed: changed.into_iter().collect(),
        })
    }

    async fn gather(
        &mut self,
        rows: &mut Vec<RequestRow>,
        changed: &mut BTreeSet<Tag>,
        until: Instant,
    ) -> Option<()> {
        tokio::select! {
            receipt = self.receipts.recv() => match receipt {
                Ok(receipt) => {
                    changed.insert(Tag::Receipts);
                    if rows.len() < MOST_RECEIPTS * 4 {
                        rows.push(convert::row(&receipt));
                    }
                }
                // We fell behind: the panel reads the list again.
                Err(RecvError::Lagged(_)) => { changed.insert(Tag::Receipts); }
                Err(RecvError::Closed) => return None,
            },
            tag = self.tags.recv() => match tag {
                Ok(tag) => { changed.insert(tag); }
                Err(RecvError::Lagged(_)) => { changed.extend(Tag::ALL); }
                Err(RecvError::Closed) => return None,
            },
            () = tokio::time::sleep_until(until) => {
                let in_flight = self.engine.in_flight();
                if std::mem::replace(&mut self.in_flight, in_flight) != in_flight {
                    changed.insert(Tag::Status);
                }
            }
        }
        Some(())
    }
}
