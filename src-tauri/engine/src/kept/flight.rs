//! One call for all who ask the same at the same time.
//!
//! Promises: who asks what is being asked already gets that answer from its first byte, streams included, and
//! nobody is asked twice. Whoever of them reads drives the call: one that is slow holds nobody back (within
//! [`MOST_HELD`]), one that leaves takes nothing along, and when the last has left the call is dropped. A call
//! that dies of itself is made anew by one of those who waited.
//! Leaves out: which requests are the same (`question`), each one's receipt (`joined`).
//! Bounds: as many flights as exchanges; [`MOST_HELD`] bytes of an answer are held, and one that is longer takes
//! nobody on board any more.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use cache::Fingerprint;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use http::{HeaderMap, Response, StatusCode};

use super::keep::Keeper;
use super::question::Form;
use super::wish::CACHE;
use crate::receipt::{CacheVerdict, Ending, Receipt};
use crate::relay::ReplyBody;
use crate::settle::unix_ms;

/// The most of an answer that is held for those who come later, in bytes.
const MOST_HELD: usize = 16 << 20;

/// By then an answer that is whole is kept, in milliseconds.
const KEPT_WITHIN_MS: u64 = 1_000;

/// What makes two requests the same, to the byte of their answer.
pub(crate) type Key = (Fingerprint, Form);

/// Calls under way that others may join.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    under_way: Mutex<HashMap<Key, Weak<Flight>>>,
}

/// One call, until its answer has begun.
pub(crate) struct Flight {
    key: Option<Key>,
    flights: Weak<Flights>,
    landing: Shared<BoxFuture<'static, Option<Arc<Landing>>>>,
}

/// Whoever paid for an answer: its receipt, once it is settled.
pub(crate) type Witness = Arc<OnceLock<Receipt>>;

/// What is called: answers once its head is known.
pub(crate) struct Departure {
    pub(crate) call: BoxFuture<'static, Response<ReplyBody>>,
    pub(crate) witness: Witness,
    /// Keeps the answer when it is whole.
    pub(crate) keeper: Option<Keeper>,
}

/// How somebody came on board.
pub(crate) enum Boarded<T> {
    /// With a call of its own.
    First(Arc<Flight>),
    /// With another's; it has its own things back.
    Joined(Arc<Flight>, T),
}

impl Flights {
    /// Joins the call under way for this, or makes it.
    pub(crate) fn board<T>(
        self: &Arc<Self>,
        key: Key,
        with: T,
        depart: impl FnOnce(T) -> Departure,
    ) -> Boarded<T> {
        // Dropped after the lock is, because its own end takes it.
        let found: Option<Arc<Flight>>;
        let mut under_way = lock(&self.under_way);
        found = under_way.get(&key).and_then(Weak::upgrade);
        if let Some(flight) = &found
            && flight.is_open()
        {
            return Boarded::Joined(Arc::clone(flight), with);
        }
        let flight = Arc::new(Flight::begin(
            Some(key.clone()),
            Arc::downgrade(self),
            depart(with),
        ));
        under_way.insert(key, Arc::downgrade(&flight));
        Boarded::First(flight)
    }

    /// Those who wait for a call or read from one, each call's maker among them.
    pub(crate) fn aboard(&self) -> usize {
        let under_way = lock(&self.under_way);
        under_way.values().map(Weak::strong_count).sum()
    }

    /// A call that nobody joins.
    pub(crate) fn alone(departure: Departure) -> Arc<Flight> {
        Arc::new(Flight::begin(None, Weak::new(), departure))
    }
}

impl Flight {
    fn begin(key: Option<Key>, flights: Weak<Flights>, departure: Departure) -> Flight {
        let Departure {
            call,
            witness,
            keeper,
        } = departure;
        let landing = async move {
            // One that panics is nobody else's end.
            let response = AssertUnwindSafe(call).catch_unwind().await.ok()?;
            Some(Arc::new(Landing::new(response, witness, keeper)))
        };
        Flight {
            key,
            flights,
            landing: landing.boxed().shared(),
        }
    }

    /// The answer, once it has begun; `None` when the call died.
    pub(crate) async fn landed(&self) -> Option<Arc<Landing>> {
        self.landing.clone().await
    }

