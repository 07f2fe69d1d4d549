//! Python and JavaScript: code that is run in processes of its own (`sandbox`), which are locked up.
//!
//! Promises: code reads nothing, reaches nobody and changes nothing outside of its process, but for what was
//! granted; its time, memory and output have an end, and so has every process; what breaks one leaves the next
//! task a new one. Without a session nothing of a task is left for the next.
//! Bounds: [`Bounds`], and the limits of [`speech`].

mod arguments;
mod life;
mod locks;
mod pool;
mod sessions;
mod telling;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use serde_json::Value;
use speech::{Folder, Language, Limits, Lock, Setup};

use crate::grants::Interpreters;
use crate::places::Places;
use crate::{Done, Trouble, TroubleKind};

pub(crate) use self::arguments::spec;
use self::arguments::{Code, taken};
use self::pool::Pool;
use self::sessions::{Key, Sessions};
use self::worker::{Lost, Worker};

/// How many of what there may be, and how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Tasks that run at once.
    pub running: usize,
    /// Tasks that wait for one of them to end.
    pub waiting: usize,
    /// How long they wait.
    pub wait: Duration,
    /// How long a process is kept that has nothing to do.
    pub idle: Duration,
    /// Sessions of all clients together.
    pub sessions: usize,
    /// How long a session is kept that nobody uses.
    pub session_idle: Duration,
    /// How long a process may take to begin, and to say that its time was over.
    pub grace: Duration,
    /// Tasks after which a process is replaced.
    pub tasks: u64,
    /// What a task may use.
    pub limits: Limits,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            running: 4,
            waiting: 32,
            wait: Duration::from_secs(5),
            idle: Duration::from_secs(60),
            sessions: 8,
            session_idle: Duration::from_secs(600),
            grace: Duration::from_secs(2),
            tasks: 1_000,
            limits: Limits::default(),
        }
    }
}

/// Folders that one process can be granted.
const MOST_FOLDERS: usize = 16;

/// The processes that code runs in. All of them end with this.
#[derive(Debug)]
pub(crate) struct Sandboxes {
    program: Option<PathBuf>,
    bounds: Bounds,
    places: Places,
    kept: Arc<Kept>,
}

/// What lives longer than a task.
#[derive(Debug)]
struct Kept {
    pool: Pool,
    sessions: Sessions,
    locks: locks::Seen,
    sweeping: AtomicBool,
}

impl Sandboxes {
    /// Nothing is started before it is asked for.
    pub(crate) fn new(program: Option<PathBuf>, bounds: Bounds) -> Sandboxes {
        // It is started in another folder than this.
        let program = program.and_then(|program| std::path::absolute(program).ok());
        Sandboxes {
            program,
            bounds,
            places: Places::new(bounds.running, bounds.waiting, bounds.wait),
            kept: Arc::new(Kept {
                pool: Pool::new(bounds),
                sessions: Sessions::new(bounds),
                locks: locks::Seen::default(),
                sweeping: AtomicBool::new(false),
            }),
        }
    }

    /// Whether code can be run at all.
    pub(crate) fn are_there(&self) -> bool {
        self.program.is_some()
    }

    /// What the last process said that the system holds against it; none before one has.
    pub(crate) fn locks(&self) -> Option<Vec<Lock>> {
        self.kept.locks.last()
    }

    /// Runs code, for a client whose sessions are no other's.
    pub(crate) async fn run(
        &self,
        granted: &Interpreters,
        language: Language,
        arguments: &Value,
        client: &str,
    ) -> Result<Done, Trouble> {
        let Code { code, session } = taken(language, arguments)?;
        let program = self.program.as_deref().ok_or_else(telling::no_program)?;
        let setup = self.setup(granted, language)?;
        let all_locks = granted.require_locks;
        let answer = match session {
            None => self.once(program, &setup, &code, client, all_locks).await,
            Some(name) => {
                let key = Key {
                    client: client.to_owned(),
                    language,
                    name,
                };
                self.in_session(program, &setup, &code, key, all_locks)
                    .await
            }
        };
        Kept::sweep_later(&self.kept, self.bounds);
        telling::told(language, &self.bounds.limits, answer?)
    }

    /// In any process of this client that was set up for the like.
    async fn once(
        &self,
        program: &Path,
        setup: &Setup,
        code: &str,
        client: &str,
        all_locks: bool,
    ) -> Result<speech::Answer, Trouble> {
        let place = self.places.place(client).await.ok_or_else(telling::busy)?;
        let mut worker = match self.kept.pool.take(client, setup) {
            Some(worker) => worker,
            None => {
                self.kept.pool.make_room(self.places.free());
                Worker::start(program, setup).map_err(|lost| telling::lost(lost, setup, None))?
            }
        };
        let answer = worker.ask(code, false, self.bounds.grace, all_locks).await;
        self.kept.note(&worker);
        if answer.is_ok() {
            self.kept.pool.put(worker, client, setup);
        } else {
            worker.end().await;
        }
        drop(place);
        answer.map_err(|lost| telling::lost(lost, setup, None))
    }

