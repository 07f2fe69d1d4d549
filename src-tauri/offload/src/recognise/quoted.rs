//! Tasks over a text in quotes: digests, encodings, counts.
//!
//! ```text
//! task   = lead (digest | coding | count) tail
//! digest = ["the"] hash ["hash" | "digest" | "checksum"] "of" text
//!        | "hash" text ("with" | "using") hash
//! hash   = "md5" | "sha1" | "sha-1" | "sha256" | "sha-256" | "sha384" | "sha-384" | "sha512" | "sha-512"
//! coding = code ["-"] ("encode" | "decode") [":"] text
//!        | "encode" text ("in" | "to" | "as") code | "decode" text "from" code
//! code   = "base64" | "hex"
//! count  = "how many words are" "in" text | "count the words in" text     plain words only
//!        | "how many" ("letters" | "characters") "are" "in" text          "are" may be left out; one plain word only
//! text   = one pair of "…", “…”, `…`, on one line, without the pair's own signs or a backslash within
//! ```
//!
//! Promises: the text is beyond doubt, down to the last byte. Leaves out text without quotes, in single
//! quotes (apostrophes), with escapes; URL encoding (there are several); counts over anything but ASCII.

use serde_json::{Value, json};

use super::Recognised;
use super::lead::{lead, tail};
use super::place::{Miss, Place};
use crate::Tool;

const HASHES: [(&str, &str); 9] = [
    ("md5", "md5"),
    ("sha1", "sha1"),
    ("sha-1", "sha1"),
    ("sha256", "sha256"),
    ("sha-256", "sha256"),
    ("sha384", "sha384"),
    ("sha-384", "sha384"),
    ("sha512", "sha512"),
    ("sha-512", "sha512"),
];
const CODES: [(&str, &str); 2] = [("base64", "base64"), ("hex", "hex")];
const BOTH: [(&str, (&str, &str)); 8] = [
    ("base64 encode", ("base64", "encode")),
    ("base64-encode", ("base64", "encode")),
    ("base64 decode", ("base64", "decode")),
    ("base64-decode", ("base64", "decode")),
    ("hex encode", ("hex", "encode")),
    ("hex-encode", ("hex", "encode")),
    ("hex decode", ("hex", "decode")),
    ("hex-decode", ("hex", "decode")),
];

/// Reads the whole message.
pub(super) fn read(mut place: Place<'_>) -> Result<Recognised, Miss> {
    lead(&mut place);
    let (tool, what, arguments) = task(&mut place)?;
    tail(&mut place)?;
    Ok(Recognised {
        tool,
        why: format!("the whole message asks for {what} a text in quotes"),
        arguments,
    })
}

type Task = (Tool, &'static str, Value);

fn task(place: &mut Place<'_>) -> Result<Task, Miss> {
    if let Some((code, direction)) = place.one_of(&BOTH) {
        place.eat(":");
        return Ok(coding(code, direction, text(place)?));
    }
    for (direction, between) in [
        ("encode", ["in", "to", "as"].as_slice()),
        ("decode", &["from"]),
    ] {
        if place.words(direction) {
            let text = text(place)?;
            place.want(between, "what it is encoded in")?;
            let code = place
                .one_of(&CODES)
                .ok_or_else(|| place.miss("`base64` or `hex`"))?;
            return Ok(coding(code, direction, text));
        }
    }
    if place.any(&[
        "how many words are in",
        "how many words in",
        "count the words in",
    ]) {
        return words(place);
    }
    if place.any(&[
        "how many letters are in",
        "how many letters in",
        "how many characters are in",
        "how many characters in",
    ]) {
        return letters(place);
    }
    if place.words("hash") {
        let text = text(place)?;
        place.want(&["with", "using"], "`with`")?;
        return Ok(digest(hash(place)?, text));
    }
    place.words("the");
    let hash = hash(place)?;
    place.any(&["hash", "digest", "checksum"]);
    place.want(&["of"], "`of`")?;
    Ok(digest(hash, text(place)?))
}

fn hash(place: &mut Place<'_>) -> Result<&'static str, Miss> {
    place
        .one_of(&HASHES)
        .ok_or_else(|| place.miss("a task's beginning"))
}

fn digest(hash: &str, text: &str) -> Task {
    (
        Tool::Hash,
        "a digest of",
        json!({ "algorithm": hash, "text": text }),
    )
}

fn coding(code: &str, direction: &str, text: &str) -> Task {
    let arguments = json!({ "encoding": code, "direction": direction, "text": text });
    (Tool::Encode, "another encoding of", arguments)
}

fn words(place: &mut Place<'_>) -> Result<Task, Miss> {
    let begins = *place;
    let text = text(place)?;
    let is_plain = |word: &str| {
        let word = word.trim_end_matches(['.', ',', '!', '?', ';', ':']);
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    if text.is_empty() || !text.split(' ').all(is_plain) {
        return Err(begins.doubt("what a word is in it"));
    }
    Ok((
        Tool::Text,
        "the words of",
        json!({ "text": text, "count": "words" }),
    ))
}

fn letters(place: &mut Place<'_>) -> Result<Task, Miss> {
    let begins = *place;
    let text = text(place)?;
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_alphabetic()) {
        return Err(begins.doubt("which signs count in it"));
    }
    Ok((
        Tool::Text,
        "the letters of",
        json!({ "text": text, "count": "characters" }),
    ))
}

/// A text in quotes.
fn text<'a>(place: &mut Place<'a>) -> Result<&'a str, Miss> {
    place.spaces();
    for (open, close) in [('"', '"'), ('“', '”'), ('`', '`')] {
        let Some(rest) = place.rest().strip_prefix(open) else {
            continue;
        };
        let is_end = |c: char| c == open || c == close || matches!(c, '\\' | '\n' | '\r');
        let Some(end) = rest.find(is_end) else {
            return Err(place.miss("a text between two quotes"));
        };
        let mut next = *place;
        next.step(open.len_utf8() + end);
        if !next.rest().starts_with(close) {
            return Err(next.miss("the closing quote"));
        }
        let (text, _) = rest.split_at(end);
        next.step(close.len_utf8());
        *place = next;
        return Ok(text);
    }
    Err(place.miss("a text in quotes"))
}
