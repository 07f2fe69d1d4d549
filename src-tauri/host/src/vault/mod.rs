//! The vault: provider keys, kept in the operating system's keychain.
//!
//! Promises: a key is never on disk in any other form, and never in an error or
//! a log. Requests are answered from memory; the keychain is read once when the
//! vault is opened and again when it was changed. Where there is no keychain,
//! keys are kept for this run only, and [`Vault::store`] says why and what to do.
//!
//! Leaves out: which provider uses which key (the config), and where environment
//! variables come from. `SIGNALBOX_KEYCHAIN=off` keeps the keychain untouched.
//!
//! The keychain's library decides once per process whether there is one: a
//! service that appears later is found after a restart. A keychain that was only
//! slow (somebody had to type its password) is taken into use when it answers, and
//! keys that were set meanwhile are put into it.

mod bundle;
mod environment;
mod keychain;
mod seal;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use arc_swap::ArcSwap;
use engine::Credentials;
use routing::KeySource;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

pub use environment::{EnvironmentKey, environment_keys};

use bundle::Keys;
use keychain::{Items, System};

use crate::clients::is_name;
use crate::folder::DataFolder;
use crate::lock::Lock;
use crate::whole_file;

/// The one item that holds all keys.
const ITEM: &str = "provider-keys";
/// How long opening waits for the keychain; a start must not hang on a prompt.
const OPEN_LIMIT: Duration = Duration::from_secs(5);
/// How long a change waits; time enough to type a password.
const CHANGE_LIMIT: Duration = Duration::from_secs(60);
/// Longer than any key.
const LONGEST_KEY: usize = 8_192;
/// Keys in the vault at most.
const MOST_KEYS: usize = 1_000;

/// Provider keys. Share it in an `Arc`; every method but those of
/// [`Credentials`], [`Vault::store`] and [`Vault::names`] blocks.
pub struct Vault {
    inner: Arc<Inner>,
}

struct Inner {
    items: Option<Arc<dyn Items>>,
    lock_path: PathBuf,
    stamp_path: PathBuf,
    state: ArcSwap<StoreState>,
    /// From the keychain, or kept for this run.
    keys: ArcSwap<Keys>,
    /// Variables that were asked for; `None` for those that hold nothing.
    environment: ArcSwap<HashMap<String, Option<Arc<SecretString>>>>,
    /// One change at a time within this process.
    changing: Mutex<()>,
}

/// Where keys are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreState {
    /// In the operating system's keychain.
    Keychain,
    /// In memory, until this process ends.
    Memory {
        /// Why, and what to do about it.
        reason: String,
    },
}

/// A key can't be changed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum VaultError {
    /// The name can't be used.
    #[error(
        "this can't be a key's name: use 1 to 64 small letters, digits, dots, dashes and \
         underscores, beginning with a letter or a digit; mostly it is the provider's id"
    )]
    BadName,
    /// What was given can't be a key. Never tells what it was.
    #[error("this can't be a key: {0}")]
    BadKey(&'static str),
    /// The keychain did not do it; nothing was changed.
    #[error("{0}")]
    Keychain(String),
    /// The lock between processes could not be taken; nothing was changed.
    #[error("the keys are being changed elsewhere: {0}")]
    Busy(String),
}

impl Vault {
    /// Opens the vault. Never fails, and takes five seconds at most: without a
    /// keychain that works, keys are kept in memory.
    pub fn open(folder: &DataFolder) -> Vault {
        if std::env::var("SIGNALBOX_KEYCHAIN").is_ok_and(|value| value == "off") {
            return Vault::in_memory(
                folder,
                "the keychain is switched off by SIGNALBOX_KEYCHAIN=off",
            );
        }
        Vault::open_with(folder, Arc::new(System), OPEN_LIMIT)
    }

    fn in_memory(folder: &DataFolder, reason: &str) -> Vault {
        Vault {
            inner: Arc::new(Inner::new(folder, None, reason)),
        }
    }

    fn open_with(folder: &DataFolder, items: Arc<dyn Items>, limit: Duration) -> Vault {
        let waiting = format!(
            "the keychain has not answered within {} s (it may be waiting for its password); keys \
             are taken from it as soon as it does",
            limit.as_secs()
        );
        let inner = Arc::new(Inner::new(folder, Some(items), &waiting));
        let opening = Arc::clone(&inner);
        // Goes on when nobody waits any more: then it is only late.
        let _ = within("keychain-open", limit, move || opening.take_in(true));
        Vault { inner }
    }

    /// Where keys are kept. Doesn't wait.
    pub fn store(&self) -> StoreState {
        self.inner.state.load().as_ref().clone()
    }

    /// The names of the providers' keys that are kept. Doesn't wait.
    pub fn names(&self) -> Vec<String> {
        let keys = self.inner.keys.load();
        let names = keys.keys().filter(|name| !seal::is_own(name));
        names.cloned().collect()
    }

    /// Keeps a key, in place of one of the same name. White space around it is
    /// dropped. In memory only when [`Vault::store`] says so.
    pub fn set(&self, name: &str, key: &SecretString) -> Result<(), VaultError> {
        if !is_name(name) {
            return Err(VaultError::BadName);
        }
        let key = Arc::new(checked(key)?);
        let name = name.to_owned();
        self.inner.change(move |keys| {
            keys.insert(name, key);
        })
    }

