//! A provider's reply, read: its stream frame by frame, or whole.
//!
//! Promises: a block is opened when it first says something, so that what a server announces and
//! never fills is no block; what a server did not stream is taken from the finished item, and
//! from the terminal response if even that is missing. A whole reply goes the same way, so both
//! give the same events but for the cuts of the text.
//! Leaves out: the steps of hosted tools, of which only the finished item is handed on.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::counts;
use super::frame_in::{Step, is_error};
use super::pieces::{self, Item, Said};
use crate::frames::{Frame, torn};
use crate::hub::{Annotation, BlockKind, Event, Start};
use crate::{Dialect, NotAReply, StopReason, loose, refuse};

/// The most items that are open at a time.
const MOST_OPEN: usize = 1024;
/// Fields of the response that are handed on as they are.
const EXTRAS: [&str; 3] = ["service_tier", "moderation", "input_transformations"];

/// Reads a reply's stream, frame by frame.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    started: bool,
    /// The reply has ended, well or not.
    over: bool,
    /// Something was answered.
    called: bool,
    refused: bool,
    /// Items that are not whole yet.
    items: Vec<Item>,
    /// How many items were whole.
    whole: u64,
    /// The number of the next block.
    blocks: u32,
}

impl Reader {
    pub(crate) fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<Event>) {
        if self.over {
            return;
        }
        // `[DONE]`, and whatever else is no step.
        let Ok(step) = serde_json::from_slice::<Step<'_>>(frame.data) else {
            if frame.is_torn() {
                self.start(None, out);
                out.push(Event::Failed(torn()));
                self.over = true;
            }
            return;
        };
        let named = std::str::from_utf8(frame.name).unwrap_or_default();
        match step.r#type.as_deref().unwrap_or(named) {
            "response.created" | "response.in_progress" | "response.queued" => {
                self.start(step.response.map(RawValue::get), out);
            }
            "response.output_text.delta" => self.text(step, Said::Text, out),
            "response.refusal.delta" => self.text(step, Said::Refusal, out),
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                self.text(step, Said::Arguments, out);
            }
            "response.reasoning_summary_text.delta" => self.text(step, Said::Summary, out),
            "response.reasoning_text.delta" | "response.reasoning.delta" => {
                self.text(step, Said::Thought, out);
            }
            "response.output_text.done" => self.rest(step, Said::Text, out),
            "response.refusal.done" => self.rest(step, Said::Refusal, out),
            "response.function_call_arguments.done" | "response.custom_tool_call_input.done" => {
                self.rest(step, Said::Arguments, out);
            }
            "response.output_text.annotation.added" => self.annotation(&step, out),
            "response.output_item.added" => self.added(&step, out),
            "response.output_item.done" => self.done(&step, out),
            kind @ ("response.completed"
            | "response.incomplete"
            | "response.failed"
            | "response.cancelled"
            | "response.done") => {
                let status = kind.trim_start_matches("response.");
                let response = step
                    .response
                    .and_then(|raw| serde_json::from_str(raw.get()).ok());
                self.end(response.unwrap_or_default(), status, out);
            }
            "error" => self.fail(frame.data, out),
            // What is coming, and what has come, is known from the steps above.
            "response.content_part.added"
            | "response.content_part.done"
            | "response.reasoning_text.done"
            | "response.reasoning_part.added"
            | "response.reasoning_part.done"
            | "response.reasoning_summary_text.done"
            | "response.reasoning_summary_part.added"
            | "response.reasoning_summary_part.done" => {}
            // A hosted tool is at work, or nothing is to be said for a while.
            other
                if self.started
                    && (matches!(other, "keepalive" | "ping")
                        || other.starts_with("response.")) =>
            {
                out.push(Event::Ping);
            }
            _ if is_error(frame.data) => self.fail(frame.data, out),
            _ => {}
        }
    }

    /// The stream is at its end. `End` has been handed on if the reply was whole.
    pub(crate) fn finish(&mut self, out: &mut Vec<Event>) {
        if self.over {
            return;
        }
        self.close_all(out);
        self.over = true;
    }

    fn start(&mut self, response: Option<&str>, out: &mut Vec<Event>) {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Head {
            #[serde(deserialize_with = "loose::value")]
            id: Option<String>,
            #[serde(deserialize_with = "loose::value")]
            model: Option<String>,
        }
        if self.started {
            return;
        }
        self.started = true;
        let head: Head = response
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        out.push(Event::Start(Start {
            id: head.id.filter(|id| !id.is_empty()),
            model: head.model.filter(|model| !model.is_empty()),
        }));
    }

    /// A delta.
    fn text(&mut self, step: Step<'_>, said: Said, out: &mut Vec<Event>) {
        self.start(None, out);
        let part = step.part();
        let Some(at) = self.find_or_open(&step, said, out) else {
            return;
        };
        self.refused |= said == Said::Refusal;
        let (item, blocks) = (&mut self.items[at], &mut self.blocks);
        if let Some(delta) = step.delta {
            item.say(said, part, delta, blocks, out);
        }
        if let Some(logprobs) = step.logprobs
            && logprobs.get() != "[]"
        {
            let logprobs: Value = serde_json::from_str(logprobs.get()).unwrap_or_default();
            item.logprobs(part, &logprobs, out);
        }
    }

    /// The whole of a text. It is news only where no delta came.
    fn rest(&mut self, step: Step<'_>, said: Said, out: &mut Vec<Event>) {
        let part = step.part();
        let Some(at) = self.find_or_open(&step, said, out) else {
            return;
        };
        let whole = match said {
            Said::Refusal => step.refusal,
            Said::Arguments => step.arguments.or(step.input),
            _ => step.text,
        };
        if let Some(whole) = whole.filter(|whole| !whole.is_empty())
            && !self.items[at].has_said(said, part)
        {
            self.start(None, out);
            self.refused |= said == Said::Refusal;
            self.items[at].say(said, part, whole, &mut self.blocks, out);
        }
    }

    fn annotation(&mut self, step: &Step<'_>, out: &mut Vec<Event>) {
        let value = step
            .annotation
            .and_then(|raw| serde_json::from_str::<Value>(raw.get()).ok());
        if let (Some(at), Some(value)) = (self.find(step), value) {
            self.items[at].cite(step.part(), value, out);
        }
    }

    fn added(&mut self, step: &Step<'_>, out: &mut Vec<Event>) {
        self.start(None, out);
        let Some(head) = step.item() else { return };
        if let Some(at) = self.find_by(step.output_index, head.get("id").and_then(Value::as_str)) {
            // A server that gives every item one number: the one before is whole.
            let same = head.get("id").and_then(Value::as_str) == Some(self.items[at].id.as_str());
            if same {
                return;
            }
            let mut before = self.items.remove(at);
            before.close(out);
        }
        if self.items.len() >= MOST_OPEN {
            return;
        }
        let mut item = Item::new(step.output_index, &head);
        if item.call.is_some() {
            self.called = true;
            item.open_call(&mut self.blocks, out);
        }
        self.items.push(item);
    }

    fn done(&mut self, step: &Step<'_>, out: &mut Vec<Event>) {
        self.start(None, out);
        let Some(whole) = step.item() else { return };
        let at = self.find_by(step.output_index, whole.get("id").and_then(Value::as_str));
        let item = match at {
            Some(at) => self.items.remove(at),
            None => Item::new(step.output_index, &whole),
        };
        self.finish_item(item, whole, out);
    }

    /// Hands on what a whole item says beyond what was heard of it, and closes it.
    fn finish_item(&mut self, mut item: Item, whole: Map<String, Value>, out: &mut Vec<Event>) {
        self.whole = self.whole.saturating_add(1);
        match whole.get("type").and_then(Value::as_str) {
            Some("message") => self.refused |= item.finish_message(&whole, &mut self.blocks, out),
            Some("function_call" | "custom_tool_call") => {
                self.called = true;
                item.finish_call(&whole, &mut self.blocks, out);
            }
            Some("reasoning") => item.finish_reasoning(&whole, &mut self.blocks, out),
            _ => {
                let kind = BlockKind::Opaque {
                    owner: Dialect::Responses,
                    value: Value::Object(whole),
                };
                let block = pieces::open(kind, &mut self.blocks, out);
                out.push(Event::Close { block });
            }
        }
        item.close(out);
    }

    /// The terminal response.
    fn end(&mut self, mut response: Map<String, Value>, word: &str, out: &mut Vec<Event>) {
        self.begin(&response, out);
        self.fill(&mut response, out);
        self.close_all(out);
        if let Some(usage) = response.get("usage").and_then(counts::read) {
            out.push(Event::Usage(usage));
        }
        for key in EXTRAS {
            let value = response.shift_remove(key).filter(|value| !value.is_null());
            if let Some(value) = value {
                out.push(Event::Extra {
                    owner: Dialect::Responses,
                    key: key.to_owned(),
                    value,
                });
            }
        }
        let status = response
            .get("status")
            .and_then(Value::as_str)
            .unwrap_or(word);
        let stop = match status {
            "failed" | "cancelled" => {
                let said = serde_json::to_vec(&response).unwrap_or_default();
                return self.fail(&said, out);
            }
            "incomplete" => incomplete(&response),
            // A whole reply that is still being made.
            "queued" | "in_progress" if word == status => StopReason::Pause,
            _ if self.called => StopReason::ToolCall,
            _ if self.refused => StopReason::Refusal,
            _ => StopReason::End,
        };
        out.push(Event::Stop {
            candidate: 0,
            stop,
            sequence: None,
        });
        out.push(Event::End);
        self.over = true;
    }

    fn begin(&mut self, response: &Map<String, Value>, out: &mut Vec<Event>) {
        if self.started {
            return;
        }
        self.started = true;
        let text = |key: &str| {
            let text = response.get(key).and_then(Value::as_str);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        out.push(Event::Start(Start {
            id: text("id"),
            model: text("model"),
        }));
    }

    /// What never came by itself is taken from the whole response.
    fn fill(&mut self, response: &mut Map<String, Value>, out: &mut Vec<Event>) {
        let Some(Value::Array(output)) = response.shift_remove("output") else {
            return;
        };
        let nothing_came = self.whole == 0 && self.items.is_empty();
        for (index, value) in output.into_iter().enumerate() {
            let Value::Object(whole) = value else {
                continue;
            };
            let index = u64::try_from(index).ok();
            let id = whole.get("id").and_then(Value::as_str);
            if let Some(at) = self.find_by(index, id) {
                let item = self.items.remove(at);
                self.finish_item(item, whole, out);
            } else if nothing_came {
                let item = Item::new(index, &whole);
                self.finish_item(item, whole, out);
            }
        }
    }

    fn fail(&mut self, said: &[u8], out: &mut Vec<Event>) {
        self.start(None, out);
        out.push(Event::Failed(refuse::in_stream(Dialect::Responses, said)));
        self.over = true;
    }

    fn close_all(&mut self, out: &mut Vec<Event>) {
        for mut item in self.items.drain(..) {
            item.close(out);
        }
    }

    fn find(&self, step: &Step<'_>) -> Option<usize> {
        self.find_by(step.output_index, step.item_id.as_deref())
            .or_else(|| self.items.len().checked_sub(1))
    }

    fn find_by(&self, index: Option<u64>, id: Option<&str>) -> Option<usize> {
        let id = id.filter(|id| !id.is_empty());
        let by_id = |item: &Item| id.is_some_and(|id| item.id == id);
        let by_index = |item: &Item| index.is_some() && item.index == index;
        // The index decides; ids of one item differ from event to event at some servers.
        self.items
            .iter()
            .rposition(by_index)
            .or_else(|| self.items.iter().rposition(by_id))
    }

    /// The item of a delta; made here for a server that does not announce its items.
    fn find_or_open(&mut self, step: &Step<'_>, said: Said, out: &mut Vec<Event>) -> Option<usize> {
        let found = self.find_by(step.output_index, step.item_id.as_deref());
        if found.is_some() {
            return found;
        }
        if step.output_index.is_none() && step.item_id.is_none() && !self.items.is_empty() {
            return Some(self.items.len() - 1);
        }
        if said == Said::Arguments || self.items.len() >= MOST_OPEN {
            // A call without a name: its item will tell it whole.
            return None;
        }
        self.start(None, out);
        let mut item = Item::new(step.output_index, &Map::new());
        item.id = step.item_id.clone().unwrap_or_default();
        self.items.push(item);
        Some(self.items.len() - 1)
    }
}

