//! Tasks over a text in quotes: digests, encodings.
//!
//! ```text
//! task   = lead (digest | coding) tail
//! digest = ["the"] hash ["hash" | "digest" | "checksum"] "of" text
//!        | "hash" text ("with" | "using") hash
//! hash   = "md5" | "sha1" | "sha-1" | "sha256" | "sha-256" | "sha384" | "sha-384" | "sha512" | "sha-512" | "blake3"
//! coding = code ["-"] ("encode" | "decode") [":"] text
//!        | "encode" text ("in" | "to" | "as") code | "decode" text "from" code
//! code   = "base64" | "hex"
//! text   = one pair of "…", “…”, `…`, on one line, without the pair's own signs or a backslash within
//! ```
//!
//! Promises: the text is beyond doubt, down to the last byte; what could be the name of a file or an address is
//! no text, but for what is decoded; what could stand for another text (`<file>`, `TEXT`, `your text here`) never is. Leaves out text without quotes, in single
//! quotes (apostrophes), with escapes; URL encoding (there are several); counts, since what a word or a letter
//! is differs.

use serde_json::{Value, json};

use super::Recognised;
use super::lead::{lead, tail};
use super::place::{Miss, Place};
use crate::Tool;

const HASHES: [(&str, &str); 10] = [
    ("md5", "md5"),
    ("sha1", "sha1"),
    ("sha-1", "sha1"),
    ("sha256", "sha256"),
    ("sha-256", "sha256"),
    ("sha384", "sha384"),
    ("sha-384", "sha384"),
    ("sha512", "sha512"),
    ("sha-512", "sha512"),
    ("blake3", "blake3"),
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
        why: format!("The whole message asks for {what} a text in quotes."),
        arguments,
    })
}

type Task = (Tool, &'static str, Value);

fn task(place: &mut Place<'_>) -> Result<Task, Miss> {
    if let Some((code, direction)) = place.one_of(&BOTH) {
        place.eat(":");
        let text = if direction == "decode" {
            quoted(place)?
        } else {
            text(place)?
        };
        return Ok(coding(code, direction, text));
    }
    for (direction, between) in [
        ("encode", ["in", "to", "as"].as_slice()),
        ("decode", &["from"]),
    ] {
        if place.words(direction) {
            let text = if direction == "decode" {
                quoted(place)?
            } else {
                text(place)?
            };
            place.want(between, "what it is encoded in")?;
            let code = place
                .one_of(&CODES)
                .ok_or_else(|| place.miss("`base64` or `hex`"))?;
            return Ok(coding(code, direction, text));
        }
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
    let arguments = json!({ "action": direction, "form": code, "text": text });
    (Tool::Encode, "another encoding of", arguments)
}

/// A text in quotes that is meant itself: `"setup.exe"` could be a file.
fn text<'a>(place: &mut Place<'a>) -> Result<&'a str, Miss> {
    let before = *place;
    let text = quoted(place)?;
    let letter = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    let is_word = !text.contains(' ');
    let is_name = |at: usize, b: u8| {
        let next = bytes.get(at + 1);
        let is_before = if is_word {
            letter(next)
        } else {
            next.is_some_and(u8::is_ascii_alphabetic)
        };
        b == b'/' && is_word || b == b'.' && is_before
    };
    let has_name = bytes.iter().enumerate().any(|(at, b)| is_name(at, *b));
    if has_name || is_word && is_file(text) {
        return Err(before.doubt("it could be the name of a file, or an address"));
    }
    Ok(text)
}

/// Names of files without an ending.
fn is_file(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let names = [
        "license",
        "readme",
        "changelog",
        "passwd",
        "hosts",
        "shadow",
        "authors",
        "notice",
        "copying",
        "version",
    ];
    lower.ends_with("file") || names.contains(&lower.as_str())
}

/// What stands for a text and is none: `<file>`, `${x}`, `TEXT`, `your text here`.
fn is_placeholder(text: &str) -> bool {
    let lower = text.trim().to_lowercase();
    let begins = [
        "your ",
        "my ",
        "the previous",
        "the above",
        "the following",
        "the last ",
        "the first ",
        "the text",
        "the string",
        "the message",
        "the word",
        "the file",
        "the input",
        "the output",
        "the password",
        "this ",
        "that ",
        "these ",
        "some ",
        "any ",
        "insert ",
        "enter ",
        "previous ",
        "above ",
        "text ",
        "...",
    ];
    let alone = [
        "text",
        "string",
        "input",
        "message",
        "placeholder",
        "foo",
        "above",
        "below",
        "this",
        "that",
        "it",
        "example",
        "…",
    ];
    let is_shouted = text.len() > 2
        && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
        && text.bytes().any(|b| b.is_ascii_uppercase());
    text.contains(['<', '>', '{', '}', '$', '%'])
        || is_shouted
        || begins.iter().any(|phrase| lower.starts_with(phrase))
        || lower.ends_with(" here")
        || alone.contains(&lower.as_str())
}

/// What stands between quotes.
fn quoted<'a>(place: &mut Place<'a>) -> Result<&'a str, Miss> {
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
        if is_placeholder(text) {
            return Err(place.doubt("it could stand for another text"));
        }
        next.step(close.len_utf8());
        *place = next;
        return Ok(text);
    }
    Err(place.miss("a text in quotes"))
}
