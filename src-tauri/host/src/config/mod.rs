//! The config file: read, checked, compiled, and edited for the panel.
//!
//! Promises: what is in force is always a whole config that was accepted; a bad
//! one is refused with file, line, column and what to do. An edit is compiled
//! before it is written, keeps comments and order, and is refused when the file
//! has changed under us. Its own writes are known again by their content.
//!
//! Leaves out: noticing changes (`watch`), and applying what was compiled.

mod base_url;
mod check;
mod compile;
mod edit;
mod error;
mod keeping;
mod listen;
mod tooling;
mod written;

#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use engine::Snapshot;
use routing::{Catalogue, CatalogueModel};
use toml_edit::DocumentMut;

pub use edit::{Grant, GrantKind, ProviderEdit, RuleEdit, ServerEdit, ToolsEdit};
pub use error::ConfigError;
pub use keeping::CacheConfig;
pub use listen::ListenConfig;

use compile::{Context, compile};
use error::Wrong;

use crate::ledger::Retention;
use crate::whole_file;

/// What a new file says: nothing but comments, so it means the defaults.
const STARTER: &str = include_str!("starter.toml");
/// A config beyond this many bytes is something else by mistake.
const LARGEST: u64 = 4 * 1024 * 1024;

/// The config file at one place. Share it in an `Arc`. Its methods block.
#[derive(Debug)]
pub struct ConfigFile {
    path: PathBuf,
    catalogue: Arc<Catalogue>,
    practice_models: Vec<Arc<CatalogueModel>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The text as it was read or written last, good or bad.
    seen: Option<String>,
    /// Of the last accepted config.
    number: u64,
    own_addresses: Vec<SocketAddr>,
}

/// A config that was accepted.
#[derive(Debug)]
pub struct Compiled {
    /// What the engine works with.
    pub snapshot: Snapshot,
    /// Where to listen; a change needs a restart.
    pub listen: ListenConfig,
    /// What the ledger keeps.
    pub ledger: LedgerConfig,
    /// How much of this machine kept answers take; a change needs a restart.
    pub cache: CacheConfig,
}

/// What the ledger keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerConfig {
    /// Receipts older than this many days are deleted.
    pub keep_days: u32,
    /// Beyond this many receipts the oldest are deleted.
    pub max_receipts: u64,
}

impl Default for LedgerConfig {
    fn default() -> Self {
        LedgerConfig {
            keep_days: 90,
            max_receipts: 1_000_000,
        }
    }
}

impl LedgerConfig {
    /// The same for the ledger.
    pub fn retention(&self) -> Retention {
        Retention {
            keep: Duration::from_secs(u64::from(self.keep_days) * 24 * 3_600),
            max_rows: self.max_receipts,
        }
    }
}

impl ConfigFile {
    /// The file at `path`, which need not exist yet. `practice_models` are the
    /// practice provider's models, each with its purpose.
    pub fn open(
        path: &Path,
        catalogue: Arc<Catalogue>,
        practice_models: &[(&str, &str)],
    ) -> ConfigFile {
        let practice_models = practice_models
            .iter()
            .map(|(id, _)| Arc::new(compile::plain_model(id)))
            .collect();
        ConfigFile {
            path: path.to_owned(),
            catalogue,
            practice_models,
            state: Mutex::default(),
        }
    }

    /// The file's path as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Tells where we really listen, when a flag or the system chose the port: a
    /// provider that points there is refused from now on.
    pub fn set_own_addresses(&self, addresses: Vec<SocketAddr>) {
        self.state().own_addresses = addresses;
    }

    /// Reads and compiles the file. One that does not exist is written first,
    /// with comments only, so that who looks for it finds it; if even that
    /// fails, the defaults are in force. A file that vanishes later is an error:
    /// what was in force stays.
    pub fn load(&self) -> Result<Compiled, ConfigError> {
        let mut state = self.state();
        let text = self.read_or_begin(&state)?;
        self.accept(&mut state, text)
    }

    /// The same after the file may have changed; `None` when it is what was read
    /// or written last.
    pub fn load_changed(&self) -> Option<Result<Compiled, ConfigError>> {
        let mut state = self.state();
        let text = match self.read_or_begin(&state) {
            Ok(text) => text,
            Err(error) => return Some(Err(error)),
        };
        if state.seen.as_deref() == Some(text.as_str()) {
            return None;
        }
        Some(self.accept(&mut state, text))
    }

    /// What is in force when there is no good file at all: the defaults, with the
    /// practice provider alone. The file is neither read nor written. Nothing is
    /// deleted from the ledger: a typing slip must not cost receipts that the
    /// file meant to keep.
    pub fn defaults(&self) -> Result<Compiled, ConfigError> {
        let mut state = self.state();
        let seen = state.seen.take();
        let compiled = self.accept(&mut state, STARTER.to_owned());
        state.seen = seen;
        let mut compiled = compiled?;
        compiled.ledger = LedgerConfig {
            keep_days: u32::MAX,
            max_receipts: u64::MAX,
        };
        Ok(compiled)
    }

