//! Sessions: what code leaves is there for the next call of the same client with the same name.
//!
//! Each has a process of its own. One that ended, for whatever reason, says so once: nobody goes on unawares in
//! an empty one. How many ended ones are remembered is bounded too.
//! A client makes room for a new one by its own oldest that is at rest, unless another client has more than half.

use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use speech::{Language, Setup};
use tokio::sync::OwnedMutexGuard;

use super::{Bounds, telling, worker::Worker};
use crate::{Trouble, TroubleKind};

/// Ended sessions that are remembered. Where there are more, the client that has the most forgets its oldest.
const REMEMBERED: usize = 256;

/// Whose, and which.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) client: String,
    pub(super) language: Language,
    pub(super) name: String,
}

/// All that there are.
#[derive(Debug)]
pub(super) struct Sessions {
    bounds: Bounds,
    books: Mutex<Books>,
}

#[derive(Debug, Default)]
struct Books {
    open: HashMap<Key, Entry>,
    ended: VecDeque<(Key, Gone)>,
}

#[derive(Debug)]
struct Entry {
    session: Session,
    setup: Setup,
    used: Instant,
}

/// One of them. Whoever has its turn has its process.
#[derive(Debug, Clone)]
pub(super) struct Session(Arc<tokio::sync::Mutex<State>>);

#[derive(Debug)]
enum State {
    /// Nothing was run in it yet.
    New,
    /// Its process waits.
    Waits(Box<Worker>),
    /// Its process runs something, or ran it when its caller went away.
    Away,
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gone {
    Unused,
    Displaced,
    Regranted,
    Died,
}

impl Gone {
    pub(super) fn told(self, name: &str) -> Trouble {
        let why = match self {
            Gone::Unused => "nobody used it",
            Gone::Displaced => "it made room for another",
            Gone::Regranted => "what code may touch has changed",
            Gone::Died => "its process died, or a call in it was given up",
        };
        let message = format!(
            "The session `{name}` has ended: {why}. What it held is lost; the next call begins anew."
        );
        Trouble::new(TroubleKind::Unavailable, message)
    }
}

impl Sessions {
    pub(super) fn new(bounds: Bounds) -> Sessions {
        Sessions {
            bounds,
            books: Mutex::default(),
        }
    }

    /// The session, which may be a new one.
    pub(super) fn find(&self, key: &Key, setup: &Setup) -> Result<Session, Trouble> {
        let mut books = self.books();
        books.sweep(&self.bounds);
        if let Some(entry) = books.open.get_mut(key) {
            if entry.setup == *setup {
                entry.used = Instant::now();
                return Ok(entry.session.clone());
            }
            books.open.remove(key);
            return Err(Gone::Regranted.told(&key.name));
        }
        if let Some(at) = books.ended.iter().position(|(ended, _)| ended == key)
            && let Some((_, gone)) = books.ended.remove(at)
        {
            return Err(gone.told(&key.name));
        }
        if books.open.len() >= self.bounds.sessions {
            let oldest = books.displaced(&key.client, self.bounds.sessions);
            let oldest = oldest.ok_or_else(telling::busy)?;
            books.end(&oldest, Gone::Displaced);
        }
        let session = Session(Arc::new(tokio::sync::Mutex::new(State::New)));
        let entry = Entry {
            session: session.clone(),
            setup: setup.clone(),
            used: Instant::now(),
        };
        books.open.insert(key.clone(), entry);
        Ok(session)
    }

    /// It has ended, and its caller knows. Another one of that name may have begun meanwhile.
    pub(super) fn forget(&self, key: &Key, session: &Session) {
        let mut books = self.books();
        if books
            .open
            .get(key)
            .is_some_and(|entry| Arc::ptr_eq(&entry.session.0, &session.0))
        {
            books.open.remove(key);
        }
    }

    /// Ends those that nobody used for too long. Whether others are left.
    pub(super) fn sweep(&self) -> bool {
        let mut books = self.books();
        books.sweep(&self.bounds);
        !books.open.is_empty()
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    fn sweep(&mut self, bounds: &Bounds) {
        let unused =
            |entry: &Entry| entry.is_at_rest() && entry.used.elapsed() >= bounds.session_idle;
        let unused: Vec<Key> = self
            .open
            .iter()
            .filter(|(_, entry)| unused(entry))
            .map(|(key, _)| key.clone())
            .collect();
        for key in unused {
            self.end(&key, Gone::Unused);
        }
    }

    /// Whose place another session of this client takes.
    fn displaced(&self, client: &str, most: usize) -> Option<Key> {
        let of = |client: &str| self.open.keys().filter(|key| key.client == client).count();
        let own = of(client);
        let at_rest = self.open.iter().filter(|(_, entry)| entry.is_at_rest());
        let rank = |key: &Key| match of(&key.client) {
            _ if key.client == client && own > most / 2 => 3,
            many if key.client != client && many > most / 2 => 2,
            _ if key.client == client => 1,
            _ => 0,
        };
        // Nobody who has no more than half gives way to one who has that much already.
        let may = at_rest.filter(|(key, _)| rank(key) > 0 || own < most / 2);
        may.max_by_key(|(key, entry)| (rank(key), of(&key.client), Reverse(entry.used)))
            .map(|(key, _)| key.clone())
    }

    fn end(&mut self, key: &Key, why: Gone) {
        self.open.remove(key);
        if self.ended.len() >= REMEMBERED {
            let of = |client: &str| {
                let ended = self.ended.iter();
                ended.filter(|(key, _)| key.client == client).count()
            };
            let clients = self.ended.iter().map(|(key, _)| &key.client);
            let most = clients.max_by_key(|client| of(client)).cloned();
            let oldest = self
                .ended
                .iter()
                .position(|(key, _)| Some(&key.client) == most.as_ref());
            self.ended.remove(oldest.unwrap_or(0));
        }
        self.ended.push_back((key.clone(), why));
    }
}

impl Entry {
    /// Nobody has it or waits for it.
    fn is_at_rest(&self) -> bool {
        Arc::strong_count(&self.session.0) == 1
    }
}

impl Session {
    /// Waits until nobody else has it.
    pub(super) async fn turn(&self) -> Turn {
        Turn(Arc::clone(&self.0).lock_owned().await)
    }
}

/// The session is ours.
#[derive(Debug)]
pub(super) struct Turn(OwnedMutexGuard<State>);

impl Turn {
    /// Its process, or none where it is new. A turn that ends without [`Turn::keep`] is the end of the session.
    pub(super) fn begin(&mut self) -> Result<Option<Worker>, Gone> {
        match std::mem::replace(&mut *self.0, State::Away) {
            State::New => Ok(None),
            State::Waits(mut worker) => match worker.is_alive() {
                true => Ok(Some(*worker)),
                false => Err(Gone::Died),
            },
            State::Away => Err(Gone::Died),
        }
    }

    pub(super) fn keep(&mut self, worker: Worker) {
        *self.0 = State::Waits(Box::new(worker));
    }
}
