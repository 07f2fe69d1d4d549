//! Amazon's binary event stream: length, headers, payload, and a checksum of each.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// An event of a stream that goes well.
pub(super) fn event(name: &str, payload: &Value) -> Vec<u8> {
    frame(":event-type", name, "event", payload)
}

/// What a stream breaks off with.
pub(super) fn exception(name: &str, payload: &Value) -> Vec<u8> {
    frame(":exception-type", name, "exception", payload)
}

/// An SSE event of another dialect as Bedrock's `invoke` carries it: its JSON as
/// base64 in a `chunk`.
pub(super) fn wrapped(sse: &str) -> Vec<u8> {
    let data = sse.lines().find_map(|line| line.strip_prefix("data: "));
    let bytes = STANDARD.encode(data.unwrap_or_default());
    event("chunk", &json!({ "bytes": bytes }))
}

fn frame(key: &str, name: &str, kind: &str, payload: &Value) -> Vec<u8> {
    let mut headers = Vec::new();
    for (name, value) in [
        (key, name),
        (":content-type", "application/json"),
        (":message-type", kind),
    ] {
        headers.push(u8::try_from(name.len()).unwrap());
        headers.extend_from_slice(name.as_bytes());
        headers.push(STRING);
        headers.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        headers.extend_from_slice(value.as_bytes());
    }
    let payload = payload.to_string();
    let length = PRELUDE + headers.len() + payload.len() + CHECKSUM;
    let mut frame = Vec::with_capacity(length);
    frame.extend_from_slice(&u32::try_from(length).unwrap().to_be_bytes());
    frame.extend_from_slice(&u32::try_from(headers.len()).unwrap().to_be_bytes());
    frame.extend_from_slice(&crc32fast::hash(&frame).to_be_bytes());
    frame.extend_from_slice(&headers);
    frame.extend_from_slice(payload.as_bytes());
    frame.extend_from_slice(&crc32fast::hash(&frame).to_be_bytes());
    frame
}

/// Two lengths and their checksum.
const PRELUDE: usize = 12;
const CHECKSUM: usize = 4;
/// The type of a header whose value is a string.
const STRING: u8 = 7;
