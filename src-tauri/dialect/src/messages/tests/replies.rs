//! Whole replies, read and written.

use serde_json::{Value, json};

use super::streams::{THINKING, events, everything, everything_whole};
use super::writing;
use crate::hub::{BlockKind, Candidate, Event, Reply};
use crate::{FailureCategory, NotAReply, StopReason};

fn read(body: Value) -> Result<Vec<Event>, NotAReply> {
    let Value::Object(body) = body else {
        panic!("the test input is an object");
    };
    let mut out = Vec::new();
    super::super::read_reply(body, &mut out)?;
    Ok(out)
}

#[test]
fn whole_and_streamed_replies_agree() {
    let streamed = Reply::of(events(&everything(), usize::MAX));
    let whole = Reply::of(read(everything_whole()).expect("it is a reply"));
    assert_eq!(whole, streamed);
    // And by way of the document we write of a recorded stream.
    let recorded = Reply::of(events(THINKING.as_bytes(), usize::MAX));
    let document = super::super::write_reply(&recorded, &writing());
    let mut again = Reply::of(read(document).expect("it is a reply"));
    again.start.id = recorded.start.id.clone();
    assert_eq!(again, recorded);
}

#[test]
fn a_document_is_written_as_the_vendor_writes_it() {
    let reply = Reply::of(read(everything_whole()).expect("it is a reply"));
    let written = super::super::write_reply(&reply, &writing());
    let mut expected = everything_whole();
    expected["id"] = "msg_01abc".into();
    expected["usage"] = json!({"input_tokens": 9, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 3,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0}, "output_tokens": 20, "service_tier": "standard"});
    assert_eq!(written, expected);
}

#[test]
fn a_reply_without_anything_is_still_a_message() {
    let written = super::super::write_reply(&Reply::default(), &writing());
    assert_eq!(written["content"], json!([]));
    assert_eq!(written["stop_reason"], "end_turn");
    assert_eq!(written["usage"]["input_tokens"], 12);
}

#[test]
fn arguments_that_are_no_json_come_as_an_object() {
    let call = crate::hub::ToolCall {
        id: "A".into(),
        name: "f".into(),
        namespace: None,
        arguments: String::new(),
        custom: false,
    };
    let block = crate::hub::Block {
        kind: BlockKind::ToolCall(call),
        text: "{\"a\": tru".into(),
        sealed: None,
        annotations: Vec::new(),
    };
    let reply = Reply {
        candidates: vec![Candidate {
            blocks: vec![block],
            stop: Some(StopReason::End),
            sequence: None,
        }],
        ..Reply::default()
    };
    let written = super::super::write_reply(&reply, &writing());
    assert_eq!(
        written["content"][0]["input"],
        json!({"_raw": "{\"a\": tru"})
    );
    assert_eq!(written["stop_reason"], "tool_use");
}

#[test]
fn errors_and_others_documents_are_told_apart() {
    let error =
        json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
    let events = read(error).expect("it is read");
    assert!(matches!(&events[..], [Event::Failed(f)] if f.category == FailureCategory::Overloaded));
    assert!(read(json!({"choices": []})).is_err());
}

#[test]
fn a_refusal_keeps_its_details() {
    let details = json!({"type": "refusal", "category": "bio", "explanation": null});
    let body = json!({"id": "m", "type": "message", "role": "assistant", "model": "c", "content": [],
        "stop_reason": "refusal", "stop_sequence": null, "stop_details": details, "usage": {"input_tokens": 1, "output_tokens": 1}});
    let reply = Reply::of(read(body).expect("it is a reply"));
    assert_eq!(reply.candidates[0].stop, Some(StopReason::Refusal));
    let written = super::super::write_reply(&reply, &writing());
    assert_eq!(written["stop_details"], details);
}
