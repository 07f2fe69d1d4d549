//! A service account: who it is, and what it signs.
//!
//! Promises: the assertion is the one of RFC 7523 that Google asks for, signed with RS256.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

/// What the token may be used for.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// How long an assertion is good; Google takes no more than an hour.
const LIFETIME_S: u64 = 3600;

/// A service account.
pub(super) struct Account {
    pub(super) token_uri: Url,
    email: String,
    key_id: Option<String>,
    private_key: SecretString,
}

#[derive(Deserialize)]
struct Written {
    client_email: Option<String>,
    private_key: Option<SecretString>,
    private_key_id: Option<String>,
    token_uri: Option<String>,
}

impl Account {
    pub(super) fn read(text: &str) -> Result<Account, &'static str> {
        let written: Written = serde_json::from_str(text)
            .map_err(|_| "the key begins like a service account and is not valid JSON")?;
        let (Some(email), Some(private_key)) = (written.client_email, written.private_key) else {
            return Err("the key is JSON without `client_email` or `private_key`: \
                        it must be a service account's key");
        };
        let uri = written
            .token_uri
            .unwrap_or_else(|| "https://oauth2.googleapis.com/token".to_owned());
        let token_uri =
            Url::parse(&uri).map_err(|_| "the service account's `token_uri` is no address")?;
        if token_uri.scheme() != "https" && !(token_uri.scheme() == "http" && is_here(&token_uri)) {
            return Err("the service account's `token_uri` does not begin with https://");
        }
        Ok(Account {
            token_uri,
            email,
            key_id: written.private_key_id,
            private_key,
        })
    }

    /// The signed claim that is changed for a token.
    pub(super) fn assertion(&self, now_unix_s: u64) -> Result<SecretString, &'static str> {
        let mut head = serde_json::json!({"alg": "RS256", "typ": "JWT"});
        if let Some(id) = &self.key_id {
            head["kid"] = id.as_str().into();
        }
        let claims = serde_json::json!({
            "iss": self.email,
            "scope": SCOPE,
            "aud": self.token_uri.as_str(),
            "iat": now_unix_s,
            "exp": now_unix_s.saturating_add(LIFETIME_S),
        });
        let encoded = |text: String| URL_SAFE_NO_PAD.encode(text);
        let signed = format!(
            "{}.{}",
            encoded(head.to_string()),
            encoded(claims.to_string())
        );
        let pair = self.key_pair()?;
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            signed.as_bytes(),
            &mut signature,
        )
        .map_err(|_| "the service account's private key can't sign")?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)).into())
    }

    fn key_pair(&self) -> Result<RsaKeyPair, &'static str> {
        const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
        const END: &str = "-----END PRIVATE KEY-----";
        const WRONG: &str = "the service account's `private_key` is not one RSA key in PEM form";
        let pem = self.private_key.expose_secret();
        let (_, behind) = pem.split_once(BEGIN).ok_or(WRONG)?;
        let (body, _) = behind.split_once(END).ok_or(WRONG)?;
        let body: String = body.split_ascii_whitespace().collect();
        let der = STANDARD.decode(body).map_err(|_| WRONG)?;
        RsaKeyPair::from_pkcs8(&der).map_err(|_| WRONG)
    }
}

/// On this machine: a stand-in for Google in a test.
fn is_here(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        host == "localhost"
            || host
                .trim_matches(['[', ']'])
                .parse::<std::net::IpAddr>()
                .is_ok_and(|ip| ip.is_loopback())
    })
}