    /// Whether who comes now gets all of it.
    fn is_open(&self) -> bool {
        match self.landing.peek() {
            None => true,
            Some(None) => false,
            Some(Some(landing)) => landing.is_open(),
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let (Some(key), Some(flights)) = (&self.key, self.flights.upgrade()) else {
            return;
        };
        let mut under_way = lock(&flights.under_way);
        let is_ours = |other: &Weak<Flight>| std::ptr::eq(other.as_ptr(), self);
        if under_way.get(key).is_some_and(is_ours) {
            under_way.remove(key);
        }
    }
}

impl std::fmt::Debug for Flight {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Flight").finish_non_exhaustive()
    }
}

/// An answer that has begun, for all who asked.
pub(crate) struct Landing {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// Of whoever pays for it.
    pub(crate) witness: Witness,
    /// All of it, where it came in one piece.
    pub(crate) whole: Option<Bytes>,
    told: Mutex<Told>,
    /// Wakes everybody who waits for more.
    waiting: Arc<Waiting>,
}

/// What has come so far, and what brings more.
struct Told {
    source: ReplyBody,
    keeper: Option<Keeper>,
    frames: Vec<Bytes>,
    /// Frames at the beginning that are no longer held.
    gone: usize,
    held: usize,
    ended: bool,
    /// How far each of those on board has read; `None` for one that has left.
    readers: Vec<Option<usize>>,
}

impl Landing {
    /// Whether who comes now may have it: all of it is here, and it is being given, or was given whole so
    /// lately that it may not be kept yet.
    fn is_open(&self) -> bool {
        let is_under_way = match self.witness.get() {
            None => true,
            Some(payer) => {
                let ended_at_ms = payer.started_unix_ms + payer.total_us / 1_000;
                payer.ending == Ending::Complete && unix_ms() < ended_at_ms + KEPT_WITHIN_MS
            }
        };
        is_under_way && lock(&self.told).is_whole_so_far()
    }

    /// Whether it is an expired answer, because nobody gave a new one.
    pub(crate) fn is_stale(&self) -> bool {
        let word = self.headers.get(&CACHE);
        word.is_some_and(|word| word == CacheVerdict::Stale.word())
    }

    fn new(response: Response<ReplyBody>, witness: Witness, keeper: Option<Keeper>) -> Landing {
        let (head, mut source) = response.into_parts();
        let whole = source.take_whole();
        let mut keeper = keeper;
        if let (Some(bytes), Some(receipt)) = (&whole, witness.get())
            && let Some(keeper) = keeper.take()
        {
            keeper.keep(receipt, std::slice::from_ref(bytes));
        }
        Landing {
            status: head.status,
            headers: head.headers,
            witness,
            whole,
            told: Mutex::new(Told {
                source,
                keeper,
                frames: Vec::new(),
                gone: 0,
                held: 0,
                ended: false,
                readers: Vec::new(),
            }),
            waiting: Arc::default(),
        }
    }
}

impl Told {
    fn is_whole_so_far(&self) -> bool {
        self.gone == 0 && self.held <= MOST_HELD
    }

    /// Takes the next frame from whoever brings it.
    fn take(&mut self, next: Option<Bytes>, witness: &Witness) {
        match next {
            Some(bytes) => {
                self.held += bytes.len();
                self.frames.push(bytes);
            }
            None => self.ended = true,
        }
        if let Some(receipt) = witness.get()
            && let Some(keeper) = self.keeper.take()
            && self.is_whole_so_far()
        {
            keeper.keep(receipt, &self.frames);
        }
        if self.held > MOST_HELD {
            self.keeper = None;
            self.let_go();
        }
    }

    /// Lets go what everybody has read.
    fn let_go(&mut self) {
        let slowest = self.readers.iter().flatten().min().copied();
        let read = slowest.unwrap_or(self.gone + self.frames.len()) - self.gone;
        for frame in self.frames.drain(..read) {
            self.held -= frame.len();
        }
        self.gone += read;
    }

    fn frame(&self, at: usize) -> Option<&Bytes> {
        self.frames.get(at.checked_sub(self.gone)?)
    }
}

/// One who reads an answer. Keeps the call alive.
pub(crate) struct Reader {
    landing: Arc<Landing>,
    _flight: Arc<Flight>,
    number: usize,
}

impl Reader {
    /// Reads from the first byte. `None` where that is no longer held.
    pub(crate) fn aboard(flight: Arc<Flight>, landing: Arc<Landing>) -> Option<Reader> {
        let mut told = lock(&landing.told);
        if !told.is_whole_so_far() {
            return None;
        }
        told.readers.push(Some(0));
        let number = told.readers.len() - 1;
        drop(told);
        Some(Reader {
            landing,
            _flight: flight,
            number,
        })
    }

    pub(crate) fn landing(&self) -> &Arc<Landing> {
        &self.landing
    }

