//! Amazon's binary event stream: length-prefixed messages with typed headers and two checksums
//! (the vendor's "event stream encoding": total length, headers length, CRC of both, headers,
//! payload, CRC of everything).
//!
//! Promises: a message whose lengths or checksums are wrong ends the stream as broken; nothing is
//! guessed. The name of a frame is its `:event-type`, or for an exception its `:exception-type`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::{Frame, MAX_FRAME_BYTES, Unframed};

/// Lengths and their checksum.
const PRELUDE: usize = 12;
/// The checksum of the whole message.
const TRAILER: usize = 4;

/// Hands every whole frame at the front of `bytes` to `each` and says how many bytes they took.
pub(super) fn frames(bytes: &[u8], each: &mut impl FnMut(Frame<'_>)) -> Result<usize, Unframed> {
    let mut at = 0;
    while let Some(total) = total_length(&bytes[at..])? {
        let Some(message) = bytes.get(at..at + total) else {
            break;
        };
        one(message, each)?;
        at += total;
    }
    Ok(at)
}

/// The length of the message that begins here; `None` until its prelude is whole.
fn total_length(bytes: &[u8]) -> Result<Option<usize>, Unframed> {
    let (Some(total), Some(prelude)) = (number(bytes, 0), bytes.get(..PRELUDE)) else {
        return Ok(None);
    };
    if number(prelude, 8) != Some(crc32fast::hash(&prelude[..8])) {
        return Err(Unframed::Broken);
    }
    let total = total as usize;
    if total > MAX_FRAME_BYTES {
        return Err(Unframed::TooLong);
    }
    if total < PRELUDE + TRAILER {
        return Err(Unframed::Broken);
    }
    Ok(Some(total))
}

fn one(message: &[u8], each: &mut impl FnMut(Frame<'_>)) -> Result<(), Unframed> {
    let (body, checksum) = message.split_at(message.len() - TRAILER);
    if number(checksum, 0) != Some(crc32fast::hash(body)) {
        return Err(Unframed::Broken);
    }
    let headers = number(body, 4).ok_or(Unframed::Broken)? as usize;
    let payload_at = PRELUDE.saturating_add(headers);
    let headers = body.get(PRELUDE..payload_at).ok_or(Unframed::Broken)?;
    let payload = body.get(payload_at..).unwrap_or_default();
    let name = name(headers).ok_or(Unframed::Broken)?;
    if name == b"chunk"
        && let Some(inner) = wrapped(payload)
    {
        // A model's own event, wrapped: it says itself what it is.
        each(Frame {
            name: b"",
            data: inner.trim_ascii(),
        });
        return Ok(());
    }
    let data = payload.trim_ascii();
    each(Frame {
        name,
        data: if data.is_empty() { b"{}" } else { data },
    });
    Ok(())
}

/// Claude's events come as `{"bytes": "<base64 of the event>"}`.
fn wrapped(payload: &[u8]) -> Option<Vec<u8>> {
    #[derive(Deserialize)]
    struct Wrapped<'a> {
        bytes: &'a str,
    }
    let wrapped: Wrapped<'_> = serde_json::from_slice(payload).ok()?;
    STANDARD
        .decode(wrapped.bytes)
        .ok()
        .filter(|inner| !inner.trim_ascii().is_empty())
}

/// The event's type, or the exception's; empty when no header names one.
fn name(mut headers: &[u8]) -> Option<&[u8]> {
    let mut found: &[u8] = b"";
    while let Some((&length, rest)) = headers.split_first() {
        let (key, rest) = rest.split_at_checked(usize::from(length))?;
        let (&kind, rest) = rest.split_first()?;
        let (value, rest) = value(kind, rest)?;
        if matches!(key, b":event-type" | b":exception-type" | b":error-code") {
            found = value;
        }
        headers = rest;
    }
    Some(found)
}

/// A header's value: only text is of interest, the others are stepped over.
fn value(kind: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let fixed = |length: usize| bytes.split_at_checked(length);
    match kind {
        0 | 1 => fixed(0),
        2 => fixed(1),
        3 => fixed(2),
        4 => fixed(4),
        5 | 8 => fixed(8),
        9 => fixed(16),
        6 | 7 => {
            let (length, rest) = bytes.split_at_checked(2)?;
            rest.split_at_checked(usize::from(u16::from_be_bytes([length[0], length[1]])))
        }
        _ => None,
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at + 4)?;
    Some(u32::from_be_bytes([four[0], four[1], four[2], four[3]]))
}

/// Writes a message, for tests.
#[cfg(test)]
pub(crate) fn message(kind: &str, name: &str, payload: &[u8]) -> Vec<u8> {
    let mut headers = Vec::new();
    for (key, value) in [
        (format!(":{kind}-type"), name),
        (":message-type".to_owned(), kind),
        (":content-type".to_owned(), "application/json"),
    ] {
        headers.push(key.len() as u8);
        headers.extend_from_slice(key.as_bytes());
        headers.push(7);
        headers.extend_from_slice(&(value.len() as u16).to_be_bytes());
        headers.extend_from_slice(value.as_bytes());
    }
    let total = PRELUDE + headers.len() + payload.len() + TRAILER;
    let mut bytes = Vec::with_capacity(total);
    bytes.extend_from_slice(&(total as u32).to_be_bytes());
    bytes.extend_from_slice(&(headers.len() as u32).to_be_bytes());
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    bytes.extend_from_slice(&headers);
    bytes.extend_from_slice(payload);
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    bytes
}
