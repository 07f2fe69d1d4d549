//! A provider's reply, read: lines of JSON, or the one object they would sum up to.
//!
//! Promises: a whole reply is read by the same machine as a stream of one line, so both agree.
//! A call without an id gets one made from the time of the reply and its number: the same bytes,
//! the same id; another reply, another id.
//! Leaves out: the exact tokens' bytes of log probabilities.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::fields::{count, take};
use crate::frames::Frame;
use crate::hub::{Annotation, BlockKind, Event, Logprob, Start, ToolCall};
use crate::{Dialect, Failure, FailureCategory, NotAReply, StopReason, Usage, refuse};

/// Reads a reply's stream, frame by frame.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    started: bool,
    over: bool,
    /// The block that is open, and whether it is a thought.
    open: Option<(u32, bool)>,
    blocks: u32,
    calls: usize,
    /// The time of the first line: what made-up ids are made from.
    born: String,
}

impl Reader {
    pub(crate) fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<Event>) {
        if self.over {
            return;
        }
        match serde_json::from_slice::<Map<String, Value>>(frame.data) {
            Ok(line) => self.line(line, frame.data, out),
            Err(_) => {
                self.over = true;
                out.push(Event::Failed(Failure {
                    category: FailureCategory::BrokenStream,
                    status: None,
                    code: None,
                    message: "it sent a line that is not a JSON object".to_owned(),
                    retry_after_ms: None,
                }));
            }
        }
    }

    /// The stream is at its end. What is open is closed; `End` came with the last line.
    pub(crate) fn finish(&mut self, out: &mut Vec<Event>) {
        if !self.over {
            self.close(out);
        }
    }

    fn line(&mut self, mut line: Map<String, Value>, raw: &[u8], out: &mut Vec<Event>) {
        if line.get("error").is_some_and(|error| !error.is_null()) {
            self.over = true;
            out.push(Event::Failed(refuse::in_stream(Dialect::Ollama, raw)));
            return;
        }
        let made = take(&mut line, "created_at");
        let model = take(&mut line, "model");
        if !self.started {
            self.started = true;
            self.born = made
                .as_ref()
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned();
            let model = model.as_ref().and_then(Value::as_str);
            out.push(Event::Start(Start {
                id: None,
                model: model.filter(|model| !model.is_empty()).map(str::to_owned),
            }));
        }
        // `/api/chat` has a message; `/api/generate` has its fields at the top.
        let mut message = match take(&mut line, "message") {
            Some(Value::Object(message)) => message,
            _ => Map::new(),
        };
        let mut text = |key: &str, top: &str| match take(&mut message, key).or(take(&mut line, top))
        {
            Some(Value::String(text)) => text,
            _ => String::new(),
        };
        let thought = text("thinking", "thinking");
        let said = text("content", "response");
        self.delta(thought, true, out);
        self.delta(said, false, out);
        if let Some(Value::Array(tokens)) = take(&mut line, "logprobs") {
            self.logprobs(&tokens, out);
        }
        if let Some(Value::Array(calls)) =
            take(&mut message, "tool_calls").or(take(&mut line, "tool_calls"))
        {
            for call in calls {
                self.call(&call, out);
            }
        }
        if take(&mut line, "done") == Some(Value::Bool(true)) {
            self.done(line, out);
        }
    }

    fn delta(&mut self, text: String, thought: bool, out: &mut Vec<Event>) {
        if text.is_empty() {
            return;
        }
        let block = match self.open {
            Some((block, is_thought)) if is_thought == thought => block,
            _ => {
                self.close(out);
                let kind = if thought {
                    BlockKind::Reasoning {
                        hidden: false,
                        summary: false,
                    }
                } else {
                    BlockKind::Text
                };
                let block = self.begin(kind, out);
                self.open = Some((block, thought));
                block
            }
        };
        out.push(Event::Delta { block, text });
    }

    fn call(&mut self, call: &Value, out: &mut Vec<Event>) {
        let Some(name) = call["function"]["name"].as_str() else {
            return;
        };
        self.close(out);
        let id = match call["id"].as_str() {
            Some(id) if !id.is_empty() => id.to_owned(),
            _ => self.new_id(),
        };
        self.calls += 1;
        let arguments = match &call["function"]["arguments"] {
            Value::Null => "{}".to_owned(),
            Value::String(text) => text.clone(),
            arguments => arguments.to_string(),
        };
        let block = self.begin(
            BlockKind::ToolCall(ToolCall {
                id,
                name: name.to_owned(),
                namespace: None,
                arguments: String::new(),
                custom: false,
            }),
            out,
        );
        out.push(Event::Delta {
            block,
            text: arguments,
        });
        out.push(Event::Close { block });
    }

    fn logprobs(&mut self, tokens: &[Value], out: &mut Vec<Event>) {
        let Some((block, _)) = self.open else {
            return;
        };
        // One remark for each token, however the stream was cut.
        for token in tokens.iter().filter_map(logprob) {
            out.push(Event::Annotate {
                block,
                annotation: Annotation::Logprobs(vec![token]),
            });
        }
    }

    fn done(&mut self, mut line: Map<String, Value>, out: &mut Vec<Event>) {
        self.close(out);
        let counted =
            |line: &mut Map<String, Value>, key: &str| take(line, key).as_ref().and_then(count);
        let input = counted(&mut line, "prompt_eval_count");
        let output = counted(&mut line, "eval_count");
        if input.is_some() || output.is_some() {
            out.push(Event::Usage(Usage {
                // Absent when it is 0.
                input: input.unwrap_or(0),
                output: output.unwrap_or(0),
                ..Usage::default()
            }));
        }
        let word = take(&mut line, "done_reason");
        let stop = match word.as_ref().and_then(Value::as_str) {
            Some("length") => StopReason::MaxTokens,
            None | Some("" | "stop" | "tool_calls") if self.calls > 0 => StopReason::ToolCall,
            None | Some("" | "stop") => StopReason::End,
            // `load` and `unload`: the model was only moved.
            Some(_) => StopReason::Other,
        };
        for (key, value) in line {
            out.push(Event::Extra {
                owner: Dialect::Ollama,
                key,
                value,
            });
        }
        out.push(Event::Stop {
            candidate: 0,
            stop,
            sequence: None,
        });
        out.push(Event::End);
        self.over = true;
    }

    fn begin(&mut self, kind: BlockKind, out: &mut Vec<Event>) -> u32 {
        let block = self.blocks;
        self.blocks = self.blocks.saturating_add(1);
        out.push(Event::Open {
            block,
            candidate: 0,
            kind,
        });
        block
    }

    fn close(&mut self, out: &mut Vec<Event>) {
        if let Some((block, _)) = self.open.take() {
            out.push(Event::Close { block });
        }
    }

    fn new_id(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.born.as_bytes());
        hash.update(self.calls.to_le_bytes());
        let mut id = "call_".to_owned();
        for byte in hash.finalize().iter().take(12) {
            id.push_str(&format!("{byte:02x}"));
        }
        id
    }
}

