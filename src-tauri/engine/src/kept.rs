//! Answers that were given before, or are being given: looked for before anybody is asked.
//!
//! Promises: a hit is never wrong (docs/cache.md), and what stands in the way of one is told on the receipt. A
//! request that is being asked already is not asked twice. A store that is late, damaged or gone is a miss.
//! Leaves out: what an answer is known by and how it is kept (`cache`), and the disk (`host`).

mod flight;
mod joined;
mod keep;
mod letterhead;
mod model;
mod question;
mod recall;
mod rule;
mod similar;
mod tally;
mod tell;
mod wish;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use cache::{Cache, Entry, Explained, Fingerprint, Neighbour, Neighbours};
use dialect::hub::Request;
use dialect::{Dialect, Facts, Task};
use http::Response;
use tokio::sync::Semaphore;

pub(crate) use flight::{Reader, Witness};
pub(crate) use joined::Joined;
pub use model::{FetchingAlready, ModelState, NotFetched};
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
use model::Model;
use question::{Scopes, question};
use recall::Recall;
use similar::{Look, Similar};
use tally::Tallies;
use tell::{Caller, Found};

/// Calls for one request that may die before its client is told so.
const MOST_DEATHS: u32 = 3;

/// What the engine knows of answers that were given.
pub(crate) struct Kept {
    pub(crate) cache: Arc<Cache>,
    flights: Arc<Flights>,
    scopes: Scopes,
    recall: Recall,
    pub(crate) tallies: Tallies,
    /// Questions whose answers are kept, to tell what another one differs in.
    neighbours: Neighbours,
    /// Questions that mean the same.
    pub(crate) similar: Similar,
    /// Room for answers that are being kept.
    desk: Arc<Semaphore>,
}

impl Kept {
    /// Answers in `cache`; a model that tells what means the same may lie in `model`.
    pub(crate) fn new(cache: Cache, model: PathBuf) -> Kept {
        Kept {
            cache: Arc::new(cache),
            flights: Arc::default(),
            scopes: Scopes::default(),
            recall: Recall::default(),
            tallies: Tallies::default(),
            neighbours: Neighbours::default(),
            similar: Similar::new(Model::in_folder(model)),
            desk: Arc::new(Semaphore::new(keep::MOST_AT_ONCE)),
        }
    }

    /// Requests that wait for a call that others may join, or read from one.
    pub(crate) fn aboard(&self) -> usize {
        self.flights.aboard()
    }

    /// The answer that was given before, and may be told now.
    async fn find(&self, question: &Question) -> Option<Found> {
        let now = unix_ms();
        let is_wanted = |entry: &Arc<Entry>| is_wanted(entry, question, now);
        if let Some(entry) = self.cache.look(&question.name, now).filter(is_wanted) {
            return Some(Found::new(entry, CacheVerdict::Memory));
        }
        let entry = self.fetch(&question.name).await.filter(is_wanted)?;
        Some(Found::new(entry, CacheVerdict::Disk))
    }

    /// The answer to a question that means the same.
    async fn find_similar(&self, look: &Look, question: &Question) -> Option<Found> {
        let (name, now) = (look.told()?, unix_ms());
        let entry = match self.cache.look(&name, now) {
            Some(entry) => entry,
            None => self.fetch(&name).await?,
        };
        let found = Found {
            why: look.why(),
            ..Found::new(entry, CacheVerdict::Similar)
        };
        is_wanted(&found.entry, question, now).then_some(found)
    }

    /// What this question differs in from the nearest whose answer was kept.
    fn explain(&self, question: &cache::Question) -> Option<String> {
        let nearest = self.neighbours.nearest(question)?;
        Some(told(&nearest, unix_ms()))
    }

    /// An answer is kept from now on.
    fn keep(&self, asked: Asked, entry: Entry) {
        let Asked {
            question,
            in_parts,
            look,
        } = asked;
        let (name, when_ms) = (question.name, entry.made_at_ms);
        if let Some(look) = look {
            let there = |name| {
                self.cache
                    .look(&name, when_ms)
                    .or_else(|| self.cache.fetch(&name, when_ms))
            };
            let before = look.found().filter(|found| *found != name).and_then(there);
            self.similar
                .learn(&look, &question, &entry, before.as_deref());
        }
        self.cache.keep(&name, &Arc::new(entry), when_ms);
        if let Some(question) = in_parts {
            self.neighbours.kept(Neighbour {
                known_by: name,
                question,
                when_ms,
            });
        }
    }

    /// Forgets answers.
    pub(crate) fn forget(&self, what: &Forget) {
        self.recall.forget();
        let now = unix_ms();
        let youngest = what
            .older_than
            .map(|age| now.saturating_sub(age.as_millis() as u64));
        self.cache.purge_where(|entry| {
            what.route
                .as_ref()
                .is_none_or(|route| *route == entry.route)
                && what
                    .model
                    .as_ref()
                    .is_none_or(|model| *model == entry.model)
                && youngest.is_none_or(|youngest| entry.made_at_ms <= youngest)
        });
        let is_gone = |one: &Neighbour| self.cache.look(&one.known_by, now).is_none();
        self.neighbours.forget(is_gone);
        self.similar.forget(&semantic::Purge {
            route: what.route.as_deref(),
            model: what.model.as_deref(),
            kept_before_ms: youngest.map(|youngest| youngest + 1),
            expired_at_ms: None,
        });
    }

