//! Answers that were given before, or are being given: looked for before anybody is asked.
//!
//! Promises: a hit is never wrong (docs/cache.md), and what stands in the way of one is told on the receipt. A
//! request that is being asked already is not asked twice. A store that is late, damaged or gone is a miss.
//! Leaves out: what an answer is known by and how it is kept (`cache`), and the disk (`host`).

mod flight;
mod joined;
mod keep;
mod letterhead;
mod question;
mod rule;
mod tally;
mod tell;
mod wish;

use std::sync::{Arc, OnceLock};

use cache::{Cache, Entry};
use dialect::{Dialect, Facts, Task};
use http::Response;
use tokio::sync::Semaphore;

pub(crate) use flight::{Reader, Witness};
pub(crate) use joined::Joined;
pub(crate) use question::Question;
pub use tally::RouteTally;
pub(crate) use tell::Paced;
pub(crate) use wish::Wish;

use crate::answer::{refuse, without_receipt};
use crate::errand::Errand;
use crate::exchange::Call;
use crate::faults;
use crate::machine::Inner;
use crate::receipt::{CacheNote, CacheVerdict, Ending};
use crate::relay::ReplyBody;
use crate::sending::InHub;
use crate::settle::{Settlement, unix_ms};
use crate::snapshot::Snapshot;
use flight::{Boarded, Departure, Flight, Flights};
use keep::Keeper;
use question::{Scopes, question};
use tally::Tallies;
use tell::{Caller, Found};

/// Calls for one request that may die before its client is told so.
const MOST_DEATHS: u32 = 3;

/// What the engine knows of answers that were given.
pub(crate) struct Kept {
    pub(crate) cache: Arc<Cache>,
    flights: Arc<Flights>,
    scopes: Scopes,
    pub(crate) tallies: Tallies,
    /// Room for answers that are being kept.
    desk: Arc<Semaphore>,
}

impl Kept {
    pub(crate) fn new(cache: Cache) -> Kept {
        Kept {
            cache: Arc::new(cache),
            flights: Arc::default(),
            scopes: Scopes::default(),
            tallies: Tallies::default(),
            desk: Arc::new(Semaphore::new(keep::MOST_AT_ONCE)),
        }
    }

    /// The answer that was given before, and may be told now.
    async fn find(&self, question: &Question) -> Option<Found> {
        let now = unix_ms();
        let is_wanted = |entry: &Arc<Entry>| is_wanted(entry, question, now);
        if let Some(entry) = self.cache.look(&question.name, now).filter(is_wanted) {
            return Some(Found {
                entry,
                verdict: CacheVerdict::Memory,
            });
        }
        let entry = self.fetch(question, now).await.filter(is_wanted)?;
        Some(Found {
            entry,
            verdict: CacheVerdict::Disk,
        })
    }

    async fn fetch(&self, question: &Question, now: u64) -> Option<Arc<Entry>> {
        if !self.cache.has_disk() {
            return None;
        }
        let (cache, name) = (Arc::clone(&self.cache), question.name);
        tokio::task::spawn_blocking(move || cache.fetch(&name, now))
            .await
            .ok()?
    }

    /// One that has expired, for when nobody gives a new one.
    async fn find_stale(&self, question: &Question) -> Option<Found> {
        if question.rule.stale.is_zero() {
            return None;
        }
        let now = unix_ms();
        let may = |entry: &Arc<Entry>| entry.may_be_told(now);
        let entry = match self.cache.look(&question.name, now).filter(may) {
            Some(entry) => entry,
            None => self.fetch(question, now).await.filter(may)?,
        };
        Some(Found {
            entry,
            verdict: CacheVerdict::Stale,
        })
    }
}

fn is_wanted(entry: &Arc<Entry>, question: &Question, now: u64) -> bool {
    let age = now.saturating_sub(entry.made_at_ms);
    let oldest = question.wish.oldest;
    entry.is_fresh(now) && oldest.is_none_or(|oldest| u128::from(age) <= oldest.as_millis())
}

/// What a request asks, if its answer may be kept and is worth a look now. None of a kind that is never kept.
///
/// # Errors
/// Why it is not, for the receipt.
pub(crate) fn ask(
    inner: &Inner,
    snapshot: &Snapshot,
    (call, facts): (&Call, &Facts),
    local_only: bool,
    wish: Wish,
    hub: &InHub,
) -> Result<Option<Question>, Box<CacheNote>> {
    if call.endpoint.task() != Task::Generate {
        return Ok(None);
    }
    // Who takes no other answer has the look, however seldom one is found.
    if !wish.only && !inner.kept.tallies.is_worth_a_look(&facts.model, &call.body) {
        return Err(Box::new(CacheNote::of(CacheVerdict::Bypassed)));
    }
    let asked = question(inner, snapshot, (call, facts), local_only, wish, hub);
    asked.map(Some).map_err(|why| {
        Box::new(CacheNote {
            why: Some(why.into_owned()),
            ..CacheNote::of(CacheVerdict::Skipped)
        })
    })
}