fn logprob(token: &Value) -> Option<Logprob> {
    let one = |token: &Value| {
        Some((
            token["token"].as_str()?.to_owned(),
            token["logprob"].as_f64()?,
        ))
    };
    let (text, logprob) = one(token)?;
    let top = token["top_logprobs"].as_array().map(Vec::as_slice);
    Some(Logprob {
        token: text,
        logprob,
        top: top.unwrap_or_default().iter().filter_map(one).collect(),
    })
}

/// Reads a whole reply as the events it would have streamed.
pub(crate) fn read_reply(
    mut body: Map<String, Value>,
    out: &mut Vec<Event>,
) -> Result<(), NotAReply> {
    let failed = body.get("error").is_some_and(|error| !error.is_null());
    let is_reply = body.get("message").is_some_and(Value::is_object)
        || body.get("response").is_some_and(Value::is_string);
    if !failed && !is_reply {
        return Err(NotAReply {
            reason: "The reply is JSON, but has neither `message` nor `response`.".to_owned(),
        });
    }
    let raw = if failed {
        Value::Object(body.clone()).to_string()
    } else {
        // It came whole, whatever it says.
        body.insert("done".to_owned(), true.into());
        String::new()
    };
    Reader::default().line(body, raw.as_bytes(), out);
    Ok(())
}
