//! `thoughtSignature` as callers of Gemini see it.
//!
//! Promises: Google's own signatures pass as they are. Others are wrapped once more in base64,
//! since the field is bytes to Google's SDKs and they refuse anything else; they come back in
//! either alphabet, as the Python SDK writes the other one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::Dialect;
use crate::hub::Sealed;

/// Google's word in place of a signature, on calls that no Gemini model made. It seals nothing.
pub(super) const UNSIGNED: &str = "skip_thought_signature_validator";

/// As written to a caller.
pub(super) fn to_caller(sealed: &Sealed) -> String {
    let text = sealed.to_wire(Dialect::Gemini);
    if sealed.dialect == Dialect::Gemini {
        text
    } else {
        STANDARD.encode(text)
    }
}

/// As a caller wrote it.
pub(super) fn from_caller(text: &str) -> Sealed {
    let wrapped = STANDARD
        .decode(standard_base64(text))
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .map(|unwrapped| Sealed::from_wire(Dialect::Gemini, &unwrapped))
        .filter(|sealed| sealed.dialect != Dialect::Gemini);
    wrapped.unwrap_or_else(|| Sealed::from_wire(Dialect::Gemini, text))
}

/// As Google issued it. Which provider that is, the reader does not know.
pub(super) fn issued(text: String) -> Sealed {
    Sealed {
        dialect: Dialect::Gemini,
        issuer: None,
        data: text,
    }
}

/// Base64 in the standard alphabet with padding; Google takes both alphabets, others don't.
pub(super) fn standard_base64(text: &str) -> String {
    let mut standard: String = text
        .chars()
        .filter(|letter| !letter.is_ascii_whitespace() && *letter != '=')
        .map(|letter| match letter {
            '-' => '+',
            '_' => '/',
            letter => letter,
        })
        .collect();
    while !standard.len().is_multiple_of(4) {
        standard.push('=');
    }
    standard
}
