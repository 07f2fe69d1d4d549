//! The small model that makes vectors here, where the config wants one.
//!
//! Promises: read once, at the first question, on a thread that may wait; what is wrong with its files is told.
//! Leaves out how it works (`semantic::LocalModel`) and where it comes from (`fetch`).

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use semantic::{Embed as _, LocalModel};

/// The model, and where its files lie.
pub(crate) struct Model {
    folder: PathBuf,
    state: Arc<Mutex<State>>,
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

impl Model {
    pub(crate) fn in_folder(folder: PathBuf) -> Model {
        Model {
            folder,
            state: Arc::default(),
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A vector of this text; `None` where there is no model, which is told by [`Model::trouble`].
    pub(crate) async fn vector(&self, text: &str) -> Option<Vec<f32>> {
        let (state, folder, text) = (
            Arc::clone(&self.state),
            self.folder.clone(),
            text.to_owned(),
        );
        let made = tokio::task::spawn_blocking(move || {
            let model = read(&state, &folder)?;
            model.embed(&[text.as_str()]).ok()?.pop()
        });
        made.await.ok()?
    }

    /// Why there is no model, once that is known.
    pub(crate) fn trouble(&self) -> Option<String> {
        match &*lock(&self.state) {
            State::Broken(why) => Some(why.clone()),
            State::Unread | State::Ready(_) => None,
        }
    }

    /// Its files may be others now.
    pub(crate) fn read_anew(&self) {
        *lock(&self.state) = State::Unread;
    }
}

/// The lock is held while the files are read: who comes meanwhile waits for them, or for its patience.
fn read(state: &Mutex<State>, folder: &Path) -> Option<Arc<LocalModel>> {
    let mut state = lock(state);
    if let State::Unread = &*state {
        *state = match LocalModel::open(folder) {
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

fn lock(mutex: &Mutex<State>) -> MutexGuard<'_, State> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
