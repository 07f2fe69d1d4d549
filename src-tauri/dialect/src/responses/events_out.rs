//! A reply, written for a caller: as a stream of events, or whole.
//!
//! Promises: the sequence official SDKs expect, each event numbered one higher than the last; a
//! block is announced when it first says something. The finished item of a block waits for the
//! next event that follows it, because only then is it known whether the answer was cut there.
//! Bound: what is kept for the finished items is at most [`MOST_KEPT`] bytes of text.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::document::{Document, Ending, WithOutput};
use super::items;
use crate::hub::{Annotation, Block, BlockKind, Event, Reply};
use crate::json;
use crate::translate::Writing;

/// The most text that is kept for the finished items, in bytes: as much as a whole reply has.
const MOST_KEPT: usize = 64 << 20;

/// Writes a reply's stream to a caller.
#[derive(Debug)]
pub(crate) struct Writer {
    /// The reply's id, from which those of its items follow.
    id: String,
    document: Document,
    /// The number of the next event.
    sequence: u64,
    started: bool,
    over: bool,
    ending: Ending,
    /// Blocks that are being said.
    open: Vec<Saying>,
    /// A block that has been said; its item waits.
    said: Option<Saying>,
    /// Finished items, by their place.
    output: BTreeMap<u32, Box<RawValue>>,
    /// The place of the next item.
    next: u32,
    kept: usize,
}

/// A block and, once it is announced, its item.
#[derive(Debug)]
struct Saying {
    number: u32,
    block: Block,
    item: Option<Place>,
    /// Citations written so far.
    cited: u32,
}

#[derive(Debug)]
struct Place {
    index: u32,
    id: String,
}

/// One event; each type has some of these.
#[derive(Default, Serialize)]
struct Step<'a> {
    r#type: &'a str,
    sequence_number: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<WithOutput<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_index: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_index: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary_index: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotation_index: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delta: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotation: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<&'a [Value]>,
}

/// Where the events of one stream go.
struct Line<'a> {
    sequence: &'a mut u64,
    out: &'a mut Vec<u8>,
}