    /// Whether the one who pays has settled, and all that was said until then has been read here.
    pub(crate) fn is_at_the_end(&self) -> bool {
        let told = lock(&self.landing.told);
        let at = told.readers.get(self.number).copied().flatten();
        self.landing.witness.get().is_some() && at == Some(told.gone + told.frames.len())
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let Landing {
            told,
            waiting,
            witness,
            ..
        } = &*self.landing;
        let mut told = lock(told);
        let at = told.readers[self.number].unwrap_or(0);
        loop {
            if let Some(frame) = told.frame(at) {
                let frame = frame.clone();
                told.readers[self.number] = Some(at + 1);
                if told.held > MOST_HELD {
                    told.let_go();
                    waiting.wake_others(self.number);
                }
                return Poll::Ready(Some(frame));
            }
            if told.ended {
                return Poll::Ready(None);
            }
            waiting.add(self.number, cx.waker());
            if told.held > MOST_HELD {
                told.let_go();
                if told.held > MOST_HELD {
                    // Somebody is that far behind.
                    return Poll::Pending;
                }
            }
            let waker = Waker::from(Arc::clone(waiting));
            let next = told.source.poll_bytes(&mut Context::from_waker(&waker));
            let next = std::task::ready!(next);
            told.take(next, witness);
            waiting.wake_others(self.number);
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut told = lock(&self.landing.told);
        told.readers[self.number] = None;
        drop(told);
        // Who waited for this one to read on need not any more.
        self.landing.waiting.wake_others(self.number);
    }
}

/// Wakers of those who wait for more.
#[derive(Default)]
struct Waiting(Mutex<Vec<(usize, Waker)>>);

impl Waiting {
    fn add(&self, number: usize, waker: &Waker) {
        let mut all = lock(&self.0);
        match all.iter_mut().find(|(other, _)| *other == number) {
            Some((_, known)) => known.clone_from(waker),
            None => all.push((number, waker.clone())),
        }
    }

    fn wake_others(&self, number: usize) {
        let all = std::mem::take(&mut *lock(&self.0));
        for (_, waker) in all.into_iter().filter(|(other, _)| *other != number) {
            waker.wake();
        }
    }
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.wake_others(usize::MAX);
    }
}

/// A panic elsewhere must not take these down with it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use dialect::Endpoint;
    use dialect::hub::Request;

    use super::*;

    fn key() -> Key {
        let scope = cache::Scope {
            client: "",
            policy: "",
            targets: &[],
        };
        let name = cache::fingerprint(&Request::default(), &scope).expect("a name");
        (name, Form::of(Endpoint::ChatCompletions))
    }

    fn calling(call: impl Future<Output = Response<ReplyBody>> + Send + 'static) -> Departure {
        Departure {
            call: call.boxed(),
            witness: Witness::default(),
            keeper: None,
        }
    }

    fn told(text: &'static str) -> Response<ReplyBody> {
        Response::new(ReplyBody::whole(Bytes::from_static(text.as_bytes())))
    }

    #[tokio::test]
    async fn a_call_that_dies_is_made_anew_by_one_of_those_who_waited() {
        let flights: Arc<Flights> = Arc::default();
        let dies = || calling(async { panic!("a defect") });
        let Boarded::First(first) = flights.board(key(), (), |()| dies()) else {
            panic!("nobody was under way");
        };
        let Boarded::Joined(second, ()) = flights.board(key(), (), |()| dies()) else {
            panic!("one was under way");
        };
        assert!(first.landed().await.is_none());
        assert!(second.landed().await.is_none());
        let again = flights.board(key(), (), |()| calling(async { told("Hello") }));
        let Boarded::First(again) = again else {
            panic!("what has died is joined by nobody");
        };
        let landing = again.landed().await.expect("an answer");
        assert_eq!(landing.whole.as_deref(), Some(b"Hello".as_slice()));
    }

    #[tokio::test]
    async fn who_has_left_leaves_nothing_behind() {
        let flights: Arc<Flights> = Arc::default();
        let Boarded::First(first) = flights.board(key(), (), |()| calling(std::future::pending()))
        else {
            panic!("nobody was under way");
        };
        let Boarded::Joined(second, ()) =
            flights.board(key(), (), |()| calling(std::future::pending()))
        else {
            panic!("one was under way");
        };
        assert_eq!(flights.aboard(), 2);
        drop(first);
        assert_eq!(flights.aboard(), 1, "one still waits");
        drop(second);
        assert!(lock(&flights.under_way).is_empty());
    }
}
