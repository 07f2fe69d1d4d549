//! Client keys: who may call us.
//!
//! Promises: a key is shown once, when it is made; the file holds only its
//! SHA-256. A plain hash is enough, because keys are 32 random bytes: there is
//! no dictionary to try, and a slow hash would only slow every request.
//! [`ClientKeys::check`] takes no lock and waits for nothing.
//!
//! Leaves out: what a client may do, and provider keys (`vault`).

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::folder::DataFolder;
use crate::lock::Lock;
use crate::whole_file;

/// Longer than any key we make; the rest is not worth hashing.
const LONGEST_KEY: usize = 256;
/// How many clients the file may hold.
const MOST_CLIENTS: usize = 1_000;

/// The client keys of one data folder. Share it in an `Arc`.
#[derive(Debug)]
pub struct ClientKeys {
    path: PathBuf,
    lock_path: PathBuf,
    known: ArcSwap<Known>,
}

/// A client as shown: never its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientInfo {
    /// The name it was given.
    pub name: String,
    /// When its key was made, milliseconds since 1970.
    pub created_unix_ms: u64,
    /// The last four characters of its key, to tell keys apart.
    pub hint: String,
}

/// The client keys can't be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum ClientsError {
    /// The file could not be read or written.
    #[error("the client keys in {path} can't be read or written: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The file is not what we wrote; it is left as it is.
    #[error(
        "{path} is damaged ({reason}); nothing was changed. Restore it, or move it away to begin \
         with new client keys"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The name is taken.
    #[error("there is a client `{0}` already; revoke it first, or choose another name")]
    Exists(String),
    /// No client has this name.
    #[error("there is no client `{0}`")]
    Unknown(String),
    /// The name can't be used.
    #[error(
        "`{0}` can't be a client's name: use 1 to 64 small letters, digits, dots, dashes and \
         underscores, beginning with a letter or a digit"
    )]
    BadName(String),
    /// Too many.
    #[error("there are {MOST_CLIENTS} clients already; revoke some that are not used")]
    Full,
    /// The system gave no random bytes.
    #[error("the system gave no random bytes for a key: {0}")]
    Random(String),
}

/// The file.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    clients: Vec<WrittenClient>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenClient {
    name: String,
    created_unix_ms: u64,
    hint: String,
    sha256: String,
}

/// What a check looks at.
#[derive(Debug, Default)]
struct Known {
    by_hash: HashMap<[u8; 32], Arc<str>>,
    infos: Vec<ClientInfo>,
}

impl ClientKeys {
    /// Reads the keys of the folder; there are none before the first start.
    pub fn open(folder: &DataFolder) -> Result<ClientKeys, ClientsError> {
        let path = folder.clients_path();
        let keys = ClientKeys {
            lock_path: path.with_extension("lock"),
            path,
            known: ArcSwap::default(),
        };
        keys.publish(&keys.read()?.unwrap_or_default())?;
        Ok(keys)
    }

    /// The client that a presented key belongs to. Doesn't wait.
    ///
    /// Constant in time by construction: what is compared are hashes, and an
    /// attacker who can't choose a hash learns nothing from how far one agreed.
    pub fn check(&self, presented: &str) -> Option<Arc<str>> {
        if presented.len() > LONGEST_KEY {
            return None;
        }
        let hash = hash(presented);
        self.known.load().by_hash.get(&hash).cloned()
    }

    /// Makes a key for a new client. It can't be shown again.
    pub fn create(&self, name: &str) -> Result<SecretString, ClientsError> {
        if !is_name(name) {
            return Err(ClientsError::BadName(name.to_owned()));
        }
        let key = new_key()?;
        self.change(|clients| {
            if clients.iter().any(|client| client.name == name) {
                return Err(ClientsError::Exists(name.to_owned()));
            }
            if clients.len() >= MOST_CLIENTS {
                return Err(ClientsError::Full);
            }
            clients.push(written(name, &key));
            Ok(())
        })?;
        Ok(SecretString::from(key.as_str()))
    }

    /// Takes a client's key out of use, from the next request on.
    pub fn revoke(&self, name: &str) -> Result<(), ClientsError> {
        self.change(|clients| {
            let before = clients.len();
            clients.retain(|client| client.name != name);
            if clients.len() == before {
                return Err(ClientsError::Unknown(name.to_owned()));
            }
            Ok(())
        })
    }

    /// Every client, oldest first.
    pub fn list(&self) -> Vec<ClientInfo> {
        self.known.load().infos.clone()
    }

