//! A reply of Google's, read as events. A whole reply is one chunk.
//!
//! Promises: texts of one kind in a row are one block, until a signature ends it; calls are whole.
//! A stream has no last word of Google's own, and counts may follow the reason it ended for: so
//! reasons are told at the end of the stream. Bounds: 128 answers, 64 unnamed fields a level.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::answer::{Candidate, Open, seal_block};
use super::fields::{MOST_REST, Object, count, take, take_as, take_list, take_object, take_text};
use super::partial::Partial;
use super::{counts, fields, remarks, stops};
use crate::frames::Frame;
use crate::hub::{BlockKind, Event, Start, ToolCall};
use crate::{Dialect, Failure, FailureCategory, StopReason, Usage, refuse};

/// The most answers that are read of one reply.
const MOST_CANDIDATES: u64 = 128;

/// Google shows summaries of what it thinks.
const THOUGHT: BlockKind = BlockKind::Reasoning {
    hidden: false,
    summary: true,
};

/// Reads a reply.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    started: bool,
    failed: bool,
    id: Option<String>,
    /// The number of the next block, and how many calls there were.
    next: u32,
    calls: u32,
    candidates: BTreeMap<u32, Candidate>,
    blocked: bool,
    usage: Option<Usage>,
    /// Fields without a name in the hub: of the reply, and of its counts.
    rest: Object,
    counts_rest: Object,
}