    /// Adds a provider, or changes what is given of one.
    pub fn put_provider(&self, id: &str, edit: &ProviderEdit) -> Result<Compiled, ConfigError> {
        self.edit(|doc| edit::put_provider(doc, id, edit))
    }

    /// Takes a provider out. Refused while an alias points at it.
    pub fn remove_provider(&self, id: &str) -> Result<Compiled, ConfigError> {
        self.edit(|doc| edit::remove_provider(doc, id))
    }

    /// Enables or disables a provider, the practice provider included.
    pub fn set_enabled(&self, id: &str, enabled: bool) -> Result<Compiled, ConfigError> {
        self.edit(|doc| edit::set_enabled(doc, id, enabled))
    }

    /// Adds or changes an alias; targets are `provider/model`, first choice
    /// first.
    pub fn put_alias(&self, name: &str, targets: &[String]) -> Result<Compiled, ConfigError> {
        self.edit(|doc| edit::put_alias(doc, name, targets))
    }

    /// Takes an alias out.
    pub fn remove_alias(&self, name: &str) -> Result<Compiled, ConfigError> {
        self.edit(|doc| edit::remove_alias(doc, name))
    }

    /// Changes what is granted to tools, the rules by which they are used, or which of them are off.
    pub fn edit_tools(&self, change: &ToolsEdit) -> Result<Compiled, ConfigError> {
        self.edit(|doc| edit::change_tools(doc, change))
    }

    fn edit(
        &self,
        change: impl FnOnce(&mut DocumentMut) -> Result<(), String>,
    ) -> Result<Compiled, ConfigError> {
        let mut state = self.state();
        // A file that is gone comes back with what was in force, and the change.
        let text = match self.read()? {
            Some(text) => text,
            None => state.seen.clone().unwrap_or_else(|| STARTER.to_owned()),
        };
        // Also where a person broke it: the position is more use than "changed".
        self.compile(&state, &text)?;
        if state.seen.as_deref().is_some_and(|seen| seen != text) {
            return Err(self.whole(
                "the file was changed by somebody else just now; nothing was written. Look at \
                 it as it is now, and try again",
            ));
        }
        let text = edit::apply(&text, change).map_err(|reason| self.whole(&reason))?;
        // Compiled before it is written.
        self.compile(&state, &text)?;
        whole_file::replace(&self.path, text.as_bytes())
            .map_err(|error| self.whole(&format!("the file could not be written: {error}")))?;
        self.accept(&mut state, text)
    }

    fn accept(&self, state: &mut State, text: String) -> Result<Compiled, ConfigError> {
        let meaning = self.compile(state, &text);
        state.seen = Some(text);
        let meaning = meaning?;
        state.number += 1;
        Ok(Compiled {
            snapshot: Snapshot {
                number: state.number,
                routes: meaning.routes,
                price_version: self.catalogue.version.clone(),
                limits: meaning.limits,
                translation: meaning.translation,
                embedder: meaning.embedder,
                tools: meaning.tools,
            },
            listen: meaning.listen,
            ledger: meaning.ledger,
            cache: meaning.cache,
        })
    }

    fn compile(&self, state: &State, text: &str) -> Result<compile::Meaning, ConfigError> {
        let context = Context {
            catalogue: &self.catalogue,
            practice_models: &self.practice_models,
            own_addresses: &state.own_addresses,
        };
        compile(text, &context).map_err(|wrong| wrong.locate(self.path.clone(), text))
    }

    fn read_or_begin(&self, state: &State) -> Result<String, ConfigError> {
        match self.read()? {
            Some(text) => Ok(text),
            None if state.seen.is_some() => Err(self.whole(
                "the file is gone; what it said stays in force until Signalbox restarts, and is \
                 written again by the next change in the panel",
            )),
            None => {
                if let Err(error) = whole_file::replace(&self.path, STARTER.as_bytes()) {
                    let file = self.path.display();
                    tracing::warn!(%file, %error, "the config file could not be begun");
                }
                Ok(STARTER.to_owned())
            }
        }
    }

    fn read(&self) -> Result<Option<String>, ConfigError> {
        let unreadable = |error: io::Error| {
            self.whole(&match error.kind() {
                io::ErrorKind::InvalidData => "the file is not text in UTF-8".to_owned(),
                _ => format!("the file could not be read: {error}"),
            })
        };
        match std::fs::metadata(&self.path) {
            Ok(file) if file.len() > LARGEST => Err(self.whole(&format!(
                "the file has {} bytes; a config has {LARGEST} at most",
                file.len()
            ))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unreadable(error)),
            Ok(_) => std::fs::read_to_string(&self.path)
                .map(Some)
                .map_err(unreadable),
        }
    }

    fn whole(&self, reason: &str) -> ConfigError {
        Wrong::whole(reason).locate(self.path.clone(), "")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