    /// Forgets a key. Whether there was one.
    pub fn remove(&self, name: &str) -> Result<bool, VaultError> {
        // The keychain's word counts, which another process may have changed.
        let (tell, told) = mpsc::sync_channel(1);
        let name = name.to_owned();
        self.inner.change(move |keys| {
            let _ = tell.try_send(keys.remove(&name).is_some());
        })?;
        Ok(told.try_recv().unwrap_or(false))
    }

    /// Reads the keychain again after another process changed it, and the
    /// environment. When it can't be read, the keys known so far stay in use.
    pub fn reload(&self) -> Result<(), VaultError> {
        self.refresh();
        let inner = Arc::clone(&self.inner);
        if inner.items.is_none() {
            return Ok(());
        }
        let probe = inner.in_memory();
        match within("keychain-read", CHANGE_LIMIT, move || inner.take_in(probe)) {
            Some(outcome) => outcome.map_err(VaultError::Keychain),
            None => Err(too_slow()),
        }
    }

    /// Reads the environment variables again that were asked for so far.
    pub fn refresh(&self) {
        self.inner.environment.rcu(|known| {
            known
                .keys()
                .map(|name| (name.clone(), variable(name)))
                .collect::<HashMap<_, _>>()
        });
    }
}

impl Credentials for Vault {
    fn key(&self, source: &KeySource) -> Option<Arc<SecretString>> {
        match source {
            KeySource::None => None,
            KeySource::Keychain(name) if seal::is_own(name) => None,
            KeySource::Keychain(name) => self.inner.keys.load().get(name).cloned(),
            KeySource::Environment(name) => {
                if let Some(key) = self.inner.environment.load().get(name) {
                    return key.clone();
                }
                // Asked for the first time. Only the config names variables, so
                // there are as many as it has providers.
                let key = variable(name);
                self.inner.environment.rcu(|known| {
                    let mut known = HashMap::clone(known);
                    known.insert(name.clone(), key.clone());
                    known
                });
                key
            }
        }
    }
}

impl Inner {
    fn new(folder: &DataFolder, items: Option<Arc<dyn Items>>, reason: &str) -> Inner {
        let stamp_path = folder.keys_stamp_path();
        Inner {
            items,
            lock_path: stamp_path.with_extension("lock"),
            stamp_path,
            state: ArcSwap::from_pointee(StoreState::Memory {
                reason: reason.to_owned(),
            }),
            keys: ArcSwap::default(),
            environment: ArcSwap::default(),
            changing: Mutex::new(()),
        }
    }

    /// Reads the keychain and takes its keys into use. With `probe`, finds out
    /// first whether it works, and where it doesn't says so in the state.
    fn take_in(&self, probe: bool) -> Result<(), String> {
        let Some(items) = self.items.as_deref() else {
            return Ok(());
        };
        let outcome = self.try_take_in(items, probe);
        if let (true, Err(reason)) = (probe, &outcome) {
            let reason = format!("{reason}. Until then, keys are kept for this run only");
            self.state.store(Arc::new(StoreState::Memory { reason }));
        }
        outcome
    }

    fn try_take_in(&self, items: &dyn Items, probe: bool) -> Result<(), String> {
        if probe {
            keychain::probe(items)?;
        }
        // Not while a change is between reading and publishing.
        let _one = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = self.keys.load();
        if !self.in_memory() || waiting.is_empty() {
            self.publish(load(items)?);
            return Ok(());
        }
        // Keys that were set while there was no keychain were meant to be kept.
        let _lock = Lock::take(&self.lock_path).map_err(|error| error.to_string())?;
        let mut keys = load(items)?;
        for (name, key) in waiting.iter() {
            keys.insert(name.clone(), Arc::clone(key));
        }
        save(items, &keys)?;
        self.publish(keys);
        self.stamp();
        Ok(())
    }

    fn in_memory(&self) -> bool {
        matches!(self.state.load().as_ref(), StoreState::Memory { .. })
    }

    fn publish(&self, keys: Keys) {
        self.keys.store(Arc::new(keys));
        self.state.store(Arc::new(StoreState::Keychain));
    }

    /// Reads, changes and writes all keys as one step that no other process can
    /// come between. On a thread of its own, because even waiting for one's turn
    /// may take as long as somebody needs to answer a prompt.
    fn change(
        self: &Arc<Self>,
        edit: impl FnOnce(&mut Keys) + Send + 'static,
    ) -> Result<(), VaultError> {
        let inner = Arc::clone(self);
        within("keychain-write", CHANGE_LIMIT, move || {
            let _one = inner
                .changing
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            match inner.items.as_deref() {
                Some(items) if !inner.in_memory() => inner.change_items(items, edit),
                _ => {
                    let mut keys = Keys::clone(&inner.keys.load());
                    edit(&mut keys);
                    full(&keys)?;
                    inner.keys.store(Arc::new(keys));
                    Ok(())
                }
            }
        })
        .unwrap_or_else(|| Err(too_slow()))
    }