    async fn fetch(&self, name: &Fingerprint) -> Option<Arc<Entry>> {
        if !self.cache.has_disk() {
            return None;
        }
        let (cache, name) = (Arc::clone(&self.cache), *name);
        // By the time it is then: who waits for a thread is no clock that goes back.
        tokio::task::spawn_blocking(move || cache.fetch(&name, unix_ms()))
            .await
            .ok()?
    }

    /// One that has expired, for when nobody gives a new one.
    async fn find_stale(&self, question: &Question) -> Option<Found> {
        if question.rule.stale.is_zero() || !question.wish.look {
            return None;
        }
        let now = unix_ms();
        let may = |entry: &Arc<Entry>| entry.may_be_told(now) && is_young(entry, question, now);
        let entry = match self.cache.look(&question.name, now).filter(may) {
            Some(entry) => entry,
            None => self.fetch(&question.name).await.filter(may)?,
        };
        Some(Found::new(entry, CacheVerdict::Stale))
    }
}

/// What is known of similar questions.
#[derive(Debug, Clone)]
pub struct SimilarAnswers {
    /// Questions that are remembered.
    pub questions: usize,
    /// What they take, in bytes.
    pub bytes: usize,
    /// The model in the data folder.
    pub model: ModelState,
    /// How often an answer would have been wrong, by route.
    pub report: semantic::ShadowReport,
}

/// Which answers are to be forgotten: those that all that is said is true of; all where nothing is.
#[derive(Debug, Clone, Default)]
pub struct Forget {
    /// Asked for under this name.
    pub route: Option<String>,
    /// Given by this model, as its provider names it.
    pub model: Option<String>,
    /// Given at least so long ago.
    pub older_than: Option<Duration>,
}

/// What is asked, from all sides that an answer is kept by.
struct Asked {
    question: Arc<Question>,
    /// To tell other questions from it.
    in_parts: Option<cache::Question>,
    /// To tell it from those that mean the same.
    look: Option<Look>,
}

/// In a sentence.
fn told(nearest: &Explained, now: u64) -> String {
    let ago_s = now.saturating_sub(nearest.when_ms) / 1_000;
    let differs: Vec<&str> = nearest.differs.iter().map(|part| part.name()).collect();
    let route = &nearest.route;
    match differs.as_slice() {
        [] => format!("The same was asked of `{route}` {ago_s} s ago, and its answer is gone."),
        [parts @ .., last] => {
            let parts = match parts {
                [] => (*last).to_owned(),
                parts => format!("{} and {last}", parts.join(", ")),
            };
            format!("The nearest question, asked of `{route}` {ago_s} s ago, differs in {parts}.")
        }
    }
}

fn is_wanted(entry: &Arc<Entry>, question: &Question, now: u64) -> bool {
    entry.is_fresh(now) && is_young(entry, question, now)
}

fn is_young(entry: &Entry, question: &Question, now: u64) -> bool {
    let age = now.saturating_sub(entry.made_at_ms);
    let oldest = question.wish.oldest;
    oldest.is_none_or(|oldest| u128::from(age) <= oldest.as_millis())
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
    if !matches!(call.endpoint.task(), Task::Generate | Task::Embed) {
        return Ok(None);
    }
    // Who takes no other answer has the look, however seldom one is found.
    let aside = !wish.only && !inner.kept.tallies.is_worth_a_look(&facts.model, &call.body);
    let asked = question(inner, snapshot, (call, facts), local_only, wish, hub, aside);
    asked.map_err(|why| Box::new(CacheNote::skipped(why.into_owned())))
}

/// Why an answer is not looked for whose model may use tools, or whose sums are done over.
pub(crate) fn may_differ(is_rechecked: bool) -> CacheNote {
    let why = match is_rechecked {
        true => "its route has sums in answers done over",
        false => "its model may use tools, and what they find may change",
    };
    CacheNote::skipped(why.to_owned())
}

/// What stands on the receipt until more is known.
pub(crate) fn first_word(asked: &Result<Option<Question>, Box<CacheNote>>) -> Option<CacheNote> {
    match asked {
        Ok(None) => None,
        Ok(Some(question)) if question.aside => Some(CacheNote::of(CacheVerdict::Bypassed)),
        Ok(Some(question)) if !question.wish.look => Some(CacheNote::skipped(
            "its client asks for a new answer".to_owned(),
        )),
        Ok(Some(_)) => Some(CacheNote::of(CacheVerdict::Missed)),
        Err(note) => Some(CacheNote::clone(note)),
    }
}

