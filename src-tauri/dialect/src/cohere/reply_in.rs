//! A whole reply, read as the events it would have streamed.

use serde_json::{Map, Value};

use super::events_in::{Opened, Reader};
use crate::fields::count;
use crate::hub::Event;
use crate::{Dialect, NotAReply, refuse};

/// Reads a whole reply as the events it would have streamed: the plan, the content with its
/// citations, the calls.
pub(crate) fn read_reply(body: Map<String, Value>, out: &mut Vec<Event>) -> Result<(), NotAReply> {
    let body = Value::Object(body);
    let message = &body["message"];
    if !message.is_object() {
        // `{"message":"…"}` is how Cohere complains.
        if message.is_string() || !body["error"].is_null() {
            let raw = body.to_string();
            out.push(Event::Failed(refuse::in_stream(
                Dialect::Cohere,
                raw.as_bytes(),
            )));
            return Ok(());
        }
        return Err(NotAReply {
            reason: "The reply is JSON, but has no `message`.".to_owned(),
        });
    }
    let mut reader = Reader::default();
    reader.start(body["id"].as_str(), out);
    if let Some(plan) = message["tool_plan"].as_str() {
        reader.say(Opened::Plan, 0, plan, out);
    }
    let citations = list(&message["citations"]);
    let items = list(&message["content"]);
    let texts = items.iter().filter(|item| item["text"].is_string()).count();
    let mut logprobs = list(&body["logprobs"]);
    for (index, item) in (0..).zip(items) {
        if let Some(thought) = item["thinking"].as_str() {
            reader.say(Opened::Thought, index, thought, out);
        }
        let Some(text) = item["text"].as_str() else {
            continue;
        };
        reader.say(Opened::Text, index, text, out);
        // The list does not say which text its items belong to.
        for item in std::mem::take(&mut logprobs) {
            reader.logprobs(item, out);
        }
        let its_own = citations.iter().filter(|citation| {
            // One text has them all, whatever number they name.
            texts == 1 || count(&citation["content_index"]).unwrap_or(0) == index
        });
        for citation in its_own {
            reader.cite(citation, out);
        }
    }
    for (index, call) in (0..).zip(list(&message["tool_calls"])) {
        reader.call(call, index, out);
    }
    reader.end(&body, out);
    Ok(())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
