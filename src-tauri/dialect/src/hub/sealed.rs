//! Signatures and encrypted thoughts: valid for their issuer alone.
//!
//! Promises: a seal that travels through a client of another dialect is tagged with
//! who issued it, and is recognised when it comes back. A seal is never shown to
//! anybody but its issuer (`fit` strips it and says so).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::Dialect;

/// Marks a seal that was issued in another dialect than the one it travels in.
const TAG: &str = "sbx1.";

/// How [`TAG`] and the first letter of a dialect begin in base64: Gemini's signatures are bytes.
const TAG_IN_BASE64: &str = "c2J4MS5";

/// A signature or an encrypted thought, as its issuer wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The dialect of the issuer.
    pub dialect: Dialect,
    /// The provider's id; `None` when a client brought the seal from elsewhere.
    pub issuer: Option<String>,
    /// As issued.
    pub data: String,
}

impl Sealed {
    /// As written to a client of `client`'s dialect.
    pub(crate) fn to_wire(&self, client: Dialect) -> String {
        if self.dialect == client {
            return self.data.clone();
        }
        // A dot divides the pieces; a provider's id may hold one, but no tilde.
        let issuer = self.issuer.as_deref().unwrap_or_default().replace('.', "~");
        format!("{TAG}{}.{issuer}.{}", self.dialect.name(), self.data)
    }

    /// As a client of `client`'s dialect wrote it.
    pub(crate) fn from_wire(client: Dialect, text: &str) -> Sealed {
        let own = || Sealed {
            dialect: client,
            issuer: None,
            data: text.to_owned(),
        };
        let Some(tagged) = text.strip_prefix(TAG) else {
            return own();
        };
        let mut pieces = tagged.splitn(3, '.');
        let (Some(dialect), Some(issuer), Some(data)) =
            (pieces.next(), pieces.next(), pieces.next())
        else {
            return own();
        };
        let Some(dialect) = Dialect::ALL
            .into_iter()
            .find(|known| known.name() == dialect)
        else {
            return own();
        };
        Sealed {
            dialect,
            issuer: (!issuer.is_empty()).then(|| issuer.replace('~', ".")),
            data: data.to_owned(),
        }
    }

    /// Whether `provider`, spoken to in `dialect`, may be shown this seal. One brought from
    /// elsewhere is shown to whoever speaks its dialect: the client chose it so.
    pub(crate) fn is_of(&self, dialect: Dialect, provider: &str) -> bool {
        self.dialect == dialect
            && self
                .issuer
                .as_deref()
                .is_none_or(|issuer| issuer == provider)
    }
}

/// Whether a body carries a seal that was issued in another dialect: it can't go to
/// a provider verbatim then. A seal is a JSON string of its own; a text that speaks of one is not.
pub(crate) fn carries_foreign_seal(body: &[u8]) -> bool {
    let strings_with = |tag: &'static str| {
        memchr::memmem::find_iter(body, tag)
            .filter(|at| begins_a_string(&body[..*at]))
            .map(|at| &body[at..])
    };
    strings_with(TAG).any(|text| has_an_issuer(text, |head| head.as_bytes().to_vec()))
        || strings_with(TAG_IN_BASE64).any(|text| has_an_issuer(text, in_base64))
}

/// An opening quote; one within a text has a backslash before it.
fn begins_a_string(before: &[u8]) -> bool {
    before.ends_with(b"\"") && !before.ends_with(b"\\\"")
}

/// Whether a tagged text names a dialect behind its tag.
fn has_an_issuer(text: &[u8], written: impl Fn(&str) -> Vec<u8>) -> bool {
    let head = |dialect: Dialect| written(&format!("{TAG}{}.", dialect.name()));
    Dialect::ALL
        .into_iter()
        .any(|dialect| text.starts_with(&head(dialect)))
}

/// What is sure of how a text in base64 begins, whatever follows: the same in both alphabets, as
/// these are letters, digits and dots.
fn in_base64(head: &str) -> Vec<u8> {
    let mut written = STANDARD_NO_PAD.encode(head).into_bytes();
    written.truncate(head.len() * 8 / 6);
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_finds_back_to_its_issuer_through_any_client() {
        for issuer in [None, Some("google"), Some("my.gateway-2")] {
            let sealed = Sealed {
                dialect: Dialect::Gemini,
                issuer: issuer.map(str::to_owned),
                data: "abc.def~ghi==".to_owned(),
            };
            for client in Dialect::ALL
                .into_iter()
                .filter(|client| *client != Dialect::Gemini)
            {
                let wire = sealed.to_wire(client);
                assert_eq!(Sealed::from_wire(client, &wire), sealed);
                let body = serde_json::json!({"data": wire}).to_string();
                assert!(carries_foreign_seal(body.as_bytes()));
                let wire = base64::engine::general_purpose::STANDARD.encode(wire);
                let body = serde_json::json!([wire]).to_string();
                assert!(carries_foreign_seal(body.as_bytes()));
            }
        }
    }

    #[test]
    fn a_seal_of_the_clients_own_dialect_is_left_as_it_is() {
        let sealed = Sealed::from_wire(Dialect::Anthropic, "EqQB.x.y");
        assert_eq!(
            (sealed.dialect, sealed.issuer.as_deref()),
            (Dialect::Anthropic, None)
        );
        assert_eq!(sealed.to_wire(Dialect::Anthropic), "EqQB.x.y");
        assert!(sealed.is_of(Dialect::Anthropic, "anyone"));
    }

    #[test]
    fn a_text_that_speaks_of_seals_is_passed_on_verbatim() {
        let encoded = base64::engine::general_purpose::STANDARD.encode("sbx1.gemini.acme.data");
        for text in [
            "What is sbx1. for?",
            "sbx1.",
            "sbx1.0 is out",
            "sbx1.geminis",
            "const TAG = \"sbx1.gemini.acme.data\";",
            "{\"signature\": \"sbx1.gemini.acme.data\"}",
            "a path\\\"sbx1.gemini.acme.data",
            "c2J4MS5",
            "c2J4MS5nonsense",
            &format!("see {encoded}"),
            &format!("{{\"thoughtSignature\": \"{encoded}\"}}"),
        ] {
            let body = serde_json::json!({"messages": [{"role": "user", "content": text}]});
            let body = body.to_string();
            assert!(!carries_foreign_seal(body.as_bytes()), "{body}");
        }
    }
}
