//! The small model that makes vectors here, where the config wants one; fetched on a person's word.
//!
//! Promises: read once, at the first question, on a thread that may wait; what is wrong with its files, or with
//! their download, is told. One download at a time; it ends with its bytes, a failure, or a word.
//! Leaves out how the model works and how a download becomes a whole folder (`semantic`).

mod download;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use semantic::{DEFAULT_BASE, Embed as _, FILES, LocalModel, Progress, Wanted, fetch_model};

use download::Download;

/// The model, and where its files lie. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Model {
    folder: Arc<Path>,
    state: Arc<Mutex<State>>,
    fetch: Arc<Mutex<Fetch>>,
    cancelled: Arc<AtomicBool>,
}

#[derive(Clone, Default)]
enum State {
    /// Nobody has asked yet.
    #[default]
    Unread,
    Ready(Arc<LocalModel>),
    /// Why it can't be used.
    Broken(String),
}

#[derive(Clone, Default)]
enum Fetch {
    #[default]
    None,
    Running(Option<Progress>),
    Failed(String),
}

/// How the model and its download are.
#[derive(Debug, Clone)]
pub struct ModelState {
    /// Where its files lie.
    pub folder: PathBuf,
    /// They are there.
    pub is_there: bool,
    /// Why it can't be used, once that is known.
    pub trouble: Option<String>,
    /// A download is under way; how far it is, once that is known.
    pub fetching: Option<Option<Progress>>,
    /// Why the last download ended without a model.
    pub failed: Option<String>,
}

/// A download is under way already.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the model is being fetched already; its progress is on the Cache page")]
pub struct FetchingAlready;

impl Model {
    pub(crate) fn in_folder(folder: PathBuf) -> Model {
        Model {
            folder: folder.into(),
            state: Arc::default(),
            fetch: Arc::default(),
            cancelled: Arc::default(),
        }
    }

    /// A vector of this text; `None` where there is no model, which [`Model::told`] says.
    pub(crate) async fn vector(&self, text: &str) -> Option<Vec<f32>> {
        let (model, text) = (self.clone(), text.to_owned());
        let made = tokio::task::spawn_blocking(move || {
            let model = model.read()?;
            model.embed(&[text.as_str()]).ok()?.pop()
        });
        made.await.ok()?
    }

    /// How it is.
    pub(crate) fn told(&self) -> ModelState {
        let fetch = lock(&self.fetch).clone();
        ModelState {
            folder: self.folder.to_path_buf(),
            is_there: FILES
                .iter()
                .all(|(name, _)| self.folder.join(name).is_file()),
            // One that is being read tells nothing yet, and nobody waits for that here.
            trouble: self.state.try_lock().ok().and_then(|state| match &*state {
                State::Broken(why) => Some(why.clone()),
                State::Unread | State::Ready(_) => None,
            }),
            fetching: match &fetch {
                Fetch::Running(progress) => Some(*progress),
                Fetch::None | Fetch::Failed(_) => None,
            },
            failed: match fetch {
                Fetch::Failed(why) => Some(why),
                Fetch::None | Fetch::Running(_) => None,
            },
        }
    }

    /// Begins to fetch it, from `base` or from where everybody gets it.
    ///
    /// # Errors
    /// When it is being fetched already, or the address is none.
    pub(crate) fn begin_to_fetch(&self, base: Option<&str>) -> Result<(), NotFetched> {
        let base = base.unwrap_or(DEFAULT_BASE);
        let mut download = Download::new(base)?;
        {
            let mut fetch = lock(&self.fetch);
            if matches!(*fetch, Fetch::Running(_)) {
                return Err(FetchingAlready.into());
            }
            *fetch = Fetch::Running(None);
        }
        self.cancelled.store(false, Ordering::Relaxed);
        let (model, wanted) = (
            self.clone(),
            Wanted {
                base: base.to_owned(),
                ..Wanted::default()
            },
        );
        tokio::task::spawn_blocking(move || {
            let mut watch = |progress| {
                *lock(&model.fetch) = Fetch::Running(Some(progress));
                match model.cancelled.load(Ordering::Relaxed) {
                    true => ControlFlow::Break(()),
                    false => ControlFlow::Continue(()),
                }
            };
            let fetched = fetch_model(&mut download, &wanted, &model.folder, &mut watch);
            *lock(&model.fetch) = match fetched {
                Ok(()) => Fetch::None,
                Err(error) => Fetch::Failed(error.to_string()),
            };
            *lock(&model.state) = State::Unread;
        });
        Ok(())
    }

    /// Ends a download; what is here is kept for the next one. Whether there was one.
    pub(crate) fn cancel(&self) -> bool {
        self.cancelled.store(true, Ordering::Relaxed);
        matches!(*lock(&self.fetch), Fetch::Running(_))
    }

    /// The lock is held while the files are read: who comes meanwhile waits for them, or for its patience.
    fn read(&self) -> Option<Arc<LocalModel>> {
        let mut state = lock(&self.state);
        if let State::Unread = &*state {
            *state = match LocalModel::open(&self.folder) {
                Ok(model) => State::Ready(Arc::new(model)),
                Err(error) => {
                    tracing::error!(%error, "similar questions are not looked for");
                    State::Broken(error.to_string())
                }
            };
        }
        match &*state {
            State::Ready(model) => Some(Arc::clone(model)),
            State::Unread | State::Broken(_) => None,
        }
    }
}

/// Why a download does not begin.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NotFetched {
    /// Another is under way.
    #[error(transparent)]
    Already(#[from] FetchingAlready),
    /// It can't be fetched from there.
    #[error("{0}")]
    Address(String),
}

/// A panic elsewhere must not take these down with it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
