//! Reads a whole reply as the events it would have streamed.
//!
//! Promises: the same path as the stream's, so the same events, but that a text or a call comes in
//! one piece. Arguments are written without blanks, since a document does not keep them.

use serde_json::{Map, Value};

use super::Reader;
use crate::hub::Event;
use crate::{Dialect, NotAReply, refuse};

/// Reads a whole reply.
pub(crate) fn read_reply(
    mut body: Map<String, Value>,
    out: &mut Vec<Event>,
) -> Result<(), NotAReply> {
    let is_error = body.get("type").is_some_and(|name| name == "error")
        || body.get("error").is_some_and(|error| !error.is_null());
    if is_error {
        let text = Value::Object(body).to_string();
        let failure = refuse::in_stream(Dialect::Anthropic, text.as_bytes());
        out.push(Event::Failed(failure));
        return Ok(());
    }
    let Some(Value::Array(content)) = body.shift_remove("content") else {
        return Err(NotAReply {
            reason: "The reply is JSON, but has no list of `content`.".to_owned(),
        });
    };
    let mut reader = Reader::default();
    reader.start(body, out);
    for (index, block) in (0..).zip(content) {
        if let Value::Object(block) = block {
            reader.open(index, block, out);
            reader.close(index, out);
        }
    }
    reader.end(out);
    Ok(())
}
