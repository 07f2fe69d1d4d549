//! A reply's events, written for a caller.
//!
//! Promises: texts as they come, calls when they are whole, a block's signature behind it; every
//! chunk has a part, since Google's SDKs take a chunk without one for a failed turn. A sign of
//! life is a blank line: comments are read as data by Google's SDKs. Bound: 16 MiB of arguments.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::fields::Object;
use super::parts_out;
use crate::hub::{Annotation, BlockKind, Event, Reply, Sealed};
use crate::json;
use crate::translate::Writing;
use crate::{Dialect, Fault, StopReason, Usage};

/// The most of one call's arguments that is kept.
const MOST_ARGUMENTS: usize = 16 << 20;

/// Writes a reply's stream.
#[derive(Debug)]
pub(super) struct Chunks {
    id: String,
    model: String,
    /// The caller did not ask for server-sent events: chunks are places of one list.
    list: bool,
    begun: bool,
    ended: bool,
    blocks: BTreeMap<u32, Block>,
    candidates: BTreeSet<u32>,
    stops: BTreeMap<u32, StopReason>,
    remarks: Vec<(u32, Annotation)>,
    usage: Option<Usage>,
    extras: Vec<(Dialect, String, Value)>,
}

#[derive(Debug)]
struct Block {
    candidate: u32,
    kind: BlockKind,
    /// A call's arguments so far.
    text: String,
    sealed: Option<Sealed>,
}

impl Chunks {
    pub(super) fn new(writing: Writing) -> Chunks {
        Chunks {
            list: writing.echo.get("alt").and_then(Value::as_str) == Some("json"),
            id: writing.id,
            model: writing.model,
            begun: false,
            ended: false,
            blocks: BTreeMap::new(),
            candidates: BTreeSet::new(),
            stops: BTreeMap::new(),
            remarks: Vec::new(),
            usage: None,
            extras: Vec::new(),
        }
    }

    pub(super) fn event(&mut self, event: &Event, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match event {
            Event::Start(start) => {
                if let Some(model) = &start.model {
                    self.model.clone_from(model);
                }
            }
            Event::Open {
                block,
                candidate,
                kind,
            } => {
                self.candidates.insert(*candidate);
                let opened = Block {
                    candidate: *candidate,
                    kind: kind.clone(),
                    text: String::new(),
                    sealed: None,
                };
                self.blocks.insert(*block, opened);
            }
            Event::Delta { block, text } => self.delta(*block, text, out),
            Event::Seal { block, sealed } => {
                if let Some(block) = self.blocks.get_mut(block) {
                    block.sealed = Some(sealed.clone());
                }
            }
            Event::Annotate { block, annotation } => {
                if let Some(block) = self.blocks.get(block) {
                    self.remarks.push((block.candidate, annotation.clone()));
                }
            }
            Event::Close { block } => {
                if let Some(block) = self.blocks.remove(block) {
                    let sealed = block.sealed.as_ref();
                    if let Some(part) = parts_out::part(&block.kind, &block.text, sealed) {
                        self.part(block.candidate, part, out);
                    }
                }
            }
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::Stop {
                candidate, stop, ..
            } => {
                self.candidates.insert(*candidate);
                self.stops.insert(*candidate, *stop);
            }
            Event::Extra { owner, key, value } => {
                self.extras.push((*owner, key.clone(), value.clone()));
            }
            Event::Ping => out.push(b'\n'),
            Event::Failed(_) => {}
            Event::End => self.end(out),
        }
    }

    fn delta(&mut self, block: u32, text: &str, out: &mut Vec<u8>) {
        let Some(block) = self.blocks.get_mut(&block) else {
            return;
        };
        if let BlockKind::ToolCall(_) = block.kind {
            if block.text.len().saturating_add(text.len()) <= MOST_ARGUMENTS {
                block.text.push_str(text);
            }
        } else if let Some(part) = parts_out::part(&block.kind, text, None)
            && !text.is_empty()
        {
            let candidate = block.candidate;
            self.part(candidate, part, out);
        }
    }

    fn part(&mut self, candidate: u32, part: Value, out: &mut Vec<u8>) {
        let candidate = parts_out::candidate(candidate, vec![part]);
        let chunk = parts_out::reply(vec![Value::Object(candidate)], &self.model, &self.id);
        self.chunk(chunk, out);
    }

    fn chunk(&mut self, chunk: Object, out: &mut Vec<u8>) {
        let chunk = Value::Object(chunk);
        if self.list {
            self.place(&json::document(&chunk), out);
        } else {
            json::event(out, None, &chunk);
            self.begun = true;
        }
    }

    /// The list's next place.
    fn place(&mut self, document: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(if self.begun { b"\n," } else { b"[" });
        out.extend_from_slice(document);
        self.begun = true;
    }

    pub(super) fn writes_a_list(&self) -> bool {
        self.list
    }

    /// The list's last place is the error, as Google closes one that it can't go on with.
    pub(super) fn failed(&mut self, fault: &Fault, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.ended, true) {
            self.place(&fault.body(Dialect::Gemini, ""), out);
            out.extend_from_slice(b"\n]\n");
        }
    }

    /// The last chunk tells why each answer ended, and what was counted.
    fn end(&mut self, out: &mut Vec<u8>) {
        self.ended = true;
        let nothing_said = !self.begun && self.blocks.is_empty();
        let blocked = nothing_said && parts_out::is_blocked(&self.extras);
        if self.candidates.is_empty() {
            self.candidates.insert(0);
        }
        let mut candidates = Vec::new();
        for &number in self.candidates.iter().filter(|_| !blocked) {
            let mut candidate = parts_out::candidate(number, vec![json!({ "text": "" })]);
            let remarks: Vec<&Annotation> = self
                .remarks
                .iter()
                .filter(|(of, _)| *of == number)
                .map(|(_, remark)| remark)
                .collect();
            let stop = self.stops.get(&number).copied();
            parts_out::end(&mut candidate, number, stop, &remarks, &self.extras);
            candidates.push(Value::Object(candidate));
        }
        let mut chunk = parts_out::reply(candidates, &self.model, &self.id);
        parts_out::close(&mut chunk, self.usage.as_ref(), &self.extras);
        self.chunk(chunk, out);
        if self.list {
            out.extend_from_slice(b"\n]\n");
        }
    }
}

/// Writes a whole reply.
pub(super) fn whole(reply: &Reply, writing: &Writing) -> Value {
    let model = reply.start.model.as_deref().unwrap_or(&writing.model);
    let said = reply.candidates.iter().any(|one| !one.blocks.is_empty());
    let blocked = !said && parts_out::is_blocked(&reply.extras);
    let mut candidates = Vec::new();
    for (number, answer) in (0_u32..).zip(&reply.candidates) {
        if blocked {
            break;
        }
        let blocks = answer.blocks.iter();
        let parts = blocks
            .clone()
            .filter_map(|block| parts_out::part(&block.kind, &block.text, block.sealed.as_ref()));
        let mut candidate = parts_out::candidate(number, parts.collect());
        let remarks: Vec<&Annotation> = blocks.flat_map(|block| &block.annotations).collect();
        parts_out::end(&mut candidate, number, answer.stop, &remarks, &reply.extras);
        candidates.push(Value::Object(candidate));
    }
    let mut document = parts_out::reply(candidates, model, &writing.id);
    parts_out::close(&mut document, reply.usage.as_ref(), &reply.extras);
    Value::Object(document)
}