    fn change_items(
        &self,
        items: &dyn Items,
        edit: impl FnOnce(&mut Keys),
    ) -> Result<(), VaultError> {
        let _lock =
            Lock::take(&self.lock_path).map_err(|error| VaultError::Busy(error.to_string()))?;
        let mut keys = load(items).map_err(VaultError::Keychain)?;
        edit(&mut keys);
        full(&keys)?;
        save(items, &keys).map_err(VaultError::Keychain)?;
        self.publish(keys);
        self.stamp();
        Ok(())
    }

    /// Tells other processes that the keys have changed. Random bytes: the file
    /// says nothing about the keys.
    fn stamp(&self) {
        let outcome = random_word()
            .map_err(std::io::Error::other)
            .and_then(|word| whole_file::replace(&self.stamp_path, word.as_bytes()));
        if let Err(error) = outcome {
            tracing::warn!(%error, "another Signalbox may not notice the changed keys");
        }
    }
}

fn load(items: &dyn Items) -> Result<Keys, String> {
    let Some(first) = items.read(ITEM)? else {
        return Ok(Keys::new());
    };
    let suffixes = bundle::parts(&first).map_err(|reason| damaged(&reason))?;
    if suffixes.is_empty() {
        return bundle::unpack(&first).map_err(|reason| damaged(&reason));
    }
    let mut text = Zeroizing::new(Vec::new());
    for suffix in suffixes {
        let part = items.read(&format!("{ITEM}{suffix}"))?;
        text.extend_from_slice(&part.ok_or_else(|| damaged("a part of it is missing"))?);
    }
    bundle::unpack(&text).map_err(|reason| damaged(&reason))
}

/// The old item stays until the new one is whole.
fn save(items: &dyn Items, keys: &Keys) -> Result<(), String> {
    let old = items
        .read(ITEM)?
        .map(|first| bundle::parts(&first))
        .transpose();
    if keys.is_empty() {
        items.delete(ITEM)?;
    } else {
        let text = bundle::pack(keys)?;
        for item in bundle::split(&text, items.limit(), &random_word()?) {
            items.write(&format!("{ITEM}{}", item.suffix), &item.text)?;
        }
    }
    for suffix in old.unwrap_or_default().unwrap_or_default() {
        // One that is left over is not read again, and holds old keys only.
        if let Err(error) = items.delete(&format!("{ITEM}{suffix}")) {
            tracing::warn!(error, "an old part of the keys is left in the keychain");
        }
    }
    Ok(())
}

fn damaged(reason: &str) -> String {
    format!(
        "the keychain's item signalbox/{ITEM} can't be used ({reason}) and was left as it is; \
         delete it with your keychain app to begin anew"
    )
}

fn full(keys: &Keys) -> Result<(), VaultError> {
    if keys.len() > MOST_KEYS {
        return Err(VaultError::BadKey(
            "there are 1,000 keys already; remove some first",
        ));
    }
    Ok(())
}

fn too_slow() -> VaultError {
    VaultError::Keychain(format!(
        "the keychain did not answer within {} s; look for its prompt, answer it and try again",
        CHANGE_LIMIT.as_secs()
    ))
}

/// A key as it may stand in a header; or a JSON object, from which what stands there is made (a
/// service account, an access key).
fn checked(key: &SecretString) -> Result<SecretString, VaultError> {
    let trimmed = key.expose_secret().trim();
    if trimmed.is_empty() {
        return Err(VaultError::BadKey("it is empty"));
    }
    if trimmed.len() > LONGEST_KEY {
        return Err(VaultError::BadKey("it is longer than 8,192 bytes"));
    }
    if trimmed.starts_with('{') {
        if serde_json::from_str::<serde::de::IgnoredAny>(trimmed).is_err() {
            return Err(VaultError::BadKey(
                "it begins like JSON, which it is not; was less than the whole file copied?",
            ));
        }
        return Ok(SecretString::from(trimmed));
    }
    if !trimmed.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(VaultError::BadKey(
            "it has spaces, line breaks or letters that no key has; was more than the key copied?",
        ));
    }
    Ok(SecretString::from(trimmed))
}

fn variable(name: &str) -> Option<Arc<SecretString>> {
    let value = Zeroizing::new(std::env::var(name).ok()?);
    // What can't stand in a header is no key, and would fail each request.
    checked(&SecretString::from(value.as_str()))
        .ok()
        .map(Arc::new)
}

fn random_word() -> Result<String, String> {
    let word = getrandom::u64().map_err(|error| error.to_string())?;
    Ok(format!("{word:016x}"))
}

/// Runs something that may block for ever on a thread of its own, and waits for
/// it for a while. `None` when it is late; it goes on, and its answer is lost.
fn within<T: Send + 'static>(
    name: &str,
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (tell, told) = mpsc::sync_channel(1);
    std::thread::Builder::new()
        .name(name.into())
        .spawn(move || {
            let _ = tell.send(work());
        })
        .ok()?;
    told.recv_timeout(limit).ok()
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault")
            .field("store", &self.store())
            .finish_non_exhaustive()
    }
}
