//! Whether a secret has the form that its provider's keys have, before it is kept.
//!
//! Leaves out: whether the provider takes it; `probe` asks. A plain key has any form.

use routing::{AuthScheme, Provider};
use secrecy::{ExposeSecret as _, SecretString};

use crate::google_token;
use crate::signing::AwsKey;

/// Says what is wrong with a key that can't be one; a sentence for people, without the key.
///
/// # Errors
/// When requests can't be signed, or no token minted, with such a key.
pub fn check_key(provider: &Provider, key: &SecretString) -> Result<(), &'static str> {
    for surface in &provider.surfaces {
        match surface.auth {
            AuthScheme::Aws => drop(AwsKey::read(key).map_err(|unsigned| unsigned.0)?),
            AuthScheme::Google => google_token::check(key.expose_secret())?,
            AuthScheme::Bearer
            | AuthScheme::XApiKey
            | AuthScheme::ApiKey
            | AuthScheme::XGoogApiKey
            | AuthScheme::None => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use dialect::Dialect;
    use dialect::hub::Hosting;
    use routing::{KeySource, Surface};

    use super::*;

    fn told(auth: AuthScheme, key: &str) -> Option<&'static str> {
        let provider = Provider {
            id: "x".into(),
            name: "X".into(),
            surfaces: vec![Surface {
                dialect: Dialect::OpenAi,
                base_url: "https://x.test".into(),
                auth,
                hosting: Hosting::Own,
                quirks: Arc::default(),
                query: None,
                region: None,
            }],
            key: KeySource::None,
            more_keys: Vec::new(),
            local: false,
            practice: false,
            enabled: true,
            models: Vec::new(),
        };
        check_key(&provider, &SecretString::from(key)).err()
    }

    #[test]
    fn what_can_not_be_a_key_is_told_before_it_is_kept() {
        let good = r#"{"access_key_id":"AKIDEXAMPLE00000000","secret_access_key":"s/+"}"#;
        for key in [good, "AKIDEXAMPLE00000000:s/+", "ABSKbearer"] {
            assert_eq!(told(AuthScheme::Aws, key), None, "{key}");
        }
        let low = good.replace("AKID", "akid");
        assert!(
            told(AuthScheme::Aws, &low)
                .unwrap()
                .contains("can't be one")
        );
        assert!(
            told(AuthScheme::Aws, "{}")
                .unwrap()
                .contains("no `access_key_id`")
        );
        assert_eq!(told(AuthScheme::Google, "ya29.token"), None);
        assert!(
            told(AuthScheme::Google, "{}")
                .unwrap()
                .contains("client_email")
        );
        let account = r#"{"client_email":"a@b","private_key":"none"}"#;
        assert!(told(AuthScheme::Google, account).unwrap().contains("PEM"));
        assert_eq!(
            told(AuthScheme::Bearer, "{}"),
            None,
            "a plain key has any form"
        );
    }
}
