//! The config file and what runs of it: written → checked → compiled → installed.
//!
//! Promises: what runs is always a whole, checked snapshot; a bad edit changes
//! nothing and is remembered with its place and reason until a good one follows.

use std::sync::{Arc, Mutex, PoisonError};

use engine::Engine;
use host::{Compiled, ConfigError, ConfigFile, Examinations, ListenConfig, SqliteLedger};
use routing::Routes;
use tokio::sync::watch;

use crate::doctor;
use crate::failure::Failure;
use crate::shown::{ConfigRefusal, ConfigShown};

/// Owns the config file of a running Signalbox.
pub struct Configuration {
    file: ConfigFile,
    engine: Engine,
    ledger: Arc<SqliteLedger>,
    examinations: Arc<Examinations>,
    /// As compiled at the start: what the sockets were opened with.
    opened: ListenConfig,
    listen: watch::Sender<ListenConfig>,
    refused: Mutex<Option<ConfigError>>,
    unwatched: Mutex<Option<String>>,
    /// Two edits at once would each miss the other's.
    editing: Mutex<()>,
}

impl Configuration {
    /// The config of a running engine. `refused` says why the file on disk is not
    /// what runs, when it is not.
    pub fn new(
        file: ConfigFile,
        engine: Engine,
        ledger: Arc<SqliteLedger>,
        examinations: Arc<Examinations>,
        listen: ListenConfig,
        refused: Option<ConfigError>,
    ) -> Configuration {
        Configuration {
            file,
            engine,
            ledger,
            examinations,
            listen: watch::channel(listen.clone()).0,
            opened: listen,
            refused: Mutex::new(refused),
            unwatched: Mutex::default(),
            editing: Mutex::new(()),
        }
    }

    /// Where the file is.
    pub fn path(&self) -> std::path::PathBuf {
        self.file.path().to_owned()
    }

    /// The listening half, followed by the guard.
    pub fn listen(&self) -> watch::Receiver<ListenConfig> {
        self.listen.subscribe()
    }

    /// Reads the file again and runs what it says, if it says something whole.
    /// Blocks on the disk.
    pub fn reload(&self) {
        let _editing = self.editing.lock().unwrap_or_else(PoisonError::into_inner);
        self.take(self.file.load());
    }

    /// The same when the file may have changed; its own writes do nothing.
    pub fn reload_changed(&self) {
        let _editing = self.editing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(outcome) = self.file.load_changed() {
            self.take(outcome);
        }
    }

    fn take(&self, outcome: Result<Compiled, ConfigError>) {
        match outcome {
            Ok(compiled) => self.install(compiled),
            Err(error) => {
                tracing::warn!(%error, "the config edit is refused; the last good one runs");
                self.remember(Some(error));
            }
        }
    }

    /// Makes an edit, and runs it. Blocks on the disk.
    ///
    /// # Errors
    /// When the edited file would not be a good one; nothing is written then.
    pub fn edit(
        &self,
        edit: impl FnOnce(&ConfigFile) -> Result<Compiled, ConfigError>,
    ) -> Result<(), Failure> {
        let _editing = self.editing.lock().unwrap_or_else(PoisonError::into_inner);
        let compiled = edit(&self.file).map_err(Failure::refused_edit)?;
        self.install(compiled);
        Ok(())
    }

    fn install(&self, compiled: Compiled) {
        let number = compiled.snapshot.number;
        let before = self.engine.snapshot();
        if let Err(error) = self.engine.install(compiled.snapshot) {
            tracing::error!(%error, "the new config can't run; the last good one runs");
            return;
        }
        self.ledger.set_retention(compiled.ledger.retention());
        self.listen.send_replace(compiled.listen);
        self.forget_those_gone(&before.routes);
        self.remember(None);
        tracing::info!(number, "config installed");
    }

    /// What the doctor found of a provider that was removed, or that is another one now, is gone.
    fn forget_those_gone(&self, before: &Routes) {
        let now = self.engine.snapshot();
        let gone = before.providers.iter().filter(|old| {
            let stays = now.routes.provider(&old.id);
            stays.is_none_or(|new| new.surfaces != old.surfaces)
        });
        for provider in gone {
            if let Err(error) = self.examinations.forget(&provider.id) {
                tracing::error!(%error, "what was found of a removed provider is still on disk");
            }
        }
        doctor::heed(&self.engine, &self.examinations);
    }

    fn remember(&self, refused: Option<ConfigError>) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = refused;
    }

    /// Why the file on disk is not what runs.
    pub fn refused(&self) -> Option<ConfigError> {
        self.refused
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Changes on disk go unnoticed, for this reason.
    pub fn unwatched(&self, reason: String) {
        *self
            .unwatched
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(reason);
    }

    /// Why changes on disk go unnoticed.
    pub(crate) fn blindness(&self) -> Option<String> {
        self.unwatched
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// A change that only a restart can follow.
    pub(crate) fn needs_restart(&self) -> Option<String> {
        let wanted = self.listen.borrow();
        let moved = wanted.port != self.opened.port || wanted.addresses != self.opened.addresses;
        moved.then(|| {
            "The config names another port or address to listen on; restart Signalbox to follow it."
                .to_owned()
        })
    }

    pub(crate) fn shown(&self) -> ConfigShown {
        ConfigShown {
            path: self.file.path().display().to_string(),
            snapshot: self.engine.snapshot().number,
            refused: self.refused().map(|error| ConfigRefusal {
                // 0 means that the file as a whole is the trouble.
                line: (error.line > 0).then_some(error.line),
                column: (error.column > 0).then_some(error.column),
                reason: error.reason,
            }),
        }
    }
}
