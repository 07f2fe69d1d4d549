//! One server-sent event, written piece by piece.
//!
//! Promises: no tree is built for the events that come by the thousand. Writing into memory cannot
//! fail, so there is no error to hand on.

use serde::Serialize;

/// Begins an event: its name in front, and again as the data's `type`.
pub(super) fn begin(out: &mut Vec<u8>, name: &str) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\ndata: {\"type\":\"");
    out.extend_from_slice(name.as_bytes());
    out.push(b'"');
}

/// A further field.
pub(super) fn field(out: &mut Vec<u8>, key: &str, value: &(impl Serialize + ?Sized)) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(b"\":");
    let _ = serde_json::to_writer(out, value);
}

/// A further field that is an object of a type with one field of text.
pub(super) fn typed(out: &mut Vec<u8>, key: &str, name: &str, inner: &str, text: &str) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(b"\":{\"type\":\"");
    out.extend_from_slice(name.as_bytes());
    out.push(b'"');
    field(out, inner, text);
    out.push(b'}');
}

/// Ends an event.
pub(super) fn end(out: &mut Vec<u8>) {
    out.extend_from_slice(b"}\n\n");
}
