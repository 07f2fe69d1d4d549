//! A provider's stream, read.
//!
//! Promises: a text block stays open until something else begins or the message ends, because
//! citations may come behind `content-end`. A plan before calls is a thought.
//! Leaves out: `debug` events and `citation-end`, which say nothing.

use serde_json::Value;

use super::counts::usage;
use crate::fields::count;
use crate::frames::Frame;
use crate::hub::{Annotation, BlockKind, Event, Logprob, Start, ToolCall};
use crate::{Dialect, Failure, FailureCategory, StopReason, refuse};

/// Reads a reply's stream, frame by frame.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    started: bool,
    over: bool,
    open: Option<Open>,
    blocks: u32,
    called: bool,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    block: u32,
    kind: Opened,
    /// The provider's own number of it.
    index: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opened {
    Text,
    Thought,
    Plan,
    Call,
}

impl Reader {
    pub(crate) fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<Event>) {
        if self.over || frame.data == b"[DONE]" {
            return;
        }
        let Ok(event) = serde_json::from_slice::<Value>(frame.data) else {
            self.fail(
                Failure {
                    category: FailureCategory::BrokenStream,
                    status: None,
                    code: None,
                    message: "it sent an event that is not JSON".to_owned(),
                    retry_after_ms: None,
                },
                out,
            );
            return;
        };
        let name = std::str::from_utf8(frame.name).unwrap_or_default();
        let kind = event["type"].as_str().unwrap_or(name);
        let index = count(&event["index"]).unwrap_or(0);
        let message = &event["delta"]["message"];
        match kind {
            "message-start" => self.start(event["id"].as_str(), out),
            "content-start" | "content-delta" => {
                let content = &message["content"];
                let thought = content["thinking"].as_str();
                let kind = match content["type"].as_str() {
                    Some("thinking") => Opened::Thought,
                    Some(_) => Opened::Text,
                    None if thought.is_some() => Opened::Thought,
                    None => Opened::Text,
                };
                let text = thought.or(content["text"].as_str()).unwrap_or_default();
                self.say(kind, index, text, out);
                self.logprobs(&event["logprobs"], out);
            }
            "tool-plan-delta" => {
                self.say(
                    Opened::Plan,
                    0,
                    message["tool_plan"].as_str().unwrap_or_default(),
                    out,
                );
            }
            "tool-call-start" => self.call(&message["tool_calls"], index, out),
            "tool-call-delta" => {
                let more = message["tool_calls"]["function"]["arguments"].as_str();
                self.arguments(more.unwrap_or_default(), out);
            }
            "tool-call-end" if self.open.is_some_and(|open| open.kind == Opened::Call) => {
                self.close(out);
            }
            "citation-start" => self.cite(&message["citations"], out),
            "message-end" => {
                self.start(event["id"].as_str(), out);
                self.end(&event["delta"], out);
            }
            "content-end" | "tool-call-end" | "citation-end" | "debug" => {}
            // A complaint has a message where an event has a type.
            _ if event["message"].is_string() || !event["error"].is_null() => {
                self.fail(refuse::in_stream(Dialect::Cohere, frame.data), out);
            }
            _ => {}
        }
    }

    /// The stream is at its end. What is open is closed; `End` came with `message-end`.
    pub(crate) fn finish(&mut self, out: &mut Vec<Event>) {
        if !self.over {
            self.close(out);
        }
    }

    pub(super) fn start(&mut self, id: Option<&str>, out: &mut Vec<Event>) {
        if !self.started {
            self.started = true;
            out.push(Event::Start(Start {
                id: id.filter(|id| !id.is_empty()).map(str::to_owned),
                // Cohere does not say.
                model: None,
            }));
        }
    }

    /// More of a text or a thought, which is opened if it is not yet.
    pub(super) fn say(&mut self, kind: Opened, index: u64, text: &str, out: &mut Vec<Event>) {
        let same = self
            .open
            .filter(|open| open.kind == kind && open.index == index);
        let block = match same {
            Some(open) => open.block,
            // An empty piece opens nothing, so that no empty block is written to a caller.
            None if text.is_empty() => return,
            None => {
                let block = match kind {
                    Opened::Thought | Opened::Plan => BlockKind::Reasoning {
                        hidden: false,
                        summary: false,
                    },
                    _ => BlockKind::Text,
                };
                self.begin(kind, index, block, out)
            }
        };
        if !text.is_empty() {
            out.push(Event::Delta {
                block,
                text: text.to_owned(),
            });
        }
    }

    pub(super) fn call(&mut self, call: &Value, index: u64, out: &mut Vec<Event>) {
        self.called = true;
        let kind = BlockKind::ToolCall(ToolCall {
            id: call["id"].as_str().unwrap_or_default().to_owned(),
            name: call["function"]["name"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            namespace: None,
            arguments: String::new(),
            custom: false,
        });
        self.begin(Opened::Call, index, kind, out);
        self.arguments(
            call["function"]["arguments"].as_str().unwrap_or_default(),
            out,
        );
    }

    fn arguments(&self, text: &str, out: &mut Vec<Event>) {
        if let Some(Open {
            block,
            kind: Opened::Call,
            ..
        }) = self.open
            && !text.is_empty()
        {
            out.push(Event::Delta {
                block,
                text: text.to_owned(),
            });
        }
    }

    pub(super) fn cite(&mut self, citation: &Value, out: &mut Vec<Event>) {
        let Some(open) = self.open.filter(|open| open.kind != Opened::Call) else {
            return;
        };
        if !citation.is_object() {
            return;
        }
        // A document's fields are its owner's; these two are what most call them.
        let source = &citation["sources"][0];
        let field = |name: &str| {
            let places = [&source["document"], &source["tool_output"]];
            places
                .into_iter()
                .find_map(|place| place[name].as_str().map(str::to_owned))
        };
        out.push(Event::Annotate {
            block: open.block,
            annotation: Annotation::Citation {
                owner: Dialect::Cohere,
                url: field("url"),
                title: field("title"),
                value: citation.clone(),
            },
        });
    }

    pub(super) fn logprobs(&mut self, item: &Value, out: &mut Vec<Event>) {
        let Some(open) = self.open else {
            return;
        };
        let Some(logprobs) = item["logprobs"].as_array() else {
            return;
        };
        // Several tokens may stand behind one text: what is told is how likely the text was.
        let logprob = logprobs.iter().filter_map(Value::as_f64).sum();
        out.push(Event::Annotate {
            block: open.block,
            annotation: Annotation::Logprobs(vec![Logprob {
                token: item["text"].as_str().unwrap_or_default().to_owned(),
                logprob,
                top: Vec::new(),
            }]),
        });
    }

    /// `delta` of `message-end`, or a whole reply: why it ended, and the counts.
    pub(super) fn end(&mut self, delta: &Value, out: &mut Vec<Event>) {
        self.close(out);
        if let Some(usage) = usage(&delta["usage"]) {
            out.push(Event::Usage(usage));
        }
        let word = delta["finish_reason"].as_str().unwrap_or_default();
        let told = delta["error"].as_str();
        if let Some(category) = failed(word, told.is_some()) {
            let message = told.unwrap_or("The provider ended the reply with an error.");
            self.fail(
                Failure {
                    category,
                    status: Some(200),
                    code: Some(word.to_owned()).filter(|word| !word.is_empty()),
                    message: crate::complaint::one_line(message),
                    retry_after_ms: None,
                },
                out,
            );
            return;
        }
        let stop = match word {
            "COMPLETE" | "" if self.called => StopReason::ToolCall,
            "COMPLETE" | "" => StopReason::End,
            "STOP_SEQUENCE" => StopReason::StopSequence,
            "MAX_TOKENS" => StopReason::MaxTokens,
            "TOOL_CALL" => StopReason::ToolCall,
            "ERROR_TOXIC" => StopReason::Filtered,
            "ERROR_LIMIT" => StopReason::ContextFull,
            _ => StopReason::Other,
        };
        out.push(Event::Stop {
            candidate: 0,
            stop,
            sequence: None,
        });
        out.push(Event::End);
        self.over = true;
    }

    fn fail(&mut self, failure: Failure, out: &mut Vec<Event>) {
        self.over = true;
        out.push(Event::Failed(failure));
    }

    fn begin(
        &mut self,
        kind: Opened,
        index: u64,
        block_kind: BlockKind,
        out: &mut Vec<Event>,
    ) -> u32 {
        self.start(None, out);
        self.close(out);
        let block = self.blocks;
        self.blocks = self.blocks.saturating_add(1);
        self.open = Some(Open { block, kind, index });
        out.push(Event::Open {
            block,
            candidate: 0,
            kind: block_kind,
        });
        block
    }

    pub(super) fn close(&mut self, out: &mut Vec<Event>) {
        if let Some(open) = self.open.take() {
            out.push(Event::Close { block: open.block });
        }
    }
}

/// Endings that are failures.
fn failed(word: &str, told: bool) -> Option<FailureCategory> {
    match word {
        "TIMEOUT" => Some(FailureCategory::Timeout),
        "ERROR" => Some(FailureCategory::Server),
        _ if told => Some(FailureCategory::Server),
        _ => None,
    }
}
