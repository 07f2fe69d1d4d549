//! A reply's stream, written for a caller.
//!
//! Promises: the sequence official SDKs expect, each event numbered one higher than the last; a
//! block is announced when it first says something. The finished item of a block waits for the
//! next event that follows it, because only then is it known whether the answer was cut there.
//! Bound: what is kept for the finished items is at most [`MOST_KEPT`] bytes of text.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::document::{Document, Ending};
use super::items;
use super::saying::Saying;
use super::step_out::{Line, Place, Step};
use crate::hub::{Annotation, Block, BlockKind, Event};
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
        // What was being said has no end: its item stays unfinished, and says so.
        for saying in std::mem::take(&mut self.open) {
            let Some(place) = &saying.item else { continue };
            let item = items::item(&saying.block, &place.id, "incomplete");
            self.output
                .extend(raw(&item).map(|item| (place.index, item)));
        }
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

fn raw(item: &Value) -> Option<Box<RawValue>> {
    serde_json::value::to_raw_value(item).ok()
}
