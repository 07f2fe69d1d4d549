//! Digests.
//!
//! Promises: of the very bytes that were given, in lower-case hex. Bounds: 1 MiB. Leaves out keys and passwords:
//! md5, sha1 and crc32 are for comparing, not for security.

use base64::Engine as _;
use jiff::Timestamp;
use md5::Md5;
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::arguments::{Fields, as_object, bad_input, bounded, first_line};
use crate::{Done, Output, Spec, Tool, Trouble};

/// The longest text, in bytes.
const TEXT: usize = 1024 * 1024;

const FIELDS: [&str; 3] = ["algorithm", "text", "base64"];
const ALGORITHMS: [&str; 7] = [
    "sha256", "sha1", "sha384", "sha512", "md5", "blake3", "crc32",
];

/// What is said of it.
pub(crate) fn spec() -> Spec {
    Spec {
        tool: Tool::Hash,
        what: "The digest of a text or of bytes: sha256, sha1, sha384, sha512, md5, blake3 or crc32, in hex.".to_owned(),
        arguments: json!({
            "type": "object",
            "properties": {
                "algorithm": {"type": "string", "enum": ALGORITHMS, "description": "`sha256` where it is not said."},
                "text": {"type": "string", "description": "The text; its UTF-8 bytes are taken as they are."},
                "base64": {"type": "string", "description": "Instead of `text`: bytes in base64."}
            },
            "additionalProperties": false
        }),
    }
}

/// The first line is the algorithm, the rest is the text, without a line end behind it.
pub(crate) fn arguments_of(text: &str) -> Result<Value, Trouble> {
    if let Some(object) = as_object(text) {
        return Ok(object);
    }
    let (first, rest) = first_line(text);
    let algorithm = plain(first);
    if !ALGORITHMS.contains(&algorithm.as_str()) {
        return Err(bad_input(format!(
            "The first line is the algorithm, one of: {}. The text stands below it.",
            ALGORITHMS.join(", ")
        )));
    }
    Ok(json!({ "algorithm": algorithm, "text": rest }))
}

/// `SHA-256` is `sha256`.
fn plain(word: &str) -> String {
    word.to_ascii_lowercase().replace('-', "")
}

/// Works it out.
pub(crate) fn run(arguments: &Value, _now: Timestamp) -> Result<Done, Trouble> {
    let fields = Fields::of(arguments, &FIELDS)?;
    let algorithm = fields.choice("algorithm", &ALGORITHMS)?;
    let decoded;
    let bytes = match (fields.maybe_text("text")?, fields.maybe_text("base64")?) {
        (Some(text), None) => {
            bounded("text", text, TEXT)?;
            text.as_bytes()
        }
        (None, Some(written)) => {
            bounded("base64", written, TEXT / 3 * 4)?;
            decoded = base64::engine::general_purpose::STANDARD
                .decode(written)
                .map_err(|error| {
                    bad_input(format!("The argument `base64` is no base64: {error}."))
                })?;
            &decoded
        }
        _ => {
            return Err(bad_input(
                "One of the arguments `text` and `base64` is needed, and not both.",
            ));
        }
    };
    let digest = match algorithm {
        "sha1" => hex::encode(Sha1::digest(bytes)),
        "sha384" => hex::encode(Sha384::digest(bytes)),
        "sha512" => hex::encode(Sha512::digest(bytes)),
        "md5" => hex::encode(Md5::digest(bytes)),
        "blake3" => blake3::hash(bytes).to_hex().to_string(),
        "crc32" => format!("{:08x}", crc32fast::hash(bytes)),
        _ => hex::encode(Sha256::digest(bytes)),
    };
    Ok(Done {
        result: json!({ "algorithm": algorithm, "digest": digest, "bytes": bytes.len() }),
        text: digest,
        working: None,
        output: Output::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_their_standards() {
        for (algorithm, text, digest) in [
            ("md5", "abc", "900150983cd24fb0d6963f7d28e17f72"),
            ("SHA-1", "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                "sha256",
                "abc",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                "sha384",
                "abc",
                "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
            ),
            (
                "sha512",
                "abc",
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
            (
                "blake3",
                "",
                "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
            ),
            ("crc32", "123456789", "cbf43926"),
        ] {
            let arguments = arguments_of(&format!("{algorithm}\n{text}")).unwrap();
            assert_eq!(
                run(&arguments, Timestamp::UNIX_EPOCH).unwrap().text,
                digest,
                "{algorithm}"
            );
        }
        let bytes = run(&json!({"base64": "YWJj"}), Timestamp::UNIX_EPOCH).unwrap();
        assert!(bytes.text.starts_with("ba7816bf"));
        assert!(arguments_of("sha3\nabc").is_err());
        for wrong in [
            json!({}),
            json!({"text": "a", "base64": "YQ=="}),
            json!({"base64": "Y"}),
        ] {
            assert!(run(&wrong, Timestamp::UNIX_EPOCH).is_err());
        }
    }
}
