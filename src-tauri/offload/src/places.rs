//! Who may work now, who waits for that, and who is turned away.
//!
//! Promises: no client keeps the others out. A place that gets free goes to the one who waits whose client has the
//! fewest; where everything is waited at, a client that has fewer waiting than another takes the last one of that;
//! and as long as another client has been here in the last ten minutes none has more than half of the places.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::timeout;

/// How long a client counts as one of those who are here.
const HERE: Duration = Duration::from_secs(600);

/// So many places to work at, and so many to wait at, for so long.
#[derive(Debug)]
pub(crate) struct Places {
    books: Arc<Mutex<Books>>,
    pub(crate) wait: Duration,
}

#[derive(Debug)]
struct Books {
    working: usize,
    waiting: usize,
    /// Places, by client; never zero.
    taken: HashMap<String, usize>,
    /// Those who wait for a place, in their order.
    queue: Vec<Waiter>,
    /// Those who wait for something else first, by client; never zero.
    aside: HashMap<String, usize>,
    /// The last two clients that differ, the latest first.
    here: Vec<(String, Instant)>,
}

#[derive(Debug)]
struct Waiter {
    client: String,
    tell: oneshot::Sender<Place>,
}

/// Leave to work, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    client: String,
    books: Arc<Mutex<Books>>,
}

impl Places {
    pub(crate) fn new(working: usize, waiting: usize, wait: Duration) -> Places {
        let books = Books {
            working,
            waiting,
            taken: HashMap::new(),
            queue: Vec::new(),
            aside: HashMap::new(),
            here: Vec::new(),
        };
        Places {
            books: Arc::new(Mutex::new(books)),
            wait,
        }
    }

    /// A place, as soon as one is free. None: too many wait, or it took too long.
    pub(crate) async fn place(&self, client: &str) -> Option<Place> {
        let told = {
            let mut books = open(&self.books);
            books.sees(client);
            if books.queue.is_empty() && books.may_work(client) {
                return Some(books.take(client.to_owned(), &self.books));
            }
            if !books.has_room_for(client) {
                return None;
            }
            let (tell, told) = oneshot::channel();
            books.queue.push(Waiter {
                client: client.to_owned(),
                tell,
            });
            told
        };
        serve(&self.books);
        timeout(self.wait, told).await.ok()?.ok()
    }

    /// One of those who wait, if there is room.
    pub(crate) fn waits(&self, client: &str) -> Option<Waits> {
        let mut books = open(&self.books);
        books.sees(client);
        if !books.has_room_for(client) {
            return None;
        }
        *books.aside.entry(client.to_owned()).or_default() += 1;
        Some(Waits {
            client: client.to_owned(),
            books: Arc::clone(&self.books),
        })
    }

    /// Places that nobody has.
    pub(crate) fn free(&self) -> usize {
        let books = open(&self.books);
        books.working - books.all()
    }
}

impl Books {
    fn sees(&mut self, client: &str) {
        self.here
            .retain(|(other, at)| other != client && at.elapsed() < HERE);
        self.here.insert(0, (client.to_owned(), Instant::now()));
        self.here.truncate(2);
        self.queue.retain(|waiter| !waiter.tell.is_closed());
    }

    fn all(&self) -> usize {
        self.taken.values().sum()
    }

    fn of(&self, client: &str) -> usize {
        self.taken.get(client).copied().unwrap_or(0)
    }

    /// All of it for one who is alone, else a half.
    fn share(&self, client: &str, of: usize) -> usize {
        let is_other = |(other, at): &(String, Instant)| other != client && at.elapsed() < HERE;
        if self.here.iter().any(is_other) {
            of.div_ceil(2)
        } else {
            of
        }
    }

    fn may_work(&self, client: &str) -> bool {
        self.all() < self.working && self.of(client) < self.share(client, self.working)
    }

    fn take(&mut self, client: String, books: &Arc<Mutex<Books>>) -> Place {
        *self.taken.entry(client.clone()).or_default() += 1;
        Place {
            client,
            books: Arc::clone(books),
        }
    }