/// What stands on the receipt until more is known.
pub(crate) fn first_word(asked: &Result<Option<Question>, Box<CacheNote>>) -> Option<CacheNote> {
    match asked {
        Ok(None) => None,
        Ok(Some(_)) => Some(CacheNote::of(CacheVerdict::Missed)),
        Err(note) => Some(CacheNote::clone(note)),
    }
}

/// Serves a request: by an answer that was given before, by one that is being given, or by asking.
/// Whoever takes no answer but one that was kept has nobody asked, whatever the request.
pub(crate) async fn serve(
    errand: Errand,
    wish: Wish,
    settlement: Settlement,
) -> Response<ReplyBody> {
    let dialect = errand.call.endpoint.dialect();
    let Some(question) = errand.question.clone() else {
        return match wish.only {
            true => not_kept(dialect, settlement).await,
            false => errand.run(settlement).await,
        };
    };
    let mut settlement = settlement;
    if question.wish.look
        && let Some(found) = errand.inner.kept.find(&question).await
    {
        match tell_to(&found, &question, &errand, settlement) {
            Ok(response) => return response,
            Err(back) => settlement = *back,
        }
    }
    if question.wish.only {
        return not_kept(dialect, settlement).await;
    }
    match question.wish.look {
        true => board(errand, settlement, &question).await,
        false => leave(errand, settlement, &question).await,
    }
}

async fn not_kept(dialect: Dialect, settlement: Settlement) -> Response<ReplyBody> {
    let fault = faults::not_kept();
    refuse(settlement, dialect, &fault, Ending::Refused, None).await
}

/// An expired answer instead of a failure, where the route allows it.
///
/// # Errors
/// Gives the settlement back where there is none.
pub(crate) async fn stale(
    errand: &Errand,
    question: &Question,
    settlement: Settlement,
) -> Result<Response<ReplyBody>, Box<Settlement>> {
    match errand.inner.kept.find_stale(question).await {
        Some(found) => tell_to(&found, question, errand, settlement),
        None => Err(Box::new(settlement)),
    }
}

fn tell_to(
    found: &Found,
    question: &Question,
    errand: &Errand,
    settlement: Settlement,
) -> Result<Response<ReplyBody>, Box<Settlement>> {
    let caller = Caller {
        inner: &errand.inner,
        question,
        call: &errand.call,
        facts: &errand.facts,
        request: errand.hub.read(),
    };
    tell::tell(found, &caller, settlement)
}

/// Asks for one who wants an answer of its own, which is kept for others.
async fn leave(
    errand: Errand,
    settlement: Settlement,
    question: &Arc<Question>,
) -> Response<ReplyBody> {
    let dialect = errand.call.endpoint.dialect();
    let flight = Flights::alone(departure((errand, settlement), question));
    flown(flight, dialect).await
}

/// Comes along with who asks the same, or asks.
async fn board(
    errand: Errand,
    settlement: Settlement,
    question: &Arc<Question>,
) -> Response<ReplyBody> {
    let (inner, dialect) = (Arc::clone(&errand.inner), errand.call.endpoint.dialect());
    let mut waiting = (errand, settlement);
    for _ in 0..MOST_DEATHS {
        let key = (question.name, question.form.clone());
        let flights = &inner.kept.flights;
        let (flight, errand, settlement) =
            match flights.board(key, waiting, |waiting| departure(waiting, question)) {
                Boarded::First(flight) => return flown(flight, dialect).await,
                Boarded::Joined(flight, (errand, settlement)) => (flight, errand, settlement),
            };
        let settlement = match flight.landed().await {
            None => settlement,
            Some(landing) => match joined::joined(flight, landing, settlement) {
                Ok(response) => return response,
                Err(settlement) => *settlement,
            },
        };
        waiting = (errand, settlement);
    }
    let (errand, settlement) = waiting;
    errand.run(settlement).await
}

/// The answer to one's own call.
async fn flown(flight: Arc<Flight>, dialect: Dialect) -> Response<ReplyBody> {
    let landed = flight.landed().await;
    let own = landed.and_then(|landing| joined::own(flight, landing));
    own.unwrap_or_else(|| without_receipt(dialect, &faults::died()))
}

fn departure(
    (errand, mut settlement): (Errand, Settlement),
    question: &Arc<Question>,
) -> Departure {
    let witness: Witness = Arc::new(OnceLock::new());
    settlement.testify_to(&witness);
    let keeper = Keeper::new(&errand.inner, question);
    Departure {
        call: Box::pin(errand.run(settlement)),
        witness,
        keeper: question.wish.keep.then_some(keeper),
    }
}