    /// On the very first start: makes the client `default` and returns its key,
    /// this once. `None` when a client was ever made, revoked ones included:
    /// who has revoked them all wants nobody let in.
    pub fn first_start(&self) -> Result<Option<SecretString>, ClientsError> {
        let _lock = self.lock()?;
        if self.read()?.is_some() {
            return Ok(None);
        }
        let key = new_key()?;
        self.write(&Written {
            version: 1,
            clients: vec![written("default", &key)],
        })?;
        Ok(Some(SecretString::from(key.as_str())))
    }

    /// Reads the file again after another process changed it. When it can't be
    /// read, the keys known so far stay in force.
    pub fn reload(&self) -> Result<(), ClientsError> {
        // Without the lock, an older text could be published over a newer one.
        let _lock = self.lock()?;
        let written = self.read()?.unwrap_or_default();
        self.publish(&written)
    }

    fn change(
        &self,
        edit: impl FnOnce(&mut Vec<WrittenClient>) -> Result<(), ClientsError>,
    ) -> Result<(), ClientsError> {
        let _lock = self.lock()?;
        let mut written = self.read()?.unwrap_or(Written {
            version: 1,
            clients: Vec::new(),
        });
        edit(&mut written.clients)?;
        self.write(&written)
    }

    fn lock(&self) -> Result<Lock, ClientsError> {
        Lock::take(&self.lock_path).map_err(|error| self.file_error(error))
    }

    fn read(&self) -> Result<Option<Written>, ClientsError> {
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.file_error(error)),
        };
        let written: Written =
            serde_json::from_str(&text).map_err(|error| self.damaged(error.to_string()))?;
        match written.version {
            1 => Ok(Some(written)),
            newer => Err(self.damaged(format!("its version is {newer} and this build knows 1"))),
        }
    }

    fn write(&self, written: &Written) -> Result<(), ClientsError> {
        let text = serde_json::to_vec_pretty(written)
            .map_err(|error| self.file_error(io::Error::other(error)))?;
        whole_file::replace(&self.path, &text).map_err(|error| self.file_error(error))?;
        self.publish(written)
    }

    fn publish(&self, written: &Written) -> Result<(), ClientsError> {
        let mut known = Known::default();
        for client in &written.clients {
            let hash = from_hex(&client.sha256).ok_or_else(|| {
                self.damaged(format!(
                    "the hash of `{}` is not 64 hex digits",
                    client.name
                ))
            })?;
            known.by_hash.insert(hash, Arc::from(client.name.as_str()));
            known.infos.push(ClientInfo {
                name: client.name.clone(),
                created_unix_ms: client.created_unix_ms,
                hint: client.hint.clone(),
            });
        }
        self.known.store(Arc::new(known));
        Ok(())
    }

    fn file_error(&self, error: io::Error) -> ClientsError {
        ClientsError::File {
            path: self.path.clone(),
            error,
        }
    }

    fn damaged(&self, reason: String) -> ClientsError {
        ClientsError::Damaged {
            path: self.path.clone(),
            reason,
        }
    }
}

type Wiped = secrecy::zeroize::Zeroizing<String>;

/// `sbx-` and 32 random bytes in hex: the prefix lets secret scanners and people
/// tell it from a provider's key.
fn new_key() -> Result<Wiped, ClientsError> {
    let mut bytes = secrecy::zeroize::Zeroizing::new([0u8; 32]);
    getrandom::fill(bytes.as_mut()).map_err(|error| ClientsError::Random(error.to_string()))?;
    let mut key = Wiped::new(String::with_capacity(4 + 64));
    key.push_str("sbx-");
    push_hex(&mut key, bytes.as_ref());
    Ok(key)
}

fn written(name: &str, key: &Wiped) -> WrittenClient {
    let mut sha256 = String::with_capacity(64);
    push_hex(&mut sha256, &hash(key));
    WrittenClient {
        name: name.to_owned(),
        created_unix_ms: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_millis() as u64),
        hint: key[key.len() - 4..].to_owned(),
        sha256,
    }
}

fn hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)]);
        text.push(DIGITS[usize::from(byte & 15)]);
    }
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).ok()?;
    }
    Some(bytes)
}