    fn waiting_of(&self, client: &str) -> usize {
        let queued = self.queue.iter().filter(|one| one.client == client);
        queued.count() + self.aside.get(client).copied().unwrap_or(0)
    }

    /// Whether one more of this client may wait; where it takes that, the last one of another no longer does.
    fn has_room_for(&mut self, client: &str) -> bool {
        let own = self.waiting_of(client);
        if own >= self.share(client, self.waiting) {
            return false;
        }
        if self.queue.len() + self.aside.values().sum::<usize>() < self.waiting {
            return true;
        }
        let (most, last) = (0..self.queue.len())
            .map(|at| (self.waiting_of(&self.queue[at].client), at))
            .max()
            .unwrap_or((0, 0));
        let displaces = most > own + 1;
        if displaces {
            self.queue.remove(last);
        }
        displaces
    }

    /// Who is next: the first of the client that has the fewest.
    fn next(&self) -> Option<usize> {
        let may = (0..self.queue.len()).filter(|at| self.may_work(&self.queue[*at].client));
        may.min_by_key(|at| self.of(&self.queue[*at].client))
    }
}

/// Gives what is free to those who wait.
fn serve(shared: &Arc<Mutex<Books>>) {
    // A place whose waiter has just gone is dropped outside of the lock, and comes here again.
    let mut unwanted = Vec::new();
    let mut books = open(shared);
    while let Some(next) = books.next() {
        let Waiter { client, tell } = books.queue.remove(next);
        if !tell.is_closed() {
            let place = books.take(client, shared);
            unwanted.extend(tell.send(place).err());
        }
    }
    drop(books);
    drop(unwanted);
}

fn open(books: &Mutex<Books>) -> MutexGuard<'_, Books> {
    books.lock().unwrap_or_else(PoisonError::into_inner)
}

fn one_less(of: &mut HashMap<String, usize>, client: &str) {
    if let Some(many) = of.get_mut(client) {
        *many -= 1;
        if *many == 0 {
            of.remove(client);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        one_less(&mut open(&self.books).taken, &self.client);
        serve(&self.books);
    }
}

/// Counts one who waits.
#[derive(Debug)]
pub(crate) struct Waits {
    client: String,
    books: Arc<Mutex<Books>>,
}

impl Drop for Waits {
    fn drop(&mut self) {
        one_less(&mut open(&self.books).aside, &self.client);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use futures_util::{FutureExt, poll};

    use super::*;

    #[tokio::test]
    async fn one_client_keeps_nobody_from_a_place() {
        let places = Places::new(4, 8, Duration::from_secs(60));
        let mut held = join_all((0..4).map(|_| places.place("mallory"))).await;
        assert!(held.iter().all(Option::is_some), "alone it may have all");
        let mut waiting: Vec<_> = (0..8).map(|_| Box::pin(places.place("mallory"))).collect();
        for one in &mut waiting {
            assert!(poll!(one).is_pending());
        }
        assert!(places.place("mallory").await.is_none());

        // Another takes the last one's place to wait, and the next place that is free.
        let mut alice = Box::pin(places.place("alice"));
        assert!(poll!(&mut alice).is_pending());
        assert!(waiting.pop().unwrap().await.is_none());
        held.pop();
        let alice = alice.await.unwrap();
        // And from now on none has more than half.
        held.pop();
        assert!(waiting.iter_mut().all(|one| one.now_or_never().is_none()));
        let second = places.place("alice").now_or_never();
        drop((alice, second));
    }

    #[tokio::test]
    async fn a_place_whose_waiter_has_gone_is_the_next_ones() {
        let places = Places::new(1, 8, Duration::from_secs(60));
        let held = places.place("a").await;
        let mut gone = Box::pin(places.place("a"));
        let mut next = Box::pin(places.place("a"));
        assert!(poll!(&mut gone).is_pending() && poll!(&mut next).is_pending());
        drop(gone);
        drop(held);
        assert!(next.await.is_some());
        assert_eq!(places.free(), 1);
    }
}