/// Serves a request: by an answer that was given before, by one that is being given, or by asking.
/// Whoever takes no answer but one that was kept has nobody asked, whatever the request.
pub(crate) async fn serve(
    mut errand: Errand,
    wish: Wish,
    mut settlement: Settlement,
) -> Response<ReplyBody> {
    let dialect = errand.call.endpoint.dialect();
    let Some(question) = errand.question.clone() else {
        return match wish.only {
            true => not_kept(dialect, settlement).await,
            false => errand.run(settlement).await,
        };
    };
    let inner = Arc::clone(&errand.inner);
    let mut look = None;
    if question.wish.look && !question.aside {
        let mut found = inner.kept.find(&question).await;
        if found.is_some() {
            learn(&errand, &question);
        } else {
            look = similar(&mut errand, &question).await;
            if let Some(look) = &look {
                found = inner.kept.find_similar(look, &question).await;
            }
        }
        if let Some(found) = found {
            match tell_to(&found, &question, &errand, settlement).await {
                Ok(response) => return response,
                Err(back) => settlement = *back,
            }
        }
    }
    let mut in_parts = None;
    if !question.aside {
        in_parts = request(&errand, &question).map(|request| question.in_parts(request));
        let explained = in_parts.as_ref().and_then(|one| inner.kept.explain(one));
        settlement.missed(look.as_ref().and_then(Look::why).or(explained));
    }
    if question.wish.only {
        return not_kept(dialect, settlement).await;
    }
    let asked = Asked {
        question: Arc::clone(&question),
        in_parts,
        look,
    };
    match question.wish.look {
        true => board(errand, settlement, asked).await,
        // One who wants an answer of its own, which is kept for others.
        false => {
            flown(
                Flights::alone(departure((errand, settlement, asked))),
                dialect,
                true,
            )
            .await
        }
    }
}

/// Looks for a question that means the same, where the route wants that.
async fn similar(errand: &mut Errand, question: &Question) -> Option<Look> {
    if question.rule.similar == routing::Similar::Off {
        return None;
    }
    request(errand, question)?;
    let asked = question.in_words(errand.hub.read_mut()?).ok()?;
    let inner = &errand.inner;
    let similar = &inner.kept.similar;
    similar.look(inner, question, asked, unix_ms()).await
}

async fn not_kept(dialect: Dialect, mut settlement: Settlement) -> Response<ReplyBody> {
    // Who only asks whether there is one says nothing of what looking is worth.
    settlement.cached(Some(CacheNote::skipped(
        "no answer to it was kept, and its client takes no other".to_owned(),
    )));
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
        Some(found) => tell_to(&found, question, errand, settlement).await,
        None => Err(Box::new(settlement)),
    }
}

async fn tell_to(
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
        request: match question.stored || question.rule.tools {
            true => request(errand, question),
            false => None,
        },
    };
    tell::tell(found, &caller, settlement).await
}

/// The conversation in our words: read now, where the question was known without.
fn request<'a>(errand: &'a Errand, question: &Question) -> Option<&'a Request> {
    question.gist?;
    let Errand {
        inner,
        call,
        facts,
        hub,
        ..
    } = errand;
    hub.of(inner, call, facts).ok()
}

/// What has been asked again may be asked once more: it need not be read then.
fn learn(errand: &Errand, question: &Question) {
    if let Some(gist) = question.gist
        && errand.hub.is_its_own()
    {
        errand.inner.kept.recall.learn(&errand.call, gist);
    }
}

/// Comes along with who asks the same, or asks.
async fn board(errand: Errand, settlement: Settlement, asked: Asked) -> Response<ReplyBody> {
    let (inner, dialect) = (Arc::clone(&errand.inner), errand.call.endpoint.dialect());
    let looked = !asked.question.aside;
    let mut waiting = (errand, settlement, asked);
    for _ in 0..MOST_DEATHS {
        let question = &waiting.2.question;
        let key = (question.name, question.form.clone());
        let (flight, (errand, settlement, asked)) =
            match inner.kept.flights.board(key, waiting, departure) {
                Boarded::First(flight) => return flown(flight, dialect, looked).await,
                Boarded::Joined(flight, waiting) => (flight, waiting),
            };
        let settlement = match flight.landed().await {
            None => settlement,
            // Who takes nothing old asks anew where the one before it had to.
            Some(landing) if landing.is_stale() && asked.question.wish.oldest.is_some() => {
                settlement
            }
            Some(landing) => match joined::joined(flight, landing, settlement) {
                Ok(response) => return response,
                Err(settlement) => *settlement,
            },
        };
        waiting = (errand, settlement, asked);
    }
    let (errand, settlement, _) = waiting;
    errand.run(settlement).await
}

/// The answer to one's own call.
async fn flown(flight: Arc<Flight>, dialect: Dialect, looked: bool) -> Response<ReplyBody> {
    let landed = flight.landed().await;
    let own = landed.and_then(|landing| joined::own(flight, landing, looked));
    own.unwrap_or_else(|| without_receipt(dialect, &faults::died()))
}

fn departure((errand, mut settlement, asked): (Errand, Settlement, Asked)) -> Departure {
    let witness: Witness = Arc::new(OnceLock::new());
    settlement.testify_to(&witness);
    let keeps = asked.question.wish.keep && !asked.question.aside;
    let keeper = Keeper::new(&errand.inner, asked);
    Departure {
        call: errand.run(settlement),
        witness,
        keeper: keeps.then_some(keeper),
    }
}