/// The rule for the names of clients, providers and keys alike:
/// `[a-z0-9][a-z0-9._-]{0,63}`.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=64).contains(&name.len())
        && name.bytes().next().is_some_and(plain)
        && name
            .bytes()
            .all(|byte| plain(byte) || b"._-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn folder() -> (tempfile::TempDir, DataFolder) {
        let dir = tempfile::tempdir().unwrap();
        let folder = DataFolder::unlocked(Some(dir.path().to_owned())).unwrap();
        (dir, folder)
    }

    #[test]
    fn a_key_lets_its_client_in_until_it_is_revoked() {
        let (_dir, folder) = folder();
        let keys = ClientKeys::open(&folder).unwrap();
        let key = keys.create("editor").unwrap();
        let other = keys.create("cli").unwrap();
        assert!(key.expose_secret().starts_with("sbx-"));
        assert_eq!(key.expose_secret().len(), 68);
        assert_eq!(keys.check(key.expose_secret()).as_deref(), Some("editor"));
        assert_eq!(keys.check(other.expose_secret()).as_deref(), Some("cli"));
        keys.revoke("editor").unwrap();
        assert_eq!(keys.check(key.expose_secret()), None);
        assert_eq!(keys.check(other.expose_secret()).as_deref(), Some("cli"));
    }

    #[test]
    fn wrong_keys_let_nobody_in() {
        let (_dir, folder) = folder();
        let keys = ClientKeys::open(&folder).unwrap();
        let key = keys.create("editor").unwrap();
        let key = key.expose_secret();
        let long = "x".repeat(100_000);
        for wrong in [
            "",
            "sbx-",
            &key[..67],
            &key.to_uppercase(),
            &format!("{key} "),
            &long,
        ] {
            assert_eq!(keys.check(wrong), None);
        }
    }

    #[test]
    fn the_first_start_makes_one_client_and_tells_its_key_once() {
        let (_dir, folder) = folder();
        let keys = ClientKeys::open(&folder).unwrap();
        let key = keys.first_start().unwrap().unwrap();
        assert_eq!(keys.check(key.expose_secret()).as_deref(), Some("default"));
        assert!(keys.first_start().unwrap().is_none());
        keys.revoke("default").unwrap();
        assert!(
            keys.first_start().unwrap().is_none(),
            "all revoked is not a first start"
        );
    }

    #[test]
    fn the_file_holds_no_key() {
        let (dir, folder) = folder();
        let keys = ClientKeys::open(&folder).unwrap();
        let key = keys.create("editor").unwrap();
        let text = std::fs::read_to_string(dir.path().join("clients.json")).unwrap();
        assert!(!text.contains(&key.expose_secret()[4..]));
        assert!(!format!("{keys:?}").contains(&key.expose_secret()[4..]));
        let info = &keys.list()[0];
        assert_eq!(
            (info.name.as_str(), info.hint.as_str()),
            ("editor", &key.expose_secret()[64..])
        );
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let (dir, folder) = folder();
        ClientKeys::open(&folder).unwrap().first_start().unwrap();
        let file = std::fs::metadata(dir.path().join("clients.json")).unwrap();
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_change_by_another_process_is_seen_after_a_reload() {
        let (_dir, folder) = folder();
        let server = ClientKeys::open(&folder).unwrap();
        let command = ClientKeys::open(&folder).unwrap();
        let key = command.create("editor").unwrap();
        assert_eq!(server.check(key.expose_secret()), None);
        server.reload().unwrap();
        assert_eq!(server.check(key.expose_secret()).as_deref(), Some("editor"));
        server.create("cli").unwrap();
        assert_eq!(server.list().len(), 2, "and none of its clients is lost");
    }

    #[test]
    fn clients_made_at_once_are_all_kept() {
        let (_dir, folder) = folder();
        std::thread::scope(|scope| {
            for number in 0..8 {
                let folder = &folder;
                scope.spawn(move || {
                    let keys = ClientKeys::open(folder).unwrap();
                    keys.create(&format!("client-{number}")).unwrap();
                });
            }
        });
        assert_eq!(ClientKeys::open(&folder).unwrap().list().len(), 8);
    }

    #[test]
    fn a_damaged_file_is_refused_and_left_alone() {
        let (dir, folder) = folder();
        let path = dir.path().join("clients.json");
        let keys = ClientKeys::open(&folder).unwrap();
        let key = keys.create("editor").unwrap();
        for damage in ["{", r#"{"version":2,"clients":[]}"#, ""] {
            std::fs::write(&path, damage).unwrap();
            let refusal = keys.reload().unwrap_err().to_string();
            assert!(refusal.contains("clients.json is damaged"), "{refusal}");
            assert!(keys.create("other").is_err());
            assert_eq!(std::fs::read_to_string(&path).unwrap(), damage);
            assert!(
                keys.check(key.expose_secret()).is_some(),
                "known keys stay in force"
            );
        }
    }

    #[test]
    fn names_are_checked() {
        let (_dir, folder) = folder();
        let keys = ClientKeys::open(&folder).unwrap();
        for bad in ["", "Editor", "-x", "a b", "ä", &"x".repeat(65)] {
            assert!(
                matches!(keys.create(bad), Err(ClientsError::BadName(_))),
                "{bad}"
            );
        }
        keys.create("a.b_c-1").unwrap();
        assert!(matches!(
            keys.create("a.b_c-1"),
            Err(ClientsError::Exists(_))
        ));
        assert!(matches!(
            keys.revoke("nobody"),
            Err(ClientsError::Unknown(_))
        ));
    }
}
