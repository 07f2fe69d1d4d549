//! base64, base64url, hex and percent-encoding, both ways.
//!
//! Promises: what is decoded is told as text only if it is UTF-8; else its bytes are there for who asks for hex.
//! Bounds: 1 MiB. base64 is written with padding, base64url without; both are read with and without it, and
//! with line ends. Percent-encoding leaves letters, digits and `-._~`; a `+` stays one.

use base64::Engine as _;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::arguments::{Fields, as_object, bad_input, bounded, first_line, no_answer};
use crate::{Done, Spec, Tool, Trouble};

/// The longest text, in bytes.
const TEXT: usize = 1024 * 1024;
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

const FIELDS: [&str; 4] = ["action", "form", "text", "as"];
const ACTIONS: [&str; 2] = ["encode", "decode"];
const FORMS: [&str; 4] = ["base64", "base64url", "hex", "percent"];
const AS: [&str; 2] = ["text", "hex"];

/// What is said of it.
pub(crate) fn spec() -> Spec {
    Spec {
        tool: Tool::Encode,
        what: "Encodes a text as base64, base64url, hex or percent-encoding, or decodes it."
            .to_owned(),
        arguments: json!({
            "type": "object",
            "properties": {
                "action": {"type": "string", "enum": ACTIONS, "description": "`encode` where it is not said."},
                "form": {"type": "string", "enum": FORMS},
                "text": {"type": "string", "description": "What is encoded or decoded."},
                "as": {"type": "string", "enum": AS, "description": "How decoded bytes are shown: `hex` where they are no text."}
            },
            "required": ["form", "text"],
            "additionalProperties": false
        }),
    }
}

/// The first line is `encode` or `decode` and the form (`decode base64`), the rest is the text.
pub(crate) fn arguments_of(text: &str) -> Result<Value, Trouble> {
    if let Some(object) = as_object(text) {
        return Ok(object);
    }
    let (first, rest) = first_line(text);
    let words: Vec<&str> = first.split_whitespace().collect();
    match words[..] {
        [action, form] if ACTIONS.contains(&action) && FORMS.contains(&form) => {
            Ok(json!({ "action": action, "form": form, "text": rest }))
        }
        _ => Err(bad_input(format!(
            "The first line is `encode` or `decode` and one of: {}. The text stands below it.",
            FORMS.join(", ")
        ))),
    }
}

/// Encodes or decodes.
pub(crate) fn run(arguments: &Value, _now: Timestamp) -> Result<Done, Trouble> {
    let fields = Fields::of(arguments, &FIELDS)?;
    let action = fields.choice("action", &ACTIONS)?;
    let form = fields.chosen("form", &FORMS)?;
    let text = fields.text("text")?;
    bounded("text", text, TEXT)?;
    if action == "encode" {
        return Ok(Done::text(match form {
            "base64" => engine(&STANDARD, true).encode(text),
            "base64url" => engine(&URL_SAFE, false).encode(text),
            "hex" => hex::encode(text),
            _ => utf8_percent_encode(text, RESERVED).to_string(),
        }));
    }
    let bytes = decoded(form, text)?;
    if fields.choice("as", &AS)? == "hex" {
        return Ok(Done::text(hex::encode(bytes)));
    }
    String::from_utf8(bytes).map(Done::text).map_err(|_| {
        no_answer("What was decoded is no text in UTF-8. Set `as` to `hex` for its bytes.")
    })
}

fn engine(alphabet: &Alphabet, is_padded: bool) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_encode_padding(is_padded)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(alphabet, config)
}

fn decoded(form: &str, text: &str) -> Result<Vec<u8>, Trouble> {
    let wrong =
        |error: &dyn std::fmt::Display| bad_input(format!("The text is no {form}: {error}."));
    if form == "percent" {
        return percent_decoded(text.as_bytes());
    }
    let packed: String = text.split_whitespace().collect();
    match form {
        "base64" => engine(&STANDARD, true)
            .decode(packed)
            .map_err(|error| wrong(&error)),
        "base64url" => engine(&URL_SAFE, false)
            .decode(packed)
            .map_err(|error| wrong(&error)),
        _ => hex::decode(packed).map_err(|error| wrong(&error)),
    }
}

/// Strictly: a `%` without two digits behind it is an error.
fn percent_decoded(text: &[u8]) -> Result<Vec<u8>, Trouble> {
    let mut at = 0;
    while at < text.len() {
        let is_escape = text[at] == b'%';
        let has_digits = text
            .get(at + 1..at + 3)
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        if is_escape && !has_digits {
            return Err(bad_input(format!(
                "The text is no percent-encoding: at byte {at} stands a `%` without two hex digits behind it."
            )));
        }
        at += if is_escape { 3 } else { 1 };
    }
    Ok(percent_encoding::percent_decode(text).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TroubleKind;

    fn ask(plain: &str) -> Result<String, TroubleKind> {
        let done = arguments_of(plain).and_then(|arguments| run(&arguments, Timestamp::UNIX_EPOCH));
        done.map(|done| done.text).map_err(|trouble| trouble.kind)
    }

    #[test]
    fn every_form_goes_both_ways() {
        for (plain, answer) in [
            ("encode base64\nhé?>", "aMOpPz4="),
            ("decode base64\naMOp\nPz4", "hé?>"),
            ("encode base64url\nhé?>", "aMOpPz4"),
            ("decode base64url\naMOpPz4=", "hé?>"),
            ("encode hex\nhé", "68c3a9"),
            ("decode hex\n68 C3 a9", "hé"),
            ("encode percent\na b&é~+", "a%20b%26%C3%A9~%2B"),
            ("decode percent\na%20b+%c3%A9", "a b+é"),
            ("encode base64\n", ""),
        ] {
            assert_eq!(ask(plain), Ok(answer.to_owned()), "{plain}");
        }
    }

    #[test]
    fn what_can_t_be_decoded_is_said_to_be_so() {
        for (plain, kind) in [
            ("decode base64\na*b", TroubleKind::BadInput),
            ("decode hex\nabc", TroubleKind::BadInput),
            ("decode percent\n100%", TroubleKind::BadInput),
            ("decode percent\n%zz", TroubleKind::BadInput),
            ("decode hex\nff", TroubleKind::NoAnswer),
            ("encode base32\na", TroubleKind::BadInput),
        ] {
            assert_eq!(ask(plain), Err(kind), "{plain}");
        }
        let bytes = json!({"action": "decode", "form": "base64", "text": "/w==", "as": "hex"});
        assert_eq!(run(&bytes, Timestamp::UNIX_EPOCH).unwrap().text, "ff");
    }
}