impl Chunks {
    /// Reads a frame of a stream.
    pub(super) fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<Event>) {
        if frame.data == b"[DONE]" {
            return;
        }
        match serde_json::from_slice(frame.data) {
            Ok(Value::Object(chunk)) => self.chunk(chunk, out),
            // A gateway may wrap an error in a list.
            Ok(Value::Array(chunks)) => {
                for chunk in chunks {
                    if let Value::Object(chunk) = chunk {
                        self.chunk(chunk, out);
                    }
                }
            }
            _ => self.fail(not_json(), out),
        }
    }

    /// Reads a chunk, which may be the whole reply.
    pub(super) fn chunk(&mut self, mut chunk: Object, out: &mut Vec<Event>) {
        if self.failed {
            return;
        }
        if let Some(error) = take(&mut chunk, "error") {
            let body = serde_json::json!({ "error": error }).to_string();
            let failure = refuse::in_stream(Dialect::Gemini, body.as_bytes());
            return self.fail(failure, out);
        }
        if chunk.is_empty() {
            if self.started {
                out.push(Event::Ping);
            }
            return;
        }
        self.start(&mut chunk, out);
        let candidates = take_list(&mut chunk, "candidates").unwrap_or_default();
        for (place, candidate) in candidates.into_iter().enumerate() {
            if let Value::Object(candidate) = candidate {
                self.candidate(place, candidate, out);
            }
        }
        if let Some(mut metadata) = take_object(&mut chunk, "usageMetadata") {
            if let Some(usage) = counts::read(&mut metadata)
                && self.usage != Some(usage)
            {
                self.usage = Some(usage);
                out.push(Event::Usage(usage));
            }
            keep(&mut self.counts_rest, metadata);
        }
        self.blocked |= chunk
            .get("promptFeedback")
            .is_some_and(|feedback| fields::text_of(feedback, "blockReason").is_some());
        keep(&mut self.rest, chunk);
    }

    /// The reply is at its end. `whole`: it came in one piece, so nothing can be missing.
    pub(super) fn finish(&mut self, whole: bool, out: &mut Vec<Event>) {
        if self.failed || !self.started {
            return;
        }
        let candidates = std::mem::take(&mut self.candidates);
        let blocked = self.blocked && candidates.is_empty();
        let mut ended = blocked || !candidates.is_empty();
        let mut rests = Vec::new();
        for (number, mut candidate) in candidates {
            candidate.close_call(out);
            candidate.close(true, out);
            match &candidate.finish {
                Some(word) => out.push(Event::Stop {
                    candidate: number,
                    stop: stops::read(word, candidate.called),
                    sequence: None,
                }),
                None => ended = false,
            }
            while rests.len() < number as usize {
                rests.push(Object::new());
            }
            rests.push(candidate.rest);
        }
        if blocked {
            out.push(Event::Stop {
                candidate: 0,
                stop: StopReason::Filtered,
                sequence: None,
            });
        }
        self.extras(rests, out);
        if ended || whole {
            out.push(Event::End);
        }
        // Nothing may follow.
        self.failed = true;
    }

    /// What has no name in the hub, once, as it last was.
    fn extras(&mut self, candidates: Vec<Object>, out: &mut Vec<Event>) {
        let mut extra = |key: &str, value: Value| {
            out.push(Event::Extra {
                owner: Dialect::Gemini,
                key: key.to_owned(),
                value,
            });
        };
        if candidates.iter().any(|rest| !rest.is_empty()) {
            let candidates = candidates.into_iter().map(Value::Object);
            extra("candidates", candidates.collect());
        }
        if !self.counts_rest.is_empty() {
            let rest = std::mem::take(&mut self.counts_rest);
            extra("usageMetadata", Value::Object(rest));
        }
        for (key, value) in std::mem::take(&mut self.rest) {
            extra(&key, value);
        }
    }

    fn fail(&mut self, failure: Failure, out: &mut Vec<Event>) {
        if !self.failed {
            self.failed = true;
            out.push(Event::Failed(failure));
        }
    }

    fn start(&mut self, chunk: &mut Object, out: &mut Vec<Event>) {
        let id = take_text(chunk, "responseId").filter(|id| !id.is_empty());
        let model = take_text(chunk, "modelVersion").filter(|model| !model.is_empty());
        if self.started {
            return;
        }
        self.started = true;
        self.id.clone_from(&id);
        out.push(Event::Start(Start { id, model }));
    }

    fn candidate(&mut self, place: usize, mut answer: Object, out: &mut Vec<Event>) {
        let place = u64::try_from(place).unwrap_or(u64::MAX);
        let number = take_as(&mut answer, "index", count).unwrap_or(place);
        let Some(number) = u32::try_from(number)
            .ok()
            .filter(|number| u64::from(*number) < MOST_CANDIDATES)
        else {
            return;
        };
        let mut candidate = self.candidates.remove(&number).unwrap_or_default();
        let parts = take_object(&mut answer, "content")
            .and_then(|mut content| take_list(&mut content, "parts"));
        for part in parts.unwrap_or_default() {
            if let Value::Object(part) = part {
                self.part(number, &mut candidate, part, out);
            }
        }
        let finish = take_text(&mut answer, "finishReason");
        let said = finish.filter(|word| !word.is_empty() && word != "FINISH_REASON_UNSPECIFIED");
        candidate.finish = said.or(candidate.finish);
        remarks::take_logprobs(&mut answer, &mut candidate.logprobs);
        keep(&mut candidate.rest, answer);
        self.candidates.insert(number, candidate);
    }

    fn part(
        &mut self,
        number: u32,
        candidate: &mut Candidate,
        mut part: Object,
        out: &mut Vec<Event>,
    ) {
        let seal = take_text(&mut part, "thoughtSignature").filter(|seal| !seal.is_empty());
        if let Some(text) = take_text(&mut part, "text") {
            let thought = part.get("thought") == Some(&Value::Bool(true));
            return self.text(number, candidate, &text, thought, seal, out);
        }
        if let Some(call) = take_object(&mut part, "functionCall") {
            return self.call(number, candidate, call, seal, out);
        }
        let thought_alone = part.len() <= 1 && part.get("thought") == Some(&Value::Bool(true));
        if part.is_empty() || thought_alone {
            if let Some(seal) = seal {
                candidate.close_all(out);
                self.hidden(number, seal, out);
            }
            return;
        }
        candidate.close_all(out);
        let kind = BlockKind::Opaque {
            owner: Dialect::Gemini,
            value: Value::Object(part),
        };
        let block = self.open(number, kind, out);
        seal_block(block, seal, out);
        out.push(Event::Close { block });
    }

    fn text(
        &mut self,
        number: u32,
        candidate: &mut Candidate,
        text: &str,
        thought: bool,
        seal: Option<String>,
        out: &mut Vec<Event>,
    ) {
        if text.is_empty() {
            if let Some(seal) = seal {
                self.lone_seal(number, candidate, thought, seal, out);
            }
            return;
        }
        candidate.close_call(out);
        let goes_on = |open: &&mut Open| !open.sealed && open.thought == thought;
        let block = match candidate.open.as_mut().filter(goes_on) {
            Some(open) => {
                open.sealed = seal.is_some();
                open.block
            }
            None => {
                candidate.close(false, out);
                let kind = if thought { THOUGHT } else { BlockKind::Text };
                let block = self.open(number, kind, out);
                candidate.open = Some(Open {
                    block,
                    thought,
                    sealed: seal.is_some(),
                });
                block
            }
        };
        out.push(Event::Delta {
            block,
            text: text.to_owned(),
        });
        seal_block(block, seal, out);
    }

    /// A signature that came alone belongs to what was said before it, or stands for a thought
    /// that is not shown.
    fn lone_seal(
        &mut self,
        number: u32,
        candidate: &mut Candidate,
        thought: bool,
        seal: String,
        out: &mut Vec<Event>,
    ) {
        let fits = |open: &&mut Open| !open.sealed && (!thought || open.thought);
        if let Some(open) = candidate.open.as_mut().filter(fits) {
            open.sealed = true;
            return seal_block(open.block, Some(seal), out);
        }
        candidate.close_all(out);
        if thought {
            let block = self.open(number, THOUGHT, out);
            seal_block(block, Some(seal), out);
            out.push(Event::Close { block });
        } else {
            self.hidden(number, seal, out);
        }
    }

    fn call(
        &mut self,
        number: u32,
        candidate: &mut Candidate,
        mut call: Object,
        seal: Option<String>,
        out: &mut Vec<Event>,
    ) {
        let goes_on = take_as(&mut call, "willContinue", Value::as_bool) == Some(true);
        let name = take_text(&mut call, "name").filter(|name| !name.is_empty());
        if let Some((block, partial)) = candidate.partial.as_mut().filter(|_| name.is_none()) {
            partial.take(&mut call);
            seal_block(*block, seal, out);
            if !goes_on {
                candidate.close_call(out);
            }
            return;
        }
        candidate.close_all(out);
        candidate.called = true;
        let name = name.unwrap_or_default();
        let id = take_text(&mut call, "id").filter(|id| !id.is_empty());
        let id = id.unwrap_or_else(|| self.call_id(&name, &call));
        self.calls = self.calls.saturating_add(1);
        let kind = BlockKind::ToolCall(ToolCall {
            id,
            name,
            namespace: None,
            arguments: String::new(),
            custom: false,
        });
        let block = self.open(number, kind, out);
        seal_block(block, seal, out);
        let mut partial = Partial::default();
        partial.take(&mut call);
        candidate.partial = Some((block, partial));
        if !goes_on {
            candidate.close_call(out);
        }
    }

    /// An id for a call without one: the same whenever the same reply is read.
    fn call_id(&self, name: &str, call: &Object) -> String {
        let stem: String = match &self.id {
            Some(id) => id
                .chars()
                .filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'))
                .take(40)
                .collect(),
            None => {
                let args = call.get("args").map(Value::to_string).unwrap_or_default();
                let hash = Sha256::digest(format!("{name}\n{args}"));
                hash.iter()
                    .take(6)
                    .map(|byte| format!("{byte:02x}"))
                    .collect()
            }
        };
        format!("call_{stem}_{}", self.calls)
    }

    /// A thought of which the signature is all that is shown.
    fn hidden(&mut self, number: u32, seal: String, out: &mut Vec<Event>) {
        let kind = BlockKind::Reasoning {
            hidden: true,
            summary: false,
        };
        let block = self.open(number, kind, out);
        seal_block(block, Some(seal), out);
        out.push(Event::Close { block });
    }

    fn open(&mut self, candidate: u32, kind: BlockKind, out: &mut Vec<Event>) -> u32 {
        let block = self.next;
        self.next = self.next.saturating_add(1);
        out.push(Event::Open {
            block,
            candidate,
            kind,
        });
        block
    }
}

/// Keeps fields as they last were.
fn keep(rest: &mut Object, fields: Object) {
    for (key, value) in fields {
        if !value.is_null() && (rest.len() < MOST_REST || rest.contains_key(&key)) {
            rest.insert(key, value);
        }
    }
}

fn not_json() -> Failure {
    Failure {
        category: FailureCategory::BrokenStream,
        status: None,
        code: None,
        message: "it sent an event that is not JSON".to_owned(),
        retry_after_ms: None,
    }
}
