//! Reads a reply's frames.
//!
//! Promises: a well-formed row whatever comes. Models that open a text without saying so, and
//! streams whose counts come before the stop reason, are read all the same; an exception frame
//! is the failure it names. After a failure nothing more is read.

use serde_json::{Map, Value};

use super::blocks_in::Blocks;
use super::counts;
use crate::frames::Frame;
use crate::hub::{Event, Start};
use crate::{Dialect, Failure, FailureCategory, StopReason, refuse};

/// Reads a reply's stream, frame by frame.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    pub(super) blocks: Blocks,
    started: bool,
    stopped: bool,
    counted: bool,
    /// The row has ended, well or badly.
    ended: bool,
}

impl Reader {
    pub(crate) fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<Event>) {
        if self.ended {
            return;
        }
        let name = std::str::from_utf8(frame.name).unwrap_or_default();
        if name.to_ascii_lowercase().ends_with("exception") {
            return self.fail(exception(name, frame.data), out);
        }
        let known = [
            "messageStart",
            "contentBlockStart",
            "contentBlockDelta",
            "contentBlockStop",
            "messageStop",
            "metadata",
        ];
        if !known.contains(&name) {
            return;
        }
        let Ok(Value::Object(event)) = serde_json::from_slice(frame.data) else {
            return self.break_off("its stream holds an event that is not a JSON object", out);
        };
        self.start(out);
        match name {
            // What comes behind the stop reason belongs to no block any more.
            name if self.stopped && name.starts_with("contentBlock") => {}
            "contentBlockStart" => self.blocks.block_start(event, out),
            "contentBlockDelta" => self.blocks.block_delta(event, out),
            "contentBlockStop" => self.blocks.block_stop(&event, out),
            "messageStop" => self.message_stop(event, out),
            "metadata" => self.metadata(event, out),
            _ => {}
        }
        if let Some(why) = self.blocks.broken {
            self.break_off(why, out);
        }
    }

    /// The stream is at its end. What is open is closed; if the reply is whole (a stop reason was
    /// seen), `End` is handed on, else nothing: the caller sees that it broke.
    pub(crate) fn finish(&mut self, out: &mut Vec<Event>) {
        if self.ended {
            return;
        }
        self.blocks.close_all(out);
        self.end_if(self.stopped, out);
    }

    pub(super) fn start(&mut self, out: &mut Vec<Event>) {
        if !self.started {
            self.started = true;
            out.push(Event::Start(Start::default()));
        }
    }

    pub(super) fn message_stop(&mut self, mut event: Map<String, Value>, out: &mut Vec<Event>) {
        self.blocks.close_all(out);
        let word = text_of(&mut event, "stopReason");
        let fields = event.remove("additionalModelResponseFields");
        let sequence = fields
            .as_ref()
            .and_then(|fields| fields.get("stop_sequence"))
            .and_then(Value::as_str)
            .map(str::to_owned);
        extra("additionalModelResponseFields", fields, out);
        if !self.stopped {
            self.stopped = true;
            out.push(Event::Stop {
                candidate: 0,
                stop: stop(&word, self.blocks.called),
                sequence,
            });
        }
        self.end_if(self.counted, out);
    }

    pub(super) fn metadata(&mut self, mut event: Map<String, Value>, out: &mut Vec<Event>) {
        if let Some(usage) = event
            .get("usage")
            .and_then(Value::as_object)
            .and_then(counts::usage)
        {
            out.push(Event::Usage(usage));
        }
        for key in ["metrics", "trace", "performanceConfig", "serviceTier"] {
            extra(key, event.remove(key), out);
        }
        self.counted = true;
        self.end_if(self.stopped, out);
    }

    fn end_if(&mut self, whole: bool, out: &mut Vec<Event>) {
        if whole && !self.ended {
            self.ended = true;
            out.push(Event::End);
        }
    }

    fn break_off(&mut self, message: &str, out: &mut Vec<Event>) {
        let failure = Failure {
            category: FailureCategory::BrokenStream,
            status: None,
            code: None,
            message: message.to_owned(),
            retry_after_ms: None,
        };
        self.fail(failure, out);
    }

    fn fail(&mut self, failure: Failure, out: &mut Vec<Event>) {
        if self.ended {
            return;
        }
        self.start(out);
        self.ended = true;
        out.push(Event::Failed(failure));
    }
}

pub(super) fn text_of(object: &mut Map<String, Value>, key: &str) -> String {
    match object.remove(key) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    }
}

fn extra(key: &str, value: Option<Value>, out: &mut Vec<Event>) {
    if let Some(value) = value.filter(|value| !value.is_null()) {
        out.push(Event::Extra {
            owner: Dialect::Bedrock,
            key: key.to_owned(),
            value,
        });
    }
}

/// A `stopReason`. Some models say `end_turn` after a call.
fn stop(word: &str, called: bool) -> StopReason {
    match word {
        "end_turn" if called => StopReason::ToolCall,
        "end_turn" => StopReason::End,
        "tool_use" => StopReason::ToolCall,
        "max_tokens" => StopReason::MaxTokens,
        "stop_sequence" => StopReason::StopSequence,
        "model_context_window_exceeded" => StopReason::ContextFull,
        "guardrail_intervened" | "content_filtered" => StopReason::Filtered,
        "refusal" => StopReason::Refusal,
        "pause_turn" => StopReason::Pause,
        _ => StopReason::Other,
    }
}

/// An exception frame, read as the status it would have been before the stream began.
fn exception(name: &str, data: &[u8]) -> Failure {
    let status = match name.to_ascii_lowercase().as_str() {
        "validationexception" => 400,
        "accessdeniedexception" => 403,
        "resourcenotfoundexception" => 404,
        "modeltimeoutexception" => 408,
        "modelerrorexception" | "modelstreamerrorexception" => 424,
        "throttlingexception" | "modelnotreadyexception" | "servicequotaexceededexception" => 429,
        "serviceunavailableexception" => 503,
        _ => 500,
    };
    let failure = refuse::classify(Dialect::Bedrock, status, None, data);
    Failure {
        status: Some(200),
        code: Some(name.to_owned()),
        ..failure
    }
}
