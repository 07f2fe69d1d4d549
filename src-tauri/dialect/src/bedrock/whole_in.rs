//! Reads a reply that came in one piece.
//!
//! Promises: the events it would have streamed, made by the same reader.

use serde_json::{Map, Value};

use super::Reader;
use super::blocks_in::Blocks;
use crate::NotAReply;
use crate::hub::Event;

/// Reads a whole reply as the events it would have streamed.
pub(crate) fn read_reply(
    mut body: Map<String, Value>,
    out: &mut Vec<Event>,
) -> Result<(), NotAReply> {
    let content = body
        .get_mut("output")
        .and_then(|output| output.get_mut("message"))
        .and_then(|message| message.get_mut("content"))
        .map(Value::take);
    let Some(Value::Array(blocks)) = content else {
        return Err(NotAReply {
            reason: "The reply is JSON, but has no `output` with a message.".to_owned(),
        });
    };
    let mut reader = Reader::default();
    reader.start(out);
    for (block, index) in blocks.into_iter().zip(0_u64..) {
        if let Value::Object(block) = block {
            one(&mut reader.blocks, index, block, out);
        }
        reader.blocks.close(index, out);
    }
    reader.message_stop(
        take(&mut body, &["stopReason", "additionalModelResponseFields"]),
        out,
    );
    reader.metadata(body, out);
    Ok(())
}

/// A block is an object with one key that says what it is.
fn one(blocks: &mut Blocks, index: u64, block: Map<String, Value>, out: &mut Vec<Event>) {
    for (key, value) in block {
        match (key.as_str(), value) {
            ("text", Value::String(text)) => blocks.text(index, text, out),
            ("toolUse", Value::Object(call)) => blocks.whole_call(index, call, out),
            ("reasoningContent", Value::Object(mut thought)) => {
                if let Some(Value::Object(shown)) = thought.remove("reasoningText") {
                    blocks.thought(index, shown, out);
                }
                blocks.thought(index, thought, out);
            }
            ("citationsContent", Value::Object(cited)) => cite(blocks, index, cited, out),
            (_, Value::Null) => {}
            (key, value) => blocks.opaque(key, value, out),
        }
    }
}

/// A text with the sources it rests on.
fn cite(blocks: &mut Blocks, index: u64, mut cited: Map<String, Value>, out: &mut Vec<Event>) {
    let mut list = |key: &str| match cited.remove(key) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    };
    for mut piece in list("content") {
        if let Some(Value::String(text)) = piece.get_mut("text").map(Value::take) {
            blocks.text(index, text, out);
        }
    }
    for citation in list("citations") {
        if citation.is_object() {
            blocks.cite(index, citation, out);
        }
    }
}

fn take(body: &mut Map<String, Value>, keys: &[&str]) -> Map<String, Value> {
    keys.iter()
        .filter_map(|key| body.remove_entry(*key))
        .collect()
}
