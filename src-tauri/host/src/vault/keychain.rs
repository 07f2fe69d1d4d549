//! The operating system's keychain: whether it is there, and items by name.
//!
//! Promises: availability is found out by writing, reading and deleting an item,
//! because a locked keychain answers a read with "no such item". Errors say what
//! to do and never hold a secret.
//!
//! Leaves out: time limits. Every call may block for as long as a prompt is
//! open; callers use threads of their own.

use secrecy::zeroize::Zeroizing;

use super::bundle::Text;

/// Items of a keychain by name. A trait so that tests can stand in for it.
pub(super) trait Items: Send + Sync + 'static {
    /// `None` when there is no such item.
    fn read(&self, name: &str) -> Result<Option<Text>, String>;
    fn write(&self, name: &str, text: &[u8]) -> Result<(), String>;
    /// Deleting what is not there is no error.
    fn delete(&self, name: &str) -> Result<(), String>;
    /// Bytes that one item holds; `None` for no limit worth knowing.
    fn limit(&self) -> Option<usize>;
}

/// Shown by keychain apps, and searched by.
const SERVICE: &str = "signalbox";

/// The keychain of this user.
pub(super) struct System;

impl Items for System {
    fn read(&self, name: &str) -> Result<Option<Text>, String> {
        match entry(name)?.get_secret() {
            Ok(text) => Ok(Some(Zeroizing::new(text))),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(explain(&error)),
        }
    }

    fn write(&self, name: &str, text: &[u8]) -> Result<(), String> {
        entry(name)?
            .set_secret(text)
            .map_err(|error| explain(&error))
    }

    fn delete(&self, name: &str) -> Result<(), String> {
        match entry(name)?.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(error) => Err(explain(&error)),
        }
    }

    fn limit(&self) -> Option<usize> {
        // CRED_MAX_CREDENTIAL_BLOB_SIZE
        cfg!(windows).then_some(2_560)
    }
}

/// Whether items can be kept: writes, reads and deletes one.
pub(super) fn probe(items: &dyn Items) -> Result<(), String> {
    // Named by the process: two that start at once must not delete each
    // other's probe.
    let name = format!("probe-{}", std::process::id());
    let written = b"this item is deleted at once";
    items.write(&name, written)?;
    let read = items.read(&name);
    items.delete(&name)?;
    match read? {
        Some(text) if text.as_slice() == written => Ok(()),
        _ => Err("the keychain did not give back what was put into it".into()),
    }
}

fn entry(name: &str) -> Result<keyring::Entry, String> {
    keyring::Entry::new(SERVICE, name).map_err(|error| explain(&error))
}

/// What to do about it. Some variants hold the bytes of a secret; none of them
/// is shown.
fn explain(error: &keyring::Error) -> String {
    use keyring::Error as E;
    match error {
        E::NoDefaultStore => {
            let cause = match keyring::Entry::store_status() {
                Err(E::NoDefaultStore) | Ok(()) => String::new(),
                Err(cause) => format!(" ({})", one_line(&cause.to_string())),
            };
            format!("{NO_STORE}{cause}")
        }
        E::NoStorageAccess(cause) => {
            format!("{NO_ACCESS} ({})", one_line(&cause.to_string()))
        }
        E::PlatformFailure(cause) => {
            format!("the keychain reports: {}", one_line(&cause.to_string()))
        }
        E::NoEntry => "there is no such item in the keychain".into(),
        E::BadEncoding(_) | E::BadDataFormat(..) => {
            "an item in the keychain is not what Signalbox wrote".into()
        }
        E::BadStoreFormat(_) => "the keychain's own file is damaged".into(),
        E::TooLong(attribute, limit) => {
            format!("the keychain takes {limit} bytes at most for {attribute}")
        }
        E::Ambiguous(_) => "the keychain has several items of this name; delete all but one".into(),
        E::Invalid(what, why) => format!("the keychain does not take {what}: {}", one_line(why)),
        E::NotSupportedByStore(what) => format!("the keychain can't do this: {}", one_line(what)),
        _ => "the keychain reports an error of a new kind".into(),
    }
}

#[cfg(target_os = "linux")]
const NO_STORE: &str = "no Secret Service answers on the session bus; install and start \
                        gnome-keyring or KWallet (or KeePassXC with its Secret Service on), log \
                        in to a desktop session, and restart Signalbox";
#[cfg(not(target_os = "linux"))]
const NO_STORE: &str = "this system's keychain can't be opened";

#[cfg(target_os = "linux")]
const NO_ACCESS: &str = "the keychain is locked or has no default collection; unlock it in \
                         Passwords and Keys (seahorse) or KWallet, and restart Signalbox";
#[cfg(not(target_os = "linux"))]
const NO_ACCESS: &str = "the keychain is locked or access was declined; unlock it, allow \
                         Signalbox, and restart it";

fn one_line(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(200)
        .collect()
}