    /// In the process of this session.
    async fn in_session(
        &self,
        program: &Path,
        setup: &Setup,
        code: &str,
        key: Key,
        all_locks: bool,
    ) -> Result<speech::Answer, Trouble> {
        let name = key.name.clone();
        let session = self.kept.sessions.find(&key, setup)?;
        let waits = self.places.waits(&key.client).ok_or_else(telling::busy)?;
        let turn = tokio::time::timeout(self.bounds.wait, session.turn()).await;
        drop(waits);
        let mut turn = turn.map_err(|_| telling::busy())?;
        let place = self
            .places
            .place(&key.client)
            .await
            .ok_or_else(telling::busy)?;
        let begun = match turn.begin() {
            Ok(begun) => begun,
            Err(gone) => {
                self.kept.sessions.forget(&key, &session);
                return Err(gone.told(&name));
            }
        };
        let started = match begun {
            Some(worker) => Ok(worker),
            None => Worker::start(program, setup),
        };
        let answer = match started {
            Ok(mut worker) => {
                let answer = worker.ask(code, true, self.bounds.grace, all_locks).await;
                self.kept.note(&worker);
                match answer {
                    Ok(_) => turn.keep(worker),
                    Err(_) => worker.end().await,
                }
                answer
            }
            Err(lost) => Err(lost),
        };
        drop(place);
        if answer.is_err() {
            self.kept.sessions.forget(&key, &session);
        }
        answer.map_err(|lost| telling::lost(lost, setup, Some(&name)))
    }

    /// What a process is for. Folders are looked at anew each time: what a path leads to may have changed.
    fn setup(&self, granted: &Interpreters, language: Language) -> Result<Setup, Trouble> {
        let folders = match language {
            Language::Python => granted
                .folders
                .iter()
                .map(|folder| placed(folder))
                .collect::<Result<_, _>>()?,
            Language::JavaScript => Vec::new(),
        };
        if folders.len() > MOST_FOLDERS {
            let message = format!(
                "Python can be granted {MOST_FOLDERS} folders at most. Grant one that holds them."
            );
            return Err(Trouble::new(TroubleKind::Unavailable, message));
        }
        Ok(Setup {
            language,
            clock: granted.clock,
            chance: granted.chance,
            folders,
            limits: self.bounds.limits,
        })
    }
}

impl Kept {
    fn note(&self, worker: &Worker) {
        if let Some(held) = worker.locks() {
            self.locks.note(held);
        }
    }

    /// Sees to it that what nobody uses ends. There is one such task, and it ends when nothing is left.
    fn sweep_later(kept: &Arc<Kept>, bounds: Bounds) {
        if kept.sweeping.swap(true, Ordering::AcqRel) {
            return;
        }
        let every = bounds.idle.min(bounds.session_idle) / 4;
        let left: Weak<Kept> = Arc::downgrade(kept);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(every).await;
                let Some(kept) = left.upgrade() else { return };
                if kept.sweep() {
                    continue;
                }
                // What came in between finds nobody sweeping, or is found here.
                kept.sweeping.store(false, Ordering::Release);
                if !kept.sweep() || kept.sweeping.swap(true, Ordering::AcqRel) {
                    return;
                }
            }
        });
    }

    /// Whether anything is left.
    fn sweep(&self) -> bool {
        let pool = self.pool.sweep();
        let sessions = self.sessions.sweep();
        pool || sessions
    }
}

/// Where a granted folder is. Links above it are followed; whoever puts one in its own place would else grant
/// what he likes.
fn placed(folder: &Path) -> Result<Folder, Trouble> {
    let refuse = |why: String| {
        let message = format!("The granted folder `{}` {why}.", folder.display());
        Trouble::new(TroubleKind::Unavailable, message)
    };
    let link =
        || refuse("is a link, which is not followed. Grant the folder that it leads to".to_owned());
    let unread = |why: std::io::Error| refuse(format!("can't be read: {why}"));
    let place = match (folder.parent(), folder.file_name()) {
        (Some(parent), Some(name)) => {
            let parent = parent.canonicalize().map_err(unread)?;
            let there = parent.join(name);
            if there.symlink_metadata().map_err(unread)?.is_symlink() {
                return Err(link());
            }
            // As the system writes it, which may differ in its capitals.
            let place = there.canonicalize().map_err(unread)?;
            match place.parent() == Some(&parent) {
                true => place,
                false => return Err(link()),
            }
        }
        // The root, or a path that ends in `..`: no link can be in its place.
        _ => folder.canonicalize().map_err(unread)?,
    };
    match place.is_dir() {
        true => Ok(Folder {
            name: folder.to_owned(),
            place,
        }),
        false => Err(unread(std::io::ErrorKind::NotADirectory.into())),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
