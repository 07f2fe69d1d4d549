//! A service account of Google's, made for one test: its key has never been anywhere else.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::provider::FakeUpstream;
use crate::wire::Request;

const EMAIL: &str = "box@project.iam.gserviceaccount.com";

pub struct GoogleAccount {
    pair: KeyPair,
    token_uri: String,
}

impl GoogleAccount {
    pub fn at(upstream: &FakeUpstream) -> GoogleAccount {
        GoogleAccount {
            pair: KeyPair::generate(KeySize::Rsa2048).unwrap(),
            token_uri: format!("{}/token", upstream.base_url()),
        }
    }

    /// The file that people download.
    pub fn json(&self) -> String {
        let der: Pkcs8V1Der<'_> = self.pair.as_der().unwrap();
        let key = STANDARD.encode(der.as_ref());
        let lines = format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n");
        json!({"type":"service_account","project_id":"p","private_key_id":"k1","private_key":lines,
            "client_email":EMAIL,"token_uri":self.token_uri})
        .to_string()
    }

    /// Holds a request for a token to what Google asks for: this account's word, signed by its key.
    pub fn check(&self, asked: &Request) {
        let form = String::from_utf8(asked.body.clone()).unwrap();
        let (grant, assertion) = form.split_once("&assertion=").unwrap();
        assert_eq!(
            grant,
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
        );
        let (signed, signature) = assertion.rsplit_once('.').unwrap();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.pair.public_key());
        public
            .verify(
                signed.as_bytes(),
                &URL_SAFE_NO_PAD.decode(signature).unwrap(),
            )
            .expect("it is signed by the account's key");
        let claims = signed.split('.').nth(1).unwrap();
        let claims: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        assert_eq!(claims["iss"], EMAIL);
        assert_eq!(claims["aud"], self.token_uri);
        assert!(
            claims["scope"]
                .as_str()
                .unwrap()
                .ends_with("/cloud-platform")
        );
        let lives = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
        assert!((1..=3600).contains(&lives), "{claims}");
    }
}
