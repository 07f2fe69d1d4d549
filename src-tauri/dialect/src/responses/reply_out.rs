//! A whole reply, as one document.
//!
//! Promises: what the stream of the same reply ends with. Its last item is where the answer was cut.

use serde_json::Value;

use super::document::{Document, Ending};
use super::items;
use crate::hub::{Block, Reply};
use crate::translate::Writing;

/// A whole reply, as one document.
pub(crate) fn write_reply(reply: &Reply, writing: &Writing) -> Value {
    let mut document = Document::new(writing);
    document.model(reply.start.model.as_deref().unwrap_or_default());
    if let Some(usage) = &reply.usage {
        document.usage(usage);
    }
    for (owner, key, value) in &reply.extras {
        document.extra(*owner, key, value);
    }
    let answer = reply.candidates.first();
    let ending = Ending::of(answer.and_then(|answer| answer.stop));
    let blocks = answer.map(|answer| answer.blocks.as_slice());
    let written = blocks.unwrap_or_default().iter();
    let written: Vec<&Block> = written.filter(|block| items::is_written(block)).collect();
    let mut output: Vec<Value> = Vec::with_capacity(written.len());
    let place = |output: &Vec<Value>| u32::try_from(output.len()).unwrap_or(u32::MAX);
    for (at, block) in written.iter().enumerate() {
        // The last one is where the answer was cut.
        let status = if at + 1 == written.len() {
            ending.word()
        } else {
            "completed"
        };
        let id = items::named(&block.kind).id(&writing.id, place(&output));
        output.push(items::item(block, &id, status));
        let signature = items::signature(block, &writing.id, place(&output));
        output.extend(signature.map(|(_, item)| item));
    }
    match &reply.failure {
        Some(failure) => {
            let code = failure.code.as_deref().unwrap_or("server_error");
            document.fail(code, &failure.message);
        }
        None => document.end(ending),
    }
    document.with_output(output)
}
