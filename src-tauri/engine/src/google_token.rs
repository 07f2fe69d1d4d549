//! Access tokens for Google's cloud, minted from a service account.
//!
//! Promises: a stored secret that is a service account's JSON becomes an access token by one
//! signed request to its token address; any other secret is a token already. A token is kept
//! until a minute before it ends, at most 64 of them; one request to mint is under way at a
//! time, and whoever waits for it shares its outcome. The private key never travels.
//! Leaves out: the metadata server of machines in Google's cloud, and people's own logins.

mod account;
mod mint;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;
use aws_lc_rs::digest;
use dialect::{Failure, FailureCategory};
use secrecy::{ExposeSecret as _, SecretString};

use account::Account;

/// The most accounts whose tokens are kept.
const MOST: usize = 64;
/// A token is not used in its last seconds: a long request may outlive it.
const MARGIN_S: u64 = 60;

/// Access tokens by the account they are of.
#[derive(Debug, Default)]
pub(crate) struct GoogleTokens {
    /// By the hash of the secret, latest used last.
    slots: Mutex<Vec<([u8; 32], Arc<Slot>)>>,
}

/// The token of one account.
#[derive(Debug, Default)]
struct Slot {
    minted: ArcSwapOption<Minted>,
    /// How often minting has ended, well or badly.
    ended: AtomicU64,
    /// Held while a token is minted; tells how the last time went wrong.
    minting: tokio::sync::Mutex<Option<Failure>>,
}

#[derive(Debug)]
struct Minted {
    token: SecretString,
    /// Good before this moment.
    until_unix_s: u64,
}

impl GoogleTokens {
    /// The token to show for a stored secret.
    ///
    /// # Errors
    /// When the secret is no service account, or Google gives no token for it.
    pub(crate) async fn bearer(
        &self,
        client: &reqwest::Client,
        secret: &SecretString,
        now_unix_s: u64,
    ) -> Result<SecretString, Failure> {
        let text = secret.expose_secret().trim();
        if !text.starts_with('{') {
            return Ok(text.into());
        }
        let slot = self.slot(text);
        if let Some(token) = slot.good_at(now_unix_s) {
            return Ok(token);
        }
        let seen = slot.ended.load(Ordering::Acquire);
        let mut last = slot.minting.lock().await;
        if let Some(token) = slot.good_at(now_unix_s) {
            return Ok(token);
        }
        if slot.ended.load(Ordering::Acquire) != seen
            && let Some(failure) = &*last
        {
            // It went wrong while this one waited: to ask again would only take longer.
            return Err(failure.clone());
        }
        let minted = mint(client, text, now_unix_s).await;
        slot.ended.fetch_add(1, Ordering::AcqRel);
        match minted {
            Ok(minted) => {
                *last = None;
                let token = minted.token.clone();
                slot.minted.store(Some(Arc::new(minted)));
                Ok(token)
            }
            Err(failure) => {
                *last = Some(failure.clone());
                Err(failure)
            }
        }
    }

    fn slot(&self, secret: &str) -> Arc<Slot> {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
        // Held for a look through 64 entries, never while a token is minted.
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = match slots.iter().position(|(known, _)| *known == hash) {
            Some(at) => slots.remove(at).1,
            None => Arc::default(),
        };
        if slots.len() >= MOST {
            slots.remove(0);
        }
        slots.push((hash, Arc::clone(&slot)));
        slot
    }
}

impl Slot {
    fn good_at(&self, now_unix_s: u64) -> Option<SecretString> {
        let minted = self.minted.load();
        let minted = minted.as_ref()?;
        (now_unix_s < minted.until_unix_s).then(|| minted.token.clone())
    }
}

/// Whether a secret is a token, or a service account that can sign for one.
pub(crate) fn check(secret: &str) -> Result<(), &'static str> {
    let secret = secret.trim();
    if secret.starts_with('{') {
        Account::read(secret)?.assertion(0)?;
    }
    Ok(())
}

async fn mint(client: &reqwest::Client, secret: &str, now_unix_s: u64) -> Result<Minted, Failure> {
    let account = Account::read(secret).map_err(unusable)?;
    let assertion = account.assertion(now_unix_s).map_err(unusable)?;
    let granted = mint::exchange(client, &account.token_uri, &assertion).await?;
    Ok(Minted {
        token: granted.token,
        until_unix_s: now_unix_s
            .saturating_add(granted.expires_in_s)
            .saturating_sub(MARGIN_S),
    })
}

/// The stored key is at fault.
fn unusable(why: &'static str) -> Failure {
    failure(FailureCategory::Auth, None, None, why.to_owned())
}

fn failure(
    category: FailureCategory,
    status: Option<u16>,
    code: Option<String>,
    message: String,
) -> Failure {
    Failure {
        category,
        status,
        code,
        message,
        retry_after_ms: None,
    }
}

#[cfg(test)]
mod tests;
