//! Writing JSON, for every writer here.
//!
//! Promises: keys in the order the structs give them, so that golden files and
//! eyes can rely on it. Leaves out: reading.

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

/// An object of these fields, which it takes as they are: the macro `json!` copies what it is given,
/// and a conversation is large.
pub(crate) fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let fields = fields.into_iter();
    Value::Object(fields.map(|(key, value)| (key.to_owned(), value)).collect())
}

/// A document.
pub(crate) fn document(value: &impl Serialize) -> Bytes {
    let mut text = Vec::with_capacity(128);
    write(&mut text, value);
    text.into()
}

/// One server-sent event, named if the dialect names its events.
pub(crate) fn event(frames: &mut Vec<u8>, name: Option<&str>, value: &impl Serialize) {
    if let Some(name) = name {
        frames.extend_from_slice(b"event: ");
        frames.extend_from_slice(name.as_bytes());
        frames.push(b'\n');
    }
    frames.extend_from_slice(b"data: ");
    write(frames, value);
    frames.extend_from_slice(b"\n\n");
}

/// What we write are structs of strings and numbers; serializing those into
/// memory cannot fail, so there is no error to hand on.
fn write(out: &mut Vec<u8>, value: &impl Serialize) {
    let _ = serde_json::to_writer(out, value);
}
