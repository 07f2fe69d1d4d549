//! Client keys, and what a tool needs to be pointed here.

use std::sync::{Arc, PoisonError};

use secrecy::ExposeSecret as _;

use crate::failure::Failure;
use crate::shown::{ClientName, ClientShown, Connect, FreshClientKey, Nothing, Tag};
use crate::{Control, blocking};

impl Control {
    pub(crate) async fn connect(&self, _: Nothing) -> Result<Connect, Failure> {
        let clients = self
            .parts
            .clients
            .list()
            .into_iter()
            .map(|client| ClientShown {
                name: client.name,
                created_unix_ms: client.created_unix_ms,
                hint: client.hint,
            })
            .collect();
        let first_key = self
            .first_key
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Ok(Connect {
            base_url: self.base_url(),
            first_key: first_key.as_ref().map(|fresh| FreshClientKey {
                name: fresh.name.clone(),
                key: fresh.key.clone(),
            }),
            clients,
        })
    }

    pub(crate) async fn create_client(&self, asked: ClientName) -> Result<FreshClientKey, Failure> {
        let clients = Arc::clone(&self.parts.clients);
        let name = asked.name.trim().to_owned();
        let made = name.clone();
        let key = blocking(move || clients.create(&made))
            .await?
            .map_err(Failure::bad_input)?;
        self.changed(&[Tag::Clients]);
        Ok(FreshClientKey {
            name,
            // The one moment a client key is shown.
            key: key.expose_secret().to_owned(),
        })
    }

    pub(crate) async fn revoke_client(&self, asked: ClientName) -> Result<Nothing, Failure> {
        let clients = Arc::clone(&self.parts.clients);
        let name = asked.name.clone();
        blocking(move || clients.revoke(&name))
            .await?
            .map_err(Failure::not_found)?;
        let mut first = self
            .first_key
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if first.as_ref().is_some_and(|fresh| fresh.name == asked.name) {
            *first = None;
        }
        self.changed(&[Tag::Clients]);
        Ok(Nothing {})
    }

    pub(crate) async fn dismiss_first(&self, _: Nothing) -> Result<Nothing, Failure> {
        *self
            .first_key
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = None;
        self.changed(&[Tag::Clients]);
        Ok(Nothing {})
    }

    /// Numeric, because `localhost` means one family to some tools and the other
    /// to the rest.
    pub(crate) fn base_url(&self) -> String {
        let addresses = &self.parts.addresses;
        let best = addresses
            .iter()
            .find(|address| address.is_ipv4())
            .or(addresses.first());
        best.map_or_else(String::new, |address| format!("http://{address}"))
    }
}