/// Reads a whole reply as the events it would have streamed.
pub(crate) fn read_reply(body: Map<String, Value>, out: &mut Vec<Event>) -> Result<(), NotAReply> {
    let mut reader = Reader::default();
    let has_error = body.get("error").is_some_and(|error| !error.is_null())
        || body.get("type").and_then(Value::as_str) == Some("error");
    let has_output = body.get("output").is_some_and(Value::is_array);
    if !has_output {
        if !has_error {
            return Err(NotAReply {
                reason: "The reply is JSON, but has no list of `output`.".to_owned(),
            });
        }
        reader.begin(&body, out);
        reader.fail(&serde_json::to_vec(&body).unwrap_or_default(), out);
        return Ok(());
    }
    let status = body.get("status").and_then(Value::as_str);
    let status = match status {
        None if has_error => "failed",
        status => status.unwrap_or("completed"),
    };
    let status = status.to_owned();
    reader.end(body, &status, out);
    Ok(())
}

fn incomplete(response: &Map<String, Value>) -> StopReason {
    let details = response.get("incomplete_details");
    match details
        .and_then(|d| d.get("reason"))
        .and_then(Value::as_str)
    {
        Some("max_output_tokens" | "max_tokens") | None => StopReason::MaxTokens,
        Some("content_filter") => StopReason::Filtered,
        Some(_) => StopReason::Other,
    }
}

/// A citation, as this dialect writes it.
pub(super) fn citation(value: Value) -> Annotation {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    Annotation::Citation {
        owner: Dialect::Responses,
        url: text("url"),
        title: text("title").or_else(|| text("filename")),
        value,
    }
}