impl Line<'_> {
    fn write(&mut self, r#type: &str, step: Step<'_>) {
        let step = Step {
            r#type,
            sequence_number: *self.sequence,
            ..step
        };
        json::event(self.out, Some(r#type), &step);
        *self.sequence = self.sequence.saturating_add(1);
    }
}

impl Writer {
    pub(crate) fn new(writing: Writing) -> Writer {
        Writer {
            document: Document::new(&writing),
            id: writing.id,
            sequence: 0,
            started: false,
            over: false,
            ending: Ending::Completed,
            open: Vec::new(),
            said: None,
            output: BTreeMap::new(),
            next: 0,
            kept: 0,
        }
    }

    /// The frames of the next event, appended to `out`.
    pub(crate) fn event(&mut self, event: &Event, out: &mut Vec<u8>) {
        if self.over {
            return;
        }
        match event {
            Event::Ping => out.extend_from_slice(b": ping\n\n"),
            Event::Start(start) => {
                self.document
                    .model(start.model.as_deref().unwrap_or_default());
                self.begin(out);
            }
            Event::Open {
                block,
                candidate: 0,
                kind,
            } => {
                self.begin(out);
                self.open_block(*block, kind, out);
            }
            // This API has one answer.
            Event::Open { .. } => {}
            Event::Delta { block, text } => self.delta(*block, text, out),
            Event::Seal { block, sealed } => {
                if let Some(at) = self.find(*block) {
                    self.open[at].block.sealed = Some(sealed.clone());
                }
            }
            Event::Annotate { block, annotation } => self.annotate(*block, annotation, out),
            Event::Close { block } => self.close(*block, out),
            Event::Usage(usage) => self.document.usage(usage),
            Event::Extra { owner, key, value } => self.document.extra(*owner, key, value),
            Event::Stop {
                candidate: 0, stop, ..
            } => {
                self.ending = Ending::of(Some(*stop));
                self.settle(self.ending, out);
            }
            Event::Stop { .. } => {}
            Event::Failed(failure) => {
                let code = failure.code.as_deref().unwrap_or("server_error");
                self.failed(code, &failure.message, out);
            }
            Event::End => self.end(out),
        }
    }

    /// Ends the stream with the error that broke it.
    pub(crate) fn failed(&mut self, code: &str, message: &str, out: &mut Vec<u8>) {
        if self.over {
            return;
        }
        self.begin(out);
        self.settle(Ending::Completed, out);
        // What was being said has no end: its item stays unfinished.
        self.open.clear();
        self.document.fail(code, message);
        self.terminate("response.failed", out);
    }

    /// The same for a stream that others began.
    pub(crate) fn failed_midway(&mut self, code: &str, message: &str, out: &mut Vec<u8>) {
        self.started = true;
        self.failed(code, message, out);
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        self.response("response.created", out);
        self.response("response.in_progress", out);
    }

    fn response(&mut self, r#type: &str, out: &mut Vec<u8>) {
        let step = Step {
            response: Some(self.document.with(&self.output)),
            ..Step::default()
        };
        let mut line = Line {
            sequence: &mut self.sequence,
            out,
        };
        line.write(r#type, step);
    }

    fn open_block(&mut self, number: u32, kind: &BlockKind, out: &mut Vec<u8>) {
        self.open.push(Saying {
            number,
            block: Block {
                kind: kind.clone(),
                text: String::new(),
                sealed: None,
                annotations: Vec::new(),
            },
            item: None,
            cited: 0,
        });
        let last = self.open.len() - 1;
        // A call is news by its name alone.
        if items::is_written(&self.open[last].block) {
            self.announce(last, out);
        }
    }

    fn delta(&mut self, number: u32, text: &str, out: &mut Vec<u8>) {
        let Some(at) = self.find(number).filter(|_| !text.is_empty()) else {
            return;
        };
        if self.kept.saturating_add(text.len()) <= MOST_KEPT {
            self.kept += text.len();
            self.open[at].block.text.push_str(text);
        }
        self.announce(at, out);
        let mut line = Line {
            sequence: &mut self.sequence,
            out,
        };
        self.open[at].say(text, &mut line);
    }

    fn annotate(&mut self, number: u32, annotation: &Annotation, out: &mut Vec<u8>) {
        let Some(at) = self.find(number) else { return };
        if !matches!(self.open[at].block.kind, BlockKind::Text) {
            return;
        }
        self.open[at].block.annotations.push(annotation.clone());
        self.announce(at, out);
        let mut line = Line {
            sequence: &mut self.sequence,
            out,
        };
        self.open[at].remark(annotation, &mut line);
    }

    fn close(&mut self, number: u32, out: &mut Vec<u8>) {
        let Some(at) = self.find(number) else { return };
        let saying = self.open.remove(at);
        if !items::is_written(&saying.block) {
            return;
        }
        self.settle(Ending::Completed, out);
        self.said = Some(saying);
    }

    /// Writes the finished item of the block that was said last.
    fn settle(&mut self, ending: Ending, out: &mut Vec<u8>) {
        let Some(mut saying) = self.said.take() else {
            return;
        };
        let mut line = Line {
            sequence: &mut self.sequence,
            out,
        };
        let place = saying.place(&self.id, &mut self.next, &mut line);
        let (index, item) = saying.finish(&place, ending.word(), &mut line);
        self.output.extend(raw(&item).map(|item| (index, item)));
        if let Some((id, item)) = items::signature(&saying.block, &self.id, self.next) {
            let place = Place {
                index: self.next,
                id,
            };
            self.next = self.next.saturating_add(1);
            line.write("response.output_item.added", place.whole(&item));
            line.write("response.output_item.done", place.whole(&item));
            self.output
                .extend(raw(&item).map(|item| (place.index, item)));
        }
    }

    /// Announces a block's item, unless that is done.
    fn announce(&mut self, at: usize, out: &mut Vec<u8>) {
        if self.open[at].item.is_some() {
            return;
        }
        self.settle(Ending::Completed, out);
        let mut line = Line {
            sequence: &mut self.sequence,
            out,
        };
        let saying = &mut self.open[at];
        let place = saying.place(&self.id, &mut self.next, &mut line);
        saying.item = Some(place);
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.begin(out);
        for saying in std::mem::take(&mut self.open) {
            self.settle(Ending::Completed, out);
            self.said = Some(saying).filter(|saying| items::is_written(&saying.block));
        }
        self.settle(self.ending, out);
        self.document.end(self.ending);
        let r#type = match self.ending {
            Ending::Completed => "response.completed",
            Ending::Incomplete(_) => "response.incomplete",
        };
        self.terminate(r#type, out);
    }

    fn terminate(&mut self, r#type: &str, out: &mut Vec<u8>) {
        self.response(r#type, out);
        out.extend_from_slice(b"data: [DONE]\n\n");
        self.over = true;
    }

    fn find(&self, number: u32) -> Option<usize> {
        self.open.iter().position(|saying| saying.number == number)
    }
}

impl Saying {
    /// The place of its item, which is announced now if it has none.
    fn place(&mut self, reply: &str, next: &mut u32, line: &mut Line<'_>) -> Place {
        if let Some(place) = self.item.take() {
            return place;
        }
        let place = Place {
            index: *next,
            id: items::named(&self.block.kind).id(reply, *next),
        };
        *next = next.saturating_add(1);
        let silent = Block {
            kind: self.block.kind.clone(),
            text: String::new(),
            sealed: None,
            annotations: Vec::new(),
        };
        let item = items::item(&silent, &place.id, "in_progress");
        line.write("response.output_item.added", place.whole(&item));
        match &self.block.kind {
            BlockKind::Text | BlockKind::Refusal => {
                let part = items::content_part(&silent);
                let step = Step {
                    part: Some(&part),
                    ..place.content()
                };
                line.write("response.content_part.added", step);
            }
            BlockKind::Reasoning { .. } if !self.block.text.is_empty() => {
                let part = items::summary_part("");
                let step = Step {
                    part: Some(&part),
                    ..place.summary()
                };
                line.write("response.reasoning_summary_part.added", step);
            }
            _ => {}
        }
        place
    }

    /// More of its text.
    fn say(&self, text: &str, line: &mut Line<'_>) {
        let Some(place) = &self.item else { return };
        let delta = Some(text);
        match &self.block.kind {
            BlockKind::Text => {
                let step = Step {
                    delta,
                    logprobs: Some(&[]),
                    ..place.content()
                };
                line.write("response.output_text.delta", step);
            }
            BlockKind::Refusal => {
                let step = Step {
                    delta,
                    ..place.content()
                };
                line.write("response.refusal.delta", step);
            }
            BlockKind::Reasoning { .. } => {
                let step = Step {
                    delta,
                    ..place.summary()
                };
                line.write("response.reasoning_summary_text.delta", step);
            }
            BlockKind::ToolCall(call) => {
                let step = Step {
                    delta,
                    ..place.plain()
                };
                let r#type = if call.custom {
                    "response.custom_tool_call_input.delta"
                } else {
                    "response.function_call_arguments.delta"
                };
                line.write(r#type, step);
            }
            BlockKind::Opaque { .. } => {}
        }
    }

    /// A remark on its text. Log probabilities come with a delta here, an empty one.
    fn remark(&mut self, annotation: &Annotation, line: &mut Line<'_>) {
        let Some(place) = &self.item else { return };
        if let Annotation::Logprobs(list) = annotation {
            let list: Vec<Value> = list.iter().map(items::logprob).collect();
            let step = Step {
                delta: Some(""),
                logprobs: Some(&list),
                ..place.content()
            };
            return line.write("response.output_text.delta", step);
        }
        if let Some(citation) = items::citation(annotation, &self.block.text) {
            let step = Step {
                annotation_index: Some(self.cited),
                annotation: Some(&citation),
                ..place.content()
            };
            self.cited = self.cited.saturating_add(1);
            line.write("response.output_text.annotation.added", step);
        }
    }

    /// Writes what ends its item; the item and its place.
    fn finish(&self, place: &Place, status: &str, line: &mut Line<'_>) -> (u32, Value) {
        let text = self.block.text.as_str();
        let item = items::item(&self.block, &place.id, status);
        match &self.block.kind {
            BlockKind::Text => {
                let logprobs = self.block.annotations.iter();
                let logprobs: Vec<Value> = logprobs
                    .filter_map(|annotation| match annotation {
                        Annotation::Logprobs(list) => Some(list.iter().map(items::logprob)),
                        Annotation::Citation { .. } => None,
                    })
                    .flatten()
                    .collect();
                let step = Step {
                    text: Some(text),
                    logprobs: Some(&logprobs),
                    ..place.content()
                };
                line.write("response.output_text.done", step);
                self.part_done(place, line);
            }
            BlockKind::Refusal => {
                let step = Step {
                    refusal: Some(text),
                    ..place.content()
                };
                line.write("response.refusal.done", step);
                self.part_done(place, line);
            }
            BlockKind::Reasoning { .. } if !text.is_empty() => {
                let step = Step {
                    text: Some(text),
                    ..place.summary()
                };
                line.write("response.reasoning_summary_text.done", step);
                let part = items::summary_part(text);
                let step = Step {
                    part: Some(&part),
                    ..place.summary()
                };
                line.write("response.reasoning_summary_part.done", step);
            }
            BlockKind::ToolCall(call) if call.custom => {
                let step = Step {
                    input: Some(text),
                    ..place.plain()
                };
                line.write("response.custom_tool_call_input.done", step);
            }
            BlockKind::ToolCall(call) => {
                let step = Step {
                    name: Some(&call.name),
                    arguments: Some(text),
                    ..place.plain()
                };
                line.write("response.function_call_arguments.done", step);
            }
            BlockKind::Reasoning { .. } | BlockKind::Opaque { .. } => {}
        }
        line.write("response.output_item.done", place.whole(&item));
        (place.index, item)
    }

    fn part_done(&self, place: &Place, line: &mut Line<'_>) {
        let part = items::content_part(&self.block);
        let step = Step {
            part: Some(&part),
            ..place.content()
        };
        line.write("response.content_part.done", step);
    }
}

impl Place {
    /// An event of the item as a whole.
    fn whole<'a>(&self, item: &'a Value) -> Step<'a> {
        Step {
            output_index: Some(self.index),
            item: Some(item),
            ..Step::default()
        }
    }

    fn plain(&self) -> Step<'_> {
        Step {
            item_id: Some(&self.id),
            output_index: Some(self.index),
            ..Step::default()
        }
    }

    fn content(&self) -> Step<'_> {
        Step {
            content_index: Some(0),
            ..self.plain()
        }
    }

    fn summary(&self) -> Step<'_> {
        Step {
            summary_index: Some(0),
            ..self.plain()
        }
    }
}

fn raw(item: &Value) -> Option<Box<RawValue>> {
    serde_json::value::to_raw_value(item).ok()
}

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
